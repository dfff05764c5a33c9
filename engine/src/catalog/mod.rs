//! The catalog: every definition, version and job of the store, in one `redb` file.
//!
//! One redb transaction is one engine commit, and gets the next [`CatalogVersion`](crate::CatalogVersion). Readers
//! take the [`CatalogView`] of the moment, immutable and complete, and never block.
//!
//! What a commit removes stays on record with the version that removed it, so that the view of an earlier version
//! can be made again: a backup job pins the version of its cut. Once no pin needs them, removed things are purged.

mod change;
mod edit;
mod file;
mod history;
mod hypothetical;
mod new_table;
mod record;
mod redefine;
mod tables;
mod view;

pub use change::NewRepository;
pub(crate) use change::{Change, NewPartition, NewRowset, NewSegment};
pub(crate) use edit::TabletEdit;
pub(crate) use file::Catalog;
pub(crate) use new_table::partitions_of_new_table;
pub use record::RepositoryEntry;
pub(crate) use record::TableBase;
pub use view::{
    CatalogView, Database, Partition, Rowset, Segment, SegmentFile, SegmentLocation, Table, Tablet,
};
