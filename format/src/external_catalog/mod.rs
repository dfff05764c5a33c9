//! External catalogs: what another system's databases are found by.

mod v1;

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::name::CatalogName;

pub use v1::ExternalCatalogV1;

/// The property that says what kind of system a catalog is of.
pub const CATALOG_TYPE: &str = "type";

/// The definition of an external catalog.
///
/// Invariants, kept by [`ExternalCatalog::check`]: it has a type, and no property both has a value and is withheld.
#[derive(Clone, PartialEq, Eq)]
pub struct ExternalCatalog {
    /// Its name.
    pub name: CatalogName,
    /// What it is for.
    pub comment: Option<String>,
    /// What opens it. Some may be secrets.
    pub properties: BTreeMap<String, String>,
    /// Properties that it had when it was backed up and whose values, which are secrets, the snapshot has not.
    pub withheld: BTreeSet<String>,
}

impl std::fmt::Debug for ExternalCatalog {
    /// Without the values of properties, which may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&String> = self.properties.keys().collect();
        f.debug_struct("ExternalCatalog")
            .field("name", &self.name)
            .field("properties", &names)
            .finish_non_exhaustive()
    }
}

impl ExternalCatalog {
    /// What kind of system it is of.
    pub fn kind(&self) -> &str {
        self.properties.get(CATALOG_TYPE).map_or("", String::as_str)
    }

    /// Checks the invariants.
    ///
    /// # Errors
    /// `InvalidInput` naming what breaks one.
    pub fn check(&self) -> Result<()> {
        if self.kind().is_empty() {
            return Err(Error::invalid(format!("external catalog '{}' has no type", self.name)));
        }
        match self.withheld.iter().find(|name| self.properties.contains_key(*name)) {
            Some(name) => Err(Error::invalid(format!(
                "external catalog '{}' has the property '{name}' with a value and without one",
                self.name
            ))),
            None => Ok(()),
        }
    }

    /// The same without the values of its secrets, as a snapshot keeps it.
    #[must_use]
    pub fn without_secrets(&self, is_secret: impl Fn(&str, &str) -> bool) -> Self {
        let mut catalog = self.clone();
        catalog.properties.retain(|name, value| name == CATALOG_TYPE || !is_secret(name, value));
        let left_out = self.properties.keys().filter(|name| !catalog.properties.contains_key(*name));
        catalog.withheld.extend(left_out.cloned());
        catalog
    }

    /// The same with the values that `other` has of what is withheld here.
    #[must_use]
    pub fn with_values_of(&self, other: &Self) -> Self {
        let mut catalog = self.clone();
        for name in &self.withheld {
            if let Some(value) = other.properties.get(name) {
                catalog.properties.insert(name.clone(), value.clone());
                catalog.withheld.remove(name);
            }
        }
        catalog
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(properties: &[(&str, &str)]) -> ExternalCatalog {
        let properties = properties.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        ExternalCatalog {
            name: CatalogName::parse("hive").unwrap(),
            comment: None,
            properties,
            withheld: BTreeSet::new(),
        }
    }

    #[test]
    fn secrets_are_withheld_and_found_again() {
        let own = catalog(&[("type", "jdbc"), ("user", "u"), ("password", "p")]);
        assert!(!format!("{own:?}").contains("\"p\""), "{own:?}");
        let kept = own.without_secrets(|name, _| name == "password" || name == "type");
        assert_eq!(kept.properties, catalog(&[("type", "jdbc"), ("user", "u")]).properties);
        assert_eq!(kept.withheld.iter().collect::<Vec<_>>(), ["password"]);
        assert_eq!(kept.with_values_of(&own), own);
        assert_eq!(kept.with_values_of(&catalog(&[("type", "jdbc")])), kept);
        let read: ExternalCatalog = ExternalCatalogV1::from(&kept).try_into().unwrap();
        assert_eq!(read, kept);
    }

    #[test]
    fn a_catalog_has_a_type_and_each_property_once() {
        assert!(catalog(&[("user", "u")]).check().is_err());
        let mut both = catalog(&[("type", "jdbc"), ("password", "p")]);
        both.check().unwrap();
        both.withheld.insert("password".into());
        assert!(both.check().is_err());
    }
}
