//! ALTER TABLE.

use cairn_engine::{CatalogView, TabletStore};

use crate::analyze::{PartitionAlteration, Redefinition, TableAlteration, TablePath};
use crate::error::Result;

/// Changes the table.
pub(super) fn alter(store: &TabletStore, path: &TablePath, alteration: TableAlteration) -> Result<()> {
    match alteration {
        TableAlteration::Partition(alteration) => alter_partitions(store, path, &alteration)?,
        TableAlteration::Rename(name) => store.rename_table(&path.database, &path.table, &name)?,
        TableAlteration::Compact(kind, only) => {
            store.compact_table(&path.database, &path.table, only.as_deref(), kind)?;
        }
        TableAlteration::Swap(other) => store.swap_tables(&path.database, &path.table, &other)?,
        TableAlteration::Redefine(change) => {
            let Redefinition { before, after } = *change;
            store.redefine_table(&path.database, &before, after)?;
        }
    }
    Ok(())
}

fn alter_partitions(store: &TabletStore, path: &TablePath, alteration: &PartitionAlteration) -> Result<()> {
    let (database, table) = (&path.database, &path.table);
    match alteration {
        PartitionAlteration::Add(partitions, kind) if !partitions.is_empty() => {
            store.add_partitions(database, table, partitions.clone(), *kind)?;
        }
        PartitionAlteration::Drop(names, kind, mode) if !names.is_empty() => {
            store.drop_partitions(database, table, names, *kind, *mode)?;
        }
        PartitionAlteration::Add(..) | PartitionAlteration::Drop(..) => {}
        PartitionAlteration::Modify(names, properties) => {
            store.set_partition_properties(database, table, names, properties)?;
        }
        PartitionAlteration::Rename(from, to) => store.rename_partition(database, table, from, to)?,
        PartitionAlteration::Replace(replacement) => {
            store.replace_partitions(database, table, replacement)?;
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
        TableAlteration::Partition(alteration) => alteration.imagine(view, path),
        TableAlteration::Rename(name) => view.with_table_renamed(&path.database, &path.table, &name),
        TableAlteration::Compact(..) => Ok(view.clone()),
        TableAlteration::Swap(other) => view.with_tables_swapped(&path.database, &path.table, &other),
        TableAlteration::Redefine(change) => view.with_table_redefined(&path.database, change.after),
    }
}
