//! The tables of the catalog file; `spec/catalog.md` is their text.

use redb::TableDefinition;

/// Single values by name: `format_version`, `version`, `next_id`, `store_id`.
pub(super) const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
/// Databases by id.
pub(super) const DATABASES: TableDefinition<u64, &[u8]> = TableDefinition::new("databases");
/// Tables by id.
pub(super) const TABLES: TableDefinition<u64, &[u8]> = TableDefinition::new("tables");
/// Partitions by table and id.
pub(super) const PARTITIONS: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("partitions");
/// Rowsets by partition and id.
pub(super) const ROWSETS: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("rowsets");
/// Deletions of segments, by segment and the version that made them: the newest that is not newer than a view holds in
/// it. Removed with the rowset.
pub(super) const DELETIONS: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("deletions");
/// Repositories by name.
pub(super) const REPOSITORIES: TableDefinition<&str, &[u8]> = TableDefinition::new("repositories");
/// Views by id and the commit that made them so. Missing in catalogs of the first releases.
pub(super) const VIEWS: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("views");
/// External catalogs by id and the commit that made them so. Missing in catalogs of the first releases.
pub(super) const EXTERNAL_CATALOGS: TableDefinition<(u64, u64), &[u8]> =
    TableDefinition::new("external_catalogs");
/// Users by name and host. Missing in catalogs of the first releases.
pub(super) const USERS: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("users");
/// Roles by name, but for those built-in ones that are as they were. Missing in catalogs of the first releases.
pub(super) const ROLES: TableDefinition<&str, &[u8]> = TableDefinition::new("roles");
/// Jobs by id.
pub(super) const JOBS: TableDefinition<u64, &[u8]> = TableDefinition::new("jobs");
/// The newest file list of a table in a repository, by repository and table.
pub(super) const FILE_LISTS: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("file_lists");
/// The table of every removed rowset that is still on record.
pub(super) const ROWSET_TABLES: TableDefinition<u64, u64> = TableDefinition::new("rowset_tables");
/// What was removed and is still on record, by the version that removed it, kind, parent's id and id.
pub(super) const REMOVED: TableDefinition<(u64, u8, u64, u64), ()> = TableDefinition::new("removed");

/// What was dropped and can be recovered, by the commit that dropped it, kind and id.
pub(super) const RECYCLED: TableDefinition<(u64, u8, u64), &[u8]> = TableDefinition::new("recycled");

/// Verifications of repositories, by the commit that put them on record.
pub(super) const VERIFICATIONS: TableDefinition<u64, &[u8]> = TableDefinition::new("verifications");

/// The newest version of the catalog file that this build reads.
pub(super) const FORMAT_VERSION: u64 = 4;
/// The version of a catalog file that has nothing in it which the first release would not understand.
pub(super) const FIRST_FORMAT_VERSION: u64 = 1;
/// The version of one with deletions, with tables in which rows of equal key are one, or with temporary partitions.
pub(super) const FORMAT_VERSION_WITH_KEYS: u64 = 2;
/// The version of one with rollups.
pub(super) const FORMAT_VERSION_WITH_ROLLUPS: u64 = 3;
/// The version of one that has had jobs of external catalogs.
pub(super) const FORMAT_VERSION_WITH_CATALOG_JOBS: u64 = 4;

pub(super) const KIND_DATABASE: u8 = 0;
pub(super) const KIND_TABLE: u8 = 1;
pub(super) const KIND_PARTITION: u8 = 2;
pub(super) const KIND_ROWSET: u8 = 3;
pub(super) const KIND_DELETIONS: u8 = 4;
pub(super) const KIND_VIEW: u8 = 5;
pub(super) const KIND_EXTERNAL_CATALOG: u8 = 6;

pub(super) const META_FORMAT_VERSION: &str = "format_version";
pub(super) const META_VERSION: &str = "version";
pub(super) const META_NEXT_ID: &str = "next_id";
pub(super) const META_STORE_ID: &str = "store_id";
