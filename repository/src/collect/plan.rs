//! What a collection would do: decided first, plain to read, and nothing written.

use std::collections::{BTreeMap, HashSet};

use cairn_format::{
    DATA_PREFIX, DatabaseName, Intent, IntentId, Marks, ObjectKey, ObjectName, SnapshotLabel,
    SnapshotTimestamp, TABLES_PREFIX, TrashId,
};

use super::CollectionPolicy;
use super::intents::{is_expired, read_intents};
use super::sweep::read_waits;
use crate::closure::{SnapshotFacts, read_snapshots, used_objects};
use crate::error::Result;
use crate::marks::{name_of, names_in, read_marks};
use crate::repository::{Repository, SnapshotName};
use crate::transfer::Transfer;

/// A snapshot that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSnapshot {
    /// The snapshot.
    pub name: SnapshotName,
    /// The database that it is of; `None` when it is of external catalogs.
    pub database: Option<DatabaseName>,
    /// Why it stays.
    pub reason: String,
}

/// A snapshot that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedSnapshot {
    /// The snapshot.
    pub name: SnapshotName,
    /// The database that it is of; `None` when it is of external catalogs.
    pub database: Option<DatabaseName>,
    /// Why it goes.
    pub reason: String,
}

/// A data object or file list that no snapshot uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedObject {
    /// The object.
    pub key: ObjectKey,
    /// Its bytes.
    pub length: u64,
}

/// A backup that marks wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingFor {
    /// Its intent.
    pub intent: IntentId,
    /// The label of the snapshot it makes.
    pub label: SnapshotLabel,
    /// The timestamp of the snapshot it makes.
    pub timestamp: SnapshotTimestamp,
    /// Until when it is waited for at most: milliseconds since 1970-01-01 UTC.
    pub expires_at_ms: i64,
}

impl From<&Intent> for WaitingFor {
    fn from(intent: &Intent) -> Self {
        Self {
            intent: intent.id,
            label: intent.label.clone(),
            timestamp: intent.timestamp,
            expires_at_ms: intent.expires_at_ms,
        }
    }
}

/// Whether what marks name can be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SweepState {
    /// Now.
    Ready,
    /// When their grace is over: milliseconds since 1970-01-01 UTC.
    InGrace {
        /// When that is.
        until_ms: i64,
    },
    /// When these backups have ended.
    Waiting(Vec<WaitingFor>),
}

/// The marks of an earlier collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedSweep {
    /// Which marks.
    pub marks: TrashId,
    /// Whether what they name can be deleted.
    pub state: SweepState,
    /// What is still there of what they name, and unused.
    pub objects: Vec<UnusedObject>,
}

/// What a collection would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CollectionPlan {
    /// Snapshots that stay.
    pub keeps: Vec<KeptSnapshot>,
    /// Snapshots that go.
    pub drops: Vec<DroppedSnapshot>,
    /// Backups that have expired without a snapshot, and cannot commit any more.
    pub gives_up: Vec<WaitingFor>,
    /// Marks of earlier collections.
    pub sweeps: Vec<PlannedSweep>,
    /// What is unused now or with the snapshots that go, and not marked yet.
    pub marks: Vec<UnusedObject>,
}

pub(super) fn plan(
    repository: &Repository,
    policy: &CollectionPolicy,
    transfer: &Transfer,
) -> Result<CollectionPlan> {
    let now_ms = repository.environment().clock.now_ms();
    let snapshots = read_snapshots(repository, transfer)?;
    let (keeps, drops) = choose(&snapshots, policy, now_ms);
    let intents = read_intents(repository)?;
    let dropped: HashSet<&SnapshotName> = drops.iter().map(|dropped| &dropped.name).collect();
    let kept: Vec<_> = snapshots.iter().filter(|s| !dropped.contains(&s.name)).cloned().collect();
    let used = used_objects(repository, &kept, transfer)?;
    let there = list_objects(repository)?;
    let all_marks = read_marks(repository)?;
    let marked = names_in(&all_marks);
    let mut sweeps = Vec::new();
    // A collection ends those that have expired before it sweeps.
    let still_running: Vec<_> = intents.iter().filter(|i| !is_expired(i, now_ms)).cloned().collect();
    for marks in &all_marks {
        sweeps.push(PlannedSweep {
            marks: marks.id,
            state: state_of(repository, marks, &still_running, policy, now_ms)?,
            objects: still_unused(marks, &there, &used),
        });
    }
    let made: HashSet<SnapshotName> = snapshots.iter().map(|snapshot| snapshot.name.clone()).collect();
    let gives_up = intents.iter().filter(|intent| {
        let name = SnapshotName { label: intent.label.clone(), timestamp: intent.timestamp };
        is_expired(intent, now_ms) && !made.contains(&name)
    });
    Ok(CollectionPlan {
        keeps,
        drops,
        gives_up: gives_up.map(WaitingFor::from).collect(),
        sweeps,
        marks: unused(&there, &used, &marked, &running(&intents, now_ms)),
    })
}

/// The backups that must be taken to be running.
pub(super) fn running(intents: &[Intent], now_ms: i64) -> HashSet<IntentId> {
    intents.iter().filter(|intent| !is_expired(intent, now_ms)).map(|intent| intent.id).collect()
}

/// What can be marked: no snapshot uses it, no marks name it, and no running backup has put it.
pub(super) fn unused(
    there: &BTreeMap<ObjectKey, u64>,
    used: &HashSet<ObjectName>,
    marked: &HashSet<ObjectName>,
    running: &HashSet<IntentId>,
) -> Vec<UnusedObject> {
    let is_unused = |name: &ObjectName| {
        !used.contains(name)
            && !marked.contains(name)
            && name.intent().is_none_or(|intent| !running.contains(&intent))
    };
    there
        .iter()
        .filter(|(key, _)| name_of(key).is_some_and(|name| is_unused(&name)))
        .map(|(key, length)| UnusedObject { key: key.clone(), length: *length })
        .collect()
}

/// What marks name that is there and that no snapshot uses.
pub(super) fn still_unused(
    marks: &Marks,
    there: &BTreeMap<ObjectKey, u64>,
    used: &HashSet<ObjectName>,
) -> Vec<UnusedObject> {
    marks
        .objects
        .iter()
        .filter(|key| name_of(key).is_some_and(|name| !used.contains(&name)))
        .filter_map(|key| Some(UnusedObject { key: key.clone(), length: *there.get(key)? }))
        .collect()
}

/// Every data object and file list, with its length.
pub(super) fn list_objects(repository: &Repository) -> Result<BTreeMap<ObjectKey, u64>> {
    let mut there = BTreeMap::new();
    for prefix in [DATA_PREFIX, TABLES_PREFIX] {
        for object in repository.store().list(prefix)? {
            if let Some(key @ (ObjectKey::Data(_) | ObjectKey::FileList(_))) = ObjectKey::parse(&object.key) {
                there.insert(key, object.length);
            }
        }
    }
    Ok(there)
}

/// Which snapshots stay and which go.
fn choose(
    snapshots: &[SnapshotFacts],
    policy: &CollectionPolicy,
    now_ms: i64,
) -> (Vec<KeptSnapshot>, Vec<DroppedSnapshot>) {
    let (mut keeps, mut drops) = (Vec::new(), Vec::new());
    // A snapshot that says itself how long it is to be kept is kept for as long, and stands in for no other.
    // The others are counted apart where they cannot stand in for each other: those of another store, database or part.
    let mut alike: BTreeMap<_, Vec<&SnapshotFacts>> = BTreeMap::new();
    for snapshot in snapshots {
        let (name, database) = (snapshot.name.clone(), snapshot.database.clone());
        let ttl = || snapshot.ttl.clone().unwrap_or_else(|| "its time to live".to_owned());
        match snapshot.expires_at_ms {
            Some(at) if at <= now_ms => {
                drops.push(DroppedSnapshot { name, database, reason: format!("expired after {}", ttl()) });
            }
            Some(_) => {
                keeps.push(KeptSnapshot {
                    name,
                    database,
                    reason: format!("not yet expired after {}", ttl()),
                });
            }
            None => {
                let database = snapshot.database.as_ref().map(DatabaseName::as_str);
                let of = (snapshot.store, database, snapshot.part.as_deref());
                alike.entry(of).or_default().push(snapshot);
            }
        }
    }
    for group in alike.into_values() {
        let times: Vec<_> = group.iter().map(|snapshot| snapshot.name.timestamp).collect();
        let reasons = policy.retention.map(|retention| retention.decide(&times));
        for (index, snapshot) in group.into_iter().enumerate() {
            let (name, database) = (snapshot.name.clone(), snapshot.database.clone());
            let words = match &reasons {
                None => "kept for ever: no retention".to_owned(),
                Some(reasons) => {
                    reasons[index].iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
                }
            };
            if words.is_empty() {
                let reason = policy.retention.map(|r| format!("not kept by retention {r}"));
                drops.push(DroppedSnapshot { name, database, reason: reason.unwrap_or_default() });
            } else {
                keeps.push(KeptSnapshot { name, database, reason: words });
            }
        }
    }
    keeps.sort_by(|a, b| a.name.cmp(&b.name));
    drops.sort_by(|a, b| a.name.cmp(&b.name));
    (keeps, drops)
}

/// Whether what `marks` name can be deleted while these intents are there.
pub(super) fn state_of(
    repository: &Repository,
    marks: &Marks,
    intents: &[Intent],
    policy: &CollectionPolicy,
    now_ms: i64,
) -> Result<SweepState> {
    let until_ms = marks.created_at_ms.saturating_add(policy.grace_ms());
    if until_ms > now_ms {
        return Ok(SweepState::InGrace { until_ms });
    }
    let waits = read_waits(repository, marks.id)?;
    // Without waits on record nobody knows which of those that run now ran before.
    let blocks = |intent: &&Intent| waits.as_ref().is_none_or(|waits| waits.intents.contains(&intent.id));
    let waiting: Vec<_> = intents.iter().filter(blocks).map(WaitingFor::from).collect();
    Ok(if waiting.is_empty() { SweepState::Ready } else { SweepState::Waiting(waiting) })
}
