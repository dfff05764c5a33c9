//! Column types as they are written.

use std::fmt;

use cairn_format::ColumnType;

use super::name::write_name;

/// A column's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeName {
    /// A type tables of this store can have.
    Known(ColumnType),
    /// A type of StarRocks that tables of this store cannot have, as it was written.
    Unsupported(String),
    /// A known type with parameters out of range.
    Invalid {
        /// The type as it was written.
        text: String,
        /// What is wrong with it, without the type: `the scale is larger than the precision`.
        reason: String,
    },
}

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(known) => write_known(f, known),
            Self::Unsupported(text) | Self::Invalid { text, .. } => f.write_str(text),
        }
    }
}

fn write_known(f: &mut fmt::Formatter<'_>, known: &ColumnType) -> fmt::Result {
    match known {
        ColumnType::Boolean => f.write_str("BOOLEAN"),
        ColumnType::TinyInt => f.write_str("TINYINT"),
        ColumnType::SmallInt => f.write_str("SMALLINT"),
        ColumnType::Int => f.write_str("INT"),
        ColumnType::BigInt => f.write_str("BIGINT"),
        ColumnType::LargeInt => f.write_str("LARGEINT"),
        ColumnType::Float => f.write_str("FLOAT"),
        ColumnType::Double => f.write_str("DOUBLE"),
        ColumnType::Decimal { precision, scale } => write!(f, "DECIMAL({precision}, {scale})"),
        ColumnType::Date => f.write_str("DATE"),
        ColumnType::DateTime => f.write_str("DATETIME"),
        ColumnType::Char { length } => write!(f, "CHAR({length})"),
        ColumnType::Varchar { length } => write!(f, "VARCHAR({length})"),
        ColumnType::String => f.write_str("STRING"),
        ColumnType::Varbinary { length: None } => f.write_str("VARBINARY"),
        ColumnType::Varbinary { length: Some(length) } => write!(f, "VARBINARY({length})"),
        ColumnType::Json => f.write_str("JSON"),
        ColumnType::Bitmap => f.write_str("BITMAP"),
        ColumnType::Hll => f.write_str("HLL"),
        ColumnType::Percentile => f.write_str("PERCENTILE"),
        ColumnType::Array(of) => {
            f.write_str("ARRAY<")?;
            write_known(f, of)?;
            f.write_str(">")
        }
        ColumnType::Map(of) => {
            f.write_str("MAP<")?;
            write_known(f, &of.key)?;
            f.write_str(", ")?;
            write_known(f, &of.value)?;
            f.write_str(">")
        }
        ColumnType::Struct(fields) => {
            f.write_str("STRUCT<")?;
            for (position, field) in fields.iter().enumerate() {
                f.write_str(if position > 0 { ", " } else { "" })?;
                write_name(f, field.name.as_str())?;
                f.write_str(" ")?;
                write_known(f, &field.column_type)?;
            }
            f.write_str(">")
        }
    }
}
