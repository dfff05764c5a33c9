//! The rows of SHOW statements, column by column as StarRocks has them.

mod access;
mod catalog;
mod collection;
mod jobs;
mod partitions;
mod rollups;
mod snapshots;
mod text;
mod verification;

pub(crate) use access::{grants, roles, users};
pub(crate) use catalog::{
    TIME_TO_ANSWER, create_database, create_table, databases, describe, describe_system_table, repositories,
    system_tables, tables,
};
pub(crate) use collection::collection;
pub use collection::{CollectionAction, CollectionStep};
pub(crate) use jobs::{job_objects, job_progress, jobs};
pub(crate) use partitions::partitions;
pub(crate) use rollups::{create_materialized_view, describe_all, materialized_views};
pub(crate) use snapshots::{BEYOND, is_beyond, snapshots};
pub(crate) use verification::{store_checks, verification};
