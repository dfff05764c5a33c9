//! Whether an existing table can take a snapshot's rows: StarRocks' checks, each naming what differs.

use std::mem::discriminant;

use cairn_format::{
    Aggregation, Column, Distribution, FieldId, PartitionEntry, RollupDefinition, TableDefinition, TableName,
};

use crate::catalog::{Partition, is_colocated};
use crate::error::{Error, Result};

/// Refuses a table whose rows could not be the snapshot's.
pub(super) fn same_table(
    existing: &TableDefinition,
    source: &TableDefinition,
    name: &TableName,
) -> Result<()> {
    let differs = |what: String| {
        Error::invalid(format!(
            "Table {name} already exist but with different schema, errMsg: {what}; drop it, or restore AS another name"
        ))
    };
    let word = |table: &TableDefinition| {
        if table.materialized_view.is_some() { "a materialized view" } else { "a table" }
    };
    if existing.materialized_view.is_some() != source.materialized_view.is_some() {
        return Err(differs(format!("it is {}, in the snapshot {}", word(existing), word(source))));
    }
    if discriminant(&existing.partitioning) != discriminant(&source.partitioning) {
        return Err(differs("Table's partition type is different".to_owned()));
    }
    if existing.columns.len() != source.columns.len() {
        return Err(differs(format!(
            "number of columns is inconsistent: it has {}, the snapshot {}",
            existing.columns.len(),
            source.columns.len()
        )));
    }
    for (ours, theirs) in existing.columns.iter().zip(&source.columns) {
        if let Some(what) = column_difference(ours, theirs) {
            return Err(differs(format!("column {} is inconsistent: {what}", ours.name)));
        }
    }
    if existing.key_model != source.key_model || existing.key_columns != source.key_columns {
        return Err(differs(format!(
            "different key type: it has {} of {} columns, the snapshot {} of {}",
            existing.key_model.as_sql(),
            existing.key_columns,
            source.key_model.as_sql(),
            source.key_columns
        )));
    }
    if existing.sort_columns() != source.sort_columns() {
        return Err(differs(format!(
            "sort keys are inconsistent: it is sorted by ({}), the snapshot by ({})",
            names_of(existing, &existing.sort_columns()),
            names_of(source, &source.sort_columns())
        )));
    }
    if existing.partitioning != source.partitioning {
        return Err(differs("partition columns are inconsistent".to_owned()));
    }
    if existing.distribution != source.distribution {
        return Err(differs(format!(
            "distribution is inconsistent: it has {}, the snapshot {}",
            distribution_text(existing),
            distribution_text(source)
        )));
    }
    let names = |table: &TableDefinition| {
        let names: Vec<_> = table.rollups.iter().map(|rollup| rollup.name.to_string()).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    let is_there = |rollup: &RollupDefinition| existing.rollups.iter().any(|other| other.is_same(rollup));
    if existing.rollups.len() != source.rollups.len() || !source.rollups.iter().all(is_there) {
        return Err(differs(format!(
            "rollups are inconsistent: it has {}, the snapshot {}, or they are made in another way",
            names(existing),
            names(source)
        )));
    }
    Ok(())
}

fn column_difference(ours: &Column, theirs: &Column) -> Option<String> {
    if ours.name != theirs.name {
        return Some(format!("the snapshot has {} in its place", theirs.name));
    }
    if ours.column_type != theirs.column_type {
        return Some(format!("it is {}, in the snapshot {}", ours.column_type, theirs.column_type));
    }
    if ours.nullable != theirs.nullable {
        let word = |nullable| if nullable { "NULL" } else { "NOT NULL" };
        return Some(format!("it is {}, in the snapshot {}", word(ours.nullable), word(theirs.nullable)));
    }
    if ours.default != theirs.default {
        return Some("its default is another in the snapshot".to_owned());
    }
    if ours.initial != theirs.initial {
        return Some("rows from before it was added hold another value in the snapshot".to_owned());
    }
    if ours.aggregation != theirs.aggregation {
        let word = |column: &Column| column.aggregation.map_or("without an aggregation", Aggregation::as_sql);
        return Some(format!("it is {}, in the snapshot {}", word(ours), word(theirs)));
    }
    if ours.generated != theirs.generated {
        let word = |column: &Column| match &column.generated {
            Some(expression) => format!("computed as {expression}"),
            None => "not computed".to_owned(),
        };
        return Some(format!("it is {}, in the snapshot {}", word(ours), word(theirs)));
    }
    if ours.auto_increment != theirs.auto_increment {
        let word = |has| if has { "AUTO_INCREMENT" } else { "without AUTO_INCREMENT" };
        let (ours, theirs) = (word(ours.auto_increment), word(theirs.auto_increment));
        return Some(format!("it is {ours}, in the snapshot {theirs}"));
    }
    if ours.field_id != theirs.field_id {
        return Some(format!("its field id is {}, in the snapshot {}", ours.field_id, theirs.field_id));
    }
    None
}

fn names_of(table: &TableDefinition, columns: &[FieldId]) -> String {
    let names =
        columns.iter().filter_map(|id| table.column_by_id(*id).ok()).map(|column| column.name.as_str());
    names.collect::<Vec<_>>().join(", ")
}

fn distribution_text(table: &TableDefinition) -> String {
    match &table.distribution {
        Distribution::Hash { columns, buckets } => {
            format!("HASH({}) BUCKETS {buckets}", names_of(table, columns))
        }
        Distribution::Random { buckets } => format!("RANDOM BUCKETS {buckets}"),
    }
}

/// Refuses a partition of the same name and another range, or other values. It may have another number of buckets, which
/// it then gets, but where all of a colocation group have as many.
pub(super) fn same_rows(
    existing: &Partition,
    of: &TableDefinition,
    entry: &PartitionEntry,
    source: &TableDefinition,
    table: &TableName,
) -> Result<()> {
    let buckets = source.buckets_of(&entry.definition);
    if is_colocated(of) && existing.tablets.len() != buckets as usize {
        return Err(Error::invalid(format!(
            "Partition {} in table {table} has different bucket number with partition in repository: it has {}, the \
             snapshot's {buckets}",
            existing.definition.name,
            existing.tablets.len()
        )));
    }
    let (ours, theirs) = (&existing.definition.rows, &entry.definition.rows);
    if ours.is_same(theirs) {
        return Ok(());
    }
    let types = source.partition_types()?;
    let what = if ours.range().is_some() { "range" } else { "values" };
    Err(Error::invalid(format!(
        "Partition {} in table {table} has different {what} with partition in repository: it holds {}, the snapshot's {}",
        existing.definition.name,
        ours.display(&types),
        theirs.display(&types)
    )))
}
