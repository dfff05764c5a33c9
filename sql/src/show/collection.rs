//! What a collection would do, and what it did, step by step.

use std::fmt;

use cairn_format::ObjectKey;
use cairn_repository::{
    CollectionPlan, CollectionPolicy, CollectionReport, PlannedSweep, Repository, SnapshotName, SweepState,
    Transfer, UnusedObject, WaitingFor,
};

use super::text::{Row, time};
use crate::error::Result;
use crate::outcome::Rows;

const COLUMNS: [&str; 4] = ["Action", "Object", "Reason", "Bytes"];

/// What is done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CollectionAction {
    /// A snapshot goes.
    Drop,
    /// A snapshot stays.
    Keep,
    /// A backup that died can commit no more.
    End,
    /// An object that no snapshot needs is marked.
    Mark,
    /// An object that was marked goes.
    Delete,
    /// Marks stand until later.
    Wait,
    /// An object should have gone, and storage did not delete it.
    Fail,
}

impl fmt::Display for CollectionAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Drop => "drop",
            Self::Keep => "keep",
            Self::End => "end",
            Self::Mark => "mark",
            Self::Delete => "delete",
            Self::Wait => "wait",
            Self::Fail => "fail",
        })
    }
}

/// One step of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionStep {
    /// What is done.
    pub action: CollectionAction,
    /// The key of an object, or a snapshot's name.
    pub object: String,
    /// Why.
    pub reason: String,
    /// The bytes that it is about, where there are any.
    pub bytes: Option<u64>,
}

impl CollectionStep {
    /// Collects a repository and says what was done, or what would be when `dry_run`.
    ///
    /// # Errors
    /// As [`Repository::collect`].
    pub fn take(
        repository: &Repository,
        policy: &CollectionPolicy,
        dry_run: bool,
    ) -> cairn_repository::Result<Vec<Self>> {
        let transfer = Transfer::new();
        Ok(if dry_run {
            Self::of_plan(&repository.plan_collection(policy, &transfer)?)
        } else {
            Self::of_report(&repository.collect(policy, &transfer)?)
        })
    }

    /// What a collection would do.
    fn of_plan(plan: &CollectionPlan) -> Vec<Self> {
        let mut steps = Vec::new();
        steps.extend(
            plan.drops.iter().map(|drop| Self::of_snapshot(CollectionAction::Drop, &drop.name, &drop.reason)),
        );
        steps.extend(
            plan.keeps.iter().map(|keep| Self::of_snapshot(CollectionAction::Keep, &keep.name, &keep.reason)),
        );
        steps.extend(plan.gives_up.iter().map(Self::end));
        for sweep in &plan.sweeps {
            match sweep.state {
                SweepState::Ready => steps.extend(sweep.objects.iter().map(Self::delete)),
                _ => steps.push(Self::wait(sweep)),
            }
        }
        steps.extend(plan.marks.iter().map(Self::mark));
        steps
    }

    /// What a collection did.
    fn of_report(report: &CollectionReport) -> Vec<Self> {
        let mut steps = Vec::new();
        steps.extend(
            report
                .dropped
                .iter()
                .map(|drop| Self::of_snapshot(CollectionAction::Drop, &drop.name, &drop.reason)),
        );
        steps.extend(report.given_up.iter().map(|intent| Self::end(&WaitingFor::from(intent))));
        steps.extend(report.deleted.iter().map(Self::delete));
        steps.extend(report.waiting.iter().map(Self::wait));
        steps.extend(report.marked.iter().map(Self::mark));
        steps.extend(report.failed.iter().map(|failed| Self {
            action: CollectionAction::Fail,
            object: failed.key.to_string(),
            reason: format!("not deleted: {}; the next run tries again", failed.message),
            bytes: None,
        }));
        steps
    }

    fn of_snapshot(action: CollectionAction, name: &SnapshotName, reason: &str) -> Self {
        Self { action, object: name.to_string(), reason: reason.to_owned(), bytes: None }
    }

    fn end(backup: &WaitingFor) -> Self {
        Self {
            action: CollectionAction::End,
            object: ObjectKey::Intent(backup.intent).to_string(),
            reason: format!(
                "the backup of '{}' of {} has had its time and made no snapshot",
                backup.label, backup.timestamp
            ),
            bytes: None,
        }
    }

    fn mark(object: &UnusedObject) -> Self {
        let reason = "no snapshot uses it".to_owned();
        Self {
            action: CollectionAction::Mark,
            object: object.key.to_string(),
            reason,
            bytes: Some(object.length),
        }
    }

    fn delete(object: &UnusedObject) -> Self {
        let reason = "marked, and no snapshot uses it".to_owned();
        Self {
            action: CollectionAction::Delete,
            object: object.key.to_string(),
            reason,
            bytes: Some(object.length),
        }
    }

    fn wait(sweep: &PlannedSweep) -> Self {
        let objects = sweep.objects.len();
        let reason = match &sweep.state {
            SweepState::Ready => format!("{objects} marked objects can go"),
            SweepState::InGrace { until_ms } => {
                format!("{objects} marked objects have their grace until {}", time(*until_ms))
            }
            SweepState::Waiting(backups) => {
                let backups: Vec<String> = backups.iter().map(waited_for).collect();
                format!("{objects} marked objects wait for {}", backups.join(" and "))
            }
        };
        Self {
            action: CollectionAction::Wait,
            object: ObjectKey::Trash(sweep.marks).to_string(),
            reason,
            bytes: Some(sweep.objects.iter().map(|object| object.length).sum()),
        }
    }
}

fn waited_for(backup: &WaitingFor) -> String {
    format!(
        "the backup of '{}' of {}, at most until {}",
        backup.label,
        backup.timestamp,
        time(backup.expires_at_ms)
    )
}

/// The steps as rows.
pub(crate) fn collection(steps: &[CollectionStep]) -> Result<Rows> {
    let rows: Vec<Row> = steps
        .iter()
        .map(|step| {
            vec![
                Some(step.action.to_string()),
                Some(step.object.clone()),
                Some(step.reason.clone()),
                step.bytes.map(|bytes| bytes.to_string()),
            ]
        })
        .collect();
    Rows::of_text(&COLUMNS, &rows)
}
