//! One data directory, open.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cairn_engine::{JobId, JobProgress, JobRecord, Result, StoreOptions, TabletStore};
use cairn_repository::{Disk, SystemStores};
use cairn_sql::{RefreshKeeper, Session};
use tokio::runtime::Handle;

/// A data directory that is open.
///
/// Jobs that an earlier process left unfinished go on as soon as it is open. When the database and its last session
/// are dropped, running jobs stop where they are and go on at the next open.
#[derive(Clone)]
pub struct Database {
    /// Ends before the store does.
    refreshes: Option<Arc<RefreshKeeper>>,
    store: Arc<TabletStore>,
    runtime: Handle,
}

impl Database {
    /// Opens the store in `directory`, which is made when it is not there, with the system's clock and file system
    /// and with repositories in directories. `runtime` drives queries and the requests of repositories.
    ///
    /// # Errors
    ///
    /// `Busy` when another process has it open, `Corrupt` when its catalog is damaged, `InvalidInput` when
    /// `directory` is a file.
    pub fn open(directory: &Path, runtime: &Handle) -> Result<Self> {
        let stores = SystemStores::new(runtime.clone(), Disk::system());
        Self::open_with(directory, StoreOptions::new(Arc::new(stores)), runtime)
    }

    /// As [`Database::open`], with a clock, a file system and repositories of the caller's choice.
    pub fn open_with(directory: &Path, mut options: StoreOptions, runtime: &Handle) -> Result<Self> {
        options.expressions = cairn_sql::expressions();
        let store = Arc::new(TabletStore::open(directory, options)?);
        Ok(Self { refreshes: None, store, runtime: runtime.clone() })
    }

    /// Refreshes materialized views whose time has come, now and every so often, as long as this and what is cloned of it
    /// lives.
    ///
    /// # Errors
    ///
    /// When the system has no more threads.
    pub fn keep_refreshed(&mut self, every: Duration) -> cairn_sql::Result<()> {
        let keeper = RefreshKeeper::start(&self.store, self.runtime.clone(), every)?;
        self.refreshes = Some(Arc::new(keeper));
        Ok(())
    }

    /// A new conversation with the store as root, without a current database. No password is asked for: who can open the
    /// directory can do everything.
    pub fn session(&self) -> Session {
        Session::new(Arc::clone(&self.store), self.runtime.clone())
    }

    /// A new conversation with the store as a user, who may do what was granted to it.
    ///
    /// # Errors
    ///
    /// `Denied` when there is no such user or it has another password.
    pub fn connect(&self, user: &str, password: &str) -> cairn_sql::Result<Session> {
        Session::connect(Arc::clone(&self.store), self.runtime.clone(), user, password)
    }

    /// The store below.
    pub fn store(&self) -> &Arc<TabletStore> {
        &self.store
    }

    /// The jobs that have not ended, oldest first.
    pub fn unfinished_jobs(&self) -> Vec<Arc<JobRecord>> {
        self.store.view().jobs().filter(|job| !job.state.is_final()).cloned().collect()
    }

    /// Waits until the job has ended, at most for `limit`, and returns its record of then.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is no such job. A job that failed is a record, not an error.
    pub fn wait_for_job(&self, id: JobId, limit: Option<Duration>) -> Result<Arc<JobRecord>> {
        self.store.wait_for_job(id, limit)
    }

    /// How far a running job's transfer is; `None` when it does not run.
    pub fn job_progress(&self, id: JobId) -> Option<JobProgress> {
        self.store.job_progress(id)
    }
}
