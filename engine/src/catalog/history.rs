//! Making the view of a version from what is on record.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use cairn_format::{DatabaseName, Deletions, PartitionName, Partitioning, RepositoryName, TableDefinition};
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, TableError};

use super::access::read_access;
use super::external_catalogs::external_catalogs_at;
use super::partitions::PartitionKind;
use super::record::{
    self, DatabaseV1, PartitionV1, RepositoryEntry, RepositoryV1, RowsetV1, SegmentFacts, SegmentV1, TableV1,
    Versioned,
};
use super::tables;
use super::view::{
    CatalogView, Database, Partition, Rowset, Segment, SegmentFile, SegmentLocation, Table, Tablet,
};
use super::views::views_at;
use crate::access::Access;
use crate::error::{Error, Result};
use crate::id::{CatalogVersion, DatabaseId, JobId, PartitionId, RowsetId, SegmentId, TableId, TabletId};
use crate::job::JobRecord;

/// The one `SegmentFile` of each segment that anybody holds.
pub(super) struct Files {
    directory: PathBuf,
    /// Guards the weak references, which stay until their segments are forgotten.
    held: Mutex<HashMap<SegmentId, Weak<SegmentFile>>>,
}

impl Files {
    /// Files below `directory`.
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory, held: Mutex::default() }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn table_directory(&self, table: TableId) -> PathBuf {
        self.directory.join(table.to_string())
    }

    pub(super) fn path(&self, table: TableId, segment: SegmentId) -> PathBuf {
        self.table_directory(table).join(format!("{segment}.parquet"))
    }

    fn hold(&self, table: TableId, segment: SegmentId) -> Arc<SegmentFile> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = held.get(&segment).and_then(Weak::upgrade) {
            return file;
        }
        let file = Arc::new(SegmentFile::new(SegmentLocation::Local(self.path(table, segment))));
        held.insert(segment, Arc::downgrade(&file));
        file
    }

    /// Removes the segment's file, now or when its last holder lets go.
    pub(super) fn forget(&self, table: TableId, segment: SegmentId) {
        self.hold(table, segment).forget();
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&segment);
    }

    pub(super) fn segment(
        &self,
        table: TableId,
        facts: SegmentFacts,
        deleted: Option<Arc<Deletions>>,
    ) -> Segment {
        let file = self.hold(table, facts.id);
        Segment {
            id: facts.id,
            length: facts.length,
            rows: facts.rows,
            deleted,
            digest: facts.digest,
            bounds: facts.bounds,
            file,
        }
    }
}

/// The view of `version`, which must be the last commit or one that is pinned; with `only`, of that database alone,
/// without repositories, jobs and users.
pub(super) fn view_at(
    txn: &ReadTransaction,
    version: CatalogVersion,
    only: Option<&DatabaseName>,
    files: &Files,
) -> Result<CatalogView> {
    let mut names = HashMap::new();
    let mut databases: BTreeMap<DatabaseName, Database> = BTreeMap::new();
    for entry in txn.open_table(tables::DATABASES)?.iter()? {
        let (id, bytes) = entry?;
        let stored: DatabaseV1 = record::decode("database", bytes.value())?;
        if stored.is_visible_at(version) {
            let name = DatabaseName::parse(&stored.name)?;
            if only.is_some_and(|only| *only != name) {
                continue;
            }
            names.insert(id.value(), name.clone());
            let database = Database {
                id: DatabaseId::new(id.value()),
                name: name.clone(),
                tables: BTreeMap::new(),
                views: BTreeMap::new(),
            };
            databases.insert(name, database);
        }
    }
    let stored_tables = txn.open_table(tables::TABLES)?;
    let partitions = txn.open_table(tables::PARTITIONS)?;
    let rowsets = txn.open_table(tables::ROWSETS)?;
    let deletions = Recorded { deletions: deletions_table(txn)?, version };
    for entry in stored_tables.iter()? {
        let (id, bytes) = entry?;
        let stored: TableV1 = record::decode("table", bytes.value())?;
        if !stored.is_visible_at(version) || (only.is_some() && !names.contains_key(&stored.database)) {
            continue;
        }
        let id = TableId::new(id.value());
        let definition = Arc::new(stored.definition_at(version)?);
        let (next_auto_increment, times) = (stored.next_auto_increment(), stored.times());
        let mut table = Table {
            id,
            definition,
            partitions: Vec::new(),
            temporary_partitions: Vec::new(),
            times,
            next_auto_increment,
        };
        for entry in partitions.range((id.get(), 0)..=(id.get(), u64::MAX))? {
            let (key, bytes) = entry?;
            let stored: PartitionV1 = record::decode("partition", bytes.value())?;
            if stored.is_visible_at(version) {
                let id = PartitionId::new(key.value().1);
                let rowsets = visible_rowsets(&rowsets, id, version)?;
                let made = partition(id, &stored, rowsets, &deletions, &table, version, files)?;
                let kind = if stored.temporary { PartitionKind::Temporary } else { PartitionKind::Formal };
                table.partitions_mut(kind).push(Arc::new(made));
            }
        }
        table.sort_partitions();
        let database =
            names.get(&stored.database).and_then(|name| databases.get_mut(name)).ok_or_else(|| {
                Error::corrupt(format!("the catalog's table '{}' belongs to no database", table.name()))
            })?;
        database.tables.insert(table.name().clone(), Arc::new(table));
    }
    for (owner, view) in views_at(txn, version)? {
        if let Some(database) = names.get(&owner).and_then(|name| databases.get_mut(name)) {
            database.views.insert(view.definition.name.clone(), Arc::new(view));
        }
    }
    let (repositories, jobs, access) = if only.is_none() {
        (repositories(txn)?, jobs(txn)?, read_access(txn)?)
    } else {
        (BTreeMap::new(), BTreeMap::new(), Access::default())
    };
    let access = Arc::new(access);
    let databases = databases.into_iter().map(|(name, database)| (name, Arc::new(database))).collect();
    let external_catalogs = external_catalogs_at(txn, version)?;
    Ok(CatalogView { version, databases, repositories, external_catalogs, jobs, access })
}

fn repositories(txn: &ReadTransaction) -> Result<BTreeMap<RepositoryName, Arc<RepositoryEntry>>> {
    let mut repositories = BTreeMap::new();
    for entry in txn.open_table(tables::REPOSITORIES)?.iter()? {
        let stored: RepositoryV1 = record::decode("repository", entry?.1.value())?;
        let entry = RepositoryEntry::try_from(stored)?;
        repositories.insert(entry.name.clone(), Arc::new(entry));
    }
    Ok(repositories)
}

fn jobs(txn: &ReadTransaction) -> Result<BTreeMap<JobId, Arc<JobRecord>>> {
    let mut jobs = BTreeMap::new();
    for entry in txn.open_table(tables::JOBS)?.iter()? {
        let (id, bytes) = entry?;
        let id = JobId::new(id.value());
        jobs.insert(id, Arc::new(JobRecord::decode(id, bytes.value())?));
    }
    Ok(jobs)
}

fn visible_rowsets(
    rowsets: &impl ReadableTable<(u64, u64), &'static [u8]>,
    partition: PartitionId,
    version: CatalogVersion,
) -> Result<Vec<(RowsetId, RowsetV1)>> {
    let mut visible = Vec::new();
    for entry in rowsets.range((partition.get(), 0)..=(partition.get(), u64::MAX))? {
        let (key, bytes) = entry?;
        let stored: RowsetV1 = record::decode("rowset", bytes.value())?;
        if stored.is_visible_at(version) {
            visible.push((RowsetId::new(key.value().1), stored));
        }
    }
    Ok(visible)
}

fn partition(
    id: PartitionId,
    stored: &PartitionV1,
    rowsets: Vec<(RowsetId, RowsetV1)>,
    deletions: &Recorded,
    table: &Table,
    version: CatalogVersion,
    files: &Files,
) -> Result<Partition> {
    let mut definition = stored.definition_at(version, &table.definition)?;
    if table.definition.partitioning == Partitioning::Unpartitioned {
        // It is named like its table, which may have been renamed.
        definition.name = PartitionName::parse(table.name().as_str())?;
    }
    let empty = |ids: &[u64]| {
        ids.iter().map(|id| Tablet { id: TabletId::new(*id), rowsets: Vec::new() }).collect::<Vec<Tablet>>()
    };
    let mut tablets = empty(&stored.tablets);
    let mut rollups = BTreeMap::new();
    let mut of_rollups = BTreeMap::new();
    for rollup in &table.definition.rollups {
        let own = stored.rollups.iter().find(|tablets| tablets.rollup == rollup.id.get());
        if let Some(own) = own {
            rollups.insert(rollup.id, empty(&own.tablets));
            of_rollups.insert(rollup.id, table.definition.of_rollup(rollup));
        }
    }
    for (id, rowset) in rowsets {
        let is_own = |tablet: &&mut Tablet| tablet.id.get() == rowset.tablet;
        let mut of_all = rollups.iter_mut();
        let of_rollup =
            of_all.find_map(|(id, tablets)| Some((of_rollups.get(id)?, tablets.iter_mut().find(is_own)?)));
        let (of, tablet) = match tablets.iter_mut().find(is_own) {
            Some(tablet) => (table.definition.as_ref(), tablet),
            None => match of_rollup {
                Some(found) => found,
                // One of a rollup that the table has not at this version.
                None if stored.rollups.iter().any(|own| own.tablets.contains(&rowset.tablet)) => continue,
                None => {
                    return Err(Error::corrupt(format!(
                        "the catalog's rowset {id} belongs to no tablet of partition '{}'",
                        definition.name
                    )));
                }
            },
        };
        let segments = rowset.segments.iter().map(|s| {
            let deleted = deletions.of(SegmentId::new(s.id))?;
            segment(s, table.id, of, deleted, files)
        });
        tablet.rowsets.push(Arc::new(Rowset {
            id,
            version: CatalogVersion::new(rowset.added()),
            segments: segments.collect::<Result<_>>()?,
        }));
    }
    Ok(Partition {
        id,
        definition,
        version: CatalogVersion::new(stored.version),
        version_time_ms: stored.version_time_ms,
        tablets,
        rollups,
    })
}

fn segment(
    stored: &SegmentV1,
    table: TableId,
    definition: &TableDefinition,
    deleted: Option<Arc<Deletions>>,
    files: &Files,
) -> Result<Segment> {
    Ok(files.segment(table, stored.facts(definition)?, deleted))
}

type DeletionsTable = ReadOnlyTable<(u64, u64), &'static [u8]>;

/// The deletions that hold at one version. Catalogs of the first release have no table of them.
struct Recorded {
    deletions: Option<DeletionsTable>,
    version: CatalogVersion,
}

impl Recorded {
    fn of(&self, segment: SegmentId) -> Result<Option<Arc<Deletions>>> {
        let Some(deletions) = &self.deletions else { return Ok(None) };
        let newest = deletions.range((segment.get(), 0)..=(segment.get(), self.version.get()))?.next_back();
        let Some(entry) = newest else { return Ok(None) };
        let deleted = Deletions::from_bytes(entry?.1.value()).map_err(|e| {
            Error::corrupt(format!("the catalog's deletions of segment {segment} are damaged")).with_source(e)
        })?;
        Ok(Some(Arc::new(deleted)))
    }
}

fn deletions_table(txn: &ReadTransaction) -> Result<Option<DeletionsTable>> {
    match txn.open_table(tables::DELETIONS) {
        Ok(table) => Ok(Some(table)),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(other) => Err(other.into()),
    }
}
