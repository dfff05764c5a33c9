//! What a restore would do, found out as a restore finds it out, without any of it done.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use cairn_format::{DataFile, DatabaseName, ViewDefinition};
use cairn_repository::FetchFile;

use super::plan::{Selected, TablePlan, decide_table, selected};
use super::{own_files, snapshot_of, target_database, views};
use crate::catalog::{CatalogView, Table};
use crate::error::Result;
use crate::job::backup::refuse_second_job;
use crate::job::explain::{ExplainedTable, JobExplanation, PlannedAction, seconds_of};
use crate::job::request::{IfExists, RestoreRequest};
use crate::store::Inner;

/// Requests around those for data: the repository is opened again and the manifest read again.
const FRAME_REQUESTS: u64 = 2;

/// # Errors
/// What [`submit_restore`](super::submit_restore) says of a snapshot that cannot be read or does not hold what is asked
/// for.
pub(crate) fn explain_restore(store: &Inner, request: &RestoreRequest) -> Result<JobExplanation> {
    let view = store.catalog.view();
    let (repository, manifest) = snapshot_of(store, request)?;
    let database = target_database(&manifest, request)?;
    let conflicts: Vec<String> =
        refuse_second_job(&view, &database).err().map(|error| error.to_string()).into_iter().collect();
    let selected = selected(&manifest, request.tables.as_deref(), request.materialized_views.as_deref())?;
    let entries: Vec<_> = selected.iter().map(|selection| selection.entry).collect();
    let mut tables = Vec::with_capacity(selected.len());
    let mut fetch = Vec::new();
    for (selection, list) in selected.iter().zip(repository.file_lists(&entries)?) {
        let existing = view.database(&database).and_then(|database| database.table(&selection.target));
        let existing = existing.map(AsRef::as_ref);
        let mut explained =
            ExplainedTable::empty(&database, &selection.target, PlannedAction::Refuse, String::new());
        if let Err(error) =
            one(store, request, selection, existing, &list.into_files(), &mut explained, &mut fetch)
        {
            explained.detail = error.to_string();
        }
        tables.push(explained);
    }
    let wanted = views::selected(&manifest, request.views.as_deref(), &BTreeMap::new())?;
    tables.extend(wanted.iter().map(|wanted| explained_view(&view, &database, wanted, request.if_exists)));
    let requests =
        FRAME_REQUESTS + repository.store().requests().total() + repository.requests_to_fetch(&fetch);
    let moved_bytes = tables.iter().map(|table| table.moved_bytes).sum();
    let limit = repository.store().limits().get().download_bytes;
    let seconds = seconds_of(&view, &request.repository, false, moved_bytes, limit);
    Ok(JobExplanation { tables, requests: Some(requests), seconds, conflicts })
}

/// What becomes of one table; what would be fetched for it is added to `fetch`.
///
/// # Errors
/// Why the restore would fail at it.
fn one(
    store: &Inner,
    request: &RestoreRequest,
    selection: &Selected<'_>,
    existing: Option<&Table>,
    files: &[DataFile],
    explained: &mut ExplainedTable,
    fetch: &mut Vec<FetchFile>,
) -> Result<()> {
    let Some(plan) = decide_table(&store.catalog, selection, existing, files, request.if_exists)? else {
        explained.action = PlannedAction::Skip;
        "it is there, and is left as it is".clone_into(&mut explained.detail);
        return Ok(());
    };
    explained.action = if plan.is_new { PlannedAction::Create } else { PlannedAction::Replace };
    explained.detail = detail(&plan, existing);
    let planned = selection.planned(&plan)?;
    let own = existing.map_or_else(HashMap::new, own_files);
    for file in files.iter().filter(|file| planned.contains(&file.partition)) {
        explained.files += 1;
        explained.bytes += file.length;
        if own.contains_key(&file.digest) {
            explained.reused_files += 1;
            explained.reused_bytes += file.length;
        } else {
            explained.moved_files += 1;
            explained.moved_bytes += file.length;
            let (digest, length, location) = (file.digest, file.length, file.location);
            fetch.push(FetchFile { digest, length, location, path: PathBuf::new() });
        }
    }
    Ok(())
}

fn explained_view(
    view: &CatalogView,
    database: &DatabaseName,
    wanted: &ViewDefinition,
    if_exists: IfExists,
) -> ExplainedTable {
    let is_there = view.database(database).is_some_and(|database| database.view(&wanted.name).is_some());
    let (action, detail) = match views::check(view, database, std::slice::from_ref(wanted), if_exists) {
        Err(error) => (PlannedAction::Refuse, error.to_string()),
        Ok(()) if is_there && if_exists == IfExists::Skip => {
            (PlannedAction::Skip, "it is there, and is left as it is".to_owned())
        }
        Ok(()) if is_there => (PlannedAction::Replace, "a view".to_owned()),
        Ok(()) => (PlannedAction::Create, "a view".to_owned()),
    };
    ExplainedTable::empty(database, &wanted.name, action, detail)
}

/// What happens to the partitions of a table that is there: `makes p2, replaces the rows of p1, leaves p3`.
fn detail(plan: &TablePlan, existing: Option<&Table>) -> String {
    let Some(existing) = existing else { return String::new() };
    let names = |is_new: bool| {
        let partitions = plan.partitions.iter().filter(move |partition| partition.is_new == is_new);
        partitions.map(|partition| partition.name.to_string()).collect::<Vec<_>>().join(", ")
    };
    let left: Vec<String> = existing
        .partitions
        .iter()
        .map(|partition| &partition.definition.name)
        .filter(|name| plan.partitions.iter().all(|planned| planned.name != **name))
        .map(ToString::to_string)
        .collect();
    let parts =
        [("makes ", names(true)), ("replaces the rows of ", names(false)), ("leaves ", left.join(", "))];
    let parts = parts.into_iter().filter(|(_, names)| !names.is_empty());
    parts.map(|(what, names)| format!("{what}{names}")).collect::<Vec<_>>().join("; ")
}
