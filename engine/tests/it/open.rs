//! Opening a store: who may, and what it finds.

use cairn_engine::{DropMode, ErrorKind};
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
    std::fs::write(table_directory.join("99999998.parquet.part"), "orphan").unwrap();
    std::fs::create_dir(world.path("a").join("data/777")).unwrap();
    let store = world.open("a");
    assert_eq!(segments(&world), before);
    assert!(!world.path("a").join("data/777").exists());
    assert_eq!(rows(&store, "t").len(), 1);
}

/// Opening once removed every file below `data/` that was no segment on record, also those of a repository, whose data
/// files lie below a `data/` too. Only what is named as a segment is may go.
#[test]
fn files_of_others_are_left_alone() {
    let world = World::new();
    drop(world.ready("a"));
    let data = world.path("a").join("data");
    let others =
        ["ab/xxh3-ab.parquet", "7/notes.txt", "7/07.parquet", "007/1.parquet", "thesis.csv", "x/1.parquet"];
    for other in others {
        let path = data.join(other);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "mine").unwrap();
    }
    drop(world.open("a"));
    for other in others {
        assert!(data.join(other).exists(), "{other}");
    }
}

#[test]
fn a_store_and_a_repository_do_not_share_a_directory() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    insert(&store, "t", &small_rows(&[(1, None)])).unwrap();
    crate::support::backup(&store, "s");
    let create = |location: std::path::PathBuf| {
        store.create_repository(cairn_engine::NewRepository {
            name: cairn_format::RepositoryName::parse("own").unwrap(),
            location: location.to_str().unwrap().to_owned(),
            properties: std::collections::BTreeMap::new(),
            read_only: false,
            broker: None,
        })
    };
    for location in [world.path("a"), world.path("a").join("backups/deep"), world.directory.path().to_owned()]
    {
        let error = create(location).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("overlaps the directory of a store"), "{error}");
    }
    let error = world.try_open("repository", &Disk::system()).err().unwrap();
    assert!(error.to_string().contains("is a repository, not a store"), "{error}");
}

/// A catalog that was gone was once taken for a new store's, and every segment for an orphan.
#[test]
fn a_store_without_its_catalog_keeps_its_segments() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    insert(&store, "t", &small_rows(&[(1, None)])).unwrap();
    drop(store);
    let catalog = world.path("a").join("catalog.redb");
    let kept = std::fs::read(&catalog).unwrap();
    for empty in [true, false] {
        std::fs::remove_file(&catalog).unwrap();
        if empty {
            std::fs::write(&catalog, "").unwrap();
        }
        let error = world.try_open("a", &Disk::system()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert_eq!(walk(&world.path("a").join("data")).len(), 1);
        std::fs::write(&catalog, &kept).unwrap();
    }
    assert_eq!(rows(&world.open("a"), "t").len(), 1);
}

/// A flipped bit is refused, or lies where nothing is stored: never a panic, and never a file that is taken away.
#[test]
fn a_flipped_bit_in_the_catalog_harms_no_segment() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    insert(&store, "t", &small_rows(&[(1, None)])).unwrap();
    let expected = rows(&store, "t");
    drop(store);
    let catalog = world.path("a").join("catalog.redb");
    let good = std::fs::read(&catalog).unwrap();
    let mut refused = 0;
    for at in (0..good.len()).step_by(good.len() / 150) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        std::fs::write(&catalog, &bad).unwrap();
        match world.try_open("a", &Disk::system()) {
            Ok(store) => assert_eq!(rows(&store, "t"), expected, "byte {at}"),
            Err(_) => refused += 1,
        }
        assert_eq!(walk(&world.path("a").join("data")).len(), 1, "byte {at}");
    }
    assert!(refused > 0);
}

/// Parquet without page checksums reads most flipped bits as other rows, and panics on some.
#[test]
fn a_changed_segment_is_never_read() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    insert(&store, "t", &small_rows(&[(1, Some("x")), (2, None)])).unwrap();
    drop(store);
    let file = walk(&world.path("a").join("data")).remove(0);
    let good = std::fs::read(&file).unwrap();
    let read = || {
        let store = world.open("a");
        let view = store.view();
        let table = view.database(&database()).unwrap().tables().next().unwrap();
        store.read_table(table).collect::<cairn_engine::Result<Vec<_>>>()
    };
    let refused = |what: &str| {
        let error = read().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{what}");
        assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
    };
    for at in (0..good.len()).step_by(good.len() / 40) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        std::fs::write(&file, &bad).unwrap();
        refused(&format!("byte {at}"));
    }
    std::fs::write(&file, &good[..good.len() - 1]).unwrap();
    refused("cut short");
    std::fs::remove_file(&file).unwrap();
    refused("gone");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, &good).unwrap();
    assert_eq!(read().unwrap().len(), 1);
}

#[test]
fn a_dropped_table_lets_its_files_go_when_the_last_reader_does() {
    let world = World::new();
    let store = world.ready("a");
    store.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    insert(&store, "t", &small_rows(&[(1, None)])).unwrap();
    let view = store.view();
    store.drop_table_as(&database(), &crate::support::table("t"), DropMode::Force).unwrap();
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
