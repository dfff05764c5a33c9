//! The tablet store: catalog, tablets, loads, scans, backup and restore jobs.
//!
//! A [`TabletStore`] is one directory. Readers take a [`CatalogView`], immutable and complete; every change ends in
//! one catalog commit, which publishes the next. Nothing published ever changes: a load adds segments, immutable
//! Parquet files, and a drop only stops naming them.
//!
//! This crate knows neither SQL text nor the types of `object_store`: queries run elsewhere, on the segments that
//! [`select_segments`] names, and repositories are opened by a [`StoreProvider`](cairn_repository::StoreProvider)
//! that is handed in.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod access;
mod accounts;
mod alter;
mod catalog;
mod edit;
mod error;
mod external_catalogs;
mod id;
mod job;
mod keys;
mod load;
mod materialized_views;
mod partition;
mod properties;
mod repositories;
mod repository_changes;
mod rollup;
mod scan;
mod segment;
mod store;
mod verification;
mod views;

pub use access::{
    Access, AccessChange, Authority, Credential, Grantee, Grants, Place, Privilege, PrivilegeChange, Role,
    RoleName, Secret, Securable, SecurableKind, User, UserName,
};
pub use catalog::{
    COLOCATE_WITH, CatalogView, DEFAULT_CATALOG, Database, DropMode, ExternalCatalogEntry, NewRepository,
    Partition, PartitionKind, Replacement, RepositoryEntry, Rowset, Segment, SegmentFile, SegmentLocation,
    Table, TableTimes, Tablet, View,
};
pub use edit::{Compaction, CompactionOutcome, RowDeletion};
pub use error::{Error, ErrorKind, Result};
pub use external_catalogs::{is_secret_of_catalog, with_catalog_properties};
pub use id::{
    CatalogVersion, DatabaseId, ExternalCatalogId, JobId, PartitionId, RepositoryEntryId, RowsetId,
    SegmentId, TableId, TabletId,
};
pub use job::{
    BackupRequest, BackupWork, CatalogBackupRequest, CatalogBackupWork, CatalogRestoreRequest,
    CatalogRestoreWork, CatalogSelection, DEFAULT_TIMEOUT_S, ExplainedTable, IfExists, JobExplanation,
    JobProgress, JobRecord, JobState, JobStatus, JobTimes, JobTotals, JobWork, MIN_TIMEOUT_S, PartitionPlan,
    PlannedAction, RestorePlan, RestoreRequest, RestoreWork, TablePlan, TableSelection, ViewSelection,
};
pub use keys::UpsertOptions;
pub use load::{Load, LoadOptions, LoadOutcome};
pub use partition::{
    DYNAMIC_PARTITION, DynamicPartitions, PARTITION_LIVE_NUMBER, calendar_time, calendar_value,
    check_partition_rules, partition_end, partition_name, step_begin,
};
pub use properties::{BUNDLE_SIZE, DIGEST, RETENTION, check_own_properties};
pub use rollup::{ExpressionPlanner, RowExpression};
pub use scan::{ColumnPredicate, ColumnTest, select_segments};
pub use segment::{SegmentReader, check_segments};
pub use store::{JobKind, StoreOptions, TabletStore, check_ttl};
pub use verification::{VerificationCounts, VerificationEntry};
