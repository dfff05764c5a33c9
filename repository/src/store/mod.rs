//! The storage below a repository, as the protocol uses it: blocking, and by key.

mod cause;
mod counts;
mod delete;
mod limits;
mod local;
mod multipart;
mod parts;
mod provider;
mod reader;
mod remote;
mod settings;
mod stop;
mod temporary;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use cairn_format::ObjectKey;
use futures::{Stream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, GetResult, GetResultPayload, ObjectStore, ObjectStoreExt, PutMode,
    PutMultipartOptions, PutOptions, PutPayload,
};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;

use crate::disk::read_exact_at;
use crate::error::{Error, ErrorKind, Result};
use cause::{innermost, status_of};
use counts::{Counters, DELETES_PER_REQUEST};

pub(crate) use cause::Cause;
pub use counts::RequestCounts;
pub use limits::{Limits, MAX_DOWNLOAD_RATE, MAX_REQUESTS_PER_SECOND, MAX_UPLOAD_RATE, RateLimits, WORKERS};
pub use local::LocalStore;
pub(crate) use parts::PartsUpload;
pub use provider::{StoreProvider, SystemStores};
pub(crate) use reader::ObjectReader;
pub use remote::CREDENTIAL_VARIABLES;
pub use settings::{check_properties, is_secret_property};
pub use stop::StopSignal;

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

    /// Removes what is left of a folder whose objects were deleted, and what was made around it, where nothing is in it.
    fn tidy(&self, _folder: &Path) {}
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
    /// When the store says that it was put, by the store's clock; milliseconds since 1970-01-01 UTC.
    pub modified_ms: i64,
}

/// The storage of one repository. Cheap to clone.
///
/// Every call blocks, and drives its request from the calling thread: never call it from a task of a runtime.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    limits: Limits,
    stop: StopSignal,
}

/// In a local directory a part costs nothing: few enough bytes to stay in the processor's cache between reading,
/// hashing and writing.
const LOCAL_BLOCK: usize = 1 << 20;
/// Every part is a request. Object stores want parts of at least 5 MiB, and at most 10,000 of them.
const REMOTE_BLOCK: usize = 8 << 20;
/// An object of parts is two requests more, and some servers write it twice; what is put whole is held whole.
const REMOTE_WHOLE: usize = 16 << 20;
/// How often a store behind a network repeats a create-only put at most.
const NETWORK_PUT_REPEATS: u32 = 4;
/// Objects that stores in a network give to one request for a listing.
const OBJECTS_PER_PAGE: usize = 1000;
/// No put is repeated when it was first tried this long ago: each try has the client's own retries in it.
const PUT_REPEAT_TIME: Duration = Duration::from_mins(1);
/// Create-only puts that collide may be told to come again instead of who won; so often they do.
const MAX_CONFLICTS: u32 = 8;

/// Room for bytes that are held until they are put; given back when it is dropped. In a local directory a worker holds
/// one block at a time, which needs none.
pub(crate) struct Room(#[expect(dead_code, reason = "held, never read")] Option<OwnedSemaphorePermit>);

struct Inner {
    objects: Arc<dyn ObjectStore>,
    durability: Option<Arc<dyn Durability>>,
    runtime: Handle,
    location: String,
    counters: Counters,
    /// Whether objects can be neither put nor deleted, whoever asks.
    read_only: bool,
    /// How often a create-only put is repeated whose answer did not come: clients do not repeat those by themselves.
    put_repeats: u32,
    /// Objects that one request deletes at most.
    deletes_per_request: usize,
}

impl Inner {
    fn new(
        objects: Arc<dyn ObjectStore>,
        durability: Option<Arc<dyn Durability>>,
        runtime: Handle,
        location: String,
    ) -> Self {
        Self {
            objects,
            durability,
            runtime,
            location,
            counters: Counters::default(),
            read_only: false,
            put_repeats: 0,
            deletes_per_request: DELETES_PER_REQUEST,
        }
    }
}

impl Store {
    /// A store whose keys are those of `objects`. `location` is what errors call it. It must keep its promise on
    /// create-only puts, and a put that returned must be durable.
    pub fn from_object_store(
        objects: Arc<dyn ObjectStore>,
        runtime: Handle,
        location: impl Into<String>,
    ) -> Self {
        Self::build(Inner::new(objects, None, runtime, location.into()))
    }

    /// A store behind a network that loses answers at times. `retries` are those of its client for one request,
    /// `deletes_per_request` the objects that one of its requests deletes.
    pub(crate) fn from_network(
        objects: Arc<dyn ObjectStore>,
        runtime: Handle,
        location: impl Into<String>,
        retries: usize,
        deletes_per_request: usize,
    ) -> Self {
        let inner = Inner {
            put_repeats: u32::try_from(retries).unwrap_or(u32::MAX).min(NETWORK_PUT_REPEATS),
            deletes_per_request,
            ..Inner::new(objects, None, runtime, location.into())
        };
        Self::build(inner)
    }

    /// A store that can only be read.
    pub(crate) fn from_read_only(
        objects: Arc<dyn ObjectStore>,
        runtime: Handle,
        location: impl Into<String>,
    ) -> Self {
        let inner = Inner { read_only: true, ..Inner::new(objects, None, runtime, location.into()) };
        Self::build(inner)
    }

    /// A store on `objects` whose names become durable by `durability`: a [`LocalStore`], or what wraps one.
    pub fn from_local_store(
        objects: Arc<dyn ObjectStore>,
        durability: Arc<dyn Durability>,
        runtime: Handle,
        location: impl Into<String>,
    ) -> Self {
        Self::build(Inner::new(objects, Some(durability), runtime, location.into()))
    }

    fn build(inner: Inner) -> Self {
        Self { inner: Arc::new(inner), limits: Limits::default(), stop: StopSignal::new() }
    }

    /// The same store, which keeps to these limits together with all others that do.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The same store, whose requests end when this signal is given.
    #[must_use]
    pub fn with_stop(self, stop: StopSignal) -> Self {
        Self { stop, ..self }
    }

    /// Whether objects are files of this machine, which a power cut may leave behind damaged.
    pub(crate) fn is_local(&self) -> bool {
        self.inner.durability.is_some()
    }

    /// Bytes of a part of a large object.
    pub(crate) fn block_bytes(&self) -> usize {
        if self.is_local() { LOCAL_BLOCK } else { REMOTE_BLOCK }
    }

    /// Bytes of the largest object that is put whole.
    pub(crate) fn whole_bytes(&self) -> usize {
        if self.is_local() { LOCAL_BLOCK } else { REMOTE_WHOLE }
    }

    /// Requests that it takes to put an object of so many bytes: one, or one a part and one that completes them.
    pub(crate) fn requests_to_put(&self, length: u64) -> u64 {
        if length <= self.whole_bytes() as u64 { 1 } else { length.div_ceil(self.block_bytes() as u64) + 1 }
    }

    /// Requests that it takes to read an object of so many bytes from its first to its last.
    pub(crate) fn requests_to_read(&self, length: u64) -> u64 {
        if self.inner.durability.is_some() { 1 } else { length.div_ceil(self.window().max(1)).max(1) }
    }

    /// The location's text, without secrets.
    pub fn location(&self) -> &str {
        &self.inner.location
    }

    /// How fast the store, its clones and whoever has the same limits may be used; can be set while they are.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether nothing can ever be put or deleted here.
    pub fn is_read_only(&self) -> bool {
        self.inner.read_only
    }

    /// How many requests were sent through this store and its clones.
    pub fn requests(&self) -> RequestCounts {
        self.inner.counters.read()
    }

    /// The whole object.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn get(&self, key: &ObjectKey) -> Result<Bytes> {
        self.get_raw(&key.render())
    }

    /// As [`Store::get`], of any key.
    pub(crate) fn get_raw(&self, key: &str) -> Result<Bytes> {
        let reader = self.open_raw(key)?;
        if reader.length() > MAX_WHOLE_OBJECT {
            let message =
                format!("object '{key}' in {} has {} bytes, far too many", self.location(), reader.length());
            return Err(Error::corrupt(message));
        }
        reader.read_whole()
    }

    /// Some bytes of the object, by one request.
    ///
    /// # Errors
    /// `NotFound` when there is no such object; `Corrupt` when it ends before the range does.
    pub(crate) fn read_range(&self, key: &ObjectKey, range: Range<u64>) -> Result<Bytes> {
        self.read_range_raw(&key.render(), range)
    }

    /// As [`Store::read_range`], of any key.
    pub(crate) fn read_range_raw(&self, key: &str, range: Range<u64>) -> Result<Bytes> {
        let too_short = |length: u64| {
            Error::corrupt(format!(
                "object '{key}' in {} is too short: it has {length} bytes, bytes {} to {} are needed",
                self.location(),
                range.start,
                range.end
            ))
        };
        let length = usize::try_from(range.end.saturating_sub(range.start))
            .ok()
            .filter(|length| *length as u64 <= MAX_WHOLE_OBJECT)
            .ok_or_else(|| Error::invalid(format!("object '{key}': a range of far too many bytes")))?;
        if length == 0 {
            return Ok(Bytes::new());
        }
        count(&self.inner.counters.get);
        let result = match self.get_opts_raw(key, Some(range.clone()))? {
            Ok(result) => result,
            // A server that knows no ranges gives the whole object.
            Err(object_store::Error::NotSupported { .. }) => {
                let whole = self.get_raw(key)?;
                let (start, end) = (usize::try_from(range.start), usize::try_from(range.end));
                return match start.ok().zip(end.ok()).filter(|(_, end)| *end <= whole.len()) {
                    Some((start, end)) => Ok(whole.slice(start..end)),
                    None => Err(too_short(whole.len() as u64)),
                };
            }
            Err(source) if says_range(&source) => {
                return Err(match self.head_raw(key)? {
                    Some(length) if length < range.end => too_short(length),
                    _ => self.failed("read", key, source),
                });
            }
            Err(source) => return Err(self.failed("read", key, source)),
        };
        let (found, whole) = (result.range.clone(), result.meta.size);
        if found != range {
            return Err(too_short(whole));
        }
        let bytes = match result.payload {
            GetResultPayload::File(file, path) => read_exact_at(&file, &path, range.start, length)
                .map_err(|source| Error::from_io(format!("cannot read object '{key}'"), source))?,
            GetResultPayload::Stream(_) => {
                self.drive(result.bytes())?.map_err(|source| self.failed("read", key, source))?
            }
        };
        self.limits.wait_download(bytes.len(), &self.stop)?;
        if bytes.len() != length {
            return Err(too_short(range.start + bytes.len() as u64));
        }
        Ok(bytes)
    }

    /// The object's length; `None` when there is none.
    pub fn head(&self, key: &ObjectKey) -> Result<Option<u64>> {
        self.head_raw(&key.render())
    }

    /// As [`Store::head`], of any key.
    pub(crate) fn head_raw(&self, key: &str) -> Result<Option<u64>> {
        count(&self.inner.counters.head);
        self.limits.wait_request(&self.stop)?;
        let path = path_of(key)?;
        match self.drive(self.inner.objects.head(&path))? {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(source) => Err(self.failed("look at", key, source)),
        }
    }

    /// Creates the object unless there is one of its key. It is durable when the call returns.
    pub fn put_create(&self, key: &ObjectKey, bytes: Bytes) -> Result<PutOutcome> {
        self.put_create_raw(&key.render(), bytes)
    }

    /// As [`Store::put_create`], of any key.
    pub(crate) fn put_create_raw(&self, key: &str, bytes: Bytes) -> Result<PutOutcome> {
        self.put(key, bytes, &PutOptions { mode: PutMode::Create, ..PutOptions::default() })
    }

    /// As [`Store::put_create`], but durable only at the next barrier.
    pub(crate) fn put_create_at_barrier(&self, key: &ObjectKey, bytes: Bytes) -> Result<PutOutcome> {
        let mut options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        options.extensions.insert(DurableAtBarrier);
        self.put(&key.render(), bytes, &options)
    }

    fn put(&self, key: &str, bytes: Bytes, options: &PutOptions) -> Result<PutOutcome> {
        self.check_writable()?;
        let path = path_of(key)?;
        self.limits.wait_upload(bytes.len(), &self.stop)?;
        let payload = PutPayload::from_bytes(bytes);
        let (start, mut conflicts, mut repeats) = (Instant::now(), 0, 0);
        // A manifest is put once: were it dropped between two tries, the second would bring it back.
        let may_repeat = !matches!(ObjectKey::parse(key), Some(ObjectKey::Snapshot { .. }));
        loop {
            count(&self.inner.counters.put);
            self.limits.wait_request(&self.stop)?;
            let put = self.inner.objects.put_opts(&path, payload.clone(), options.clone());
            match self.drive(put)? {
                Ok(_) => return Ok(PutOutcome::Created),
                // Nobody has won yet, or who won has been deleted meanwhile.
                Err(source) if says_conflict(&source) => {
                    conflicts += 1;
                    if conflicts == MAX_CONFLICTS {
                        let message = format!("cannot put object '{key}' in {}", self.location());
                        return Err(Error::new(ErrorKind::Unavailable, message).with_source(source));
                    }
                    self.stop.sleep(Duration::from_millis(10 << conflicts))?;
                }
                // A repeated put may find its own object: who puts something looks whether it is that.
                Err(object_store::Error::AlreadyExists { .. }) => return Ok(PutOutcome::AlreadyExists),
                Err(source) => {
                    let error = self.failed("put", key, source);
                    let is_lost = error.kind() == ErrorKind::Unavailable && may_repeat;
                    let is_late = repeats == self.inner.put_repeats || start.elapsed() > PUT_REPEAT_TIME;
                    if !is_lost || is_late {
                        return Err(error);
                    }
                    repeats += 1;
                    tracing::debug!(%error, "a put is repeated");
                    self.stop.sleep(Duration::from_millis(100 << repeats))?;
                }
            }
        }
    }

    /// Objects below a folder of keys, in the order of their keys. Nothing there is nothing, not an error.
    pub fn list(&self, prefix: &str) -> Result<Vec<ListedObject>> {
        let failed = |source| self.failed_to_list(prefix, source);
        let path = Path::parse(prefix).map_err(|source| failed(source.into()))?;
        let found = self.inner.objects.list(Some(&path)).map_ok(|meta| ListedObject {
            key: meta.location.to_string(),
            length: meta.size,
            modified_ms: meta.last_modified.timestamp_millis(),
        });
        let mut found = self.drive_pages(found)?.map_err(failed)?;
        found.sort_by(|a: &ListedObject, b| a.key.cmp(&b.key));
        Ok(found)
    }

    /// Collects a listing. Stores in a network give a thousand objects an answer, and the next ones to another request.
    fn drive_pages(
        &self,
        found: impl Stream<Item = object_store::Result<ListedObject>>,
    ) -> Result<object_store::Result<Vec<ListedObject>>> {
        let page = if self.is_local() { usize::MAX } else { OBJECTS_PER_PAGE };
        let (mut found, mut all) = (pin!(found), Vec::new());
        loop {
            count(&self.inner.counters.list);
            self.limits.wait_request(&self.stop)?;
            let before = all.len();
            match self.drive(found.by_ref().take(page).try_collect::<Vec<_>>())? {
                Ok(some) => all.extend(some),
                Err(error) => return Ok(Err(error)),
            }
            if all.len() - before < page {
                return Ok(Ok(all));
            }
        }
    }

    /// Begins to read the object.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub(crate) fn open(&self, key: &ObjectKey) -> Result<ObjectReader> {
        self.open_raw(&key.render())
    }

    fn open_raw(&self, key: &str) -> Result<ObjectReader> {
        let first = self.inner.durability.is_none().then(|| 0..self.window());
        count(&self.inner.counters.get);
        let result = match self.get_opts_raw(key, first.clone())? {
            // Nothing is no part of an empty object, and some servers give whole objects only.
            Err(source) if first.is_some() && says_range(&source) => {
                count(&self.inner.counters.get);
                self.get_opts_raw(key, None)?
            }
            other => other,
        };
        let GetResult { payload, meta, range, .. } =
            result.map_err(|source| self.failed("read", key, source))?;
        Ok(ObjectReader::new(self.clone(), key.to_owned(), payload, &range, meta.size))
    }

    fn get_opts(&self, key: &str, range: Option<Range<u64>>) -> Result<GetResult> {
        self.get_opts_raw(key, range)?.map_err(|source| self.failed("read", key, source))
    }

    fn get_opts_raw(&self, key: &str, range: Option<Range<u64>>) -> Result<object_store::Result<GetResult>> {
        self.limits.wait_request(&self.stop)?;
        let path = path_of(key)?;
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        self.drive(self.inner.objects.get_opts(&path, options))
    }

    /// Begins a put in parts, durable at the next barrier after its completion.
    pub(crate) fn put_parts(&self, key: &ObjectKey) -> Result<PartsUpload> {
        self.put_parts_raw(&key.render())
    }

    /// As [`Store::put_parts`], of any key.
    pub(crate) fn put_parts_raw(&self, key: &str) -> Result<PartsUpload> {
        self.check_writable()?;
        self.limits.wait_request(&self.stop)?;
        let path = path_of(key)?;
        let mut options = PutMultipartOptions::default();
        options.extensions.insert(DurableAtBarrier);
        let begin = self.inner.objects.put_multipart_opts(&path, options);
        let upload = self.drive(begin)?.map_err(|source| self.failed("put", key, source))?;
        Ok(PartsUpload::new(self.clone(), key.to_owned(), upload))
    }

    /// Takes note that an object that is there already has to be durable at the next barrier.
    pub(crate) fn touch(&self, key: &ObjectKey) -> Result<()> {
        let Some(durability) = &self.inner.durability else { return Ok(()) };
        let path = path_of(&key.render())?;
        durability.touch(&path).map_err(|source| self.not_durable(source))
    }

    /// Makes everything put or touched so far durable.
    pub(crate) fn barrier(&self) -> Result<()> {
        let Some(durability) = &self.inner.durability else { return Ok(()) };
        durability.barrier().map_err(|source| self.not_durable(source))
    }

    /// Removes what is left of a folder of keys whose objects were deleted. An object store keeps nothing of it.
    pub(crate) fn tidy(&self, folder: &str) {
        if let (Some(durability), Ok(folder)) = (&self.inner.durability, Path::parse(folder)) {
            durability.tidy(&folder);
        }
    }

    /// Waits until `bytes` more may be held to be put. Who has room never waits for more of it, except for parts that
    /// land by themselves, so that uploads do not wait for each other in a circle.
    pub(crate) fn room_for(&self, bytes: usize) -> Result<Room> {
        if self.is_local() {
            return Ok(Room(None));
        }
        self.limits.wait_room(bytes, &self.inner.runtime, &self.stop).map(|permit| Room(Some(permit)))
    }

    /// Drives a request from the calling thread until its answer is there or the store is stopped.
    fn drive<T>(&self, request: impl Future<Output = T>) -> Result<T> {
        self.stop.drive(&self.inner.runtime, request)
    }

    fn check_writable(&self) -> Result<()> {
        if self.inner.read_only {
            let message = format!("{} can only be read: use a repository there READ ONLY", self.location());
            return Err(Error::new(ErrorKind::ReadOnly, message));
        }
        Ok(())
    }

    fn not_durable(&self, source: io::Error) -> Error {
        Error::from_io(format!("cannot make {} durable", self.location()), source)
    }

    fn failed(&self, doing: &str, key: &str, source: object_store::Error) -> Error {
        let message = format!("cannot {doing} object '{key}' in {}", self.location());
        if !matches!(source, object_store::Error::NotFound { .. }) {
            return Error::from_store(message, source);
        }
        let cause = Cause::of(source);
        // Nothing else can be missing where something is put.
        if cause.says_no_bucket() || (doing == "put" && !self.is_local()) {
            return no_bucket(&message).with_source(cause);
        }
        Error::new(ErrorKind::NotFound, format!("{message}: it is not there"))
    }

    fn failed_to_list(&self, prefix: &str, source: object_store::Error) -> Error {
        let message = format!("cannot list '{prefix}' in {}", self.location());
        let says_no_webdav = matches!(status_of(&source), Some(400 | 405 | 501))
            || source.to_string().contains("decoding PROPFIND response");
        if self.inner.read_only && says_no_webdav {
            let message = format!(
                "{message}: the server does not speak WebDAV, so nobody knows what is there; use one that answers PROPFIND"
            );
            return Error::new(ErrorKind::Unsupported, message).with_source(Cause::of(source));
        }
        // A folder with nothing in it is no error.
        if !self.inner.read_only && status_of(&source) == Some(404) {
            return no_bucket(&message).with_source(Cause::of(source));
        }
        Error::from_store(message, source)
    }
}

fn no_bucket(message: &str) -> Error {
    let message =
        format!("{message}: its bucket or container is not there; create it, or check the location");
    Error::new(ErrorKind::NotFound, message)
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("location", &self.inner.location).finish_non_exhaustive()
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn path_of(key: &str) -> Result<Path> {
    Path::parse(key).map_err(|source| Error::from_store(format!("'{key}' cannot be a key"), source.into()))
}

/// Whether a request failed for the range it asked for: no part of an object may be, or the server knows no ranges. The
/// client has no error of its own for that.
fn says_range(error: &object_store::Error) -> bool {
    const WORDS: [&str; 6] = [
        "Received non-partial response",
        "Content-Range header",
        "Range request not supported",
        "Wanted range",
        "Range started at",
        "Requested range",
    ];
    let text = innermost(error);
    status_of(error) == Some(416) || WORDS.iter().any(|words| text.starts_with(words))
}

/// Whether a create-only put is to be tried again because another of the same key was under way. The client takes
/// this answer of S3 for that of an object that is there.
fn says_conflict(error: &object_store::Error) -> bool {
    let object_store::Error::AlreadyExists { source, .. } = error else { return false };
    source.to_string().contains("ConditionalRequestConflict")
}
