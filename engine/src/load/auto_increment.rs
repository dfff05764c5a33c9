//! The values of `AUTO_INCREMENT` columns.
//!
//! A load takes values out of the table's counter of this process, so that loads at the same time get different ones, and
//! its commit puts on record up to where values were taken or given. Values that no commit has published may be given
//! again: no row has them. A load that fails gives back what it took, unless others have taken some since.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::datatypes::Int64Type;
use cairn_format::{Column, DatabaseName, TableName};

use crate::catalog::{Change, Table};
use crate::error::{Error, Result};
use crate::id::TableId;
use crate::store::Inner;

/// The counters of all tables.
#[derive(Default)]
pub(crate) struct AutoIncrements {
    /// Guards what each table gives next, where this process has asked.
    next: Mutex<HashMap<TableId, i64>>,
}

/// Values that were taken, and what the counter was before.
struct Taken {
    before: i64,
    values: Range<i64>,
}

impl AutoIncrements {
    /// Takes `count` values of `table`, as the catalog has it by now, above all that were taken before, and not below `least`.
    fn take(&self, table: &Table, least: i64, count: usize) -> Result<Taken> {
        let mut counters = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let next = counters.entry(table.id).or_insert(table.next_auto_increment);
        let before = *next;
        let first = before.max(table.next_auto_increment).max(least);
        let after = i64::try_from(count).ok().and_then(|count| first.checked_add(count));
        *next = after.ok_or_else(|| {
            Error::invalid(format!(
                "the AUTO_INCREMENT column of table '{}' has no more values",
                table.name()
            ))
        })?;
        Ok(Taken { before, values: first..*next })
    }

    /// Puts the counter back where it was before values were taken, if they are the last that were.
    fn give_back(&self, table: TableId, taken: &Taken) {
        let mut counters = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = counters.get_mut(&table).filter(|next| **next == taken.values.end) {
            *next = taken.before;
        }
    }
}

/// The values that one load has taken and that it was given. Dropped before they are kept, they are given back.
pub(super) struct LoadNumbers<'s> {
    store: &'s Inner,
    table: TableId,
    taken: Vec<Taken>,
    /// Above every value that was given or taken.
    next: i64,
}

impl<'s> LoadNumbers<'s> {
    pub(super) fn new(store: &'s Inner, table: &Table) -> Self {
        Self { store, table: table.id, taken: Vec::new(), next: i64::MIN }
    }

    /// The array with a value in place of every null, above all that the load was given so far.
    pub(super) fn fill(&mut self, table: &Table, column: &Column, array: &ArrayRef) -> Result<ArrayRef> {
        let given = numbers(column, array)?;
        // The last value of all has none above it.
        let above = arrow::compute::max(given).map_or(i64::MIN, |most| most.saturating_add(1));
        self.next = self.next.max(above);
        if given.null_count() == 0 {
            return Ok(ArrayRef::clone(array));
        }
        let taken = self.store.auto_increments.take(table, self.next, given.null_count())?;
        let mut values = taken.values.clone();
        self.next = values.end;
        self.taken.push(taken);
        let filled = given.iter().map(|value| value.or_else(|| values.next()));
        Ok(std::sync::Arc::new(filled.collect::<Int64Array>()))
    }

    /// Puts on record up to where values are taken.
    pub(super) fn put_on_record(
        &self,
        change: &mut Change<'_>,
        database: &DatabaseName,
        table: &TableName,
    ) -> Result<()> {
        if self.next == i64::MIN {
            return Ok(());
        }
        change.raise_auto_increment(database, table, self.next)
    }

    /// Keeps the values: a commit has published rows with them.
    pub(super) fn keep(mut self) {
        self.taken.clear();
    }
}

impl Drop for LoadNumbers<'_> {
    fn drop(&mut self) {
        if !self.store.catalog.is_certain() {
            return;
        }
        for taken in self.taken.iter().rev() {
            self.store.auto_increments.give_back(self.table, taken);
        }
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
