//! Partitions of a table: from clauses to definitions.

mod alter;
mod batch;
mod expression;
mod list;
mod range;

use cairn_format::{
    Column, FieldId, PartitionDefinition, PartitionName, PartitionStep, Partitioning, TableDefinition,
};

pub(crate) use alter::PartitionAlteration;
pub(super) use alter::{alteration, find_all};

use super::names::analysed;
use crate::ast::{Ident, PartitionClause, PartitionExpression, Properties, RangePart};
use crate::error::{Error, Result};

/// How `PARTITION BY` divides a table of these columns.
pub(super) fn partitioning(clause: &PartitionClause, columns: &[Column]) -> Result<Partitioning> {
    match clause {
        PartitionClause::Range { columns: names, .. } => {
            Ok(Partitioning::Range { columns: partition_columns(names, columns)?, step: None })
        }
        PartitionClause::List { columns: names, .. } => {
            Ok(Partitioning::List { columns: partition_columns(names, columns)?, automatic: false })
        }
        PartitionClause::Expressions { expressions, .. } => match expressions.as_slice() {
            [PartitionExpression::Expr(call)] => expression::partitioning(call, columns),
            several => Ok(Partitioning::List {
                columns: partition_columns(&expression::columns(several)?, columns)?,
                automatic: true,
            }),
        },
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
            if let Partitioning::Range { step: Some(step), .. } = table.partitioning {
                refuse_other_steps(parts, step)?;
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

fn refuse_properties(name: &PartitionName, properties: &Properties) -> Result<()> {
    if properties.is_empty() {
        return Ok(());
    }
    Err(Error::not_supported(format_args!("partition '{name}': properties of one partition")))
}
