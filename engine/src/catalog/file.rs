//! The catalog file, and who may change it.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use cairn_format::{DatabaseName, StoreId};
use cairn_repository::{Disk, DiskCall, Environment};
use redb::{Database as Redb, DatabaseError, ReadableDatabase, ReadableTable, WriteTransaction};

use super::bin::recoverable_versions;
use super::change::{Change, Origin};
use super::external_catalogs::{ExternalCatalogs, external_catalogs_at};
use super::history::{Files, view_at};
use super::record::{self, RowsetV1, TableBase, TableBasesV1};
use super::tables;
use super::view::CatalogView;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{CatalogVersion, PartitionId, RepositoryEntryId, SegmentId, TableId};

/// The catalog of one store.
pub(crate) struct Catalog {
    redb: Redb,
    store_id: StoreId,
    path: PathBuf,
    disk: Disk,
    environment: Environment,
    view: ArcSwap<CatalogView>,
    next_id: AtomicU64,
    files: Files,
    /// How long what is dropped can be recovered.
    trash_expire_ms: i64,
    /// Held by whoever makes a commit, from reading the view to showing the next one.
    writer: Mutex<()>,
    /// Set when a commit failed and the disk did not tell whether it happened: then no file may be removed.
    uncertain: AtomicBool,
}

/// The page cache of the catalog file: it is small, and memory is promised to be.
const CACHE_BYTES: usize = 16 << 20;

impl Catalog {
    /// Opens the catalog at `path`, or makes an empty one; segments lie below `segments`. What is dropped can be recovered
    /// for `trash_expire`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`] when another process has it open, [`ErrorKind::Corrupt`] when it is damaged,
    /// [`ErrorKind::Unsupported`] when a newer Cairn wrote it.
    pub(crate) fn open(
        path: &Path,
        segments: PathBuf,
        disk: Disk,
        environment: Environment,
        trash_expire: Duration,
    ) -> Result<Self> {
        if fs::metadata(path).map_or(true, |metadata| metadata.len() == 0) {
            create(path, &disk)?;
        }
        let redb = open(path)?;
        let files = Files::new(segments);
        let txn = redb.begin_read()?;
        let meta = txn.open_table(tables::META)?;
        let number = |key| -> Result<u64> {
            let bytes = meta.get(key)?.and_then(|value| <[u8; 8]>::try_from(value.value()).ok());
            bytes
                .map(u64::from_le_bytes)
                .ok_or_else(|| Error::corrupt(format!("catalog {} has no {key}", path.display())))
        };
        let format = number(tables::META_FORMAT_VERSION)?;
        if format > tables::FORMAT_VERSION {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "{} has format {format}, this build reads up to {}; use a newer Cairn",
                    path.display(),
                    tables::FORMAT_VERSION
                ),
            ));
        }
        let version = CatalogVersion::new(number(tables::META_VERSION)?);
        let next_id = AtomicU64::new(number(tables::META_NEXT_ID)?);
        let view = view_at(&txn, version, None, &files)?;
        drop(meta);
        drop(txn);
        let store_id = store_id(&redb, path, &disk, &environment)?;
        let view = ArcSwap::from_pointee(view);
        let catalog = Self {
            redb,
            store_id,
            path: path.to_owned(),
            disk,
            environment,
            view,
            next_id,
            files,
            trash_expire_ms: i64::try_from(trash_expire.as_millis()).unwrap_or(i64::MAX),
            writer: Mutex::new(()),
            uncertain: AtomicBool::new(false),
        };
        catalog.purge()?;
        Ok(catalog)
    }

    /// Which store this is.
    pub(crate) fn store_id(&self) -> StoreId {
        self.store_id
    }

    /// The catalog as it is now.
    pub(crate) fn view(&self) -> Arc<CatalogView> {
        self.view.load_full()
    }

    /// One database as it was at `version`, which an unfinished job pins, in a view without anything else.
    pub(crate) fn view_at(&self, version: CatalogVersion, database: &DatabaseName) -> Result<CatalogView> {
        view_at(&self.redb.begin_read()?, version, Some(database), &self.files)
    }

    /// The external catalogs as they were at `version`, which an unfinished job pins.
    pub(crate) fn external_catalogs_at(&self, version: CatalogVersion) -> Result<ExternalCatalogs> {
        external_catalogs_at(&self.redb.begin_read()?, version)
    }

    /// Takes `count` identities out of use, the first of which is returned.
    pub(crate) fn reserve_ids(&self, count: u64) -> u64 {
        self.next_id.fetch_add(count, Ordering::Relaxed)
    }

    /// Makes one commit of all that `steps` does, or nothing of it.
    pub(crate) fn commit<T>(&self, steps: impl FnOnce(&mut Change<'_>) -> Result<T>) -> Result<T> {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.require_certain()?;
        let base = self.view.load_full();
        let now_ms = self.environment.clock.now_ms();
        let origin = Origin {
            redb: &self.redb,
            next_id: &self.next_id,
            files: &self.files,
            trash_expire_ms: self.trash_expire_ms,
        };
        let mut change = Change::new(self.redb.begin_write()?, &base, origin, now_ms);
        let outcome = steps(&mut change)?;
        let (txn, view) = change.finish()?;
        if let Err(failed) = commit_durably(txn, &self.disk, &self.path) {
            // The call may fail after the commit has happened. What can still be read tells that it has, but not that
            // it has not: the file may name it all the same once it is opened again.
            if self.committed_version().ok() != Some(view.version) {
                self.uncertain.store(true, Ordering::Release);
                return Err(failed);
            }
        }
        self.view.store(Arc::new(view));
        Ok(outcome)
    }

    /// Whether it is known of every commit whether it happened. Without that, no file may be removed.
    pub(crate) fn is_certain(&self) -> bool {
        !self.uncertain.load(Ordering::Acquire)
    }

    fn require_certain(&self) -> Result<()> {
        if self.is_certain() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            format!(
                "an earlier commit to {} failed, and only opening the store again tells whether it happened: do that",
                self.path.display()
            ),
        ))
    }

    fn committed_version(&self) -> Result<CatalogVersion> {
        let txn = self.redb.begin_read()?;
        let meta = txn.open_table(tables::META)?;
        let bytes = meta.get(tables::META_VERSION)?.and_then(|value| <[u8; 8]>::try_from(value.value()).ok());
        bytes
            .map(|bytes| CatalogVersion::new(u64::from_le_bytes(bytes)))
            .ok_or_else(|| Error::corrupt("the catalog has no version"))
    }

    /// Begins to read what is on record beside the view.
    pub(super) fn begin_read(&self) -> Result<redb::ReadTransaction> {
        Ok(self.redb.begin_read()?)
    }

    /// What earlier backups of a table left in a repository.
    pub(crate) fn table_bases(
        &self,
        repository: RepositoryEntryId,
        table: TableId,
    ) -> Result<Vec<TableBase>> {
        let txn = self.redb.begin_read()?;
        let lists = txn.open_table(tables::FILE_LISTS)?;
        let Some(bytes) = lists.get((repository.get(), table.get()))? else { return Ok(Vec::new()) };
        let stored: TableBasesV1 = record::decode("file list", bytes.value())?;
        stored.bases.into_iter().map(TableBase::try_from).collect()
    }

    /// Where the segments of `table` lie.
    pub(crate) fn table_directory(&self, table: TableId) -> PathBuf {
        self.files.table_directory(table)
    }

    /// Where `segment` of `table` lies.
    pub(crate) fn segment_path(&self, table: TableId, segment: SegmentId) -> PathBuf {
        self.files.path(table, segment)
    }

    /// Where all segments lie.
    pub(crate) fn segments_directory(&self) -> &Path {
        self.files.directory()
    }

    /// The segments that are on record, whether visible or removed and not purged yet.
    pub(crate) fn recorded_segments(&self) -> Result<HashSet<SegmentId>> {
        let txn = self.redb.begin_read()?;
        let mut segments = HashSet::new();
        for entry in txn.open_table(tables::ROWSETS)?.iter()? {
            let stored: RowsetV1 = record::decode("rowset", entry?.1.value())?;
            segments.extend(stored.segments.iter().map(|segment| SegmentId::new(segment.id)));
        }
        Ok(segments)
    }

    /// Forgets what was removed, cannot be recovered any more and no unfinished backup pins, and lets its files go.
    pub(crate) fn purge(&self) -> Result<()> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.require_certain()?;
        let pinned = self.view.load().oldest_pinned_version();
        let last = pinned.map_or(u64::MAX, CatalogVersion::get);
        let txn = self.redb.begin_write()?;
        let mut files = Vec::new();
        let recoverable = recoverable_versions(&txn, self.environment.clock.now_ms(), self.trash_expire_ms)?;
        let keys: Vec<_> = {
            let mut removed = txn.open_table(tables::REMOVED)?;
            let range = ..=(last, u8::MAX, u64::MAX, u64::MAX);
            let keys = removed.extract_from_if(range, |(version, ..), ()| !recoverable.contains(&version))?;
            keys.map(|entry| Ok(entry?.0.value())).collect::<Result<_>>()?
        };
        if keys.is_empty() {
            return Ok(());
        }
        for (_, kind, parent, id) in keys {
            match kind {
                tables::KIND_DATABASE => drop(txn.open_table(tables::DATABASES)?.remove(id)?),
                tables::KIND_TABLE => {
                    txn.open_table(tables::TABLES)?.remove(id)?;
                    txn.open_table(tables::FILE_LISTS)?.retain(|(_, table), _| table != id)?;
                }
                tables::KIND_PARTITION => drop(txn.open_table(tables::PARTITIONS)?.remove((parent, id))?),
                tables::KIND_EXTERNAL_CATALOG => {
                    txn.open_table(tables::EXTERNAL_CATALOGS)?.remove((parent, id))?;
                }
                tables::KIND_VIEW => drop(txn.open_table(tables::VIEWS)?.remove((parent, id))?),
                tables::KIND_DELETIONS => drop(txn.open_table(tables::DELETIONS)?.remove((parent, id))?),
                _ => files.extend(purge_rowset(&txn, PartitionId::new(parent), id)?),
            }
        }
        if let Err(failed) = commit_durably(txn, &self.disk, &self.path) {
            self.uncertain.store(true, Ordering::Release);
            return Err(failed);
        }
        drop(writer);
        for (table, segment) in files {
            self.files.forget(table, segment);
        }
        Ok(())
    }
}

/// Removes a rowset's records and says which files were its.
fn purge_rowset(
    txn: &WriteTransaction,
    partition: PartitionId,
    id: u64,
) -> Result<Vec<(TableId, SegmentId)>> {
    let mut rowset_tables = txn.open_table(tables::ROWSET_TABLES)?;
    let table = rowset_tables.remove(id)?.map(|table| TableId::new(table.value()));
    let mut rowsets = txn.open_table(tables::ROWSETS)?;
    let stored = match rowsets.remove((partition.get(), id))? {
        Some(bytes) => record::decode::<RowsetV1>("rowset", bytes.value())?,
        None => return Ok(Vec::new()),
    };
    let table = table
        .ok_or_else(|| Error::corrupt(format!("the catalog's removed rowset {id} belongs to no table")))?;
    let mut deletions = txn.open_table(tables::DELETIONS)?;
    for segment in &stored.segments {
        deletions.retain_in((segment.id, 0)..=(segment.id, u64::MAX), |_, _| false)?;
    }
    Ok(stored.segments.iter().map(|segment| (table, SegmentId::new(segment.id))).collect())
}

fn commit_durably(txn: WriteTransaction, disk: &Disk, path: &Path) -> Result<()> {
    disk.observe(DiskCall::Commit(path), || txn.commit().map_err(std::io::Error::other))
        .map_err(|e| Error::disk("commit to", path, e))
}

/// Opens the catalog file, every page of which is checked: it is small, and what it says decides which files live.
fn open(path: &Path) -> Result<Redb> {
    let mut builder = Redb::builder();
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    builder.open(path).map_err(|e| cannot_open(path, e))
}

/// The store's identity, which is made the first time it is asked for.
fn store_id(redb: &Redb, path: &Path, disk: &Disk, environment: &Environment) -> Result<StoreId> {
    let stored = {
        let txn = redb.begin_read()?;
        let meta = txn.open_table(tables::META)?;
        meta.get(tables::META_STORE_ID)?.map(|value| String::from_utf8_lossy(value.value()).into_owned())
    };
    if let Some(text) = stored {
        return Ok(StoreId::parse(&text)?);
    }
    let id = StoreId::parse(&environment.new_ulid())?;
    let txn = redb.begin_write()?;
    txn.open_table(tables::META)?.insert(tables::META_STORE_ID, id.as_str().as_bytes())?;
    commit_durably(txn, disk, path)?;
    Ok(id)
}

/// Makes an empty catalog, whole or not at all: it gets its name when it is complete.
fn create(path: &Path, disk: &Disk) -> Result<()> {
    let new = path.with_extension("redb.new");
    let failed = |e| Error::disk("create", path, e);
    match fs::remove_file(&new) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(failed(e)),
        _ => {}
    }
    let redb = Redb::builder().set_cache_size(CACHE_BYTES).create(&new).map_err(|e| cannot_open(path, e))?;
    let txn = redb.begin_write()?;
    {
        let mut meta = txn.open_table(tables::META)?;
        meta.insert(tables::META_FORMAT_VERSION, tables::FIRST_FORMAT_VERSION.to_le_bytes().as_slice())?;
        meta.insert(tables::META_VERSION, 0_u64.to_le_bytes().as_slice())?;
        // Identities start high enough to be told from counts in what a user reads.
        meta.insert(tables::META_NEXT_ID, FIRST_ID.to_le_bytes().as_slice())?;
        txn.open_table(tables::DATABASES)?;
        txn.open_table(tables::TABLES)?;
        txn.open_table(tables::PARTITIONS)?;
        txn.open_table(tables::ROWSETS)?;
        txn.open_table(tables::DELETIONS)?;
        txn.open_table(tables::REPOSITORIES)?;
        txn.open_table(tables::JOBS)?;
        txn.open_table(tables::FILE_LISTS)?;
        txn.open_table(tables::ROWSET_TABLES)?;
        txn.open_table(tables::REMOVED)?;
        txn.open_table(tables::RECYCLED)?;
    }
    commit_durably(txn, disk, &new)?;
    drop(redb);
    disk.rename(&new, path).map_err(failed)?;
    disk.sync_dir(path.parent().unwrap_or(Path::new("."))).map_err(failed)
}

/// StarRocks' catalogs start their own identities here, too.
const FIRST_ID: u64 = 10_001;

fn cannot_open(path: &Path, error: DatabaseError) -> Error {
    let shown = path.display();
    match error {
        DatabaseError::DatabaseAlreadyOpen => Error::busy(format!(
            "{shown} is open in another process; stop that process, or choose another data directory"
        )),
        // A file that is no catalog at all is reported as invalid data, not as corruption.
        DatabaseError::Storage(redb::StorageError::Io(io))
            if io.kind() != std::io::ErrorKind::InvalidData =>
        {
            Error::disk("open the catalog", path, io)
        }
        DatabaseError::UpgradeRequired(_) => Error::new(
            ErrorKind::Unsupported,
            format!("{shown} is of another version of the catalog file; use that Cairn"),
        ),
        other => Error::corrupt(format!(
            "{shown} is not a catalog of Cairn, or it is damaged: restore the data directory"
        ))
        .with_source(other),
    }
}
