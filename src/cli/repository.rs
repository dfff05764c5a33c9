//! A repository by its location, without a store.

use std::collections::BTreeMap;

use cairn::{Access, Disk, Environment, Repository, RepositoryOptions, StoreProvider, SystemStores};
use cairn_engine::{BUNDLE_SIZE, DIGEST, RETENTION};
use cairn_format::Retention;
use cairn_repository::Store;
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

/// Takes the property `retention` out, and reads it.
pub(crate) fn take_retention(
    properties: &mut BTreeMap<String, String>,
) -> Result<Option<Retention>, Failure> {
    let Some(text) = properties.remove(RETENTION) else { return Ok(None) };
    let read = Retention::parse(&text);
    read.map(Some).map_err(|error| Failure::users(format_args!("property '{RETENTION}': {error}")))
}

/// Refuses properties that say how a store uses a repository, and that nothing here would heed.
pub(crate) fn refuse_own(properties: &BTreeMap<String, String>) -> Result<(), Failure> {
    for (name, why) in [
        (DIGEST, "it is chosen when a repository is created"),
        (BUNDLE_SIZE, "it says how backups are written: give it to CREATE REPOSITORY"),
        (RETENTION, "it says what is kept: give it to `cairn prune`"),
    ] {
        if properties.contains_key(name) {
            return Err(Failure::users(format_args!(
                "property '{name}' has no meaning here: {why}; leave it out"
            )));
        }
    }
    Ok(())
}

/// The storage at `location`.
pub(crate) fn open_store(
    location: &str,
    properties: &BTreeMap<String, String>,
    runtime: &Handle,
) -> Result<Store, Failure> {
    refuse_own(properties)?;
    Ok(stores(runtime).open(location, properties)?)
}

/// Opens the repository in a store. Read-only, not one object of it is written.
pub(crate) fn open_in(store: Store, access: Access) -> Result<Repository, cairn_repository::Error> {
    Repository::open(store, Environment::system(), access, RepositoryOptions::default())
}

/// Opens the repository that is at `location`.
pub(crate) fn open(
    location: &str,
    properties: &BTreeMap<String, String>,
    access: Access,
    runtime: &Handle,
) -> Result<Repository, Failure> {
    Ok(open_in(open_store(location, properties, runtime)?, access)?)
}
