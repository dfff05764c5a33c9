//! A job as the catalog keeps it.

use cairn_format::{
    CatalogName, Compression, DatabaseName, IntentId, RepositoryName, SnapshotLabel, SnapshotTimestamp,
    TableName, Ttl,
};

use super::request::{CatalogSelection, IfExists, TableSelection, ViewSelection};
use super::restore::RestorePlan;
use super::v1;
use crate::catalog::Change;
use crate::error::{Error, Result};
use crate::id::{CatalogVersion, JobId};

/// How far a job is, in StarRocks' words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Accepted.
    Pending,
    /// Backup: naming the files of the cut. Restore: preparing where files go.
    Snapshoting,
    /// Backup: finding out what the repository lacks.
    UploadSnapshot,
    /// Backup: sending files.
    Uploading,
    /// Backup: sending the file lists.
    SaveMeta,
    /// Backup: making the snapshot exist.
    UploadInfo,
    /// Restore: the plan is made and kept.
    Download,
    /// Restore: fetching files.
    Downloading,
    /// Restore: every file is there and checked.
    Commit,
    /// Restore: making the rows visible.
    Committing,
    /// Done.
    Finished,
    /// Failed, or cancelled by somebody, or out of time.
    Cancelled,
}

impl JobState {
    /// StarRocks' word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Snapshoting => "SNAPSHOTING",
            Self::UploadSnapshot => "UPLOAD_SNAPSHOT",
            Self::Uploading => "UPLOADING",
            Self::SaveMeta => "SAVE_META",
            Self::UploadInfo => "UPLOAD_INFO",
            Self::Download => "DOWNLOAD",
            Self::Downloading => "DOWNLOADING",
            Self::Commit => "COMMIT",
            Self::Committing => "COMMITTING",
            Self::Finished => "FINISHED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Every state.
    pub(super) const ALL: [Self; 12] = [
        Self::Pending,
        Self::Snapshoting,
        Self::UploadSnapshot,
        Self::Uploading,
        Self::SaveMeta,
        Self::UploadInfo,
        Self::Download,
        Self::Downloading,
        Self::Commit,
        Self::Committing,
        Self::Finished,
        Self::Cancelled,
    ];

    /// Whether the job has ended.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Finished | Self::Cancelled)
    }
}

/// Whether a job is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// So far.
    Ok,
    /// Why it was cancelled.
    Failed {
        /// StarRocks' code, such as `TIMEOUT`.
        code: String,
        /// The message.
        message: String,
    },
}

impl JobStatus {
    /// As `SHOW BACKUP` prints it.
    pub fn to_text(&self) -> String {
        match self {
            Self::Ok => "[OK]".to_owned(),
            Self::Failed { code, message } => format!("[{code}, msg: {message}]"),
        }
    }
}

/// When a job reached its milestones, in milliseconds since 1970 UTC; `None` until then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobTimes {
    /// Accepted.
    pub created: i64,
    /// Restore: the plan was made.
    pub meta_prepared: Option<i64>,
    /// Backup: the cut's files were named. Restore: their places were prepared.
    pub snapshot_finished: Option<i64>,
    /// Backup: every file was sent. Restore: every file was fetched.
    pub transfer_finished: Option<i64>,
    /// Ended.
    pub finished: Option<i64>,
}

/// What a job moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobTotals {
    /// Data files of the snapshot.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files sent or fetched.
    pub moved_files: u64,
    /// Bytes that were sent for them, or theirs that were fetched.
    pub moved_bytes: u64,
    /// Data objects that were sent; 0 in a restore.
    pub moved_objects: u64,
    /// Requests that the repository's storage was sent until then.
    pub requests: u64,
}

/// What makes a job a backup.
#[derive(Clone, Debug, PartialEq)]
pub struct BackupWork {
    /// The version that is backed up, of all tables at once.
    pub cut: CatalogVersion,
    /// The tables, each with its partitions where only some were asked for.
    pub tables: Vec<TableSelection>,
    /// The views.
    pub views: Vec<TableName>,
    /// Whether these are all of the database, without anybody having chosen.
    pub is_whole: bool,
    /// What tells others in the repository that this backup runs; `None` until it is there.
    pub intent: Option<IntentId>,
    /// How long the snapshot is kept once it is finished; `None` for ever.
    pub ttl: Option<Ttl>,
    /// How data files are compressed on the way; `None` leaves them as they are.
    pub compression: Option<Compression>,
}

/// What makes a job a restore.
#[derive(Clone, Debug, PartialEq)]
pub struct RestoreWork {
    /// The tables that were asked for; `None` for all.
    pub tables: Option<Vec<TableSelection>>,
    /// The materialized views that were asked for; `None` for all.
    pub materialized_views: Option<Vec<TableSelection>>,
    /// The views that were asked for; `None` for all.
    pub views: Option<Vec<ViewSelection>>,
    /// The decision what goes where; `None` until it is made.
    pub plan: Option<RestorePlan>,
    /// Kept and shown.
    pub allow_load: bool,
    /// Kept and shown.
    pub replication_num: u32,
    /// What becomes of what is there already.
    pub if_exists: IfExists,
    /// Whether rules by which partitions come and go hold on; without a choice, unless they would drop what is restored.
    pub keeps_partition_rules: Option<bool>,
}

/// What makes a job a backup of external catalogs.
#[derive(Clone, Debug, PartialEq)]
pub struct CatalogBackupWork {
    /// The version whose definitions are backed up.
    pub cut: CatalogVersion,
    /// The catalogs.
    pub catalogs: Vec<CatalogName>,
    /// Whether these are all, without anybody having chosen.
    pub is_whole: bool,
    /// What tells others in the repository that this backup runs; `None` until it is there.
    pub intent: Option<IntentId>,
    /// How long the snapshot is kept once it is finished; `None` for ever.
    pub ttl: Option<Ttl>,
}

/// What makes a job a restore of external catalogs.
#[derive(Clone, Debug, PartialEq)]
pub struct CatalogRestoreWork {
    /// The catalogs that were asked for; `None` for all.
    pub catalogs: Option<Vec<CatalogSelection>>,
    /// Kept and shown.
    pub allow_load: bool,
    /// Kept and shown.
    pub replication_num: u32,
    /// What becomes of what is there already.
    pub if_exists: IfExists,
}

/// Which kind of job, and its own facts.
#[derive(Clone, Debug, PartialEq)]
pub enum JobWork {
    /// A backup.
    Backup(BackupWork),
    /// A restore.
    Restore(RestoreWork),
    /// A backup of external catalogs.
    CatalogBackup(CatalogBackupWork),
    /// A restore of external catalogs.
    CatalogRestore(CatalogRestoreWork),
}

/// A job.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRecord {
    /// Its identity.
    pub id: JobId,
    /// The database that is backed up, or restored into; `None` for external catalogs, which are in none.
    pub database: Option<DatabaseName>,
    /// The snapshot's name.
    pub label: SnapshotLabel,
    /// The snapshot's time.
    pub timestamp: SnapshotTimestamp,
    /// The repository.
    pub repository: RepositoryName,
    /// How far it is.
    pub state: JobState,
    /// Whether it is well.
    pub status: JobStatus,
    /// Its milestones.
    pub times: JobTimes,
    /// Seconds from its creation after which it is cancelled.
    pub timeout_s: u64,
    /// What it moved; `None` until that is known.
    pub totals: Option<JobTotals>,
    /// Its kind.
    pub work: JobWork,
}

/// What a job's record says of it from the first.
pub(super) struct NewJob<'r> {
    /// `None` for external catalogs.
    pub(super) database: Option<DatabaseName>,
    pub(super) label: &'r SnapshotLabel,
    /// Of the snapshot that is made, or restored.
    pub(super) timestamp: SnapshotTimestamp,
    pub(super) repository: &'r RepositoryName,
    pub(super) timeout_s: u64,
    pub(super) work: JobWork,
}

impl NewJob<'_> {
    /// Puts it on record as accepted.
    pub(super) fn put(self, change: &mut Change<'_>) -> Result<JobId> {
        let id = change.new_job_id();
        change.put_job(JobRecord {
            id,
            database: self.database,
            label: self.label.clone(),
            timestamp: self.timestamp,
            repository: self.repository.clone(),
            state: JobState::Pending,
            status: JobStatus::Ok,
            times: JobTimes { created: change.now_ms(), ..JobTimes::default() },
            timeout_s: self.timeout_s,
            totals: None,
            work: self.work,
        })?;
        Ok(id)
    }
}

impl JobRecord {
    /// Whether it is a backup.
    pub fn is_backup(&self) -> bool {
        matches!(self.work, JobWork::Backup(_) | JobWork::CatalogBackup(_))
    }

    /// The database of a job that is not of external catalogs.
    pub(crate) fn require_database(&self) -> Result<&DatabaseName> {
        let lost = || Error::corrupt(format!("the catalog's record of job {} lacks its database", self.id));
        self.database.as_ref().ok_or_else(lost)
    }

    /// The version whose files it needs.
    pub(crate) fn pinned_version(&self) -> Option<CatalogVersion> {
        match &self.work {
            JobWork::Backup(work) if !self.state.is_final() => Some(work.cut),
            JobWork::CatalogBackup(work) if !self.state.is_final() => Some(work.cut),
            _ => None,
        }
    }

    /// Whether it is going to replace or make `table`.
    pub(crate) fn is_restore_of(&self, table: &TableName) -> bool {
        match &self.work {
            JobWork::Restore(RestoreWork { plan: Some(plan), .. }) => {
                plan.tables.iter().any(|t| t.target == *table)
            }
            JobWork::Restore(RestoreWork { tables: Some(tables), materialized_views, .. }) => {
                let views = materialized_views.iter().flatten();
                tables.iter().chain(views).any(|selection| selection.target() == table)
            }
            JobWork::Restore(_) => true,
            JobWork::Backup(_) | JobWork::CatalogBackup(_) | JobWork::CatalogRestore(_) => false,
        }
    }

    /// The stored form.
    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        v1::encode(self)
    }

    /// Reads the stored form of the job with identity `id`.
    pub(crate) fn decode(id: JobId, bytes: &[u8]) -> Result<Self> {
        v1::decode(id, bytes)
    }
}
