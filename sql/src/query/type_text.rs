//! Types of columns as SQL writes them.

use arrow::datatypes::DataType;
use cairn_format::ColumnType;

/// The type of a column of a query, as SQL writes it.
pub(crate) fn type_text(data_type: &DataType) -> String {
    let known = match data_type {
        DataType::Boolean => ColumnType::Boolean,
        DataType::Int8 => ColumnType::TinyInt,
        DataType::Int16 | DataType::UInt8 => ColumnType::SmallInt,
        DataType::Int32 | DataType::UInt16 => ColumnType::Int,
        DataType::Int64 | DataType::UInt32 => ColumnType::BigInt,
        DataType::UInt64 | DataType::Decimal256(39, 0) => ColumnType::LargeInt,
        DataType::Float16 | DataType::Float32 => ColumnType::Float,
        DataType::Float64 => ColumnType::Double,
        DataType::Date32 | DataType::Date64 => ColumnType::Date,
        DataType::Timestamp(..) => ColumnType::DateTime,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            ColumnType::Varbinary { length: None }
        }
        DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => {
            return format!("DECIMAL({precision}, {scale})");
        }
        _ => ColumnType::String,
    };
    known.to_string()
}
