//! A repository by its location, without a store: read only.

use std::collections::BTreeMap;

use cairn::{Access, Disk, Environment, Repository, RepositoryOptions, StoreProvider, SystemStores};
use tokio::runtime::Handle;

/// Opens the repository at `location`. Not one object of it is written.
pub(crate) fn open(location: &str, runtime: &Handle) -> Result<Repository, cairn_repository::Error> {
    let stores = SystemStores::new(runtime.clone(), Disk::system());
    let store = stores.open(location, &BTreeMap::new())?;
    Repository::open(store, Environment::system(), Access::ReadOnly, RepositoryOptions::default())
}
