//! What a Cairn snapshot is: names, schemas, bounds, manifests, file lists, keys.
//!
//! Pure: bytes and values in, bytes and values out. This crate never knows a runtime, an object store, the file
//! system, a clock or randomness. `spec/snapshot-format.md` is the text that it follows; whatever is stored has a
//! module named after its version (`v1`), and serde stays inside those.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod bounds;
mod error;
mod name;
mod parquet_profile;
mod schema;
mod timestamp;

pub use bounds::{ColumnBounds, MAX_BOUND_BYTES};
pub use error::{Error, ErrorKind, Result};
pub use name::{ColumnName, DatabaseName, PartitionName, RepositoryName, SnapshotLabel, TableName};
pub use parquet_profile::{COMPRESSION_PROPERTY, CREATED_BY, ROW_GROUP_ROWS, writer_properties};
pub use schema::{
    BoundValue, Column, ColumnDefault, ColumnType, Distribution, FieldId, KeyModel, PartitionBound,
    PartitionDefinition, PartitionDefinitionV1, PartitionRange, Partitioning, TableDefinition, TableDefinitionV1,
    Value, create_table_statement,
};
pub use timestamp::SnapshotTimestamp;
