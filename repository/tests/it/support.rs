//! A world to test in: storage, a clock and ids that are the same in every run, and something to back up.

pub(crate) mod bucket;
pub(crate) mod closure;
pub(crate) mod faulty;
pub(crate) mod hooked;
pub(crate) mod lies;
pub(crate) mod random;
pub(crate) mod schedule;
pub(crate) mod source;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use cairn_format::{
    Column, ColumnName, ColumnType, DataFile, DatabaseName, Digest, Distribution, FeatureSet, FieldId,
    FileColumnBounds, FileList, KeyModel, Manifest, PartitionDefinition, PartitionEntry, PartitionName,
    Partitioning, SealedFileList, SnapshotLabel, SnapshotTimestamp, TableDefinition, TableEntry, TableName,
    Totals,
};
use cairn_repository::{
    Clock, CommitOutcome, Disk, Environment, FetchFile, IdSource, LocalStore, Repository, RepositoryOptions,
    Result, Store, Transfer, UploadFile,
};
use object_store::memory::InMemory;
use tempfile::TempDir;
use tokio::runtime::Runtime;

#[derive(Default)]
struct Ticks(AtomicI64);

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
    pub(crate) environment: Environment,
    pub(crate) options: RepositoryOptions,
}

impl World {
    pub(crate) fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let environment = Environment { clock: Arc::<Ticks>::default(), ids: Arc::<Numbers>::default() };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let options = RepositoryOptions::default().with_pool(Arc::new(pool));
        Self { directory: tempfile::tempdir().unwrap(), runtime, environment, options }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.directory.path().join("repository")
    }

    pub(crate) fn local(&self, disk: Disk) -> Store {
        let local = Arc::new(LocalStore::new(&self.root(), disk));
        Store::from_local_store(local.clone(), local, self.runtime.handle().clone(), "local")
    }

    pub(crate) fn memory(&self) -> Store {
        Store::from_object_store(Arc::new(InMemory::new()), self.runtime.handle().clone(), "memory")
    }

    /// One store of every kind, each empty.
    pub(crate) fn stores(&self) -> [Store; 2] {
        [self.local(Disk::system()), self.memory()]
    }

    pub(crate) fn create(&self, store: Store) -> Result<Repository> {
        Repository::create_or_open(store, self.environment.clone(), self.options.clone())
    }

    pub(crate) fn local_repository(&self) -> Repository {
        self.create(self.local(Disk::system())).unwrap()
    }

    /// Writes a local file of `length` bytes that depend on `seed`.
    pub(crate) fn file(&self, seed: u64, length: usize) -> UploadFile {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let bytes: Vec<u8> = (0..length)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_le_bytes()[0]
            })
            .collect();
        let path = self.directory.path().join(format!("{seed}-{length}.parquet"));
        std::fs::write(&path, &bytes).unwrap();
        UploadFile { digest: Digest::of(&bytes), length: length as u64, path }
    }

    /// Two tables, the second sharing a file with the first.
    pub(crate) fn backup(&self, label: &str) -> Backup {
        let shared = self.file(1, 700);
        let tables = vec![
            Table::new("flights", vec![shared.clone(), self.file(2, 300), self.file(3, 0)]),
            Table::new("planes", vec![self.file(4, 500), shared]),
        ];
        Backup::new(label, 1_400_000_000_000, tables)
    }
}

#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) files: Vec<UploadFile>,
}

impl Table {
    pub(crate) fn new(name: &str, files: Vec<UploadFile>) -> Self {
        Self { name: name.into(), files }
    }

    pub(crate) fn seal(&self) -> SealedFileList {
        let partition = PartitionName::parse(&self.name).unwrap();
        let files = self.files.iter().zip(0..).map(|(file, ordinal)| DataFile {
            partition: partition.clone(),
            bucket: 0,
            ordinal,
            digest: file.digest,
            length: file.length,
            rows: 10,
            columns: vec![FileColumnBounds {
                field_id: FieldId::try_new(1).unwrap(),
                null_count: Some(0),
                lower: Some("1".into()),
                upper: Some("9".into()),
            }],
        });
        FileList::try_new(std::slice::from_ref(&partition), files.collect()).unwrap().seal().unwrap()
    }

    fn entry(&self) -> TableEntry {
        let files = self.seal().reference();
        let column = Column {
            field_id: FieldId::try_new(1).unwrap(),
            name: ColumnName::parse("id").unwrap(),
            column_type: ColumnType::BigInt,
            nullable: false,
            default: None,
            comment: None,
        };
        let definition = TableDefinition {
            name: TableName::parse(&self.name).unwrap(),
            columns: vec![column],
            key_model: KeyModel::Duplicate,
            key_columns: 1,
            partitioning: Partitioning::Unpartitioned,
            distribution: Distribution::Random { buckets: 1 },
            comment: None,
            properties: BTreeMap::new(),
            next_field_id: 2,
        };
        let partition = PartitionDefinition { name: PartitionName::parse(&self.name).unwrap(), range: None };
        TableEntry {
            definition,
            partitions: vec![PartitionEntry { definition: partition, rows: files.rows, bytes: files.bytes }],
            ddl: format!("CREATE TABLE {}", self.name),
            files,
        }
    }
}

/// A backup to be made, the way an engine makes one.
#[derive(Clone)]
pub(crate) struct Backup {
    pub(crate) label: SnapshotLabel,
    pub(crate) timestamp: SnapshotTimestamp,
    pub(crate) tables: Vec<Table>,
}

impl Backup {
    pub(crate) fn new(label: &str, ms: i64, tables: Vec<Table>) -> Self {
        let timestamp = SnapshotTimestamp::from_unix_ms(ms).unwrap();
        Self { label: SnapshotLabel::parse(label).unwrap(), timestamp, tables }
    }

    pub(crate) fn manifest(&self) -> Manifest {
        let tables: Vec<_> = self.tables.iter().map(Table::entry).collect();
        Manifest {
            label: self.label.clone(),
            timestamp: self.timestamp,
            database: DatabaseName::parse("db").unwrap(),
            created_at_ms: 1,
            finished_at_ms: None,
            writer: "test".into(),
            read_features: FeatureSet::new(),
            totals: Totals::of(&tables).unwrap(),
            tables,
        }
    }

    pub(crate) fn publish(&self, repository: &Repository) -> Result<CommitOutcome> {
        let writer = repository.begin_snapshot(&self.label, self.timestamp)?;
        let transfer = Transfer::new();
        for table in &self.tables {
            let sealed = table.seal();
            if !writer.has_file_list(&sealed.reference())? {
                writer.upload(&table.files, &transfer)?;
                writer.put_file_list(&sealed)?;
            }
        }
        writer.commit(&self.manifest())
    }

    /// Opens the snapshot, fetches all of it and compares it with what was backed up.
    pub(crate) fn read_back(&self, repository: &Repository, into: &Path) -> Result<()> {
        std::fs::create_dir_all(into).unwrap();
        let manifest = repository.open_snapshot(&self.label, self.timestamp)?;
        for (table, entry) in self.tables.iter().zip(&manifest.tables) {
            let list = repository.file_list(entry)?;
            let wanted: Vec<_> = list
                .files()
                .iter()
                .map(|file| FetchFile {
                    digest: file.digest,
                    length: file.length,
                    path: into.join(format!("{}-{}", table.name, file.ordinal)),
                })
                .collect();
            repository.fetch(&wanted, &Transfer::new())?;
            for (wanted, original) in wanted.iter().zip(&table.files) {
                assert_eq!(std::fs::read(&wanted.path).unwrap(), std::fs::read(&original.path).unwrap());
            }
        }
        Ok(())
    }
}

/// Files below a directory, relative and sorted.
pub(crate) fn tree(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// The objects of a local repository, without the store's own lock.
pub(crate) fn objects(root: &Path) -> Vec<String> {
    tree(root).into_iter().filter(|key| key != ".tmp/lock").collect()
}
