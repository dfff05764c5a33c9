//! A store in memory that watches the protocol: every mutation is checked against the invariants of
//! `spec/repository.md` on the raw objects.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
    UploadPart,
};

use super::closure::{Closure, Lists, closure};
use super::hooked::failure;

/// The objects, and what has been done to them.
#[derive(Default)]
pub(crate) struct Bucket {
    state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) objects: BTreeMap<String, Bytes>,
    /// Keys that have been deleted.
    pub(crate) deleted: BTreeSet<String>,
    /// What each manifest that is there needs.
    pub(crate) closures: BTreeMap<String, Closure>,
    /// Manifests that somebody put, whether they are there or not.
    pub(crate) committed: BTreeSet<String>,
    lists: Lists,
    /// What broke the protocol.
    pub(crate) violations: Vec<String>,
}

impl Bucket {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The bucket as one actor sees it; `who` is what violations call it, `drops` whether it may delete manifests.
    pub(crate) fn handle(self: &Arc<Self>, who: impl Into<String>, drops: bool) -> Arc<BucketHandle> {
        Arc::new(BucketHandle { bucket: Arc::clone(self), who: who.into(), drops })
    }

    /// Puts an object that is no part of the protocol.
    pub(crate) fn plant(&self, key: &str, bytes: &'static str) {
        self.state().objects.insert(key.to_owned(), Bytes::from_static(bytes.as_bytes()));
    }
}

impl State {
    fn put(&mut self, who: &str, key: &str, bytes: Bytes, create: bool) -> Result<PutResult> {
        if !create {
            self.violations.push(format!("{who} put {key} without saying create-only"));
        }
        if self.objects.contains_key(key) {
            let source = "it exists".into();
            return Err(Error::AlreadyExists { path: key.to_owned(), source });
        }
        self.objects.insert(key.to_owned(), bytes);
        if key.starts_with("snapshots/") {
            match closure(&self.objects, &mut self.lists, key) {
                Ok(Some(closure)) => {
                    // A backup that was given up may put a name again that a collection has deleted, and that another
                    // one, which is late, will delete again: as long as nobody uses it.
                    let again = closure.objects.keys().find(|object| self.deleted.contains(*object));
                    if let Some(object) = again {
                        self.violations
                            .push(format!("{who} put {key}, but {object} had been deleted before"));
                    }
                    self.committed.insert(key.to_owned());
                    self.closures.insert(key.to_owned(), closure);
                }
                Ok(None) => {}
                Err(what) => self.violations.push(format!("{who} put {key}, but {what}")),
            }
        }
        Ok(PutResult { e_tag: None, version: None })
    }

    fn delete(&mut self, who: &str, key: &str, drops: bool) -> Result<()> {
        if !self.objects.contains_key(key) {
            return Err(Error::NotFound { path: key.to_owned(), source: "it is not there".into() });
        }
        if cairn_format::ObjectKey::parse(key).is_none() {
            self.violations.push(format!("{who} deleted the foreign object {key}"));
        }
        if key == cairn_format::DESCRIPTOR_KEY {
            self.violations.push(format!("{who} deleted the descriptor"));
        }
        if self.closures.remove(key).is_some() && !drops {
            self.violations.push(format!("{who} deleted the manifest {key}, which nobody asked for"));
        }
        for (manifest, closure) in &self.closures {
            if closure.objects.contains_key(key) {
                self.violations.push(format!("{who} deleted {key}, which {manifest} needs"));
            }
        }
        self.objects.remove(key);
        self.deleted.insert(key.to_owned());
        Ok(())
    }
}

/// A [`Bucket`] as one actor sees it.
pub(crate) struct BucketHandle {
    bucket: Arc<Bucket>,
    who: String,
    drops: bool,
}

impl fmt::Debug for BucketHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BucketHandle").field("who", &self.who).finish_non_exhaustive()
    }
}

impl fmt::Display for BucketHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bucket of {}", self.who)
    }
}

#[async_trait]
impl ObjectStore for BucketHandle {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let create = options.mode == PutMode::Create;
        self.bucket.state().put(&self.who, at.as_ref(), payload.into(), create)
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let (bucket, who, key) = (Arc::clone(&self.bucket), self.who.clone(), at.to_string());
        Ok(Box::new(BucketUpload { bucket, who, key, parts: Vec::new() }))
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        let found = self.bucket.state().objects.get(at.as_ref()).cloned();
        let bytes = found
            .ok_or_else(|| Error::NotFound { path: at.to_string(), source: "it is not there".into() })?;
        let meta = meta(at.as_ref(), &bytes)?;
        let range = match &options.range {
            Some(range) => range
                .as_range(meta.size)
                .map_err(|source| Error::Generic { store: "bucket", source: source.into() })?,
            None => 0..meta.size,
        };
        let slice = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        let asked = if options.head { Bytes::new() } else { bytes.slice(slice) };
        let payload = GetResultPayload::Stream(futures::stream::iter([Ok(asked)]).boxed());
        Ok(GetResult { payload, meta, range, attributes: Attributes::default() })
    }

    fn delete_stream(&self, at: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let (bucket, who, drops) = (Arc::clone(&self.bucket), self.who.clone(), self.drops);
        at.map(move |path| {
            let path = path?;
            bucket.state().delete(&who, path.as_ref(), drops)?;
            Ok(path)
        })
        .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let folder = prefix.map(|prefix| format!("{prefix}/")).unwrap_or_default();
        let state = self.bucket.state();
        let found: Vec<_> = state
            .objects
            .range(folder.clone()..)
            .take_while(|(key, _)| key.starts_with(&folder))
            .map(|(key, bytes)| meta(key, bytes))
            .collect();
        futures::stream::iter(found).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let folder = prefix.map(|prefix| format!("{prefix}/")).unwrap_or_default();
        let state = self.bucket.state();
        let (mut objects, mut folders) = (Vec::new(), BTreeSet::new());
        for (key, bytes) in state.objects.range(folder.clone()..) {
            let Some(rest) = key.strip_prefix(&folder) else { break };
            match rest.split_once('/') {
                Some((first, _)) => {
                    folders.insert(format!("{folder}{first}"));
                }
                None => objects.push(meta(key, bytes)?),
            }
        }
        let common_prefixes = folders.iter().map(Path::parse).collect::<std::result::Result<_, _>>()?;
        Ok(ListResult { common_prefixes, objects })
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(failure("copies are no part of the protocol"))
    }
}

fn meta(key: &str, bytes: &Bytes) -> Result<ObjectMeta> {
    Ok(ObjectMeta {
        location: Path::parse(key)?,
        last_modified: SystemTime::UNIX_EPOCH.into(),
        size: bytes.len() as u64,
        e_tag: None,
        version: None,
    })
}

struct BucketUpload {
    bucket: Arc<Bucket>,
    who: String,
    key: String,
    parts: Vec<PutPayload>,
}

impl fmt::Debug for BucketUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BucketUpload").field("key", &self.key).finish_non_exhaustive()
    }
}

#[async_trait]
impl MultipartUpload for BucketUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.parts.push(data);
        Box::pin(async { Ok(()) })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let mut whole = BytesMut::new();
        for block in self.parts.iter().flatten() {
            whole.extend_from_slice(block);
        }
        // Many stores replace what is there, so nothing may be.
        let mut state = self.bucket.state();
        if state.objects.contains_key(&self.key) {
            let message = format!("{} completed the parts of {}, which is there", self.who, self.key);
            state.violations.push(message);
        }
        state.put(&self.who, &self.key, whole.freeze(), true)
    }

    async fn abort(&mut self) -> Result<()> {
        self.parts.clear();
        Ok(())
    }
}
