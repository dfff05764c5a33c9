//! What is asked of a job.

use cairn_format::{
    CatalogName, Compression, DatabaseName, PartitionName, RepositoryName, SnapshotLabel, SnapshotTimestamp,
    TableName, Ttl,
};

/// How long a job may take when nobody says otherwise, in seconds: StarRocks' default.
pub const DEFAULT_TIMEOUT_S: u64 = 86_400;
/// The shortest time that may be given, in seconds.
pub const MIN_TIMEOUT_S: u64 = 600;

/// A table, or some of its partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSelection {
    /// The table.
    pub table: TableName,
    /// The partitions; `None` for all.
    pub partitions: Option<Vec<PartitionName>>,
    /// The name it gets in a restore; its own without one. A backup gives none.
    pub alias: Option<TableName>,
}

/// A view of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewSelection {
    /// The view.
    pub view: TableName,
    /// The name it gets; its own without one.
    pub alias: Option<TableName>,
}

impl TableSelection {
    /// The name it gets.
    pub fn target(&self) -> &TableName {
        self.alias.as_ref().unwrap_or(&self.table)
    }
}

impl ViewSelection {
    /// The name it gets.
    pub(crate) fn target(&self) -> &TableName {
        self.alias.as_ref().unwrap_or(&self.view)
    }
}

/// A backup to be made.
#[derive(Clone, Debug)]
pub struct BackupRequest {
    /// The database.
    pub database: DatabaseName,
    /// The snapshot's name.
    pub label: SnapshotLabel,
    /// Where to.
    pub repository: RepositoryName,
    /// The tables; `None` for all of the database.
    pub tables: Option<Vec<TableSelection>>,
    /// The views; `None` for all of the database.
    pub views: Option<Vec<TableName>>,
    /// Seconds after which the job is cancelled.
    pub timeout_s: u64,
    /// How long the snapshot is kept once it is finished; `None` for ever.
    pub ttl: Option<Ttl>,
    /// How data files are compressed on the way; `None` leaves them as they are.
    pub compression: Option<Compression>,
}

/// A restore to be made.
#[derive(Clone, Debug)]
pub struct RestoreRequest {
    /// The snapshot's name.
    pub label: SnapshotLabel,
    /// The snapshot's time; the latest of the label without one.
    pub timestamp: Option<SnapshotTimestamp>,
    /// Where from.
    pub repository: RepositoryName,
    /// The database that the snapshot must be of; `None` when any will do.
    pub source_database: Option<DatabaseName>,
    /// The database to restore into; the snapshot's own without one.
    pub database: Option<DatabaseName>,
    /// The tables that are no materialized views; `None` for all of the snapshot.
    pub tables: Option<Vec<TableSelection>>,
    /// The materialized views; `None` for all of the snapshot.
    pub materialized_views: Option<Vec<TableSelection>>,
    /// The views; `None` for all of the snapshot.
    pub views: Option<Vec<ViewSelection>>,
    /// Seconds after which the job is cancelled.
    pub timeout_s: u64,
    /// StarRocks' `allow_load`: kept and shown.
    pub allow_load: bool,
    /// StarRocks' `replication_num`: kept and shown.
    pub replication_num: u32,
    /// What becomes of what is there already.
    pub if_exists: IfExists,
    /// Whether rules by which partitions come and go hold on after the restore. Without a choice they do, but where they would
    /// drop what was restored at once.
    pub keeps_partition_rules: Option<bool>,
}

/// A backup of external catalogs to be made.
#[derive(Clone, Debug)]
pub struct CatalogBackupRequest {
    /// The catalogs; `None` for all of the store.
    pub catalogs: Option<Vec<CatalogName>>,
    /// The snapshot's name.
    pub label: SnapshotLabel,
    /// Where to.
    pub repository: RepositoryName,
    /// Seconds after which the job is cancelled.
    pub timeout_s: u64,
    /// How long the snapshot is kept once it is finished; `None` for ever.
    pub ttl: Option<Ttl>,
}

/// A restore of external catalogs to be made.
#[derive(Clone, Debug)]
pub struct CatalogRestoreRequest {
    /// The catalogs; `None` for all of the snapshot.
    pub catalogs: Option<Vec<CatalogSelection>>,
    /// The snapshot's name.
    pub label: SnapshotLabel,
    /// The snapshot's time; the latest of the label without one.
    pub timestamp: Option<SnapshotTimestamp>,
    /// Where from.
    pub repository: RepositoryName,
    /// Seconds after which the job is cancelled.
    pub timeout_s: u64,
    /// StarRocks' `allow_load`: kept and shown.
    pub allow_load: bool,
    /// StarRocks' `replication_num`: kept and shown.
    pub replication_num: u32,
    /// What becomes of what is there already.
    pub if_exists: IfExists,
}

/// An external catalog of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogSelection {
    /// The catalog.
    pub catalog: CatalogName,
    /// The name it gets; its own without one.
    pub alias: Option<CatalogName>,
}

impl CatalogSelection {
    /// The name it gets.
    pub fn target(&self) -> &CatalogName {
        self.alias.as_ref().unwrap_or(&self.catalog)
    }
}

/// What a restore does with tables that are there already, or, where partitions are named, with those partitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IfExists {
    /// Their rows give way. StarRocks does so always.
    #[default]
    Overwrite,
    /// The restore is refused.
    Fail,
    /// They are left as they are.
    Skip,
}

impl IfExists {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Overwrite, Self::Fail, Self::Skip];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overwrite => "overwrite",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }

    /// The choice that `word` names, whatever its case.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str().eq_ignore_ascii_case(word))
    }
}
