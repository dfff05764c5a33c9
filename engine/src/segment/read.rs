//! Reading segments without a query engine.

use std::fs::File;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::adapt::Adapter;
use super::file::selection;
use crate::catalog::{Segment, Table};
use crate::error::{Error, Result};

/// The rows of a table that are not deleted, segment by segment, each in the order of its key.
pub struct SegmentReader {
    table: Arc<Table>,
    /// Segments still to be read, the next one last.
    waiting: Vec<Segment>,
    open: Option<(ParquetRecordBatchReader, Adapter, Segment)>,
}

impl SegmentReader {
    /// Every row of `table`. The reader keeps the table's files alive.
    pub(crate) fn new(table: &Arc<Table>) -> Self {
        let mut waiting: Vec<Segment> = table.partitions.iter().flat_map(|p| p.segments().cloned()).collect();
        waiting.reverse();
        Self { table: Arc::clone(table), waiting, open: None }
    }

    fn read(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some((reader, adapter, segment)) = &mut self.open {
                match reader.next() {
                    Some(Ok(batch)) => {
                        let batch = adapter.adapt(&batch);
                        return batch.map(Some).map_err(|e| damaged(&self.table, segment).with_source(e));
                    }
                    Some(Err(e)) => return Err(damaged(&self.table, segment).with_source(e)),
                    None => self.open = None,
                }
            }
            let Some(segment) = self.waiting.pop() else { return Ok(None) };
            let (reader, adapter) = self.open(&segment)?;
            self.open = Some((reader, adapter, segment));
        }
    }

    fn open(&self, segment: &Segment) -> Result<(ParquetRecordBatchReader, Adapter)> {
        segment.check().map_err(|e| e.about(format_args!("table '{}'", self.table.name())))?;
        let file = File::open(segment.path()).map_err(|e| Error::disk("open", segment.path(), e))?;
        let failed = |e| damaged(&self.table, segment).with_source(e);
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(failed)?;
        let definition = &self.table.definition;
        let all: Vec<usize> = (0..definition.columns.len()).collect();
        let adapter = Adapter::try_new(definition, &all, builder.schema())?;
        let adapter = adapter.ok_or_else(|| damaged(&self.table, segment))?;
        let mask = ProjectionMask::roots(builder.parquet_schema(), adapter.read().iter().copied());
        let builder = builder.with_projection(mask);
        let reader = match &segment.deleted {
            Some(deleted) => builder.with_row_selection(selection(deleted, segment.rows)).build(),
            None => builder.build(),
        };
        Ok((reader.map_err(failed)?, adapter))
    }
}

impl Iterator for SegmentReader {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

fn damaged(table: &Table, segment: &Segment) -> Error {
    Error::corrupt(format!(
        "segment {} of table '{}' is damaged: restore the table from a backup",
        segment.path().display(),
        table.name()
    ))
}
