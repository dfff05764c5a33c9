//! A file that is not whole yet.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::disk::Disk;
use crate::error::{Error, ErrorKind, Result};

/// What follows the name of a file that is being fetched, until it is whole.
pub const PARTIAL_SUFFIX: &str = ".part";

/// A file beside its destination that is not whole yet; it goes when it is dropped unfinished.
pub(super) struct Partial<'a> {
    disk: &'a Disk,
    path: PathBuf,
    file: File,
    finished: bool,
}

impl<'a> Partial<'a> {
    pub(super) fn create(disk: &'a Disk, destination: &Path) -> Result<Self> {
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

    /// The file, to be written.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the file durable and gives it its name.
    pub(super) fn finish(self, destination: &Path) -> Result<()> {
        self.disk.sync_file(&self.path, &self.file).map_err(cannot_fetch)?;
        self.finish_unsynced(destination)
    }

    /// Gives the file its name; making it durable is the caller's.
    pub(super) fn finish_unsynced(mut self, destination: &Path) -> Result<()> {
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
