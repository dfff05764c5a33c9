//! Names of data files and file lists: what they are, and who put them.

use std::fmt;
use std::str::FromStr;

use crate::digest::{Digest, clip};
use crate::error::{Error, ErrorKind};
use crate::ulid::IntentId;

/// The name of a data file or a file list in a repository.
///
/// Its text is `<digest>-<intent>`: the digest of the object's bytes, and the backup that put it. Two backups never
/// put objects of one name, so a name that was deleted is never used again, and nobody who is late can delete what
/// somebody else has put since. The first release wrote names without an intent; they are still read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    digest: Digest,
    intent: Option<IntentId>,
}

impl ObjectName {
    /// The name of an object of `digest` that the backup of `intent` puts.
    pub const fn new(digest: Digest, intent: IntentId) -> Self {
        Self { digest, intent: Some(intent) }
    }

    /// A name as the first release wrote them.
    pub const fn of_digest(digest: Digest) -> Self {
        Self { digest, intent: None }
    }

    /// The digest of the object's bytes.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The backup that put the object; `None` for one of the first release.
    pub const fn intent(&self) -> Option<IntentId> {
        self.intent
    }

    /// Reads a name's text.
    ///
    /// # Errors
    /// `Corrupt` for any text that `Display` does not write.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::from_text(text).ok_or_else(|| {
            let message =
                format!("'{}' is not an object's name: expected a digest, '-' and a ULID", clip(text));
            Error::new(ErrorKind::Corrupt, message)
        })
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        if let Some(digest) = Digest::from_text(text) {
            return Some(Self::of_digest(digest));
        }
        let (digest, intent) = text.rsplit_once('-')?;
        Some(Self::new(Digest::from_text(digest)?, IntentId::parse(intent).ok()?))
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.intent {
            Some(intent) => write!(f, "{}-{intent}", self.digest),
            None => self.digest.fmt(f),
        }
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ObjectName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::DigestAlgorithm;

    #[test]
    fn names_survive_their_texts_and_no_other_text_is_a_name() {
        let intent = IntentId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
        for algorithm in DigestAlgorithm::ALL {
            let digest = Digest::by(algorithm, b"cairn");
            for name in [ObjectName::new(digest, intent), ObjectName::of_digest(digest)] {
                assert_eq!(ObjectName::parse(&name.to_string()).unwrap(), name);
                assert!(ObjectName::parse(&format!("{name}-")).is_err());
                assert!(ObjectName::parse(&format!("{name}-x")).is_err());
                assert!(ObjectName::parse(&format!("{name}0")).is_err());
            }
            let twice = format!("{digest}-{intent}-{intent}");
            assert!(ObjectName::parse(&twice).is_err());
        }
    }
}
