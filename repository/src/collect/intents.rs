//! Backups that run, and those that do not any more.

use cairn_format::{Fence, Intent, IntentId, JOBS_PREFIX, ObjectKey};

use super::report::CollectionReport;
use crate::error::{Error, ErrorKind, Result};
use crate::records::read_record;
use crate::repository::Repository;
use crate::store::PutOutcome;

/// How long after its intent has expired a manifest's put may still be under way, at the very most: a day. It matters only
/// for a backup under whose key another's manifest stands, where no fence can be put.
const LATE_PUT_MS: i64 = 24 * 60 * 60 * 1000;

/// Every intent that there is now.
///
/// # Errors
/// `Corrupt` when one is damaged: nobody can tell which backup it protects.
pub(super) fn read_intents(repository: &Repository) -> Result<Vec<Intent>> {
    const ADVICE: &str =
        ", the intent of a backup (when that backup does not run any more, it can be removed)";
    let mut intents = Vec::new();
    for id in list_intents(repository)? {
        // Where there is none any more its backup has ended meanwhile.
        intents.extend(read_record(repository.store(), &ObjectKey::Intent(id), ADVICE, |bytes| {
            match Intent::decode(bytes)? {
                intent if intent.id == id => Ok(intent),
                other => Err(Error::corrupt(format!("this is intent {}", other.id))),
            }
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
        match fence(repository, intent)? {
            Fenced::GivenUp => report.given_up.push(intent.clone()),
            // A put of this backup that is still under way would come through, should that snapshot be dropped.
            Fenced::Undecided if intent.expires_at_ms.saturating_add(LATE_PUT_MS) > now_ms => continue,
            Fenced::Committed | Fenced::Undecided => {}
        }
        let key = ObjectKey::Intent(intent.id);
        if let Err(error) = repository.store().delete(&key) {
            report.fail(&key, &error);
        }
    }
    Ok(())
}

/// What stands under the key of a backup's manifest.
enum Fenced {
    /// A fence: the backup cannot commit any more.
    GivenUp,
    /// The backup's own manifest.
    Committed,
    /// The manifest of another backup of the same label and time.
    Undecided,
}

/// Decides the race for the manifest of a backup, once and for all.
fn fence(repository: &Repository, intent: &Intent) -> Result<Fenced> {
    let key = ObjectKey::Snapshot { label: intent.label.clone(), timestamp: intent.timestamp };
    let bytes = Fence { intent: intent.id }.encode(repository.descriptor().digest_algorithm)?;
    match repository.store().put_create(&key, bytes.into())? {
        PutOutcome::Created => Ok(Fenced::GivenUp),
        PutOutcome::AlreadyExists => match repository.open_snapshot(&intent.label, intent.timestamp) {
            Ok(manifest) if manifest.intent == Some(intent.id) => Ok(Fenced::Committed),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            // A fence of an earlier collection.
            Err(_) if is_fenced(repository, &key)? => Ok(Fenced::GivenUp),
            // Another's manifest, or one that was dropped in between.
            Ok(_) | Err(_) => Ok(Fenced::Undecided),
        },
    }
}

fn is_fenced(repository: &Repository, key: &ObjectKey) -> Result<bool> {
    match repository.store().get(key) {
        Ok(bytes) => Ok(Fence::decode(&bytes).is_ok()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
