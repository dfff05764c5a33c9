//! Data files of a repository become local files: read once, hashed on the way, and in place only when they are right.

mod partial;
mod plan;

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use cairn_format::{Digest, DigestHasher, FileLocation, ObjectKey};

use self::partial::Partial;
use self::plan::{Piece, plan};
use crate::disk::{Disk, name_path};
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::scan::{BLOCK, scan};
use crate::store::Store;
use crate::transfer::Transfer;
use crate::workers::{self, Workers};

pub use self::partial::PARTIAL_SUFFIX;

/// A data file to be made a local file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchFile {
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its bytes.
    pub length: u64,
    /// Where it lies in the repository.
    pub location: FileLocation,
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

/// Files of fewer bytes are small.
const SMALL: u64 = 1 << 20;
/// So many small files are not made durable one by one, but all at once at the end: by then that costs less, although
/// it waits for whatever else is written to the file system.
const SYNCED_TOGETHER: usize = 16;

/// Fetches `files`, which lie in one file system, in parallel. On return the bytes of every file are durable; syncing
/// their directories is left to the caller, who knows when the last one has come.
pub(crate) fn fetch(
    store: &Store,
    workers: &Workers,
    disk: &Disk,
    files: &[FetchFile],
    transfer: &Transfer,
) -> Result<FetchOutcome> {
    let small = files.iter().filter(|file| file.length < SMALL).count();
    // Opened before anything is written: it hears of writes that fail from then on.
    let sync_at_end = match files.first().and_then(|file| file.path.parent()) {
        Some(directory) if Disk::CAN_SYNC_FILESYSTEM && small >= SYNCED_TOGETHER => {
            let opened = File::open(directory).map_err(|source| {
                Error::from_io("cannot fetch data files", name_path("open", directory, source))
            })?;
            Some((directory, opened))
        }
        _ => None,
    };
    let run = Run { store, disk, transfer, syncs_each: sync_at_end.is_none() };
    let missing = run.missing(workers, files)?;
    let pieces = plan(&missing);
    workers::for_each(
        workers,
        &pieces,
        || vec![0; BLOCK],
        |buffer, piece| {
            transfer.check()?;
            match piece {
                Piece::Object(file) => run.object(file, buffer),
                Piece::Range { range, files } => run.range(range.clone(), files),
            }
        },
    )?;
    if let Some((path, directory)) = sync_at_end {
        disk.sync_filesystem(path, &directory)
            .map_err(|source| Error::from_io("cannot make fetched data files durable", source))?;
    }
    let fetched_bytes = missing.iter().map(|file| file.length).sum();
    Ok(FetchOutcome {
        fetched_files: missing.len() as u64,
        fetched_bytes,
        reused_files: (files.len() - missing.len()) as u64,
        reused_bytes: files.iter().map(|file| file.length).sum::<u64>() - fetched_bytes,
    })
}

/// The requests that fetching `files` would make.
pub(crate) fn requests(store: &Store, files: &[FetchFile]) -> u64 {
    let files: Vec<_> = files.iter().collect();
    let of = |piece: Piece<'_>| match piece {
        Piece::Object(file) => store.requests_to_read(file.length),
        Piece::Range { .. } => 1,
    };
    plan(&files).into_iter().map(of).sum()
}

struct Run<'a> {
    store: &'a Store,
    disk: &'a Disk,
    transfer: &'a Transfer,
    /// Whether small files are made durable one by one.
    syncs_each: bool,
}

impl Run<'_> {
    /// The files that do not lie there already, of an earlier attempt.
    fn missing<'f>(&self, workers: &Workers, files: &'f [FetchFile]) -> Result<Vec<&'f FetchFile>> {
        let wanted: Vec<_> = files.iter().map(|file| (file, AtomicBool::new(false))).collect();
        workers::for_each(
            workers,
            &wanted,
            || vec![0; BLOCK],
            |buffer, (file, there)| {
                self.transfer.check()?;
                if self.is_there(file, buffer)? {
                    there.store(true, Ordering::Relaxed);
                    self.transfer.add_bytes(file.length);
                    self.transfer.add_file();
                }
                Ok(())
            },
        )?;
        let missing = wanted.into_iter().filter(|(_, there)| !there.load(Ordering::Relaxed));
        Ok(missing.map(|(file, _)| file).collect())
    }

    /// Whether the wanted file lies there already, durably.
    fn is_there(&self, wanted: &FetchFile, buffer: &mut [u8]) -> Result<bool> {
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
            self.transfer.check()?;
            match file.read(buffer).map_err(failed)? {
                0 => break,
                read => hasher.update(&buffer[..read]),
            }
        }
        if hasher.digest() != wanted.digest {
            return Ok(false);
        }
        // A small file may have got its name before its bytes were durable.
        if wanted.length < SMALL && self.syncs_each {
            self.disk.sync_file(&wanted.path, &file).map_err(failed)?;
        }
        Ok(true)
    }

    /// Fetches a file that is all of its object.
    fn object(&self, wanted: &FetchFile, buffer: &mut [u8]) -> Result<()> {
        let partial = Partial::create(self.disk, &wanted.path)?;
        let key = ObjectKey::Data(wanted.location.object);
        let (mut begun, mut written) = (0, 0);
        scan(self.store, &key, &wanted.digest, wanted.length, buffer, self.transfer, |block| {
            self.write(&partial, block)?;
            written += block.len() as u64;
            // Blocks of a network are small.
            if written - begun >= BLOCK as u64 {
                Disk::begin_sync(partial.file(), begun, written - begun);
                begun = written;
            }
            Ok(())
        })?
        .map_err(|problem| problem.into_error(&key, self.store))?;
        self.finish(partial, wanted)
    }

    /// Fetches files that lie near each other in one object, by one request.
    fn range(&self, range: std::ops::Range<u64>, files: &[&FetchFile]) -> Result<()> {
        let Some(object) = files.first().map(|file| file.location.object) else { return Ok(()) };
        let key = ObjectKey::Data(object);
        let start = range.start;
        let bytes = self.store.read_range(&key, range)?;
        for wanted in files {
            self.transfer.check()?;
            let part = |offset: u64| usize::try_from(offset - start).ok();
            let part = part(wanted.location.offset)
                .zip(part(wanted.location.offset + wanted.length))
                .and_then(|(from, to)| bytes.get(from..to))
                .ok_or_else(|| {
                    Problem::Malformed("it is too short".to_owned()).into_error(&key, self.store)
                })?;
            let found = Digest::by(wanted.digest.algorithm(), part);
            if found != wanted.digest {
                return Err(Problem::DigestMismatch { found }.into_error(&key, self.store));
            }
            let partial = Partial::create(self.disk, &wanted.path)?;
            self.write(&partial, part)?;
            self.finish(partial, wanted)?;
        }
        Ok(())
    }

    fn write(&self, partial: &Partial<'_>, block: &[u8]) -> Result<()> {
        partial.file().write_all(block).map_err(|source| {
            Error::from_io("cannot fetch a data file", name_path("write", partial.path(), source))
        })?;
        self.transfer.add_bytes(block.len() as u64);
        Ok(())
    }

    /// Gives a whole file its name. A small one is not durable yet: should the power go before the sync at the end, the
    /// next attempt compares it with its digest like any file that it finds.
    fn finish(&self, partial: Partial<'_>, wanted: &FetchFile) -> Result<()> {
        if wanted.length >= SMALL || self.syncs_each {
            partial.finish(&wanted.path)?;
        } else {
            partial.finish_unsynced(&wanted.path)?;
        }
        self.transfer.add_file();
        Ok(())
    }
}
