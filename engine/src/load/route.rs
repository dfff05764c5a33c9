//! Which tablet a row belongs to.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::record_batch::RecordBatch;
use cairn_format::{BoundValue, ColumnType, Distribution, FieldId, PartitionBound, Partitioning, Value};

use super::TabletSlot;
use super::bucket::buckets_of;
use crate::catalog::{Partition, Table};
use crate::error::{Error, Result};
use crate::id::PartitionId;

/// Sends rows to tablets.
pub(super) struct Router {
    table: Arc<Table>,
    partition_columns: Vec<(usize, ColumnType)>,
    bucket_columns: Vec<(usize, ColumnType)>,
    buckets: u32,
    /// The bucket that the next batch of a randomly distributed table goes to.
    turn: u32,
    /// The partitions that may take rows; `None` for all.
    only: Option<HashSet<PartitionId>>,
}

impl Router {
    pub(super) fn try_new(table: &Arc<Table>, only: Option<HashSet<PartitionId>>) -> Result<Self> {
        let definition = &table.definition;
        let resolve = |ids: &[FieldId]| -> Result<Vec<(usize, ColumnType)>> {
            let one = |id: &FieldId| {
                let column_type = definition.column_by_id(*id)?.column_type;
                let position = definition.position(*id).unwrap_or_default();
                Ok((position, column_type))
            };
            ids.iter().map(one).collect()
        };
        let bucket_columns = match &definition.distribution {
            Distribution::Hash { columns, .. } => resolve(columns)?,
            Distribution::Random { .. } => Vec::new(),
        };
        let buckets = definition.distribution.buckets();
        // Small loads of one batch take turns too: the number of rowsets so far says whose turn it is.
        let loads: usize =
            table.partitions.iter().flat_map(|p| &p.tablets).map(|tablet| tablet.rowsets.len()).sum();
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is below a u32")]
        let turn = (loads as u64 % u64::from(buckets)) as u32;
        let partition_columns = resolve(definition.partitioning.columns())?;
        Ok(Self { table: Arc::clone(table), partition_columns, bucket_columns, buckets, turn, only })
    }

    /// The tablet at `slot`: its partition and bucket.
    pub(super) fn tablet(&self, slot: TabletSlot) -> (PartitionId, usize) {
        let buckets = self.buckets as usize;
        (self.table.partitions[slot.0 / buckets].id, slot.0 % buckets)
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
        let partitions = self.partitions_of(batch, rows_before)?;
        let buckets = self.buckets_of(batch)?;
        let slot = |row: usize| {
            let partition = partitions.as_ref().map_or(0, |of_rows| of_rows[row]);
            let bucket = match &buckets {
                Some(of_rows) => of_rows[row],
                None => self.turn,
            };
            TabletSlot(partition * self.buckets as usize + bucket as usize)
        };
        if partitions.is_none() && buckets.is_none() {
            let routed = vec![(slot(0), batch.clone())];
            self.turn = (self.turn + 1) % self.buckets;
            return Ok(routed);
        }
        let mut by_slot: std::collections::BTreeMap<TabletSlot, Vec<u32>> = std::collections::BTreeMap::new();
        for row in 0..rows {
            let index =
                u32::try_from(row).map_err(|_| Error::invalid("a batch has more rows than 32 bits count"))?;
            by_slot.entry(slot(row)).or_default().push(index);
        }
        if buckets.is_none() {
            self.turn = (self.turn + 1) % self.buckets;
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

    fn buckets_of(&self, batch: &RecordBatch) -> Result<Option<Vec<u32>>> {
        if self.bucket_columns.is_empty() {
            return Ok(None);
        }
        let columns: Vec<(ColumnType, ArrayRef)> =
            self.bucket_columns.iter().map(|(at, kind)| (*kind, Arc::clone(batch.column(*at)))).collect();
        buckets_of(&columns, batch.num_rows(), self.buckets).map(Some)
    }

    /// The place of each row's partition; `None` when there is but one for all rows.
    fn partitions_of(&self, batch: &RecordBatch, rows_before: u64) -> Result<Option<Vec<usize>>> {
        if self.table.definition.partitioning == Partitioning::Unpartitioned {
            return Ok(None);
        }
        let arrays: Vec<(&ArrayRef, ColumnType)> =
            self.partition_columns.iter().map(|(at, kind)| (batch.column(*at), *kind)).collect();
        let mut of_rows = Vec::with_capacity(batch.num_rows());
        let mut last: Option<usize> = None;
        for row in 0..batch.num_rows() {
            let position = position(&arrays, row)?;
            // Rows that follow each other mostly belong together.
            let found = match last {
                Some(at) if holds(&self.table.partitions[at], &position) => at,
                _ => self
                    .find(&position)
                    .filter(|at| self.may_take(*at))
                    .ok_or_else(|| self.no_partition(&position, rows_before + row as u64 + 1))?,
            };
            last = Some(found);
            of_rows.push(found);
        }
        Ok(Some(of_rows))
    }

    fn may_take(&self, at: usize) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&self.table.partitions[at].id))
    }

    /// Partitions are sorted by their lower ends and apart: the last one that begins at or before the position.
    fn find(&self, position: &PartitionBound) -> Option<usize> {
        let after = self.table.partitions.partition_point(|partition| {
            let lower = partition.definition.rows.range().map(cairn_format::PartitionRange::lower);
            lower.is_some_and(|lower| lower.compare(position) != Some(Ordering::Greater))
        });
        let at = after.checked_sub(1)?;
        holds(&self.table.partitions[at], position).then_some(at)
    }

    fn no_partition(&self, position: &PartitionBound, row: u64) -> Error {
        let texts =
            position.values().iter().zip(&self.partition_columns).map(|(value, (_, kind))| match value {
                BoundValue::Value(value) => value.to_text(kind).unwrap_or_default(),
                _ => "NULL".to_owned(),
            });
        let values = texts.collect::<Vec<_>>().join(", ");
        let name = self.table.name();
        let advice = if self.only.is_some() {
            "name that partition in the load, or none"
        } else {
            "add a partition for it, or leave the row out"
        };
        Error::invalid(format!("table '{name}', row {row}: no partition takes ({values}); {advice}"))
    }
}

fn holds(partition: &Partition, position: &PartitionBound) -> bool {
    partition.definition.rows.range().is_some_and(|range| range.contains(position))
}

fn position(arrays: &[(&ArrayRef, ColumnType)], row: usize) -> Result<PartitionBound> {
    let one = |(array, kind): &(&ArrayRef, ColumnType)| {
        Ok(if array.is_null(row) {
            BoundValue::Min
        } else {
            BoundValue::Value(Value::from_array(array.as_ref(), row, kind)?)
        })
    };
    let types: Vec<ColumnType> = arrays.iter().map(|(_, kind)| *kind).collect();
    Ok(PartitionBound::try_new(arrays.iter().map(one).collect::<Result<_>>()?, &types)?)
}
