//! Several actors, one of which runs at a time: real code in an order that a seed decides.
//!
//! An actor is a thread with a life of its own: its own [`Repository`](cairn_repository::Repository), its own clock,
//! its own death. There is one turn. Who has it runs up to its next call of the store, where it passes the turn to
//! an actor that the seed picks; who gets the turn back makes its call and runs on. So an interleaving is a function
//! of the seed, at the grain of calls.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use cairn_repository::{Clock, Environment, IdSource};

use super::hooked::{CallKind, StoreHook, Verdict};
use super::lies::Lies;
use super::random::Random;

/// Long before this, a turn that nobody passes on is a deadlock.
const STUCK: Duration = Duration::from_mins(1);

pub(crate) type ActorId = usize;

/// The turn.
pub(crate) struct Schedule {
    state: Mutex<Turns>,
    /// One for every actor, so that a turn wakes nobody else.
    wake: Vec<Condvar>,
    /// Milliseconds since 1970: what everybody's clock would show if it were right.
    now_ms: AtomicI64,
}

struct Turns {
    random: Random,
    /// Actors that have not finished.
    alive: Vec<ActorId>,
    turn: Option<ActorId>,
    /// How often, in a thousand, the turn stays where it is.
    stay: u64,
    trace: Vec<String>,
}

impl Schedule {
    /// For so many actors. The seed also decides how quickly the turn moves: an actor that goes a long way alone
    /// finds other bugs than one that never does.
    pub(crate) fn new(seed: u64, actors: usize, now_ms: i64) -> Arc<Self> {
        let mut random = Random::new(seed);
        let stay = *random.pick(&[0, 300, 800, 950]);
        let state = Turns { random, alive: (0..actors).collect(), turn: None, stay, trace: Vec::new() };
        Arc::new(Self {
            state: Mutex::new(state),
            wake: (0..actors).map(|_| Condvar::new()).collect(),
            now_ms: AtomicI64::new(now_ms),
        })
    }

    /// Runs the actors to their ends. A panic of one is the caller's when all have ended.
    pub(crate) fn run(self: &Arc<Self>, actors: Vec<Box<dyn FnOnce() + Send + '_>>) {
        std::thread::scope(|scope| {
            let threads: Vec<_> = actors
                .into_iter()
                .enumerate()
                .map(|(actor, life)| {
                    scope.spawn(move || {
                        let _end = End { schedule: self, actor };
                        self.wait(actor);
                        life();
                    })
                })
                .collect();
            self.pass(None);
            for thread in threads {
                if let Err(panic) = thread.join() {
                    std::panic::resume_unwind(panic);
                }
            }
        });
    }

    /// Passes the turn, and returns when it comes back.
    pub(crate) fn step(&self, actor: ActorId) {
        self.pass(Some(actor));
        self.wait(actor);
    }

    /// Moves the time on.
    pub(crate) fn advance(&self, ms: i64) {
        self.now_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Keeps a line for whoever has to understand a failure.
    pub(crate) fn note(&self, line: String) {
        self.state.lock().unwrap().trace.push(line);
    }

    pub(crate) fn trace(&self) -> Vec<String> {
        self.state.lock().unwrap().trace.clone()
    }

    fn pass(&self, from: Option<ActorId>) {
        let mut state = self.state.lock().unwrap();
        let Turns { random, alive, turn, stay, .. } = &mut *state;
        *turn = match from {
            Some(actor) if random.chance(*stay) => Some(actor),
            _ if alive.is_empty() => None,
            _ => Some(*random.pick(alive)),
        };
        if let Some(next) = *turn {
            self.wake[next].notify_all();
        }
    }

    fn wait(&self, actor: ActorId) {
        let state = self.state.lock().unwrap();
        let (_state, timeout) =
            self.wake[actor].wait_timeout_while(state, STUCK, |state| state.turn != Some(actor)).unwrap();
        assert!(!timeout.timed_out(), "actor {actor} has waited for its turn for {STUCK:?}");
    }
}

/// Takes an actor off the list however it ends.
struct End<'a> {
    schedule: &'a Schedule,
    actor: ActorId,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        if let Ok(mut state) = self.schedule.state.lock() {
            state.alive.retain(|actor| *actor != self.actor);
        }
        self.schedule.pass(None);
    }
}

/// One life of an actor: the hook of its store. It may end at a call, before or after that is made.
pub(crate) struct Life {
    schedule: Arc<Schedule>,
    actor: ActorId,
    /// Calls until death; negative when it has come.
    left: AtomicI64,
    /// Whether the last call is made.
    after: bool,
    lies: Lies,
}

impl Life {
    pub(crate) fn new(
        schedule: &Arc<Schedule>,
        actor: ActorId,
        death: Option<(i64, bool)>,
        lies: Lies,
    ) -> Arc<Self> {
        let (left, after) = death.unwrap_or((i64::MAX, false));
        Arc::new(Self { schedule: Arc::clone(schedule), actor, left: AtomicI64::new(left), after, lies })
    }

    pub(crate) fn is_over(&self) -> bool {
        self.left.load(Ordering::Relaxed) < 0
    }
}

impl StoreHook for Life {
    fn before(&self, kind: CallKind, subject: &str) -> Verdict {
        // The dead make no call, so they wait for no turn either.
        if self.is_over() {
            return Verdict::Refuse("the process is dead");
        }
        self.schedule.step(self.actor);
        let last = self.left.fetch_sub(1, Ordering::Relaxed) == 0;
        let end = match (last, self.after) {
            (false, _) => "",
            (true, false) => ", and dies before",
            (true, true) => ", and dies after",
        };
        self.schedule.note(format!("actor {}: {kind:?} {subject}{end}", self.actor));
        match (last, self.after) {
            (false, _) => self.lies.verdict(kind, subject),
            (true, false) => Verdict::Refuse("the process dies"),
            (true, true) => Verdict::Lose("the process dies"),
        }
    }
}

/// The clock of an actor: the right time and how far this one is off.
pub(crate) struct SkewedClock {
    schedule: Arc<Schedule>,
    pub(crate) skew_ms: AtomicI64,
}

impl SkewedClock {
    pub(crate) fn new(schedule: &Arc<Schedule>, skew_ms: i64) -> Arc<Self> {
        Arc::new(Self { schedule: Arc::clone(schedule), skew_ms: AtomicI64::new(skew_ms) })
    }
}

impl Clock for SkewedClock {
    fn now_ms(&self) -> i64 {
        self.schedule.now_ms.load(Ordering::Relaxed) + self.skew_ms.load(Ordering::Relaxed)
    }
}

/// Ids of a history: different for everybody, and the same for the same seed.
pub(crate) struct SeededIds(AtomicU64);

impl SeededIds {
    pub(crate) fn new(first: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(first)))
    }
}

impl IdSource for SeededIds {
    fn random(&self) -> u128 {
        // Spread, so that ids are in no order.
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let spread = Random::new(number).next();
        u128::from(spread) << 8 | u128::from(number & 0xff)
    }
}

/// What an actor takes from outside.
pub(crate) fn environment(clock: &Arc<SkewedClock>, ids: &Arc<SeededIds>) -> Environment {
    Environment { clock: clock.clone(), ids: ids.clone() }
}
