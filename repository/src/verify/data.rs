//! Checking data objects: that they are there, and, where that is asked for, every byte of them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

use cairn_format::{DATA_PREFIX, DataFile, ObjectKey, ObjectName, VerifyLevel};

use super::check::{Check, Looked};
use super::memory::Memory;
use super::parts::{Part, PartHashers};
use super::{Used, VerifyOptions};
use crate::error::Result;
use crate::lock::{into_inner, lock};
use crate::problem::Problem;
use crate::repository::Repository;
use crate::scan::{BLOCK, scan};
use crate::workers;

/// What is expected of a data object.
pub(super) struct ObjectUse {
    length: u64,
    /// Data files that are not all of the object.
    parts: BTreeSet<Part>,
    /// The numbers of the file lists that use it.
    pub(super) lists: Vec<usize>,
}

impl ObjectUse {
    pub(super) fn new(length: u64) -> Self {
        Self { length, parts: BTreeSet::new(), lists: Vec::new() }
    }

    /// Takes note of a data file of list `list`.
    pub(super) fn add(&mut self, file: &DataFile, list: usize) -> std::result::Result<(), Problem> {
        if self.lists.last() != Some(&list) {
            self.lists.push(list);
        }
        if file.location.object_length != self.length {
            return Err(Problem::Malformed(format!(
                "it gives data object {} another length than others do",
                file.location.object
            )));
        }
        if !file.location.is_whole(file.length) {
            self.parts.insert(Part {
                offset: file.location.offset,
                length: file.length,
                digest: file.digest,
            });
        }
        Ok(())
    }
}

/// What became of the data objects.
#[derive(Default)]
pub(super) struct DataOutcome {
    /// Objects whose bytes were read and found right, and when.
    pub(super) good: Vec<(ObjectName, i64)>,
    /// Objects with which something is wrong.
    pub(super) bad: Vec<ObjectName>,
    pub(super) remembered: u64,
    pub(super) left: u64,
}

/// From so many objects on, one listing is cheaper than asking for each.
const LIST_FROM: usize = 64;

pub(super) fn check_data(
    repository: &Repository,
    check: &Check<'_>,
    options: &VerifyOptions,
    memory: &Memory,
    used: &Used,
    began_ms: i64,
) -> Result<DataOutcome> {
    let clock = &repository.environment().clock;
    let ms = |time: std::time::Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let since = options.max_age.map(|age| began_ms.saturating_sub(ms(age)));
    let until = options.max_duration.map(|time| began_ms.saturating_add(ms(time)));
    // Those that have not been read for longest come first, and among them the largest, so that no long one is last.
    let mut objects: Vec<_> = used.data.iter().collect();
    objects.sort_by_key(|(name, object)| (memory.read_at(name), std::cmp::Reverse(object.length), **name));
    let is_remembered = |name: &ObjectName| {
        since.is_some_and(|since| memory.read_at(name).is_some_and(|at| at >= since && at <= began_ms))
    };
    let (to_read, remembered): (Vec<_>, Vec<_>) =
        objects.into_iter().partition(|(name, _)| options.level == VerifyLevel::Data && !is_remembered(name));
    let bytes = to_read.iter().map(|(_, object)| object.length).sum();
    check.transfer.expect(used.data.len() as u64, bytes);
    let (good, bad, left) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    workers::for_each(
        repository.workers(),
        &to_read,
        || vec![0; BLOCK],
        |buffer, (name, object)| {
            check.transfer.check()?;
            if until.is_some_and(|until| clock.now_ms() >= until) {
                lock(&left).push((*name, *object));
                return Ok(());
            }
            let key = ObjectKey::Data(**name);
            let users = used.users_of(object);
            match check.note(&key, &users, |check| read(repository, check, &key, name, object, buffer))? {
                Some(()) => lock(&good).push((**name, clock.now_ms())),
                None => lock(&bad).push(**name),
            }
            Ok(())
        },
    )?;
    let left = into_inner(left);
    let mut outcome = DataOutcome {
        good: into_inner(good),
        bad: into_inner(bad),
        remembered: if options.level == VerifyLevel::Data { remembered.len() as u64 } else { 0 },
        left: left.len() as u64,
    };
    let not_read: Vec<_> = remembered.into_iter().chain(left).collect();
    outcome.bad.extend(look(repository, check, used, &not_read)?);
    Ok(outcome)
}

/// Reads an object and compares it, and every data file in it, with their digests.
fn read(
    repository: &Repository,
    check: &Check<'_>,
    key: &ObjectKey,
    name: &ObjectName,
    object: &ObjectUse,
    buffer: &mut [u8],
) -> Looked<()> {
    let parts: Vec<Part> = object.parts.iter().copied().collect();
    let mut hashers = PartHashers::new(&parts);
    let digest = name.digest();
    let checked = scan(repository.store(), key, &digest, object.length, buffer, check.transfer, |block| {
        check.add_bytes(block.len() as u64);
        hashers.update(block);
        Ok(())
    })?;
    Ok(checked.and_then(|()| match hashers.finish() {
        None => Ok(()),
        Some(part) => Err(Problem::Malformed(format!(
            "bytes {} to {} of it are not data file {}",
            part.offset,
            part.offset + part.length,
            part.digest
        ))),
    }))
}

/// Looks whether objects are there, with the right lengths, and returns those with which something is wrong.
fn look(
    repository: &Repository,
    check: &Check<'_>,
    used: &Used,
    objects: &[(&ObjectName, &ObjectUse)],
) -> Result<Vec<ObjectName>> {
    let mut lengths: HashMap<String, u64> = HashMap::new();
    let is_listed = objects.len() >= LIST_FROM;
    if is_listed {
        let listed = repository.store().list(DATA_PREFIX)?;
        lengths.extend(listed.into_iter().map(|object| (object.key, object.length)));
    }
    let bad = Mutex::new(Vec::new());
    workers::for_each(
        repository.workers(),
        objects,
        || (),
        |(), (name, object)| {
            check.transfer.check()?;
            let key = ObjectKey::Data(**name);
            let found = if is_listed {
                lengths.get(&key.render()).copied()
            } else {
                repository.store().head(&key)?
            };
            let problem = match found {
                None => Err(Problem::Missing),
                Some(length) if length != object.length => {
                    Err(Problem::WrongLength { expected: object.length, found: length })
                }
                Some(_) => Ok(()),
            };
            if check.note(&key, &used.users_of(object), |_| Ok(problem))?.is_none() {
                lock(&bad).push(**name);
            }
            Ok(())
        },
    )?;
    Ok(into_inner(bad))
}
