//! What a backup builds on: file lists that are there as they are, and files that are there one by one.

use std::collections::{BTreeMap, BTreeSet};

use cairn_format::{DatabaseName, FileListRef, TableEntry};
use cairn_repository::{BaseSnapshot, SnapshotBasis, SnapshotName, UploadFile, UploadGroup};

use super::cut::CutTable;
use crate::catalog::{Catalog, TableBase};
use crate::error::Result;
use crate::id::RepositoryEntryId;

/// Where is looked for it.
pub(super) struct Grounds<'g> {
    pub(super) basis: &'g SnapshotBasis,
    pub(super) catalog: &'g Catalog,
    /// The repository as the catalog knows it.
    pub(super) known_as: RepositoryEntryId,
    pub(super) database: &'g DatabaseName,
    /// Fails when nobody wants to know any more.
    pub(super) check: &'g dyn Fn() -> Result<()>,
}

/// A file list, when it is there already, and rows and bytes of each partition in it.
pub(super) struct Adopted {
    pub(super) files: Option<FileListRef>,
    pub(super) sums: Vec<(u64, u64)>,
}

impl Grounds<'_> {
    /// Takes over the lists of tables that have not changed since an earlier backup, and takes note of the files of those
    /// that have.
    pub(super) fn adopt(&self, tables: &[CutTable]) -> Result<Vec<Option<Adopted>>> {
        let bases: Vec<Vec<TableBase>> = tables
            .iter()
            .map(|table| self.catalog.table_bases(self.known_as, table.id))
            .collect::<Result<_>>()?;
        let names: BTreeSet<&SnapshotName> = bases.iter().flatten().map(|base| &base.snapshot).collect();
        let mut snapshots: BTreeMap<&SnapshotName, BaseSnapshot> = BTreeMap::new();
        for name in names {
            (self.check)()?;
            if let Some(snapshot) = readable(self.basis.base(name))?.flatten() {
                snapshots.insert(name, snapshot);
            }
        }
        let mut adopted = Vec::with_capacity(tables.len());
        let (mut strangers, mut reused) = (Vec::new(), Vec::new());
        for (table, bases) in tables.iter().zip(&bases) {
            (self.check)()?;
            let there: Vec<_> =
                bases.iter().filter_map(|base| Some((base, snapshots.get(&base.snapshot)?))).collect();
            if there.is_empty() {
                strangers.push(table);
            }
            let unchanged = there.iter().filter(|(base, _)| base.fingerprint == table.fingerprint);
            let mut whole = None;
            for (base, snapshot) in unchanged {
                if let Some(sums) = sums_in(snapshot, &base.list, table)
                    && readable(self.basis.adopt_list(snapshot, &base.list))?.unwrap_or(false)
                {
                    whole = Some(Adopted { files: Some(base.list), sums });
                    break;
                }
            }
            if whole.is_none() {
                reused.extend(there.into_iter().map(|(base, snapshot)| (snapshot, base.list)));
            }
            adopted.push(whole);
        }
        self.reuse(&reused)?;
        self.reuse_of_others(&strangers)?;
        Ok(adopted)
    }

    /// Takes note of the files of lists. What cannot be read of them is sent again.
    fn reuse(&self, lists: &[(&BaseSnapshot, FileListRef)]) -> Result<()> {
        for (list, error) in self.basis.reuse(lists)? {
            tracing::warn!(list = %list.object, %error, "an earlier snapshot cannot be built on; verify the repository");
        }
        Ok(())
    }

    /// Takes note of what the newest snapshot of the database has of tables that this store has never backed up into the
    /// repository, or whose snapshots have been dropped: the same files may be there all the same, when the tables were
    /// restored from it.
    fn reuse_of_others(&self, tables: &[&CutTable]) -> Result<()> {
        if tables.iter().all(|table| table.files.is_empty()) {
            return Ok(());
        }
        let Some(snapshot) = self.basis.latest_base_of(self.database)? else { return Ok(()) };
        let wanted: BTreeSet<_> = tables.iter().map(|table| &table.definition.name).collect();
        let entries =
            snapshot.manifest().tables.iter().filter(|entry| wanted.contains(&entry.definition.name));
        let lists: Vec<_> = entries.map(|entry| (&snapshot, entry.files)).collect();
        self.reuse(&lists)
    }
}

/// What an earlier snapshot has is a help, and no more: what is damaged of it is sent again.
fn readable<T>(read: cairn_repository::Result<T>) -> Result<Option<T>> {
    use cairn_repository::ErrorKind as Kind;
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), Kind::Corrupt | Kind::NotFound | Kind::Unsupported) => {
            tracing::warn!(%error, "an earlier snapshot cannot be built on; verify the repository");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Rows and bytes of the partitions of `table` as an earlier snapshot has them beside `list`.
fn sums_in(snapshot: &BaseSnapshot, list: &FileListRef, table: &CutTable) -> Option<Vec<(u64, u64)>> {
    // Tables without files share a list.
    let fits = |entry: &&TableEntry| {
        entry.partitions.len() == table.partitions.len()
            && entry.partitions.iter().zip(&table.partitions).all(|(a, b)| a.definition.name == b.name)
            && entry.definition.distribution == table.definition.distribution
    };
    let entry = snapshot.tables_of(list).find(fits)?;
    Some(entry.partitions.iter().map(|partition| (partition.rows, partition.bytes)).collect())
}

/// The files of the tables whose lists are not there, as they are sent.
pub(super) fn groups(tables: &[CutTable], adopted: &[Option<Adopted>]) -> Vec<UploadGroup> {
    let file = |(file, path): &(cairn_format::DataFile, std::path::PathBuf)| UploadFile {
        digest: file.digest,
        length: file.length,
        path: path.clone(),
    };
    let wanted = tables.iter().zip(adopted).filter(|(_, adopted)| adopted.is_none());
    wanted
        .map(|(table, _)| UploadGroup {
            files: table.files.iter().map(file).collect(),
            is_whole: table.is_whole,
        })
        .collect()
}
