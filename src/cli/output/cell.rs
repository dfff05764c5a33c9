//! One column of a batch, and the text of its values.

use arrow::array::{Array, AsArray, Float16Array, Float32Array, Float64Array, PrimitiveArray};
use arrow::datatypes::{
    ArrowTimestampType, DataType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::nested;

/// How the column's type is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// A text as it is.
    Text,
    /// Digits that JSON takes as a number.
    Integer,
    /// A number that may be none.
    Float,
    /// Digits that JSON would cut short.
    Decimal,
    Boolean,
    /// Bytes: `0x` and hexadecimal digits.
    Bytes,
    /// A list, a struct or a map.
    Nested,
}

impl Look {
    pub(super) fn of(data_type: &DataType) -> Self {
        match data_type {
            t if t.is_integer() => Self::Integer,
            t if t.is_floating() => Self::Float,
            DataType::Decimal32(..)
            | DataType::Decimal64(..)
            | DataType::Decimal128(..)
            | DataType::Decimal256(..) => Self::Decimal,
            DataType::Boolean => Self::Boolean,
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_) => Self::Bytes,
            DataType::Dictionary(_, values) => Self::of(values),
            DataType::RunEndEncoded(_, values) => Self::of(values.data_type()),
            t if t.is_nested() => Self::Nested,
            _ => Self::Text,
        }
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Float | Self::Decimal)
    }
}

/// A column whose values have texts.
pub(super) struct Cells<'a> {
    array: &'a dyn Array,
    look: Look,
    formatter: ArrayFormatter<'a>,
    /// The formatter of times that end in a whole second: a fraction of zero is not written.
    whole: Option<ArrayFormatter<'a>>,
}

const DATE: &str = "%Y-%m-%d";
const SECONDS: &str = "%Y-%m-%d %H:%M:%S";
const MILLISECONDS: &str = "%Y-%m-%d %H:%M:%S%.3f";
const MICROSECONDS: &str = "%Y-%m-%d %H:%M:%S%.6f";
const NANOSECONDS: &str = "%Y-%m-%d %H:%M:%S%.9f";
const WITH_ZONE: &str = "%Y-%m-%d %H:%M:%S%.f%:z";

impl<'a> Cells<'a> {
    pub(super) fn try_new(array: &'a dyn Array) -> Result<Self, ArrowError> {
        let fraction = match array.data_type() {
            DataType::Timestamp(TimeUnit::Millisecond, _) => MILLISECONDS,
            DataType::Timestamp(TimeUnit::Nanosecond, _) => NANOSECONDS,
            _ => MICROSECONDS,
        };
        let options = FormatOptions::new()
            .with_null("NULL")
            .with_date_format(Some(DATE))
            .with_timestamp_tz_format(Some(WITH_ZONE));
        let whole = match array.data_type() {
            DataType::Timestamp(_, None) => {
                Some(ArrayFormatter::try_new(array, &options.clone().with_timestamp_format(Some(SECONDS)))?)
            }
            _ => None,
        };
        let formatter = ArrayFormatter::try_new(array, &options.with_timestamp_format(Some(fraction)))?;
        Ok(Self { array, look: Look::of(array.data_type()), formatter, whole })
    }

    pub(super) fn look(&self) -> Look {
        self.look
    }

    pub(super) fn array(&self) -> &'a dyn Array {
        self.array
    }

    /// Whether the value at `row` is null: by its type, its validity or its dictionary's.
    pub(super) fn is_null(&self, row: usize) -> bool {
        match self.array.data_type() {
            DataType::Null => true,
            DataType::Dictionary(..) | DataType::RunEndEncoded(..) | DataType::Union(..) => {
                self.array.logical_nulls().is_some_and(|nulls| nulls.is_null(row))
            }
            _ => self.array.is_null(row),
        }
    }

    /// The text of the value at `row`, behind what `out` holds.
    pub(super) fn append(&self, row: usize, out: &mut String) -> Result<(), ArrowError> {
        if self.is_null(row) {
            return Ok(());
        }
        if let Some(text) = self.plain_text(row) {
            out.push_str(text);
            return Ok(());
        }
        if self.look == Look::Nested {
            return nested::append(self.array, row, out);
        }
        self.append_plain(row, out)
    }

    /// The text that Arrow has for the value at `row`.
    pub(super) fn append_plain(&self, row: usize, out: &mut String) -> Result<(), ArrowError> {
        if self.look == Look::Bytes {
            out.push_str("0x");
        }
        let formatter = match &self.whole {
            Some(whole) if self.is_whole_second(row) => whole,
            _ => &self.formatter,
        };
        formatter.value(row).write(out)
    }

    /// Whether the value at `row` is a number; false for NaN, the infinities and everything that is no float.
    pub(super) fn is_finite(&self, row: usize) -> bool {
        let any = self.array.as_any();
        if let Some(array) = any.downcast_ref::<Float64Array>() {
            array.value(row).is_finite()
        } else if let Some(array) = any.downcast_ref::<Float32Array>() {
            array.value(row).is_finite()
        } else {
            any.downcast_ref::<Float16Array>().is_some_and(|array| array.value(row).is_finite())
        }
    }

    fn plain_text(&self, row: usize) -> Option<&str> {
        match self.array.data_type() {
            DataType::Utf8 => Some(self.array.as_string::<i32>().value(row)),
            DataType::LargeUtf8 => Some(self.array.as_string::<i64>().value(row)),
            DataType::Utf8View => Some(self.array.as_string_view().value(row)),
            _ => None,
        }
    }

    fn is_whole_second(&self, row: usize) -> bool {
        fn whole<T: ArrowTimestampType>(array: &dyn Array, row: usize, a_second: i64) -> bool {
            let array: &PrimitiveArray<T> = array.as_primitive();
            array.value(row) % a_second == 0
        }
        match self.array.data_type() {
            DataType::Timestamp(TimeUnit::Second, _) => whole::<TimestampSecondType>(self.array, row, 1),
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                whole::<TimestampMillisecondType>(self.array, row, 1_000)
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                whole::<TimestampMicrosecondType>(self.array, row, 1_000_000)
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                whole::<TimestampNanosecondType>(self.array, row, 1_000_000_000)
            }
            _ => false,
        }
    }
}
