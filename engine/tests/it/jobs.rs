//! Jobs while they run: one a database, cancelled, out of time, left behind and taken up again.
//!
//! A gate holds a job at a call to the disk for as long as a test wants.

use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use cairn_engine::{
    BackupRequest, CatalogBackupRequest, CatalogRestoreRequest, DropMode, ErrorKind, JobKind, JobState,
    TabletStore,
};
use cairn_format::{CatalogName, ExternalCatalog};
use cairn_repository::{Disk, DiskCall, DiskHook};

use crate::open::walk;
use crate::support::{
    World, backup, backup_request, database, finish, insert, repository, restore_request, rows, small_rows,
    small_table, table,
};

/// Holds whoever syncs a file below `directory`, once it is shut.
pub(crate) struct Gate {
    directory: std::path::PathBuf,
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    shut: bool,
    waiting: usize,
}

impl Gate {
    pub(crate) fn new(directory: &Path) -> Arc<Self> {
        Arc::new(Self { directory: directory.to_owned(), state: Mutex::default(), changed: Condvar::new() })
    }

    pub(crate) fn shut(&self) {
        self.state.lock().unwrap().shut = true;
    }

    pub(crate) fn open(&self) {
        self.state.lock().unwrap().shut = false;
        self.changed.notify_all();
    }

    /// Waits until somebody is held.
    pub(crate) fn wait_for_somebody(&self) {
        let state = self.state.lock().unwrap();
        let limit = Duration::from_mins(1);
        let (_state, waited) = self.changed.wait_timeout_while(state, limit, |s| s.waiting == 0).unwrap();
        assert!(!waited.timed_out(), "nobody came to the gate");
    }
}

impl DiskHook for Gate {
    fn before(&self, call: &DiskCall<'_>) -> io::Result<()> {
        if matches!(call, DiskCall::SyncFile(path) if path.starts_with(&self.directory)) {
            let mut state = self.state.lock().unwrap();
            state.waiting += 1;
            self.changed.notify_all();
            let mut state = self.changed.wait_while(state, |s| s.shut).unwrap();
            state.waiting -= 1;
        }
        Ok(())
    }

    fn after(&self, _: &DiskCall<'_>) -> io::Result<()> {
        Ok(())
    }
}

/// A store with table `t` of one row, and a gate at the data files of the repository.
fn gated(world: &World) -> (TabletStore, Arc<Gate>) {
    let store = world.ready("a");
    store.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    insert(&store, "t", &small_rows(&[(1, None)])).unwrap();
    drop(store);
    let gate = Gate::new(&world.path("repository"));
    (world.try_open("a", &Disk::with_hook(gate.clone())).unwrap(), gate)
}

#[test]
fn a_second_job_on_a_database_is_refused_while_the_first_runs() {
    let world = World::new();
    let (store, gate) = gated(&world);
    gate.shut();
    let id = store.submit_backup(&backup_request("one")).unwrap();
    gate.wait_for_somebody();
    let error = store.submit_backup(&backup_request("two")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    let text = error.to_string();
    assert!(text.starts_with("Can only run one backup or restore job of a database at same time"), "{text}");
    // Loads go on meanwhile; so does everything else but forgetting the repository.
    insert(&store, "t", &small_rows(&[(2, None)])).unwrap();
    assert_eq!(store.drop_repository(&repository()).unwrap_err().kind(), ErrorKind::Busy);
    gate.open();
    assert_eq!(finish(&store, id).state, JobState::Finished);
    backup(&store, "two");
}

#[test]
fn a_cancelled_backup_leaves_no_snapshot_and_frees_its_label() {
    let world = World::new();
    let (store, gate) = gated(&world);
    gate.shut();
    store.submit_backup(&backup_request("one")).unwrap();
    gate.wait_for_somebody();
    let record = std::thread::scope(|scope| {
        let cancelled = scope.spawn(|| store.cancel_job(&database(), JobKind::Backup));
        // The job may only be held at the gate until it is asked to stop.
        std::thread::sleep(Duration::from_millis(300));
        gate.open();
        cancelled.join().unwrap().unwrap()
    });
    assert_eq!(record.state, JobState::Cancelled);
    assert_eq!(record.status.to_text(), "[COMMON_ERROR, msg: user cancelled]");
    let opened = store.open_repository(&repository()).unwrap();
    assert!(opened.snapshots(None).unwrap().is_empty());
    let intents = world.path("repository").join("jobs");
    assert!(!intents.exists() || walk(&intents).is_empty());
    backup(&store, "one");
}

#[test]
fn a_job_that_takes_too_long_is_cancelled() {
    let world = World::new();
    let (store, gate) = gated(&world);
    gate.shut();
    let id = store.submit_backup(&BackupRequest { timeout_s: 1, ..backup_request("late") }).unwrap();
    gate.wait_for_somebody();
    std::thread::sleep(Duration::from_millis(1200));
    gate.open();
    let record = finish(&store, id);
    assert_eq!(record.state, JobState::Cancelled);
    assert_eq!(record.status.to_text(), "[TIMEOUT, msg: backup job with label late timeout. 1 s]");
}

#[test]
fn a_backup_that_was_left_behind_goes_on_with_its_cut() {
    let world = World::new();
    let (store, gate) = gated(&world);
    gate.shut();
    let id = store.submit_backup(&backup_request("one")).unwrap();
    gate.wait_for_somebody();
    insert(&store, "t", &small_rows(&[(2, None)])).unwrap();
    store.drop_table_as(&database(), &table("t"), DropMode::Force).unwrap();
    std::thread::scope(|scope| {
        let closed = scope.spawn(move || drop(store));
        std::thread::sleep(Duration::from_millis(300));
        gate.open();
        closed.join().unwrap();
    });
    let mut options = world.options(&Disk::system());
    options.resume_jobs = false;
    let looking = TabletStore::open(&world.path("a"), options).unwrap();
    assert!(!finish(&looking, id).state.is_final(), "who only looks resumes nothing");
    drop(looking);
    let store = world.open("a");
    let record = finish(&store, id);
    assert_eq!((record.state, record.status.to_text().as_str()), (JobState::Finished, "[OK]"));
    assert!(walk(&world.path("repository").join("jobs")).is_empty(), "the dead attempt's intent is gone");
    assert!(
        walk(&world.path("a").join("data")).is_empty(),
        "the dropped table's files are gone with the pin"
    );
    let other = world.open("b");
    world.add_repository(&other, true).unwrap();
    let id = other.submit_restore(&restore_request("one", record.timestamp)).unwrap();
    assert_eq!(finish(&other, id).state, JobState::Finished);
    assert_eq!(rows(&other, "t"), ["Integer(1) | Null"]);
}

#[test]
fn a_backup_that_cannot_go_on_leaves_no_intent() {
    let world = World::new();
    drop(gated(&world));
    // The intent is on record when data is being made durable.
    let gate = Gate::new(&world.path("repository").join("data"));
    let store = world.try_open("a", &Disk::with_hook(gate.clone())).unwrap();
    gate.shut();
    let id = store.submit_backup(&backup_request("one")).unwrap();
    gate.wait_for_somebody();
    std::thread::scope(|scope| {
        let closed = scope.spawn(move || drop(store));
        std::thread::sleep(Duration::from_millis(300));
        gate.open();
        closed.join().unwrap();
    });
    assert_eq!(walk(&world.path("repository").join("jobs")).len(), 1);
    // Another store takes the label meanwhile.
    let other = world.ready("b");
    other.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    backup(&other, "one");
    let record = finish(&world.open("a"), id);
    assert_eq!(record.state, JobState::Cancelled, "{record:?}");
    assert!(walk(&world.path("repository").join("jobs")).is_empty(), "no collection waits for it");
}

#[test]
fn a_table_under_restore_takes_no_changes_and_a_cancelled_restore_makes_none() {
    let world = World::new();
    let (store, _) = gated(&world);
    let timestamp = backup(&store, "one").timestamp;
    store.create_table(&database(), small_table("other", 1), Vec::new()).unwrap();
    insert(&store, "t", &small_rows(&[(2, None)])).unwrap();
    // The old rows must be fetched, not linked: the table that has them goes.
    store.truncate_table(&database(), &table("t"), None).unwrap();
    insert(&store, "t", &small_rows(&[(3, None)])).unwrap();
    drop(store);
    let gate = Gate::new(&world.path("a").join("data"));
    let store = world.try_open("a", &Disk::with_hook(gate.clone())).unwrap();
    gate.shut();
    store.submit_restore(&restore_request("one", timestamp)).unwrap();
    gate.wait_for_somebody();
    for refused in [
        insert(&store, "t", &small_rows(&[(4, None)])).map(drop),
        store.truncate_table(&database(), &table("t"), None),
        store.drop_table_as(&database(), &table("t"), DropMode::Force),
        store.drop_database(&database()),
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Busy);
    }
    assert_eq!(rows(&store, "t"), ["Integer(3) | Null"], "it can be read");
    let record = std::thread::scope(|scope| {
        let cancelled = scope.spawn(|| store.cancel_job(&database(), JobKind::Restore));
        std::thread::sleep(Duration::from_millis(300));
        gate.open();
        cancelled.join().unwrap().unwrap()
    });
    assert_eq!(record.state, JobState::Cancelled);
    assert_eq!(rows(&store, "t"), ["Integer(3) | Null"]);
    insert(&store, "t", &small_rows(&[(4, None)])).unwrap();
    assert_eq!(walk(&world.path("a").join("data")).len(), 2, "nothing of the restore is left");
}

/// A store with an external catalog, and a gate at what is put into the repository.
fn gated_catalog(world: &World) -> (TabletStore, Arc<Gate>) {
    let store = world.ready("a");
    store.create_external_catalog(&catalog("hive", "thrift://one")).unwrap();
    drop(store);
    let gate = Gate::new(&world.path("repository"));
    (world.try_open("a", &Disk::with_hook(gate.clone())).unwrap(), gate)
}

fn catalog(name: &str, place: &str) -> ExternalCatalog {
    let properties = [("type", "hive"), ("hive.metastore.uris", place), ("password", "p")];
    ExternalCatalog {
        name: CatalogName::parse(name).unwrap(),
        comment: None,
        properties: properties.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        withheld: std::collections::BTreeSet::new(),
    }
}

fn catalog_backup(label: &str) -> CatalogBackupRequest {
    let BackupRequest { label, repository, timeout_s, ttl, .. } = backup_request(label);
    CatalogBackupRequest { catalogs: None, label, repository, timeout_s, ttl }
}

#[test]
fn one_job_of_external_catalogs_runs_at_a_time_and_is_cancelled() {
    let world = World::new();
    let (store, gate) = gated_catalog(&world);
    gate.shut();
    store.submit_catalog_backup(&catalog_backup("one")).unwrap();
    gate.wait_for_somebody();
    let error = store.submit_catalog_backup(&catalog_backup("two")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    let text = error.to_string();
    assert!(text.starts_with("Can only run one backup or restore job of external catalog"), "{text}");
    assert_eq!(store.cancel_catalog_job(JobKind::Restore).unwrap_err().kind(), ErrorKind::NotFound);
    let record = std::thread::scope(|scope| {
        let cancelled = scope.spawn(|| store.cancel_catalog_job(JobKind::Backup));
        std::thread::sleep(Duration::from_millis(300));
        gate.open();
        cancelled.join().unwrap().unwrap()
    });
    assert_eq!(record.status.to_text(), "[COMMON_ERROR, msg: user cancelled]");
    let opened = store.open_repository(&repository()).unwrap();
    assert!(opened.snapshots(None).unwrap().is_empty());
    let id = store.submit_catalog_backup(&catalog_backup("one")).unwrap();
    assert_eq!(finish(&store, id).state, JobState::Finished);
}

#[test]
fn a_backup_of_external_catalogs_goes_on_from_its_cut() {
    let world = World::new();
    let (store, gate) = gated_catalog(&world);
    gate.shut();
    let id = store.submit_catalog_backup(&catalog_backup("one")).unwrap();
    gate.wait_for_somebody();
    // What changes now is not in the snapshot.
    let name = CatalogName::parse("hive").unwrap();
    let set = [("hive.metastore.uris".to_owned(), "thrift://two".to_owned())].into();
    store.alter_external_catalog(&name, &set).unwrap();
    store.drop_external_catalog(&name).unwrap();
    std::thread::scope(|scope| {
        let closed = scope.spawn(move || drop(store));
        std::thread::sleep(Duration::from_millis(300));
        gate.open();
        closed.join().unwrap();
    });
    let store = world.try_open("a", &Disk::system()).unwrap();
    assert!(store.view().external_catalogs().next().is_none());
    let record = finish(&store, id);
    assert_eq!(record.status.to_text(), "[OK]");
    let manifest =
        store.open_repository(&repository()).unwrap().open_snapshot(&record.label, record.timestamp).unwrap();
    let kept = manifest.catalog("hive").unwrap();
    assert_eq!(kept.properties["hive.metastore.uris"], "thrift://one");
    assert_eq!(kept.withheld.iter().collect::<Vec<_>>(), ["password"]);
    let id = store
        .submit_catalog_restore(&CatalogRestoreRequest {
            catalogs: None,
            label: record.label.clone(),
            timestamp: None,
            repository: repository(),
            timeout_s: record.timeout_s,
            allow_load: false,
            replication_num: 1,
            if_exists: cairn_engine::IfExists::Fail,
        })
        .unwrap();
    assert_eq!(finish(&store, id).status.to_text(), "[OK]");
    drop(store);
    // The file is one that builds without such jobs refuse, and this one reads.
    let store = world.try_open("a", &Disk::system()).unwrap();
    assert_eq!(store.view().require_external_catalog(&name).unwrap().definition, *kept);
    assert_eq!(store.view().jobs().count(), 2);
}
