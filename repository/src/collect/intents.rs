//! Backups that run, and those that do not any more.

use cairn_format::{Fence, Intent, IntentId, JOBS_PREFIX, ObjectKey};

use super::report::CollectionReport;
use crate::error::{Error, ErrorKind, Result};
use crate::repository::Repository;
use crate::store::PutOutcome;

/// Every intent that there is now.
///
/// # Errors
/// `Corrupt` when one is damaged: nobody can tell which backup it protects.
pub(super) fn read_intents(repository: &Repository) -> Result<Vec<Intent>> {
    let store = repository.store();
    let mut intents = Vec::new();
    for id in list_intents(repository)? {
        let key = ObjectKey::Intent(id);
        let bytes = match store.get(&key) {
            Ok(bytes) => bytes,
            // Its backup has ended meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let read = Intent::decode(&bytes).map_err(Error::from).and_then(|intent| {
            if intent.id == id {
                Ok(intent)
            } else {
                Err(Error::corrupt(format!("this is intent {}", intent.id)))
            }
        });
        intents.push(read.map_err(|error| {
            error.about(format_args!(
                "object '{key}' in {}, the intent of a backup (when that backup does not run any more, it can be removed)",
                store.location()
            ))
        })?);
    }
    Ok(intents)
}

/// The intents that a listing finds now.
pub(super) fn list_intents(repository: &Repository) -> Result<Vec<IntentId>> {
    let listed = repository.store().list(JOBS_PREFIX)?;
    Ok(listed
        .iter()
        .filter_map(|object| match ObjectKey::parse(&object.key) {
            Some(ObjectKey::Intent(id)) => Some(id),
            _ => None,
        })
        .collect())
}

/// Whether a collection may end the backup of `intent`.
pub(super) fn is_expired(intent: &Intent, now_ms: i64) -> bool {
    intent.expires_at_ms <= now_ms
}

/// Makes sure that no backup whose intent has expired can commit any more, unless it has, and removes the intents.
pub(super) fn end_expired(repository: &Repository, report: &mut CollectionReport) -> Result<()> {
    let now_ms = repository.environment().clock.now_ms();
    for intent in read_intents(repository)?.iter().filter(|intent| is_expired(intent, now_ms)) {
        if fence(repository, intent)? {
            report.given_up.push(intent.clone());
        }
        let key = ObjectKey::Intent(intent.id);
        if let Err(error) = repository.store().delete(&key) {
            report.fail(&key, &error);
        }
    }
    Ok(())
}

/// Decides the race for the manifest of a backup, once and for all. Whether the backup lost it: then it cannot commit.
/// Otherwise its snapshot was there, and readers of manifests see it from now on.
fn fence(repository: &Repository, intent: &Intent) -> Result<bool> {
    let key = ObjectKey::Snapshot { label: intent.label.clone(), timestamp: intent.timestamp };
    let bytes = Fence { intent: intent.id }.encode(repository.descriptor().digest_algorithm)?;
    Ok(match repository.store().put_create(&key, bytes.into())? {
        PutOutcome::Created => true,
        PutOutcome::AlreadyExists => {
            let name =
                crate::repository::SnapshotName { label: intent.label.clone(), timestamp: intent.timestamp };
            !repository.snapshots(Some(&intent.label))?.contains(&name)
        }
    })
}
