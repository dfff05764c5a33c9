//! SHOW PARTITIONS.

use std::fmt::Write;

use cairn_engine::{Partition, PartitionKind, Table};
use cairn_format::{
    BoundValue, ColumnType, Distribution, FieldId, PartitionBound, PartitionRows, Partitioning, Value,
};

use super::listing::Listing;
use super::text::{Row, time};
use crate::error::Result;

const COLUMNS: [&str; 18] = [
    "PartitionId",
    "PartitionName",
    "VisibleVersion",
    "VisibleVersionTime",
    "VisibleVersionHash",
    "State",
    "PartitionKey",
    "Range",
    "DistributionKey",
    "Buckets",
    "ReplicationNum",
    "StorageMedium",
    "CooldownTime",
    "LastConsistencyCheckTime",
    "DataSize",
    "StorageSize",
    "IsInMemory",
    "RowCount",
];

const NUMBERS: [&str; 5] = ["PartitionId", "VisibleVersion", "Buckets", "ReplicationNum", "RowCount"];

/// The place of what a partition holds.
const RANGE: usize = 7;

/// What StarRocks prints for a partition that is never moved to a slower medium.
pub(crate) const NO_COOLDOWN: &str = "9999-12-31 23:59:59";

pub(crate) fn partitions(table: &Table, kind: PartitionKind) -> Result<Listing> {
    let definition = &table.definition;
    let key = names(table, definition.partitioning.columns())?;
    let distribution = match &definition.distribution {
        Distribution::Hash { columns, .. } => names(table, columns)?,
        Distribution::Random { .. } => "ALL KEY".to_owned(),
    };
    let types = definition.partition_types()?;
    let row = |partition: &std::sync::Arc<Partition>| {
        let own = &partition.definition.properties;
        let property = |name: &str, default: &str| {
            own.get(name)
                .or_else(|| definition.properties.get(name))
                .map_or(default, |value| value)
                .to_owned()
        };
        let bytes = partition.bytes_with_rollups().to_string();
        let values = [
            partition.id.to_string(),
            partition.definition.name.to_string(),
            partition.version.to_string(),
            time(partition.version_time_ms),
            "0".to_owned(),
            "NORMAL".to_owned(),
            key.clone(),
            held(partition, &types),
            distribution.clone(),
            partition.tablets.len().to_string(),
            property("replication_num", "1"),
            property("storage_medium", "HDD"),
            property("storage_cooldown_time", NO_COOLDOWN),
            super::text::NULL.to_owned(),
            bytes.clone(),
            bytes,
            property("in_memory", "false"),
            partition.rows().to_string(),
        ];
        values.into_iter().map(Some).collect()
    };
    let partitions = match kind {
        PartitionKind::Formal => &table.partitions,
        PartitionKind::Temporary => &table.temporary_partitions,
    };
    let rows: Vec<Row> = partitions.iter().map(row).collect();
    let mut columns = COLUMNS;
    if matches!(definition.partitioning, Partitioning::List { .. }) {
        columns[RANGE] = "List";
    }
    Ok(Listing::new(&columns, &NUMBERS, &["DataSize", "StorageSize"], rows))
}

pub(crate) fn names(table: &Table, ids: &[FieldId]) -> Result<String> {
    let mut text = String::new();
    for id in ids {
        let separator = if text.is_empty() { "" } else { ", " };
        // Writing into a String cannot fail.
        let _ = write!(text, "{separator}{}", table.definition.column_by_id(*id)?.name);
    }
    Ok(text)
}

/// What a partition holds: `[types: [DATE]; keys: [2013-01-01]; ..types: [DATE]; keys: [2013-02-01]; )`
pub(crate) fn held(partition: &Partition, types: &[ColumnType]) -> String {
    match &partition.definition.rows {
        PartitionRows::All => String::new(),
        PartitionRows::Range(range) => {
            format!("[{}..{})", end(range.lower(), types), end(range.upper(), types))
        }
        PartitionRows::List(lists) => list(lists, types),
    }
}

/// `('beijing', NULL)`, or `(('2013-01-01', 'beijing'), …)` of several columns.
fn list(lists: &[Vec<Value>], types: &[ColumnType]) -> String {
    let one = |values: &Vec<Value>| {
        let texts = values.iter().zip(types).map(|(value, column_type)| match value.to_text(column_type) {
            Some(text) => format!("'{text}'"),
            None => super::text::NULL.to_owned(),
        });
        let texts = texts.collect::<Vec<_>>().join(", ");
        if types.len() == 1 { texts } else { format!("({texts})") }
    };
    format!("({})", lists.iter().map(one).collect::<Vec<_>>().join(", "))
}

fn end(bound: &PartitionBound, types: &[ColumnType]) -> String {
    let words: Vec<String> = types.iter().map(|column_type| word(column_type).to_ascii_uppercase()).collect();
    let text = |(value, column_type): (&BoundValue, &ColumnType)| match value {
        BoundValue::Max => "MAXVALUE".to_owned(),
        BoundValue::Min => {
            Value::least(column_type).and_then(|least| least.to_text(column_type)).unwrap_or_default()
        }
        BoundValue::Value(value) => value.to_text(column_type).unwrap_or_default(),
    };
    let keys: Vec<String> = bound.values().iter().zip(types).map(text).collect();
    format!("types: [{}]; keys: [{}]; ", words.join(", "), keys.join(", "))
}

/// The type without its parameters.
fn word(column_type: &ColumnType) -> String {
    let text = column_type.to_string();
    text.split('(').next().unwrap_or_default().to_owned()
}
