//! Many items, a few workers.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, ErrorKind, Result};
use crate::lock::{into_inner, lock};
use crate::store::Limits;

/// The most threads of a pool that is not handed in: what a limit of workers may be raised to while work goes on.
pub(crate) const POOL_THREADS: usize = 32;

/// Threads that move data, no more of them at a time than the store's limits say.
pub(crate) struct Workers {
    pool: Arc<ThreadPool>,
    /// How many work when the limits do not say.
    threads: usize,
    limits: Limits,
}

impl Workers {
    /// `threads` workers on `pool`, or on a pool of their own.
    pub(crate) fn new(pool: Option<Arc<ThreadPool>>, threads: usize, limits: Limits) -> Result<Self> {
        if let Some(pool) = pool {
            return Ok(Self { threads: pool.current_num_threads(), pool, limits });
        }
        let threads = threads.max(1);
        Ok(Self { threads, pool: build_pool(threads.max(POOL_THREADS))?, limits })
    }

    fn allowed(&self) -> usize {
        match self.limits.get().workers {
            0 => self.threads,
            workers => workers.min(self.pool.current_num_threads()),
        }
    }
}

fn build_pool(threads: usize) -> Result<Arc<ThreadPool>> {
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("cairn-transfer-{index}"))
        .build()
        .map(Arc::new)
        .map_err(|source| Error::new(ErrorKind::Unavailable, "cannot start threads").with_source(source))
}

/// Does `work` on every item, in about the order given, on as many threads as are allowed at the time. Every worker has
/// a state of its own from `state`. The first failure keeps items from being begun and is returned.
pub(crate) fn for_each<T: Sync, S>(
    workers: &Workers,
    items: &[T],
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &T) -> Result<()> + Sync,
) -> Result<()> {
    let run = Run {
        workers,
        items,
        state,
        work,
        next: AtomicUsize::new(0),
        working: AtomicUsize::new(0),
        stopped: AtomicBool::new(false),
        failure: Mutex::new(None),
    };
    workers.pool.in_place_scope(|scope| run.fill(scope));
    into_inner(run.failure).map_or(Ok(()), Err)
}

/// Work that is under way.
struct Run<'w, T, F, G> {
    workers: &'w Workers,
    items: &'w [T],
    state: F,
    work: G,
    /// The position of the next item that nobody has begun.
    next: AtomicUsize,
    /// How many work.
    working: AtomicUsize,
    stopped: AtomicBool,
    failure: Mutex<Option<Error>>,
}

impl<T: Sync, S, F: Fn() -> S + Sync, G: Fn(&mut S, &T) -> Result<()> + Sync> Run<'_, T, F, G> {
    /// Starts as many workers as are allowed and have something to do.
    fn fill<'s>(&'s self, scope: &Scope<'s>) {
        loop {
            let working = self.working.load(Ordering::SeqCst);
            let is_done =
                self.stopped.load(Ordering::SeqCst) || self.next.load(Ordering::SeqCst) >= self.items.len();
            if is_done || working >= self.workers.allowed().min(self.items.len()) {
                return;
            }
            let one_more =
                self.working.compare_exchange(working, working + 1, Ordering::SeqCst, Ordering::SeqCst);
            if one_more.is_ok() {
                scope.spawn(move |scope| self.work_on(scope));
            }
        }
    }

    fn work_on<'s>(&'s self, scope: &Scope<'s>) {
        let mut state = (self.state)();
        while !self.stopped.load(Ordering::SeqCst) {
            let Some(item) = self.items.get(self.next.fetch_add(1, Ordering::SeqCst)) else { break };
            if let Err(error) = (self.work)(&mut state, item) {
                self.stopped.store(true, Ordering::SeqCst);
                lock(&self.failure).get_or_insert(error);
            }
            // Between two items the number of workers follows the limit. One always stays.
            let working = self.working.load(Ordering::SeqCst);
            if working > self.workers.allowed().max(1)
                && self
                    .working
                    .compare_exchange(working, working - 1, Ordering::SeqCst, Ordering::SeqCst)
                    .is_ok()
            {
                return;
            }
            self.fill(scope);
        }
        self.working.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::RateLimits;

    #[test]
    fn every_item_is_done_once() {
        let pool = Workers::new(None, 3, Limits::default()).unwrap();
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
        let pool = Workers::new(None, 2, Limits::default()).unwrap();
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

    #[test]
    fn the_number_of_workers_can_change_while_they_work() {
        let limits = Limits::default();
        let workers = Workers::new(None, 8, limits.clone()).unwrap();
        let set = |workers| limits.set(RateLimits { workers, ..RateLimits::default() });
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let items: Vec<usize> = (0..60).collect();
        set(1);
        let most_until_20 = AtomicUsize::new(0);
        let done = AtomicUsize::new(0);
        for_each(
            &workers,
            &items,
            || (),
            |(), _| {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(5));
                running.fetch_sub(1, Ordering::SeqCst);
                if done.fetch_add(1, Ordering::SeqCst) == 20 {
                    most_until_20.store(most.load(Ordering::SeqCst), Ordering::SeqCst);
                    set(4);
                }
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(most_until_20.into_inner(), 1);
        assert!((2..=4).contains(&most.into_inner()));
    }
}
