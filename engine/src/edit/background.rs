//! Compaction in the background: one thread, which looks at a table after it was changed.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;

use cairn_format::DatabaseName;

use super::compact::{Compaction, compact};
use crate::catalog::{Table, Tablet};
use crate::error::{Error, ErrorKind, Result};
use crate::id::TableId;
use crate::store::Inner;

/// Rowsets of a tablet from which on the small ones are put together.
const MANY_ROWSETS: usize = 8;
/// Of so many rows of a tablet one may be deleted before its files are rewritten.
const DELETED_ROW_OF: u64 = 4;

type Touched = (DatabaseName, TableId);

/// Compacts tables in the background, when it is started.
#[derive(Default)]
pub(crate) struct Compactor {
    /// Guards where tables are announced, and the thread that waits for them; both are there while it runs.
    running: Mutex<Option<(Sender<Touched>, JoinHandle<()>)>>,
    is_closing: Arc<AtomicBool>,
}

impl Compactor {
    /// Starts the thread.
    pub(crate) fn start(store: &Arc<Inner>) -> Result<()> {
        let (sender, receiver) = channel();
        let weak = Arc::downgrade(store);
        let is_closing = Arc::clone(&store.compactor.is_closing);
        let thread = std::thread::Builder::new()
            .name("cairn-compact".to_owned())
            .spawn(move || work(&weak, &receiver, &is_closing))
            .map_err(|e| Error::new(ErrorKind::Unavailable, "cannot start a thread").with_source(e))?;
        *store.compactor.running.lock().unwrap_or_else(PoisonError::into_inner) = Some((sender, thread));
        Ok(())
    }

    /// Says that rowsets or deletions were added to a table.
    pub(crate) fn touched(&self, database: &DatabaseName, table: TableId) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((sender, _)) = running.as_ref() {
            // Without a thread nobody compacts: that is no fault of the load.
            let _ = sender.send((database.clone(), table));
        }
    }

    /// Stops the thread at the next file and waits for it.
    pub(crate) fn close(&self) {
        self.is_closing.store(true, Ordering::Release);
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((sender, thread)) = running {
            drop(sender);
            let _ = thread.join();
        }
    }
}

fn work(store: &Weak<Inner>, touched: &Receiver<Touched>, is_closing: &AtomicBool) {
    while let Ok(first) = touched.recv() {
        // A table that many loads have touched meanwhile is looked at once.
        let tables: HashSet<Touched> = std::iter::once(first).chain(touched.try_iter()).collect();
        for (database, id) in tables {
            let Some(store) = store.upgrade().filter(|_| !is_closing.load(Ordering::Acquire)) else { return };
            let view = store.catalog.view();
            let table = view.table_by_id(&database, id);
            let Some((table, kind)) = table.and_then(|table| Some((table, wanted(table)?))) else { continue };
            let goes_on = || !is_closing.load(Ordering::Acquire);
            match compact(&store, &database, table.name(), None, kind, &goes_on) {
                Ok(outcome) => tracing::debug!(table = %table.name(), ?outcome, "compacted"),
                Err(error) => tracing::warn!(table = %table.name(), %error, "a table could not be compacted"),
            }
        }
    }
}

/// What a table needs, if anything.
fn wanted(table: &Table) -> Option<Compaction> {
    let tablets = || table.partitions.iter().flat_map(|partition| partition.all_tablets());
    let sums = |tablet: &Tablet| {
        tablet.segments().fold((0, 0), |(rows, deleted), s| (rows + s.rows, deleted + s.deleted_rows()))
    };
    let has_many_deleted = |tablet: &Tablet| {
        let (rows, deleted) = sums(tablet);
        deleted > 0 && deleted * DELETED_ROW_OF >= rows
    };
    if tablets().any(has_many_deleted) {
        Some(Compaction::Base)
    } else {
        tablets().any(|tablet| tablet.rowsets.len() >= MANY_ROWSETS).then_some(Compaction::Cumulative)
    }
}
