//! Sums of rows with equal keys.
//!
//! They are counted up in wider numbers than their column has, so that it does not matter in which order the rows come: only
//! what all of them make has to fit.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::{
    DataType, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, i256,
};
use cairn_format::{Column, ColumnType};

use crate::error::{Error, Result};

/// The sums of groups of rows.
pub(super) struct Sums {
    /// One a group; null when it has no values, and when its sum does not fit.
    pub(super) values: ArrayRef,
    /// The groups whose sum does not fit the column's type.
    pub(super) beyond: Vec<usize>,
}

pub(super) fn sums(column: &Column, array: &ArrayRef, groups: &[Range<usize>]) -> Result<Sums> {
    match &column.column_type {
        ColumnType::TinyInt => of_integers::<Int8Type>(column, array, groups),
        ColumnType::SmallInt => of_integers::<Int16Type>(column, array, groups),
        ColumnType::Int => of_integers::<Int32Type>(column, array, groups),
        ColumnType::BigInt => of_integers::<Int64Type>(column, array, groups),
        ColumnType::Float => {
            sums_of::<Float32Type, f32>(column, array, groups, |sum, value| sum + value, Some)
        }
        ColumnType::Double => {
            sums_of::<Float64Type, f64>(column, array, groups, |sum, value| sum + value, Some)
        }
        ColumnType::LargeInt => {
            let (least, greatest) = (i256::from_i128(i128::MIN), i256::from_i128(i128::MAX));
            let fitting = |sum: i256| Some(sum).filter(|sum| (least..=greatest).contains(sum));
            sums_of::<Decimal256Type, i256>(column, array, groups, i256::wrapping_add, fitting)
        }
        ColumnType::Decimal { precision, .. } => {
            let least_beyond = i256::from_i128(10).wrapping_pow((*precision).into());
            let fitting = |sum: i256| Some(sum).filter(|sum| sum.wrapping_abs() < least_beyond);
            if let DataType::Decimal128(..) = array.data_type() {
                let add = |sum: i256, value| sum.wrapping_add(i256::from_i128(value));
                let narrow = |sum| fitting(sum).and_then(i256::to_i128);
                sums_of::<Decimal128Type, i256>(column, array, groups, add, narrow)
            } else {
                let narrow = |sum: Wide| sum.narrow().and_then(fitting);
                sums_of::<Decimal256Type, Wide>(column, array, groups, Wide::plus, narrow)
            }
        }
        other => Err(Error::invalid(format!("column '{}' of type {other} has no SUM", column.name))),
    }
}

fn of_integers<T: ArrowPrimitiveType>(
    column: &Column,
    array: &ArrayRef,
    groups: &[Range<usize>],
) -> Result<Sums>
where
    T::Native: Into<i128> + TryFrom<i128>,
{
    let add = |sum: i128, value: T::Native| sum + value.into();
    sums_of::<T, i128>(column, array, groups, add, |sum| T::Native::try_from(sum).ok())
}

/// Counts up in `W`, which no number of rows exceeds.
fn sums_of<T: ArrowPrimitiveType, W: Default>(
    column: &Column,
    array: &ArrayRef,
    groups: &[Range<usize>],
    add: impl Fn(W, T::Native) -> W,
    narrow: impl Fn(W) -> Option<T::Native>,
) -> Result<Sums> {
    let values = array.as_primitive_opt::<T>().ok_or_else(|| {
        Error::invalid(format!("column '{}' has values of type {}", column.name, array.data_type()))
    })?;
    let mut beyond = Vec::new();
    let of_group = |(number, group): (usize, &Range<usize>)| {
        let mut rows = group.clone().filter(|row| values.is_valid(*row)).map(|row| values.value(row));
        let first = rows.next()?;
        let Some(second) = rows.next() else { return Some(first) };
        let sum = narrow(rows.fold(add(add(W::default(), first), second), &add));
        if sum.is_none() {
            beyond.push(number);
        }
        sum
    };
    let sums: PrimitiveArray<T> = groups.iter().enumerate().map(of_group).collect();
    Ok(Sums { values: Arc::new(sums.with_data_type(array.data_type().clone())), beyond })
}

/// A sum of decimals of up to 76 digits, of which 256 bits hold but a few: the digits above the 38th and those below are
/// summed up apart.
#[derive(Clone, Copy, Default)]
struct Wide {
    high: i256,
    low: i256,
}

impl Wide {
    fn unit() -> i256 {
        i256::from_i128(10_i128.pow(38))
    }

    fn plus(self, value: i256) -> Self {
        let unit = Self::unit();
        Self {
            high: self.high.wrapping_add(value.wrapping_div(unit)),
            low: self.low.wrapping_add(value.wrapping_rem(unit)),
        }
    }

    /// The sum, when it has no more than 76 digits, or few more.
    fn narrow(self) -> Option<i256> {
        let unit = Self::unit();
        let high = self.high.wrapping_add(self.low.wrapping_div(unit));
        let low = self.low.wrapping_rem(unit);
        (high.wrapping_abs() <= unit).then(|| high.wrapping_mul(unit).wrapping_add(low))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray, Decimal256Array, Int8Array, Int64Array};
    use arrow::datatypes::{Decimal256Type, Int8Type, Int64Type, i256};
    use cairn_format::{Column, ColumnName, ColumnType, FieldId};

    use super::sums;

    fn column(column_type: ColumnType) -> Column {
        Column::new(FieldId::try_new(1).unwrap(), ColumnName::parse("v").unwrap(), column_type)
    }

    #[test]
    fn only_the_whole_sum_must_fit() {
        let array: ArrayRef = Arc::new(Int64Array::from(vec![i64::MAX, 1, -2, i64::MIN, -1, i64::MAX, 1]));
        let made = sums(&column(ColumnType::BigInt), &array, &[0..3, 3..5, 5..6, 5..7]).unwrap();
        assert_eq!(made.beyond, [1, 3]);
        let values = made.values.as_primitive::<Int64Type>();
        assert_eq!(values.iter().collect::<Vec<_>>(), [Some(i64::MAX - 1), None, Some(i64::MAX), None]);
        let array: ArrayRef = Arc::new(Int8Array::from(vec![Some(127), None, Some(127), Some(-127), None]));
        let made = sums(&column(ColumnType::TinyInt), &array, &[0..4, 4..5]).unwrap();
        assert_eq!(made.values.as_primitive::<Int8Type>().iter().collect::<Vec<_>>(), [Some(127), None]);
        assert!(made.beyond.is_empty());
    }

    #[test]
    fn sums_of_76_digits_do_not_wrap_around() {
        let most = i256::from_i128(10).wrapping_pow(76).wrapping_sub(i256::ONE);
        let least = most.wrapping_neg();
        let one = i256::ONE;
        let values =
            [[most; 9].as_slice(), &[least; 9], &[most, one, least, least, one.wrapping_neg()]].concat();
        let array = Decimal256Array::from(values).with_precision_and_scale(76, 0).unwrap();
        let array: ArrayRef = Arc::new(array);
        let decimal = column(ColumnType::Decimal { precision: 76, scale: 0 });
        let made = sums(&decimal, &array, &[0..18, 0..19, 0..17, 18..20, 18..22, 20..23]).unwrap();
        assert_eq!(made.beyond, [3, 5]);
        let found = made.values.as_primitive::<Decimal256Type>();
        assert_eq!(found.value(0), i256::ZERO);
        assert_eq!(found.value(1), most);
        assert_eq!(found.value(2), most);
        assert_eq!(found.value(4), one.wrapping_sub(most));
    }
}
