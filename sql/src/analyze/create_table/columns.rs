//! The columns of a CREATE TABLE.

use cairn_format::{Column, ColumnDefault, ColumnName, ColumnType, FieldId, KeyModel, TableDefinition};

use crate::analyze::names::analysed;
use crate::ast::{self, ColumnClause, ColumnValue, TypeName};
use crate::error::{Error, Result};

pub(super) fn columns(clauses: &[ColumnClause]) -> Result<Vec<Column>> {
    let mut columns: Vec<Column> = Vec::with_capacity(clauses.len());
    for (position, clause) in clauses.iter().enumerate() {
        let number = i32::try_from(position + 1).unwrap_or(i32::MAX);
        let column = column_of(number, clause).map_err(|e| {
            let name = &clause.name.value;
            e.about(format_args!("column '{name}'"))
        })?;
        if columns.iter().any(|other| other.name == column.name) {
            return Err(Error::analysis(format!("Duplicate column name '{}'", column.name)));
        }
        columns.push(column);
    }
    Ok(columns)
}

/// The column that a clause declares, with field id `id`.
pub(in crate::analyze) fn column_of(id: i32, clause: &ColumnClause) -> Result<Column> {
    let column_type = match &clause.data_type {
        Some(TypeName::Known(known)) => known.clone(),
        Some(TypeName::Unsupported(text)) => {
            return Err(Error::not_supported(format_args!("type {text}")));
        }
        Some(TypeName::Invalid { text, reason }) => {
            return Err(Error::analysis(format!("wrong type {text}: {reason}")));
        }
        None => return Err(Error::analysis("its type is missing")),
    };
    let default = match &clause.value {
        None
        | Some(
            ColumnValue::Default(ast::ColumnDefault::Null)
            | ColumnValue::AutoIncrement
            | ColumnValue::Generated(_),
        ) => None,
        Some(ColumnValue::Default(ast::ColumnDefault::Literal(text))) => {
            Some(ColumnDefault::Constant(text.clone()))
        }
        Some(ColumnValue::Default(ast::ColumnDefault::CurrentTimestamp(digits))) => {
            Some(current_timestamp(*digits, &column_type)?)
        }
        Some(ColumnValue::Default(ast::ColumnDefault::Function(function))) => {
            Some(function_default(&function.value, &column_type)?)
        }
    };
    let auto_increment = clause.value == Some(ColumnValue::AutoIncrement);
    let generated = match &clause.value {
        Some(ColumnValue::Generated(expr)) => Some(expr.text.clone()),
        _ => None,
    };
    let nullable = clause.nullable != Some(false) && !auto_increment;
    if !nullable && clause.value == Some(ColumnValue::Default(ast::ColumnDefault::Null)) {
        return Err(Error::analysis("it is NOT NULL, so its default cannot be NULL"));
    }
    let (id, name) = (analysed(FieldId::try_new(id))?, analysed(ColumnName::parse(&clause.name.value))?);
    let comment = clause.comment.clone();
    let column = Column {
        nullable,
        default,
        auto_increment,
        generated,
        comment,
        ..Column::new(id, name, column_type)
    };
    check_source(clause, &column)?;
    analysed(column.default_value())?;
    Ok(column)
}

fn current_timestamp(digits: Option<u64>, column_type: &ColumnType) -> Result<ColumnDefault> {
    if *column_type != ColumnType::DateTime {
        return Err(Error::analysis(format!(
            "DEFAULT CURRENT_TIMESTAMP is only supported for DATETIME, not for {column_type}"
        )));
    }
    let digits = u8::try_from(digits.unwrap_or(0)).ok().filter(|digits| *digits <= 6);
    digits
        .map(|digits| ColumnDefault::CurrentTimestamp { digits })
        .ok_or_else(|| Error::analysis("precision must be 0 to 6 in CURRENT_TIMESTAMP"))
}

/// Bytes of a UUID's text.
const UUID_BYTES: usize = 36;

fn function_default(function: &str, column_type: &ColumnType) -> Result<ColumnDefault> {
    match function.to_ascii_lowercase().as_str() {
        "uuid" if !column_type.is_text() => Err(Error::analysis(format!(
            "default function uuid() for type {column_type} is not supported: it is for VARCHAR"
        ))),
        "uuid" if column_type.max_bytes().is_some_and(|most| most < UUID_BYTES) => {
            Err(Error::analysis("Varchar type length must be greater than 36 for uuid function"))
        }
        "uuid" => Ok(ColumnDefault::Uuid),
        "uuid_numeric" => Err(Error::not_supported("DEFAULT (uuid_numeric())")),
        other => Err(Error::analysis(format!("default function {other}() is not supported: use uuid()"))),
    }
}

/// Rules for columns whose values count up or are computed.
fn check_source(clause: &ColumnClause, column: &Column) -> Result<()> {
    let refused = |message: &str| Err(Error::analysis(message));
    if column.auto_increment {
        if column.column_type != ColumnType::BigInt {
            return refused("The AUTO_INCREMENT column must be BIGINT");
        }
        if clause.nullable == Some(true) {
            return refused("AUTO_INCREMENT column must be NOT NULL");
        }
    }
    if column.generated.is_some() {
        if clause.nullable == Some(false) {
            return refused("Generated Column must be nullable column");
        }
        if clause.key {
            return refused("Generated Column can not be KEY");
        }
        if clause.aggregation.is_some() {
            return refused("Generated Column can not have an aggregate function");
        }
    }
    Ok(())
}

/// Rules for where columns whose values count up or are computed stand in a table.
pub(in crate::analyze) fn check_sources(table: &TableDefinition) -> Result<()> {
    if table.columns.iter().filter(|column| column.auto_increment).count() > 1 {
        return Err(Error::analysis("More than one AUTO_INCREMENT column defined in CREATE TABLE Statement"));
    }
    let first = table.columns.iter().position(|column| column.generated.is_some());
    let Some(first) = first else { return Ok(()) };
    if table.columns[first..].iter().any(|column| column.generated.is_none()) {
        return Err(Error::analysis("All generated columns must be defined after ordinary columns"));
    }
    if first < table.key_columns {
        return Err(Error::analysis(format!(
            "Generated Column can not be KEY: '{}'",
            table.columns[first].name
        )));
    }
    if table.key_model == KeyModel::Aggregate {
        return Err(Error::analysis("Generated Column does not support AGG table"));
    }
    if first == 0 {
        return Err(Error::analysis("Only generated columns are not allowed in a table"));
    }
    Ok(())
}
