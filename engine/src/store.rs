//! The store: one directory, one process.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cairn_format::{DatabaseName, PartitionDefinition, PartitionName, TableDefinition, TableName, Ttl};
use cairn_repository::{Disk, Environment, StoreProvider, in_calendar};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::catalog::{Catalog, CatalogView, NewPartition, PartitionKind, Table, partitions_of_new_table};
use crate::edit::{Compaction, CompactionOutcome, Compactor, RowDeletion, compact};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{JobId, PartitionId, SegmentId, TableId};
use crate::job::{
    BackupRequest, CatalogBackupRequest, CatalogRestoreRequest, JobExplanation, JobProgress, JobRecord,
    JobWork, Jobs, RestoreRequest, TablePlan, explain_backup, explain_catalog_backup,
    explain_catalog_restore, explain_restore, submit_backup, submit_catalog_backup, submit_catalog_restore,
    submit_restore,
};
use crate::keys::TableLocks;
use crate::load::{AutoIncrements, Load, LoadOptions};
use crate::partition::{PartitionKeeper, keep_partitions};
use crate::repositories::SharedLimits;
use crate::rollup::{ExpressionPlanner, NoExpressions, add_rollups, makers};
use crate::segment::SegmentReader;
use crate::verification::VerificationEntry;

/// What a store is opened with.
#[derive(Clone)]
#[non_exhaustive]
pub struct StoreOptions {
    /// The clock and the source of identities.
    pub environment: Environment,
    /// The file system.
    pub disk: Disk,
    /// What opens the locations of repositories.
    pub stores: Arc<dyn StoreProvider>,
    /// What understands the expressions of definitions; nothing does by default.
    pub expressions: Arc<dyn ExpressionPlanner>,
    /// Threads that encode segments; as many as the machine has cores by default.
    pub encoders: usize,
    /// Threads that move the files of one backup or restore.
    pub movers: usize,
    /// How long what was dropped can be recovered. Its files stay for as long.
    pub trash_expire: Duration,
    /// Whether unfinished jobs are taken up, and partitions that are due made and dropped; otherwise all stays as it is, for
    /// an open that does.
    pub resume_jobs: bool,
    /// Whether a thread compacts tables after loads, and what is due when the store is opened.
    pub compacts: bool,
    /// Percent of the time of one core that this thread works at most; it pauses in between.
    pub compaction_share: u8,
    /// How often a thread looks whether partitions are to be made or dropped after that; `None` for no thread.
    pub partition_check: Option<Duration>,
}

/// Threads that move files: more than cores, since they wait for the disk or the network.
const MOVERS: usize = 4;

/// Compaction is never urgent: half a core is soon done with what loads leave, and the other half is the loads'.
const COMPACTION_SHARE: u8 = 50;

/// StarRocks' `catalog_trash_expire_second`.
const TRASH_EXPIRE: Duration = Duration::from_hours(24);

impl StoreOptions {
    /// The system's clock and file system; repositories are opened by `stores`.
    pub fn new(stores: Arc<dyn StoreProvider>) -> Self {
        let encoders = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            environment: Environment::system(),
            disk: Disk::system(),
            stores,
            expressions: Arc::new(NoExpressions),
            encoders,
            movers: MOVERS,
            trash_expire: TRASH_EXPIRE,
            resume_jobs: true,
            compacts: false,
            compaction_share: COMPACTION_SHARE,
            partition_check: None,
        }
    }
}

/// A tablet store, open.
///
/// Every method may block on the disk: in an async program call them from threads that may. One process has a
/// store's directory open at a time. Dropping the store stops running jobs where they are; they go on when it is
/// opened again.
pub struct TabletStore {
    pub(crate) inner: Arc<Inner>,
}

/// What the store's parts share.
pub(crate) struct Inner {
    pub(crate) catalog: Catalog,
    pub(crate) disk: Disk,
    pub(crate) environment: Environment,
    pub(crate) workers: ThreadPool,
    pub(crate) jobs: Jobs,
    pub(crate) limits: SharedLimits,
    pub(crate) movers: usize,
    pub(crate) stores: Arc<dyn StoreProvider>,
    pub(crate) expressions: Arc<dyn ExpressionPlanner>,
    pub(crate) auto_increments: AutoIncrements,
    pub(crate) locks: TableLocks,
    pub(crate) compactor: Compactor,
    pub(crate) partition_keeper: PartitionKeeper,
}

pub(crate) const CATALOG_FILE: &str = "catalog.redb";
/// What follows the name of a segment that is being fetched.
const PARTIAL_SUFFIX: &str = cairn_repository::PARTIAL_SUFFIX;
const SEGMENTS_DIRECTORY: &str = "data";
/// What a repository has at its top.
const REPOSITORY_DESCRIPTOR: &str = cairn_format::DESCRIPTOR_KEY;

impl TabletStore {
    /// Opens the store in `directory`, which is made when it is not there, and takes up its unfinished jobs.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`] when another process has it open; [`ErrorKind::Corrupt`] when the catalog is damaged;
    /// [`ErrorKind::InvalidInput`] when the directory is a file.
    pub fn open(directory: &Path, options: StoreOptions) -> Result<Self> {
        if directory.exists() && !directory.is_dir() {
            return Err(Error::invalid(format!(
                "{} is a file; give a directory for the data",
                directory.display()
            )));
        }
        if directory.join(REPOSITORY_DESCRIPTOR).exists() {
            return Err(Error::invalid(format!(
                "{} is a repository, not a store; give another directory for the data",
                directory.display()
            )));
        }
        let segments = directory.join(SEGMENTS_DIRECTORY);
        options.disk.create_dir_all(&segments).map_err(|e| Error::disk("create", &segments, e))?;
        let segments = segments.canonicalize().map_err(|e| Error::disk("find", &segments, e))?;
        let catalog_file = directory.join(CATALOG_FILE);
        refuse_lost_catalog(&catalog_file, &segments)?;
        let (disk, environment) = (options.disk.clone(), options.environment.clone());
        let catalog = Catalog::open(&catalog_file, segments, disk, environment, options.trash_expire)?;
        options.disk.sync_dir(directory).map_err(|e| Error::disk("sync", directory, e))?;
        remove_orphans(&catalog, &options.disk)?;
        let inner = Arc::new(Inner {
            catalog,
            disk: options.disk,
            environment: options.environment,
            workers: pool("cairn-encode", options.encoders)?,
            jobs: Jobs::default(),
            limits: SharedLimits::default(),
            auto_increments: AutoIncrements::default(),
            locks: TableLocks::default(),
            compactor: Compactor::default(),
            partition_keeper: PartitionKeeper::default(),
            movers: options.movers,
            stores: options.stores,
            expressions: options.expressions,
        });
        let store = Self { inner };
        if options.compacts {
            Compactor::start(&store.inner, options.compaction_share)?;
        }
        let resume_jobs = options.resume_jobs;
        for id in store.view().jobs().filter(|job| resume_jobs && !job.state.is_final()).map(|job| job.id) {
            Jobs::start(&store.inner, id)?;
        }
        if resume_jobs {
            store.inner.keep_all_partitions();
        }
        if let Some(every) = options.partition_check {
            PartitionKeeper::start(&store.inner, every)?;
        }
        Ok(store)
    }

    /// The catalog as it is now. Holding it keeps its files alive.
    pub fn view(&self) -> Arc<CatalogView> {
        self.inner.catalog.view()
    }

    /// Makes a database.
    pub fn create_database(&self, name: &DatabaseName) -> Result<()> {
        self.inner.catalog.commit(|change| change.create_database(name).map(drop))
    }

    /// Makes a table with these partitions; an unpartitioned table gets its one partition by itself.
    pub fn create_table(
        &self,
        database: &DatabaseName,
        definition: TableDefinition,
        partitions: Vec<PartitionDefinition>,
    ) -> Result<()> {
        let partitions = partitions_of_new_table(&definition, partitions)?;
        // What could never be loaded is not made.
        makers(self.inner.expressions.as_ref(), &definition)?;
        let catalog = &self.inner.catalog;
        let id = TableId::new(catalog.reserve_ids(1));
        let new = partitions.into_iter().map(|definition| {
            let id = PartitionId::new(catalog.reserve_ids(1));
            NewPartition { id, definition }
        });
        let new: Vec<_> = new.collect();
        catalog.commit(|change| {
            change.view().require_not_restoring(database, &definition.name)?;
            let name = definition.name.clone();
            change.view().require_database(database)?.check_colocation(&definition)?;
            change.create_table(database, id, definition)?;
            change.add_partitions(database, &name, new, PartitionKind::Formal)?;
            keep_partitions(catalog, change, database, &name)
        })
    }

    /// Gives a table another name, which no other has.
    pub fn rename_table(&self, database: &DatabaseName, from: &TableName, to: &TableName) -> Result<()> {
        self.inner.catalog.commit(|change| {
            change.view().require_not_restoring(database, from)?;
            change.view().require_not_restoring(database, to)?;
            change.rename_table(database, from, to)
        })
    }

    /// Exchanges the names of two tables.
    pub fn swap_tables(&self, database: &DatabaseName, a: &TableName, b: &TableName) -> Result<()> {
        self.inner.catalog.commit(|change| {
            change.view().require_not_restoring(database, a)?;
            change.view().require_not_restoring(database, b)?;
            change.swap_tables(database, a, b)
        })
    }

    /// Gives a table another definition, made of `before`, which it must still have. Its files stay as they are: columns
    /// are told by field id, those that a file lacks have their initial values, and types only ever get wider.
    pub fn redefine_table(
        &self,
        database: &DatabaseName,
        before: &TableDefinition,
        after: TableDefinition,
    ) -> Result<()> {
        if after.rollups.iter().any(|rollup| before.rollups.iter().all(|other| other.id != rollup.id)) {
            return add_rollups(&self.inner, database, before, &after);
        }
        self.inner.catalog.commit(|change| {
            unchanged(change.view(), database, before, &after)?;
            change.view().require_database(database)?.check_colocation(&after)?;
            change.redefine_table(database, after)?;
            keep_partitions(&self.inner.catalog, change, database, &before.name)
        })?;
        self.inner.purge();
        Ok(())
    }

    /// Makes and drops partitions as the properties of tables say, now.
    pub fn keep_partitions(&self) {
        self.inner.keep_all_partitions();
    }

    /// The time of the store's clock, in milliseconds since 1970 UTC.
    pub fn now_ms(&self) -> i64 {
        self.inner.environment.clock.now_ms()
    }

    /// Takes every row out of a table, or out of some of its partitions.
    pub fn truncate_table(
        &self,
        database: &DatabaseName,
        table: &TableName,
        partitions: Option<&[PartitionName]>,
    ) -> Result<()> {
        self.inner.catalog.commit(|change| {
            change.view().require_not_restoring(database, table)?;
            let found = Arc::clone(change.view().require_database(database)?.require_table(table)?);
            let ids: Vec<PartitionId> = match partitions {
                Some(names) => names
                    .iter()
                    .map(|n| Ok(found.require_partition(n.as_str())?.id))
                    .collect::<Result<_>>()?,
                None => found.partitions.iter().map(|partition| partition.id).collect(),
            };
            for id in ids {
                change.remove_rowsets(database, table, id)?;
            }
            Ok(())
        })?;
        self.inner.purge();
        Ok(())
    }

    /// Begins a load into a table, or into some of its partitions only.
    pub fn begin_load(
        &self,
        database: &DatabaseName,
        table: &TableName,
        only: Option<&[PartitionName]>,
        options: LoadOptions,
    ) -> Result<Load<'_>> {
        Load::begin(&self.inner, database, table, only, options)
    }

    /// Begins to delete rows of a table by their positions.
    pub fn begin_delete(&self, database: &DatabaseName, table: &TableName) -> Result<RowDeletion<'_>> {
        RowDeletion::begin(&self.inner, database, table)
    }

    /// Compacts a table, or some of its partitions, and returns when that is done.
    pub fn compact_table(
        &self,
        database: &DatabaseName,
        table: &TableName,
        only: Option<&[PartitionName]>,
        kind: Compaction,
    ) -> Result<CompactionOutcome> {
        compact(&self.inner, database, table, only, kind)
    }

    /// Waits until the background has compacted all that is due, at most for `limit`; says whether it has.
    pub fn wait_for_compactions(&self, limit: Duration) -> bool {
        self.inner.compactor.wait_until_idle(limit)
    }

    /// Reads every row of a table of some view.
    pub fn read_table(&self, table: &Arc<Table>) -> SegmentReader {
        SegmentReader::new(table)
    }

    /// Puts a verification on record.
    pub(crate) fn record_verification(&self, entry: &VerificationEntry) -> Result<()> {
        self.inner.catalog.commit(|change| change.put_verification(entry))
    }

    /// The verifications on record, oldest first.
    pub fn verifications(&self) -> Result<Vec<VerificationEntry>> {
        self.inner.catalog.verifications()
    }

    /// Accepts a backup. It is done in the background: see [`TabletStore::wait_for_job`].
    ///
    /// # Errors
    /// `InvalidInput` for a `ttl` that [`check_ttl`](crate::check_ttl) refuses now.
    pub fn submit_backup(&self, request: &BackupRequest) -> Result<JobId> {
        if let Some(ttl) = &request.ttl {
            check_ttl(ttl, self.inner.environment.clock.now_ms())?;
        }
        submit_backup(&self.inner, request)
    }

    /// Accepts a restore. It is done in the background: see [`TabletStore::wait_for_job`].
    pub fn submit_restore(&self, request: &RestoreRequest) -> Result<JobId> {
        submit_restore(&self.inner, request)
    }

    /// What a backup would do, without any of it done: nothing is written, here or in the repository.
    ///
    /// # Errors
    /// When the repository cannot be read. What would refuse the backup is told as a conflict.
    pub fn explain_backup(&self, request: &BackupRequest) -> Result<JobExplanation> {
        explain_backup(&self.inner, request)
    }

    /// What a restore would do, without any of it done.
    ///
    /// # Errors
    /// When the snapshot cannot be read or does not hold what is asked for; what else would refuse the restore is told
    /// as a conflict, or as a table that is refused.
    pub fn explain_restore(&self, request: &RestoreRequest) -> Result<JobExplanation> {
        explain_restore(&self.inner, request)
    }

    /// Accepts a backup of external catalogs.
    ///
    /// # Errors
    /// As [`TabletStore::submit_backup`].
    pub fn submit_catalog_backup(&self, request: &CatalogBackupRequest) -> Result<JobId> {
        if let Some(ttl) = &request.ttl {
            check_ttl(ttl, self.inner.environment.clock.now_ms())?;
        }
        submit_catalog_backup(&self.inner, request)
    }

    /// Accepts a restore of external catalogs.
    pub fn submit_catalog_restore(&self, request: &CatalogRestoreRequest) -> Result<JobId> {
        submit_catalog_restore(&self.inner, request)
    }

    /// What a backup of external catalogs would do.
    ///
    /// # Errors
    /// As [`TabletStore::explain_backup`].
    pub fn explain_catalog_backup(&self, request: &CatalogBackupRequest) -> Result<JobExplanation> {
        explain_catalog_backup(&self.inner, request)
    }

    /// What a restore of external catalogs would do.
    ///
    /// # Errors
    /// As [`TabletStore::explain_restore`].
    pub fn explain_catalog_restore(&self, request: &CatalogRestoreRequest) -> Result<JobExplanation> {
        explain_catalog_restore(&self.inner, request)
    }

    /// Waits until the job has ended, at most for `limit`, and returns its record of then.
    pub fn wait_for_job(&self, id: JobId, limit: Option<Duration>) -> Result<Arc<JobRecord>> {
        self.inner.jobs.wait(id, limit);
        self.inner.job(id)
    }

    /// How far a running job's transfer is; `None` when it does not run in this process.
    pub fn job_progress(&self, id: JobId) -> Option<JobProgress> {
        self.inner.jobs.progress(id)
    }

    /// Cancels the unfinished job of `database`, which must be a backup, or a restore, as `kind` says. Returns when
    /// it has stopped, which takes some seconds at most where storage does not answer.
    pub fn cancel_job(&self, database: &DatabaseName, kind: JobKind) -> Result<Arc<JobRecord>> {
        self.cancel_last(Some(database), kind, &format!("database {database}"))
    }

    /// Cancels the unfinished job of external catalogs, as [`TabletStore::cancel_job`] does that of a database.
    pub fn cancel_catalog_job(&self, kind: JobKind) -> Result<Arc<JobRecord>> {
        self.cancel_last(None, kind, "external catalogs")
    }

    fn cancel_last(&self, of: Option<&DatabaseName>, kind: JobKind, what: &str) -> Result<Arc<JobRecord>> {
        let view = self.view();
        let last = view.jobs().filter(|job| job.database.as_ref() == of).last();
        let job = last.filter(|job| job.is_backup() == (kind == JobKind::Backup)).ok_or_else(|| {
            Error::not_found(format!("No backup/restore job is currently running on {what}"))
        })?;
        let refused = |job: &JobRecord| {
            let state = job.state.as_str();
            let message = format!(
                "Failed to cancel job: Job with label {} can not be cancelled. state: {state}",
                job.label
            );
            Err(Error::invalid(message))
        };
        if job.state.is_final() {
            return refused(job);
        }
        self.inner.jobs.cancel(job.id);
        let ended = self.inner.job(job.id)?;
        match ended.state {
            crate::job::JobState::Cancelled => Ok(ended),
            _ => refused(&ended),
        }
    }
}

impl Drop for TabletStore {
    fn drop(&mut self) {
        self.inner.partition_keeper.close();
        self.inner.compactor.close();
        self.inner.jobs.close();
    }
}

/// The two kinds of job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    /// A backup.
    Backup,
    /// A restore.
    Restore,
}

impl Inner {
    /// Purges what nothing needs any more. What led here has been committed: a purge that fails is made up for by the
    /// next.
    pub(crate) fn purge(&self) {
        if let Err(error) = self.catalog.purge() {
            tracing::warn!(%error, "removed things could not be purged");
        }
    }

    pub(crate) fn job(&self, id: JobId) -> Result<Arc<JobRecord>> {
        self.catalog.view().job(id).cloned().ok_or_else(|| Error::not_found(format!("unknown job {id}")))
    }
}

/// Refuses a time to live that ends beyond the calendar when it begins at `from_ms`: nobody could say when.
pub fn check_ttl(ttl: &Ttl, from_ms: i64) -> Result<()> {
    match in_calendar(ttl.expires_at_ms(from_ms)) {
        Some(_) => Ok(()),
        None => Err(Error::invalid(format!(
            "ttl '{ttl}' passes the year 9999: give a shorter one, or none to keep the snapshot for ever"
        ))),
    }
}

/// The table that is to be redefined, which nobody has changed since it was `before`.
pub(crate) fn unchanged(
    view: &CatalogView,
    database: &DatabaseName,
    before: &TableDefinition,
    after: &TableDefinition,
) -> Result<Arc<Table>> {
    let name = &before.name;
    view.require_not_restoring(database, name)?;
    let current = view.require_database(database)?.require_table(name)?;
    if *current.definition != *before || after.name != *name {
        return Err(Error::busy(format!(
            "table '{database}.{name}' was changed by another statement meanwhile; try again"
        )));
    }
    Ok(Arc::clone(current))
}

pub(crate) fn refuse_running_restore(view: &CatalogView, database: &DatabaseName) -> Result<()> {
    match view.running_job(database).filter(|job| !job.is_backup()) {
        Some(job) => Err(Error::busy(format!(
            "database {database} is being restored by job {} with label '{}'; wait for it, or CANCEL RESTORE FROM {database}",
            job.id, job.label
        ))),
        None => Ok(()),
    }
}

fn pool(name: &'static str, threads: usize) -> Result<ThreadPool> {
    ThreadPoolBuilder::new()
        .num_threads(threads.max(1))
        .thread_name(move |number| format!("{name}-{number}"))
        .build()
        .map_err(|e| Error::new(ErrorKind::Unavailable, "cannot start worker threads").with_source(e))
}

/// Refuses to make a new catalog where there are segments: nobody else knows what they are.
fn refuse_lost_catalog(catalog: &Path, segments: &Path) -> Result<()> {
    if fs::metadata(catalog).is_ok_and(|metadata| metadata.len() > 0) {
        return Ok(());
    }
    for directory in own_directories(segments)? {
        if entries(&directory)?.iter().any(|file| segment_of(file).is_some()) {
            return Err(Error::corrupt(format!(
                "{} is gone, and {} holds segments that only it names: put it back, or restore the tables from a \
                 backup into another directory",
                catalog.display(),
                segments.display()
            )));
        }
    }
    Ok(())
}

/// Removes files that no record names: what a process left that died between writing and committing. Only files named
/// as segments are, or as segments being fetched, are ever removed: everything else is somebody else's.
fn remove_orphans(catalog: &Catalog, disk: &Disk) -> Result<()> {
    let mut known = catalog.recorded_segments()?;
    for job in catalog.view().jobs().filter(|job| !job.state.is_final()) {
        if let JobWork::Restore(work) = &job.work {
            known.extend(work.plan.iter().flat_map(|plan| &plan.tables).flat_map(TablePlan::segments));
        }
    }
    for directory in own_directories(catalog.segments_directory())? {
        remove_orphans_in(&directory, &known, disk)?;
    }
    Ok(())
}

/// The directories below `root` that are named by a table's identity.
fn own_directories(root: &Path) -> Result<Vec<PathBuf>> {
    let is_own = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| number(name).is_some())
            && path.is_dir()
    };
    Ok(entries(root)?.into_iter().filter(is_own).collect())
}

/// The identity in the name of a segment's file, or of one that is being fetched.
fn segment_of(file: &Path) -> Option<SegmentId> {
    let name = file.file_name()?.to_str()?;
    let whole = name.strip_suffix(PARTIAL_SUFFIX).unwrap_or(name);
    number(whole.strip_suffix(".parquet")?).map(SegmentId::new)
}

/// A number as this store writes it.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

fn remove_orphans_in(directory: &Path, known: &HashSet<SegmentId>, disk: &Disk) -> Result<()> {
    let mut left = 0;
    for file in entries(directory)? {
        let is_partial = file.as_os_str().to_str().is_some_and(|name| name.ends_with(PARTIAL_SUFFIX));
        match segment_of(&file) {
            Some(id) if is_partial || !known.contains(&id) => {
                disk.remove_file(&file).map_err(|e| Error::disk("remove", &file, e))?;
            }
            _ => left += 1,
        }
    }
    if left == 0 {
        // Not durable and need not be: an empty directory does no harm.
        let _ = fs::remove_dir(directory);
    }
    Ok(())
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let failed = |e| Error::disk("list", directory, e);
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    Ok(paths)
}
