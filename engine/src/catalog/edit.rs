//! Edits of tablets: rows deleted by position, rowsets added and replaced, in one commit with what they were made from.

use std::sync::Arc;

use cairn_format::{DatabaseName, Deletions, RollupId, TableName};
use redb::ReadableTable;

use super::change::{Change, NewRowset, NewSegment};
use super::tables;
use super::view::{Rowset, Segment, Tablet};
use crate::error::{Error, Result};
use crate::id::{CatalogVersion, PartitionId, RowsetId, SegmentId, TableId};

/// What an edit does to one tablet.
#[derive(Clone, Debug)]
pub(crate) struct TabletEdit {
    pub(crate) partition: PartitionId,
    /// The rollup that the tablet is of; the table itself without one.
    pub(crate) rollup: Option<RollupId>,
    pub(crate) bucket: usize,
    /// The rowsets that the edit was made from.
    pub(crate) seen: Vec<RowsetId>,
    /// Whether the tablet may have other rowsets by now.
    pub(crate) allows_others: bool,
    /// Segments of rowsets that stay, each with all its deletions.
    pub(crate) deletions: Vec<(SegmentId, Arc<Deletions>)>,
    /// Rowsets whose rows are elsewhere now.
    pub(crate) replaced: Vec<RowsetId>,
    /// Segments of a new rowset.
    pub(crate) added: Vec<NewSegment>,
}

impl TabletEdit {
    /// An edit of a tablet as it is, which does nothing yet.
    pub(crate) fn of(
        partition: PartitionId,
        rollup: Option<RollupId>,
        bucket: usize,
        tablet: &Tablet,
    ) -> Self {
        Self {
            partition,
            rollup,
            bucket,
            seen: tablet.rowsets.iter().map(|rowset| rowset.id).collect(),
            allows_others: false,
            deletions: Vec::new(),
            replaced: Vec::new(),
            added: Vec::new(),
        }
    }

    /// Whether it changes nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.deletions.is_empty() && self.replaced.is_empty() && self.added.is_empty()
    }

    fn fits(&self, tablet: &Tablet) -> bool {
        let now = tablet.rowsets.iter().map(|rowset| rowset.id);
        if self.allows_others {
            let now: Vec<_> = now.collect();
            self.seen.iter().all(|seen| now.contains(seen))
        } else {
            now.eq(self.seen.iter().copied())
        }
    }
}

impl Change<'_> {
    /// Makes edits of the tablets of a table.
    ///
    /// # Errors
    /// `Busy` when the table, or the rowsets of a tablet, are not those that the edits were made from any more.
    pub(crate) fn edit_tablets(
        &mut self,
        database: &DatabaseName,
        table: &TableName,
        id: TableId,
        edits: Vec<TabletEdit>,
    ) -> Result<()> {
        let replaced = || {
            Error::busy(format!(
                "rows of table '{database}.{table}' were replaced by another statement or a restore meanwhile; try again"
            ))
        };
        if self.view.require_database(database)?.require_table(table)?.id != id {
            return Err(replaced());
        }
        for edit in edits {
            if edit.is_empty() {
                continue;
            }
            let found = self.view.require_database(database)?.require_table(table)?;
            let partition = found.any_partition_by_id(edit.partition);
            let tablet = partition.and_then(|partition| partition.tablets_of(edit.rollup).get(edit.bucket));
            if !tablet.is_some_and(|tablet| edit.fits(tablet)) {
                return Err(replaced());
            }
            let tablet = self
                .touch_partition(database, table, edit.partition)?
                .tablet_mut(edit.rollup, edit.bucket)
                .ok_or_else(replaced)?;
            let mut gone = Vec::new();
            tablet.rowsets.retain_mut(|rowset| {
                delete_rows(rowset, &edit.deletions);
                let stays = !edit.replaced.contains(&rowset.id)
                    && rowset.segments.iter().any(|segment| segment.live_rows() > 0);
                if !stays {
                    gone.push(Arc::clone(rowset));
                }
                stays
            });
            self.remove_records(id, edit.partition, &gone)?;
            for (segment, deleted) in &edit.deletions {
                if !gone.iter().flat_map(|rowset| &rowset.segments).any(|other| other.id == *segment) {
                    self.put_deletions(*segment, deleted)?;
                }
            }
            if !edit.added.is_empty() {
                let rowset = NewRowset { rollup: edit.rollup, bucket: edit.bucket, segments: edit.added };
                self.add_rowsets(database, table, edit.partition, vec![rowset])?;
            }
        }
        Ok(())
    }

    /// Makes an edit that puts the same rows into other files: the partition keeps the version and the time of its rows.
    pub(crate) fn rewrite_tablet(
        &mut self,
        database: &DatabaseName,
        table: &TableName,
        id: TableId,
        edit: TabletEdit,
    ) -> Result<()> {
        let partition = edit.partition;
        let found = self.view.require_database(database)?.require_table(table)?;
        let before = found.any_partition_by_id(partition).map(|now| (now.version, now.version_time_ms));
        self.edit_tablets(database, table, id, vec![edit])?;
        match before {
            Some(before) => self.set_partition_version(database, table, partition, before).map(drop),
            None => Ok(()),
        }
    }

    /// Puts the deletions of a segment on record. Those that they take the place of stay as long as an earlier version is
    /// pinned.
    pub(super) fn put_deletions(&self, segment: SegmentId, deleted: &Deletions) -> Result<()> {
        self.require_keys()?;
        let version = self.view.version.get();
        let mut deletions = self.txn.open_table(tables::DELETIONS)?;
        let before = deletions
            .range((segment.get(), 0)..(segment.get(), version))?
            .next_back()
            .transpose()?
            .map(|(key, _)| key.value());
        deletions.insert((segment.get(), version), deleted.to_bytes()?.as_slice())?;
        let Some(before) = before else { return Ok(()) };
        let pinned = self.view.jobs.values().filter_map(|job| job.pinned_version()).max();
        if pinned.is_some_and(|pinned| pinned >= CatalogVersion::new(before.1)) {
            self.mark_removed(tables::KIND_DELETIONS, before.0, before.1)
        } else {
            deletions.remove(before)?;
            Ok(())
        }
    }

    /// Makes builds refuse the catalog that would show deleted rows, or load rows of a key beside each other.
    pub(super) fn require_keys(&self) -> Result<()> {
        self.require_format(tables::FORMAT_VERSION_WITH_KEYS)
    }

    /// Makes builds refuse the catalog that would load rows without keeping rollups.
    pub(super) fn require_rollups(&self) -> Result<()> {
        self.require_format(tables::FORMAT_VERSION_WITH_ROLLUPS)
    }

    /// Makes builds refuse the catalog that do not know jobs of external catalogs.
    pub(super) fn require_catalog_jobs(&self) -> Result<()> {
        self.require_format(tables::FORMAT_VERSION_WITH_CATALOG_JOBS)
    }

    fn require_format(&self, least: u64) -> Result<()> {
        let mut meta = self.txn.open_table(tables::META)?;
        let now = meta.get(tables::META_FORMAT_VERSION)?.and_then(|value| value.value().try_into().ok());
        if now.map(u64::from_le_bytes).is_none_or(|now| now < least) {
            meta.insert(tables::META_FORMAT_VERSION, least.to_le_bytes().as_slice())?;
        }
        Ok(())
    }
}

fn delete_rows(rowset: &mut Arc<Rowset>, deletions: &[(SegmentId, Arc<Deletions>)]) {
    let of =
        |segment: &Segment| deletions.iter().find(|(id, _)| *id == segment.id).map(|(_, deleted)| deleted);
    if !rowset.segments.iter().any(|segment| of(segment).is_some()) {
        return;
    }
    for segment in &mut Arc::make_mut(rowset).segments {
        if let Some(deleted) = of(segment) {
            segment.deleted = Some(Arc::clone(deleted));
        }
    }
}
