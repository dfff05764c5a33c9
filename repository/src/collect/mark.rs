//! Marking: what is unused is written down, for everybody to see, before anything is deleted.

use cairn_format::{MAX_MARKED_OBJECTS, Marks, ObjectKey, TrashId};

use super::intents::read_intents;
use super::plan::{list_objects, running, unused};
use super::report::CollectionReport;
use super::sweep::record_waits;
use crate::closure::{read_snapshots, used_objects};
use crate::error::{Error, ErrorKind, Result};
use crate::marks::marked_objects;
use crate::records::put_record;
use crate::repository::Repository;
use crate::store::PutOutcome;
use crate::transfer::Transfer;

/// Marks what no snapshot uses and no marks name.
pub(super) fn mark(
    repository: &Repository,
    transfer: &Transfer,
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
        let marks = Marks {
            id: TrashId::parse(&repository.environment().new_ulid())?,
            created_at_ms: now_ms,
            writer: repository.options().writer.clone(),
            objects: some.iter().map(|object| object.key.clone()).collect(),
        };
        put_marks(repository, &marks)?;
        record_waits(repository, marks.id)?;
        report.marked.extend_from_slice(some);
    }
    Ok(())
}

fn put_marks(repository: &Repository, marks: &Marks) -> Result<()> {
    let key = ObjectKey::Trash(marks.id);
    let bytes = marks.encode(repository.descriptor().digest_algorithm)?;
    match put_record(repository.store(), &key, bytes)? {
        PutOutcome::Created => Ok(()),
        PutOutcome::AlreadyExists => {
            let message = format!("marks '{key}' exist already: the source of ids repeats itself");
            Err(Error::new(ErrorKind::AlreadyExists, message))
        }
    }
}
