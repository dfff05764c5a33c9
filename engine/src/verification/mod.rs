//! Verifications of repositories, which are kept on record.

mod v1;

use cairn_format::{RepositoryName, SnapshotLabel, SnapshotTimestamp, VerifyLevel};
use cairn_repository::{Transfer, VerifyOptions, VerifyReport, VerifySelection};

use crate::error::Result;
use crate::store::TabletStore;

/// So many verifications are kept on record, the newest.
pub(crate) const KEPT: u64 = 1000;

/// A verification of this store, as it is kept on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationEntry {
    /// The commit that put it on record.
    pub id: u64,
    /// What was verified.
    pub repository: RepositoryName,
    /// The label whose snapshots were; `None` for all of the repository.
    pub label: Option<SnapshotLabel>,
    /// The one of them that was; `None` for all of the label.
    pub timestamp: Option<SnapshotTimestamp>,
    /// How thoroughly.
    pub level: VerifyLevel,
    /// When it began, in milliseconds since 1970 UTC.
    pub began_ms: i64,
    /// When it ended.
    pub ended_ms: i64,
    /// What it found; why it did not come to an end otherwise.
    pub outcome: std::result::Result<VerificationCounts, String>,
}

/// What a verification found, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerificationCounts {
    /// Snapshots that were verified.
    pub snapshots: u64,
    /// Objects that were looked at.
    pub objects: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Data objects that were not read since they had been recently.
    pub remembered: u64,
    /// Data objects that were not read since the time was over.
    pub left: u64,
    /// Findings.
    pub findings: u64,
    /// The first of them.
    pub first_finding: Option<String>,
}

impl From<&VerifyReport> for VerificationCounts {
    fn from(report: &VerifyReport) -> Self {
        let first = report.findings.first();
        Self {
            snapshots: report.snapshots.len() as u64,
            objects: report.objects,
            bytes: report.bytes,
            remembered: report.remembered,
            left: report.left,
            findings: report.findings.len() as u64,
            first_finding: first.map(|finding| format!("{}: {}", finding.key, finding.problem)),
        }
    }
}

impl TabletStore {
    /// Verifies snapshots of a known repository, and keeps on record that it was done and what was found.
    pub fn verify_repository(&self, name: &RepositoryName, options: &VerifyOptions) -> Result<VerifyReport> {
        let began_ms = self.now_ms();
        let verified = self
            .open_repository(name)
            .and_then(|repository| Ok(repository.verify(options, &Transfer::new())?));
        let (label, timestamp) = match &options.selection {
            VerifySelection::All => (None, None),
            VerifySelection::Label(label) => (Some(label.clone()), None),
            VerifySelection::Snapshot(label, timestamp) => (Some(label.clone()), Some(*timestamp)),
        };
        let entry = VerificationEntry {
            id: 0,
            repository: name.clone(),
            label,
            timestamp,
            level: options.level,
            began_ms,
            ended_ms: self.now_ms(),
            outcome: verified.as_ref().map(VerificationCounts::from).map_err(ToString::to_string),
        };
        // What was found out at length is not lost for that.
        if let Err(error) = self.record_verification(&entry) {
            tracing::warn!(%error, "a verification could not be put on record");
        }
        verified
    }
}
