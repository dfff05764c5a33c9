//! Identities inside one store. They never leave it: a snapshot names things by name and digest.

use std::fmt;

macro_rules! id_type {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// The identity with this number.
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number.
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

id_type! {
    /// A database, for ever: a dropped one's is never used again.
    DatabaseId,
    /// A table, for ever.
    TableId,
    /// A partition, for ever.
    PartitionId,
    /// A tablet: one bucket of one partition, for ever.
    TabletId,
    /// A rowset: what one load left in one tablet.
    RowsetId,
    /// A segment: one immutable Parquet file of a rowset.
    SegmentId,
    /// A backup or restore job.
    JobId,
    /// A repository, as long as this store knows it.
    RepositoryEntryId,
    /// An external catalog's definition, for ever.
    ExternalCatalogId,
    /// The number of an engine commit. What a commit publishes is visible from its version on.
    CatalogVersion,
}

/// Before the first commit.
impl Default for CatalogVersion {
    fn default() -> Self {
        Self::new(0)
    }
}
