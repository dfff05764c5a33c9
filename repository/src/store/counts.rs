//! How many requests a store was sent.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many requests a store has been sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// Objects read, whole or in part; a large one may take several.
    pub get: u64,
    /// Objects asked for their length.
    pub head: u64,
    /// Objects put; a large one counts for each of its parts and for its completion.
    pub put: u64,
    /// Listings; in a network one for each thousand objects.
    pub list: u64,
    /// Requests that delete: of one object, or of up to a thousand at once.
    pub delete: u64,
}

/// Objects that one request deletes at most, where the store has such requests.
pub(crate) const DELETES_PER_REQUEST: usize = 1000;

impl RequestCounts {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.get + self.head + self.put + self.list + self.delete
    }
}

#[derive(Default)]
pub(super) struct Counters {
    pub(super) get: AtomicU64,
    pub(super) head: AtomicU64,
    pub(super) put: AtomicU64,
    pub(super) list: AtomicU64,
    pub(super) delete: AtomicU64,
}

impl Counters {
    pub(super) fn read(&self) -> RequestCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RequestCounts {
            get: read(&self.get),
            head: read(&self.head),
            put: read(&self.put),
            list: read(&self.list),
            delete: read(&self.delete),
        }
    }
}
