//! What a backup builds on, and what it sends: requests, bundles, digests, compression, and going on after death.

use std::collections::BTreeMap;

use cairn_engine::{BackupRequest, JobRecord, JobStatus, NewRepository, TabletStore};
use cairn_format::{Compression, ObjectKey, RepositoryName, Retention, Ttl};
use cairn_repository::{CollectionPolicy, Transfer, VerifyOptions, VerifySelection};

use crate::support::{
    World, backup, backup_request, database, finish, insert, label, ranged_table, repository, restore,
    restore_request, rows, selection, small_rows, small_table, table,
};

/// A store with a table of `buckets` tablets, each with some rows.
fn filled(world: &World, name: &str, buckets: u32) -> TabletStore {
    let store = world.ready(name);
    store.create_table(&database(), small_table("t", buckets), Vec::new()).unwrap();
    let many: Vec<_> = (0..i32::try_from(buckets).unwrap() * 20).map(|n| (n, Some("a row"))).collect();
    insert(&store, "t", &small_rows(&many)).unwrap();
    store
}

fn try_backup(store: &TabletStore, request: &BackupRequest) -> std::sync::Arc<JobRecord> {
    let id = store.submit_backup(request).unwrap();
    let record = finish(store, id);
    assert_eq!(record.status, JobStatus::Ok);
    record
}

fn moved(record: &JobRecord) -> (u64, u64) {
    let totals = record.totals.unwrap();
    (totals.moved_files, totals.moved_objects)
}

fn objects(world: &World, folder: &str) -> usize {
    crate::open::walk(&world.path("repository").join(folder)).len()
}

fn is_clean(store: &TabletStore) -> bool {
    let opened = store.open_repository(&repository()).unwrap();
    opened.verify(&VerifyOptions::new(VerifySelection::All), &Transfer::new()).unwrap().is_clean()
}

#[test]
fn requests_of_a_backup_with_nothing_new_do_not_grow() {
    let requests = |tables: usize| {
        let world = World::new();
        let store = world.ready("a");
        for number in 0..tables {
            let name = format!("t{number}");
            store.create_table(&database(), small_table(&name, 3), Vec::new()).unwrap();
            insert(&store, &name, &small_rows(&[(1, None), (2, None), (3, None), (4, None)])).unwrap();
        }
        backup(&store, "first");
        backup(&store, "second").totals.unwrap().requests
    };
    let few = requests(2);
    assert!(few <= 8, "{few}");
    assert_eq!(requests(40), few);
}

#[test]
fn small_tablets_share_objects_and_come_back() {
    let world = World::new();
    let a = filled(&world, "a", 200);
    let first = backup(&a, "first");
    assert_eq!(moved(&first), (200, 1));
    assert_eq!(objects(&world, "data"), 1);
    // What is new goes into an object of its own, and what is there is used where it lies.
    insert(&a, "t", &small_rows(&[(1_000_000, None), (1_000_001, None), (1_000_002, None)])).unwrap();
    let second = backup(&a, "second");
    assert!(moved(&second).0 <= 3 && moved(&second).1 == 1, "{:?}", second.totals);
    assert!(is_clean(&a));
    let b = world.open("b");
    world.add_repository(&b, true).unwrap();
    for (name, record) in [("first", &first), ("second", &second)] {
        let restored = restore(&b, &restore_request(name, record.timestamp));
        assert_eq!(restored.status, JobStatus::Ok);
    }
    assert_eq!(rows(&b, "t"), rows(&a, "t"));
}

#[test]
fn hollow_bundles_are_replaced_when_their_rows_go() {
    let world = World::new();
    let store = world.ready("a");
    let bounds: Vec<i128> = (1..=10).map(|n| n * 10).collect();
    let (definition, partitions) = ranged_table("t", &bounds);
    store.create_table(&database(), definition, partitions).unwrap();
    let all: Vec<_> = (0..100).map(|n| (n, Some("x"))).collect();
    insert(&store, "t", &small_rows(&all)).unwrap();
    backup(&store, "first");
    let gone: Vec<_> = (0..8).map(|n| crate::support::partition(&format!("p{n}"))).collect();
    store.truncate_table(&database(), &table("t"), Some(&gone)).unwrap();
    let second = backup(&store, "second");
    assert!(moved(&second).0 > 0, "{:?}", second.totals);
    // Without the first snapshot nothing of its bundle is left.
    store.drop_snapshot(&repository(), &label("first")).unwrap();
    let opened = store.open_repository(&repository()).unwrap();
    let policy = CollectionPolicy::default().with_grace(std::time::Duration::ZERO);
    let report = opened.collect(&policy, &Transfer::new()).unwrap();
    assert!(report.failed.is_empty() && report.deleted.len() == 2, "{report:?}");
    assert!(is_clean(&store));
    assert_eq!(moved(&backup(&store, "third")), (0, 0));
}

#[test]
fn compression_on_the_way_is_as_incremental_as_none() {
    let world = World::new();
    let a = filled(&world, "a", 5);
    let compressed = |name: &str, compression: &str| {
        let compression = Some(Compression::parse(compression).unwrap());
        try_backup(&a, &BackupRequest { compression, ..backup_request(name) })
    };
    assert_eq!(moved(&compressed("z1", "lz4")).0, 5);
    assert_eq!(moved(&compressed("z2", "lz4")), (0, 0));
    insert(&a, "t", &small_rows(&[(1_000_000, None)])).unwrap();
    let third = compressed("z3", "lz4");
    assert_eq!(moved(&third), (1, 1));
    // Another choice is another file; none is the file as it is.
    assert_eq!(moved(&compressed("l1", "none")).0, 6);
    assert_eq!(moved(&try_backup(&a, &backup_request("as_is"))).0, 6);
    assert!(is_clean(&a));
    let b = world.ready("b");
    let restored = restore(&b, &restore_request("z3", third.timestamp));
    assert_eq!(restored.status, JobStatus::Ok);
    assert_eq!(rows(&b, "t"), rows(&a, "t"));
    // What was restored is the compressed file: asked for the same, the other store sends nothing either.
    let request =
        BackupRequest { compression: Some(Compression::parse("lz4").unwrap()), ..backup_request("b1") };
    // The newest snapshot of the database is the one as it is; build on the compressed one.
    for name in ["l1", "as_is"] {
        a.drop_snapshot(&repository(), &label(name)).unwrap();
    }
    assert_eq!(moved(&try_backup(&b, &request)), (0, 0));
    assert_eq!(rows(&b, "t"), rows(&a, "t"));
}

#[test]
fn a_repository_may_be_named_by_blake3() {
    let world = World::new();
    let store = filled(&world, "a", 5);
    let name = RepositoryName::parse("tamper_evident").unwrap();
    let new = |digest: &str| NewRepository {
        name: name.clone(),
        location: world.path("blake3").to_str().unwrap().to_owned(),
        properties: BTreeMap::from([("digest".to_owned(), digest.to_owned())]),
        read_only: false,
        broker: None,
    };
    store.create_repository(new("blake3")).unwrap();
    let to = |label: &str| BackupRequest { repository: name.clone(), ..backup_request(label) };
    let first = try_backup(&store, &to("first"));
    assert_eq!(moved(&first).0, 5);
    assert_eq!(moved(&try_backup(&store, &to("second"))), (0, 0));
    insert(&store, "t", &small_rows(&[(1_000_000, None)])).unwrap();
    assert_eq!(moved(&try_backup(&store, &to("third"))).0, 1);
    let keys: Vec<_> = crate::open::walk(&world.path("blake3"));
    let named = |folder: &str| {
        let root = world.path("blake3").join(folder);
        let own: Vec<_> = keys.iter().filter(|path| path.starts_with(&root)).collect();
        assert!(!own.is_empty());
        own.iter().all(|path| path.file_name().unwrap().to_str().unwrap().starts_with("blake3-"))
    };
    assert!(named("data") && named("tables"));
    let opened = store.open_repository(&name).unwrap();
    let report = opened.verify(&VerifyOptions::new(VerifySelection::All), &Transfer::new()).unwrap();
    assert!(report.is_clean(), "{report:?}");
    // Rows come back, and what came back is known by its new digest.
    let b = world.open("b");
    b.create_repository(NewRepository { properties: BTreeMap::new(), ..new("") }).unwrap();
    let mut request = restore_request("first", first.timestamp);
    request.repository = name.clone();
    assert_eq!(restore(&b, &request).status, JobStatus::Ok);
    assert_eq!(rows(&b, "t").len() + 1, rows(&store, "t").len());
    assert_eq!(moved(&try_backup(&b, &to("of_b"))).0, 0);
    // The choice was made when the repository was.
    b.drop_repository(&name).unwrap();
    assert!(b.create_repository(new("xxh3")).unwrap_err().to_string().contains("blake3"));
}

#[test]
fn a_store_that_restored_a_snapshot_builds_on_it() {
    let world = World::new();
    let a = filled(&world, "a", 8);
    let first = backup(&a, "first");
    let b = world.ready("b");
    assert_eq!(restore(&b, &restore_request("first", first.timestamp)).status, JobStatus::Ok);
    insert(&b, "t", &small_rows(&[(1_000_000, None)])).unwrap();
    let second = backup(&b, "second");
    assert_eq!(moved(&second), (1, 1));
    // And the first store goes on from its own.
    assert_eq!(moved(&backup(&a, "third")), (0, 0));
    assert!(is_clean(&a));
}

#[test]
fn backups_of_some_partitions_help_those_of_all() {
    let world = World::new();
    let a = world.ready("a");
    let (definition, partitions) = ranged_table("t", &[10, 20, 30]);
    a.create_table(&database(), definition, partitions).unwrap();
    insert(&a, "t", &small_rows(&[(1, None), (11, None), (21, None)])).unwrap();
    let part = |label: &str, names: &[&str]| {
        let tables = Some(vec![selection("t", Some(names), None)]);
        try_backup(&a, &BackupRequest { tables, ..backup_request(label) })
    };
    assert_eq!(moved(&part("p0", &["p0"])).0, 1);
    assert_eq!(moved(&part("p01", &["p0", "p1"])).0, 1);
    assert_eq!(moved(&backup(&a, "all")).0, 1);
    assert_eq!(moved(&part("p2", &["p2"])).0, 0);
    assert_eq!(moved(&backup(&a, "again")), (0, 0));
}

#[test]
fn snapshots_go_when_they_expire_and_the_others_stay_whole() {
    let world = World::new();
    let store = filled(&world, "a", 3);
    // The clock of these tests counts milliseconds, a few a call.
    let short = BackupRequest { ttl: Some(Ttl::parse("1 SECOND").unwrap()), ..backup_request("short") };
    let record = try_backup(&store, &short);
    insert(&store, "t", &small_rows(&[(1_000_000, None)])).unwrap();
    backup(&store, "long");
    let opened = store.open_repository(&repository()).unwrap();
    let manifest = opened.open_snapshot(&label("short"), record.timestamp).unwrap();
    assert_eq!(manifest.ttl.as_deref(), Some("1 SECOND"));
    assert_eq!(manifest.expires_at_ms, manifest.finished_at_ms.map(|at| at + 1000));
    let retention = Some(Retention::parse("last=1").unwrap());
    let policy = CollectionPolicy::default().with_grace(std::time::Duration::ZERO).with_retention(retention);
    let plan = opened.plan_collection(&policy, &Transfer::new()).unwrap();
    assert_eq!((plan.keeps.len(), plan.drops.len()), (2, 0), "{plan:?}");
    while store.open_repository(&repository()).is_ok()
        && opened.plan_collection(&policy, &Transfer::new()).unwrap().drops.is_empty()
    {}
    let report = opened.collect(&policy, &Transfer::new()).unwrap();
    assert_eq!(report.dropped.len(), 1);
    assert_eq!(report.dropped[0].name.label, label("short"));
    assert_eq!(opened.snapshots(None).unwrap().len(), 1);
    assert!(is_clean(&store));
}

#[test]
fn a_snapshot_is_dropped_by_its_label_and_only_when_nobody_uses_it() {
    let world = World::new();
    let store = filled(&world, "a", 3);
    backup(&store, "one");
    assert_eq!(store.drop_snapshot(&repository(), &label("one")).unwrap().len(), 1);
    let error = store.drop_snapshot(&repository(), &label("one")).unwrap_err();
    assert!(error.to_string().contains("Snapshot does not exist in repository r: one"), "{error}");
    // Its label may be used again, and what it had sent is not taken to be there.
    let again = backup(&store, "one");
    assert_eq!(moved(&again).0, 3);
    assert!(is_clean(&store));
    drop(store);
    let read_only = world.open("b");
    world.add_repository(&read_only, true).unwrap();
    let error = read_only.drop_snapshot(&repository(), &label("one")).unwrap_err();
    assert_eq!(error.kind(), cairn_engine::ErrorKind::ReadOnly);
}

#[test]
fn properties_are_altered_and_tried_first() {
    let world = World::new();
    let store = filled(&world, "a", 3);
    let alter = |key: &str, value: &str| {
        store.alter_repository(&repository(), &BTreeMap::from([(key.to_owned(), value.to_owned())]))
    };
    alter("bundle_size", "0").unwrap();
    assert_eq!(moved(&backup(&store, "apart")), (3, 3));
    alter("max_upload_rate", "1GB").unwrap();
    alter("bundle_size", "").unwrap();
    let entry = store.view().require_repository(&repository()).unwrap().clone();
    assert_eq!(entry.properties.keys().collect::<Vec<_>>(), ["max_upload_rate"]);
    for (key, value) in [("max_upload_rate", "fast"), ("aws.s3.region", "x"), ("digest", "blake3")] {
        let error = alter(key, value).unwrap_err().to_string();
        assert!(error.contains("stays as it was"), "{error}");
    }
    drop(store);
    let store = world.open("a");
    let entry = store.view().require_repository(&repository()).unwrap().clone();
    assert_eq!(entry.properties.len(), 1);
}

#[test]
fn running_jobs_obey_limits_from_the_moment_they_change() {
    let world = World::new();
    let store = filled(&world, "a", 200);
    let limit = |rate: &str| {
        let set = BTreeMap::from([("max_upload_rate".to_owned(), rate.to_owned())]);
        store.alter_repository(&repository(), &set).unwrap();
    };
    limit("1KB");
    let id = store.submit_backup(&backup_request("slow")).unwrap();
    // At this rate it takes minutes.
    let slow = store.wait_for_job(id, Some(std::time::Duration::from_secs(1))).unwrap();
    assert!(!slow.state.is_final(), "{slow:?}");
    limit("");
    let done = store.wait_for_job(id, Some(std::time::Duration::from_secs(20))).unwrap();
    assert_eq!((done.state, done.status.clone()), (cairn_engine::JobState::Finished, JobStatus::Ok));
}

#[test]
fn names_of_objects_end_with_their_intent() {
    let world = World::new();
    let store = filled(&world, "a", 2);
    backup(&store, "one");
    let root = world.path("repository");
    let mut intents: Vec<_> = crate::open::walk(&root)
        .iter()
        .filter_map(|path| ObjectKey::parse(path.strip_prefix(&root).unwrap().to_str().unwrap()))
        .filter_map(|key| match key {
            ObjectKey::Data(name) | ObjectKey::FileList(name) => Some(name.intent().unwrap()),
            _ => None,
        })
        .collect();
    assert_eq!(intents.len(), 2);
    intents.dedup();
    assert_eq!(intents.len(), 1);
}
