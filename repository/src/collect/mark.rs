//! Marking: what is unused is written down, for everybody to see, before anything is deleted.

use cairn_format::MAX_MARKED_OBJECTS;

use super::intents::read_intents;
use super::plan::{list_objects, running, unused};
use super::report::CollectionReport;
use super::sweep::{FoundUnused, record_waits};
use crate::closure::{read_snapshots, used_objects};
use crate::error::Result;
use crate::marks::{marked_objects, put_marks};
use crate::repository::Repository;
use crate::transfer::Transfer;

/// Marks what no snapshot uses and no marks name.
pub(super) fn mark(
    repository: &Repository,
    transfer: &Transfer,
    found: &mut FoundUnused,
    report: &mut CollectionReport,
) -> Result<()> {
    let now_ms = repository.environment().clock.now_ms();
    let snapshots = read_snapshots(repository, transfer)?;
    let used = used_objects(repository, &snapshots, transfer)?;
    let marked = marked_objects(repository)?;
    let running = running(&read_intents(repository)?, now_ms);
    let unused = unused(&list_objects(repository)?, &used, &marked, &running);
    for some in unused.chunks(MAX_MARKED_OBJECTS) {
        transfer.check()?;
        let objects = some.iter().map(|object| object.key.clone()).collect();
        let id = put_marks(repository, objects, false)?;
        record_waits(repository, id)?;
        found.insert(id, some.to_vec());
        report.marked.extend_from_slice(some);
    }
    Ok(())
}
