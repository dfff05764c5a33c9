//! Finding keys in a file: only row groups that can hold one are read, and of them only the key.

use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef};
use arrow::record_batch::RecordBatch;
use arrow::row::{Row, RowConverter, Rows, SortField};
use cairn_format::{ColumnBounds, TableDefinition, Value};
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;

use crate::error::{Error, Result};
use crate::segment::FileReader;

/// Keys to be found, sorted and each there once.
pub(super) struct Keys {
    converter: RowConverter,
    rows: Rows,
    /// The first column of the keys alone, by which row groups are left out.
    first_converter: RowConverter,
    first: Rows,
    bounds: Vec<(Value, Value)>,
    columns: usize,
}

fn failed(error: arrow::error::ArrowError) -> Error {
    Error::invalid("keys cannot be compared").with_source(error)
}

impl Keys {
    /// The keys of `batch`, which is sorted by them and whose first columns they are.
    pub(super) fn of(table: &TableDefinition, batch: &RecordBatch) -> Result<Self> {
        let columns = table.key_columns;
        let arrays = &batch.columns()[..columns];
        let field = |array: &ArrayRef| SortField::new(array.data_type().clone());
        let converter = RowConverter::new(arrays.iter().map(field).collect()).map_err(failed)?;
        let rows = converter.convert_columns(arrays).map_err(failed)?;
        let first_converter = RowConverter::new(vec![field(&arrays[0])]).map_err(failed)?;
        let first = first_converter.convert_columns(&arrays[..1]).map_err(failed)?;
        let bounds = table.key().iter().zip(arrays).map(|(column, array)| {
            let bounds = ColumnBounds::of(column, array.as_ref())?;
            let end = |value: Option<Value>| value.unwrap_or(Value::Null);
            let nulls = bounds.null_count != Some(0);
            // A null is below every value.
            let lower = if nulls { Value::Null } else { end(bounds.lower) };
            Ok((lower, end(bounds.upper)))
        });
        Ok(Self { converter, rows, first_converter, first, bounds: bounds.collect::<Result<_>>()?, columns })
    }

    /// Whether a file with these bounds can hold one of the keys.
    pub(super) fn may_be_in(&self, table: &TableDefinition, bounds: &[ColumnBounds]) -> bool {
        let overlaps = |(column, (lower, upper)): (&cairn_format::Column, &(Value, Value))| {
            let Some(file) = bounds.iter().find(|bounds| bounds.field_id == column.field_id) else {
                return true;
            };
            // An order that is not known rules nothing out, and a null may stand anywhere.
            if file.null_count != Some(0) || *lower == Value::Null || *upper == Value::Null {
                return true;
            }
            let is_above = |a: Option<&Value>, b: Option<&Value>| {
                a.zip(b).and_then(|(a, b)| a.compare(b)) == Some(Ordering::Greater)
            };
            !is_above(file.lower.as_ref(), Some(upper)) && !is_above(Some(lower), file.upper.as_ref())
        };
        table.key().iter().zip(&self.bounds).all(overlaps)
    }

    /// The keys that a file has: the place of each in the file, and among the keys.
    pub(super) fn find(&self, file: &FileReader<'_>) -> Result<Vec<(u32, u32)>> {
        let is_sorted = self.is_sorted(file);
        let groups = self.row_groups(file)?;
        let columns: Vec<usize> = (0..self.columns).collect();
        let mut found = Vec::new();
        let mut next = 0;
        for group in groups {
            let (first_row, batches) = file.row_group(group, &columns)?;
            let mut row = first_row;
            for batch in batches {
                let batch = batch?;
                let rows = self.converter.convert_columns(batch.columns()).map_err(failed)?;
                if is_sorted {
                    next = self.join(&rows, next, row, &mut found);
                } else {
                    self.search(&rows, row, &mut found);
                }
                row += u32::try_from(batch.num_rows()).map_err(|_| too_many())?;
            }
        }
        Ok(found)
    }

    /// Whether a file says that its rows are sorted by the key.
    fn is_sorted(&self, file: &FileReader<'_>) -> bool {
        file.begins_alike(self.columns)
            && file.metadata().metadata().row_groups().iter().all(|group| {
                let columns = group.sorting_columns().map_or(&[][..], Vec::as_slice);
                columns.len() >= self.columns
                    && (0..).zip(&columns[..self.columns]).all(|(position, column)| {
                        column.column_idx == position && !column.descending && column.nulls_first
                    })
            })
    }

    /// Joins rows of a file, which are sorted, with the keys from `next` on; says which is the first that is not below
    /// them.
    fn join(&self, rows: &Rows, mut next: usize, first_row: u32, found: &mut Vec<(u32, u32)>) -> usize {
        let count = self.rows.num_rows();
        let mut at = 0;
        while next < count && at < rows.num_rows() {
            match rows.row(at).cmp(&self.rows.row(next)) {
                Ordering::Less => at = gallop(rows, at, &self.rows.row(next)),
                Ordering::Greater => next = gallop(&self.rows, next, &rows.row(at)),
                Ordering::Equal => {
                    found.push((first_row + place(at), place(next)));
                    // The file may have the key again, where it is deleted.
                    at += 1;
                }
            }
        }
        next
    }

    fn search(&self, rows: &Rows, first_row: u32, found: &mut Vec<(u32, u32)>) {
        for at in 0..rows.num_rows() {
            let wanted = rows.row(at);
            let next = lower_bound(&self.rows, 0, self.rows.num_rows(), &wanted);
            if next < self.rows.num_rows() && self.rows.row(next) == wanted {
                found.push((first_row + place(at), place(next)));
            }
        }
    }

    /// The row groups whose first key column can be that of a key.
    fn row_groups(&self, file: &FileReader<'_>) -> Result<Vec<usize>> {
        let metadata = file.metadata();
        let all = || (0..metadata.metadata().num_row_groups()).collect::<Vec<_>>();
        if !file.begins_alike(1) {
            return Ok(all());
        }
        let schema = metadata.schema();
        let name = schema.field(0).name();
        let Ok(converter) = StatisticsConverter::try_new(name, schema, metadata.parquet_schema()) else {
            return Ok(all());
        };
        let groups = metadata.metadata().row_groups();
        let (Ok(least), Ok(greatest), Ok(nulls)) = (
            converter.row_group_mins(groups),
            converter.row_group_maxes(groups),
            converter.row_group_null_counts(groups),
        ) else {
            return Ok(all());
        };
        let lower = self.first_converter.convert_columns(std::slice::from_ref(&least)).map_err(failed)?;
        let upper = self.first_converter.convert_columns(std::slice::from_ref(&greatest)).map_err(failed)?;
        let may_hold = |group: &usize| {
            let is_known = least.is_valid(*group)
                && greatest.is_valid(*group)
                && nulls.is_valid(*group)
                && nulls.value(*group) == 0;
            let next = || lower_bound(&self.first, 0, self.first.num_rows(), &lower.row(*group));
            let holds =
                |next: usize| next < self.first.num_rows() && self.first.row(next) <= upper.row(*group);
            !is_known || holds(next())
        };
        Ok(all().into_iter().filter(may_hold).collect())
    }
}

fn too_many() -> Error {
    Error::invalid("a segment has more rows than 32 bits count")
}

#[expect(clippy::cast_possible_truncation, reason = "a batch has no more rows than 32 bits count")]
fn place(row: usize) -> u32 {
    row as u32
}

/// The first row from `start` on that is not below `wanted`, when the row at `start` is: found near, found fast.
fn gallop(rows: &Rows, start: usize, wanted: &Row<'_>) -> usize {
    let (mut low, mut step) = (start, 1);
    while low + step < rows.num_rows() && rows.row(low + step) < *wanted {
        low += step;
        step *= 2;
    }
    lower_bound(rows, low + 1, (low + step).min(rows.num_rows()), wanted)
}

fn lower_bound(rows: &Rows, mut low: usize, mut high: usize, wanted: &Row<'_>) -> usize {
    while low < high {
        let middle = low + (high - low) / 2;
        if rows.row(middle) < *wanted {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
