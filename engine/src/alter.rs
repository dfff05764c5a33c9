//! Dropping and recovering, and changes of a table's partitions: one commit each.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_format::{DatabaseName, PartitionDefinition, PartitionName, TableName};

use crate::catalog::{Change, DropMode, NewPartition, PartitionKind, Replacement, Table};
use crate::error::{Error, Result};
use crate::id::PartitionId;
use crate::partition::automatic_buckets;
use crate::store::{TabletStore, refuse_running_restore};

impl TabletStore {
    /// Drops a database with its tables, which can be recovered until they expire.
    pub fn drop_database(&self, name: &DatabaseName) -> Result<()> {
        self.drop_database_as(name, DropMode::Recoverable)
    }

    /// Drops a database with its tables.
    pub fn drop_database_as(&self, name: &DatabaseName, mode: DropMode) -> Result<()> {
        self.inner.catalog.commit(|change| {
            let id = change.view().require_database(name)?.id;
            refuse_running_restore(change.view(), name)?;
            change.drop_database(name)?;
            change.recycle_database(name, id, mode)
        })?;
        self.inner.purge();
        Ok(())
    }

    /// Drops a table, which can be recovered until it expires.
    pub fn drop_table(&self, database: &DatabaseName, table: &TableName) -> Result<()> {
        self.drop_table_as(database, table, DropMode::Recoverable)
    }

    /// Drops a table.
    pub fn drop_table_as(&self, database: &DatabaseName, table: &TableName, mode: DropMode) -> Result<()> {
        self.inner.catalog.commit(|change| {
            change.view().require_not_restoring(database, table)?;
            let owner = change.view().require_database(database)?;
            let (owner, id) = (owner.id, owner.require_table(table)?.id);
            change.drop_table(database, table)?;
            change.recycle_table(owner, table, id, mode)
        })?;
        self.inner.purge();
        Ok(())
    }

    /// Adds partitions to a table that is divided into such.
    pub fn add_partitions(
        &self,
        database: &DatabaseName,
        table: &TableName,
        partitions: Vec<PartitionDefinition>,
        kind: PartitionKind,
    ) -> Result<()> {
        let catalog = &self.inner.catalog;
        let new = partitions.into_iter().map(|definition| {
            let id = PartitionId::new(catalog.reserve_ids(1));
            NewPartition { id, definition }
        });
        let new: Vec<_> = new.collect();
        catalog.commit(|change| {
            let automatic = automatic_buckets(&*alterable(change, database, table)?);
            let new = new.into_iter().map(|mut new| {
                new.definition.buckets = new.definition.buckets.or(automatic);
                new
            });
            change.add_partitions(database, table, new.collect(), kind)
        })
    }

    /// Drops partitions of a table. Temporary ones cannot be recovered.
    pub fn drop_partitions(
        &self,
        database: &DatabaseName,
        table: &TableName,
        names: &[PartitionName],
        kind: PartitionKind,
        mode: DropMode,
    ) -> Result<()> {
        self.inner.catalog.commit(|change| {
            let found = alterable(change, database, table)?;
            let owner = change.view().require_database(database)?.id;
            for name in names {
                let partition = match kind {
                    PartitionKind::Formal => found.require_partition(name.as_str())?,
                    PartitionKind::Temporary => found.require_temporary_partition(name.as_str())?,
                };
                change.drop_partition(database, table, partition.id)?;
                if kind == PartitionKind::Formal && mode == DropMode::Recoverable {
                    change.recycle_partition(owner, found.id, &partition.definition.name, partition.id)?;
                }
            }
            Ok(())
        })?;
        self.inner.purge();
        Ok(())
    }

    /// Sets properties of some partitions, which then have those beside the table's.
    pub fn set_partition_properties(
        &self,
        database: &DatabaseName,
        table: &TableName,
        names: &[PartitionName],
        properties: &BTreeMap<String, String>,
    ) -> Result<()> {
        self.inner.catalog.commit(|change| {
            alterable(change, database, table)?;
            change.set_partition_properties(database, table, names, properties)
        })
    }

    /// Gives a partition another name, which no other partition of the table has.
    pub fn rename_partition(
        &self,
        database: &DatabaseName,
        table: &TableName,
        from: &PartitionName,
        to: &PartitionName,
    ) -> Result<()> {
        self.inner.catalog.commit(|change| {
            alterable(change, database, table)?;
            change.rename_partition(database, table, from, to)
        })
    }

    /// Puts temporary partitions in the place of others, which cannot be recovered.
    pub fn replace_partitions(
        &self,
        database: &DatabaseName,
        table: &TableName,
        replacement: &Replacement,
    ) -> Result<()> {
        self.inner.catalog.commit(|change| {
            alterable(change, database, table)?;
            change.replace_partitions(database, table, replacement)
        })?;
        self.inner.purge();
        Ok(())
    }

    /// Brings back the database of this name that was dropped last, with the tables that it had then.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when there is none that has not expired,
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) when the name is taken again.
    pub fn recover_database(&self, name: &DatabaseName) -> Result<()> {
        self.inner.catalog.commit(|change| {
            refuse_running_job(change, name)?;
            change.recover_database(name)
        })
    }

    /// Brings back the table of this name that was dropped last; errors are those of
    /// [`TabletStore::recover_database`].
    pub fn recover_table(&self, database: &DatabaseName, table: &TableName) -> Result<()> {
        self.inner.catalog.commit(|change| {
            refuse_running_job(change, database)?;
            change.recover_table(database, table)
        })
    }

    /// Brings back the partition of this name that was dropped last; errors are those of
    /// [`TabletStore::recover_database`], and one when another partition holds rows of it by now.
    pub fn recover_partition(
        &self,
        database: &DatabaseName,
        table: &TableName,
        name: &PartitionName,
    ) -> Result<()> {
        self.inner.catalog.commit(|change| {
            refuse_running_job(change, database)?;
            change.recover_partition(database, table, name)
        })
    }
}

/// The table, which no restore is about to change.
fn alterable(change: &Change<'_>, database: &DatabaseName, table: &TableName) -> Result<Arc<Table>> {
    change.view().require_not_restoring(database, table)?;
    change.view().require_database(database)?.require_table(table).cloned()
}

/// What a job has seen must stay as it was: nothing may appear in it that had gone.
fn refuse_running_job(change: &Change<'_>, database: &DatabaseName) -> Result<()> {
    match change.view().running_job(database) {
        Some(job) => Err(Error::busy(format!(
            "job {} with label '{}' runs on database {database}: recover when it has ended",
            job.id, job.label
        ))),
        None => Ok(()),
    }
}
