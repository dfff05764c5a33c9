//! The cut: which files the tables have at one version.

use std::path::PathBuf;

use cairn_format::{
    DataFile, DatabaseName, Digest, DigestHasher, FileColumnBounds, FileLocation, ObjectName,
    PartitionDefinition, TableDefinition, ViewDefinition, in_order_of_need,
};

use super::materialized_views::with_materialized_views;
use crate::catalog::{CatalogView, Partition, Table};
use crate::error::Result;
use crate::id::TableId;
use crate::job::record::BackupWork;
use crate::job::request::TableSelection;

/// A table as it is at the cut.
pub(super) struct CutTable {
    pub(super) id: TableId,
    pub(super) definition: TableDefinition,
    /// What its `AUTO_INCREMENT` column gives next, when it has one.
    pub(super) auto_increment: Option<i64>,
    pub(super) partitions: Vec<PartitionDefinition>,
    /// Its files, in the order of the file list, each with where it lies in the store. Where they will lie in the
    /// repository is not known yet.
    pub(super) files: Vec<(DataFile, PathBuf)>,
    /// Whether these are all partitions.
    pub(super) is_whole: bool,
    /// Equal for two cuts whose file lists can be the same.
    pub(super) fingerprint: Digest,
}

/// The tables that the job backs up.
pub(super) fn cut(view: &CatalogView, database: &DatabaseName, work: &BackupWork) -> Result<Vec<CutTable>> {
    let database = view.require_database(database)?;
    let one = |selection: &TableSelection| {
        let table = database.require_table(&selection.table)?;
        cut_table(table, selection, work).map_err(|e| e.about(format_args!("table '{}'", table.name())))
    };
    let tables = work.tables.iter().map(one).collect::<Result<_>>()?;
    Ok(with_materialized_views(tables, view, &database.name, work))
}

/// The views that the job backs up, in an order in which they can be made.
pub(super) fn cut_views(
    view: &CatalogView,
    database: &DatabaseName,
    work: &BackupWork,
) -> Result<Vec<ViewDefinition>> {
    let database = view.require_database(database)?;
    let one = |name| Ok(database.require_view(name)?.definition.clone());
    let views: Vec<ViewDefinition> = work.views.iter().map(one).collect::<Result<_>>()?;
    Ok(in_order_of_need(views, |view| &view.name, |view, names| view.query.reads_any(names)))
}

fn cut_table(table: &Table, selection: &TableSelection, work: &BackupWork) -> Result<CutTable> {
    let is_wanted = |partition: &Partition| match &selection.partitions {
        Some(names) => names.contains(&partition.definition.name),
        None => true,
    };
    let partitions: Vec<_> = table.partitions.iter().filter(|partition| is_wanted(partition)).collect();
    let mut files = Vec::new();
    for partition in &partitions {
        for (bucket, tablet) in (0..).zip(&partition.tablets) {
            for (ordinal, segment) in (0..).zip(tablet.segments()) {
                let columns =
                    segment.bounds.iter().map(|b| FileColumnBounds::from_bounds(b, &table.definition));
                let file = DataFile {
                    partition: partition.definition.name.clone(),
                    bucket,
                    ordinal,
                    digest: segment.digest,
                    length: segment.length,
                    rows: segment.rows,
                    columns: columns.collect::<cairn_format::Result<_>>()?,
                    location: FileLocation::whole(ObjectName::of_digest(segment.digest), segment.length),
                    source: None,
                    deleted: segment.deleted.clone(),
                };
                files.push((file, segment.path().to_owned()));
            }
        }
    }
    let definitions: Vec<_> = partitions.iter().map(|partition| partition.definition.clone()).collect();
    Ok(CutTable {
        id: table.id,
        auto_increment: table.definition.auto_increment().map(|_| table.next_auto_increment),
        definition: table.definition.as_ref().clone(),
        is_whole: definitions.len() == table.partitions.len(),
        fingerprint: fingerprint(&definitions, &files, work),
        partitions: definitions,
        files,
    })
}

/// Covers everything that a file list is made of. It is only ever compared within one store.
fn fingerprint(
    partitions: &[PartitionDefinition],
    files: &[(DataFile, PathBuf)],
    work: &BackupWork,
) -> Digest {
    let mut hasher = DigestHasher::new();
    // A length before each text keeps the border between two texts from moving.
    let text = |hasher: &mut DigestHasher, text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    let optional = |hasher: &mut DigestHasher, value: Option<&str>| match value {
        Some(value) => text(hasher, value),
        None => hasher.update(&u64::MAX.to_le_bytes()),
    };
    optional(&mut hasher, work.compression.map(|c| c.to_string()).as_deref());
    for partition in partitions {
        text(&mut hasher, partition.name.as_str());
    }
    for (file, _) in files {
        text(&mut hasher, file.partition.as_str());
        text(&mut hasher, &file.digest.to_string());
        for number in [u64::from(file.bucket), u64::from(file.ordinal), file.length, file.rows] {
            hasher.update(&number.to_le_bytes());
        }
        if let Some(deleted) = &file.deleted {
            hasher.update(b"deleted");
            hasher.update(&deleted.len().to_le_bytes());
            deleted.iter().for_each(|position| hasher.update(&position.to_le_bytes()));
        }
        hasher.update(&(file.columns.len() as u64).to_le_bytes());
        for column in &file.columns {
            hasher.update(&column.field_id.get().to_le_bytes());
            hasher.update(&column.null_count.unwrap_or(u64::MAX).to_le_bytes());
            optional(&mut hasher, column.lower.as_deref());
            optional(&mut hasher, column.upper.as_deref());
        }
    }
    hasher.digest()
}
