//! What collections have marked.

use std::collections::HashSet;

use cairn_format::{Marks, ObjectKey, ObjectName, TRASH_PREFIX};

use crate::error::{Error, Result};
use crate::records::read_record;
use crate::repository::Repository;

/// All marks of the repository. Marks that go while they are read are left out: their collection has ended.
///
/// # Errors
/// `Corrupt` when some are damaged: nobody knows what they mean.
pub(crate) fn read_marks(repository: &Repository) -> Result<Vec<Marks>> {
    const ADVICE: &str =
        ", the marks of a collection (when no collection runs anywhere, they can be removed)";
    let store = repository.store();
    let mut all = Vec::new();
    for object in store.list(TRASH_PREFIX)? {
        let Some(key @ ObjectKey::Trash(id)) = ObjectKey::parse(&object.key) else { continue };
        all.extend(read_record(store, &key, ADVICE, |bytes| match Marks::decode(bytes)? {
            marks if marks.id == id => Ok(marks),
            other => Err(Error::corrupt(format!("these are marks {}", other.id))),
        })?);
    }
    Ok(all)
}

/// The names that any marks name.
pub(crate) fn marked_objects(repository: &Repository) -> Result<HashSet<ObjectName>> {
    Ok(names_in(&read_marks(repository)?))
}

/// The names that these marks name.
pub(crate) fn names_in(marks: &[Marks]) -> HashSet<ObjectName> {
    marks.iter().flat_map(|marks| &marks.objects).filter_map(name_of).collect()
}

/// The name in the key of a data object or a file list.
pub(crate) fn name_of(key: &ObjectKey) -> Option<ObjectName> {
    match key {
        ObjectKey::Data(name) | ObjectKey::FileList(name) => Some(*name),
        _ => None,
    }
}
