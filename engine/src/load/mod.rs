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
mod route;

pub(crate) use auto_increment::AutoIncrements;
pub(crate) use bucket::hash_of_row;
pub use buffer::LoadOptions;
pub(crate) use buffer::{UnpublishedFiles, bytes_of};

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;
use cairn_format::{Column, DatabaseName, PartitionDefinition, PartitionName, TableName};

use self::buffer::TabletBuffers;
use self::merge::{Brought, Merger, Place};
use self::route::{Router, Target};
use crate::catalog::{
    CatalogView, Change, NewPartition, NewRowset, NewSegment, Partition, PartitionKind, Table,
};
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
    overwritten: Vec<PartitionId>,
    /// What the load is made of may be read from here; from `locks_table` on nobody else edits the table.
    view: Arc<CatalogView>,
    buffers: TabletBuffers<'s>,
    rows: u64,
    began_ms: i64,
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
        let targets = chosen.as_ref().unwrap_or(&table.partitions);
        let overwritten =
            targets.iter().filter(|_| options.overwrites).map(|partition| partition.id).collect();
        let router = Router::try_new(&table, chosen)?;
        let rule = MergeRule::of(&table.definition, &options.upsert)?;
        let mut merger = Merger::new(store, database, &table, rule.clone(), options.overwrites)?;
        let view = if options.locks_table { merger.lock()? } else { view };
        let buffers = TabletBuffers::try_new(store, &table, rule.clone(), options)?;
        let (database, began_ms) = (database.clone(), store.environment.clock.now_ms());
        Ok(Self {
            store,
            database,
            table,
            router,
            rule,
            merger,
            overwritten,
            view,
            buffers,
            rows: 0,
            began_ms,
            is_broken: false,
        })
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
        let batch = self.numbered(batch)?;
        let batch = check::checked_batch(&self.table, &self.rule, &batch, self.rows)?;
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
        let batch =
            self.with_numbers(batch, |_, column, array| auto_increment::without_nulls(column, array))?;
        let batch = check::checked_batch(&self.table, &self.rule, &batch, rows_before)?;
        self.router.check(&batch, rows_before)
    }

    /// The rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The batch with the next values in place of nulls of the `AUTO_INCREMENT` column, when there is one.
    fn numbered(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        self.with_numbers(batch, |table, column, array| self.store.auto_increments.fill(table, column, array))
    }

    /// The batch with what `fill` makes of the `AUTO_INCREMENT` column, when there is one.
    fn with_numbers(
        &self,
        batch: &RecordBatch,
        fill: impl Fn(&Table, &Column, &ArrayRef) -> Result<ArrayRef>,
    ) -> Result<RecordBatch> {
        let definition = &self.table.definition;
        let Some(at) = definition.columns.iter().position(|column| column.auto_increment) else {
            return Ok(batch.clone());
        };
        let Some(array) = batch.columns().get(at) else { return Ok(batch.clone()) };
        let view = self.store.catalog.view();
        let current = view.table_by_id(&self.database, self.table.id).unwrap_or(&self.table);
        let filled = fill(current, &definition.columns[at], array)?;
        let mut arrays = batch.columns().to_vec();
        arrays[at] = filled;
        RecordBatch::try_new(batch.schema(), arrays)
            .map_err(|e| Error::invalid("rows cannot be numbered").with_source(e))
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
        let Self { store, database, table, router, overwritten, buffers, rows, .. } = self;
        let written = buffers.finish()?;
        if written.segments.is_empty() && overwritten.is_empty() {
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
        let made: Vec<_> = new
            .into_iter()
            .map(|(number, rowsets)| (router.new_partitions()[number].clone(), rowsets))
            .collect();
        let version = store.catalog.commit(|change| {
            let name = current_name(change.view(), &database, &table)?;
            change.view().require_not_restoring(&database, &name)?;
            require_partitions(change, &database, &table, rowsets.keys().chain(&overwritten))?;
            remove_all(change, &database, &name, &overwritten)?;
            let made = add_partitions(store, change, &database, &name, made)?;
            for (partition, rowsets) in rowsets.into_iter().chain(made) {
                change.add_rowsets(&database, &name, partition, rowsets)?;
            }
            raise_auto_increment(store, change, &database, &name, &table)?;
            Ok(change.version())
        })?;
        written.keep();
        if !overwritten.is_empty() {
            store.purge();
        }
        store.compactor.touched(&database, table.id);
        Ok(LoadOutcome { rows, version: Some(version) })
    }
}

/// The name that the table has by now, which must still take the rows as they were prepared.
pub(crate) fn current_name(view: &CatalogView, database: &DatabaseName, loaded: &Table) -> Result<TableName> {
    let current = view.table_by_id(database, loaded.id);
    let changed = |how| {
        let name = loaded.name();
        Err(Error::busy(format!("table '{database}.{name}' was {how} while rows were loaded; load again")))
    };
    match current {
        None => changed("replaced"),
        Some(current) if !current.definition.stores_alike(&loaded.definition) => changed("altered"),
        Some(current) => Ok(current.name().clone()),
    }
}

/// Refuses rows for partitions that the table has no more.
fn require_partitions<'i>(
    change: &Change<'_>,
    database: &DatabaseName,
    loaded: &Table,
    ids: impl IntoIterator<Item = &'i PartitionId>,
) -> Result<()> {
    let current = change.view().table_by_id(database, loaded.id);
    let is_there = |id: PartitionId| current.is_some_and(|current| current.any_partition_by_id(id).is_some());
    match ids.into_iter().find(|id| !is_there(**id)) {
        Some(id) => Err(partition_dropped(database, loaded, *id)),
        None => Ok(()),
    }
}

/// A partition that a load began with is gone.
fn partition_dropped(database: &DatabaseName, loaded: &Table, id: PartitionId) -> Error {
    let table = loaded.name();
    let name = match loaded.any_partition_by_id(id) {
        Some(partition) => format!("'{}'", partition.definition.name),
        // One that another load had made meanwhile.
        None => id.to_string(),
    };
    Error::busy(format!(
        "partition {name} of table '{database}.{table}' was dropped while rows were loaded (by a statement, or as the properties of \
         the table say); load again"
    ))
}

/// Makes the partitions that a load found missing, but those that another load has made meanwhile.
fn add_partitions(
    store: &Inner,
    change: &mut Change<'_>,
    database: &DatabaseName,
    table: &TableName,
    made: Vec<(PartitionDefinition, Vec<NewRowset>)>,
) -> Result<Vec<(PartitionId, Vec<NewRowset>)>> {
    if made.is_empty() {
        return Ok(Vec::new());
    }
    let current = Arc::clone(change.view().require_database(database)?.require_table(table)?);
    let (mut new, mut rowsets) = (Vec::new(), Vec::new());
    for (definition, of_partition) in made {
        let same = current.partitions.iter().find(|other| other.definition.rows.is_same(&definition.rows));
        let id = match same {
            Some(other) => {
                require_buckets(&current, other, &definition)?;
                other.id
            }
            None => PartitionId::new(store.catalog.reserve_ids(1)),
        };
        if same.is_none() {
            new.push(NewPartition { id, definition });
        }
        rowsets.push((id, of_partition));
    }
    change.add_partitions(database, table, new, PartitionKind::Formal)?;
    Ok(rowsets)
}

/// Refuses a partition that another load has made with another number of buckets, by which these rows were not divided.
fn require_buckets(table: &Table, made: &Partition, wanted: &PartitionDefinition) -> Result<()> {
    if made.tablets.len() == table.definition.buckets_of(wanted) as usize {
        return Ok(());
    }
    Err(Error::busy(format!(
        "partition '{}' of table '{}' was made with another number of buckets while rows were loaded; load again",
        made.definition.name,
        table.name()
    )))
}

impl Load<'_> {
    /// Merges the rows with those of the table, and publishes both what is added and what is deleted.
    fn commit_merged(self) -> Result<LoadOutcome> {
        let Self { store, database, table, router, mut merger, overwritten, buffers, rows, .. } = self;
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
        if rows == 0 && overwritten.is_empty() {
            return Ok(LoadOutcome { rows, version: None });
        }
        merger.merge(brought.into_iter().collect(), &written.files)?;
        let targets: Vec<_> = merger.existing_partitions().collect();
        let new = merger.new_partitions();
        let (edits, _guard) = merger.into_edits(&written.files)?;
        let directory = store.catalog.table_directory(table.id);
        store.disk.sync_dir(&directory).map_err(|e| Error::disk("sync", &directory, e))?;
        let published: Vec<_> = edits.iter().flat_map(|edit| &edit.added).map(|segment| segment.id).collect();
        let version = store.catalog.commit(|change| {
            let name = current_name(change.view(), &database, &table)?;
            change.view().require_not_restoring(&database, &name)?;
            require_partitions(change, &database, &table, targets.iter().chain(&overwritten))?;
            remove_all(change, &database, &name, &overwritten)?;
            change.add_partitions(&database, &name, new, PartitionKind::Formal)?;
            change.edit_tablets(&database, &name, table.id, edits)?;
            raise_auto_increment(store, change, &database, &name, &table)?;
            Ok(change.version())
        })?;
        written.files.keep_only(&published);
        store.purge();
        store.compactor.touched(&database, table.id);
        Ok(LoadOutcome { rows, version: Some(version) })
    }
}

/// Puts on record up to where the values of an `AUTO_INCREMENT` column are taken.
fn raise_auto_increment(
    store: &Inner,
    change: &mut Change<'_>,
    database: &DatabaseName,
    name: &TableName,
    table: &Table,
) -> Result<()> {
    if table.definition.auto_increment().is_none() {
        return Ok(());
    }
    change.raise_auto_increment(database, name, store.auto_increments.next(table))
}

fn remove_all(
    change: &mut Change<'_>,
    database: &DatabaseName,
    table: &TableName,
    partitions: &[PartitionId],
) -> Result<()> {
    partitions.iter().try_for_each(|id| change.remove_rowsets(database, table, *id))
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
