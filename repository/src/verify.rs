//! Verification: every object of some snapshots is read and checked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use cairn_format::{
    Descriptor, Digest, FileList, FileListRef, Manifest, ObjectKey, SnapshotLabel, SnapshotTimestamp,
    TableEntry,
};

use crate::error::{Error, ErrorKind, Result};
use crate::problem::Problem;
use crate::repository::{Repository, SnapshotName};
use crate::scan::{BLOCK, scan};
use crate::transfer::Transfer;
use crate::workers;

/// Which snapshots are verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifySelection {
    /// All of the repository.
    All,
    /// Those of one label.
    Label(SnapshotLabel),
    /// One.
    Snapshot(SnapshotLabel, SnapshotTimestamp),
}

/// One object with which something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The object's key.
    pub key: String,
    /// What is wrong with it.
    pub problem: Problem,
    /// The snapshots that cannot be restored as a whole because of it, in order.
    pub harms: Vec<SnapshotName>,
}

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// The snapshots that were verified, in order.
    pub snapshots: Vec<SnapshotName>,
    /// Objects that were looked at.
    pub objects: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// What is wrong, in the order of keys.
    pub findings: Vec<Finding>,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Positions of snapshots in the report.
type Users = BTreeSet<usize>;

pub(crate) fn verify(
    repository: &Repository,
    selection: &VerifySelection,
    transfer: &Transfer,
) -> Result<VerifyReport> {
    let snapshots = select(repository, selection)?;
    let check = Check { repository, transfer, state: Mutex::default() };
    let everyone: Users = (0..snapshots.len()).collect();
    check.note(&ObjectKey::Descriptor, &everyone, Check::descriptor)?;

    // From the manifests down: what a damaged object refers to is unknown and cannot be looked at.
    let mut lists: BTreeMap<Digest, (FileListRef, Users)> = BTreeMap::new();
    let mut tables: BTreeMap<Digest, Vec<(usize, TableEntry)>> = BTreeMap::new();
    for (index, name) in snapshots.iter().enumerate() {
        transfer.check()?;
        let key = ObjectKey::Snapshot { label: name.label.clone(), timestamp: name.timestamp };
        let Some(manifest) = check.note(&key, &[index].into(), |check| check.manifest(&key, name))? else {
            continue;
        };
        for table in manifest.tables {
            lists.entry(table.files.digest).or_insert_with(|| (table.files, Users::new())).1.insert(index);
            tables.entry(table.files.digest).or_default().push((index, table));
        }
    }
    let mut data: BTreeMap<(Digest, u64), Users> = BTreeMap::new();
    for (digest, (reference, users)) in &lists {
        transfer.check()?;
        let key = ObjectKey::FileList(*digest);
        let Some(list) = check.note(&key, users, |check| check.file_list(&key, reference))? else {
            continue;
        };
        // Lists may be shared by tables that expect different things of them; each one says so for itself.
        for (index, table) in tables.get(digest).into_iter().flatten() {
            if let Err(error) = table.check_files(&list) {
                check.find(&key, &[*index].into(), Problem::Malformed(error.to_string()));
            }
        }
        for file in list.files() {
            data.entry((file.digest, file.length)).or_default().extend(users);
        }
    }
    let data: Vec<_> = data.into_iter().collect();
    workers::for_each(
        repository.pool(),
        &data,
        || vec![0; BLOCK],
        |buffer, ((digest, length), users)| {
            transfer.check()?;
            let key = ObjectKey::Data(*digest);
            check.note(&key, users, |check| check.data(&key, digest, *length, buffer))?;
            Ok(())
        },
    )?;
    Ok(check.report(snapshots))
}

fn select(repository: &Repository, selection: &VerifySelection) -> Result<Vec<SnapshotName>> {
    let missing = |what: String| {
        Error::new(
            ErrorKind::NotFound,
            format!("there is no snapshot {what} in {}", repository.store().location()),
        )
    };
    match selection {
        VerifySelection::All => repository.snapshots(None),
        VerifySelection::Label(label) => match repository.snapshots(Some(label))? {
            none if none.is_empty() => Err(missing(format!("'{label}'"))),
            some => Ok(some),
        },
        VerifySelection::Snapshot(label, timestamp) => {
            let wanted = SnapshotName { label: label.clone(), timestamp: *timestamp };
            if repository.snapshots(Some(label))?.contains(&wanted) {
                Ok(vec![wanted])
            } else {
                Err(missing(wanted.to_string()))
            }
        }
    }
}

struct Check<'a> {
    repository: &'a Repository,
    transfer: &'a Transfer,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    objects: BTreeSet<String>,
    bytes: u64,
    findings: Vec<(String, Problem, Users)>,
}

/// What looking at one object came to.
type Looked<T> = Result<std::result::Result<T, Problem>>;

impl Check<'_> {
    /// Looks at an object that `users` need; `None` when something is wrong with it.
    fn note<T>(
        &self,
        key: &ObjectKey,
        users: &Users,
        look: impl FnOnce(&Self) -> Looked<T>,
    ) -> Result<Option<T>> {
        let looked = look(self)?;
        self.state().objects.insert(key.render());
        self.transfer.add_file();
        match looked {
            Ok(good) => Ok(Some(good)),
            Err(problem) => {
                self.find(key, users, problem);
                Ok(None)
            }
        }
    }

    fn find(&self, key: &ObjectKey, users: &Users, problem: Problem) {
        self.state().findings.push((key.render(), problem, users.clone()));
    }

    /// The state stays whole when a thread panics: every change to it is a single call.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn descriptor(&self) -> Looked<()> {
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

    fn manifest(&self, key: &ObjectKey, name: &SnapshotName) -> Looked<Manifest> {
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

    fn file_list(&self, key: &ObjectKey, reference: &FileListRef) -> Looked<FileList> {
        Ok(match self.get(key)? {
            Err(problem) => Err(problem),
            Ok(bytes) => {
                let (length, found) = (bytes.len() as u64, Digest::of(&bytes));
                if length != reference.length {
                    Err(Problem::WrongLength { expected: reference.length, found: length })
                } else if found != reference.digest {
                    Err(Problem::DigestMismatch { found })
                } else {
                    FileList::decode(reference, &bytes).map_err(|error| problem_of(&error))
                }
            }
        })
    }

    fn data(&self, key: &ObjectKey, digest: &Digest, length: u64, buffer: &mut [u8]) -> Looked<()> {
        let mut read = 0;
        let checked = scan(self.repository.store(), key, digest, length, buffer, self.transfer, |block| {
            read += block.len() as u64;
            self.transfer.add_bytes(block.len() as u64);
            Ok(())
        });
        self.state().bytes += read;
        checked
    }

    fn get(&self, key: &ObjectKey) -> Looked<bytes::Bytes> {
        match self.repository.store().get(key) {
            Ok(bytes) => {
                self.transfer.add_bytes(bytes.len() as u64);
                self.state().bytes += bytes.len() as u64;
                Ok(Ok(bytes))
            }
            Err(error) => match error.kind() {
                ErrorKind::NotFound => Ok(Err(Problem::Missing)),
                ErrorKind::Corrupt => Ok(Err(Problem::Malformed(error.to_string()))),
                _ => Err(error),
            },
        }
    }

    fn report(self, snapshots: Vec<SnapshotName>) -> VerifyReport {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut findings: Vec<_> = state
            .findings
            .into_iter()
            .map(|(key, problem, users)| {
                let harms = users.iter().filter_map(|index| snapshots.get(*index).cloned()).collect();
                Finding { key, problem, harms }
            })
            .collect();
        findings.sort_by(|a, b| a.key.cmp(&b.key));
        VerifyReport { objects: state.objects.len() as u64, bytes: state.bytes, findings, snapshots }
    }
}

fn problem_of(error: &cairn_format::Error) -> Problem {
    match error.kind() {
        cairn_format::ErrorKind::Unsupported => Problem::Unsupported(error.to_string()),
        _ => Problem::Malformed(error.to_string()),
    }
}
