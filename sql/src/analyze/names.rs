//! From names as they were written to what the catalog knows.

use std::sync::Arc;

use cairn_engine::{CatalogView, Database, RepositoryEntry, Table, View};
use cairn_format::{CatalogName, DatabaseName, PartitionName, RepositoryName, TableName};

use crate::ast;
use crate::error::{Error, Result};
use crate::system::{INFORMATION_SCHEMA, SystemTable, is_information_schema};

/// The one catalog that holds databases.
pub(crate) const CATALOG: &str = "default_catalog";

/// What names are looked up in.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) view: &'a CatalogView,
    pub(crate) current: Option<&'a DatabaseName>,
}

/// A table's full name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TablePath {
    pub(crate) database: DatabaseName,
    pub(crate) table: TableName,
}

impl Scope<'_> {
    /// The session's database, which must still be there.
    pub(crate) fn current_database(&self) -> Result<DatabaseName> {
        let name = self.current.ok_or_else(no_database)?.clone();
        self.database(&name)?;
        Ok(name)
    }

    pub(crate) fn database(&self, name: &DatabaseName) -> Result<&Arc<Database>> {
        self.view.require_database(name).map_err(|e| Error::from(e).while_analysing())
    }

    /// A known database, or the session's.
    pub(crate) fn database_or_current(&self, name: Option<&ast::Ident>) -> Result<DatabaseName> {
        match name {
            Some(name) => {
                let name = parse_database(name)?;
                self.database(&name)?;
                Ok(name)
            }
            None => self.current_database(),
        }
    }

    /// Refuses a catalog that is not the store's own.
    pub(crate) fn check_catalog(&self, catalog: Option<&ast::Ident>) -> Result<()> {
        let external = catalog
            .and_then(|name| CatalogName::parse(&name.value).ok())
            .and_then(|name| self.view.external_catalog(&name));
        match external {
            Some(entry) => Err(Error::analysis(format!(
                "catalog '{}' is external: its definition is kept and backed up here, and nothing is read through it",
                entry.definition.name
            ))),
            None => check_catalog(catalog),
        }
    }

    /// The table that `name` means; its database is known, the table itself may not be.
    pub(crate) fn table_path(&self, name: &ast::ObjectName) -> Result<TablePath> {
        self.check_catalog(name.catalog.as_ref())?;
        let database = self.database_or_current(name.database.as_ref())?;
        Ok(TablePath { database, table: parse_table(&name.name)? })
    }

    /// The table of `information_schema` that `name` means; `None` when it means another database's.
    pub(crate) fn system_table(&self, name: &ast::ObjectName) -> Result<Option<SystemTable>> {
        self.check_catalog(name.catalog.as_ref())?;
        let database = match &name.database {
            Some(database) => Some(database.value.as_str()),
            None => self.current.map(DatabaseName::as_str),
        };
        if !database.is_some_and(is_information_schema) {
            return Ok(None);
        }
        SystemTable::find(&name.name.value).map(Some).ok_or_else(|| unknown_system_table(&name.name.value))
    }

    /// A known view.
    pub(crate) fn view_of(&self, path: &TablePath) -> Result<&Arc<View>> {
        let database = self.database(&path.database)?;
        if database.table(&path.table).is_some() {
            return Err(Error::analysis(format!(
                "'{}.{}' is not VIEW: it is a table",
                path.database, path.table
            )));
        }
        database.require_view(&path.table).map_err(|e| Error::from(e).while_analysing())
    }

    /// The view of this name, when there is one.
    pub(crate) fn view_if_known(&self, path: &TablePath) -> Option<&Arc<View>> {
        self.view.database(&path.database)?.view(&path.table)
    }

    /// A known table.
    pub(crate) fn table(&self, path: &TablePath) -> Result<&Arc<Table>> {
        if self.view_if_known(path).is_some() {
            return Err(Error::analysis(format!(
                "'{}.{}' is a view and not a table: it can be read, and changed with ALTER VIEW and DROP VIEW",
                path.database, path.table
            )));
        }
        self.database(&path.database)?
            .require_table(&path.table)
            .map_err(|e| Error::from(e).while_analysing())
    }

    /// A known table, or else the rows of the one rollup of that name.
    pub(crate) fn readable(&self, path: &TablePath) -> Result<Arc<Table>> {
        let database = self.database(&path.database)?;
        match readable(database, &path.table) {
            Some(table) => Ok(table),
            None => self.table(path).cloned(),
        }
    }

    /// A known repository.
    pub(crate) fn repository(&self, name: &ast::Ident) -> Result<&Arc<RepositoryEntry>> {
        let name = parse_repository(name)?;
        self.view.require_repository(&name).map_err(|e| Error::from(e).while_analysing())
    }
}

/// What a query reads under a name: a table, or else the rows of a rollup, when only one table has one of that name.
pub(crate) fn readable(database: &Database, name: &TableName) -> Option<Arc<Table>> {
    if let Some(table) = database.table(name) {
        return Some(Arc::clone(table));
    }
    let mut rollups = database.rollups(name);
    let (table, rollup) = rollups.next()?;
    rollups.next().is_none().then(|| Arc::new(table.of_rollup(rollup)))
}

/// The database that `name` means, known or not.
pub(crate) fn database_name(name: &ast::DatabaseName) -> Result<DatabaseName> {
    check_catalog(name.catalog.as_ref())?;
    parse_database(&name.name)
}

/// `information_schema` has no such table.
pub(crate) fn unknown_system_table(name: &str) -> Error {
    let tables = SystemTable::ALL.map(SystemTable::name).join(", ");
    Error::analysis(format!("unknown table '{INFORMATION_SCHEMA}.{name}': its tables are {tables}"))
}

/// Refuses to change `information_schema`.
pub(crate) fn refuse_information_schema(name: &DatabaseName) -> Result<()> {
    if is_information_schema(name.as_str()) {
        return Err(Error::analysis(format!(
            "database '{INFORMATION_SCHEMA}' is the system's: nothing can be made, dropped or restored there"
        )));
    }
    Ok(())
}

pub(crate) fn no_database() -> Error {
    Error::analysis("No database selected: write USE db first, or db.table")
}

pub(crate) fn check_catalog(catalog: Option<&ast::Ident>) -> Result<()> {
    match catalog {
        Some(catalog) if catalog.value != CATALOG => {
            Err(Error::analysis(format!("unknown catalog '{}': only {CATALOG} exists here", catalog.value)))
        }
        _ => Ok(()),
    }
}

pub(crate) fn parse_database(name: &ast::Ident) -> Result<DatabaseName> {
    analysed(DatabaseName::parse(&name.value))
}

pub(crate) fn parse_table(name: &ast::Ident) -> Result<TableName> {
    analysed(TableName::parse(&name.value))
}

pub(crate) fn parse_repository(name: &ast::Ident) -> Result<RepositoryName> {
    analysed(RepositoryName::parse(&name.value))
}

/// A rule of the format crate that a statement breaks is an analysis error.
pub(crate) fn analysed<T>(checked: cairn_format::Result<T>) -> Result<T> {
    checked.map_err(|e| Error::from(e).while_analysing())
}

/// The partitions that a statement names, by the names that the table has for them.
pub(crate) fn partitions(table: &Table, choice: &ast::PartitionChoice) -> Result<Vec<PartitionName>> {
    let names = match choice {
        ast::PartitionChoice::Names { temporary: true, .. } => {
            return Err(Error::not_supported("TEMPORARY PARTITION"));
        }
        ast::PartitionChoice::Keys(_) => {
            return Err(Error::not_supported("naming a partition by its key values"));
        }
        ast::PartitionChoice::Names { names, .. } => names,
    };
    let mut found: Vec<PartitionName> = Vec::new();
    for name in names {
        let partition = table.require_partition(&name.value).map_err(|e| Error::from(e).while_analysing())?;
        if found.contains(&partition.definition.name) {
            return Err(Error::analysis(format!(
                "partition '{}' of table '{}' is named twice",
                name.value,
                table.name()
            )));
        }
        found.push(partition.definition.name.clone());
    }
    Ok(found)
}
