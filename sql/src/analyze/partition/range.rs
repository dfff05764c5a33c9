//! Range partitions: from bounds as text to ranges.

use std::cmp::Ordering;

use cairn_format::{
    BoundValue, ColumnType, PartitionBound, PartitionDefinition, PartitionName, PartitionRange,
    PartitionRows, Value,
};

use super::batch;
use super::properties::properties;
use crate::analyze::names::analysed;
use crate::ast::{RangeBound, RangePart, RangePartition, RangeValue};
use crate::error::{Error, Result};

/// The partitions of range parts over columns of `types`. A LESS THAN begins where the one before it ends; the first
/// begins at the last end of `existing` ranges below its own.
pub(super) fn partitions(
    parts: &[RangePart],
    types: &[ColumnType],
    existing: &[PartitionDefinition],
) -> Result<Vec<PartitionDefinition>> {
    let mut made = Parts { types, existing, partitions: Vec::new(), last_upper: None, style: None };
    for part in parts {
        match part {
            RangePart::Single(partition) => made.single(partition)?,
            RangePart::Batch(batch) => {
                made.agree_on(Style::Fixed)?;
                let [column_type] = types else {
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
    existing: &'a [PartitionDefinition],
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
        let properties = properties(&name, &partition.properties)?;
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
                    None => match self.end_below(&upper) {
                        Some(lower) => lower,
                        None => analysed(PartitionBound::try_new(vec![BoundValue::Min], self.types))?,
                    },
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
        let rows = PartitionRows::Range(range);
        self.partitions.push(PartitionDefinition { properties, ..PartitionDefinition::new(name, rows) });
        Ok(())
    }

    /// The last end of an existing partition at or below `upper`.
    fn end_below(&self, upper: &PartitionBound) -> Option<PartitionBound> {
        let ends =
            self.existing.iter().filter_map(|partition| partition.rows.range()).map(PartitionRange::upper);
        let below = ends.filter(|end| end.compare(upper) != Some(Ordering::Greater));
        below
            .reduce(|last, end| if end.compare(last) == Some(Ordering::Greater) { end } else { last })
            .cloned()
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
