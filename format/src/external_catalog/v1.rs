//! An external catalog's stored form, version 1.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ExternalCatalog;
use crate::error::{Error, Result};
use crate::name::CatalogName;

/// An external catalog as a manifest and a catalog file have it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExternalCatalogV1 {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    properties: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    withheld: BTreeSet<String>,
}

impl From<&ExternalCatalog> for ExternalCatalogV1 {
    fn from(catalog: &ExternalCatalog) -> Self {
        Self {
            name: catalog.name.to_string(),
            comment: catalog.comment.clone(),
            properties: catalog.properties.clone(),
            withheld: catalog.withheld.clone(),
        }
    }
}

impl TryFrom<ExternalCatalogV1> for ExternalCatalog {
    type Error = Error;

    fn try_from(stored: ExternalCatalogV1) -> Result<Self> {
        let ExternalCatalogV1 { name, comment, properties, withheld } = stored;
        let catalog = Self { name: CatalogName::parse(&name)?, comment, properties, withheld };
        catalog.check()?;
        Ok(catalog)
    }
}
