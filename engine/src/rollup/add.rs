//! Adding rollups to a table: they are made of what it holds, and appear in one commit.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use cairn_format::{DatabaseName, RollupDefinition, TableDefinition};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::build::{BaseFile, RollupBuild};
use super::maker::{RollupMaker, makers};
use crate::catalog::{Rowset, Table, TabletEdit};
use crate::error::{Error, Result};
use crate::id::{PartitionId, RowsetId};
use crate::keys::Writer;
use crate::load::UnpublishedFiles;
use crate::store::{Inner, unchanged};

/// Gives a table that is `before` the definition `after`, which has more rollups.
///
/// Who deletes or replaces rows waits meanwhile. Loads that only add some go on: what they have added is looked for again
/// until there is nothing new at the commit.
pub(crate) fn add_rollups(
    store: &Inner,
    database: &DatabaseName,
    before: &TableDefinition,
    after: &TableDefinition,
) -> Result<()> {
    after.check()?;
    let first = unchanged(&store.catalog.view(), database, before, after)?;
    let _guard = store.locks.lock(first.id);
    let directory = store.catalog.table_directory(first.id);
    store.disk.create_dir_all(&directory).map_err(|e| Error::disk("create", &directory, e))?;
    let is_new = |rollup: &&RollupDefinition| before.rollups.iter().all(|other| other.id != rollup.id);
    let only_new =
        TableDefinition { rollups: after.rollups.iter().filter(is_new).cloned().collect(), ..after.clone() };
    let files = UnpublishedFiles::new(store, first.id);
    let writer = Writer { store, table: first.id, files: &files };
    let mut new = NewRollups {
        makers: makers(store.expressions.as_ref(), &only_new)?,
        definition: before,
        seen: HashSet::new(),
        tablets: BTreeMap::new(),
    };
    loop {
        let table = unchanged(&store.catalog.view(), database, before, after)?;
        if table.id != first.id {
            return Err(Error::busy(format!(
                "table '{database}.{}' was replaced by another statement meanwhile; try again",
                before.name
            )));
        }
        new.take_in(&table, &writer)?;
        let edits = new.edits(&writer)?;
        store.disk.sync_dir(&directory).map_err(|e| Error::disk("sync", &directory, e))?;
        let published: Vec<_> = edits.iter().flat_map(|edit| &edit.added).map(|segment| segment.id).collect();
        let done = store.catalog.commit(|change| {
            let now = unchanged(change.view(), database, before, after)?;
            if now.id != first.id || !new.has_seen(&now) {
                return Ok(false);
            }
            change.redefine_table(database, after.clone())?;
            change.edit_tablets(database, &before.name, first.id, edits)?;
            Ok(true)
        })?;
        if done {
            files.keep_only(&published);
            store.purge();
            store.compactor.touched(database, first.id);
            return Ok(());
        }
    }
}

/// Rollups while they are made.
struct NewRollups<'a> {
    makers: Arc<[RollupMaker]>,
    definition: &'a TableDefinition,
    /// The rowsets that they are made of so far.
    seen: HashSet<RowsetId>,
    tablets: BTreeMap<(PartitionId, usize), RollupBuild>,
}

impl NewRollups<'_> {
    fn rowsets(table: &Table) -> impl Iterator<Item = ((PartitionId, usize), &Arc<Rowset>)> {
        let partitions = table.partitions.iter().chain(&table.temporary_partitions);
        partitions.flat_map(|partition| {
            let tablets = partition.tablets.iter().enumerate();
            tablets.flat_map(move |(bucket, tablet)| {
                tablet.rowsets.iter().map(move |rowset| ((partition.id, bucket), rowset))
            })
        })
    }

    /// What is to be committed.
    fn edits(&mut self, writer: &Writer<'_>) -> Result<Vec<TabletEdit>> {
        let edits = self.tablets.values_mut().map(|build| build.edits(writer));
        Ok(edits.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// Whether they are made of all that the table has, and of nothing else.
    fn has_seen(&self, table: &Table) -> bool {
        let mut count = 0;
        Self::rowsets(table).all(|(_, rowset)| {
            count += 1;
            self.seen.contains(&rowset.id)
        }) && count == self.seen.len()
    }

    /// Makes what follows from rowsets that are new. When others have gone meanwhile all is made anew.
    fn take_in(&mut self, table: &Table, writer: &Writer<'_>) -> Result<()> {
        let now: HashSet<RowsetId> = Self::rowsets(table).map(|(_, rowset)| rowset.id).collect();
        if !self.seen.is_subset(&now) {
            self.seen.clear();
            self.tablets.clear();
        }
        let mut work: BTreeMap<(PartitionId, usize), Vec<&Arc<Rowset>>> = BTreeMap::new();
        for (place, rowset) in Self::rowsets(table).filter(|(_, rowset)| !self.seen.contains(&rowset.id)) {
            work.entry(place).or_default().push(rowset);
        }
        let work: Vec<_> = work
            .into_iter()
            .map(|(place, rowsets)| {
                let build = self.tablets.remove(&place);
                let build = build.unwrap_or_else(|| RollupBuild::new(&self.makers, place.0, place.1));
                (place, build, rowsets)
            })
            .collect();
        let one = |(place, mut build, rowsets): (_, RollupBuild, Vec<&Arc<Rowset>>)| {
            for segment in rowsets.iter().flat_map(|rowset| &rowset.segments) {
                build.add_file(self.definition, &BaseFile::of(segment, self.definition)?, writer)?;
            }
            build.flush(writer)?;
            Ok((place, build))
        };
        let made = writer.store.workers.install(|| work.into_par_iter().map(one).collect::<Result<Vec<_>>>());
        self.tablets.extend(made?);
        self.seen = now;
        Ok(())
    }
}
