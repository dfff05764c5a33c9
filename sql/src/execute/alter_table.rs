//! ALTER TABLE.

use cairn_engine::{CatalogView, TabletStore};

use crate::analyze::{TableAlteration, TablePath};
use crate::error::Result;

/// Changes the table.
pub(super) fn alter(store: &TabletStore, path: &TablePath, alteration: TableAlteration) -> Result<()> {
    match alteration {
        TableAlteration::Rename(name) => store.rename_table(&path.database, &path.table, &name)?,
        TableAlteration::Compact(kind, only) => {
            store.compact_table(&path.database, &path.table, only.as_deref(), kind)?;
        }
    }
    Ok(())
}

/// The view as it would be after the change.
pub(crate) fn imagine(
    view: &CatalogView,
    path: &TablePath,
    alteration: TableAlteration,
) -> cairn_engine::Result<CatalogView> {
    match alteration {
        TableAlteration::Rename(name) => view.with_table_renamed(&path.database, &path.table, &name),
        TableAlteration::Compact(..) => Ok(view.clone()),
    }
}
