//! Changes of what a table is: its name and its definition. Its partitions, rows and files stay.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_format::{
    ColumnBounds, ColumnType, DatabaseName, FieldId, PartitionName, Partitioning, RollupId, TableDefinition,
    TableName, Value,
};

use redb::ReadableTable;

use super::change::{Change, require};
use super::record::{self, RowsetV1, TableV1};
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

    /// Gives a table another definition of the same name. Rollups that it has not now lose their rows, those that are new
    /// have none yet.
    pub(crate) fn redefine_table(
        &mut self,
        database: &DatabaseName,
        definition: TableDefinition,
    ) -> Result<()> {
        definition.check()?;
        let name = definition.name.clone();
        let table = Arc::clone(self.view().require_database(database)?.require_table(&name)?);
        if becomes_double(&table.definition, &definition) {
            self.respell_bounds(&table, &definition)?;
        }
        let is_altered = table.definition.columns != definition.columns
            || table.definition.indexes != definition.indexes
            || table.definition.sort_key != definition.sort_key;
        let mut changed = with_definition(&table, definition)?;
        if is_altered {
            changed.times.altered = Some((self.version(), self.now_ms()));
        }
        self.put_table(database, &name, changed)?;
        self.change_rollups(database, &name, &table)
    }

    /// Exchanges the names of two tables.
    pub(crate) fn swap_tables(
        &mut self,
        database: &DatabaseName,
        a: &TableName,
        b: &TableName,
    ) -> Result<()> {
        let (first, second) = swapped(self.view().require_database(database)?, a, b)?;
        self.put_table(database, a, first)?;
        // The first has the second's name by now; what stands under it is not taken away.
        let displaced = self.database_mut(database)?.tables.remove(b);
        self.put_table(database, b, second)?;
        if let Some(displaced) = displaced {
            self.database_mut(database)?.tables.insert(b.clone(), displaced);
        }
        Ok(())
    }

    /// Writes the bounds of a FLOAT column that becomes a DOUBLE as texts of that: the shortest text of a float means
    /// another double.
    fn respell_bounds(&mut self, table: &Table, definition: &TableDefinition) -> Result<()> {
        let mut records = self.txn().open_table(tables::ROWSETS)?;
        let partitions = self.txn().open_table(tables::PARTITIONS)?;
        // Also those that are temporary, and those that were dropped and can be recovered.
        for entry in partitions.range((table.id.get(), 0)..=(table.id.get(), u64::MAX))? {
            let partition = entry?.0.value().1;
            let rowsets: Vec<_> = records
                .range((partition, 0)..=(partition, u64::MAX))?
                .map(|entry| entry.map(|(key, value)| (key.value(), value.value().to_vec())))
                .collect::<std::result::Result<_, _>>()?;
            for (key, bytes) in rowsets {
                let mut stored: RowsetV1 = record::decode("rowset", &bytes)?;
                for segment in &mut stored.segments {
                    segment.respell_bounds(&table.definition, definition)?;
                }
                records.insert(key, record::encode(&stored)?.as_slice())?;
            }
        }
        Ok(())
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
            if let Some((version, time_ms)) = table.times.altered {
                stored.set_altered(version, time_ms);
            }
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
        let table = renamed(self.require_database(database)?, from, to)?;
        self.with_tables(database, &[from], vec![table])
    }

    /// This view with the names of two tables exchanged.
    pub fn with_tables_swapped(&self, database: &DatabaseName, a: &TableName, b: &TableName) -> Result<Self> {
        let (first, second) = swapped(self.require_database(database)?, a, b)?;
        self.with_tables(database, &[a, b], vec![first, second])
    }

    /// This view with another definition of a table.
    pub fn with_table_redefined(&self, database: &DatabaseName, definition: TableDefinition) -> Result<Self> {
        definition.check()?;
        let name = definition.name.clone();
        self.require_database(database)?.check_colocation(&definition)?;
        let table = with_definition(self.require_database(database)?.require_table(&name)?, definition)?;
        self.with_tables(database, &[&name], vec![table])
    }

    fn with_tables(&self, database: &DatabaseName, gone: &[&TableName], new: Vec<Table>) -> Result<Self> {
        let mut changed = self.require_database(database)?.as_ref().clone();
        changed.tables.retain(|name, _| !gone.contains(&name));
        changed.tables.extend(new.into_iter().map(|table| (table.name().clone(), Arc::new(table))));
        let mut view = self.clone();
        view.databases.insert(database.clone(), Arc::new(changed));
        Ok(view)
    }
}

fn renamed(database: &Database, from: &TableName, to: &TableName) -> Result<Table> {
    let table = database.require_table(from)?;
    if let Some(what) = database.named(to) {
        return Err(Error::already_exists(format!("Table name[{to}] is already used: it is a {what}")));
    }
    if table.definition.rollup(to).is_some() {
        return Err(Error::already_exists(format!(
            "Table name[{to}] is already used: it is a rollup of table '{from}'"
        )));
    }
    named(table, to)
}

/// The two tables, each with the name of the other.
fn swapped(database: &Database, a: &TableName, b: &TableName) -> Result<(Table, Table)> {
    Ok((named(database.require_table(a)?, b)?, named(database.require_table(b)?, a)?))
}

fn named(table: &Table, name: &TableName) -> Result<Table> {
    with_definition(table, TableDefinition { name: name.clone(), ..table.definition.as_ref().clone() })
}

fn becomes_double(from: &TableDefinition, to: &TableDefinition) -> bool {
    from.columns.iter().filter(|column| column.column_type == ColumnType::Float).any(|column| {
        to.column_by_id(column.field_id).is_ok_and(|column| column.column_type == ColumnType::Double)
    })
}

/// The table with another definition. The one partition of an unpartitioned table is named like it, and bounds are
/// values of the types that the columns have now.
pub(super) fn with_definition(table: &Table, definition: TableDefinition) -> Result<Table> {
    let mut table = table.clone();
    let is_unpartitioned = definition.partitioning == Partitioning::Unpartitioned;
    let types = |definition: &TableDefinition| {
        let types = definition.columns.iter().map(|column| (column.field_id, column.column_type.clone()));
        types.collect::<BTreeMap<FieldId, ColumnType>>()
    };
    let (before, after) = (types(&table.definition), types(&definition));
    let bounds_change = before.iter().any(|(id, column_type)| after.get(id) != Some(column_type));
    let has = |id: &RollupId| definition.rollups.iter().any(|rollup| rollup.id == *id);
    for partition in table.partitions.iter_mut().chain(&mut table.temporary_partitions) {
        if !partition.rollups.keys().all(has) {
            Arc::make_mut(partition).rollups.retain(|id, _| has(id));
        }
        if is_unpartitioned {
            Arc::make_mut(partition).definition.name = PartitionName::parse(definition.name.as_str())?;
        }
        if bounds_change {
            for tablet in &mut Arc::make_mut(partition).tablets {
                for rowset in &mut tablet.rowsets {
                    for segment in &mut Arc::make_mut(rowset).segments {
                        let bounds = std::mem::take(&mut segment.bounds).into_iter();
                        segment.bounds = bounds.filter_map(|b| widened(b, &before, &after)).collect();
                    }
                }
            }
        }
    }
    table.definition = Arc::new(definition);
    Ok(table)
}

/// Bounds as values of the column's new type; `None` when the column is gone.
fn widened(
    bounds: ColumnBounds,
    before: &BTreeMap<FieldId, ColumnType>,
    after: &BTreeMap<FieldId, ColumnType>,
) -> Option<ColumnBounds> {
    let (from, to) = (before.get(&bounds.field_id)?, after.get(&bounds.field_id)?);
    let value = |value: Option<Value>| value.and_then(|value| value.widened(from, to));
    Some(ColumnBounds { lower: value(bounds.lower), upper: value(bounds.upper), ..bounds })
}
