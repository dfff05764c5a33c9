//! Views of a snapshot: definitions, under the names that they and their tables get.

use std::collections::{BTreeMap, HashSet};

use cairn_format::{DatabaseName, Manifest, TableName, ViewDefinition};

use crate::catalog::{CatalogView, Change};
use crate::error::{Error, Result};
use crate::job::request::{IfExists, TableSelection, ViewSelection};

/// The names that tables and views of the snapshot get, where those are others.
pub(super) fn renames<'s>(
    views: Option<&[ViewSelection]>,
    tables: impl IntoIterator<Item = &'s TableSelection>,
) -> BTreeMap<TableName, TableName> {
    let tables = tables.into_iter().map(|table| (&table.table, table.target()));
    let mut renamed: BTreeMap<_, _> = tables.map(|(from, to)| (from.clone(), to.clone())).collect();
    let views = views.into_iter().flatten().map(|view| (view.view.clone(), view.target().clone()));
    renamed.extend(views);
    renamed
}

/// The views that are asked for, as they are to be: what they read of their own database has the names that this restore
/// gives it.
pub(super) fn selected(
    manifest: &Manifest,
    wanted: Option<&[ViewSelection]>,
    renamed: &BTreeMap<TableName, TableName>,
) -> Result<Vec<ViewDefinition>> {
    let Some(wanted) = wanted else {
        return Ok(manifest.views.iter().map(|view| view.with_renamed(&view.name, renamed)).collect());
    };
    let mut seen = HashSet::new();
    for selection in wanted {
        if manifest.view(selection.view.as_str()).is_none() {
            return Err(Error::not_found(format!(
                "View {} does not exist in snapshot {}",
                selection.view, manifest.label
            )));
        }
        if !seen.insert(selection.target()) {
            let name = selection.target();
            return Err(Error::invalid(format!(
                "Duplicated alias name: {name}; give each view a name of its own"
            )));
        }
    }
    // In the order of the snapshot, which is one in which they can be made.
    let chosen = manifest.views.iter().filter_map(|view| {
        let selection = wanted.iter().find(|selection| selection.view == view.name)?;
        Some(view.with_renamed(selection.target(), renamed))
    });
    Ok(chosen.collect())
}

/// Refuses views whose names tables have, and those that are there where that is asked for.
pub(super) fn check(
    view: &CatalogView,
    database: &DatabaseName,
    views: &[ViewDefinition],
    if_exists: IfExists,
) -> Result<()> {
    let Some(database) = view.database(database) else { return Ok(()) };
    if if_exists == IfExists::Fail
        && let Some(view) = views.iter().find(|view| database.view(&view.name).is_some())
    {
        return Err(Error::already_exists(format!(
            "View {0} already exist, and \"if_exists\" is \"fail\": view {0} is to be left as it is; restore AS another name",
            view.name
        )));
    }
    match views.iter().find(|view| database.table(&view.name).is_some()) {
        Some(view) => Err(Error::already_exists(format!(
            "View {} cannot be restored: table '{}.{}' exists already; drop it, or restore AS another name",
            view.name, database.name, view.name
        ))),
        None => Ok(()),
    }
}

/// Makes the views; one that is there gets the snapshot's definition, or is left as it is where that is asked for.
pub(super) fn publish(
    change: &mut Change<'_>,
    database: &DatabaseName,
    views: &[ViewDefinition],
    if_exists: IfExists,
) -> Result<()> {
    check(change.view(), database, views, if_exists)?;
    for view in views {
        let is_there = change.view().require_database(database)?.view(&view.name).is_some();
        match (is_there, if_exists) {
            (false, _) => change.create_view(database, view)?,
            (true, IfExists::Skip) => {}
            (true, _) => change.replace_view(database, view)?,
        }
    }
    Ok(())
}
