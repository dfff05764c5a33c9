//! What a statement leaves.

use std::sync::Arc;

use arrow::array::StringArray;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use cairn_engine::JobId;

use crate::error::{Error, ErrorKind, Result};
use crate::query::QueryRows;

/// What a statement left.
#[derive(Debug)]
pub enum Outcome {
    /// It is done; there is nothing to show.
    Done,
    /// Rows went into a table.
    Affected {
        /// How many.
        rows: u64,
    },
    /// A backup or restore was accepted and goes on in the background.
    Job(JobId),
    /// Rows to be read.
    Rows(Rows),
}

/// The rows of a query or of a `SHOW`, batch by batch.
///
/// A query runs while its rows are read; the rows keep alive every file that it reads. Reading blocks: call it from
/// a thread that may.
#[derive(Debug)]
pub struct Rows {
    schema: SchemaRef,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Ready(Option<RecordBatch>),
    Query(Box<QueryRows>),
}

impl Rows {
    /// The columns, under the names that the statement gives them.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    pub(crate) fn of_query(rows: QueryRows) -> Self {
        Self { schema: rows.schema(), source: Source::Query(Box::new(rows)) }
    }

    /// Rows of text, as a `SHOW` prints them. Every row has one value for each column.
    pub(crate) fn of_text(columns: &[&str], rows: &[Vec<Option<String>>]) -> Result<Self> {
        let fields: Vec<Field> = columns.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let arrays = (0..columns.len()).map(|column| {
            let values = rows.iter().map(|row| row.get(column).and_then(|value| value.as_deref()));
            Arc::new(values.collect::<StringArray>()) as _
        });
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays.collect(), &options)
            .map_err(|e| Error::new(ErrorKind::Internal, "cannot make the rows of a SHOW").with_source(e))?;
        let batch = (!rows.is_empty()).then_some(batch);
        Ok(Self { schema, source: Source::Ready(batch) })
    }
}

impl Iterator for Rows {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.source {
            Source::Ready(batch) => batch.take().map(Ok),
            Source::Query(rows) => rows.next(),
        }
    }
}
