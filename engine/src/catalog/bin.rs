//! The recycle bin: what was dropped stays on record, with its files, until it expires.

use std::collections::HashSet;
use std::sync::Arc;

use cairn_format::{DatabaseName, PartitionName, RollupId, TableDefinition, TableName};
use redb::{ReadableTable, WriteTransaction};

use super::change::{Change, require};
use super::colocation::COLOCATE_WITH;
use super::record::{self, DatabaseV1, PartitionV1, RecycledV1, RowsetV1, TableV1, Versioned};
use super::redefine::with_definition;
use super::tables;
use super::view::{Partition, Table};
use crate::error::{Error, Result};
use crate::id::{CatalogVersion, DatabaseId, PartitionId, TableId};

/// Whether what is dropped can be recovered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropMode {
    /// It can, until it expires.
    Recoverable,
    /// It cannot, nor what was dropped of it before.
    Force,
}

/// Something in the bin.
struct Recycled {
    /// The commit that dropped it.
    version: CatalogVersion,
    id: u64,
}

impl Change<'_> {
    /// Keeps a database that this commit has dropped, or empties the bin of it.
    pub(crate) fn recycle_database(&self, name: &DatabaseName, id: DatabaseId, mode: DropMode) -> Result<()> {
        let entry = RecycledV1::new(id.get(), 0, name.as_str(), self.now_ms());
        match mode {
            DropMode::Recoverable => self.recycle(tables::KIND_DATABASE, id.get(), &entry),
            DropMode::Force => self.erase(|_, other| other.database == id.get()),
        }
    }

    /// Keeps a table that this commit has dropped, or empties the bin of it.
    pub(crate) fn recycle_table(
        &self,
        database: DatabaseId,
        name: &TableName,
        id: TableId,
        mode: DropMode,
    ) -> Result<()> {
        let entry = RecycledV1::new(database.get(), id.get(), name.as_str(), self.now_ms());
        match mode {
            DropMode::Recoverable => self.recycle(tables::KIND_TABLE, id.get(), &entry),
            DropMode::Force => {
                let ids = self.with_replaced(id)?;
                self.erase(|_, other| ids.contains(&other.table))
            }
        }
    }

    /// Keeps a table in whose place this commit puts another.
    pub(crate) fn recycle_replaced_table(
        &self,
        database: DatabaseId,
        name: &TableName,
        id: TableId,
        by: TableId,
    ) -> Result<()> {
        let mut entry = RecycledV1::new(database.get(), id.get(), name.as_str(), self.now_ms());
        entry.replaced_by = Some(by.get());
        self.recycle(tables::KIND_TABLE, id.get(), &entry)
    }

    /// Keeps a partition that this commit has dropped.
    pub(crate) fn recycle_partition(
        &self,
        database: DatabaseId,
        table: TableId,
        name: &PartitionName,
        id: PartitionId,
    ) -> Result<()> {
        let entry = RecycledV1::new(database.get(), table.get(), name.as_str(), self.now_ms());
        self.recycle(tables::KIND_PARTITION, id.get(), &entry)
    }

    fn recycle(&self, kind: u8, id: u64, entry: &RecycledV1) -> Result<()> {
        let key = (self.version().get(), kind, id);
        self.txn().open_table(tables::RECYCLED)?.insert(key, record::encode(entry)?.as_slice())?;
        Ok(())
    }

    /// A table and those in the bin whose place it has taken by restores.
    fn with_replaced(&self, id: TableId) -> Result<HashSet<u64>> {
        let bin = self.txn().open_table(tables::RECYCLED)?;
        let mut replaced = Vec::new();
        for item in bin.iter()? {
            let entry: RecycledV1 = record::decode("dropped thing", item?.1.value())?;
            replaced.extend(entry.replaced_by.map(|by| (entry.table, by)));
        }
        let mut ids = HashSet::from([id.get()]);
        // The newest first: what replaced a table was dropped after it.
        for (table, by) in replaced.into_iter().rev() {
            if ids.contains(&by) {
                ids.insert(table);
            }
        }
        Ok(ids)
    }

    fn erase(&self, is_gone: impl Fn(u8, &RecycledV1) -> bool) -> Result<()> {
        let mut bin = self.txn().open_table(tables::RECYCLED)?;
        let mut gone = Vec::new();
        for item in bin.iter()? {
            let (key, bytes) = item?;
            let entry: RecycledV1 = record::decode("dropped thing", bytes.value())?;
            if is_gone(key.value().1, &entry) {
                gone.push(key.value());
            }
        }
        for key in gone {
            bin.remove(key)?;
        }
        Ok(())
    }

    /// The newest thing in the bin that `is_wanted`, which leaves the bin.
    fn take_recycled(&self, kind: u8, is_wanted: impl Fn(&RecycledV1) -> bool) -> Result<Option<Recycled>> {
        let mut bin = self.txn().open_table(tables::RECYCLED)?;
        let mut found = None;
        for item in bin.iter()? {
            let (key, bytes) = item?;
            let (version, of_kind, id) = key.value();
            let entry: RecycledV1 = record::decode("dropped thing", bytes.value())?;
            if of_kind == kind
                && is_wanted(&entry)
                && !entry.has_expired(self.now_ms(), self.trash_expire_ms())
            {
                found = Some(Recycled { version: CatalogVersion::new(version), id });
            }
        }
        if let Some(found) = &found {
            bin.remove((found.version.get(), kind, found.id))?;
        }
        Ok(found)
    }

    /// Brings back the database of this name that was dropped last, with the tables that it had then.
    pub(crate) fn recover_database(&mut self, name: &DatabaseName) -> Result<()> {
        if self.view().databases.contains_key(name) {
            return Err(Error::already_exists(format!(
                "Database[{name}] already exist: drop it before another of its name is recovered"
            )));
        }
        let wanted = |entry: &RecycledV1| entry.name == name.as_str();
        let found = self.take_recycled(tables::KIND_DATABASE, wanted)?.ok_or_else(|| {
            Error::not_found(format!("Unknown database '{name}': none of that name was dropped"))
        })?;
        let before = self.view_before(found.version, name)?;
        let database = Arc::clone(before.require_database(name)?);
        for table in database.tables.values() {
            self.unremove_table(table, found.version)?;
        }
        for view in database.views.values() {
            self.unremove_view(view, found.version)?;
        }
        {
            let mut databases = self.txn().open_table(tables::DATABASES)?;
            let mut stored: DatabaseV1 = require(databases.get(found.id)?, "database")?;
            stored.set_visible();
            databases.insert(found.id, record::encode(&stored)?.as_slice())?;
        }
        self.forget_removal(found.version, tables::KIND_DATABASE, 0, found.id)?;
        self.view_mut().databases.insert(name.clone(), database);
        Ok(())
    }

    /// Brings back the table of this name that was dropped last.
    pub(crate) fn recover_table(&mut self, database: &DatabaseName, name: &TableName) -> Result<()> {
        let owner = self.view().require_database(database)?;
        if owner.table(name).is_some() || owner.view(name).is_some() {
            return Err(Error::already_exists(format!(
                "table[{name}] already exist: rename or drop it before another of its name is recovered"
            )));
        }
        let owner = owner.id;
        let wanted = |entry: &RecycledV1| entry.database == owner.get() && entry.name == name.as_str();
        let found = self.take_recycled(tables::KIND_TABLE, wanted)?.ok_or_else(|| {
            Error::not_found(format!("Unknown table '{database}.{name}': none of that name was dropped"))
        })?;
        let before = self.view_before(found.version, database)?;
        let table = Arc::clone(before.require_database(database)?.require_table(name)?);
        self.unremove_table(&table, found.version)?;
        let mut definition = TableDefinition::clone(&table.definition);
        self.database_mut(database)?.tables.insert(name.clone(), table);
        // Its group may be one of other tables by now.
        if self.view().require_database(database)?.check_colocation(&definition).is_err() {
            definition.properties.remove(COLOCATE_WITH);
            self.redefine_table(database, definition)?;
        }
        Ok(())
    }

    /// Brings back the partition of this name that was dropped last.
    pub(crate) fn recover_partition(
        &mut self,
        database: &DatabaseName,
        table: &TableName,
        name: &PartitionName,
    ) -> Result<()> {
        let current = Arc::clone(self.view().require_database(database)?.require_table(table)?);
        if current.partition(name.as_str()).is_some() {
            return Err(Error::already_exists(format!(
                "partition[{name}] already exist in table {table}: rename or drop it before another of its name is recovered"
            )));
        }
        let wanted = |entry: &RecycledV1| entry.table == current.id.get() && name.matches(&entry.name);
        let found = self.take_recycled(tables::KIND_PARTITION, wanted)?.ok_or_else(|| {
            Error::not_found(format!(
                "No partition named '{name}' in recycle bin that belongs to table '{table}'"
            ))
        })?;
        let before = self.view_before(found.version, database)?;
        let of_then = before.require_database(database)?.tables.values().find(|table| table.id == current.id);
        // The table's columns may have changed since.
        let of_then =
            of_then.map(|table| with_definition(table, TableDefinition::clone(&current.definition)));
        let of_then = of_then.transpose()?;
        let partition = of_then
            .as_ref()
            .and_then(|table| table.partitions.iter().find(|partition| partition.id.get() == found.id))
            .ok_or_else(|| Error::corrupt(format!("the catalog lacks what partition '{name}' was")))?;
        let lacks = |id: &RollupId| !partition.rollups.contains_key(id);
        if let Some(rollup) = current.definition.rollups.iter().find(|rollup| lacks(&rollup.id)) {
            return Err(Error::invalid(format!(
                "partition '{name}' cannot be recovered: rollup '{}' of table '{table}' was made after it was dropped, and \
                 holds nothing of it; drop the rollup first, and make it again",
                rollup.name
            )));
        }
        self.unremove_partition(current.id, partition, found.version)?;
        let changed = self.table_mut(database, table)?;
        changed.partitions.push(Arc::clone(partition));
        changed.sort_partitions();
        changed.check_partitions()?;
        // The table may have joined a group meanwhile.
        self.view().require_database(database)?.check_colocation(&current.definition)
    }

    fn unremove_table(&self, table: &Table, version: CatalogVersion) -> Result<()> {
        for partition in table.partitions.iter().chain(&table.temporary_partitions) {
            self.unremove_partition(table.id, partition, version)?;
        }
        let id = table.id.get();
        let mut tables = self.txn().open_table(tables::TABLES)?;
        let mut stored: TableV1 = require(tables.get(id)?, "table")?;
        stored.set_visible();
        tables.insert(id, record::encode(&stored)?.as_slice())?;
        self.forget_removal(version, tables::KIND_TABLE, 0, id)
    }

    fn unremove_partition(
        &self,
        table: TableId,
        partition: &Partition,
        version: CatalogVersion,
    ) -> Result<()> {
        let id = partition.id.get();
        let mut rowsets = self.txn().open_table(tables::ROWSETS)?;
        let mut rowset_tables = self.txn().open_table(tables::ROWSET_TABLES)?;
        for rowset in partition.all_tablets().flat_map(|tablet| &tablet.rowsets) {
            let key = (id, rowset.id.get());
            let mut stored: RowsetV1 = require(rowsets.get(key)?, "rowset")?;
            stored.set_visible();
            rowsets.insert(key, record::encode(&stored)?.as_slice())?;
            rowset_tables.remove(rowset.id.get())?;
            self.forget_removal(version, tables::KIND_ROWSET, key.0, key.1)?;
        }
        let key = (table.get(), id);
        let mut partitions = self.txn().open_table(tables::PARTITIONS)?;
        let mut stored: PartitionV1 = require(partitions.get(key)?, "partition")?;
        stored.set_visible();
        partitions.insert(key, record::encode(&stored)?.as_slice())?;
        self.forget_removal(version, tables::KIND_PARTITION, key.0, key.1)
    }

    pub(super) fn forget_removal(
        &self,
        version: CatalogVersion,
        kind: u8,
        parent: u64,
        id: u64,
    ) -> Result<()> {
        self.txn().open_table(tables::REMOVED)?.remove((version.get(), kind, parent, id))?;
        Ok(())
    }
}

/// The commits that dropped what is still in the bin; what has expired leaves it.
pub(super) fn recoverable_versions(
    txn: &WriteTransaction,
    now_ms: i64,
    expire_ms: i64,
) -> Result<HashSet<u64>> {
    let mut bin = txn.open_table(tables::RECYCLED)?;
    let (mut kept, mut expired) = (HashSet::new(), Vec::new());
    for item in bin.iter()? {
        let (key, bytes) = item?;
        let entry: RecycledV1 = record::decode("dropped thing", bytes.value())?;
        if entry.has_expired(now_ms, expire_ms) {
            expired.push(key.value());
        } else {
            kept.insert(key.value().0);
        }
    }
    for key in expired {
        bin.remove(key)?;
    }
    Ok(kept)
}
