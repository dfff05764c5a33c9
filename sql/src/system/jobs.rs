//! `information_schema.backups` and `.restores`: every job on record, oldest first.

use cairn_engine::{CatalogRestoreWork, CatalogView, JobKind, JobRecord, JobWork, RestoreWork, TabletStore};

use super::table::{Column, Row, Value, number, text, time};
use crate::show::{job_objects, job_progress};

pub(super) const BACKUP_COLUMNS: [Column; 21] = [
    number("JOB_ID"),
    text("REPOSITORY"),
    text("SNAPSHOT"),
    text("TIMESTAMP"),
    text("DATABASE_NAME"),
    text("STATE"),
    text("OBJECTS"),
    time("CREATE_TIME"),
    time("SNAPSHOT_FINISHED_TIME"),
    time("UPLOAD_FINISHED_TIME"),
    time("FINISHED_TIME"),
    text("PROGRESS"),
    text("STATUS"),
    number("TIMEOUT"),
    number("FILE_COUNT"),
    number("TOTAL_BYTES"),
    number("SENT_FILES"),
    number("SENT_BYTES"),
    number("SENT_OBJECTS"),
    number("REUSED_BYTES"),
    number("REQUESTS"),
];

pub(super) const RESTORE_COLUMNS: [Column; 23] = [
    number("JOB_ID"),
    text("REPOSITORY"),
    text("SNAPSHOT"),
    text("TIMESTAMP"),
    text("DATABASE_NAME"),
    text("STATE"),
    text("OBJECTS"),
    time("CREATE_TIME"),
    time("META_PREPARED_TIME"),
    time("SNAPSHOT_FINISHED_TIME"),
    time("DOWNLOAD_FINISHED_TIME"),
    time("FINISHED_TIME"),
    text("PROGRESS"),
    text("STATUS"),
    number("TIMEOUT"),
    text("ALLOW_LOAD"),
    number("REPLICATION_NUM"),
    number("FILE_COUNT"),
    number("TOTAL_BYTES"),
    number("FETCHED_FILES"),
    number("FETCHED_BYTES"),
    number("REUSED_BYTES"),
    number("REQUESTS"),
];

pub(super) fn rows(view: &CatalogView, store: &TabletStore, kind: JobKind) -> Vec<Row> {
    view.jobs()
        .filter(|job| job.is_backup() == (kind == JobKind::Backup))
        .map(|job| row(job, store))
        .collect()
}

fn row(job: &JobRecord, store: &TabletStore) -> Row {
    let times = &job.times;
    let mut row: Row = vec![
        Some(job.id.get().into()),
        Some(job.repository.as_str().into()),
        Some(job.label.to_string().into()),
        Some(job.timestamp.to_string().into()),
        job.database.as_ref().map(|database| database.as_str().into()),
        Some(job.state.as_str().into()),
        Some(job_objects(job).into()),
        Some(Value::Time(times.created)),
    ];
    if !job.is_backup() {
        row.push(times.meta_prepared.map(Value::Time));
    }
    row.extend([
        times.snapshot_finished.map(Value::Time),
        times.transfer_finished.map(Value::Time),
        times.finished.map(Value::Time),
        job_progress(job, store).map(Value::from),
        Some(job.status.to_text().into()),
        Some(job.timeout_s.into()),
    ]);
    if let JobWork::Restore(RestoreWork { allow_load, replication_num, .. })
    | JobWork::CatalogRestore(CatalogRestoreWork { allow_load, replication_num, .. }) = &job.work
    {
        row.extend([Some(allow_load.to_string().into()), Some(u64::from(*replication_num).into())]);
    }
    let totals = |of: fn(&cairn_engine::JobTotals) -> u64| job.totals.as_ref().map(of).map(Value::from);
    row.extend([
        totals(|totals| totals.files),
        totals(|totals| totals.bytes),
        totals(|totals| totals.moved_files),
        totals(|totals| totals.moved_bytes),
    ]);
    if job.is_backup() {
        row.push(totals(|totals| totals.moved_objects));
    }
    row.extend([
        totals(|totals| totals.bytes.saturating_sub(totals.moved_bytes)),
        totals(|totals| totals.requests),
    ]);
    row
}
