//! Compaction: small rowsets become one, and deleted rows leave their files.
//!
//! Rows are read and written without keeping anybody from the table. What others delete meanwhile is deleted in the new
//! files, too, when they take the place of the old ones: for that a row remembers where it comes from.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt64Type};
use arrow::record_batch::RecordBatch;
use cairn_format::{DatabaseName, Deletions, PartitionName, RollupId, TableDefinition, TableName};

use crate::catalog::{NewSegment, Partition, Rowset, Segment, Table, Tablet, TabletEdit};
use crate::error::{Error, Result};
use crate::keys::sorted;
use crate::load::{UnpublishedFiles, current_name};
use crate::segment::{FileReader, write_segment};
use crate::store::Inner;

/// Which rowsets are rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compaction {
    /// Small ones that loads have left.
    Cumulative,
    /// All that are not as large as files get, and all with deleted rows.
    Base,
}

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompactionOutcome {
    /// Rowsets that were rewritten.
    pub rowsets: usize,
    /// Rowsets that there are in their place.
    pub made: usize,
    /// Deleted rows that are in no file any more.
    pub dropped_rows: u64,
}

/// Bytes of files whose rows become one file: decoded they take about seven times as much memory, and that twice while
/// they are sorted.
const FILE_BYTES: u64 = 24 << 20;
/// A rowset of fewer bytes is small.
const SMALL_BYTES: u64 = 8 << 20;
/// The column of where a row comes from: the number of the segment above 32 bits of position.
const ORIGIN_COLUMN: &str = "__origin";

/// Compacts the tablets of a table, or of some of its partitions, each in a commit of its own. `goes_on` is asked now and
/// then.
pub(crate) fn compact(
    store: &Inner,
    database: &DatabaseName,
    table: &TableName,
    only: Option<&[PartitionName]>,
    kind: Compaction,
    goes_on: &dyn Fn() -> bool,
) -> Result<CompactionOutcome> {
    let view = store.catalog.view();
    view.require_not_restoring(database, table)?;
    let table = view.require_database(database)?.require_table(table)?;
    let partitions: Vec<&Arc<Partition>> = match only {
        Some(names) => {
            names.iter().map(|name| table.require_partition(name.as_str())).collect::<Result<_>>()?
        }
        None => table.partitions.iter().collect(),
    };
    let mut outcome = CompactionOutcome::default();
    let own = (None, Arc::clone(&table.definition));
    let of_rollups = table.definition.rollups.iter();
    let of_rollups = of_rollups.map(|rollup| (Some(rollup.id), Arc::new(table.definition.of_rollup(rollup))));
    let indexes: Vec<_> = std::iter::once(own).chain(of_rollups).collect();
    for (partition, (rollup, definition)) in
        partitions.into_iter().flat_map(|partition| indexes.iter().map(move |index| (partition, index)))
    {
        let rollup = *rollup;
        for (bucket, tablet) in partition.tablets_of(rollup).iter().enumerate() {
            let chosen = choose(tablet, kind);
            if chosen.is_empty() || !goes_on() {
                continue;
            }
            let rewrite = Rewrite { store, database, table, definition, partition, rollup, bucket, chosen };
            let Some(done) = rewrite.run(goes_on)? else { continue };
            outcome.rowsets += done.rowsets;
            outcome.made += done.made;
            outcome.dropped_rows += done.dropped_rows;
        }
    }
    store.purge();
    Ok(outcome)
}

fn bytes(rowset: &Rowset) -> u64 {
    rowset.segments.iter().map(|segment| segment.length).sum()
}

fn deleted_rows(rowset: &Rowset) -> u64 {
    rowset.segments.iter().map(Segment::deleted_rows).sum()
}

/// The rowsets to rewrite; none when that would change nothing.
fn choose(tablet: &Tablet, kind: Compaction) -> Vec<Arc<Rowset>> {
    let limit = match kind {
        Compaction::Cumulative => SMALL_BYTES,
        Compaction::Base => FILE_BYTES,
    };
    let is_chosen = |rowset: &&Arc<Rowset>| {
        bytes(rowset) < limit || (kind == Compaction::Base && deleted_rows(rowset) > 0)
    };
    let chosen: Vec<_> = tablet.rowsets.iter().filter(is_chosen).cloned().collect();
    let is_worth_it = chosen.len() > 1 || chosen.iter().any(|rowset| deleted_rows(rowset) > 0);
    if is_worth_it { chosen } else { Vec::new() }
}

struct Rewrite<'a> {
    store: &'a Inner,
    database: &'a DatabaseName,
    table: &'a Arc<Table>,
    /// What the rows are: the table's or a rollup's.
    definition: &'a TableDefinition,
    partition: &'a Partition,
    rollup: Option<RollupId>,
    bucket: usize,
    chosen: Vec<Arc<Rowset>>,
}

/// A new segment, and where each of its rows comes from.
struct Rewritten {
    segment: NewSegment,
    origins: UInt64Array,
}

impl Rewrite<'_> {
    fn run(&self, goes_on: &dyn Fn() -> bool) -> Result<Option<CompactionOutcome>> {
        let files = UnpublishedFiles::new(self.store, self.table.id);
        let segments: Vec<&Segment> = self.chosen.iter().flat_map(|rowset| &rowset.segments).collect();
        let mut written = Vec::new();
        for group in groups(&segments) {
            if !goes_on() {
                return Ok(None);
            }
            written.extend(self.write(&segments, group, &files)?);
        }
        let directory = self.store.catalog.table_directory(self.table.id);
        self.store.disk.sync_dir(&directory).map_err(|e| Error::disk("sync", &directory, e))?;
        let rowsets = self.chosen.len();
        let made = usize::from(!written.is_empty());
        let dropped_rows = segments.iter().map(|segment| segment.deleted_rows()).sum();
        let ids: Vec<_> = written.iter().map(|rewritten| rewritten.segment.id).collect();
        if !self.publish(&segments, written)? {
            return Ok(None);
        }
        files.keep_only(&ids);
        Ok(Some(CompactionOutcome { rowsets, made, dropped_rows }))
    }

    /// Writes the live rows of some segments into one file; `None` when there are none.
    fn write(
        &self,
        segments: &[&Segment],
        group: std::ops::Range<usize>,
        files: &UnpublishedFiles<'_>,
    ) -> Result<Option<Rewritten>> {
        let definition = self.definition;
        let misfit = |e| Error::invalid("rows cannot be put together").with_source(e);
        let schema = schema_with_origins(&definition.arrow_schema());
        let mut batches = Vec::new();
        for number in group {
            let segment = segments[number];
            segment.check().map_err(|e| e.about(format_args!("table '{}'", definition.name)))?;
            let mut origins = live_positions(segment).map(|position| (number as u64) << 32 | position);
            let reader = FileReader::open(definition, segment.path())?;
            for batch in reader.rows(&definition.arrow_schema(), segment.deleted.as_deref())? {
                let batch = batch?;
                let mut columns = batch.columns().to_vec();
                let of_batch: UInt64Array =
                    origins.by_ref().take(batch.num_rows()).collect::<Vec<_>>().into();
                columns.push(Arc::new(of_batch) as ArrayRef);
                batches.push(RecordBatch::try_new(Arc::clone(&schema), columns).map_err(misfit)?);
            }
        }
        let rows = sorted(&schema, batches, definition)?;
        if rows.num_rows() == 0 {
            return Ok(None);
        }
        let width = definition.columns.len();
        let origins = rows.column(width).as_primitive::<UInt64Type>().clone();
        let rows = rows.project(&(0..width).collect::<Vec<_>>()).map_err(misfit)?;
        let rows =
            RecordBatch::try_new(definition.arrow_schema(), rows.columns().to_vec()).map_err(misfit)?;
        let id = files.reserve();
        let path = self.store.catalog.segment_path(self.table.id, id);
        let segment = write_segment(&self.store.disk, &path, id, definition, &rows)?;
        Ok(Some(Rewritten { segment, origins }))
    }

    /// Puts the new segments in the place of the old ones; `false` when those are not there any more.
    fn publish(&self, segments: &[&Segment], written: Vec<Rewritten>) -> Result<bool> {
        let guard = self.store.locks.lock(self.table.id);
        let view = self.store.catalog.view();
        let now = view.table_by_id(self.database, self.table.id).and_then(|table| {
            let partition = table.partitions.iter().find(|partition| partition.id == self.partition.id)?;
            // Files of a definition of before say nothing true of their columns.
            let is_same = table.definition.stores_alike(&self.table.definition);
            partition.tablets_of(self.rollup).get(self.bucket).filter(|_| is_same)
        });
        let Some(tablet) = now else { return Ok(false) };
        let mut later = Vec::with_capacity(segments.len());
        for segment in segments {
            let Some(now) = tablet.segments().find(|now| now.id == segment.id) else { return Ok(false) };
            later.push(deleted_since(segment, now));
        }
        let added = written.into_iter().map(|Rewritten { segment, origins }| {
            let is_deleted = |origin: u64| {
                let number = usize::try_from(origin >> 32).unwrap_or(usize::MAX);
                let position = u32::try_from(origin & u64::from(u32::MAX)).unwrap_or(u32::MAX);
                let later = later.get(number).and_then(Option::as_ref);
                later.is_some_and(|deleted| deleted.contains(position))
            };
            let deleted: Deletions = (0..)
                .zip(origins.values())
                .filter(|(_, origin)| is_deleted(**origin))
                .map(|(row, _)| row)
                .collect();
            NewSegment { deleted: (!deleted.is_empty()).then(|| Arc::new(deleted)), ..segment }
        });
        let chosen = self.chosen.iter().map(|rowset| rowset.id);
        let edit = TabletEdit {
            partition: self.partition.id,
            rollup: self.rollup,
            bucket: self.bucket,
            seen: chosen.clone().collect(),
            allows_others: true,
            deletions: Vec::new(),
            replaced: chosen.collect(),
            added: added.collect(),
        };
        let done = self.store.catalog.commit(|change| {
            let name = current_name(change.view(), self.database, self.table)?;
            change.view().require_not_restoring(self.database, &name)?;
            change.edit_tablets(self.database, &name, self.table.id, vec![edit])
        });
        drop(guard);
        done.map(|()| true)
    }
}

/// Ranges of segments that become one file each.
fn groups(segments: &[&Segment]) -> Vec<std::ops::Range<usize>> {
    let mut groups: Vec<std::ops::Range<usize>> = Vec::new();
    let mut bytes = 0;
    for (number, segment) in segments.iter().enumerate() {
        match groups.last_mut() {
            Some(last) if bytes + segment.length <= FILE_BYTES => {
                last.end = number + 1;
                bytes += segment.length;
            }
            _ => {
                groups.push(number..number + 1);
                bytes = segment.length;
            }
        }
    }
    groups
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

/// What has been deleted of a segment since it was read.
fn deleted_since(read: &Segment, now: &Segment) -> Option<Arc<Deletions>> {
    now.deleted.as_ref().filter(|_| now.deleted_rows() > read.deleted_rows()).cloned()
}
