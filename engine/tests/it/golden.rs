//! Released formats are read for ever: `spec/fixtures` has repositories of each release, which are never made again.
//!
//! `CAIRN_WRITE_GOLDEN=<directory>` makes those of the present release there, for the next one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cairn_engine::{BackupRequest, JobStatus, TabletStore};
use cairn_format::{Compression, Ttl};
use cairn_repository::{
    BeginOptions, CollectionPolicy, Repository, Transfer, UploadFile, UploadGroup, VerifyOptions,
    VerifySelection,
};

use crate::support::{
    World, backup, backup_request, database, finish, has_table, insert, label, plain_table, ranged_table,
    repository, restore, restore_request, rows, small_rows, small_table, table,
};
use crate::types::batch;

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/fixtures")
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

/// The releases, and the snapshots of the same rows that their repositories hold.
const RELEASES: [(&str, &[&str]); 3] = [
    // Objects are named by digests alone.
    ("v1", &["golden"]),
    // Bundles, compression, expiry, and what running and dead backups, a collection and a verification leave.
    ("v1-located", &["compressed", "golden"]),
    ("v1-blake3", &["golden"]),
];

#[test]
fn every_release_is_read() {
    let world = World::new();
    let expected = world.ready("expected");
    fill(&expected);
    if let Some(directory) = std::env::var_os("CAIRN_WRITE_GOLDEN") {
        write(&world, &expected, Path::new(&directory));
        return;
    }
    for (release, labels) in RELEASES {
        // The fixture lies in the source tree, which a test does not write to: a read-only repository is not written.
        copy(&fixtures().join(release).join("repository"), &world.path("repository"));
        let store = world.open(&format!("restored-{release}"));
        world.add_repository(&store, true).unwrap();
        let opened = store.open_repository(&repository()).unwrap();
        let found = opened.snapshots(None).unwrap();
        assert_eq!(found.iter().map(|name| name.label.as_str()).collect::<Vec<_>>(), labels, "{release}");
        let report = opened.verify(&VerifyOptions::new(VerifySelection::All), &Transfer::new()).unwrap();
        assert!(report.is_clean(), "{release}: {:?}", report.findings);
        for name in &found {
            let manifest = opened.open_snapshot(&name.label, name.timestamp).unwrap();
            assert_eq!(manifest.label, name.label);
            let record = restore(&store, &restore_request(name.label.as_str(), name.timestamp));
            assert_eq!(record.status, JobStatus::Ok, "{release}");
            for name in TABLES {
                assert!(has_table(&store, name));
                assert_eq!(rows(&store, name), rows(&expected, name), "{release}: {name}");
                assert_eq!(definition(&store, name), definition(&expected, name), "{release}: {name}");
            }
        }
        std::fs::remove_dir_all(world.path("repository")).unwrap();
    }
}

/// A repository of any release takes new snapshots, and is collected when it says that it may be.
#[test]
fn every_release_is_written() {
    let world = World::new();
    for (release, labels) in RELEASES {
        copy(&fixtures().join(release).join("repository"), &world.path("repository"));
        let store = world.ready(&format!("store-{release}"));
        fill(&store);
        backup(&store, "new");
        let opened = store.open_repository(&repository()).unwrap();
        let policy = CollectionPolicy::default().with_grace(Duration::ZERO);
        let collected = opened.collect(&policy, &Transfer::new());
        assert_eq!(collected.is_ok(), release != "v1", "{release}: {collected:?}");
        assert_eq!(opened.snapshots(None).unwrap().len(), labels.len() + 1, "{release}");
        let report = opened.verify(&VerifyOptions::new(VerifySelection::All), &Transfer::new()).unwrap();
        assert!(report.is_clean(), "{release}: {:?}", report.findings);
        std::fs::remove_dir_all(world.path("repository")).unwrap();
    }
}

fn definition(
    store: &TabletStore,
    name: &str,
) -> (cairn_format::TableDefinition, Vec<cairn_format::PartitionDefinition>) {
    let view = store.view();
    let table = view.database(&database()).unwrap().table(&table(name)).unwrap().clone();
    (table.definition.as_ref().clone(), table.partition_definitions())
}

fn write(world: &World, store: &TabletStore, directory: &Path) {
    backup(store, "golden");
    let request = BackupRequest {
        ttl: Some(Ttl::parse("1000 YEAR").unwrap()),
        compression: Some(Compression::parse("zstd(19)").unwrap()),
        ..backup_request("compressed")
    };
    let id = store.submit_backup(&request).unwrap();
    assert_eq!(finish(store, id).status, JobStatus::Ok);
    leave_traces(world, &store.open_repository(&repository()).unwrap());
    copy(&world.path("repository"), &directory.join("v1-located/repository"));
    std::fs::remove_dir_all(world.path("repository")).unwrap();

    store.drop_repository(&repository()).unwrap();
    store
        .create_repository(cairn_engine::NewRepository {
            name: repository(),
            location: world.path("repository").to_str().unwrap().to_owned(),
            properties: BTreeMap::from([("digest".to_owned(), "blake3".to_owned())]),
            read_only: false,
            broker: None,
        })
        .unwrap();
    backup(store, "golden");
    copy(&world.path("repository"), &directory.join("v1-blake3/repository"));
    std::fs::remove_dir_all(world.path("repository")).unwrap();
    crate::broken::write(directory);
}

/// Leaves behind what others may find: a fence and marks, an intent, and the record of a verification.
pub(crate) fn leave_traces(world: &World, repository: &Repository) {
    let local = world.path("unused.parquet");
    std::fs::write(&local, b"sent by a backup that died").unwrap();
    let timestamp = |ms| cairn_format::SnapshotTimestamp::from_unix_ms(ms).unwrap();
    let died = repository
        .begin_snapshot(&label("died"), timestamp(1), &BeginOptions::default().with_lifetime_ms(0))
        .unwrap();
    let bytes = std::fs::read(&local).unwrap();
    let file =
        UploadFile { digest: cairn_format::Digest::of(&bytes), length: bytes.len() as u64, path: local };
    died.upload(&[UploadGroup { files: vec![file], is_whole: true }], None, &Transfer::new()).unwrap();
    drop(died);
    let report = repository.collect(&CollectionPolicy::default(), &Transfer::new()).unwrap();
    assert_eq!((report.given_up.len(), report.marked.len()), (1, 1));
    drop(repository.begin_snapshot(&label("running"), timestamp(2), &BeginOptions::default()).unwrap());
    let options = VerifyOptions::new(VerifySelection::All).with_record(true);
    assert!(repository.verify(&options, &Transfer::new()).unwrap().not_recorded.is_none());
}

/// Copies a repository without what is being written.
pub(crate) fn copy(from: &Path, to: &Path) {
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
