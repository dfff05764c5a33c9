//! A world to test in: stores and a repository in one temporary directory, with a clock that counts.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use arrow::array::{ArrayRef, RecordBatch};
use cairn_engine::{
    BackupRequest, Compaction, JobId, JobRecord, LoadOptions, LoadOutcome, NewRepository, PartitionKind,
    RestoreRequest, Result, StoreOptions, TableSelection, TabletStore,
};
use cairn_format::{
    BoundValue, Column, ColumnName, ColumnType, DatabaseName, Distribution, FieldId, KeyModel,
    PartitionBound, PartitionDefinition, PartitionName, PartitionRange, PartitionRows, Partitioning,
    RepositoryName, SnapshotLabel, SnapshotTimestamp, TableDefinition, TableName, Value,
};
use cairn_repository::{Clock, Disk, Environment, IdSource, SystemStores};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A clock that counts, and can be set forward.
#[derive(Default)]
pub(crate) struct Ticks(AtomicI64);

impl Ticks {
    pub(crate) fn pass(&self, time: std::time::Duration) {
        self.0.fetch_add(time.as_millis().try_into().unwrap(), Ordering::Relaxed);
    }
}

impl Clock for Ticks {
    fn now_ms(&self) -> i64 {
        1_400_000_000_000 + self.0.fetch_add(1, Ordering::Relaxed)
    }
}

#[derive(Default)]
struct Numbers(AtomicU64);

impl IdSource for Numbers {
    fn random(&self) -> u128 {
        self.0.fetch_add(1, Ordering::Relaxed).into()
    }
}

pub(crate) struct World {
    pub(crate) directory: TempDir,
    pub(crate) runtime: Runtime,
    pub(crate) clock: Arc<Ticks>,
    environment: Environment,
}

impl World {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let clock = Arc::<Ticks>::default();
        let environment = Environment { clock: Arc::<Ticks>::clone(&clock), ids: Arc::<Numbers>::default() };
        Self { directory: tempfile::tempdir().unwrap(), runtime, clock, environment }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn options(&self, disk: &Disk) -> StoreOptions {
        let stores = SystemStores::new(self.runtime.handle().clone(), disk.clone());
        let mut options = StoreOptions::new(Arc::new(stores));
        options.environment = self.environment.clone();
        options.disk = disk.clone();
        options.expressions = Arc::new(crate::rollups::TestExpressions);
        options
    }

    pub(crate) fn open(&self, name: &str) -> TabletStore {
        self.try_open(name, &Disk::system()).unwrap()
    }

    pub(crate) fn try_open(&self, name: &str, disk: &Disk) -> Result<TabletStore> {
        TabletStore::open(&self.path(name), self.options(disk))
    }

    /// The store with its background compaction, or without.
    pub(crate) fn open_compacting(&self, name: &str, disk: &Disk, compacts: bool) -> TabletStore {
        let mut options = self.options(disk);
        options.compacts = compacts;
        TabletStore::open(&self.path(name), options).unwrap()
    }

    /// A store with database `d` and repository `r`, which all stores of this world share.
    pub(crate) fn ready(&self, name: &str) -> TabletStore {
        let store = self.open(name);
        store.create_database(&database()).unwrap();
        self.add_repository(&store, false).unwrap();
        store
    }

    pub(crate) fn add_repository(&self, store: &TabletStore, read_only: bool) -> Result<()> {
        store.create_repository(NewRepository {
            name: repository(),
            location: self.path("repository").to_str().unwrap().to_owned(),
            properties: std::collections::BTreeMap::new(),
            read_only,
            broker: None,
        })
    }
}

pub(crate) fn database() -> DatabaseName {
    DatabaseName::parse("d").unwrap()
}

pub(crate) fn repository() -> RepositoryName {
    RepositoryName::parse("r").unwrap()
}

pub(crate) fn table(name: &str) -> TableName {
    TableName::parse(name).unwrap()
}

pub(crate) fn partition(name: &str) -> PartitionName {
    PartitionName::parse(name).unwrap()
}

pub(crate) fn label(name: &str) -> SnapshotLabel {
    SnapshotLabel::parse(name).unwrap()
}

pub(crate) fn column(id: i32, name: &str, column_type: ColumnType, nullable: bool) -> Column {
    let name = ColumnName::parse(name).unwrap();
    Column { nullable, ..Column::new(FieldId::try_new(id).unwrap(), name, column_type) }
}

/// A table of these columns, keyed by the first, with one partition and `buckets` buckets by the first column.
pub(crate) fn plain_table(name: &str, columns: Vec<Column>, buckets: u32) -> TableDefinition {
    TableDefinition {
        name: table(name),
        next_field_id: i32::try_from(columns.len()).unwrap() + 1,
        key_model: KeyModel::Duplicate,
        key_columns: usize::from(columns[0].column_type.can_be_key()),
        automatic_buckets: false,
        sort_key: None,
        rollups: Vec::new(),
        materialized_view: None,
        indexes: Vec::new(),
        partitioning: Partitioning::Unpartitioned,
        distribution: if columns[0].column_type.can_be_key() {
            Distribution::Hash { columns: vec![columns[0].field_id], buckets }
        } else {
            Distribution::Random { buckets }
        },
        columns,
        comment: None,
        properties: std::collections::BTreeMap::new(),
    }
}

/// `k INT NOT NULL, v VARCHAR(20)`.
pub(crate) fn small_table(name: &str, buckets: u32) -> TableDefinition {
    let columns = vec![
        column(1, "k", ColumnType::Int, false),
        column(2, "v", ColumnType::Varchar { length: 20 }, true),
    ];
    plain_table(name, columns, buckets)
}

/// The small table with range partitions on `k` that end at `ends`, the first without a beginning.
pub(crate) fn ranged_table(name: &str, ends: &[i128]) -> (TableDefinition, Vec<PartitionDefinition>) {
    let mut definition = small_table(name, 2);
    definition.partitioning =
        Partitioning::Range { columns: vec![definition.columns[0].field_id], step: None };
    let bound = |value| PartitionBound::try_new(vec![value], &[ColumnType::Int]).unwrap();
    let mut lower = bound(BoundValue::Min);
    let partitions = ends.iter().enumerate().map(|(number, end)| {
        let upper = bound(BoundValue::Value(Value::Integer(*end)));
        let range = PartitionRange::try_new(std::mem::replace(&mut lower, upper.clone()), upper).unwrap();
        PartitionDefinition::new(partition(&format!("p{number}")), PartitionRows::Range(range))
    });
    let partitions = partitions.collect();
    (definition, partitions)
}

/// Rows of the small table.
pub(crate) fn small_rows(rows: &[(i32, Option<&str>)]) -> RecordBatch {
    let keys: ArrayRef = Arc::new(arrow::array::Int32Array::from_iter_values(rows.iter().map(|row| row.0)));
    let values: ArrayRef = Arc::new(rows.iter().map(|row| row.1).collect::<arrow::array::StringArray>());
    RecordBatch::try_from_iter_with_nullable([("k", keys, false), ("v", values, true)]).unwrap()
}

pub(crate) fn insert(store: &TabletStore, name: &str, batch: &RecordBatch) -> Result<LoadOutcome> {
    let mut load = store.begin_load(&database(), &table(name), None, LoadOptions::default())?;
    load.write(batch)?;
    load.commit()
}

/// Every row of a table as text, sorted; floats by their bits' text.
pub(crate) fn rows(store: &TabletStore, name: &str) -> Vec<String> {
    let view = store.view();
    table_rows(store, view.require_database(&database()).unwrap().require_table(&table(name)).unwrap())
}

/// Every row of a table of some view.
pub(crate) fn table_rows(store: &TabletStore, table: &Arc<cairn_engine::Table>) -> Vec<String> {
    let mut rows = Vec::new();
    for batch in store.read_table(table) {
        let batch = batch.unwrap();
        for row in 0..batch.num_rows() {
            let values = table.definition.columns.iter().zip(batch.columns()).map(|(column, array)| {
                format!("{:?}", Value::from_array(array, row, &column.column_type).unwrap())
            });
            rows.push(values.collect::<Vec<_>>().join(" | "));
        }
    }
    rows.sort();
    rows
}

pub(crate) fn has_table(store: &TabletStore, name: &str) -> bool {
    store.view().database(&database()).is_some_and(|database| database.table(&table(name)).is_some())
}

pub(crate) fn backup_request(name: &str) -> BackupRequest {
    BackupRequest {
        database: database(),
        label: label(name),
        repository: repository(),
        tables: None,
        views: None,
        timeout_s: 600,
        ttl: None,
        compression: None,
    }
}

pub(crate) fn selection(name: &str, partitions: Option<&[&str]>, alias: Option<&str>) -> TableSelection {
    let partitions = partitions.map(|names| names.iter().map(|name| partition(name)).collect());
    TableSelection { table: table(name), partitions, alias: alias.map(table) }
}

pub(crate) fn finish(store: &TabletStore, id: JobId) -> Arc<JobRecord> {
    store.wait_for_job(id, None).unwrap()
}

/// Makes a backup and returns its record.
pub(crate) fn backup(store: &TabletStore, name: &str) -> Arc<JobRecord> {
    let id = store.submit_backup(&backup_request(name)).unwrap();
    let record = finish(store, id);
    assert_eq!(record.status.to_text(), "[OK]");
    record
}

pub(crate) fn restore_request(name: &str, timestamp: SnapshotTimestamp) -> RestoreRequest {
    RestoreRequest {
        label: label(name),
        timestamp: Some(timestamp),
        repository: repository(),
        source_database: None,
        database: None,
        tables: None,
        views: None,
        materialized_views: None,
        timeout_s: 600,
        allow_load: false,
        replication_num: 1,
        if_exists: cairn_engine::IfExists::Overwrite,
        keeps_partition_rules: None,
    }
}

pub(crate) fn restore(store: &TabletStore, request: &RestoreRequest) -> Arc<JobRecord> {
    let id = store.submit_restore(request).unwrap();
    finish(store, id)
}

/// A small generator, so that a seed means the same for ever.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Runs a random test with the seed of the variable `<name>_SEED`, or else with those of as many runs as `<name>_RUNS` says, or
/// `runs`; prints the seed that fails, with `what` it means.
pub(crate) fn each_seed(name: &str, runs: u64, what: &str, run: fn(u64)) {
    let number =
        |end: &str| std::env::var(format!("{name}_{end}")).ok().and_then(|text| text.parse::<u64>().ok());
    if let Some(seed) = number("SEED") {
        return run(seed);
    }
    for seed in 1..=number("RUNS").unwrap_or(runs) {
        let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        if let Err(panic) = std::panic::catch_unwind(|| run(seed)) {
            eprintln!("{what}: {name}_SEED={seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

/// Deletes rows of table `t` by their positions: those of which `is_gone` says so, batch by batch. Returns how many were
/// there.
pub(crate) fn delete_where(store: &TabletStore, is_gone: impl Fn(&RecordBatch) -> Vec<bool>) -> u64 {
    let mut deletion = store.begin_delete(&database(), &table("t")).unwrap();
    let found = Arc::clone(deletion.table());
    for segment in found.partitions.iter().flat_map(|partition| partition.segments()) {
        let cairn_engine::SegmentLocation::Local(path) = segment.location() else { panic!() };
        let file = std::fs::File::open(path).unwrap();
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let gone = reader.build().unwrap().flat_map(|batch| is_gone(&batch.unwrap()));
        for (position, _) in (0..).zip(gone).filter(|(_, is_gone)| *is_gone) {
            deletion.delete(segment.id, position).unwrap();
        }
    }
    deletion.commit().unwrap().0
}

/// Compacts table `t`, in one way or the other.
pub(crate) fn compact_somehow(store: &TabletStore, random: &mut Random) {
    let kind = if random.below(2) == 0 { Compaction::Base } else { Compaction::Cumulative };
    store.compact_table(&database(), &table("t"), None, kind).unwrap();
}

/// Restores table `t` from the last of the snapshots, each with what was in it then, if there is one; returns that.
pub(crate) fn restore_last<M: Clone>(
    store: &TabletStore,
    snapshots: &[(String, SnapshotTimestamp, M)],
) -> Option<M> {
    let (label, timestamp, then) = snapshots.last()?;
    let mut request = restore_request(label, *timestamp);
    request.tables = Some(vec![selection("t", None, None)]);
    assert_eq!(restore(store, &request).status.to_text(), "[OK]");
    Some(then.clone())
}

/// Gives table `t` a temporary partition, with one row in it.
pub(crate) fn add_temporary(store: &TabletStore, new: PartitionDefinition) {
    let only = [new.name.clone()];
    store.add_partitions(&database(), &table("t"), vec![new], PartitionKind::Temporary).unwrap();
    let mut options = LoadOptions::default();
    options.partitions = PartitionKind::Temporary;
    let mut load = store.begin_load(&database(), &table("t"), Some(&only), options).unwrap();
    load.write(&small_rows(&[(9, Some("new"))])).unwrap();
    load.commit().unwrap();
}
