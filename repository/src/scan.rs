//! Reading an object and finding out whether it is the right one.

use cairn_format::{Digest, DigestHasher, ObjectKey};

use crate::error::{ErrorKind, Result};
use crate::problem::Problem;
use crate::store::Store;
use crate::transfer::Transfer;

/// Bytes of a block of a local object. A stream's blocks are as small as the network makes them, so a pool of four
/// threads has a few megabytes in flight, whatever the data's size.
pub(crate) const BLOCK: usize = 1 << 20;

/// Reads an object that must have `length` bytes with `digest`, and hands its blocks on as they come. What was
/// handed on is right only when there is no problem.
pub(crate) fn scan(
    store: &Store,
    key: &ObjectKey,
    digest: &Digest,
    length: u64,
    buffer: &mut [u8],
    transfer: &Transfer,
    mut take: impl FnMut(&[u8]) -> Result<()>,
) -> Result<std::result::Result<(), Problem>> {
    let reader = match store.open(key) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Err(Problem::Missing)),
        other => other?,
    };
    if reader.length() != length {
        return Ok(Err(Problem::WrongLength { expected: length, found: reader.length() }));
    }
    let mut hasher = DigestHasher::with_algorithm(digest.algorithm());
    let read = reader.for_each_block(buffer, |block| {
        transfer.check()?;
        hasher.update(block);
        take(block)
    })?;
    if read != length {
        return Ok(Err(Problem::WrongLength { expected: length, found: read }));
    }
    let found = hasher.digest();
    Ok(if found == *digest { Ok(()) } else { Err(Problem::DigestMismatch { found }) })
}
