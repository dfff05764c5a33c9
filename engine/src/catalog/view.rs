//! The catalog as it is at one version: immutable, shared, complete.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cairn_format::{
    ColumnBounds, DatabaseName, Deletions, Digest, PartitionDefinition, RepositoryName, RollupDefinition,
    RollupId, TableDefinition, TableName, ViewDefinition,
};

use super::external_catalogs::ExternalCatalogs;
use super::partitions::PartitionKind;
use super::record::RepositoryEntry;
use crate::access::Access;
use crate::error::{Error, Result};
use crate::id::{CatalogVersion, DatabaseId, JobId, PartitionId, RowsetId, SegmentId, TableId, TabletId};
use crate::job::JobRecord;

/// Everything that is visible at one version.
///
/// Holding a view keeps every file of it alive.
#[derive(Clone, Debug)]
pub struct CatalogView {
    pub(crate) version: CatalogVersion,
    pub(crate) databases: BTreeMap<DatabaseName, Arc<Database>>,
    pub(crate) repositories: BTreeMap<RepositoryName, Arc<RepositoryEntry>>,
    pub(crate) external_catalogs: ExternalCatalogs,
    pub(crate) jobs: BTreeMap<JobId, Arc<JobRecord>>,
    pub(crate) access: Arc<Access>,
}

/// A database and its tables.
#[derive(Clone, Debug)]
pub struct Database {
    /// Its identity.
    pub id: DatabaseId,
    /// Its name.
    pub name: DatabaseName,
    pub(crate) tables: BTreeMap<TableName, Arc<Table>>,
    pub(crate) views: BTreeMap<TableName, Arc<View>>,
}

/// A view: a query by a name.
#[derive(Clone, Debug)]
pub struct View {
    /// Its identity, which no table has.
    pub id: TableId,
    /// Its definition.
    pub definition: ViewDefinition,
    /// The commit that made it so.
    pub(crate) since: CatalogVersion,
}

/// A table and its partitions.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its identity.
    pub id: TableId,
    /// Its definition.
    pub definition: Arc<TableDefinition>,
    /// Its partitions, by their ranges' lower ends.
    pub partitions: Vec<Arc<Partition>>,
    /// When it was made and changed.
    pub times: TableTimes,
    /// Above every value of its `AUTO_INCREMENT` column, when it has one.
    pub next_auto_increment: i64,
    /// Those that stand beside it until they take the place of others.
    pub temporary_partitions: Vec<Arc<Partition>>,
}

/// When a table was made and changed, in milliseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableTimes {
    /// When it was made; unknown of tables of older stores.
    pub created_ms: Option<i64>,
    /// The commit that last changed its columns or indexes, and when that was.
    pub altered: Option<(CatalogVersion, i64)>,
}

/// A partition and its tablets.
#[derive(Clone, Debug)]
pub struct Partition {
    /// Its identity.
    pub id: PartitionId,
    /// Its name and range.
    pub definition: PartitionDefinition,
    /// The commit that last changed its rows, or made it.
    pub version: CatalogVersion,
    /// When that was, in milliseconds since 1970 UTC.
    pub version_time_ms: i64,
    /// One tablet a bucket, in the order of buckets.
    pub tablets: Vec<Tablet>,
    /// The same of each rollup of the table.
    pub rollups: BTreeMap<RollupId, Vec<Tablet>>,
}

/// One bucket of a partition.
#[derive(Clone, Debug)]
pub struct Tablet {
    /// Its identity.
    pub id: TabletId,
    /// What loads left in it, oldest first.
    pub rowsets: Vec<Arc<Rowset>>,
}

/// What one load left in one tablet.
#[derive(Clone, Debug)]
pub struct Rowset {
    /// Its identity.
    pub id: RowsetId,
    /// The commit that made it visible.
    pub version: CatalogVersion,
    /// Its files, in the order of the load.
    pub segments: Vec<Segment>,
}

/// One immutable Parquet file.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Its identity.
    pub id: SegmentId,
    /// Its bytes.
    pub length: u64,
    /// The rows of its file, the deleted ones too.
    pub rows: u64,
    /// The rows of its file that are not rows of the table any more; `None` when all are.
    pub deleted: Option<Arc<Deletions>>,
    /// The digest of its bytes, taken while they were written.
    pub digest: Digest,
    /// The bounds of its columns. Deleted rows count in them.
    pub bounds: Vec<ColumnBounds>,
    pub(crate) file: Arc<SegmentFile>,
}

/// Where a segment's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SegmentLocation {
    /// In a file of this machine.
    Local(PathBuf),
}

/// A segment's file. Once the catalog has forgotten it, the last one who holds it removes it.
pub struct SegmentFile {
    location: SegmentLocation,
    obsolete: AtomicBool,
    checked: AtomicBool,
}

impl SegmentFile {
    pub(crate) fn new(location: SegmentLocation) -> Self {
        Self { location, obsolete: AtomicBool::new(false), checked: AtomicBool::new(false) }
    }

    /// Whether this process has compared the file with its digest.
    pub(crate) fn was_checked(&self) -> bool {
        self.checked.load(Ordering::Acquire)
    }

    pub(crate) fn set_checked(&self) {
        self.checked.store(true, Ordering::Release);
    }

    /// Lets the file go when its last holder does.
    pub(crate) fn forget(&self) {
        self.obsolete.store(true, Ordering::Release);
    }
}

impl fmt::Debug for SegmentFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.location.fmt(f)
    }
}

impl Drop for SegmentFile {
    fn drop(&mut self) {
        if self.obsolete.load(Ordering::Acquire) {
            let SegmentLocation::Local(path) = &self.location;
            // A file that stays behind is an orphan, which the next open removes.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Segment {
    /// Its rows that are rows of the table.
    pub fn live_rows(&self) -> u64 {
        self.rows.saturating_sub(self.deleted_rows())
    }

    /// Its rows that are not.
    pub fn deleted_rows(&self) -> u64 {
        self.deleted.as_ref().map_or(0, |deleted| deleted.len())
    }

    /// Runs of rows of its file, in turn kept (`true`) and deleted, that cover it; `None` when none is deleted.
    pub fn kept_rows(&self) -> Option<Vec<(bool, u64)>> {
        self.deleted.as_ref().map(|deleted| deleted.runs(self.rows))
    }

    /// Where its bytes are.
    pub fn location(&self) -> &SegmentLocation {
        &self.file.location
    }

    /// The local path of its bytes.
    pub(crate) fn path(&self) -> &Path {
        let SegmentLocation::Local(path) = &self.file.location;
        path
    }
}

impl Tablet {
    /// Its segments, oldest first.
    pub fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.rowsets.iter().flat_map(|rowset| &rowset.segments)
    }

    /// Its rows.
    pub fn rows(&self) -> u64 {
        self.segments().map(Segment::live_rows).sum()
    }

    /// The bytes of its files.
    pub fn bytes(&self) -> u64 {
        self.segments().map(|segment| segment.length).sum()
    }
}

impl Partition {
    /// One without tablets, which holds nothing.
    pub(super) fn imagined(
        id: PartitionId,
        definition: PartitionDefinition,
        version: CatalogVersion,
    ) -> Self {
        let (tablets, rollups) = (Vec::new(), BTreeMap::new());
        Self { id, definition, version, version_time_ms: 0, tablets, rollups }
    }

    /// Its segments, bucket by bucket.
    pub fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.tablets.iter().flat_map(Tablet::segments)
    }

    /// Its tablets of a rollup, or of the table itself; none when it has no such rollup.
    pub(crate) fn tablets_of(&self, rollup: Option<RollupId>) -> &[Tablet] {
        match rollup {
            None => &self.tablets,
            Some(id) => self.rollups.get(&id).map_or(&[], Vec::as_slice),
        }
    }

    pub(crate) fn tablet_mut(&mut self, rollup: Option<RollupId>, bucket: usize) -> Option<&mut Tablet> {
        let tablets = match rollup {
            None => Some(&mut self.tablets),
            Some(id) => self.rollups.get_mut(&id),
        };
        tablets?.get_mut(bucket)
    }

    /// Its tablets, those of rollups too.
    pub fn all_tablets(&self) -> impl Iterator<Item = &Tablet> {
        self.tablets.iter().chain(self.rollups.values().flatten())
    }

    pub(crate) fn all_tablets_mut(&mut self) -> impl Iterator<Item = &mut Tablet> {
        self.tablets.iter_mut().chain(self.rollups.values_mut().flatten())
    }

    /// Its rows.
    pub fn rows(&self) -> u64 {
        self.segments().map(Segment::live_rows).sum()
    }

    /// The bytes of its files.
    pub fn bytes(&self) -> u64 {
        self.segments().map(|segment| segment.length).sum()
    }

    /// The bytes of its files and of those of rollups.
    pub fn bytes_with_rollups(&self) -> u64 {
        self.all_tablets().map(Tablet::bytes).sum()
    }

    /// Its tablets index by index: those of the table, then those of each rollup of it, which is told with them.
    pub fn indexes<'p>(
        &'p self,
        table: &'p TableDefinition,
    ) -> impl Iterator<Item = (Option<&'p RollupDefinition>, &'p [Tablet])> {
        let own = (None, self.tablets.as_slice());
        let of_rollups = table.rollups.iter().map(|rollup| (Some(rollup), self.tablets_of(Some(rollup.id))));
        std::iter::once(own).chain(of_rollups)
    }
}

impl Table {
    /// Its name.
    pub fn name(&self) -> &TableName {
        &self.definition.name
    }

    /// The partition named `name`, whatever the case.
    pub fn partition(&self, name: &str) -> Option<&Arc<Partition>> {
        self.partitions.iter().find(|partition| partition.definition.name.matches(name))
    }

    /// The partition named `name`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) with StarRocks' words.
    pub fn require_partition(&self, name: &str) -> Result<&Arc<Partition>> {
        self.partition(name).ok_or_else(|| {
            Error::not_found(format!("partition [{name}] does not exist in table {}", self.name()))
        })
    }

    /// What a rollup of it holds, as a table of the rollup's columns.
    #[must_use]
    pub fn of_rollup(&self, rollup: &RollupDefinition) -> Self {
        let own = |partitions: &[Arc<Partition>]| {
            let own = partitions.iter().map(|partition| {
                Arc::new(Partition {
                    tablets: partition.tablets_of(Some(rollup.id)).to_vec(),
                    rollups: BTreeMap::new(),
                    ..partition.as_ref().clone()
                })
            });
            own.collect()
        };
        Self {
            id: self.id,
            definition: Arc::new(self.definition.of_rollup(rollup)),
            partitions: own(&self.partitions),
            times: self.times,
            next_auto_increment: self.next_auto_increment,
            temporary_partitions: own(&self.temporary_partitions),
        }
    }

    /// Its partitions' declarations.
    pub fn partition_definitions(&self) -> Vec<PartitionDefinition> {
        self.partitions.iter().map(|partition| partition.definition.clone()).collect()
    }

    /// Its rows.
    pub fn rows(&self) -> u64 {
        self.partitions.iter().map(|partition| partition.rows()).sum()
    }

    /// The bytes of its files.
    pub fn bytes(&self) -> u64 {
        self.partitions.iter().map(|partition| partition.bytes()).sum()
    }

    /// The bytes of its files and of those of its rollups.
    pub fn bytes_with_rollups(&self) -> u64 {
        self.partitions.iter().map(|partition| partition.bytes_with_rollups()).sum()
    }

    /// The temporary partition named `name`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when there is none.
    pub fn require_temporary_partition(&self, name: &str) -> Result<&Arc<Partition>> {
        let found =
            self.temporary_partitions.iter().find(|partition| partition.definition.name.matches(name));
        found.ok_or_else(|| {
            Error::not_found(format!("temporary partition [{name}] does not exist in table {}", self.name()))
        })
    }

    /// The partition with identity `id`, which may be a temporary one.
    pub(crate) fn any_partition_by_id(&self, id: PartitionId) -> Option<&Arc<Partition>> {
        self.partitions.iter().chain(&self.temporary_partitions).find(|partition| partition.id == id)
    }

    pub(crate) fn require_partition_by_id(&self, id: PartitionId) -> Result<&Arc<Partition>> {
        self.partitions
            .iter()
            .find(|partition| partition.id == id)
            .ok_or_else(|| Error::not_found(format!("partition {id} of table {} is gone", self.name())))
    }

    pub(crate) fn partitions_mut(&mut self, kind: PartitionKind) -> &mut Vec<Arc<Partition>> {
        match kind {
            PartitionKind::Formal => &mut self.partitions,
            PartitionKind::Temporary => &mut self.temporary_partitions,
        }
    }

    /// Checks that partitions fit the table and each other; temporary ones only have to fit temporary ones, and names
    /// are unique over both.
    pub(crate) fn check_partitions(&self) -> Result<()> {
        self.definition.check_partitions(&self.partition_definitions())?;
        if self.temporary_partitions.is_empty() {
            return Ok(());
        }
        let temporary: Vec<_> =
            self.temporary_partitions.iter().map(|partition| partition.definition.clone()).collect();
        self.definition.check_partitions(&temporary)?;
        match temporary.iter().find(|partition| self.partition(partition.name.as_str()).is_some()) {
            Some(partition) => {
                Err(Error::already_exists(format!("Duplicate partition name {}", partition.name)))
            }
            None => Ok(()),
        }
    }

    pub(crate) fn sort_partitions(&mut self) {
        for partitions in [&mut self.partitions, &mut self.temporary_partitions] {
            partitions.sort_by(|a, b| {
                let lower = |p: &Partition| p.definition.rows.range().map(|range| range.lower().clone());
                match (lower(a), lower(b)) {
                    (Some(a), Some(b)) => a.compare(&b).unwrap_or(std::cmp::Ordering::Equal),
                    _ => a.id.cmp(&b.id),
                }
            });
        }
    }
}

impl Database {
    /// The rollups of this name, of whichever of its tables, each with that.
    pub fn rollups<'d>(
        &'d self,
        name: &'d TableName,
    ) -> impl Iterator<Item = (&'d Arc<Table>, &'d RollupDefinition)> {
        self.tables.values().filter_map(move |table| Some((table, table.definition.rollup(name)?)))
    }

    /// Its tables, by name.
    pub fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.tables.values()
    }

    /// Its views, by name.
    pub fn views(&self) -> impl Iterator<Item = &Arc<View>> {
        self.views.values()
    }

    /// The view named `name`.
    pub fn view(&self, name: &TableName) -> Option<&Arc<View>> {
        self.views.get(name)
    }

    /// The view named `name`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when there is none.
    pub fn require_view(&self, name: &TableName) -> Result<&Arc<View>> {
        self.view(name).ok_or_else(|| {
            Error::not_found(format!(
                "unknown view '{}.{name}'; SHOW TABLES FROM {} lists them",
                self.name, self.name
            ))
        })
    }

    /// What has a name: a table, a view or a materialized view. A rollup that is columns of its table and nothing else has
    /// its name within the table only.
    pub fn named(&self, name: &TableName) -> Option<&'static str> {
        if self.table(name).is_some() {
            return Some("table");
        }
        if self.view(name).is_some() {
            return Some("view");
        }
        self.rollups(name).any(|(_, rollup)| !rollup.is_plain()).then_some("materialized view")
    }

    /// Refuses a name that something has.
    pub(crate) fn require_free(&self, name: &TableName) -> Result<()> {
        let Some(what) = self.named(name) else { return Ok(()) };
        Err(Error::already_exists(format!(
            "{what} '{}.{name}' exists already; use IF NOT EXISTS to keep it",
            self.name
        )))
    }

    /// The table named `name`.
    pub fn table(&self, name: &TableName) -> Option<&Arc<Table>> {
        self.tables.get(name)
    }

    /// The table named `name`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when there is none.
    pub fn require_table(&self, name: &TableName) -> Result<&Arc<Table>> {
        self.table(name).ok_or_else(|| {
            Error::not_found(format!(
                "unknown table '{}.{name}'; SHOW TABLES FROM {} lists them",
                self.name, self.name
            ))
        })
    }
}

impl CatalogView {
    /// The commit that this view shows.
    pub fn version(&self) -> CatalogVersion {
        self.version
    }

    /// The databases, by name.
    pub fn databases(&self) -> impl Iterator<Item = &Arc<Database>> {
        self.databases.values()
    }

    /// The database named `name`.
    pub fn database(&self, name: &DatabaseName) -> Option<&Arc<Database>> {
        self.databases.get(name)
    }

    /// The database named `name`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when there is none.
    pub fn require_database(&self, name: &DatabaseName) -> Result<&Arc<Database>> {
        self.database(name)
            .ok_or_else(|| Error::not_found(format!("unknown database '{name}'; SHOW DATABASES lists them")))
    }

    /// The repositories, by name.
    pub fn repositories(&self) -> impl Iterator<Item = &Arc<RepositoryEntry>> {
        self.repositories.values()
    }

    /// The repository named `name`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) with StarRocks' words.
    pub fn require_repository(&self, name: &RepositoryName) -> Result<&Arc<RepositoryEntry>> {
        self.repositories.get(name).ok_or_else(|| {
            Error::not_found(format!("Repository [{name}] does not exist; SHOW REPOSITORIES lists them"))
        })
    }

    /// The users, roles and privileges.
    pub fn access(&self) -> &Arc<Access> {
        &self.access
    }

    /// Every job on record, oldest first.
    pub fn jobs(&self) -> impl Iterator<Item = &Arc<JobRecord>> {
        self.jobs.values()
    }

    /// The job with identity `id`.
    pub fn job(&self, id: JobId) -> Option<&Arc<JobRecord>> {
        self.jobs.get(&id)
    }

    /// The oldest version that an unfinished job needs to see again.
    pub(crate) fn oldest_pinned_version(&self) -> Option<CatalogVersion> {
        self.jobs.values().filter_map(|job| job.pinned_version()).min()
    }

    /// The table of `database` with identity `id`, whatever its name.
    pub(crate) fn table_by_id(&self, database: &DatabaseName, id: TableId) -> Option<&Arc<Table>> {
        self.database(database)?.tables().find(|table| table.id == id)
    }

    /// The unfinished job on `database`, of which there is at most one.
    pub fn running_job(&self, database: &DatabaseName) -> Option<&Arc<JobRecord>> {
        self.jobs.values().find(|job| job.database.as_ref() == Some(database) && !job.state.is_final())
    }

    /// The unfinished job of external catalogs, of which there is at most one.
    pub fn running_catalog_job(&self) -> Option<&Arc<JobRecord>> {
        self.jobs.values().find(|job| job.database.is_none() && !job.state.is_final())
    }

    /// Refuses a change of `table` while a restore is going to replace rows of it.
    pub(crate) fn require_not_restoring(&self, database: &DatabaseName, table: &TableName) -> Result<()> {
        match self.running_job(database).filter(|job| job.is_restore_of(table)) {
            Some(job) => Err(Error::busy(format!(
                "table {table}'s state is not NORMAL: RESTORE; wait until restore '{}' has ended, or CANCEL RESTORE FROM {database}",
                job.label
            ))),
            None => Ok(()),
        }
    }
}
