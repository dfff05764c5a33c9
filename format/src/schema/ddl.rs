//! The CREATE TABLE statement of a definition, as StarRocks prints it.

use std::fmt::Write;

use super::column::{Column, ColumnDefault, FieldId};
use super::index::IndexDefinition;
use super::partition::{PartitionDefinition, PartitionRows};
use super::step::PartitionStep;
use super::table::{Distribution, Partitioning, TableDefinition};
use super::types::ColumnType;
use crate::error::Result;

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
    match &table.distribution {
        Distribution::Hash { columns, buckets } => {
            push_line(
                &mut text,
                format_args!("DISTRIBUTED BY HASH({}) BUCKETS {buckets}", names(table, columns)?),
            );
        }
        Distribution::Random { buckets } => {
            push_line(&mut text, format_args!("DISTRIBUTED BY RANDOM BUCKETS {buckets}"));
        }
    }
    if let Some(columns) = &table.sort_key {
        push_line(&mut text, format_args!("ORDER BY({})", names(table, columns)?));
    }
    if !table.properties.is_empty() {
        let pairs =
            table.properties.iter().map(|(k, v)| format!("{} = {}", string_literal(k), string_literal(v)));
        push_line(&mut text, format_args!("PROPERTIES (\n{}\n)", pairs.collect::<Vec<_>>().join(",\n")));
    }
    text.pop();
    text.push(';');
    Ok(text)
}

fn push_line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = writeln!(text, "{line}");
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
        other => return other.to_string(),
    };
    format!("{column_type}({width})")
}

fn index_text(table: &TableDefinition, index: &IndexDefinition) -> Result<String> {
    let mut text = format!(
        "  INDEX {} ({}) USING {}",
        quoted_name(&index.name),
        names(table, &index.columns)?,
        index.kind.as_sql()
    );
    if !index.properties.is_empty() {
        let pairs =
            index.properties.iter().map(|(k, v)| format!("{} = {}", string_literal(k), string_literal(v)));
        let _ = write!(text, " ({})", pairs.collect::<Vec<_>>().join(", "));
    }
    let _ = write!(text, " COMMENT {}", string_literal(index.comment.as_deref().unwrap_or_default()));
    Ok(text)
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
        Partitioning::Range { columns, step: Some(PartitionStep::Truncated(unit)) } => {
            (format!("date_trunc('{unit}', {})", names(table, columns)?), true)
        }
        Partitioning::Range { columns, step: Some(PartitionStep::Sliced { count, unit }) } => {
            (format!("time_slice({}, INTERVAL {count} {unit})", names(table, columns)?), true)
        }
        Partitioning::List { columns, automatic: false } => {
            (format!("LIST({})", names(table, columns)?), false)
        }
        Partitioning::List { columns, automatic: true } => (format!("({})", names(table, columns)?), true),
    };
    push_line(text, format_args!("PARTITION BY {head}"));
    if !is_automatic {
        push_line(text, format_args!("({})", partition_parts(table, partitions)?));
    }
    Ok(())
}

fn partition_parts(table: &TableDefinition, partitions: &[PartitionDefinition]) -> Result<String> {
    let types = table.partition_types()?;
    let parts = partitions.iter().map(|partition| {
        let name = quoted_name(partition.name.as_str());
        match &partition.rows {
            PartitionRows::List(_) => {
                format!("PARTITION {name} VALUES IN {}", partition.rows.display(&types))
            }
            rows => format!("PARTITION {name} VALUES {}", rows.display(&types)),
        }
    });
    Ok(parts.collect::<Vec<_>>().join(",\n"))
}

/// `name` in backquotes.
fn quoted_name(name: &str) -> String {
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
