//! Loads: where rows go, what is refused, and that nothing is left of what failed.

use arrow::array::{Int32Array, RecordBatch, StringArray};
use cairn_engine::{ColumnPredicate, ColumnTest, ErrorKind, LoadOptions, select_segments};
use cairn_format::{Distribution, FieldId, Value};
use std::sync::Arc;

use crate::open::walk;
use crate::support::{
    World, backup, database, insert, partition, ranged_table, rows, small_rows, small_table, table,
};

#[test]
fn rows_go_to_the_partition_that_takes_them() {
    let world = World::new();
    let store = world.ready("a");
    let (definition, partitions) = ranged_table("t", &[10, 20, 30]);
    store.create_table(&database(), definition, partitions).unwrap();
    insert(&store, "t", &small_rows(&[(25, None), (-5, None), (10, None), (9, None), (29, None)])).unwrap();
    let view = store.view();
    let found = view.require_database(&database()).unwrap().require_table(&table("t")).unwrap();
    let counts: Vec<u64> = found.partitions.iter().map(|partition| partition.rows()).collect();
    assert_eq!(counts, [2, 1, 2]);
}

#[test]
fn a_row_that_no_partition_takes_refuses_the_whole_load() {
    let world = World::new();
    let store = world.ready("a");
    let (definition, partitions) = ranged_table("t", &[10, 20]);
    store.create_table(&database(), definition, partitions).unwrap();
    let error = insert(&store, "t", &small_rows(&[(1, None), (20, None)])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().starts_with("table 't', row 2: no partition takes (20)"), "{error}");
    assert!(rows(&store, "t").is_empty());
    let only = [partition("p0")];
    let mut load = store.begin_load(&database(), &table("t"), Some(&only), LoadOptions::default()).unwrap();
    assert!(load.write(&small_rows(&[(15, None)])).is_err(), "p1 was not named");
}

#[test]
fn a_load_that_fails_late_leaves_no_file() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), small_table("t", 2), Vec::new()).unwrap();
    let mut options = LoadOptions::default();
    options.segment_bytes = 1;
    let mut load = store.begin_load(&database(), &table("t"), None, options).unwrap();
    for _ in 0..5 {
        load.write(&small_rows(&[(1, Some("x")), (2, None), (3, None)])).unwrap();
    }
    let long = "x".repeat(21);
    let error = load.write(&small_rows(&[(4, Some(&long))])).unwrap_err();
    assert_eq!(error.to_string(), "table 't': column 'v', row 16: 21 bytes are too long for varchar(20)");
    drop(load);
    assert!(walk(&world.path("a").join("data")).is_empty());
    assert!(rows(&store, "t").is_empty());
}

#[test]
fn a_load_into_a_table_that_was_replaced_is_refused() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    let mut load = store.begin_load(&database(), &table("t"), None, LoadOptions::default()).unwrap();
    load.write(&small_rows(&[(1, None)])).unwrap();
    store.drop_table(&database(), &table("t")).unwrap();
    store.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    assert_eq!(load.commit().unwrap_err().kind(), ErrorKind::Busy);
    assert!(rows(&store, "t").is_empty());
}

#[test]
fn small_segments_of_a_large_load_hold_every_row_sorted() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), small_table("t", 3), Vec::new()).unwrap();
    let mut options = LoadOptions::default();
    options.segment_bytes = 10_000;
    options.buffer_bytes = 20_000;
    let mut load = store.begin_load(&database(), &table("t"), None, options).unwrap();
    for start in (0..50_000).step_by(1000).rev() {
        let keys = Int32Array::from_iter_values((start..start + 1000).rev());
        let values = StringArray::from_iter_values((start..start + 1000).map(|k| k.to_string()));
        let columns = [("k", Arc::new(keys) as _, false), ("v", Arc::new(values) as _, true)];
        load.write(&RecordBatch::try_from_iter_with_nullable(columns).unwrap()).unwrap();
    }
    assert_eq!(load.commit().unwrap().rows, 50_000);
    assert_eq!(rows(&store, "t").len(), 50_000);
    let view = store.view();
    let found = view.require_database(&database()).unwrap().require_table(&table("t")).unwrap();
    for segment in found.partitions[0].segments() {
        assert!(segment.rows < 5000);
    }
    // Key 77 is in one bucket: of its segments only those are left whose bounds hold it.
    let predicate = ColumnPredicate {
        field_id: FieldId::try_new(1).unwrap(),
        test: ColumnTest::In(vec![Value::Integer(77)]),
    };
    let all = found.partitions[0].segments().count();
    let selected = select_segments(found, std::slice::from_ref(&predicate));
    assert!(!selected.is_empty() && selected.len() * 10 < all, "{} of {all}", selected.len());
}

/// A load that had lost rows to a full disk could once be committed without them.
#[test]
fn a_load_that_failed_once_cannot_be_committed() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    let mut load = store.begin_load(&database(), &table("t"), None, LoadOptions::default()).unwrap();
    load.write(&small_rows(&[(1, None)])).unwrap();
    let long = "x".repeat(21);
    load.write(&small_rows(&[(2, Some(&long))])).unwrap_err();
    assert_eq!(load.write(&small_rows(&[(3, None)])).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(load.commit().unwrap_err().kind(), ErrorKind::InvalidInput);
    assert!(rows(&store, "t").is_empty());
}

/// The buffers of a slice hold the rows of the whole batch: counted in full, each slice became a segment.
#[test]
fn slices_of_one_batch_become_one_segment() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    let keys = Int32Array::from_iter_values(0..100_000);
    let values = StringArray::from_iter_values((0..100_000).map(|k| k.to_string()));
    let columns = [("k", Arc::new(keys) as _, false), ("v", Arc::new(values) as _, true)];
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut options = LoadOptions::default();
    options.segment_bytes = 4 << 20;
    let mut load = store.begin_load(&database(), &table("t"), None, options).unwrap();
    for start in (0..100_000).step_by(1000) {
        load.write(&batch.slice(start, 1000)).unwrap();
    }
    load.commit().unwrap();
    assert_eq!(walk(&world.path("a").join("data")).len(), 1);
}

#[test]
fn random_distribution_takes_turns() {
    let world = World::new();
    let store = world.ready("a");
    let mut definition = small_table("t", 3);
    definition.distribution = Distribution::Random { buckets: 3 };
    store.create_table(&database(), definition, Vec::new()).unwrap();
    for _ in 0..6 {
        insert(&store, "t", &small_rows(&[(1, None)])).unwrap();
    }
    let view = store.view();
    let found = view.require_database(&database()).unwrap().require_table(&table("t")).unwrap();
    let of_tablets: Vec<usize> =
        found.partitions[0].tablets.iter().map(|tablet| tablet.rowsets.len()).collect();
    assert_eq!(of_tablets, [2, 2, 2]);
}

#[test]
fn truncating_some_partitions_leaves_the_others() {
    let world = World::new();
    let store = world.ready("a");
    let (definition, partitions) = ranged_table("t", &[10, 20]);
    store.create_table(&database(), definition, partitions).unwrap();
    insert(&store, "t", &small_rows(&[(1, None), (11, None)])).unwrap();
    store.truncate_table(&database(), &table("t"), Some(&[partition("P1")])).unwrap();
    assert_eq!(rows(&store, "t"), ["Integer(1) | Null"]);
    assert_eq!(walk(&world.path("a").join("data")).len(), 1);
    assert!(store.truncate_table(&database(), &table("t"), Some(&[partition("p9")])).is_err());
    backup(&store, "after");
}

/// A disk that is full from some call on.
struct FullDisk(std::sync::atomic::AtomicBool);

impl cairn_repository::DiskHook for FullDisk {
    fn before(&self, call: &cairn_repository::DiskCall<'_>) -> std::io::Result<()> {
        let writes =
            matches!(call, cairn_repository::DiskCall::Create(_) | cairn_repository::DiskCall::SyncFile(_));
        if writes && self.0.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
        }
        Ok(())
    }

    fn after(&self, _: &cairn_repository::DiskCall<'_>) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_refuses_a_load_and_a_backup_and_harms_nothing() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    insert(&store, "t", &small_rows(&[(1, None)])).unwrap();
    drop(store);
    let full = Arc::new(FullDisk(std::sync::atomic::AtomicBool::new(false)));
    let store = world.try_open("a", &cairn_repository::Disk::with_hook(full.clone())).unwrap();
    full.0.store(true, std::sync::atomic::Ordering::SeqCst);
    let error = insert(&store, "t", &small_rows(&[(2, None)])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSpace);
    let text = error.to_string();
    assert!(text.contains(world.path("a").join("data").to_str().unwrap()), "{text}");
    let outcome = store.submit_backup(&crate::support::backup_request("s"));
    let status = crate::support::finish(&store, outcome.unwrap()).status.to_text();
    assert!(status.starts_with("[IO_ERROR") && status.contains("repository"), "{status}");
    full.0.store(false, std::sync::atomic::Ordering::SeqCst);
    insert(&store, "t", &small_rows(&[(2, None)])).unwrap();
    backup(&store, "s");
    assert_eq!(rows(&store, "t").len(), 2);
}
