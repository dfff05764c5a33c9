//! Which tablet a row belongs to.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::record_batch::RecordBatch;
use cairn_format::{ColumnType, Distribution, PartitionDefinition, TableDefinition};

use super::TabletSlot;
use super::bucket::hashes_of;
use super::place::PartitionFinder;
use crate::catalog::{Partition, Table};
use crate::error::{Error, Result};
use crate::id::PartitionId;
use crate::partition::automatic_buckets;

/// Sends rows to tablets.
pub(super) struct Router {
    /// The partitions that are there already.
    partitions: Vec<Arc<Partition>>,
    /// Finds the partition of a row; `None` when there is but one for all rows.
    finder: Option<PartitionFinder>,
    bucket_columns: Vec<(usize, ColumnType)>,
    definition: Arc<TableDefinition>,
    /// The bucket that the next batch of a randomly distributed table goes to.
    turn: u32,
}

/// The partition that rows go to.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// It is there already.
    Existing(PartitionId),
    /// The load makes it: its number among those.
    New(usize),
}

impl Router {
    /// Sends rows to `chosen` partitions of the table only, or to all; where rows have none, partitions may be made for
    /// them then.
    pub(super) fn try_new(table: &Arc<Table>, chosen: Option<Vec<Arc<Partition>>>) -> Result<Self> {
        let definition = &table.definition;
        let bucket_columns = match &definition.distribution {
            Distribution::Hash { columns, .. } => {
                let one = |id: &cairn_format::FieldId| {
                    let column_type = definition.column_by_id(*id)?.column_type.clone();
                    Ok((definition.position(*id).unwrap_or_default(), column_type))
                };
                columns.iter().map(one).collect::<Result<_>>()?
            }
            Distribution::Random { .. } => Vec::new(),
        };
        let is_chosen = chosen.is_some();
        let partitions = chosen.unwrap_or_else(|| table.partitions.clone());
        // Small loads of one batch take turns too: the number of rowsets so far says whose turn it is.
        let loads: usize =
            partitions.iter().flat_map(|p| &p.tablets).map(|tablet| tablet.rowsets.len()).sum();
        #[expect(clippy::cast_possible_truncation, reason = "whose turn it is may start anywhere")]
        let turn = loads as u32;
        let all = table.partitions.iter().chain(&table.temporary_partitions);
        let taken = all.map(|partition| partition.definition.name.clone()).collect();
        let new_buckets = automatic_buckets(table);
        let finder = PartitionFinder::try_new(definition, &partitions, taken, new_buckets, is_chosen)?;
        Ok(Self { partitions, finder, bucket_columns, definition: Arc::clone(definition), turn })
    }

    /// The tablet at `slot`: its partition and bucket.
    pub(super) fn tablet(&self, slot: TabletSlot) -> (Target, usize) {
        let target = match self.partitions.get(slot.partition) {
            Some(partition) => Target::Existing(partition.id),
            None => Target::New(slot.partition - self.partitions.len()),
        };
        (target, slot.bucket as usize)
    }

    /// The partitions that the load makes.
    pub(super) fn new_partitions(&self) -> &[PartitionDefinition] {
        self.finder.as_ref().map_or(&[], PartitionFinder::new_partitions)
    }

    /// Divides a batch by tablet, keeping the order of rows. `rows_before` counts the load's earlier rows.
    pub(super) fn route(
        &mut self,
        batch: &RecordBatch,
        rows_before: u64,
    ) -> Result<Vec<(TabletSlot, RecordBatch)>> {
        let rows = batch.num_rows();
        if rows == 0 {
            return Ok(Vec::new());
        }
        let partitions = self.finder.as_mut().map(|finder| finder.find(batch, rows_before)).transpose()?;
        let hashes = self.hashes_of(batch)?;
        let buckets = self.buckets();
        let turn = self.turn;
        let slot = |row: usize| {
            let partition = partitions.as_ref().map_or(0, |of_rows| of_rows[row]);
            let number = hashes.as_ref().map_or(turn, |of_rows| of_rows[row]);
            let bucket = number.checked_rem(buckets.get(partition).copied().unwrap_or(1)).unwrap_or(0);
            TabletSlot { partition, bucket }
        };
        if hashes.is_none() {
            self.turn = self.turn.wrapping_add(1);
        }
        if partitions.is_none() && hashes.is_none() {
            return Ok(vec![(slot(0), batch.clone())]);
        }
        let mut by_slot: std::collections::BTreeMap<TabletSlot, Vec<u32>> = std::collections::BTreeMap::new();
        for row in 0..rows {
            let index =
                u32::try_from(row).map_err(|_| Error::invalid("a batch has more rows than 32 bits count"))?;
            by_slot.entry(slot(row)).or_default().push(index);
        }
        let only_one = by_slot.len() == 1;
        let part = |(slot, indices): (TabletSlot, Vec<u32>)| {
            if only_one {
                return Ok((slot, batch.clone()));
            }
            let taken = take_record_batch(batch, &UInt32Array::from(indices))
                .map_err(|e| Error::invalid("rows cannot be divided by tablet").with_source(e))?;
            Ok((slot, taken))
        };
        by_slot.into_iter().map(part).collect()
    }

    /// Refuses rows that have no partition and get none, and makes nothing.
    pub(super) fn check(&self, batch: &RecordBatch, rows_before: u64) -> Result<()> {
        match &self.finder {
            Some(finder) => finder.check(batch, rows_before),
            None => Ok(()),
        }
    }

    /// How many buckets each partition has, those that the load makes behind the others.
    fn buckets(&self) -> Vec<u32> {
        let existing = self.partitions.iter().map(|partition| &partition.definition);
        existing.chain(self.new_partitions()).map(|partition| self.definition.buckets_of(partition)).collect()
    }

    fn hashes_of(&self, batch: &RecordBatch) -> Result<Option<Vec<u32>>> {
        if self.bucket_columns.is_empty() {
            return Ok(None);
        }
        let columns: Vec<(ColumnType, ArrayRef)> = self
            .bucket_columns
            .iter()
            .map(|(at, kind)| (kind.clone(), Arc::clone(batch.column(*at))))
            .collect();
        hashes_of(&columns, batch.num_rows()).map(Some)
    }
}
