//! PARTITION BY RANGE: from bounds as text to ranges.

use std::cmp::Ordering;

use cairn_format::{
    BoundValue, Column, ColumnType, PartitionBound, PartitionDefinition, PartitionName, PartitionRange,
    PartitionRows, Partitioning, TableDefinition, Value,
};

use super::{batch, field_ids};
use crate::analyze::names::analysed;
use crate::ast::{PartitionClause, RangeBound, RangePart, RangePartition, RangeValue};
use crate::error::{Error, Result};

pub(super) fn partitioning(clause: &PartitionClause, columns: &[Column]) -> Result<Partitioning> {
    match clause {
        PartitionClause::Range { columns: names, .. } => {
            Ok(Partitioning::Range { columns: field_ids(names, columns, "partition")?, step: None })
        }
        PartitionClause::List { .. } => Err(Error::not_supported("PARTITION BY LIST")),
        PartitionClause::Expressions { .. } => Err(Error::not_supported("PARTITION BY an expression")),
    }
}

pub(super) fn partitions(
    clause: &PartitionClause,
    table: &TableDefinition,
) -> Result<Vec<PartitionDefinition>> {
    let PartitionClause::Range { parts, .. } = clause else { return Ok(Vec::new()) };
    let types = analysed(table.partition_types())?;
    let mut made = Parts { types: &types, partitions: Vec::new(), last_upper: None, style: None };
    for part in parts {
        match part {
            RangePart::Single(partition) => made.single(partition)?,
            RangePart::Batch(batch) => {
                made.agree_on(Style::Fixed)?;
                let [column_type] = types.as_slice() else {
                    return Err(Error::analysis(
                        "START … END … EVERY needs exactly one partition column; write VALUES [(…), (…)) for several",
                    ));
                };
                made.partitions.extend(batch::partitions(batch, column_type)?);
            }
        }
    }
    Ok(made.partitions)
}

/// How ranges are written; a table has one way only.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    LessThan,
    Fixed,
}

struct Parts<'a> {
    types: &'a [ColumnType],
    partitions: Vec<PartitionDefinition>,
    /// The upper end of the last LESS THAN, where the next one begins.
    last_upper: Option<PartitionBound>,
    style: Option<Style>,
}

impl Parts<'_> {
    fn agree_on(&mut self, style: Style) -> Result<()> {
        match self.style.replace(style) {
            Some(other) if other != style => Err(Error::analysis(
                "VALUES LESS THAN and fixed ranges ([…) or START … END … EVERY) cannot be mixed in one table",
            )),
            _ => Ok(()),
        }
    }

    fn single(&mut self, partition: &RangePartition) -> Result<()> {
        let name = analysed(PartitionName::parse_declared(&partition.name.value))?;
        if !partition.properties.is_empty() {
            return Err(Error::not_supported(format_args!(
                "partition '{name}': properties of one partition"
            )));
        }
        let about = |e: Error| e.about(format_args!("partition '{name}'"));
        let range = match &partition.bound {
            RangeBound::Fixed { lower, upper } => {
                self.agree_on(Style::Fixed)?;
                if lower.contains(&RangeValue::Max) {
                    return Err(about(Error::analysis("its lower bound cannot be MAXVALUE")));
                }
                let (lower, upper) = (self.bound(lower).map_err(about)?, self.bound(upper).map_err(about)?);
                analysed(PartitionRange::try_new(lower, upper)).map_err(about)?
            }
            RangeBound::LessThanMax | RangeBound::LessThan(_) => {
                self.agree_on(Style::LessThan)?;
                let upper = match &partition.bound {
                    RangeBound::LessThan(values) => self.bound(values).map_err(about)?,
                    _ => analysed(PartitionBound::try_new(
                        vec![BoundValue::Max; self.types.len()],
                        self.types,
                    ))?,
                };
                let lower = match self.last_upper.take() {
                    Some(lower) => lower,
                    None => analysed(PartitionBound::try_new(vec![BoundValue::Min], self.types))?,
                };
                if upper.compare(&lower) != Some(Ordering::Greater) {
                    return Err(about(Error::analysis(
                        "its upper bound is not above the one before: order partitions by their bounds",
                    )));
                }
                self.last_upper = Some(upper.clone());
                analysed(PartitionRange::try_new(lower, upper)).map_err(about)?
            }
        };
        self.partitions.push(PartitionDefinition { name, rows: PartitionRows::Range(range) });
        Ok(())
    }

    fn bound(&self, values: &[RangeValue]) -> Result<PartitionBound> {
        if values.len() > self.types.len() {
            return Err(Error::analysis(format!(
                "a bound has {} values for {} partition columns",
                values.len(),
                self.types.len()
            )));
        }
        let positions = values.iter().zip(self.types).map(|(value, column_type)| match value {
            RangeValue::Max => Ok(BoundValue::Max),
            RangeValue::Value(text) => analysed(Value::parse(column_type, text)).map(BoundValue::Value),
        });
        analysed(PartitionBound::try_new(positions.collect::<Result<_>>()?, self.types))
    }
}
