//! Sorting rows by the key.

use arrow::array::UInt32Array;
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, Rows, SortField};

use crate::error::{Error, Result};

/// The rows of `batches` in one batch, sorted by the first `key_columns` columns, nulls first; rows of equal key
/// stay in order.
pub(crate) fn sorted(
    schema: &SchemaRef,
    batches: Vec<RecordBatch>,
    key_columns: usize,
) -> Result<RecordBatch> {
    let batch = concat_batches(schema, &batches).map_err(failed)?;
    drop(batches);
    if key_columns == 0 {
        return Ok(batch);
    }
    let (order, is_sorted) = order_of(&key_rows(&batch, key_columns)?)?;
    if is_sorted { Ok(batch) } else { taken(&batch, order) }
}

pub(super) fn failed(error: arrow::error::ArrowError) -> Error {
    Error::invalid("rows cannot be sorted by the key").with_source(error)
}

pub(super) fn key_rows(batch: &RecordBatch, key_columns: usize) -> Result<Rows> {
    let schema = batch.schema();
    let fields =
        schema.fields()[..key_columns].iter().map(|f| SortField::new(f.data_type().clone())).collect();
    let converter = RowConverter::new(fields).map_err(failed)?;
    converter.convert_columns(&batch.columns()[..key_columns]).map_err(failed)
}

/// The order of the rows by their keys, and whether it is the one that they are in. Rows of equal key stay in order.
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
