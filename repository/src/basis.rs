//! What a new snapshot can build on: what earlier ones have, but for what a collection has marked.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};

use cairn_format::{Compression, DatabaseName, FileListRef, IntentId, Manifest, ObjectName, TableEntry};

use crate::error::{Error, ErrorKind, Result};
use crate::lock::{into_inner, lock};
use crate::marks;
use crate::repository::{Repository, SnapshotName};
use crate::upload::{Known, PlannedUpload, UploadGroup, plan_upload};
use crate::workers;

/// An earlier snapshot that a new one builds on.
#[derive(Debug)]
pub struct BaseSnapshot {
    manifest: Manifest,
    /// The positions of the tables that have each file list.
    tables: HashMap<ObjectName, Vec<usize>>,
}

impl BaseSnapshot {
    fn new(manifest: Manifest) -> Self {
        let mut tables: HashMap<ObjectName, Vec<usize>> = HashMap::new();
        for (position, table) in manifest.tables.iter().enumerate() {
            tables.entry(table.files.object).or_default().push(position);
        }
        Self { manifest, tables }
    }

    /// Its manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Its tables whose file list is `list`.
    pub fn tables_of<'b>(&'b self, list: &FileListRef) -> impl Iterator<Item = &'b TableEntry> + use<'b> {
        let list = *list;
        let positions = self.tables.get(&list.object).into_iter().flatten();
        let tables = positions.filter_map(|position| self.manifest.tables.get(*position));
        tables.filter(move |table| table.files == list)
    }
}

/// What a new snapshot can use of what is in the repository.
///
/// What it finds is protected from collections only while an intent exists that was put before: see
/// [`SnapshotWriter::basis`](crate::SnapshotWriter::basis). Without one it may be gone a moment later.
#[derive(Debug)]
pub struct SnapshotBasis {
    repository: Repository,
    /// Objects that a collection may delete at any moment: nothing of them is used.
    marked: HashSet<ObjectName>,
    /// Data files that can be used.
    known: Mutex<Known>,
    /// File lists that can be used.
    lists: Mutex<HashSet<ObjectName>>,
}

impl SnapshotBasis {
    /// Reads what is marked. Marks on what was put under `own` wait for that intent, so they do not count.
    pub(crate) fn read(repository: Repository, own: Option<IntentId>) -> Result<Self> {
        let mut marked = marks::marked_objects(&repository)?;
        marked.retain(|name| own.is_none() || name.intent() != own);
        Ok(Self { repository, marked, known: Mutex::default(), lists: Mutex::default() })
    }

    /// An earlier snapshot, whose file lists can then be [adopted](Self::adopt_list) or [reused](Self::reuse). `None` when
    /// it does not exist any more.
    ///
    /// # Errors
    /// `Corrupt` when its manifest is damaged.
    pub fn base(&self, name: &SnapshotName) -> Result<Option<BaseSnapshot>> {
        // It must be looked for now, not earlier: that it exists while the intent does is what protects it.
        match self.repository.open_snapshot(&name.label, name.timestamp) {
            Ok(manifest) => Ok(Some(BaseSnapshot::new(manifest))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The newest snapshot of a database that can be built on, among the newest few of the repository.
    ///
    /// # Errors
    /// `Unavailable` when storage does not answer; a snapshot that cannot be read is passed over.
    pub fn latest_base_of(&self, database: &DatabaseName) -> Result<Option<BaseSnapshot>> {
        Ok(self.repository.latest_snapshot_of(database)?.map(BaseSnapshot::new))
    }

    /// Takes a file list of `base` as it is for the new snapshot, with everything in it. No request is made unless a
    /// collection is under way. Whether it can be used; if not, [reuse](Self::reuse) what can be of it.
    pub fn adopt_list(&self, base: &BaseSnapshot, list: &FileListRef) -> Result<bool> {
        if base.tables_of(list).next().is_none() {
            return Ok(false);
        }
        let usable = self.marked.is_empty()
            || (!self.marked.contains(&list.object)
                && self
                    .repository
                    .file_locations_at(list)?
                    .files()
                    .iter()
                    .all(|file| !self.marked.contains(&file.location.object)));
        if usable {
            lock(&self.lists).insert(list.object);
        }
        Ok(usable)
    }

    /// Takes the data files of file lists, each of a base, as there, but for those that a collection has marked. One
    /// request a list, in parallel. Returns the lists that are missing or damaged, with what is wrong with them.
    pub fn reuse(&self, lists: &[(&BaseSnapshot, FileListRef)]) -> Result<Vec<(FileListRef, Error)>> {
        let mut names = HashSet::new();
        let wanted: Vec<FileListRef> = lists
            .iter()
            .filter(|(base, list)| base.tables_of(list).next().is_some() && names.insert(list.object))
            .map(|(_, list)| *list)
            .collect();
        let unusable = Mutex::new(Vec::new());
        workers::for_each(
            self.repository.workers(),
            &wanted,
            || (),
            |(), list| match self.repository.file_locations_at(list) {
                Ok(files) => {
                    let mut known = self.known();
                    for file in files.files() {
                        if !self.marked.contains(&file.location.object) {
                            known.add(file);
                        }
                    }
                    Ok(())
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::Corrupt | ErrorKind::NotFound | ErrorKind::Unsupported
                    ) =>
                {
                    lock(&unusable).push((*list, error));
                    Ok(())
                }
                Err(error) => Err(error),
            },
        )?;
        Ok(into_inner(unusable))
    }

    /// What an upload of these files would do, group by group, after what can be reused has been read.
    ///
    /// # Errors
    /// `InvalidInput` when a file is given with two lengths.
    pub fn plan_upload(
        &self,
        groups: &[UploadGroup],
        compression: Option<Compression>,
    ) -> Result<Vec<PlannedUpload>> {
        plan_upload(&self.repository, &self.known(), groups, compression)
    }

    pub(crate) fn repository(&self) -> &Repository {
        &self.repository
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        lock(&self.known)
    }

    pub(crate) fn add_lists(&self, lists: impl IntoIterator<Item = ObjectName>) {
        lock(&self.lists).extend(lists);
    }

    pub(crate) fn has_list(&self, list: &ObjectName) -> bool {
        lock(&self.lists).contains(list)
    }
}
