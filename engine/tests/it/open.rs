//! Opening a store: who may, and what it finds.

use cairn_engine::ErrorKind;
use cairn_repository::Disk;

use crate::support::{World, database, has_table, insert, rows, small_rows, small_table};

#[test]
fn what_was_committed_is_there_after_reopening() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), small_table("t", 3), Vec::new()).unwrap();
    insert(&store, "t", &small_rows(&[(1, Some("x")), (2, None)])).unwrap();
    let before = rows(&store, "t");
    drop(store);
    let store = world.open("a");
    assert_eq!(rows(&store, "t"), before);
    assert_eq!(store.view().repositories().count(), 1);
}

#[test]
fn a_directory_that_is_open_is_refused() {
    let world = World::new();
    let _store = world.open("a");
    let error = world.try_open("a", &Disk::system()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(error.to_string().contains("open in another process"), "{error}");
}

#[test]
fn a_file_in_place_of_the_directory_is_refused() {
    let world = World::new();
    std::fs::write(world.path("a"), "x").unwrap();
    let error = world.try_open("a", &Disk::system()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_catalog_of_other_bytes_is_refused_and_left_alone() {
    let world = World::new();
    for bytes in [b"not a catalog".to_vec(), vec![0; 8192], (0..=255).cycle().take(10_000).collect()] {
        let directory = world.path("a");
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("catalog.redb"), &bytes).unwrap();
        let error = world.try_open("a", &Disk::system()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert_eq!(std::fs::read(directory.join("catalog.redb")).unwrap(), bytes);
    }
}

#[test]
fn files_that_no_record_names_are_removed() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    insert(&store, "t", &small_rows(&[(1, None)])).unwrap();
    let segments = |world: &World| walk(&world.path("a").join("data"));
    let before = segments(&world);
    assert_eq!(before.len(), 1);
    drop(store);
    let table_directory = before[0].parent().unwrap().to_owned();
    std::fs::write(table_directory.join("99999999.parquet"), "orphan").unwrap();
    std::fs::write(table_directory.join("1.parquet.tmp"), "orphan").unwrap();
    std::fs::create_dir(world.path("a").join("data/777")).unwrap();
    let store = world.open("a");
    assert_eq!(segments(&world), before);
    assert!(!world.path("a").join("data/777").exists());
    assert_eq!(rows(&store, "t").len(), 1);
}

#[test]
fn a_dropped_table_lets_its_files_go_when_the_last_reader_does() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    insert(&store, "t", &small_rows(&[(1, None)])).unwrap();
    let view = store.view();
    store.drop_table(&database(), &crate::support::table("t")).unwrap();
    assert!(!has_table(&store, "t"));
    assert_eq!(walk(&world.path("a").join("data")).len(), 1, "a reader still holds it");
    let table = view.database(&database()).unwrap().tables().next().unwrap();
    assert_eq!(store.read_table(table).map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 1);
    drop(view);
    assert_eq!(walk(&world.path("a").join("data")).len(), 0);
}

/// Every file below `directory`, sorted.
pub(crate) fn walk(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}
