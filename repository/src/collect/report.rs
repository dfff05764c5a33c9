//! What a collection did.

use cairn_format::{Intent, ObjectKey};

use super::plan::{DroppedSnapshot, PlannedSweep, UnusedObject};
use crate::error::Error;

/// An object that storage did not delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedDelete {
    /// The object.
    pub key: ObjectKey,
    /// What storage said.
    pub message: String,
}

/// What a collection did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CollectionReport {
    /// Snapshots that are gone.
    pub dropped: Vec<DroppedSnapshot>,
    /// Backups that had expired and cannot commit any more.
    pub given_up: Vec<Intent>,
    /// Objects that are gone.
    pub deleted: Vec<UnusedObject>,
    /// Objects that are marked now.
    pub marked: Vec<UnusedObject>,
    /// Marks that have to wait.
    pub waiting: Vec<PlannedSweep>,
    /// Objects that should be gone and are not; the next collection tries again.
    pub failed: Vec<FailedDelete>,
}

impl CollectionReport {
    pub(super) fn fail(&mut self, key: &ObjectKey, error: &Error) {
        self.failed.push(FailedDelete { key: key.clone(), message: error.to_string() });
    }
}
