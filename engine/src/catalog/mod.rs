//! The catalog: every definition, version and job of the store, in one `redb` file.
//!
//! One redb transaction is one engine commit, and gets the next [`CatalogVersion`](crate::CatalogVersion). Readers
//! take the [`CatalogView`] of the moment, immutable and complete, and never block.
//!
//! What a commit removes stays on record with the version that removed it, so that the view of an earlier version
//! can be made again: a backup job pins the version of its cut. Once no pin needs them, and what was dropped has
//! left the recycle bin, removed things are purged.

mod access;
mod access_v1;
mod bin;
mod change;
mod colocation;
mod definitions;
mod edit;
mod external_catalogs;
mod file;
mod history;
mod hypothetical;
mod materialized_views;
mod new_table;
mod partitions;
mod record;
mod redefine;
mod replacement;
mod rollups;
mod tables;
mod verifications;
mod view;
mod views;
mod visible;

pub use bin::DropMode;
pub use change::NewRepository;
pub(crate) use change::{Change, NewPartition, NewRowset, NewSegment};
pub use colocation::COLOCATE_WITH;
pub(crate) use colocation::is_colocated;
pub(crate) use edit::TabletEdit;
pub use external_catalogs::{DEFAULT_CATALOG, ExternalCatalogEntry};
pub(crate) use file::Catalog;
pub(crate) use materialized_views::{Relation, RelationKind};
pub(crate) use new_table::partitions_of_new_table;
pub use partitions::PartitionKind;
pub use record::RepositoryEntry;
pub(crate) use record::TableBase;
pub use replacement::Replacement;
pub use view::{
    CatalogView, Database, Partition, Rowset, Segment, SegmentFile, SegmentLocation, Table, TableTimes,
    Tablet, View,
};
