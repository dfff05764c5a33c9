//! Deciding what a restore does, before it does any of it.

use std::collections::HashSet;

use cairn_format::{
    DatabaseName, Manifest, PartitionEntry, PartitionName, Partitioning, TableDefinition, TableEntry,
    TableName,
};

use super::check::{same_rows, same_table};
use crate::catalog::{Catalog, Table};
use crate::error::{Error, Result};
use crate::id::{PartitionId, SegmentId, TableId};
use crate::job::TableSelection;

/// What a restore is going to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestorePlan {
    /// Table by table, in the order of the snapshot.
    pub tables: Vec<TablePlan>,
}

/// What happens to one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePlan {
    /// Its name in the snapshot.
    pub source: TableName,
    /// Its name in this store.
    pub target: TableName,
    /// Its identity in this store, reserved when it is new.
    pub table: TableId,
    /// Whether it is made by the restore.
    pub is_new: bool,
    /// What happens to its partitions; those not named are left alone.
    pub partitions: Vec<PartitionPlan>,
    /// The first of the segments reserved for its files.
    pub first_segment: SegmentId,
    /// How many files it gets.
    pub files: u64,
}

/// What happens to one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionPlan {
    /// Its name in this store.
    pub name: PartitionName,
    /// Its identity in this store, reserved when it is new.
    pub id: PartitionId,
    /// Whether it is made by the restore; otherwise its rows are replaced.
    pub is_new: bool,
}

impl TablePlan {
    /// The segments reserved for the table's files.
    pub(crate) fn segments(&self) -> impl Iterator<Item = SegmentId> + use<> {
        let first = self.first_segment.get();
        (first..first.saturating_add(self.files)).map(SegmentId::new)
    }
}

/// A table of a snapshot, and what of it is asked for.
pub(super) struct Selected<'m> {
    pub(super) entry: &'m TableEntry,
    pub(super) target: TableName,
    partitions: Option<Vec<PartitionName>>,
}

impl Selected<'_> {
    pub(super) fn wants(&self, partition: &PartitionName) -> bool {
        self.partitions.as_ref().is_none_or(|names| names.contains(partition))
    }
}

/// The tables that are asked for, each in the snapshot and under a name of its own.
pub(super) fn selected<'m>(
    manifest: &'m Manifest,
    wanted: Option<&[TableSelection]>,
) -> Result<Vec<Selected<'m>>> {
    let Some(wanted) = wanted else {
        let whole = |entry: &'m TableEntry| Selected {
            entry,
            target: entry.definition.name.clone(),
            partitions: None,
        };
        return Ok(manifest.tables.iter().map(whole).collect());
    };
    let (mut sources, mut targets) = (HashSet::new(), HashSet::new());
    let mut selected = Vec::new();
    for selection in wanted {
        let entry = manifest.table(selection.table.as_str()).ok_or_else(|| {
            Error::not_found(format!(
                "Table {} does not exist in snapshot {}",
                selection.table, manifest.label
            ))
        })?;
        for partition in selection.partitions.iter().flatten() {
            if !entry.partitions.iter().any(|p| p.definition.name == *partition) {
                return Err(Error::not_found(format!(
                    "Partition {partition} of table {} does not exist in snapshot {}",
                    selection.table, manifest.label
                )));
            }
        }
        let target = selection.alias.clone().unwrap_or_else(|| selection.table.clone());
        if !sources.insert(&selection.table) {
            return Err(Error::invalid(format!("Duplicated table: {}; name it once", selection.table)));
        }
        if !targets.insert(target.clone()) {
            return Err(Error::invalid(format!(
                "Duplicated alias name: {target}; give each table a name of its own"
            )));
        }
        selected.push(Selected { entry, target, partitions: selection.partitions.clone() });
    }
    Ok(selected)
}

/// Compares what is asked for with what the store has, and reserves identities for what is new. `files` counts the
/// files of each selected table.
pub(super) fn decide(
    catalog: &Catalog,
    database: &DatabaseName,
    selected: &[Selected<'_>],
    files: &[u64],
) -> Result<RestorePlan> {
    let view = catalog.view();
    let database = view.database(database);
    let one = |(selection, files): (&Selected<'_>, &u64)| {
        let existing = database.and_then(|database| database.table(&selection.target));
        decide_table(catalog, selection, existing.map(AsRef::as_ref), *files)
    };
    Ok(RestorePlan { tables: selected.iter().zip(files).map(one).collect::<Result<_>>()? })
}

fn decide_table(
    catalog: &Catalog,
    selection: &Selected<'_>,
    existing: Option<&Table>,
    files: u64,
) -> Result<TablePlan> {
    let source = &selection.entry.definition;
    if let Some(existing) = existing {
        refuse_temporary_partitions(existing)?;
        same_table(&existing.definition, source, &selection.target)?;
    }
    let mut partitions = Vec::new();
    for entry in selection.entry.partitions.iter().filter(|entry| selection.wants(&entry.definition.name)) {
        let name = partition_name(entry, source, &selection.target)?;
        let current = existing.and_then(|table| table.partition(name.as_str()));
        let plan = if let Some(current) = current {
            same_rows(current, entry, source, &selection.target)?;
            PartitionPlan { name, id: current.id, is_new: false }
        } else {
            refuse_conflict(existing, entry, &name)?;
            PartitionPlan { name, id: PartitionId::new(catalog.reserve_ids(1)), is_new: true }
        };
        partitions.push(plan);
    }
    Ok(TablePlan {
        source: source.name.clone(),
        target: selection.target.clone(),
        table: existing.map_or_else(|| TableId::new(catalog.reserve_ids(1)), |table| table.id),
        is_new: existing.is_none(),
        partitions,
        first_segment: SegmentId::new(catalog.reserve_ids(files)),
        files,
    })
}

fn refuse_temporary_partitions(table: &Table) -> Result<()> {
    match table.temporary_partitions.first() {
        Some(partition) => Err(Error::invalid(format!(
            "Do not support restoring table with temp partitions: table {} has {}; drop it, or put it in its place",
            table.name(),
            partition.definition.name
        ))),
        None => Ok(()),
    }
}

/// A partition's name in this store: an unpartitioned table's one partition is named like the table.
pub(super) fn partition_name(
    entry: &PartitionEntry,
    source: &TableDefinition,
    target: &TableName,
) -> Result<PartitionName> {
    if source.partitioning == Partitioning::Unpartitioned {
        Ok(PartitionName::parse(target.as_str())?)
    } else {
        Ok(entry.definition.name.clone())
    }
}

fn refuse_conflict(existing: Option<&Table>, entry: &PartitionEntry, name: &PartitionName) -> Result<()> {
    let Some(table) = existing else { return Ok(()) };
    let other = table.partitions.iter().find(|p| p.definition.rows.overlaps(&entry.definition.rows));
    let what = if entry.definition.rows.range().is_some() { "range" } else { "value" };
    match other {
        Some(other) => Err(Error::invalid(format!(
            "Partition {name} in table {} has conflict {what} with existing {what}s: it overlaps partition {}",
            table.name(),
            other.definition.name
        ))),
        None => Ok(()),
    }
}
