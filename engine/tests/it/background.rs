//! Compaction in the background: what it rewrites, when, for how long, and that nobody waits for it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use cairn_engine::{SegmentId, SegmentLocation, TabletStore};
use cairn_format::{KeyModel, TableDefinition};
use cairn_repository::{Disk, DiskCall, DiskHook};

use crate::support::{World, database, insert, ranged_table, rows, small_rows, small_table, table};

const LONG: Duration = Duration::from_mins(1);

/// The segments of each tablet, by partition and bucket; rollups' are not among them.
fn tablets(store: &TabletStore, name: &str) -> BTreeMap<(String, usize), BTreeSet<SegmentId>> {
    let view = store.view();
    let found = view.require_database(&database()).unwrap().require_table(&table(name)).unwrap();
    let mut tablets = BTreeMap::new();
    for partition in &found.partitions {
        for (bucket, tablet) in partition.tablets.iter().enumerate() {
            let place = (partition.definition.name.to_string(), bucket);
            tablets.insert(place, tablet.segments().map(|segment| segment.id).collect());
        }
    }
    tablets
}

fn settle(store: &TabletStore) {
    assert!(store.wait_for_compactions(LONG), "the background does not end");
}

#[test]
fn exactly_the_tablets_with_many_small_rowsets_are_rewritten() {
    let world = World::new();
    drop(world.ready("a"));
    let store = world.open_compacting("a", &Disk::system(), true);
    let (definition, partitions) = ranged_table("t", &[10, 20]);
    store.create_table(&database(), definition, partitions).unwrap();
    for _ in 0..4 {
        insert(&store, "t", &small_rows(&[(1, Some("x")), (11, None)])).unwrap();
        settle(&store);
    }
    let before = tablets(&store, "t");
    assert_eq!(before.values().map(BTreeSet::len).sum::<usize>(), 8, "{before:?}");
    insert(&store, "t", &small_rows(&[(1, Some("last"))])).unwrap();
    settle(&store);
    let after = tablets(&store, "t");
    let changed: Vec<_> = before.keys().filter(|place| before[*place] != after[*place]).collect();
    assert_eq!(changed.len(), 1, "{before:?} {after:?}");
    assert_eq!(changed[0].0, "p0");
    assert_eq!((after[changed[0]].len(), after[changed[0]].is_disjoint(&before[changed[0]])), (1, true));
    assert_eq!(rows(&store, "t").len(), 9);
}

/// So many rows of texts that are all different, from `first` on.
fn many(first: i32, count: i32) -> arrow::record_batch::RecordBatch {
    let text =
        |key: i32| format!("{:020}", i64::from(key).wrapping_mul(0x9e37_79b9_7f4a).rem_euclid(1 << 60));
    let texts: Vec<(i32, String)> = (first..first + count).map(|key| (key, text(key))).collect();
    small_rows(&texts.iter().map(|(key, text)| (*key, Some(text.as_str()))).collect::<Vec<_>>())
}

/// A table of which one tablet had lost many rows was rewritten everywhere that one row was deleted.
#[test]
fn deletions_are_taken_out_only_where_they_are_many() {
    let world = World::new();
    drop(world.ready("a"));
    let store = world.open_compacting("a", &Disk::system(), true);
    let (definition, partitions) = ranged_table("t", &[100_000, 200_000]);
    let definition = TableDefinition { key_model: KeyModel::Primary, ..definition };
    store.create_table(&database(), definition, partitions).unwrap();
    insert(&store, "t", &many(0, 30_000)).unwrap();
    insert(&store, "t", &many(150_000, 30_000)).unwrap();
    settle(&store);
    let before = tablets(&store, "t");
    insert(&store, "t", &many(0, 15_000)).unwrap();
    insert(&store, "t", &many(150_000, 120)).unwrap();
    settle(&store);
    let after = tablets(&store, "t");
    for (place, segments) in &before {
        assert_eq!(segments.len(), 1);
        let is_kept = segments.is_subset(&after[place]);
        assert_eq!(is_kept, place.0 == "p1", "{place:?} {before:?} {after:?}");
        assert_eq!(after[place].len(), 2);
    }
    assert_eq!(rows(&store, "t").len(), 60_000);
}

/// The rows of a rollup are few, and loads replace many of them: the table's files were rewritten for that.
#[test]
fn what_a_rollup_has_lost_does_not_rewrite_its_table() {
    let world = World::new();
    drop(world.ready("a"));
    let store = world.open_compacting("a", &Disk::system(), true);
    crate::rollups::summed_table(&store);
    for seed in 0..3 {
        let before = tablets(&store, "t");
        crate::rollups::load_more(&store, seed).unwrap();
        settle(&store);
        let after = tablets(&store, "t");
        assert!(before.iter().all(|(place, segments)| segments.is_subset(&after[place])), "{seed}");
        crate::rollups::check(&store, "t");
    }
}

#[test]
fn what_processes_of_before_have_left_is_done_after_the_open() {
    let world = World::new();
    let store = world.ready("a");
    for name in ["t", "u"] {
        store.create_table(&database(), small_table(name, 1), Vec::new()).unwrap();
    }
    drop(store);
    // Each statement in a process of its own, without the time for more.
    for number in 0..6 {
        insert(&world.open("a"), "t", &small_rows(&[(number, None)])).unwrap();
    }
    insert(&world.open("a"), "u", &small_rows(&[(1, None)])).unwrap();
    let store = world.open_compacting("a", &Disk::system(), true);
    let other = tablets(&store, "u");
    settle(&store);
    assert_eq!(tablets(&store, "t").into_values().map(|segments| segments.len()).sum::<usize>(), 1);
    assert_eq!(tablets(&store, "u"), other);
    assert_eq!(rows(&store, "t").len(), 6);
}

/// Sees the thread of the background at its files' syncs.
#[derive(Default)]
struct Watch {
    takes: Duration,
    /// Guards whether the thread is held, and how often it came.
    state: Mutex<(bool, usize)>,
    changed: Condvar,
}

impl Watch {
    fn hold(&self, is_held: bool) {
        self.state.lock().unwrap().0 = is_held;
        self.changed.notify_all();
    }

    fn wait_for_it(&self) {
        let state = self.state.lock().unwrap();
        let (_state, waited) = self.changed.wait_timeout_while(state, LONG, |state| state.1 == 0).unwrap();
        assert!(!waited.timed_out(), "the background does nothing");
    }

    fn files(&self) -> usize {
        self.state.lock().unwrap().1
    }
}

impl DiskHook for Watch {
    fn before(&self, call: &DiskCall<'_>) -> io::Result<()> {
        let is_data = |path: &Path| path.extension().is_some_and(|extension| extension == "parquet");
        let is_background = std::thread::current().name() == Some("cairn-compact");
        if is_background && matches!(call, DiskCall::SyncFile(path) if is_data(path)) {
            let mut state = self.state.lock().unwrap();
            state.1 += 1;
            self.changed.notify_all();
            drop(self.changed.wait_while(state, |state| state.0).unwrap());
            std::thread::sleep(self.takes);
        }
        Ok(())
    }

    fn after(&self, _: &DiskCall<'_>) -> io::Result<()> {
        Ok(())
    }
}

/// A store with primary key tables of these names, each with as many small rowsets as make a compaction due.
fn prepared(world: &World, names: &[&str]) {
    let store = world.ready("a");
    for name in names {
        let definition = TableDefinition { key_model: KeyModel::Primary, ..small_table(name, 1) };
        store.create_table(&database(), definition, Vec::new()).unwrap();
        for key in 0..5 {
            insert(&store, name, &small_rows(&[(key, Some("old"))])).unwrap();
        }
    }
}

/// Deletes the first row of some segment of `t`.
fn delete_one(store: &TabletStore) {
    let mut deletion = store.begin_delete(&database(), &table("t")).unwrap();
    let found = Arc::clone(deletion.table());
    let segment = found.partitions[0].segments().next().unwrap();
    let SegmentLocation::Local(_) = segment.location() else { panic!() };
    deletion.delete(segment.id, 0).unwrap();
    assert_eq!(deletion.commit().unwrap().0, 1);
}

#[test]
fn loads_queries_and_deletions_go_on_while_a_compaction_is_under_way() {
    let world = World::new();
    prepared(&world, &["t"]);
    let watch = Arc::<Watch>::default();
    watch.hold(true);
    let store = world.open_compacting("a", &Disk::with_hook(watch.clone()), true);
    watch.wait_for_it();
    // The background is in the middle of a file.
    insert(&store, "t", &small_rows(&[(1, Some("new")), (9, Some("new"))])).unwrap();
    assert_eq!(rows(&store, "t").len(), 6);
    delete_one(&store);
    let expected = rows(&store, "t");
    assert_eq!(expected.len(), 5);
    watch.hold(false);
    settle(&store);
    // What was replaced and deleted meanwhile is so in the new file, too.
    assert_eq!(rows(&store, "t"), expected);
    assert!(tablets(&store, "t").into_values().all(|segments| segments.len() <= 2));
    drop(store);
    assert_eq!(rows(&world.open("a"), "t"), expected);
}

#[test]
fn a_short_compaction_that_is_under_way_when_the_store_is_closed_is_not_for_nothing() {
    let world = World::new();
    prepared(&world, &["t", "u"]);
    let watch = Arc::<Watch>::default();
    watch.hold(true);
    let store = world.open_compacting("a", &Disk::with_hook(watch.clone()), true);
    watch.wait_for_it();
    std::thread::scope(|scope| {
        let closing = scope.spawn(|| drop(store));
        std::thread::sleep(Duration::from_millis(100));
        watch.hold(false);
        closing.join().unwrap();
    });
    assert_eq!(watch.files(), 1, "nothing new is begun");
    let store = world.open("a");
    let counts = ["t", "u"].map(|name| tablets(&store, name).values().map(BTreeSet::len).sum::<usize>());
    assert_eq!(counts.into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([1, 5]));
}

#[test]
fn the_background_works_for_its_share_of_the_time() {
    let world = World::new();
    prepared(&world, &["t", "u", "v"]);
    let takes = Duration::from_millis(30);
    let watch = Arc::new(Watch { takes, ..Watch::default() });
    let mut options = world.options(&Disk::with_hook(watch.clone()));
    (options.compacts, options.compaction_share) = (true, 10);
    let start = Instant::now();
    let store = TabletStore::open(&world.path("a"), options).unwrap();
    settle(&store);
    assert_eq!(watch.files(), 3);
    // A pause of nine times the work follows that of each table.
    assert!(start.elapsed() >= takes * 3 * 10, "{:?}", start.elapsed());
}

/// Files were put together by their bytes alone: rows that are much alike take little there and much in memory.
#[test]
fn what_is_made_is_bounded_by_what_rows_take_in_memory() {
    let world = World::new();
    let store = world.ready("a");
    let mut definition = small_table("t", 1);
    definition.columns[1].column_type = cairn_format::ColumnType::Varchar { length: 1 << 20 };
    store.create_table(&database(), definition, Vec::new()).unwrap();
    let text = "x".repeat(1 << 20);
    for first in [0, 70, 140, 210] {
        let new: Vec<_> = (first..first + 70).map(|key| (key, Some(text.as_str()))).collect();
        insert(&store, "t", &small_rows(&new)).unwrap();
    }
    store.compact_table(&database(), &table("t"), None, cairn_engine::Compaction::Base).unwrap();
    let view = store.view();
    let found = view.require_database(&database()).unwrap().require_table(&table("t")).unwrap();
    let tablet = &found.partitions[0].tablets[0];
    let segments: Vec<u64> = tablet.segments().map(|segment| segment.rows).collect();
    assert_eq!(
        (tablet.rowsets.len(), segments.len(), segments.iter().sum::<u64>()),
        (1, 2, 280),
        "{segments:?}"
    );
}
