//! What the benches share: TPC-H data in a store, a world to back it up in, children and their figures, plain copying.

pub(crate) mod copying;
pub(crate) mod measure;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchReader};
use arrow::compute::cast;
use arrow::datatypes::{DataType, SchemaRef};
use cairn_engine::{
    BackupRequest, JobRecord, LoadOptions, NewRepository, RestoreRequest, StoreOptions, TabletStore,
};
use cairn_format::{
    Column, ColumnName, ColumnType, DatabaseName, Distribution, FieldId, KeyModel, Partitioning,
    RepositoryName, SnapshotLabel, SnapshotTimestamp, TableDefinition, TableName,
};
use cairn_repository::{Disk, SystemStores, Transfer, VerifyOptions, VerifySelection};
use tpchgen::generators as rows;
use tpchgen_arrow as arrow_rows;

pub(crate) type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// The scale factor, from `CAIRN_BENCH_SF`.
pub(crate) fn scale_factor(default: f64) -> f64 {
    measure::setting("CAIRN_BENCH_SF", default)
}

/// A table to be loaded: its name, its rows, and how many columns from the left are the key.
pub(crate) type Source = (&'static str, Box<dyn RecordBatchReader>, usize);

/// The eight tables of TPC-H.
pub(crate) fn tables(sf: f64) -> Vec<Source> {
    vec![
        ("region", Box::new(arrow_rows::RegionArrow::new(rows::RegionGenerator::new(sf, 1, 1))), 1),
        ("nation", Box::new(arrow_rows::NationArrow::new(rows::NationGenerator::new(sf, 1, 1))), 1),
        ("supplier", Box::new(arrow_rows::SupplierArrow::new(rows::SupplierGenerator::new(sf, 1, 1))), 1),
        ("customer", Box::new(arrow_rows::CustomerArrow::new(rows::CustomerGenerator::new(sf, 1, 1))), 1),
        ("part", Box::new(arrow_rows::PartArrow::new(rows::PartGenerator::new(sf, 1, 1))), 1),
        ("partsupp", Box::new(arrow_rows::PartSuppArrow::new(rows::PartSuppGenerator::new(sf, 1, 1))), 2),
        ("orders", Box::new(arrow_rows::OrderArrow::new(rows::OrderGenerator::new(sf, 1, 1))), 1),
        ("lineitem", Box::new(arrow_rows::LineItemArrow::new(rows::LineItemGenerator::new(sf, 1, 1))), 1),
    ]
}

fn column_type(data_type: &DataType) -> Fallible<ColumnType> {
    Ok(match data_type {
        DataType::Int32 => ColumnType::Int,
        DataType::Int64 => ColumnType::BigInt,
        DataType::Date32 => ColumnType::Date,
        DataType::Decimal128(precision, scale) => {
            ColumnType::Decimal { precision: *precision, scale: u8::try_from(*scale)? }
        }
        DataType::Utf8 | DataType::Utf8View => ColumnType::String,
        other => return Err(format!("TPC-H has no column of type {other}").into()),
    })
}

fn definition(name: &str, schema: &SchemaRef, key_columns: usize) -> Fallible<TableDefinition> {
    let column = |(field, id): (&Arc<arrow::datatypes::Field>, i32)| -> Fallible<Column> {
        let (id, name) = (FieldId::try_new(id)?, ColumnName::parse(field.name())?);
        Ok(Column { nullable: false, ..Column::new(id, name, column_type(field.data_type())?) })
    };
    let columns = schema.fields().iter().zip(1..).map(column).collect::<Fallible<Vec<_>>>()?;
    Ok(TableDefinition {
        name: TableName::parse(name)?,
        next_field_id: i32::try_from(columns.len())? + 1,
        key_model: KeyModel::Duplicate,
        key_columns,
        automatic_buckets: false,
        sort_key: None,
        rollups: Vec::new(),
        materialized_view: None,
        indexes: Vec::new(),
        partitioning: Partitioning::Unpartitioned,
        distribution: Distribution::Hash { columns: vec![columns[0].field_id], buckets: 2 },
        columns,
        comment: None,
        properties: BTreeMap::new(),
    })
}

/// A directory with stores and repositories in it.
pub(crate) struct World {
    pub(crate) directory: PathBuf,
    runtime: tokio::runtime::Runtime,
}

impl World {
    pub(crate) fn new(directory: &Path) -> Fallible<Self> {
        std::fs::create_dir_all(directory)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        Ok(Self { directory: directory.to_owned(), runtime })
    }

    /// Opens the store `name` with database `tpch`.
    pub(crate) fn open(&self, name: &str) -> Fallible<TabletStore> {
        let stores = SystemStores::new(self.runtime.handle().clone(), Disk::system());
        let store = TabletStore::open(&self.directory.join(name), StoreOptions::new(Arc::new(stores)))?;
        if store.view().database(&database()).is_none() {
            store.create_database(&database())?;
        }
        Ok(store)
    }

    /// Adds a repository in the directory of its name.
    pub(crate) fn add_repository(&self, store: &TabletStore, name: &str) -> Fallible<()> {
        let location = self.directory.join(name).to_str().ok_or("a path that is not UTF-8")?.to_owned();
        Self::add_repository_at(store, name, location, BTreeMap::new())
    }

    pub(crate) fn add_repository_at(
        store: &TabletStore,
        name: &str,
        location: String,
        properties: BTreeMap<String, String>,
    ) -> Fallible<()> {
        Ok(store.create_repository(NewRepository {
            name: RepositoryName::parse(name)?,
            location,
            properties,
            read_only: false,
            broker: None,
        })?)
    }
}

pub(crate) fn database() -> DatabaseName {
    DatabaseName::parse("tpch").unwrap_or_else(|e| unreachable!("{e}"))
}

/// Loads one table and returns its rows.
pub(crate) fn load_table(store: &TabletStore, (name, batches, key): Source) -> Fallible<u64> {
    let definition = definition(name, &batches.schema(), key)?;
    let target = definition.arrow_schema();
    store.create_table(&database(), definition, Vec::new())?;
    let mut load = store.begin_load(&database(), &TableName::parse(name)?, None, LoadOptions::default())?;
    for batch in batches {
        let batch = batch?;
        let columns =
            batch.columns().iter().zip(target.fields()).map(|(column, f)| cast(column, f.data_type()));
        load.write(&RecordBatch::try_new(Arc::clone(&target), columns.collect::<Result<_, _>>()?)?)?;
    }
    Ok(load.commit()?.rows)
}

/// Loads all of TPC-H.
pub(crate) fn load_all(store: &TabletStore, sf: f64) -> Fallible<u64> {
    tables(sf).into_iter().map(|table| load_table(store, table)).sum()
}

/// Makes a backup and waits for it.
pub(crate) fn backup(store: &TabletStore, repository: &str, label: &str) -> Fallible<Arc<JobRecord>> {
    let id = store.submit_backup(&BackupRequest {
        database: database(),
        label: SnapshotLabel::parse(label)?,
        repository: RepositoryName::parse(repository)?,
        tables: None,
        views: None,
        timeout_s: 3600,
        ttl: None,
        compression: None,
    })?;
    finished(store.wait_for_job(id, None)?)
}

/// Makes a restore of all tables and waits for it.
pub(crate) fn restore(
    store: &TabletStore,
    repository: &str,
    label: &str,
    timestamp: SnapshotTimestamp,
) -> Fallible<Arc<JobRecord>> {
    let id = store.submit_restore(&RestoreRequest {
        label: SnapshotLabel::parse(label)?,
        timestamp: Some(timestamp),
        repository: RepositoryName::parse(repository)?,
        source_database: None,
        database: None,
        tables: None,
        views: None,
        materialized_views: None,
        timeout_s: 3600,
        allow_load: false,
        replication_num: 1,
        if_exists: cairn_engine::IfExists::Overwrite,
        keeps_partition_rules: None,
    })?;
    finished(store.wait_for_job(id, None)?)
}

fn finished(record: Arc<JobRecord>) -> Fallible<Arc<JobRecord>> {
    match record.status.to_text() {
        ok if ok == "[OK]" => Ok(record),
        failed => Err(failed.into()),
    }
}

/// Reads every byte of a repository and compares it.
pub(crate) fn verify(store: &TabletStore, name: &str) -> Fallible<()> {
    let repository = store.open_repository(&RepositoryName::parse(name)?)?;
    let report = repository.verify(&VerifyOptions::new(VerifySelection::All), &Transfer::new())?;
    if report.is_clean() { Ok(()) } else { Err("a snapshot is damaged".into()) }
}

/// Every file below `directory`.
pub(crate) fn files_below(directory: &Path) -> Fallible<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() { files.extend(files_below(&path)?) } else { files.push(path) }
    }
    files.sort();
    Ok(files)
}
