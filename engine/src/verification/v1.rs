//! The stored form of a verification, version 1.

use cairn_format::{RepositoryName, SnapshotLabel, SnapshotTimestamp, VerifyLevel};
use serde::{Deserialize, Serialize};

use super::{VerificationCounts, VerificationEntry};
use crate::error::{Error, Result};

#[derive(Serialize, Deserialize)]
struct VerificationV1 {
    repository: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timestamp: Option<i64>,
    level: String,
    began: i64,
    ended: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    found: Option<FoundV1>,
    /// Why it did not come to an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct FoundV1 {
    snapshots: u64,
    objects: u64,
    bytes: u64,
    remembered: u64,
    left: u64,
    findings: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_finding: Option<String>,
}

impl VerificationEntry {
    /// The stored form.
    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        let found = self.outcome.as_ref().ok().map(|counts| FoundV1 {
            snapshots: counts.snapshots,
            objects: counts.objects,
            bytes: counts.bytes,
            remembered: counts.remembered,
            left: counts.left,
            findings: counts.findings,
            first_finding: counts.first_finding.clone(),
        });
        let stored = VerificationV1 {
            repository: self.repository.as_str().to_owned(),
            label: self.label.as_ref().map(ToString::to_string),
            timestamp: self.timestamp.map(cairn_format::SnapshotTimestamp::unix_ms),
            level: self.level.name().to_owned(),
            began: self.began_ms,
            ended: self.ended_ms,
            found,
            failure: self.outcome.as_ref().err().cloned(),
        };
        serde_json::to_vec(&stored)
            .map_err(|e| Error::corrupt("a verification cannot be encoded").with_source(e))
    }

    /// Reads the stored form of the one that the commit `id` put on record.
    pub(crate) fn decode(id: u64, bytes: &[u8]) -> Result<Self> {
        let stored: VerificationV1 = serde_json::from_slice(bytes).map_err(|e| {
            Error::corrupt(format!("the catalog's record of verification {id} is damaged")).with_source(e)
        })?;
        let outcome = match stored.found {
            Some(found) => Ok(VerificationCounts {
                snapshots: found.snapshots,
                objects: found.objects,
                bytes: found.bytes,
                remembered: found.remembered,
                left: found.left,
                findings: found.findings,
                first_finding: found.first_finding,
            }),
            None => Err(stored.failure.unwrap_or_default()),
        };
        Ok(Self {
            id,
            repository: RepositoryName::parse(&stored.repository)?,
            label: stored.label.as_deref().map(SnapshotLabel::parse).transpose()?,
            timestamp: stored.timestamp.map(SnapshotTimestamp::from_unix_ms).transpose()?,
            level: VerifyLevel::parse(&stored.level)?,
            began_ms: stored.began,
            ended_ms: stored.ended,
            outcome,
        })
    }
}
