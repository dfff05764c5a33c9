//! Sorting a tablet's rows by the key, and making one row of those with equal keys.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, Int8Array, UInt32Array, make_comparator};
use arrow::compute::{SortOptions, concat_batches, take};
use arrow::datatypes::{Int8Type, SchemaRef};
use arrow::record_batch::RecordBatch;
use arrow::row::Rows;
use cairn_format::{Aggregation, Column, TableDefinition, merge_sketches};

use super::rule::MergeRule;
use super::sort::{failed, order_of, rows_of, sorted, taken, too_large};
use super::sum::sums;
use crate::error::{Error, Result};

/// A row is put, or deleted, or takes the place of what the table has whatever that is.
pub(crate) const PUT: i8 = 0;
pub(crate) const DELETE: i8 = 1;
const REPLACE: i8 = 2;

/// Rows of which one is made of those of each key, as far as that can be.
pub(crate) struct Folded {
    /// A row a key, sorted by the key, nulls first; or, when all are kept, all in the order of the table's files.
    pub(crate) rows: RecordBatch,
    /// The rows of the keys of which a sum does not fit its column.
    pub(crate) beyond: Option<Beyond>,
}

/// Rows of keys of which a sum does not fit its column, as they were and sorted by the key: together with others of these
/// keys they may fit yet.
pub(crate) struct Beyond {
    pub(crate) rows: RecordBatch,
    /// The position of a column whose sum does not fit, for the first of the keys.
    pub(crate) column: usize,
    /// How many keys they have.
    pub(crate) keys: usize,
}

impl Folded {
    fn whole(rows: RecordBatch) -> Self {
        Self { rows, beyond: None }
    }

    /// What it has of rows.
    pub(crate) fn batches(&self) -> impl Iterator<Item = &RecordBatch> {
        let beyond = self.beyond.iter().map(|beyond| &beyond.rows);
        std::iter::once(&self.rows).chain(beyond).filter(|rows| rows.num_rows() > 0)
    }

    /// How many keys there are, where a key has one row.
    pub(crate) fn keys(&self) -> usize {
        self.rows.num_rows() + self.beyond.as_ref().map_or(0, |beyond| beyond.keys)
    }
}

/// What `rule` makes of the rows of `batches`, of which the later ones are the newer.
pub(crate) fn fold(
    schema: &SchemaRef,
    batches: Vec<RecordBatch>,
    table: &TableDefinition,
    rule: &MergeRule,
) -> Result<Folded> {
    if *rule == MergeRule::Keep {
        return sorted(schema, batches, table).map(Folded::whole);
    }
    let batch = concat_batches(schema, &batches).map_err(failed)?;
    drop(batches);
    let keys = rows_of(&batch, &(0..table.key_columns).collect::<Vec<_>>())?;
    let (order, is_sorted) = order_of(&keys)?;
    let groups = groups(&keys, &order);
    drop(keys);
    let has_pairs = groups.len() < order.len();
    let rows = match rule {
        MergeRule::Keep | MergeRule::Newest if !has_pairs && is_sorted => batch,
        MergeRule::Keep | MergeRule::Newest => {
            taken(&batch, groups.into_iter().map(|group| order[group.end - 1]).collect())?
        }
        MergeRule::Aggregate(of_columns) => {
            let batch = if is_sorted { batch } else { taken(&batch, order)? };
            if has_pairs {
                return aggregated(&batch, table, of_columns, &groups);
            }
            batch
        }
        MergeRule::Upsert { given, condition } => {
            let batch = if is_sorted { batch } else { taken(&batch, order)? };
            if has_pairs { upserted(&batch, given, *condition, &groups)? } else { batch }
        }
    };
    Ok(Folded::whole(rows))
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
) -> Result<Folded> {
    let mut columns = Vec::with_capacity(of_columns.len());
    // The groups of which a sum does not fit, each with the first such column.
    let mut beyond = BTreeMap::new();
    let of_batch = batch.columns().iter().zip(&table.columns).zip(of_columns);
    for (position, ((array, column), aggregation)) in of_batch.enumerate() {
        let chosen = |choose: &dyn Fn(Range<usize>) -> usize| {
            let rows = groups.iter().map(|group| index(choose(group.clone()))).collect::<Vec<_>>();
            taken_column(array, &UInt32Array::from(rows))
        };
        columns.push(match aggregation {
            None | Some(Aggregation::Replace) => chosen(&|group| group.end - 1)?,
            Some(Aggregation::ReplaceIfNotNull) => {
                chosen(&|group| group.clone().rev().find(|row| array.is_valid(*row)).unwrap_or(group.start))?
            }
            Some(Aggregation::Min) => best(array, groups, Ordering::Less)?,
            Some(Aggregation::Max) => best(array, groups, Ordering::Greater)?,
            Some(Aggregation::Sum) => {
                let sums = sums(column, array, groups)?;
                for group in sums.beyond {
                    beyond.entry(group).or_insert(position);
                }
                sums.values
            }
            Some(Aggregation::HllUnion | Aggregation::BitmapUnion | Aggregation::PercentileUnion) => {
                unions(column, array, groups)?
            }
        });
    }
    let Some((_, column)) = beyond.first_key_value() else {
        return RecordBatch::try_new(batch.schema(), columns).map(Folded::whole).map_err(failed);
    };
    let is_beyond = |(number, _): &(usize, &Range<usize>)| beyond.contains_key(number);
    let (left, fitting): (Vec<_>, Vec<_>) = groups.iter().enumerate().partition(is_beyond);
    let fitting: Vec<Range<usize>> = fitting.into_iter().map(|(_, group)| group.clone()).collect();
    let left = left.into_iter().flat_map(|(_, group)| group.clone()).map(index).collect();
    let beyond = Beyond { rows: taken(batch, left)?, column: *column, keys: beyond.len() };
    let Folded { rows, .. } = aggregated(batch, table, of_columns, &fitting)?;
    Ok(Folded { rows, beyond: Some(beyond) })
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
    // The builder panics where its offsets end.
    let mut bytes = 0_usize;
    let mut count = |sketch: &[u8]| {
        bytes = bytes.saturating_add(sketch.len());
        if i32::try_from(bytes).is_ok() { Ok(()) } else { Err(too_large()) }
    };
    for group in groups {
        let rows: Vec<usize> = group.clone().filter(|row| values.is_valid(*row)).collect();
        match rows.as_slice() {
            [] => merged.append_null(),
            [row] => {
                count(values.value(*row))?;
                merged.append_value(values.value(*row));
            }
            rows => {
                let sketches = rows.iter().map(|row| values.value(*row));
                let sketch = merge_sketches(&column.column_type, sketches)
                    .map_err(|e| Error::from(e).about(format_args!("column '{}'", column.name)))?;
                count(&sketch)?;
                merged.append_value(sketch);
            }
        }
    }
    Ok(Arc::new(merged.finish()))
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
