//! Making, changing and dropping external catalogs, one commit each; and which of their properties are secrets.

use std::collections::BTreeMap;

use cairn_format::{CatalogName, ExternalCatalog};
use cairn_repository::{is_secret_property, is_secret_value};

use crate::error::Result;
use crate::store::TabletStore;

/// Whether a property of an external catalog must never be shown, nor leave the store.
pub fn is_secret_of_catalog(name: &str, value: &str) -> bool {
    is_secret_property(name) || is_secret_value(value)
}

/// The definition with other properties; an empty value takes one away. What is withheld and not set stays so.
#[must_use]
pub fn with_catalog_properties(catalog: &ExternalCatalog, set: &BTreeMap<String, String>) -> ExternalCatalog {
    let mut changed = catalog.clone();
    for (name, value) in set {
        changed.withheld.remove(name);
        if value.is_empty() {
            changed.properties.remove(name);
        } else {
            changed.properties.insert(name.clone(), value.clone());
        }
    }
    changed
}

impl TabletStore {
    /// Makes an external catalog known.
    pub fn create_external_catalog(&self, definition: &ExternalCatalog) -> Result<()> {
        self.inner.catalog.commit(|change| change.create_external_catalog(definition))
    }

    /// Sets properties of an external catalog; an empty value takes one away.
    pub fn alter_external_catalog(&self, name: &CatalogName, set: &BTreeMap<String, String>) -> Result<()> {
        self.inner.catalog.commit(|change| {
            let changed =
                with_catalog_properties(&change.view().require_external_catalog(name)?.definition, set);
            change.replace_external_catalog(&changed)
        })?;
        self.inner.purge();
        Ok(())
    }

    /// Forgets an external catalog, and privileges on it.
    pub fn drop_external_catalog(&self, name: &CatalogName) -> Result<()> {
        self.inner.catalog.commit(|change| change.drop_external_catalog(name))?;
        self.inner.purge();
        Ok(())
    }
}
