//! Damage is written down for backups, which would otherwise go on building on it.

use std::collections::HashSet;

use cairn_format::{MAX_MARKED_OBJECTS, ObjectKey};

use super::Finding;
use crate::error::Result;
use crate::marks::{name_of, names_in, put_marks, read_marks};
use crate::problem::Problem;
use crate::repository::Repository;

/// Marks the data objects and file lists that something is wrong with, where that has not been done. The snapshots that
/// use them stay harmed; the next backup sends again what they held.
pub(super) fn mark_damaged(repository: &Repository, findings: &[Finding]) -> Result<()> {
    // What this program does not understand may be all right.
    let damaged = findings.iter().filter(|finding| !matches!(finding.problem, Problem::Unsupported(_)));
    let found: Vec<_> = damaged
        .filter_map(|finding| ObjectKey::parse(&finding.key))
        .filter_map(|key| name_of(&key).map(|name| (name, key)))
        .collect();
    if found.is_empty() {
        return Ok(());
    }
    let known: Vec<_> = read_marks(repository)?.into_iter().filter(|marks| marks.damaged).collect();
    let known = names_in(&known);
    let mut seen = HashSet::new();
    let new: Vec<ObjectKey> = found
        .into_iter()
        .filter(|(name, key)| !known.contains(name) && seen.insert(key.clone()))
        .map(|(_, key)| key)
        .collect();
    for objects in new.chunks(MAX_MARKED_OBJECTS) {
        put_marks(repository, objects.to_vec(), true)?;
    }
    Ok(())
}
