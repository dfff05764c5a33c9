//! Repositories whose storage is slow, on purpose or because it hangs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cairn_engine::{BackupRequest, ErrorKind, JobKind, JobState, LoadOptions, StoreOptions, TabletStore};
use cairn_format::DatabaseName;
use cairn_repository::Disk;

use crate::stalling::Stalling;
use crate::support::{
    World, backup, backup_request, database, finish, insert, label, repository, small_rows, small_table,
    table,
};

/// So long nothing may hang.
const SOON: Duration = Duration::from_secs(40);

fn options(world: &World, storage: &Stalling) -> StoreOptions {
    let mut options = world.options(&Disk::system());
    options.stores = Arc::new(storage.clone());
    options
}

/// A store with table `t` of one row, and a repository in storage that can stall.
fn stalling(world: &World) -> (TabletStore, Stalling) {
    let storage = Stalling::new(world.runtime.handle().clone());
    let store = TabletStore::open(&world.path("a"), options(world, &storage)).unwrap();
    store.create_database(&database()).unwrap();
    world.add_repository(&store, false).unwrap();
    store.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    insert(&store, "t", &small_rows(&[(1, None)])).unwrap();
    (store, storage)
}

/// Limits that leave time to stall before a backup has ended.
fn slow_down(store: &TabletStore) {
    let limits = BTreeMap::from([("max_requests_per_second".to_owned(), "2".to_owned())]);
    store.alter_repository(&repository(), &limits).unwrap();
}

#[test]
fn a_backup_is_cancelled_while_storage_does_not_answer() {
    // CANCEL BACKUP waited until the last retry of the request that was under way: a quarter of an hour.
    let world = World::new();
    let (store, storage) = stalling(&world);
    slow_down(&store);
    let id = store.submit_backup(&backup_request("one")).unwrap();
    storage.stall(true);
    let start = Instant::now();
    let record = store.cancel_job(&database(), JobKind::Backup).unwrap();
    assert_eq!((record.id, record.state), (id, JobState::Cancelled));
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    storage.stall(false);
    backup(&store, "two");
}

#[test]
fn a_store_is_closed_while_storage_does_not_answer_and_its_job_goes_on_later() {
    let world = World::new();
    let (store, storage) = stalling(&world);
    slow_down(&store);
    let id = store.submit_backup(&backup_request("one")).unwrap();
    storage.stall(true);
    let start = Instant::now();
    drop(store);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    storage.stall(false);
    let store = TabletStore::open(&world.path("a"), options(&world, &storage)).unwrap();
    assert_eq!(finish(&store, id).status.to_text(), "[OK]");
}

#[test]
fn a_repository_that_does_not_answer_is_given_up_and_the_others_are_not() {
    let world = World::new();
    let (store, storage) = stalling(&world);
    let names = [repository(), repository()];
    assert!(store.open_repositories(&names, SOON).iter().all(Result::is_ok));
    storage.stall(true);
    let start = Instant::now();
    for outcome in store.open_repositories(&names, Duration::from_millis(200)) {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("repository r has not answered"), "{error}");
    }
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

#[test]
fn all_who_use_a_repository_hear_of_its_limits() {
    let world = World::new();
    let (store, _storage) = stalling(&world);
    let opened = [(); 2].map(|()| store.open_repository(&repository()).unwrap());
    for (rate, bytes) in [("1MB", 1_000_000), ("", 0)] {
        let limits = BTreeMap::from([("max_upload_rate".to_owned(), rate.to_owned())]);
        store.alter_repository(&repository(), &limits).unwrap();
        assert!(opened.iter().all(|opened| opened.store().limits().get().upload_bytes == bytes));
    }
    // What is refused changes nothing.
    let wrong = BTreeMap::from([("max_upload_rate".to_owned(), "fast".to_owned())]);
    assert!(store.alter_repository(&repository(), &wrong).is_err());
    assert_eq!(opened[0].store().limits().get().upload_bytes, 0);
}

#[test]
fn two_jobs_share_the_rate_of_their_repository() {
    // Each job had a rate of its own: two backups of two databases sent twice as fast as was allowed.
    const RATE: u64 = 20_000;
    let world = World::new();
    let (store, storage) = stalling(&world);
    let other = DatabaseName::parse("other").unwrap();
    store.create_database(&other).unwrap();
    store.create_table(&other, small_table("t", 1), Vec::new()).unwrap();
    for (salt, database) in [(1, database()), (2, other.clone())] {
        let mut state = salt;
        let texts: Vec<String> = (0..1500)
            .map(|_| {
                state = 1_u64.wrapping_add(u64::wrapping_mul(state, 6_364_136_223_846_793_005));
                format!("{state:020}")
            })
            .collect();
        let rows: Vec<_> = (0..).zip(&texts).map(|(key, text)| (key, Some(text.as_str()))).collect();
        let mut load = store.begin_load(&database, &table("t"), None, LoadOptions::default()).unwrap();
        load.write(&small_rows(&rows)).unwrap();
        load.commit().unwrap();
    }
    let limits = BTreeMap::from([("max_upload_rate".to_owned(), RATE.to_string())]);
    store.alter_repository(&repository(), &limits).unwrap();
    let start = Instant::now();
    let requests = [
        backup_request("one"),
        BackupRequest { database: other, label: label("two"), ..backup_request("two") },
    ];
    let jobs = requests.map(|request| store.submit_backup(&request).unwrap());
    for job in jobs {
        assert_eq!(finish(&store, job).status.to_text(), "[OK]");
    }
    let (time, bytes) = (start.elapsed(), storage.bytes());
    // A burst comes first, and nobody waits for what was put last.
    let least = Duration::from_millis((bytes * 1000 / RATE).saturating_sub(700));
    assert!(bytes > 2 * RATE && time >= least, "{bytes} bytes in {time:?}");
}
