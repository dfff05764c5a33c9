//! What values of a column's type must keep, whether a load brings them or a definition has them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Decimal256Type, TimestampMicrosecondType, i256,
};

use super::types::ColumnType;
use super::value::Value;
use crate::error::{Error, Result};
use crate::sketch::check_sketch;

/// Why values are refused: the first row at fault, if one is, and the rule.
#[derive(Debug)]
pub struct Fault {
    /// The row, from 0.
    pub row: Option<usize>,
    /// What it breaks.
    pub rule: String,
}

impl Fault {
    /// The row with this number breaks the rule.
    pub fn at(row: usize, rule: impl Into<String>) -> Self {
        Self { row: Some(row), rule: rule.into() }
    }
}

/// Reads the text of a constant that a definition has, by the rules that loads keep.
pub(super) fn parse_constant(column_type: &ColumnType, text: &str) -> Result<Value> {
    let value = Value::parse(column_type, text)?;
    // A number too large for the type reads as infinity.
    if matches!(value, Value::Float(number) if !number.is_finite()) {
        return Err(Error::invalid(format!(
            "'{}' is not a value of type {column_type}",
            text.escape_debug()
        )));
    }
    check_values(column_type, &value.to_array(column_type, 1)?)
        .map_err(|fault| Error::invalid(fault.rule))?;
    Ok(value)
}

/// Checks that an array holds values of a column's type and nothing that the type's rules leave out: text that is too
/// long or is not JSON, numbers of too many digits, times beyond the calendar, damaged sketches.
///
/// # Errors
/// The first row at fault.
pub fn check_values(column_type: &ColumnType, array: &ArrayRef) -> std::result::Result<(), Fault> {
    if *array.data_type() != column_type.arrow_type() {
        return Err(Fault {
            row: None,
            rule: format!("expected {column_type}, got values of type {}", array.data_type()),
        });
    }
    match column_type {
        ColumnType::LargeInt => {
            let (least, greatest) = (i256::from_i128(i128::MIN), i256::from_i128(i128::MAX));
            let array = array.as_primitive::<Decimal256Type>();
            first_wrong(
                array,
                |row| (least..=greatest).contains(&array.value(row)),
                |row| format!("{} is out of range for LARGEINT", array.value(row)),
            )
        }
        ColumnType::Decimal { precision, .. } => {
            let least_beyond = i256::from_i128(10).wrapping_pow((*precision).into());
            let fits = |value: i256| value.wrapping_abs() < least_beyond;
            let rule = |text: String| format!("{text} has more digits than {column_type}");
            if let DataType::Decimal128(..) = array.data_type() {
                let array = array.as_primitive::<Decimal128Type>();
                let fits = |row| fits(i256::from_i128(array.value(row)));
                first_wrong(array, fits, |row| rule(array.value_as_string(row)))
            } else {
                let array = array.as_primitive::<Decimal256Type>();
                first_wrong(array, |row| fits(array.value(row)), |row| rule(array.value_as_string(row)))
            }
        }
        ColumnType::Date => {
            let array = array.as_primitive::<Date32Type>();
            first_wrong(
                array,
                |row| Value::Date(array.value(row)).is_in_calendar(),
                |_| "a DATE must lie between 0000-01-01 and 9999-12-31".to_owned(),
            )
        }
        ColumnType::DateTime => {
            let array = array.as_primitive::<TimestampMicrosecondType>();
            first_wrong(
                array,
                |row| Value::DateTime(array.value(row)).is_in_calendar(),
                |_| "a DATETIME must lie between the years 0000 and 9999".to_owned(),
            )
        }
        ColumnType::Char { .. } | ColumnType::Varchar { .. } | ColumnType::String | ColumnType::Json => {
            let array = array.as_string::<i32>();
            check_lengths(column_type, array, |row| array.value(row).len())?;
            if *column_type == ColumnType::Json {
                let is_json = |row| serde_json::from_str::<serde::de::IgnoredAny>(array.value(row)).is_ok();
                first_wrong(array, is_json, |row| format!("'{}' is not JSON", shown(array.value(row))))?;
            }
            Ok(())
        }
        ColumnType::Varbinary { .. } => {
            let array = array.as_binary::<i32>();
            check_lengths(column_type, array, |row| array.value(row).len())
        }
        ColumnType::Bitmap | ColumnType::Hll | ColumnType::Percentile => {
            let array = array.as_binary::<i32>();
            let fault = (0..array.len()).filter(|row| array.is_valid(*row)).find_map(|row| {
                check_sketch(column_type, array.value(row))
                    .err()
                    .map(|error| Fault::at(row, error.to_string()))
            });
            fault.map_or(Ok(()), Err)
        }
        ColumnType::Array(_) | ColumnType::Map(_) | ColumnType::Struct(_) => check_parts(column_type, array),
        _ => Ok(()),
    }
}

/// Checks what nested values hold: all of a column at once, and row by row only when something is wrong, since what
/// stands in no row may be anything.
fn check_parts(column_type: &ColumnType, array: &ArrayRef) -> std::result::Result<(), Fault> {
    let parts_of = |array: &ArrayRef| -> Vec<ArrayRef> {
        match array.data_type() {
            DataType::List(_) => vec![Arc::clone(array.as_list::<i32>().values())],
            DataType::Map(..) => array.as_map().entries().columns().to_vec(),
            _ => array.as_struct().columns().to_vec(),
        }
    };
    let check = |parts: Vec<ArrayRef>| {
        column_type.parts().into_iter().zip(parts).try_for_each(|(of, part)| check_values(of, &part))
    };
    if check(parts_of(array)).is_ok() {
        return Ok(());
    }
    for row in (0..array.len()).filter(|row| array.is_valid(*row)) {
        let parts = match array.data_type() {
            DataType::List(_) => vec![array.as_list::<i32>().value(row)],
            DataType::Map(..) => array.as_map().value(row).columns().to_vec(),
            _ => parts_of(&array.slice(row, 1)),
        };
        check(parts).map_err(|fault| Fault::at(row, fault.rule))?;
    }
    Ok(())
}

fn check_lengths(
    column_type: &ColumnType,
    array: &dyn Array,
    length: impl Fn(usize) -> usize,
) -> std::result::Result<(), Fault> {
    let most = column_type.max_bytes().unwrap_or(usize::MAX);
    first_wrong(
        array,
        |row| length(row) <= most,
        |row| format!("{} bytes are too long for {column_type}", length(row)),
    )
}

fn first_wrong(
    array: &dyn Array,
    is_right: impl Fn(usize) -> bool,
    rule: impl Fn(usize) -> String,
) -> std::result::Result<(), Fault> {
    match (0..array.len()).find(|row| !array.is_null(*row) && !is_right(*row)) {
        Some(row) => Err(Fault::at(row, rule(row))),
        None => Ok(()),
    }
}

/// The start of a long text.
fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let start: String = text.chars().take(MOST).collect();
    if start.len() < text.len() { format!("{start}…") } else { start }
}
