//! One tablet while rows are merged into it.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int8Array};
use arrow::compute::{concat_batches, filter_record_batch, not};
use arrow::datatypes::{Int8Type, SchemaRef};
use arrow::record_batch::RecordBatch;
use cairn_format::{Column, ColumnBounds, Deletions, RollupId, TableDefinition};

use super::fold::{Beyond, DELETE, Folded, PUT, fold};
use super::lookup::Keys;
use super::refused::RefusedKeys;
use super::rule::MergeRule;
use super::sort::{arranged, failed, sorted_by};
use crate::catalog::{NewSegment, Segment, Tablet, TabletEdit};
use crate::error::{Error, Result};
use crate::id::{PartitionId, TableId};
use crate::load::{UnpublishedFiles, bytes_of};
use crate::rollup::ExpressionPlanner;
use crate::segment::{FileReader, write_segment};
use crate::store::Inner;

/// A file whose rows are part of the tablet as it is going to be.
struct Candidate {
    origin: Origin,
    path: PathBuf,
    bounds: Vec<ColumnBounds>,
    deleted: Deletions,
    is_changed: bool,
}

enum Origin {
    /// One that the tablet has.
    Existing(Segment),
    /// One that the edit adds.
    New(NewSegment),
}

/// Rows that the tablet has.
struct Found {
    /// The number of their file.
    file: usize,
    /// The position of each in the file, ascending, and the number of its key.
    places: Vec<(u32, u32)>,
}

/// Bytes of stored rows that are merged at a time. What a load brings is bounded, what is stored of its keys is not:
/// sketches grow large.
const STORED_BYTES: usize = 64 << 20;
/// Merged rows become a file when they are so many bytes.
const WRITTEN_BYTES: usize = 128 << 20;

/// A file that has been written and that no commit has published yet.
pub(crate) struct NewFile {
    pub(crate) segment: NewSegment,
    pub(crate) path: PathBuf,
}

/// What writes the segments of a table.
#[derive(Clone, Copy)]
pub(crate) struct Writer<'a> {
    pub(crate) store: &'a Inner,
    pub(crate) table: TableId,
    pub(crate) files: &'a UnpublishedFiles<'a>,
}

/// The files of a tablet as an edit is going to leave it.
pub(crate) struct TabletState {
    table: Arc<TableDefinition>,
    edit: TabletEdit,
    files: Vec<Candidate>,
    /// Rows that are in no file, since a sum of them does not fit its column: with what is still to come it may.
    held: Option<Beyond>,
    /// Keys that have been left out, of which there can be no row.
    refused: Option<RefusedKeys>,
    /// How many keys rows have been merged of.
    merged_keys: usize,
}

impl TabletState {
    /// The tablet as it is.
    pub(crate) fn of(
        table: &Arc<TableDefinition>,
        partition: PartitionId,
        rollup: Option<RollupId>,
        bucket: usize,
        tablet: &Tablet,
    ) -> Self {
        let files = tablet.segments().map(|segment| Candidate {
            path: segment.path().to_owned(),
            bounds: segment.bounds.clone(),
            deleted: segment.deleted.as_deref().cloned().unwrap_or_default(),
            is_changed: false,
            origin: Origin::Existing(segment.clone()),
        });
        Self {
            table: Arc::clone(table),
            edit: TabletEdit::of(partition, rollup, bucket, tablet),
            files: files.collect(),
            held: None,
            refused: None,
            merged_keys: 0,
        }
    }

    /// Adds a file whose rows take the place of those with the same key.
    pub(crate) fn put_file(&mut self, file: NewFile) -> Result<()> {
        let is_wanted = |other: &Candidate| may_share_keys(&self.table, &file.segment.bounds, &other.bounds);
        if self.files.iter().any(is_wanted) {
            let keys = keys_of_file(&self.table, &file)?;
            self.delete(&keys)?;
        }
        self.add(file);
        Ok(())
    }

    /// Merges rows, which [`fold`] has sorted, with those that the tablet has, and writes what follows into files of its
    /// own: one, unless it is much. Whether it can have them all says [`refuse_keys`](super::refuse_keys) at the end.
    pub(crate) fn merge_and_write(
        &mut self,
        rows: Folded,
        rule: &MergeRule,
        writer: &Writer<'_>,
    ) -> Result<()> {
        if *rule == MergeRule::Keep {
            return self.write(rows.rows, writer);
        }
        self.merged_keys += rows.keys();
        let mut found = Vec::new();
        for batch in rows.batches() {
            found.extend(self.delete(&Keys::of(&self.table, batch)?)?);
        }
        if !rule.reads_rows() {
            // Where the newer row counts only the positions of the others do.
            found.clear();
        }
        if self.held.is_none() && rows.beyond.is_none() {
            return self.merge_in_parts(&rows.rows, &found, rule, writer);
        }
        // Rows whose sums do not fit are few, and not divided by the places of their keys.
        let schema = rows.rows.schema();
        let mut batches = self.stored(&schema, &found, None)?.unwrap_or_default();
        batches.extend(self.held.take().map(|held| held.rows));
        batches.extend(rows.batches().cloned());
        let merged = fold(&schema, batches, &self.table, rule)?;
        self.held = merged.beyond;
        let merged = self.finished(&merged.rows, rule, writer)?;
        self.write(merged, writer)
    }

    /// Merges rows of one key each with those that were found of their keys, as many keys at a time as bytes are stored of.
    fn merge_in_parts(
        &mut self,
        rows: &RecordBatch,
        found: &[Found],
        rule: &MergeRule,
        writer: &Writer<'_>,
    ) -> Result<()> {
        let schema = rows.schema();
        let (mut merged, mut bytes) = (Vec::new(), 0);
        let mut waiting: Vec<Range<usize>> = Vec::new();
        waiting.push(0..rows.num_rows());
        while let Some(range) = waiting.pop() {
            let Some(mut batches) = self.stored(&schema, found, Some(&range))? else {
                let middle = range.start + range.len() / 2;
                waiting.extend([middle..range.end, range.start..middle]);
                continue;
            };
            let mut part = rows.slice(range.start, range.len());
            if !batches.is_empty() {
                batches.push(part);
                let folded = fold(&schema, batches, &self.table, rule)?;
                self.hold(folded.beyond)?;
                part = folded.rows;
            }
            let part = self.finished(&part, rule, writer)?;
            bytes += bytes_of(&part)?;
            merged.push(part);
            if bytes >= WRITTEN_BYTES {
                bytes = 0;
                self.write(together(&std::mem::take(&mut merged))?, writer)?;
            }
        }
        if merged.is_empty() { Ok(()) } else { self.write(together(&merged)?, writer) }
    }

    /// Merged rows as they are written, with what follows from what they keep.
    fn finished(
        &mut self,
        merged: &RecordBatch,
        rule: &MergeRule,
        writer: &Writer<'_>,
    ) -> Result<RecordBatch> {
        let merged = self.narrowed(merged, rule)?;
        if !rule.keeps_columns() {
            return Ok(merged);
        }
        computed(&merged, &self.table, writer.store.expressions.as_ref())
    }

    /// Holds rows of other keys than those that are held.
    fn hold(&mut self, beyond: Option<Beyond>) -> Result<()> {
        self.held = match (self.held.take(), beyond) {
            (Some(held), Some(more)) => Some(Beyond {
                rows: together(&[held.rows, more.rows])?,
                column: held.column,
                keys: held.keys + more.keys,
            }),
            (held, more) => held.or(more),
        };
        Ok(())
    }

    /// The rows that were found of all keys, or of those in a range; `None` when these are so many bytes that the range is to
    /// be divided.
    fn stored(
        &self,
        schema: &SchemaRef,
        found: &[Found],
        range: Option<&Range<usize>>,
    ) -> Result<Option<Vec<RecordBatch>>> {
        let (mut batches, mut bytes) = (Vec::new(), 0);
        for Found { file, places } in found {
            let is_wanted =
                |(_, key): &&(u32, u32)| range.is_none_or(|range| range.contains(&(*key as usize)));
            let positions: Vec<u32> =
                places.iter().filter(is_wanted).map(|(position, _)| *position).collect();
            if positions.is_empty() {
                continue;
            }
            let reader = FileReader::open(&self.table, &self.files[*file].path)?;
            for batch in reader.rows_at(&self.table.arrow_schema(), &positions)? {
                let batch = widened(&batch?, schema)?;
                bytes += bytes_of(&batch)?;
                batches.push(batch);
                if bytes > STORED_BYTES && range.is_some_and(|range| range.len() > 1) {
                    return Ok(None);
                }
            }
        }
        Ok(Some(batches))
    }

    /// Writes rows, which are sorted by the key, into a file of their own.
    fn write(&mut self, rows: RecordBatch, writer: &Writer<'_>) -> Result<()> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let rows = arranged(rows, &self.table)?;
        let id = writer.files.reserve();
        let path = writer.store.catalog.segment_path(writer.table, id);
        let segment = write_segment(&writer.store.disk, &path, id, &self.table, &rows)?;
        self.add(NewFile { segment, path });
        Ok(())
    }

    /// Merged rows under the schema of the table, without those that are deleted.
    fn narrowed(&mut self, merged: &RecordBatch, rule: &MergeRule) -> Result<RecordBatch> {
        if !matches!(rule, MergeRule::Upsert { .. }) {
            return Ok(merged.clone());
        }
        let (operations, columns) = merged
            .columns()
            .split_last()
            .ok_or_else(|| Error::invalid("rows of an update do not say what is done with them"))?;
        let stays: BooleanArray = match operations.as_primitive_opt::<Int8Type>() {
            Some(operations) => operations.iter().map(|operation| Some(operation != Some(DELETE))).collect(),
            None => BooleanArray::from(vec![true; merged.num_rows()]),
        };
        let fields: Vec<_> = merged.schema().fields()[..columns.len()].to_vec();
        let wide = RecordBatch::try_new(Arc::new(arrow::datatypes::Schema::new(fields)), columns.to_vec());
        let kept = filter_record_batch(&wide.map_err(misfit)?, &stays).map_err(misfit)?;
        let kept = self.without_missing(kept)?;
        RecordBatch::try_new(self.table.arrow_schema(), kept.columns().to_vec()).map_err(misfit)
    }

    /// The rows that have what they need; the keys of the others are refused.
    fn without_missing(&mut self, rows: RecordBatch) -> Result<RecordBatch> {
        let lacks = |(column, array): &(&Column, &ArrayRef)| !column.nullable && array.null_count() > 0;
        let lacking: Vec<_> = self.table.columns.iter().zip(rows.columns()).filter(lacks).collect();
        let Some((column, _)) = lacking.first() else { return Ok(rows) };
        let misses = |row: usize| lacking.iter().any(|(_, array)| array.is_null(row));
        let missing: BooleanArray = (0..rows.num_rows()).map(|row| Some(misses(row))).collect();
        let refused = filter_record_batch(&rows, &missing).map_err(misfit)?;
        let rule = format!(
            "column '{}' is NOT NULL and has no default, and rows of keys that table '{}' does not have yet lack it",
            column.name, self.table.name
        );
        let refused = RefusedKeys::new(&self.table, &refused, refused.num_rows(), rule, "give it for them")?;
        self.refused = Some(match self.refused.take() {
            None => refused,
            Some(before) => before.and(Some(refused)),
        });
        filter_record_batch(&rows, &not(&missing).map_err(misfit)?).map_err(misfit)
    }

    /// How many keys rows have been merged of; those that came twice count twice.
    pub(super) fn merged_keys(&self) -> usize {
        self.merged_keys
    }

    /// The keys of which the tablet cannot have rows, as it is by now.
    pub(super) fn refused(&self) -> Result<Option<RefusedKeys>> {
        let Some(held) = &self.held else { return Ok(self.refused.clone()) };
        let column = &self.table.columns[held.column];
        let rule = format!(
            "{} '{}', column '{}': the SUM of rows with one key does not fit {}",
            if self.edit.rollup.is_some() { "rollup" } else { "table" },
            self.table.name,
            column.name,
            column.column_type
        );
        let advice = "load smaller values, or use a wider type";
        let held = RefusedKeys::new(&self.table, &held.rows, held.keys, rule, advice)?;
        Ok(Some(held.and(self.refused.clone())))
    }

    /// Adds a file of rows whose keys nothing else of the tablet has.
    pub(crate) fn add(&mut self, file: NewFile) {
        let NewFile { segment, path } = file;
        self.files.push(Candidate {
            bounds: segment.bounds.clone(),
            origin: Origin::New(segment),
            path,
            deleted: Deletions::new(),
            is_changed: false,
        });
    }

    /// Deletes the rows with these keys; says where they are.
    fn delete(&mut self, keys: &Keys) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        for (number, file) in self.files.iter_mut().enumerate() {
            if !keys.may_be_in(&self.table, &file.bounds) {
                continue;
            }
            if let Origin::Existing(segment) = &file.origin {
                segment.check().map_err(|e| e.about(format_args!("table '{}'", self.table.name)))?;
            }
            let mut places = keys.find(&FileReader::open(&self.table, &file.path)?)?;
            places.retain(|(position, _)| file.deleted.insert(*position));
            if !places.is_empty() {
                file.is_changed = true;
                found.push(Found { file: number, places });
            }
        }
        Ok(found)
    }

    /// What is to be committed, when no key is refused.
    pub(crate) fn edit(&self) -> TabletEdit {
        let mut edit = self.edit.clone();
        for Candidate { origin, deleted, is_changed, .. } in &self.files {
            match origin {
                Origin::Existing(segment) if *is_changed => {
                    edit.deletions.push((segment.id, Arc::new(deleted.clone())));
                }
                Origin::Existing(_) => {}
                Origin::New(segment) if deleted.len() >= segment.rows => {}
                Origin::New(segment) => {
                    let deleted = is_changed.then(|| Arc::new(deleted.clone()));
                    edit.added.push(NewSegment { deleted, ..segment.clone() });
                }
            }
        }
        edit
    }
}

/// Whether files with these bounds can have a key in common.
fn may_share_keys(table: &TableDefinition, a: &[ColumnBounds], b: &[ColumnBounds]) -> bool {
    use std::cmp::Ordering::Greater;
    table.key().iter().all(|column| {
        let of = |bounds: &[ColumnBounds]| bounds.iter().find(|b| b.field_id == column.field_id).cloned();
        let (Some(a), Some(b)) = (of(a), of(b)) else { return true };
        if a.null_count != Some(0) || b.null_count != Some(0) {
            return true;
        }
        let is_above = |a: &Option<cairn_format::Value>, b: &Option<cairn_format::Value>| {
            a.as_ref().zip(b.as_ref()).and_then(|(a, b)| a.compare(b)) == Some(Greater)
        };
        !is_above(&a.lower, &b.upper) && !is_above(&b.lower, &a.upper)
    })
}

/// The keys of a new file, sorted.
fn keys_of_file(table: &TableDefinition, file: &NewFile) -> Result<Keys> {
    let columns: Vec<usize> = (0..table.key_columns).collect();
    let reader = FileReader::open(table, &file.path)?;
    let fields = table.arrow_schema().fields()[..table.key_columns].to_vec();
    let schema: SchemaRef = Arc::new(arrow::datatypes::Schema::new(fields));
    let mut batches = Vec::new();
    for group in 0..reader.metadata().metadata().num_row_groups() {
        for batch in reader.row_group(group, &columns)?.1 {
            let batch = RecordBatch::try_new(Arc::clone(&schema), batch?.columns().to_vec());
            batches.push(batch.map_err(misfit)?);
        }
    }
    let keys = sorted_by(&schema, batches, &columns)?;
    Keys::of(table, &keys)
}

/// Sorted rows in one batch, of batches whose keys ascend.
fn together(batches: &[RecordBatch]) -> Result<RecordBatch> {
    match batches {
        [] => Err(Error::corrupt("nothing was merged")),
        [only] => Ok(only.clone()),
        [first, ..] => concat_batches(&first.schema(), batches).map_err(failed),
    }
}

fn misfit(error: arrow::error::ArrowError) -> Error {
    Error::invalid("stored rows and new ones do not fit together").with_source(error)
}

/// Rows with their generated columns computed anew.
fn computed(
    rows: &RecordBatch,
    table: &TableDefinition,
    planner: &dyn ExpressionPlanner,
) -> Result<RecordBatch> {
    let mut columns = rows.columns().to_vec();
    for (position, column) in table.columns.iter().enumerate() {
        let Some(text) = &column.generated else { continue };
        let about = |e: Error| e.about(format_args!("generated column '{}'", column.name));
        let expression = planner.plan(table, text, &column.column_type).map_err(about)?;
        columns[position] = expression.compute(rows).map_err(about)?;
    }
    RecordBatch::try_new(rows.schema(), columns).map_err(misfit)
}

/// Rows of the table under the schema of a load's: a stored row is one that was put.
fn widened(stored: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let mut columns = stored.columns().to_vec();
    if schema.fields().len() > columns.len() {
        columns.push(Arc::new(Int8Array::from(vec![PUT; stored.num_rows()])));
    }
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(misfit)
}
