//! Rows written as VALUES.
//!
//! Each literal is read as its own column's type, so that one column may mix forms and no digit is lost on the way
//! through a common type. Other expressions are evaluated by a query.

use arrow::array::ArrayRef;
use cairn_format::{Column, ColumnType, Value};
use sqlparser::ast::{
    CastKind, DataType, Expr, Ident, Query, SelectItem, SetExpr, TimezoneInfo, TypedString, UnaryOperator,
    Value as Literal, Values,
};

use super::cast::{can_cast, cast_column};
use super::cell;
use crate::error::{Error, ErrorKind, Result};

/// The rows of a query that is nothing but VALUES.
pub(super) fn values_of(query: &Query) -> Option<&Values> {
    let bare = query.with.is_none()
        && query.order_by.is_none()
        && query.limit_clause.is_none()
        && query.fetch.is_none();
    match query.body.as_ref() {
        SetExpr::Values(values) if bare => Some(values),
        _ => None,
    }
}

/// One value of a row.
pub(super) enum Cell<'q> {
    Default,
    Null,
    Text(&'q str),
    Number(String),
    Boolean(bool),
    /// A value that says its own type, as `DATE '2013-01-31'` does.
    Typed(ColumnType, Value),
    Expression(&'q Expr),
}

pub(super) fn cell(expr: &Expr) -> Cell<'_> {
    match expr {
        Expr::Value(value) => match &value.value {
            Literal::Null => Cell::Null,
            Literal::Boolean(value) => Cell::Boolean(*value),
            Literal::SingleQuotedString(text) | Literal::DoubleQuotedString(text) => Cell::Text(text),
            Literal::Number(digits, _) => Cell::Number(digits.clone()),
            Literal::HexStringLiteral(digits) => match bytes_of_hex(digits) {
                Some(bytes) => Cell::Typed(ColumnType::Varbinary { length: None }, Value::Bytes(bytes)),
                None => Cell::Expression(expr),
            },
            _ => Cell::Expression(expr),
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, expr: inner } => match cell(inner) {
            Cell::Number(digits) if !digits.starts_with('-') => Cell::Number(format!("-{digits}")),
            _ => Cell::Expression(expr),
        },
        Expr::UnaryOp { op: UnaryOperator::Plus, expr: inner } => match cell(inner) {
            Cell::Number(digits) => Cell::Number(digits),
            _ => Cell::Expression(expr),
        },
        Expr::TypedString(TypedString { data_type, value, .. }) => {
            typed(data_type, &Cell::text_of(&value.value)).unwrap_or(Cell::Expression(expr))
        }
        Expr::Cast { kind: CastKind::Cast, expr: inner, data_type, array: false, format: None } => {
            typed(data_type, &cell(inner)).unwrap_or(Cell::Expression(expr))
        }
        Expr::Nested(inner) => match cell(inner) {
            Cell::Expression(_) => Cell::Expression(expr),
            literal => literal,
        },
        Expr::Identifier(Ident { value, quote_style: None, .. }) if value.eq_ignore_ascii_case("default") => {
            Cell::Default
        }
        other => Cell::Expression(other),
    }
}

impl<'q> Cell<'q> {
    fn text_of(literal: &'q Literal) -> Self {
        match literal {
            Literal::SingleQuotedString(text) | Literal::DoubleQuotedString(text) => Self::Text(text),
            _ => Self::Null,
        }
    }
}

/// A literal as a value of the type that is written with it. `None` for what a query has to look at.
fn typed<'q>(data_type: &DataType, literal: &Cell<'_>) -> Option<Cell<'q>> {
    let column_type = match data_type {
        DataType::Date => ColumnType::Date,
        DataType::Datetime(None) | DataType::Timestamp(None, TimezoneInfo::None) => ColumnType::DateTime,
        DataType::TinyInt(None) => ColumnType::TinyInt,
        DataType::SmallInt(None) => ColumnType::SmallInt,
        DataType::Int(None) | DataType::Integer(None) => ColumnType::Int,
        DataType::BigInt(None) => ColumnType::BigInt,
        _ => return None,
    };
    let value = match literal {
        Cell::Text(text) => cell::of_text(&column_type, text)?,
        Cell::Number(text) if column_type.is_integer() => cell::of_number(&column_type, text)?,
        _ => return None,
    };
    Some(Cell::Typed(column_type, value))
}

/// The bytes that hexadecimal digits name, two each.
fn bytes_of_hex(digits: &str) -> Option<Vec<u8>> {
    let nibble = |digit: &u8| char::from(*digit).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| Some(nibble(pair.first()?)? << 4 | nibble(pair.get(1)?)?)).collect()
}

/// The value of a literal; `row` counts from 1.
pub(super) fn literal(column: &Column, cell: &Cell<'_>, row: u64) -> Result<Value> {
    let column_type = &column.column_type;
    let too_long = |text: &str| match Value::parse(column_type, text) {
        Err(error) if column_type.is_text() => {
            Err(Error::invalid(format!("column '{}', row {row}: {error}", column.name)))
        }
        _ => Ok(()),
    };
    let (value, text) = match cell {
        Cell::Null => return Ok(Value::Null),
        Cell::Default => return check_default(column),
        Cell::Text(text) => {
            too_long(text)?;
            (cell::of_text(column_type, text), format!("'{}'", text.chars().take(60).collect::<String>()))
        }
        Cell::Number(text) => (cell::of_number(column_type, text), text.clone()),
        Cell::Boolean(value) => (cell::of_boolean(column_type, *value), value.to_string()),
        Cell::Typed(own, value) if own == column_type => return Ok(value.clone()),
        Cell::Typed(own, value) => {
            if !can_cast(&own.arrow_type(), column_type) {
                return Err(Error::analysis(format!(
                    "column '{}' of type {column_type} cannot take a value of type {own}",
                    column.name
                )));
            }
            return evaluated(column, &value.to_array(own, 1)?, row);
        }
        Cell::Expression(expr) => {
            return Err(Error::new(ErrorKind::Internal, format!("{expr} is not a literal")));
        }
    };
    value.ok_or_else(|| {
        Error::invalid(format!(
            "column '{}', row {row}: {text} is not a value of type {column_type}",
            column.name
        ))
    })
}

/// Refuses a row that names no value for a column that needs one. Only the load knows the values of computed defaults.
fn check_default(column: &Column) -> Result<Value> {
    match column.default_value()? {
        Some(value) => Ok(value),
        None if column.nullable || column.auto_increment || column.default.is_some() => Ok(Value::Null),
        None => Err(Error::analysis(format!(
            "column '{}' is NOT NULL and has no default: give it a value",
            column.name
        ))),
    }
}

/// The one value of an array of one row that a query made.
pub(super) fn evaluated(column: &Column, array: &ArrayRef, row: u64) -> Result<Value> {
    let cast = cast_column(column, array, row - 1)?;
    Ok(Value::from_array(&cast, 0, &column.column_type)?)
}

/// `SELECT expr AS v0, …`, which evaluates expressions of rows. Two of them may be alike, hence the names.
pub(super) fn select_of(exprs: &[&Expr]) -> Query {
    let items = exprs.iter().enumerate().map(|(number, expr)| SelectItem::ExprWithAlias {
        expr: (*expr).clone(),
        alias: Ident::with_quote('`', format!("v{number}")),
    });
    super::select::without_from(items.collect())
}
