//! The rollups of restored tables: snapshots hold what they are, and their rows are made of those that were fetched.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_format::{DatabaseName, PartitionName, TableDefinition};

use super::Target;
use crate::catalog::{Change, NewRowset};
use crate::error::{Error, Result};
use crate::id::PartitionId;
use crate::job::record::JobRecord;
use crate::job::runner::JobContext;
use crate::keys::Writer;
use crate::load::UnpublishedFiles;
use crate::rollup::{BaseFile, RollupBuild, makers};

/// What one table's rollups hold of restored partitions, written and not published yet.
pub(super) struct RestoredRollups<'s> {
    /// The table as it is going to be.
    definition: TableDefinition,
    /// By the partition's name in the snapshot.
    rowsets: BTreeMap<PartitionName, Vec<NewRowset>>,
    files: UnpublishedFiles<'s>,
}

impl<'s> RestoredRollups<'s> {
    pub(super) fn build(context: &JobContext<'s>, record: &JobRecord, target: &Target<'_>) -> Result<Self> {
        let (store, plan) = (context.store, &target.plan);
        let view = store.catalog.view();
        let existing = view.table_by_id(record.require_database()?, plan.replaced.unwrap_or(plan.table));
        let existing = existing.filter(|_| !plan.is_new);
        let definition = match existing {
            Some(existing) => existing.definition.as_ref().clone(),
            None => TableDefinition { name: plan.target.clone(), ..target.entry.definition.clone() },
        };
        let files = UnpublishedFiles::new(store, plan.table);
        let writer = Writer { store, table: plan.table, files: &files };
        let makers = makers(store.expressions.as_ref(), &definition)?;
        let mut tablets: BTreeMap<(&PartitionName, u32), Vec<BaseFile>> = BTreeMap::new();
        if !makers.is_empty() {
            for (id, file) in &target.files {
                let path = store.catalog.segment_path(plan.table, *id);
                let file_of = BaseFile { path, deleted: file.deleted.clone() };
                tablets.entry((&file.partition, file.bucket)).or_default().push(file_of);
            }
        }
        let mut rowsets: BTreeMap<PartitionName, Vec<NewRowset>> = BTreeMap::new();
        for ((partition, bucket), base) in tablets {
            let mut build = RollupBuild::new(&makers, PartitionId::new(0), bucket as usize);
            for file in &base {
                context.check()?;
                build.add_file(&definition, file, &writer)?;
            }
            let edits = build.edits(&writer)?.into_iter().filter(|edit| !edit.added.is_empty());
            let made = edits.map(|edit| NewRowset {
                rollup: edit.rollup,
                bucket: edit.bucket,
                segments: edit.added,
            });
            rowsets.entry(partition.clone()).or_default().extend(made);
        }
        let published: Vec<_> = rowsets.values().flatten().flat_map(|rowset| &rowset.segments).collect();
        let published: Vec<_> = published.into_iter().map(|segment| segment.id).collect();
        files.remove_others(&published);
        Ok(Self { definition, rowsets, files })
    }

    /// Makes them visible, after the rows of their table.
    pub(super) fn publish(
        &self,
        change: &mut Change<'_>,
        database: &DatabaseName,
        partitions: &BTreeMap<PartitionName, PartitionId>,
    ) -> Result<()> {
        let name = &self.definition.name;
        let current = Arc::clone(&change.view().require_database(database)?.require_table(name)?.definition);
        if current.rollups != self.definition.rollups {
            return Err(Error::busy(format!(
                "rollups of table '{database}.{name}' were changed during the restore; restore again"
            )));
        }
        self.rowsets.iter().try_for_each(|(partition, rowsets)| {
            let id = partitions.get(partition).ok_or_else(|| {
                Error::corrupt(format!(
                    "rollups of table '{name}' have rows of partition '{partition}', which has none"
                ))
            })?;
            change.add_rowsets(database, name, *id, rowsets.clone())
        })
    }

    /// Keeps the files: a commit has published them.
    pub(super) fn keep(&self) {
        self.files.keep();
    }
}
