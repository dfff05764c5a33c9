//! From statements to requests that name nothing unknown and break no rule.
//!
//! Analysis reads a catalog view and changes nothing, so that scripts can be checked without running them. What
//! StarRocks rejects while it analyses is rejected here, with its words; what depends on a repository's contents or
//! on running jobs is rejected when the request runs. Queries are analysed further by [`crate::query`].

mod access;
mod alter_table;
mod async_view;
mod create_table;
mod external_catalog;
mod index;
mod insert;
mod materialized_view;
mod names;
mod partition;
mod properties;
mod repository;
mod rollup;
mod rows;
mod show;
mod snapshot;
mod view;

use std::collections::BTreeMap;

use cairn_engine::{CatalogRestoreRequest, DropMode, JobKind, NewRepository, RestoreRequest};
use cairn_format::{
    CatalogName, DatabaseName, ExternalCatalog, PartitionDefinition, PartitionName, RepositoryName,
    SnapshotLabel, TableDefinition, TableName,
};

pub(crate) use access::AccessRequest;
pub(crate) use alter_table::{Redefinition, TableAlteration};
pub(crate) use async_view::{NewMaterializedView, QueryColumn, ViewChange};
pub(crate) use insert::{Insert, RefreshStart};
pub(crate) use names::{
    CATALOG, Scope, TablePath, no_database, parse_database, parse_table, readable, unknown_system_table,
};
pub(crate) use partition::PartitionAlteration;
pub(crate) use repository::{Pruning, Verification};
pub(crate) use rows::Delete;
pub(crate) use show::{Show, Shown};
pub(crate) use snapshot::{Backup, CatalogBackup, SnapshotChoice};
pub(crate) use view::{NamedColumn, NewView, ViewMode};

use crate::ast::{
    CreateTableStatement, DropMaterializedViewStatement, ExplainLevel, QueryText, RecoverStatement,
    Statement, TruncateTableStatement,
};
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::system::{SystemTable, is_information_schema};
use names::{database_name, partitions, refuse_information_schema};

/// What a statement asks for, its names looked up.
#[derive(Debug)]
pub(crate) enum Request<'s> {
    CreateDatabase(DatabaseName),
    DropDatabase(DatabaseName, DropMode),
    Use(DatabaseName),
    CreateTable(Box<NewTable>),
    AlterTable(TablePath, TableAlteration),
    /// The table gets a rollup.
    CreateRollup(TablePath, Box<Redefinition>),
    CreateMaterializedView(Box<NewMaterializedView>),
    AlterMaterializedView(TablePath, ViewChange),
    RenameMaterializedView(TablePath, TableName),
    RefreshMaterializedView(TablePath),
    DropMaterializedView(TablePath),
    /// Of an asynchronous one.
    ShowCreateAsynchronous(TablePath),
    DropTable(TablePath, DropMode),
    Recover(Recovery),
    Truncate(TablePath, Option<Vec<PartitionName>>),
    /// Also an UPDATE, whose rows are a query's.
    Insert(Box<Insert<'s>>),
    Delete(Box<Delete>),
    Query(&'s QueryText),
    Explain(ExplainLevel, &'s QueryText),
    Show(Box<Show<'s>>),
    ShowTablet(u64),
    DescribeSystemTable(SystemTable),
    ShowCreateTable(TablePath),
    ShowCreateDatabase(DatabaseName),
    Describe(TablePath),
    DescribeAll(TablePath),
    ShowCreateMaterializedView(TablePath, TableName),
    CreateRepository(NewRepository),
    AlterRepository(RepositoryName, BTreeMap<String, String>),
    DropRepository(RepositoryName),
    CheckRepository(RepositoryName),
    Verify(Box<Verification>),
    Prune(Box<Pruning>),
    DropSnapshot {
        repository: RepositoryName,
        label: SnapshotLabel,
    },
    Backup(Box<Backup>),
    Restore(Box<RestoreRequest>),
    ExplainBackup(Box<Backup>),
    ExplainRestore(Box<RestoreRequest>),
    CatalogBackup(Box<CatalogBackup>),
    CatalogRestore(Box<CatalogRestoreRequest>),
    ExplainCatalogBackup(Box<CatalogBackup>),
    ExplainCatalogRestore(Box<CatalogRestoreRequest>),
    /// Of a database, or of external catalogs.
    Cancel(Option<DatabaseName>, JobKind),
    ShowSnapshot(RepositoryName, SnapshotChoice),
    CreateView(Box<NewView>),
    DropView(TablePath),
    ShowCreateView(TablePath),
    DescribeView(TablePath),
    CreateCatalog(Box<ExternalCatalog>),
    AlterCatalog(CatalogName, BTreeMap<String, String>),
    DropCatalog(CatalogName),
    ShowCreateCatalog(CatalogName),
    Access(Box<AccessRequest>),
    /// `IF EXISTS` or `IF NOT EXISTS` leaves nothing to do.
    Nothing,
}

/// What is brought back, of which only that its place is known has been checked.
#[derive(Debug)]
pub(crate) enum Recovery {
    Database(DatabaseName),
    Table(TablePath),
    Partition(TablePath, PartitionName),
}

/// A table to be made.
#[derive(Debug)]
pub(crate) struct NewTable {
    pub(crate) database: DatabaseName,
    pub(crate) definition: TableDefinition,
    pub(crate) partitions: Vec<PartitionDefinition>,
}

/// Analyses a statement.
pub(crate) fn analyze<'s>(
    statement: &'s Statement,
    scope: &Scope<'_>,
    identity: &Identity,
) -> Result<Request<'s>> {
    let request = analyzed(statement, scope, identity)?;
    async_view::refuse(&request, scope)?;
    Ok(request)
}

fn analyzed<'s>(statement: &'s Statement, scope: &Scope<'_>, identity: &Identity) -> Result<Request<'s>> {
    Ok(match statement {
        Statement::CreateDatabase(_) | Statement::DropDatabase(_) | Statement::Use(_) => {
            database(statement, scope)?
        }
        Statement::CreateTable(statement) => create_table(statement, scope)?,
        Statement::AlterTable(statement) => {
            let (path, alteration) = alter_table::alter_table(statement, scope)?;
            Request::AlterTable(path, alteration)
        }
        Statement::CreateIndex(statement) => {
            alter_table::redefine(&statement.table, scope, |table| index::add(table, &statement.index))?
        }
        Statement::DropIndex(statement) => {
            alter_table::redefine(&statement.table, scope, |table| index::drop(table, &statement.name))?
        }
        Statement::DropTable(statement) => {
            let path = scope.table_path(&statement.table)?;
            if statement.if_exists && scope.table(&path).is_err() {
                return Ok(Request::Nothing);
            }
            scope.table(&path)?;
            Request::DropTable(path, drop_mode(statement.force))
        }
        Statement::Recover(statement) => Request::Recover(recovery(statement, scope)?),
        Statement::TruncateTable(statement) => truncate(statement, scope)?,
        Statement::Insert(statement) => Request::Insert(Box::new(insert::insert(statement, scope)?)),
        Statement::Update(statement) => Request::Insert(Box::new(rows::update(statement, scope)?)),
        Statement::Delete(statement) => Request::Delete(Box::new(rows::delete(statement, scope)?)),
        Statement::Query(query) => Request::Query(query),
        Statement::Explain(statement) => Request::Explain(statement.level, &statement.query),
        Statement::CreateRepository(statement) => repository::create(statement, scope)?,
        Statement::CreateMaterializedView(statement) if statement.is_asynchronous() => {
            match async_view::create(statement, scope)? {
                Some(new) => Request::CreateMaterializedView(Box::new(new)),
                None => Request::Nothing,
            }
        }
        Statement::AlterMaterializedView(statement) => async_view::alter(statement, scope)?,
        Statement::RefreshMaterializedView(statement) => {
            Request::RefreshMaterializedView(async_view::require(&statement.name, scope)?.0)
        }
        Statement::CreateMaterializedView(statement) => match materialized_view::create(statement, scope)? {
            Some((path, change)) => Request::CreateRollup(path, Box::new(change)),
            None => Request::Nothing,
        },
        Statement::DropMaterializedView(statement) => drop_materialized_view(statement, scope)?,
        Statement::AlterRepository(statement) => repository::alter(statement, scope)?,
        Statement::DropRepository(statement) => {
            Request::DropRepository(scope.repository(&statement.name)?.name.clone())
        }
        Statement::CheckRepository(statement) => {
            Request::CheckRepository(scope.repository(&statement.name)?.name.clone())
        }
        Statement::Verify(statement) => Request::Verify(Box::new(repository::verify(statement, scope)?)),
        Statement::PruneRepository(statement) => {
            Request::Prune(Box::new(repository::prune(statement, scope)?))
        }
        Statement::Backup(_)
        | Statement::Restore(_)
        | Statement::ExplainBackup(_)
        | Statement::ExplainRestore(_) => job(statement, scope)?,
        Statement::Cancel(statement) => {
            let (database, kind) = snapshot::cancel(statement, scope)?;
            Request::Cancel(database, kind)
        }
        Statement::DropSnapshot(statement) => repository::drop_snapshot(statement, scope)?,
        Statement::CreateView(statement) => match view::create_view(statement, scope)? {
            Some(new) => Request::CreateView(Box::new(new)),
            None => Request::Nothing,
        },
        Statement::AlterView(statement) => Request::CreateView(Box::new(view::alter_view(statement, scope)?)),
        Statement::DropView(statement) => {
            let path = scope.table_path(&statement.name)?;
            if statement.if_exists && scope.view_if_known(&path).is_none() {
                return Ok(Request::Nothing);
            }
            scope.view_of(&path)?;
            Request::DropView(path)
        }
        Statement::ShowCreateView(name) => Request::ShowCreateView(view::known_view(name, scope)?),
        Statement::CreateCatalog(statement) => external_catalog::create(statement, scope)?,
        Statement::AlterCatalog(statement) => external_catalog::alter(statement, scope)?,
        Statement::DropCatalog(statement) => external_catalog::drop(statement, scope)?,
        Statement::ShowCreateCatalog(name) => {
            Request::ShowCreateCatalog(external_catalog::known(name, scope)?.definition.name.clone())
        }
        Statement::Access(statement) => {
            Request::Access(Box::new(access::access(statement, scope, identity)?))
        }
        shows => show::show(shows, scope)?,
    })
}

fn database<'s>(statement: &'s Statement, scope: &Scope<'_>) -> Result<Request<'s>> {
    Ok(match statement {
        Statement::CreateDatabase(statement) => {
            let name = database_name(&statement.database)?;
            if statement.if_not_exists && scope.view.database(&name).is_some() {
                return Ok(Request::Nothing);
            }
            refuse_information_schema(&name)?;
            Request::CreateDatabase(name)
        }
        Statement::DropDatabase(statement) => {
            let name = database_name(&statement.database)?;
            if statement.if_exists && scope.view.database(&name).is_none() {
                return Ok(Request::Nothing);
            }
            refuse_information_schema(&name)?;
            scope.database(&name)?;
            Request::DropDatabase(name, drop_mode(statement.force))
        }
        Statement::Use(name) => {
            let name = database_name(name)?;
            if !is_information_schema(name.as_str()) {
                scope.database(&name)?;
            }
            Request::Use(name)
        }
        other => return Err(Error::not_supported(other)),
    })
}

/// A job, or what it would do.
fn job<'s>(statement: &'s Statement, scope: &Scope<'_>) -> Result<Request<'s>> {
    Ok(match statement {
        Statement::Backup(statement) => match &statement.catalogs {
            Some(choice) => {
                Request::CatalogBackup(Box::new(external_catalog::backup(statement, choice, scope)?))
            }
            None => Request::Backup(Box::new(snapshot::backup(statement, scope)?)),
        },
        Statement::Restore(statement) => match &statement.catalogs {
            Some(choice) => Request::CatalogRestore(Box::new(external_catalog::restore(statement, choice)?)),
            None => Request::Restore(Box::new(snapshot::restore(statement, scope)?)),
        },
        Statement::ExplainBackup(statement) => match &statement.catalogs {
            Some(choice) => {
                Request::ExplainCatalogBackup(Box::new(external_catalog::backup(statement, choice, scope)?))
            }
            None => Request::ExplainBackup(Box::new(snapshot::backup(statement, scope)?)),
        },
        Statement::ExplainRestore(statement) => match &statement.catalogs {
            Some(choice) => {
                Request::ExplainCatalogRestore(Box::new(external_catalog::restore(statement, choice)?))
            }
            None => Request::ExplainRestore(Box::new(snapshot::restore(statement, scope)?)),
        },
        other => return Err(Error::not_supported(other)),
    })
}

/// Dropping a synchronous materialized view is to take a rollup from its table.
fn drop_materialized_view<'s>(
    statement: &DropMaterializedViewStatement,
    scope: &Scope<'_>,
) -> Result<Request<'s>> {
    if let Some((path, ..)) = async_view::find(&statement.name, scope)? {
        return Ok(Request::DropMaterializedView(path));
    }
    let path = scope.table_path(&statement.name)?;
    let is_there = scope.database(&path.database)?.rollups(&path.table).next().is_some();
    if statement.if_exists && !is_there {
        return Ok(Request::Nothing);
    }
    let (path, table, rollup) = materialized_view::find(&statement.name, scope)?;
    let before = table.definition.as_ref().clone();
    let mut after = before.clone();
    after.rollups.retain(|other| other.id != rollup.id);
    let change = TableAlteration::Redefine(Box::new(Redefinition { before, after }));
    Ok(Request::AlterTable(path, change))
}

fn drop_mode(force: bool) -> DropMode {
    if force { DropMode::Force } else { DropMode::Recoverable }
}

fn recovery(statement: &RecoverStatement, scope: &Scope<'_>) -> Result<Recovery> {
    Ok(match statement {
        RecoverStatement::Database(name) => {
            let name = database_name(name)?;
            refuse_information_schema(&name)?;
            Recovery::Database(name)
        }
        RecoverStatement::Table(name) => Recovery::Table(scope.table_path(name)?),
        RecoverStatement::Partition { partition, table } => {
            let path = scope.table_path(table)?;
            scope.table(&path)?;
            let name = PartitionName::parse(&partition.value);
            Recovery::Partition(path, names::analysed(name)?)
        }
    })
}

fn create_table<'s>(statement: &CreateTableStatement, scope: &Scope<'_>) -> Result<Request<'s>> {
    let path = scope.table_path(&statement.name)?;
    if statement.if_not_exists && scope.table(&path).is_ok() {
        return Ok(Request::Nothing);
    }
    let database = scope.database(&path.database)?;
    let (definition, partitions) = create_table::table(statement, &path.table, database)?;
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
