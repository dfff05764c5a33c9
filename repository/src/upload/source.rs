//! A local file on its way into the repository: read once, and compared with what was written.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use bytes::{Bytes, BytesMut};
use cairn_format::{Digest, DigestAlgorithm, DigestHasher};

use super::UploadFile;
use crate::error::{Error, Result};
use crate::transfer::Transfer;

/// Bytes that are read and hashed at a time: few enough to be still in the processor's cache for the hash.
pub(super) const STEP: usize = 512 << 10;

/// Reads all of `file`, makes sure that it is what was written, and returns its digest by `algorithm`.
pub(super) fn digest_of(
    file: &UploadFile,
    algorithm: DigestAlgorithm,
    transfer: &Transfer,
) -> Result<Digest> {
    let mut hasher = DigestHasher::with_algorithm(algorithm);
    let mut source = LocalSource::open(file, STEP)?;
    let mut block = None;
    loop {
        transfer.check()?;
        let (bytes, length) = source.read_block(block.take())?;
        if length == 0 {
            break;
        }
        hasher.update(&bytes[..length]);
        block = bytes.try_into_mut().ok();
    }
    source.check()?;
    Ok(hasher.digest())
}

/// All bytes of a small `file`, which are what was written.
pub(super) fn read_whole(file: &UploadFile) -> Result<Vec<u8>> {
    let mut source = LocalSource::open(file, STEP)?;
    let mut whole = Vec::with_capacity(usize::try_from(file.length).unwrap_or(0));
    let mut block = None;
    loop {
        let (bytes, length) = source.read_block(block.take())?;
        if length == 0 {
            break;
        }
        whole.extend_from_slice(&bytes[..length]);
        block = bytes.try_into_mut().ok();
    }
    source.check()?;
    Ok(whole)
}

/// A local file that is read once, and hashed while it is.
pub(super) struct LocalSource<'a> {
    expected: &'a UploadFile,
    block_bytes: usize,
    file: File,
    hasher: DigestHasher,
    read: u64,
}

impl<'a> LocalSource<'a> {
    pub(super) fn open(expected: &'a UploadFile, block_bytes: usize) -> Result<Self> {
        Ok(Self::new(expected, open(&expected.path)?, block_bytes))
    }

    /// A file that is open, and has not been read.
    pub(super) fn new(expected: &'a UploadFile, file: File, block_bytes: usize) -> Self {
        let hasher = DigestHasher::with_algorithm(expected.digest.algorithm());
        Self { expected, block_bytes, file, hasher, read: 0 }
    }

    /// The file's next bytes, at the start of a block, and how many they are: a whole block, or all that is left.
    pub(super) fn read_block(&mut self, block: Option<BytesMut>) -> Result<(Bytes, usize)> {
        // One byte more than is expected shows a file that has grown.
        let most = self.block_bytes;
        let wanted = most.min(usize::try_from(self.expected.length - self.read).unwrap_or(most) + 1);
        let mut block =
            block.filter(|block| block.len() >= wanted).unwrap_or_else(|| BytesMut::zeroed(wanted));
        let mut filled = 0;
        while filled < wanted {
            let end = wanted.min(filled + STEP);
            let read =
                self.file.read(&mut block[filled..end]).map_err(|e| cannot_read(&self.expected.path, e))?;
            if read == 0 {
                break;
            }
            self.hasher.update(&block[filled..filled + read]);
            filled += read;
        }
        self.read += filled as u64;
        if self.read > self.expected.length {
            return Err(self.changed(&format!("it has more than {} bytes", self.expected.length)));
        }
        Ok((block.freeze(), filled))
    }

    /// Makes sure that what was read is what should have been.
    pub(super) fn check(&self) -> Result<()> {
        if self.read != self.expected.length {
            return Err(
                self.changed(&format!("it has {} bytes instead of {}", self.read, self.expected.length))
            );
        }
        let found = self.hasher.digest();
        if found != self.expected.digest {
            return Err(self.changed(&format!("its digest is {found} instead of {}", self.expected.digest)));
        }
        Ok(())
    }

    fn changed(&self, how: &str) -> Error {
        Error::corrupt(format!(
            "local file '{}' has changed since it was written: {how}; nothing of it was backed up, restore its table from an earlier snapshot",
            self.expected.path.display()
        ))
    }
}

/// Opens a local file to be read.
pub(super) fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|source| cannot_read(path, source))
}

fn cannot_read(path: &Path, source: std::io::Error) -> Error {
    Error::from_io(format!("cannot read local file '{}'", path.display()), source)
}
