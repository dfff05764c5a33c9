//! Restore: plan, fetch and check every file on the side, then make all of it visible in one commit.

mod check;
mod plan;

pub use plan::{PartitionPlan, RestorePlan, TablePlan};

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use cairn_format::{
    DataFile, DatabaseName, Digest, Manifest, PartitionDefinition, PartitionName, TableDefinition, TableEntry,
};
use cairn_repository::{FetchFile, Repository, StopSignal};

use self::plan::{decide, partition_name};
use super::backup::refuse_second_job;
use super::record::{JobRecord, JobState, JobStatus, JobTimes, JobTotals, JobWork, RestoreWork};
use super::request::RestoreRequest;
use super::runner::{JobContext, Jobs, lost};
use crate::catalog::{Change, NewPartition, NewRowset, NewSegment, PartitionKind};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{JobId, PartitionId, SegmentId};
use crate::store::Inner;

/// Accepts a restore: the snapshot exists and holds what is asked for. Its work goes on in a thread.
pub(crate) fn submit_restore(store: &Arc<Inner>, request: &RestoreRequest) -> Result<JobId> {
    let entry = Arc::clone(store.catalog.view().require_repository(&request.repository)?);
    let repository = store.open_repository(&entry, &StopSignal::new())?;
    let manifest = repository.open_snapshot(&request.label, request.timestamp).map_err(|error| {
        let error = Error::from(error);
        let advice =
            if error.kind() == ErrorKind::NotFound { ". Maybe specified wrong backup timestamp" } else { "" };
        Error::new(
            error.kind(),
            format!("Failed to get info of snapshot '{}' because: {error}{advice}", request.label),
        )
    })?;
    if let Some(source) = request.source_database.as_ref().filter(|source| **source != manifest.database) {
        return Err(Error::not_found(format!(
            "target database: {source} is not existed in snapshot: '{}' is of database {}",
            request.label, manifest.database
        )));
    }
    plan::selected(&manifest, request.tables.as_deref())?;
    let database = request.database.clone().unwrap_or_else(|| manifest.database.clone());
    let id = store.catalog.commit(|change| {
        refuse_second_job(change.view(), &database)?;
        let id = change.new_job_id();
        change.put_job(JobRecord {
            id,
            database: database.clone(),
            label: request.label.clone(),
            timestamp: request.timestamp,
            repository: entry.name.clone(),
            state: JobState::Pending,
            status: JobStatus::Ok,
            times: JobTimes { created: change.now_ms(), ..JobTimes::default() },
            timeout_s: request.timeout_s,
            totals: None,
            work: JobWork::Restore(RestoreWork {
                tables: request.tables.clone(),
                plan: None,
                allow_load: request.allow_load,
                replication_num: request.replication_num,
            }),
        })?;
        Ok(id)
    })?;
    Jobs::start(store, id)?;
    Ok(id)
}

fn work(record: &JobRecord) -> Result<&RestoreWork> {
    match &record.work {
        JobWork::Restore(work) => Ok(work),
        JobWork::Backup(_) => Err(Error::corrupt(format!("job {} is no restore", record.id))),
    }
}

/// A table of the snapshot with its files, and where they go.
struct Target<'m> {
    plan: TablePlan,
    entry: &'m TableEntry,
    files: Vec<(SegmentId, DataFile)>,
}

pub(super) fn run(context: &JobContext<'_>, record: &JobRecord) -> Result<()> {
    let store = context.store;
    let entry = Arc::clone(store.catalog.view().require_repository(&record.repository)?);
    let repository = context.open_repository(&entry)?;
    let manifest = repository.open_snapshot(&record.label, record.timestamp)?;
    let (plan, targets) = prepare(context, record, &repository, &manifest)?;
    if work(record)?.plan.is_none() {
        context.advance(JobState::Snapshoting, |record, now| {
            record.times.meta_prepared = Some(now);
            if let JobWork::Restore(work) = &mut record.work {
                work.plan = Some(plan.clone());
            }
        })?;
    }
    let fetch = prepare_places(context, record, &targets)?;
    context.advance(JobState::Download, |record, now| record.times.snapshot_finished = Some(now))?;
    let (files, bytes) = (fetch.len() as u64, fetch.iter().map(|file| file.length).sum());
    context.running.expect_transfer(files, bytes);
    context.advance(JobState::Downloading, |_, _| {})?;
    let fetched = repository.fetch(&fetch, &context.running.transfer)?;
    let totals = JobTotals {
        files,
        bytes,
        moved_files: fetched.fetched_files,
        moved_bytes: fetched.fetched_bytes,
        moved_objects: 0,
        requests: repository.store().requests().total(),
    };
    for target in &targets {
        let directory = store.catalog.table_directory(target.plan.table);
        store.disk.sync_dir(&directory).map_err(|e| Error::disk("sync", &directory, e))?;
    }
    context.advance(JobState::Commit, |record, now| {
        record.times.transfer_finished = Some(now);
        record.totals = Some(totals);
    })?;
    context.advance(JobState::Committing, |_, _| {})?;
    store.catalog.commit(|change| {
        if change.view().database(&record.database).is_none() {
            change.create_database(&record.database)?;
        }
        for target in &targets {
            publish(change, &record.database, target)?;
        }
        let mut done = JobRecord::clone(change.view().job(context.id).ok_or_else(|| lost(context.id))?);
        done.state = JobState::Finished;
        done.times.finished = Some(change.now_ms());
        change.put_job(done)
    })
}

/// The plan, newly decided or the one on record, with the files of each table.
fn prepare<'m>(
    context: &JobContext<'_>,
    record: &JobRecord,
    repository: &Repository,
    manifest: &'m Manifest,
) -> Result<(RestorePlan, Vec<Target<'m>>)> {
    let store = context.store;
    let work = work(record)?;
    let selected = plan::selected(manifest, work.tables.as_deref())?;
    let mut wanted = Vec::new();
    let entries: Vec<_> = selected.iter().map(|selection| selection.entry).collect();
    for (selection, list) in selected.iter().zip(repository.file_lists(&entries)?) {
        context.check()?;
        let files =
            list.into_files().into_iter().filter(|file| selection.wants(&file.partition)).collect::<Vec<_>>();
        wanted.push(files);
    }
    let plan = if let Some(plan) = &work.plan {
        plan.clone()
    } else {
        let counts: Vec<u64> = wanted.iter().map(|files| files.len() as u64).collect();
        decide(&store.catalog, &record.database, &selected, &counts)?
    };
    // A plan on record was made from this very snapshot; another in its place must not be taken for it.
    let fits = plan.tables.len() == selected.len()
        && plan.tables.iter().zip(&selected).zip(&wanted).all(|((plan, selection), files)| {
            plan.source == selection.entry.definition.name
                && plan.target == selection.target
                && plan.files == files.len() as u64
        });
    if !fits {
        return Err(Error::corrupt(format!(
            "snapshot '{}' of {} is not the one that this restore was planned from; restore again",
            record.label, record.timestamp
        )));
    }
    let targets = plan.tables.iter().zip(&selected).zip(wanted).map(|((plan, selection), files)| {
        let first = plan.first_segment.get();
        let files = (first..).map(SegmentId::new).zip(files).collect();
        Target { plan: plan.clone(), entry: selection.entry, files }
    });
    Ok((plan.clone(), targets.collect()))
}

/// Makes the directories, gives files that the store has already a second name, and says where every file goes.
fn prepare_places(
    context: &JobContext<'_>,
    record: &JobRecord,
    targets: &[Target<'_>],
) -> Result<Vec<FetchFile>> {
    let store = context.store;
    let mut fetch = Vec::new();
    for target in targets {
        let directory = store.catalog.table_directory(target.plan.table);
        store.disk.create_dir_all(&directory).map_err(|e| Error::disk("create", &directory, e))?;
        let own = own_files(store, &record.database, target);
        for (id, file) in &target.files {
            context.check()?;
            let path = store.catalog.segment_path(target.plan.table, *id);
            if let Some(own) = own.get(&file.digest) {
                // A file that cannot be linked is fetched like any other; fetching checks one that was.
                let _ = store.disk.hard_link(own, &path);
            }
            fetch.push(FetchFile { digest: file.digest, length: file.length, location: file.location, path });
        }
    }
    Ok(fetch)
}

/// The files that the table to be overwritten has now, by digest.
fn own_files(store: &Inner, database: &DatabaseName, target: &Target<'_>) -> HashMap<Digest, PathBuf> {
    let view = store.catalog.view();
    let table = view.database(database).and_then(|database| database.table(&target.plan.target)).cloned();
    let segments = table.iter().flat_map(|table| table.partitions.iter().flat_map(|p| p.segments()));
    segments.map(|segment| (segment.digest, segment.path().to_owned())).collect()
}

/// Makes one table's rows visible, in place of what the plan says they replace.
fn publish(change: &mut Change<'_>, database: &DatabaseName, target: &Target<'_>) -> Result<()> {
    let plan = &target.plan;
    let name = &plan.target;
    let source = &target.entry.definition;
    if plan.is_new {
        let definition = TableDefinition { name: name.clone(), ..source.clone() };
        change.create_table(database, plan.table, definition)?;
    } else {
        let current = change.view().require_database(database)?.require_table(name)?;
        if current.id != plan.table {
            return Err(Error::busy(format!(
                "table '{database}.{name}' was replaced during the restore; restore again"
            )));
        }
        check::same_table(&current.definition, source, name)?;
    }
    let planned: BTreeMap<_, _> =
        plan.partitions.iter().map(|partition| (&partition.name, partition)).collect();
    let mut ids: BTreeMap<&PartitionName, PartitionId> = BTreeMap::new();
    let mut new = Vec::new();
    for entry in &target.entry.partitions {
        let own_name = partition_name(entry, source, name)?;
        let Some(partition) = planned.get(&own_name) else { continue };
        if partition.is_new {
            let definition = PartitionDefinition { name: own_name, rows: entry.definition.rows.clone() };
            new.push(NewPartition { id: partition.id, definition });
        } else {
            change.remove_rowsets(database, name, partition.id)?;
        }
        ids.insert(&entry.definition.name, partition.id);
    }
    change.add_partitions(database, name, new, PartitionKind::Formal)?;
    let mut tablets: BTreeMap<(PartitionId, u32), Vec<NewSegment>> = BTreeMap::new();
    for (id, file) in &target.files {
        let partition = ids.get(&file.partition).ok_or_else(|| {
            Error::corrupt(format!(
                "a file of table '{}' is of partition '{}', which is not in the plan",
                source.name, file.partition
            ))
        })?;
        let bounds = file.columns.iter().map(|bounds| bounds.to_bounds(source));
        tablets.entry((*partition, file.bucket)).or_default().push(NewSegment {
            id: *id,
            length: file.length,
            rows: file.rows,
            digest: file.digest,
            bounds: bounds.collect::<cairn_format::Result<_>>()?,
            deleted: file.deleted.clone(),
        });
    }
    let mut rowsets: BTreeMap<PartitionId, Vec<NewRowset>> = BTreeMap::new();
    for ((partition, bucket), segments) in tablets {
        rowsets.entry(partition).or_default().push(NewRowset { bucket: bucket as usize, segments });
    }
    for (partition, rowsets) in rowsets {
        change.add_rowsets(database, name, partition, rowsets)?;
    }
    if let Some(next) = target.entry.auto_increment {
        change.raise_auto_increment(database, name, next)?;
    }
    Ok(())
}

/// Removes what a restore has fetched and will not publish.
pub(super) fn discard_files(store: &Inner, record: &JobRecord) {
    let Ok(RestoreWork { plan: Some(plan), .. }) = work(record) else { return };
    if !store.catalog.is_certain() {
        return;
    }
    for table in &plan.tables {
        for id in table.segments() {
            // What stays behind is an orphan, which the next open removes.
            let _ = store.disk.remove_file(&store.catalog.segment_path(table.table, id));
        }
        if table.is_new {
            let _ = std::fs::remove_dir(store.catalog.table_directory(table.table));
        }
    }
}
