//! Backup: name the files of one version, send those that the repository lacks, make the snapshot exist.

use std::collections::HashSet;
use std::sync::Arc;

use cairn_format::{
    DataFile, DatabaseName, FileColumnBounds, FileList, Manifest, PartitionEntry, PartitionName,
    SealedFileList, SnapshotTimestamp, TableEntry, Totals, create_table_statement,
};
use cairn_repository::{CommitOutcome, Repository, SnapshotWriter, UploadFile, UploadOutcome};

use super::record::{BackupWork, JobRecord, JobState, JobStatus, JobTimes, JobTotals, JobWork};
use super::request::{BackupRequest, TableSelection};
use super::runner::{JobContext, Jobs, lost};
use crate::catalog::{CatalogView, Partition, Table};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{JobId, RepositoryEntryId, TableId};
use crate::store::Inner;

/// Accepts a backup: what it will hold is decided here, in one commit. Its work goes on in a thread.
pub(crate) fn submit_backup(store: &Arc<Inner>, request: &BackupRequest) -> Result<JobId> {
    let view = store.catalog.view();
    let entry = Arc::clone(view.require_repository(&request.repository)?);
    select(&view, &request.database, request.tables.as_deref())?;
    refuse_second_job(&view, &request.database)?;
    if entry.read_only {
        let message = format!(
            "Repository {} is read only; back up into another, or create it without READ ONLY",
            entry.name
        );
        return Err(Error::new(ErrorKind::ReadOnly, message));
    }
    if !store.open_repository(&entry)?.snapshots(Some(&request.label))?.is_empty() {
        return Err(Error::already_exists(format!(
            "Snapshot with name '{}' already exist in repository {}; choose another label",
            request.label, entry.name
        )));
    }
    let id = store.catalog.commit(|change| {
        refuse_second_job(change.view(), &request.database)?;
        let tables = select(change.view(), &request.database, request.tables.as_deref())?;
        let id = change.new_job_id();
        change.put_job(JobRecord {
            id,
            database: request.database.clone(),
            label: request.label.clone(),
            timestamp: SnapshotTimestamp::from_unix_ms(change.now_ms())?,
            repository: entry.name.clone(),
            state: JobState::Pending,
            status: JobStatus::Ok,
            times: JobTimes { created: change.now_ms(), ..JobTimes::default() },
            timeout_s: request.timeout_s,
            totals: None,
            work: JobWork::Backup(BackupWork { cut: change.version(), tables, intent: None }),
        })?;
        Ok(id)
    })?;
    Jobs::start(store, id)?;
    Ok(id)
}

/// StarRocks' rule: one unfinished job a database.
pub(super) fn refuse_second_job(view: &CatalogView, database: &DatabaseName) -> Result<()> {
    match view.running_job(database) {
        Some(job) => Err(Error::busy(format!(
            "Can only run one backup or restore job of a database at same time: job {} with label '{}' of database \
             {database} is {}",
            job.id,
            job.label,
            job.state.as_str()
        ))),
        None => Ok(()),
    }
}

/// The tables to back up, each known and named once.
fn select(
    view: &CatalogView,
    database: &DatabaseName,
    wanted: Option<&[TableSelection]>,
) -> Result<Vec<TableSelection>> {
    let database = view.require_database(database)?;
    let Some(wanted) = wanted else {
        let all = database.tables().map(|table| TableSelection {
            table: table.name().clone(),
            partitions: None,
            alias: None,
        });
        let all: Vec<_> = all.collect();
        if all.is_empty() {
            return Err(Error::invalid(format!(
                "Database: {} is empty; there is nothing to back up",
                database.name
            )));
        }
        return Ok(all);
    };
    let mut seen = HashSet::new();
    for selection in wanted {
        let table = database.require_table(&selection.table)?;
        if !seen.insert(&selection.table) {
            return Err(Error::invalid(format!("Duplicated table: {}; name it once", selection.table)));
        }
        for partition in selection.partitions.iter().flatten() {
            table.require_partition(partition.as_str())?;
        }
    }
    Ok(wanted.to_vec())
}

/// A table of the snapshot, ready to be sent.
struct CutTable {
    id: TableId,
    entry: TableEntry,
    list: SealedFileList,
    files: Vec<UploadFile>,
}

pub(super) fn run(context: &JobContext<'_>, record: &JobRecord, work: &BackupWork) -> Result<()> {
    let store = context.store;
    context.advance(JobState::Snapshoting, |_, _| {})?;
    // The view keeps the files of the cut alive while this runs; the record does so across processes.
    let view = store.catalog.view_at(work.cut, &record.database)?;
    let tables = cut(&view, record, work)?;
    context.advance(JobState::UploadSnapshot, |record, now| record.times.snapshot_finished = Some(now))?;

    let entry = Arc::clone(store.catalog.view().require_repository(&record.repository)?);
    let repository = store.open_repository(&entry)?;
    let writer = repository.begin_snapshot(&record.label, record.timestamp)?;
    if let Some(dead) = &work.intent {
        // An earlier process of this job died: the new intent stands for both.
        repository.remove_intent(dead)?;
    }
    let outcome = send(context, &repository, &writer, entry.id, &tables);
    let sent = match outcome {
        Ok(sent) => sent,
        Err(error) => {
            // The intent would only keep a collection waiting until it expires.
            let _ = writer.abandon();
            return Err(error);
        }
    };
    let finished_at_ms = context.record()?.times.transfer_finished;
    let lists: Vec<_> = tables.iter().map(|table| (table.id, table.list.reference())).collect();
    let manifest = manifest(record, finished_at_ms, tables)?;
    let totals = JobTotals {
        files: manifest.totals.files,
        bytes: manifest.totals.bytes,
        moved_files: sent.sent_files,
        moved_bytes: sent.sent_bytes,
    };
    context.advance(JobState::UploadInfo, |record, _| record.totals = Some(totals))?;
    let committed = match writer.commit(&manifest) {
        // The put may have happened although its call failed: beginning again finds out, and puts it if it has not.
        Err(error) if error.kind() == cairn_repository::ErrorKind::Unavailable => {
            tracing::warn!(%error, "the manifest's fate is unknown; looking again");
            repository.begin_snapshot(&record.label, record.timestamp)?.commit(&manifest)
        }
        other => other,
    };
    match committed? {
        CommitOutcome::Committed | CommitOutcome::AlreadyCommitted => {}
        CommitOutcome::LabelTaken => {
            return Err(Error::already_exists(format!(
                "Snapshot with name '{}' already exist in repository {}: another backup took the label meanwhile",
                record.label, record.repository
            )));
        }
    }
    store.catalog.commit(|change| {
        let mut record = JobRecord::clone(change.view().job(context.id).ok_or_else(|| lost(context.id))?);
        record.state = JobState::Finished;
        record.times.finished = Some(change.now_ms());
        change.put_job(record)?;
        for (table, list) in &lists {
            change.put_file_list(entry.id, *table, list)?;
        }
        Ok(())
    })
}

/// Sends what the repository lacks: files first, then the lists that name them.
fn send(
    context: &JobContext<'_>,
    repository: &Repository,
    writer: &SnapshotWriter,
    known_as: RepositoryEntryId,
    tables: &[CutTable],
) -> Result<UploadOutcome> {
    let mut files = Vec::new();
    let mut lists = Vec::new();
    for table in tables {
        context.check()?;
        // A list that exists names files that exist: that is the protocol's order.
        if writer.has_file_list(&table.list.reference())? {
            continue;
        }
        let base = context.store.catalog.file_list(known_as, table.id)?;
        if let Some(base) = base
            && writer.has_file_list(&base)?
        {
            writer.assume_present(&repository.file_list_at(&base)?);
        }
        files.extend_from_slice(&table.files);
        lists.push(&table.list);
    }
    let bytes = files.iter().map(|file| file.length).sum();
    context.running.expect_transfer(files.len() as u64, bytes);
    context.advance(JobState::Uploading, |record, _| {
        if let JobWork::Backup(work) = &mut record.work {
            work.intent = Some(writer.intent_id().clone());
        }
    })?;
    let outcome = writer.upload(&files, &context.running.transfer)?;
    context.advance(JobState::SaveMeta, |record, now| {
        record.times.transfer_finished.get_or_insert(now);
    })?;
    for list in lists {
        context.check()?;
        writer.put_file_list(list)?;
    }
    Ok(outcome)
}

fn cut(view: &CatalogView, record: &JobRecord, work: &BackupWork) -> Result<Vec<CutTable>> {
    let database = view.require_database(&record.database)?;
    let one = |selection: &TableSelection| {
        let table = database.require_table(&selection.table)?;
        cut_table(table, selection).map_err(|e| e.about(format_args!("table '{}'", table.name())))
    };
    work.tables.iter().map(one).collect()
}

fn cut_table(table: &Table, selection: &TableSelection) -> Result<CutTable> {
    let is_wanted = |partition: &Partition| match &selection.partitions {
        Some(names) => names.contains(&partition.definition.name),
        None => true,
    };
    let partitions: Vec<_> = table.partitions.iter().filter(|partition| is_wanted(partition)).collect();
    let (mut listed, mut files) = (Vec::new(), Vec::new());
    for partition in &partitions {
        for (bucket, tablet) in (0..).zip(&partition.tablets) {
            for (ordinal, segment) in (0..).zip(tablet.segments()) {
                let columns =
                    segment.bounds.iter().map(|b| FileColumnBounds::from_bounds(b, &table.definition));
                listed.push(DataFile {
                    partition: partition.definition.name.clone(),
                    bucket,
                    ordinal,
                    digest: segment.digest,
                    length: segment.length,
                    rows: segment.rows,
                    columns: columns.collect::<cairn_format::Result<_>>()?,
                });
                files.push(UploadFile {
                    digest: segment.digest,
                    length: segment.length,
                    path: segment.path().to_owned(),
                });
            }
        }
    }
    let definitions: Vec<_> = partitions.iter().map(|partition| partition.definition.clone()).collect();
    let names: Vec<PartitionName> = definitions.iter().map(|definition| definition.name.clone()).collect();
    let list = FileList::try_new(&names, listed)?.seal()?;
    let entry = TableEntry {
        definition: table.definition.as_ref().clone(),
        ddl: create_table_statement(&table.definition, &definitions)?,
        partitions: partitions
            .iter()
            .map(|p| PartitionEntry { definition: p.definition.clone(), rows: p.rows(), bytes: p.bytes() })
            .collect(),
        files: list.reference(),
    };
    Ok(CutTable { id: table.id, entry, list, files })
}

fn manifest(record: &JobRecord, finished_at_ms: Option<i64>, tables: Vec<CutTable>) -> Result<Manifest> {
    let tables: Vec<TableEntry> = tables.into_iter().map(|table| table.entry).collect();
    let totals =
        Totals::of(&tables).ok_or_else(|| Error::invalid("the snapshot's totals do not fit 64 bits"))?;
    Ok(Manifest {
        label: record.label.clone(),
        timestamp: record.timestamp,
        database: record.database.clone(),
        created_at_ms: record.times.created,
        finished_at_ms,
        writer: cairn_repository::DEFAULT_WRITER.to_owned(),
        read_features: cairn_format::FeatureSet::default(),
        tables,
        totals,
    })
}
