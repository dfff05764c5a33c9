//! One tablet while rows are merged into it.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int8Array};
use arrow::compute::{filter_record_batch, not};
use arrow::datatypes::{Int8Type, SchemaRef};
use arrow::record_batch::RecordBatch;
use cairn_format::{Column, ColumnBounds, Deletions, RollupId, TableDefinition};

use super::fold::{Beyond, DELETE, Folded, PUT, fold};
use super::lookup::Keys;
use super::refused::RefusedKeys;
use super::rule::MergeRule;
use super::sort::arranged;
use super::sort::sorted_by;
use crate::catalog::{NewSegment, Segment, Tablet, TabletEdit};
use crate::error::{Error, Result};
use crate::id::{PartitionId, TableId};
use crate::load::UnpublishedFiles;
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

    /// Merges rows, which [`fold`] has sorted, with those that the tablet has, and writes what follows into a file of its
    /// own. Whether it can have them all says [`refuse_keys`](super::refuse_keys) at the end.
    pub(crate) fn merge_and_write(
        &mut self,
        rows: Folded,
        rule: &MergeRule,
        writer: &Writer<'_>,
    ) -> Result<()> {
        let merged = match rule {
            MergeRule::Keep => rows.rows,
            rule if rule.keeps_columns() => {
                let merged = self.merge(rows, rule)?;
                computed(merged, &self.table, writer.store.expressions.as_ref())?
            }
            rule => self.merge(rows, rule)?,
        };
        if merged.num_rows() == 0 {
            return Ok(());
        }
        let merged = arranged(merged, &self.table)?;
        let id = writer.files.reserve();
        let path = writer.store.catalog.segment_path(writer.table, id);
        let segment = write_segment(&writer.store.disk, &path, id, &self.table, &merged)?;
        self.add(NewFile { segment, path });
        Ok(())
    }

    /// Merges rows, which [`fold`] has sorted, with those that the tablet has; what is to be written of them is returned.
    fn merge(&mut self, rows: Folded, rule: &MergeRule) -> Result<RecordBatch> {
        let schema = rows.rows.schema();
        let mut batches = Vec::new();
        for batch in rows.batches() {
            let keys = Keys::of(&self.table, batch)?;
            for (file, positions) in self.delete(&keys)? {
                // Where the newer row counts only the positions of the others do.
                if !rule.reads_rows() {
                    continue;
                }
                let reader = FileReader::open(&self.table, &self.files[file].path)?;
                let stored = reader.rows_at(&self.table.arrow_schema(), &positions)?;
                batches.push(widened(&stored, &schema)?);
            }
        }
        self.merged_keys += rows.keys();
        batches.extend(self.held.take().map(|held| held.rows));
        let merged = if batches.is_empty() {
            rows
        } else {
            batches.extend(rows.batches().cloned());
            fold(&schema, batches, &self.table, rule)?
        };
        self.held = merged.beyond;
        self.narrowed(&merged.rows, rule)
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

    /// Deletes the rows with these keys; says at which positions of which files they are.
    fn delete(&mut self, keys: &Keys) -> Result<Vec<(usize, Vec<u32>)>> {
        let mut found = Vec::new();
        for (number, file) in self.files.iter_mut().enumerate() {
            if !keys.may_be_in(&self.table, &file.bounds) {
                continue;
            }
            if let Origin::Existing(segment) = &file.origin {
                segment.check().map_err(|e| e.about(format_args!("table '{}'", self.table.name)))?;
            }
            let places = keys.find(&FileReader::open(&self.table, &file.path)?)?;
            let positions: Vec<u32> = places
                .into_iter()
                .map(|(position, _)| position)
                .filter(|at| file.deleted.insert(*at))
                .collect();
            if !positions.is_empty() {
                file.is_changed = true;
                found.push((number, positions));
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

fn misfit(error: arrow::error::ArrowError) -> Error {
    Error::invalid("stored rows and new ones do not fit together").with_source(error)
}

/// Rows with their generated columns computed anew.
fn computed(
    rows: RecordBatch,
    table: &TableDefinition,
    planner: &dyn ExpressionPlanner,
) -> Result<RecordBatch> {
    let mut columns = rows.columns().to_vec();
    for (position, column) in table.columns.iter().enumerate() {
        let Some(text) = &column.generated else { continue };
        let about = |e: Error| e.about(format_args!("generated column '{}'", column.name));
        let planned = planner.plan(table, text, &column.column_type).map_err(about)?;
        columns[position] = planned.compute(&rows).map_err(about)?;
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
