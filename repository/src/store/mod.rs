//! The storage below a repository, as the protocol uses it: blocking, and by key.

mod local;
mod multipart;
mod provider;
mod reader;
mod temporary;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use cairn_format::ObjectKey;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{
    GetOptions, GetResult, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions,
    PutOptions, PutPayload,
};
use tokio::runtime::Handle;

use crate::error::{Error, ErrorKind, Result};

pub use local::LocalStore;
pub use provider::{StoreProvider, SystemStores};
pub(crate) use reader::ObjectReader;

/// The most bytes of an object that is read whole; anything longer there is damage.
const MAX_WHOLE_OBJECT: u64 = 1 << 30;

/// Storage where the name of a new object may become durable later than its bytes.
///
/// Stores that are durable when a put returns, as every object store in a network is, have none of this.
pub trait Durability: Send + Sync {
    /// Takes note that `key`, which is there already, has to be durable at the next barrier. Whoever put it may
    /// have died before it was.
    fn touch(&self, key: &Path) -> io::Result<()>;

    /// Makes everything put or touched so far durable.
    fn barrier(&self) -> io::Result<()>;
}

/// A mark among a put's extensions: its durability may wait for the next barrier.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DurableAtBarrier;

/// What became of a create-only put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum PutOutcome {
    /// The object is there now, with these bytes.
    Created,
    /// There was an object of that key before; it is as it was.
    AlreadyExists,
}

/// An object that a listing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// Its key's text, whatever it is.
    pub key: String,
    /// Its bytes.
    pub length: u64,
}

/// How many requests a store has been sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// Objects read, whole or in part.
    pub get: u64,
    /// Objects asked for their length.
    pub head: u64,
    /// Objects put; a large one counts for each of its parts and for its completion.
    pub put: u64,
    /// Listings begun.
    pub list: u64,
    /// Objects deleted.
    pub delete: u64,
}

impl RequestCounts {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.get + self.head + self.put + self.list + self.delete
    }
}

#[derive(Default)]
struct Counters {
    get: AtomicU64,
    head: AtomicU64,
    put: AtomicU64,
    list: AtomicU64,
    delete: AtomicU64,
}

/// The storage of one repository. Cheap to clone.
///
/// Every call blocks, and drives its request from the calling thread: never call it from a task of a runtime.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

/// In a local directory a part costs nothing: few enough bytes to stay in the processor's cache between reading,
/// hashing and writing.
const LOCAL_BLOCK: usize = 1 << 20;
/// Every part is a request. Object stores want parts of at least 5 MiB, and at most 10,000 of them.
const REMOTE_BLOCK: usize = 8 << 20;

struct Inner {
    objects: Arc<dyn ObjectStore>,
    durability: Option<Arc<dyn Durability>>,
    runtime: Handle,
    location: String,
    counters: Counters,
}

impl Store {
    /// A store whose keys are those of `objects`. `location` is what errors call it. It must keep its promise on
    /// create-only puts, and a put that returned must be durable.
    pub fn from_object_store(
        objects: Arc<dyn ObjectStore>,
        runtime: Handle,
        location: impl Into<String>,
    ) -> Self {
        Self::build(objects, None, runtime, location.into())
    }

    /// A store on `objects` whose names become durable by `durability`: a [`LocalStore`], or what wraps one.
    pub fn from_local_store(
        objects: Arc<dyn ObjectStore>,
        durability: Arc<dyn Durability>,
        runtime: Handle,
        location: impl Into<String>,
    ) -> Self {
        Self::build(objects, Some(durability), runtime, location.into())
    }

    fn build(
        objects: Arc<dyn ObjectStore>,
        durability: Option<Arc<dyn Durability>>,
        runtime: Handle,
        location: String,
    ) -> Self {
        let counters = Counters::default();
        Self { inner: Arc::new(Inner { objects, durability, runtime, location, counters }) }
    }

    /// Bytes of a part of a large object; a smaller one is put whole. An upload has one such block a worker in flight
    /// and nothing else, so four of them have at most 32 MiB on their way, whatever the data's size.
    pub(crate) fn block_bytes(&self) -> usize {
        if self.inner.durability.is_some() { LOCAL_BLOCK } else { REMOTE_BLOCK }
    }

    /// The location's text.
    pub fn location(&self) -> &str {
        &self.inner.location
    }

    /// How many requests were sent through this store and its clones.
    pub fn requests(&self) -> RequestCounts {
        let Counters { get, head, put, list, delete } = &self.inner.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RequestCounts {
            get: read(get),
            head: read(head),
            put: read(put),
            list: read(list),
            delete: read(delete),
        }
    }

    /// The whole object.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn get(&self, key: &ObjectKey) -> Result<Bytes> {
        let reader = self.open(key)?;
        if reader.length() > MAX_WHOLE_OBJECT {
            let message =
                format!("object '{key}' in {} has {} bytes, far too many", self.location(), reader.length());
            return Err(Error::corrupt(message));
        }
        reader.read_whole()
    }

    /// The object's length; `None` when there is none.
    pub fn head(&self, key: &ObjectKey) -> Result<Option<u64>> {
        count(&self.inner.counters.head);
        let path = path_of(key)?;
        match self.inner.runtime.block_on(self.inner.objects.head(&path)) {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(source) => Err(self.failed("look at", key, source)),
        }
    }

    /// Creates the object unless there is one of its key. It is durable when the call returns.
    pub fn put_create(&self, key: &ObjectKey, bytes: Bytes) -> Result<PutOutcome> {
        self.put(key, bytes, PutOptions { mode: PutMode::Create, ..PutOptions::default() })
    }

    /// As [`Store::put_create`], but durable only at the next barrier.
    pub(crate) fn put_create_at_barrier(&self, key: &ObjectKey, bytes: Bytes) -> Result<PutOutcome> {
        let mut options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        options.extensions.insert(DurableAtBarrier);
        self.put(key, bytes, options)
    }

    fn put(&self, key: &ObjectKey, bytes: Bytes, options: PutOptions) -> Result<PutOutcome> {
        count(&self.inner.counters.put);
        let path = path_of(key)?;
        let put = self.inner.objects.put_opts(&path, PutPayload::from_bytes(bytes), options);
        match self.inner.runtime.block_on(put) {
            Ok(_) => Ok(PutOutcome::Created),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(PutOutcome::AlreadyExists),
            Err(source) => Err(self.failed("put", key, source)),
        }
    }

    /// Objects below a folder of keys, in the order of their keys. Nothing there is nothing, not an error.
    pub fn list(&self, prefix: &str) -> Result<Vec<ListedObject>> {
        count(&self.inner.counters.list);
        let failed =
            |source| Error::from_store(format!("cannot list '{prefix}' in {}", self.location()), source);
        let path = Path::parse(prefix).map_err(|source| failed(source.into()))?;
        let found = self
            .inner
            .objects
            .list(Some(&path))
            .map_ok(|meta| ListedObject { key: meta.location.to_string(), length: meta.size });
        let mut found: Vec<_> = self.inner.runtime.block_on(found.try_collect()).map_err(failed)?;
        found.sort_by(|a: &ListedObject, b| a.key.cmp(&b.key));
        Ok(found)
    }

    /// Deletes the object; one that is not there is as good.
    pub fn delete(&self, key: &ObjectKey) -> Result<()> {
        count(&self.inner.counters.delete);
        let path = path_of(key)?;
        match self.inner.runtime.block_on(self.inner.objects.delete(&path)) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(self.failed("delete", key, source)),
        }
    }

    /// Begins to read the object.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub(crate) fn open(&self, key: &ObjectKey) -> Result<ObjectReader> {
        count(&self.inner.counters.get);
        let path = path_of(key)?;
        let get = self.inner.objects.get_opts(&path, GetOptions::default());
        let GetResult { payload, meta, .. } =
            self.inner.runtime.block_on(get).map_err(|source| self.failed("read", key, source))?;
        Ok(ObjectReader::new(self.clone(), key.clone(), payload, meta.size))
    }

    /// Begins a put in parts, durable at the next barrier after its completion.
    pub(crate) fn put_parts(&self, key: &ObjectKey) -> Result<PartsUpload> {
        let path = path_of(key)?;
        let mut options = PutMultipartOptions::default();
        options.extensions.insert(DurableAtBarrier);
        let begin = self.inner.objects.put_multipart_opts(&path, options);
        let upload = self.inner.runtime.block_on(begin).map_err(|source| self.failed("put", key, source))?;
        Ok(PartsUpload { store: self.clone(), key: key.clone(), upload, complete: false })
    }

    /// Takes note that an object that is there already has to be durable at the next barrier.
    pub(crate) fn touch(&self, key: &ObjectKey) -> Result<()> {
        let Some(durability) = &self.inner.durability else { return Ok(()) };
        let path = path_of(key)?;
        durability.touch(&path).map_err(|source| self.not_durable(source))
    }

    /// Makes everything put or touched so far durable.
    pub(crate) fn barrier(&self) -> Result<()> {
        let Some(durability) = &self.inner.durability else { return Ok(()) };
        durability.barrier().map_err(|source| self.not_durable(source))
    }

    fn not_durable(&self, source: io::Error) -> Error {
        Error::from_io(format!("cannot make {} durable", self.location()), source)
    }

    fn failed(&self, doing: &str, key: &ObjectKey, source: object_store::Error) -> Error {
        let not_found = matches!(source, object_store::Error::NotFound { .. });
        let message = format!("cannot {doing} object '{key}' in {}", self.location());
        if not_found {
            return Error::new(ErrorKind::NotFound, format!("{message}: it is not there"));
        }
        Error::from_store(message, source)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("location", &self.inner.location).finish_non_exhaustive()
    }
}

/// A put in parts that is under way. Dropped before its completion, it leaves nothing under its key.
pub(crate) struct PartsUpload {
    store: Store,
    key: ObjectKey,
    upload: Box<dyn MultipartUpload>,
    complete: bool,
}

impl PartsUpload {
    /// Puts the next part and waits for it.
    pub(crate) fn put_part(&mut self, bytes: Bytes) -> Result<()> {
        count(&self.store.inner.counters.put);
        let part = self.upload.put_part(PutPayload::from_bytes(bytes));
        self.store.inner.runtime.block_on(part).map_err(|source| self.store.failed("put", &self.key, source))
    }

    /// Makes the object of the parts.
    pub(crate) fn complete(mut self) -> Result<PutOutcome> {
        count(&self.store.inner.counters.put);
        match self.store.inner.runtime.block_on(self.upload.complete()) {
            Ok(_) => {
                self.complete = true;
                Ok(PutOutcome::Created)
            }
            Err(object_store::Error::AlreadyExists { .. }) => Ok(PutOutcome::AlreadyExists),
            Err(source) => Err(self.store.failed("put", &self.key, source)),
        }
    }
}

impl Drop for PartsUpload {
    fn drop(&mut self) {
        if self.complete {
            return;
        }
        if let Err(error) = self.store.inner.runtime.block_on(self.upload.abort()) {
            tracing::debug!(key = %self.key, %error, "parts of a put that was given up may be left");
        }
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn path_of(key: &ObjectKey) -> Result<Path> {
    let text = key.render();
    Path::parse(&text).map_err(|source| Error::from_store(format!("'{text}' cannot be a key"), source.into()))
}
