//! Views as they would be after a change that is not made: for checking scripts without running them.
//!
//! Nothing here touches the disk. What is made up holds no rows; databases and tables of it have identities that no
//! others have, since privileges are told apart by them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cairn_format::{DatabaseName, PartitionDefinition, RepositoryName, TableDefinition, TableName};

use super::change::NewRepository;
use super::new_table::partitions_of_new_table;
use super::record::{FIRST_AUTO_INCREMENT, RepositoryEntry};
use super::view::{CatalogView, Database, Partition, Table, TableTimes};
use crate::error::{Error, Result};
use crate::id::{DatabaseId, PartitionId, RepositoryEntryId, TableId};

/// An identity that nothing has and nothing had, also what a script has dropped again: those of the catalog count from the
/// other end.
pub(super) fn made_up_id() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(u64::MAX);
    LAST.fetch_sub(1, Ordering::Relaxed) - 1
}

impl CatalogView {
    /// This view with another database, which is empty.
    pub fn with_database(&self, name: &DatabaseName) -> Result<Self> {
        if self.databases.contains_key(name) {
            return Err(Error::already_exists(format!(
                "database '{name}' exists already; use IF NOT EXISTS to keep it"
            )));
        }
        let mut view = self.clone();
        let id = DatabaseId::new(made_up_id());
        let database = Database { id, name: name.clone(), tables: BTreeMap::new(), views: BTreeMap::new() };
        view.databases.insert(name.clone(), Arc::new(database));
        Ok(view)
    }

    /// This view without a database.
    pub fn without_database(&self, name: &DatabaseName) -> Result<Self> {
        self.require_database(name)?;
        let mut view = self.clone();
        view.databases.remove(name);
        Ok(view)
    }

    /// This view with another table, which is empty. An unpartitioned table gets its one partition by itself.
    pub fn with_table(
        &self,
        database: &DatabaseName,
        definition: TableDefinition,
        partitions: Vec<PartitionDefinition>,
    ) -> Result<Self> {
        let owner = self.require_database(database)?;
        let name = definition.name.clone();
        owner.require_free(&name)?;
        let partitions = partitions_of_new_table(&definition, partitions)?;
        owner.check_colocation(&definition)?;
        let partition = |definition| {
            let (id, version) = (PartitionId::new(0), self.version);
            Arc::new(Partition::imagined(id, definition, version))
        };
        let mut table = Table {
            id: TableId::new(made_up_id()),
            definition: Arc::new(definition),
            partitions: partitions.into_iter().map(partition).collect(),
            times: TableTimes::default(),
            next_auto_increment: FIRST_AUTO_INCREMENT,
            temporary_partitions: Vec::new(),
        };
        table.sort_partitions();
        let mut changed = owner.as_ref().clone();
        changed.tables.insert(name, Arc::new(table));
        let mut view = self.clone();
        view.databases.insert(database.clone(), Arc::new(changed));
        Ok(view)
    }

    /// This view without a table.
    pub fn without_table(&self, database: &DatabaseName, table: &TableName) -> Result<Self> {
        let owner = self.require_database(database)?;
        owner.require_table(table)?;
        let mut changed = owner.as_ref().clone();
        changed.tables.remove(table);
        let mut view = self.clone();
        view.databases.insert(database.clone(), Arc::new(changed));
        Ok(view)
    }

    /// This view with another repository.
    pub fn with_repository(&self, new: NewRepository) -> Result<Self> {
        if self.repositories.contains_key(&new.name) {
            return Err(Error::already_exists(format!(
                "repository with same name already exist: {}",
                new.name
            )));
        }
        let entry = RepositoryEntry {
            id: RepositoryEntryId::new(0),
            name: new.name,
            location: new.location,
            properties: new.properties,
            read_only: new.read_only,
            broker: new.broker,
            created_ms: 0,
        };
        let mut view = self.clone();
        view.repositories.insert(entry.name.clone(), Arc::new(entry));
        Ok(view)
    }

    /// This view without a repository.
    pub fn without_repository(&self, name: &RepositoryName) -> Result<Self> {
        self.require_repository(name)?;
        let mut view = self.clone();
        view.repositories.remove(name);
        Ok(view)
    }
}
