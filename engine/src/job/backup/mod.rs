//! Backup: name the files of one version, send those that the repository lacks, make the snapshot exist.

mod adopt;
mod cut;
mod explain;
mod materialized_views;
mod send;

use std::collections::HashSet;
use std::sync::Arc;

use cairn_format::{
    DELETIONS, DatabaseName, FeatureSet, INITIAL_VALUES, IntentId, LIST_STEPS, LOCATED_FILES, Manifest,
    PARTITION_BUCKETS, Partitioning, RepositoryName, Sent, SnapshotLabel, SnapshotTimestamp, StoreId,
    TableEntry, TableName, Totals, ViewDefinition,
};
use cairn_repository::{BeginOptions, CommitOutcome, Repository, SnapshotName, SnapshotWriter, StopSignal};

use self::cut::{CutTable, cut, cut_views};
pub(crate) use self::explain::explain_backup;
use self::send::{SentTable, SentTables, send};

use super::record::{BackupWork, JobRecord, JobState, JobTotals, JobWork, NewJob};
use super::request::{BackupRequest, TableSelection};
use super::runner::{JobContext, Jobs, lost};
use crate::catalog::{CatalogView, Database, RepositoryEntry, Table, TableBase};
use crate::error::{Error, ErrorKind, Result};
use crate::id::JobId;
use crate::store::Inner;

/// How much longer than a job may take its intent protects what it put: so long the clocks of two machines may differ
/// before one gives up what the other still works on.
const INTENT_MARGIN_MS: i64 = 60 * 60 * 1000;

/// Accepts a backup: what it will hold is decided here, in one commit. Its work goes on in a thread.
pub(crate) fn submit_backup(store: &Arc<Inner>, request: &BackupRequest) -> Result<JobId> {
    let view = store.catalog.view();
    let entry = Arc::clone(view.require_repository(&request.repository)?);
    select(&view, request)?;
    refuse_second_job(&view, &request.database)?;
    refuse_read_only(&entry)?;
    let repository = store.open_repository(&entry, &StopSignal::new())?;
    refuse_taken_label(&repository, &request.label, &request.repository)?;
    let id = store.catalog.commit(|change| {
        refuse_second_job(change.view(), &request.database)?;
        let (tables, views) = select(change.view(), request)?;
        let new = NewJob {
            database: Some(request.database.clone()),
            label: &request.label,
            timestamp: SnapshotTimestamp::from_unix_ms(change.now_ms())?,
            repository: &entry.name,
            timeout_s: request.timeout_s,
            work: JobWork::Backup(BackupWork {
                cut: change.version(),
                tables,
                views,
                is_whole: request.tables.is_none() && request.views.is_none(),
                intent: None,
                ttl: request.ttl,
                compression: request.compression,
            }),
        };
        new.put(change)
    })?;
    Jobs::start(store, id)?;
    Ok(id)
}

pub(super) fn refuse_read_only(entry: &RepositoryEntry) -> Result<()> {
    if !entry.read_only {
        return Ok(());
    }
    let message = format!(
        "Repository {} is read only; back up into another, or create it without READ ONLY",
        entry.name
    );
    Err(Error::new(ErrorKind::ReadOnly, message))
}

pub(super) fn refuse_taken_label(
    repository: &Repository,
    label: &SnapshotLabel,
    name: &RepositoryName,
) -> Result<()> {
    if repository.snapshots(Some(label))?.is_empty() {
        return Ok(());
    }
    Err(Error::already_exists(format!(
        "Snapshot with name '{label}' already exist in repository {name}; choose another label"
    )))
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

/// The tables and views to back up, each known and named once.
fn select(view: &CatalogView, request: &BackupRequest) -> Result<(Vec<TableSelection>, Vec<TableName>)> {
    let database = view.require_database(&request.database)?;
    let tables = select_tables(database, request.tables.as_deref())?;
    let views = match &request.views {
        None => database.views().map(|view| view.definition.name.clone()).collect(),
        Some(wanted) => {
            let mut seen = HashSet::new();
            for name in wanted {
                database.require_view(name)?;
                if !seen.insert(name) {
                    return Err(Error::invalid(format!("Duplicated table: {name}; name it once")));
                }
            }
            wanted.clone()
        }
    };
    if tables.is_empty() && views.is_empty() {
        return Err(Error::invalid(format!(
            "Database: {} is empty; there is nothing to back up",
            database.name
        )));
    }
    Ok((tables, views))
}

fn select_tables(database: &Database, wanted: Option<&[TableSelection]>) -> Result<Vec<TableSelection>> {
    let Some(wanted) = wanted else {
        database.tables().try_for_each(|table| refuse_temporary_partitions(table))?;
        let all = database.tables().map(|table| TableSelection {
            table: table.name().clone(),
            partitions: None,
            alias: None,
        });
        return Ok(all.collect());
    };
    let mut seen = HashSet::new();
    for selection in wanted {
        let table = database.require_table(&selection.table)?;
        if !seen.insert(&selection.table) {
            return Err(Error::invalid(format!("Duplicated table: {}; name it once", selection.table)));
        }
        refuse_temporary_partitions(table)?;
        for partition in selection.partitions.iter().flatten() {
            table.require_partition(partition.as_str())?;
        }
    }
    Ok(wanted.to_vec())
}

fn refuse_temporary_partitions(table: &Table) -> Result<()> {
    match table.temporary_partitions.first() {
        Some(partition) => Err(Error::invalid(format!(
            "Do not support backing up table with temp partitions: table {} has {}; drop it, or put it in its place",
            table.name(),
            partition.definition.name
        ))),
        None => Ok(()),
    }
}

pub(super) fn run(context: &JobContext<'_>, record: &JobRecord, work: &BackupWork) -> Result<()> {
    let entry = Arc::clone(context.store.catalog.view().require_repository(&record.repository)?);
    let repository = context.open_repository(&entry)?;
    let outcome = back_up(context, record, work, &entry, &repository);
    if outcome.is_err() && !context.is_closing() {
        end(context, &repository)?;
    }
    outcome
}

/// Removes the intent of a job that has ended without a snapshot: collections would wait for it until it expires. Once
/// the manifest may have been put, it protects what that names.
fn end(context: &JobContext<'_>, repository: &Repository) -> Result<()> {
    let record = context.record()?;
    if let JobWork::Backup(work) = &record.work
        && record.state != JobState::UploadInfo
    {
        forget(repository, work.intent.as_ref());
    }
    Ok(())
}

fn back_up(
    context: &JobContext<'_>,
    record: &JobRecord,
    work: &BackupWork,
    entry: &RepositoryEntry,
    repository: &Repository,
) -> Result<()> {
    let store = context.store;
    // An earlier process of this job may have died right after it had put the manifest.
    let may_have_committed = record.state == JobState::UploadInfo;
    if may_have_committed && snapshot_exists(repository, record)? {
        forget(repository, work.intent.as_ref());
        return finish(context, entry, record, work, &[]);
    }
    context.advance(JobState::Snapshoting, |record, _| {
        // The intent of an attempt that may have put its manifest is never gone on with. It stays where it is, to protect
        // what that manifest names should it still arrive, until it expires.
        if let JobWork::Backup(work) = &mut record.work
            && may_have_committed
        {
            work.intent = None;
        }
    })?;
    // The view keeps the files of the cut alive while this runs; the record does so across processes.
    let database = record.require_database()?;
    let view = store.catalog.view_at(work.cut, database)?;
    let tables = cut(&view, database, work)?;
    context.advance(JobState::UploadSnapshot, |record, now| record.times.snapshot_finished = Some(now))?;

    let resume = work.intent.filter(|_| !may_have_committed);
    let (writer, sent) = match attempt(context, repository, entry, record, work, &tables, resume) {
        // A power cut may have left names without bytes in a directory. Under a new intent all names are new.
        Err(error) if resume.is_some() && error.kind() == ErrorKind::Corrupt => {
            tracing::warn!(%error, "what an earlier attempt sent is damaged and is sent again");
            attempt(context, repository, entry, record, work, &tables, None)?
        }
        other => other?,
    };
    let finished_at_ms = context.record()?.times.transfer_finished;
    let store = store.catalog.store_id();
    let views = cut_views(&view, database, work)?;
    let manifest = manifest(store, record, work, finished_at_ms, &sent.tables, views, sent.totals)?;
    let totals = JobTotals {
        files: manifest.totals.files,
        bytes: manifest.totals.bytes,
        moved_files: sent.totals.files,
        moved_bytes: sent.totals.bytes,
        moved_objects: sent.totals.objects,
        requests: repository.store().requests().total(),
    };
    context.advance(JobState::UploadInfo, |record, _| record.totals = Some(totals))?;
    commit(repository, writer, record, &manifest)?;
    finish(context, entry, record, work, &sent.tables)
}

/// Sends what the repository lacks, under the intent `resume` where that is still there.
fn attempt(
    context: &JobContext<'_>,
    repository: &Repository,
    entry: &RepositoryEntry,
    record: &JobRecord,
    work: &BackupWork,
    tables: &[CutTable],
    resume: Option<IntentId>,
) -> Result<(SnapshotWriter, SentTables)> {
    let options = begin_options(record).with_resume(resume);
    let writer = repository.begin_snapshot(&record.label, record.timestamp, &options)?;
    match send(context, &writer, entry.id, work, tables) {
        Ok(sent) => Ok((writer, sent)),
        Err(error) => {
            // The intent would only keep a collection waiting until it expires; but a job that is to go on needs it, once it
            // is on record.
            let is_needed = context.is_closing()
                && matches!(&context.record()?.work, JobWork::Backup(work) if work.intent == Some(*writer.intent_id()));
            if !is_needed {
                let _ = writer.abandon();
            }
            Err(error)
        }
    }
}

/// How long the intent of a job protects what it puts.
pub(super) fn begin_options(record: &JobRecord) -> BeginOptions {
    let timeout_ms = i64::try_from(record.timeout_s.saturating_mul(1000)).unwrap_or(i64::MAX);
    BeginOptions::default().with_lifetime_ms(timeout_ms.saturating_add(INTENT_MARGIN_MS))
}

/// Makes the snapshot exist.
pub(super) fn commit(
    repository: &Repository,
    writer: SnapshotWriter,
    record: &JobRecord,
    manifest: &Manifest,
) -> Result<()> {
    let taken = |how: &str| {
        Err(Error::already_exists(format!(
            "Snapshot with name '{}' already exist in repository {}: {how}",
            record.label, record.repository
        )))
    };
    match writer.commit(manifest) {
        Ok(CommitOutcome::Committed | CommitOutcome::AlreadyCommitted) => Ok(()),
        Ok(CommitOutcome::LabelTaken) => taken("another backup took the label meanwhile"),
        Ok(CommitOutcome::GivenUp) => Err(Error::new(
            ErrorKind::Unavailable,
            format!(
                "a collection in repository {} has given up the snapshot '{}', since its backup took longer than it had \
                 said it would; back up again, with a longer timeout",
                record.repository, record.label
            ),
        )),
        // The put may have happened although its call failed. It is looked for, but not put again: once a snapshot may
        // have existed it may also have been dropped.
        Err(error) if error.kind() == cairn_repository::ErrorKind::Unavailable => {
            tracing::warn!(%error, "the manifest's fate is unknown; looking for it");
            if snapshot_exists(repository, record).unwrap_or(false) { Ok(()) } else { Err(error.into()) }
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) fn snapshot_exists(repository: &Repository, record: &JobRecord) -> Result<bool> {
    Ok(repository.confirm_snapshot(&record.label, record.timestamp)?)
}

/// Removes the intent that an earlier process left. One that stays expires.
pub(super) fn forget(repository: &Repository, intent: Option<&IntentId>) {
    let Some(dead) = intent else { return };
    if let Err(error) = repository.forget_intent(dead) {
        tracing::warn!(intent = %dead, %error, "the intent of a dead process stays until it expires");
    }
}

/// Ends the job, in one commit with what the next backup can build on.
fn finish(
    context: &JobContext<'_>,
    entry: &RepositoryEntry,
    record: &JobRecord,
    work: &BackupWork,
    tables: &[SentTable],
) -> Result<()> {
    let snapshot = SnapshotName { label: record.label.clone(), timestamp: record.timestamp };
    context.store.catalog.commit(|change| {
        let mut record = JobRecord::clone(change.view().job(context.id).ok_or_else(|| lost(context.id))?);
        record.state = JobState::Finished;
        record.times.finished = Some(change.now_ms());
        change.put_job(record)?;
        for table in tables {
            let base = TableBase {
                snapshot: snapshot.clone(),
                list: table.entry.files,
                fingerprint: table.fingerprint,
                is_whole: table.is_whole,
                compression: work.compression,
            };
            change.put_table_base(entry.id, table.id, &base)?;
        }
        Ok(())
    })
}

/// Equal for equal choices of tables, partitions and views, in whatever order they were made.
fn part(tables: &[TableSelection], views: &[TableName]) -> String {
    let mut texts: Vec<String> = tables
        .iter()
        .map(|selection| {
            let Some(partitions) = &selection.partitions else { return selection.table.to_string() };
            let mut names: Vec<_> = partitions.iter().map(ToString::to_string).collect();
            names.sort();
            format!("{} ({})", selection.table, names.join(", "))
        })
        .collect();
    texts.extend(views.iter().map(|view| format!("VIEW {view}")));
    texts.sort();
    texts.join(", ")
}

fn read_features(tables: &[SentTable]) -> FeatureSet {
    let deletions = tables.iter().any(|table| table.has_deletions).then_some(DELETIONS);
    let mut columns = tables.iter().flat_map(|table| &table.entry.definition.columns);
    let initial_values = columns.any(|column| column.initial.is_some()).then_some(INITIAL_VALUES);
    let mut partitions = tables.iter().flat_map(|table| &table.entry.partitions);
    let buckets =
        partitions.any(|partition| partition.definition.buckets.is_some()).then_some(PARTITION_BUCKETS);
    let has_steps = |partitioning: &Partitioning| matches!(partitioning, Partitioning::List { steps, .. } if !steps.is_empty());
    let steps =
        tables.iter().any(|table| has_steps(&table.entry.definition.partitioning)).then_some(LIST_STEPS);
    [LOCATED_FILES].into_iter().chain(deletions).chain(initial_values).chain(buckets).chain(steps).collect()
}

fn manifest(
    store: StoreId,
    record: &JobRecord,
    work: &BackupWork,
    finished_at_ms: Option<i64>,
    tables: &[SentTable],
    views: Vec<ViewDefinition>,
    sent: Sent,
) -> Result<Manifest> {
    let entries: Vec<TableEntry> = tables.iter().map(|table| table.entry.clone()).collect();
    let totals =
        Totals::of(&entries).ok_or_else(|| Error::invalid("the snapshot's totals do not fit 64 bits"))?;
    Ok(Manifest {
        label: record.label.clone(),
        timestamp: record.timestamp,
        database: record.database.clone(),
        store: Some(store),
        part: (!work.is_whole).then(|| part(&work.tables, &work.views)),
        created_at_ms: record.times.created,
        finished_at_ms,
        ttl: work.ttl.as_ref().map(ToString::to_string),
        expires_at_ms: work.ttl.zip(finished_at_ms).map(|(ttl, finished)| ttl.expires_at_ms(finished)),
        sent: Some(sent),
        intent: None,
        writer: cairn_repository::DEFAULT_WRITER.to_owned(),
        read_features: read_features(tables),
        tables: entries,
        views,
        catalogs: Vec::new(),
        totals,
    })
}
