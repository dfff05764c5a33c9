//! Backups and restores that run while statements do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cairn::{Database, JobId, JobRecord, JobState, JobStatus, StoreError};

use super::super::console::Console;
use super::super::failure::{Blame, Failure};
use super::super::interrupt::Interrupts;
use super::super::progress::Progress;
use super::super::units;

/// When a job is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// Before the next statement.
    AtOnce,
    /// When all statements have run.
    AtTheEnd,
}

/// The jobs of this process.
pub(crate) struct Jobs<'d> {
    database: &'d Database,
    interrupts: Interrupts,
    waiting: Waiting,
    /// Not waited for yet; those that an earlier process began come first.
    running: Vec<JobId>,
    /// How many of them an earlier process began.
    taken_up: usize,
}

/// How often a terminal's bar moves.
const FRAME: Duration = Duration::from_millis(100);

impl<'d> Jobs<'d> {
    /// Takes up the jobs that an earlier process left unfinished, and says so.
    pub(crate) fn new(
        database: &'d Database,
        interrupts: Interrupts,
        waiting: Waiting,
        console: &mut Console,
    ) -> Self {
        let mut jobs = Self { database, interrupts, waiting, running: Vec::new(), taken_up: 0 };
        for job in database.unfinished_jobs() {
            console.say(&format!("{} was left unfinished; it goes on", subject(&job)));
            jobs.interrupts.job_started();
            jobs.running.push(job.id);
        }
        jobs.taken_up = jobs.running.len();
        jobs
    }

    /// A statement has submitted a job.
    pub(crate) fn submitted(&mut self, id: JobId, console: &mut Console) -> Result<(), Failure> {
        self.interrupts.job_started();
        match self.waiting {
            Waiting::AtOnce => self.wait(id, console),
            Waiting::AtTheEnd => {
                let job = self.record(id)?;
                console.say(&format!("{} submitted as job {id}", subject(&job)));
                self.running.push(id);
                Ok(())
            }
        }
    }

    /// Waits for all that still run. Failures are reported as they come; the worst is returned.
    pub(crate) fn finish(self, console: &mut Console) -> Result<(), Failure> {
        let mut worst: Option<Failure> = None;
        for (position, id) in self.running.iter().enumerate() {
            if position < self.taken_up {
                self.say_what_for(*id, console)?;
            }
            if let Err(failure) = self.wait(*id, console) {
                let failure = console.report(failure);
                if worst.as_ref().is_none_or(|worst| worst.blame() < failure.blame()) {
                    worst = Some(failure);
                }
            }
        }
        worst.map_or(Ok(()), Err)
    }

    /// Nobody asked this process for the job: it says what keeps it from ending.
    fn say_what_for(&self, id: JobId, console: &mut Console) -> Result<(), Failure> {
        let job = self.record(id)?;
        if !job.state.is_final() {
            console.say(&format!(
                "waiting for {}, which was left unfinished; Ctrl-C leaves it for the next time",
                subject(&job)
            ));
        }
        Ok(())
    }

    fn record(&self, id: JobId) -> Result<Arc<JobRecord>, StoreError> {
        self.database.wait_for_job(id, Some(Duration::ZERO))
    }

    fn wait(&self, id: JobId, console: &mut Console) -> Result<(), Failure> {
        let waited = self.watch(id, console);
        self.interrupts.job_ended();
        let job = waited?;
        match (job.state, &job.status) {
            (JobState::Finished, _) => {
                console.say(&summary(&job));
                Ok(())
            }
            (JobState::Cancelled, JobStatus::Failed { code, message }) => {
                let blame = match code.as_str() {
                    "COMMON_ERROR" | "NOT_FOUND" => Blame::User,
                    _ => Blame::Us,
                };
                Err(Failure::new(blame, format_args!("{} failed: [{code}] {message}", subject(&job))))
            }
            // Its end could not be recorded; the next open takes it up.
            (state, _) => Err(Failure::ours(format_args!(
                "{} stopped in state {}; open the data directory again to let it go on",
                subject(&job),
                state.as_str()
            ))),
        }
    }

    fn watch(&self, id: JobId, console: &Console) -> Result<Arc<JobRecord>, StoreError> {
        if !console.draws() {
            return self.database.wait_for_job(id, None);
        }
        let progress = Progress::new(subject(&*self.record(id)?), true);
        while let Some(now) = self.database.job_progress(id) {
            progress.set(now.files_done, now.files_total, now.bytes_done, now.bytes_total);
            let start = Instant::now();
            self.database.wait_for_job(id, Some(FRAME))?;
            // Waiting is over before its time only when the job has ended.
            if start.elapsed() < FRAME {
                break;
            }
        }
        self.database.wait_for_job(id, None)
    }
}

fn kind(job: &JobRecord) -> &'static str {
    if job.is_backup() { "backup" } else { "restore" }
}

/// `backup 'monday' of database shop`
fn subject(job: &JobRecord) -> String {
    let preposition = if job.is_backup() { "of" } else { "into" };
    match &job.database {
        Some(database) => format!("{} '{}' {preposition} database {database}", kind(job), job.label),
        None => format!("{} '{}' of external catalogs", kind(job), job.label),
    }
}

/// What a finished job did, in a line.
fn summary(job: &JobRecord) -> String {
    let took = job.times.finished.map_or(0, |finished| finished - job.times.created);
    let time = Duration::from_millis(u64::try_from(took).unwrap_or(0));
    let mut facts = Vec::new();
    if let Some(totals) = job.totals {
        facts.push(units::count(totals.files, "file"));
        facts.push(units::bytes(totals.bytes));
        let reused = totals.files.saturating_sub(totals.moved_files);
        if reused > 0 {
            facts.push(format!("{} reused", units::count(reused, "file")));
        }
    }
    facts.push(units::time(time));
    let moved = job.totals.map_or(0, |totals| totals.moved_bytes);
    facts.extend(units::rate(moved, time).filter(|_| moved > 0));
    format!("{} '{}' of {} finished: {}", kind(job), job.label, job.timestamp, facts.join(", "))
}
