//! External catalogs, without their secrets.

use cairn_engine::{CatalogView, is_secret_of_catalog};
use cairn_format::ExternalCatalog;

use super::listing::Listing;
use crate::analyze::CATALOG;
use crate::error::Result;
use crate::outcome::Rows;

/// What stands for a secret.
const HIDDEN: &str = "***";

pub(crate) fn catalogs(view: &CatalogView) -> Listing {
    let own = "An internal catalog contains this cluster's self-managed tables.".to_owned();
    let own = vec![Some(CATALOG.to_owned()), Some("Internal".to_owned()), Some(own)];
    let external = view.external_catalogs().map(|entry| {
        let ExternalCatalog { name, comment, .. } = &entry.definition;
        let mut kind = entry.definition.kind().to_owned();
        if let Some(first) = kind.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        vec![Some(name.to_string()), Some(kind), comment.clone()]
    });
    Listing::new(&["Catalog", "Type", "Comment"], &[], &[], [own].into_iter().chain(external).collect())
}

/// StarRocks' columns. What a restore left without a value is shown as an empty one.
pub(crate) fn create_catalog(catalog: &ExternalCatalog) -> Result<Rows> {
    let own = catalog.properties.iter().map(|(name, value)| {
        let shown = if is_secret_of_catalog(name, value) { HIDDEN } else { value };
        (name.as_str(), shown)
    });
    let withheld = catalog.withheld.iter().map(|name| (name.as_str(), ""));
    let properties: Vec<String> =
        own.chain(withheld).map(|(name, value)| format!("{} = {}", quoted(name), quoted(value))).collect();
    let comment = catalog.comment.as_deref().map(|text| format!("\nCOMMENT {}", quoted(text)));
    let statement = format!(
        "CREATE EXTERNAL CATALOG `{}`{}\nPROPERTIES ({});",
        catalog.name,
        comment.unwrap_or_default(),
        properties.join(",\n")
    );
    Rows::of_text(&["Catalog", "Create Catalog"], &[vec![Some(catalog.name.to_string()), Some(statement)]])
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
