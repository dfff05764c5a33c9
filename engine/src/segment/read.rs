//! Reading segments without a query engine.

use std::fs::File;
use std::sync::Arc;

use arrow::array::RecordBatchReader;
use arrow::datatypes::{Field, SchemaRef};
use arrow::record_batch::RecordBatch;
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::file::selection;
use crate::catalog::{Segment, Table};
use crate::error::{Error, Result};

/// The rows of a table that are not deleted, segment by segment, each in the order of its key.
pub struct SegmentReader {
    table: Arc<Table>,
    schema: SchemaRef,
    /// Segments still to be read, the next one last.
    waiting: Vec<Segment>,
    open: Option<(ParquetRecordBatchReader, Segment)>,
}

impl SegmentReader {
    /// Every row of `table`. The reader keeps the table's files alive.
    pub(crate) fn new(table: &Arc<Table>) -> Self {
        let mut waiting: Vec<Segment> = table.partitions.iter().flat_map(|p| p.segments().cloned()).collect();
        waiting.reverse();
        Self { schema: table.definition.arrow_schema(), table: Arc::clone(table), waiting, open: None }
    }

    fn read(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some((reader, segment)) = &mut self.open {
                match reader.next() {
                    Some(Ok(batch)) => {
                        let batch = RecordBatch::try_new(Arc::clone(&self.schema), batch.columns().to_vec());
                        return batch.map(Some).map_err(|e| damaged(&self.table, segment).with_source(e));
                    }
                    Some(Err(e)) => return Err(damaged(&self.table, segment).with_source(e)),
                    None => self.open = None,
                }
            }
            let Some(segment) = self.waiting.pop() else { return Ok(None) };
            self.open = Some((self.open(&segment)?, segment));
        }
    }

    fn open(&self, segment: &Segment) -> Result<ParquetRecordBatchReader> {
        segment.check().map_err(|e| e.about(format_args!("table '{}'", self.table.name())))?;
        let file = File::open(segment.path()).map_err(|e| Error::disk("open", segment.path(), e))?;
        let reader =
            ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| match &segment.deleted {
                Some(deleted) => builder.with_row_selection(selection(deleted, segment.rows)).build(),
                None => builder.build(),
            });
        let reader = reader.map_err(|e| damaged(&self.table, segment).with_source(e))?;
        if !fits(&reader.schema(), &self.schema) {
            return Err(damaged(&self.table, segment));
        }
        Ok(reader)
    }
}

impl Iterator for SegmentReader {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Whether a file's columns are the table's: by field id and type, whatever their names.
fn fits(file: &SchemaRef, table: &SchemaRef) -> bool {
    let id = |field: &Field| field.metadata().get(PARQUET_FIELD_ID_META_KEY).cloned();
    file.fields().len() == table.fields().len()
        && file
            .fields()
            .iter()
            .zip(table.fields())
            .all(|(file, table)| file.data_type() == table.data_type() && id(file) == id(table))
}

fn damaged(table: &Table, segment: &Segment) -> Error {
    Error::corrupt(format!(
        "segment {} of table '{}' is damaged: restore the table from a backup",
        segment.path().display(),
        table.name()
    ))
}
