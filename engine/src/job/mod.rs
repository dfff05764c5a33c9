//! Backup and restore jobs: persistent state machines with StarRocks' states.
//!
//! A job's record is in the catalog from the moment it is accepted; each step it takes is a commit. A process that
//! dies leaves unfinished records, which the next open takes up again. Nothing polls: a job moves as fast as its work.

mod backup;
mod catalogs;
mod explain;
mod record;
mod request;
mod restore;
mod runner;
mod v1;

pub(crate) use catalogs::{
    explain_catalog_backup, explain_catalog_restore, submit_catalog_backup, submit_catalog_restore,
};
pub use explain::{ExplainedTable, JobExplanation, PlannedAction};
pub use record::{
    BackupWork, CatalogBackupWork, CatalogRestoreWork, JobRecord, JobState, JobStatus, JobTimes, JobTotals,
    JobWork, RestoreWork,
};
pub use request::{
    BackupRequest, CatalogBackupRequest, CatalogRestoreRequest, CatalogSelection, DEFAULT_TIMEOUT_S,
    IfExists, MIN_TIMEOUT_S, RestoreRequest, TableSelection, ViewSelection,
};
pub use restore::{PartitionPlan, RestorePlan, TablePlan};
pub use runner::JobProgress;
pub(crate) use runner::Jobs;
pub(crate) use {backup::explain_backup, backup::submit_backup};
pub(crate) use {restore::explain_restore, restore::submit_restore};
