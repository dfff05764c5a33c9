//! List partitions: from values as text to values.

use cairn_engine::step_begin;
use cairn_format::{ColumnType, PartitionDefinition, PartitionName, PartitionRows, TableDefinition, Value};

use super::properties::properties;
use crate::analyze::names::analysed;
use crate::ast::{ListPart, ListValue};
use crate::error::{Error, Result};

pub(super) fn partitions(parts: &[ListPart], types: &[ColumnType]) -> Result<Vec<PartitionDefinition>> {
    parts.iter().map(|part| partition(part, types)).collect()
}

/// Refuses a day or time that does not begin a step, where only the beginnings of steps decide: no row would have it.
pub(super) fn check_steps(
    table: &TableDefinition,
    types: &[ColumnType],
    partitions: &[PartitionDefinition],
) -> Result<()> {
    let columns = table.partitioning.columns().iter().zip(types).enumerate();
    for (position, (id, column_type)) in columns {
        let Some(step) = table.partitioning.list_step(*id) else { continue };
        for partition in partitions {
            let PartitionRows::List(lists) = &partition.rows else { continue };
            for value in lists.iter().filter_map(|list| list.get(position)) {
                let Some(begin) = step_begin(value, column_type, step).filter(|begin| begin != value) else {
                    continue;
                };
                let text = |value: &Value| value.to_text(column_type).unwrap_or_default();
                return Err(Error::analysis(format!(
                    "partition '{}': {} begins no step of column '{}', so no row belongs there; give {}",
                    partition.name,
                    text(value),
                    analysed(table.column_by_id(*id))?.name,
                    text(&begin)
                )));
            }
        }
    }
    Ok(())
}

fn partition(part: &ListPart, types: &[ColumnType]) -> Result<PartitionDefinition> {
    let name = analysed(PartitionName::parse_declared(&part.name.value))?;
    let properties = properties(&name, &part.properties)?;
    let lists = part.values.iter().map(|values| list(values, types));
    let lists: Vec<_> =
        lists.collect::<Result<_>>().map_err(|e| e.about(format_args!("partition '{name}'")))?;
    Ok(PartitionDefinition { properties, ..PartitionDefinition::new(name, PartitionRows::List(lists)) })
}

fn list(values: &[ListValue], types: &[ColumnType]) -> Result<Vec<Value>> {
    if values.len() != types.len() {
        return Err(Error::analysis(format!(
            "it lists {} values for {} partition columns: give one a column, as in {}",
            values.len(),
            types.len(),
            if types.len() == 1 { "(\"a\", \"b\")" } else { "((\"a\", \"x\"), (\"b\", \"y\"))" }
        )));
    }
    let one = |(value, column_type): (&ListValue, &ColumnType)| match value {
        ListValue::Null => Ok(Value::Null),
        ListValue::Value(text) => analysed(Value::parse(column_type, text)),
    };
    values.iter().zip(types).map(one).collect()
}
