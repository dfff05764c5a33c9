//! The tablets of a table, one after another.

use std::sync::Arc;

use cairn_format::{RollupId, TableDefinition};

use crate::catalog::{Partition, Table, Tablet};

/// A tablet, and where it is.
pub(super) struct TabletPlace<'a> {
    pub(super) partition: &'a Partition,
    pub(super) rollup: Option<RollupId>,
    pub(super) bucket: usize,
    /// What the rows are: the table's or a rollup's.
    pub(super) definition: Arc<TableDefinition>,
    tablet: &'a Tablet,
}

impl<'a> TabletPlace<'a> {
    pub(super) fn tablet(&self) -> &'a Tablet {
        self.tablet
    }
}

/// The tablets of some partitions of a table, those of its rollups too.
pub(super) fn tablets<'a>(
    table: &Table,
    partitions: impl IntoIterator<Item = &'a Arc<Partition>>,
) -> Vec<TabletPlace<'a>> {
    let own = (None, Arc::clone(&table.definition));
    let of_rollups = table.definition.rollups.iter();
    let of_rollups = of_rollups.map(|rollup| (Some(rollup.id), Arc::new(table.definition.of_rollup(rollup))));
    let indexes: Vec<_> = std::iter::once(own).chain(of_rollups).collect();
    let mut places = Vec::new();
    for partition in partitions {
        for (rollup, definition) in &indexes {
            for (bucket, tablet) in partition.tablets_of(*rollup).iter().enumerate() {
                let definition = Arc::clone(definition);
                places.push(TabletPlace { partition, rollup: *rollup, bucket, definition, tablet });
            }
        }
    }
    places
}
