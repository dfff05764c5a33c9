//! Small objects that say what goes on: intents, marks, waits. They are put once, under a name that is theirs alone.

use std::fmt;

use bytes::Bytes;
use cairn_format::ObjectKey;

use crate::error::{ErrorKind, Result};
use crate::store::{PutOutcome, Store};

/// Reads one; `None` when there is none. `advice` follows the object's name in what is said of a damaged one.
///
/// # Errors
/// What `decode` says, and storage.
pub(crate) fn read_record<T>(
    store: &Store,
    key: &ObjectKey,
    advice: impl fmt::Display,
    decode: impl FnOnce(&Bytes) -> Result<T>,
) -> Result<Option<T>> {
    let bytes = match store.get(key) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let read = decode(&bytes).map(Some);
    read.map_err(|error| error.about(format_args!("object '{key}' in {}{advice}", store.location())))
}

/// Puts one that no other can be equal to: one of the same bytes is the same, put by a request whose answer was lost.
pub(crate) fn put_record(store: &Store, key: &ObjectKey, bytes: Vec<u8>) -> Result<PutOutcome> {
    let bytes = Bytes::from(bytes);
    Ok(match store.put_create(key, bytes.clone())? {
        PutOutcome::AlreadyExists if store.get(key)? == bytes => PutOutcome::Created,
        outcome => outcome,
    })
}
