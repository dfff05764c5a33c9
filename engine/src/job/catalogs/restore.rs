//! Restoring external catalogs: definitions, under the names that they get.

use std::collections::HashSet;
use std::sync::Arc;

use cairn_format::{ExternalCatalog, Manifest};

use super::refuse_second_job;
use crate::catalog::{CatalogView, Change, DEFAULT_CATALOG};
use crate::error::{Error, Result};
use crate::id::JobId;
use crate::job::explain::{ExplainedTable, JobExplanation, PlannedAction};
use crate::job::record::{CatalogRestoreWork, JobRecord, JobState, JobTotals, JobWork, NewJob};
use crate::job::request::{CatalogRestoreRequest, CatalogSelection, IfExists};
use crate::job::restore::open_snapshot;
use crate::job::runner::{JobContext, Jobs, lost};
use crate::store::Inner;

/// Requests of a restore that has read the manifest already: the repository is opened again and the manifest read again.
const REQUESTS: u64 = 2;

/// Accepts a restore of external catalogs. Its work goes on in a thread.
pub(crate) fn submit_catalog_restore(store: &Arc<Inner>, request: &CatalogRestoreRequest) -> Result<JobId> {
    let (_, manifest) = open_snapshot(store, &request.repository, &request.label, request.timestamp)?;
    selected(&manifest, request.catalogs.as_deref())?;
    let id = store.catalog.commit(|change| {
        refuse_second_job(change.view())?;
        let new = NewJob {
            database: None,
            label: &request.label,
            timestamp: manifest.timestamp,
            repository: &request.repository,
            timeout_s: request.timeout_s,
            work: JobWork::CatalogRestore(CatalogRestoreWork {
                catalogs: request.catalogs.clone(),
                allow_load: request.allow_load,
                replication_num: request.replication_num,
                if_exists: request.if_exists,
            }),
        };
        new.put(change)
    })?;
    Jobs::start(store, id)?;
    Ok(id)
}

/// The catalogs that are asked for, under the names that they get.
fn selected(manifest: &Manifest, wanted: Option<&[CatalogSelection]>) -> Result<Vec<ExternalCatalog>> {
    if let Some(database) = &manifest.database {
        return Err(Error::invalid(format!(
            "This is not a snapshot for external catalog restore: '{}' is of database {database}",
            manifest.label
        )));
    }
    let Some(wanted) = wanted else { return Ok(manifest.catalogs.clone()) };
    let (mut sources, mut targets) = (HashSet::new(), HashSet::new());
    let mut selected = Vec::with_capacity(wanted.len());
    for selection in wanted {
        let name = &selection.catalog;
        let catalog = manifest.catalog(name.as_str()).ok_or_else(|| {
            Error::not_found(format!(
                "Can not find restore catalog: {name}: snapshot '{}' has none of that name",
                manifest.label
            ))
        })?;
        let target = selection.target();
        if target.as_str() == DEFAULT_CATALOG {
            return Err(Error::invalid(format!(
                "Do not support {DEFAULT_CATALOG} as the alias of external catalog {name}; choose another name"
            )));
        }
        if !sources.insert(name) {
            return Err(Error::invalid(format!("Duplicated catalog: {name}; name it once")));
        }
        if !targets.insert(target) {
            return Err(Error::invalid(format!(
                "Duplicated alias name: {target}; give each catalog a name of its own"
            )));
        }
        selected.push(ExternalCatalog { name: target.clone(), ..catalog.clone() });
    }
    Ok(selected)
}

/// Refuses catalogs that are there where that is asked for.
fn check(view: &CatalogView, catalogs: &[ExternalCatalog], if_exists: IfExists) -> Result<()> {
    let there = catalogs.iter().find(|catalog| view.external_catalog(&catalog.name).is_some());
    match there {
        Some(catalog) if if_exists == IfExists::Fail => Err(Error::already_exists(format!(
            "Catalog {0} already exist, and \"if_exists\" is \"fail\": catalog {0} is to be left as it is; restore AS another name",
            catalog.name
        ))),
        _ => Ok(()),
    }
}

pub(crate) fn restore(context: &JobContext<'_>, record: &JobRecord, work: &CatalogRestoreWork) -> Result<()> {
    let store = context.store;
    let entry = Arc::clone(store.catalog.view().require_repository(&record.repository)?);
    let repository = context.open_repository(&entry)?;
    let manifest = repository.open_snapshot(&record.label, record.timestamp)?;
    let catalogs = selected(&manifest, work.catalogs.as_deref())?;
    check(&store.catalog.view(), &catalogs, work.if_exists)?;
    let totals = JobTotals { requests: repository.store().requests().total(), ..JobTotals::default() };
    context.advance(JobState::Committing, |record, now| {
        record.times.meta_prepared = Some(now);
        record.times.snapshot_finished = Some(now);
        record.times.transfer_finished = Some(now);
        record.totals = Some(totals);
    })?;
    store.catalog.commit(|change| {
        publish(change, &catalogs, work.if_exists)?;
        let mut done = JobRecord::clone(change.view().job(context.id).ok_or_else(|| lost(context.id))?);
        done.state = JobState::Finished;
        done.times.finished = Some(change.now_ms());
        change.put_job(done)
    })?;
    store.purge();
    Ok(())
}

/// Makes the catalogs; one that is there gets the snapshot's definition and keeps its secrets, or is left as it is where
/// that is asked for.
fn publish(change: &mut Change<'_>, catalogs: &[ExternalCatalog], if_exists: IfExists) -> Result<()> {
    check(change.view(), catalogs, if_exists)?;
    for catalog in catalogs {
        let before = change.view().external_catalog(&catalog.name).map(Arc::clone);
        match (before, if_exists) {
            (None, _) => change.create_external_catalog(catalog)?,
            (Some(_), IfExists::Skip) => {}
            (Some(before), _) => {
                change.replace_external_catalog(&catalog.with_values_of(&before.definition))?;
            }
        }
    }
    Ok(())
}

/// What a restore of external catalogs would do.
pub(crate) fn explain_catalog_restore(
    store: &Inner,
    request: &CatalogRestoreRequest,
) -> Result<JobExplanation> {
    let view = store.catalog.view();
    let (repository, manifest) =
        open_snapshot(store, &request.repository, &request.label, request.timestamp)?;
    let catalogs = selected(&manifest, request.catalogs.as_deref())?;
    let conflicts = refuse_second_job(&view).err().map(|error| error.to_string()).into_iter().collect();
    let explained = catalogs.iter().map(|catalog| explained(&view, catalog, request.if_exists));
    Ok(JobExplanation {
        tables: explained.collect(),
        requests: Some(REQUESTS + repository.store().requests().total()),
        seconds: Some(0),
        conflicts,
    })
}

fn explained(view: &CatalogView, catalog: &ExternalCatalog, if_exists: IfExists) -> ExplainedTable {
    let before = view.external_catalog(&catalog.name);
    let action = match (before, if_exists) {
        (None, _) => PlannedAction::Create,
        (Some(_), IfExists::Skip) => PlannedAction::Skip,
        (Some(_), IfExists::Fail) => PlannedAction::Refuse,
        (Some(_), IfExists::Overwrite) => PlannedAction::Replace,
    };
    let missing = match before {
        Some(before) => catalog.with_values_of(&before.definition).withheld,
        None => catalog.withheld.clone(),
    };
    let detail = match action {
        PlannedAction::Skip => "it is there, and is left as it is".to_owned(),
        PlannedAction::Refuse => check(view, std::slice::from_ref(catalog), if_exists)
            .map_or_else(|error| error.to_string(), |()| String::new()),
        _ if missing.is_empty() => "an external catalog".to_owned(),
        _ => {
            let names: Vec<&str> = missing.iter().map(String::as_str).collect();
            format!(
                "an external catalog, whose secrets are not in the snapshot: set {} with ALTER CATALOG {} SET (…)",
                names.join(", "),
                catalog.name
            )
        }
    };
    ExplainedTable::of_catalog(&catalog.name, action, detail)
}
