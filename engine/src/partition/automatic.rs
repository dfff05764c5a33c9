//! The partition that a load makes for a row that has none.

use std::fmt::Write;

use cairn_format::{
    BoundValue, ColumnType, PartitionBound, PartitionDefinition, PartitionName, PartitionRange,
    PartitionRows, PartitionStep, Partitioning, StepUnit, TableDefinition, Value,
};

use super::calendar::{calendar_time, calendar_value, partition_name, step_around};
use crate::error::{Error, Result};

/// StarRocks' limit of partitions that one load makes.
pub(crate) const MAX_NEW_PARTITIONS: usize = 4096;

/// Names of more characters than this are cut off, and told apart by a hash.
const MAX_NAME_CHARS: usize = 50;

/// The partition of `table` for a row with these values in the partition columns; `None` when its loads make none.
/// `is_taken` says which names others have.
pub(crate) fn partition_of_row(
    table: &TableDefinition,
    values: &[Value],
    is_taken: impl Fn(&PartitionName) -> bool,
) -> Result<Option<PartitionDefinition>> {
    let types = table.partition_types()?;
    let (name, rows) = match &table.partitioning {
        Partitioning::Range { step: Some(step), .. } => of_step(*step, values, &types)?,
        Partitioning::List { automatic: true, .. } => {
            (list_name(values, &types), PartitionRows::List(vec![values.to_vec()]))
        }
        _ => return Ok(None),
    };
    let plain = PartitionName::parse(&shortened(&name))?;
    let name = if is_taken(&plain) { distinct_name(&plain, &rows)? } else { plain };
    Ok(Some(PartitionDefinition::new(name, rows)))
}

/// A name for a partition of these rows, where another partition has the name that it would have.
pub(crate) fn distinct_name(name: &PartitionName, rows: &PartitionRows) -> Result<PartitionName> {
    let exact = match rows {
        PartitionRows::List(lists) if lists.len() == 1 => format!("{:?}", lists[0]),
        other => format!("{other:?}"),
    };
    Ok(PartitionName::parse(&format!("{name}_{:x}", crc32fast::hash(exact.as_bytes())))?)
}

fn of_step(step: PartitionStep, values: &[Value], types: &[ColumnType]) -> Result<(String, PartitionRows)> {
    let (Some(value), [column_type]) = (values.first(), types) else {
        return Err(Error::invalid("partitions by steps of time have one column"));
    };
    // Null stands where the calendar begins.
    let least = Value::least(column_type);
    let value = if *value == Value::Null { least.as_ref().unwrap_or(value) } else { value };
    let around = calendar_time(value).and_then(|time| step_around(time, step));
    let (begin, end) = around.ok_or_else(|| Error::invalid("a time beyond the calendar has no partition"))?;
    let bound = |time, beyond: BoundValue| {
        let value = calendar_value(time, column_type);
        let position = if value.is_in_calendar() { BoundValue::Value(value) } else { beyond };
        PartitionBound::try_new(vec![position], types)
    };
    let range = PartitionRange::try_new(bound(begin, BoundValue::Min)?, bound(end, BoundValue::Max)?)?;
    let (PartitionStep::Truncated(unit) | PartitionStep::Sliced { unit, .. }) = step;
    // A week has StarRocks' name of its first day.
    let unit = if unit == StepUnit::Week { StepUnit::Day } else { unit };
    Ok((partition_name(begin, unit), PartitionRows::Range(range)))
}

/// `p<value>_<value>`, of which only letters and digits are left as they are.
fn list_name(values: &[Value], types: &[ColumnType]) -> String {
    let texts: Vec<String> = values.iter().zip(types).map(|(value, kind)| name_part(value, kind)).collect();
    format!("p{}", texts.join("_"))
}

fn name_part(value: &Value, column_type: &ColumnType) -> String {
    let Some(text) = value.to_text(column_type) else { return "NULL".to_owned() };
    let mut part = String::with_capacity(text.len());
    if text.starts_with('-') {
        part.push('_');
    }
    for c in text.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => part.push(c),
            '-' | ':' | ' ' | '*' => {}
            // Writing into a String cannot fail.
            other => drop(write!(part, "{:x}", u32::from(other))),
        }
    }
    part
}

fn shortened(name: &str) -> String {
    if name.len() <= MAX_NAME_CHARS {
        return name.to_owned();
    }
    // Only ASCII is in it.
    let kept: String = name.chars().take(MAX_NAME_CHARS).collect();
    format!("{kept}_{:x}", crc32fast::hash(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_starrocks() {
        let text = |text: &str| Value::Text(text.to_owned());
        let of = |values: &[Value]| list_name(values, &vec![ColumnType::String; values.len()]);
        assert_eq!(of(&[text("beijing"), text("2023-02-26")]), "pbeijing_20230226");
        assert_eq!(of(&[text("-1.5"), Value::Null]), "p_12e5_NULL");
        assert_eq!(of(&[text("北京")]), "p53174eac");
        assert_eq!(shortened(&of(&[text(&"x".repeat(60))])).len(), 59);
    }
}
