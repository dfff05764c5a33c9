//! `jobs/<ulid>.json`: what a running backup says it is about to do, so that collection leaves its files alone.

mod v1;

use crate::digest::DigestAlgorithm;
use crate::envelope::{self, EnvelopeKind};
use crate::error::{Error, ErrorKind};
use crate::name::SnapshotLabel;
use crate::timestamp::SnapshotTimestamp;
use crate::ulid::IntentId;

/// How long an intent protects its backup's files when nobody says otherwise: seven days.
///
/// After that a collection may give the backup up. Safety does not depend on it: the backup then finds a fence where its
/// manifest was to be.
pub const INTENT_LIFETIME_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// The intent of one running backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Which backup; the object's name says the same.
    pub id: IntentId,
    /// The label of the snapshot that the backup makes.
    pub label: SnapshotLabel,
    /// The timestamp of the snapshot that the backup makes.
    pub timestamp: SnapshotTimestamp,
    /// When the intent was written: milliseconds since 1970-01-01 UTC.
    pub created_at_ms: i64,
    /// From when on a collection may give the backup up: milliseconds since 1970-01-01 UTC.
    pub expires_at_ms: i64,
    /// Name and version of the program that runs the backup.
    pub writer: String,
}

impl Intent {
    /// The bytes of the intent's object.
    pub fn encode(&self, algorithm: DigestAlgorithm) -> Result<Vec<u8>, Error> {
        envelope::seal(EnvelopeKind::Intent, algorithm, &v1::IntentV1::from(self))
    }

    /// Reads the bytes of an intent's object.
    ///
    /// # Errors
    /// `Corrupt` when the bytes are damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let intent = Self::try_from(envelope::open::<v1::IntentV1>(EnvelopeKind::Intent, bytes)?)
            .map_err(envelope::as_corrupt("the intent"))?;
        if intent.expires_at_ms < intent.created_at_ms {
            let message = format!("intent {} expires before it was made", intent.id);
            return Err(Error::new(ErrorKind::Corrupt, message));
        }
        Ok(intent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intent_survives_its_bytes() {
        let intent = Intent {
            id: IntentId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap(),
            label: SnapshotLabel::parse("nightly").unwrap(),
            timestamp: SnapshotTimestamp::parse("2013-12-31-23-59-59-999").unwrap(),
            created_at_ms: 1,
            expires_at_ms: 1 + INTENT_LIFETIME_MS,
            writer: "cairn 0.1.0".into(),
        };
        assert_eq!(Intent::decode(&intent.encode(DigestAlgorithm::DEFAULT).unwrap()).unwrap(), intent);
        let expired = Intent { expires_at_ms: 0, ..intent };
        assert_eq!(
            Intent::decode(&expired.encode(DigestAlgorithm::DEFAULT).unwrap()).unwrap_err().kind(),
            ErrorKind::Corrupt
        );
    }
}
