//! The CREATE TABLE statement of a definition, as StarRocks prints it.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::column::{Column, ColumnDefault, FieldId};
use super::index::IndexDefinition;
use super::materialized_view::MaterializedView;
use super::nested::write_struct;
use super::partition::{PartitionDefinition, PartitionRows};
use super::rollup::{RollupColumn, RollupDefinition, RollupSource};
use super::step::PartitionStep;
use super::table::{Distribution, KeyModel, Partitioning, TableDefinition};
use super::types::ColumnType;
use crate::error::Result;
use crate::name::DatabaseName;

/// The statement that makes an empty table of `database` of this definition with these partitions, or the materialized view
/// that it is.
///
/// # Errors
///
/// When the definition names a column that it does not have.
pub fn create_statement(
    table: &TableDefinition,
    partitions: &[PartitionDefinition],
    database: &DatabaseName,
) -> Result<String> {
    match &table.materialized_view {
        Some(view) => create_materialized_view_statement(table, view, database),
        None => create_table_statement(table, partitions),
    }
}

fn create_materialized_view_statement(
    table: &TableDefinition,
    view: &MaterializedView,
    database: &DatabaseName,
) -> Result<String> {
    let column = |column: &Column| {
        let comment = column.comment.as_deref();
        let comment = comment.map(|text| format!(" COMMENT {}", string_literal(text)));
        format!("{}{}", quoted_name(column.name.as_str()), comment.unwrap_or_default())
    };
    let columns: Vec<String> = table.columns.iter().map(column).collect();
    let name = quoted_name(table.name.as_str());
    let mut text = format!("CREATE MATERIALIZED VIEW {name} ({})\n", columns.join(", "));
    if let Some(comment) = &table.comment {
        push_line(&mut text, format_args!("COMMENT {}", string_literal(comment)));
    }
    push_distribution(&mut text, table)?;
    if let Some(columns) = &table.sort_key {
        push_line(&mut text, format_args!("ORDER BY ({})", names(table, columns)?));
    }
    let deferred = if view.is_deferred { "DEFERRED " } else { "" };
    push_line(&mut text, format_args!("REFRESH {deferred}{}", view.refresh.to_sql()));
    if !table.properties.is_empty() {
        push_line(&mut text, format_args!("PROPERTIES (\n{}\n)", pairs(&table.properties, ",\n")));
    }
    let _ = write!(text, "AS {};", view.query.to_sql(database));
    Ok(text)
}

fn push_distribution(text: &mut String, table: &TableDefinition) -> Result<()> {
    match &table.distribution {
        Distribution::Hash { columns, .. } => {
            push_line(
                text,
                format_args!("DISTRIBUTED BY HASH({}){}", names(table, columns)?, buckets_text(table)),
            );
        }
        Distribution::Random { .. } => {
            push_line(text, format_args!("DISTRIBUTED BY RANDOM{}", buckets_text(table)));
        }
    }
    Ok(())
}

/// The statement that makes an empty table of this definition with these partitions.
///
/// # Errors
///
/// When the definition names a column that it does not have.
pub fn create_table_statement(table: &TableDefinition, partitions: &[PartitionDefinition]) -> Result<String> {
    let mut text = format!("CREATE TABLE {} (\n", quoted_name(table.name.as_str()));
    let columns: Vec<String> = table.columns.iter().map(column_text).collect();
    text.push_str(&columns.join(",\n"));
    for index in &table.indexes {
        text.push_str(",\n");
        text.push_str(&index_text(table, index)?);
    }
    text.push_str("\n) ENGINE=OLAP\n");
    if table.key_columns > 0 {
        let key = table.key().iter().map(|c| quoted_name(c.name.as_str())).collect::<Vec<_>>().join(", ");
        push_line(&mut text, format_args!("{}({key})", table.key_model.as_sql()));
    }
    if let Some(comment) = &table.comment {
        push_line(&mut text, format_args!("COMMENT {}", string_literal(comment)));
    }
    push_partitioning(&mut text, table, partitions)?;
    push_distribution(&mut text, table)?;
    if let Some(columns) = &table.sort_key {
        push_line(&mut text, format_args!("ORDER BY({})", names(table, columns)?));
    }
    let rollups: Vec<String> = table.rollups.iter().filter_map(|rollup| rollup_text(table, rollup)).collect();
    if !rollups.is_empty() {
        push_line(&mut text, format_args!("ROLLUP (\n  {}\n)", rollups.join(",\n  ")));
    }
    if !table.properties.is_empty() {
        push_line(&mut text, format_args!("PROPERTIES (\n{}\n)", pairs(&table.properties, ",\n")));
    }
    text.pop();
    text.push(';');
    Ok(text)
}

/// A rollup as `ROLLUP` says it; `None` for one that only `CREATE MATERIALIZED VIEW` makes.
fn rollup_text(table: &TableDefinition, rollup: &RollupDefinition) -> Option<String> {
    let is_copy = |column: &RollupColumn| match column.source {
        RollupSource::Column(id) => table
            .column_by_id(id)
            .is_ok_and(|of| of.name == column.column.name && of.aggregation == column.column.aggregation),
        _ => false,
    };
    if rollup.filter.is_some() || rollup.key_model != table.key_model || !rollup.columns.iter().all(is_copy) {
        return None;
    }
    let names = |columns: &[RollupColumn]| {
        columns.iter().map(|column| quoted_name(column.column.name.as_str())).collect::<Vec<_>>().join(", ")
    };
    let mut text = format!("{} ({})", quoted_name(rollup.name.as_str()), names(&rollup.columns));
    if table.key_model == KeyModel::Duplicate && rollup.key_columns > 0 {
        let _ = write!(text, " DUPLICATE KEY ({})", names(&rollup.columns[..rollup.key_columns]));
    }
    Some(text)
}

/// The statement that makes a rollup as a materialized view.
pub fn materialized_view_statement(table: &TableDefinition, rollup: &RollupDefinition) -> Result<String> {
    let named =
        |id: FieldId| Ok::<_, crate::error::Error>(quoted_name(table.column_by_id(id)?.name.as_str()));
    // Copies of columns of a table that merges or replaces rows need no saying how.
    let is_grouped = rollup.key_model == KeyModel::Aggregate
        && (table.key_model == KeyModel::Duplicate || !rollup.is_plain());
    let (mut items, mut groups) = (Vec::new(), Vec::new());
    for (position, RollupColumn { column, source }) in rollup.columns.iter().enumerate() {
        let is_key = position < rollup.key_columns;
        // A sum that somebody wrote so may be null.
        let counted = source.counted().filter(|_| is_grouped && !is_key && !column.nullable);
        let value = match source {
            RollupSource::Expression(_) if counted.is_some() => {
                format!("COUNT({})", counted.unwrap_or_default())
            }
            RollupSource::Column(id) => named(*id)?,
            RollupSource::NotNull(id) => format!("COUNT({})", named(*id)?),
            RollupSource::Row => "COUNT(*)".to_owned(),
            RollupSource::Expression(text) => text.clone(),
        };
        let counts = counted.is_some() || matches!(source, RollupSource::NotNull(_) | RollupSource::Row);
        let name = quoted_name(column.name.as_str());
        let value = match column.aggregation.filter(|_| is_grouped && !counts) {
            Some(aggregation) => format!("{aggregation}({value})"),
            None => value,
        };
        if is_key {
            groups.push(value.clone());
        }
        items.push(if value == name { name } else { format!("{value} AS {name}") });
    }
    let mut text = format!(
        "CREATE MATERIALIZED VIEW {}\nAS SELECT {}\nFROM {}",
        quoted_name(rollup.name.as_str()),
        items.join(", "),
        quoted_name(table.name.as_str())
    );
    if let Some(filter) = &rollup.filter {
        let _ = write!(text, "\nWHERE {filter}");
    }
    if is_grouped {
        let _ = write!(text, "\nGROUP BY {}", groups.join(", "));
    }
    text.push(';');
    Ok(text)
}

fn push_line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = writeln!(text, "{line}");
}

/// The number of buckets, when it was given.
fn buckets_text(table: &TableDefinition) -> String {
    if table.automatic_buckets { String::new() } else { format!(" BUCKETS {}", table.distribution.buckets()) }
}

/// `"k" = "v"`, one after the other.
fn pairs(properties: &BTreeMap<String, String>, separator: &str) -> String {
    let pairs = properties.iter().map(|(k, v)| format!("{} = {}", string_literal(k), string_literal(v)));
    pairs.collect::<Vec<_>>().join(separator)
}

fn names(table: &TableDefinition, ids: &[FieldId]) -> Result<String> {
    let names = ids.iter().map(|id| Ok(quoted_name(table.column_by_id(*id)?.name.as_str())));
    Ok(names.collect::<Result<Vec<_>>>()?.join(", "))
}

fn column_text(column: &Column) -> String {
    let mut text = format!("  {} {}", quoted_name(column.name.as_str()), type_text(&column.column_type));
    if let Some(aggregation) = column.aggregation {
        let _ = write!(text, " {aggregation}");
    }
    text.push_str(if column.nullable { " NULL" } else { " NOT NULL" });
    if column.auto_increment {
        text.push_str(" AUTO_INCREMENT");
    }
    match &column.default {
        None => {}
        Some(ColumnDefault::Constant(default)) => {
            let _ = write!(text, " DEFAULT {}", string_literal(default));
        }
        Some(default @ ColumnDefault::CurrentTimestamp { .. }) => {
            let _ = write!(text, " DEFAULT {default}");
        }
        Some(default @ ColumnDefault::Uuid) => {
            let _ = write!(text, " DEFAULT ({default})");
        }
    }
    if let Some(expression) = &column.generated {
        let _ = write!(text, " AS {expression}");
    }
    let _ = write!(text, " COMMENT {}", string_literal(column.comment.as_deref().unwrap_or_default()));
    text
}

/// A type with the display width that StarRocks prints for integers.
fn type_text(column_type: &ColumnType) -> String {
    let width = match column_type {
        ColumnType::TinyInt => 4,
        ColumnType::SmallInt => 6,
        ColumnType::Int => 11,
        ColumnType::BigInt => 20,
        ColumnType::LargeInt => 40,
        ColumnType::Array(of) => return format!("array<{}>", type_text(of)),
        ColumnType::Map(of) => return format!("map<{},{}>", type_text(&of.key), type_text(&of.value)),
        ColumnType::Struct(fields) => {
            let mut text = String::new();
            // Writing into a String cannot fail.
            let _ = write_struct(&mut text, fields, type_text);
            return text;
        }
        other => return other.to_string(),
    };
    format!("{column_type}({width})")
}

fn index_text(table: &TableDefinition, index: &IndexDefinition) -> Result<String> {
    Ok(format!(
        "  INDEX {} ({}) USING {} COMMENT {}",
        quoted_name(&index.name),
        names(table, &index.columns)?,
        index.kind_text(),
        string_literal(index.comment.as_deref().unwrap_or_default())
    ))
}

/// The clause of the partitioning. Partitions that loads made are left out: loads make them again.
fn push_partitioning(
    text: &mut String,
    table: &TableDefinition,
    partitions: &[PartitionDefinition],
) -> Result<()> {
    let (head, is_automatic) = match &table.partitioning {
        Partitioning::Unpartitioned => return Ok(()),
        Partitioning::Range { columns, step: None } => (format!("RANGE({})", names(table, columns)?), false),
        Partitioning::Range { columns, step: Some(step) } => {
            (step_text(*step, &names(table, columns)?), true)
        }
        Partitioning::List { columns, automatic: false, .. } => {
            (format!("LIST({})", names(table, columns)?), false)
        }
        Partitioning::List { columns, automatic: true, steps } if steps.is_empty() => {
            (format!("({})", names(table, columns)?), true)
        }
        Partitioning::List { columns, automatic: true, steps } => {
            let expression = |id: &FieldId| {
                let name = names(table, &[*id])?;
                Ok(steps.get(id).map_or(name.clone(), |step| step_text(*step, &name)))
            };
            (columns.iter().map(expression).collect::<Result<Vec<_>>>()?.join(", "), true)
        }
    };
    push_line(text, format_args!("PARTITION BY {head}"));
    if !is_automatic {
        push_line(text, format_args!("({})", partition_parts(table, partitions)?));
    }
    Ok(())
}

fn step_text(step: PartitionStep, column: &str) -> String {
    match step {
        PartitionStep::Truncated(unit) => format!("date_trunc('{unit}', {column})"),
        PartitionStep::Sliced { count, unit } => format!("time_slice({column}, INTERVAL {count} {unit})"),
    }
}

fn partition_parts(table: &TableDefinition, partitions: &[PartitionDefinition]) -> Result<String> {
    let types = table.partition_types()?;
    let parts = partitions.iter().map(|partition| {
        let name = quoted_name(partition.name.as_str());
        let word = if matches!(partition.rows, PartitionRows::List(_)) { "IN " } else { "" };
        let mut part = format!("PARTITION {name} VALUES {word}{}", partition.rows.display(&types));
        if !partition.properties.is_empty() {
            let _ = write!(part, " ({})", pairs(&partition.properties, ", "));
        }
        part
    });
    Ok(parts.collect::<Vec<_>>().join(",\n"))
}

/// `name` in backquotes.
pub(super) fn quoted_name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// `text` as a double-quoted string literal.
pub(crate) fn string_literal(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\0' => quoted.push_str("\\0"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
