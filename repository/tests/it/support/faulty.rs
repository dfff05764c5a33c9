//! A store that does badly, the same way for the same seed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::hooked::{CallKind, StoreHook, Verdict};
use super::random::Random;

/// What can go wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not done, and fails.
    FailBefore,
    /// It is done, and fails.
    FailAfter,
    /// It takes its time.
    Slow,
    /// A read ends early, and nobody says so.
    Truncate,
    /// A read ends early with an error.
    BreakOff,
    /// A listing is of some time before.
    StaleList,
    /// The store has too much to do.
    Throttle,
    /// The first of two equal puts went through, the second says that it exists.
    DuplicatePut,
}

impl Fault {
    pub(crate) const ALL: [Self; 8] = [
        Self::FailBefore,
        Self::FailAfter,
        Self::Slow,
        Self::Truncate,
        Self::BreakOff,
        Self::StaleList,
        Self::Throttle,
        Self::DuplicatePut,
    ];

    /// The verdict on a call; `None` when calls of this kind cannot go wrong that way.
    fn on(self, kind: CallKind, random: &mut Random) -> Option<Verdict> {
        match (self, kind) {
            (Self::FailBefore, _) => Some(Verdict::Refuse("the connection was refused")),
            (Self::FailAfter, _) => Some(Verdict::Lose("the connection was lost")),
            (Self::Slow, _) => Some(Verdict::Delay(Duration::from_micros(200))),
            (Self::Throttle, _) => Some(Verdict::Refuse("503 Slow Down: reduce your request rate")),
            (Self::Truncate, CallKind::Get) => Some(Verdict::Cut(random.next() % 1000)),
            (Self::BreakOff, CallKind::Get) => Some(Verdict::Break(random.next() % 1000)),
            (Self::StaleList, CallKind::List) => Some(Verdict::Stale),
            (Self::DuplicatePut, CallKind::Put) => Some(Verdict::Twice),
            _ => None,
        }
    }
}

/// Faults by seed.
pub(crate) struct Faults {
    random: Mutex<Random>,
    kinds: Vec<Fault>,
    permille: u64,
    injected: AtomicU64,
}

impl Faults {
    /// `permille` calls in a thousand suffer one of `kinds`, where it can befall them.
    pub(crate) fn new(seed: u64, kinds: &[Fault], permille: u64) -> Self {
        Self {
            random: Mutex::new(Random::new(seed)),
            kinds: kinds.to_vec(),
            permille,
            injected: AtomicU64::new(0),
        }
    }

    /// How many calls suffered.
    pub(crate) fn injected(&self) -> u64 {
        self.injected.load(Ordering::Relaxed)
    }
}

impl StoreHook for Faults {
    fn before(&self, kind: CallKind, _: &str) -> Verdict {
        let mut random = self.random.lock().unwrap();
        if !random.chance(self.permille) {
            return Verdict::Pass;
        }
        let fault = *random.pick(&self.kinds);
        let Some(verdict) = fault.on(kind, &mut random) else { return Verdict::Pass };
        self.injected.fetch_add(1, Ordering::Relaxed);
        verdict
    }
}
