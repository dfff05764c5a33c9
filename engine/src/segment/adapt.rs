//! The rows of a file as rows of its table, whose columns may have changed since the file was written.

use std::collections::HashMap;

use arrow::array::ArrayRef;
use arrow::compute::cast;
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use cairn_format::TableDefinition;
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;

use crate::error::{Error, Result};

/// Where some of the table's columns come from.
pub(super) struct Adapter {
    schema: SchemaRef,
    sources: Vec<Source>,
    /// The places in the file of the columns that are read, ascending.
    read: Vec<usize>,
}

enum Source {
    /// The column at this place among those that are read, cast when its type has been widened.
    File(usize),
    /// The file lacks it: one row of what it holds then.
    Initial(ArrayRef),
}

impl Adapter {
    /// Finds the columns of `table` at `positions` in a file of this schema, by field id; `None` when the file cannot be
    /// the table's.
    pub(super) fn try_new(
        table: &TableDefinition,
        positions: &[usize],
        file: &SchemaRef,
    ) -> Result<Option<Self>> {
        let places: HashMap<i32, usize> =
            file.fields().iter().enumerate().filter_map(|(at, field)| Some((field_id(field)?, at))).collect();
        if places.len() != file.fields().len() {
            return Ok(None);
        }
        let columns: Vec<_> = positions.iter().filter_map(|at| table.columns.get(*at)).collect();
        let mut read: Vec<usize> =
            columns.iter().filter_map(|column| places.get(&column.field_id.get()).copied()).collect();
        read.sort_unstable();
        read.dedup();
        let mut sources = Vec::with_capacity(columns.len());
        for column in &columns {
            let wanted = column.column_type.arrow_type();
            sources.push(match places.get(&column.field_id.get()) {
                Some(at) if widens(file.field(*at), &wanted) => {
                    Source::File(read.binary_search(at).unwrap_or_default())
                }
                Some(_) => return Ok(None),
                None => Source::Initial(column.initial_value()?.to_array(&column.column_type, 1)?),
            });
        }
        let fields: Vec<Field> = columns.iter().map(|column| column.arrow_field()).collect();
        Ok(Some(Self { schema: std::sync::Arc::new(Schema::new(fields)), sources, read }))
    }

    /// The places in the file of the columns that must be read.
    pub(super) fn read(&self) -> &[usize] {
        &self.read
    }

    /// The table's rows.
    pub(super) fn adapt(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let failed = |e| Error::corrupt("rows of a file cannot become rows of its table").with_source(e);
        let rows = batch.num_rows();
        let one = |(source, field): (&Source, &std::sync::Arc<Field>)| match source {
            Source::File(at) if batch.column(*at).data_type() == field.data_type() => {
                Ok(ArrayRef::clone(batch.column(*at)))
            }
            Source::File(at) => cast(batch.column(*at), field.data_type()),
            Source::Initial(value) => {
                let indices = arrow::array::UInt32Array::from_value(0, rows);
                arrow::compute::take(value, &indices, None)
            }
        };
        let arrays = self.sources.iter().zip(self.schema.fields()).map(one);
        let arrays = arrays.collect::<std::result::Result<Vec<_>, _>>().map_err(failed)?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(SchemaRef::clone(&self.schema), arrays, &options).map_err(failed)
    }
}

fn field_id(field: &Field) -> Option<i32> {
    field.metadata().get(PARQUET_FIELD_ID_META_KEY).and_then(|id| id.parse().ok())
}

/// Whether the first columns of the table are those of the file, as they were written.
pub(super) fn begins_alike(table: &TableDefinition, columns: usize, file: &SchemaRef) -> bool {
    table.columns.iter().take(columns).enumerate().all(|(at, column)| {
        file.fields().get(at).is_some_and(|field| {
            field_id(field) == Some(column.field_id.get())
                && *field.data_type() == column.column_type.arrow_type()
        })
    })
}

/// Whether a column of the file may be one that has been widened to this type. Digits and bytes are not looked at: an
/// Arrow type has fewer of them than ours.
fn widens(file: &Field, wanted: &arrow::datatypes::DataType) -> bool {
    use arrow::datatypes::DataType as T;
    let integer = |data_type: &T| match data_type {
        T::Int8 => Some(1),
        T::Int16 => Some(2),
        T::Int32 => Some(4),
        T::Int64 => Some(8),
        T::Decimal256(39, 0) => Some(16),
        _ => None,
    };
    if let (Some(own), Some(wanted)) = (integer(file.data_type()), integer(wanted)) {
        return own <= wanted;
    }
    match (file.data_type(), wanted) {
        (T::Float32, T::Float64) | (T::Date32, T::Timestamp(..)) => true,
        (
            T::Decimal128(p, s) | T::Decimal256(p, s),
            T::Decimal128(digits, scale) | T::Decimal256(digits, scale),
        ) => scale >= s && i16::from(*digits) - i16::from(*scale) >= i16::from(*p) - i16::from(*s),
        (own, wanted) => own == wanted,
    }
}
