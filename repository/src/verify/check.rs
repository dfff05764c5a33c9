//! Looking at single objects, and what was found.

use std::collections::BTreeSet;
use std::sync::Mutex;

use bytes::Bytes;
use cairn_format::{Descriptor, Digest, FileList, FileListRef, Manifest, ObjectKey};

use super::{Finding, Users, VerifyReport};
use crate::error::{ErrorKind, Result};
use crate::lock::{into_inner, lock};
use crate::problem::Problem;
use crate::repository::{Repository, SnapshotName};
use crate::transfer::Transfer;

/// A verification that is under way.
pub(super) struct Check<'a> {
    repository: &'a Repository,
    pub(super) transfer: &'a Transfer,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    objects: BTreeSet<String>,
    bytes: u64,
    findings: Vec<(String, Problem, Users)>,
}

/// What looking at one object came to.
pub(super) type Looked<T> = Result<std::result::Result<T, Problem>>;

impl<'a> Check<'a> {
    pub(super) fn new(repository: &'a Repository, transfer: &'a Transfer) -> Self {
        Self { repository, transfer, state: Mutex::default() }
    }

    /// Looks at an object that `users` need; `None` when something is wrong with it.
    pub(super) fn note<T>(
        &self,
        key: &ObjectKey,
        users: &Users,
        look: impl FnOnce(&Self) -> Looked<T>,
    ) -> Result<Option<T>> {
        let looked = look(self)?;
        lock(&self.state).objects.insert(key.render());
        self.transfer.add_file();
        match looked {
            Ok(good) => Ok(Some(good)),
            Err(problem) => {
                self.find(key, users, problem);
                Ok(None)
            }
        }
    }

    pub(super) fn find(&self, key: &ObjectKey, users: &Users, problem: Problem) {
        lock(&self.state).findings.push((key.render(), problem, users.clone()));
    }

    pub(super) fn add_bytes(&self, bytes: u64) {
        lock(&self.state).bytes += bytes;
        self.transfer.add_bytes(bytes);
    }

    pub(super) fn descriptor(&self) -> Looked<()> {
        Ok(match self.get(&ObjectKey::Descriptor)? {
            Err(problem) => Err(problem),
            Ok(bytes) => {
                Descriptor::decode(&bytes).map_err(|error| problem_of(&error)).and_then(|descriptor| {
                    if descriptor == *self.repository.descriptor() {
                        Ok(())
                    } else {
                        Err(Problem::Misnamed(
                            "it is another repository's than when it was opened".to_owned(),
                        ))
                    }
                })
            }
        })
    }

    pub(super) fn manifest(&self, key: &ObjectKey, name: &SnapshotName) -> Looked<Manifest> {
        Ok(match self.get(key)? {
            Err(problem) => Err(problem),
            Ok(bytes) => Manifest::decode(&bytes).map_err(|error| problem_of(&error)).and_then(|manifest| {
                match manifest.check_named(&name.label, name.timestamp) {
                    Ok(()) => Ok(manifest),
                    Err(error) => Err(Problem::Misnamed(error.to_string())),
                }
            }),
        })
    }

    pub(super) fn file_list(&self, key: &ObjectKey, reference: &FileListRef) -> Looked<FileList> {
        Ok(match self.get(key)? {
            Err(problem) => Err(problem),
            Ok(bytes) => {
                let expected = reference.object.digest();
                let (length, found) = (bytes.len() as u64, Digest::by(expected.algorithm(), &bytes));
                if length != reference.length {
                    Err(Problem::WrongLength { expected: reference.length, found: length })
                } else if found != expected {
                    Err(Problem::DigestMismatch { found })
                } else {
                    FileList::decode(reference, &bytes).map_err(|error| problem_of(&error))
                }
            }
        })
    }

    fn get(&self, key: &ObjectKey) -> Looked<Bytes> {
        match self.repository.store().get(key) {
            Ok(bytes) => {
                self.add_bytes(bytes.len() as u64);
                Ok(Ok(bytes))
            }
            Err(error) => match error.kind() {
                ErrorKind::NotFound => Ok(Err(Problem::Missing)),
                ErrorKind::Corrupt => Ok(Err(Problem::Malformed(error.to_string()))),
                _ => Err(error),
            },
        }
    }

    pub(super) fn report(self, snapshots: Vec<SnapshotName>) -> VerifyReport {
        let state = into_inner(self.state);
        let mut findings: Vec<_> = state
            .findings
            .into_iter()
            .map(|(key, problem, users)| {
                let harms = users.iter().filter_map(|index| snapshots.get(*index).cloned()).collect();
                Finding { key, problem, harms }
            })
            .collect();
        findings.sort_by(|a, b| a.key.cmp(&b.key));
        VerifyReport {
            objects: state.objects.len() as u64,
            bytes: state.bytes,
            findings,
            snapshots,
            ..VerifyReport::default()
        }
    }
}

fn problem_of(error: &cairn_format::Error) -> Problem {
    match error.kind() {
        cairn_format::ErrorKind::Unsupported => Problem::Unsupported(error.to_string()),
        _ => Problem::Malformed(error.to_string()),
    }
}
