//! Local files become data objects: read once, hashed on the way, and visible only when they are what they
//! should be.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use cairn_format::{Digest, DigestHasher, ObjectKey};
use rayon::ThreadPool;

use crate::error::{Error, Result};
use crate::scan::scan;
use crate::store::{PutOutcome, Store};
use crate::transfer::Transfer;
use crate::workers;

/// Bytes that are read and hashed at a time: few enough to be still in the processor's cache for the hash.
const STEP: usize = 512 << 10;

/// A local file to be made a data object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadFile {
    /// The digest that its bytes had when they were written.
    pub digest: Digest,
    /// Its bytes then.
    pub length: u64,
    /// Where it lies.
    pub path: PathBuf,
}

/// What an upload did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UploadOutcome {
    /// Files that were sent.
    pub sent_files: u64,
    /// Bytes of them.
    pub sent_bytes: u64,
    /// Files whose bytes were in the repository already.
    pub reused_files: u64,
    /// Bytes of them.
    pub reused_bytes: u64,
}

/// Uploads `files` on `pool`. `known` are digests of objects that are there and good; what has been sent or
/// checked is added.
///
/// The new objects are durable at the store's next barrier.
pub(crate) fn upload(
    store: &Store,
    pool: &ThreadPool,
    known: &Mutex<HashSet<Digest>>,
    files: &[UploadFile],
    transfer: &Transfer,
) -> Result<UploadOutcome> {
    let run = Run { store, transfer, sent_files: AtomicU64::new(0), sent_bytes: AtomicU64::new(0) };
    let wanted = choose(known, files, transfer)?;
    workers::for_each(
        pool,
        &wanted,
        || None,
        |block, file| {
            transfer.check()?;
            run.one(block, file)?;
            known.lock().unwrap_or_else(PoisonError::into_inner).insert(file.digest);
            transfer.add_file();
            Ok(())
        },
    )?;
    let (sent_files, sent_bytes) = (run.sent_files.into_inner(), run.sent_bytes.into_inner());
    Ok(UploadOutcome {
        sent_files,
        sent_bytes,
        reused_files: files.len() as u64 - sent_files,
        reused_bytes: files.iter().map(|file| file.length).sum::<u64>() - sent_bytes,
    })
}

/// The files that have to be looked at, each digest once, the largest first so that no long one is left for last.
fn choose<'a>(
    known: &Mutex<HashSet<Digest>>,
    files: &'a [UploadFile],
    transfer: &Transfer,
) -> Result<Vec<&'a UploadFile>> {
    let known = known.lock().unwrap_or_else(PoisonError::into_inner);
    let mut chosen: HashMap<Digest, &UploadFile> = HashMap::new();
    for file in files {
        let twin = *chosen.entry(file.digest).or_insert(file);
        if twin.length != file.length {
            return Err(Error::invalid(format!("data file {} is given with two lengths", file.digest)));
        }
        if known.contains(&file.digest) || !std::ptr::eq(twin, file) {
            transfer.add_bytes(file.length);
            transfer.add_file();
        }
    }
    let mut wanted: Vec<_> = chosen.into_values().filter(|file| !known.contains(&file.digest)).collect();
    wanted.sort_by(|a, b| (b.length, a.digest).cmp(&(a.length, b.digest)));
    Ok(wanted)
}

struct Run<'a> {
    store: &'a Store,
    transfer: &'a Transfer,
    sent_files: AtomicU64,
    sent_bytes: AtomicU64,
}

impl Run<'_> {
    fn one(&self, block: &mut Option<BytesMut>, file: &UploadFile) -> Result<()> {
        let key = ObjectKey::Data(file.digest);
        let outcome = if file.length <= self.store.block_bytes() as u64 {
            self.whole(block, file, &key)?
        } else if self.store.head(&key)?.is_some() {
            // Parts are many requests, and not every store can complete them create-only.
            PutOutcome::AlreadyExists
        } else {
            self.in_parts(block, file, &key)?
        };
        match outcome {
            PutOutcome::Created => {
                self.sent_files.fetch_add(1, Ordering::Relaxed);
                self.sent_bytes.fetch_add(file.length, Ordering::Relaxed);
            }
            PutOutcome::AlreadyExists => {
                // Nobody has vouched for the object: it is read once before a snapshot relies on it.
                let buffer = &mut vec![0; STEP];
                scan(self.store, &key, &file.digest, file.length, buffer, self.transfer, |_| Ok(()))?
                    .map_err(|problem| problem.into_error(&key, self.store))?;
                self.store.touch(&key)?;
                self.transfer.add_bytes(file.length);
            }
        }
        Ok(())
    }

    fn whole(&self, block: &mut Option<BytesMut>, file: &UploadFile, key: &ObjectKey) -> Result<PutOutcome> {
        let mut source = LocalSource::open(file, self.store.block_bytes())?;
        let (bytes, length) = source.read_block(block.take())?;
        source.check()?;
        let outcome = self.store.put_create_at_barrier(key, bytes.slice(..length))?;
        *block = bytes.try_into_mut().ok();
        if outcome == PutOutcome::Created {
            self.transfer.add_bytes(file.length);
        }
        Ok(outcome)
    }

    fn in_parts(
        &self,
        block: &mut Option<BytesMut>,
        file: &UploadFile,
        key: &ObjectKey,
    ) -> Result<PutOutcome> {
        let mut source = LocalSource::open(file, self.store.block_bytes())?;
        let mut parts = self.store.put_parts(key)?;
        let mut put = 0;
        while put < file.length {
            self.transfer.check()?;
            let (bytes, length) = source.read_block(block.take())?;
            if length == 0 {
                break;
            }
            parts.put_part(bytes.slice(..length))?;
            put += length as u64;
            *block = bytes.try_into_mut().ok();
            self.transfer.add_bytes(length as u64);
        }
        // Only the completion makes the object visible, so nothing wrong ever is.
        source.check()?;
        parts.complete()
    }
}

/// A local file that is read once, and hashed while it is.
struct LocalSource<'a> {
    expected: &'a UploadFile,
    block_bytes: usize,
    file: File,
    hasher: DigestHasher,
    read: u64,
}

impl<'a> LocalSource<'a> {
    fn open(expected: &'a UploadFile, block_bytes: usize) -> Result<Self> {
        let file = File::open(&expected.path).map_err(|source| cannot_read(&expected.path, source))?;
        Ok(Self {
            expected,
            block_bytes,
            file,
            hasher: DigestHasher::with_algorithm(expected.digest.algorithm()),
            read: 0,
        })
    }

    /// The file's next bytes, at the start of a block, and how many they are: a whole block, or all that is left.
    fn read_block(&mut self, block: Option<BytesMut>) -> Result<(Bytes, usize)> {
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
    fn check(&self) -> Result<()> {
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

fn cannot_read(path: &Path, source: std::io::Error) -> Error {
    Error::from_io(format!("cannot read local file '{}'", path.display()), source)
}
