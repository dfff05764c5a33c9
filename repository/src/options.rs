//! How a repository is used.

use std::sync::Arc;

use rayon::ThreadPool;

use crate::disk::Disk;

/// Threads that move data when nobody says otherwise.
pub const DEFAULT_THREADS: usize = 4;
/// What is recorded as the writer when nobody says otherwise.
pub const DEFAULT_WRITER: &str = concat!("cairn ", env!("CARGO_PKG_VERSION"));

/// Options of [`Repository::open`](crate::Repository::open).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RepositoryOptions {
    /// Threads that move data, when `pool` is not given; [`DEFAULT_THREADS`].
    pub threads: usize,
    /// The pool that moves data; without it the repository makes one of its own.
    pub pool: Option<Arc<ThreadPool>>,
    /// Name and version of the program; [`DEFAULT_WRITER`].
    pub writer: String,
    /// The file system that fetched files are written to.
    pub disk: Disk,
}

impl Default for RepositoryOptions {
    fn default() -> Self {
        Self { threads: DEFAULT_THREADS, pool: None, writer: DEFAULT_WRITER.to_owned(), disk: Disk::system() }
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
}
