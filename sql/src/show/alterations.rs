//! SHOW ALTER TABLE.

use cairn_engine::{DEFAULT_TIMEOUT_S, Database, Table};

use super::listing::Listing;
use super::text::{NULL, Row, time};
use crate::ast::AlterationKind;

const COLUMN: [&str; 13] = [
    "JobId",
    "TableName",
    "CreateTime",
    "FinishTime",
    "IndexName",
    "IndexId",
    "OriginIndexId",
    "SchemaVersion",
    "TransactionId",
    "State",
    "Msg",
    "Progress",
    "Timeout",
];

const OPTIMIZE: [&str; 9] = [
    "JobId",
    "TableName",
    "CreateTime",
    "FinishTime",
    "Operation",
    "TransactionId",
    "State",
    "Msg",
    "Progress",
];

const ROLLUP: [&str; 12] = [
    "JobId",
    "TableName",
    "CreateTime",
    "FinishedTime",
    "BaseIndexName",
    "RollupIndexName",
    "RollupId",
    "TransactionId",
    "State",
    "Msg",
    "Progress",
    "Timeout",
];

const NUMBERS: [&str; 7] =
    ["JobId", "IndexId", "OriginIndexId", "SchemaVersion", "RollupId", "TransactionId", "Timeout"];

/// Changes of tables are done when their statements return: none is ever under way. The last change of the columns and
/// indexes of each table is on record, and the commit that made it stands for a job.
pub(crate) fn alterations(database: &Database, kind: AlterationKind) -> Listing {
    let (columns, rows) = match kind {
        AlterationKind::Column => (&COLUMN[..], database.tables().filter_map(|table| row(table)).collect()),
        AlterationKind::Optimize => (&OPTIMIZE[..], Vec::new()),
        AlterationKind::Rollup => (&ROLLUP[..], Vec::new()),
    };
    Listing::new(columns, &NUMBERS, &[], rows)
}

fn row(table: &Table) -> Option<Row> {
    let (version, time_ms) = table.times.altered?;
    let (name, id, version) = (table.name().to_string(), table.id.to_string(), version.to_string());
    let values = [
        version.clone(),
        name.clone(),
        time(time_ms),
        time(time_ms),
        name,
        id.clone(),
        id,
        version.clone(),
        version,
        "FINISHED".to_owned(),
        String::new(),
        NULL.to_owned(),
        DEFAULT_TIMEOUT_S.to_string(),
    ];
    Some(values.into_iter().map(Some).collect())
}
