//! A durable object store in a local directory.
//!
//! `object_store`'s own never syncs. This one writes a temporary file, syncs it, links it to its name, which only
//! succeeds when the name is free, and syncs the directory: at once, or, for a put that says so, at the next
//! barrier, so that many files of one directory cost one sync of it.
//!
//! Of a small object that may wait for the barrier, the bytes wait too, and many of them are made durable by one sync
//! of the whole file system. So there is a time when such an object has its name and may still lose its bytes: after a
//! power cut it may be shorter, or hold other bytes, under a name that is there. Nobody relies on it before the
//! barrier: the manifest that names it is put after, and the name, being unique, is put by nobody else. Who finds it
//! later, without having seen the barrier, reads and checks it and says [`Durability::touch`], which makes its bytes
//! durable at the next barrier as well. What nobody refers to is removed by a collection, whatever its bytes.
//!
//! Objects are never replaced: `PutMode::Overwrite`, copies and renames are refused.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path as FilePath, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

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
use crate::lock::lock;

const STORE: &str = "local directory";
/// An object of fewer bytes waits for the barrier as a whole. The sync of a larger one costs less than what it writes,
/// and keeps a barrier from having to write everything at once.
const SMALL: usize = 256 << 10;
/// So few files are synced one by one: syncing the file system also writes what other programs have changed.
const FEW: usize = 8;

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
    /// The root, open since before the first write: a sync of the file system through it reports what went wrong with
    /// any write since then.
    opened_root: Mutex<Option<Arc<File>>>,
    /// Whether the root is there because of this store.
    made_root: AtomicBool,
    names: Mutex<Names>,
    /// Held for the whole of a barrier: a second one must not return before the first has synced what it took.
    barrier: Mutex<()>,
}

/// When an object that is put is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durable {
    /// When the put returns.
    Now,
    /// Its bytes when the put returns, its name at the next barrier.
    NameAtBarrier,
    /// At the next barrier.
    BytesAndNameAtBarrier,
}

/// What this process knows of directories. A directory that some earlier process made may not be durable yet, so
/// the first use by this one counts as making it.
#[derive(Default)]
struct Names {
    /// Directories that exist, and whose parents are synced or about to be.
    made: HashSet<PathBuf>,
    /// Directories with names that are not durable yet.
    unsynced: BTreeSet<PathBuf>,
    /// Files with bytes that are not durable yet.
    unsynced_files: BTreeSet<PathBuf>,
}

impl LocalStore {
    /// The store in the directory `root`, which need not exist yet.
    pub fn new(root: &FilePath, disk: Disk) -> Self {
        let files = LocalFiles {
            root: root.to_owned(),
            disk,
            temporary: Mutex::default(),
            opened_root: Mutex::default(),
            made_root: AtomicBool::new(false),
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
                if !self.root.exists() {
                    self.made_root.store(true, Ordering::Relaxed);
                }
                self.disk.create_dir_all(&self.root)?;
                self.opened_root()?;
                Arc::clone(empty.insert(Arc::new(TemporaryFolder::open(&self.root, &self.disk)?)))
            }
        };
        folder.create()
    }

    fn opened_root(&self) -> io::Result<Arc<File>> {
        let mut opened = lock(&self.opened_root);
        if let Some(root) = &*opened {
            return Ok(Arc::clone(root));
        }
        let root = File::open(&self.root).map_err(|source| name_path("open", &self.root, source))?;
        Ok(Arc::clone(opened.insert(Arc::new(root))))
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

    /// Gives a written temporary file its name. Bytes and name are durable as early as `durable` says.
    pub(super) fn publish(
        &self,
        location: &Path,
        temporary: &TemporaryFile,
        durable: Durable,
    ) -> Result<PutResult> {
        let path = self.path(location)?;
        let directory = path.parent().unwrap_or(&self.root);
        if durable != Durable::BytesAndNameAtBarrier {
            self.disk.sync_file(&temporary.path, &temporary.file).map_err(generic)?;
        }
        self.prepare(directory).map_err(generic)?;
        match self.disk.hard_link(&temporary.path, &path) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Err(taken(location, e)),
            Err(e) => return Err(generic(e)),
        }
        if durable == Durable::BytesAndNameAtBarrier {
            self.note_file(&path);
        }
        self.note(directory);
        if durable == Durable::Now {
            self.barrier().map_err(generic)?;
        }
        Ok(PutResult { e_tag: None, version: None })
    }

    /// As [`LocalFiles::note`], of a file's bytes.
    fn note_file(&self, path: &FilePath) {
        lock(&self.names).unsynced_files.insert(path.to_owned());
    }

    /// Removes empty directories of `folder`, those around it that are empty then, and the root if this store made it. Only
    /// directories with nothing in them go, so whatever somebody else puts there meanwhile stays.
    fn tidy(&self, folder: &Path) {
        let Ok(path) = self.path(folder) else { return };
        let mut names = lock(&self.names);
        remove_empty(&path);
        let around = path.ancestors().skip(1).take_while(|path| *path != self.root);
        for directory in around {
            let _ = fs::remove_dir(directory);
        }
        // Whoever puts something there again makes them again.
        names.made.retain(|path| path.exists());
        names.unsynced.retain(|path| path.exists());
        let is_bare = fs::read_dir(&self.root)
            .is_ok_and(|mut entries| entries.all(|e| e.is_ok_and(|e| e.file_name() == TEMPORARY_FOLDER)));
        if is_bare && self.made_root.load(Ordering::Relaxed) {
            let mut temporary = lock(&self.temporary);
            if let Some(folder) = temporary.take() {
                folder.remove();
            }
            let _ = fs::remove_dir(&self.root);
            *lock(&self.opened_root) = None;
        }
    }

    fn barrier(&self) -> io::Result<()> {
        let _turn = lock(&self.barrier);
        let (directories, files) = {
            let names = &mut *lock(&self.names);
            (std::mem::take(&mut names.unsynced), std::mem::take(&mut names.unsynced_files))
        };
        let synced = self.sync(&directories, &files);
        if synced.is_err() {
            let names = &mut *lock(&self.names);
            names.unsynced.extend(directories);
            names.unsynced_files.extend(files);
        }
        synced
    }

    /// Files before the directories that name them: a name that lasts is then one of bytes that last.
    fn sync(&self, directories: &BTreeSet<PathBuf>, files: &BTreeSet<PathBuf>) -> io::Result<()> {
        if files.len() > FEW && Disk::CAN_SYNC_FILESYSTEM {
            // Objects get their names by links, which do not lead out of a file system; directories are of it too.
            return self.disk.sync_filesystem(&self.root, &*self.opened_root()?);
        }
        for path in files {
            match File::open(path) {
                Ok(file) => self.disk.sync_file(path, &file)?,
                // Deleted meanwhile.
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(name_path("open", path, source)),
            }
        }
        directories.iter().try_for_each(|directory| self.disk.sync_dir(directory))
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
        self.files.note_file(&path);
        self.files.note(directory);
        Ok(())
    }

    fn barrier(&self) -> io::Result<()> {
        self.files.barrier()
    }

    fn tidy(&self, folder: &Path) {
        self.files.tidy(folder);
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
        let durable = match options.extensions.get::<DurableAtBarrier>() {
            Some(_) if payload.content_length() < SMALL => Durable::BytesAndNameAtBarrier,
            Some(_) => Durable::NameAtBarrier,
            None => Durable::Now,
        };
        self.files.publish(location, &temporary, durable)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let temporary = self.files.temporary().map_err(generic)?;
        let durable = match options.extensions.get::<DurableAtBarrier>() {
            Some(_) => Durable::NameAtBarrier,
            None => Durable::Now,
        };
        Ok(Box::new(LocalUpload::new(Arc::clone(&self.files), location.clone(), temporary, durable)))
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

/// Removes the directory and those in it, as far as they are empty.
fn remove_empty(directory: &FilePath) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|file_type| file_type.is_dir()) {
            remove_empty(&entry.path());
        }
    }
    let _ = fs::remove_dir(directory);
}

fn child(folder: &Path, name: &str) -> Option<Path> {
    let text = if folder.as_ref().is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    Path::parse(text).ok()
}

fn object_meta(location: Path, metadata: &fs::Metadata) -> io::Result<ObjectMeta> {
    let last_modified = metadata.modified()?.into();
    Ok(ObjectMeta { location, last_modified, size: metadata.len(), e_tag: None, version: None })
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
