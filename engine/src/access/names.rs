//! Names of users and roles.

use std::fmt;

use crate::error::{Error, Result};

/// Any host, which a user is from when none is named.
const ANY_HOST: &str = "%";
/// Most characters of a name.
const MAX_CHARS: usize = 64;
/// Most characters of a host.
const MAX_HOST_CHARS: usize = 255;

/// A user: a name and where it comes from, `'u'@'host'`, where `%` and `_` of the host stand for any text and any
/// character.
///
/// Invariants: the name has 1–64 characters, the host 1–255; none is a control character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName {
    name: Box<str>,
    host: Box<str>,
}

/// A role's name.
///
/// Invariants: 1–64 letters, digits and `_`; starts with a letter or `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(Box<str>);

impl UserName {
    /// A user from `host`, or from anywhere.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the name or the host breaks a rule.
    pub fn parse(name: &str, host: Option<&str>) -> Result<Self> {
        let host = host.unwrap_or(ANY_HOST);
        let is_plain = |text: &str, most| {
            (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control)
        };
        if !is_plain(name, MAX_CHARS) {
            return Err(Error::invalid(format!(
                "Incorrect user name '{}': it has 1 to {MAX_CHARS} characters",
                name.escape_debug()
            )));
        }
        if !is_plain(host, MAX_HOST_CHARS) {
            return Err(Error::invalid(format!(
                "Incorrect host '{}' of user '{name}': it has 1 to {MAX_HOST_CHARS} characters",
                host.escape_debug()
            )));
        }
        Ok(Self { name: name.into(), host: host.into() })
    }

    /// `'root'@'%'`, who may do everything and is always there.
    pub fn root() -> Self {
        Self { name: "root".into(), host: ANY_HOST.into() }
    }

    /// The name without the host.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the user comes from.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether somebody at `host` can be this user.
    pub(super) fn is_from(&self, host: &str) -> bool {
        matches_pattern(host, &self.host)
    }

    /// How exactly the host is written: the more, the greater.
    pub(super) fn exactness(&self) -> (bool, usize) {
        (!self.host.contains(['%', '_']), self.host.chars().filter(|c| *c != '%').count())
    }
}

/// Whether `host` is what `pattern` says, whatever the letter case.
fn matches_pattern(host: &str, pattern: &str) -> bool {
    let mut pattern_chars = pattern.chars();
    match pattern_chars.next() {
        None => host.is_empty(),
        Some('%') => {
            let rest = pattern_chars.as_str();
            // `%%` is `%`: without that every one of them would be tried at every place.
            if rest.starts_with('%') {
                return matches_pattern(host, rest);
            }
            host.char_indices()
                .map(|(at, _)| at)
                .chain([host.len()])
                .any(|at| matches_pattern(&host[at..], rest))
        }
        Some(wanted) => {
            let mut host_chars = host.chars();
            host_chars.next().is_some_and(|c| wanted == '_' || c.eq_ignore_ascii_case(&wanted))
                && matches_pattern(host_chars.as_str(), pattern_chars.as_str())
        }
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('\'', "\\'");
        write!(f, "'{}'@'{}'", quoted(&self.name), quoted(&self.host))
    }
}

impl RoleName {
    /// A role's name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when it breaks a rule.
    pub fn parse(name: &str) -> Result<Self> {
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && name.len() <= MAX_CHARS;
        if !is_name {
            return Err(Error::invalid(format!(
                "Incorrect role name '{}': it has at most {MAX_CHARS} letters, digits and '_', and starts with no digit",
                name.escape_debug()
            )));
        }
        Ok(Self(name.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_patterns() {
        for (host, pattern, expected) in [
            ("localhost", "%", true),
            ("localhost", "LocalHost", true),
            ("10.1.2.3", "10.1.%", true),
            ("10.2.2.3", "10.1.%", false),
            ("10.1.2.3", "10.1.2._", true),
            ("10.1.2.33", "10.1.2._", false),
            ("", "%", true),
        ] {
            assert_eq!(matches_pattern(host, pattern), expected, "{host} {pattern}");
        }
        assert!(!matches_pattern(&"a".repeat(200), &format!("{}b", "%".repeat(200))));
    }

    #[test]
    fn names_have_rules() {
        assert_eq!(UserName::parse("o'hara", None).unwrap().to_string(), "'o\\'hara'@'%'");
        for wrong in ["", "a\nb", &"x".repeat(65)] {
            assert!(UserName::parse(wrong, None).is_err(), "{wrong:?}");
        }
        for wrong in ["", "1a", "a b", "a-b", &"x".repeat(65)] {
            assert!(RoleName::parse(wrong).is_err(), "{wrong:?}");
        }
        assert!(RoleName::parse("_a1").is_ok());
    }
}
