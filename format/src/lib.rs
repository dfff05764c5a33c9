//! What a Cairn snapshot is: names, schemas, bounds, manifests, file lists, keys.
//!
//! Pure: bytes and values in, bytes and values out. This crate never knows a runtime, an object store, the file
//! system, a clock or randomness. `spec/snapshot-format.md` is the text that it follows; whatever is stored has a
//! module named after its version (`v1`), and serde stays inside those.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod bloom_filters;
mod bounds;
mod bundle;
mod compression;
mod deletions;
mod descriptor;
mod digest;
mod envelope;
mod error;
mod external_catalog;
mod feature;
mod fence;
mod file_list;
mod intent;
mod key;
mod manifest;
mod marks;
mod name;
mod object_name;
mod parquet_profile;
mod parquet_schema;
mod recompress;
mod retention;
mod schema;
mod sketch;
mod timestamp;
mod ttl;
mod ulid;
mod verification;
mod waits;

pub use bloom_filters::{BLOOM_FILTER_COLUMNS_PROPERTY, BLOOM_FILTER_FPP_PROPERTY, BloomFilters};
pub use bounds::{ColumnBounds, MAX_BOUND_BYTES};
pub use bundle::{BUNDLE_VERSION, BUNDLE_VERSION_KEY, BundleBuilder};
pub use compression::Compression;
pub use deletions::Deletions;
pub use descriptor::{Descriptor, FORMAT_VERSION};
pub use digest::{Digest, DigestAlgorithm, DigestHasher, DigestWriter};
pub use envelope::EnvelopeKind;
pub use error::{Error, ErrorKind, Result};
pub use external_catalog::{CATALOG_TYPE, ExternalCatalog, ExternalCatalogV1};
pub use feature::{
    DELETIONS, EXTERNAL_CATALOGS, FeatureSet, INITIAL_VALUES, LIST_STEPS, LOCATED_FILES, MARKS,
    PARTITION_BUCKETS, SUPPORTED_GC_FEATURES, SUPPORTED_READ_FEATURES, SUPPORTED_WRITE_FEATURES,
};
pub use fence::Fence;
pub use file_list::{
    DataFile, FILE_LIST_CREATED_BY, FILE_LIST_VERSION, FILE_LIST_VERSION_KEY, FileColumnBounds, FileList,
    FileListRef, FileLocation, FileSource, SealedFileList,
};
pub use intent::{INTENT_LIFETIME_MS, Intent};
pub use key::{
    DATA_PREFIX, DESCRIPTOR_KEY, JOBS_PREFIX, MAX_LABEL_KEY_BYTES, ObjectKey, SNAPSHOTS_PREFIX,
    TABLES_PREFIX, TRASH_PREFIX, VERIFIED_PREFIX,
};
pub use manifest::{Manifest, PartitionEntry, Sent, TableEntry, Totals};
pub use marks::{MAX_MARKED_OBJECTS, Marks};
pub use name::{
    CatalogName, ColumnName, DatabaseName, PartitionName, RepositoryName, SnapshotLabel, TableName,
};
pub use object_name::ObjectName;
pub use parquet_profile::{COMPRESSION_PROPERTY, CREATED_BY, ROW_GROUP_ROWS, writer_properties};
pub use parquet_schema::writer_options;
pub use recompress::recompress;
pub use retention::{KeepReason, Period, Retention};
pub use schema::{
    Activity, Aggregation, BoundValue, Column, ColumnDefault, ColumnType, Distribution, Fault, FieldId,
    IndexDefinition, IndexKind, KeyModel, LastRefresh, MAX_TYPE_DEPTH, MapType, MaterializedView,
    PartitionBound, PartitionDefinition, PartitionDefinitionV1, PartitionRange, PartitionRows, PartitionStep,
    Partitioning, QueryPiece, RefreshScheme, RefreshUnit, RollupColumn, RollupDefinition, RollupId,
    RollupSource, RowsRead, StepUnit, StructField, TableDefinition, TableDefinitionV1, Value, ViewColumn,
    ViewDefinition, ViewDefinitionV1, ViewQuery, check_values, create_statement, create_table_statement,
    create_view_statement, in_order_of_need, materialized_view_statement,
};
pub use sketch::{Bitmap, Hll, Percentile, Sketch, check_sketch, empty_sketch, merge_sketches};
pub use timestamp::SnapshotTimestamp;
pub use ttl::{Ttl, parse_duration};
pub use ulid::{IntentId, RepositoryId, StoreId, TrashId, VerificationId};
pub use verification::{VerificationRecord, VerifiedObject, VerifiedSnapshot, VerifyLevel};
pub use waits::Waits;
