//! Changes of a table beside backups, compactions and loads that are under way. A gate holds those at a call to the disk.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use cairn_engine::{
    Compaction, DropMode, ErrorKind, JobState, Load, LoadOptions, PartitionKind, Replacement, TabletStore,
};
use cairn_format::{
    Aggregation, Column, ColumnType, KeyModel, PartitionDefinition, PartitionRows, Partitioning,
    TableDefinition, Value,
};
use cairn_repository::Disk;

use crate::jobs::Gate;
use crate::support::{
    World, add_temporary, backup_request, column, database, finish, has_table, insert, partition,
    plain_table, ranged_table, restore, restore_request, rows, small_rows, table,
};

/// A store with table `t` of partitions `p0` to 10 and `p1` to 20, and a row in each and one more in `p0`.
fn filled(world: &World) -> TabletStore {
    let store = world.ready("a");
    let (definition, partitions) = ranged_table("t", &[10, 20]);
    store.create_table(&database(), definition, partitions).unwrap();
    for keys in [[1, 11], [2, 12], [3, 13]] {
        insert(&store, "t", &small_rows(&keys.map(|key| (key, Some("x"))))).unwrap();
    }
    store
}

fn definition(store: &TabletStore) -> TableDefinition {
    let view = store.view();
    let found = view.require_database(&database()).unwrap().require_table(&table("t")).unwrap();
    TableDefinition::clone(&found.definition)
}

fn partitions(store: &TabletStore) -> Vec<PartitionDefinition> {
    let view = store.view();
    view.require_database(&database()).unwrap().require_table(&table("t")).unwrap().partition_definitions()
}

fn drop_partition(store: &TabletStore, name: &str, mode: DropMode) {
    let names = [partition(name)];
    store.drop_partitions(&database(), &table("t"), &names, PartitionKind::Formal, mode).unwrap();
}

fn add_column(store: &TabletStore) {
    let before = definition(store);
    let mut after = before.clone();
    let new = column(3, "added", ColumnType::Int, true);
    after.columns.push(cairn_format::Column { initial: Some("7".to_owned()), ..new });
    after.next_field_id = 4;
    store.redefine_table(&database(), &before, after).unwrap();
}

/// Changes what no stored row depends on.
fn describe_column(store: &TabletStore) {
    let before = definition(store);
    let mut after = before.clone();
    let column = &mut after.columns[1];
    column.comment = Some("what it is".to_owned());
    column.default = Some(cairn_format::ColumnDefault::Constant("other".to_owned()));
    column.name = cairn_format::ColumnName::parse("w").unwrap();
    store.redefine_table(&database(), &before, after).unwrap();
}

fn drop_column(store: &TabletStore) {
    let before = definition(store);
    let mut after = before.clone();
    after.columns.truncate(1);
    store.redefine_table(&database(), &before, after).unwrap();
}

/// Puts a temporary partition with one row of its own in the place of `p0`.
fn replace_partition(store: &TabletStore) {
    let mut new = partitions(store).into_iter().find(|p| p.name == partition("p0")).unwrap();
    new.name = partition("new");
    add_temporary(store, new);
    let replacement = Replacement {
        partitions: vec![partition("p0")],
        temporary: vec![partition("new")],
        strict_range: true,
        use_temporary_names: false,
    };
    store.replace_partitions(&database(), &table("t"), &replacement).unwrap();
}

fn keys(store: &TabletStore) -> String {
    let key =
        |row: &String| row.trim_start_matches("Integer(").split(')').next().unwrap().parse::<i32>().unwrap();
    let mut keys: Vec<i32> = rows(store, "t").iter().map(key).collect();
    keys.sort_unstable();
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

type Change = fn(&TabletStore);

/// Each with the keys that are there after it.
const CHANGES: [(&str, Change, &str); 9] = [
    ("add a column", add_column, "1 2 3 11 12 13"),
    ("drop a column", drop_column, "1 2 3 11 12 13"),
    (
        "add a partition",
        |store| {
            let (_, mut made) = ranged_table("t", &[20, 30]);
            made[1].name = partition("added");
            store
                .add_partitions(&database(), &table("t"), vec![made.remove(1)], PartitionKind::Formal)
                .unwrap();
        },
        "1 2 3 11 12 13",
    ),
    ("drop a partition", |store| drop_partition(store, "p0", DropMode::Recoverable), "11 12 13"),
    ("drop a partition for good", |store| drop_partition(store, "p0", DropMode::Force), "11 12 13"),
    (
        "rename a partition",
        |store| {
            store.rename_partition(&database(), &table("t"), &partition("p0"), &partition("first")).unwrap();
        },
        "1 2 3 11 12 13",
    ),
    ("replace a partition", replace_partition, "9 11 12 13"),
    ("truncate the table", |store| store.truncate_table(&database(), &table("t"), None).unwrap(), ""),
    (
        "drop and recover a partition",
        |store| {
            drop_partition(store, "p0", DropMode::Recoverable);
            store.recover_partition(&database(), &table("t"), &partition("p0")).unwrap();
        },
        "1 2 3 11 12 13",
    ),
];

#[test]
fn a_backup_holds_its_cut_whatever_becomes_of_the_table() {
    for (what, change, after) in CHANGES {
        // What a backup has seen cannot be recovered beside it.
        if what.contains("recover") {
            continue;
        }
        let world = World::new();
        let store = filled(&world);
        let (cut, of_cut) = (definition(&store), partitions(&store));
        drop(store);
        let gate = Gate::new(&world.path("repository"));
        let store = world.try_open("a", &Disk::with_hook(gate.clone())).unwrap();
        gate.shut();
        let id = store.submit_backup(&backup_request("cut")).unwrap();
        gate.wait_for_somebody();
        change(&store);
        insert_any(&store);
        gate.open();
        let record = finish(&store, id);
        assert_eq!((record.state, record.status.to_text().as_str()), (JobState::Finished, "[OK]"), "{what}");
        let other = world.open("b");
        world.add_repository(&other, true).unwrap();
        restore(&other, &restore_request("cut", record.timestamp));
        assert_eq!(keys(&other), "1 2 3 11 12 13", "{what}");
        assert_eq!((definition(&other), partitions(&other)), (cut, of_cut), "{what}");
        let expected = format!("{after} 14");
        assert_eq!(keys(&store), expected.trim(), "{what}");
        // The files of the cut that nothing else needs are gone, and the store opens.
        drop(store);
        assert_eq!(keys(&world.open("a")), expected.trim(), "{what}");
    }
}

/// A row of key 14, in as many columns as the table has by now.
fn insert_any(store: &TabletStore) {
    let mut load = store.begin_load(&database(), &table("t"), None, LoadOptions::default()).unwrap();
    let columns = definition(store).columns;
    let arrays = columns.iter().map(|column| {
        let value = match column.column_type {
            ColumnType::Int if column.field_id.get() == 1 => cairn_format::Value::Integer(14),
            _ => cairn_format::Value::Null,
        };
        (column.name.to_string(), value.to_array(&column.column_type, 1).unwrap(), true)
    });
    let batch =
        arrow::record_batch::RecordBatch::try_from_iter_with_nullable(arrays.collect::<Vec<_>>()).unwrap();
    load.write(&batch).unwrap();
    load.commit().unwrap();
}

#[test]
fn a_compaction_gives_way_to_changes_of_its_table() {
    for (what, change, after) in CHANGES {
        let world = World::new();
        drop(filled(&world));
        let gate = Gate::new(&world.path("a").join("data"));
        let store = world.try_open("a", &Disk::with_hook(gate.clone())).unwrap();
        // Loads of a change would be held, too.
        if what.starts_with("replace") {
            continue;
        }
        gate.shut();
        std::thread::scope(|scope| {
            let compacted =
                scope.spawn(|| store.compact_table(&database(), &table("t"), None, Compaction::Base));
            gate.wait_for_somebody();
            change(&store);
            gate.open();
            let outcome = compacted.join().unwrap();
            if let Err(error) = outcome {
                assert!(matches!(error.kind(), ErrorKind::Busy | ErrorKind::NotFound), "{what}: {error}");
            }
        });
        assert_eq!(keys(&store), after, "{what}");
        let expected = rows(&store, "t");
        // What is compacted now has the columns of now.
        store.compact_table(&database(), &table("t"), None, Compaction::Base).unwrap();
        assert_eq!(rows(&store, "t"), expected, "{what}");
        drop(store);
        let store = world.open("a");
        assert_eq!(rows(&store, "t"), expected, "{what}");
        crate::support::backup(&store, "after");
    }
}

#[test]
fn a_load_that_began_before_a_change_is_whole_or_absent() {
    // The key that is loaded, and whether the load can still be taken then.
    let cases: [(&str, Change, i32, bool); 13] = [
        ("add a column", add_column, 4, true),
        ("say something else of a column", describe_column, 4, true),
        ("drop a column", drop_column, 4, false),
        (
            "rename the table and back",
            |store| {
                store.rename_table(&database(), &table("t"), &table("u")).unwrap();
                store.rename_table(&database(), &table("u"), &table("t")).unwrap();
            },
            4,
            true,
        ),
        ("add a partition", CHANGES[2].1, 4, true),
        ("drop its partition", CHANGES[3].1, 4, false),
        ("drop another partition", CHANGES[3].1, 14, true),
        ("rename its partition", CHANGES[5].1, 4, true),
        ("replace its partition", replace_partition, 4, false),
        ("replace another partition", replace_partition, 14, true),
        ("truncate the table", CHANGES[7].1, 4, true),
        ("drop and recover its partition", CHANGES[8].1, 4, true),
        (
            "drop the table",
            |store| {
                store.drop_table(&database(), &table("t")).unwrap();
                let (definition, partitions) = ranged_table("t", &[10, 20]);
                store.create_table(&database(), definition, partitions).unwrap();
            },
            4,
            false,
        ),
    ];
    for (what, change, key, fits) in cases {
        let world = World::new();
        let store = filled(&world);
        let mut load = store.begin_load(&database(), &table("t"), None, LoadOptions::default()).unwrap();
        load.write(&small_rows(&[(key, Some("y"))])).unwrap();
        change(&store);
        let before = rows(&store, "t");
        let outcome = load.commit();
        assert_eq!(outcome.is_ok(), fits, "{what}: {outcome:?}");
        if let Err(error) = outcome {
            assert!(matches!(error.kind(), ErrorKind::Busy | ErrorKind::NotFound), "{what}: {error}");
        }
        let after = rows(&store, "t");
        assert_eq!(after.len(), before.len() + usize::from(fits), "{what}");
        drop(store);
        let store = world.open("a");
        assert_eq!(rows(&store, "t"), after, "{what}");
        assert!(has_table(&store, "t"));
        // A load that begins now is taken.
        let expected = after.len() + 1;
        insert_any(&store);
        assert_eq!(rows(&store, "t").len(), expected, "{what}");
    }
}

/// A table `t` of which loads make a partition for each value of the first column.
fn automatic(store: &TabletStore, model: KeyModel, first: ColumnType) {
    let aggregation = (model == KeyModel::Aggregate).then_some(Aggregation::Max);
    let columns = vec![
        column(1, "k", first, false),
        Column { aggregation, ..column(2, "v", ColumnType::Varchar { length: 20 }, true) },
    ];
    let definition = TableDefinition {
        key_model: model,
        partitioning: Partitioning::List {
            columns: vec![columns[0].field_id],
            automatic: true,
            steps: std::collections::BTreeMap::new(),
        },
        ..plain_table("t", columns, 2)
    };
    store.create_table(&database(), definition, Vec::new()).unwrap();
}

/// A load of one row of the small table.
fn load_of(store: &TabletStore, key: i32, overwrites: bool) -> Load<'_> {
    let mut options = LoadOptions::default();
    options.overwrites = overwrites;
    let mut load = store.begin_load(&database(), &table("t"), None, options).unwrap();
    load.write(&small_rows(&[(key, None)])).unwrap();
    load
}

/// Two loads that make the same partition at one time, of which the second finds it made.
#[test]
fn loads_that_make_the_same_partition_share_it() {
    let world = World::new();
    let store = world.ready("a");
    automatic(&store, KeyModel::Duplicate, ColumnType::Int);
    let loads = [5, 5, 6].map(|key| load_of(&store, key, false));
    for load in loads {
        load.commit().unwrap();
    }
    assert_eq!(partitions(&store).len(), 2);
    assert_eq!(keys(&store), "5 5 6");
}

/// What a load was to overwrite was found out when it began: partitions that others made while it ran kept their rows, and those
/// that were dropped made it fail.
#[test]
fn an_overwriting_load_leaves_nothing_else_in_the_table() {
    for model in [KeyModel::Duplicate, KeyModel::Primary] {
        let world = World::new();
        let store = world.ready("a");
        automatic(&store, model, ColumnType::Int);
        load_of(&store, 1, false).commit().unwrap();
        let load = load_of(&store, 5, true);
        load_of(&store, 6, false).commit().unwrap();
        load_of(&store, 5, false).commit().unwrap();
        load.commit().unwrap();
        assert_eq!(keys(&store), "5", "{model:?}");
        let load = load_of(&store, 7, true);
        drop_partition(&store, "p6", DropMode::Force);
        load.commit().unwrap();
        assert_eq!(keys(&store), "7", "{model:?}");
    }
}

/// Names of partitions were chosen when rows came: two loads could choose one that differs in letter case alone.
#[test]
fn loads_of_values_that_are_alike_but_for_case_make_partitions_of_two_names() {
    for model in [KeyModel::Duplicate, KeyModel::Primary] {
        let world = World::new();
        let store = world.ready("a");
        automatic(&store, model, ColumnType::Varchar { length: 20 });
        let begin = |key: &str| {
            let texts: ArrayRef = Arc::new(StringArray::from(vec![key]));
            let batch = RecordBatch::try_from_iter([("k", Arc::clone(&texts)), ("v", texts)]).unwrap();
            let mut load = store.begin_load(&database(), &table("t"), None, LoadOptions::default()).unwrap();
            load.write(&batch).unwrap();
            load
        };
        let loads = ["Oslo", "oslo", "OSLO", "oslo"].map(begin);
        for load in loads {
            load.commit().unwrap();
        }
        begin("osLo").commit().unwrap();
        assert_eq!(partitions(&store).len(), 4, "{model:?}");
        assert_eq!(rows(&store, "t").len(), if model == KeyModel::Primary { 4 } else { 5 });
        assert!(partitions(&store).iter().any(|made| made.name.as_str() == "pOslo"));
    }
}

/// A partition that is made while a load runs takes its rows when it is of just those, and else the load can be done again.
#[test]
fn a_load_finds_the_place_of_its_rows_made_meanwhile() {
    for model in [KeyModel::Duplicate, KeyModel::Aggregate] {
        for (values, fits) in [(vec![5], true), (vec![5, 6], false)] {
            let world = World::new();
            drop(world.ready("a"));
            let gate = Gate::new(&world.path("a").join("data"));
            let store = world.try_open("a", &Disk::with_hook(gate.clone())).unwrap();
            automatic(&store, model, ColumnType::Int);
            gate.shut();
            let outcome = std::thread::scope(|scope| {
                let load = scope.spawn(|| load_of(&store, 5, false).commit());
                gate.wait_for_somebody();
                let lists = values.iter().map(|value| vec![Value::Integer(*value)]).collect();
                let made = PartitionDefinition::new(partition("mine"), PartitionRows::List(lists));
                store.add_partitions(&database(), &table("t"), vec![made], PartitionKind::Formal).unwrap();
                gate.open();
                load.join().unwrap()
            });
            assert_eq!(outcome.is_ok(), fits, "{model:?}: {outcome:?}");
            if let Err(error) = outcome {
                assert_eq!(error.kind(), ErrorKind::Busy, "{model:?}: {error}");
                load_of(&store, 5, false).commit().unwrap();
            }
            assert_eq!(partitions(&store).len(), 1);
            assert_eq!(keys(&store), "5", "{model:?}");
        }
    }
}
