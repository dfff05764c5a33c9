//! `verified/<ulid>.json`: what a verification has read and found right, so that the next need not do it again.

use serde::{Deserialize, Serialize};

use crate::digest::{DigestAlgorithm, clip};
use crate::envelope::{self, EnvelopeKind};
use crate::error::{Error, Result};
use crate::name::SnapshotLabel;
use crate::object_name::ObjectName;
use crate::timestamp::SnapshotTimestamp;
use crate::ulid::VerificationId;

/// How thorough a verification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerifyLevel {
    /// Manifests and file lists are read and checked; data objects are there, with the right lengths.
    Structure,
    /// Every byte of every data object is read and compared with its digest as well.
    Data,
}

impl VerifyLevel {
    /// The level's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Structure => "structure",
            Self::Data => "data",
        }
    }

    /// Reads a level's word, in any case.
    ///
    /// # Errors
    /// `InvalidInput` for any other.
    pub fn parse(text: &str) -> Result<Self> {
        match text.to_ascii_lowercase().as_str() {
            "structure" => Ok(Self::Structure),
            "data" => Ok(Self::Data),
            _ => Err(Error::invalid(format!(
                "unknown level '{}' of verification: use structure or data",
                clip(text)
            ))),
        }
    }
}

/// A data object whose bytes were read and found right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedObject {
    /// The object.
    pub object: ObjectName,
    /// When: milliseconds since 1970-01-01 UTC.
    pub verified_at_ms: i64,
}

/// A snapshot all of which was found right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSnapshot {
    /// Its label.
    pub label: SnapshotLabel,
    /// Its timestamp.
    pub timestamp: SnapshotTimestamp,
    /// At which level.
    pub level: VerifyLevel,
    /// When; at level data, when the one of its objects was read that has not been read for longest.
    pub verified_at_ms: i64,
}

/// What verifications have found right, as one of them recorded it at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationRecord {
    /// Which record; the object's name says the same.
    pub id: VerificationId,
    /// Name and version of the program that made the record.
    pub writer: String,
    /// Snapshots.
    pub snapshots: Vec<VerifiedSnapshot>,
    /// Data objects.
    pub objects: Vec<VerifiedObject>,
}

#[derive(Serialize, Deserialize)]
struct RecordV1 {
    id: String,
    writer: String,
    snapshots: Vec<SnapshotV1>,
    objects: Vec<(String, i64)>,
}

#[derive(Serialize, Deserialize)]
struct SnapshotV1 {
    label: String,
    timestamp: String,
    level: String,
    verified_at_ms: i64,
}

impl VerificationRecord {
    /// The bytes of the record's object.
    pub fn encode(&self, algorithm: DigestAlgorithm) -> Result<Vec<u8>> {
        let snapshot = |snapshot: &VerifiedSnapshot| SnapshotV1 {
            label: snapshot.label.to_string(),
            timestamp: snapshot.timestamp.to_string(),
            level: snapshot.level.name().to_owned(),
            verified_at_ms: snapshot.verified_at_ms,
        };
        let document = RecordV1 {
            id: self.id.to_string(),
            writer: self.writer.clone(),
            snapshots: self.snapshots.iter().map(snapshot).collect(),
            objects: self.objects.iter().map(|o| (o.object.to_string(), o.verified_at_ms)).collect(),
        };
        envelope::seal(EnvelopeKind::Verification, algorithm, &document)
    }

    /// Reads the bytes of a record's object.
    ///
    /// # Errors
    /// `Corrupt` when they are damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let document: RecordV1 = envelope::open(EnvelopeKind::Verification, bytes)?;
        Self::try_from(document).map_err(envelope::as_corrupt("the record of a verification"))
    }
}

impl TryFrom<RecordV1> for VerificationRecord {
    type Error = Error;

    fn try_from(document: RecordV1) -> Result<Self> {
        let snapshot = |stored: SnapshotV1| {
            Ok(VerifiedSnapshot {
                label: SnapshotLabel::parse(&stored.label)?,
                timestamp: SnapshotTimestamp::parse(&stored.timestamp)?,
                level: VerifyLevel::parse(&stored.level)?,
                verified_at_ms: stored.verified_at_ms,
            })
        };
        let object = |(object, verified_at_ms): (String, i64)| {
            Ok(VerifiedObject { object: ObjectName::parse(&object)?, verified_at_ms })
        };
        Ok(Self {
            id: VerificationId::parse(&document.id)?,
            writer: document.writer,
            snapshots: document.snapshots.into_iter().map(snapshot).collect::<Result<_>>()?,
            objects: document.objects.into_iter().map(object).collect::<Result<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    #[test]
    fn a_record_survives_its_bytes() {
        let record = VerificationRecord {
            id: VerificationId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap(),
            writer: "cairn 0.1.0".into(),
            snapshots: vec![VerifiedSnapshot {
                label: SnapshotLabel::parse("nightly").unwrap(),
                timestamp: SnapshotTimestamp::from_unix_ms(5).unwrap(),
                level: VerifyLevel::Data,
                verified_at_ms: 9,
            }],
            objects: vec![VerifiedObject {
                object: ObjectName::of_digest(Digest::of(b"x")),
                verified_at_ms: 9,
            }],
        };
        for algorithm in DigestAlgorithm::ALL {
            assert_eq!(VerificationRecord::decode(&record.encode(algorithm).unwrap()).unwrap(), record);
        }
        assert!(VerifyLevel::parse("Data").is_ok() && VerifyLevel::parse("all").is_err());
    }
}
