//! Partitions that come and go with time.

use std::collections::BTreeMap;
use std::time::Duration;

use arrow::array::{Date32Array, RecordBatch};
use cairn_engine::{DynamicPartitions, ErrorKind, LoadOptions, RestoreRequest, TabletStore};
use cairn_format::{
    ColumnType, Distribution, KeyModel, PartitionStep, Partitioning, StepUnit, TableDefinition,
};

use crate::support::{
    World, backup, column, database, insert, partition, plain_table, restore, restore_request, rows, table,
};

const DAY: Duration = Duration::from_hours(24);
/// The day of the world's clock, 2014-05-13, counted from 1970.
const TODAY: i32 = 16_203;

fn days(step: Option<PartitionStep>, properties: &[(&str, &str)]) -> TableDefinition {
    let plain = plain_table("t", vec![column(1, "day", ColumnType::Date, true)], 1);
    let columns = vec![plain.columns[0].field_id];
    TableDefinition {
        partitioning: Partitioning::Range { columns, step },
        distribution: Distribution::Random { buckets: 1 },
        properties: properties.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        ..plain
    }
}

fn dynamic() -> TableDefinition {
    days(
        None,
        &[
            ("dynamic_partition.time_unit", "DAY"),
            ("dynamic_partition.start", "-1"),
            ("dynamic_partition.end", "1"),
            ("dynamic_partition.prefix", "p"),
        ],
    )
}

fn names(store: &TabletStore) -> String {
    let view = store.view();
    let found = view.require_database(&database()).unwrap().require_table(&table("t")).unwrap();
    let names = found.partitions.iter().map(|partition| partition.definition.name.to_string());
    names.collect::<Vec<_>>().join(" ")
}

fn day_rows(offsets: &[i32]) -> RecordBatch {
    let days = Date32Array::from_iter_values(offsets.iter().map(|offset| TODAY + offset));
    RecordBatch::try_from_iter([("day", std::sync::Arc::new(days) as _)]).unwrap()
}

fn insert_days(store: &TabletStore, offsets: &[i32]) -> cairn_engine::Result<()> {
    insert(store, "t", &day_rows(offsets)).map(drop)
}

#[test]
fn dynamic_partitions_follow_the_clock() {
    let world = World::new();
    let mut store = world.ready("a");
    store.create_table(&database(), dynamic(), Vec::new()).unwrap();
    assert_eq!(names(&store), "p20140513 p20140514");
    insert_days(&store, &[0, 1]).unwrap();
    assert!(insert_days(&store, &[2]).is_err());
    world.clock.pass(DAY);
    store.keep_partitions();
    assert_eq!(names(&store), "p20140513 p20140514 p20140515");
    world.clock.pass(DAY);
    // A store that was closed catches up when it is opened.
    drop(store);
    store = world.open("a");
    assert_eq!(names(&store), "p20140514 p20140515 p20140516");
    assert_eq!(rows(&store, "t").len(), 1);
    // What has expired can be recovered for a day.
    store.recover_partition(&database(), &table("t"), &partition("p20140513")).unwrap();
    assert_eq!(rows(&store, "t").len(), 2);
    store.keep_partitions();
    assert_eq!(rows(&store, "t").len(), 1);
    world.clock.pass(DAY + DAY);
    store.keep_partitions();
    let gone = store.recover_partition(&database(), &table("t"), &partition("p20140513")).unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    let version = store.view().version();
    store.keep_partitions();
    assert_eq!(store.view().version(), version, "what is not due commits nothing");
}

#[test]
fn a_store_that_takes_up_no_jobs_leaves_partitions_alone() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), dynamic(), Vec::new()).unwrap();
    drop(store);
    world.clock.pass(DAY * 9);
    let mut options = world.options(&cairn_repository::Disk::system());
    options.resume_jobs = false;
    let store = TabletStore::open(&world.path("a"), options).unwrap();
    assert_eq!(names(&store), "p20140513 p20140514");
}

#[test]
fn the_thread_makes_partitions() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), dynamic(), Vec::new()).unwrap();
    drop(store);
    let mut options = world.options(&cairn_repository::Disk::system());
    options.partition_check = Some(Duration::from_millis(1));
    let store = TabletStore::open(&world.path("a"), options).unwrap();
    world.clock.pass(DAY);
    for _ in 0..10_000 {
        if names(&store).contains("p20140515") {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("the thread did not come round: {}", names(&store));
}

#[test]
fn a_table_that_is_changed_gets_its_partitions_at_once() {
    let world = World::new();
    let store = world.ready("a");
    let plain = days(None, &[]);
    store.create_table(&database(), plain.clone(), Vec::new()).unwrap();
    assert_eq!(names(&store), "");
    store.redefine_table(&database(), &plain, dynamic()).unwrap();
    assert_eq!(names(&store), "p20140513 p20140514");
    let mut off = dynamic();
    off.properties.insert("dynamic_partition.enable".to_owned(), "false".to_owned());
    store.redefine_table(&database(), &dynamic(), off).unwrap();
    world.clock.pass(DAY * 5);
    store.keep_partitions();
    assert_eq!(names(&store), "p20140513 p20140514");
}

#[test]
fn as_many_partitions_live_as_are_wanted() {
    let world = World::new();
    let store = world.ready("a");
    let step = PartitionStep::Truncated(StepUnit::Day);
    let definition = days(Some(step), &[("partition_live_number", "2")]);
    store.create_table(&database(), definition, Vec::new()).unwrap();
    // Days ahead of the clock do not count.
    insert_days(&store, &[-5, -3, -1, 1, 2]).unwrap();
    assert_eq!(names(&store), "p20140508 p20140510 p20140512 p20140514 p20140515");
    store.keep_partitions();
    assert_eq!(names(&store), "p20140510 p20140512 p20140514 p20140515");
    world.clock.pass(DAY);
    store.keep_partitions();
    assert_eq!(names(&store), "p20140512 p20140514 p20140515");
    store.recover_partition(&database(), &table("t"), &partition("p20140510")).unwrap();
    assert_eq!(rows(&store, "t").len(), 4);
}

/// What has begun is asked in the rule's zone and with its values, and what is made is not dropped again.
#[test]
fn both_rules_together_come_to_rest() {
    for column_type in [ColumnType::Date, ColumnType::Int, ColumnType::BigInt] {
        // At 16:53 in UTC the next day has begun in Shanghai.
        for (zone, history, live, first, later) in [
            ("UTC", "0", "3", (13, 16), (15, 20)),
            ("Asia/Shanghai", "0", "3", (14, 17), (16, 21)),
            ("UTC", "9", "2", (12, 16), (16, 20)),
            ("Asia/Shanghai", "9", "1", (14, 17), (18, 21)),
        ] {
            let world = World::new();
            let store = world.ready("a");
            let mut definition = days(
                None,
                &[
                    ("dynamic_partition.time_unit", "DAY"),
                    ("dynamic_partition.end", "3"),
                    ("dynamic_partition.prefix", "p"),
                    ("dynamic_partition.time_zone", zone),
                    ("dynamic_partition.history_partition_num", history),
                    ("partition_live_number", live),
                ],
            );
            definition.columns[0].column_type = column_type.clone();
            store.create_table(&database(), definition, Vec::new()).unwrap();
            let expected = |(from, to): (u32, u32)| {
                (from..=to).map(|day| format!("p201405{day}")).collect::<Vec<_>>().join(" ")
            };
            let what = format!("{column_type} {zone} {history} {live}");
            assert_eq!(names(&store), expected(first), "{what}");
            let version = store.view().version();
            store.keep_partitions();
            assert_eq!(store.view().version(), version, "{what}: nothing is made and dropped again");
            for _ in 0..4 {
                world.clock.pass(DAY);
                store.keep_partitions();
            }
            // The newest of those that have begun, and those ahead.
            assert_eq!(names(&store), expected(later), "{what}");
            let version = store.view().version();
            store.keep_partitions();
            assert_eq!(store.view().version(), version, "{what}");
        }
    }
}

#[test]
fn a_load_into_a_partition_that_expires_is_to_be_repeated() {
    for (key_model, overwrites) in
        [(KeyModel::Duplicate, false), (KeyModel::Duplicate, true), (KeyModel::Primary, false)]
    {
        let world = World::new();
        let store = world.ready("a");
        let mut definition = dynamic();
        definition.columns[0].nullable = false;
        definition.key_model = key_model;
        let columns = vec![definition.columns[0].field_id];
        definition.distribution = Distribution::Hash { columns, buckets: 1 };
        store.create_table(&database(), definition, Vec::new()).unwrap();
        let mut options = LoadOptions::default();
        options.overwrites = overwrites;
        let mut load = store.begin_load(&database(), &table("t"), None, options).unwrap();
        load.write(&day_rows(&[0, 1])).unwrap();
        world.clock.pass(DAY * 2);
        store.keep_partitions();
        let error = load.commit().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        let text = error.to_string();
        assert!(
            text.contains("partition 'p20140513' of table 'd.t' was dropped while rows were loaded"),
            "{text}"
        );
        insert_days(&store, &[1, 2]).unwrap();
        assert_eq!(rows(&store, "t").len(), 2);
    }
}

/// Where the table was there already, only the dropping ends: loads need partitions still.
#[test]
fn an_old_partition_does_not_end_the_making_of_new_ones() {
    let world = World::new();
    let store = world.ready("a");
    let mut definition = dynamic();
    definition.properties.insert("partition_live_number".to_owned(), "3".to_owned());
    store.create_table(&database(), definition, Vec::new()).unwrap();
    insert_days(&store, &[0, 1]).unwrap();
    let record = backup(&store, "s");
    world.clock.pass(DAY * 9);
    store.keep_partitions();
    restore(&store, &restore_request("s", record.timestamp));
    world.clock.pass(DAY);
    store.keep_partitions();
    assert_eq!(names(&store), "p20140513 p20140514 p20140522 p20140523 p20140524");
    assert_eq!(rows(&store, "t").len(), 2);
    insert_days(&store, &[10, 11]).unwrap();
}

#[test]
fn partitions_are_not_dropped_while_a_backup_needs_them() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), dynamic(), Vec::new()).unwrap();
    insert_days(&store, &[0, 1]).unwrap();
    let id = store.submit_backup(&crate::support::backup_request("cut")).unwrap();
    world.clock.pass(DAY * 2);
    store.keep_partitions();
    assert_eq!(names(&store), "p20140514 p20140515 p20140516");
    let record = crate::support::finish(&store, id);
    assert_eq!(record.status.to_text(), "[OK]");
    let other = world.ready("b");
    restore(&other, &restore_request("cut", record.timestamp));
    assert_eq!(rows(&other, "t").len(), 2);
    backup(&store, "after");
}

/// A rule that would drop what was restored at once is turned off, and any rule is when that is asked for.
#[test]
fn restored_partitions_are_not_dropped_at_once() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), dynamic(), Vec::new()).unwrap();
    insert_days(&store, &[0, 1]).unwrap();
    let record = backup(&store, "s");
    let request = restore_request("s", record.timestamp);
    let is_on = |store: &TabletStore| {
        let view = store.view();
        let found = view.require_database(&database()).unwrap().require_table(&table("t")).unwrap();
        DynamicPartitions::of_table(&found.definition).unwrap().unwrap().is_enabled()
    };
    // Today nothing of it has expired.
    let today = world.ready("today");
    restore(&today, &request);
    assert!(is_on(&today));
    let off = world.ready("off");
    restore(&off, &RestoreRequest { keeps_partition_rules: Some(false), ..request.clone() });
    assert!(!is_on(&off));
    world.clock.pass(DAY * 9);
    let later = world.ready("later");
    restore(&later, &request);
    assert!(!is_on(&later));
    later.keep_partitions();
    assert_eq!(rows(&later, "t").len(), 2);
    let as_starrocks = world.ready("as_starrocks");
    restore(&as_starrocks, &RestoreRequest { keeps_partition_rules: Some(true), ..request.clone() });
    assert!(is_on(&as_starrocks));
    as_starrocks.keep_partitions();
    assert_eq!(rows(&as_starrocks, "t").len(), 0);
}

#[test]
fn a_limit_of_live_partitions_does_not_drop_what_is_restored() {
    let world = World::new();
    let store = world.ready("a");
    let step = PartitionStep::Truncated(StepUnit::Day);
    store.create_table(&database(), days(Some(step), &[("partition_live_number", "2")]), Vec::new()).unwrap();
    insert_days(&store, &[-3, -2]).unwrap();
    let record = backup(&store, "s");
    insert_days(&store, &[-1, 0]).unwrap();
    store.keep_partitions();
    assert_eq!(rows(&store, "t").len(), 2);
    restore(&store, &restore_request("s", record.timestamp));
    store.keep_partitions();
    assert_eq!(rows(&store, "t").len(), 4);
}

#[test]
fn wrong_properties_make_no_table() {
    let world = World::new();
    let store = world.ready("a");
    let mut wrong = dynamic();
    wrong.properties.insert("dynamic_partition.end".to_owned(), "x".to_owned());
    let error = store.create_table(&database(), wrong, Vec::new()).unwrap_err();
    assert!(error.to_string().contains("dynamic_partition.end"), "{error}");
    let step = PartitionStep::Truncated(StepUnit::Day);
    for (partitioning, number) in [
        (Partitioning::Unpartitioned, "1"),
        (days(Some(step), &[]).partitioning, "0"),
        (days(None, &[]).partitioning, "many"),
    ] {
        let properties = BTreeMap::from([("partition_live_number".to_owned(), number.to_owned())]);
        let definition = TableDefinition { partitioning, properties, ..days(None, &[]) };
        let error = store.create_table(&database(), definition, Vec::new()).unwrap_err();
        assert!(error.to_string().to_lowercase().contains("partition_live_number"), "{error}");
    }
}
