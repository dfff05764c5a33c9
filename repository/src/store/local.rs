//! A durable object store in a local directory.
//!
//! `object_store`'s own never syncs. This one writes a temporary file, syncs it, links it to its name, which only
//! succeeds when the name is free, and syncs the directory: at once, or, for a put that says so, at the next
//! barrier, so that many files of one directory cost one sync of it.
//!
//! Objects are never replaced: `PutMode::Overwrite`, copies and renames are refused.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::multipart::LocalUpload;
use super::temporary::{TEMPORARY_FOLDER, TemporaryFile, TemporaryFolder};
use super::{Durability, DurableAtBarrier};
use crate::disk::{Disk, name_path};

const STORE: &str = "local directory";

/// A durable object store in a local directory.
///
/// Its calls block the thread that polls them: the repository drives it from threads of its own, never from those
/// of a runtime. The directory is made by the first put.
pub struct LocalStore {
    files: Arc<LocalFiles>,
}

/// What is shared with puts that are under way.
pub(super) struct LocalFiles {
    root: PathBuf,
    disk: Disk,
    temporary: Mutex<Option<Arc<TemporaryFolder>>>,
    names: Mutex<Names>,
    /// Held for the whole of a barrier: a second one must not return before the first has synced what it took.
    barrier: Mutex<()>,
}

/// What this process knows of directories. A directory that some earlier process made may not be durable yet, so
/// the first use by this one counts as making it.
#[derive(Default)]
struct Names {
    /// Directories that exist, and whose parents are synced or about to be.
    made: HashSet<PathBuf>,
    /// Directories with names that are not durable yet.
    unsynced: BTreeSet<PathBuf>,
}

impl LocalStore {
    /// The store in the directory `root`, which need not exist yet.
    pub fn new(root: &FilePath, disk: Disk) -> Self {
        let files = LocalFiles {
            root: root.to_owned(),
            disk,
            temporary: Mutex::default(),
            names: Mutex::default(),
            barrier: Mutex::default(),
        };
        Self { files: Arc::new(files) }
    }
}

impl LocalFiles {
    fn path(&self, location: &Path) -> Result<PathBuf> {
        let mut path = self.root.clone();
        path.extend(location.parts().map(|part| part.as_ref().to_owned()));
        if location.parts().next().is_none_or(|first| first.as_ref() == TEMPORARY_FOLDER) {
            return Err(generic(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("'{location}' cannot be a key"),
            )));
        }
        Ok(path)
    }

    fn temporary(&self) -> io::Result<TemporaryFile> {
        let mut folder = lock(&self.temporary);
        let folder = match &mut *folder {
            Some(folder) => Arc::clone(folder),
            empty => {
                self.disk.create_dir_all(&self.root)?;
                Arc::clone(empty.insert(Arc::new(TemporaryFolder::open(&self.root, &self.disk)?)))
            }
        };
        folder.create()
    }

    /// Makes `directory` and takes note of what has to be synced for it.
    fn prepare(&self, directory: &FilePath) -> io::Result<()> {
        let mut names = lock(&self.names);
        let mut missing: Vec<_> = directory
            .ancestors()
            .take_while(|path| *path != self.root && !names.made.contains(*path))
            .map(FilePath::to_owned)
            .collect();
        while let Some(path) = missing.pop() {
            self.disk.create_dir(&path)?;
            names.unsynced.extend(path.parent().map(FilePath::to_owned));
            names.made.insert(path);
        }
        Ok(())
    }

    /// Takes note that a name in `directory` is not durable. Called when the name is there: a barrier that came
    /// between note and name would sync too early.
    fn note(&self, directory: &FilePath) {
        lock(&self.names).unsynced.insert(directory.to_owned());
    }

    /// Gives a written temporary file its name.
    pub(super) fn publish(
        &self,
        location: &Path,
        temporary: &TemporaryFile,
        at_barrier: bool,
    ) -> Result<PutResult> {
        let path = self.path(location)?;
        let directory = path.parent().unwrap_or(&self.root);
        self.disk.sync_file(&temporary.path, &temporary.file).map_err(generic)?;
        self.prepare(directory).map_err(generic)?;
        match self.disk.hard_link(&temporary.path, &path) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Err(taken(location, e)),
            Err(e) => return Err(generic(e)),
        }
        self.note(directory);
        if !at_barrier {
            self.barrier().map_err(generic)?;
        }
        Ok(PutResult { e_tag: None, version: None })
    }

    fn barrier(&self) -> io::Result<()> {
        let _turn = lock(&self.barrier);
        let taken = std::mem::take(&mut lock(&self.names).unsynced);
        let mut rest = taken.into_iter();
        while let Some(directory) = rest.next() {
            if let Err(error) = self.disk.sync_dir(&directory) {
                let names = &mut lock(&self.names).unsynced;
                names.insert(directory);
                names.extend(rest);
                return Err(error);
            }
        }
        Ok(())
    }

    fn open(&self, location: &Path) -> Result<(File, PathBuf, ObjectMeta)> {
        let path = self.path(location)?;
        let named = |source| failed_to("read", location, &path, source);
        let file = File::open(&path).map_err(named)?;
        let metadata = file.metadata().map_err(named)?;
        if !metadata.is_file() {
            return Err(named(io::Error::new(io::ErrorKind::NotFound, "it is not a file")));
        }
        let meta = object_meta(location.clone(), &metadata).map_err(named)?;
        Ok((file, path, meta))
    }

    fn delete(&self, location: &Path) -> Result<()> {
        let path = self.path(location)?;
        self.disk.remove_file(&path).map_err(|source| failed_to("delete", location, &path, source))?;
        self.disk.sync_dir(path.parent().unwrap_or(&self.root)).map_err(generic)
    }

    /// Objects below `prefix`, sorted, and the folders right below it when `deep` is not asked for.
    fn list(&self, prefix: Option<&Path>, deep: bool) -> Result<ListResult> {
        let prefix = prefix.cloned().unwrap_or_default();
        let mut start = self.root.clone();
        start.extend(prefix.parts().map(|part| part.as_ref().to_owned()));
        let mut result = ListResult { common_prefixes: Vec::new(), objects: Vec::new() };
        let mut folders = vec![(prefix, start)];
        while let Some((folder, path)) = folders.pop() {
            let entries = match fs::read_dir(&path) {
                Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                    continue;
                }
                other => other.map_err(|source| generic(name_path("list", &path, source)))?,
            };
            for entry in entries {
                let entry = entry.map_err(|source| generic(name_path("list", &path, source)))?;
                // Names that cannot be keys are foreign.
                let Some(key) = entry.file_name().to_str().and_then(|name| child(&folder, name)) else {
                    continue;
                };
                if key.as_ref() == TEMPORARY_FOLDER {
                    continue;
                }
                let metadata = match fs::metadata(entry.path()) {
                    // Deleted meanwhile, or a link to nowhere.
                    Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                    other => other.map_err(|source| generic(name_path("look at", &entry.path(), source)))?,
                };
                // A linked directory is not followed: it may lead back up.
                let is_folder = entry.file_type().is_ok_and(|t| t.is_dir());
                match (metadata.is_file(), is_folder, deep) {
                    (true, ..) => result.objects.push(object_meta(key, &metadata).map_err(generic)?),
                    (_, true, true) => folders.push((key, entry.path())),
                    (_, true, false) => result.common_prefixes.push(key),
                    _ => {}
                }
            }
        }
        result.objects.sort_by(|a, b| a.location.cmp(&b.location));
        result.common_prefixes.sort();
        Ok(result)
    }
}

impl Durability for LocalStore {
    fn touch(&self, key: &Path) -> io::Result<()> {
        let path = self.files.path(key).map_err(io::Error::other)?;
        let directory = path.parent().unwrap_or(&self.files.root);
        self.files.prepare(directory)?;
        self.files.note(directory);
        Ok(())
    }

    fn barrier(&self) -> io::Result<()> {
        self.files.barrier()
    }
}

#[async_trait]
impl ObjectStore for LocalStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        if options.mode != PutMode::Create {
            return Err(refused("objects are created, never replaced"));
        }
        let path = self.files.path(location)?;
        // Writing and syncing what cannot get its name would be in vain; the link still decides.
        if path.is_file() {
            return Err(taken(
                location,
                io::Error::new(io::ErrorKind::AlreadyExists, path.display().to_string()),
            ));
        }
        let mut temporary = self.files.temporary().map_err(generic)?;
        for block in &payload {
            let wrote = temporary.file.write_all(block);
            wrote.map_err(|source| generic(name_path("write", &temporary.path, source)))?;
        }
        let at_barrier = options.extensions.get::<DurableAtBarrier>().is_some();
        self.files.publish(location, &temporary, at_barrier)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let temporary = self.files.temporary().map_err(generic)?;
        let at_barrier = options.extensions.get::<DurableAtBarrier>().is_some();
        Ok(Box::new(LocalUpload::new(Arc::clone(&self.files), location.clone(), temporary, at_barrier)))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let (file, path, meta) = self.files.open(location)?;
        options.check_preconditions(&meta)?;
        let range = match &options.range {
            Some(range) => range.as_range(meta.size).map_err(|e| generic(io::Error::other(e)))?,
            None => 0..meta.size,
        };
        Ok(GetResult {
            payload: GetResultPayload::File(file, path),
            meta,
            range,
            attributes: Attributes::default(),
        })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let files = Arc::clone(&self.files);
        locations
            .and_then(move |location| futures::future::ready(files.delete(&location).map(|()| location)))
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.files.list(prefix, true) {
            Ok(found) => stream::iter(found.objects.into_iter().map(Ok)).boxed(),
            Err(error) => stream::iter([Err(error)]).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.files.list(prefix, false)
    }

    async fn copy_opts(&self, _from: &Path, _to: &Path, _options: CopyOptions) -> Result<()> {
        Err(refused("objects are not copied"))
    }
}

impl fmt::Display for LocalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{STORE} '{}'", self.files.root.display())
    }
}

impl fmt::Debug for LocalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalStore").field("root", &self.files.root).finish_non_exhaustive()
    }
}

fn child(folder: &Path, name: &str) -> Option<Path> {
    let text = if folder.as_ref().is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    Path::parse(text).ok()
}

fn object_meta(location: Path, metadata: &fs::Metadata) -> io::Result<ObjectMeta> {
    let last_modified = metadata.modified()?.into();
    Ok(ObjectMeta { location, last_modified, size: metadata.len(), e_tag: None, version: None })
}

/// The guarded data stays whole when a thread panics: every change to it is a single call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn generic(source: io::Error) -> Error {
    Error::Generic { store: STORE, source: source.into() }
}

fn failed_to(doing: &'static str, location: &Path, path: &FilePath, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            Error::NotFound { path: location.to_string(), source: source.into() }
        }
        _ => generic(name_path(doing, path, source)),
    }
}

fn taken(location: &Path, source: io::Error) -> Error {
    Error::AlreadyExists { path: location.to_string(), source: source.into() }
}

fn refused(rule: &'static str) -> Error {
    Error::NotSupported { source: rule.into() }
}
