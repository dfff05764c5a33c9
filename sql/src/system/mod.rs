//! The tables of `information_schema`: what the store knows of its tables, snapshots and jobs, for queries.
//!
//! They are made when a scan asks for them, and no more of them than it asks for: a query for labels lists a
//! repository and reads no manifest.

mod catalog;
mod jobs;
mod materialized_views;
mod snapshots;
mod table;
mod tablets;
mod verifications;
mod views;

use std::collections::BTreeSet;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use cairn_engine::{CatalogView, JobKind, TabletStore};

use crate::error::Result;
use table::Column;

/// The name of the schema, in the letter case that it is shown in.
pub(crate) const INFORMATION_SCHEMA: &str = "information_schema";

/// Whether a database's name means the one that holds these tables. Letter case does not matter.
pub(crate) fn is_information_schema(name: &str) -> bool {
    name.eq_ignore_ascii_case(INFORMATION_SCHEMA)
}

/// A table of `information_schema`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SystemTable {
    Backups,
    Columns,
    MaterializedViews,
    Partitions,
    PartitionsMeta,
    Restores,
    Rowsets,
    Schemata,
    Snapshots,
    Tables,
    TablesConfig,
    Tablets,
    Verifications,
    Views,
}

/// What a scan needs of a table.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The positions of the columns that are read.
    pub(crate) columns: BTreeSet<usize>,
    /// The repositories whose rows can pass the scan's filters; `None` for all.
    pub(crate) repositories: Option<Vec<String>>,
    /// The labels whose rows can; `None` for all.
    pub(crate) labels: Option<Vec<String>>,
}

impl SystemTable {
    /// Every table, by name.
    pub(crate) const ALL: [Self; 14] = [
        Self::Backups,
        Self::Columns,
        Self::MaterializedViews,
        Self::Partitions,
        Self::PartitionsMeta,
        Self::Restores,
        Self::Rowsets,
        Self::Schemata,
        Self::Snapshots,
        Self::Tables,
        Self::TablesConfig,
        Self::Tablets,
        Self::Verifications,
        Self::Views,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Backups => "backups",
            Self::Columns => "columns",
            Self::MaterializedViews => "materialized_views",
            Self::Partitions => "partitions",
            Self::PartitionsMeta => "partitions_meta",
            Self::Restores => "restores",
            Self::Rowsets => "rowsets",
            Self::Schemata => "schemata",
            Self::Snapshots => "snapshots",
            Self::Tables => "tables",
            Self::TablesConfig => "tables_config",
            Self::Tablets => "tablets",
            Self::Verifications => "verifications",
            Self::Views => "views",
        }
    }

    /// Finds a table by its name in any letter case.
    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name().eq_ignore_ascii_case(name))
    }

    /// Its columns.
    pub(crate) fn schema(self) -> SchemaRef {
        table::schema(self.columns())
    }

    fn columns(self) -> &'static [Column] {
        match self {
            Self::Backups => &jobs::BACKUP_COLUMNS,
            Self::Columns => &catalog::COLUMNS,
            Self::MaterializedViews => &materialized_views::COLUMNS,
            Self::Partitions => &catalog::PARTITIONS,
            Self::PartitionsMeta => &catalog::PARTITIONS_META,
            Self::Restores => &jobs::RESTORE_COLUMNS,
            Self::Rowsets => &tablets::ROWSETS,
            Self::Schemata => &catalog::SCHEMATA,
            Self::Snapshots => &snapshots::COLUMNS,
            Self::Tables => &catalog::TABLES,
            Self::TablesConfig => &catalog::TABLES_CONFIG,
            Self::Tablets => &tablets::TABLETS,
            Self::Verifications => &verifications::COLUMNS,
            Self::Views => &views::COLUMNS,
        }
    }

    /// Its rows at this moment. Columns that are not wanted are NULL. It may read repositories, so it blocks.
    pub(crate) fn read(
        self,
        view: &CatalogView,
        store: &TabletStore,
        wanted: &Wanted,
    ) -> Result<RecordBatch> {
        let rows = match self {
            Self::Backups => jobs::rows(view, store, JobKind::Backup),
            Self::Columns => catalog::columns(view),
            Self::MaterializedViews => materialized_views::rows(view)?,
            Self::Partitions => catalog::partitions(view)?,
            Self::PartitionsMeta => catalog::partitions_meta(view)?,
            Self::Restores => jobs::rows(view, store, JobKind::Restore),
            Self::Rowsets => tablets::rowsets(view),
            Self::Schemata => catalog::schemata(view),
            Self::Snapshots => snapshots::rows(view, store, wanted),
            Self::Tables => catalog::tables(view),
            Self::TablesConfig => catalog::tables_config(view)?,
            Self::Tablets => tablets::tablets(view),
            Self::Verifications => verifications::rows(view, store)?,
            Self::Views => views::rows(view),
        };
        table::batch(self.columns(), &rows)
    }
}

impl Wanted {
    /// Whether one of the named columns is read.
    fn any(&self, columns: &[Column], names: &[&str]) -> bool {
        self.columns
            .iter()
            .filter_map(|position| columns.get(*position))
            .any(|column| names.contains(&column.name))
    }

    fn repository(&self, name: &str) -> bool {
        self.repositories.as_ref().is_none_or(|names| names.iter().any(|wanted| wanted == name))
    }
}
