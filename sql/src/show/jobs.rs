//! SHOW BACKUP and SHOW RESTORE: the last job of each database.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_engine::{
    CatalogRestoreWork, CatalogView, JobKind, JobRecord, JobState, JobWork, RestoreWork, TableSelection,
    TabletStore,
};
use cairn_format::{DatabaseName, PartitionName, TableName};

use super::listing::Listing;
use super::text::{Row, time, time_or_null};

const BACKUP_COLUMNS: [&str; 14] = [
    "JobId",
    "SnapshotName",
    "DbName",
    "State",
    "BackupObjs",
    "CreateTime",
    "SnapshotFinishedTime",
    "UploadFinishedTime",
    "FinishedTime",
    "UnfinishedTasks",
    "Progress",
    "TaskErrMsg",
    "Status",
    "Timeout",
];

const RESTORE_COLUMNS: [&str; 18] = [
    "JobId",
    "Label",
    "Timestamp",
    "DbName",
    "State",
    "AllowLoad",
    "ReplicationNum",
    "RestoreObjs",
    "CreateTime",
    "MetaPreparedTime",
    "SnapshotFinishedTime",
    "DownloadFinishedTime",
    "FinishedTime",
    "UnfinishedTasks",
    "Progress",
    "TaskErrMsg",
    "Status",
    "Timeout",
];

const NUMBERS: [&str; 3] = ["JobId", "ReplicationNum", "Timeout"];

/// The last jobs of `view`; those that are not in `visible` are not shown, and no earlier ones in their places.
pub(crate) fn jobs(
    view: &CatalogView,
    visible: &CatalogView,
    store: &TabletStore,
    kind: JobKind,
    database: Option<&DatabaseName>,
) -> Listing {
    // Without a database those of external catalogs, whose last job comes first.
    let mut last: BTreeMap<Option<&DatabaseName>, &Arc<JobRecord>> = BTreeMap::new();
    let is_shown = |job: &&Arc<JobRecord>| database.is_none() || job.database.as_ref() == database;
    for job in view.jobs().filter(is_shown) {
        last.insert(job.database.as_ref(), job);
    }
    // A database whose last job is of the other kind shows none.
    let shown = last
        .into_values()
        .filter(|job| job.is_backup() == (kind == JobKind::Backup) && visible.job(job.id).is_some());
    let rows: Vec<Row> = shown.map(|job| row(job, store)).collect();
    match kind {
        JobKind::Backup => Listing::new(&BACKUP_COLUMNS, &NUMBERS, &[], rows),
        JobKind::Restore => Listing::new(&RESTORE_COLUMNS, &NUMBERS, &[], rows),
    }
}

fn row(job: &JobRecord, store: &TabletStore) -> Row {
    let times = &job.times;
    let mut values = vec![job.id.to_string(), job.label.to_string()];
    match &job.work {
        JobWork::Backup(_) | JobWork::CatalogBackup(_) => values.extend([
            database_name(job),
            job.state.as_str().to_owned(),
            job_objects(job),
            time(times.created),
        ]),
        JobWork::Restore(RestoreWork { allow_load, replication_num, .. })
        | JobWork::CatalogRestore(CatalogRestoreWork { allow_load, replication_num, .. }) => {
            values.extend([
                job.timestamp.to_string(),
                database_name(job),
                job.state.as_str().to_owned(),
                allow_load.to_string(),
                replication_num.to_string(),
                job_objects(job),
                time(times.created),
                time_or_null(times.meta_prepared),
            ]);
        }
    }
    values.extend([
        time_or_null(times.snapshot_finished),
        time_or_null(times.transfer_finished),
        time_or_null(times.finished),
        // Tasks of StarRocks run on its backends, of which this store has none.
        String::new(),
        job_progress(job, store).unwrap_or_default(),
        String::new(),
        job.status.to_text(),
        job.timeout_s.to_string(),
    ]);
    values.into_iter().map(Some).collect()
}

/// The database of a job; of one of external catalogs the empty text.
fn database_name(job: &JobRecord) -> String {
    job.database.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// How far a job's transfer is: `[job: files done/files]`. One task does the work of a job, so its number is the job's.
pub(crate) fn job_progress(job: &JobRecord, store: &TabletStore) -> Option<String> {
    let moving = matches!(job.state, JobState::Uploading | JobState::Downloading);
    let at = if moving { store.job_progress(job.id) } else { None }?;
    Some(format!("[{}: {}/{}]", job.id, at.files_done, at.files_total))
}

/// What a job backs up or restores.
pub(crate) fn job_objects(job: &JobRecord) -> String {
    match &job.work {
        JobWork::Backup(work) => backup_objects(&database_name(job), &work.tables, &work.views),
        JobWork::Restore(work) => restore_objects(work),
        JobWork::CatalogBackup(work) => {
            work.catalogs.iter().map(|name| format!("[{name}]")).collect::<Vec<_>>().join(", ")
        }
        JobWork::CatalogRestore(work) => {
            let names = work.catalogs.iter().flatten().map(|selection| selection.target().to_string());
            names.collect::<Vec<_>>().join(", ")
        }
    }
}

fn backup_objects(database: &str, tables: &[TableSelection], views: &[TableName]) -> String {
    let names = tables.iter().map(|selection| &selection.table).chain(views);
    let objects: Vec<String> = names.map(|name| format!("[{database}.{name}]")).collect();
    objects.join(", ")
}

/// `t PARTITIONS [p1, p2], t2`; the one partition of an unpartitioned table is not shown.
fn restore_objects(work: &RestoreWork) -> String {
    let object = |table: &str, partitions: Vec<&str>| match partitions.as_slice() {
        [] => table.to_owned(),
        [one] if *one == table => table.to_owned(),
        several => format!("{table} PARTITIONS [{}]", several.join(", ")),
    };
    let objects: Vec<String> = match (&work.plan, &work.tables) {
        (Some(plan), _) => plan
            .tables
            .iter()
            .map(|table| {
                let partitions = table.partitions.iter().map(|p| p.name.as_str());
                // The partition of an unpartitioned table is named like the table, which may be restored under another.
                let partitions = partitions.filter(|name| *name != table.source.as_str());
                object(table.target.as_str(), partitions.collect())
            })
            .collect(),
        (None, Some(tables)) => tables
            .iter()
            .map(|table| {
                let partitions = table.partitions.iter().flatten().map(PartitionName::as_str);
                object(table.alias.as_ref().unwrap_or(&table.table).as_str(), partitions.collect())
            })
            .collect(),
        (None, None) => Vec::new(),
    };
    let views = work.views.iter().flatten();
    let views = views.map(|view| view.alias.as_ref().unwrap_or(&view.view).to_string());
    objects.into_iter().chain(views).collect::<Vec<_>>().join(", ")
}
