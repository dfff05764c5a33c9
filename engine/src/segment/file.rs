//! Reading parts of a segment's file: some columns of a row group, or rows at some positions.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use cairn_format::{Deletions, TableDefinition};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use parquet::errors::ParquetError;

use super::adapt::{Adapter, begins_alike};
use crate::error::{Error, Result};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 8192;
/// Rows at positions decoded at a time: each may be large.
const FOUND_ROWS: usize = 1024;

/// A segment's file, its footer read.
pub(crate) struct FileReader<'a> {
    table: &'a TableDefinition,
    path: &'a Path,
    metadata: ArrowReaderMetadata,
}

impl<'a> FileReader<'a> {
    pub(crate) fn open(table: &'a TableDefinition, path: &'a Path) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::disk("open", path, e))?;
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
            .map_err(|e| damaged(table, path).with_source(e))?;
        Ok(Self { table, path, metadata })
    }

    pub(crate) fn metadata(&self) -> &ArrowReaderMetadata {
        &self.metadata
    }

    /// Whether the first columns of the table are those of the file, as they were written.
    pub(crate) fn begins_alike(&self, columns: usize) -> bool {
        begins_alike(self.table, columns, self.metadata.schema())
    }

    fn builder(&self, columns: &[usize]) -> Result<(ParquetRecordBatchReaderBuilder<File>, Adapter)> {
        let adapter = Adapter::try_new(self.table, columns, self.metadata.schema())?;
        let adapter = adapter.ok_or_else(|| self.damaged())?;
        let file = File::open(self.path).map_err(|e| Error::disk("open", self.path, e))?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let mask = ProjectionMask::roots(builder.parquet_schema(), adapter.read().iter().copied());
        Ok((builder.with_projection(mask).with_batch_size(BATCH_ROWS), adapter))
    }

    /// Columns of a row group, batch by batch, and the position in the file of its first row.
    pub(crate) fn row_group(
        &self,
        group: usize,
        columns: &[usize],
    ) -> Result<(u32, impl Iterator<Item = Result<RecordBatch>> + use<'_>)> {
        let groups = self.metadata.metadata().row_groups();
        let before: i64 =
            groups.iter().take(group).map(parquet::file::metadata::RowGroupMetaData::num_rows).sum();
        let first = u32::try_from(before).map_err(|_| self.damaged())?;
        let (builder, adapter) = self.builder(columns)?;
        let reader = builder.with_row_groups(vec![group]).build().map_err(|e| self.failed(e))?;
        Ok((
            first,
            reader.map(move |batch| adapter.adapt(&batch.map_err(|e| self.damaged().with_source(e))?)),
        ))
    }

    /// All rows but the deleted ones, batch by batch.
    pub(crate) fn rows(
        &self,
        schema: &SchemaRef,
        deleted: Option<&Deletions>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch>> + use<'_>> {
        let columns: Vec<usize> = (0..self.table.columns.len()).collect();
        let (mut builder, adapter) = self.builder(&columns)?;
        if let Some(deleted) = deleted {
            let rows = u64::try_from(self.metadata.metadata().file_metadata().num_rows()).unwrap_or_default();
            builder = builder.with_row_selection(selection(deleted, rows));
        }
        let reader = builder.build().map_err(|e| self.failed(e))?;
        let schema = Arc::clone(schema);
        Ok(reader.map(move |batch| {
            let batch = adapter.adapt(&batch.map_err(|e| self.damaged().with_source(e))?)?;
            RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec())
                .map_err(|e| self.damaged().with_source(e))
        }))
    }

    /// The rows at `positions`, which ascend, all of their columns, few at a time.
    pub(crate) fn rows_at(
        &self,
        schema: &SchemaRef,
        positions: &[u32],
    ) -> Result<impl Iterator<Item = Result<RecordBatch>> + use<'_>> {
        let rows = usize::try_from(self.metadata.metadata().file_metadata().num_rows()).unwrap_or_default();
        if positions.last().is_some_and(|last| *last as usize >= rows) {
            return Err(self.damaged());
        }
        let columns: Vec<usize> = (0..self.table.columns.len()).collect();
        let ranges = positions.iter().map(|position| *position as usize..*position as usize + 1);
        let selection = RowSelection::from_consecutive_ranges(ranges, rows);
        let (builder, adapter) = self.builder(&columns)?;
        let reader = builder.with_batch_size(FOUND_ROWS).with_row_selection(selection).build();
        let schema = Arc::clone(schema);
        Ok(reader.map_err(|e| self.failed(e))?.map(move |batch| {
            let batch = adapter.adapt(&batch.map_err(|e| self.damaged().with_source(e))?)?;
            RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec())
                .map_err(|e| self.damaged().with_source(e))
        }))
    }

    fn failed(&self, error: ParquetError) -> Error {
        self.damaged().with_source(error)
    }

    fn damaged(&self) -> Error {
        damaged(self.table, self.path)
    }
}

/// The rows of a file that are kept, as a reader takes them.
pub(crate) fn selection(deleted: &Deletions, rows: u64) -> RowSelection {
    let runs = deleted.runs(rows).into_iter().map(|(is_kept, count)| {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if is_kept { RowSelector::select(count) } else { RowSelector::skip(count) }
    });
    runs.collect::<Vec<_>>().into()
}

fn damaged(table: &TableDefinition, path: &Path) -> Error {
    Error::corrupt(format!(
        "segment {} of table '{}' is damaged: restore the table from a backup",
        path.display(),
        table.name
    ))
}
