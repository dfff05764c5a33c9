//! Sweeping: what was marked, and is still unused when everybody who might have used it has ended, is deleted.

use std::collections::{HashMap, HashSet};
use std::slice;

use cairn_format::{Marks, ObjectKey, TRASH_PREFIX, TrashId, Waits};

use super::CollectionPolicy;
use super::intents::{list_intents, read_intents};
use super::plan::{PlannedSweep, SweepState, UnusedObject, list_objects, state_of, still_unused};
use super::report::CollectionReport;
use crate::closure::{read_snapshots, used_objects};
use crate::error::{Error, Result};
use crate::marks::{names_in, read_marks};
use crate::records::read_record;
use crate::repository::Repository;
use crate::store::PutOutcome;
use crate::transfer::Transfer;

/// What marks name and no snapshot uses, as far as it was found before, for the report.
pub(super) type FoundUnused = HashMap<TrashId, Vec<UnusedObject>>;

/// Deletes what marks name, as far as their grace is over and nobody is waited for.
pub(super) fn sweep(
    repository: &Repository,
    policy: &CollectionPolicy,
    transfer: &Transfer,
    found: &FoundUnused,
    report: &mut CollectionReport,
) -> Result<()> {
    let now_ms = repository.environment().clock.now_ms();
    let all_marks = read_marks(repository)?;
    remove_stray_waits(repository, &all_marks, report)?;
    for marks in &all_marks {
        // Marks of a collection that died in between get theirs now: later than needed, which only waits for more.
        record_waits(repository, marks.id)?;
    }
    // An intent that is there blocks, expired or not: whether its backup can still commit has only been decided for those
    // that are gone.
    let intents = read_intents(repository)?;
    let mut ready = Vec::new();
    report.waiting.clear();
    for marks in all_marks {
        match state_of(repository, &marks, &intents, policy, now_ms)? {
            SweepState::Ready => ready.push(marks),
            state => {
                let objects = found.get(&marks.id).cloned().unwrap_or_default();
                report.waiting.push(PlannedSweep { marks: marks.id, state, objects });
            }
        }
    }
    if ready.is_empty() {
        return Ok(());
    }
    // Whoever may not have seen the marks has ended by now, so no use of what they name can begin any more: what the
    // manifests use from here on is all that will ever be used of it.
    let snapshots = read_snapshots(repository, transfer)?;
    let used = used_objects(repository, &snapshots, transfer)?;
    let there = list_objects(repository)?;
    for marks in ready {
        transfer.check()?;
        // Another collection may have swept these marks and removed them since they were read here. Whoever began after
        // that has not seen them, and may use what it had kept. While they are there, after the manifests were read,
        // nobody can.
        if repository.store().head(&ObjectKey::Trash(marks.id))?.is_none() {
            continue;
        }
        // What is damaged keeps everybody off until no snapshot uses it any more.
        let is_kept =
            marks.damaged && names_in(slice::from_ref(&marks)).iter().any(|name| used.contains(name));
        if delete(repository, still_unused(&marks, &there, &used), report) && !is_kept {
            // The marks go last: they keep everybody off what they name.
            for key in [ObjectKey::Waits(marks.id), ObjectKey::Trash(marks.id)] {
                if let Err(error) = repository.store().delete(&key) {
                    report.fail(&key, &error);
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Deletes objects, lists before the data that they name; whether all of them are gone.
fn delete(repository: &Repository, unused: Vec<UnusedObject>, report: &mut CollectionReport) -> bool {
    let (lists, data): (Vec<_>, Vec<_>) =
        unused.into_iter().partition(|object| matches!(object.key, ObjectKey::FileList(_)));
    let mut all = true;
    for objects in [lists, data] {
        if objects.is_empty() || !all {
            continue;
        }
        let keys: Vec<_> = objects.iter().map(|object| object.key.clone()).collect();
        for (object, (key, outcome)) in objects.into_iter().zip(repository.store().delete_all(&keys)) {
            match outcome {
                Ok(()) => report.deleted.push(object),
                Err(error) => {
                    report.fail(&key, &error);
                    all = false;
                }
            }
        }
    }
    all
}

/// Puts down which backups run now that the marks are there. Whoever does so first decides: any listing that began when
/// the marks were there is right.
pub(super) fn record_waits(repository: &Repository, id: TrashId) -> Result<()> {
    if read_waits(repository, id)?.is_some() {
        return Ok(());
    }
    let waits = Waits { id, intents: list_intents(repository)? };
    let bytes = waits.encode(repository.descriptor().digest_algorithm)?;
    match repository.store().put_create(&ObjectKey::Waits(id), bytes.into())? {
        PutOutcome::Created | PutOutcome::AlreadyExists => Ok(()),
    }
}

/// Which backups some marks wait for; `None` when nobody has put that down yet.
pub(super) fn read_waits(repository: &Repository, id: TrashId) -> Result<Option<Waits>> {
    const ADVICE: &str = " (it can be removed: the next collection makes it anew)";
    read_record(repository.store(), &ObjectKey::Waits(id), ADVICE, |bytes| match Waits::decode(bytes)? {
        waits if waits.id == id => Ok(waits),
        other => Err(Error::corrupt(format!("these are the waits of marks {}", other.id))),
    })
}

/// Removes waits whose marks are gone: left by a collection that died between the two.
fn remove_stray_waits(repository: &Repository, marks: &[Marks], report: &mut CollectionReport) -> Result<()> {
    let known: HashSet<TrashId> = marks.iter().map(|marks| marks.id).collect();
    for object in repository.store().list(TRASH_PREFIX)? {
        if let Some(key @ ObjectKey::Waits(id)) = ObjectKey::parse(&object.key)
            && !known.contains(&id)
            && repository.store().head(&ObjectKey::Trash(id))?.is_none()
            && let Err(error) = repository.store().delete(&key)
        {
            report.fail(&key, &error);
        }
    }
    Ok(())
}
