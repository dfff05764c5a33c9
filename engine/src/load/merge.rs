//! Merging a load's rows with those that the table has.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use cairn_format::DatabaseName;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::buffer::UnpublishedFiles;
use super::route::{Router, Target};
use super::{TabletSlot, require_buckets};
use crate::catalog::{CatalogView, NewPartition, NewSegment, Table, Tablet, TabletEdit};
use crate::error::{Error, Result};
use crate::id::{PartitionId, TabletId};
use crate::keys::{MergeRule, NewFile, TableGuard, TabletState, arranged, fold};
use crate::segment::write_segment;
use crate::store::Inner;

/// Where rows go: a partition and a bucket of it.
pub(super) type Place = (PartitionId, usize);

/// What a load brings to one tablet, in its order.
pub(super) enum Brought {
    /// A file that is written already.
    File(NewSegment),
    /// Rows that are not sorted yet.
    Rows(Vec<RecordBatch>),
}

/// A load's merging. It begins with the first rows that have to be merged, at the latest when the load ends, and keeps
/// others from editing the table from then on.
pub(super) struct Merger<'s> {
    store: &'s Inner,
    database: DatabaseName,
    table: Arc<Table>,
    rule: MergeRule,
    /// Whether the tablets are taken as empty.
    overwrites: bool,
    begun: Option<Begun<'s>>,
}

struct Begun<'s> {
    guard: TableGuard<'s>,
    /// The table as it is while it is locked.
    now: Arc<Table>,
    view: Arc<CatalogView>,
    /// Partitions that are to be made, by their number in the load.
    new: BTreeMap<usize, NewPartition>,
    states: BTreeMap<Place, TabletState>,
}

impl<'s> Merger<'s> {
    pub(super) fn new(
        store: &'s Inner,
        database: &DatabaseName,
        table: &Arc<Table>,
        rule: MergeRule,
        overwrites: bool,
    ) -> Self {
        let (database, table) = (database.clone(), Arc::clone(table));
        Self { store, database, table, rule, overwrites, begun: None }
    }

    /// Begins now; the view is that of the table while it is locked.
    pub(super) fn lock(&mut self) -> Result<Arc<CatalogView>> {
        Ok(Arc::clone(&self.begin()?.view))
    }

    fn begin(&mut self) -> Result<&mut Begun<'s>> {
        if self.begun.is_none() {
            let guard = self.store.locks.lock(self.table.id);
            let view = self.store.catalog.view();
            let now = view.table_by_id(&self.database, self.table.id).cloned();
            let now = now.ok_or_else(|| self.replaced())?;
            if !now.definition.stores_alike(&self.table.definition) {
                return Err(self.replaced());
            }
            self.begun = Some(Begun { guard, now, view, new: BTreeMap::new(), states: BTreeMap::new() });
        }
        self.begun.as_mut().ok_or_else(|| Error::corrupt("a merge did not begin"))
    }

    fn replaced(&self) -> Error {
        Error::busy(format!(
            "table '{}.{}' was replaced while rows were loaded; load again",
            self.database,
            self.table.name()
        ))
    }

    /// Where the rows of a tablet go. A partition that the load makes may have been made by another meanwhile.
    pub(super) fn place(&mut self, router: &Router, slot: TabletSlot) -> Result<Place> {
        let (target, bucket) = router.tablet(slot);
        let number = match target {
            Target::Existing(id) => return Ok((id, bucket)),
            Target::New(number) => number,
        };
        let definition = &router.new_partitions()[number];
        let begun = self.begin()?;
        let mut partitions = begun.now.partitions.iter();
        if let Some(made) = partitions.find(|partition| partition.definition.rows.is_same(&definition.rows)) {
            require_buckets(&begun.now, made, definition)?;
            return Ok((made.id, bucket));
        }
        if let Some(new) = begun.new.get(&number) {
            return Ok((new.id, bucket));
        }
        let id = PartitionId::new(self.store.catalog.reserve_ids(1));
        self.begin()?.new.insert(number, NewPartition { id, definition: definition.clone() });
        Ok((id, bucket))
    }

    /// The partitions that are to be made.
    pub(super) fn new_partitions(&self) -> Vec<NewPartition> {
        self.begun.iter().flat_map(|begun| begun.new.values().cloned()).collect()
    }

    /// Merges what is brought, tablet by tablet in parallel.
    pub(super) fn merge(
        &mut self,
        brought: Vec<(Place, Vec<Brought>)>,
        files: &UnpublishedFiles<'_>,
    ) -> Result<()> {
        let (store, table, rule) = (self.store, Arc::clone(&self.table), self.rule.clone());
        let (replaced, overwrites) = (self.replaced(), self.overwrites);
        let begun = self.begin()?;
        let mut work = Vec::with_capacity(brought.len());
        for (place, brought) in brought {
            let state = match begun.states.remove(&place) {
                Some(state) => state,
                None if begun.new.values().any(|new| new.id == place.0) => {
                    let empty = Tablet { id: TabletId::new(0), rowsets: Vec::new() };
                    TabletState::of(&table.definition, place.0, place.1, &empty)
                }
                None => match state_of(&begun.now, place, overwrites) {
                    Some(state) => state,
                    None => return Err(replaced),
                },
            };
            work.push((place, state, brought));
        }
        let merged = store.workers.install(|| {
            let one = |(place, mut state, brought): (Place, TabletState, Vec<Brought>)| {
                for brought in brought {
                    take(&mut state, brought, store, &table, &rule, files)?;
                }
                Ok((place, state))
            };
            work.into_par_iter().map(one).collect::<Result<Vec<_>>>()
        })?;
        begun.states.extend(merged);
        Ok(())
    }

    /// What is to be committed while the guard is held.
    pub(super) fn into_edits(mut self) -> Result<(Vec<TabletEdit>, TableGuard<'s>)> {
        self.begin()?;
        let Some(Begun { guard, states, .. }) = self.begun else { return Err(self.replaced()) };
        Ok((states.into_values().map(TabletState::into_edit).collect(), guard))
    }
}

fn state_of(table: &Table, (id, bucket): Place, overwrites: bool) -> Option<TabletState> {
    let partition = table.any_partition_by_id(id)?;
    let tablet = partition.tablets.get(bucket)?;
    let empty = Tablet { id: tablet.id, rowsets: Vec::new() };
    let tablet = if overwrites { &empty } else { tablet };
    Some(TabletState::of(&table.definition, id, bucket, tablet))
}

fn take(
    state: &mut TabletState,
    brought: Brought,
    store: &Inner,
    table: &Table,
    rule: &MergeRule,
    files: &UnpublishedFiles<'_>,
) -> Result<()> {
    let definition = &table.definition;
    let path = |segment: &NewSegment| store.catalog.segment_path(table.id, segment.id);
    let batches = match brought {
        Brought::File(segment) => {
            let path = path(&segment);
            return state.put_file(NewFile { segment, path });
        }
        Brought::Rows(batches) => batches,
    };
    let rows = fold(&rule.schema(definition), batches, definition, rule)?;
    let Some(merged) = state.merge(rows, rule)? else { return Ok(()) };
    let merged = arranged(merged, definition)?;
    let id = files.reserve();
    let segment =
        write_segment(&store.disk, &store.catalog.segment_path(table.id, id), id, definition, &merged)?;
    let path = path(&segment);
    state.add(NewFile { segment, path });
    Ok(())
}
