//! Data objects become local files: read once, hashed on the way, and in place only when they are right.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use cairn_format::{Digest, DigestHasher, ObjectKey};
use rayon::ThreadPool;

use crate::disk::{Disk, name_path};
use crate::error::{Error, ErrorKind, Result};
use crate::scan::{BLOCK, scan};
use crate::store::Store;
use crate::transfer::Transfer;
use crate::workers;

/// What follows the name of a file that is being fetched, until it is whole.
pub const PARTIAL_SUFFIX: &str = ".part";

/// A data object to be made a local file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchFile {
    /// The digest that names the object.
    pub digest: Digest,
    /// Its bytes.
    pub length: u64,
    /// Where the file is to lie, in a directory that exists.
    pub path: PathBuf,
}

/// What a fetch did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FetchOutcome {
    /// Files that were fetched.
    pub fetched_files: u64,
    /// Bytes of them.
    pub fetched_bytes: u64,
    /// Files that lay there already, with the right bytes.
    pub reused_files: u64,
    /// Bytes of them.
    pub reused_bytes: u64,
}

/// Fetches `files` on `pool`. Every file is synced; syncing their directories is left to the caller, who knows
/// when the last one has come.
pub(crate) fn fetch(
    store: &Store,
    pool: &ThreadPool,
    disk: &Disk,
    files: &[FetchFile],
    transfer: &Transfer,
) -> Result<FetchOutcome> {
    let mut wanted: Vec<_> = files.iter().collect();
    wanted.sort_by_key(|file| std::cmp::Reverse(file.length));
    let (fetched_files, fetched_bytes) = (AtomicU64::new(0), AtomicU64::new(0));
    workers::for_each(
        pool,
        &wanted,
        || vec![0; BLOCK],
        |buffer, file| {
            transfer.check()?;
            if is_there(file, buffer, transfer)? {
                transfer.add_bytes(file.length);
            } else {
                fetch_one(store, disk, file, buffer, transfer)?;
                fetched_files.fetch_add(1, Ordering::Relaxed);
                fetched_bytes.fetch_add(file.length, Ordering::Relaxed);
            }
            transfer.add_file();
            Ok(())
        },
    )?;
    let (fetched_files, fetched_bytes) = (fetched_files.into_inner(), fetched_bytes.into_inner());
    Ok(FetchOutcome {
        fetched_files,
        fetched_bytes,
        reused_files: files.len() as u64 - fetched_files,
        reused_bytes: files.iter().map(|file| file.length).sum::<u64>() - fetched_bytes,
    })
}

fn fetch_one(
    store: &Store,
    disk: &Disk,
    wanted: &FetchFile,
    buffer: &mut [u8],
    transfer: &Transfer,
) -> Result<()> {
    let partial = Partial::create(disk, &wanted.path)?;
    let key = ObjectKey::Data(wanted.digest);
    scan(store, &key, &wanted.digest, wanted.length, buffer, transfer, |block| {
        (&partial.file).write_all(block).map_err(|source| {
            Error::from_io("cannot fetch a data file", name_path("write", &partial.path, source))
        })?;
        transfer.add_bytes(block.len() as u64);
        Ok(())
    })?
    .map_err(|problem| problem.into_error(&key, store))?;
    partial.finish(&wanted.path)
}

/// Whether the wanted file lies there already, of an earlier attempt.
fn is_there(wanted: &FetchFile, buffer: &mut [u8], transfer: &Transfer) -> Result<bool> {
    let failed = |e| Error::from_io(format!("cannot read '{}'", wanted.path.display()), e);
    let mut file = match File::open(&wanted.path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        other => other.map_err(failed)?,
    };
    if file.metadata().map_err(failed)?.len() != wanted.length {
        return Ok(false);
    }
    let mut hasher = DigestHasher::with_algorithm(wanted.digest.algorithm());
    loop {
        transfer.check()?;
        match file.read(buffer).map_err(failed)? {
            0 => return Ok(hasher.digest() == wanted.digest),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// A file beside its destination that is not whole yet; it goes when it is dropped unfinished.
struct Partial<'a> {
    disk: &'a Disk,
    path: PathBuf,
    file: File,
    finished: bool,
}

impl<'a> Partial<'a> {
    fn create(disk: &'a Disk, destination: &Path) -> Result<Self> {
        let mut name = destination.file_name().unwrap_or_default().to_owned();
        name.push(PARTIAL_SUFFIX);
        let path = destination.with_file_name(name);
        let file = match disk.create(&path) {
            // Left by an attempt that died: a destination has one fetch at a time.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                disk.remove_file(&path).and_then(|()| disk.create(&path))
            }
            other => other,
        };
        let file = file.map_err(cannot_fetch)?;
        Ok(Self { disk, path, file, finished: false })
    }

    fn finish(mut self, destination: &Path) -> Result<()> {
        self.disk.sync_file(&self.path, &self.file).map_err(cannot_fetch)?;
        self.disk.rename(&self.path, destination).map_err(cannot_fetch)?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Partial<'_> {
    fn drop(&mut self) {
        if !self.finished
            && let Err(error) = self.disk.remove_file(&self.path)
        {
            tracing::debug!(%error, "a partly fetched file stays until it is fetched again");
        }
    }
}

fn cannot_fetch(source: io::Error) -> Error {
    let error = Error::from_io("cannot fetch a data file", source);
    // A missing local directory is not a missing object.
    if error.kind() == ErrorKind::NotFound { error.with_kind(ErrorKind::InvalidInput) } else { error }
}
