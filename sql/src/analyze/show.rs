//! The SHOW statements and DESC.

use cairn_engine::{JobKind, PartitionKind};
use cairn_format::{DatabaseName, PartitionName};

use super::names::{Scope, TablePath, database_name, parse_database, partitions};
use super::{Request, async_view, materialized_view, snapshot, view};
use crate::ast::{self, AlterationKind, ObjectName, PartitionChoice, ShowPredicates, ShowWhat, Statement};
use crate::error::{Error, Result};
use crate::system::{SystemTable, is_information_schema};

/// Rows to be shown, and which of them.
#[derive(Debug)]
pub(crate) struct Show<'s> {
    pub(crate) what: Shown,
    pub(crate) predicates: &'s ShowPredicates,
    /// The statement's words, for what is said of its conditions.
    pub(crate) words: String,
}

/// What is shown, its names looked up.
#[derive(Debug)]
pub(crate) enum Shown {
    Catalogs,
    Databases,
    Tables { full: bool, database: DatabaseName },
    SystemTables { full: bool },
    TableStatus(DatabaseName),
    Columns { full: bool, table: TablePath },
    ViewColumns { full: bool, view: TablePath },
    SystemColumns { full: bool, table: SystemTable },
    Indexes(TablePath),
    Partitions(TablePath, PartitionKind),
    Tablets(TablePath, Option<Vec<PartitionName>>),
    DataOfDatabase(DatabaseName),
    DataOfTable(TablePath),
    Alterations(DatabaseName, AlterationKind),
    MaterializedViews(DatabaseName),
    Roles,
    Users,
    Repositories,
    Jobs(JobKind, Option<DatabaseName>),
}

pub(super) fn show<'s>(statement: &'s Statement, scope: &Scope<'_>) -> Result<Request<'s>> {
    Ok(match statement {
        Statement::Show(statement) => Request::Show(Box::new(Show {
            what: shown(&statement.what, scope)?,
            predicates: &statement.predicates,
            words: format!("SHOW {}", statement.what.words()),
        })),
        Statement::ShowTablet(id) => Request::ShowTablet(*id),
        Statement::ShowCreateView(name) => Request::ShowCreateView(view::known_view(name, scope)?),
        Statement::ShowCreateTable(name) if is_view(name, scope) => {
            Request::ShowCreateView(view::known_view(name, scope)?)
        }
        Statement::ShowCreateTable(name) => Request::ShowCreateTable(known_table(name, scope)?),
        Statement::Describe(name) => match scope.system_table(name)? {
            Some(table) => Request::DescribeSystemTable(table),
            None if is_view(name, scope) => Request::DescribeView(view::known_view(name, scope)?),
            None => Request::Describe(known_table(name, scope)?),
        },
        Statement::DescribeAll(name) => Request::DescribeAll(known_table(name, scope)?),
        Statement::ShowCreateMaterializedView(name) if async_view::find(name, scope)?.is_some() => {
            Request::ShowCreateAsynchronous(async_view::require(name, scope)?.0)
        }
        Statement::ShowCreateMaterializedView(name) => {
            let (path, _, rollup) = materialized_view::find(name, scope)?;
            Request::ShowCreateMaterializedView(path, rollup.name.clone())
        }
        Statement::ShowCreateDatabase(name) => {
            let name = database_name(name)?;
            scope.database(&name)?;
            Request::ShowCreateDatabase(name)
        }
        Statement::ShowSnapshot(statement) => {
            let (repository, choice) = snapshot::show_snapshot(statement, scope)?;
            Request::ShowSnapshot(repository, choice)
        }
        other => return Err(Error::not_supported(other)),
    })
}

fn is_view(name: &ObjectName, scope: &Scope<'_>) -> bool {
    scope.table_path(name).is_ok_and(|path| scope.view_if_known(&path).is_some())
}

fn known_table(name: &ObjectName, scope: &Scope<'_>) -> Result<TablePath> {
    let path = scope.table_path(name)?;
    scope.table(&path)?;
    Ok(path)
}

/// The database that is named, or the session's; `None` when it is `information_schema`.
fn database(named: Option<&ast::DatabaseName>, scope: &Scope<'_>) -> Result<Option<DatabaseName>> {
    let named = named.map(database_name).transpose()?;
    if named.as_ref().or(scope.current).is_some_and(|name| is_information_schema(name.as_str())) {
        return Ok(None);
    }
    match named {
        Some(name) => {
            scope.database(&name)?;
            Ok(Some(name))
        }
        None => scope.current_database().map(Some),
    }
}

/// The database that is named, or the session's, which holds tables.
fn own_database(named: Option<&ast::DatabaseName>, scope: &Scope<'_>) -> Result<DatabaseName> {
    database(named, scope)?.ok_or_else(|| {
        Error::analysis("information_schema has nothing of its own here; name another database")
    })
}

fn shown(what: &ShowWhat, scope: &Scope<'_>) -> Result<Shown> {
    let own = |named: Option<&ast::DatabaseName>| own_database(named, scope);
    Ok(match what {
        ShowWhat::Catalogs => Shown::Catalogs,
        ShowWhat::Databases => Shown::Databases,
        ShowWhat::Tables { full, database: named } => match database(named.as_ref(), scope)? {
            Some(database) => Shown::Tables { full: *full, database },
            None => Shown::SystemTables { full: *full },
        },
        ShowWhat::TableStatus(named) => Shown::TableStatus(own(named.as_ref())?),
        ShowWhat::Columns { full, table } => match scope.system_table(table)? {
            Some(table) => Shown::SystemColumns { full: *full, table },
            None if is_view(table, scope) => {
                Shown::ViewColumns { full: *full, view: view::known_view(table, scope)? }
            }
            None => Shown::Columns { full: *full, table: known_table(table, scope)? },
        },
        ShowWhat::Index(table) => Shown::Indexes(known_table(table, scope)?),
        ShowWhat::Partitions { temporary, table } => {
            let kind = if *temporary { PartitionKind::Temporary } else { PartitionKind::Formal };
            Shown::Partitions(known_table(table, scope)?, kind)
        }
        ShowWhat::Tablets { table, partitions: choice } => tablets(table, choice.as_ref(), scope)?,
        ShowWhat::Data(None) => Shown::DataOfDatabase(own(None)?),
        ShowWhat::Data(Some(table)) => Shown::DataOfTable(known_table(table, scope)?),
        ShowWhat::Alterations { kind, database: named } => Shown::Alterations(own(named.as_ref())?, *kind),
        ShowWhat::MaterializedViews(named) => Shown::MaterializedViews(own(named.as_ref())?),
        ShowWhat::Roles => Shown::Roles,
        ShowWhat::Users => Shown::Users,
        ShowWhat::Repositories => Shown::Repositories,
        ShowWhat::Jobs { kind, database } => jobs(*kind, database.as_ref(), scope)?,
    })
}

fn tablets(name: &ObjectName, choice: Option<&PartitionChoice>, scope: &Scope<'_>) -> Result<Shown> {
    let path = scope.table_path(name)?;
    let table = scope.table(&path)?;
    let only = choice.map(|choice| partitions(table, choice)).transpose()?;
    Ok(Shown::Tablets(path, only))
}

fn jobs(kind: ast::JobKind, named: Option<&ast::Ident>, scope: &Scope<'_>) -> Result<Shown> {
    let kind = match kind {
        ast::JobKind::Backup => JobKind::Backup,
        ast::JobKind::Restore => JobKind::Restore,
    };
    let Some(name) = named else { return Ok(Shown::Jobs(kind, None)) };
    let name = parse_database(name)?;
    // A restore makes its database when it ends: until then only its job knows the name.
    if !scope.view.jobs().any(|job| job.database.as_ref() == Some(&name)) {
        scope.database(&name)?;
    }
    Ok(Shown::Jobs(kind, Some(name)))
}
