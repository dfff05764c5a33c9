//! Damage that a verification has found is not built on any more.

use std::path::PathBuf;
use std::time::Duration;

use cairn_engine::TabletStore;
use cairn_repository::{CollectionPolicy, Transfer, VerifyOptions, VerifyReport, VerifySelection};

use crate::support::{
    World, backup, database, insert, label, repository, restore, restore_request, rows, small_rows,
    small_table,
};

/// A store with a table of three tablets, whose files go apart.
fn filled(world: &World) -> TabletStore {
    let store = world.ready("a");
    let set = [("bundle_size".to_owned(), "0".to_owned())].into();
    store.alter_repository(&repository(), &set).unwrap();
    store.create_table(&database(), small_table("t", 3), Vec::new()).unwrap();
    let many: Vec<_> = (0..60).map(|n| (n, Some("a row"))).collect();
    insert(&store, "t", &small_rows(&many)).unwrap();
    store
}

fn verify(store: &TabletStore, selection: VerifySelection) -> VerifyReport {
    let options = VerifyOptions::new(selection).with_record(true);
    store.open_repository(&repository()).unwrap().verify(&options, &Transfer::new()).unwrap()
}

fn objects(world: &World, folder: &str) -> Vec<PathBuf> {
    let mut found = crate::open::walk(&world.path("repository").join(folder));
    found.sort();
    found
}

#[test]
fn what_is_found_damaged_is_sent_again_and_goes_with_the_last_snapshot_that_uses_it() {
    let world = World::new();
    let store = filled(&world);
    backup(&store, "one");
    let data = objects(&world, "data");
    std::fs::remove_file(&data[0]).unwrap();
    std::fs::write(&data[1], "something else").unwrap();
    // Nobody has looked yet.
    backup(&store, "two");
    let report = verify(&store, VerifySelection::All);
    assert_eq!(report.findings.len(), 2, "{report:?}");
    assert_eq!(objects(&world, "trash").len(), 1);
    verify(&store, VerifySelection::All);
    assert_eq!(objects(&world, "trash").len(), 1, "it is known already");

    let healed = backup(&store, "three");
    assert_eq!(healed.totals.unwrap().moved_files, 2);
    assert!(verify(&store, VerifySelection::Label(label("three"))).is_clean());
    let nothing_new = backup(&store, "four");
    assert_eq!(nothing_new.totals.unwrap().moved_files, 0);
    assert!(verify(&store, VerifySelection::Label(label("four"))).is_clean());
    let b = world.open("b");
    world.add_repository(&b, true).unwrap();
    b.create_database(&database()).unwrap();
    restore(&b, &restore_request("three", healed.timestamp));
    assert_eq!(rows(&b, "t"), rows(&store, "t"));

    let collect = || {
        let policy = CollectionPolicy::default().with_grace(Duration::ZERO);
        store.open_repository(&repository()).unwrap().collect(&policy, &Transfer::new()).unwrap()
    };
    collect();
    assert_eq!(objects(&world, "data").len(), 4, "snapshots use it still");
    backup(&store, "five");
    assert!(verify(&store, VerifySelection::Label(label("five"))).is_clean(), "the marks stay as long");
    for harmed in ["one", "two"] {
        store.drop_snapshot(&repository(), &label(harmed)).unwrap();
    }
    collect();
    assert_eq!(objects(&world, "data").len(), 3);
    assert_eq!(objects(&world, "trash"), Vec::<PathBuf>::new());
    assert!(verify(&store, VerifySelection::All).is_clean());
}

#[test]
fn a_damaged_file_list_is_made_anew() {
    let world = World::new();
    let store = filled(&world);
    backup(&store, "one");
    let lists = objects(&world, "tables");
    std::fs::write(&lists[0], "no list").unwrap();
    assert_eq!(verify(&store, VerifySelection::All).findings.len(), 1);
    let healed = backup(&store, "two");
    assert!(healed.totals.unwrap().moved_files > 0);
    assert!(verify(&store, VerifySelection::Label(label("two"))).is_clean());
}
