//! Tablets of rollups: they come and go with the rollups of their table.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_format::{DatabaseName, RollupDefinition, RollupId, TableDefinition, TableName};

use super::change::Change;
use super::record::RollupTabletsV1;
use super::view::{Rowset, Table, Tablet};
use crate::error::Result;
use crate::id::TabletId;

impl Change<'_> {
    /// Empty tablets of rollups for a partition of so many buckets.
    pub(super) fn rollup_tablets<'r>(
        &self,
        buckets: usize,
        rollups: impl IntoIterator<Item = &'r RollupDefinition>,
    ) -> BTreeMap<RollupId, Vec<Tablet>> {
        let tablets = |rollup: &RollupDefinition| {
            let tablets =
                (0..buckets).map(|_| Tablet { id: TabletId::new(self.next_id()), rowsets: Vec::new() });
            (rollup.id, tablets.collect())
        };
        rollups.into_iter().map(tablets).collect()
    }

    /// Takes the rows of rollups away that the table does not have any more since it was `before`, and gives those that it
    /// did not have their tablets, which are empty.
    pub(super) fn change_rollups(
        &mut self,
        database: &DatabaseName,
        name: &TableName,
        before: &Table,
    ) -> Result<()> {
        let after = Arc::clone(&self.view().require_database(database)?.require_table(name)?.definition);
        let has = |table: &TableDefinition, id: RollupId| table.rollups.iter().any(|rollup| rollup.id == id);
        let new = || after.rollups.iter().filter(|rollup| !has(&before.definition, rollup.id));
        for partition in before.partitions.iter().chain(&before.temporary_partitions) {
            let gone = partition.rollups.iter().filter(|(id, _)| !has(&after, **id));
            let gone = gone.flat_map(|(_, tablets)| tablets.iter().flat_map(|tablet| &tablet.rowsets));
            let gone: Vec<Arc<Rowset>> = gone.cloned().collect();
            self.remove_records(before.id, partition.id, &gone)?;
        }
        if new().next().is_none() {
            return Ok(());
        }
        self.require_rollups()?;
        let partitions = before.partitions.iter().chain(&before.temporary_partitions);
        let made =
            partitions.map(|partition| (partition.id, self.rollup_tablets(partition.tablets.len(), new())));
        let made: BTreeMap<_, _> = made.collect();
        for (id, rollups) in &made {
            self.change_record(before.id, *id, |stored| {
                let new = rollups.iter().map(|(id, tablets)| RollupTabletsV1::new(*id, tablets));
                stored.rollups.extend(new);
                Ok(())
            })?;
        }
        let table = self.table_mut(database, name)?;
        for partition in table.partitions.iter_mut().chain(&mut table.temporary_partitions) {
            if let Some(rollups) = made.get(&partition.id) {
                Arc::make_mut(partition).rollups.extend(rollups.clone());
            }
        }
        Ok(())
    }
}
