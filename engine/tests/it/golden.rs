//! Released formats are read for ever: `spec/fixtures` has a repository of each version, which is never made again.
//!
//! `CAIRN_WRITE_GOLDEN=<directory>` makes the repository of the present version there, for the release of a new one.

use cairn_engine::{JobStatus, TabletStore};
use cairn_format::SnapshotLabel;
use cairn_repository::{Transfer, VerifyOptions, VerifySelection};
use std::path::{Path, PathBuf};

use crate::support::{
    World, backup, database, has_table, insert, label, plain_table, ranged_table, repository, restore,
    restore_request, rows, small_rows, small_table,
};
use crate::types::batch;

fn fixture(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/fixtures").join(version).join("repository")
}

/// What the fixtures hold: every scalar type, a partitioned table of several loads, and a table without rows.
fn fill(store: &TabletStore) {
    let (columns, batch) = batch();
    store.create_table(&database(), plain_table("types", columns, 1), Vec::new()).unwrap();
    insert(store, "types", &batch).unwrap();
    let (definition, partitions) = ranged_table("ranged", &[10, 20]);
    store.create_table(&database(), definition, partitions).unwrap();
    insert(store, "ranged", &small_rows(&[(1, Some("a")), (11, None), (19, Some("ü"))])).unwrap();
    insert(store, "ranged", &small_rows(&[(2, Some("b"))])).unwrap();
    store.create_table(&database(), small_table("empty", 2), Vec::new()).unwrap();
}

const TABLES: [&str; 3] = ["types", "ranged", "empty"];

#[test]
fn version_1_is_read() {
    let world = World::new();
    let expected = world.ready("expected");
    fill(&expected);
    if let Some(directory) = std::env::var_os("CAIRN_WRITE_GOLDEN") {
        backup(&expected, "golden");
        copy(&world.path("repository"), Path::new(&directory));
        std::fs::remove_dir_all(world.path("repository")).unwrap();
        return;
    }
    drop(expected);
    let expected = world.open("expected");
    // The fixture lies in the source tree, which a test does not write to: a read-only repository is not written.
    copy(&fixture("v1"), &world.path("repository"));
    let store = world.open("restored");
    world.add_repository(&store, true).unwrap();
    let opened = store.open_repository(&repository()).unwrap();
    let snapshots = opened.snapshots(Some(&label("golden"))).unwrap();
    assert_eq!(snapshots.len(), 1);
    let report = opened
        .verify(&VerifyOptions::new(VerifySelection::Label(label("golden"))), &Transfer::new())
        .unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
    let manifest = opened.open_snapshot(&snapshots[0].label, snapshots[0].timestamp).unwrap();
    assert_eq!(manifest.label, SnapshotLabel::parse("golden").unwrap());
    let record = restore(&store, &restore_request("golden", snapshots[0].timestamp));
    assert_eq!(record.status, JobStatus::Ok);
    for name in TABLES {
        assert!(has_table(&store, name));
        assert_eq!(rows(&store, name), rows(&expected, name), "{name}");
        let definition = |store: &TabletStore| {
            let view = store.view();
            let table =
                view.database(&database()).unwrap().table(&crate::support::table(name)).unwrap().clone();
            (table.definition.as_ref().clone(), table.partition_definitions())
        };
        assert_eq!(definition(&store), definition(&expected), "{name}");
    }
}

/// Copies a repository without what is being written.
fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    for file in crate::open::walk(from) {
        let path = file.strip_prefix(from).unwrap();
        if !path.starts_with(".tmp") {
            let target = to.join(path);
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::copy(&file, &target).unwrap();
        }
    }
}
