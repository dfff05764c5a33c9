//! Materialized views in a backup: behind what they read, and with whether their rows are still those of it.

use std::collections::HashSet;

use cairn_format::{DatabaseName, MaterializedView, RowsRead, TableName, in_order_of_need};

use super::cut::CutTable;
use crate::catalog::{CatalogView, Relation, RelationKind};
use crate::job::record::BackupWork;

/// The tables of the cut as the snapshot is to have them: materialized views are behind the tables and those that they read,
/// and no more says of which rows of this store theirs are made.
pub(super) fn with_materialized_views(
    mut tables: Vec<CutTable>,
    view: &CatalogView,
    database: &DatabaseName,
    work: &BackupWork,
) -> Vec<CutTable> {
    let whole: HashSet<TableName> = tables
        .iter()
        .filter(|table| table.is_whole)
        .map(|table| table.definition.name.clone())
        .chain(work.views.iter().cloned())
        .collect();
    for table in &mut tables {
        let Some(definition) = &mut table.definition.materialized_view else { continue };
        let Some(last) = &definition.last_refresh else { continue };
        let is_current = match &last.read {
            RowsRead::Store(read) => {
                let now = view.rows_read(&definition.query, database);
                now.is_ok_and(|now| now == *read)
                    && reads(view, database, definition).is_some_and(|names| names.is_subset(&whole))
            }
            RowsRead::Unknown | RowsRead::Snapshot => false,
        };
        if let Some(last) = &mut definition.last_refresh {
            last.read = if is_current { RowsRead::Snapshot } else { RowsRead::Unknown };
        }
    }
    in_order(tables, view, database)
}

/// The tables and views that a query reads, itself or through views; `None` when one is gone or of another database.
fn reads(
    view: &CatalogView,
    database: &DatabaseName,
    definition: &MaterializedView,
) -> Option<HashSet<TableName>> {
    let relations = view.relations_of(&definition.query, database).ok()?;
    let own = |relation: &Relation<'_>| {
        let name = match relation.what {
            RelationKind::Table(table) => table.name(),
            RelationKind::View(_) => relation.name,
        };
        (relation.database == database).then(|| name.clone())
    };
    relations.iter().map(own).collect()
}

/// Tables first, then materialized views, those that others read before these.
fn in_order(tables: Vec<CutTable>, view: &CatalogView, database: &DatabaseName) -> Vec<CutTable> {
    let (views, mut ordered): (Vec<_>, Vec<_>) =
        tables.into_iter().partition(|table| table.definition.materialized_view.is_some());
    let reads_any = |table: &CutTable, names: &HashSet<TableName>| {
        let definition = table.definition.materialized_view.as_deref();
        let reads = definition.and_then(|definition| reads(view, database, definition));
        reads.is_some_and(|reads| !reads.is_disjoint(names))
    };
    ordered.extend(in_order_of_need(views, |table| &table.definition.name, reads_any));
    ordered
}
