//! Two who want the same.

use cairn_repository::{CommitOutcome, Disk};

use crate::support::source::SourceTable;
use crate::support::{Backup, World, objects, verify_all};

fn race<T: Send>(racers: Vec<impl FnOnce() -> T + Send>) -> Vec<T> {
    std::thread::scope(|scope| {
        let racers: Vec<_> = racers.into_iter().map(|racer| scope.spawn(racer)).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    })
}

#[test]
fn of_two_equal_backups_one_commits_and_the_other_finds_the_name_taken() {
    for _ in 0..20 {
        let world = World::new();
        for store in world.stores() {
            let repository = world.create(store).unwrap();
            let backup = world.backup("nightly");
            let publish = || backup.publish(&repository).unwrap();
            let outcomes = race(vec![publish, publish]);
            assert_eq!(
                outcomes.iter().filter(|o| **o == CommitOutcome::Committed).count(),
                1,
                "{outcomes:?}"
            );
            assert!(outcomes.contains(&CommitOutcome::LabelTaken), "{outcomes:?}");
            assert!(verify_all(&repository).unwrap().is_clean());
        }
    }
}

#[test]
fn of_two_different_backups_under_one_name_one_exists() {
    for _ in 0..20 {
        let world = World::new();
        for store in world.stores() {
            let repository = world.create(store).unwrap();
            let backup = world.backup("nightly");
            let other = Backup {
                tables: vec![SourceTable::new("planes", vec![world.file(8, 10)])],
                ..backup.clone()
            };
            let repository = &repository;
            let publish = |backup| move || Backup::publish(backup, repository).unwrap();
            let outcomes = race(vec![publish(&backup), publish(&other)]);
            let winner = if outcomes[0] == CommitOutcome::Committed { &backup } else { &other };
            assert!(outcomes.contains(&CommitOutcome::Committed), "{outcomes:?}");
            assert!(outcomes.contains(&CommitOutcome::LabelTaken), "{outcomes:?}");
            winner.read_back(repository, &world.directory.path().join("out")).unwrap();
        }
    }
}

#[test]
fn of_two_who_create_a_repository_both_open_the_same() {
    for _ in 0..20 {
        let world = World::new();
        let create = || world.create(world.local(Disk::system())).unwrap().descriptor().clone();
        let found = race(vec![create, create]);
        assert_eq!(found[0], found[1]);
        assert_eq!(objects(&world.root()), ["cairn.json"]);
    }
}
