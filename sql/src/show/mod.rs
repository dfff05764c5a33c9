//! The rows of SHOW statements, column by column as StarRocks has them.

mod access;
mod alterations;
mod catalog;
mod collection;
mod columns;
mod data;
mod explanation;
mod external_catalog;
mod indexes;
mod jobs;
mod listing;
mod materialized_views;
mod partitions;
mod rollups;
mod snapshots;
mod tablets;
mod text;
mod verification;
mod view;

pub(crate) use access::{grants, roles, users};
pub(crate) use alterations::alterations;
pub(crate) use catalog::{
    COLLATION, ENGINE, SYSTEM_VIEW, TIME_TO_ANSWER, VIEW, create_database, create_table, databases, kind_of,
    no_repositories, repositories, system_tables, table_status, tables,
};
pub(crate) use collection::collection;
pub use collection::{CollectionAction, CollectionStep};
pub(crate) use columns::{
    columns, describe, describe_system_table, describe_view, system_columns, view_columns,
};
pub(crate) use data::{data_of_database, data_of_table};
pub(crate) use explanation::explanation;
pub(crate) use external_catalog::{catalogs, create_catalog};
pub(crate) use indexes::indexes;
pub(crate) use jobs::{job_objects, job_progress, jobs};
pub(crate) use listing::{Kind, Listing};
pub(crate) use materialized_views::{ShownView, UNPARTITIONED, create_asynchronous, materialized_views};
pub(crate) use partitions::{NO_COOLDOWN, held, names, partitions};
pub(crate) use rollups::{create_materialized_view, describe_all};
pub(crate) use snapshots::{BEYOND, is_beyond, snapshots};
pub(crate) use tablets::{owner, tablets};
pub(crate) use verification::{store_checks, verification};
pub(crate) use view::create_view;
