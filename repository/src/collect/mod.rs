//! Collection: snapshots that need not be kept go, and then what no snapshot uses.
//!
//! ```text
//! drop snapshots ─▶ settle intents ─▶ sweep marks of earlier collections ─▶ mark what is unused ─▶ (grace) ─▶ sweep
//! ```
//!
//! Nothing is deleted that was not marked first, and nothing marked is deleted before every backup has ended that may
//! not have seen the marks. What is marked is looked up once more in the manifests after that. So no backup is ever
//! blocked, and none can lose what it relies on: `spec/repository.md` says why. Clocks decide when something is deleted,
//! never whether that is safe.
//!
//! A collection that dies leaves marks, which the next one takes over.

mod intents;
mod mark;
mod plan;
mod report;
mod sweep;

use std::time::Duration;

use cairn_format::Retention;

pub use self::plan::{
    CollectionPlan, DroppedSnapshot, KeptSnapshot, PlannedSweep, SweepState, UnusedObject, WaitingFor,
};
pub use self::report::{CollectionReport, FailedDelete};
use crate::error::{Error, ErrorKind, Result};
use crate::repository::{Repository, SnapshotName};
use crate::transfer::Transfer;

/// How long marks wait when nobody says otherwise. It gives those time who read what was just dropped.
pub const DEFAULT_GRACE: Duration = Duration::from_hours(1);

/// What a collection is to do.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CollectionPolicy {
    /// Which snapshots are kept of those that do not say themselves when they expire; `None` for all.
    pub retention: Option<Retention>,
    /// How long marks wait before what they name is deleted; [`DEFAULT_GRACE`].
    pub grace: Duration,
}

impl Default for CollectionPolicy {
    fn default() -> Self {
        Self { retention: None, grace: DEFAULT_GRACE }
    }
}

impl CollectionPolicy {
    /// Sets [`CollectionPolicy::retention`].
    #[must_use]
    pub fn with_retention(mut self, retention: Option<Retention>) -> Self {
        self.retention = retention;
        self
    }

    /// Sets [`CollectionPolicy::grace`].
    #[must_use]
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    fn grace_ms(&self) -> i64 {
        i64::try_from(self.grace.as_millis()).unwrap_or(i64::MAX)
    }
}

impl Repository {
    /// Drops a snapshot: it is gone at once, and can be restored no more. What only it used goes with a later collection.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Unsupported` when nothing can be deleted from the repository safely.
    pub fn drop_snapshot(&self, name: &SnapshotName) -> Result<()> {
        self.check_collectable()?;
        // A fence stays for ever, and is not among these.
        if !self.snapshots(Some(&name.label))?.contains(name) {
            let message = format!("there is no snapshot {name} in {}", self.store().location());
            return Err(Error::new(ErrorKind::NotFound, message));
        }
        self.store().delete(&name.key())
    }

    /// What [`Repository::collect`] would do now. Nothing is written.
    ///
    /// # Errors
    /// `Corrupt` when a manifest, a file list or marks are damaged: nobody can tell what is unused then.
    pub fn plan_collection(&self, policy: &CollectionPolicy, transfer: &Transfer) -> Result<CollectionPlan> {
        self.descriptor().check_gc()?;
        plan::plan(self, policy, transfer)
    }

    /// Drops, marks and deletes as far as that is safe now: see [`CollectionPolicy`]. What must wait goes the next time.
    ///
    /// # Errors
    /// As [`Repository::plan_collection`]. What was deleted before the error stays so. Objects that storage does not
    /// delete are no error but in the report.
    pub fn collect(&self, policy: &CollectionPolicy, transfer: &Transfer) -> Result<CollectionReport> {
        self.check_collectable()?;
        let plan = plan::plan(self, policy, transfer)?;
        let mut report = CollectionReport::default();
        if !plan.drops.is_empty() {
            // Who committed what stays may have died before it was durable, and what goes goes for good.
            for KeptSnapshot { name, .. } in &plan.keeps {
                self.store().touch(&name.key())?;
            }
            self.store().barrier()?;
        }
        for dropped in &plan.drops {
            transfer.check()?;
            let DroppedSnapshot { name, .. } = dropped;
            let key = name.key();
            match self.store().delete(&key) {
                Ok(()) => report.dropped.push(dropped.clone()),
                Err(error) => report.fail(&key, &error),
            }
        }
        intents::end_expired(self, &mut report)?;
        let mut found = plan.sweeps.into_iter().map(|sweep| (sweep.marks, sweep.objects)).collect();
        sweep::sweep(self, policy, transfer, &found, &mut report)?;
        mark::mark(self, transfer, &mut found, &mut report)?;
        if policy.grace.is_zero() && !report.marked.is_empty() {
            sweep::sweep(self, policy, transfer, &found, &mut report)?;
        }
        Ok(report)
    }

    fn check_collectable(&self) -> Result<()> {
        self.check_writable()?;
        self.descriptor().check_gc()?;
        Ok(())
    }
}
