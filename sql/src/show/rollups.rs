//! Rollups, which synchronous materialized views are.

use cairn_engine::Table;
use cairn_format::{Column, KeyModel, TableDefinition, TableName, materialized_view_statement};

use super::text::{NULL, Row};
use crate::error::{Error, Result};
use crate::outcome::Rows;

/// `SHOW CREATE MATERIALIZED VIEW` of a synchronous one.
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
