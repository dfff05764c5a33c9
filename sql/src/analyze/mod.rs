//! From statements to requests that name nothing unknown and break no rule.
//!
//! Analysis reads a catalog view and changes nothing, so that scripts can be checked without running them. What
//! StarRocks rejects while it analyses is rejected here, with its words; what depends on a repository's contents or
//! on running jobs is rejected when the request runs. Queries are analysed further by [`crate::query`].

mod create_table;
mod insert;
mod names;
mod properties;
mod snapshot;

use std::collections::BTreeMap;

use cairn_engine::{JobKind, NewRepository, RestoreRequest};
use cairn_format::{DatabaseName, PartitionDefinition, PartitionName, RepositoryName, TableDefinition};

pub(crate) use insert::Insert;
pub(crate) use names::{CATALOG, Scope, TablePath, check_catalog, no_database, parse_database, parse_table};
pub(crate) use snapshot::{Backup, SnapshotChoice};

use cairn_repository::{ErrorKind as RepositoryErrorKind, Location};

use crate::ast::{
    CreateRepositoryStatement, CreateTableStatement, ExplainLevel, QueryText, Statement,
    TruncateTableStatement,
};
use crate::error::{Error, Result};
use names::{database_name, parse_repository, partitions};

/// What a statement asks for, its names looked up.
#[derive(Debug)]
pub(crate) enum Request<'s> {
    CreateDatabase(DatabaseName),
    DropDatabase(DatabaseName),
    Use(DatabaseName),
    CreateTable(Box<NewTable>),
    DropTable(TablePath),
    Truncate(TablePath, Option<Vec<PartitionName>>),
    Insert(Box<Insert<'s>>),
    Query(&'s QueryText),
    Explain(ExplainLevel, &'s QueryText),
    ShowDatabases(Option<&'s str>),
    ShowTables(DatabaseName, Option<&'s str>),
    ShowPartitions(TablePath),
    ShowCreateTable(TablePath),
    ShowCreateDatabase(DatabaseName),
    Describe(TablePath),
    CreateRepository(NewRepository),
    DropRepository(RepositoryName),
    ShowRepositories,
    Backup(Box<Backup>),
    Restore(Box<RestoreRequest>),
    Cancel(DatabaseName, JobKind),
    ShowJobs(JobKind, Option<DatabaseName>),
    ShowSnapshot(RepositoryName, SnapshotChoice),
    /// `IF EXISTS` or `IF NOT EXISTS` leaves nothing to do.
    Nothing,
}

/// A table to be made.
#[derive(Debug)]
pub(crate) struct NewTable {
    pub(crate) database: DatabaseName,
    pub(crate) definition: TableDefinition,
    pub(crate) partitions: Vec<PartitionDefinition>,
}

/// Analyses a statement.
pub(crate) fn analyze<'s>(statement: &'s Statement, scope: &Scope<'_>) -> Result<Request<'s>> {
    Ok(match statement {
        Statement::CreateDatabase(statement) => {
            let name = database_name(&statement.database)?;
            if statement.if_not_exists && scope.view.database(&name).is_some() {
                return Ok(Request::Nothing);
            }
            Request::CreateDatabase(name)
        }
        Statement::DropDatabase(statement) => {
            let name = database_name(&statement.database)?;
            if statement.if_exists && scope.view.database(&name).is_none() {
                return Ok(Request::Nothing);
            }
            scope.database(&name)?;
            Request::DropDatabase(name)
        }
        Statement::Use(name) => {
            let name = database_name(name)?;
            scope.database(&name)?;
            Request::Use(name)
        }
        Statement::CreateTable(statement) => create_table(statement, scope)?,
        Statement::DropTable(statement) => {
            let path = scope.table_path(&statement.table)?;
            if statement.if_exists && scope.table(&path).is_err() {
                return Ok(Request::Nothing);
            }
            scope.table(&path)?;
            Request::DropTable(path)
        }
        Statement::TruncateTable(statement) => truncate(statement, scope)?,
        Statement::Insert(statement) => Request::Insert(Box::new(insert::insert(statement, scope)?)),
        Statement::Query(query) => Request::Query(query),
        Statement::Explain(statement) => Request::Explain(statement.level, &statement.query),
        Statement::CreateRepository(statement) => create_repository(statement)?,
        Statement::DropRepository(statement) => {
            Request::DropRepository(scope.repository(&statement.name)?.name.clone())
        }
        Statement::Backup(statement) => Request::Backup(Box::new(snapshot::backup(statement, scope)?)),
        Statement::Restore(statement) => Request::Restore(Box::new(snapshot::restore(statement, scope)?)),
        Statement::Cancel(statement) => {
            let (database, kind) = snapshot::cancel(statement, scope)?;
            Request::Cancel(database, kind)
        }
        Statement::DropSnapshot(statement) => {
            scope.repository(&statement.repository)?;
            return Err(Error::not_supported("DROP SNAPSHOT"));
        }
        shows => show(shows, scope)?,
    })
}

fn show<'s>(statement: &'s Statement, scope: &Scope<'_>) -> Result<Request<'s>> {
    let known_table = |name| -> Result<TablePath> {
        let path = scope.table_path(name)?;
        scope.table(&path)?;
        Ok(path)
    };
    Ok(match statement {
        Statement::ShowDatabases { like } => Request::ShowDatabases(like.as_deref()),
        Statement::ShowTables { database, like } => {
            let database = match database {
                Some(name) => {
                    let name = database_name(name)?;
                    scope.database(&name)?;
                    name
                }
                None => scope.current_database()?,
            };
            Request::ShowTables(database, like.as_deref())
        }
        Statement::ShowPartitions(name) => Request::ShowPartitions(known_table(name)?),
        Statement::ShowCreateTable(name) => Request::ShowCreateTable(known_table(name)?),
        Statement::Describe(name) => Request::Describe(known_table(name)?),
        Statement::ShowCreateDatabase(name) => {
            let name = database_name(name)?;
            scope.database(&name)?;
            Request::ShowCreateDatabase(name)
        }
        Statement::ShowRepositories => Request::ShowRepositories,
        Statement::ShowJobs(statement) => {
            let kind = match statement.kind {
                crate::ast::JobKind::Backup => JobKind::Backup,
                crate::ast::JobKind::Restore => JobKind::Restore,
            };
            let database = match &statement.database {
                None => None,
                Some(name) => {
                    let name = parse_database(name)?;
                    // A restore makes its database when it ends: until then only its job knows the name.
                    if !scope.view.jobs().any(|job| job.database == name) {
                        scope.database(&name)?;
                    }
                    Some(name)
                }
            };
            Request::ShowJobs(kind, database)
        }
        Statement::ShowSnapshot(statement) => {
            let (repository, choice) = snapshot::show_snapshot(statement, scope)?;
            Request::ShowSnapshot(repository, choice)
        }
        other => return Err(Error::not_supported(other)),
    })
}

fn create_table<'s>(statement: &CreateTableStatement, scope: &Scope<'_>) -> Result<Request<'s>> {
    let path = scope.table_path(&statement.name)?;
    if statement.if_not_exists && scope.table(&path).is_ok() {
        return Ok(Request::Nothing);
    }
    let (definition, partitions) = create_table::table(statement, &path.table)?;
    Ok(Request::CreateTable(Box::new(NewTable { database: path.database, definition, partitions })))
}

fn truncate<'s>(statement: &TruncateTableStatement, scope: &Scope<'_>) -> Result<Request<'s>> {
    let path = scope.table_path(&statement.table)?;
    let table = scope.table(&path)?;
    let only = match &statement.partitions {
        None => None,
        Some(choice) => Some(partitions(table, choice)?),
    };
    Ok(Request::Truncate(path, only))
}

fn create_repository<'s>(statement: &CreateRepositoryStatement) -> Result<Request<'s>> {
    let name = parse_repository(&statement.name)?;
    let location = statement.location.trim().trim_end_matches('/');
    if location.is_empty() {
        return Err(Error::analysis(
            "You must specify a location on the repository, such as \"file:///backups/flights\"",
        ));
    }
    check_scheme(location)?;
    let mut properties = BTreeMap::new();
    for (key, value) in &statement.properties {
        if properties.insert(key.clone(), value.clone()).is_some() {
            return Err(Error::analysis(format!("property \"{key}\" is given twice")));
        }
    }
    if let Some(property) = properties.keys().next() {
        return Err(Error::analysis(format!(
            "unknown property '{property}': a repository in a directory has no properties"
        )));
    }
    Ok(Request::CreateRepository(NewRepository {
        name,
        location: location.to_owned(),
        properties,
        read_only: statement.read_only,
        broker: statement.broker.as_ref().map(|broker| broker.value.clone()),
    }))
}

/// Refuses what is not in a directory of this machine. Paths are left alone: to look at one is work for execution.
fn check_scheme(location: &str) -> Result<()> {
    if !location.contains("://") || location.starts_with("file://") {
        return Ok(());
    }
    match Location::parse(location) {
        Err(error) if error.kind() == RepositoryErrorKind::Unsupported => {
            Err(Error::analysis(error.to_string()).with_source(error))
        }
        _ => Ok(()),
    }
}
