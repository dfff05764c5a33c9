//! What a new table must keep.

use cairn_format::{PartitionDefinition, PartitionName, PartitionRows, Partitioning, TableDefinition};

use crate::error::{Error, Result};
use crate::partition::check_partition_rules;

/// The partitions that a new table of this definition gets: those that are given, which must fit it and each other, or
/// the one that an unpartitioned table has by itself.
pub(crate) fn partitions_of_new_table(
    definition: &TableDefinition,
    given: Vec<PartitionDefinition>,
) -> Result<Vec<PartitionDefinition>> {
    definition.check_new()?;
    check_partition_rules(definition)?;
    let name = &definition.name;
    let partitions = match definition.partitioning {
        Partitioning::Unpartitioned if !given.is_empty() => {
            return Err(Error::invalid(format!("table '{name}' is not partitioned and takes no partitions")));
        }
        Partitioning::Unpartitioned => {
            vec![PartitionDefinition::new(PartitionName::parse(name.as_str())?, PartitionRows::All)]
        }
        Partitioning::Range { .. } | Partitioning::List { .. } => given,
    };
    definition.check_partitions(&partitions)?;
    Ok(partitions)
}
