//! Temporary partitions that take the place of others.

use std::cmp::Ordering;
use std::sync::Arc;

use cairn_format::{PartitionBound, PartitionName};

use super::view::{Partition, Table};
use crate::error::{Error, Result};

/// Which partitions go, and which temporary ones take their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The partitions that go.
    pub partitions: Vec<PartitionName>,
    /// The temporary partitions that take their place.
    pub temporary: Vec<PartitionName>,
    /// Whether both must hold the same rows; otherwise the new ones only have to fit the other partitions.
    pub strict_range: bool,
    /// Whether the new ones keep their names; otherwise, where there are as many, they get the old ones' in order.
    pub use_temporary_names: bool,
}

impl Replacement {
    /// The table with the partitions replaced.
    pub(super) fn applied_to(&self, table: &Table) -> Result<Table> {
        let mut changed = table.clone();
        let mut gone = Vec::new();
        for name in &self.partitions {
            gone.push(Arc::clone(table.require_partition(name.as_str())?));
            changed.partitions.retain(|partition| partition.definition.name != *name);
        }
        let keeps_names = self.use_temporary_names || self.partitions.len() != self.temporary.len();
        let mut new = Vec::new();
        for (number, name) in self.temporary.iter().enumerate() {
            let mut partition = Arc::clone(table.require_temporary_partition(name.as_str())?);
            changed.temporary_partitions.retain(|partition| partition.definition.name != *name);
            if let Some(old) = gone.get(number).filter(|_| !keeps_names) {
                Arc::make_mut(&mut partition).definition.name = old.definition.name.clone();
            }
            new.push(partition);
        }
        if self.strict_range && !hold_the_same(&gone, &new) {
            return Err(Error::invalid(format!(
                "the temporary partitions do not hold the same rows as those that they replace in table '{}': make them \
                 so, or say \"strict_range\" = \"false\"",
                table.name()
            )));
        }
        changed.partitions.extend(new);
        changed.sort_partitions();
        changed.check_partitions()?;
        Ok(changed)
    }
}

fn hold_the_same(a: &[Arc<Partition>], b: &[Arc<Partition>]) -> bool {
    let lists = |partitions: &[Arc<Partition>]| {
        let lists = partitions.iter().flat_map(|partition| partition.definition.rows.lists().to_vec());
        lists.collect::<Vec<_>>()
    };
    let (of_a, of_b) = (lists(a), lists(b));
    of_a.len() == of_b.len() && of_a.iter().all(|values| of_b.contains(values)) && spans(a) == spans(b)
}

/// The ranges of partitions, those that meet put together.
fn spans(partitions: &[Arc<Partition>]) -> Vec<(PartitionBound, PartitionBound)> {
    let mut ranges: Vec<_> =
        partitions.iter().filter_map(|partition| partition.definition.rows.range()).collect();
    ranges.sort_by(|a, b| a.lower().compare(b.lower()).unwrap_or(Ordering::Equal));
    let mut spans: Vec<(PartitionBound, PartitionBound)> = Vec::new();
    for range in ranges {
        match spans.last_mut() {
            Some((_, upper)) if upper == range.lower() => *upper = range.upper().clone(),
            _ => spans.push((range.lower().clone(), range.upper().clone())),
        }
    }
    spans
}
