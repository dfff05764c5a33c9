//! CSV files of the user.
//!
//! Columns are named `$1`, `$2`, …; `\N` is null, and so is an empty field of a column that is not text. A file is
//! read by one thread, batch by batch, which waits for the query to take them: memory stays small however long the
//! file is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Builder, Float64Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use cairn_format::{ColumnType, Value};
use datafusion::catalog::{TableProvider, streaming::StreamingTable};
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::PartitionStream;

use super::infer::{CsvType, NULL, TypeGuess};
use super::options::CsvFormat;
use super::records::Records;
use crate::error::{Error, Result};

/// Rows of a batch.
const BATCH_ROWS: usize = 8192;
/// Batches that may wait for the query.
const BATCHES_AHEAD: usize = 2;

/// The files as one table.
pub(super) fn open(paths: &[PathBuf], format: &CsvFormat) -> Result<Arc<dyn TableProvider>> {
    let types = column_types(paths, format).map_err(Error::while_analysing)?;
    let fields: Vec<Field> = types
        .iter()
        .enumerate()
        .map(|(i, csv_type)| Field::new(format!("${}", i + 1), csv_type.arrow_type(), true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let shares = paths.chunks(paths.len().div_ceil(threads).max(1));
    let partitions = shares.map(|share| {
        let (schema, types) = (Arc::clone(&schema), types.clone());
        Arc::new(CsvShare { paths: share.to_vec(), format: format.clone(), types, schema }) as _
    });
    let table = StreamingTable::try_new(Arc::clone(&schema), partitions.collect());
    Ok(Arc::new(table.map_err(|e| Error::analysis(format!("FILES: {e}")))?))
}

/// The types of the columns, by the first rows of the files.
fn column_types(paths: &[PathBuf], format: &CsvFormat) -> Result<Vec<CsvType>> {
    let mut guesses: Vec<TypeGuess> = Vec::new();
    let mut rows = 0;
    'files: for path in paths {
        let mut records = Records::open(path, format)?;
        while records.next(guesses.len())? {
            if guesses.is_empty() {
                guesses.resize_with(records.width(), TypeGuess::default);
            }
            guesses.iter_mut().zip(records.fields()).for_each(|(guess, field)| guess.add(field));
            rows += 1;
            if rows == format.sample_rows {
                break 'files;
            }
        }
    }
    if guesses.is_empty() {
        let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(Error::analysis(format!(
            "FILES: there is no row in {}: the columns cannot be known",
            paths.join(", ")
        )));
    }
    let finish = |guess: &TypeGuess| if format.detect_types { guess.finish() } else { CsvType::Text };
    Ok(guesses.iter().map(finish).collect())
}

/// Some of the files, read one after the other.
#[derive(Debug)]
struct CsvShare {
    paths: Vec<PathBuf>,
    format: CsvFormat,
    types: Vec<CsvType>,
    schema: SchemaRef,
}

impl PartitionStream for CsvShare {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut builder = RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), BATCHES_AHEAD);
        let sender = builder.tx();
        let (paths, format) = (self.paths.clone(), self.format.clone());
        let (types, schema) = (self.types.clone(), Arc::clone(&self.schema));
        builder.spawn_blocking(move || {
            for path in &paths {
                // A receiver that is gone wants no more rows.
                let send = |batch| sender.blocking_send(Ok(batch)).is_ok();
                read_file(path, &format, &types, &schema, send)
                    .map_err(|e| DataFusionError::External(Box::new(e)))?;
            }
            Ok(())
        });
        builder.build()
    }
}

fn read_file(
    path: &Path,
    format: &CsvFormat,
    types: &[CsvType],
    schema: &SchemaRef,
    send: impl Fn(RecordBatch) -> bool,
) -> Result<()> {
    let mut records = Records::open(path, format)?;
    let mut more = true;
    while more {
        let mut columns: Vec<ColumnBuilder> =
            types.iter().map(|csv_type| ColumnBuilder::new(*csv_type)).collect();
        let mut rows = 0;
        while rows < BATCH_ROWS {
            more = records.next(types.len())?;
            if !more {
                break;
            }
            let fields = columns.iter_mut().zip(types).zip(records.fields());
            for (number, ((column, csv_type), field)) in fields.enumerate() {
                if column.push(*csv_type, field).is_none() {
                    return Err(wrong_field(&records, number, field, types));
                }
            }
            rows += 1;
        }
        if rows > 0 {
            let arrays = columns.iter_mut().map(ColumnBuilder::finish).collect();
            let batch = RecordBatch::try_new(Arc::clone(schema), arrays)
                .map_err(|e| records.fault("cannot be taken").with_source(e))?;
            if !send(batch) {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn wrong_field(records: &Records<'_>, number: usize, field: &[u8], types: &[CsvType]) -> Error {
    let csv_type = types.get(number).copied().unwrap_or(CsvType::Text);
    let text: String = String::from_utf8_lossy(field).chars().take(60).collect();
    if csv_type == CsvType::Text {
        return records.fault(format_args!("has a column ${} that is not UTF-8: '{text}'", number + 1));
    }
    records.fault(format_args!(
        "has '{text}' in column ${}, which the sample says is {}; raise \"auto_detect_sample_rows\", or read text with \
         \"auto_detect_types\" = \"false\"",
        number + 1,
        csv_type.name()
    ))
}

/// A column of a batch in the making.
enum ColumnBuilder {
    BigInt(Int64Builder),
    Double(Float64Builder),
    Date(Date32Builder),
    DateTime(TimestampMicrosecondBuilder),
    Text(StringBuilder),
}

impl ColumnBuilder {
    fn new(csv_type: CsvType) -> Self {
        match csv_type {
            CsvType::BigInt => Self::BigInt(Int64Builder::new()),
            CsvType::Double => Self::Double(Float64Builder::new()),
            CsvType::Date => Self::Date(Date32Builder::new()),
            CsvType::DateTime => Self::DateTime(TimestampMicrosecondBuilder::new()),
            CsvType::Text => Self::Text(StringBuilder::new()),
        }
    }

    /// Takes a field; `None` when it is not of the column's type, by the rule that the guess goes by.
    fn push(&mut self, csv_type: CsvType, field: &[u8]) -> Option<()> {
        let text = std::str::from_utf8(field).ok()?;
        let null = field == NULL || (field.is_empty() && !matches!(self, Self::Text(_)));
        if !null && !csv_type.takes(text) {
            return None;
        }
        match self {
            Self::BigInt(builder) => {
                builder.append_option(if null { None } else { Some(text.parse().ok()?) });
            }
            Self::Double(builder) => {
                builder.append_option(if null { None } else { Some(text.parse().ok()?) });
            }
            Self::Date(builder) => match Value::parse(&ColumnType::Date, text) {
                _ if null => builder.append_null(),
                Ok(Value::Date(days)) => builder.append_value(days),
                _ => return None,
            },
            Self::DateTime(builder) => match Value::parse(&ColumnType::DateTime, text) {
                _ if null => builder.append_null(),
                Ok(Value::DateTime(micros)) => builder.append_value(micros),
                _ => return None,
            },
            Self::Text(builder) => builder.append_option((!null).then_some(text)),
        }
        Some(())
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::BigInt(builder) => Arc::new(builder.finish()),
            Self::Double(builder) => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::DateTime(builder) => Arc::new(builder.finish()),
            Self::Text(builder) => Arc::new(builder.finish()),
        }
    }
}
