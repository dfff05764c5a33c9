//! Sorting rows: by the key when they are merged, by the sort key when they are written.

use arrow::array::UInt32Array;
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, Rows, SortField};
use cairn_format::TableDefinition;

use crate::error::{Error, Result};

/// The rows of `batches` in one batch, in the order of the table's files, nulls first; rows that are alike in what is
/// sorted by stay in order. The first columns are those of the table.
pub(crate) fn sorted(
    schema: &SchemaRef,
    batches: Vec<RecordBatch>,
    table: &TableDefinition,
) -> Result<RecordBatch> {
    sorted_by(schema, batches, &sort_positions(table))
}

/// Rows that are sorted by the key, in the order of the table's files.
pub(crate) fn arranged(batch: RecordBatch, table: &TableDefinition) -> Result<RecordBatch> {
    match table.sort_key {
        Some(_) => sorted_by(&batch.schema(), vec![batch], &sort_positions(table)),
        None => Ok(batch),
    }
}

/// The rows of `batches` in one batch, sorted by the columns at these positions.
pub(super) fn sorted_by(
    schema: &SchemaRef,
    mut batches: Vec<RecordBatch>,
    columns: &[usize],
) -> Result<RecordBatch> {
    let batch = match batches.pop() {
        Some(only) if batches.is_empty() => only,
        last => {
            batches.extend(last);
            concat_batches(schema, &batches).map_err(failed)?
        }
    };
    drop(batches);
    if columns.is_empty() {
        return Ok(batch);
    }
    let (order, is_sorted) = order_of(&rows_of(&batch, columns)?)?;
    if is_sorted { Ok(batch) } else { taken(&batch, order) }
}

fn sort_positions(table: &TableDefinition) -> Vec<usize> {
    table.sort_columns().iter().filter_map(|id| table.position(*id)).collect()
}

pub(super) fn failed(error: arrow::error::ArrowError) -> Error {
    match error {
        arrow::error::ArrowError::OffsetOverflowError(_) => too_large(),
        error => Error::invalid("rows cannot be sorted").with_source(error),
    }
}

/// No array holds what rows would have in one column.
pub(super) fn too_large() -> Error {
    Error::invalid("rows of one tablet take more than 2 GiB in one column: load fewer of them at once")
}

/// What the rows have in some columns, as bytes that sort as they do.
pub(super) fn rows_of(batch: &RecordBatch, columns: &[usize]) -> Result<Rows> {
    let arrays: Vec<_> = columns.iter().filter_map(|at| batch.columns().get(*at).cloned()).collect();
    let fields = arrays.iter().map(|array| SortField::new(array.data_type().clone())).collect();
    let converter = RowConverter::new(fields).map_err(failed)?;
    converter.convert_columns(&arrays).map_err(failed)
}

/// The order of the rows by what they have, and whether it is the one that they are in. Rows that are alike stay in
/// order.
pub(super) fn order_of(keys: &Rows) -> Result<(Vec<u32>, bool)> {
    let count = u32::try_from(keys.num_rows())
        .map_err(|_| Error::invalid("a segment has more rows than 32 bits count"))?;
    let row = |index: u32| keys.row(index as usize);
    let mut order: Vec<u32> = (0..count).collect();
    let is_sorted = (1..count).all(|index| row(index - 1) <= row(index));
    if !is_sorted {
        order.sort_by(|a, b| row(*a).cmp(&row(*b)));
    }
    Ok((order, is_sorted))
}

pub(super) fn taken(batch: &RecordBatch, rows: Vec<u32>) -> Result<RecordBatch> {
    take_record_batch(batch, &UInt32Array::from(rows)).map_err(failed)
}
