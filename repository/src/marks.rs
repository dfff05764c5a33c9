//! What collections have marked.

use std::collections::HashSet;

use cairn_format::{Marks, ObjectKey, ObjectName, TRASH_PREFIX};

use crate::error::{Error, ErrorKind, Result};
use crate::repository::Repository;

/// All marks of the repository. Marks that go while they are read are left out: their collection has ended.
///
/// # Errors
/// `Corrupt` when some are damaged: nobody knows what they mean.
pub(crate) fn read_marks(repository: &Repository) -> Result<Vec<Marks>> {
    let store = repository.store();
    let mut all = Vec::new();
    for object in store.list(TRASH_PREFIX)? {
        let Some(key @ ObjectKey::Trash(id)) = ObjectKey::parse(&object.key) else { continue };
        let bytes = match store.get(&key) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let damaged = |error: Error| {
            error.about(format_args!(
                "object '{key}' in {}, the marks of a collection (when no collection runs anywhere, they can be removed)",
                store.location()
            ))
        };
        let marks = Marks::decode(&bytes).map_err(|error| damaged(error.into()))?;
        if marks.id != id {
            return Err(damaged(Error::corrupt(format!("these are marks {}", marks.id))));
        }
        all.push(marks);
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
