//! StarRocks' types.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION, DataType, TimeUnit};

use super::nested::{self, MapType, StructField};
use super::type_text::parse_type;
use crate::error::{Error, Result};

/// The type of a column, or of what a column of a nested type holds.
///
/// Invariants (kept by [`ColumnType::check`], which every definition runs): decimals have 1–76 digits and no more
/// of them behind the point than in all; lengths are at least 1 byte, CHAR at most 255, VARCHAR and VARBINARY at
/// most 1,048,576; nested types hold no sketches and are at most 15 levels deep, keys of maps are scalar, and fields of
/// a struct have names of their own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// True or false.
    Boolean,
    /// 8-bit signed integer.
    TinyInt,
    /// 16-bit signed integer.
    SmallInt,
    /// 32-bit signed integer.
    Int,
    /// 64-bit signed integer.
    BigInt,
    /// 128-bit signed integer.
    LargeInt,
    /// 32-bit floating point.
    Float,
    /// 64-bit floating point.
    Double,
    /// Exact decimal number.
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits behind the point.
        scale: u8,
    },
    /// A day from 0000-01-01 to 9999-12-31.
    Date,
    /// A day and time with microseconds, without a time zone.
    DateTime,
    /// Text of at most `length` bytes.
    Char {
        /// Bytes at most.
        length: u32,
    },
    /// Text of at most `length` bytes.
    Varchar {
        /// Bytes at most.
        length: u32,
    },
    /// Text of at most 1,048,576 bytes.
    String,
    /// Bytes.
    Varbinary {
        /// Bytes at most; 1,048,576 when not given.
        length: Option<u32>,
    },
    /// A JSON document, kept as its text.
    Json,
    /// A set of whole numbers from 0 to 2^64 - 1, for exact counts of distinct ones.
    Bitmap,
    /// A `HyperLogLog` sketch, for estimated counts of distinct values.
    Hll,
    /// A t-digest, for estimated percentiles.
    Percentile,
    /// A list of values of one type.
    Array(Arc<ColumnType>),
    /// Values found by keys.
    Map(Arc<MapType>),
    /// Named values of types of their own.
    Struct(Arc<[StructField]>),
}

/// The longest CHAR, in bytes.
const MAX_CHAR: u32 = 255;
/// The longest VARCHAR, STRING, VARBINARY and JSON, in bytes.
const MAX_VARCHAR: u32 = 1_048_576;

/// The most bytes of a document, as in StarRocks.
const MAX_JSON: usize = 16 << 20;

impl ColumnType {
    /// Checks the type's parameters.
    pub fn check(&self) -> Result<()> {
        let fits = match *self {
            Self::Decimal { precision, scale } => {
                (1..=DECIMAL256_MAX_PRECISION).contains(&precision) && scale <= precision
            }
            Self::Char { length } => (1..=MAX_CHAR).contains(&length),
            Self::Varchar { length } | Self::Varbinary { length: Some(length) } => {
                (1..=MAX_VARCHAR).contains(&length)
            }
            Self::Array(_) | Self::Map(_) | Self::Struct(_) => return nested::check(self),
            _ => true,
        };
        if fits {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "type {self} is out of range: DECIMAL takes 1 to 76 digits and a scale within them, CHAR 1 to 255 bytes, \
             VARCHAR and VARBINARY 1 to 1048576 bytes"
        )))
    }

    /// The Arrow type that holds this type's values in memory and decides its Parquet type.
    ///
    /// LARGEINT is a decimal of 39 digits: Parquet has no 128-bit integer, and 39 digits hold every one.
    pub fn arrow_type(&self) -> DataType {
        #[expect(clippy::cast_possible_wrap, reason = "a scale is at most 76")]
        match *self {
            Self::Boolean => DataType::Boolean,
            Self::TinyInt => DataType::Int8,
            Self::SmallInt => DataType::Int16,
            Self::Int => DataType::Int32,
            Self::BigInt => DataType::Int64,
            Self::LargeInt => DataType::Decimal256(39, 0),
            Self::Float => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Decimal { precision, scale } if precision <= DECIMAL128_MAX_PRECISION => {
                DataType::Decimal128(precision, scale as i8)
            }
            Self::Decimal { precision, scale } => DataType::Decimal256(precision, scale as i8),
            Self::Date => DataType::Date32,
            Self::DateTime => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Char { .. } | Self::Varchar { .. } | Self::String | Self::Json => DataType::Utf8,
            Self::Varbinary { .. } | Self::Bitmap | Self::Hll | Self::Percentile => DataType::Binary,
            Self::Array(ref of) => nested::array_type(of),
            Self::Map(ref of) => nested::map_type(of),
            Self::Struct(ref fields) => nested::struct_type(fields),
        }
    }

    /// The most bytes a value may have, for the types that are measured in bytes.
    pub fn max_bytes(&self) -> Option<usize> {
        match *self {
            Self::Char { length } | Self::Varchar { length } | Self::Varbinary { length: Some(length) } => {
                Some(length as usize)
            }
            Self::String | Self::Varbinary { length: None } => Some(MAX_VARCHAR as usize),
            Self::Json => Some(MAX_JSON),
            _ => None,
        }
    }

    /// Whether values are whole numbers.
    pub fn is_integer(&self) -> bool {
        matches!(self, Self::TinyInt | Self::SmallInt | Self::Int | Self::BigInt | Self::LargeInt)
    }

    /// Whether values are text.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Char { .. } | Self::Varchar { .. } | Self::String)
    }

    /// Whether values are made of values.
    pub fn is_nested(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Map(_) | Self::Struct(_))
    }

    /// Whether values are sketches: merged by functions of their own.
    pub fn is_sketch(&self) -> bool {
        matches!(self, Self::Bitmap | Self::Hll | Self::Percentile)
    }

    /// Whether values have an order, by which files are left out and greater ones found.
    pub fn is_ordered(&self) -> bool {
        !matches!(self, Self::Json | Self::Varbinary { .. }) && !self.is_nested() && !self.is_sketch()
    }

    /// Whether a key may have a column of this type.
    pub fn can_be_key(&self) -> bool {
        self.is_ordered()
            && match self {
                Self::Float | Self::Double => false,
                Self::Decimal { precision, .. } => *precision <= DECIMAL128_MAX_PRECISION,
                _ => true,
            }
    }

    /// Whether a primary key may have a column of this type.
    pub fn can_be_primary_key(&self) -> bool {
        self.is_integer() || self.is_text() || matches!(self, Self::Boolean | Self::Date | Self::DateTime)
    }

    /// Whether a range partition may be bounded by values of this type.
    pub fn can_bound_partitions(&self) -> bool {
        self.is_integer() || self.is_text() || matches!(self, Self::Date | Self::DateTime)
    }

    /// Reads the text that [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Result<Self> {
        let parsed = parse_type(text)
            .ok_or_else(|| Error::unsupported(format!("unknown column type '{}'", text.escape_debug())))?;
        parsed.check()?;
        Ok(parsed)
    }

    /// The type that a word and the numbers behind it name; `None` when that is no scalar type.
    pub(super) fn of_word(word: &str, numbers: &[u32]) -> Option<Self> {
        Some(match (word, numbers) {
            ("boolean", []) => Self::Boolean,
            ("tinyint", []) => Self::TinyInt,
            ("smallint", []) => Self::SmallInt,
            ("int", []) => Self::Int,
            ("bigint", []) => Self::BigInt,
            ("largeint", []) => Self::LargeInt,
            ("float", []) => Self::Float,
            ("double", []) => Self::Double,
            ("decimal", &[precision, scale]) => {
                Self::Decimal { precision: u8::try_from(precision).ok()?, scale: u8::try_from(scale).ok()? }
            }
            ("date", []) => Self::Date,
            ("datetime", []) => Self::DateTime,
            ("char", &[length]) => Self::Char { length },
            ("varchar", &[length]) => Self::Varchar { length },
            ("string", []) => Self::String,
            ("varbinary", []) => Self::Varbinary { length: None },
            ("varbinary", &[length]) => Self::Varbinary { length: Some(length) },
            ("json", []) => Self::Json,
            ("bitmap", []) => Self::Bitmap,
            ("hll", []) => Self::Hll,
            ("percentile", []) => Self::Percentile,
            _ => return None,
        })
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Boolean => f.write_str("boolean"),
            Self::TinyInt => f.write_str("tinyint"),
            Self::SmallInt => f.write_str("smallint"),
            Self::Int => f.write_str("int"),
            Self::BigInt => f.write_str("bigint"),
            Self::LargeInt => f.write_str("largeint"),
            Self::Float => f.write_str("float"),
            Self::Double => f.write_str("double"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::Date => f.write_str("date"),
            Self::DateTime => f.write_str("datetime"),
            Self::Char { length } => write!(f, "char({length})"),
            Self::Varchar { length } => write!(f, "varchar({length})"),
            Self::String => f.write_str("string"),
            Self::Varbinary { length: None } => f.write_str("varbinary"),
            Self::Varbinary { length: Some(length) } => write!(f, "varbinary({length})"),
            Self::Json => f.write_str("json"),
            Self::Bitmap => f.write_str("bitmap"),
            Self::Hll => f.write_str("hll"),
            Self::Percentile => f.write_str("percentile"),
            Self::Array(ref of) => write!(f, "array<{of}>"),
            Self::Map(ref of) => write!(f, "map<{},{}>", of.key, of.value),
            Self::Struct(ref fields) => nested::write_struct(f, fields, Self::to_string),
        }
    }
}
