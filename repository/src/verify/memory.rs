//! What earlier verifications have found right.

use std::collections::{HashMap, HashSet};

use cairn_format::{
    ObjectKey, ObjectName, VERIFIED_PREFIX, VerificationId, VerificationRecord, VerifiedObject,
    VerifiedSnapshot, VerifyLevel,
};

use super::data::DataOutcome;
use super::{Used, VerifyOptions, VerifyReport, VerifySelection};
use crate::error::{ErrorKind, Result};
use crate::repository::{Repository, SnapshotName};
use crate::store::PutOutcome;

/// When a snapshot was found right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The snapshot.
    pub name: SnapshotName,
    /// At which level.
    pub level: VerifyLevel,
    /// When; at level data, when the one of its objects was read that has not been read for longest.
    pub verified_at_ms: i64,
}

/// What the records of a repository say together.
#[derive(Default)]
pub(super) struct Memory {
    /// The records that were read: the next one stands for all of them.
    records: Vec<ObjectKey>,
    objects: HashMap<ObjectName, i64>,
    snapshots: HashMap<(SnapshotName, VerifyLevel), i64>,
}

impl Memory {
    /// Reads every record. One that is damaged counts as missing.
    pub(super) fn read(repository: &Repository) -> Result<Self> {
        let store = repository.store();
        let mut memory = Self::default();
        for object in store.list(VERIFIED_PREFIX)? {
            let Some(key @ ObjectKey::Verified(id)) = ObjectKey::parse(&object.key) else { continue };
            let bytes = match store.get(&key) {
                Ok(bytes) => bytes,
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Corrupt) => continue,
                Err(error) => return Err(error),
            };
            match VerificationRecord::decode(&bytes) {
                Ok(record) if record.id == id => memory.add(record),
                Ok(_) => tracing::warn!(%key, "a record of a verification has another's name"),
                Err(error) => tracing::warn!(%key, %error, "a record of a verification cannot be read"),
            }
            memory.records.push(key);
        }
        Ok(memory)
    }

    fn add(&mut self, record: VerificationRecord) {
        for VerifiedObject { object, verified_at_ms } in record.objects {
            let at = self.objects.entry(object).or_insert(verified_at_ms);
            *at = verified_at_ms.max(*at);
        }
        for VerifiedSnapshot { label, timestamp, level, verified_at_ms } in record.snapshots {
            let name = SnapshotName { label, timestamp };
            let at = self.snapshots.entry((name, level)).or_insert(verified_at_ms);
            *at = verified_at_ms.max(*at);
        }
    }

    /// When the bytes of an object were last read and found right.
    pub(super) fn read_at(&self, object: &ObjectName) -> Option<i64> {
        self.objects.get(object).copied()
    }

    pub(super) fn snapshots(&self) -> Vec<Verified> {
        let verified = |((name, level), at): (&(SnapshotName, VerifyLevel), &i64)| Verified {
            name: name.clone(),
            level: *level,
            verified_at_ms: *at,
        };
        self.snapshots.iter().map(verified).collect()
    }

    /// Records what is known now in a new record, and removes those that it stands for.
    pub(super) fn record(
        mut self,
        repository: &Repository,
        options: &VerifyOptions,
        began_ms: i64,
        report: &VerifyReport,
        used: &Used,
        outcome: &DataOutcome,
    ) -> Result<()> {
        if options.selection == VerifySelection::All {
            // What no snapshot uses any more need not be remembered.
            self.objects.retain(|object, _| used.data.contains_key(object));
            let all: HashSet<&SnapshotName> = report.snapshots.iter().collect();
            self.snapshots.retain(|(name, _), _| all.contains(name));
        }
        self.objects.extend(outcome.good.iter().copied());
        for object in &outcome.bad {
            self.objects.remove(object);
        }
        let harmed: HashSet<&SnapshotName> =
            report.findings.iter().flat_map(|finding| &finding.harms).collect();
        let oldest = self.oldest_reads(report.snapshots.len(), used);
        for (name, oldest) in report.snapshots.iter().zip(oldest) {
            if harmed.contains(name) {
                self.snapshots.retain(|(other, _), _| other != name);
                continue;
            }
            self.snapshots.insert((name.clone(), VerifyLevel::Structure), began_ms);
            if let Some(at) = oldest {
                self.snapshots.insert((name.clone(), VerifyLevel::Data), at.min(began_ms));
            }
        }
        self.put(repository)
    }

    /// For each snapshot, when the one of its objects was read that has not been read for longest; `None` when there is
    /// one that never was.
    fn oldest_reads(&self, snapshots: usize, used: &Used) -> Vec<Option<i64>> {
        let mut oldest = vec![Some(i64::MAX); snapshots];
        for (name, object) in &used.data {
            let at = self.read_at(name);
            for user in used.users_of(object) {
                if let Some(oldest) = oldest.get_mut(user) {
                    *oldest = oldest.zip(at).map(|(a, b)| a.min(b));
                }
            }
        }
        oldest
    }

    fn put(self, repository: &Repository) -> Result<()> {
        let id = VerificationId::parse(&repository.environment().new_ulid())?;
        let mut objects: Vec<_> = self
            .objects
            .into_iter()
            .map(|(object, verified_at_ms)| VerifiedObject { object, verified_at_ms })
            .collect();
        objects.sort_by_key(|object| object.object);
        let mut snapshots: Vec<_> = self
            .snapshots
            .into_iter()
            .map(|((name, level), verified_at_ms)| VerifiedSnapshot {
                label: name.label,
                timestamp: name.timestamp,
                level,
                verified_at_ms,
            })
            .collect();
        snapshots.sort_by(|a, b| (&a.label, a.timestamp, a.level).cmp(&(&b.label, b.timestamp, b.level)));
        let writer = repository.options().writer.clone();
        let record = VerificationRecord { id, writer, snapshots, objects };
        let bytes = record.encode(repository.descriptor().digest_algorithm)?;
        let outcome = repository.store().put_create(&ObjectKey::Verified(id), bytes.into())?;
        if outcome == PutOutcome::AlreadyExists {
            return Ok(());
        }
        for (key, outcome) in repository.store().delete_all(&self.records) {
            if let Err(error) = outcome {
                tracing::debug!(%key, %error, "an old record of a verification stays");
            }
        }
        Ok(())
    }
}
