//! Verification: every object of some snapshots is looked at, or read, and checked.

mod check;
mod damage;
mod data;
mod memory;
mod parts;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use std::time::Duration;

use cairn_format::{ObjectKey, ObjectName, SnapshotLabel, SnapshotTimestamp, TableEntry, VerifyLevel};

use self::check::Check;
use self::data::{ObjectUse, check_data};
use self::memory::Memory;
pub use self::memory::Verified;
use crate::error::{Error, ErrorKind, Result};
use crate::lock::{into_inner, lock};
use crate::problem::Problem;
use crate::repository::{Access, Repository, SnapshotName};
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

/// How a verification is done.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct VerifyOptions {
    /// Which snapshots.
    pub selection: VerifySelection,
    /// How thoroughly; every byte is read by default.
    pub level: VerifyLevel,
    /// Data objects that were read and found right within this time are not read again; `None` reads all.
    pub max_age: Option<Duration>,
    /// After this time no further data object is read; those that have not been read for longest come first. `None` for
    /// as long as it takes.
    pub max_duration: Option<Duration>,
    /// Whether what was found is recorded in the repository: what is right, to be remembered, and what is damaged, so that
    /// backups leave it alone. A read-only one is never written.
    pub record: bool,
}

impl VerifyOptions {
    /// Reads every byte of the chosen snapshots, and records nothing.
    pub fn new(selection: VerifySelection) -> Self {
        Self { selection, level: VerifyLevel::Data, max_age: None, max_duration: None, record: false }
    }

    /// Sets [`VerifyOptions::level`].
    #[must_use]
    pub fn with_level(mut self, level: VerifyLevel) -> Self {
        self.level = level;
        self
    }

    /// Sets [`VerifyOptions::max_age`].
    #[must_use]
    pub fn with_max_age(mut self, max_age: Option<Duration>) -> Self {
        self.max_age = max_age;
        self
    }

    /// Sets [`VerifyOptions::max_duration`].
    #[must_use]
    pub fn with_max_duration(mut self, max_duration: Option<Duration>) -> Self {
        self.max_duration = max_duration;
        self
    }

    /// Sets [`VerifyOptions::record`].
    #[must_use]
    pub fn with_record(mut self, record: bool) -> Self {
        self.record = record;
        self
    }
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
    /// Data objects that were not read since an earlier verification had read them recently.
    pub remembered: u64,
    /// Data objects that were not read since the time was over.
    pub left: u64,
    /// Why what was found could not be recorded.
    pub not_recorded: Option<String>,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Positions of snapshots in the report.
type Users = BTreeSet<usize>;

impl Repository {
    /// Looks at every object of the chosen snapshots, and reads it as the level asks for, shared ones once. Damage is what
    /// the report tells; an error means that the check itself could not be done.
    pub fn verify(&self, options: &VerifyOptions, transfer: &Transfer) -> Result<VerifyReport> {
        let began_ms = self.environment().clock.now_ms();
        let is_remembering = options.record || options.max_age.is_some() || options.max_duration.is_some();
        let memory = if is_remembering { Memory::read(self)? } else { Memory::default() };
        let snapshots = select(self, &options.selection)?;
        let check = Check::new(self, transfer);
        let everyone: Users = (0..snapshots.len()).collect();
        check.note(&ObjectKey::Descriptor, &everyone, Check::descriptor)?;
        let used = walk(self, &check, &snapshots, transfer)?;
        let read = check_data(self, &check, options, &memory, &used, began_ms)?;
        let mut report = check.report(snapshots);
        forget_dropped(self, &mut report)?;
        report.remembered = read.remembered;
        report.left = read.left;
        if options.record && self.access() == Access::ReadWrite {
            let recorded = damage::mark_damaged(self, &report.findings)
                .and_then(|()| memory.record(self, options, began_ms, &report, &used, &read));
            if let Err(error) = recorded {
                report.not_recorded = Some(error.to_string());
            }
        }
        Ok(report)
    }

    /// What verifications have recorded of the snapshots.
    pub fn verified(&self) -> Result<Vec<Verified>> {
        Ok(Memory::read(self)?.snapshots())
    }
}

/// Takes back what was found of snapshots that were dropped while they were read: they and their objects are gone, as they
/// should be.
fn forget_dropped(repository: &Repository, report: &mut VerifyReport) -> Result<()> {
    if report.findings.is_empty() {
        return Ok(());
    }
    let there: BTreeSet<SnapshotName> = repository.snapshots(None)?.into_iter().collect();
    report.findings.retain_mut(|finding| {
        let harmed = !finding.harms.is_empty();
        finding.harms.retain(|name| there.contains(name));
        !harmed || !finding.harms.is_empty()
    });
    Ok(())
}

/// The data objects that the chosen snapshots use.
struct Used {
    data: HashMap<ObjectName, ObjectUse>,
    /// The users of each file list, by its number.
    lists: Vec<Users>,
}

impl Used {
    fn users_of(&self, object: &ObjectUse) -> Users {
        object.lists.iter().filter_map(|list| self.lists.get(*list)).flatten().copied().collect()
    }
}

/// Reads and checks manifests and file lists, and returns the data objects that they lead to. From the manifests down:
/// what a damaged object refers to is unknown and cannot be looked at.
fn walk(
    repository: &Repository,
    check: &Check<'_>,
    snapshots: &[SnapshotName],
    transfer: &Transfer,
) -> Result<Used> {
    let manifests = Mutex::new(Vec::new());
    let numbered: Vec<_> = snapshots.iter().enumerate().collect();
    workers::for_each(
        repository.workers(),
        &numbered,
        || (),
        |(), (index, name)| {
            transfer.check()?;
            let key = name.key();
            if let Some(manifest) = check.note(&key, &[*index].into(), |check| check.manifest(&key, name))? {
                lock(&manifests).push((*index, manifest));
            }
            Ok(())
        },
    )?;
    let mut tables: BTreeMap<ObjectName, Vec<(usize, TableEntry)>> = BTreeMap::new();
    for (index, manifest) in into_inner(manifests) {
        for table in manifest.tables {
            tables.entry(table.files.object).or_default().push((index, table));
        }
    }
    let lists: Vec<Users> =
        tables.values().map(|users| users.iter().map(|(index, _)| *index).collect()).collect();
    let numbered: Vec<_> = tables.into_iter().enumerate().collect();
    let data: Mutex<HashMap<ObjectName, ObjectUse>> = Mutex::default();
    workers::for_each(
        repository.workers(),
        &numbered,
        || (),
        |(), (number, (name, tables))| {
            transfer.check()?;
            let (key, users) = (ObjectKey::FileList(*name), &lists[*number]);
            let Some((_, first)) = tables.first() else { return Ok(()) };
            let Some(list) = check.note(&key, users, |check| check.file_list(&key, &first.files))? else {
                return Ok(());
            };
            // Lists may be shared by tables that expect different things of them; each one says so for itself.
            for (index, table) in tables {
                if let Err(error) = table.check_files(&list) {
                    check.find(&key, &[*index].into(), Problem::Malformed(error.to_string()));
                }
            }
            let mut data = lock(&data);
            for file in list.files() {
                let length = file.location.object_length;
                let object = data.entry(file.location.object).or_insert_with(|| ObjectUse::new(length));
                if let Err(problem) = object.add(file, *number) {
                    check.find(&key, users, problem);
                }
            }
            Ok(())
        },
    )?;
    Ok(Used { data: into_inner(data), lists })
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
