//! A repository by its location, without a store.

use std::collections::BTreeMap;

use cairn::{Access, Disk, Environment, Repository, RepositoryOptions, StoreProvider, SystemStores};
use tokio::runtime::Handle;

/// Opens the repository that is at `location`. Read-only, not one object of it is written.
pub(crate) fn open(
    location: &str,
    access: Access,
    runtime: &Handle,
) -> Result<Repository, cairn_repository::Error> {
    let stores = SystemStores::new(runtime.clone(), Disk::system());
    let store = stores.open(location, &BTreeMap::new())?;
    Repository::open(store, Environment::system(), access, RepositoryOptions::default())
}
