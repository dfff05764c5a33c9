//! Merging a load's rows with those that the table has.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use cairn_format::{DatabaseName, TableDefinition};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::TabletSlot;
use super::buffer::UnpublishedFiles;
use super::publish::{partition_dropped, require_same};
use super::route::{Router, Target};
use crate::catalog::{CatalogView, NewPartition, NewSegment, Partition, Table, Tablet, TabletEdit};
use crate::error::{Error, Result};
use crate::id::{PartitionId, TabletId};
use crate::keys::{MergeRule, NewFile, TableGuard, TabletState, Writer, fold, refuse_keys};
use crate::rollup::{BaseFile, RollupBuild, RollupMaker, makers};
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
    /// What makes the rows of the table's rollups.
    makers: Arc<[RollupMaker]>,
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
    states: BTreeMap<Place, State>,
}

/// A tablet of the table, and those of its rollups that follow from it.
struct State {
    tablet: TabletState,
    rollups: RollupBuild,
}

impl<'s> Merger<'s> {
    pub(super) fn new(
        store: &'s Inner,
        database: &DatabaseName,
        table: &Arc<Table>,
        rule: MergeRule,
        overwrites: bool,
    ) -> Result<Self> {
        let (database, table) = (database.clone(), Arc::clone(table));
        let makers = makers(store.expressions.as_ref(), &table.definition)?;
        Ok(Self { store, database, table, rule, makers, overwrites, begun: None })
    }

    /// Whether there is anything to merge, or to make of what is loaded.
    pub(super) fn is_needed(&self) -> bool {
        self.rule != MergeRule::Keep || !self.makers.is_empty()
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
            if !self.rule.takes(&now.definition, &self.table.definition) {
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
        let overlaps = |partition: &&Arc<Partition>| partition.definition.rows.overlaps(&definition.rows);
        if let Some(made) = partitions.find(overlaps) {
            require_same(&begun.now, made, definition)?;
            return Ok((made.id, bucket));
        }
        if let Some(new) = begun.new.get(&number) {
            return Ok((new.id, bucket));
        }
        let id = PartitionId::new(self.store.catalog.reserve_ids(1));
        self.begin()?.new.insert(number, NewPartition { id, definition: definition.clone() });
        Ok((id, bucket))
    }

    /// The partitions that rows go to and that were there before the merge.
    pub(super) fn existing_partitions(&self) -> impl Iterator<Item = PartitionId> {
        let begun = self.begun.iter();
        begun.flat_map(|begun| {
            let is_new = move |id: PartitionId| begun.new.values().any(|new| new.id == id);
            begun.states.keys().map(|place| place.0).filter(move |id| !is_new(*id))
        })
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
        let (replaced, overwrites, makers) = (self.replaced(), self.overwrites, Arc::clone(&self.makers));
        self.begin()?;
        let Some(begun) = &mut self.begun else { return Err(replaced) };
        let mut work = Vec::with_capacity(brought.len());
        for (place, brought) in brought {
            let state = match begun.states.remove(&place) {
                Some(state) => state,
                None if begun.new.values().any(|new| new.id == place.0) => {
                    let empty = Tablet { id: TabletId::new(0), rowsets: Vec::new() };
                    State {
                        tablet: TabletState::of(&table.definition, place.0, None, place.1, &empty),
                        rollups: RollupBuild::new(&makers, place.0, place.1),
                    }
                }
                None => match state_of(&begun.now, &makers, place, overwrites) {
                    Some(state) => state,
                    None if begun.now.any_partition_by_id(place.0).is_none() => {
                        return Err(partition_dropped(&self.database, &table, place.0));
                    }
                    None => return Err(replaced),
                },
            };
            work.push((place, state, brought));
        }
        let writer = Writer { store, table: table.id, files };
        let merged = store.workers.install(|| {
            let one = |(place, mut state, brought): (Place, State, Vec<Brought>)| {
                for brought in brought {
                    take(&mut state, brought, &writer, &table.definition, &rule)?;
                }
                Ok((place, state))
            };
            work.into_par_iter().map(one).collect::<Result<Vec<_>>>()
        })?;
        begun.states.extend(merged);
        Ok(())
    }

    /// What is to be committed while the guard is held.
    pub(super) fn into_edits(
        mut self,
        files: &UnpublishedFiles<'_>,
    ) -> Result<(Vec<TabletEdit>, TableGuard<'s>)> {
        self.begin()?;
        let writer = Writer { store: self.store, table: self.table.id, files };
        let Some(Begun { guard, mut states, .. }) = self.begun else { return Err(self.replaced()) };
        refuse_keys(states.values().map(|state| &state.tablet))?;
        states.values_mut().try_for_each(|state| state.rollups.flush(&writer))?;
        refuse_keys(states.values().flat_map(|state| state.rollups.tablets()))?;
        let mut edits = Vec::new();
        for State { tablet, mut rollups } in states.into_values() {
            edits.push(tablet.edit());
            edits.extend(rollups.edits(&writer)?);
        }
        Ok((edits, guard))
    }
}

fn state_of(
    table: &Table,
    makers: &Arc<[RollupMaker]>,
    (id, bucket): Place,
    overwrites: bool,
) -> Option<State> {
    let partition = table.any_partition_by_id(id)?;
    let tablet = |rollup| {
        let tablet = partition.tablets_of(rollup).get(bucket)?;
        Some(if overwrites { Tablet { id: tablet.id, rowsets: Vec::new() } } else { tablet.clone() })
    };
    Some(State {
        tablet: TabletState::of(&table.definition, id, None, bucket, &tablet(None)?),
        rollups: RollupBuild::of(makers, id, bucket, |rollup| tablet(Some(rollup))),
    })
}

fn take(
    State { tablet, rollups }: &mut State,
    brought: Brought,
    writer: &Writer<'_>,
    definition: &TableDefinition,
    rule: &MergeRule,
) -> Result<()> {
    match brought {
        Brought::File(segment) => {
            let path = writer.store.catalog.segment_path(writer.table, segment.id);
            rollups.add_file(definition, &BaseFile { path: path.clone(), deleted: None }, writer)?;
            let file = NewFile { segment, path };
            if *rule == MergeRule::Keep { tablet.add(file) } else { tablet.put_file(file)? }
        }
        Brought::Rows(batches) => {
            let rows = fold(&rule.schema(definition), batches, definition, rule)?;
            rows.batches().try_for_each(|rows| rollups.add(rows, writer))?;
            tablet.merge_and_write(rows, rule, writer)?;
        }
    }
    rollups.flush(writer)
}
