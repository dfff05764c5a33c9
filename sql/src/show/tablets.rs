//! SHOW TABLET: the buckets of partitions.

use std::sync::Arc;

use cairn_engine::{CatalogView, Partition, Table, Tablet};
use cairn_format::{PartitionName, RollupDefinition};

use super::listing::Listing;
use super::text::{NULL, Row};
use crate::error::Result;
use crate::outcome::Rows;

const COLUMNS: [&str; 21] = [
    "TabletId",
    "ReplicaId",
    "BackendId",
    "SchemaHash",
    "Version",
    "VersionHash",
    "LstSuccessVersion",
    "LstSuccessVersionHash",
    "LstFailedVersion",
    "LstFailedVersionHash",
    "LstFailedTime",
    "DataSize",
    "RowCount",
    "State",
    "LstConsistencyCheckTime",
    "CheckVersion",
    "CheckVersionHash",
    "VersionCount",
    "PathHash",
    "MetaUrl",
    "CompactionStatus",
];

const NUMBERS: [&str; 14] = [
    "TabletId",
    "ReplicaId",
    "BackendId",
    "SchemaHash",
    "Version",
    "VersionHash",
    "LstSuccessVersion",
    "LstSuccessVersionHash",
    "LstFailedVersion",
    "LstFailedVersionHash",
    "RowCount",
    "CheckVersion",
    "VersionCount",
    "PathHash",
];

const OWNER_COLUMNS: [&str; 10] = [
    "DbName",
    "TableName",
    "PartitionName",
    "IndexName",
    "DbId",
    "TableId",
    "PartitionId",
    "IndexId",
    "IsSync",
    "DetailCmd",
];

/// What a tablet never has: a version that failed, or one that was compared between replicas.
const NEVER: &str = "-1";
/// What stands where StarRocks has a machine, a hash or a disk of its own.
const NONE: &str = "0";

pub(crate) fn tablets(table: &Table, only: Option<&[PartitionName]>) -> Listing {
    let wanted = table
        .partitions
        .iter()
        .filter(|partition| only.is_none_or(|names| names.contains(&partition.definition.name)));
    let rows = wanted.flat_map(|partition| {
        let indexes = partition.indexes(&table.definition);
        indexes.flat_map(|(_, tablets)| tablets.iter().map(|tablet| row(partition, tablet)))
    });
    Listing::new(&COLUMNS, &NUMBERS, &["DataSize"], rows.collect())
}

fn row(partition: &Partition, tablet: &Tablet) -> Row {
    let (id, version) = (tablet.id.to_string(), partition.version.to_string());
    let text = str::to_owned;
    let values = [
        id.clone(),
        id,
        text(NONE),
        text(NONE),
        version.clone(),
        text(NONE),
        version,
        text(NONE),
        text(NEVER),
        text(NONE),
        text(NULL),
        tablet.bytes().to_string(),
        tablet.rows().to_string(),
        text("NORMAL"),
        text(NULL),
        text(NEVER),
        text(NEVER),
        tablet.rowsets.len().to_string(),
        text(NONE),
        String::new(),
        String::new(),
    ];
    values.into_iter().map(Some).collect()
}

/// Whose the tablet is; what StarRocks prints of one that nobody knows is a row of `NULL`.
pub(crate) fn owner(view: &CatalogView, id: u64) -> Result<Rows> {
    let found = view.databases().find_map(|database| {
        let table = database.tables().find_map(|table| Some((table, place_of(table, id)?)));
        table.map(|(table, (partition, rollup))| (database, table, partition, rollup))
    });
    let row: Row = match found {
        None => {
            let mut row = vec![Some(NULL.to_owned()); OWNER_COLUMNS.len()];
            row[8] = Some(false.to_string());
            row
        }
        Some((database, table, partition, rollup)) => {
            let (name, partition_name) = (table.name(), &partition.definition.name);
            let index = rollup.map_or_else(
                || (name.to_string(), table.id.to_string()),
                |rollup| (rollup.name.to_string(), index_id(table, rollup)),
            );
            let detail = format!(
                "SHOW TABLET FROM `{}`.`{name}` PARTITION (`{partition_name}`) WHERE TabletId = {id};",
                database.name
            );
            let values = [
                database.name.to_string(),
                name.to_string(),
                partition_name.to_string(),
                index.0,
                database.id.to_string(),
                table.id.to_string(),
                partition.id.to_string(),
                index.1,
                true.to_string(),
                detail,
            ];
            values.into_iter().map(Some).collect()
        }
    };
    Rows::of_text(&OWNER_COLUMNS, &[row])
}

/// The partition that the tablet is in, and the rollup when it is one's.
fn place_of(table: &Table, id: u64) -> Option<(&Arc<Partition>, Option<&RollupDefinition>)> {
    let mut partitions = table.partitions.iter().chain(&table.temporary_partitions);
    partitions.find_map(|partition| {
        let mut indexes = partition.indexes(&table.definition);
        let (rollup, _) = indexes.find(|(_, tablets)| tablets.iter().any(|tablet| tablet.id.get() == id))?;
        Some((partition, rollup))
    })
}

/// How a rollup is known among the indexes of all tables: its own number is one of its table's.
pub(super) fn index_id(table: &Table, rollup: &RollupDefinition) -> String {
    format!("{}.{}", table.id, rollup.id)
}
