//! How much each snapshot holds, brought, and would set free.

use std::collections::HashMap;

use cairn_format::{DatabaseName, ObjectName, Sent, Totals};

use crate::closure::{SnapshotFacts, read_lists, read_snapshots};
use crate::error::Result;
use crate::repository::{Repository, SnapshotName};
use crate::transfer::Transfer;

/// Figures of one snapshot. Bytes are those of data objects as they lie in the repository, if not said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotSizes {
    /// The snapshot.
    pub name: SnapshotName,
    /// The database that it is of.
    pub database: DatabaseName,
    /// When its backup took its cut: milliseconds since 1970-01-01 UTC.
    pub created_at_ms: i64,
    /// When its backup had sent everything; `None` when it did not say.
    pub finished_at_ms: Option<i64>,
    /// How long it was to be kept, as it was asked for.
    pub ttl: Option<String>,
    /// From when on a collection may drop it.
    pub expires_at_ms: Option<i64>,
    /// Name and version of the program that wrote it.
    pub writer: String,
    /// Its tables.
    pub tables: u64,
    /// Files, rows and bytes of its tables.
    pub totals: Totals,
    /// Bytes of the data objects that it uses, each once.
    pub object_bytes: u64,
    /// What its backup had to send; `None` when it did not say.
    pub sent: Option<Sent>,
    /// Bytes of data objects that no other snapshot uses: what a collection frees when it is dropped.
    pub exclusive_bytes: u64,
}

impl Repository {
    /// Figures of every snapshot, in the order of names. Every manifest is read, and every file list once.
    pub fn snapshot_sizes(&self, transfer: &Transfer) -> Result<Vec<SnapshotSizes>> {
        let snapshots = read_snapshots(self, transfer)?;
        let lists = read_lists(self, &snapshots, transfer)?;
        let mut users: HashMap<ObjectName, u32> = HashMap::new();
        let objects: Vec<HashMap<ObjectName, u64>> = snapshots
            .iter()
            .map(|snapshot| {
                let lists = snapshot.lists.iter().filter_map(|list| lists.get(&list.object));
                let objects: HashMap<_, _> = lists.flatten().map(|(name, length)| (*name, *length)).collect();
                for name in objects.keys() {
                    *users.entry(*name).or_default() += 1;
                }
                objects
            })
            .collect();
        let sizes = snapshots.into_iter().zip(objects).map(|(snapshot, objects)| {
            let exclusive = objects.iter().filter(|(name, _)| users.get(*name) == Some(&1));
            sizes(snapshot, objects.values().sum(), exclusive.map(|(_, length)| length).sum())
        });
        Ok(sizes.collect())
    }
}

fn sizes(snapshot: SnapshotFacts, object_bytes: u64, exclusive_bytes: u64) -> SnapshotSizes {
    SnapshotSizes {
        tables: snapshot.lists.len() as u64,
        name: snapshot.name,
        database: snapshot.database,
        created_at_ms: snapshot.created_at_ms,
        finished_at_ms: snapshot.finished_at_ms,
        ttl: snapshot.ttl,
        expires_at_ms: snapshot.expires_at_ms,
        writer: snapshot.writer,
        totals: snapshot.totals,
        object_bytes,
        sent: snapshot.sent,
        exclusive_bytes,
    }
}
