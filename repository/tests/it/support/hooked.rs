//! An object store with somebody who decides, call by call, what becomes of it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallKind {
    Put,
    BeginParts,
    PutPart,
    CompleteParts,
    AbortParts,
    Get,
    Head,
    List,
    Delete,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is made.
    Pass,
    /// It is not made, and fails with this text.
    Refuse(&'static str),
    /// It is made, and fails with this text.
    Lose(&'static str),
    /// It is not made, and said to have gone well: a put or a delete does nothing, a listing finds nothing.
    Pretend,
    /// It is made after a moment.
    Delay(Duration),
    /// A read ends, without an error, after so many thousandths of what was asked for.
    Cut(u64),
    /// A read breaks off, with an error, after so many thousandths of what was asked for.
    Break(u64),
    /// A listing is answered as the one before it was.
    Stale,
    /// A put is made by a client that hears nothing and makes it again: the answer is the second one's.
    Twice,
}

/// Who decides.
pub(crate) trait StoreHook: Send + Sync {
    fn before(&self, kind: CallKind, subject: &str) -> Verdict;
}

/// An object store whose calls go by a hook.
#[derive(Clone)]
pub(crate) struct HookedStore {
    inner: Arc<dyn ObjectStore>,
    hook: Arc<dyn StoreHook>,
    /// What listings of a prefix were answered, the oldest first.
    listings: Arc<Mutex<HashMap<String, Vec<ObjectMeta>>>>,
}

impl HookedStore {
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, hook: Arc<dyn StoreHook>) -> Self {
        Self { inner, hook, listings: Arc::default() }
    }

    fn verdict(&self, kind: CallKind, subject: &str) -> Result<Verdict> {
        match self.hook.before(kind, subject) {
            Verdict::Refuse(why) => Err(failure(why)),
            Verdict::Delay(time) => {
                std::thread::sleep(time);
                Ok(Verdict::Pass)
            }
            other => Ok(other),
        }
    }
}

pub(crate) fn failure(why: &'static str) -> Error {
    Error::Generic { store: "hooked", source: why.into() }
}

/// The result, unless its reporting was lost.
fn reported<T>(verdict: Verdict, done: Result<T>) -> Result<T> {
    match verdict {
        Verdict::Lose(why) => Err(failure(why)),
        _ => done,
    }
}

impl fmt::Debug for HookedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookedStore")
    }
}

impl fmt::Display for HookedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookedStore")
    }
}

#[async_trait]
impl ObjectStore for HookedStore {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let verdict = self.verdict(CallKind::Put, at.as_ref())?;
        if verdict == Verdict::Pretend {
            return Ok(PutResult { e_tag: None, version: None });
        }
        let again = (verdict == Verdict::Twice).then(|| (payload.clone(), options.clone()));
        let done = self.inner.put_opts(at, payload, options).await;
        match again {
            Some((payload, options)) => self.inner.put_opts(at, payload, options).await,
            None => reported(verdict, done),
        }
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let verdict = self.verdict(CallKind::BeginParts, at.as_ref())?;
        let upload = self.inner.put_multipart_opts(at, options).await?;
        reported(verdict, Ok(Box::new(HookedUpload { upload, store: self.clone(), key: at.to_string() })))
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        let kind = if options.head { CallKind::Head } else { CallKind::Get };
        let verdict = self.verdict(kind, at.as_ref())?;
        let got = self.inner.get_opts(at, options).await;
        match verdict {
            Verdict::Cut(part) => cut(got?, part, None).await,
            Verdict::Break(part) => cut(got?, part, Some("the connection was reset")).await,
            _ => reported(verdict, got),
        }
    }

    fn delete_stream(&self, at: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let this = self.clone();
        at.then(move |path| {
            let this = this.clone();
            async move {
                let path = path?;
                let verdict = this.verdict(CallKind::Delete, path.as_ref())?;
                if verdict == Verdict::Pretend {
                    return Ok(path);
                }
                let mut deleted = this.inner.delete_stream(futures::stream::iter([Ok(path)]).boxed());
                let done = deleted.next().await.unwrap_or_else(|| Err(failure("no answer to a delete")));
                reported(verdict, done)
            }
        })
        .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let name = prefix.map(ToString::to_string).unwrap_or_default();
        let verdict = match self.verdict(CallKind::List, &name) {
            Ok(verdict) => verdict,
            Err(error) => return futures::stream::iter([Err(error)]).boxed(),
        };
        let (inner, listings) = (self.inner.list(prefix), Arc::clone(&self.listings));
        let answer = async move {
            let found: Vec<_> = inner.try_collect().await?;
            if verdict == Verdict::Pretend {
                return Ok(Vec::new());
            }
            let before = listings.lock().unwrap().insert(name, found.clone());
            match verdict {
                // What nobody listed before is as it was before anything was there.
                Verdict::Stale => Ok(before.unwrap_or_default()),
                _ => reported(verdict, Ok(found)),
            }
        };
        futures::stream::once(answer)
            .map_ok(|found: Vec<ObjectMeta>| futures::stream::iter(found.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let name = prefix.map(ToString::to_string).unwrap_or_default();
        let verdict = self.verdict(CallKind::List, &name)?;
        let found = self.inner.list_with_delimiter(prefix).await;
        match verdict {
            Verdict::Stale | Verdict::Pretend => {
                Ok(ListResult { common_prefixes: Vec::new(), objects: Vec::new() })
            }
            _ => reported(verdict, found),
        }
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(failure("copies are no part of the protocol"))
    }
}

/// The first `part` thousandths of what was got, and then the end, or an error.
async fn cut(got: GetResult, part: u64, error: Option<&'static str>) -> Result<GetResult> {
    let (meta, range, attributes) = (got.meta.clone(), got.range.clone(), got.attributes.clone());
    let bytes = got.bytes().await?;
    let kept = bytes.slice(..usize::try_from(bytes.len() as u64 * part / 1000).unwrap_or(0));
    let blocks = [Ok(kept)].into_iter().chain(error.map(|why| Err(failure(why))));
    let payload = GetResultPayload::Stream(futures::stream::iter(blocks.collect::<Vec<_>>()).boxed());
    Ok(GetResult { payload, meta, range, attributes })
}

#[derive(Debug)]
struct HookedUpload {
    upload: Box<dyn MultipartUpload>,
    store: HookedStore,
    key: String,
}

#[async_trait]
impl MultipartUpload for HookedUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        match self.store.verdict(CallKind::PutPart, &self.key) {
            Err(error) => Box::pin(async { Err(error) }),
            Ok(verdict) => {
                let part = self.upload.put_part(data);
                Box::pin(async move { reported(verdict, part.await) })
            }
        }
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let verdict = self.store.verdict(CallKind::CompleteParts, &self.key)?;
        reported(verdict, self.upload.complete().await)
    }

    async fn abort(&mut self) -> Result<()> {
        let verdict = self.store.verdict(CallKind::AbortParts, &self.key)?;
        reported(verdict, self.upload.abort().await)
    }
}
