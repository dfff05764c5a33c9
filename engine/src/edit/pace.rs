//! How much of the machine the background takes, and for how long.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cairn_format::DatabaseName;

use crate::id::TableId;

/// How long a rewrite that is under way may take when the store is closed: a short one is not for nothing then.
const CLOSING: Duration = Duration::from_secs(1);

pub(super) type Touched = (DatabaseName, TableId);

/// What the background's thread and the others share.
#[derive(Default)]
pub(super) struct Shared {
    /// Guards what is to be looked at, and how the thread is.
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_started: bool,
    is_working: bool,
    touched: VecDeque<Touched>,
    /// Until when a rewrite may go on; there once the store is being closed.
    closes_by: Option<Instant>,
}

impl Shared {
    pub(super) fn begin(&self, touched: impl Iterator<Item = Touched>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_started = true;
        state.touched = touched.collect();
    }

    /// Says that a table is to be looked at; nothing where no thread does.
    pub(super) fn touch(&self, table: Touched) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_started && !state.touched.contains(&table) {
            state.touched.push_back(table);
            drop(state);
            self.changed.notify_all();
        }
    }

    /// Waits for a table to look at, which is being looked at until the next call; `None` when the store is being closed.
    pub(super) fn next(&self) -> Option<Touched> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_working = false;
        self.changed.notify_all();
        let waits = |state: &mut State| state.touched.is_empty() && state.closes_by.is_none();
        let mut state = self.changed.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner);
        let next = if state.closes_by.is_none() { state.touched.pop_front() } else { None };
        state.is_working = next.is_some();
        next
    }

    /// Waits until there is nothing to look at; `false` when `limit` has passed before.
    pub(super) fn wait_until_idle(&self, limit: Duration) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |state: &mut State| {
            state.is_started && state.closes_by.is_none() && (state.is_working || !state.touched.is_empty())
        };
        let waited = self.changed.wait_timeout_while(state, limit, waits);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    pub(super) fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_started = false;
        state.closes_by = Some(Instant::now() + CLOSING);
        drop(state);
        self.changed.notify_all();
    }

    pub(super) fn is_closing(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closes_by.is_some()
    }

    /// Waits, not when the store is being closed; says whether a rewrite may go on then.
    fn pause(&self, pause: Duration) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(state, pause, |state| state.closes_by.is_none());
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.closes_by.is_none_or(|end| Instant::now() < end)
    }
}

/// Lets a thread work for a share of its time only.
pub(super) struct Pace<'a> {
    shared: &'a Shared,
    percent: u32,
    since: Cell<Instant>,
}

impl<'a> Pace<'a> {
    /// `percent` of the time of one core, at least 1.
    pub(super) fn new(shared: &'a Shared, percent: u8) -> Self {
        Self { shared, percent: u32::from(percent.clamp(1, 100)), since: Cell::new(Instant::now()) }
    }

    /// Work begins after a time without.
    pub(super) fn begin(&self) {
        self.since.set(Instant::now());
    }

    /// Rests from what was done since the last call; says whether a rewrite may go on.
    pub(super) fn goes_on(&self) -> bool {
        let goes_on = self.shared.pause(pause_after(self.since.get().elapsed(), self.percent));
        self.begin();
        goes_on
    }
}

fn pause_after(work: Duration, percent: u32) -> Duration {
    work * (100 - percent) / percent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_and_pause_keep_to_the_share() {
        let second = Duration::from_secs(1);
        for (percent, pause) in [(100, 0), (50, 1000), (25, 3000), (1, 99_000)] {
            assert_eq!(pause_after(second, percent), Duration::from_millis(pause), "{percent} %");
        }
    }

    #[test]
    fn closing_ends_a_pause_and_lets_a_short_rewrite_end() {
        let shared = Shared::default();
        shared.begin(std::iter::empty());
        let start = Instant::now();
        std::thread::scope(|scope| {
            let paused = scope.spawn(|| shared.pause(Duration::from_mins(1)));
            shared.close();
            assert!(paused.join().unwrap());
        });
        assert!(start.elapsed() < Duration::from_secs(30));
        std::thread::sleep(CLOSING);
        assert!(!shared.pause(Duration::ZERO));
        assert_eq!(shared.next(), None);
    }
}
