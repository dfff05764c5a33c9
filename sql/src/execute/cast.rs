//! Strict casts: from the columns of a query to those of a table.
//!
//! A value that the table's column cannot hold is an error that names it, never null.

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, StringArray, new_null_array,
};
use arrow::compute::{CastOptions, can_cast_types, cast_with_options};
use arrow::datatypes::{
    DataType, Date32Type, Decimal256Type, Float32Type, Float64Type, TimeUnit, TimestampMicrosecondType, i256,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use cairn_format::{Column, ColumnType, Value};

use super::cast_nested::{cast_nested, parts};
use super::cell;
use crate::error::{Error, Result};

/// Whether values of an Arrow type can be cast to a column's type at all.
pub(crate) fn can_cast(from: &DataType, to: &ColumnType) -> bool {
    if let Some(parts) = parts(from, to) {
        return parts.iter().all(|(from, to)| can_cast(from, to));
    }
    let Some(from) = plain(from) else { return false };
    if from == DataType::Null || from == to.arrow_type() {
        return true;
    }
    match (&from, to) {
        (DataType::Utf8, to) if to.is_sketch() => false,
        (DataType::Binary, to) if to.is_sketch() => true,
        (_, to) if to.is_sketch() => false,
        (DataType::Utf8, _) | (DataType::Binary, ColumnType::Varbinary { .. }) => true,
        (DataType::Binary, to) => to.is_text(),
        (_, ColumnType::Varbinary { .. } | ColumnType::Json) => false,
        (_, to) if to.is_nested() => false,
        (from, to) if to.is_text() => can_cast_types(from, &DataType::Utf8),
        (DataType::Date32 | DataType::Timestamp(..), ColumnType::Date | ColumnType::DateTime) => true,
        (DataType::Date32 | DataType::Timestamp(..), _) | (_, ColumnType::Date | ColumnType::DateTime) => {
            false
        }
        (from, _) => from.is_numeric() || *from == DataType::Boolean,
    }
}

/// The type under a dictionary or another layout of the same values; `None` for types that no column has.
fn plain(from: &DataType) -> Option<DataType> {
    Some(match from {
        DataType::Dictionary(_, values) => return plain(values),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            DataType::Binary
        }
        DataType::Date64 => DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Timestamp(..) => from.clone(),
        other if other.is_nested() || other.is_temporal() && *other != DataType::Date32 => return None,
        other => other.clone(),
    })
}

/// The array as one of the column's type. `rows_before` counts the rows of the load before it.
pub(crate) fn cast_column(column: &Column, array: &ArrayRef, rows_before: u64) -> Result<ArrayRef> {
    cast_values(&column.column_type, array).map_err(|misfit| match misfit {
        Misfit::Type(from, to) => {
            Error::invalid(format!("column '{}': values of type {from} cannot be cast to {to}", column.name))
        }
        Misfit::Value { row, shown, to } => Error::invalid(format!(
            "column '{}', row {}: {shown} is not a value of type {to}",
            column.name,
            rows_before + row as u64 + 1
        )),
    })
}

/// What cannot be cast.
pub(super) enum Misfit {
    /// Values of the one type to the other.
    Type(DataType, ColumnType),
    /// One value.
    Value {
        /// Where it is.
        row: usize,
        /// As an error shows it.
        shown: String,
        /// What it should become.
        to: ColumnType,
    },
}

/// The array as one of this type.
pub(super) fn cast_values(to: &ColumnType, array: &ArrayRef) -> std::result::Result<ArrayRef, Misfit> {
    let target = to.arrow_type();
    let refused = || Misfit::Type(array.data_type().clone(), to.clone());
    // A map may come with a key twice.
    if *array.data_type() == target && !has_maps(to) {
        return Ok(ArrayRef::clone(array));
    }
    if *array.data_type() == DataType::Null {
        return Ok(new_null_array(&target, array.len()));
    }
    if !can_cast(array.data_type(), to) {
        return Err(refused());
    }
    if parts(array.data_type(), to).is_some() {
        return cast_nested(to, array);
    }
    let source_type = plain(array.data_type()).ok_or_else(refused)?;
    let source = arrow_cast(array, &source_type).ok_or_else(refused)?;
    let cast = match (source.data_type(), to) {
        (from, _) if *from == target => Some(ArrayRef::clone(&source)),
        (DataType::Utf8, to) => of_texts(to, source.as_string::<i32>()),
        (DataType::Boolean, to) if to.is_text() => Some(booleans_as_digits(source.as_boolean())),
        (DataType::Boolean, ColumnType::Decimal { .. } | ColumnType::LargeInt) => {
            arrow_cast(&source, &DataType::Int8).and_then(|digits| arrow_cast(&digits, &target))
        }
        (from, ColumnType::Boolean) if from.is_decimal() => are_not_zero(&source),
        (DataType::Timestamp(..), to) if to.is_text() => times_as_text(&source),
        (from, _) if from.is_floating() && target.is_integer() => arrow_cast(&truncated(&source), &target),
        (from, ColumnType::LargeInt) if from.is_floating() => arrow_cast(&truncated(&source), &target),
        _ => arrow_cast(&source, &target),
    };
    let cast = cast.ok_or_else(refused)?;
    match first_lost(&source, &cast) {
        None => Ok(cast),
        Some(row) => Err(Misfit::Value { row, shown: shown(&source, row), to: to.clone() }),
    }
}

fn has_maps(column_type: &ColumnType) -> bool {
    matches!(column_type, ColumnType::Map(_)) || column_type.parts().into_iter().any(has_maps)
}

/// Casts with null for what does not fit; the caller looks for those.
pub(super) fn arrow_cast(array: &ArrayRef, to: &DataType) -> Option<ArrayRef> {
    cast_with_options(array, to, &CastOptions { safe: true, ..CastOptions::default() }).ok()
}

fn of_texts(to: &ColumnType, texts: &StringArray) -> Option<ArrayRef> {
    if matches!(to, ColumnType::Varbinary { .. }) {
        return arrow_cast(&(std::sync::Arc::new(texts.clone()) as ArrayRef), &DataType::Binary);
    }
    if let ColumnType::Decimal { precision: precision @ ..=cell::DECIMAL_128, scale } = to {
        let read = |text| cell::decimal_of_128(text, *precision, *scale);
        let numbers: Decimal128Array = texts.iter().map(|text| text.and_then(read)).collect();
        return Some(std::sync::Arc::new(numbers.with_data_type(to.arrow_type())));
    }
    let values =
        texts.iter().map(|text| text.and_then(|text| cell::of_text(to, text)).unwrap_or(Value::Null));
    Value::array_of(to, &values.collect::<Vec<_>>()).ok()
}

/// StarRocks writes TRUE as 1.
fn booleans_as_digits(values: &BooleanArray) -> ArrayRef {
    let digits = values.iter().map(|value| value.map(|value| if value { "1" } else { "0" }));
    std::sync::Arc::new(digits.collect::<StringArray>())
}

/// A number is true unless it is 0.
fn are_not_zero(decimals: &ArrayRef) -> Option<ArrayRef> {
    let (DataType::Decimal32(_, scale)
    | DataType::Decimal64(_, scale)
    | DataType::Decimal128(_, scale)
    | DataType::Decimal256(_, scale)) = decimals.data_type()
    else {
        return None;
    };
    let wide = arrow_cast(decimals, &DataType::Decimal256(76, *scale))?;
    let values =
        wide.as_primitive::<Decimal256Type>().iter().map(|value| value.map(|value| value != i256::ZERO));
    Some(std::sync::Arc::new(values.collect::<BooleanArray>()))
}

fn times_as_text(times: &ArrayRef) -> Option<ArrayRef> {
    let micros = arrow_cast(times, &ColumnType::DateTime.arrow_type())?;
    let micros = micros.as_primitive::<TimestampMicrosecondType>();
    let texts = micros.iter().map(|micros| Value::DateTime(micros?).to_text(&ColumnType::DateTime));
    Some(std::sync::Arc::new(texts.collect::<StringArray>()))
}

/// Floats without what stands behind the point, which decimals would round.
fn truncated(floats: &ArrayRef) -> ArrayRef {
    match arrow_cast(floats, &DataType::Float64) {
        Some(wide) => {
            let whole: Float64Array = wide.as_primitive::<Float64Type>().unary(f64::trunc);
            std::sync::Arc::new(whole)
        }
        None => ArrayRef::clone(floats),
    }
}

/// The first row whose value is gone after a cast, or has become infinite.
fn first_lost(before: &ArrayRef, after: &ArrayRef) -> Option<usize> {
    if after.null_count() > before.null_count() {
        return (0..after.len()).find(|row| after.is_null(*row) && before.is_valid(*row));
    }
    match (before.data_type(), after.data_type()) {
        (DataType::Float64, DataType::Float32) => {
            let (wide, narrow) = (before.as_primitive::<Float64Type>(), after.as_primitive::<Float32Type>());
            (0..after.len()).find(|row| {
                narrow.is_valid(*row) && narrow.value(*row).is_infinite() && wide.value(*row).is_finite()
            })
        }
        (_, DataType::Date32) => {
            let days = after.as_primitive::<Date32Type>();
            (0..after.len())
                .find(|row| days.is_valid(*row) && !Value::Date(days.value(*row)).is_in_calendar())
        }
        _ => None,
    }
}

/// A value as an error shows it.
fn shown(array: &ArrayRef, row: usize) -> String {
    const MOST: usize = 60;
    let options = FormatOptions::default();
    let text = ArrayFormatter::try_new(array, &options).map_or_else(
        |_| "the value".to_owned(),
        |formatter| formatter.value(row).try_to_string().unwrap_or_else(|_| "the value".to_owned()),
    );
    let start: String = text.chars().take(MOST).collect();
    let start = if start.len() < text.len() { format!("{start}…") } else { start };
    if *array.data_type() == DataType::Utf8 { format!("'{start}'") } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Decimal128Array, Int64Array, TimestampNanosecondArray, UInt64Array};
    use cairn_format::{ColumnName, FieldId};
    use std::sync::Arc;

    fn column(column_type: ColumnType) -> Column {
        let (field_id, name) = (FieldId::try_new(1).unwrap(), ColumnName::parse("c").unwrap());
        Column::new(field_id, name, column_type)
    }

    fn decimals(values: &[i128], precision: u8, scale: i8) -> ArrayRef {
        let array = Decimal128Array::from(values.to_vec());
        Arc::new(array.with_precision_and_scale(precision, scale).unwrap())
    }

    #[test]
    fn values_that_do_not_fit_are_named() {
        let decimal = || ColumnType::Decimal { precision: 4, scale: 2 };
        let cases: [(ColumnType, ArrayRef, &str); 11] = [
            (
                ColumnType::TinyInt,
                Arc::new(Int64Array::from(vec![Some(1), None, Some(128)])),
                "row 13: 128 is not",
            ),
            (
                ColumnType::Int,
                Arc::new(StringArray::from(vec!["1", "x"])),
                "row 12: 'x' is not a value of type int",
            ),
            (ColumnType::Date, Arc::new(StringArray::from(vec!["2013-02-29"])), "row 11: '2013-02-29'"),
            (decimal(), decimals(&[99_994, 99_995], 6, 3), "row 12: 99.995"),
            (decimal(), Arc::new(Int64Array::from(vec![99, 100])), "row 12: 100 is not"),
            (ColumnType::Int, Arc::new(Float64Array::from(vec![1.5, f64::NAN])), "row 12: NaN"),
            (ColumnType::BigInt, Arc::new(Float64Array::from(vec![1e19])), "row 11: 1e19"),
            (ColumnType::Float, Arc::new(Float64Array::from(vec![1.5, 1e39])), "row 12: 1e39"),
            (ColumnType::BigInt, Arc::new(UInt64Array::from(vec![u64::MAX])), "row 11"),
            (ColumnType::LargeInt, Arc::new(Float64Array::from(vec![f64::INFINITY])), "row 11: inf"),
            (ColumnType::Varbinary { length: None }, Arc::new(Int64Array::from(vec![1])), "cannot be cast"),
        ];
        for (column_type, array, expected) in cases {
            let error = cast_column(&column(column_type), &array, 10).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn values_that_fit_are_cast_as_starrocks_does() {
        let decimal = || ColumnType::Decimal { precision: 4, scale: 2 };
        let time: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![1_372_550_401_000_001_999]));
        let cases: [(ColumnType, ArrayRef, &str); 10] = [
            (ColumnType::Int, Arc::new(Float64Array::from(vec![-1.9])), "-1"),
            (ColumnType::Int, decimals(&[-19], 2, 1), "-1"),
            (ColumnType::LargeInt, Arc::new(Float64Array::from(vec![2.9])), "2"),
            (ColumnType::LargeInt, Arc::new(UInt64Array::from(vec![u64::MAX])), "18446744073709551615"),
            (decimal(), decimals(&[1_005], 4, 3), "1.01"),
            (ColumnType::String, Arc::new(BooleanArray::from(vec![true])), "1"),
            (ColumnType::String, Arc::clone(&time), "2013-06-30 00:00:01.000001"),
            (ColumnType::DateTime, Arc::clone(&time), "2013-06-30T00:00:01.000001"),
            (ColumnType::Date, time, "2013-06-30"),
            (ColumnType::Boolean, Arc::new(Int64Array::from(vec![2])), "true"),
        ];
        for (column_type, array, expected) in cases {
            let cast = cast_column(&column(column_type.clone()), &array, 0).unwrap();
            assert_eq!(*cast.data_type(), column_type.arrow_type());
            assert_eq!(shown(&cast, 0).trim_matches('\''), expected, "{column_type}");
        }
    }

    #[test]
    fn what_is_said_to_be_castable_is_cast() {
        use arrow::datatypes::IntervalUnit;
        let sources = [
            DataType::Null,
            DataType::Boolean,
            DataType::Int8,
            DataType::Int16,
            DataType::Int32,
            DataType::Int64,
            DataType::UInt8,
            DataType::UInt16,
            DataType::UInt32,
            DataType::UInt64,
            DataType::Float16,
            DataType::Float32,
            DataType::Float64,
            DataType::Decimal32(9, 2),
            DataType::Decimal64(18, 2),
            DataType::Decimal128(38, 2),
            DataType::Decimal256(76, 2),
            DataType::Decimal256(39, 0),
            DataType::Date32,
            DataType::Date64,
            DataType::Timestamp(TimeUnit::Second, None),
            DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
            DataType::Time64(TimeUnit::Nanosecond),
            DataType::Interval(IntervalUnit::MonthDayNano),
            DataType::Utf8,
            DataType::LargeUtf8,
            DataType::Utf8View,
            DataType::Binary,
            DataType::LargeBinary,
            DataType::BinaryView,
            DataType::FixedSizeBinary(2),
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        ];
        let targets = [
            "boolean",
            "tinyint",
            "smallint",
            "int",
            "bigint",
            "largeint",
            "float",
            "double",
            "decimal(9,2)",
            "decimal(38,2)",
            "decimal(76,2)",
            "date",
            "datetime",
            "char(5)",
            "varchar(5)",
            "string",
            "varbinary",
            "json",
            "bitmap",
            "hll",
            "percentile",
            "array<int>",
            "map<int,int>",
            "struct<a int>",
        ];
        for from in &sources {
            // Two values, of which one is null, as far as the type has others.
            let ones = arrow_cast(&(Arc::new(Int64Array::from(vec![Some(1), None])) as ArrayRef), from);
            let array = ones.unwrap_or_else(|| new_null_array(from, 2));
            for to in targets {
                let to = ColumnType::parse(to).unwrap();
                let cast = cast_column(&column(to.clone()), &array, 0);
                if !can_cast(from, &to) {
                    assert!(cast.unwrap_err().to_string().contains("cannot be cast"), "{from} to {to}");
                    continue;
                }
                // One value may be none of the type, but the types fit.
                match cast {
                    Ok(cast) => assert_eq!(*cast.data_type(), to.arrow_type(), "{from} to {to}"),
                    Err(error) => {
                        assert!(
                            error.to_string().contains("is not a value of type"),
                            "{from} to {to}: {error}"
                        );
                    }
                }
            }
        }
        let truths: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]));
        let cast = |to: &ColumnType, array: &ArrayRef| cast_column(&column(to.clone()), array, 0);
        for to in [
            ColumnType::Decimal { precision: 4, scale: 2 },
            ColumnType::Decimal { precision: 40, scale: 3 },
            ColumnType::LargeInt,
        ] {
            let numbers = cast(&to, &truths).unwrap();
            assert_eq!(cast(&ColumnType::Boolean, &numbers).unwrap().as_ref(), truths.as_ref(), "{to}");
        }
        assert!(cast(&ColumnType::Decimal { precision: 2, scale: 2 }, &truths).is_err());
        assert!(cast(&ColumnType::Boolean, &decimals(&[1], 4, 2)).unwrap().as_boolean().value(0));
    }
}
