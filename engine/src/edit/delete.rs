//! Deleting rows by their positions.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_format::{DatabaseName, Deletions, TableDefinition, TableName};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::catalog::{CatalogView, Segment, Table, Tablet, TabletEdit};
use crate::error::{Error, Result};
use crate::id::{CatalogVersion, SegmentId};
use crate::keys::{TableGuard, Writer};
use crate::load::{UnpublishedFiles, current_name};
use crate::rollup::{BaseFile, RollupBuild, makers};
use crate::store::Inner;

/// Rows of a table being deleted. Nobody else deletes or replaces rows of it until this is committed or dropped, so that
/// the positions which were found in [`RowDeletion::view`] stay true; readers, and loads that only add rows, go on.
pub struct RowDeletion<'s> {
    store: &'s Inner,
    database: DatabaseName,
    view: Arc<CatalogView>,
    table: Arc<Table>,
    deleted: BTreeMap<SegmentId, Deletions>,
    _guard: TableGuard<'s>,
}

impl<'s> RowDeletion<'s> {
    pub(crate) fn begin(store: &'s Inner, database: &DatabaseName, table: &TableName) -> Result<Self> {
        let find = |view: &CatalogView| -> Result<Arc<Table>> {
            view.require_not_restoring(database, table)?;
            Ok(Arc::clone(view.require_database(database)?.require_table(table)?))
        };
        let guard = store.locks.lock(find(&store.catalog.view())?.id);
        let view = store.catalog.view();
        let table = find(&view)?;
        if !guard.is_of(table.id) {
            return Err(Error::busy(format!(
                "table '{database}.{}' was replaced meanwhile; try again",
                table.name()
            )));
        }
        let database = database.clone();
        Ok(Self { store, database, view, table, deleted: BTreeMap::new(), _guard: guard })
    }

    /// The catalog that positions are found in.
    pub fn view(&self) -> &Arc<CatalogView> {
        &self.view
    }

    /// The table as it is in the view.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// Deletes the row at `position` of the file of `segment`.
    ///
    /// # Errors
    /// `InvalidInput` when there is no such row, or 32 bits do not count it.
    pub fn delete(&mut self, segment: SegmentId, position: u64) -> Result<()> {
        let wrong = || Error::invalid(format!("segment {segment} has no row {position}"));
        let deleted = self.deleted.entry(segment).or_default();
        deleted.insert(u32::try_from(position).map_err(|_| wrong())?);
        Ok(())
    }

    /// Publishes the deletions in one commit. Returns how many rows are gone, and the version without them.
    pub fn commit(self) -> Result<(u64, Option<CatalogVersion>)> {
        let Self { store, database, table, mut deleted, .. } = self;
        let mut edits = Vec::new();
        let mut gone = 0;
        for partition in &table.partitions {
            for (bucket, tablet) in partition.tablets.iter().enumerate() {
                let mut edit = TabletEdit::of(partition.id, None, bucket, tablet);
                edit.allows_others = true;
                for rowset in &tablet.rowsets {
                    let before = edit.deletions.len();
                    for segment in &rowset.segments {
                        let Some(new) = deleted.remove(&segment.id) else { continue };
                        let all = all_deletions(segment, &new)?;
                        let count = all.len() - segment.deleted_rows();
                        if count > 0 {
                            gone += count;
                            edit.deletions.push((segment.id, Arc::new(all)));
                        }
                    }
                    if edit.deletions.len() == before {
                        edit.seen.retain(|id| *id != rowset.id);
                    }
                }
                if !edit.is_empty() {
                    edits.push(edit);
                }
            }
        }
        if let Some(segment) = deleted.keys().next() {
            return Err(Error::invalid(format!(
                "table '{database}.{}' has no segment {segment}",
                table.name()
            )));
        }
        if edits.is_empty() {
            return Ok((0, None));
        }
        let files = UnpublishedFiles::new(store, table.id);
        edits.extend(rebuilt_rollups(store, &table, &edits, &files)?);
        let published: Vec<_> = edits.iter().flat_map(|edit| &edit.added).map(|segment| segment.id).collect();
        if !published.is_empty() {
            let directory = store.catalog.table_directory(table.id);
            store.disk.sync_dir(&directory).map_err(|e| Error::disk("sync", &directory, e))?;
        }
        let version = store.catalog.commit(|change| {
            let name = current_name(change.view(), &database, &table, TableDefinition::stores_alike)?;
            change.view().require_not_restoring(&database, &name)?;
            change.edit_tablets(&database, &name, table.id, edits)?;
            Ok(change.version())
        })?;
        files.keep_only(&published);
        store.purge();
        store.compactor.touched(&database, table.id);
        Ok((gone, Some(version)))
    }
}

/// The tablets of rollups for those that are edited, made anew without the rows that go: a row that was summed up, or was
/// the greatest of many, cannot be taken out of what was made of them.
fn rebuilt_rollups(
    store: &Inner,
    table: &Arc<Table>,
    edits: &[TabletEdit],
    files: &UnpublishedFiles<'_>,
) -> Result<Vec<TabletEdit>> {
    let definition = &table.definition;
    let makers = makers(store.expressions.as_ref(), definition)?;
    if makers.is_empty() {
        return Ok(Vec::new());
    }
    let writer = Writer { store, table: table.id, files };
    let one = |edit: &TabletEdit| {
        let partition = table.require_partition_by_id(edit.partition)?;
        let mut build = RollupBuild::new(&makers, edit.partition, edit.bucket);
        for segment in partition.tablets.get(edit.bucket).into_iter().flat_map(Tablet::segments) {
            let mut file = BaseFile::of(segment, definition)?;
            if let Some((_, deleted)) = edit.deletions.iter().find(|(id, _)| *id == segment.id) {
                file.deleted = Some(Arc::clone(deleted));
            }
            build.add_file(definition, &file, &writer)?;
        }
        build.replacements(partition, &writer)
    };
    let rebuilt = store.workers.install(|| edits.par_iter().map(one).collect::<Result<Vec<_>>>())?;
    Ok(rebuilt.into_iter().flatten().collect())
}

fn all_deletions(segment: &Segment, new: &Deletions) -> Result<Deletions> {
    if new.last().is_some_and(|last| u64::from(last) >= segment.rows) {
        return Err(Error::invalid(format!(
            "segment {} has {} rows, and none at {new:?}",
            segment.id, segment.rows
        )));
    }
    Ok(match &segment.deleted {
        Some(before) => before.union(new),
        None => new.clone(),
    })
}
