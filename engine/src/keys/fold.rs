//! Sorting a tablet's rows by the key, and making one row of those with equal keys.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, AsArray, BinaryBuilder, Int8Array,
    PrimitiveArray, UInt32Array, make_comparator,
};
use arrow::compute::{SortOptions, concat_batches, take};
use arrow::datatypes::{
    DataType, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, SchemaRef, i256,
};
use arrow::record_batch::RecordBatch;
use arrow::row::Rows;
use cairn_format::{Aggregation, Column, ColumnType, TableDefinition, merge_sketches};

use super::rule::MergeRule;
use super::sort::{failed, order_of, rows_of, sorted, taken};
use crate::error::{Error, Result};

/// A row is put, or deleted, or takes the place of what the table has whatever that is.
pub(crate) const PUT: i8 = 0;
pub(crate) const DELETE: i8 = 1;
const REPLACE: i8 = 2;

/// What `rule` makes of the rows of `batches`, of which the later ones are the newer, in one batch: sorted by the key, nulls
/// first, or, when all are kept, in the order of the table's files.
pub(crate) fn fold(
    schema: &SchemaRef,
    batches: Vec<RecordBatch>,
    table: &TableDefinition,
    rule: &MergeRule,
) -> Result<RecordBatch> {
    if *rule == MergeRule::Keep {
        return sorted(schema, batches, table);
    }
    let batch = concat_batches(schema, &batches).map_err(failed)?;
    drop(batches);
    let keys = rows_of(&batch, &(0..table.key_columns).collect::<Vec<_>>())?;
    let (order, is_sorted) = order_of(&keys)?;
    let groups = groups(&keys, &order);
    drop(keys);
    let has_pairs = groups.len() < order.len();
    match rule {
        MergeRule::Keep | MergeRule::Newest if !has_pairs && is_sorted => Ok(batch),
        MergeRule::Keep | MergeRule::Newest => {
            taken(&batch, groups.into_iter().map(|group| order[group.end - 1]).collect())
        }
        MergeRule::Aggregate(of_columns) => {
            let batch = if is_sorted { batch } else { taken(&batch, order)? };
            if has_pairs { aggregated(&batch, table, of_columns, &groups) } else { Ok(batch) }
        }
        MergeRule::Upsert { given, condition } => {
            let batch = if is_sorted { batch } else { taken(&batch, order)? };
            if has_pairs { upserted(&batch, given, *condition, &groups) } else { Ok(batch) }
        }
    }
}

/// Ranges of places in `order` whose keys are equal.
fn groups(keys: &Rows, order: &[u32]) -> Vec<Range<usize>> {
    let row = |place: usize| keys.row(order[place] as usize);
    let mut groups = Vec::with_capacity(order.len());
    let mut start = 0;
    for place in 1..=order.len() {
        if place == order.len() || row(place) != row(start) {
            groups.push(start..place);
            start = place;
        }
    }
    groups
}

fn taken_column(column: &ArrayRef, rows: &UInt32Array) -> Result<ArrayRef> {
    take(column, rows, None).map_err(failed)
}

#[expect(clippy::cast_possible_truncation, reason = "a batch has no more rows than 32 bits count")]
fn index(row: usize) -> u32 {
    row as u32
}

fn aggregated(
    batch: &RecordBatch,
    table: &TableDefinition,
    of_columns: &[Option<Aggregation>],
    groups: &[Range<usize>],
) -> Result<RecordBatch> {
    let columns = batch.columns().iter().zip(&table.columns).zip(of_columns);
    let columns = columns.map(|((array, column), aggregation)| {
        let chosen = |choose: &dyn Fn(Range<usize>) -> usize| {
            let rows = groups.iter().map(|group| index(choose(group.clone()))).collect::<Vec<_>>();
            taken_column(array, &UInt32Array::from(rows))
        };
        match aggregation {
            None | Some(Aggregation::Replace) => chosen(&|group| group.end - 1),
            Some(Aggregation::ReplaceIfNotNull) => {
                chosen(&|group| group.clone().rev().find(|row| array.is_valid(*row)).unwrap_or(group.start))
            }
            Some(Aggregation::Min) => best(array, groups, Ordering::Less),
            Some(Aggregation::Max) => best(array, groups, Ordering::Greater),
            Some(Aggregation::Sum) => sums(column, array, groups),
            Some(Aggregation::HllUnion | Aggregation::BitmapUnion | Aggregation::PercentileUnion) => {
                unions(column, array, groups)
            }
        }
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    RecordBatch::try_new(batch.schema(), columns).map_err(failed)
}

/// The least or greatest value of each group; null when it has none.
fn best(array: &ArrayRef, groups: &[Range<usize>], wanted: Ordering) -> Result<ArrayRef> {
    let compare = make_comparator(array, array, SortOptions::default()).map_err(failed)?;
    let of_group = |group: &Range<usize>| {
        let values = group.clone().filter(|row| array.is_valid(*row));
        let best = values.reduce(|best, row| if compare(row, best) == wanted { row } else { best });
        index(best.unwrap_or(group.start))
    };
    taken_column(array, &UInt32Array::from(groups.iter().map(of_group).collect::<Vec<_>>()))
}

/// The sketch of each group; null when it has none.
fn unions(column: &Column, array: &ArrayRef, groups: &[Range<usize>]) -> Result<ArrayRef> {
    let values = array.as_binary_opt::<i32>().ok_or_else(|| {
        Error::invalid(format!("column '{}' has values of type {}", column.name, array.data_type()))
    })?;
    let mut merged = BinaryBuilder::new();
    for group in groups {
        let rows: Vec<usize> = group.clone().filter(|row| values.is_valid(*row)).collect();
        match rows.as_slice() {
            [] => merged.append_null(),
            [row] => merged.append_value(values.value(*row)),
            rows => {
                let sketches = rows.iter().map(|row| values.value(*row));
                let sketch = merge_sketches(&column.column_type, sketches)
                    .map_err(|e| Error::from(e).about(format_args!("column '{}'", column.name)))?;
                merged.append_value(sketch);
            }
        }
    }
    Ok(Arc::new(merged.finish()))
}

fn sums(column: &Column, array: &ArrayRef, groups: &[Range<usize>]) -> Result<ArrayRef> {
    match &column.column_type {
        ColumnType::TinyInt => sums_of::<Int8Type>(column, array, groups, |_| true),
        ColumnType::SmallInt => sums_of::<Int16Type>(column, array, groups, |_| true),
        ColumnType::Int => sums_of::<Int32Type>(column, array, groups, |_| true),
        ColumnType::BigInt => sums_of::<Int64Type>(column, array, groups, |_| true),
        ColumnType::Float => sums_of::<Float32Type>(column, array, groups, |_| true),
        ColumnType::Double => sums_of::<Float64Type>(column, array, groups, |_| true),
        ColumnType::LargeInt => {
            let (least, greatest) = (i256::from_i128(i128::MIN), i256::from_i128(i128::MAX));
            sums_of::<Decimal256Type>(column, array, groups, |sum| (least..=greatest).contains(&sum))
        }
        ColumnType::Decimal { precision, .. } => {
            let least_beyond = i256::from_i128(10).wrapping_pow((*precision).into());
            let fits = |sum: i256| sum.wrapping_abs() < least_beyond;
            match array.data_type() {
                DataType::Decimal128(..) => {
                    sums_of::<Decimal128Type>(column, array, groups, |sum| fits(i256::from_i128(sum)))
                }
                _ => sums_of::<Decimal256Type>(column, array, groups, fits),
            }
        }
        other => Err(Error::invalid(format!("column '{}' of type {other} has no SUM", column.name))),
    }
}

/// Sums stay in the column's type: one that does not fit is refused, where StarRocks would wrap it around.
fn sums_of<T: ArrowPrimitiveType>(
    column: &Column,
    array: &ArrayRef,
    groups: &[Range<usize>],
    fits: impl Fn(T::Native) -> bool,
) -> Result<ArrayRef> {
    let values = array.as_primitive_opt::<T>().ok_or_else(|| {
        Error::invalid(format!("column '{}' has values of type {}", column.name, array.data_type()))
    })?;
    let overflow = || {
        Error::invalid(format!(
            "column '{}': the SUM of rows with one key does not fit {}; load smaller values, or use a wider type",
            column.name, column.column_type
        ))
    };
    let of_group = |group: &Range<usize>| -> Result<Option<T::Native>> {
        let mut sum: Option<T::Native> = None;
        for row in group.clone().filter(|row| values.is_valid(*row)) {
            let value = values.value(row);
            sum = Some(match sum {
                None => value,
                Some(sum) => sum.add_checked(value).ok().filter(|sum| fits(*sum)).ok_or_else(overflow)?,
            });
        }
        Ok(sum)
    };
    let sums = groups.iter().map(of_group).collect::<Result<PrimitiveArray<T>>>()?;
    Ok(Arc::new(sums.with_data_type(array.data_type().clone())))
}

/// The last column says what is done with each row; it says so of the outcome, too.
fn upserted(
    batch: &RecordBatch,
    given: &[bool],
    condition: Option<usize>,
    groups: &[Range<usize>],
) -> Result<RecordBatch> {
    let malformed = || Error::invalid("rows of an update do not say what is done with them");
    let (operations, columns) = batch.columns().split_last().ok_or_else(malformed)?;
    let operations = operations.as_primitive_opt::<Int8Type>().ok_or_else(malformed)?;
    let compare = condition
        .map(|column| make_comparator(&columns[column], &columns[column], SortOptions::default()))
        .transpose()
        .map_err(failed)?;
    let holds =
        |new: usize, old: usize| compare.as_ref().is_none_or(|compare| compare(new, old) != Ordering::Less);
    let (mut oldest, mut newest) = (Vec::with_capacity(groups.len()), Vec::with_capacity(groups.len()));
    let mut outcomes = Vec::with_capacity(groups.len());
    for group in groups {
        let (mut first, mut last, mut outcome) = (group.start, group.start, operations.value(group.start));
        for row in group.clone().skip(1) {
            match operations.value(row) {
                DELETE => (first, last, outcome) = (row, row, DELETE),
                PUT if outcome != DELETE => {
                    if holds(row, last) {
                        last = row;
                    }
                }
                _ => (first, last, outcome) = (row, row, REPLACE),
            }
        }
        oldest.push(index(first));
        newest.push(index(last));
        outcomes.push(outcome);
    }
    let (oldest, newest) = (UInt32Array::from(oldest), UInt32Array::from(newest));
    let columns = columns.iter().zip(given);
    let columns = columns.map(|(array, given)| taken_column(array, if *given { &newest } else { &oldest }));
    let mut columns = columns.collect::<Result<Vec<_>>>()?;
    columns.push(Arc::new(Int8Array::from(outcomes)));
    RecordBatch::try_new(batch.schema(), columns).map_err(failed)
}
