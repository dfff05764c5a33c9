//! Materialized views of a snapshot: under the names that this restore gives to what they read.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use cairn_format::{
    Activity, DatabaseName, MaterializedView, RowsRead, TableDefinition, TableName, ViewDefinition,
};

use super::Target;
use crate::catalog::{Change, RelationKind, Table};
use crate::error::Result;

/// What makes the table a materialized view, as it is to be. Whether its query can be planned here has to be looked at by
/// somebody who knows SQL.
pub(super) fn restored(
    source: &TableDefinition,
    renamed: &BTreeMap<TableName, TableName>,
) -> Option<Box<MaterializedView>> {
    let view = source.materialized_view.as_deref()?;
    let activity = match &view.activity {
        Activity::SwitchedOff => Activity::SwitchedOff,
        Activity::Active | Activity::Inactive(_) | Activity::Unchecked => Activity::Unchecked,
    };
    let query = view.query.with_renamed(renamed);
    Some(Box::new(MaterializedView { query, activity, ..view.clone() }))
}

/// Says of which rows those of the restored materialized views are made: of those that this restore has put here, where it
/// has put all of them, so that they need no refresh; else nobody knows.
pub(super) fn settle(
    change: &mut Change<'_>,
    database: &DatabaseName,
    targets: &[Target<'_>],
    views: &[ViewDefinition],
) -> Result<()> {
    let owner = change.view().require_database(database)?;
    let is_whole = |target: &&Target<'_>| {
        let planned = target.plan.partitions.len();
        let is_all = |now: &Arc<Table>| now.partitions.len() == planned;
        planned == target.entry.partitions.len() && owner.table(&target.plan.target).is_some_and(is_all)
    };
    let whole = targets.iter().filter(is_whole).map(|target| target.plan.target.clone());
    let put: HashSet<TableName> = whole.chain(views.iter().map(|view| view.name.clone())).collect();
    for target in targets {
        let (name, source) = (&target.plan.target, &target.entry.definition);
        let Some(source) = &source.materialized_view else { continue };
        let is_current = source.last_refresh.as_ref().is_some_and(|last| last.read == RowsRead::Snapshot);
        let view = change.view();
        let table = view.require_database(database)?.require_table(name)?;
        let Some(definition) = &table.definition.materialized_view else { continue };
        let is_put = view.relations_of(&definition.query, database).is_ok_and(|relations| {
            relations.iter().all(|relation| {
                let name = match relation.what {
                    RelationKind::Table(table) => table.name(),
                    RelationKind::View(_) => relation.name,
                };
                relation.database == database && put.contains(name)
            })
        });
        let now = if is_current && is_put { view.rows_read(&definition.query, database).ok() } else { None };
        let read = now.map_or(RowsRead::Unknown, RowsRead::Store);
        change.change_materialized_view(database, name, |view| {
            if let Some(last) = &mut view.last_refresh {
                last.read = read;
            }
        })?;
    }
    Ok(())
}
