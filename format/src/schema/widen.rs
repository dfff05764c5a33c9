//! Types that hold all values of another, in the same order: a column may get one while its files stay as they are.

use arrow::datatypes::i256;

use super::types::ColumnType;
use super::value::Value;

const MICROS_A_DAY: i64 = 86_400_000_000;

impl ColumnType {
    /// Whether every value of this type is one of `other`, and readers cast it on their way.
    pub fn widens_to(&self, other: &Self) -> bool {
        if let (Some(own), Some(other)) = (integer_width(self), integer_width(other)) {
            return own <= other;
        }
        match (self, other) {
            (Self::Float, Self::Double) | (Self::Date, Self::DateTime) => true,
            (Self::Decimal { precision, scale }, Self::Decimal { precision: wide, scale: fine }) => {
                fine >= scale && wide.checked_sub(*fine) >= precision.checked_sub(*scale)
            }
            (Self::Varbinary { .. }, Self::Varbinary { .. }) => self.max_bytes() <= other.max_bytes(),
            (text, other) if text.is_text() && other.is_text() => text.max_bytes() <= other.max_bytes(),
            _ => self == other,
        }
    }
}

fn integer_width(column_type: &ColumnType) -> Option<u8> {
    Some(match column_type {
        ColumnType::TinyInt => 1,
        ColumnType::SmallInt => 2,
        ColumnType::Int => 4,
        ColumnType::BigInt => 8,
        ColumnType::LargeInt => 16,
        _ => return None,
    })
}

impl Value {
    /// This value of type `from` as one of type `to`, which [is wider](ColumnType::widens_to); `None` when it is not.
    pub fn widened(self, from: &ColumnType, to: &ColumnType) -> Option<Self> {
        if !from.widens_to(to) {
            return None;
        }
        Some(match (self, from, to) {
            (Self::Date(days), _, ColumnType::DateTime) => {
                Self::DateTime(i64::from(days).checked_mul(MICROS_A_DAY)?)
            }
            (
                Self::Decimal(value),
                ColumnType::Decimal { scale, .. },
                ColumnType::Decimal { scale: fine, .. },
            ) => {
                let factor = i256::from_i128(10).checked_pow(u32::from(fine.checked_sub(*scale)?))?;
                Self::Decimal(value.checked_mul(factor)?)
            }
            (value, ..) => value,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_types_that_hold_every_value_are_wider() {
        use ColumnType as T;
        let decimal = |precision, scale| T::Decimal { precision, scale };
        let varchar = |length| T::Varchar { length };
        let cases = [
            (T::TinyInt, T::LargeInt, true),
            (T::BigInt, T::Int, false),
            (T::Int, T::Double, false),
            (T::Float, T::Double, true),
            (T::Date, T::DateTime, true),
            (T::DateTime, T::Date, false),
            (decimal(5, 2), decimal(7, 4), true),
            (decimal(5, 2), decimal(6, 4), false),
            (decimal(5, 2), decimal(9, 1), false),
            (decimal(38, 2), decimal(76, 40), true),
            (T::array(T::Int), T::array(T::Int), true),
            (T::array(T::Int), T::array(T::BigInt), false),
            (varchar(5), varchar(9), true),
            (varchar(9), varchar(5), false),
            (T::Char { length: 3 }, T::String, true),
            (T::String, T::Json, false),
            (T::Varbinary { length: Some(3) }, T::Varbinary { length: None }, true),
            (T::Boolean, T::TinyInt, false),
        ];
        for (from, to, expected) in cases {
            assert_eq!(from.widens_to(&to), expected, "{from} {to}");
        }
        let value = Value::Decimal(150.into()).widened(&decimal(5, 2), &decimal(7, 4));
        assert_eq!(value, Some(Value::Decimal(15_000.into())));
        assert_eq!(Value::Date(1).widened(&T::Date, &T::DateTime), Some(Value::DateTime(MICROS_A_DAY)));
        assert_eq!(Value::Integer(1).widened(&T::Int, &T::TinyInt), None);
    }
}
