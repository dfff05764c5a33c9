//! Arrays of values.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Decimal256Array,
    Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, ListArray, MapArray,
    StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, i256};

use super::types::ColumnType;
use super::value::Value;
use crate::error::{Error, Result};

impl Value {
    /// An array of these values, of `column_type`'s Arrow type.
    ///
    /// # Errors
    ///
    /// When one of them is not of the type.
    pub fn array_of(column_type: &ColumnType, values: &[Self]) -> Result<ArrayRef> {
        array_of(column_type, &values.iter().collect::<Vec<_>>())
    }
}

fn array_of(column_type: &ColumnType, values: &[&Value]) -> Result<ArrayRef> {
    use ColumnType as T;
    macro_rules! collected {
        ($array:ty, $pattern:pat => $value:expr) => {
            collected::<_, $array>(column_type, values, |value| match value {
                $pattern => $value,
                _ => None,
            })?
        };
    }
    Ok(match column_type {
        T::Boolean => Arc::new(collected!(BooleanArray, Value::Boolean(v) => Some(*v))),
        T::TinyInt => Arc::new(collected!(Int8Array, Value::Integer(v) => i8::try_from(*v).ok())),
        T::SmallInt => Arc::new(collected!(Int16Array, Value::Integer(v) => i16::try_from(*v).ok())),
        T::Int => Arc::new(collected!(Int32Array, Value::Integer(v) => i32::try_from(*v).ok())),
        T::BigInt => Arc::new(collected!(Int64Array, Value::Integer(v) => i64::try_from(*v).ok())),
        T::LargeInt => Arc::new(
            collected!(Decimal256Array, Value::Integer(v) => Some(i256::from_i128(*v)))
                .with_data_type(column_type.arrow_type()),
        ),
        #[expect(clippy::cast_possible_truncation, reason = "the value was widened from an f32")]
        T::Float => Arc::new(collected!(Float32Array, Value::Float(v) => Some(*v as f32))),
        T::Double => Arc::new(collected!(Float64Array, Value::Float(v) => Some(*v))),
        T::Decimal { .. } => match column_type.arrow_type() {
            narrow @ DataType::Decimal128(..) => {
                Arc::new(collected!(Decimal128Array, Value::Decimal(v) => v.to_i128()).with_data_type(narrow))
            }
            wide => Arc::new(collected!(Decimal256Array, Value::Decimal(v) => Some(*v)).with_data_type(wide)),
        },
        T::Date => Arc::new(collected!(Date32Array, Value::Date(v) => Some(*v))),
        T::DateTime => Arc::new(collected!(TimestampMicrosecondArray, Value::DateTime(v) => Some(*v))),
        T::Char { .. } | T::Varchar { .. } | T::String | T::Json => {
            Arc::new(collected!(StringArray, Value::Text(v) => Some(v.as_str())))
        }
        T::Varbinary { .. } | T::Bitmap | T::Hll | T::Percentile => {
            Arc::new(collected!(BinaryArray, Value::Bytes(v) => Some(v.as_slice())))
        }
        T::Array(_) | T::Map(_) | T::Struct(_) => nested_array(column_type, values)?,
    })
}

fn wrong(column_type: &ColumnType, value: &Value) -> Error {
    Error::invalid(format!("{value:?} is not a value of type {column_type}"))
}

fn collected<'v, T, A: FromIterator<Option<T>>>(
    column_type: &ColumnType,
    values: &[&'v Value],
    of: impl Fn(&'v Value) -> Option<T>,
) -> Result<A> {
    let one = |value: &&'v Value| match value {
        Value::Null => Ok(None),
        value => of(value).map(Some).ok_or_else(|| wrong(column_type, value)),
    };
    values.iter().map(one).collect()
}

fn nested_array(column_type: &ColumnType, values: &[&Value]) -> Result<ArrayRef> {
    let unfit = |e| Error::invalid(format!("values of type {column_type}")).with_source(e);
    let nulls: NullBuffer = values.iter().map(|value| **value != Value::Null).collect();
    match (column_type, column_type.arrow_type()) {
        (ColumnType::Array(of), DataType::List(field)) => {
            let mut items: Vec<&Value> = Vec::new();
            let mut lengths = Vec::with_capacity(values.len());
            for value in values {
                let before = items.len();
                match value {
                    Value::Null => {}
                    Value::List(own) => items.extend(own),
                    other => return Err(wrong(column_type, other)),
                }
                lengths.push(items.len() - before);
            }
            let offsets = OffsetBuffer::from_lengths(lengths);
            let items = array_of(of, &items)?;
            Ok(Arc::new(ListArray::try_new(field, offsets, items, Some(nulls)).map_err(unfit)?))
        }
        (ColumnType::Map(of), DataType::Map(field, _)) => {
            let (mut keys, mut items): (Vec<&Value>, Vec<&Value>) = (Vec::new(), Vec::new());
            let mut lengths = Vec::with_capacity(values.len());
            for value in values {
                let before = keys.len();
                match value {
                    Value::Null => {}
                    Value::Map(entries) => {
                        for (key, item) in entries {
                            keys.push(key);
                            items.push(item);
                        }
                    }
                    other => return Err(wrong(column_type, other)),
                }
                lengths.push(keys.len() - before);
            }
            let offsets = OffsetBuffer::from_lengths(lengths);
            let columns = vec![array_of(&of.key, &keys)?, array_of(&of.value, &items)?];
            let DataType::Struct(fields) = field.data_type() else {
                return Err(Error::invalid(format!("{column_type} has no entries")));
            };
            let entries = StructArray::try_new(fields.clone(), columns, None).map_err(unfit)?;
            Ok(Arc::new(MapArray::try_new(field, offsets, entries, Some(nulls), false).map_err(unfit)?))
        }
        (ColumnType::Struct(fields), DataType::Struct(arrow_fields)) => {
            let mut columns: Vec<Vec<&Value>> = vec![Vec::with_capacity(values.len()); fields.len()];
            for value in values {
                match value {
                    Value::Null => columns.iter_mut().for_each(|column| column.push(&Value::Null)),
                    Value::Struct(own) if own.len() == fields.len() => {
                        columns.iter_mut().zip(own).for_each(|(column, value)| column.push(value));
                    }
                    other => return Err(wrong(column_type, other)),
                }
            }
            let arrays =
                fields.iter().zip(&columns).map(|(field, column)| array_of(&field.column_type, column));
            let arrays = arrays.collect::<Result<Vec<_>>>()?;
            Ok(Arc::new(StructArray::try_new(arrow_fields, arrays, Some(nulls)).map_err(unfit)?))
        }
        (_, other) => Err(Error::invalid(format!("type {column_type} is no nested type, but {other}"))),
    }
}

/// The value at `row`, which is not null, of an array of a nested type.
pub(super) fn nested_value(array: &dyn Array, row: usize, column_type: &ColumnType) -> Result<Value> {
    let values = |array: &dyn Array, column_type: &ColumnType| {
        (0..array.len()).map(|row| Value::from_array(array, row, column_type)).collect::<Result<Vec<_>>>()
    };
    Ok(match column_type {
        ColumnType::Array(of) => Value::List(values(array.as_list::<i32>().value(row).as_ref(), of)?),
        ColumnType::Map(of) => {
            let entries = array.as_map().value(row);
            let keys = values(entries.column(0).as_ref(), &of.key)?;
            Value::Map(keys.into_iter().zip(values(entries.column(1).as_ref(), &of.value)?).collect())
        }
        ColumnType::Struct(fields) => {
            let columns = fields.iter().zip(array.as_struct().columns());
            let values =
                columns.map(|(field, column)| Value::from_array(column.as_ref(), row, &field.column_type));
            Value::Struct(values.collect::<Result<_>>()?)
        }
        other => return Err(Error::invalid(format!("type {other} is no nested type"))),
    })
}
