//! What a backup would do, found out as a backup finds it out, without any of it done.

use std::collections::HashSet;

use cairn_repository::StopSignal;

use super::adopt::{Grounds, groups};
use super::cut::{CutTable, cut};
use super::{refuse_second_job, select};
use crate::error::{Error, Result};
use crate::job::explain::{ExplainedTable, JobExplanation, PlannedAction, seconds_of};
use crate::job::record::BackupWork;
use crate::job::request::BackupRequest;
use crate::store::Inner;

/// Requests around those for data: the repository is opened again, the label is looked for twice, the intent is put and
/// removed, the manifest is put.
const FRAME_REQUESTS: u64 = 6;

pub(crate) fn explain_backup(store: &Inner, request: &BackupRequest) -> Result<JobExplanation> {
    let view = store.catalog.view();
    let entry = view.require_repository(&request.repository)?;
    let mut conflicts = Vec::new();
    let mut note = |outcome: Result<()>| conflicts.extend(outcome.err().map(|error| error.to_string()));
    note(refuse_second_job(&view, &request.database));
    note(super::refuse_read_only(entry));
    let (tables, views) = match select(&view, request) {
        Ok(selected) => selected,
        Err(error) => {
            note(Err(error));
            return Ok(JobExplanation { conflicts, ..JobExplanation::default() });
        }
    };
    let repository = store.open_repository(entry, &StopSignal::new())?;
    note(super::refuse_taken_label(&repository, &request.label, &request.repository));
    let work = BackupWork {
        cut: view.version(),
        tables,
        views,
        is_whole: request.tables.is_none(),
        intent: None,
        ttl: request.ttl,
        compression: request.compression,
    };
    let tables = cut(&view, &request.database, &work)?;
    let basis = repository.survey()?;
    let grounds = Grounds {
        basis: &basis,
        catalog: &store.catalog,
        known_as: entry.id,
        database: &request.database,
        check: &|| Ok(()),
    };
    let adopted = grounds.adopt(&tables)?;
    let mut planned = basis.plan_upload(&groups(&tables, &adopted), work.compression)?.into_iter();
    let mut explained = Vec::with_capacity(tables.len());
    let (mut requests, mut new_lists) = (FRAME_REQUESTS, HashSet::new());
    for (table, adopted) in tables.iter().zip(&adopted) {
        let mut one = unchanged(request, table);
        if adopted.is_none() {
            let plan = planned.next().ok_or_else(|| Error::corrupt("a plan lost a table"))?;
            one.action = PlannedAction::Send;
            one.moved_files = plan.send_files;
            one.moved_bytes = plan.send_bytes;
            one.reused_files = plan.reused_files;
            one.reused_bytes = plan.reused_bytes;
            let plural = if plan.send_objects == 1 { "" } else { "s" };
            one.detail = format!("{} new data object{plural} and a new file list", plan.send_objects);
            requests += plan.send_requests;
            new_lists.insert(table.fingerprint);
        }
        explained.push(one);
    }
    let view_of = |name| {
        let detail = "a view, written down in the manifest".to_owned();
        ExplainedTable::empty(&request.database, name, PlannedAction::Send, detail)
    };
    explained.extend(work.views.iter().map(view_of));
    requests += repository.store().requests().total() + new_lists.len() as u64;
    let moved_bytes = explained.iter().map(|table| table.moved_bytes).sum();
    let limit = repository.store().limits().get().upload_bytes;
    Ok(JobExplanation {
        tables: explained,
        requests: Some(requests),
        seconds: seconds_of(&view, &entry.name, true, moved_bytes, limit),
        conflicts,
    })
}

fn unchanged(request: &BackupRequest, table: &CutTable) -> ExplainedTable {
    let (files, bytes) = (table.files.len() as u64, table.files.iter().map(|(file, _)| file.length).sum());
    ExplainedTable {
        database: Some(request.database.clone()),
        name: table.definition.name.to_string(),
        action: PlannedAction::Keep,
        files,
        bytes,
        moved_files: 0,
        moved_bytes: 0,
        reused_files: files,
        reused_bytes: bytes,
        detail: "unchanged since an earlier backup, whose file list is taken as it is".to_owned(),
    }
}
