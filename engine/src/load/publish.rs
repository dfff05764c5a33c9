//! What a load finds of its table in the commit that publishes its rows: others may have changed it since the load began.

use std::collections::{BTreeMap, HashSet};

use cairn_format::{DatabaseName, LastRefresh, PartitionDefinition, TableDefinition, TableName};

use crate::catalog::{CatalogView, Change, NewPartition, Partition, PartitionKind, Table};
use crate::error::{Error, Result};
use crate::id::PartitionId;
use crate::partition::distinct_name;

/// The name that the table has by now. `takes` says whether a table as it is now, the first, takes rows that were prepared for
/// it as it was, the second.
pub(crate) fn current_name(
    view: &CatalogView,
    database: &DatabaseName,
    loaded: &Table,
    takes: impl Fn(&TableDefinition, &TableDefinition) -> bool,
) -> Result<TableName> {
    let current = view.table_by_id(database, loaded.id);
    let changed = |how| {
        let name = loaded.name();
        Err(Error::busy(format!("table '{database}.{name}' was {how} while rows were loaded; load again")))
    };
    match current {
        None => changed("replaced"),
        Some(current) if !takes(&current.definition, &loaded.definition) => changed("altered"),
        Some(current) => Ok(current.name().clone()),
    }
}

/// The partitions whose rows give way to those of a load.
#[derive(Clone, Debug)]
pub(super) enum Overwritten {
    /// None.
    Nothing,
    /// All that the table has when the load ends.
    All,
    /// Those that the load names.
    These(Vec<PartitionId>),
}

impl Overwritten {
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    /// Those that must still be there.
    pub(super) fn named(&self) -> &[PartitionId] {
        match self {
            Self::These(ids) => ids,
            Self::Nothing | Self::All => &[],
        }
    }

    /// Takes their rows out of the table.
    pub(super) fn remove(
        &self,
        change: &mut Change<'_>,
        database: &DatabaseName,
        table: &TableName,
    ) -> Result<()> {
        let ids = match self {
            Self::All => {
                let table = change.view().require_database(database)?.require_table(table)?;
                table.partitions.iter().map(|partition| partition.id).collect()
            }
            other => other.named().to_vec(),
        };
        ids.into_iter().try_for_each(|id| change.remove_rowsets(database, table, id))
    }
}

/// Refuses rows for partitions that the table has no more.
pub(super) fn require_partitions<'i>(
    change: &Change<'_>,
    database: &DatabaseName,
    loaded: &Table,
    ids: impl IntoIterator<Item = &'i PartitionId>,
) -> Result<()> {
    let current = change.view().table_by_id(database, loaded.id);
    let is_there = |id: PartitionId| current.is_some_and(|current| current.any_partition_by_id(id).is_some());
    match ids.into_iter().find(|id| !is_there(**id)) {
        Some(id) => Err(partition_dropped(database, loaded, *id)),
        None => Ok(()),
    }
}

/// A partition that a load began with is gone.
pub(super) fn partition_dropped(database: &DatabaseName, loaded: &Table, id: PartitionId) -> Error {
    let table = loaded.name();
    let name = match loaded.any_partition_by_id(id) {
        Some(partition) => format!("'{}'", partition.definition.name),
        // One that another load had made meanwhile.
        None => id.to_string(),
    };
    Error::busy(format!(
        "partition {name} of table '{database}.{table}' was dropped while rows were loaded (by a statement, or as the properties of \
         the table say); load again"
    ))
}

/// Makes the partitions that a load found missing, but those that were made meanwhile: says which take the place of theirs.
///
/// # Errors
/// `Busy` when the rows cannot go where the table has their place by now.
pub(super) fn add_partitions(
    change: &mut Change<'_>,
    database: &DatabaseName,
    table: &TableName,
    wanted: Vec<NewPartition>,
) -> Result<BTreeMap<PartitionId, PartitionId>> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let current = change.view().require_database(database)?.require_table(table)?;
    let all = current.partitions.iter().chain(&current.temporary_partitions);
    let mut names: HashSet<_> = all.map(|partition| partition.definition.name.clone()).collect();
    let (mut new, mut made) = (Vec::new(), BTreeMap::new());
    for NewPartition { id, mut definition } in wanted {
        let overlaps = |other: &&std::sync::Arc<Partition>| other.definition.rows.overlaps(&definition.rows);
        if let Some(other) = current.partitions.iter().find(overlaps) {
            require_same(current, other, &definition)?;
            made.insert(id, other.id);
            continue;
        }
        // Another load may have given the name to other values, that are written alike in it.
        if names.contains(&definition.name) {
            definition.name = distinct_name(&definition.name, &definition.rows)?;
        }
        if !names.insert(definition.name.clone()) {
            return Err(Error::busy(format!(
                "the name of partition '{}' of table '{}' was given to another while rows were loaded; load again",
                definition.name,
                current.name()
            )));
        }
        new.push(NewPartition { id, definition });
    }
    change.add_partitions(database, table, new, PartitionKind::Formal)?;
    Ok(made)
}

/// Refuses a partition that was made meanwhile of other rows, or with another number of buckets, by which these were not
/// divided.
pub(super) fn require_same(table: &Table, made: &Partition, wanted: &PartitionDefinition) -> Result<()> {
    let other = if !made.definition.rows.is_same(&wanted.rows) {
        "for more rows than those of the load, or for some of them,"
    } else if made.tablets.len() != table.definition.buckets_of(wanted) as usize {
        "with another number of buckets"
    } else {
        return Ok(());
    };
    Err(Error::busy(format!(
        "partition '{}' of table '{}' was made {other} while rows were loaded; load again",
        made.definition.name,
        table.name()
    )))
}

/// Puts on record that a materialized view has the rows of a refresh.
pub(super) fn record_refresh(
    change: &mut Change<'_>,
    database: &DatabaseName,
    name: &TableName,
    refresh: Option<LastRefresh>,
) -> Result<()> {
    let Some(refresh) = refresh else { return Ok(()) };
    let ended_ms = change.now_ms();
    change.change_materialized_view(database, name, |view| {
        view.last_refresh = Some(LastRefresh { ended_ms, ..refresh });
    })
}
