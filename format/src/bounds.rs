//! The least and greatest value of a column in one data file, by which readers leave files out.

use arrow::array::{Array, AsArray};
use arrow::compute::{max, max_boolean, max_string, min, min_boolean, min_string};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, i256,
};

use crate::error::{Error, Result};
use crate::schema::{Column, ColumnType, FieldId, Value};

/// Bytes of text that a bound keeps; longer ones are cut, an upper one upwards.
pub const MAX_BOUND_BYTES: usize = 64;

/// What is known of one column in one file.
///
/// Invariant: every value that is not null lies between `lower` and `upper`, both in; `None` says nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnBounds {
    /// The column.
    pub field_id: FieldId,
    /// How many values are null; `None` when unknown.
    pub null_count: Option<u64>,
    /// At or below every value.
    pub lower: Option<Value>,
    /// At or above every value.
    pub upper: Option<Value>,
}

impl ColumnBounds {
    /// The bounds of `array`, whose type is the column's Arrow type.
    pub fn of(column: &Column, array: &dyn Array) -> Result<Self> {
        let (lower, upper) = extremes(column, array)?;
        Ok(Self {
            field_id: column.field_id,
            null_count: Some(array.null_count() as u64),
            lower: lower.map(shorten_lower),
            upper: upper.and_then(shorten_upper),
        })
    }

    /// Bounds that hold for the rows of both.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        // A side without bounds has no values, or values of which nothing is known; only null counts tell which.
        Self {
            field_id: self.field_id,
            null_count: self.null_count.zip(other.null_count).map(|(a, b)| a + b),
            lower: pick(self.lower, other.lower, std::cmp::Ordering::Less),
            upper: pick(self.upper, other.upper, std::cmp::Ordering::Greater),
        }
    }
}

fn pick(a: Option<Value>, b: Option<Value>, wanted: std::cmp::Ordering) -> Option<Value> {
    match (a, b) {
        (Some(a), Some(b)) => match a.compare(&b) {
            Some(order) if order == wanted => Some(a),
            Some(_) => Some(b),
            None => None,
        },
        _ => None,
    }
}

/// The least and greatest value that is not null. Floats with a NaN have none: NaN has no place in the order.
fn extremes(column: &Column, array: &dyn Array) -> Result<(Option<Value>, Option<Value>)> {
    fn primitive<T: ArrowPrimitiveType>(
        array: &dyn Array,
        value: impl Fn(T::Native) -> Value,
    ) -> (Option<Value>, Option<Value>)
    where
        T::Native: arrow::array::ArrowNativeTypeOp,
    {
        let array = array.as_primitive::<T>();
        (min(array).map(&value), max(array).map(&value))
    }
    // Checks that the array is of the column's type before it is taken as one.
    if array.is_empty() {
        return Ok((None, None));
    }
    if *array.data_type() != column.column_type.arrow_type() {
        return Err(Error::invalid(format!(
            "column '{}' of type {} has values of type {}",
            column.name,
            column.column_type,
            array.data_type()
        )));
    }
    let integer = |v: i128| Value::Integer(v);
    Ok(match column.column_type {
        ColumnType::Boolean => {
            let array = array.as_boolean();
            (min_boolean(array).map(Value::Boolean), max_boolean(array).map(Value::Boolean))
        }
        ColumnType::TinyInt => primitive::<Int8Type>(array, |v| integer(v.into())),
        ColumnType::SmallInt => primitive::<Int16Type>(array, |v| integer(v.into())),
        ColumnType::Int => primitive::<Int32Type>(array, |v| integer(v.into())),
        ColumnType::BigInt => primitive::<Int64Type>(array, |v| integer(v.into())),
        ColumnType::LargeInt => {
            let array = array.as_primitive::<Decimal256Type>();
            let narrow = |v: i256| v.to_i128().map(Value::Integer);
            (min(array).and_then(narrow), max(array).and_then(narrow))
        }
        ColumnType::Float => without_nan(primitive::<Float32Type>(array, |v| Value::Float(v.into()))),
        ColumnType::Double => without_nan(primitive::<Float64Type>(array, Value::Float)),
        ColumnType::Decimal { .. } => match array.data_type() {
            DataType::Decimal128(..) => {
                primitive::<Decimal128Type>(array, |v| Value::Decimal(i256::from_i128(v)))
            }
            _ => primitive::<Decimal256Type>(array, Value::Decimal),
        },
        ColumnType::Date => primitive::<Date32Type>(array, Value::Date),
        ColumnType::DateTime => primitive::<TimestampMicrosecondType>(array, Value::DateTime),
        ColumnType::Char { .. } | ColumnType::Varchar { .. } | ColumnType::String => {
            let array = array.as_string::<i32>();
            let text = |v: &str| Value::Text(v.to_owned());
            (min_string(array).map(text), max_string(array).map(text))
        }
        // Bounds are stored as texts, which bytes do not have; the others have no order.
        ColumnType::Varbinary { .. }
        | ColumnType::Json
        | ColumnType::Bitmap
        | ColumnType::Hll
        | ColumnType::Percentile
        | ColumnType::Array(_)
        | ColumnType::Map(_)
        | ColumnType::Struct(_) => (None, None),
    })
}

/// Arrow's total order puts NaN at its ends, so a NaN anywhere shows at one of them.
fn without_nan((lower, upper): (Option<Value>, Option<Value>)) -> (Option<Value>, Option<Value>) {
    let is_nan = |v: &Option<Value>| matches!(v, Some(Value::Float(f)) if f.is_nan());
    if is_nan(&lower) || is_nan(&upper) { (None, None) } else { (lower, upper) }
}

fn shorten_lower(value: Value) -> Value {
    match value {
        Value::Text(mut text) => {
            text.truncate(text.floor_char_boundary(MAX_BOUND_BYTES));
            Value::Text(text)
        }
        other => other,
    }
}

/// A cut upper bound must not fall below the value: its last character is replaced by the next one.
fn shorten_upper(value: Value) -> Option<Value> {
    match value {
        Value::Text(text) if text.len() > MAX_BOUND_BYTES => {
            let mut kept: Vec<char> = text[..text.floor_char_boundary(MAX_BOUND_BYTES)].chars().collect();
            while let Some(last) = kept.pop() {
                // The next character may be longer than the one that it replaces.
                let room = MAX_BOUND_BYTES - kept.iter().map(|c| c.len_utf8()).sum::<usize>();
                if let Some(next) = next_char(last).filter(|next| next.len_utf8() <= room) {
                    kept.push(next);
                    return Some(Value::Text(kept.into_iter().collect()));
                }
            }
            None
        }
        other => Some(other),
    }
}

fn next_char(c: char) -> Option<char> {
    // The code points of surrogates are no characters: the one after U+D7FF is U+E000.
    if c == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(c as u32 + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::ColumnName;
    use arrow::array::{Float64Array, StringArray};

    fn column(column_type: ColumnType) -> Column {
        let name = ColumnName::parse("c").unwrap();
        let field_id = FieldId::try_new(1).unwrap();
        Column::new(field_id, name, column_type)
    }

    #[test]
    fn a_long_text_lies_between_its_bounds() {
        let long = format!("{}{}", "a".repeat(63), "\u{10ffff}z");
        let array = StringArray::from(vec![Some(long.as_str()), None]);
        let bounds = ColumnBounds::of(&column(ColumnType::String), &array).unwrap();
        let (Some(Value::Text(lower)), Some(Value::Text(upper))) = (bounds.lower, bounds.upper) else {
            panic!()
        };
        assert!(lower.as_str() <= long.as_str() && long.as_str() <= upper.as_str());
        assert!(upper.len() <= MAX_BOUND_BYTES);
        assert_eq!(bounds.null_count, Some(1));
    }

    #[test]
    fn a_text_of_last_characters_has_no_upper_bound() {
        let array = StringArray::from(vec!["\u{10ffff}".repeat(20)]);
        let bounds = ColumnBounds::of(&column(ColumnType::String), &array).unwrap();
        assert_eq!(bounds.upper, None);
    }

    #[test]
    fn a_nan_takes_the_bounds_away() {
        for nan in [f64::NAN, -f64::NAN] {
            let array = Float64Array::from(vec![1.0, nan, 2.0]);
            let bounds = ColumnBounds::of(&column(ColumnType::Double), &array).unwrap();
            assert_eq!((bounds.lower, bounds.upper), (None, None));
        }
    }
}
