//! How much each snapshot holds, brought, and would set free.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use cairn_format::{DatabaseName, ObjectName, Sent, Totals};

use crate::closure::{SnapshotFacts, for_each_list, read_snapshots};
use crate::error::Result;
use crate::lock::{into_inner, lock};
use crate::repository::{Repository, SnapshotName};
use crate::transfer::Transfer;

/// Figures of one snapshot. Bytes are those of data objects as they lie in the repository, if not said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotSizes {
    /// The snapshot.
    pub name: SnapshotName,
    /// The database that it is of; `None` when it is of external catalogs.
    pub database: Option<DatabaseName>,
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
    /// Bytes of the data objects that each of its tables uses.
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
        // Which snapshots use each list: mostly one, or many that a list of an unchanged table is shared by.
        let mut users: HashMap<ObjectName, Owner> = HashMap::new();
        for (position, snapshot) in snapshots.iter().enumerate() {
            for list in &snapshot.lists {
                users.entry(list.object).or_insert(Owner::One(position)).add(Owner::One(position));
            }
        }
        let found: Mutex<Found> = Mutex::default();
        for_each_list(self, &snapshots, transfer, |list, objects| {
            let owner = users.get(&list).copied().unwrap_or(Owner::Many);
            let mut found = lock(&found);
            found
                .list_bytes
                .insert(list, objects.values().fold(0, |sum, length| sum.saturating_add(*length)));
            for (object, length) in objects {
                found.objects.entry(object).or_insert((owner, length)).0.add(owner);
            }
        })?;
        let Found { list_bytes, objects } = into_inner(found);
        let mut exclusive = vec![0_u64; snapshots.len()];
        for (owner, length) in objects.into_values() {
            if let Owner::One(position) = owner
                && let Some(bytes) = exclusive.get_mut(position)
            {
                *bytes = bytes.saturating_add(length);
            }
        }
        let sizes = snapshots.into_iter().zip(exclusive).map(|(snapshot, exclusive)| {
            let distinct: HashSet<ObjectName> = snapshot.lists.iter().map(|list| list.object).collect();
            let bytes = distinct.iter().filter_map(|list| list_bytes.get(list));
            let bytes = bytes.fold(0_u64, |sum, bytes| sum.saturating_add(*bytes));
            sizes(snapshot, bytes, exclusive)
        });
        Ok(sizes.collect())
    }
}

/// What the lists of all snapshots say: one entry a list and a data object, however many snapshots there are.
#[derive(Default)]
struct Found {
    /// Bytes of the data objects of each list.
    list_bytes: HashMap<ObjectName, u64>,
    /// Who uses each data object, and its bytes.
    objects: HashMap<ObjectName, (Owner, u64)>,
}

/// Which snapshots use something, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// The one at this position.
    One(usize),
    /// More than one.
    Many,
}

impl Owner {
    fn add(&mut self, other: Self) {
        if *self != other {
            *self = Self::Many;
        }
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
