//! Passwords, of which only slow hashes are kept.

use std::fmt;
use std::fmt::Write as _;

use argon2::Config;
use cairn_repository::Environment;
use sha1_smol::Sha1;

use crate::error::{Error, Result};

/// A password as it was given. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The password itself.
    Plain(String),
    /// What `mysql_native_password` makes of it: `*` and 40 hexadecimal digits.
    Native(String),
}

/// What proves that somebody is a user. It is never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Credential {
    /// No password.
    #[default]
    Empty,
    /// An Argon2id hash of the password, in the PHC's form.
    Hashed(String),
    /// The same of what `mysql_native_password` makes of the password, which was all that was given: alone, that would be
    /// no better kept than the password.
    HashedNative(String),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(***)")
    }
}

impl Secret {
    /// A password that was given as `mysql_native_password` keeps it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when it is nothing of the kind.
    pub fn native(hash: &str) -> Result<Self> {
        let digits = hash.strip_prefix('*').filter(|digits| digits.len() == 40);
        match digits {
            _ if hash.is_empty() => Ok(Self::Plain(String::new())),
            Some(digits) if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
                Ok(Self::Native(hash.to_ascii_uppercase()))
            }
            _ => Err(Error::invalid(
                "Password hash should be a 41-digit hexadecimal number: '*' and 40 digits, as mysql_native_password makes it",
            )),
        }
    }
}

impl Credential {
    /// What is kept of `secret`.
    pub(crate) fn of(secret: &Secret, environment: &Environment) -> Result<Self> {
        Ok(match secret {
            Secret::Plain(password) if password.is_empty() => Self::Empty,
            Secret::Plain(password) => Self::Hashed(hash(password, environment)?),
            Secret::Native(native) => Self::HashedNative(hash(native, environment)?),
        })
    }

    /// Whether `password` is it.
    pub(crate) fn is(&self, password: &str) -> bool {
        let verify =
            |kept: &str, given: &str| argon2::verify_encoded(kept, given.as_bytes()).unwrap_or(false);
        match self {
            Self::Empty => password.is_empty(),
            Self::Hashed(kept) => verify(kept, password),
            Self::HashedNative(kept) => verify(kept, &native(password)),
        }
    }
}

fn hash(text: &str, environment: &Environment) -> Result<String> {
    let salt = environment.ids.random().to_le_bytes();
    // 19 MiB and two passes, which OWASP recommends. The text says so itself, so that this may change.
    argon2::hash_encoded(text.as_bytes(), &salt, &Config::owasp2())
        .map_err(|_| Error::invalid("the password cannot be hashed; choose a shorter one"))
}

/// What `mysql_native_password` makes of a password.
fn native(password: &str) -> String {
    let twice = Sha1::from(Sha1::from(password).digest().bytes()).digest().bytes();
    let mut text = String::from("*");
    for byte in twice {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02X}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `MySQL` makes of 'password'.
    const NATIVE: &str = "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19";

    #[test]
    fn a_password_is_proved_and_not_kept() {
        let environment = Environment::system();
        let kept = Credential::of(&Secret::Plain("password".into()), &environment).unwrap();
        assert!(kept.is("password") && !kept.is("Password") && !kept.is(""));
        let again = Credential::of(&Secret::Plain("password".into()), &environment).unwrap();
        assert_ne!(kept, again, "each has a salt of its own");
        let Credential::Hashed(text) = &kept else { panic!("a hash is kept") };
        assert!(text.starts_with("$argon2id$") && !text.contains("password"));
        assert!(!format!("{kept:?} {:?}", Secret::Plain("password".into())).contains("password"));
    }

    #[test]
    fn what_mysql_keeps_proves_as_well() {
        assert_eq!(native("password"), NATIVE);
        let secret = Secret::native(&NATIVE.to_lowercase()).unwrap();
        let kept = Credential::of(&secret, &Environment::system()).unwrap();
        assert!(kept.is("password") && !kept.is(NATIVE) && !kept.is("x"));
        for wrong in ["password", "*12", &format!("{NATIVE}0"), &NATIVE.replace('2', "G")] {
            assert!(Secret::native(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Secret::native("").unwrap(), Secret::Plain(String::new()));
    }

    #[test]
    fn no_password_is_the_empty_one() {
        let kept = Credential::of(&Secret::Plain(String::new()), &Environment::system()).unwrap();
        assert!(kept.is("") && !kept.is("x"));
    }
}
