//! The file system, as everything durable uses it: one place that knows what has to be synced, and where tests
//! can cut the power.

use std::fs::{self, File};
#[cfg(target_os = "linux")]
use std::num::NonZeroU64;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{error, fmt, io};

/// A call that changes the file system or makes a change durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskCall<'a> {
    /// A directory is made.
    CreateDir(&'a Path),
    /// A new file is made.
    Create(&'a Path),
    /// A file's contents become durable.
    SyncFile(&'a Path),
    /// A directory's entries become durable.
    SyncDir(&'a Path),
    /// Everything in the file system of a directory becomes durable.
    SyncFilesystem(&'a Path),
    /// A file gets a second name that was free.
    Link {
        /// The name it has.
        from: &'a Path,
        /// The name it gets.
        to: &'a Path,
    },
    /// A file or directory changes its name, replacing a file of the new one.
    Rename {
        /// The name it has.
        from: &'a Path,
        /// The name it gets.
        to: &'a Path,
    },
    /// A file or a directory with everything in it goes.
    Remove(&'a Path),
    /// A file that keeps transactions makes one durable: see [`Disk::observe`].
    Commit(&'a Path),
}

/// Sees every [`DiskCall`] and may make it fail.
pub trait DiskHook: Send + Sync {
    /// Called before the call; an error takes the call's place, which then does not happen.
    fn before(&self, call: &DiskCall<'_>) -> io::Result<()>;

    /// Called after the call succeeded; an error is reported although it happened.
    fn after(&self, call: &DiskCall<'_>) -> io::Result<()>;
}

/// Access to the file system. Cheap to clone. Its errors keep the system's kind and name the path.
#[derive(Clone, Default)]
pub struct Disk {
    hook: Option<Arc<dyn DiskHook>>,
}

impl Disk {
    /// The system's file system as it is.
    pub fn system() -> Self {
        Self { hook: None }
    }

    /// The system's file system, every call of which `hook` sees first and last.
    pub fn with_hook(hook: Arc<dyn DiskHook>) -> Self {
        Self { hook: Some(hook) }
    }

    /// Makes a directory and whatever leads to it, durably: on return a power cut does not take it away.
    /// A directory that is there already is made durable too, whoever made it.
    pub fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let missing: Vec<&Path> =
            path.ancestors().take_while(|p| !p.as_os_str().is_empty() && !p.is_dir()).collect();
        if missing.is_empty() {
            // Whoever made it may have died before syncing its parent. A parent that may not be read cannot be
            // synced either; then the directory is older than this program's business.
            return match self.sync_parent(path) {
                Err(e) if e.kind() == io::ErrorKind::PermissionDenied => Ok(()),
                other => other,
            };
        }
        for directory in missing.into_iter().rev() {
            self.create_dir(directory)?;
            self.sync_parent(directory)?;
        }
        Ok(())
    }

    /// Makes one directory, not yet durably; one that is there already is as good.
    pub fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.call("create directory", DiskCall::CreateDir(path), || match fs::create_dir(path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            other => other,
        })
    }

    /// Makes a new file, open for writing (and reading).
    ///
    /// # Errors
    /// `AlreadyExists` when the name is taken.
    pub fn create(&self, path: &Path) -> io::Result<File> {
        self.call("create", DiskCall::Create(path), || {
            File::options().read(true).write(true).create_new(true).open(path)
        })
    }

    /// Makes the contents of `file`, which lies at `path`, durable. Its name is not: see [`Disk::sync_dir`].
    pub fn sync_file(&self, path: &Path, file: &File) -> io::Result<()> {
        self.call("sync", DiskCall::SyncFile(path), || file.sync_all())
    }

    /// Has the system begin to write `length` bytes at `offset` of `file` out, without waiting for them: a
    /// [`Disk::sync_file`] later then waits for little, and nothing is more durable without it.
    pub fn begin_sync(file: &File, offset: u64, length: u64) {
        begin_sync(file, offset, length);
    }

    /// Makes the names in a directory durable.
    pub fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.call("sync directory", DiskCall::SyncDir(path), || File::open(path)?.sync_all())
    }

    /// Whether [`Disk::sync_filesystem`] does anything on this system.
    pub const CAN_SYNC_FILESYSTEM: bool = cfg!(target_os = "linux");

    /// Makes everything in the file system of `directory`, which lies at `path`, durable: bytes and names.
    ///
    /// # Errors
    /// What went wrong with any write to it since `directory` was opened; `Unsupported` where a system cannot do that.
    pub fn sync_filesystem(&self, path: &Path, directory: &File) -> io::Result<()> {
        self.call("sync the file system of", DiskCall::SyncFilesystem(path), || sync_filesystem(directory))
    }

    /// Gives the file `from` the second name `to`.
    ///
    /// # Errors
    /// `AlreadyExists` when `to` is taken: of several racing links to one name, one succeeds.
    pub fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call("link to", DiskCall::Link { from, to }, || fs::hard_link(from, to))
    }

    /// Renames `from` to `to`, replacing a file of that name.
    pub fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call("rename to", DiskCall::Rename { from, to }, || fs::rename(from, to))
    }

    /// Removes a file.
    pub fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.call("remove", DiskCall::Remove(path), || fs::remove_file(path))
    }

    /// Removes a directory with everything in it.
    pub fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.call("remove directory", DiskCall::Remove(path), || fs::remove_dir_all(path))
    }

    /// Does `act`, which is `call`, under the eyes of the hook: for what others write, such as a database's file.
    pub fn observe<T>(&self, call: DiskCall<'_>, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.call("commit to", call, act)
    }

    fn sync_parent(&self, path: &Path) -> io::Result<()> {
        match path.parent() {
            Some(parent) if parent.as_os_str().is_empty() => self.sync_dir(Path::new(".")),
            Some(parent) => self.sync_dir(parent),
            None => Ok(()),
        }
    }

    fn call<T>(
        &self,
        doing: &'static str,
        call: DiskCall<'_>,
        act: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        let named = |source| name_path(doing, call.path(), source);
        if let Some(hook) = &self.hook {
            hook.before(&call).map_err(named)?;
            let done = act().map_err(named)?;
            hook.after(&call).map_err(named)?;
            return Ok(done);
        }
        act().map_err(named)
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").field("hooked", &self.hook.is_some()).finish()
    }
}

impl<'a> DiskCall<'a> {
    /// The path that the call is about; the new name where there are two.
    pub fn path(&self) -> &'a Path {
        match self {
            Self::Link { to, .. } | Self::Rename { to, .. } => to,
            Self::CreateDir(path)
            | Self::Create(path)
            | Self::SyncFile(path)
            | Self::SyncDir(path)
            | Self::SyncFilesystem(path)
            | Self::Remove(path)
            | Self::Commit(path) => path,
        }
    }
}

#[cfg(target_os = "linux")]
fn sync_filesystem(directory: &File) -> io::Result<()> {
    rustix::fs::syncfs(directory).map_err(io::Error::from)
}

#[cfg(not(target_os = "linux"))]
fn sync_filesystem(_: &File) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Advice that the bytes will not be needed has Linux write those out that have changed. What is being written keeps
/// its place in memory, so that a reader right after finds it there.
#[cfg(target_os = "linux")]
fn begin_sync(file: &File, offset: u64, length: u64) {
    let advice = rustix::fs::Advice::DontNeed;
    // A system that does not take advice writes when it is told to sync.
    let _ = rustix::fs::fadvise(file, offset, NonZeroU64::new(length), advice);
}

#[cfg(not(target_os = "linux"))]
fn begin_sync(_: &File, _: u64, _: u64) {}

/// Reads exactly `length` bytes of `file`, which lies at `path`, from `offset` on.
pub(crate) fn read_exact_at(
    file: &File,
    path: &Path,
    offset: u64,
    length: usize,
) -> io::Result<bytes::Bytes> {
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, offset).map_err(|source| name_path("read", path, source))?;
    Ok(bytes.into())
}

/// The same error, of the same kind, that says what could not be done to which path.
pub(crate) fn name_path(doing: &'static str, path: &Path, source: io::Error) -> io::Error {
    io::Error::new(source.kind(), PathError { doing, path: path.to_owned(), source })
}

#[derive(Debug)]
struct PathError {
    doing: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} '{}': {}", self.doing, self.path.display(), self.source)
    }
}

impl error::Error for PathError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_path_and_keep_the_kind() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let disk = Disk::system();
        disk.create(&path).unwrap();
        let error = disk.create(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        assert!(disk.create_dir_all(&path.join("below")).is_err());
    }

    #[test]
    fn directories_are_made_from_the_top_and_synced_as_they_come() {
        #[derive(Default)]
        struct Record(std::sync::Mutex<Vec<String>>);
        impl DiskHook for Record {
            fn before(&self, call: &DiskCall<'_>) -> io::Result<()> {
                self.0.lock().unwrap().push(format!("{call:?}"));
                Ok(())
            }
            fn after(&self, _: &DiskCall<'_>) -> io::Result<()> {
                Ok(())
            }
        }
        let directory = tempfile::tempdir().unwrap();
        let record = Arc::new(Record::default());
        let disk = Disk::with_hook(record.clone());
        let (a, b) = (directory.path().join("a"), directory.path().join("a/b"));
        disk.create_dir_all(&b).unwrap();
        let calls = [
            DiskCall::CreateDir(&a),
            DiskCall::SyncDir(directory.path()),
            DiskCall::CreateDir(&b),
            DiskCall::SyncDir(&a),
        ];
        assert_eq!(*record.0.lock().unwrap(), calls.map(|call| format!("{call:?}")));
    }
}
