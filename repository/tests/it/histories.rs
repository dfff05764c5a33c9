//! Random histories of a repository that many use at once: writers, droppers, readers, collectors, on clocks that are
//! days off, each of which may die at any call and come back as another process.
//!
//! The order of calls is the seed's (see [`schedule`](crate::support::schedule)); after every mutation the raw
//! objects are compared with the protocol's invariants (see [`bucket`](crate::support::bucket)). A failure prints its seed and
//! the calls that led to it. `CAIRN_HISTORY_RUNS` asks for more histories, `CAIRN_HISTORY_SEED` for one of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use cairn_format::ObjectKey;
use cairn_repository::{
    Access, CommitOutcome, Error, ErrorKind, Repository, RepositoryOptions, Store, Transfer, UploadFile,
    VerifySelection,
};
use rayon::ThreadPool;

use crate::support::bucket::Bucket;
use crate::support::closure::check_bytes;
use crate::support::hooked::HookedStore;
use crate::support::random::{Random, runs};
use crate::support::schedule::{ActorId, Life, Schedule, SeededIds, SkewedClock, environment};
use crate::support::{Backup, Table, World};

const NOW_MS: i64 = 1_400_000_000_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What all histories of a thread share, because it takes time to make.
struct Stage {
    world: World,
    files: Vec<UploadFile>,
    /// One thread for every actor: with two, the order of its calls would not be the seed's.
    pools: Vec<Arc<ThreadPool>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Writer(usize),
    Dropper,
    Reader,
}

const ROLES: [Role; 4] = [Role::Writer(0), Role::Writer(1), Role::Dropper, Role::Reader];

impl Stage {
    fn new() -> Self {
        let world = World::new();
        let files = (0..12).map(|number| world.file(number + 1, 20 + 13 * usize::try_from(number).unwrap()));
        let files = files.collect();
        let pool = |_| Arc::new(rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap());
        Self { world, files, pools: (0..=ROLES.len()).map(pool).collect() }
    }
}

/// One history.
struct History<'a> {
    stage: &'a Stage,
    seed: u64,
    bucket: Arc<Bucket>,
    schedule: Arc<Schedule>,
    ids: Arc<SeededIds>,
}

impl<'a> History<'a> {
    fn new(stage: &'a Stage, seed: u64) -> Self {
        let schedule = Schedule::new(seed, ROLES.len(), NOW_MS);
        Self { stage, seed, bucket: Bucket::new(), schedule, ids: SeededIds::new(seed << 20) }
    }

    fn run(&self) {
        for foreign in FOREIGN {
            self.bucket.plant(foreign, "not ours");
        }
        let actors = ROLES.iter().enumerate().map(|(actor, role)| {
            let mut actor = Actor::new(self, actor, *role);
            Box::new(move || actor.live()) as Box<dyn FnOnce() + Send>
        });
        self.schedule.run(actors.collect());
    }

    fn check(&self) {
        let state = self.bucket.state();
        for (manifest, closure) in &state.closures {
            if let Err(what) = check_bytes(&state.objects, closure) {
                panic!("{}: {manifest}: {what}", self.context());
            }
        }
        for foreign in FOREIGN {
            assert!(state.objects.contains_key(*foreign), "{}: {foreign} is gone", self.context());
        }
        assert!(state.violations.is_empty(), "{}\n{:#?}", self.context(), state.violations);
    }

    fn context(&self) -> String {
        let mut text = format!("CAIRN_HISTORY_SEED={}", self.seed);
        for line in self.schedule.trace() {
            let _ = write!(text, "\n  {line}");
        }
        text
    }

    fn violation(&self, what: String) {
        self.schedule.note(format!("VIOLATION {what}"));
        self.bucket.state().violations.push(what);
    }
}

const FOREIGN: &[&str] = &["README.md", "data/ab/notes.txt", "snapshots/nightly/x.json", "trash/old"];

/// One actor of a history, which lives on as another process when one dies.
struct Actor<'a> {
    history: &'a History<'a>,
    id: ActorId,
    role: Role,
    random: Random,
    clock: Arc<SkewedClock>,
}

impl<'a> Actor<'a> {
    fn new(history: &'a History<'a>, id: ActorId, role: Role) -> Self {
        let mut random = Random::new(history.seed.wrapping_mul(31) + id as u64);
        let skew = *random.pick(&[0, 0, HOUR_MS, -HOUR_MS, 9 * DAY_MS, -9 * DAY_MS]);
        let clock = SkewedClock::new(&history.schedule, skew);
        Self { history, id, role, random, clock }
    }

    fn live(&mut self) {
        for turn in 0..3 {
            match self.role {
                Role::Writer(number) => self.write(number, turn),
                Role::Dropper => self.drop_one(),
                Role::Reader => self.read(),
            }
            // Time passes, and clocks are set.
            let pause = *self.random.pick(&[1, HOUR_MS, DAY_MS, 8 * DAY_MS]);
            self.history.schedule.advance(pause);
            if self.random.chance(100) {
                let skew = *self.random.pick(&[0, -3 * DAY_MS, 3 * DAY_MS]);
                self.clock.skew_ms.store(skew, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    /// A new process: a store of its own, whose life may end at some call.
    fn process(&mut self, access: Access) -> (Arc<Life>, Result<Repository, Error>) {
        let death = self.random.chance(300).then(|| {
            let calls = i64::try_from(self.random.below(45)).unwrap();
            (calls, self.random.chance(500))
        });
        let History { stage, bucket, schedule, ids, .. } = self.history;
        let life = Life::new(schedule, self.id, death);
        let handle = bucket.handle(format!("{:?}", self.role), self.role == Role::Dropper);
        let objects = Arc::new(HookedStore::new(handle, life.clone()));
        let store = Store::from_object_store(objects, stage.world.runtime.handle().clone(), "bucket");
        let options = RepositoryOptions::default().with_pool(stage.pools[self.id].clone());
        let environment = environment(&self.clock, ids);
        let repository = match access {
            Access::ReadWrite => Repository::create_or_open(store, environment, options),
            Access::ReadOnly => Repository::open(store, environment, access, options),
        };
        (life, repository)
    }

    fn write(&mut self, number: usize, turn: usize) {
        // Sometimes two want one label.
        let label = if self.random.chance(150) { format!("both{turn}") } else { format!("w{number}-{turn}") };
        let tables = 1 + self.random.below(3);
        let tables = (0..tables).map(|table| {
            let files =
                (0..self.random.below(5)).map(|_| self.random.pick(&self.history.stage.files).clone());
            let files: BTreeMap<_, _> = files.map(|file| (file.digest, file)).collect();
            Table::new(&format!("t{table}"), files.into_values().collect())
        });
        let ms = NOW_MS + i64::try_from(turn * 2 + number).unwrap();
        let backup = Backup::new(&label, ms, tables.collect());
        for _ in 0..4 {
            let (life, repository) = self.process(Access::ReadWrite);
            let outcome = repository.and_then(|repository| backup.publish(&repository));
            let name = format!("{:?} of '{label}'", self.role);
            self.history.schedule.note(format!("{name}: {outcome:?}"));
            match outcome {
                Ok(CommitOutcome::Committed | CommitOutcome::AlreadyCommitted) => {
                    let key = ObjectKey::Snapshot { label: backup.label, timestamp: backup.timestamp };
                    if !self.history.bucket.state().committed.contains(&key.render()) {
                        self.history.violation(format!("{name} says {outcome:?}, but there is no {key}"));
                    }
                    return;
                }
                Ok(CommitOutcome::LabelTaken) => return,
                Err(_) if life.is_over() => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return,
                Err(error) => {
                    self.history.violation(format!("{name} failed: {error}"));
                    return;
                }
            }
            // Some processes are not started again.
            if self.random.chance(250) {
                return;
            }
        }
    }

    fn drop_one(&mut self) {
        let (life, repository) = self.process(Access::ReadWrite);
        let mut dropped = || {
            let repository = repository?;
            let names = repository.snapshots(None)?;
            if names.is_empty() {
                return Ok(());
            }
            let name = self.random.pick(&names).clone();
            repository.store().delete(&ObjectKey::Snapshot { label: name.label, timestamp: name.timestamp })
        };
        if let Err(error) = dropped()
            && !life.is_over()
        {
            self.history.violation(format!("a drop failed: {error}"));
        }
    }

    /// A snapshot that is there from a reading's begin to its end is read whole.
    fn read(&mut self) {
        let (life, repository) = self.process(Access::ReadOnly);
        let Ok(repository) = repository else { return };
        let Ok(names) = repository.snapshots(None) else { return };
        if names.is_empty() {
            return;
        }
        let name = self.random.pick(&names).clone();
        let key = ObjectKey::Snapshot { label: name.label.clone(), timestamp: name.timestamp }.render();
        let selection = VerifySelection::Snapshot(name.label, name.timestamp);
        let wrong = match repository.verify(&selection, &Transfer::new()) {
            Ok(report) if report.is_clean() => return,
            Ok(report) => format!("{report:?}"),
            Err(_) if life.is_over() => return,
            Err(error) => error.to_string(),
        };
        let state = self.history.bucket.state();
        let there = state.closures.contains_key(&key) && !state.deleted.contains(&key);
        drop(state);
        if there {
            self.history.violation(format!("{key} could not be read: {wrong}"));
        }
    }
}

fn run(stage: &Stage, seed: u64) {
    let history = History::new(stage, seed);
    history.run();
    history.check();
}

#[test]
fn whatever_the_order_of_calls_snapshots_stay_whole_and_nothing_stays_behind() {
    if let Some(seed) = std::env::var("CAIRN_HISTORY_SEED").ok().and_then(|text| text.parse().ok()) {
        return run(&Stage::new(), seed);
    }
    let wanted = runs("CAIRN_HISTORY_RUNS", 300);
    std::thread::scope(|scope| {
        for half in 0..2 {
            scope.spawn(move || {
                let stage = Stage::new();
                (0..wanted).filter(|seed| seed % 2 == half).for_each(|seed| run(&stage, seed));
            });
        }
    });
}

#[test]
fn the_same_seed_makes_the_same_history() {
    let stage = Stage::new();
    for seed in 0..5 {
        let [one, other] = [(); 2].map(|()| {
            let history = History::new(&stage, seed);
            history.run();
            (history.schedule.trace(), history.bucket.state().objects.clone())
        });
        assert!(one.0.len() > 50, "seed {seed}: {} calls", one.0.len());
        assert_eq!(one.0, other.0, "seed {seed}");
        assert!(one.1 == other.1, "seed {seed}");
    }
}
