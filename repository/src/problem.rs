//! What can be wrong with an object.

use std::fmt;

use cairn_format::{Digest, ObjectKey};

use crate::error::{Error, ErrorKind};
use crate::store::Store;

/// What is wrong with an object.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// It is not there.
    Missing,
    /// It has more or fewer bytes than it should.
    WrongLength {
        /// Bytes it should have.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// Its bytes are others.
    DigestMismatch {
        /// The digest of the bytes it has.
        found: Digest,
    },
    /// It is damaged, or contradicts what refers to it, as the text says.
    Malformed(String),
    /// It is the object of another name.
    Misnamed(String),
    /// It needs what this program does not know, as the text says, so it could not be checked.
    Unsupported(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("it is missing"),
            Self::WrongLength { expected, found } => write!(f, "it has {found} bytes instead of {expected}"),
            Self::DigestMismatch { found } => write!(f, "its bytes are others: their digest is {found}"),
            Self::Malformed(what) | Self::Misnamed(what) | Self::Unsupported(what) => f.write_str(what),
        }
    }
}

impl Problem {
    /// The error of a call that needs the object and met the problem.
    pub(crate) fn into_error(self, key: &ObjectKey, store: &Store) -> Error {
        let (kind, state) = match self {
            Self::Missing => (ErrorKind::NotFound, "gone"),
            Self::Unsupported(_) => (ErrorKind::Unsupported, "too new"),
            _ => (ErrorKind::Corrupt, "damaged"),
        };
        let advice = "restore it from a copy of the repository, or move it away and back up again";
        Error::new(kind, format!("object '{key}' in {} is {state}: {self}; {advice}", store.location()))
    }
}
