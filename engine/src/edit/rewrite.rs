//! Writing rowsets anew: their live rows become one rowset, in files of a bounded size.
//!
//! Rows are read and written without keeping anybody from the table. What others delete meanwhile is deleted in the new
//! files, too, when they take the place of the old ones: for that a row remembers where it comes from.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt64Type};
use arrow::record_batch::RecordBatch;
use cairn_format::{DatabaseName, Deletions, TableDefinition};

use super::compact::CompactionOutcome;
use super::place::TabletPlace;
use crate::catalog::{NewSegment, Rowset, Segment, Table, TabletEdit};
use crate::error::{Error, Result};
use crate::id::SegmentId;
use crate::keys::sorted;
use crate::load::{UnpublishedFiles, bytes_of, current_name};
use crate::segment::{FileReader, write_segment};
use crate::store::Inner;

/// Bytes of files whose rows become one file.
pub(super) const FILE_BYTES: u64 = 24 << 20;
/// Rows become a file when they take so much memory, whatever their files had: those of rows that are much alike are small.
/// While they are sorted they take that twice. It also keeps every column far below what one array can hold.
const DECODED_BYTES: usize = 192 << 20;
/// The column of where a row comes from: the number of the segment above 32 bits of position.
const ORIGIN_COLUMN: &str = "__origin";

/// Some rowsets of a tablet that are to become one.
pub(super) struct Rewrite<'a> {
    pub(super) store: &'a Inner,
    pub(super) database: &'a DatabaseName,
    pub(super) table: &'a Arc<Table>,
    pub(super) place: &'a TabletPlace<'a>,
    pub(super) chosen: Vec<Arc<Rowset>>,
}

/// A new segment, and where each of its rows comes from.
struct Rewritten {
    segment: NewSegment,
    origins: UInt64Array,
}

/// What became of a segment since it was read.
enum Since {
    Unchanged,
    /// Rows of it were deleted: these are deleted by now.
    Lost(Option<Arc<Deletions>>),
    Gone,
}

impl Rewrite<'_> {
    /// Does it; `None` when `goes_on`, which is asked before each file, has said no, or when the rowsets are not there any
    /// more.
    pub(super) fn run(&self, goes_on: &dyn Fn() -> bool) -> Result<Option<CompactionOutcome>> {
        let files = UnpublishedFiles::new(self.store, self.table.id);
        let segments: Vec<&Segment> = self.chosen.iter().flat_map(|rowset| &rowset.segments).collect();
        let Some(written) = self.write_all(&segments, &files, goes_on)? else { return Ok(None) };
        let directory = self.store.catalog.table_directory(self.table.id);
        self.store.disk.sync_dir(&directory).map_err(|e| Error::disk("sync", &directory, e))?;
        let rowsets = self.chosen.len();
        let dropped_rows = segments.iter().map(|segment| segment.deleted_rows()).sum();
        let Some(published) = self.publish(&segments, written)? else { return Ok(None) };
        files.keep_only(&published);
        let made = usize::from(!published.is_empty());
        Ok(Some(CompactionOutcome { rowsets, made, dropped_rows }))
    }

    /// Writes the live rows of the segments; `None` when that is not to go on.
    fn write_all(
        &self,
        segments: &[&Segment],
        files: &UnpublishedFiles<'_>,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Option<Vec<Rewritten>>> {
        let definition = &self.place.definition;
        let schema = schema_with_origins(&definition.arrow_schema());
        let mut written = Vec::new();
        let (mut batches, mut decoded, mut encoded) = (Vec::new(), 0, 0);
        if !goes_on() {
            return Ok(None);
        }
        for (number, segment) in (0_u64..).zip(segments) {
            if !batches.is_empty() && encoded + segment.length > FILE_BYTES {
                written.push(self.write(&schema, std::mem::take(&mut batches), files)?);
                (decoded, encoded) = (0, 0);
                if !goes_on() {
                    return Ok(None);
                }
            }
            encoded += segment.length;
            segment.check().map_err(|e| e.about(format_args!("table '{}'", definition.name)))?;
            let mut origins = live_positions(segment).map(|position| number << 32 | position);
            let reader = FileReader::open(definition, segment.path())?;
            for batch in reader.rows(&definition.arrow_schema(), segment.deleted.as_deref())? {
                let batch = batch?;
                if batch.num_rows() == 0 {
                    continue;
                }
                decoded += bytes_of(&batch)?;
                let mut columns = batch.columns().to_vec();
                let of_batch: UInt64Array =
                    origins.by_ref().take(batch.num_rows()).collect::<Vec<_>>().into();
                columns.push(Arc::new(of_batch) as ArrayRef);
                batches.push(RecordBatch::try_new(Arc::clone(&schema), columns).map_err(misfit)?);
                if decoded >= DECODED_BYTES {
                    written.push(self.write(&schema, std::mem::take(&mut batches), files)?);
                    (decoded, encoded) = (0, 0);
                    if !goes_on() {
                        return Ok(None);
                    }
                }
            }
        }
        if !batches.is_empty() {
            written.push(self.write(&schema, batches, files)?);
        }
        Ok(Some(written))
    }

    /// Writes rows into one file.
    fn write(
        &self,
        schema: &SchemaRef,
        batches: Vec<RecordBatch>,
        files: &UnpublishedFiles<'_>,
    ) -> Result<Rewritten> {
        let definition = &self.place.definition;
        let rows = sorted(schema, batches, definition)?;
        let width = definition.columns.len();
        let origins = rows.column(width).as_primitive::<UInt64Type>().clone();
        let rows = RecordBatch::try_new(definition.arrow_schema(), rows.columns()[..width].to_vec())
            .map_err(misfit)?;
        let id = files.reserve();
        let path = self.store.catalog.segment_path(self.table.id, id);
        let segment = write_segment(&self.store.disk, &path, id, definition, &rows)?;
        Ok(Rewritten { segment, origins })
    }

    /// Puts the new segments in the place of the old ones, and says which those are; `None` when no old one is there any more.
    /// Rows of one that is gone are rows of the table no more, or in a file of others.
    fn publish(&self, segments: &[&Segment], written: Vec<Rewritten>) -> Result<Option<Vec<SegmentId>>> {
        let guard = self.store.locks.lock(self.table.id);
        let view = self.store.catalog.view();
        let now = view.table_by_id(self.database, self.table.id).and_then(|table| {
            let partition =
                table.partitions.iter().find(|partition| partition.id == self.place.partition.id)?;
            // Files of a definition of before say nothing true of their columns.
            let is_same = table.definition.stores_alike(&self.table.definition);
            partition.tablets_of(self.place.rollup).get(self.place.bucket).filter(|_| is_same)
        });
        let Some(tablet) = now else { return Ok(None) };
        let is_there = |rowset: &&Arc<Rowset>| tablet.rowsets.iter().any(|now| now.id == rowset.id);
        let replaced: Vec<_> = self.chosen.iter().filter(is_there).map(|rowset| rowset.id).collect();
        if replaced.is_empty() {
            return Ok(None);
        }
        let later: Vec<Since> = segments
            .iter()
            .map(|segment| match tablet.segments().find(|now| now.id == segment.id) {
                Some(now) if now.deleted_rows() > segment.deleted_rows() => Since::Lost(now.deleted.clone()),
                Some(_) => Since::Unchanged,
                None => Since::Gone,
            })
            .collect();
        let added = written.into_iter().map(|Rewritten { segment, origins }| {
            let is_deleted = |origin: u64| {
                let number = usize::try_from(origin >> 32).unwrap_or(usize::MAX);
                let position = u32::try_from(origin & u64::from(u32::MAX)).unwrap_or(u32::MAX);
                match later.get(number) {
                    Some(Since::Unchanged) => false,
                    Some(Since::Lost(deleted)) => {
                        deleted.as_ref().is_some_and(|deleted| deleted.contains(position))
                    }
                    Some(Since::Gone) | None => true,
                }
            };
            let deleted: Deletions = (0..)
                .zip(origins.values())
                .filter(|(_, origin)| is_deleted(**origin))
                .map(|(row, _)| row)
                .collect();
            NewSegment { deleted: (!deleted.is_empty()).then(|| Arc::new(deleted)), ..segment }
        });
        let is_left = |segment: &NewSegment| {
            segment.deleted.as_ref().is_none_or(|deleted| deleted.len() < segment.rows)
        };
        let added: Vec<_> = added.filter(is_left).collect();
        let published = added.iter().map(|segment| segment.id).collect();
        let edit = TabletEdit {
            partition: self.place.partition.id,
            rollup: self.place.rollup,
            bucket: self.place.bucket,
            seen: replaced.clone(),
            allows_others: true,
            deletions: Vec::new(),
            replaced,
            added,
        };
        let done = self.store.catalog.commit(|change| {
            let name = current_name(change.view(), self.database, self.table, TableDefinition::stores_alike)?;
            change.view().require_not_restoring(self.database, &name)?;
            change.rewrite_tablet(self.database, &name, self.table.id, edit)
        });
        drop(guard);
        done.map(|()| Some(published))
    }
}

fn schema_with_origins(schema: &SchemaRef) -> SchemaRef {
    let origin = Arc::new(Field::new(ORIGIN_COLUMN, DataType::UInt64, false));
    Arc::new(Schema::new(schema.fields().iter().cloned().chain([origin]).collect::<Vec<_>>()))
}

fn live_positions(segment: &Segment) -> impl Iterator<Item = u64> + use<'_> {
    let deleted = segment.deleted.as_deref();
    let is_live = move |position: &u64| {
        let position = u32::try_from(*position).unwrap_or(u32::MAX);
        deleted.is_none_or(|deleted| !deleted.contains(position))
    };
    (0..segment.rows).filter(is_live)
}

fn misfit(error: arrow::error::ArrowError) -> Error {
    Error::invalid("rows cannot be put together").with_source(error)
}
