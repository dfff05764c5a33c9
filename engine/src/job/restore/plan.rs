//! Deciding what a restore does, before it does any of it.

use std::collections::HashSet;

use cairn_format::{
    DataFile, DatabaseName, Manifest, PartitionEntry, PartitionName, Partitioning, TableDefinition,
    TableEntry, TableName,
};

use super::check::{same_rows, same_table};
use crate::catalog::{Catalog, Table};
use crate::error::{Error, Result};
use crate::id::{PartitionId, SegmentId, TableId};
use crate::job::{IfExists, TableSelection};

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
    /// Its identity in this store, reserved when it is new or takes the place of another.
    pub table: TableId,
    /// Whether it is made by the restore.
    pub is_new: bool,
    /// The table whose place it takes: an unpartitioned one, which goes into the recycle bin whole.
    pub replaced: Option<TableId>,
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
    /// Whether it is made by the restore; otherwise it takes the place of the one with the identity.
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

impl<'m> Selected<'m> {
    fn whole(entry: &'m TableEntry) -> Self {
        Self { entry, target: entry.definition.name.clone(), partitions: None }
    }
}

impl Selected<'_> {
    fn wants(&self, partition: &PartitionName) -> bool {
        self.partitions.as_ref().is_none_or(|names| names.contains(partition))
    }

    /// The partitions of the snapshot that a plan has.
    pub(super) fn planned(&self, plan: &TablePlan) -> Result<HashSet<PartitionName>> {
        let mut names = HashSet::new();
        for entry in &self.entry.partitions {
            let own = partition_name(entry, &self.entry.definition, &self.target)?;
            if plan.partitions.iter().any(|partition| partition.name == own) {
                names.insert(entry.definition.name.clone());
            }
        }
        Ok(names)
    }
}

/// The tables that are asked for, each in the snapshot and under a name of its own.
pub(super) fn selected<'m>(
    manifest: &'m Manifest,
    tables: Option<&[TableSelection]>,
    materialized_views: Option<&[TableSelection]>,
) -> Result<Vec<Selected<'m>>> {
    let mut selected = Vec::new();
    let mut targets = HashSet::new();
    for (kind, wanted) in [(Kind::Table, tables), (Kind::MaterializedView, materialized_views)] {
        let of_kind = if let Some(wanted) = wanted {
            listed(manifest, kind, wanted)?
        } else {
            let entries = manifest.tables.iter().filter(|entry| Kind::of(entry) == kind);
            entries.map(Selected::whole).collect()
        };
        for selection in &of_kind {
            if !targets.insert(selection.target.clone()) {
                return Err(Error::invalid(format!(
                    "Duplicated alias name: {}; give each table a name of its own",
                    selection.target
                )));
            }
        }
        selected.extend(of_kind);
    }
    Ok(selected)
}

/// What a table of a snapshot is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Table,
    MaterializedView,
}

impl Kind {
    fn of(entry: &TableEntry) -> Self {
        if entry.definition.materialized_view.is_some() { Self::MaterializedView } else { Self::Table }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Table => "Table",
            Self::MaterializedView => "Materialized view",
        }
    }
}

/// Those of one kind that are listed.
fn listed<'m>(manifest: &'m Manifest, kind: Kind, wanted: &[TableSelection]) -> Result<Vec<Selected<'m>>> {
    let mut sources = HashSet::new();
    let mut selected = Vec::new();
    for selection in wanted {
        let word = kind.word();
        let entry = manifest.table(selection.table.as_str()).ok_or_else(|| {
            Error::not_found(format!(
                "{word} {} does not exist in snapshot {}",
                selection.table, manifest.label
            ))
        })?;
        if Kind::of(entry) != kind {
            let other = Kind::of(entry).word().to_lowercase();
            return Err(Error::not_found(format!(
                "{word} {0} does not exist in snapshot {1}: {0} is a {other} there; name it as that",
                selection.table, manifest.label
            )));
        }
        for partition in selection.partitions.iter().flatten() {
            if !entry.partitions.iter().any(|p| p.definition.name == *partition) {
                return Err(Error::not_found(format!(
                    "Partition {partition} of table {} does not exist in snapshot {}",
                    selection.table, manifest.label
                )));
            }
        }
        let target = selection.target().clone();
        if !sources.insert(&selection.table) {
            return Err(Error::invalid(format!("Duplicated table: {}; name it once", selection.table)));
        }
        selected.push(Selected { entry, target, partitions: selection.partitions.clone() });
    }
    Ok(selected)
}

/// Compares what is asked for with what the store has, and reserves identities for what is new. `files` are those of
/// each selected table.
pub(super) fn decide(
    catalog: &Catalog,
    database: &DatabaseName,
    selected: &[Selected<'_>],
    files: &[Vec<DataFile>],
    if_exists: IfExists,
) -> Result<RestorePlan> {
    let view = catalog.view();
    let database = view.database(database);
    let mut tables = Vec::new();
    for (selection, files) in selected.iter().zip(files) {
        if database.is_some_and(|database| database.view(&selection.target).is_some()) {
            return Err(Error::already_exists(format!(
                "Table {} cannot be restored: a view of this name exists already; drop it, or restore AS another name",
                selection.target
            )));
        }
        let existing = database.and_then(|database| database.table(&selection.target));
        tables.extend(decide_table(catalog, selection, existing.map(AsRef::as_ref), files, if_exists)?);
    }
    Ok(RestorePlan { tables })
}

/// What happens to a table; `None` when nothing does.
pub(super) fn decide_table(
    catalog: &Catalog,
    selection: &Selected<'_>,
    existing: Option<&Table>,
    files: &[DataFile],
    if_exists: IfExists,
) -> Result<Option<TablePlan>> {
    let source = &selection.entry.definition;
    let names_partitions = selection.partitions.is_some();
    if let Some(existing) = existing {
        match if_exists {
            IfExists::Skip if !names_partitions => return Ok(None),
            IfExists::Fail if !names_partitions => return Err(exists(existing, "")),
            _ => {}
        }
        refuse_temporary_partitions(existing)?;
        same_table(&existing.definition, source, &selection.target)?;
    }
    let mut partitions = Vec::new();
    for entry in selection.entry.partitions.iter().filter(|entry| selection.wants(&entry.definition.name)) {
        let name = partition_name(entry, source, &selection.target)?;
        let current = existing.and_then(|table| table.partition(name.as_str()));
        match (if_exists, existing, current) {
            (IfExists::Skip, _, Some(_)) => continue,
            (IfExists::Fail, Some(table), Some(_)) => {
                return Err(exists(table, &format!(" partition {name} of")));
            }
            _ => {}
        }
        let plan = if let (Some(table), Some(current)) = (existing, current) {
            same_rows(current, &table.definition, entry, source, &selection.target)?;
            PartitionPlan { name, id: current.id, is_new: false }
        } else {
            refuse_conflict(existing, entry, &name)?;
            PartitionPlan { name, id: PartitionId::new(catalog.reserve_ids(1)), is_new: true }
        };
        partitions.push(plan);
    }
    if partitions.is_empty() && existing.is_some() {
        return Ok(None);
    }
    // An unpartitioned table goes into the recycle bin whole, since its one partition could not be recovered.
    let replaced = existing.filter(|table| table.definition.partitioning == Partitioning::Unpartitioned);
    let reserved = || TableId::new(catalog.reserve_ids(1));
    let mut plan = TablePlan {
        source: source.name.clone(),
        target: selection.target.clone(),
        table: existing.filter(|_| replaced.is_none()).map_or_else(reserved, |table| table.id),
        is_new: existing.is_none(),
        replaced: replaced.map(|table| table.id),
        partitions,
        first_segment: SegmentId::new(0),
        files: 0,
    };
    let planned = selection.planned(&plan)?;
    plan.files = files.iter().filter(|file| planned.contains(&file.partition)).count() as u64;
    plan.first_segment = SegmentId::new(catalog.reserve_ids(plan.files));
    Ok(Some(plan))
}

fn exists(table: &Table, what: &str) -> Error {
    Error::already_exists(format!(
        "Table {0} already exist, and \"if_exists\" is \"fail\":{what} table {0} is to be left as it is; restore AS another name",
        table.name()
    ))
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
