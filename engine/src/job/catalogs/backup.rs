//! Backing up external catalogs: a manifest and nothing else.

use std::collections::HashSet;
use std::sync::Arc;

use cairn_format::{
    CatalogName, EXTERNAL_CATALOGS, ExternalCatalog, Manifest, Sent, SnapshotTimestamp, Totals,
};
use cairn_repository::{Repository, StopSignal};

use super::refuse_second_job;
use crate::catalog::CatalogView;
use crate::error::{Error, Result};
use crate::external_catalogs::is_secret_of_catalog;
use crate::id::JobId;
use crate::job::backup::{
    begin_options, commit, forget, refuse_read_only, refuse_taken_label, snapshot_exists,
};
use crate::job::explain::{ExplainedTable, JobExplanation, PlannedAction};
use crate::job::record::{CatalogBackupWork, JobRecord, JobState, JobTotals, JobWork, NewJob};
use crate::job::request::CatalogBackupRequest;
use crate::job::runner::{JobContext, Jobs, lost};
use crate::store::Inner;

/// Requests of a backup that sends a manifest alone: the repository is opened again, the label is looked for twice, the
/// intent is put and removed, the manifest is put.
const REQUESTS: u64 = 6;

/// Accepts a backup of external catalogs. Its work goes on in a thread.
pub(crate) fn submit_catalog_backup(store: &Arc<Inner>, request: &CatalogBackupRequest) -> Result<JobId> {
    let view = store.catalog.view();
    let entry = Arc::clone(view.require_repository(&request.repository)?);
    select(&view, request)?;
    refuse_second_job(&view)?;
    refuse_read_only(&entry)?;
    let repository = store.open_repository(&entry, &StopSignal::new())?;
    refuse_taken_label(&repository, &request.label, &request.repository)?;
    let id = store.catalog.commit(|change| {
        refuse_second_job(change.view())?;
        let catalogs = select(change.view(), request)?;
        let new = NewJob {
            database: None,
            label: &request.label,
            timestamp: SnapshotTimestamp::from_unix_ms(change.now_ms())?,
            repository: &entry.name,
            timeout_s: request.timeout_s,
            work: JobWork::CatalogBackup(CatalogBackupWork {
                cut: change.version(),
                catalogs,
                is_whole: request.catalogs.is_none(),
                intent: None,
                ttl: request.ttl,
            }),
        };
        new.put(change)
    })?;
    Jobs::start(store, id)?;
    Ok(id)
}

/// The catalogs to back up, each known and named once.
fn select(view: &CatalogView, request: &CatalogBackupRequest) -> Result<Vec<CatalogName>> {
    let Some(wanted) = &request.catalogs else {
        let all: Vec<_> = view.external_catalogs().map(|entry| entry.definition.name.clone()).collect();
        if all.is_empty() {
            return Err(Error::invalid("no external catalog can be backed up: there is none"));
        }
        return Ok(all);
    };
    let mut seen = HashSet::new();
    for name in wanted {
        view.require_external_catalog(name)?;
        if !seen.insert(name) {
            return Err(Error::invalid(format!("Duplicated catalog: {name}; name it once")));
        }
    }
    Ok(wanted.clone())
}

pub(crate) fn back_up(context: &JobContext<'_>, record: &JobRecord, work: &CatalogBackupWork) -> Result<()> {
    let entry = Arc::clone(context.store.catalog.view().require_repository(&record.repository)?);
    let repository = context.open_repository(&entry)?;
    let outcome = put(context, &repository, record, work);
    if outcome.is_err() && !context.is_closing() {
        // Once the manifest may have been put, the intent protects it until it expires.
        let record = context.record()?;
        if let JobWork::CatalogBackup(work) = &record.work
            && record.state != JobState::UploadInfo
        {
            forget(&repository, work.intent.as_ref());
        }
    }
    outcome
}

fn put(
    context: &JobContext<'_>,
    repository: &Repository,
    record: &JobRecord,
    work: &CatalogBackupWork,
) -> Result<()> {
    // An earlier process of this job may have died right after it had put the manifest.
    let may_have_committed = record.state == JobState::UploadInfo;
    if may_have_committed && snapshot_exists(repository, record)? {
        forget(repository, work.intent.as_ref());
        return finish(context);
    }
    let there = context.store.catalog.external_catalogs_at(work.cut)?;
    let catalog = |name: &CatalogName| match there.get(name) {
        Some(entry) => Ok(entry.definition.without_secrets(is_secret_of_catalog)),
        None => {
            Err(Error::corrupt(format!("the catalog lost external catalog '{name}' of version {}", work.cut)))
        }
    };
    let catalogs = work.catalogs.iter().map(catalog).collect::<Result<Vec<ExternalCatalog>>>()?;
    // The intent of an attempt that may have put its manifest is never gone on with.
    let resume = work.intent.filter(|_| !may_have_committed);
    let options = begin_options(record).with_resume(resume);
    let writer = repository.begin_snapshot(&record.label, record.timestamp, &options)?;
    let intent = *writer.intent_id();
    context.advance(JobState::SaveMeta, |record, now| {
        record.times.snapshot_finished = Some(now);
        record.times.transfer_finished = Some(now);
        if let JobWork::CatalogBackup(work) = &mut record.work {
            work.intent = Some(intent);
        }
    })?;
    let finished_at_ms = context.record()?.times.transfer_finished;
    let manifest = Manifest {
        label: record.label.clone(),
        timestamp: record.timestamp,
        database: None,
        store: Some(context.store.catalog.store_id()),
        part: (!work.is_whole).then(|| part(&work.catalogs)),
        created_at_ms: record.times.created,
        finished_at_ms,
        ttl: work.ttl.as_ref().map(ToString::to_string),
        expires_at_ms: work.ttl.zip(finished_at_ms).map(|(ttl, finished)| ttl.expires_at_ms(finished)),
        sent: Some(Sent::default()),
        intent: None,
        writer: cairn_repository::DEFAULT_WRITER.to_owned(),
        read_features: [EXTERNAL_CATALOGS].into_iter().collect(),
        tables: Vec::new(),
        views: Vec::new(),
        catalogs,
        totals: Totals::default(),
    };
    let requests = repository.store().requests().total();
    context.advance(JobState::UploadInfo, |record, _| {
        record.totals = Some(JobTotals { requests, ..JobTotals::default() });
    })?;
    commit(repository, writer, record, &manifest)?;
    finish(context)
}

fn finish(context: &JobContext<'_>) -> Result<()> {
    context.store.catalog.commit(|change| {
        let mut record = JobRecord::clone(change.view().job(context.id).ok_or_else(|| lost(context.id))?);
        record.state = JobState::Finished;
        record.times.finished = Some(change.now_ms());
        change.put_job(record)
    })
}

/// Equal for equal choices, in whatever order they were made.
fn part(catalogs: &[CatalogName]) -> String {
    let mut names: Vec<String> = catalogs.iter().map(|name| format!("CATALOG {name}")).collect();
    names.sort();
    names.join(", ")
}

/// What a backup of external catalogs would do.
pub(crate) fn explain_catalog_backup(
    store: &Inner,
    request: &CatalogBackupRequest,
) -> Result<JobExplanation> {
    let view = store.catalog.view();
    let entry = view.require_repository(&request.repository)?;
    let mut conflicts = Vec::new();
    let mut note = |outcome: Result<()>| conflicts.extend(outcome.err().map(|error| error.to_string()));
    note(refuse_second_job(&view));
    note(refuse_read_only(entry));
    let catalogs = match select(&view, request) {
        Ok(catalogs) => catalogs,
        Err(error) => {
            note(Err(error));
            return Ok(JobExplanation { conflicts, ..JobExplanation::default() });
        }
    };
    let repository = store.open_repository(entry, &StopSignal::new())?;
    note(refuse_taken_label(&repository, &request.label, &request.repository));
    let explained = |name: &CatalogName| {
        let definition = &view.require_external_catalog(name)?.definition;
        let withheld = definition.without_secrets(is_secret_of_catalog).withheld;
        let names: Vec<&str> = withheld.iter().map(String::as_str).collect();
        let secrets = match names.as_slice() {
            [] => String::new(),
            names => format!(" without its secrets: {}", names.join(", ")),
        };
        let detail = format!("an external catalog, written down in the manifest{secrets}");
        Ok(ExplainedTable::of_catalog(name, PlannedAction::Send, detail))
    };
    Ok(JobExplanation {
        tables: catalogs.iter().map(explained).collect::<Result<_>>()?,
        requests: Some(REQUESTS + repository.store().requests().total()),
        seconds: Some(0),
        conflicts,
    })
}
