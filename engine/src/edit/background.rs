//! Compaction in the background: one thread, which looks at a table after it was changed, and at all when the store is
//! opened. What it does, and when, is [the policy's](super::policy) to say; how much of the machine it takes,
//! [the pace's](super::pace).

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use cairn_format::DatabaseName;

use super::pace::{Pace, Shared};
use super::place::tablets;
use super::policy::{RowsetSize, due};
use super::rewrite::Rewrite;
use crate::catalog::{Database, Rowset, Segment, Table, Tablet};
use crate::error::{Error, ErrorKind, Result};
use crate::id::TableId;
use crate::store::Inner;

/// Compacts tables in the background, when it is started.
#[derive(Default)]
pub(crate) struct Compactor {
    shared: Arc<Shared>,
    /// Guards the thread; it is there while it runs.
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Compactor {
    /// Starts the thread, which works for `percent` of its time at most. What processes of before have left to do is done
    /// first: many live for one statement only.
    pub(crate) fn start(store: &Arc<Inner>, percent: u8) -> Result<()> {
        let view = store.catalog.view();
        let of_database = |database: &Arc<Database>| {
            let name = database.name.clone();
            let is_due = |table: &&Arc<Table>| {
                tablets(table, &table.partitions).iter().any(|place| !due_of(place.tablet()).is_empty())
            };
            let ids: Vec<_> = database.tables().filter(is_due).map(|table| table.id).collect();
            ids.into_iter().map(move |id| (name.clone(), id))
        };
        let shared = Arc::clone(&store.compactor.shared);
        shared.begin(view.databases().flat_map(of_database));
        let weak = Arc::downgrade(store);
        let thread = std::thread::Builder::new()
            .name("cairn-compact".to_owned())
            .spawn(move || work(&weak, &shared, percent))
            .map_err(|e| Error::new(ErrorKind::Unavailable, "cannot start a thread").with_source(e))?;
        *store.compactor.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(())
    }

    /// Says that rowsets or deletions were added to a table.
    pub(crate) fn touched(&self, database: &DatabaseName, table: TableId) {
        self.shared.touch((database.clone(), table));
    }

    /// Waits until all that is due is done, at most for `limit`.
    pub(crate) fn wait_until_idle(&self, limit: Duration) -> bool {
        self.shared.wait_until_idle(limit)
    }

    /// Stops the thread and waits for it. What it is at is given up at the next file, unless it is done soon.
    pub(crate) fn close(&self) {
        self.shared.close();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

fn work(store: &Weak<Inner>, shared: &Shared, percent: u8) {
    let pace = Pace::new(shared, percent);
    while let Some((database, table)) = shared.next() {
        let Some(store) = store.upgrade() else { return };
        pace.begin();
        if compact_due(&store, &database, table, shared, &pace) {
            // What was made may be one of many again.
            shared.touch((database, table));
            pace.goes_on();
        }
    }
}

/// Does what is due of a table's tablets; says whether that was anything.
fn compact_due(
    store: &Inner,
    database: &DatabaseName,
    table: TableId,
    shared: &Shared,
    pace: &Pace<'_>,
) -> bool {
    let view = store.catalog.view();
    let Some(table) = view.table_by_id(database, table) else { return false };
    if view.require_not_restoring(database, table.name()).is_err() {
        return false;
    }
    let mut has_done = false;
    for place in tablets(table, &table.partitions) {
        let chosen = due_of(place.tablet());
        if chosen.is_empty() {
            continue;
        }
        if shared.is_closing() {
            break;
        }
        let rewrite = Rewrite { store, database, table, place: &place, chosen };
        match rewrite.run(&|| pace.goes_on()) {
            Ok(outcome) => {
                has_done |= outcome.is_some();
                tracing::debug!(table = %table.name(), ?outcome, "compacted");
            }
            Err(error) => tracing::warn!(table = %table.name(), %error, "a table could not be compacted"),
        }
    }
    if has_done {
        store.purge();
    }
    has_done
}

fn due_of(tablet: &Tablet) -> Vec<Arc<Rowset>> {
    let sizes = tablet.rowsets.iter().map(|rowset| {
        let sum = |of: fn(&Segment) -> u64| rowset.segments.iter().map(of).sum();
        RowsetSize { bytes: sum(|s| s.length), rows: sum(|s| s.rows), deleted: sum(Segment::deleted_rows) }
    });
    let places = due(&sizes.collect::<Vec<_>>());
    places.into_iter().filter_map(|place| tablet.rowsets.get(place).cloned()).collect()
}
