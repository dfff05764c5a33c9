//! A repository that is open: what is in it, and how to get it out.

use std::fmt;
use std::sync::{Arc, Mutex};

use cairn_format::{
    DatabaseName, Descriptor, DigestAlgorithm, Fence, FileList, FileListRef, IntentId, Manifest, ObjectKey,
    RepositoryId, SNAPSHOTS_PREFIX, SnapshotLabel, SnapshotTimestamp, TableEntry,
};

use crate::basis::SnapshotBasis;
use crate::download::{self, FetchFile, FetchOutcome};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::lock::{into_inner, lock};
use crate::options::RepositoryOptions;
use crate::publish::{BeginOptions, SnapshotWriter};
use crate::store::{ListedObject, PutOutcome, Store};
use crate::transfer::Transfer;
use crate::workers::{self, Workers};

/// What may be done with a repository that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It is only read: not one object is put or deleted.
    ReadOnly,
    /// Snapshots may be added.
    ReadWrite,
}

/// What names a snapshot inside its repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotName {
    /// Its label.
    pub label: SnapshotLabel,
    /// Its timestamp.
    pub timestamp: SnapshotTimestamp,
}

impl SnapshotName {
    /// The key of its manifest.
    pub fn key(&self) -> ObjectKey {
        ObjectKey::Snapshot { label: self.label.clone(), timestamp: self.timestamp }
    }
}

impl fmt::Display for SnapshotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' of {}", self.label, self.timestamp)
    }
}

/// A repository that is open. Cheap to clone; every call blocks.
#[derive(Clone)]
pub struct Repository {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    environment: Environment,
    access: Access,
    descriptor: Descriptor,
    options: RepositoryOptions,
    workers: Workers,
}

/// How many of the newest snapshots are looked at for one of some database.
const LATEST_LOOKED_AT: usize = 20;

impl Repository {
    /// Opens the repository for reading and writing, and makes it when there is none.
    ///
    /// # Errors
    /// `InvalidInput` when there is no bucket for it; `Corrupt` when there are snapshots but no descriptor.
    pub fn create_or_open(
        store: Store,
        environment: Environment,
        options: RepositoryOptions,
    ) -> Result<Self> {
        match read_descriptor(&store) {
            Ok(descriptor) => {
                return Self::with_descriptor(store, environment, Access::ReadWrite, options, descriptor);
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let id = RepositoryId::parse(&environment.new_ulid())?;
        let algorithm = options.digest.unwrap_or(DigestAlgorithm::DEFAULT);
        let descriptor = Descriptor::new(id, algorithm, &options.writer, environment.clock.now_ms());
        match store.put_create(&ObjectKey::Descriptor, descriptor.encode()?.into())? {
            PutOutcome::Created => {
                Self::with_descriptor(store, environment, Access::ReadWrite, options, descriptor)
            }
            // Somebody else made it first.
            PutOutcome::AlreadyExists => Self::open(store, environment, Access::ReadWrite, options),
        }
    }

    /// Opens the repository that is there.
    ///
    /// # Errors
    /// `NotFound` when the location holds none; `Unsupported` when it needs what this program does not know.
    pub fn open(
        store: Store,
        environment: Environment,
        access: Access,
        options: RepositoryOptions,
    ) -> Result<Self> {
        let descriptor = read_descriptor(&store)?;
        Self::with_descriptor(store, environment, access, options, descriptor)
    }

    fn with_descriptor(
        store: Store,
        environment: Environment,
        access: Access,
        options: RepositoryOptions,
        descriptor: Descriptor,
    ) -> Result<Self> {
        if let Some(wanted) = options.digest.filter(|wanted| *wanted != descriptor.digest_algorithm) {
            return Err(Error::invalid(format!(
                "the repository in {} names its objects by {}, not by {}: that was chosen when it was made, leave it out",
                store.location(),
                descriptor.digest_algorithm.name(),
                wanted.name()
            )));
        }
        if access == Access::ReadWrite {
            if store.is_read_only() {
                let message = format!("{} can only be read: use it READ ONLY", store.location());
                return Err(Error::new(ErrorKind::ReadOnly, message));
            }
            descriptor.check_write()?;
            // Whoever made it may have died before it was durable.
            store.touch(&ObjectKey::Descriptor)?;
        }
        let workers = Workers::new(options.pool.clone(), options.threads, store.limits().clone())?;
        Ok(Self { inner: Arc::new(Inner { store, environment, access, descriptor, options, workers }) })
    }

    /// What the repository says about itself.
    pub fn descriptor(&self) -> &Descriptor {
        &self.inner.descriptor
    }

    /// What may be done with it.
    pub fn access(&self) -> Access {
        self.inner.access
    }

    /// The storage below it.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The snapshots, of one label or of all, in the order of labels and times. One listing; no manifest is read. Foreign
    /// objects are left out, and so are [fences](Fence).
    pub fn snapshots(&self, label: Option<&SnapshotLabel>) -> Result<Vec<SnapshotName>> {
        let prefix = label.map_or_else(|| SNAPSHOTS_PREFIX.to_owned(), ObjectKey::label_prefix);
        let listed = self.inner.store.list(&prefix)?;
        let mut names = Vec::with_capacity(listed.len());
        for object in listed {
            let Some(key) = ObjectKey::parse(&object.key) else { continue };
            if let ObjectKey::Snapshot { label, timestamp } = &key
                && !self.is_fence(&key, &object)?
            {
                names.push(SnapshotName { label: label.clone(), timestamp: *timestamp });
            }
        }
        names.sort();
        Ok(names)
    }

    /// Whether a listed object is a fence in the place of a manifest. Only what has a fence's length is read.
    fn is_fence(&self, key: &ObjectKey, listed: &ListedObject) -> Result<bool> {
        if !Fence::may_have_length(listed.length) {
            return Ok(false);
        }
        match self.inner.store.get(key) {
            Ok(bytes) => Ok(Fence::decode(&bytes).is_ok()),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Corrupt) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The manifest of the newest snapshot of a database whose manifest can be read, among the newest few of the repository.
    pub(crate) fn latest_snapshot_of(&self, database: &DatabaseName) -> Result<Option<Manifest>> {
        let mut names = self.snapshots(None)?;
        names.sort_by_key(|name| std::cmp::Reverse(name.timestamp));
        for name in names.into_iter().take(LATEST_LOOKED_AT) {
            match self.open_snapshot(&name.label, name.timestamp) {
                Ok(manifest) if manifest.database.as_ref() == Some(database) => return Ok(Some(manifest)),
                Ok(_) => {}
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::Unavailable | ErrorKind::Denied | ErrorKind::Cancelled
                    ) =>
                {
                    return Err(error);
                }
                Err(error) => tracing::warn!(%name, %error, "a snapshot cannot be read"),
            }
        }
        Ok(None)
    }

    /// The manifest of a snapshot.
    ///
    /// # Errors
    /// `NotFound` when there is no such snapshot; `Corrupt` when its manifest is damaged or that of another;
    /// `Unsupported` when it requires a feature that this program does not know.
    pub fn open_snapshot(&self, label: &SnapshotLabel, timestamp: SnapshotTimestamp) -> Result<Manifest> {
        let key = ObjectKey::Snapshot { label: label.clone(), timestamp };
        let bytes = self.inner.store.get(&key).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::new(
                ErrorKind::NotFound,
                format!("there is no snapshot '{label}' of {timestamp} in {}", self.inner.store.location()),
            ),
            _ => error,
        })?;
        if Fence::may_have_length(bytes.len() as u64) && Fence::decode(&bytes).is_ok() {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!(
                    "there is no snapshot '{label}' of {timestamp} in {}: its backup was given up",
                    self.inner.store.location()
                ),
            ));
        }
        let read = || -> Result<Manifest> {
            let manifest = Manifest::decode(&bytes)?;
            manifest.check_named(label, timestamp)?;
            Ok(manifest)
        };
        read().map_err(|error| error.about(format_args!("object '{key}' in {}", self.inner.store.location())))
    }

    /// Whether a snapshot exists that a process which died may have committed. If it does it is durable now, which that
    /// process may not have come to.
    pub fn confirm_snapshot(&self, label: &SnapshotLabel, timestamp: SnapshotTimestamp) -> Result<bool> {
        match self.open_snapshot(label, timestamp) {
            Ok(_) => {
                self.inner.store.touch(&ObjectKey::Snapshot { label: label.clone(), timestamp })?;
                self.inner.store.barrier()?;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The file list of a table of a snapshot, checked against everything that the manifest says of it.
    ///
    /// # Errors
    /// `NotFound` when it is missing, `Corrupt` when it is damaged or another.
    pub fn file_list(&self, table: &TableEntry) -> Result<FileList> {
        let list = self.read_list(&table.files, FileList::decode)?;
        let key = ObjectKey::FileList(table.files.object);
        match table.check_files(&list) {
            Ok(()) => Ok(list),
            Err(error) => {
                Err(Error::from(error)
                    .about(format_args!("object '{key}' in {}", self.inner.store.location())))
            }
        }
    }

    /// The file lists of tables of a snapshot, read in parallel, in the order of `tables`.
    ///
    /// # Errors
    /// As [`Repository::file_list`].
    pub fn file_lists(&self, tables: &[&TableEntry]) -> Result<Vec<FileList>> {
        let wanted: Vec<_> = tables.iter().map(|table| (*table, Mutex::new(None))).collect();
        workers::for_each(
            &self.inner.workers,
            &wanted,
            || (),
            |(), (table, list)| {
                *lock(list) = Some(self.file_list(table)?);
                Ok(())
            },
        )?;
        let lists = wanted.into_iter().filter_map(|(_, list)| into_inner(list));
        Ok(lists.collect())
    }

    /// Where the data files of a list lie, without the bounds of their columns.
    ///
    /// # Errors
    /// `NotFound` when it is missing, `Corrupt` when it is damaged or another.
    pub fn file_locations_at(&self, reference: &FileListRef) -> Result<FileList> {
        self.read_list(reference, FileList::decode_locations)
    }

    fn read_list(
        &self,
        reference: &FileListRef,
        decode: fn(&FileListRef, &bytes::Bytes) -> cairn_format::Result<FileList>,
    ) -> Result<FileList> {
        let key = ObjectKey::FileList(reference.object);
        let bytes = self.inner.store.get(&key)?;
        decode(reference, &bytes).map_err(|error| {
            Error::from(error).about(format_args!("object '{key}' in {}", self.inner.store.location()))
        })
    }

    /// Fetches data files in parallel, each verified before it gets its name. A file that is there already, with
    /// the right bytes, is left as it is. Files are synced; the caller syncs their directories.
    ///
    /// # Errors
    /// `NotFound` when an object is missing, `Corrupt` when one is damaged, `Cancelled`, or what the file system
    /// says. Files that were fetched before the error stay.
    pub fn fetch(&self, files: &[FetchFile], transfer: &Transfer) -> Result<FetchOutcome> {
        download::fetch(&self.inner.store, &self.inner.workers, &self.inner.options.disk, files, transfer)
    }

    /// Begins a new snapshot, or goes on with one that was begun with the same label and timestamp.
    ///
    /// # Errors
    /// `ReadOnly` when the repository was opened so; `AlreadyExists` when a snapshot of another time has the label.
    pub fn begin_snapshot(
        &self,
        label: &SnapshotLabel,
        timestamp: SnapshotTimestamp,
        options: &BeginOptions,
    ) -> Result<SnapshotWriter> {
        self.check_writable()?;
        SnapshotWriter::begin(self.clone(), label, timestamp, options)
    }

    /// What a snapshot that is begun now could build on. Nothing is written for it, so nothing is promised either.
    pub fn survey(&self) -> Result<SnapshotBasis> {
        SnapshotBasis::read(self.clone(), None)
    }

    /// The requests that [`Repository::fetch`] would make for files that are not there yet.
    pub fn requests_to_fetch(&self, files: &[FetchFile]) -> u64 {
        download::requests(&self.inner.store, files)
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.inner.environment
    }

    pub(crate) fn options(&self) -> &RepositoryOptions {
        &self.inner.options
    }

    pub(crate) fn workers(&self) -> &Workers {
        &self.inner.workers
    }

    /// Removes the intent of an earlier attempt that is not gone on with.
    pub fn forget_intent(&self, id: &IntentId) -> Result<()> {
        self.check_writable()?;
        self.inner.store.delete(&ObjectKey::Intent(*id))
    }

    pub(crate) fn check_writable(&self) -> Result<()> {
        match self.inner.access {
            Access::ReadWrite => Ok(()),
            Access::ReadOnly => {
                let message = format!("repository {} is read only", self.inner.store.location());
                Err(Error::new(ErrorKind::ReadOnly, message))
            }
        }
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository")
            .field("id", &self.inner.descriptor.id)
            .field("location", &self.inner.store.location())
            .finish_non_exhaustive()
    }
}

fn read_descriptor(store: &Store) -> Result<Descriptor> {
    let bytes = match store.get(&ObjectKey::Descriptor) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => find_descriptor(store)?,
        Err(error) => return Err(error),
    };
    Descriptor::decode(&bytes).map_err(|e| {
        Error::from(e).about(format_args!("object '{}' in {}", ObjectKey::Descriptor, store.location()))
    })
}

/// Looks again for a descriptor that is not there, and at what is there instead.
fn find_descriptor(store: &Store) -> Result<bytes::Bytes> {
    let (descriptor, location) = (ObjectKey::Descriptor, store.location());
    let listed = match store.list(SNAPSHOTS_PREFIX) {
        Ok(listed) => listed,
        // There is no bucket, and none is made.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let error = error.about(format_args!("there is no repository in {location}"));
            return Err(error.with_kind(ErrorKind::InvalidInput));
        }
        // Not every web server lists.
        Err(error) if error.kind() == ErrorKind::Unsupported => Vec::new(),
        Err(error) => return Err(error),
    };
    if !listed.iter().any(|object| ObjectKey::parse(&object.key).is_some()) {
        let message = format!(
            "there is no repository in {location}: it has no '{descriptor}'; check the location, or create the repository first"
        );
        return Err(Error::new(ErrorKind::NotFound, message));
    }
    // Somebody may have made it meanwhile.
    store.get(&descriptor).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Error::corrupt(format!(
            "object '{descriptor}' in {location} is gone, but snapshots are there: put it back from a copy of the repository"
        )),
        _ => error,
    })
}
