//! What a snapshot needs, read from the raw objects and not by the code that is tested.

use std::collections::BTreeMap;

use bytes::Bytes;
use cairn_format::{Digest, Fence, FileList, FileListRef, Manifest, ObjectKey};

/// The objects that a snapshot needs besides its manifest.
#[derive(Debug, Clone, Default)]
pub(crate) struct Closure {
    /// By key; the ranges of a data object that are needed, each with the digest of its bytes.
    pub(crate) objects: BTreeMap<String, Vec<(u64, u64, Digest)>>,
}

/// Decoded file lists by key: lists are shared, and decoding them is what takes the time.
pub(crate) type Lists = BTreeMap<String, Closure>;

/// The closure of the manifest at `key`; `None` when something else is there. The error is what is missing from it.
pub(crate) fn closure(
    objects: &BTreeMap<String, Bytes>,
    lists: &mut Lists,
    key: &str,
) -> Result<Option<Closure>, String> {
    let Some(ObjectKey::Snapshot { label, timestamp }) = ObjectKey::parse(key) else { return Ok(None) };
    let bytes = objects.get(key).ok_or("it is not there")?;
    if Fence::decode(bytes).is_ok() {
        return Ok(None);
    }
    let manifest = Manifest::decode(bytes).map_err(|error| error.to_string())?;
    manifest.check_named(&label, timestamp).map_err(|error| error.to_string())?;
    let mut whole = Closure::default();
    for table in &manifest.tables {
        let list_key = ObjectKey::FileList(table.files.object).render();
        let list_bytes = objects.get(&list_key).ok_or(format!("{list_key} is not there"))?;
        if !lists.contains_key(&list_key) {
            lists.insert(list_key.clone(), list_closure(&table.files, &list_key, list_bytes)?);
        }
        for (object, ranges) in &lists[&list_key].objects {
            whole.objects.entry(object.clone()).or_default().extend(ranges);
        }
    }
    for (object, ranges) in &whole.objects {
        let found = objects.get(object).ok_or(format!("{object} is not there"))?;
        for (offset, length, _) in ranges {
            if offset + length > found.len() as u64 {
                return Err(format!("{object} has {} bytes, not {offset} + {length}", found.len()));
            }
        }
    }
    Ok(Some(whole))
}

fn list_closure(reference: &FileListRef, key: &str, bytes: &Bytes) -> Result<Closure, String> {
    let list = FileList::decode(reference, bytes).map_err(|error| format!("{key}: {error}"))?;
    let mut closure = Closure::default();
    let digest = reference.object.digest();
    closure.objects.entry(key.to_owned()).or_default().push((0, reference.length, digest));
    for file in list.files() {
        let location = file.location;
        let object = ObjectKey::Data(location.object).render();
        let ranges = closure.objects.entry(object).or_default();
        ranges.push((location.offset, file.length, file.digest));
        // A bundle's own name is the digest of all of it.
        ranges.push((0, location.object_length, location.object.digest()));
    }
    Ok(closure)
}

/// Reads all bytes of a closure and compares them with their digests.
pub(crate) fn check_bytes(objects: &BTreeMap<String, Bytes>, closure: &Closure) -> Result<(), String> {
    for (object, ranges) in &closure.objects {
        let bytes = objects.get(object).ok_or(format!("{object} is not there"))?;
        for (offset, length, digest) in ranges {
            let (from, to) = (usize::try_from(*offset).unwrap(), usize::try_from(offset + length).unwrap());
            if Digest::by(digest.algorithm(), &bytes[from..to]) != *digest {
                return Err(format!("{object} from {from} to {to} has other bytes"));
            }
        }
    }
    Ok(())
}
