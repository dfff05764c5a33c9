//! Rows of three kinds of values, and the batch that they make.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use cairn_format::ColumnType;
use cairn_repository::in_calendar;

use crate::error::{Error, ErrorKind, Result};

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// The kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// VARCHAR
    Text,
    /// BIGINT
    Number,
    /// DATETIME
    Time,
}

/// A value that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(u64),
    /// In milliseconds since 1970 UTC.
    Time(i64),
}

/// The values of one row; NULL where there is none.
pub(super) type Row = Vec<Option<Value>>;

pub(super) const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text }
}

pub(super) const fn number(name: &'static str) -> Column {
    Column { name, kind: Kind::Number }
}

pub(super) const fn time(name: &'static str) -> Column {
    Column { name, kind: Kind::Time }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

pub(super) fn schema(columns: &[Column]) -> SchemaRef {
    let field = |column: &Column| {
        let column_type = match column.kind {
            Kind::Text => ColumnType::String,
            Kind::Number => ColumnType::BigInt,
            Kind::Time => ColumnType::DateTime,
        };
        Field::new(column.name, column_type.arrow_type(), true)
    };
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

pub(super) fn batch(columns: &[Column], rows: &[Row]) -> Result<RecordBatch> {
    let array = |(position, column): (usize, &Column)| -> ArrayRef {
        let values = rows.iter().map(|row| row.get(position).and_then(Option::as_ref));
        match column.kind {
            Kind::Text => Arc::new(
                values
                    .map(|value| match value {
                        Some(Value::Text(text)) => Some(text.as_str()),
                        _ => None,
                    })
                    .collect::<StringArray>(),
            ),
            Kind::Number => Arc::new(
                values
                    .map(|value| match value {
                        Some(Value::Number(number)) => i64::try_from(*number).ok(),
                        _ => None,
                    })
                    .collect::<Int64Array>(),
            ),
            Kind::Time => Arc::new(
                values
                    .map(|value| match value {
                        Some(Value::Time(ms)) => in_calendar(*ms)?.checked_mul(1000),
                        _ => None,
                    })
                    .collect::<TimestampMicrosecondArray>(),
            ),
        }
    };
    RecordBatch::try_new(schema(columns), columns.iter().enumerate().map(array).collect()).map_err(|e| {
        Error::new(ErrorKind::Internal, "cannot make the rows of information_schema").with_source(e)
    })
}
