//! Partitions and the ranges that they hold.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use super::types::ColumnType;
use super::value::Value;
use crate::error::{Error, Result};
use crate::name::PartitionName;

/// One position of a range's end.
#[derive(Clone, Debug, PartialEq)]
pub enum BoundValue {
    /// Before every value and null.
    Min,
    /// At a value, never null.
    Value(Value),
    /// After every value.
    Max,
}

impl BoundValue {
    fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Value(a), Self::Value(b)) => a.compare(b),
            (Self::Min, Self::Min) | (Self::Max, Self::Max) => Some(Ordering::Equal),
            (Self::Min, _) | (_, Self::Max) => Some(Ordering::Less),
            (Self::Max, _) | (_, Self::Min) => Some(Ordering::Greater),
        }
    }
}

/// An end of a range: one [`BoundValue`] for each partition column, compared from the left.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionBound(Vec<BoundValue>);

impl PartitionBound {
    /// A bound over columns of `types`. Missing positions on the right are [`BoundValue::Min`], as StarRocks has it;
    /// the least value of a type is the same as [`BoundValue::Min`].
    ///
    /// # Errors
    ///
    /// When there are more positions than columns.
    pub fn try_new(mut values: Vec<BoundValue>, types: &[ColumnType]) -> Result<Self> {
        if values.is_empty() || values.len() > types.len() {
            return Err(Error::invalid(format!(
                "a partition bound has {} values for {} partition columns",
                values.len(),
                types.len()
            )));
        }
        values.resize(types.len(), BoundValue::Min);
        for (value, column_type) in values.iter_mut().zip(types) {
            if matches!(value, BoundValue::Value(v) if Value::least(column_type).as_ref() == Some(v)) {
                *value = BoundValue::Min;
            }
        }
        Ok(Self(values))
    }

    /// The positions, one for each partition column.
    pub fn values(&self) -> &[BoundValue] {
        &self.0
    }

    /// Whether every position is [`BoundValue::Min`].
    pub fn is_min(&self) -> bool {
        self.0.iter().all(|v| *v == BoundValue::Min)
    }

    /// The order of two bounds over the same columns.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        for (a, b) in self.0.iter().zip(&other.0) {
            match a.compare(b)? {
                Ordering::Equal => {}
                unequal => return Some(unequal),
            }
        }
        Some(Ordering::Equal)
    }

    fn is_before(&self, other: &Self) -> bool {
        self.compare(other) == Some(Ordering::Less)
    }
}

/// The rows of one partition: `lower` is in, `upper` is not.
///
/// Invariant: `lower` is before `upper`, and both have one position for each partition column.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionRange {
    lower: PartitionBound,
    upper: PartitionBound,
}

impl PartitionRange {
    /// The range from `lower` up to but without `upper`.
    pub fn try_new(lower: PartitionBound, upper: PartitionBound) -> Result<Self> {
        if lower.0.len() != upper.0.len() || !lower.is_before(&upper) {
            return Err(Error::invalid("a partition's lower bound is not before its upper bound".to_owned()));
        }
        Ok(Self { lower, upper })
    }

    /// The first position that is in.
    pub fn lower(&self) -> &PartitionBound {
        &self.lower
    }

    /// The first position that is out.
    pub fn upper(&self) -> &PartitionBound {
        &self.upper
    }

    /// Whether a row whose partition columns are at `position` belongs here. Null stands at [`BoundValue::Min`].
    pub fn contains(&self, position: &PartitionBound) -> bool {
        !position.is_before(&self.lower) && position.is_before(&self.upper)
    }

    /// Whether some row could belong to both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.lower.is_before(&other.upper) && other.lower.is_before(&self.upper)
    }

    /// The range as StarRocks writes it in a definition, with the values of `types`: `[("1"), ("2"))`.
    pub fn display<'a>(&'a self, types: &'a [ColumnType]) -> impl fmt::Display + 'a {
        RangeText { range: self, types }
    }
}

struct RangeText<'a> {
    range: &'a PartitionRange,
    types: &'a [ColumnType],
}

impl fmt::Display for RangeText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "[({}), ({}))",
            bound_text(&self.range.lower, self.types),
            bound_text(&self.range.upper, self.types)
        )
    }
}

/// A bound's positions as SQL writes them: `"2013-01-01", MAXVALUE`.
pub(crate) fn bound_text(bound: &PartitionBound, types: &[ColumnType]) -> String {
    let one = |(value, column_type): (&BoundValue, &ColumnType)| match value {
        BoundValue::Max => "MAXVALUE".to_owned(),
        BoundValue::Min => quoted(Value::least(column_type).and_then(|v| v.to_text(column_type))),
        BoundValue::Value(v) => quoted(v.to_text(column_type)),
    };
    bound.0.iter().zip(types).map(one).collect::<Vec<_>>().join(", ")
}

fn quoted(text: Option<String>) -> String {
    super::ddl::string_literal(&text.unwrap_or_default())
}

/// Which rows of its table a partition holds.
#[derive(Clone, Debug, PartialEq)]
pub enum PartitionRows {
    /// All of them: the table is not partitioned.
    All,
    /// Those in a range.
    Range(PartitionRange),
    /// Those whose partition columns have one of these lists of values, one value a column.
    List(Vec<Vec<Value>>),
}

impl PartitionRows {
    /// The range; `None` of another kind.
    pub fn range(&self) -> Option<&PartitionRange> {
        if let Self::Range(range) = self { Some(range) } else { None }
    }

    /// The lists of values; none of another kind.
    pub fn lists(&self) -> &[Vec<Value>] {
        if let Self::List(lists) = self { lists } else { &[] }
    }

    /// Whether some row could belong to both.
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Range(a), Self::Range(b)) => a.overlaps(b),
            (Self::List(a), Self::List(b)) => a.iter().any(|values| b.contains(values)),
            _ => true,
        }
    }

    /// Whether both hold the same rows: the order of lists says nothing.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(a), Self::List(b)) => {
                a.len() == b.len()
                    && a.iter().all(|values| b.contains(values))
                    && b.iter().all(|values| a.contains(values))
            }
            _ => self == other,
        }
    }

    /// The rows as StarRocks writes them in a definition, with values of `types`; empty when it is all of them.
    pub fn display(&self, types: &[ColumnType]) -> String {
        match self {
            Self::All => String::new(),
            Self::Range(range) => range.display(types).to_string(),
            Self::List(lists) => {
                let tuple = |values: &Vec<Value>| {
                    let texts = values.iter().zip(types).map(|(value, column_type)| match value {
                        Value::Null => "NULL".to_owned(),
                        value => quoted(value.to_text(column_type)),
                    });
                    let texts = texts.collect::<Vec<_>>().join(", ");
                    if types.len() == 1 { texts } else { format!("({texts})") }
                };
                format!("({})", lists.iter().map(tuple).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// One partition as it is declared.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionDefinition {
    /// Its name; an unpartitioned table's one partition is named like the table.
    pub name: PartitionName,
    /// What it holds.
    pub rows: PartitionRows,
    /// How many buckets it has, where that is another number than the table's.
    pub buckets: Option<u32>,
    /// StarRocks' properties of a single partition, where they are not the table's.
    pub properties: BTreeMap<String, String>,
}

impl PartitionDefinition {
    /// A partition that is in all else as its table says.
    pub fn new(name: PartitionName, rows: PartitionRows) -> Self {
        Self { name, rows, buckets: None, properties: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATES: &[ColumnType] = &[ColumnType::Date, ColumnType::Int];

    fn bound(values: &[BoundValue]) -> PartitionBound {
        PartitionBound::try_new(values.to_vec(), DATES).unwrap()
    }

    #[test]
    fn a_range_holds_its_lower_end_and_null() {
        let day = |d| BoundValue::Value(Value::Date(d));
        let first = PartitionRange::try_new(bound(&[BoundValue::Min]), bound(&[day(10)])).unwrap();
        let second = PartitionRange::try_new(bound(&[day(10)]), bound(&[BoundValue::Max])).unwrap();
        assert!(first.contains(&bound(&[BoundValue::Min])));
        assert!(first.contains(&bound(&[day(9), BoundValue::Max])));
        assert!(!first.contains(&bound(&[day(10)])));
        assert!(second.contains(&bound(&[day(10)])));
        assert!(!first.overlaps(&second));
        assert!(PartitionRange::try_new(bound(&[day(1)]), bound(&[day(1)])).is_err());
    }

    #[test]
    fn the_least_value_is_the_minimum() {
        let least = bound(&[BoundValue::Value(Value::parse(&ColumnType::Date, "0000-01-01").unwrap())]);
        assert!(least.is_min());
        assert_eq!(bound_text(&least, DATES), "\"0000-01-01\", \"-2147483648\"");
    }
}
