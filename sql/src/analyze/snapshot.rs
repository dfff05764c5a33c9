//! BACKUP, RESTORE, CANCEL and SHOW SNAPSHOT.

use std::collections::HashSet;
use std::sync::Arc;

use cairn_engine::{
    BackupRequest, CatalogBackupRequest, Database, JobKind, RestoreRequest, Table, TableSelection,
    ViewSelection,
};
use cairn_format::{
    DatabaseName, PartitionName, RepositoryName, SnapshotLabel, SnapshotTimestamp, TableName,
};

use super::async_view;
use super::names::{
    Scope, TablePath, analysed, parse_database, parse_repository, parse_table, partitions,
    refuse_information_schema,
};
use super::properties::{BackupProperties, RestoreProperties};
use crate::ast::{
    BackupStatement, CancelStatement, CancelTarget, Ident, ObjectKind, PartitionChoice, RestoreDatabase,
    RestoreStatement, ShowSnapshotStatement, SnapshotFilter, SnapshotObject,
};
use crate::error::{Error, ErrorKind, Result};

/// A BACKUP that names nothing unknown.
#[derive(Debug)]
pub(crate) struct Backup {
    pub(crate) request: BackupRequest,
    /// Whether the type INCREMENTAL was asked for, which StarRocks refuses only when it runs into an existing label.
    pub(crate) incremental: bool,
}

/// A BACKUP of external catalogs that names nothing unknown.
#[derive(Debug)]
pub(crate) struct CatalogBackup {
    pub(crate) request: CatalogBackupRequest,
    /// See [`Backup`].
    pub(crate) incremental: bool,
}

/// Which snapshots a SHOW SNAPSHOT shows.
#[derive(Debug)]
pub(crate) enum SnapshotChoice {
    All,
    Labels(Vec<String>),
    One { label: String, timestamp: String },
}

pub(super) fn backup(statement: &BackupStatement, scope: &Scope<'_>) -> Result<Backup> {
    let database = scope.database_or_current(statement.database.as_ref())?;
    let label = label(&statement.label)?;
    let repository = scope.repository(&statement.repository)?.name.clone();
    let properties = BackupProperties::parse(&statement.properties)?;
    let (tables, views) = match &statement.objects {
        None => (None, None),
        Some(objects) => {
            (Some(backup_tables(objects, &database, scope)?), Some(backup_views(objects, &database, scope)?))
        }
    };
    if let Some(objects) = &statement.objects {
        refuse_nothing(objects, scope.database(&database)?)?;
    }
    let BackupProperties { timeout_s, ttl, compression, .. } = properties;
    let request = BackupRequest { database, label, repository, tables, views, timeout_s, ttl, compression };
    Ok(Backup { request, incremental: properties.incremental })
}

/// Refuses an ON list of nothing but kinds that a database has none of.
fn refuse_nothing(objects: &[SnapshotObject], database: &Database) -> Result<()> {
    let mut kinds = Vec::new();
    for object in objects {
        match object {
            SnapshotObject::Named { .. } | SnapshotObject::All(ObjectKind::Table) => return Ok(()),
            SnapshotObject::All(ObjectKind::MaterializedView)
                if database.tables().any(|table| is_materialized(table)) =>
            {
                return Ok(());
            }
            SnapshotObject::All(ObjectKind::View) if database.views().next().is_some() => return Ok(()),
            SnapshotObject::All(kind) => kinds.push(format!("{}s", kind.to_string().to_lowercase())),
        }
    }
    let (kinds, database) = (kinds.join(" and no "), &database.name);
    Err(Error::analysis(format!("Database: {database} has no {kinds}; there is nothing to back up")))
}

/// The tables of a BACKUP's ON list. A table that is listed beside ALL TABLES keeps its own partitions.
fn backup_tables(
    objects: &[SnapshotObject],
    database: &DatabaseName,
    scope: &Scope<'_>,
) -> Result<Vec<TableSelection>> {
    let database = scope.database(database)?;
    let mut selected: Vec<TableSelection> = Vec::new();
    for (name, choice, _) in listed_tables(objects)? {
        // A database before the name is replaced by the statement's, as StarRocks does.
        let table = database.require_table(&name).map_err(|e| Error::from(e).while_analysing())?;
        if is_materialized(table) {
            return Err(Error::analysis(format!(
                "'{name}' is a materialized view: say MATERIALIZED VIEW {name}"
            )));
        }
        let partitions = match choice {
            None => None,
            Some(choice) => Some(partitions(table, choice)?),
        };
        if selected.iter().any(|selection| selection.table == name) {
            return Err(duplicated(&name));
        }
        selected.push(TableSelection { table: name, partitions, alias: None });
    }
    for (name, ..) in listed_materialized_views(objects)? {
        let table = database.table(&name).filter(|table| is_materialized(table)).ok_or_else(|| {
            let message = format!(
                "unknown materialized view '{}.{name}'; SHOW MATERIALIZED VIEWS FROM {} lists them",
                database.name, database.name
            );
            Error::new(ErrorKind::NotFound, message).while_analysing()
        })?;
        async_view::refuse_without_base(&database.name, table, scope)?;
        if selected.iter().any(|selection| selection.table == name) {
            return Err(duplicated(&name));
        }
        selected.push(TableSelection { table: name, partitions: None, alias: None });
    }
    let takes_all = |kind| objects.contains(&SnapshotObject::All(kind));
    let (tables, views) = (takes_all(ObjectKind::Table), takes_all(ObjectKind::MaterializedView));
    if tables || views {
        let is_wanted = |table: &&Arc<Table>| if is_materialized(table) { views } else { tables };
        for table in database.tables().filter(is_wanted) {
            if !selected.iter().any(|selection| selection.table == *table.name()) {
                let table = table.name().clone();
                selected.push(TableSelection { table, partitions: None, alias: None });
            }
        }
    }
    Ok(selected)
}

fn is_materialized(table: &Table) -> bool {
    table.definition.materialized_view.is_some()
}

/// The views of a BACKUP's ON list.
fn backup_views(
    objects: &[SnapshotObject],
    database: &DatabaseName,
    scope: &Scope<'_>,
) -> Result<Vec<TableName>> {
    let mut selected: Vec<TableName> = Vec::new();
    for (view, _) in listed_views(objects)? {
        let path = TablePath { database: database.clone(), table: view.clone() };
        scope.view_of(&path)?;
        if selected.contains(&view) {
            return Err(duplicated(&view));
        }
        selected.push(view);
    }
    if objects.contains(&SnapshotObject::All(ObjectKind::View)) {
        let all = scope.database(database)?.views().map(|view| view.definition.name.clone());
        let others: Vec<TableName> = all.filter(|view| !selected.contains(view)).collect();
        selected.extend(others);
    }
    Ok(selected)
}

/// The views of a RESTORE's ON list; `None` when it asks for all of them.
fn restore_views(objects: &[SnapshotObject]) -> Result<Option<Vec<ViewSelection>>> {
    let mut selected = Vec::new();
    for (view, alias) in listed_views(objects)? {
        let alias = alias.map(parse_table).transpose()?;
        selected.push(ViewSelection { view, alias });
    }
    if objects.contains(&SnapshotObject::All(ObjectKind::View)) {
        if selected.is_empty() {
            return Ok(None);
        }
        return Err(Error::not_supported("ALL VIEWS beside single views in RESTORE"));
    }
    Ok(Some(selected))
}

/// The views of an ON list, in order, with their aliases.
fn listed_views(objects: &[SnapshotObject]) -> Result<Vec<(TableName, Option<&Ident>)>> {
    let views = objects.iter().filter_map(|object| match object {
        SnapshotObject::Named { kind: ObjectKind::View, name, alias, .. } => Some((name, alias)),
        _ => None,
    });
    views.map(|(name, alias)| Ok((parse_table(&name.name)?, alias.as_ref()))).collect()
}

pub(super) fn restore(statement: &RestoreStatement, _scope: &Scope<'_>) -> Result<RestoreRequest> {
    let properties = RestoreProperties::parse(&statement.properties)?;
    let source_database = match &statement.database {
        RestoreDatabase::Named { name, .. } => Some(parse_database(name)?),
        _ => None,
    };
    let database = statement.database.target().map(parse_database).transpose()?;
    if let Some(database) = &database {
        refuse_information_schema(database)?;
    }
    let (tables, materialized_views, views) = match &statement.objects {
        None => (None, None, None),
        Some(objects) => {
            let tables = restore_tables(objects, ObjectKind::Table)?;
            let materialized_views = restore_tables(objects, ObjectKind::MaterializedView)?;
            let views = restore_views(objects)?;
            let listed = tables.iter().chain(&materialized_views).flatten();
            refuse_equal_names(listed, views.as_deref())?;
            (tables, materialized_views, views)
        }
    };
    Ok(RestoreRequest {
        label: label(&statement.label)?,
        timestamp: properties.timestamp,
        repository: parse_repository(&statement.repository)?,
        source_database,
        database,
        tables,
        materialized_views,
        views,
        timeout_s: properties.timeout_s,
        allow_load: properties.allow_load,
        replication_num: properties.replication_num,
        if_exists: properties.if_exists,
        keeps_partition_rules: properties.keeps_partition_rules,
    })
}

/// Tables and views have names of their own.
fn refuse_equal_names<'t>(
    tables: impl Iterator<Item = &'t TableSelection>,
    views: Option<&'t [ViewSelection]>,
) -> Result<()> {
    let tables = tables.map(TableSelection::target);
    let views = views.into_iter().flatten().map(|view| view.alias.as_ref().unwrap_or(&view.view));
    let mut names = HashSet::new();
    match tables.chain(views).find(|name| !names.insert(*name)) {
        Some(name) => Err(Error::analysis(format!(
            "Duplicated alias name: {name}; give each table and view a name of its own"
        ))),
        None => Ok(()),
    }
}

/// The tables of a RESTORE's ON list, or the materialized views; `None` when it asks for all of them.
fn restore_tables(objects: &[SnapshotObject], kind: ObjectKind) -> Result<Option<Vec<TableSelection>>> {
    let listed = match kind {
        ObjectKind::MaterializedView => listed_materialized_views(objects)?,
        _ => listed_tables(objects)?,
    };
    let mut names = HashSet::new();
    for (name, ..) in &listed {
        if !names.insert(name.clone()) {
            return Err(duplicated(name));
        }
    }
    let mut selected = Vec::new();
    for (name, choice, alias) in listed {
        let alias = alias.map(parse_table).transpose()?;
        if let Some(alias) = alias.as_ref().filter(|alias| **alias != name)
            && !names.insert(alias.clone())
        {
            return Err(Error::analysis(format!(
                "Duplicated alias name: {alias}; give each table a name of its own"
            )));
        }
        let partitions = choice.map(partition_names).transpose()?;
        selected.push(TableSelection { table: name, partitions, alias });
    }
    if objects.contains(&SnapshotObject::All(kind)) {
        if selected.is_empty() {
            return Ok(None);
        }
        return Err(Error::not_supported(format_args!("ALL {kind}S beside single ones in RESTORE")));
    }
    Ok(Some(selected))
}

/// A table of an ON list, with its partitions and its alias.
type ListedTable<'s> = (TableName, Option<&'s PartitionChoice>, Option<&'s Ident>);

/// The tables of an ON list, in order; its other objects are refused, or are all of none.
fn listed_tables(objects: &[SnapshotObject]) -> Result<Vec<ListedTable<'_>>> {
    let mut tables = Vec::new();
    for object in objects {
        match object {
            SnapshotObject::Named { kind: ObjectKind::Table, name, partitions, alias } => {
                tables.push((parse_table(&name.name)?, partitions.as_ref(), alias.as_ref()));
            }
            // A database has none of the kinds that are not tables or views, so ALL of them is nothing.
            SnapshotObject::Named { kind: ObjectKind::View | ObjectKind::MaterializedView, .. }
            | SnapshotObject::All(_) => {}
            SnapshotObject::Named { kind, name, .. } => {
                return Err(Error::not_supported(format_args!("{kind} {name}: a snapshot of {kind}S")));
            }
        }
    }
    Ok(tables)
}

/// The materialized views of an ON list, in order.
fn listed_materialized_views(objects: &[SnapshotObject]) -> Result<Vec<ListedTable<'_>>> {
    let views = objects.iter().filter_map(|object| match object {
        SnapshotObject::Named { kind: ObjectKind::MaterializedView, name, alias, .. } => Some((name, alias)),
        _ => None,
    });
    views.map(|(name, alias)| Ok((parse_table(&name.name)?, None, alias.as_ref()))).collect()
}

fn partition_names(choice: &PartitionChoice) -> Result<Vec<PartitionName>> {
    match choice {
        PartitionChoice::Names { temporary: true, .. } => Err(Error::not_supported("TEMPORARY PARTITION")),
        PartitionChoice::Keys(_) => Err(Error::not_supported("naming a partition by its key values")),
        PartitionChoice::Names { names, .. } => {
            let mut seen = Vec::new();
            for name in names {
                let name = analysed(PartitionName::parse(&name.value))?;
                if seen.contains(&name) {
                    return Err(Error::analysis(format!("partition '{name}' is named twice")));
                }
                seen.push(name);
            }
            Ok(seen)
        }
    }
}

fn duplicated(table: &TableName) -> Error {
    Error::analysis(format!("Duplicated table: {table}; name it once, with all of its partitions"))
}

pub(super) fn label(label: &Ident) -> Result<SnapshotLabel> {
    analysed(SnapshotLabel::parse(&label.value))
}

pub(super) fn cancel(
    statement: &CancelStatement,
    scope: &Scope<'_>,
) -> Result<(Option<DatabaseName>, JobKind)> {
    let kind = match statement.kind {
        crate::ast::JobKind::Backup => JobKind::Backup,
        crate::ast::JobKind::Restore => JobKind::Restore,
    };
    match &statement.target {
        CancelTarget::ExternalCatalog => Ok((None, kind)),
        CancelTarget::Database(name) => {
            let name = parse_database(name)?;
            // A restore makes its database when it ends: until then only its job knows the name.
            if !scope.view.jobs().any(|job| job.database.as_ref() == Some(&name)) {
                scope.database(&name)?;
            }
            Ok((Some(name), kind))
        }
    }
}

pub(super) fn show_snapshot(
    statement: &ShowSnapshotStatement,
    scope: &Scope<'_>,
) -> Result<(RepositoryName, SnapshotChoice)> {
    let repository = scope.repository(&statement.repository)?.name.clone();
    let choice = match &statement.filter {
        SnapshotFilter::All => SnapshotChoice::All,
        SnapshotFilter::Labels(labels) => SnapshotChoice::Labels(labels.clone()),
        SnapshotFilter::Label { label, timestamp: None } => SnapshotChoice::Labels(vec![label.clone()]),
        SnapshotFilter::Label { label, timestamp: Some(timestamp) } => {
            analysed(SnapshotTimestamp::parse(timestamp))?;
            SnapshotChoice::One { label: label.clone(), timestamp: timestamp.clone() }
        }
        SnapshotFilter::Other(condition) => {
            return Err(Error::analysis(format!(
                "cannot show snapshots WHERE {condition}: Where clause should looks like: SNAPSHOT = \"your_snapshot_name\" \
                 [AND TIMESTAMP = \"2018-04-18-19-19-10\"], or SNAPSHOT IN (\"snapshot_1\", \"snapshot_2\")"
            )));
        }
    };
    Ok((repository, choice))
}
