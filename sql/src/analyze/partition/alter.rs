//! Changes of a table's partitions: from clauses to what is done.

use std::collections::BTreeMap;

use cairn_engine::{
    COLOCATE_WITH, CatalogView, DropMode, DynamicPartitions, PartitionKind, Replacement, Table,
};
use cairn_format::{PartitionDefinition, PartitionName, Partitioning};

use super::properties::checked;
use super::{batch, list, range};
use crate::analyze::create_table::field_ids;
use crate::analyze::names::{Scope, TablePath, analysed};
use crate::ast::{
    DistributionClause, DroppedPartitions, Ident, PartitionChange, PartitionPart, Properties, RangePart,
};
use crate::error::{Error, Result};

/// A change of a table's partitions, their names looked up.
#[derive(Debug)]
pub(crate) enum PartitionAlteration {
    /// These are made; none when they are there already.
    Add(Vec<PartitionDefinition>, PartitionKind),
    /// These go; none when they are gone already.
    Drop(Vec<PartitionName>, PartitionKind, DropMode),
    /// These get properties of their own.
    Modify(Vec<PartitionName>, BTreeMap<String, String>),
    /// One gets another name.
    Rename(PartitionName, PartitionName),
    /// Temporary ones take the place of others.
    Replace(Replacement),
}

impl PartitionAlteration {
    /// The view as it would be after the change.
    pub(crate) fn imagine(&self, view: &CatalogView, path: &TablePath) -> cairn_engine::Result<CatalogView> {
        let (database, table) = (&path.database, &path.table);
        match self {
            Self::Add(partitions, kind) => view.with_partitions(database, table, partitions.clone(), *kind),
            Self::Drop(names, kind, _) => view.without_partitions(database, table, names, *kind),
            Self::Modify(names, properties) => {
                view.with_partition_properties(database, table, names, properties)
            }
            Self::Rename(from, to) => view.with_partition_renamed(database, table, from, to),
            Self::Replace(replacement) => view.with_partitions_replaced(database, table, replacement),
        }
    }
}

pub(in crate::analyze) fn alteration(
    change: &PartitionChange,
    path: &TablePath,
    scope: &Scope<'_>,
) -> Result<PartitionAlteration> {
    let table = scope.table(path)?;
    let modifies = matches!(change, PartitionChange::Modify { .. });
    if table.definition.partitioning == Partitioning::Unpartitioned && !modifies {
        return Err(Error::analysis(format!(
            "Only support changing partitions of a partitioned table: '{}' is not partitioned",
            table.name()
        )));
    }
    refuse_dynamic(table, change)?;
    let alteration = match change {
        PartitionChange::Add { temporary, part, distribution } => {
            let kind = kind(*temporary);
            let buckets = buckets(table, distribution.as_ref())?;
            let mut new = added(table, part, kind)?;
            for partition in &mut new {
                partition.buckets = buckets;
            }
            PartitionAlteration::Add(new, kind)
        }
        PartitionChange::Modify { partitions, properties } => {
            let names = match partitions {
                Some(names) => find_all(table, names, PartitionKind::Formal)?,
                None => table.partitions.iter().map(|partition| partition.definition.name.clone()).collect(),
            };
            PartitionAlteration::Modify(names, checked(properties)?)
        }
        PartitionChange::Drop { temporary, if_exists, partitions, force } => {
            let kind = kind(*temporary);
            let mut names = Vec::new();
            for name in &dropped(table, partitions)? {
                match find(table, name, kind) {
                    Ok(found) if names.contains(&found) => return Err(twice(name, table)),
                    Ok(found) => names.push(found),
                    Err(_) if *if_exists => {}
                    Err(error) => return Err(error),
                }
            }
            let mode = if *force { DropMode::Force } else { DropMode::Recoverable };
            PartitionAlteration::Drop(names, kind, mode)
        }
        PartitionChange::Rename { from, to } => {
            let from = find(table, &from.value, PartitionKind::Formal)?;
            let to = analysed(PartitionName::parse_declared(&to.value))?;
            if from == to && from.as_str() == to.as_str() {
                return Err(Error::analysis(format!("Same partition name {to}")));
            }
            PartitionAlteration::Rename(from, to)
        }
        PartitionChange::Replace { partitions, temporary, properties } => {
            let (strict_range, use_temporary_names) = replacement_properties(properties)?;
            PartitionAlteration::Replace(Replacement {
                partitions: find_all(table, partitions, PartitionKind::Formal)?,
                temporary: find_all(table, temporary, PartitionKind::Temporary)?,
                strict_range,
                use_temporary_names,
            })
        }
    };
    // What does not fit the other partitions is refused before anything runs.
    alteration.imagine(scope.view, path).map_err(|e| Error::from(e).while_analysing())?;
    Ok(alteration)
}

/// The names of the partitions to be dropped.
fn dropped(table: &Table, partitions: &DroppedPartitions) -> Result<Vec<String>> {
    let batch = match partitions {
        DroppedPartitions::Names(names) => return Ok(names.iter().map(|name| name.value.clone()).collect()),
        DroppedPartitions::Batch(batch) => batch,
    };
    let types = analysed(table.definition.partition_types())?;
    match (&table.definition.partitioning, types.as_slice()) {
        (Partitioning::Range { .. }, [column_type]) => {
            let partitions = batch::partitions(batch, column_type)?;
            Ok(partitions.iter().map(|partition| partition.name.to_string()).collect())
        }
        _ => Err(Error::analysis(format!(
            "DROP PARTITIONS START … END … EVERY needs ranges of one column: table '{}' has none; name the partitions",
            table.name()
        ))),
    }
}

/// How many buckets a new partition is to have.
fn buckets(table: &Table, distribution: Option<&DistributionClause>) -> Result<Option<u32>> {
    let Some(clause) = distribution else { return Ok(None) };
    let own = &table.definition.distribution;
    let columns = match &clause.hash_columns {
        Some(names) => field_ids(names, &table.definition.columns, "bucket")?,
        None => Vec::new(),
    };
    if columns != own.columns() {
        return Err(Error::analysis(format!(
            "Cannot assign hash distribution with different distribution cols: table '{}' is divided in another way",
            table.name()
        )));
    }
    let Some(number) = clause.buckets else { return Ok(None) };
    match u32::try_from(number).ok().filter(|number| *number > 0) {
        Some(number) if number == own.buckets() && !table.definition.automatic_buckets => Ok(None),
        Some(_) if table.definition.properties.contains_key(COLOCATE_WITH) => Err(Error::analysis(format!(
            "Cannot add partition with different bucket num to table '{}', which is in a colocation group",
            table.name()
        ))),
        Some(number) => Ok(Some(number)),
        None => Err(Error::analysis(format!(
            "Cannot assign hash distribution buckets less than 1, or so many: BUCKETS {number}"
        ))),
    }
}

/// Partitions that come and go by themselves are not added or dropped by hand.
fn refuse_dynamic(table: &Table, change: &PartitionChange) -> Result<()> {
    let (PartitionChange::Add { temporary: false, .. } | PartitionChange::Drop { temporary: false, .. }) =
        change
    else {
        return Ok(());
    };
    let rule =
        DynamicPartitions::of_table(&table.definition).map_err(|e| Error::from(e).while_analysing())?;
    match rule.filter(DynamicPartitions::is_enabled) {
        Some(_) => Err(Error::analysis(format!(
            "Cannot add/drop partition on a Dynamic Partition Table, Use command `ALTER TABLE {} SET \
             (\"dynamic_partition.enable\" = \"false\")` firstly.",
            table.name()
        ))),
        None => Ok(()),
    }
}

fn kind(temporary: bool) -> PartitionKind {
    if temporary { PartitionKind::Temporary } else { PartitionKind::Formal }
}

fn added(table: &Table, part: &PartitionPart, kind: PartitionKind) -> Result<Vec<PartitionDefinition>> {
    let types = analysed(table.definition.partition_types())?;
    let existing: Vec<PartitionDefinition> = match kind {
        PartitionKind::Formal => table.partition_definitions(),
        PartitionKind::Temporary => table.temporary_partitions.iter().map(|p| p.definition.clone()).collect(),
    };
    let (new, if_not_exists) = match (&table.definition.partitioning, part) {
        (Partitioning::Range { .. }, PartitionPart::Range(part)) => {
            let if_not_exists = matches!(part, RangePart::Single(partition) if partition.if_not_exists);
            (range::partitions(std::slice::from_ref(part), &types, &existing), if_not_exists)
        }
        (Partitioning::List { .. }, PartitionPart::List(part)) => {
            let new = list::partitions(std::slice::from_ref(part), &types);
            let new = new.and_then(|new| list::check_steps(&table.definition, &types, &new).map(|()| new));
            (new, part.if_not_exists)
        }
        (Partitioning::List { .. }, _) => {
            return Err(Error::analysis(format!(
                "table '{}' is partitioned by lists: write VALUES IN (…)",
                table.name()
            )));
        }
        _ => {
            return Err(Error::analysis(format!(
                "table '{}' is partitioned by ranges: write VALUES LESS THAN (…) or VALUES [(…), (…))",
                table.name()
            )));
        }
    };
    let taken = |name: &PartitionName| {
        let mut all = table.partitions.iter().chain(&table.temporary_partitions);
        all.any(|other| other.definition.name == *name)
    };
    if if_not_exists && part_name(part).is_some_and(|name| taken(&name)) {
        return Ok(Vec::new());
    }
    let new = new?;
    match new.iter().find(|partition| taken(&partition.name)) {
        Some(partition) => Err(Error::analysis(format!("Duplicate partition name {}", partition.name))),
        None => Ok(new),
    }
}

fn part_name(part: &PartitionPart) -> Option<PartitionName> {
    let name = match part {
        PartitionPart::Range(RangePart::Single(partition)) => &partition.name,
        PartitionPart::List(partition) => &partition.name,
        PartitionPart::Range(RangePart::Batch(_)) => return None,
    };
    PartitionName::parse(&name.value).ok()
}

fn find(table: &Table, name: &str, kind: PartitionKind) -> Result<PartitionName> {
    let found = match kind {
        PartitionKind::Formal => table.require_partition(name),
        PartitionKind::Temporary => table.require_temporary_partition(name),
    };
    Ok(found.map_err(|e| Error::from(e).while_analysing())?.definition.name.clone())
}

/// The partitions of these names, each once.
pub(in crate::analyze) fn find_all(
    table: &Table,
    names: &[Ident],
    kind: PartitionKind,
) -> Result<Vec<PartitionName>> {
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        let partition = find(table, &name.value, kind)?;
        if found.contains(&partition) {
            return Err(twice(&name.value, table));
        }
        found.push(partition);
    }
    Ok(found)
}

fn twice(name: &str, table: &Table) -> Error {
    Error::analysis(format!("partition '{name}' of table '{}' is named twice", table.name()))
}

/// `strict_range` and `use_temp_partition_name`.
fn replacement_properties(properties: &Properties) -> Result<(bool, bool)> {
    let (mut strict_range, mut use_temporary_names) = (true, false);
    for (key, value) in properties {
        let value = match value.to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            _ => {
                return Err(Error::analysis(format!(
                    "property \"{key}\" is \"true\" or \"false\", not \"{value}\""
                )));
            }
        };
        match key.as_str() {
            "strict_range" => strict_range = value,
            "use_temp_partition_name" => use_temporary_names = value,
            _ => {
                return Err(Error::analysis(format!(
                    "Unknown properties: {key}; the known ones are strict_range, use_temp_partition_name"
                )));
            }
        }
    }
    Ok((strict_range, use_temporary_names))
}
