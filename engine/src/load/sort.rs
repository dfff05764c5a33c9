//! Sorting a tablet's rows by the key.

use arrow::array::UInt32Array;
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, SortField};

use crate::error::{Error, Result};

/// The rows of `batches` in one batch, sorted by the first `key_columns` columns, nulls first; rows of equal key
/// stay in order.
pub(crate) fn sorted(
    schema: &SchemaRef,
    batches: Vec<RecordBatch>,
    key_columns: usize,
) -> Result<RecordBatch> {
    let failed = |e| Error::invalid("rows cannot be sorted by the key").with_source(e);
    let batch = concat_batches(schema, &batches).map_err(failed)?;
    drop(batches);
    if key_columns == 0 {
        return Ok(batch);
    }
    let fields =
        schema.fields()[..key_columns].iter().map(|f| SortField::new(f.data_type().clone())).collect();
    let converter = RowConverter::new(fields).map_err(failed)?;
    let rows = converter.convert_columns(&batch.columns()[..key_columns]).map_err(failed)?;
    let count = u32::try_from(batch.num_rows())
        .map_err(|_| Error::invalid("a segment has more rows than 32 bits count"))?;
    let row = |index: u32| rows.row(index as usize);
    if (1..count).all(|index| row(index - 1) <= row(index)) {
        return Ok(batch);
    }
    let mut order: Vec<u32> = (0..count).collect();
    order.sort_by(|a, b| row(*a).cmp(&row(*b)));
    take_record_batch(&batch, &UInt32Array::from(order)).map_err(failed)
}
