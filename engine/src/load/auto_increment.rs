//! The values of `AUTO_INCREMENT` columns.
//!
//! A load takes values out of the table's counter of this process, so that loads at the same time get different ones, and
//! its commit puts on record up to where values were taken. Values that no commit has published may be given again after
//! a crash: no row has them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::datatypes::Int64Type;
use cairn_format::Column;

use crate::catalog::Table;
use crate::error::{Error, Result};
use crate::id::TableId;

/// The counters of all tables.
#[derive(Default)]
pub(crate) struct AutoIncrements {
    /// Guards what each table gives next, where this process has asked.
    next: Mutex<HashMap<TableId, i64>>,
}

impl AutoIncrements {
    /// Takes `count` values of `table`, as the catalog has it by now, above all that were taken before and above
    /// `given`, and returns the first of them.
    fn take(&self, table: &Table, given: Option<i64>, count: usize) -> Result<i64> {
        let mut counters = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let next = counters.entry(table.id).or_insert(table.next_auto_increment);
        // The last value of all has none above it.
        let above = given.map_or(i64::MIN, |given| given.saturating_add(1));
        let first = (*next).max(table.next_auto_increment).max(above);
        let after = i64::try_from(count).ok().and_then(|count| first.checked_add(count));
        *next = after.ok_or_else(|| {
            Error::invalid(format!(
                "the AUTO_INCREMENT column of table '{}' has no more values",
                table.name()
            ))
        })?;
        Ok(first)
    }

    /// Above every value that was taken.
    pub(super) fn next(&self, table: &Table) -> i64 {
        let counters = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        counters.get(&table.id).map_or(table.next_auto_increment, |next| *next)
    }

    /// The array with a value in place of every null. Values that are given count as taken.
    pub(super) fn fill(&self, table: &Table, column: &Column, array: &ArrayRef) -> Result<ArrayRef> {
        let given = numbers(column, array)?;
        let mut next = self.take(table, arrow::compute::max(given), given.null_count())?;
        if given.null_count() == 0 {
            return Ok(ArrayRef::clone(array));
        }
        let filled = given.iter().map(|value| {
            value.unwrap_or_else(|| {
                next += 1;
                next - 1
            })
        });
        Ok(std::sync::Arc::new(filled.collect::<Int64Array>()))
    }
}

/// The array with 0 in place of every null: nothing is taken.
pub(super) fn without_nulls(column: &Column, array: &ArrayRef) -> Result<ArrayRef> {
    let given = numbers(column, array)?;
    let filled = given.iter().map(|value| Some(value.unwrap_or_default()));
    Ok(std::sync::Arc::new(filled.collect::<Int64Array>()))
}

fn numbers<'a>(column: &Column, array: &'a ArrayRef) -> Result<&'a Int64Array> {
    array.as_primitive_opt::<Int64Type>().ok_or_else(|| {
        Error::invalid(format!(
            "column '{}': expected bigint, got values of type {}",
            column.name,
            array.data_type()
        ))
    })
}
