//! Locks of tables: who deletes rows by position keeps others from doing so until it has committed.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::id::TableId;

/// The tables whose rows are being edited.
#[derive(Default)]
pub(crate) struct TableLocks {
    /// Guards the set of locked tables.
    locked: Mutex<HashSet<TableId>>,
    freed: Condvar,
}

impl TableLocks {
    /// Waits until nobody edits the table, and keeps others from it until the guard is dropped. Readers and loads that only
    /// add rows go on.
    pub(crate) fn lock(&self, table: TableId) -> TableGuard<'_> {
        let locked = self.locked.lock().unwrap_or_else(PoisonError::into_inner);
        let mut locked = self
            .freed
            .wait_while(locked, |locked| locked.contains(&table))
            .unwrap_or_else(PoisonError::into_inner);
        locked.insert(table);
        TableGuard { locks: self, table }
    }
}

/// Keeps a table locked.
pub(crate) struct TableGuard<'s> {
    locks: &'s TableLocks,
    table: TableId,
}

impl TableGuard<'_> {
    pub(crate) fn is_of(&self, table: TableId) -> bool {
        self.table == table
    }
}

impl Drop for TableGuard<'_> {
    fn drop(&mut self) {
        self.locks.locked.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.table);
        self.locks.freed.notify_all();
    }
}
