//! Restore: plan, fetch and check every file on the side, then make all of it visible in one commit.

mod check;
mod explain;
mod materialized_views;
mod plan;
mod rollups;
mod rules;
mod views;

pub(crate) use explain::explain_restore;
pub use plan::{PartitionPlan, RestorePlan, TablePlan};

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use cairn_format::{
    DataFile, DatabaseName, Digest, FileList, Manifest, PartitionDefinition, PartitionEntry, PartitionName,
    RepositoryName, SnapshotLabel, SnapshotTimestamp, TableDefinition, TableEntry, TableName,
};
use cairn_repository::{FetchFile, Repository, StopSignal};

use self::plan::{decide, partition_name};
use self::rollups::RestoredRollups;
use super::backup::refuse_second_job;
use super::record::{JobRecord, JobState, JobTotals, JobWork, NewJob, RestoreWork};
use super::request::RestoreRequest;
use super::runner::{JobContext, Jobs, lost};
use crate::catalog::{Change, NewPartition, NewRowset, NewSegment, PartitionKind, Table};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{JobId, PartitionId, SegmentId};
use crate::store::Inner;

/// Accepts a restore: the snapshot exists and holds what is asked for. Its work goes on in a thread.
pub(crate) fn submit_restore(store: &Arc<Inner>, request: &RestoreRequest) -> Result<JobId> {
    let (_, manifest) = snapshot_of(store, request)?;
    plan::selected(&manifest, request.tables.as_deref(), request.materialized_views.as_deref())?;
    views::selected(&manifest, request.views.as_deref(), &BTreeMap::new())?;
    let database = target_database(&manifest, request)?;
    let id = store.catalog.commit(|change| {
        refuse_second_job(change.view(), &database)?;
        let new = NewJob {
            database: Some(database.clone()),
            label: &request.label,
            timestamp: manifest.timestamp,
            repository: &request.repository,
            timeout_s: request.timeout_s,
            work: JobWork::Restore(RestoreWork {
                tables: request.tables.clone(),
                materialized_views: request.materialized_views.clone(),
                views: request.views.clone(),
                plan: None,
                allow_load: request.allow_load,
                replication_num: request.replication_num,
                if_exists: request.if_exists,
                keeps_partition_rules: request.keeps_partition_rules,
            }),
        };
        new.put(change)
    })?;
    Jobs::start(store, id)?;
    Ok(id)
}

/// The snapshot that is asked for, which must be of the database that is named for it.
fn snapshot_of(store: &Inner, request: &RestoreRequest) -> Result<(Repository, Manifest)> {
    let (repository, manifest) =
        open_snapshot(store, &request.repository, &request.label, request.timestamp)?;
    let Some(database) = &manifest.database else {
        let advice = "write RESTORE SNAPSHOT … FROM … ALL EXTERNAL CATALOGS";
        return Err(Error::invalid(match &request.database {
            Some(_) => format!(
                "Can not specify database for external catalog snapshot: '{}'; {advice}",
                request.label
            ),
            None => format!("snapshot '{}' is one of external catalogs; {advice}", request.label),
        }));
    };
    if let Some(source) = request.source_database.as_ref().filter(|source| *source != database) {
        return Err(Error::not_found(format!(
            "target database: {source} is not existed in snapshot: '{}' is of database {database}",
            request.label
        )));
    }
    Ok((repository, manifest))
}

/// The database that is restored into.
fn target_database(manifest: &Manifest, request: &RestoreRequest) -> Result<DatabaseName> {
    let named = request.database.as_ref().or(manifest.database.as_ref());
    named.cloned().ok_or_else(|| Error::corrupt("a snapshot of a database does not say of which"))
}

/// The snapshot of a label and a time, or the latest of the label.
pub(super) fn open_snapshot(
    store: &Inner,
    repository: &RepositoryName,
    label: &SnapshotLabel,
    timestamp: Option<SnapshotTimestamp>,
) -> Result<(Repository, Manifest)> {
    let entry = Arc::clone(store.catalog.view().require_repository(repository)?);
    let repository = store.open_repository(&entry, &StopSignal::new())?;
    let timestamp = match timestamp {
        Some(timestamp) => timestamp,
        None => latest(&repository, label)?,
    };
    let manifest = repository.open_snapshot(label, timestamp).map_err(|error| {
        let error = Error::from(error);
        let advice =
            if error.kind() == ErrorKind::NotFound { ". Maybe specified wrong backup timestamp" } else { "" };
        let message = format!("Failed to get info of snapshot '{label}' because: {error}{advice}");
        Error::new(error.kind(), message)
    })?;
    Ok((repository, manifest))
}

/// When the last snapshot of a label was made.
fn latest(repository: &Repository, label: &SnapshotLabel) -> Result<SnapshotTimestamp> {
    let times = repository.snapshots(Some(label))?.into_iter().map(|name| name.timestamp);
    times.max().ok_or_else(|| {
        Error::not_found(format!(
            "Failed to get info of snapshot '{label}' because: there is none of that label; SHOW SNAPSHOT lists them"
        ))
    })
}

fn work(record: &JobRecord) -> Result<&RestoreWork> {
    match &record.work {
        JobWork::Restore(work) => Ok(work),
        _ => Err(Error::corrupt(format!("job {} is no restore", record.id))),
    }
}

/// A table of the snapshot with its files, and where they go.
struct Target<'m> {
    plan: TablePlan,
    entry: &'m TableEntry,
    files: Vec<(SegmentId, DataFile)>,
}

/// The partitions of a snapshot's table that are restored, by their names there, and where they go.
type Planned<'t> = BTreeMap<&'t PartitionName, (&'t PartitionEntry, &'t PartitionPlan)>;

impl Target<'_> {
    fn partitions(&self) -> Result<Planned<'_>> {
        let plans: BTreeMap<_, _> = self.plan.partitions.iter().map(|plan| (&plan.name, plan)).collect();
        let mut planned = BTreeMap::new();
        for entry in &self.entry.partitions {
            let own_name = partition_name(entry, &self.entry.definition, &self.plan.target)?;
            if let Some(plan) = plans.get(&own_name) {
                planned.insert(&entry.definition.name, (entry, *plan));
            }
        }
        Ok(planned)
    }

    fn misplaced(&self, file: &DataFile) -> Error {
        Error::corrupt(format!(
            "a file of table '{}' is of partition '{}', which is not in the plan",
            self.entry.definition.name, file.partition
        ))
    }
}

pub(super) fn run(context: &JobContext<'_>, record: &JobRecord) -> Result<()> {
    let store = context.store;
    let database = record.require_database()?;
    let entry = Arc::clone(store.catalog.view().require_repository(&record.repository)?);
    let repository = context.open_repository(&entry)?;
    let manifest = repository.open_snapshot(&record.label, record.timestamp)?;
    let (plan, targets) = prepare(context, record, &repository, &manifest)?;
    let RestoreWork { views, tables, materialized_views, if_exists, .. } = work(record)?;
    let if_exists = *if_exists;
    let selections = tables.iter().chain(materialized_views).flatten();
    let renamed = views::renames(views.as_deref(), selections);
    let views = views::selected(&manifest, views.as_deref(), &renamed)?;
    views::check(&store.catalog.view(), database, &views, if_exists)?;
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
    let rollups = targets.iter().map(|target| RestoredRollups::build(context, record, target));
    let rollups: Vec<RestoredRollups<'_>> = rollups.collect::<Result<_>>()?;
    for target in &targets {
        let directory = store.catalog.table_directory(target.plan.table);
        store.disk.sync_dir(&directory).map_err(|e| Error::disk("sync", &directory, e))?;
    }
    context.advance(JobState::Commit, |record, now| {
        record.times.transfer_finished = Some(now);
        record.totals = Some(totals);
    })?;
    context.advance(JobState::Committing, |_, _| {})?;
    let keeps_rules = work(record)?.keeps_partition_rules;
    store.catalog.commit(|change| {
        if change.view().database(database).is_none() {
            change.create_database(database)?;
        }
        for (target, rollups) in targets.iter().zip(&rollups) {
            let partitions = publish(store, change, database, target, &renamed)?;
            rollups.publish(change, database, &partitions)?;
            rules::settle(change, database, &target.plan, keeps_rules)?;
        }
        views::publish(change, database, &views, if_exists)?;
        materialized_views::settle(change, database, &targets, &views)?;
        let mut done = JobRecord::clone(change.view().job(context.id).ok_or_else(|| lost(context.id))?);
        done.state = JobState::Finished;
        done.times.finished = Some(change.now_ms());
        change.put_job(done)
    })?;
    rollups.iter().for_each(RestoredRollups::keep);
    store.purge();
    Ok(())
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
    let selected = plan::selected(manifest, work.tables.as_deref(), work.materialized_views.as_deref())?;
    let entries: Vec<_> = selected.iter().map(|selection| selection.entry).collect();
    let mut lists: Vec<_> = repository.file_lists(&entries)?.into_iter().map(FileList::into_files).collect();
    context.check()?;
    let plan = match &work.plan {
        Some(plan) => plan.clone(),
        None => decide(&store.catalog, record.require_database()?, &selected, &lists, work.if_exists)?,
    };
    let mut targets = Vec::with_capacity(plan.tables.len());
    for plan in &plan.tables {
        // A plan on record was made from this very snapshot; another in its place must not be taken for it.
        let another = || {
            Error::corrupt(format!(
                "snapshot '{}' of {} is not the one that this restore was planned from; restore again",
                record.label, record.timestamp
            ))
        };
        let fitting = selected.iter().zip(&mut lists).find(|(selection, _)| {
            plan.source == selection.entry.definition.name && plan.target == selection.target
        });
        let (selection, files) = fitting.ok_or_else(another)?;
        let planned = selection.planned(plan)?;
        files.retain(|file| planned.contains(&file.partition));
        if files.len() as u64 != plan.files {
            return Err(another());
        }
        let files = (plan.first_segment.get()..).map(SegmentId::new).zip(std::mem::take(files)).collect();
        targets.push(Target { plan: plan.clone(), entry: selection.entry, files });
    }
    Ok((plan, targets))
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
        let view = store.catalog.view();
        let table = view
            .database(record.require_database()?)
            .and_then(|database| database.table(&target.plan.target));
        let own = table.map_or_else(HashMap::new, |table| own_files(table));
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

/// The files that a table has now, by digest.
fn own_files(table: &Table) -> HashMap<Digest, PathBuf> {
    let segments = table.partitions.iter().flat_map(|partition| partition.segments());
    segments.map(|segment| (segment.digest, segment.path().to_owned())).collect()
}

/// Makes one table's rows visible, in place of what the plan says they replace, which goes into the recycle bin. Says which
/// partitions those of the snapshot are now.
fn publish(
    store: &Inner,
    change: &mut Change<'_>,
    database: &DatabaseName,
    target: &Target<'_>,
    renamed: &BTreeMap<TableName, TableName>,
) -> Result<BTreeMap<PartitionName, PartitionId>> {
    let plan = &target.plan;
    let name = &plan.target;
    let source = &target.entry.definition;
    let materialized_view = materialized_views::restored(source, renamed);
    if plan.is_new {
        let definition = TableDefinition { name: name.clone(), materialized_view, ..source.clone() };
        change.create_table(database, plan.table, definition)?;
    } else {
        let owner = change.view().require_database(database)?;
        let (owner, current) = (owner.id, Arc::clone(owner.require_table(name)?));
        if current.id != plan.replaced.unwrap_or(plan.table) {
            return Err(Error::busy(format!(
                "table '{database}.{name}' was replaced during the restore; restore again"
            )));
        }
        check::same_table(&current.definition, source, name)?;
        // Files of the snapshot may hold columns that were dropped before it: their field ids are taken, too.
        let next_field_id = current.definition.next_field_id.max(source.next_field_id);
        let current_definition = TableDefinition::clone(&current.definition);
        let definition = TableDefinition { next_field_id, materialized_view, ..current_definition };
        if plan.replaced.is_some() {
            change.drop_table(database, name)?;
            change.recycle_replaced_table(owner, name, current.id, plan.table)?;
            change.create_table(database, plan.table, definition)?;
            change.raise_auto_increment(database, name, current.next_auto_increment)?;
            // Whoever might do something with the table may with the one in its place.
            if let Some(access) = change.view().access().with_replaced(owner, current.id, plan.table) {
                change.put_access(&access)?;
            }
        } else if definition != *current.definition {
            change.redefine_table(database, definition)?;
        }
    }
    let planned = target.partitions()?;
    let mut new = Vec::new();
    let mut ids: BTreeMap<PartitionName, PartitionId> = BTreeMap::new();
    for (entry, partition) in planned.values() {
        let mut definition = PartitionDefinition { name: partition.name.clone(), ..entry.definition.clone() };
        let mut id = partition.id;
        if !partition.is_new {
            id = PartitionId::new(store.catalog.reserve_ids(1));
            if plan.replaced.is_none() {
                // The snapshot's files are of so many buckets.
                let buckets = entry.definition.buckets;
                definition = replace_partition(change, database, name, partition.id)?;
                definition.buckets = buckets;
            }
        }
        ids.insert(entry.definition.name.clone(), id);
        new.push(NewPartition { id, definition });
    }
    change.add_partitions(database, name, new, PartitionKind::Formal)?;
    let mut tablets: BTreeMap<(PartitionId, u32), Vec<NewSegment>> = BTreeMap::new();
    for (id, file) in &target.files {
        let partition = *ids.get(&file.partition).ok_or_else(|| target.misplaced(file))?;
        let bounds = file.columns.iter().map(|bounds| bounds.to_bounds(source));
        tablets.entry((partition, file.bucket)).or_default().push(NewSegment {
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
        let rowset = NewRowset { rollup: None, bucket: bucket as usize, segments };
        rowsets.entry(partition).or_default().push(rowset);
    }
    for (partition, rowsets) in rowsets {
        change.add_rowsets(database, name, partition, rowsets)?;
    }
    if let Some(next) = target.entry.auto_increment {
        change.raise_auto_increment(database, name, next)?;
    }
    Ok(ids)
}

/// Drops the partition that another is going to take the place of, and says what that one is to be.
fn replace_partition(
    change: &mut Change<'_>,
    database: &DatabaseName,
    table: &TableName,
    id: PartitionId,
) -> Result<PartitionDefinition> {
    let owner = change.view().require_database(database)?;
    let (owner, table_id, definition) = {
        let table = owner.require_table(table)?;
        (owner.id, table.id, table.require_partition_by_id(id)?.definition.clone())
    };
    change.drop_partition(database, table, id)?;
    change.recycle_partition(owner, table_id, &definition.name, id)?;
    Ok(definition)
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
        if table.is_new || table.replaced.is_some() {
            let _ = std::fs::remove_dir(store.catalog.table_directory(table.table));
        }
    }
}
