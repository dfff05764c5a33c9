//! What collections and verifications have marked.

use std::collections::HashSet;

use cairn_format::{Marks, ObjectKey, ObjectName, TRASH_PREFIX, TrashId};

use crate::error::{Error, ErrorKind, Result};
use crate::records::{put_record, read_record};
use crate::repository::Repository;
use crate::store::PutOutcome;

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

/// Puts marks of at most [`MAX_MARKED_OBJECTS`](cairn_format::MAX_MARKED_OBJECTS) objects.
pub(crate) fn put_marks(repository: &Repository, objects: Vec<ObjectKey>, damaged: bool) -> Result<TrashId> {
    let marks = Marks {
        id: TrashId::parse(&repository.environment().new_ulid())?,
        created_at_ms: repository.environment().clock.now_ms(),
        writer: repository.options().writer.clone(),
        damaged,
        objects,
    };
    let key = ObjectKey::Trash(marks.id);
    let bytes = marks.encode(repository.descriptor().digest_algorithm)?;
    match put_record(repository.store(), &key, bytes)? {
        PutOutcome::Created => Ok(marks.id),
        PutOutcome::AlreadyExists => {
            let message = format!("marks '{key}' exist already: the source of ids repeats itself");
            Err(Error::new(ErrorKind::AlreadyExists, message))
        }
    }
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
