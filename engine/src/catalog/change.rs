//! One engine commit while it is made: every step changes the transaction and the next view together.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cairn_format::{
    ColumnBounds, DatabaseName, Deletions, Digest, KeyModel, PartitionDefinition, RepositoryName, RollupId,
    TableDefinition, TableName,
};
use redb::{ReadableDatabase, ReadableTable, WriteTransaction};

use super::history::{Files, view_at};
use super::partitions::PartitionKind;
use super::record::{
    self, DatabaseV1, FIRST_AUTO_INCREMENT, PartitionV1, RepositoryEntry, RepositoryV1, RollupTabletsV1,
    RowsetV1, SegmentFacts, SegmentV1, TableBase, TableBaseV1, TableBasesV1, TableV1, Versioned,
};
use super::tables;
use super::view::{CatalogView, Database, Partition, Rowset, Table, Tablet};
use crate::error::{Error, Result};
use crate::id::{
    CatalogVersion, DatabaseId, JobId, PartitionId, RepositoryEntryId, RowsetId, SegmentId, TableId, TabletId,
};
use crate::job::JobRecord;

/// The most file lists of earlier backups that are remembered for a table in a repository.
const MAX_TABLE_BASES: usize = 5;

/// A segment whose file is written and synced, and that no commit has published yet.
#[derive(Clone, Debug)]
pub(crate) struct NewSegment {
    pub(crate) id: SegmentId,
    pub(crate) length: u64,
    pub(crate) rows: u64,
    pub(crate) digest: Digest,
    pub(crate) bounds: Vec<ColumnBounds>,
    /// The rows that are no rows of the table from the start.
    pub(crate) deleted: Option<Arc<Deletions>>,
}

/// What a load leaves in one tablet of a partition.
#[derive(Clone, Debug)]
pub(crate) struct NewRowset {
    /// The rollup that the tablet is of; the table itself without one.
    pub(crate) rollup: Option<RollupId>,
    pub(crate) bucket: usize,
    pub(crate) segments: Vec<NewSegment>,
}

/// A partition to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewPartition {
    pub(crate) id: PartitionId,
    pub(crate) definition: PartitionDefinition,
}

/// A repository to be made known.
#[derive(Clone, Debug)]
pub struct NewRepository {
    /// Its name in this store.
    pub name: RepositoryName,
    /// Where it is.
    pub location: String,
    /// What opens it, such as keys.
    pub properties: BTreeMap<String, String>,
    /// Whether this store may only read it.
    pub read_only: bool,
    /// The broker that was named, which is kept and not used.
    pub broker: Option<String>,
}

/// A commit being made. Dropped without `finish`, it changes nothing.
pub(crate) struct Change<'c> {
    pub(super) txn: WriteTransaction,
    pub(super) view: CatalogView,
    origin: Origin<'c>,
    now_ms: i64,
}

/// What a change has of the catalog that it is made in.
#[derive(Clone, Copy)]
pub(super) struct Origin<'c> {
    pub(super) redb: &'c redb::Database,
    pub(super) next_id: &'c AtomicU64,
    pub(super) files: &'c Files,
    /// How long what is dropped can be recovered.
    pub(super) trash_expire_ms: i64,
}

impl<'c> Change<'c> {
    pub(super) fn new(txn: WriteTransaction, base: &CatalogView, origin: Origin<'c>, now_ms: i64) -> Self {
        let mut view = base.clone();
        view.version = CatalogVersion::new(base.version.get() + 1);
        Self { txn, view, origin, now_ms }
    }

    /// The catalog as this change leaves it so far.
    pub(crate) fn view(&self) -> &CatalogView {
        &self.view
    }

    /// The version that this commit publishes.
    pub(crate) fn version(&self) -> CatalogVersion {
        self.view.version
    }

    /// The catalog as this change leaves it, to be changed along with the records.
    pub(super) fn view_mut(&mut self) -> &mut CatalogView {
        &mut self.view
    }

    /// How long what is dropped can be recovered.
    pub(super) fn trash_expire_ms(&self) -> i64 {
        self.origin.trash_expire_ms
    }

    /// One database as it was before the commit of `version`, with what that commit removed, which is still on record.
    pub(super) fn view_before(&self, version: CatalogVersion, only: &DatabaseName) -> Result<CatalogView> {
        let before = CatalogVersion::new(version.get().saturating_sub(1));
        view_at(&self.origin.redb.begin_read()?, before, Some(only), self.origin.files)
    }

    /// The transaction that makes it durable.
    pub(super) fn txn(&self) -> &WriteTransaction {
        &self.txn
    }

    /// The time of this commit.
    pub(crate) fn now_ms(&self) -> i64 {
        self.now_ms
    }

    pub(super) fn next_id(&self) -> u64 {
        self.origin.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Writes the version and hands back what is to be committed and what is to be shown then.
    pub(super) fn finish(self) -> Result<(WriteTransaction, CatalogView)> {
        {
            let mut meta = self.txn.open_table(tables::META)?;
            meta.insert(tables::META_VERSION, self.view.version.get().to_le_bytes().as_slice())?;
            let next_id = self.origin.next_id.load(Ordering::Relaxed);
            meta.insert(tables::META_NEXT_ID, next_id.to_le_bytes().as_slice())?;
        }
        Ok((self.txn, self.view))
    }

    pub(crate) fn create_database(&mut self, name: &DatabaseName) -> Result<DatabaseId> {
        if self.view.databases.contains_key(name) {
            return Err(Error::already_exists(format!(
                "database '{name}' exists already; use IF NOT EXISTS to keep it"
            )));
        }
        let id = DatabaseId::new(self.next_id());
        let bytes = record::encode(&DatabaseV1::new(name, self.view.version))?;
        self.txn.open_table(tables::DATABASES)?.insert(id.get(), bytes.as_slice())?;
        let database = Database { id, name: name.clone(), tables: BTreeMap::new(), views: BTreeMap::new() };
        self.view.databases.insert(name.clone(), Arc::new(database));
        Ok(id)
    }

    pub(crate) fn drop_database(&mut self, name: &DatabaseName) -> Result<()> {
        let database = Arc::clone(self.view.require_database(name)?);
        for table in database.tables.keys() {
            self.drop_table(name, table)?;
        }
        for view in database.views.keys() {
            self.drop_view(name, view)?;
        }
        let id = database.id.get();
        {
            let mut databases = self.txn.open_table(tables::DATABASES)?;
            let mut stored: DatabaseV1 = require(databases.get(id)?, "database")?;
            stored.set_removed(self.view.version);
            databases.insert(id, record::encode(&stored)?.as_slice())?;
        }
        self.mark_removed(tables::KIND_DATABASE, 0, id)?;
        self.view.databases.remove(name);
        Ok(())
    }

    /// Makes a table under an id that was reserved, without partitions yet.
    pub(crate) fn create_table(
        &mut self,
        database: &DatabaseName,
        id: TableId,
        definition: TableDefinition,
    ) -> Result<()> {
        let name = definition.name.clone();
        let owner = self.view.require_database(database)?;
        owner.require_free(&name)?;
        let stored = TableV1::new(owner.id.get(), &definition, self.view.version, self.now_ms);
        let (times, bytes) = (stored.times(), record::encode(&stored)?);
        self.txn.open_table(tables::TABLES)?.insert(id.get(), bytes.as_slice())?;
        let has_steps = |id| definition.partitioning.list_step(id).is_some();
        let columns = definition.partitioning.columns();
        if definition.key_model != KeyModel::Duplicate || columns.iter().any(|id| has_steps(*id)) {
            self.require_keys()?;
        }
        if !definition.rollups.is_empty() {
            self.require_rollups()?;
        }
        let table = Table {
            id,
            definition: Arc::new(definition),
            partitions: Vec::new(),
            times,
            next_auto_increment: FIRST_AUTO_INCREMENT,
            temporary_partitions: Vec::new(),
        };
        self.database_mut(database)?.tables.insert(name, Arc::new(table));
        Ok(())
    }

    /// Makes partitions of a table. All of its partitions must fit together then.
    pub(crate) fn add_partitions(
        &mut self,
        database: &DatabaseName,
        table: &TableName,
        new: Vec<NewPartition>,
        kind: PartitionKind,
    ) -> Result<()> {
        let (version, now_ms) = (self.view.version, self.now_ms);
        let (id, definition) = {
            let table = self.view.require_database(database)?.require_table(table)?;
            (table.id, Arc::clone(&table.definition))
        };
        if kind == PartitionKind::Temporary {
            // A build that knows none would take them for the table's.
            self.require_keys()?;
        }
        if new.iter().any(|new| new.definition.buckets.is_some()) {
            self.require_keys()?;
        }
        let mut made = Vec::with_capacity(new.len());
        {
            let mut stored_partitions = self.txn.open_table(tables::PARTITIONS)?;
            for new in new {
                let buckets = 0..definition.buckets_of(&new.definition);
                let tablets: Vec<TabletId> = buckets.map(|_| TabletId::new(self.next_id())).collect();
                let mut stored =
                    PartitionV1::new(&new.definition, &definition, &tablets, kind, version, now_ms)?;
                let rollups = self.rollup_tablets(tablets.len(), &definition.rollups);
                stored.rollups.extend(rollups.iter().map(|(id, tablets)| RollupTabletsV1::new(*id, tablets)));
                stored_partitions.insert((id.get(), new.id.get()), record::encode(&stored)?.as_slice())?;
                made.push(Arc::new(Partition {
                    id: new.id,
                    definition: new.definition,
                    version,
                    version_time_ms: now_ms,
                    tablets: tablets.into_iter().map(|id| Tablet { id, rowsets: Vec::new() }).collect(),
                    rollups,
                }));
            }
        }
        let table = self.table_mut(database, table)?;
        table.partitions_mut(kind).extend(made);
        table.sort_partitions();
        table.check_partitions()
    }

    pub(crate) fn drop_table(&mut self, database: &DatabaseName, name: &TableName) -> Result<()> {
        let table = Arc::clone(self.view.require_database(database)?.require_table(name)?);
        for partition in table.partitions.iter().chain(&table.temporary_partitions) {
            self.remove_rowsets(database, name, partition.id)?;
            self.mark_partition_removed(table.id, partition.id)?;
        }
        {
            let mut tables = self.txn.open_table(tables::TABLES)?;
            let mut stored: TableV1 = require(tables.get(table.id.get())?, "table")?;
            stored.set_removed(self.view.version);
            tables.insert(table.id.get(), record::encode(&stored)?.as_slice())?;
        }
        self.mark_removed(tables::KIND_TABLE, 0, table.id.get())?;
        self.database_mut(database)?.tables.remove(name);
        Ok(())
    }

    /// Takes every row out of a partition.
    pub(crate) fn remove_rowsets(
        &mut self,
        database: &DatabaseName,
        table: &TableName,
        id: PartitionId,
    ) -> Result<()> {
        let table_id = self.view.require_database(database)?.require_table(table)?.id;
        let mut removed = Vec::new();
        for tablet in self.touch_partition(database, table, id)?.all_tablets_mut() {
            removed.extend(std::mem::take(&mut tablet.rowsets));
        }
        self.remove_records(table_id, id, &removed)
    }

    /// Marks the records of rowsets, which the view does not show any more, as removed.
    pub(super) fn remove_records(
        &self,
        table_id: TableId,
        id: PartitionId,
        removed: &[Arc<Rowset>],
    ) -> Result<()> {
        let version = self.view.version;
        for rowset in removed {
            let key = (id.get(), rowset.id.get());
            {
                let mut rowsets = self.txn.open_table(tables::ROWSETS)?;
                let mut stored: RowsetV1 = require(rowsets.get(key)?, "rowset")?;
                stored.set_removed(version);
                rowsets.insert(key, record::encode(&stored)?.as_slice())?;
            }
            self.mark_removed(tables::KIND_ROWSET, key.0, key.1)?;
            // The purge finds a removed rowset's files through its table, which its own key does not name.
            self.txn.open_table(tables::ROWSET_TABLES)?.insert(rowset.id.get(), table_id.get())?;
        }
        Ok(())
    }

    /// Adds what a load left in the tablets of one partition.
    pub(crate) fn add_rowsets(
        &mut self,
        database: &DatabaseName,
        table: &TableName,
        id: PartitionId,
        new: Vec<NewRowset>,
    ) -> Result<()> {
        let (table_id, definition) = {
            let table = self.view.require_database(database)?.require_table(table)?;
            (table.id, Arc::clone(&table.definition))
        };
        let version = self.view.version;
        let of_rollups: BTreeMap<RollupId, TableDefinition> =
            definition.rollups.iter().map(|rollup| (rollup.id, definition.of_rollup(rollup))).collect();
        let mut made = Vec::with_capacity(new.len());
        for new in new {
            let (mut stored, mut segments) = (Vec::new(), Vec::new());
            let definition = new.rollup.and_then(|id| of_rollups.get(&id)).unwrap_or(&definition);
            for segment in new.segments {
                let facts = SegmentFacts {
                    id: segment.id,
                    length: segment.length,
                    rows: segment.rows,
                    digest: segment.digest,
                    bounds: segment.bounds,
                };
                stored.push(SegmentV1::new(&facts, definition)?);
                if let Some(deleted) = &segment.deleted {
                    self.put_deletions(segment.id, deleted)?;
                }
                segments.push(self.origin.files.segment(table_id, facts, segment.deleted));
            }
            let rowset = Rowset { id: RowsetId::new(self.next_id()), version, segments };
            made.push((new.rollup, new.bucket, stored, Arc::new(rowset)));
        }
        let partition = self.touch_partition(database, table, id)?;
        let mut records = Vec::with_capacity(made.len());
        for (rollup, bucket, stored, rowset) in made {
            let name = partition.definition.name.clone();
            let tablet = partition.tablet_mut(rollup, bucket).ok_or_else(|| {
                Error::invalid(format!(
                    "partition '{name}' of table '{database}.{table}' has no bucket {bucket}"
                ))
            })?;
            records.push((rowset.id, RowsetV1::new(tablet.id, stored, version)));
            tablet.rowsets.push(rowset);
        }
        let mut rowsets = self.txn.open_table(tables::ROWSETS)?;
        for (rowset, stored) in records {
            rowsets.insert((id.get(), rowset.get()), record::encode(&stored)?.as_slice())?;
        }
        Ok(())
    }

    pub(crate) fn create_repository(&mut self, new: NewRepository) -> Result<()> {
        if self.view.repositories.contains_key(&new.name) {
            return Err(Error::already_exists(format!(
                "repository with same name already exist: {}",
                new.name
            )));
        }
        let entry = RepositoryEntry {
            id: RepositoryEntryId::new(self.next_id()),
            name: new.name,
            location: new.location,
            properties: new.properties,
            read_only: new.read_only,
            broker: new.broker,
            created_ms: self.now_ms,
        };
        let bytes = record::encode(&RepositoryV1::from(&entry))?;
        self.txn.open_table(tables::REPOSITORIES)?.insert(entry.name.as_str(), bytes.as_slice())?;
        self.view.repositories.insert(entry.name.clone(), Arc::new(entry));
        Ok(())
    }

    pub(crate) fn drop_repository(&mut self, name: &RepositoryName) -> Result<()> {
        let entry = Arc::clone(self.view.require_repository(name)?);
        self.txn.open_table(tables::REPOSITORIES)?.remove(name.as_str())?;
        let mut lists = self.txn.open_table(tables::FILE_LISTS)?;
        lists.retain_in((entry.id.get(), 0)..=(entry.id.get(), u64::MAX), |_, _| false)?;
        drop(lists);
        self.view.repositories.remove(name);
        Ok(())
    }

    /// A new identity for a job.
    pub(crate) fn new_job_id(&self) -> JobId {
        JobId::new(self.next_id())
    }

    pub(crate) fn put_job(&mut self, job: JobRecord) -> Result<()> {
        if job.database.is_none() {
            self.require_catalog_jobs()?;
        }
        self.txn.open_table(tables::JOBS)?.insert(job.id.get(), job.encode()?.as_slice())?;
        self.view.jobs.insert(job.id, Arc::new(job));
        Ok(())
    }

    /// Remembers what a backup of a table left in a repository. A backup of all of the table takes the place of those
    /// before it that were compressed alike; one of some partitions stands beside them, so that the next of all knows what
    /// it brought.
    pub(crate) fn put_table_base(
        &mut self,
        repository: RepositoryEntryId,
        table: TableId,
        base: &TableBase,
    ) -> Result<()> {
        let mut lists = self.txn.open_table(tables::FILE_LISTS)?;
        let key = (repository.get(), table.get());
        let mut stored: TableBasesV1 = match lists.get(key)? {
            Some(bytes) => record::decode("file list", bytes.value())?,
            None => TableBasesV1::default(),
        };
        let new = TableBaseV1::from(base);
        if base.is_whole {
            stored.bases.retain(|old| old.compression != new.compression);
        }
        stored.bases.push(new);
        if stored.bases.len() > MAX_TABLE_BASES {
            let oldest_part = stored.bases.iter().position(|old| !old.is_whole);
            stored.bases.remove(oldest_part.unwrap_or(0));
        }
        lists.insert(key, record::encode(&stored)?.as_slice())?;
        Ok(())
    }

    /// Sets the properties of a repository.
    pub(crate) fn set_repository_properties(
        &mut self,
        name: &RepositoryName,
        properties: BTreeMap<String, String>,
    ) -> Result<()> {
        let current = RepositoryEntry::clone(self.view.require_repository(name)?);
        let entry = RepositoryEntry { properties, ..current };
        let bytes = record::encode(&RepositoryV1::from(&entry))?;
        self.txn.open_table(tables::REPOSITORIES)?.insert(name.as_str(), bytes.as_slice())?;
        self.view.repositories.insert(name.clone(), Arc::new(entry));
        Ok(())
    }

    pub(super) fn mark_removed(&self, kind: u8, parent: u64, id: u64) -> Result<()> {
        self.txn.open_table(tables::REMOVED)?.insert((self.view.version.get(), kind, parent, id), ())?;
        Ok(())
    }

    /// The partition, with its version set to this commit's in the view and on record.
    pub(super) fn touch_partition(
        &mut self,
        database: &DatabaseName,
        table: &TableName,
        id: PartitionId,
    ) -> Result<&mut Partition> {
        self.set_partition_version(database, table, id, (self.view.version, self.now_ms))
    }

    /// Says which commit has last changed the rows of a partition, and when.
    pub(super) fn set_partition_version(
        &mut self,
        database: &DatabaseName,
        table: &TableName,
        id: PartitionId,
        (version, now_ms): (CatalogVersion, i64),
    ) -> Result<&mut Partition> {
        let current = self.view.require_database(database)?.require_table(table)?;
        let table_id = current.id;
        if current.any_partition_by_id(id).is_none() {
            return Err(Error::busy(format!(
                "a partition of table '{database}.{table}' was dropped or replaced meanwhile; try again"
            )));
        }
        {
            let mut partitions = self.txn.open_table(tables::PARTITIONS)?;
            let key = (table_id.get(), id.get());
            let mut stored: PartitionV1 = require(partitions.get(key)?, "partition")?;
            stored.version = version.get();
            stored.version_time_ms = now_ms;
            partitions.insert(key, record::encode(&stored)?.as_slice())?;
        }
        let table = self.table_mut(database, table)?;
        let mut partitions = table.partitions.iter_mut().chain(&mut table.temporary_partitions);
        let partition = partitions.find(|partition| partition.id == id).ok_or_else(|| {
            Error::not_found(format!("partition {id} of table {} is gone", table.definition.name))
        })?;
        let partition = Arc::make_mut(partition);
        partition.version = version;
        partition.version_time_ms = now_ms;
        Ok(partition)
    }

    pub(super) fn database_mut(&mut self, name: &DatabaseName) -> Result<&mut Database> {
        self.view
            .databases
            .get_mut(name)
            .map(Arc::make_mut)
            .ok_or_else(|| Error::not_found(format!("unknown database '{name}'")))
    }

    pub(super) fn table_mut(&mut self, database: &DatabaseName, name: &TableName) -> Result<&mut Table> {
        self.database_mut(database)?
            .tables
            .get_mut(name)
            .map(Arc::make_mut)
            .ok_or_else(|| Error::not_found(format!("unknown table '{database}.{name}'")))
    }
}

/// Decodes a record that the view says is there.
pub(super) fn require<T: serde::de::DeserializeOwned>(
    stored: Option<redb::AccessGuard<'_, &'static [u8]>>,
    what: &str,
) -> Result<T> {
    let stored = stored.ok_or_else(|| Error::corrupt(format!("the catalog lacks the record of a {what}")))?;
    record::decode(what, stored.value())
}
