//! Which snapshots count for a retention.

use cairn_engine::{BackupRequest, TabletStore};
use cairn_format::Retention;
use cairn_repository::{CollectionPolicy, Transfer};

use crate::support::{
    World, backup, backup_request, database, finish, insert, repository, selection, small_rows, small_table,
};

fn kept(store: &TabletStore) -> Vec<String> {
    let retention = Some(Retention::parse("last=1").unwrap());
    let policy = CollectionPolicy::default().with_retention(retention);
    let opened = store.open_repository(&repository()).unwrap();
    let plan = opened.plan_collection(&policy, &Transfer::new()).unwrap();
    plan.keeps.iter().map(|kept| kept.name.label.to_string()).collect()
}

fn filled(world: &World, name: &str) -> TabletStore {
    let store = world.ready(name);
    for table in ["t", "u"] {
        store.create_table(&database(), small_table(table, 1), Vec::new()).unwrap();
        insert(&store, table, &small_rows(&[(1, None)])).unwrap();
    }
    store
}

#[test]
fn a_backup_of_a_part_stands_in_for_none_of_all() {
    let world = World::new();
    let store = filled(&world, "a");
    let part = |label: &str, tables: &[&str]| {
        let tables = Some(tables.iter().map(|name| selection(name, None, None)).collect());
        let request = BackupRequest { tables, ..backup_request(label) };
        finish(&store, store.submit_backup(&request).unwrap());
    };
    backup(&store, "all1");
    part("t1", &["t"]);
    part("tu1", &["t", "u"]);
    assert_eq!(kept(&store), ["all1", "t1", "tu1"]);
    part("tu2", &["u", "t"]);
    backup(&store, "all2");
    assert_eq!(kept(&store), ["all2", "t1", "tu2"]);
}

#[test]
fn a_backup_of_another_store_stands_in_for_none_of_ours() {
    let world = World::new();
    let (a, b) = (filled(&world, "a"), filled(&world, "b"));
    backup(&a, "a1");
    backup(&b, "b1");
    assert_eq!(kept(&b), ["a1", "b1"]);
    backup(&b, "b2");
    assert_eq!(kept(&a), ["a1", "b2"]);
    // A store is the same one when it is opened again.
    drop(a);
    backup(&world.open("a"), "a2");
    assert_eq!(kept(&b), ["a2", "b2"]);
}
