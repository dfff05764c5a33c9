//! Partitions of a table: from clauses to definitions.

mod alter;
mod batch;
mod expression;
mod list;
mod properties;
mod range;

use std::collections::BTreeMap;

use cairn_format::{Column, FieldId, PartitionDefinition, PartitionStep, Partitioning, TableDefinition};

pub(crate) use alter::PartitionAlteration;
pub(super) use alter::{alteration, find_all};

use super::names::analysed;
use crate::ast::{Ident, PartitionClause, RangePart};
use crate::error::{Error, Result};

/// How `PARTITION BY` divides a table of these columns.
pub(super) fn partitioning(clause: &PartitionClause, columns: &[Column]) -> Result<Partitioning> {
    match clause {
        PartitionClause::Range { columns: names, .. } => {
            Ok(Partitioning::Range { columns: partition_columns(names, columns)?, step: None })
        }
        PartitionClause::List { columns: names, .. } => {
            let columns = partition_columns(names, columns)?;
            Ok(Partitioning::List { columns, automatic: false, steps: BTreeMap::new() })
        }
        PartitionClause::Expressions { expressions, .. } => expression::partitioning(expressions, columns),
    }
}

/// The partitions that `PARTITION BY` lists.
pub(super) fn partitions(
    clause: &PartitionClause,
    table: &TableDefinition,
) -> Result<Vec<PartitionDefinition>> {
    let types = analysed(table.partition_types())?;
    match clause {
        PartitionClause::Range { parts, .. } => range::partitions(parts, &types, &[]),
        PartitionClause::List { parts, .. } => list::partitions(parts, &types),
        PartitionClause::Expressions { parts, .. } => {
            match (&table.partitioning, parts.as_slice()) {
                (_, []) => {}
                (Partitioning::Range { step: Some(step), .. }, parts) => refuse_other_steps(parts, *step)?,
                _ => {
                    return Err(Error::analysis(
                        "partitions by several expressions are made by loads: list none of them",
                    ));
                }
            }
            range::partitions(parts, &types, &[])
        }
    }
}

/// Partitions made beforehand are as wide as those that loads make, so that these find room beside them.
fn refuse_other_steps(parts: &[RangePart], step: PartitionStep) -> Result<()> {
    let (count, unit) = match step {
        PartitionStep::Truncated(unit) => (1, unit),
        PartitionStep::Sliced { count, unit } => (count.into(), unit),
    };
    for part in parts {
        let fits = match part {
            RangePart::Batch(batch) => batch::is_step(batch, count, unit),
            RangePart::Single(_) => false,
        };
        if !fits {
            return Err(Error::analysis(format!(
                "partitions beside an expression are written START … END … EVERY (INTERVAL {count} {unit}), as wide as \
                 those that loads make"
            )));
        }
    }
    Ok(())
}

fn partition_columns(names: &[Ident], columns: &[Column]) -> Result<Vec<FieldId>> {
    super::create_table::field_ids(names, columns, "partition")
}
