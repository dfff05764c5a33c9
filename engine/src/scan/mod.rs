//! Choosing the segments that a query must read.
//!
//! A predicate leaves out partitions by their range or values, tablets by their bucket, and segments by their bounds. What is
//! left may hold rows that match; the reader still filters.

use std::cmp::Ordering;

use cairn_format::{
    BoundValue, Column, ColumnBounds, Distribution, FieldId, PartitionRange, PartitionRows, TableDefinition,
    Value,
};

use crate::catalog::{Segment, Table};
use crate::load::hash_of_row;
use crate::partition::may_be_between;

/// What a row must keep to be of interest: `column operator value`.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnPredicate {
    /// The column.
    pub field_id: FieldId,
    /// What its value must be.
    pub test: ColumnTest,
}

/// A condition on one column's value. A null value keeps none but [`ColumnTest::IsNull`].
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnTest {
    /// Equal to one of these.
    In(Vec<Value>),
    /// Below.
    Less(Value),
    /// Below or equal.
    LessOrEqual(Value),
    /// Above.
    Greater(Value),
    /// Above or equal.
    GreaterOrEqual(Value),
    /// Null.
    IsNull,
    /// Not null.
    IsNotNull,
}

impl ColumnTest {
    /// Whether some value between `lower` and `upper`, both in, can pass; an open end says nothing.
    fn may_pass_between(&self, lower: Option<&Value>, upper: Option<&Value>) -> bool {
        // An order that is not known rules nothing out.
        let side = |end: Option<&Value>, value: &Value, wanted: Ordering, strict: bool| {
            end.and_then(|end| end.compare(value))
                .is_none_or(|order| order == wanted || (order.is_eq() && !strict))
        };
        let below = |end, value, strict| side(end, value, Ordering::Less, strict);
        let above = |end, value, strict| side(end, value, Ordering::Greater, strict);
        match self {
            Self::In(values) => values.iter().any(|v| below(lower, v, false) && above(upper, v, false)),
            Self::Less(v) => below(lower, v, true),
            Self::LessOrEqual(v) => below(lower, v, false),
            Self::Greater(v) => above(upper, v, true),
            Self::GreaterOrEqual(v) => above(upper, v, false),
            Self::IsNull | Self::IsNotNull => true,
        }
    }

    /// Whether `value` can pass.
    fn may_pass(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::IsNull, value) => *value == Value::Null,
            (_, Value::Null) => false,
            (test, value) => test.may_pass_between(Some(value), Some(value)),
        }
    }

    fn may_pass_in_segment(&self, bounds: &ColumnBounds, rows: u64) -> bool {
        match self {
            Self::IsNull => bounds.null_count != Some(0),
            _ if bounds.null_count == Some(rows) => false,
            test => test.may_pass_between(bounds.lower.as_ref(), bounds.upper.as_ref()),
        }
    }
}

/// The segments of `table` that may hold rows which keep all of `predicates`.
pub fn select_segments<'t>(table: &'t Table, predicates: &[ColumnPredicate]) -> Vec<&'t Segment> {
    let hash = wanted_hash(&table.definition, predicates);
    let mut selected = Vec::new();
    for partition in &table.partitions {
        if !may_match_partition(&table.definition, &partition.definition.rows, predicates) {
            continue;
        }
        let buckets = partition.tablets.len();
        for (number, tablet) in partition.tablets.iter().enumerate() {
            if hash.is_none_or(|hash| hash as usize % buckets == number) {
                selected.extend(tablet.segments().filter(|segment| may_match_segment(segment, predicates)));
            }
        }
    }
    selected
}

fn may_match_segment(segment: &Segment, predicates: &[ColumnPredicate]) -> bool {
    predicates.iter().all(|predicate| {
        let bounds = segment.bounds.iter().find(|bounds| bounds.field_id == predicate.field_id);
        bounds.is_none_or(|bounds| predicate.test.may_pass_in_segment(bounds, segment.rows))
    })
}

fn may_match_partition(
    table: &TableDefinition,
    rows: &PartitionRows,
    predicates: &[ColumnPredicate],
) -> bool {
    match rows {
        PartitionRows::All => true,
        PartitionRows::Range(range) => may_match_range(table, range, predicates),
        PartitionRows::List(lists) => {
            let columns = table.partitioning.columns();
            lists.iter().any(|values| {
                predicates.iter().all(|predicate| {
                    let at = columns.iter().position(|column| *column == predicate.field_id);
                    at.and_then(|at| values.get(at))
                        .is_none_or(|value| may_pass_list(table, predicate, value))
                })
            })
        }
    }
}

/// Whether a row can pass whose partition column has this value in a list: it is that value, or in the step which begins
/// there.
fn may_pass_list(table: &TableDefinition, predicate: &ColumnPredicate, value: &Value) -> bool {
    let step = table.partitioning.list_step(predicate.field_id).filter(|_| *value != Value::Null);
    let Some(step) = step else { return predicate.test.may_pass(value) };
    let Ok(column) = table.column_by_id(predicate.field_id) else { return true };
    let (lower, upper) = may_be_between(value, &column.column_type, step);
    predicate.test != ColumnTest::IsNull && predicate.test.may_pass_between(lower.as_ref(), upper.as_ref())
}

/// Only the first partition column has a range of its own: the others' depend on it.
fn may_match_range(table: &TableDefinition, range: &PartitionRange, predicates: &[ColumnPredicate]) -> bool {
    let Some(first) = table.partitioning.columns().first() else { return true };
    let lower = range.lower().values().first();
    let upper = range.upper().values().first();
    let single = table.partitioning.columns().len() == 1;
    predicates.iter().filter(|predicate| predicate.field_id == *first).all(|predicate| {
        if predicate.test == ColumnTest::IsNull {
            return lower == Some(&BoundValue::Min);
        }
        let value = |bound: Option<&BoundValue>| match bound {
            Some(BoundValue::Value(value)) => Some(value.clone()),
            _ => None,
        };
        let (lower, upper) = (value(lower), value(upper));
        if !predicate.test.may_pass_between(lower.as_ref(), upper.as_ref()) {
            return false;
        }
        // With one column the upper end itself is out.
        match (&predicate.test, &upper) {
            (ColumnTest::GreaterOrEqual(v), Some(upper)) if single => {
                upper.compare(v) != Some(Ordering::Equal)
            }
            (ColumnTest::In(values), Some(upper)) if single => values.iter().any(|v| {
                v.compare(upper).is_none_or(Ordering::is_lt)
                    && lower.as_ref().is_none_or(|lower| lower.compare(v).is_none_or(Ordering::is_le))
            }),
            _ => true,
        }
    })
}

/// The hash of matching rows, when every bucket column must equal one value.
fn wanted_hash(table: &TableDefinition, predicates: &[ColumnPredicate]) -> Option<u32> {
    let Distribution::Hash { columns, .. } = &table.distribution else { return None };
    let one_value = |column: &Column| {
        predicates.iter().find_map(|predicate| match &predicate.test {
            ColumnTest::In(values) if predicate.field_id == column.field_id && values.len() == 1 => {
                values.first().cloned()
            }
            ColumnTest::IsNull if predicate.field_id == column.field_id => Some(Value::Null),
            _ => None,
        })
    };
    let values = columns.iter().map(|id| {
        let column = table.column_by_id(*id).ok()?;
        Some((column.column_type.clone(), one_value(column)?))
    });
    hash_of_row(&values.collect::<Option<Vec<_>>>()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(null_count: u64, lower: i128, upper: i128) -> ColumnBounds {
        let value = |v| Some(Value::Integer(v));
        let field_id = FieldId::try_new(1).unwrap();
        ColumnBounds { field_id, null_count: Some(null_count), lower: value(lower), upper: value(upper) }
    }

    #[test]
    fn a_segment_is_left_out_only_when_no_row_can_match() {
        let v = Value::Integer;
        let cases = [
            (ColumnTest::In(vec![v(9), v(21)]), false),
            (ColumnTest::In(vec![v(9), v(20)]), true),
            (ColumnTest::Less(v(10)), false),
            (ColumnTest::LessOrEqual(v(10)), true),
            (ColumnTest::Greater(v(20)), false),
            (ColumnTest::GreaterOrEqual(v(20)), true),
            (ColumnTest::IsNull, false),
            (ColumnTest::IsNotNull, true),
            // Values of another type are not compared.
            (ColumnTest::Less(Value::Text("1".into())), true),
        ];
        for (test, expected) in cases {
            assert_eq!(test.may_pass_in_segment(&bounds(0, 10, 20), 5), expected, "{test:?}");
        }
        assert!(ColumnTest::IsNull.may_pass_in_segment(&bounds(1, 10, 20), 5));
        assert!(!ColumnTest::IsNotNull.may_pass_in_segment(&bounds(5, 10, 20), 5));
    }
}
