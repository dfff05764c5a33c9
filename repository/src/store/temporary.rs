//! Files that are not yet objects.
//!
//! They lie in one folder below the store's root, on the same file system, so that a finished one gets its name
//! by a link. While a store writes it holds a shared lock in that folder; the first writer that gets the lock
//! alone knows that whatever lies there was left by processes that died, and removes it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::disk::{Disk, name_path};

/// The folder's name. No key begins with it.
pub(super) const TEMPORARY_FOLDER: &str = ".tmp";
const LOCK_NAME: &str = "lock";

/// The folder of one store's unfinished files.
pub(super) struct TemporaryFolder {
    directory: PathBuf,
    disk: Disk,
    next: AtomicU64,
    /// Held while the store lives; `None` where the file system has no locks, and nothing is ever cleared.
    lock: Option<File>,
}

impl TemporaryFolder {
    pub(super) fn open(root: &Path, disk: &Disk) -> io::Result<Self> {
        let directory = root.join(TEMPORARY_FOLDER);
        disk.create_dir(&directory)?;
        let lock = lock(&directory)?;
        Ok(Self { directory, disk: disk.clone(), next: AtomicU64::new(0), lock })
    }

    /// Removes the folder when nobody uses it.
    pub(super) fn remove(&self) {
        let Some(lock) = &self.lock else { return };
        // Alone, nobody else writes here. Who comes now makes another folder.
        if lock.unlock().is_ok() && lock.try_lock().is_ok() {
            let _ = fs::remove_file(self.directory.join(LOCK_NAME));
            let _ = fs::remove_dir(&self.directory);
        }
    }

    /// A new, empty file.
    pub(super) fn create(&self) -> io::Result<TemporaryFile> {
        loop {
            // Other processes write here too: a name that is taken is theirs.
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let path = self.directory.join(format!("{}-{number}", std::process::id()));
            match self.disk.create(&path) {
                Ok(file) => return Ok(TemporaryFile { path, file, disk: self.disk.clone() }),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e),
            }
        }
    }
}

/// A file that goes when it is dropped, whatever other names it has got by then.
pub(super) struct TemporaryFile {
    pub(super) path: PathBuf,
    pub(super) file: File,
    disk: Disk,
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if let Err(error) = self.disk.remove_file(&self.path) {
            tracing::debug!(%error, "a temporary file stays until the next writer clears it");
        }
    }
}

fn lock(directory: &Path) -> io::Result<Option<File>> {
    let path = directory.join(LOCK_NAME);
    let lock = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    let lock = lock.map_err(|source| name_path("open", &path, source))?;
    match lock.try_lock() {
        Ok(()) => {
            clear(directory);
            // Between the two locks another first writer may clear as well; there is nothing of ours yet.
            if lock.unlock().is_err() {
                return Ok(None);
            }
        }
        Err(fs::TryLockError::WouldBlock) => {}
        Err(fs::TryLockError::Error(error)) => {
            tracing::debug!(%error, "this file system has no locks: left-over temporary files stay");
            return Ok(None);
        }
    }
    // Waits at most for another first writer to clear.
    Ok(lock.lock_shared().is_ok().then_some(lock))
}

fn clear(directory: &Path) {
    let left = fs::read_dir(directory).into_iter().flatten().flatten();
    for entry in left.filter(|entry| entry.file_name() != LOCK_NAME) {
        if let Err(error) = fs::remove_file(entry.path()) {
            tracing::debug!(path = %entry.path().display(), %error, "a left-over temporary file stays");
        }
    }
}
