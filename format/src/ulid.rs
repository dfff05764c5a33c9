//! Identities that are ULIDs: 26 characters that sort by the time they were made.

use std::fmt;
use std::str::FromStr;

use crate::digest::clip;
use crate::error::{Error, ErrorKind};

/// Bytes of a ULID's text.
pub(crate) const ULID_BYTES: usize = 26;

/// The bytes of a ULID in its canonical spelling: upper-case Crockford digits that fit in 128 bits.
fn ulid_bytes(text: &str) -> Option<[u8; ULID_BYTES]> {
    let bytes: [u8; ULID_BYTES] = text.as_bytes().try_into().ok()?;
    (bytes.iter().all(|b| is_digit(*b)) && bytes[0] <= b'7').then_some(bytes)
}

/// Whether `byte` is one of Crockford's digits: no `I`, `L`, `O` or `U`.
fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'A'..=b'H' | b'J' | b'K' | b'M' | b'N' | b'P'..=b'T' | b'V'..=b'Z')
}

macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident, $noun:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; ULID_BYTES]);

        impl $name {
            /// Reads a ULID in its canonical spelling.
            ///
            /// # Errors
            /// `Corrupt` for any other text.
            pub fn parse(text: &str) -> Result<Self, Error> {
                if let Some(bytes) = ulid_bytes(text) {
                    return Ok(Self(bytes));
                }
                let message = format!(concat!("'{}' is not ", $noun, ": expected a ULID of 26 characters"), clip(text));
                Err(Error::new(ErrorKind::Corrupt, message))
            }

            /// The ULID's text.
            pub fn as_str(&self) -> &str {
                // The bytes are digits of ASCII.
                std::str::from_utf8(&self.0).unwrap_or_default()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Self::parse(text)
            }
        }
    };
}

ulid_id!(
    /// Which repository this is, wherever its bytes have been copied to.
    ///
    /// Invariant: the canonical text of a ULID.
    RepositoryId,
    "a repository id"
);
ulid_id!(
    /// Which store a backup was made by.
    ///
    /// Invariant: the canonical text of a ULID.
    StoreId,
    "a store id"
);
ulid_id!(
    /// Which running backup an intent belongs to.
    ///
    /// Invariant: the canonical text of a ULID.
    IntentId,
    "an intent id"
);
ulid_id!(
    /// Which marks of a collection.
    ///
    /// Invariant: the canonical text of a ULID.
    TrashId,
    "a trash id"
);
ulid_id!(
    /// Which record of a verification.
    ///
    /// Invariant: the canonical text of a ULID.
    VerificationId,
    "a verification id"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_ulids_are_ids() {
        assert_eq!(
            RepositoryId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap().as_str(),
            "01ARZ3NDEKTSV4RRFFQ69G5FAV"
        );
        for broken in [
            "",
            "01arz3ndektsv4rrffq69g5fav",
            "81ARZ3NDEKTSV4RRFFQ69G5FAV",
            "01ARZ3NDEKTSV4RRFFQ69G5FA",
            "01ARZ3NDEKTSV4RRFFQ69G5FAU",
        ] {
            assert!(IntentId::parse(broken).is_err(), "{broken}");
        }
    }
}
