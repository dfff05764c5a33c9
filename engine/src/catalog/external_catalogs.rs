//! External catalogs on record: each definition that one had is a record of its own, as long as a job needs it.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_format::{CatalogName, ExternalCatalog};
use redb::ReadTransaction;

use super::change::Change;
use super::definitions::OF_EXTERNAL_CATALOGS;
use super::hypothetical::made_up_id;
use super::record::CatalogV1;
use super::view::CatalogView;
use crate::access::{Access, Grants, Securable};
use crate::error::{Error, Result};
use crate::id::{CatalogVersion, ExternalCatalogId};

/// The catalog that this store's databases are in.
pub const DEFAULT_CATALOG: &str = "default_catalog";

/// External catalogs by name.
pub(crate) type ExternalCatalogs = BTreeMap<CatalogName, Arc<ExternalCatalogEntry>>;

/// An external catalog that a store knows. Nothing is read through it.
#[derive(Clone, Debug)]
pub struct ExternalCatalogEntry {
    /// Its identity.
    pub id: ExternalCatalogId,
    /// Its definition.
    pub definition: ExternalCatalog,
    /// The commit that made it so.
    pub(crate) since: CatalogVersion,
}

/// The external catalogs at `version`.
pub(super) fn external_catalogs_at(
    txn: &ReadTransaction,
    version: CatalogVersion,
) -> Result<ExternalCatalogs> {
    let entry = |(id, since, stored): (u64, CatalogVersion, CatalogV1)| {
        let (id, definition) = (ExternalCatalogId::new(id), stored.definition()?);
        Ok((definition.name.clone(), Arc::new(ExternalCatalogEntry { id, definition, since })))
    };
    OF_EXTERNAL_CATALOGS.at(txn, version)?.into_iter().map(entry).collect()
}

impl Change<'_> {
    /// Makes an external catalog.
    pub(crate) fn create_external_catalog(&mut self, definition: &ExternalCatalog) -> Result<()> {
        definition.check()?;
        self.view().require_free_catalog(&definition.name)?;
        self.put_external_catalog(ExternalCatalogId::new(self.next_id()), definition)
    }

    /// Gives an external catalog another definition of the same name.
    pub(crate) fn replace_external_catalog(&mut self, definition: &ExternalCatalog) -> Result<()> {
        definition.check()?;
        let before = Arc::clone(self.view().require_external_catalog(&definition.name)?);
        self.remove_external_catalog(&before)?;
        self.put_external_catalog(before.id, definition)
    }

    /// Drops an external catalog, and everybody's privileges on it: they go by its name.
    pub(crate) fn drop_external_catalog(&mut self, name: &CatalogName) -> Result<()> {
        let before = Arc::clone(self.view().require_external_catalog(name)?);
        self.remove_external_catalog(&before)?;
        self.view_mut().external_catalogs.remove(name);
        let access = without_catalog(self.view().access(), name);
        self.put_access(&access)
    }

    fn put_external_catalog(&mut self, id: ExternalCatalogId, definition: &ExternalCatalog) -> Result<()> {
        let since = self.version();
        OF_EXTERNAL_CATALOGS.put(self, id.get(), &CatalogV1::new(definition, since))?;
        let entry = ExternalCatalogEntry { id, definition: definition.clone(), since };
        self.view_mut().external_catalogs.insert(definition.name.clone(), Arc::new(entry));
        Ok(())
    }

    fn remove_external_catalog(&self, entry: &ExternalCatalogEntry) -> Result<()> {
        OF_EXTERNAL_CATALOGS.remove::<CatalogV1>(self, entry.id.get(), entry.since)
    }
}

/// Users and roles without privileges on the external catalog.
fn without_catalog(access: &Access, name: &CatalogName) -> Access {
    let on = Securable::Catalog(Some(name.as_str().into()));
    let has = |grants: &Grants| grants.contains_key(&on);
    let mut access = access.clone();
    for user in access.users.values_mut().filter(|user| has(&user.grants)) {
        Arc::make_mut(user).grants.remove(&on);
    }
    for role in access.roles.values_mut().filter(|role| has(&role.grants)) {
        Arc::make_mut(role).grants.remove(&on);
    }
    access
}

impl CatalogView {
    /// The external catalogs, by name.
    pub fn external_catalogs(&self) -> impl Iterator<Item = &Arc<ExternalCatalogEntry>> {
        self.external_catalogs.values()
    }

    /// The external catalog named `name`.
    pub fn external_catalog(&self, name: &CatalogName) -> Option<&Arc<ExternalCatalogEntry>> {
        self.external_catalogs.get(name)
    }

    /// The external catalog named `name`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) with StarRocks' words.
    pub fn require_external_catalog(&self, name: &CatalogName) -> Result<&Arc<ExternalCatalogEntry>> {
        self.external_catalog(name).ok_or_else(|| {
            Error::not_found(format!("external catalog {name} does not exist; SHOW CATALOGS lists them"))
        })
    }

    fn require_free_catalog(&self, name: &CatalogName) -> Result<()> {
        match self.external_catalog(name) {
            Some(_) => Err(Error::already_exists(format!(
                "Catalog '{name}' already exists; use IF NOT EXISTS to keep it"
            ))),
            None => Ok(()),
        }
    }

    /// This view with another external catalog.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) when there is one of the name.
    pub fn with_external_catalog(&self, definition: ExternalCatalog) -> Result<Self> {
        self.require_free_catalog(&definition.name)?;
        let (id, since) = (ExternalCatalogId::new(made_up_id()), self.version);
        let mut view = self.clone();
        let entry = ExternalCatalogEntry { id, definition, since };
        view.external_catalogs.insert(entry.definition.name.clone(), Arc::new(entry));
        Ok(view)
    }

    /// This view without an external catalog.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when there is none of the name.
    pub fn without_external_catalog(&self, name: &CatalogName) -> Result<Self> {
        self.require_external_catalog(name)?;
        let mut view = self.with_access(without_catalog(self.access(), name));
        view.external_catalogs.remove(name);
        Ok(view)
    }
}
