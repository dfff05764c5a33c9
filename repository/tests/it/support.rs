//! A world to test in: storage, a clock and ids that are the same in every run, and something to back up.

pub(crate) mod bucket;
pub(crate) mod closure;
pub(crate) mod faulty;
pub(crate) mod hooked;
pub(crate) mod lies;
pub(crate) mod random;
pub(crate) mod schedule;
pub(crate) mod source;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use cairn_format::{Digest, SnapshotLabel, SnapshotTimestamp};
use cairn_repository::{
    Clock, CollectionPolicy, CollectionReport, CommitOutcome, Disk, Environment, IdSource, LocalStore,
    Repository, RepositoryOptions, Result, SnapshotName, Store, Transfer, UploadFile, VerifyOptions,
    VerifyReport, VerifySelection,
};
use object_store::memory::InMemory;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use self::source::{Progress, Source, SourceTable, fetch_all};

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

/// A clock that is so many milliseconds fast.
struct Fast(Arc<dyn Clock>, i64);

impl Clock for Fast {
    fn now_ms(&self) -> i64 {
        self.0.now_ms() + self.1
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

    /// A collection without grace, so much later that every intent has expired.
    pub(crate) fn collect_everything(&self, store: Store) -> CollectionReport {
        let clock = Arc::new(Fast(self.environment.clock.clone(), 400 * 24 * 3_600_000));
        let environment = Environment { clock, ids: self.environment.ids.clone() };
        let repository = Repository::create_or_open(store, environment, self.options.clone()).unwrap();
        let policy = CollectionPolicy::default().with_grace(Duration::ZERO);
        repository.collect(&policy, &Transfer::new()).unwrap()
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
            SourceTable::new("flights", vec![shared.clone(), self.file(2, 300), self.file(3, 0)]),
            SourceTable::new("planes", vec![self.file(4, 500), shared]),
        ];
        Backup::new(label, 1_400_000_000_000, tables)
    }
}

/// A backup to be made, by a store that makes it in one attempt.
#[derive(Clone)]
pub(crate) struct Backup {
    pub(crate) label: SnapshotLabel,
    pub(crate) timestamp: SnapshotTimestamp,
    pub(crate) tables: Vec<SourceTable>,
}

impl Backup {
    pub(crate) fn new(label: &str, ms: i64, tables: Vec<SourceTable>) -> Self {
        let timestamp = SnapshotTimestamp::from_unix_ms(ms).unwrap();
        Self { label: SnapshotLabel::parse(label).unwrap(), timestamp, tables }
    }

    pub(crate) fn name(&self) -> SnapshotName {
        SnapshotName { label: self.label.clone(), timestamp: self.timestamp }
    }

    /// Makes it as the first of its store.
    pub(crate) fn publish(&self, repository: &Repository) -> Result<CommitOutcome> {
        self.publish_again(repository, &mut Progress::default())
    }

    /// Makes it when an earlier attempt may have got somewhere.
    pub(crate) fn publish_again(
        &self,
        repository: &Repository,
        progress: &mut Progress,
    ) -> Result<CommitOutcome> {
        Source::new(self.tables.clone()).back_up(repository, &self.label, self.timestamp, progress)
    }

    /// Makes it as the one after `base`.
    pub(crate) fn publish_after(&self, base: &Self, repository: &Repository) -> Result<CommitOutcome> {
        let mut source = Source::new(base.tables.clone());
        source.remember(&base.label, base.timestamp);
        source.tables.clone_from(&self.tables);
        source.back_up(repository, &self.label, self.timestamp, &mut Progress::default())
    }

    /// Opens the snapshot, fetches all of it and compares it with what was backed up.
    pub(crate) fn read_back(&self, repository: &Repository, into: &Path) -> Result<()> {
        std::fs::create_dir_all(into).unwrap();
        let manifest = repository.open_snapshot(&self.label, self.timestamp)?;
        let fetched = fetch_all(repository, &manifest, into)?;
        let originals: Vec<_> = self.tables.iter().flat_map(|table| &table.files).collect();
        assert_eq!(fetched.len(), originals.len());
        for ((_, path), original) in fetched.iter().zip(originals) {
            assert!(
                std::fs::read(path).unwrap() == std::fs::read(&original.path).unwrap(),
                "{}",
                path.display()
            );
        }
        Ok(())
    }
}

/// Reads every byte of every snapshot.
pub(crate) fn verify_all(repository: &Repository) -> Result<VerifyReport> {
    repository.verify(&VerifyOptions::new(VerifySelection::All), &Transfer::new())
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
