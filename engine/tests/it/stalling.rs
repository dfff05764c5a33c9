//! Storage in memory that can stop answering, as a server that hangs does.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cairn_repository::{RateLimits, Result, Store, StoreProvider};
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use tokio::runtime::Handle;

/// Opens one storage, whatever the location.
#[derive(Clone)]
pub(crate) struct Stalling {
    objects: Arc<InMemory>,
    stalled: Arc<AtomicBool>,
    runtime: Handle,
}

impl Stalling {
    pub(crate) fn new(runtime: Handle) -> Self {
        Self { objects: Arc::default(), stalled: Arc::default(), runtime }
    }

    /// From now on nothing is answered; or everything is again.
    pub(crate) fn stall(&self, stalled: bool) {
        self.stalled.store(stalled, Ordering::SeqCst);
    }

    /// Bytes of all objects that are there.
    pub(crate) fn bytes(&self) -> u64 {
        let objects = self.objects.list(None).map(|object| object.unwrap().size);
        self.runtime.block_on(objects.fold(0, |sum, size| std::future::ready(sum + size)))
    }

    async fn answer(&self) {
        if self.stalled.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }
}

impl StoreProvider for Stalling {
    fn open(&self, location: &str, properties: &BTreeMap<String, String>) -> Result<Store> {
        let store = Store::from_object_store(Arc::new(self.clone()), self.runtime.clone(), location);
        store.limits().set(RateLimits::from_properties(properties)?);
        Ok(store)
    }
}

#[async_trait::async_trait]
impl ObjectStore for Stalling {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        self.answer().await;
        self.objects.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.answer().await;
        self.objects.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        self.answer().await;
        self.objects.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        let here = self.clone();
        let answered = locations.then(move |location| {
            let here = here.clone();
            async move {
                here.answer().await;
                location
            }
        });
        self.objects.delete_stream(answered.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        let here = self.clone();
        let answered = futures::stream::once(async move { here.answer().await });
        let found = self.objects.list(prefix);
        answered.map(|()| None).chain(found.map(Some)).filter_map(std::future::ready).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.answer().await;
        self.objects.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
        self.objects.copy_opts(from, to, options).await
    }
}

impl fmt::Display for Stalling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("storage that stalls")
    }
}

impl fmt::Debug for Stalling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("storage that stalls")
    }
}
