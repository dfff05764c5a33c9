//! From a location's text to its store.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use object_store::memory::InMemory;
use tokio::runtime::Handle;

use super::limits::RateLimits;
use super::settings::Settings;
use super::{LocalStore, Store, remote};
use crate::disk::Disk;
use crate::error::{Error, ErrorKind, Result};
use crate::location::{Location, LocationKind};
use crate::lock::lock;

/// Opens stores by location: where credentials, clients and test doubles come in.
pub trait StoreProvider: Send + Sync {
    /// The store at `location`, with the limits that are among the properties. Nothing is read or written yet.
    ///
    /// # Errors
    /// `Unsupported` for a scheme this provider does not know; `InvalidInput` for a location that cannot be one,
    /// or a property that is unknown, by name. No error holds the value of a secret.
    fn open(&self, location: &str, properties: &BTreeMap<String, String>) -> Result<Store>;
}

/// The stores that this machine reaches: directories, object stores, HTTP servers, and memory for tests.
///
/// What a `memory://` location holds lives as long as the provider and its clones.
#[derive(Clone)]
pub struct SystemStores {
    handle: Handle,
    disk: Disk,
    credentials: Arc<BTreeMap<String, String>>,
    /// `None` where there are none.
    memories: Option<Memories>,
}

/// What the locations of each name in memory hold.
type Memories = Arc<Mutex<BTreeMap<String, Arc<InMemory>>>>;

impl SystemStores {
    /// A provider whose requests are driven by the runtime of `handle`, which needs its clock and its network, and
    /// whose directories are in `disk`.
    pub fn new(handle: Handle, disk: Disk) -> Self {
        Self { handle, disk, credentials: Arc::default(), memories: Some(Arc::default()) }
    }

    /// Environment variables that credentials are taken from where properties give none: see
    /// [`CREDENTIAL_VARIABLES`](crate::CREDENTIAL_VARIABLES). Others are left alone.
    #[must_use]
    pub fn with_credentials(mut self, variables: BTreeMap<String, String>) -> Self {
        self.credentials = Arc::new(variables);
        self
    }

    /// The same without `memory://`, for programs that end when their work is done.
    #[must_use]
    pub fn without_memory(mut self) -> Self {
        self.memories = None;
        self
    }

    fn memory(&self, location: &Location) -> Result<Arc<InMemory>> {
        let Some(memories) = &self.memories else {
            let message = format!(
                "{location} would be gone with this program: memory is for tests and for programs that use Cairn as a \
                 library; use file:///absolute/path"
            );
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        Ok(Arc::clone(lock(memories).entry(location.bucket().to_owned()).or_default()))
    }
}

impl StoreProvider for SystemStores {
    fn open(&self, location: &str, properties: &BTreeMap<String, String>) -> Result<Store> {
        let location = Location::parse(location)?;
        let limits = RateLimits::from_properties(properties)?;
        let settings = Settings::read(location.kind(), properties)?;
        let (handle, text) = (self.handle.clone(), location.to_string());
        let store = match (location.kind(), location.directory()) {
            (_, Some(directory)) => {
                let local = Arc::new(LocalStore::new(directory, self.disk.clone()));
                Store::from_local_store(local.clone(), local, handle, text)
            }
            (LocationKind::Memory, None) => {
                let objects = remote::below(self.memory(&location)?, &location)?;
                Store::from_object_store(objects, handle, text)
            }
            (kind, None) => {
                let objects = remote::connect(&location, &settings, &self.credentials)?;
                match kind {
                    LocationKind::Http => Store::from_read_only(objects, handle, text),
                    kind => {
                        let deletes = remote::deletes_per_request(kind);
                        Store::from_network(objects, handle, text, settings.max_retries()?, deletes)
                    }
                }
            }
        };
        store.limits().set(limits);
        Ok(store)
    }
}

impl fmt::Debug for SystemStores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemStores").field("disk", &self.disk).finish_non_exhaustive()
    }
}
