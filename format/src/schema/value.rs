//! One value of a column type, and its text.

use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef, AsArray, new_null_array};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, i256,
};
use chrono::{DateTime, NaiveDate, NaiveDateTime};

use super::nested_text::{parse_nested, write_nested};
use super::time_text::{parse_day, parse_digits, parse_time};
use super::types::ColumnType;
use super::value_array::nested_value;
use crate::error::{Error, Result};

/// A value: a partition's bound, a column's default, the least or greatest value of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// BOOLEAN.
    Boolean(bool),
    /// TINYINT to LARGEINT.
    Integer(i128),
    /// FLOAT and DOUBLE.
    Float(f64),
    /// DECIMAL: the number without its point; the type says where the point stands.
    Decimal(i256),
    /// DATE: days since 1970-01-01.
    Date(i32),
    /// DATETIME: microseconds since 1970-01-01 00:00:00.
    DateTime(i64),
    /// CHAR, VARCHAR, STRING, JSON.
    Text(String),
    /// VARBINARY, BITMAP, HLL and PERCENTILE.
    Bytes(Vec<u8>),
    /// ARRAY.
    List(Vec<Value>),
    /// MAP: its entries, in order.
    Map(Vec<(Value, Value)>),
    /// STRUCT: the values of its fields, in the type's order.
    Struct(Vec<Value>),
}

const DATE_FORMAT: &str = "%Y-%m-%d";
/// 0000-01-01 as days since 1970-01-01.
pub(crate) const FIRST_DAY: i32 = -719_528;
/// 9999-12-31 as days since 1970-01-01.
pub(crate) const LAST_DAY: i32 = 2_932_896;
const MICROS_A_DAY: i64 = 86_400_000_000;

impl Value {
    /// Reads `text` as a value of `column_type`, in the form that SQL literals have; values of nested types are JSON.
    pub fn parse(column_type: &ColumnType, text: &str) -> Result<Self> {
        let wrong =
            || Error::invalid(format!("'{}' is not a value of type {column_type}", text.escape_debug()));
        match column_type {
            ColumnType::Boolean => match text.to_ascii_lowercase().as_str() {
                "true" | "1" => Ok(Self::Boolean(true)),
                "false" | "0" => Ok(Self::Boolean(false)),
                _ => Err(wrong()),
            },
            ColumnType::TinyInt => text.parse::<i8>().map(|v| Self::Integer(v.into())).map_err(|_| wrong()),
            ColumnType::SmallInt => text.parse::<i16>().map(|v| Self::Integer(v.into())).map_err(|_| wrong()),
            ColumnType::Int => text.parse::<i32>().map(|v| Self::Integer(v.into())).map_err(|_| wrong()),
            ColumnType::BigInt => text.parse::<i64>().map(|v| Self::Integer(v.into())).map_err(|_| wrong()),
            ColumnType::LargeInt => text.parse::<i128>().map(Self::Integer).map_err(|_| wrong()),
            // Parsed at the column's own width, so that the shortest text of an f32 reads back as that f32.
            ColumnType::Float => text.parse::<f32>().map(|v| Self::Float(v.into())).map_err(|_| wrong()),
            ColumnType::Double => text.parse::<f64>().map(Self::Float).map_err(|_| wrong()),
            ColumnType::Decimal { precision, scale } => {
                parse_decimal(text, *precision, *scale).map(Self::Decimal).ok_or_else(wrong)
            }
            ColumnType::Date => parse_date(text).map(Self::Date).ok_or_else(wrong),
            ColumnType::DateTime => {
                parse_time(text).and_then(micros_of).map(Self::DateTime).ok_or_else(wrong)
            }
            ColumnType::Char { .. } | ColumnType::Varchar { .. } | ColumnType::String | ColumnType::Json => {
                match column_type.max_bytes() {
                    Some(most) if text.len() > most => Err(Error::invalid(format!(
                        "a text of {} bytes is too long for {column_type}",
                        text.len()
                    ))),
                    _ => Ok(Self::Text(text.to_owned())),
                }
            }
            ColumnType::Varbinary { .. } => Ok(Self::Bytes(text.as_bytes().to_vec())),
            ColumnType::Bitmap | ColumnType::Hll | ColumnType::Percentile => Err(wrong()),
            ColumnType::Array(_) | ColumnType::Map(_) | ColumnType::Struct(_) => {
                parse_nested(column_type, text).ok_or_else(wrong)
            }
        }
    }

    /// Reads a DATETIME that is written in digits alone: `20130131` or `20130131100000`.
    pub fn parse_digits(text: &str) -> Option<Self> {
        parse_digits(text).and_then(micros_of).map(Self::DateTime)
    }

    /// The value's text, which [`Value::parse`] reads back; `None` for null and for bytes.
    pub fn to_text(&self, column_type: &ColumnType) -> Option<String> {
        Some(match self {
            Self::Null | Self::Bytes(_) => return None,
            Self::Boolean(v) => v.to_string(),
            Self::Integer(v) => v.to_string(),
            #[expect(clippy::cast_possible_truncation, reason = "the value was widened from an f32")]
            Self::Float(v) if *column_type == ColumnType::Float => (*v as f32).to_string(),
            Self::Float(v) => v.to_string(),
            Self::Decimal(v) => match column_type {
                ColumnType::Decimal { scale, .. } => decimal_text(*v, *scale),
                _ => v.to_string(),
            },
            Self::Date(days) => date_of(*days)?.format(DATE_FORMAT).to_string(),
            Self::DateTime(micros) => datetime_text(*micros)?,
            Self::Text(v) => v.clone(),
            Self::List(_) | Self::Map(_) | Self::Struct(_) => {
                let mut text = String::new();
                write_nested(column_type, self, &mut text)?;
                text
            }
        })
    }

    /// The value at `row` of an array of `column_type`'s Arrow type.
    ///
    /// # Errors
    ///
    /// When the array has another type or fewer rows.
    pub fn from_array(array: &dyn Array, row: usize, column_type: &ColumnType) -> Result<Self> {
        if *array.data_type() != column_type.arrow_type() || row >= array.len() {
            return Err(Error::invalid(format!(
                "an array of {} values of type {} has no value of type {column_type} at {row}",
                array.len(),
                array.data_type()
            )));
        }
        if array.is_null(row) {
            return Ok(Self::Null);
        }
        Ok(match column_type {
            ColumnType::Boolean => Self::Boolean(array.as_boolean().value(row)),
            ColumnType::TinyInt => Self::Integer(array.as_primitive::<Int8Type>().value(row).into()),
            ColumnType::SmallInt => Self::Integer(array.as_primitive::<Int16Type>().value(row).into()),
            ColumnType::Int => Self::Integer(array.as_primitive::<Int32Type>().value(row).into()),
            ColumnType::BigInt => Self::Integer(array.as_primitive::<Int64Type>().value(row).into()),
            ColumnType::LargeInt => {
                let wide = array.as_primitive::<Decimal256Type>().value(row);
                Self::Integer(wide.to_i128().ok_or_else(|| {
                    Error::invalid(format!("{wide} is out of range for LARGEINT (128 bits)"))
                })?)
            }
            ColumnType::Float => Self::Float(array.as_primitive::<Float32Type>().value(row).into()),
            ColumnType::Double => Self::Float(array.as_primitive::<Float64Type>().value(row)),
            ColumnType::Decimal { .. } => Self::Decimal(match array.data_type() {
                DataType::Decimal128(..) => {
                    i256::from_i128(array.as_primitive::<Decimal128Type>().value(row))
                }
                _ => array.as_primitive::<Decimal256Type>().value(row),
            }),
            ColumnType::Date => Self::Date(array.as_primitive::<Date32Type>().value(row)),
            ColumnType::DateTime => {
                Self::DateTime(array.as_primitive::<TimestampMicrosecondType>().value(row))
            }
            ColumnType::Char { .. } | ColumnType::Varchar { .. } | ColumnType::String | ColumnType::Json => {
                Self::Text(array.as_string::<i32>().value(row).to_owned())
            }
            ColumnType::Varbinary { .. } | ColumnType::Bitmap | ColumnType::Hll | ColumnType::Percentile => {
                Self::Bytes(array.as_binary::<i32>().value(row).to_vec())
            }
            ColumnType::Array(_) | ColumnType::Map(_) | ColumnType::Struct(_) => {
                return nested_value(array, row, column_type);
            }
        })
    }

    /// An array of `rows` times this value, of `column_type`'s Arrow type.
    ///
    /// # Errors
    ///
    /// When the value is not one of the type.
    pub fn to_array(&self, column_type: &ColumnType, rows: usize) -> Result<ArrayRef> {
        match self {
            Self::Null => Ok(new_null_array(&column_type.arrow_type(), rows)),
            _ => Self::array_of(column_type, &vec![self.clone(); rows]),
        }
    }

    /// The order of two values of one type, null first; `None` for values of different types and for NaN.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Null, Self::Null) => Some(Ordering::Equal),
            (Self::Null, _) => Some(Ordering::Less),
            (_, Self::Null) => Some(Ordering::Greater),
            (Self::Boolean(a), Self::Boolean(b)) => Some(a.cmp(b)),
            (Self::Integer(a), Self::Integer(b)) => Some(a.cmp(b)),
            (Self::Decimal(a), Self::Decimal(b)) => Some(a.cmp(b)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(b),
            (Self::Date(a), Self::Date(b)) => Some(a.cmp(b)),
            (Self::DateTime(a), Self::DateTime(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Bytes(a), Self::Bytes(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// The least value of a type that can bound partitions.
    pub fn least(column_type: &ColumnType) -> Option<Self> {
        Some(match column_type {
            ColumnType::TinyInt => Self::Integer(i8::MIN.into()),
            ColumnType::SmallInt => Self::Integer(i16::MIN.into()),
            ColumnType::Int => Self::Integer(i32::MIN.into()),
            ColumnType::BigInt => Self::Integer(i64::MIN.into()),
            ColumnType::LargeInt => Self::Integer(i128::MIN),
            ColumnType::Date => Self::Date(FIRST_DAY),
            ColumnType::DateTime => Self::DateTime(i64::from(FIRST_DAY) * MICROS_A_DAY),
            ColumnType::Char { .. } | ColumnType::Varchar { .. } | ColumnType::String => {
                Self::Text(String::new())
            }
            _ => return None,
        })
    }

    /// Whether a DATE or DATETIME lies between the years 0000 and 9999; true for every other value.
    pub fn is_in_calendar(&self) -> bool {
        match self {
            Self::Date(days) => (FIRST_DAY..=LAST_DAY).contains(days),
            Self::DateTime(micros) => (i64::from(FIRST_DAY) * MICROS_A_DAY
                ..(i64::from(LAST_DAY) + 1) * MICROS_A_DAY)
                .contains(micros),
            _ => true,
        }
    }
}

fn date_of(days: i32) -> Option<NaiveDate> {
    NaiveDate::from_epoch_days(days)
}

fn parse_date(text: &str) -> Option<i32> {
    let days = parse_day(text)?.to_epoch_days();
    (FIRST_DAY..=LAST_DAY).contains(&days).then_some(days)
}

fn micros_of(time: NaiveDateTime) -> Option<i64> {
    let micros = time.and_utc().timestamp_micros();
    Value::DateTime(micros).is_in_calendar().then_some(micros)
}

fn datetime_text(micros: i64) -> Option<String> {
    let time = DateTime::from_timestamp_micros(micros)?.naive_utc();
    let format = if micros % 1_000_000 == 0 { "%Y-%m-%d %H:%M:%S" } else { "%Y-%m-%d %H:%M:%S%.6f" };
    Some(time.format(format).to_string())
}

/// `text` as an integer with `scale` implied digits behind the point; `None` when it is no number or does not fit.
fn parse_decimal(text: &str, precision: u8, scale: u8) -> Option<i256> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let scale = usize::from(scale);
    if fraction.len() > scale && fraction.as_bytes()[scale..].iter().any(|b| *b != b'0') {
        return None;
    }
    let kept = &fraction[..fraction.len().min(scale)];
    let text = format!("{whole}{kept:0<scale$}");
    let significant = text.trim_start_matches('0');
    if significant.len() > usize::from(precision) {
        return None;
    }
    let number = if significant.is_empty() { i256::ZERO } else { i256::from_string(significant)? };
    Some(if negative { number.wrapping_neg() } else { number })
}

fn decimal_text(value: i256, scale: u8) -> String {
    let scale = usize::from(scale);
    if scale == 0 {
        return value.to_string();
    }
    let digits = value.wrapping_abs().to_string();
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{}{whole}.{fraction}", if value.is_negative() { "-" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPES: &[ColumnType] = &[
        ColumnType::Boolean,
        ColumnType::TinyInt,
        ColumnType::SmallInt,
        ColumnType::Int,
        ColumnType::BigInt,
        ColumnType::LargeInt,
        ColumnType::Float,
        ColumnType::Double,
        ColumnType::Decimal { precision: 38, scale: 10 },
        ColumnType::Decimal { precision: 5, scale: 5 },
        ColumnType::Decimal { precision: 76, scale: 38 },
        ColumnType::Date,
        ColumnType::DateTime,
        ColumnType::Char { length: 10 },
        ColumnType::Varchar { length: 20 },
        ColumnType::String,
        ColumnType::Json,
    ];

    #[test]
    fn text_reads_back_as_the_same_value_and_array() {
        let texts = [
            "0",
            "1",
            "-1",
            "127",
            "-128",
            "3.4028235e38",
            "0.1",
            "0000-01-01",
            "9999-12-31",
            "9999-12-31 23:59:59.999999",
            "0.00001",
            "-0.99999",
            "2013-06-30 12:00:00",
            "{}",
            "170141183460469231731687303715884105727",
            "-170141183460469231731687303715884105728",
            "-0.0",
            "-99999999999999999999999999999999999999.99999999999999999999999999999999999999",
        ];
        for column_type in TYPES {
            let mut read = 0;
            for text in texts {
                let Ok(value) = Value::parse(column_type, text) else { continue };
                read += 1;
                let written = value.to_text(column_type).unwrap();
                assert_eq!(Value::parse(column_type, &written).unwrap(), value, "{column_type} {text}");
                let array = value.to_array(column_type, 3).unwrap();
                assert_eq!(Value::from_array(&array, 2, column_type).unwrap(), value, "{column_type} {text}");
            }
            assert!(read > 1, "{column_type}");
        }
    }

    #[test]
    fn values_out_of_range_are_refused() {
        let cases = [
            (ColumnType::TinyInt, "128"),
            (ColumnType::LargeInt, "170141183460469231731687303715884105728"),
            (ColumnType::Decimal { precision: 3, scale: 1 }, "100"),
            (ColumnType::Decimal { precision: 3, scale: 1 }, "1.25"),
            (ColumnType::Decimal { precision: 3, scale: 1 }, ""),
            (ColumnType::Decimal { precision: 76, scale: 75 }, "10"),
            (ColumnType::Date, "10000-01-01"),
            (ColumnType::Date, "2013-02-29"),
            (ColumnType::DateTime, "yesterday"),
            (ColumnType::Char { length: 2 }, "abc"),
            (ColumnType::Boolean, "yes"),
        ];
        for (column_type, text) in cases {
            assert!(Value::parse(&column_type, text).is_err(), "{column_type} {text}");
        }
    }

    #[test]
    fn the_type_text_reads_back() {
        for column_type in TYPES {
            assert_eq!(ColumnType::parse(&column_type.to_string()).unwrap(), *column_type);
        }
        for bad in ["", "decimal(77,0)", "decimal(3,4)", "char(0)", "varchar(-1)", "varchar(", "array<hll>"] {
            assert!(ColumnType::parse(bad).is_err(), "{bad}");
        }
    }
}
