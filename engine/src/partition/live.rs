//! How many of its newest partitions a table keeps.

use std::cmp::Ordering;

use cairn_format::{
    BoundValue, ColumnType, PartitionBound, PartitionDefinition, PartitionName, Partitioning, TableDefinition,
};
use chrono::DateTime;

use super::calendar::calendar_value;
use super::dynamic::DynamicPartitions;
use crate::error::{Error, Result};

/// The property that says it.
pub const PARTITION_LIVE_NUMBER: &str = "partition_live_number";

/// How many; `None` when the table keeps all.
pub(super) fn live_number(table: &TableDefinition) -> Result<Option<usize>> {
    let Some(text) = table.properties.get(PARTITION_LIVE_NUMBER) else { return Ok(None) };
    let number = text.trim().parse::<i64>().ok();
    // What StarRocks writes for none, which any table may have.
    if number == Some(-1) {
        return Ok(None);
    }
    match &table.partitioning {
        Partitioning::Range { columns, .. } if columns.len() == 1 => {}
        _ => {
            return Err(Error::invalid(format!(
                "{PARTITION_LIVE_NUMBER} only support single-column range partition"
            )));
        }
    }
    match number {
        Some(number) if number > 0 => Ok(usize::try_from(number).ok()),
        _ => Err(Error::invalid(format!(
            "Partition live number must larger than 0: {PARTITION_LIVE_NUMBER} is '{text}'"
        ))),
    }
}

/// The partitions beyond that number. Those that lie ahead do not count: days and times by the zone of the table's dynamic
/// partitions, or by UTC, and whole numbers where dynamic partitions say that they are days.
pub(super) fn beyond_live_number(
    table: &TableDefinition,
    existing: &[PartitionDefinition],
    dynamic: Option<&DynamicPartitions>,
    now_ms: i64,
) -> Result<Vec<PartitionName>> {
    let Some(number) = live_number(table)? else { return Ok(Vec::new()) };
    let types = table.partition_types()?;
    let now = match (types.as_slice(), dynamic) {
        ([column_type], Some(rule)) => rule.present(now_ms, column_type),
        ([column_type @ (ColumnType::Date | ColumnType::DateTime)], None) => {
            let now = DateTime::from_timestamp_millis(now_ms);
            now.map(|now| calendar_value(now.naive_utc(), column_type))
        }
        _ => None,
    };
    let bound = |value| PartitionBound::try_new(vec![BoundValue::Value(value)], &types);
    let now = now.map(bound).transpose()?;
    let ranges = existing.iter().filter_map(|partition| Some((partition.rows.range()?, &partition.name)));
    let has_begun =
        |lower: &PartitionBound| now.as_ref().is_none_or(|now| lower.compare(now) != Some(Ordering::Greater));
    let mut begun: Vec<_> = ranges.filter(|(range, _)| has_begun(range.lower())).collect();
    begun.sort_by(|a, b| a.0.lower().compare(b.0.lower()).unwrap_or(Ordering::Equal));
    begun.truncate(begun.len().saturating_sub(number));
    Ok(begun.into_iter().map(|(_, name)| name.clone()).collect())
}
