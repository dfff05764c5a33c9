//! Changes of what a table is: its name and its definition. Its partitions, rows and files stay.

use std::sync::Arc;

use cairn_format::{DatabaseName, PartitionName, Partitioning, TableDefinition, TableName};

use redb::ReadableTable;

use super::change::{Change, require};
use super::record::{self, TableV1};
use super::tables;
use super::view::{CatalogView, Database, Table};
use crate::error::{Error, Result};

impl Change<'_> {
    /// Gives a table another name, which no other has.
    pub(crate) fn rename_table(
        &mut self,
        database: &DatabaseName,
        from: &TableName,
        to: &TableName,
    ) -> Result<()> {
        let renamed = renamed(self.view().require_database(database)?, from, to)?;
        self.put_table(database, from, renamed)
    }

    /// Lets the `AUTO_INCREMENT` column of a table go on at `next`, or where it is when that is further on.
    pub(crate) fn raise_auto_increment(
        &mut self,
        database: &DatabaseName,
        name: &TableName,
        next: i64,
    ) -> Result<()> {
        let table = self.table_mut(database, name)?;
        if next <= table.next_auto_increment {
            return Ok(());
        }
        table.next_auto_increment = next;
        let id = table.id.get();
        let mut records = self.txn().open_table(tables::TABLES)?;
        let mut stored: TableV1 = require(records.get(id)?, "table")?;
        stored.set_next_auto_increment(next);
        records.insert(id, record::encode(&stored)?.as_slice())?;
        Ok(())
    }

    /// Puts a table in the place of the one named `from`: the same one, with another definition.
    fn put_table(&mut self, database: &DatabaseName, from: &TableName, table: Table) -> Result<()> {
        let (version, pinned) = (self.version(), self.view().oldest_pinned_version());
        let id = table.id.get();
        {
            let mut records = self.txn().open_table(tables::TABLES)?;
            let mut stored: TableV1 = require(records.get(id)?, "table")?;
            stored.redefine(&table.definition, version, pinned);
            records.insert(id, record::encode(&stored)?.as_slice())?;
        }
        let tables = &mut self.database_mut(database)?.tables;
        tables.remove(from);
        tables.insert(table.name().clone(), Arc::new(table));
        Ok(())
    }
}

impl CatalogView {
    /// This view with a table under another name.
    pub fn with_table_renamed(
        &self,
        database: &DatabaseName,
        from: &TableName,
        to: &TableName,
    ) -> Result<Self> {
        let owner = self.require_database(database)?;
        let table = renamed(owner, from, to)?;
        let mut changed = owner.as_ref().clone();
        changed.tables.remove(from);
        changed.tables.insert(to.clone(), Arc::new(table));
        let mut view = self.clone();
        view.databases.insert(database.clone(), Arc::new(changed));
        Ok(view)
    }
}

fn renamed(database: &Database, from: &TableName, to: &TableName) -> Result<Table> {
    let table = database.require_table(from)?;
    if database.table(to).is_some() {
        return Err(Error::already_exists(format!("Table name[{to}] is already used")));
    }
    let definition = TableDefinition { name: to.clone(), ..table.definition.as_ref().clone() };
    with_definition(table, definition)
}

/// The table with another definition. The one partition of an unpartitioned table is named like it.
fn with_definition(table: &Table, definition: TableDefinition) -> Result<Table> {
    let mut table = table.clone();
    if definition.partitioning == Partitioning::Unpartitioned {
        for partition in &mut table.partitions {
            Arc::make_mut(partition).definition.name = PartitionName::parse(definition.name.as_str())?;
        }
    }
    table.definition = Arc::new(definition);
    Ok(table)
}
