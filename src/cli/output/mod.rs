//! Rows on standard output, in one of three formats.
//!
//! A result is written as it comes: no format holds more than a bounded number of rows.

mod cell;
mod csv;
mod json;
mod nested;
mod table;

use std::io;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::args::Format;
use super::console::Console;
use super::failure::Failure;

use csv::CsvWriter;
use json::JsonWriter;
use table::TableWriter;

/// Writes the rows of one result. `begin` comes first, `end` last, each once.
trait RowWriter {
    fn begin(&mut self, schema: &SchemaRef, out: &mut dyn io::Write) -> Result<(), OutputError>;
    fn batch(&mut self, batch: &RecordBatch, out: &mut dyn io::Write) -> Result<(), OutputError>;
    fn end(&mut self, out: &mut dyn io::Write) -> Result<(), OutputError>;
}

/// Rows that cannot be written.
enum OutputError {
    Io(io::Error),
    /// A value has no text.
    Value(ArrowError),
}

impl From<io::Error> for OutputError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ArrowError> for OutputError {
    fn from(error: ArrowError) -> Self {
        Self::Value(error)
    }
}

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Self {
        match error {
            OutputError::Io(error) => Failure::of_output(&error),
            OutputError::Value(error) => {
                Failure::ours(format_args!("a value of the result cannot be written: {error}"))
            }
        }
    }
}

/// Writes a result; returns its number of rows.
pub(crate) fn write_rows<E: Into<Failure>>(
    schema: &SchemaRef,
    rows: impl Iterator<Item = Result<RecordBatch, E>>,
    format: Format,
    console: &mut Console,
) -> Result<u64, Failure> {
    let mut writer: Box<dyn RowWriter> = match format {
        Format::Table => Box::new(TableWriter::default()),
        Format::Csv => Box::new(CsvWriter::default()),
        Format::Json => Box::new(JsonWriter::default()),
    };
    writer.begin(schema, console.out())?;
    let mut count = 0;
    for batch in rows {
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => {
                // What was read before the failure is shown, and the box it is in is closed.
                writer.end(console.out())?;
                return Err(error.into());
            }
        };
        count += batch.num_rows() as u64;
        writer.batch(&batch, console.out())?;
    }
    writer.end(console.out())?;
    Ok(count)
}

/// Writes a result of one batch.
pub(crate) fn write_batch(batch: &RecordBatch, format: Format, console: &mut Console) -> Result<(), Failure> {
    let rows = std::iter::once(Ok::<_, Failure>(batch.clone()));
    write_rows(&batch.schema(), rows, format, console).map(drop)
}

#[cfg(test)]
mod tests;
