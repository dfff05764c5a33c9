//! Reading one object from its first byte to its last.

use std::io::Read;

use bytes::Bytes;
use cairn_format::ObjectKey;
use futures::StreamExt;
use object_store::GetResultPayload;

use super::Store;
use crate::error::{Error, Result};

/// An object that is being read.
pub(crate) struct ObjectReader {
    store: Store,
    key: ObjectKey,
    payload: GetResultPayload,
    length: u64,
}

impl ObjectReader {
    pub(super) fn new(store: Store, key: ObjectKey, payload: GetResultPayload, length: u64) -> Self {
        Self { store, key, payload, length }
    }

    /// The length that the store gave for the object.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Hands the object's bytes to `take`, block by block, and returns how many there were. `buffer` bounds the
    /// blocks of a local file; a stream's blocks are as they come.
    pub(crate) fn for_each_block(
        self,
        buffer: &mut [u8],
        mut take: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<u64> {
        let mut total = 0_u64;
        match self.payload {
            GetResultPayload::File(mut file, path) => loop {
                let read = file.read(buffer).map_err(|source| {
                    Error::from_io(
                        format!("cannot read object '{}' at '{}'", self.key, path.display()),
                        source,
                    )
                })?;
                if read == 0 {
                    return Ok(total);
                }
                total += read as u64;
                take(&buffer[..read])?;
            },
            GetResultPayload::Stream(mut stream) => {
                while let Some(block) = self.store.inner.runtime.block_on(stream.next()) {
                    let block = block.map_err(|source| self.store.failed("read", &self.key, source))?;
                    total += block.len() as u64;
                    take(&block)?;
                }
                Ok(total)
            }
        }
    }

    /// All of it.
    pub(crate) fn read_whole(self) -> Result<Bytes> {
        let mut whole = Vec::with_capacity(usize::try_from(self.length).unwrap_or(0));
        let mut buffer = vec![0; 64 << 10];
        self.for_each_block(&mut buffer, |block| {
            whole.extend_from_slice(block);
            Ok(())
        })?;
        Ok(whole.into())
    }
}
