//! What is asked of a job.

use cairn_format::{
    Compression, DatabaseName, PartitionName, RepositoryName, SnapshotLabel, SnapshotTimestamp, TableName,
    Ttl,
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
    /// The snapshot's time.
    pub timestamp: SnapshotTimestamp,
    /// Where from.
    pub repository: RepositoryName,
    /// The database that the snapshot must be of; `None` when any will do.
    pub source_database: Option<DatabaseName>,
    /// The database to restore into; the snapshot's own without one.
    pub database: Option<DatabaseName>,
    /// The tables; `None` for all of the snapshot.
    pub tables: Option<Vec<TableSelection>>,
    /// Seconds after which the job is cancelled.
    pub timeout_s: u64,
    /// StarRocks' `allow_load`: kept and shown.
    pub allow_load: bool,
    /// StarRocks' `replication_num`: kept and shown.
    pub replication_num: u32,
}
