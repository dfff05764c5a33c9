//! Many items, a few workers.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, ErrorKind, Result};

pub(crate) fn build_pool(threads: usize) -> Result<Arc<ThreadPool>> {
    ThreadPoolBuilder::new()
        .num_threads(threads.max(1))
        .thread_name(|index| format!("cairn-transfer-{index}"))
        .build()
        .map(Arc::new)
        .map_err(|source| Error::new(ErrorKind::Unavailable, "cannot start threads").with_source(source))
}

/// Does `work` on every item, in about the order given, on all threads of `pool`. Every worker has a state of its
/// own from `state`. The first failure keeps items from being begun and is returned.
pub(crate) fn for_each<T: Sync, S>(
    pool: &ThreadPool,
    items: &[T],
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &T) -> Result<()> + Sync,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let failure = Mutex::new(None);
    let run = || {
        let mut state = state();
        while !stopped.load(Ordering::Relaxed) {
            let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            if let Err(error) = work(&mut state, item) {
                stopped.store(true, Ordering::Relaxed);
                failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
        }
    };
    pool.in_place_scope(|scope| {
        for _ in 0..pool.current_num_threads().min(items.len()) {
            scope.spawn(|_| run());
        }
    });
    failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_done_once() {
        let pool = build_pool(3).unwrap();
        let items: Vec<usize> = (1..=1000).collect();
        let sum = AtomicUsize::new(0);
        for_each(
            &pool,
            &items,
            || (),
            |(), item| {
                sum.fetch_add(*item, Ordering::Relaxed);
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(sum.into_inner(), 500_500);
    }

    #[test]
    fn a_failure_is_returned_and_ends_the_work() {
        let pool = build_pool(2).unwrap();
        let items: Vec<usize> = (0..100_000).collect();
        let done = AtomicUsize::new(0);
        let error = for_each(
            &pool,
            &items,
            || (),
            |(), _| {
                done.fetch_add(1, Ordering::Relaxed);
                Err(Error::invalid("no"))
            },
        )
        .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(done.into_inner() <= 2);
    }
}
