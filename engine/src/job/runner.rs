//! Running jobs: a thread each, a way to stop it, a way to wait for it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cairn_repository::{Repository, StopSignal, Transfer};

use super::record::{JobRecord, JobState, JobStatus, JobWork};
use super::{backup, catalogs, restore};
use crate::catalog::RepositoryEntry;
use crate::error::{Error, ErrorKind, Result};
use crate::id::JobId;
use crate::store::Inner;

/// How long a job that is to stop may take to do so by itself, so that it can tidy up in the repository. Then it does not
/// wait for storage any more.
const TIME_TO_STOP: Duration = Duration::from_secs(5);

/// How far a running job's transfer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobProgress {
    /// Files to move; 0 until that is known.
    pub files_total: u64,
    /// Files moved, or found to be there.
    pub files_done: u64,
    /// Bytes to move; 0 until that is known.
    pub bytes_total: u64,
    /// Bytes moved, or found to be there.
    pub bytes_done: u64,
}

/// Why a job is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StopReason {
    /// Somebody cancelled it.
    Cancelled,
    /// Its time is over.
    TimedOut,
    /// The store is being closed; the job goes on at the next open.
    Closing,
}

/// A job that has a thread.
pub(super) struct Running {
    pub(super) transfer: Transfer,
    files_total: AtomicU64,
    bytes_total: AtomicU64,
    /// Ends the job's requests to storage.
    storage: StopSignal,
    /// Guards why the job is to stop and whether it has ended.
    state: Mutex<RunState>,
    changed: Condvar,
}

#[derive(Default)]
struct RunState {
    stop: Option<StopReason>,
    ended: bool,
}

impl Running {
    fn new() -> Self {
        Self {
            transfer: Transfer::new(),
            files_total: AtomicU64::new(0),
            bytes_total: AtomicU64::new(0),
            storage: StopSignal::new(),
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    pub(super) fn expect_transfer(&self, files: u64, bytes: u64) {
        self.files_total.store(files, Ordering::Relaxed);
        self.bytes_total.store(bytes, Ordering::Relaxed);
    }

    fn stop(&self, reason: StopReason) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stop.get_or_insert(reason);
        self.transfer.cancel();
    }

    /// Waits until the job, which has been told to stop, has ended.
    fn wait_for_stop(&self, time: Duration) {
        if !self.wait(Some(time)) {
            self.storage.stop();
            self.wait(None);
        }
    }

    fn stop_reason(&self) -> Option<StopReason> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stop
    }

    fn end(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        self.changed.notify_all();
    }

    /// Waits for the end, at most for `limit`; says whether it came.
    fn wait(&self, limit: Option<Duration>) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match limit {
            None => {
                self.changed.wait_while(state, |s| !s.ended).unwrap_or_else(PoisonError::into_inner).ended
            }
            Some(limit) => {
                let waited = self.changed.wait_timeout_while(state, limit, |s| !s.ended);
                waited.unwrap_or_else(PoisonError::into_inner).0.ended
            }
        }
    }
}

struct EndWhenDropped<'r>(&'r Running);

impl Drop for EndWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The jobs of one store that have a thread.
#[derive(Default)]
pub(crate) struct Jobs {
    /// Guards which jobs run, and their threads.
    running: Mutex<HashMap<JobId, Started>>,
}

/// A job's shared state and its threads: the one that works and the one that watches the time.
type Started = (Arc<Running>, Vec<JoinHandle<()>>);

impl Jobs {
    /// Starts the thread of an unfinished job.
    pub(crate) fn start(store: &Arc<Inner>, id: JobId) -> Result<()> {
        let record = store.job(id)?;
        let running = Arc::new(Running::new());
        let failed = |e| {
            Error::new(ErrorKind::Unavailable, format!("cannot start a thread for job {id}")).with_source(e)
        };
        let mut jobs = store.jobs.running.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = std::thread::Builder::new().name(format!("cairn-job-{id}")).spawn({
            let (store, running) = (Arc::clone(store), Arc::clone(&running));
            move || {
                // Waiters must learn of the end also of a thread that panics.
                let _end = EndWhenDropped(running.as_ref());
                run(&store, id, &running);
            }
        });
        let watch = std::thread::Builder::new().name(format!("cairn-watch-{id}")).spawn({
            let (running, left) = (Arc::clone(&running), time_left(store, &record));
            move || {
                if !running.wait(Some(left)) {
                    running.stop(StopReason::TimedOut);
                    running.wait_for_stop(TIME_TO_STOP);
                }
            }
        });
        jobs.retain(|_, (running, _)| !running.wait(Some(Duration::ZERO)));
        jobs.insert(id, (running, vec![thread.map_err(failed)?, watch.map_err(failed)?]));
        Ok(())
    }

    fn running(&self, id: JobId) -> Option<Arc<Running>> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.get(&id).map(|(running, _)| Arc::clone(running))
    }

    pub(crate) fn progress(&self, id: JobId) -> Option<JobProgress> {
        let running = self.running(id)?;
        Some(JobProgress {
            files_total: running.files_total.load(Ordering::Relaxed),
            files_done: running.transfer.files_done(),
            bytes_total: running.bytes_total.load(Ordering::Relaxed),
            bytes_done: running.transfer.bytes_done(),
        })
    }

    /// Waits until the job's thread has ended, at most for `limit`; says whether it has.
    pub(crate) fn wait(&self, id: JobId, limit: Option<Duration>) -> bool {
        self.running(id).is_none_or(|running| running.wait(limit))
    }

    /// Asks the job to stop and waits until it has.
    pub(crate) fn cancel(&self, id: JobId) {
        if let Some(running) = self.running(id) {
            running.stop(StopReason::Cancelled);
            running.wait_for_stop(TIME_TO_STOP);
        }
    }

    /// Stops every job where it is, to go on at the next open, and waits for the threads.
    pub(crate) fn close(&self) {
        let running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        for (running, _) in running.values() {
            running.stop(StopReason::Closing);
        }
        let start = Instant::now();
        for (running, threads) in running.into_values() {
            running.wait_for_stop(TIME_TO_STOP.saturating_sub(start.elapsed()));
            for thread in threads {
                // A thread that panicked has left its record as it was, like a killed process.
                let _ = thread.join();
            }
        }
    }
}

fn time_left(store: &Inner, record: &JobRecord) -> Duration {
    let limit_ms = record.timeout_s.saturating_mul(1000);
    let past_ms = u64::try_from(store.environment.clock.now_ms() - record.times.created).unwrap_or(0);
    Duration::from_millis(limit_ms.saturating_sub(past_ms))
}

fn run(store: &Arc<Inner>, id: JobId, running: &Running) {
    let context = JobContext { store, id, running };
    let work = || {
        context.record().and_then(|record| match &record.work {
            JobWork::Backup(work) => backup::run(&context, &record, work),
            JobWork::Restore(_) => restore::run(&context, &record),
            JobWork::CatalogBackup(work) => catalogs::back_up(&context, &record, work),
            JobWork::CatalogRestore(work) => catalogs::restore(&context, &record, work),
        })
    };
    // A defect of ours must not leave a record that nobody works on: its database would take no other job.
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Error::corrupt("the job failed unexpectedly, which is a defect of Cairn; its output tells more"))
    });
    let ended = match outcome {
        Ok(()) => Ok(()),
        Err(_) if running.stop_reason() == Some(StopReason::Closing) => return,
        Err(error) => context.fail(&error),
    };
    match ended {
        Ok(()) => store.purge(),
        // The record stays as it is: the job is taken up again at the next open.
        Err(error) => tracing::warn!(job = id.get(), %error, "a job's end could not be recorded"),
    }
}

/// What a job works with.
pub(super) struct JobContext<'j> {
    pub(super) store: &'j Arc<Inner>,
    pub(super) id: JobId,
    pub(super) running: &'j Running,
}

impl JobContext<'_> {
    pub(super) fn record(&self) -> Result<Arc<JobRecord>> {
        self.store.job(self.id)
    }

    /// Opens the repository that the job is about.
    pub(super) fn open_repository(&self, entry: &RepositoryEntry) -> Result<Repository> {
        self.store.open_repository(entry, &self.running.storage)
    }

    /// Whether the job is only to stop for now, and to go on at the next open.
    pub(super) fn is_closing(&self) -> bool {
        self.running.stop_reason() == Some(StopReason::Closing)
    }

    /// Fails when the job is to stop.
    pub(super) fn check(&self) -> Result<()> {
        match self.running.stop_reason() {
            None => Ok(()),
            Some(_) => Err(Error::new(ErrorKind::Cancelled, "the job was stopped")),
        }
    }

    /// Puts the job into its next state, in one commit, with what `note` adds to the record.
    pub(super) fn advance(&self, state: JobState, note: impl FnOnce(&mut JobRecord, i64)) -> Result<()> {
        self.check()?;
        self.store.catalog.commit(|change| {
            let mut record = JobRecord::clone(change.view().job(self.id).ok_or_else(|| lost(self.id))?);
            record.state = state;
            note(&mut record, change.now_ms());
            change.put_job(record)
        })
    }

    fn fail(&self, error: &Error) -> Result<()> {
        let record = self.record()?;
        if let JobWork::Restore(_) = record.work {
            restore::discard_files(self.store, &record);
        }
        let (code, message) = match (error.kind(), self.running.stop_reason()) {
            (ErrorKind::Cancelled, Some(StopReason::TimedOut)) => {
                let kind = if record.is_backup() { "backup" } else { "restore" };
                ("TIMEOUT", format!("{kind} job with label {} timeout. {} s", record.label, record.timeout_s))
            }
            (ErrorKind::Cancelled, _) => ("COMMON_ERROR", "user cancelled".to_owned()),
            (ErrorKind::NotFound, _) => ("NOT_FOUND", error.to_string()),
            (ErrorKind::Corrupt, _) => ("BAD_FILE", error.to_string()),
            (ErrorKind::NoSpace | ErrorKind::Unavailable, _) => ("IO_ERROR", error.to_string()),
            _ => ("COMMON_ERROR", error.to_string()),
        };
        self.store.catalog.commit(|change| {
            let mut record = JobRecord::clone(change.view().job(self.id).ok_or_else(|| lost(self.id))?);
            record.state = JobState::Cancelled;
            record.status = JobStatus::Failed { code: code.to_owned(), message };
            record.times.finished = Some(change.now_ms());
            change.put_job(record)
        })
    }
}

pub(super) fn lost(id: JobId) -> Error {
    Error::corrupt(format!("the catalog lost the record of job {id}"))
}
