//! Every call may go wrong, in every way that calls do: what comes of it is an error or the right thing, never a
//! wrong thing, and who tries again gets there.
//!
//! `CAIRN_FAULT_RUNS` asks for more runs of each test.

use std::sync::Arc;
use std::time::Duration;

use cairn_repository::{
    Access, CollectionPolicy, CommitOutcome, Error, ErrorKind, Repository, Store, Transfer,
};
use object_store::ObjectStore;
use object_store::memory::InMemory;

use crate::support::faulty::{Fault, Faults};
use crate::support::hooked::HookedStore;
use crate::support::random::runs;
use crate::support::source::SourceTable;
use crate::support::{Backup, World, verify_all};

/// A store that does badly over one that does well.
struct Bad {
    world: World,
    objects: Arc<dyn ObjectStore>,
    seed: u64,
    attempts: u64,
}

impl Bad {
    fn new(seed: u64) -> Self {
        Self { world: World::new(), objects: Arc::new(InMemory::new()), seed, attempts: 0 }
    }

    fn good(&self) -> Store {
        Store::from_object_store(self.objects.clone(), self.world.runtime.handle().clone(), "good")
    }

    /// The next attempt's store, with other faults than the last one's.
    fn bad(&mut self, kinds: &[Fault], permille: u64) -> (Store, Arc<Faults>) {
        self.attempts += 1;
        let faults = Arc::new(Faults::new(self.seed.wrapping_mul(10_007) + self.attempts, kinds, permille));
        let hooked = HookedStore::new(self.objects.clone(), faults.clone());
        let handle = self.world.runtime.handle().clone();
        (Store::from_object_store(Arc::new(hooked), handle, "bad"), faults)
    }

    /// Does it until it is done; what fails has to have met a fault.
    fn until_done<T>(
        &mut self,
        kinds: &[Fault],
        permille: u64,
        what: &str,
        act: impl Fn(&World, Store) -> cairn_repository::Result<T>,
    ) -> T {
        for _ in 0..500 {
            let (store, faults) = self.bad(kinds, permille);
            match act(&self.world, store) {
                Ok(done) => return done,
                Err(error) => {
                    assert!(faults.injected() > 0, "seed {}: {what} failed by itself: {error}", self.seed);
                }
            }
        }
        panic!("seed {}: {what} is never done", self.seed);
    }
}

/// Few calls go wrong, or many.
fn rate(seed: u64) -> u64 {
    [5, 30, 100, 250][usize::try_from(seed % 4).unwrap()]
}

fn second(world: &World) -> Backup {
    let mut backup = world.backup("second");
    backup.tables.push(SourceTable::new("new", vec![world.file(7, 64), world.file(2, 300)]));
    backup
}

fn publish(backup: &Backup, world: &World, store: Store) -> cairn_repository::Result<CommitOutcome> {
    world.create(store).and_then(|repository| backup.publish(&repository))
}

#[test]
fn backups_restores_and_verifications_come_right_over_a_store_that_does_badly() {
    for seed in 0..runs("CAIRN_FAULT_RUNS", 60) {
        let mut bad = Bad::new(seed);
        let (kinds, permille) = (Fault::ALL, rate(seed));
        for backup in [bad.world.backup("first"), second(&bad.world)] {
            let first = bad.attempts + 1;
            let outcome =
                bad.until_done(&kinds, permille, "a backup", |world, store| publish(&backup, world, store));
            // An attempt whose last answer was lost may have made it, and a stale listing hides that from the next, which
            // sends everything once more. It is the same backup all the same, as reading it back tells.
            assert!(outcome != CommitOutcome::LabelTaken || bad.attempts > first, "seed {seed}");
            let out = bad.world.directory.path().join(backup.label.as_str());
            bad.until_done(&kinds, permille, "a restore", |world, store| {
                let repository = world.create(store)?;
                backup.read_back(&repository, &out)
            });
            // What a truncated or stale answer makes look wrong is wrong to look at, and right when looked at again.
            let good = bad.world.create(bad.good()).unwrap();
            let report = verify_all(&good).unwrap();
            assert!(report.is_clean(), "seed {seed}: {report:?}");
        }
        let honest = [Fault::FailBefore, Fault::FailAfter, Fault::Slow, Fault::Throttle, Fault::BreakOff];
        let report = bad.until_done(&honest, permille, "a verification", |world, store| {
            let options = world.options.clone();
            verify_all(&Repository::open(store, world.environment.clone(), Access::ReadOnly, options)?)
        });
        assert!(report.is_clean() && report.snapshots.len() == 2, "seed {seed}: {report:?}");
        check_collection(&mut bad, permille.min(30));
    }
}

/// Drops a snapshot and collects. A listing must be true, which `spec/repository.md` asks of a store; everything else may go
/// wrong.
fn check_collection(bad: &mut Bad, permille: u64) {
    let seed = bad.seed;
    let kinds: Vec<_> = Fault::ALL.into_iter().filter(|fault| *fault != Fault::StaleList).collect();
    let first = bad.world.backup("first").name();
    bad.until_done(&kinds, permille, "a drop", |world, store| {
        match world.create(store)?.drop_snapshot(&first) {
            // An attempt that failed may have gone through.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    });
    bad.until_done(&kinds, permille, "a collection", |world, store| {
        let policy = CollectionPolicy::default().with_grace(Duration::ZERO);
        let report = world.create(store)?.collect(&policy, &Transfer::new())?;
        match report.failed.first() {
            Some(failed) => Err(Error::new(ErrorKind::Unavailable, failed.message.clone())),
            None => Ok(()),
        }
    });
    let report = verify_all(&bad.world.create(bad.good()).unwrap()).unwrap();
    assert!(report.is_clean() && report.snapshots.len() == 1, "seed {seed}: {report:?}");
    // What attempts left that failed goes when their intents have expired: a fence may stay for a backup that was given up.
    bad.world.collect_everything(bad.good());
    let report = verify_all(&bad.world.create(bad.good()).unwrap()).unwrap();
    assert!(report.is_clean() && report.snapshots.len() == 1, "seed {seed}: {report:?}");
    let good = bad.good();
    let left = ["data", "tables", "jobs", "trash"].map(|folder| good.list(folder).unwrap());
    let objects = report.objects - 2;
    assert_eq!(left.iter().map(Vec::len).sum::<usize>() as u64, objects, "seed {seed}: {left:?}");
}
