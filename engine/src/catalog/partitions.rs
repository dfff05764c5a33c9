//! Changes of a table's partitions: which there are, and what they are called.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_format::{DatabaseName, PartitionDefinition, PartitionName, TableName};
use redb::ReadableTable;

use super::change::{Change, require};
use super::record::{self, PartitionV1, Versioned};
use super::replacement::Replacement;
use super::tables;
use super::view::{CatalogView, Partition, Table};
use crate::error::{Error, Result};
use crate::id::{PartitionId, TableId};

impl Change<'_> {
    /// Takes a partition and its rows out of a table.
    pub(crate) fn drop_partition(
        &mut self,
        database: &DatabaseName,
        table: &TableName,
        id: PartitionId,
    ) -> Result<()> {
        let table_id = self.view().require_database(database)?.require_table(table)?.id;
        self.remove_rowsets(database, table, id)?;
        self.mark_partition_removed(table_id, id)?;
        let table = self.table_mut(database, table)?;
        table.partitions.retain(|partition| partition.id != id);
        table.temporary_partitions.retain(|partition| partition.id != id);
        Ok(())
    }

    pub(super) fn mark_partition_removed(&self, table: TableId, id: PartitionId) -> Result<()> {
        let version = self.version();
        self.change_record(table, id, |stored| {
            stored.set_removed(version);
            Ok(())
        })?;
        self.mark_removed(tables::KIND_PARTITION, table.get(), id.get())
    }

    /// Gives a partition another name.
    pub(crate) fn rename_partition(
        &mut self,
        database: &DatabaseName,
        table: &TableName,
        from: &PartitionName,
        to: &PartitionName,
    ) -> Result<()> {
        let current = Arc::clone(self.view().require_database(database)?.require_table(table)?);
        let changed = renamed(&current, from, to)?;
        let renamed = changed.require_partition_by_id(current.require_partition(from.as_str())?.id)?;
        self.redefine_partition(&changed, &renamed.definition, renamed.id)?;
        *self.table_mut(database, table)? = changed;
        Ok(())
    }

    /// Sets properties of partitions.
    pub(crate) fn set_partition_properties(
        &mut self,
        database: &DatabaseName,
        table: &TableName,
        names: &[PartitionName],
        properties: &BTreeMap<String, String>,
    ) -> Result<()> {
        let current = Arc::clone(self.view().require_database(database)?.require_table(table)?);
        let changed = with_properties(&current, names, properties)?;
        for name in names {
            let partition = changed.require_partition(name.as_str())?;
            self.redefine_partition(&changed, &partition.definition, partition.id)?;
        }
        *self.table_mut(database, table)? = changed;
        Ok(())
    }

    /// Puts temporary partitions in the place of others, which go.
    pub(crate) fn replace_partitions(
        &mut self,
        database: &DatabaseName,
        table: &TableName,
        replacement: &Replacement,
    ) -> Result<()> {
        let current = Arc::clone(self.view().require_database(database)?.require_table(table)?);
        let changed = replacement.applied_to(&current)?;
        for name in &replacement.partitions {
            self.drop_partition(database, table, current.require_partition(name.as_str())?.id)?;
        }
        for name in &replacement.temporary {
            let id = current.require_temporary_partition(name.as_str())?.id;
            let partition = changed.require_partition_by_id(id)?;
            self.redefine_partition(&changed, &partition.definition, id)?;
            self.change_record(changed.id, id, |stored| {
                stored.temporary = false;
                Ok(())
            })?;
        }
        *self.table_mut(database, table)? = changed;
        Ok(())
    }

    fn redefine_partition(
        &self,
        table: &Table,
        definition: &PartitionDefinition,
        id: PartitionId,
    ) -> Result<()> {
        let (version, pinned) = (self.version(), self.view().oldest_pinned_version());
        self.change_record(table.id, id, |stored| {
            stored.redefine(definition, &table.definition, version, pinned)
        })
    }

    pub(super) fn change_record(
        &self,
        table: TableId,
        id: PartitionId,
        change: impl FnOnce(&mut PartitionV1) -> Result<()>,
    ) -> Result<()> {
        let key = (table.get(), id.get());
        let mut partitions = self.txn().open_table(tables::PARTITIONS)?;
        let mut stored: PartitionV1 = require(partitions.get(key)?, "partition")?;
        change(&mut stored)?;
        partitions.insert(key, record::encode(&stored)?.as_slice())?;
        Ok(())
    }
}

/// Partitions are told apart by their names: those that are only imagined have no identities.
fn renamed(table: &Table, from: &PartitionName, to: &PartitionName) -> Result<Table> {
    let mut changed = table.clone();
    changed.require_partition(from.as_str())?;
    let all = || table.partitions.iter().chain(&table.temporary_partitions);
    if to != from && all().any(|other| other.definition.name == *to) {
        return Err(Error::already_exists(format!("Partition name[{to}] is already used")));
    }
    for partition in changed.partitions.iter_mut().filter(|partition| partition.definition.name == *from) {
        Arc::make_mut(partition).definition.name = to.clone();
    }
    Ok(changed)
}

fn with_properties(
    table: &Table,
    names: &[PartitionName],
    properties: &BTreeMap<String, String>,
) -> Result<Table> {
    let mut changed = table.clone();
    for name in names {
        changed.require_partition(name.as_str())?;
        for partition in changed.partitions.iter_mut().filter(|partition| partition.definition.name == *name)
        {
            Arc::make_mut(partition).definition.properties.extend(properties.clone());
        }
    }
    Ok(changed)
}

impl CatalogView {
    /// This view with more partitions of a table, which are empty.
    pub fn with_partitions(
        &self,
        database: &DatabaseName,
        table: &TableName,
        new: Vec<PartitionDefinition>,
        kind: PartitionKind,
    ) -> Result<Self> {
        let version = self.version;
        self.with_table_changed(database, table, |table| {
            let made = new.into_iter().map(|definition| {
                let id = PartitionId::new(0);
                Arc::new(Partition::imagined(id, definition, version))
            });
            match kind {
                PartitionKind::Formal => table.partitions.extend(made),
                PartitionKind::Temporary => table.temporary_partitions.extend(made),
            }
            table.sort_partitions();
            table.check_partitions()
        })
    }

    /// This view without some partitions of a table.
    pub fn without_partitions(
        &self,
        database: &DatabaseName,
        table: &TableName,
        names: &[PartitionName],
        kind: PartitionKind,
    ) -> Result<Self> {
        self.with_table_changed(database, table, |table| {
            table.partitions_mut(kind).retain(|partition| !names.contains(&partition.definition.name));
            Ok(())
        })
    }

    /// This view with a partition under another name.
    pub fn with_partition_renamed(
        &self,
        database: &DatabaseName,
        table: &TableName,
        from: &PartitionName,
        to: &PartitionName,
    ) -> Result<Self> {
        self.with_table_changed(database, table, |table| {
            *table = renamed(table, from, to)?;
            Ok(())
        })
    }

    /// This view with properties of partitions.
    pub fn with_partition_properties(
        &self,
        database: &DatabaseName,
        table: &TableName,
        names: &[PartitionName],
        properties: &BTreeMap<String, String>,
    ) -> Result<Self> {
        self.with_table_changed(database, table, |table| {
            *table = with_properties(table, names, properties)?;
            Ok(())
        })
    }

    /// This view with temporary partitions in the place of others.
    pub fn with_partitions_replaced(
        &self,
        database: &DatabaseName,
        table: &TableName,
        replacement: &Replacement,
    ) -> Result<Self> {
        self.with_table_changed(database, table, |table| {
            *table = replacement.applied_to(table)?;
            Ok(())
        })
    }

    fn with_table_changed(
        &self,
        database: &DatabaseName,
        table: &TableName,
        change: impl FnOnce(&mut Table) -> Result<()>,
    ) -> Result<Self> {
        let owner = self.require_database(database)?;
        let mut changed = owner.require_table(table)?.as_ref().clone();
        change(&mut changed)?;
        let mut owner = owner.as_ref().clone();
        owner.tables.insert(table.clone(), Arc::new(changed));
        let mut view = self.clone();
        view.databases.insert(database.clone(), Arc::new(owner));
        Ok(view)
    }
}

/// The two kinds of partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionKind {
    /// What the table's rows are in.
    Formal,
    /// Beside the table, until it takes the place of others.
    Temporary,
}
