//! StarRocks' bucket function: a chain of CRC-32 over the bucket columns' values, modulo the number of buckets.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType,
};
use cairn_format::{ColumnType, Value};

use crate::error::{Error, Result};

/// What a null feeds into the chain.
const NULL_BYTES: [u8; 4] = [0; 4];

/// The hash of each row, whose remainder by a partition's number of buckets is the row's bucket; `columns` are the
/// bucket columns in order, all of one length.
pub(super) fn hashes_of(columns: &[(ColumnType, ArrayRef)], rows: usize) -> Result<Vec<u32>> {
    let mut hashes = vec![0_u32; rows];
    for (column_type, array) in columns {
        chain(column_type, array, &mut hashes)?;
    }
    Ok(hashes)
}

/// The hash of one row with these values in the bucket columns.
pub(crate) fn hash_of_row(values: &[(ColumnType, Value)]) -> Result<u32> {
    let columns =
        values.iter().map(|(column_type, value)| Ok((column_type.clone(), value.to_array(column_type, 1)?)));
    Ok(hashes_of(&columns.collect::<Result<Vec<_>>>()?, 1)?[0])
}

fn feed(hash: &mut u32, bytes: &[u8]) {
    let mut hasher = crc32fast::Hasher::new_with_initial(*hash);
    hasher.update(bytes);
    *hash = hasher.finalize();
}

/// Feeds every row's value of one column into that row's hash.
fn chain(column_type: &ColumnType, array: &ArrayRef, hashes: &mut [u32]) -> Result<()> {
    if array.len() != hashes.len() || *array.data_type() != column_type.arrow_type() {
        return Err(Error::invalid(format!(
            "a bucket column holds {} instead of {column_type}",
            array.data_type()
        )));
    }
    match column_type {
        ColumnType::Boolean => {
            let values = array.as_boolean();
            feed_each(values, hashes, |row| [u8::from(values.value(row))]);
        }
        ColumnType::TinyInt => feed_numbers::<Int8Type, 1>(array, hashes, i8::to_le_bytes),
        ColumnType::SmallInt => feed_numbers::<Int16Type, 2>(array, hashes, i16::to_le_bytes),
        ColumnType::Int => feed_numbers::<Int32Type, 4>(array, hashes, i32::to_le_bytes),
        ColumnType::BigInt => feed_numbers::<Int64Type, 8>(array, hashes, i64::to_le_bytes),
        ColumnType::LargeInt => {
            feed_numbers::<Decimal256Type, 16>(array, hashes, |v| v.as_i128().to_le_bytes());
        }
        ColumnType::Float => feed_numbers::<Float32Type, 4>(array, hashes, f32::to_le_bytes),
        ColumnType::Double => feed_numbers::<Float64Type, 8>(array, hashes, f64::to_le_bytes),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "StarRocks stores so many digits in so many bits"
        )]
        ColumnType::Decimal { precision, .. } => match precision {
            0..=9 => feed_numbers::<Decimal128Type, 4>(array, hashes, |v| (v as i32).to_le_bytes()),
            10..=18 => feed_numbers::<Decimal128Type, 8>(array, hashes, |v| (v as i64).to_le_bytes()),
            19..=38 => feed_numbers::<Decimal128Type, 16>(array, hashes, i128::to_le_bytes),
            _ => return Err(no_bucket_column(column_type)),
        },
        // Days and times go in as their text.
        ColumnType::Date => {
            let values = array.as_primitive::<Date32Type>();
            feed_each(values, hashes, |row| text(&Value::Date(values.value(row)), column_type));
        }
        ColumnType::DateTime => {
            let values = array.as_primitive::<TimestampMicrosecondType>();
            feed_each(values, hashes, |row| text(&Value::DateTime(values.value(row)), column_type));
        }
        ColumnType::Char { .. } | ColumnType::Varchar { .. } | ColumnType::String | ColumnType::Json => {
            let values = array.as_string::<i32>();
            feed_each(values, hashes, |row| values.value(row));
        }
        ColumnType::Varbinary { .. } => {
            let values = array.as_binary::<i32>();
            feed_each(values, hashes, |row| values.value(row));
        }
        ColumnType::Bitmap
        | ColumnType::Hll
        | ColumnType::Percentile
        | ColumnType::Array(_)
        | ColumnType::Map(_)
        | ColumnType::Struct(_) => {
            return Err(no_bucket_column(column_type));
        }
    }
    Ok(())
}

fn no_bucket_column(column_type: &ColumnType) -> Error {
    Error::invalid(format!("a column of type {column_type} cannot be a bucket column"))
}

fn feed_each<B: AsRef<[u8]>>(array: &dyn Array, hashes: &mut [u32], bytes: impl Fn(usize) -> B) {
    for (row, hash) in hashes.iter_mut().enumerate() {
        if array.is_null(row) {
            feed(hash, &NULL_BYTES);
        } else {
            feed(hash, bytes(row).as_ref());
        }
    }
}

fn feed_numbers<T: ArrowPrimitiveType, const N: usize>(
    array: &dyn Array,
    hashes: &mut [u32],
    bytes: impl Fn(T::Native) -> [u8; N],
) {
    let values = array.as_primitive::<T>();
    feed_each(values, hashes, |row| bytes(values.value(row)));
}

fn text(value: &Value, column_type: &ColumnType) -> String {
    value.to_text(column_type).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(values: &[(ColumnType, Value)]) -> u32 {
        hash_of_row(values).unwrap()
    }

    /// The expected numbers are zlib's `crc32` of the bytes that the comment names.
    #[test]
    fn the_chain_is_the_crc_of_the_bytes_one_after_another() {
        let int = (ColumnType::Int, Value::Integer(1));
        let text = (ColumnType::String, Value::Text("123456789".into()));
        // crc32("123456789") is the check value of CRC-32.
        assert_eq!(hash(std::slice::from_ref(&text)), 0xcbf4_3926);
        // crc32(01 00 00 00)
        assert_eq!(hash(std::slice::from_ref(&int)), crc32fast::hash(&[1, 0, 0, 0]));
        assert_eq!(hash(&[int, text]), crc32fast::hash(b"\x01\x00\x00\x00123456789"));
        assert_eq!(hash(&[(ColumnType::BigInt, Value::Null)]), crc32fast::hash(&[0, 0, 0, 0]));
        let day = (ColumnType::Date, Value::parse(&ColumnType::Date, "2013-01-31").unwrap());
        assert_eq!(hash(&[day]), crc32fast::hash(b"2013-01-31"));
        let decimal = ColumnType::Decimal { precision: 9, scale: 2 };
        assert_eq!(hash(&[(decimal, Value::Decimal((-5).into()))]), crc32fast::hash(&(-5_i32).to_le_bytes()));
    }
}
