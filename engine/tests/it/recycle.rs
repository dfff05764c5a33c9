//! The recycle bin: what was dropped comes back until it expires.

use std::time::Duration;

use cairn_engine::{DropMode, ErrorKind, PartitionKind, Replacement, TabletStore};
use cairn_repository::Disk;

use crate::open::walk;
use crate::support::{
    World, backup, backup_request, database, finish, has_table, insert, partition, ranged_table, restore,
    restore_request, rows, small_rows, small_table, table,
};

fn files(world: &World) -> usize {
    walk(&world.path("a").join("data")).len()
}

fn reopen(world: &World, store: TabletStore, trash_expire: Duration) -> TabletStore {
    drop(store);
    let mut options = world.options(&Disk::system());
    options.trash_expire = trash_expire;
    TabletStore::open(&world.path("a"), options).unwrap()
}

const DAY: Duration = Duration::from_hours(24);

#[test]
fn files_stay_until_what_was_dropped_expires() {
    let world = World::new();
    let mut store = world.ready("a");
    store.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    insert(&store, "t", &small_rows(&[(1, None)])).unwrap();
    store.drop_table(&database(), &table("t")).unwrap();
    assert_eq!(files(&world), 1);
    store = reopen(&world, store, DAY);
    assert!(!has_table(&store, "t"));
    store.recover_table(&database(), &table("t")).unwrap();
    assert_eq!(rows(&store, "t"), ["Integer(1) | Null"]);
    store.drop_database(&database()).unwrap();
    store = reopen(&world, store, DAY);
    assert_eq!(files(&world), 1);
    store.recover_database(&database()).unwrap();
    store = reopen(&world, store, DAY);
    assert_eq!(rows(&store, "t"), ["Integer(1) | Null"]);
    insert(&store, "t", &small_rows(&[(2, None)])).unwrap();
    store.drop_table(&database(), &table("t")).unwrap();
    store = reopen(&world, store, Duration::ZERO);
    assert_eq!(files(&world), 0, "opening the store lets go what has expired");
    let error = store.recover_table(&database(), &table("t")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn what_is_forced_out_goes_at_once_with_what_was_dropped_of_it() {
    let world = World::new();
    let store = world.ready("a");
    let (definition, partitions) = ranged_table("t", &[10, 20]);
    store.create_table(&database(), definition, partitions).unwrap();
    insert(&store, "t", &small_rows(&[(1, None), (11, None)])).unwrap();
    let drop = |name: &str, mode| {
        store.drop_partitions(&database(), &table("t"), &[partition(name)], PartitionKind::Formal, mode)
    };
    drop("p0", DropMode::Recoverable).unwrap();
    assert_eq!(files(&world), 2);
    drop("p1", DropMode::Force).unwrap();
    assert_eq!(files(&world), 1);
    store.drop_table_as(&database(), &table("t"), DropMode::Force).unwrap();
    assert_eq!(files(&world), 0);
    store.create_table(&database(), small_table("u", 1), Vec::new()).unwrap();
    insert(&store, "u", &small_rows(&[(1, None)])).unwrap();
    store.drop_table(&database(), &table("u")).unwrap();
    store.drop_database_as(&database(), DropMode::Force).unwrap();
    assert_eq!(files(&world), 0);
}

#[test]
fn several_partitions_dropped_at_once_come_back_one_by_one() {
    let world = World::new();
    let mut store = world.ready("a");
    let (definition, partitions) = ranged_table("t", &[10, 20, 30]);
    store.create_table(&database(), definition, partitions).unwrap();
    insert(&store, "t", &small_rows(&[(1, None), (11, None), (21, None)])).unwrap();
    let names = [partition("p0"), partition("p1")];
    store
        .drop_partitions(&database(), &table("t"), &names, PartitionKind::Formal, DropMode::Recoverable)
        .unwrap();
    store.recover_partition(&database(), &table("t"), &partition("P1")).unwrap();
    store = reopen(&world, store, DAY);
    assert_eq!(rows(&store, "t"), ["Integer(11) | Null", "Integer(21) | Null"]);
    store.recover_partition(&database(), &table("t"), &partition("p0")).unwrap();
    store = reopen(&world, store, Duration::ZERO);
    assert_eq!(rows(&store, "t").len(), 3);
    assert_eq!(files(&world), 3);
}

/// A backup that goes on after partitions were renamed, dropped and replaced has those of its cut.
#[test]
fn a_backup_keeps_to_the_partitions_of_its_cut() {
    let world = World::new();
    let store = world.ready("a");
    let (definition, partitions) = ranged_table("t", &[10, 20]);
    store.create_table(&database(), definition, partitions).unwrap();
    insert(&store, "t", &small_rows(&[(1, None), (11, None)])).unwrap();
    let id = store.submit_backup(&backup_request("cut")).unwrap();
    store.rename_partition(&database(), &table("t"), &partition("p0"), &partition("first")).unwrap();
    store
        .drop_partitions(&database(), &table("t"), &[partition("p1")], PartitionKind::Formal, DropMode::Force)
        .unwrap();
    let record = finish(&store, id);
    assert_eq!(record.status.to_text(), "[OK]");
    store.drop_table(&database(), &table("t")).unwrap();
    restore(&store, &restore_request("cut", record.timestamp));
    let view = store.view();
    let restored = view.require_database(&database()).unwrap().require_table(&table("t")).unwrap();
    let names: Vec<String> = restored.partitions.iter().map(|p| p.definition.name.to_string()).collect();
    assert_eq!(names, ["p0", "p1"]);
    assert_eq!(rows(&store, "t").len(), 2);
}

#[test]
fn replaced_partitions_survive_opening_again() {
    let world = World::new();
    let mut store = world.ready("a");
    let (definition, partitions) = ranged_table("t", &[10, 20]);
    let mut new = partitions[0].clone();
    new.name = partition("new");
    store.create_table(&database(), definition, partitions).unwrap();
    insert(&store, "t", &small_rows(&[(1, None), (11, None)])).unwrap();
    store.add_partitions(&database(), &table("t"), vec![new], PartitionKind::Temporary).unwrap();
    store = reopen(&world, store, DAY);
    let mut options = cairn_engine::LoadOptions::default();
    options.partitions = PartitionKind::Temporary;
    let only = [partition("new")];
    let mut load = store.begin_load(&database(), &table("t"), Some(&only), options).unwrap();
    load.write(&small_rows(&[(7, None)])).unwrap();
    load.commit().unwrap();
    assert_eq!(rows(&store, "t").len(), 2);
    let replacement = Replacement {
        partitions: vec![partition("p0")],
        temporary: vec![partition("new")],
        strict_range: true,
        use_temporary_names: false,
    };
    store.replace_partitions(&database(), &table("t"), &replacement).unwrap();
    store = reopen(&world, store, DAY);
    assert_eq!(rows(&store, "t"), ["Integer(11) | Null", "Integer(7) | Null"]);
    assert_eq!(files(&world), 2);
    backup(&store, "after");
}
