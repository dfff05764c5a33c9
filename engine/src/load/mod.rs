//! Loads: batches in, one rowset a tablet out, all or nothing.
//!
//! A row goes to its partition by range or by value, which may be made for it, and to its bucket by hash (or to the next bucket in turn), waits in its
//! tablet's buffer, and is written, sorted by the key, as part of a segment once the buffer is large enough.
//! Segments are written and synced by rayon workers; one catalog commit publishes all of them.

mod auto_increment;
mod bucket;
mod buffer;
mod check;
mod fill;
mod merge;
mod place;
mod publish;
mod route;

pub(crate) use auto_increment::AutoIncrements;
pub(crate) use bucket::hash_of_row;
pub use buffer::LoadOptions;
pub(crate) use buffer::{UnpublishedFiles, bytes_of};
pub(crate) use publish::current_name;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;
use cairn_format::{DatabaseName, LastRefresh, PartitionName, RowsRead, TableName};

use self::auto_increment::LoadNumbers;
use self::buffer::TabletBuffers;
use self::merge::{Brought, Merger, Place};
use self::publish::{Overwritten, add_partitions, record_refresh, require_partitions};
use self::route::{Router, Target};
use crate::catalog::{CatalogView, NewPartition, NewRowset, NewSegment, Partition, PartitionKind, Table};
use crate::error::{Error, Result};
use crate::id::{CatalogVersion, PartitionId};
use crate::keys::MergeRule;
use crate::store::Inner;

/// What a load did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadOutcome {
    /// Rows that are now in the table.
    pub rows: u64,
    /// The commit that published them; `None` when there were none.
    pub version: Option<CatalogVersion>,
}

/// A load in progress. Dropped before [`Load::commit`], it leaves nothing.
pub struct Load<'s> {
    store: &'s Inner,
    database: DatabaseName,
    table: Arc<Table>,
    router: Router,
    /// What becomes of rows of equal key.
    rule: MergeRule,
    merger: Merger<'s>,
    /// The partitions whose rows give way; none unless the load overwrites.
    overwritten: Overwritten,
    /// The values of the `AUTO_INCREMENT` column.
    numbers: LoadNumbers<'s>,
    /// What the load is made of may be read from here; from `locks_table` on nobody else edits the table.
    view: Arc<CatalogView>,
    buffers: TabletBuffers<'s>,
    rows: u64,
    began_ms: i64,
    /// What is put on record of a materialized view with its rows.
    refresh: Option<LastRefresh>,
    /// Set while rows are taken in: a load that failed meanwhile has lost some of them.
    is_broken: bool,
}

impl<'s> Load<'s> {
    pub(crate) fn begin(
        store: &'s Inner,
        database: &DatabaseName,
        table: &TableName,
        only: Option<&[PartitionName]>,
        options: LoadOptions,
    ) -> Result<Self> {
        let view = store.catalog.view();
        view.require_not_restoring(database, table)?;
        let table = Arc::clone(view.require_database(database)?.require_table(table)?);
        if table.definition.materialized_view.is_some() && !options.refreshes {
            return Err(Error::invalid(format!(
                "The data of '{}' cannot be inserted because '{}' is a materialized view, and the data of materialized view must \
                 be consistent with the base table: REFRESH it",
                table.name(),
                table.name()
            )));
        }
        let chosen: Option<Vec<Arc<Partition>>> = match only {
            Some(names) => {
                let one = |name: &PartitionName| match options.partitions {
                    PartitionKind::Formal => table.require_partition(name.as_str()).cloned(),
                    PartitionKind::Temporary => table.require_temporary_partition(name.as_str()).cloned(),
                };
                Some(names.iter().map(one).collect::<Result<_>>()?)
            }
            None => None,
        };
        let overwritten = match &chosen {
            _ if !options.overwrites => Overwritten::Nothing,
            None => Overwritten::All,
            Some(chosen) => Overwritten::These(chosen.iter().map(|partition| partition.id).collect()),
        };
        let router = Router::try_new(&table, chosen)?;
        let rule = MergeRule::of(&table.definition, &options.upsert)?;
        let mut merger = Merger::new(store, database, &table, rule.clone(), options.overwrites)?;
        let view = if options.locks_table { merger.lock()? } else { view };
        let buffers = TabletBuffers::try_new(store, &table, rule.clone(), options)?;
        let numbers = LoadNumbers::new(store, &table);
        let (database, began_ms) = (database.clone(), store.environment.clock.now_ms());
        Ok(Self {
            store,
            database,
            table,
            router,
            rule,
            merger,
            overwritten,
            numbers,
            view,
            buffers,
            rows: 0,
            began_ms,
            refresh: None,
            is_broken: false,
        })
    }

    /// Says of which rows those of this refresh are made; see [`CatalogView::rows_read`].
    pub fn set_rows_read(&mut self, read: String) {
        let (begun_ms, ended_ms) = (self.began_ms, self.began_ms);
        self.refresh = Some(LastRefresh { begun_ms, ended_ms, error: None, read: RowsRead::Store(read) });
    }

    /// The table as it was when the load began.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// The catalog that the load began with.
    pub fn view(&self) -> &Arc<CatalogView> {
        &self.view
    }

    /// Adds rows. The batch has the table's Arrow schema; the names and metadata of its fields do not matter.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when a value breaks a rule of its column or
    /// belongs to no partition: the message names the column, the row (from 1, in the load) and the value. The load
    /// cannot go on after any error.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.require_whole()?;
        self.is_broken = true;
        let batch = self.checked(batch, self.rows)?;
        let batch = self.numbered(batch)?;
        for (tablet, rows) in self.router.route(&batch, self.rows)? {
            self.buffers.push(tablet, rows)?;
        }
        for (tablet, rows) in self.buffers.take_to_merge() {
            let place = self.merger.place(&self.router, tablet)?;
            let brought = vec![(place, vec![Brought::Rows(rows)])];
            self.merger.merge(brought, self.buffers.files())?;
        }
        self.rows += batch.num_rows() as u64;
        self.is_broken = false;
        Ok(())
    }

    /// Refuses what [`Load::write`] would refuse, and takes nothing: so that the rows at fault can be counted of a load that
    /// is going to fail.
    ///
    /// `rows_before` counts the rows before the batch, by which errors name rows.
    pub fn check(&self, batch: &RecordBatch, rows_before: u64) -> Result<()> {
        self.router.check(&self.checked(batch, rows_before)?.batch, rows_before)
    }

    /// The rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The batch with every value checked. Rows that are refused take no value of the `AUTO_INCREMENT` column, so those that
    /// are not given are 0 yet.
    fn checked(&self, batch: &RecordBatch, rows_before: u64) -> Result<Checked> {
        let definition = &self.table.definition;
        let at = definition.columns.iter().position(|column| column.auto_increment);
        let found = at.and_then(|at| Some((at, Arc::clone(batch.columns().get(at)?))));
        let Some((at, given)) = found else {
            let batch = check::checked_batch(&self.table, &self.rule, batch, rows_before)?;
            return Ok(Checked { batch, to_number: None });
        };
        let filled = auto_increment::without_nulls(&definition.columns[at], &given)?;
        let batch = with_column(batch, at, filled)?;
        let batch = check::checked_batch(&self.table, &self.rule, &batch, rows_before)?;
        Ok(Checked { batch, to_number: Some((at, given)) })
    }

    /// The batch with the next values of the `AUTO_INCREMENT` column where none are given.
    fn numbered(&mut self, Checked { batch, to_number }: Checked) -> Result<RecordBatch> {
        let Some((at, given)) = to_number else { return Ok(batch) };
        let view = self.store.catalog.view();
        let current = view.table_by_id(&self.database, self.table.id).unwrap_or(&self.table);
        let filled = self.numbers.fill(current, &self.table.definition.columns[at], &given)?;
        with_column(&batch, at, filled)
    }

    fn require_whole(&self) -> Result<()> {
        if self.is_broken {
            return Err(Error::invalid(format!(
                "the load into table '{}' failed before; begin a new one",
                self.table.name()
            )));
        }
        Ok(())
    }

    /// Writes what is still buffered and makes every row visible in one commit.
    pub fn commit(self) -> Result<LoadOutcome> {
        self.require_whole()?;
        if self.merger.is_needed() {
            return self.commit_merged();
        }
        let Self {
            store, database, table, router, rule, overwritten, numbers, buffers, rows, refresh, ..
        } = self;
        let written = buffers.finish()?;
        if written.segments.is_empty() && overwritten.is_nothing() {
            return Ok(LoadOutcome { rows: 0, version: None });
        }
        // A partition that got no rows after all is not made either: its number is in no slot.
        let mut new: BTreeMap<usize, Vec<NewRowset>> = BTreeMap::new();
        let mut rowsets: BTreeMap<PartitionId, Vec<NewRowset>> = BTreeMap::new();
        for (tablet, segments) in &written.segments {
            let (partition, bucket) = router.tablet(*tablet);
            let rowset = NewRowset { rollup: None, bucket, segments: segments.clone() };
            match partition {
                Target::Existing(id) => rowsets.entry(id).or_default().push(rowset),
                Target::New(number) => new.entry(number).or_default().push(rowset),
            }
        }
        let mut made = Vec::new();
        for (number, of_partition) in new {
            let id = PartitionId::new(store.catalog.reserve_ids(1));
            made.push(NewPartition { id, definition: router.new_partitions()[number].clone() });
            rowsets.insert(id, of_partition);
        }
        let is_made = |id: &PartitionId| made.iter().any(|new| new.id == *id);
        let targets: Vec<PartitionId> = rowsets.keys().copied().filter(|id| !is_made(id)).collect();
        let version = store.catalog.commit(|change| {
            let name = current_name(change.view(), &database, &table, |now, then| rule.takes(now, then))?;
            change.view().require_not_restoring(&database, &name)?;
            require_partitions(change, &database, &table, targets.iter().chain(overwritten.named()))?;
            overwritten.remove(change, &database, &name)?;
            let others = add_partitions(change, &database, &name, made)?;
            for (id, rowsets) in rowsets {
                change.add_rowsets(&database, &name, *others.get(&id).unwrap_or(&id), rowsets)?;
            }
            numbers.put_on_record(change, &database, &name)?;
            record_refresh(change, &database, &name, refresh)?;
            Ok(change.version())
        })?;
        numbers.keep();
        written.keep();
        if !overwritten.is_nothing() {
            store.purge();
        }
        store.compactor.touched(&database, table.id);
        Ok(LoadOutcome { rows, version: Some(version) })
    }
}

impl Load<'_> {
    /// Merges the rows with those of the table, and publishes both what is added and what is deleted.
    fn commit_merged(self) -> Result<LoadOutcome> {
        let Self {
            store,
            database,
            table,
            router,
            rule,
            mut merger,
            overwritten,
            numbers,
            buffers,
            rows,
            refresh,
            ..
        } = self;
        let mut written = buffers.finish()?;
        let mut brought: BTreeMap<Place, Vec<Brought>> = BTreeMap::new();
        for (tablet, segments) in std::mem::take(&mut written.segments) {
            brought
                .entry(merger.place(&router, tablet)?)
                .or_default()
                .extend(segments.into_iter().map(Brought::File));
        }
        for (tablet, rows) in std::mem::take(&mut written.to_merge) {
            brought.entry(merger.place(&router, tablet)?).or_default().push(Brought::Rows(rows));
        }
        if rows == 0 && overwritten.is_nothing() {
            return Ok(LoadOutcome { rows, version: None });
        }
        merger.merge(brought.into_iter().collect(), &written.files)?;
        let targets: Vec<_> = merger.existing_partitions().collect();
        let new = merger.new_partitions();
        let (mut edits, _guard) = merger.into_edits(&written.files)?;
        let directory = store.catalog.table_directory(table.id);
        store.disk.sync_dir(&directory).map_err(|e| Error::disk("sync", &directory, e))?;
        let published: Vec<_> = edits.iter().flat_map(|edit| &edit.added).map(|segment| segment.id).collect();
        let version = store.catalog.commit(|change| {
            let name = current_name(change.view(), &database, &table, |now, then| rule.takes(now, then))?;
            change.view().require_not_restoring(&database, &name)?;
            require_partitions(change, &database, &table, targets.iter().chain(overwritten.named()))?;
            overwritten.remove(change, &database, &name)?;
            let others = add_partitions(change, &database, &name, new)?;
            for edit in &mut edits {
                edit.partition = *others.get(&edit.partition).unwrap_or(&edit.partition);
            }
            change.edit_tablets(&database, &name, table.id, edits)?;
            numbers.put_on_record(change, &database, &name)?;
            record_refresh(change, &database, &name, refresh)?;
            Ok(change.version())
        })?;
        numbers.keep();
        written.files.keep_only(&published);
        store.purge();
        store.compactor.touched(&database, table.id);
        Ok(LoadOutcome { rows, version: Some(version) })
    }
}

/// Rows that keep what their table asks for.
struct Checked {
    batch: RecordBatch,
    /// The position of the `AUTO_INCREMENT` column, and its values as they are given.
    to_number: Option<(usize, ArrayRef)>,
}

fn with_column(batch: &RecordBatch, at: usize, array: ArrayRef) -> Result<RecordBatch> {
    let mut arrays = batch.columns().to_vec();
    arrays[at] = array;
    RecordBatch::try_new(batch.schema(), arrays)
        .map_err(|e| Error::invalid("rows cannot be numbered").with_source(e))
}

/// The place of a tablet among all of a load's: the partition's number and the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct TabletSlot {
    partition: usize,
    bucket: u32,
}

/// The segments of a load, by tablet. Their files are removed again unless they are kept.
struct WrittenSegments<'s> {
    segments: Vec<(TabletSlot, Vec<NewSegment>)>,
    /// Rows that are to be merged with those of the table before they are written.
    to_merge: Vec<(TabletSlot, Vec<RecordBatch>)>,
    files: buffer::UnpublishedFiles<'s>,
}

impl WrittenSegments<'_> {
    fn keep(self) {
        self.files.keep();
    }
}
