//! How a repository is used.

use std::path::PathBuf;
use std::sync::Arc;

use cairn_format::DigestAlgorithm;
use rayon::ThreadPool;

use crate::disk::Disk;

/// Threads that move data when nobody says otherwise.
pub const DEFAULT_THREADS: usize = 4;
/// Bytes of a bundle when nobody says otherwise: few enough for every worker to have one in memory, and enough that a
/// request costs little beside them.
pub const DEFAULT_BUNDLE_BYTES: u64 = 8 << 20;
/// What is recorded as the writer when nobody says otherwise.
pub const DEFAULT_WRITER: &str = concat!("cairn ", env!("CARGO_PKG_VERSION"));

/// Options of [`Repository::open`](crate::Repository::open).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RepositoryOptions {
    /// Threads that move data at a time, when neither `pool` nor a limit of the store says otherwise;
    /// [`DEFAULT_THREADS`].
    pub threads: usize,
    /// The pool that moves data; without it the repository makes one of its own.
    pub pool: Option<Arc<ThreadPool>>,
    /// Name and version of the program; [`DEFAULT_WRITER`].
    pub writer: String,
    /// The file system that fetched files are written to.
    pub disk: Disk,
    /// What names new objects, for a repository that is made; one that is there must have the same. `None` for whatever
    /// it has.
    pub digest: Option<DigestAlgorithm>,
    /// Bytes that small files of one table are bundled to, 0 for no bundles; [`DEFAULT_BUNDLE_BYTES`]. Files of up to half
    /// as many are small.
    pub bundle_bytes: u64,
    /// The directory for files that are made on the way, which have no names there; the system's for temporary files
    /// without one.
    pub scratch: Option<PathBuf>,
}

impl Default for RepositoryOptions {
    fn default() -> Self {
        Self {
            threads: DEFAULT_THREADS,
            pool: None,
            writer: DEFAULT_WRITER.to_owned(),
            disk: Disk::system(),
            digest: None,
            bundle_bytes: DEFAULT_BUNDLE_BYTES,
            scratch: None,
        }
    }
}

impl RepositoryOptions {
    /// Sets [`RepositoryOptions::threads`].
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Sets [`RepositoryOptions::pool`].
    #[must_use]
    pub fn with_pool(mut self, pool: Arc<ThreadPool>) -> Self {
        self.pool = Some(pool);
        self
    }

    /// Sets [`RepositoryOptions::writer`].
    #[must_use]
    pub fn with_writer(mut self, writer: impl Into<String>) -> Self {
        self.writer = writer.into();
        self
    }

    /// Sets [`RepositoryOptions::disk`].
    #[must_use]
    pub fn with_disk(mut self, disk: Disk) -> Self {
        self.disk = disk;
        self
    }

    /// Sets [`RepositoryOptions::digest`].
    #[must_use]
    pub fn with_digest(mut self, digest: DigestAlgorithm) -> Self {
        self.digest = Some(digest);
        self
    }

    /// Sets [`RepositoryOptions::bundle_bytes`].
    #[must_use]
    pub fn with_bundle_bytes(mut self, bundle_bytes: u64) -> Self {
        self.bundle_bytes = bundle_bytes;
        self
    }

    /// Sets [`RepositoryOptions::scratch`].
    #[must_use]
    pub fn with_scratch(mut self, scratch: PathBuf) -> Self {
        self.scratch = Some(scratch);
        self
    }
}
