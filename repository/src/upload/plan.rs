//! What has to be sent, and what shares an object.

use std::collections::{HashMap, HashSet};

use cairn_format::{Compression, ObjectName};

use super::{ByDigest, Known, UploadFile, UploadGroup};
use crate::error::{Error, Result};
use crate::repository::Repository;

/// The most small objects that a table's files may lie in. Every backup that adds a little adds a small object; when
/// there are more than these, their files are sent again, together. A file grows into larger company that way each
/// time, so it is sent again a few times at most, and objects stay as few as their bytes ask for.
const MAX_SMALL_OBJECTS: usize = 16;

/// What an upload is going to do.
pub(super) struct Plan<'a> {
    /// What is sent, the largest first so that no long one is left for last.
    pub(super) items: Vec<Item<'a>>,
    /// Files, one for each mention, that need not be sent, or not another time.
    pub(super) reused: Vec<&'a UploadFile>,
}

/// What becomes one object.
pub(super) enum Item<'a> {
    /// A file by itself.
    File(&'a UploadFile),
    /// Several small ones.
    Bundle(Vec<&'a UploadFile>),
}

impl<'a> Item<'a> {
    fn files(&self) -> &[&'a UploadFile] {
        match self {
            Self::File(file) => std::slice::from_ref(file),
            Self::Bundle(files) => files,
        }
    }

    fn length(&self) -> u64 {
        match self {
            Self::File(file) => file.length,
            Self::Bundle(files) => files.iter().map(|file| file.length).sum(),
        }
    }
}

pub(super) fn plan<'a>(
    groups: &'a [UploadGroup],
    known: &Known,
    compression: Option<Compression>,
    bundle_bytes: u64,
) -> Result<Plan<'a>> {
    let retired = retired(groups, known, compression, bundle_bytes);
    let is_retired = |location: &cairn_format::FileLocation| retired.contains(&location.object);
    let mut chosen = ByDigest::new();
    let (mut items, mut reused) = (Vec::new(), Vec::new());
    for group in groups {
        let (mut bundle, mut length) = (Vec::new(), 0);
        for file in &group.files {
            let twin = *chosen.entry(file.digest).or_insert(file);
            if twin.length != file.length {
                let message = format!("data file {} is given with two lengths", file.digest);
                return Err(Error::invalid(message));
            }
            let is_first = std::ptr::eq(twin, file);
            if !is_first || known.get_unless(file.digest, compression, &is_retired).is_some() {
                reused.push(file);
            } else if is_small(file.length, bundle_bytes) {
                if length + file.length > bundle_bytes {
                    items.push(bundled(std::mem::take(&mut bundle)));
                    length = 0;
                }
                length += file.length;
                bundle.push(file);
            } else {
                items.push(Item::File(file));
            }
        }
        if !bundle.is_empty() {
            items.push(bundled(bundle));
        }
    }
    items.sort_by_key(|item| std::cmp::Reverse(item.length()));
    Ok(Plan { items, reused })
}

/// What an upload would do for one group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlannedUpload {
    /// Files that would be sent.
    pub send_files: u64,
    /// Their bytes, before they are compressed.
    pub send_bytes: u64,
    /// Objects that they would become.
    pub send_objects: u64,
    /// Requests that it takes to put these.
    pub send_requests: u64,
    /// Files that are there already, or are sent for another mention of them.
    pub reused_files: u64,
    /// Their bytes.
    pub reused_bytes: u64,
}

/// The plan of an upload, group by group.
pub(crate) fn plan_upload(
    repository: &Repository,
    known: &Known,
    groups: &[UploadGroup],
    compression: Option<Compression>,
) -> Result<Vec<PlannedUpload>> {
    let plan = plan(groups, known, compression, repository.options().bundle_bytes)?;
    let sent: HashMap<*const UploadFile, &Item<'_>> = plan
        .items
        .iter()
        .flat_map(|item| item.files().iter().map(move |file| (std::ptr::from_ref(*file), item)))
        .collect();
    let store = repository.store();
    let one = |group: &UploadGroup| {
        let mut planned = PlannedUpload::default();
        for file in &group.files {
            let Some(item) = sent.get(&std::ptr::from_ref(file)) else {
                planned.reused_files += 1;
                planned.reused_bytes += file.length;
                continue;
            };
            planned.send_files += 1;
            planned.send_bytes += file.length;
            // An object counts where the first of its files does.
            if item.files().first().is_some_and(|first| std::ptr::eq(*first, file)) {
                planned.send_objects += 1;
                planned.send_requests += store.requests_to_put(item.length());
            }
        }
        planned
    };
    Ok(groups.iter().map(one).collect())
}

/// Whether something is too small for an object of its own, where it has company.
fn is_small(length: u64, bundle_bytes: u64) -> bool {
    length <= bundle_bytes / 2
}

fn bundled(files: Vec<&UploadFile>) -> Item<'_> {
    match files[..] {
        [alone] => Item::File(alone),
        _ => Item::Bundle(files),
    }
}

/// The objects that are better replaced than reused: bundles of which less than half is in use, and small ones where
/// there are too many.
fn retired(
    groups: &[UploadGroup],
    known: &Known,
    compression: Option<Compression>,
    bundle_bytes: u64,
) -> HashSet<ObjectName> {
    struct Use {
        object_length: u64,
        /// Bytes of data files of the object that are used.
        used: u64,
        /// Bytes of the local files that these were made of.
        local: u64,
        is_bundle: bool,
        /// Whether all of these would be bundled if they were sent again.
        is_bundled_again: bool,
    }
    let mut retired = HashSet::new();
    let mut partial = HashSet::new();
    for group in groups {
        let mut objects: HashMap<ObjectName, Use> = HashMap::new();
        let mut seen = HashSet::new();
        for file in &group.files {
            let Some(stored) = known.get(file.digest, compression) else { continue };
            if seen.insert(file.digest) {
                let location = stored.location;
                let is_bundle = !location.is_whole(stored.length);
                let object = objects.entry(location.object).or_insert(Use {
                    object_length: location.object_length,
                    used: 0,
                    local: 0,
                    is_bundle,
                    is_bundled_again: true,
                });
                object.used += stored.length;
                object.local += file.length;
                object.is_bundled_again &= is_small(file.length, bundle_bytes);
            }
        }
        if !group.is_whole {
            partial.extend(objects.into_keys());
            continue;
        }
        let is_in_crowd =
            |object: &Use| object.is_bundled_again && is_small(object.object_length, bundle_bytes);
        let (count, bytes) = objects
            .values()
            .filter(|object| is_in_crowd(object))
            .fold((0, 0_u64), |(count, bytes), object| (count + 1, bytes + object.local));
        // What was compressed may be small for good: it is sent again only where that makes far fewer objects of it.
        let fewer = usize::try_from(bytes.div_ceil(bundle_bytes.max(1))).unwrap_or(usize::MAX);
        let is_crowded = count > MAX_SMALL_OBJECTS && fewer.saturating_mul(2) <= count;
        retired.extend(objects.into_iter().filter_map(|(name, object)| {
            let is_hollow = object.is_bundle && object.used < object.object_length / 2;
            (is_hollow || (is_crowded && is_in_crowd(&object))).then_some(name)
        }));
    }
    // What only a part of a table is asked of may be in full use by the rest.
    retired.retain(|name| !partial.contains(name));
    retired
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use cairn_format::{DataFile, Digest, FileLocation, IntentId, PartitionName};

    use super::*;

    fn file(number: u64, length: u64) -> UploadFile {
        UploadFile { digest: Digest::of(&number.to_le_bytes()), length, path: PathBuf::new() }
    }

    fn group(files: Vec<UploadFile>) -> UploadGroup {
        UploadGroup { files, is_whole: true }
    }

    /// Objects as their numbers of files, and how many files are reused.
    fn planned(groups: &[UploadGroup], known: &Known, bundle_bytes: u64) -> (Vec<usize>, usize) {
        let plan = plan(groups, known, None, bundle_bytes).unwrap();
        let sizes = plan.items.iter().map(|item| match item {
            Item::File(_) => 1,
            Item::Bundle(files) => files.len(),
        });
        (sizes.collect(), plan.reused.len())
    }

    fn knows(known: &mut Known, file: &UploadFile, object: u64, object_length: u64, offset: u64) {
        let name = |number: u64| {
            let intent = IntentId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
            ObjectName::new(Digest::of(&(number << 32).to_le_bytes()), intent)
        };
        let location = FileLocation { object: name(object), object_length, offset };
        known.add(&DataFile {
            partition: PartitionName::parse("p").unwrap(),
            bucket: 0,
            ordinal: 0,
            digest: file.digest,
            length: file.length,
            rows: 1,
            columns: Vec::new(),
            location,
            source: None,
            deleted: None,
        });
    }

    #[test]
    fn small_files_share_objects_and_large_ones_and_lonely_ones_do_not() {
        let files = (0..10).map(|n| file(n, 30)).chain([file(10, 51), file(11, 500)]).collect();
        let groups = [group(files), group(vec![file(12, 1)]), group(vec![file(0, 30)])];
        assert_eq!(planned(&groups, &Known::default(), 100), (vec![1, 3, 3, 3, 1, 1, 1], 1));
        assert_eq!(planned(&groups, &Known::default(), 0).0.len(), 13);
        assert!(plan(&[group(vec![file(0, 1), file(0, 2)])], &Known::default(), None, 9).is_err());
    }

    #[test]
    fn half_empty_bundles_are_replaced() {
        let files: Vec<_> = (0..4).map(|n| file(n, 25)).collect();
        let mut known = Known::default();
        for (file, offset) in files.iter().zip([0, 25, 50, 75]) {
            knows(&mut known, file, 1, 100, offset);
        }
        let asked = |count: usize, is_whole: bool| {
            planned(&[UploadGroup { files: files[..count].to_vec(), is_whole }], &known, 100)
        };
        assert_eq!(asked(4, true), (vec![], 4));
        assert_eq!(asked(2, true), (vec![], 2));
        assert_eq!(asked(1, true), (vec![1], 0));
        assert_eq!(asked(1, false), (vec![], 1));
    }

    #[test]
    fn what_compression_made_small_is_not_sent_again_and_again() {
        let files: Vec<_> = (0..40).map(|n| file(n, 60)).collect();
        let mut known = Known::default();
        for (file, object) in files.iter().zip(0..) {
            let halved = UploadFile { length: 30, ..file.clone() };
            knows(&mut known, &halved, object, 30, 0);
        }
        assert_eq!(planned(&[group(files)], &known, 100), (vec![], 40));
        let pairs: Vec<_> = (0..40).map(|n| file(n, 50)).collect();
        let mut known = Known::default();
        for (number, file) in pairs.iter().enumerate() {
            let halved = UploadFile { length: 25, ..file.clone() };
            knows(&mut known, &halved, number as u64 / 2, 50, (number as u64 % 2) * 25);
        }
        assert_eq!(planned(&[group(pairs)], &known, 100), (vec![], 40));
    }

    #[test]
    fn a_crowd_of_small_objects_is_gathered() {
        let files: Vec<_> = (0..17).map(|n| file(n, 2)).collect();
        let mut known = Known::default();
        for (file, object) in files.iter().zip(0..) {
            knows(&mut known, file, object, 2, 0);
        }
        assert_eq!(planned(&[group(files[..16].to_vec())], &known, 100), (vec![], 16));
        assert_eq!(planned(&[group(files)], &known, 100), (vec![17], 0));
    }
}
