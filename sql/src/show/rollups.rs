//! Rollups and synchronous materialized views, which are the same.

use cairn_engine::{Database, Table};
use cairn_format::{Column, KeyModel, TableDefinition, TableName, materialized_view_statement};

use super::listing::Listing;
use super::tablets::index_id;
use super::text::{NULL, Row};
use crate::error::{Error, Result};
use crate::outcome::Rows;

const MATERIALIZED_VIEW_COLUMNS: [&str; 22] = [
    "id",
    "database_name",
    "name",
    "refresh_type",
    "is_active",
    "inactive_reason",
    "partition_type",
    "task_id",
    "task_name",
    "last_refresh_start_time",
    "last_refresh_finished_time",
    "last_refresh_duration",
    "last_refresh_state",
    "last_refresh_force_refresh",
    "last_refresh_start_partition",
    "last_refresh_end_partition",
    "last_refresh_base_refresh_partitions",
    "last_refresh_mv_refresh_partitions",
    "last_refresh_error_code",
    "last_refresh_error_message",
    "rows",
    "text",
];

/// `SHOW MATERIALIZED VIEWS`: nothing refreshes them, so most of what StarRocks tells is empty.
pub(crate) fn materialized_views(database: &Database) -> Result<Listing> {
    let mut rows: Vec<Row> = Vec::new();
    for table in database.tables() {
        for rollup in &table.definition.rollups {
            let text = materialized_view_statement(&table.definition, rollup)?;
            let count = table.of_rollup(rollup).rows().to_string();
            let mut row: Row = vec![None; MATERIALIZED_VIEW_COLUMNS.len()];
            let said = [
                (0, index_id(table, rollup)),
                (1, database.name.to_string()),
                (2, rollup.name.to_string()),
                (3, "ROLLUP".to_owned()),
                (4, "true".to_owned()),
                (20, count),
                (21, text),
            ];
            for (at, value) in said {
                row[at] = Some(value);
            }
            rows.push(row);
        }
    }
    Ok(Listing::new(&MATERIALIZED_VIEW_COLUMNS, &["rows"], &[], rows).named_by(2))
}

/// `SHOW CREATE MATERIALIZED VIEW`
pub(crate) fn create_materialized_view(table: &Table, name: &TableName) -> Result<Rows> {
    let rollup = table.definition.rollup(name).ok_or_else(|| {
        Error::analysis(format!("table '{}' has no rollup '{name}' any more", table.name()))
    })?;
    let statement = materialized_view_statement(&table.definition, rollup)?;
    let row = vec![Some(name.to_string()), Some(statement)];
    Rows::of_text(&["Materialized View", "Create Materialized View"], &[row])
}

/// `DESC t ALL`: the table's columns, then those of each rollup; the name stands in the first row of each.
pub(crate) fn describe_all(table: &Table) -> Result<Rows> {
    let definition = &table.definition;
    let mut rows: Vec<Row> = Vec::new();
    let mut push = |definition: &TableDefinition| {
        for (position, column) in definition.columns.iter().enumerate() {
            let name = if position == 0 { definition.name.as_str() } else { "" };
            rows.push(described(name, definition, position, column));
        }
    };
    push(definition);
    for rollup in &definition.rollups {
        push(&definition.of_rollup(rollup));
    }
    let columns = ["IndexName", "IndexKeysType", "Field", "Type", "Null", "Key", "Default", "Extra"];
    Rows::of_text(&columns, &rows)
}

fn described(index: &str, definition: &TableDefinition, position: usize, column: &Column) -> Row {
    let model = match definition.key_model {
        KeyModel::Duplicate => "DUP_KEYS",
        KeyModel::Aggregate => "AGG_KEYS",
        KeyModel::Unique => "UNIQUE_KEYS",
        KeyModel::Primary => "PRIMARY_KEYS",
    };
    let extra = match column.aggregation {
        Some(aggregation) => aggregation.as_sql(),
        None if column.auto_increment => "AUTO_INCREMENT",
        None if column.generated.is_some() => "GENERATED",
        None => "",
    };
    let default = column.default.as_ref().map(ToString::to_string);
    vec![
        Some(index.to_owned()),
        Some(if index.is_empty() { "" } else { model }.to_owned()),
        Some(column.name.to_string()),
        Some(column.column_type.to_string()),
        Some(if column.nullable { "Yes" } else { "No" }.to_owned()),
        Some((position < definition.key_columns).to_string()),
        Some(default.unwrap_or_else(|| NULL.to_owned())),
        Some(extra.to_owned()),
    ]
}
