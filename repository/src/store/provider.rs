//! From a location's text to its store.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::{LocalStore, Store};
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::location::Location;

/// Opens stores by location: where credentials, clients and test doubles come in.
pub trait StoreProvider: Send + Sync {
    /// The store at `location`. Nothing is read or written yet.
    ///
    /// # Errors
    /// `Unsupported` for a scheme this provider does not know; `InvalidInput` for a location that cannot be one,
    /// or a property that is unknown, by name.
    fn open(&self, location: &str, properties: &BTreeMap<String, String>) -> Result<Store>;
}

/// The stores of this machine: directories.
#[derive(Debug, Clone)]
pub struct SystemStores {
    /// The runtime that drives requests.
    pub handle: Handle,
    /// The file system that directories are in.
    pub disk: Disk,
}

impl StoreProvider for SystemStores {
    fn open(&self, location: &str, properties: &BTreeMap<String, String>) -> Result<Store> {
        let location = Location::parse(location)?;
        if let Some(unknown) = properties.keys().next() {
            let message =
                format!("unknown property '{unknown}': a repository in a directory has no properties");
            return Err(Error::invalid(message));
        }
        let local = Arc::new(LocalStore::new(location.directory(), self.disk.clone()));
        Ok(Store::from_local_store(local.clone(), local, self.handle.clone(), location.to_string()))
    }
}
