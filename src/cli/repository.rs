//! A repository by its location, without a store.

use std::collections::BTreeMap;

use cairn::{Access, Disk, Environment, Repository, RepositoryOptions, StoreProvider, SystemStores};
use tokio::runtime::Handle;

use super::environment;
use super::failure::Failure;

/// The stores that this machine reaches, with the credentials of its environment.
pub(crate) fn stores(runtime: &Handle) -> SystemStores {
    // What a process keeps in its memory is gone when the command has ended.
    SystemStores::new(runtime.clone(), Disk::system())
        .with_credentials(environment::credentials())
        .without_memory()
}

/// Reads properties that were given as `key=value`. What is wrong is not repeated: it may be a secret.
pub(crate) fn properties(given: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let mut properties = BTreeMap::new();
    for text in given {
        let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Failure::users("--property wants KEY=VALUE, such as aws.s3.region=eu-central-1"));
        };
        if properties.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(Failure::users(format_args!("property '{name}' is given twice")));
        }
    }
    Ok(properties)
}

/// Opens the repository that is at `location`. Read-only, not one object of it is written.
pub(crate) fn open(
    location: &str,
    properties: &BTreeMap<String, String>,
    access: Access,
    runtime: &Handle,
) -> Result<Repository, cairn_repository::Error> {
    let store = stores(runtime).open(location, properties)?;
    Repository::open(store, Environment::system(), access, RepositoryOptions::default())
}
