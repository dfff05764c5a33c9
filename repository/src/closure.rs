//! What the snapshots of a repository use.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use cairn_format::{DatabaseName, FileListRef, Manifest, ObjectName, StoreId};

use crate::error::{Error, ErrorKind, Result};
use crate::lock::{into_inner, lock};
use crate::repository::{Repository, SnapshotName};
use crate::transfer::Transfer;
use crate::workers;

/// What matters of a manifest once it is read.
#[derive(Debug, Clone)]
pub(crate) struct SnapshotFacts {
    pub(crate) name: SnapshotName,
    /// `None` for one of external catalogs.
    pub(crate) database: Option<DatabaseName>,
    pub(crate) created_at_ms: i64,
    pub(crate) store: Option<StoreId>,
    pub(crate) part: Option<String>,
    pub(crate) finished_at_ms: Option<i64>,
    pub(crate) ttl: Option<String>,
    pub(crate) expires_at_ms: Option<i64>,
    pub(crate) sent: Option<cairn_format::Sent>,
    pub(crate) writer: String,
    pub(crate) totals: cairn_format::Totals,
    pub(crate) lists: Vec<FileListRef>,
}

impl SnapshotFacts {
    fn of(name: &SnapshotName, manifest: Manifest) -> Self {
        Self {
            name: name.clone(),
            database: manifest.database,
            store: manifest.store,
            part: manifest.part,
            created_at_ms: manifest.created_at_ms,
            finished_at_ms: manifest.finished_at_ms,
            ttl: manifest.ttl,
            expires_at_ms: manifest.expires_at_ms,
            sent: manifest.sent,
            writer: manifest.writer,
            totals: manifest.totals,
            lists: manifest.tables.into_iter().map(|table| table.files).collect(),
        }
    }
}

/// Reads every manifest, in the order of names. Snapshots that are dropped meanwhile are left out.
///
/// # Errors
/// What reading one says: nobody can tell what a damaged manifest uses.
pub(crate) fn read_snapshots(repository: &Repository, transfer: &Transfer) -> Result<Vec<SnapshotFacts>> {
    let names = repository.snapshots(None)?;
    transfer.check()?;
    let mut found = Vec::with_capacity(names.len());
    for (name, facts) in names.iter().zip(repository.open_snapshots(&names, |manifest| {
        let name = SnapshotName { label: manifest.label.clone(), timestamp: manifest.timestamp };
        SnapshotFacts::of(&name, manifest)
    })) {
        match facts {
            Ok(facts) => found.push(facts),
            Err(error) if error.kind() == ErrorKind::NotFound => tracing::debug!(%name, "dropped meanwhile"),
            Err(error) => return Err(with_remedy(error, &[name])),
        }
    }
    Ok(found)
}

/// What to do about damage that keeps anybody from telling what is used.
fn with_remedy(error: Error, users: &[&SnapshotName]) -> Error {
    if error.kind() != ErrorKind::Corrupt {
        return error;
    }
    let users: Vec<_> = users.iter().map(ToString::to_string).collect();
    Error::corrupt(format!("{error}; what it uses cannot be known: drop {} to go on", users.join(", ")))
}

/// Reads every file list of `snapshots` once, and hands its data objects, each once, with their lengths, to `take`. A list
/// that is gone is left out when all snapshots that use it have been dropped meanwhile.
///
/// # Errors
/// What reading one says: nobody can tell what a damaged list uses.
pub(crate) fn for_each_list(
    repository: &Repository,
    snapshots: &[SnapshotFacts],
    transfer: &Transfer,
    take: impl Fn(ObjectName, HashMap<ObjectName, u64>) + Sync,
) -> Result<()> {
    let mut wanted: HashMap<ObjectName, (FileListRef, Vec<&SnapshotName>)> = HashMap::new();
    for snapshot in snapshots {
        for list in &snapshot.lists {
            wanted.entry(list.object).or_insert((*list, Vec::new())).1.push(&snapshot.name);
        }
    }
    let mut wanted: Vec<_> = wanted.into_values().collect();
    wanted.sort_by_key(|(list, _)| list.object);
    workers::for_each(
        repository.workers(),
        &wanted,
        || (),
        |(), (list, users)| {
            transfer.check()?;
            let files = match repository.file_locations_at(list) {
                Ok(files) => files,
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    // Its snapshots were there a moment ago. Those that still are would need it.
                    for name in users {
                        // Another snapshot may have taken the name.
                        match repository.open_snapshot(&name.label, name.timestamp) {
                            Ok(found)
                                if found.tables.iter().all(|table| table.files.object != list.object) => {}
                            Ok(_) => return Err(error),
                            Err(other) if other.kind() == ErrorKind::NotFound => {}
                            Err(other) => return Err(other),
                        }
                    }
                    return Ok(());
                }
                Err(error) => return Err(with_remedy(error, users)),
            };
            let mut objects = HashMap::new();
            for file in files.files() {
                let length = file.location.object_length;
                if *objects.entry(file.location.object).or_insert(length) != length {
                    return Err(Error::corrupt(format!(
                        "file list {} in {} gives data object {} two lengths",
                        list.object,
                        repository.store().location(),
                        file.location.object
                    )));
                }
            }
            take(list.object, objects);
            Ok(())
        },
    )
}

/// Every data object and file list that snapshots use.
pub(crate) fn used_objects(
    repository: &Repository,
    snapshots: &[SnapshotFacts],
    transfer: &Transfer,
) -> Result<HashSet<ObjectName>> {
    let lists = snapshots.iter().flat_map(|snapshot| snapshot.lists.iter().map(|list| list.object));
    let used = Mutex::new(lists.collect::<HashSet<_>>());
    for_each_list(repository, snapshots, transfer, |_, objects| {
        lock(&used).extend(objects.into_keys());
    })?;
    Ok(into_inner(used))
}
