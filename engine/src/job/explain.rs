//! What jobs would do.

use cairn_format::{CatalogName, DatabaseName, RepositoryName, TableName};

use crate::catalog::CatalogView;

/// What a job would do if it were submitted now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobExplanation {
    /// Table by table.
    pub tables: Vec<ExplainedTable>,
    /// About how many requests storage would be sent; `None` when it was not asked.
    pub requests: Option<u64>,
    /// About how many seconds it would take, by how fast the last job of its kind in the repository was and by the
    /// repository's limits; `None` when neither is known.
    pub seconds: Option<u64>,
    /// Why it would be refused, or would fail.
    pub conflicts: Vec<String>,
}

/// What would become of one table, view or external catalog; only a table has files, the others are sent within the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedTable {
    /// Its database in this store; an external catalog has none.
    pub database: Option<DatabaseName>,
    /// Its name in this store.
    pub name: String,
    /// What is done.
    pub action: PlannedAction,
    /// Its files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that are sent or fetched.
    pub moved_files: u64,
    /// Their bytes, before they are compressed.
    pub moved_bytes: u64,
    /// Files that are where they are to go already.
    pub reused_files: u64,
    /// Their bytes.
    pub reused_bytes: u64,
    /// More about it, or why it is refused.
    pub detail: String,
}

impl ExplainedTable {
    /// One without files, of which `detail` tells more.
    pub(super) fn empty(
        database: &DatabaseName,
        name: &TableName,
        action: PlannedAction,
        detail: String,
    ) -> Self {
        Self { database: Some(database.clone()), ..Self::nowhere(name.to_string(), action, detail) }
    }

    /// An external catalog, of which `detail` tells more.
    pub(super) fn of_catalog(name: &CatalogName, action: PlannedAction, detail: String) -> Self {
        Self::nowhere(name.to_string(), action, detail)
    }

    fn nowhere(name: String, action: PlannedAction, detail: String) -> Self {
        Self {
            database: None,
            name,
            action,
            files: 0,
            bytes: 0,
            moved_files: 0,
            moved_bytes: 0,
            reused_files: 0,
            reused_bytes: 0,
            detail,
        }
    }
}

/// What is done to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlannedAction {
    /// Backup: files of it are sent, or found, and listed.
    Send,
    /// Backup: all of it is there already.
    Keep,
    /// Restore: it is made.
    Create,
    /// Restore: rows of it are replaced.
    Replace,
    /// Restore: it is there, and stays as it is.
    Skip,
    /// The job would fail at it.
    Refuse,
}

impl PlannedAction {
    /// The action's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Keep => "keep",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Skip => "skip",
            Self::Refuse => "refuse",
        }
    }
}

/// How long it takes to move so many bytes, at most `limit` of them a second unless that is 0.
pub(super) fn seconds_of(
    view: &CatalogView,
    repository: &RepositoryName,
    is_backup: bool,
    bytes: u64,
    limit: u64,
) -> Option<u64> {
    let at_limit = (limit > 0).then(|| bytes.div_ceil(limit));
    let is_alike = |job: &&std::sync::Arc<super::JobRecord>| {
        job.is_backup() == is_backup && job.repository == *repository
    };
    // Jobs are in order: the last that moved anything tells most.
    let as_before = view.jobs().filter(is_alike).filter_map(|job| {
        let moved = job.totals?.moved_bytes;
        let took_ms = job.times.transfer_finished?.checked_sub(job.times.snapshot_finished?)?;
        let took_ms = u128::try_from(took_ms.max(1)).ok()?;
        let expected_ms = (u128::from(bytes) * took_ms).checked_div(u128::from(moved))?;
        u64::try_from(expected_ms.div_ceil(1000)).ok()
    });
    match (as_before.last(), at_limit) {
        _ if bytes == 0 => Some(0),
        (Some(before), limit) => Some(before.max(limit.unwrap_or(0))),
        (None, limit) => limit,
    }
}
