//! Publishing, listing, opening and fetching, when nothing goes wrong.

use cairn_format::{IntentId, Manifest, ObjectKey, SnapshotLabel, SnapshotTimestamp};
use cairn_repository::{
    Access, BeginOptions, CommitOutcome, Disk, ErrorKind, Repository, RepositoryOptions, SnapshotName,
    SnapshotWriter, Transfer, UploadGroup, VerifyOptions, VerifySelection,
};

use crate::support::source::SourceTable;
use crate::support::{Backup, World, objects, tree, verify_all};

fn begin(repository: &Repository, backup: &Backup) -> SnapshotWriter {
    repository.begin_snapshot(&backup.label, backup.timestamp, &BeginOptions::default()).unwrap()
}

#[test]
fn what_was_published_is_listed_opened_and_fetched() {
    let world = World::new();
    for (number, store) in world.stores().into_iter().enumerate() {
        let repository = world.create(store).unwrap();
        let backup = world.backup("nightly: ü/..");
        assert_eq!(backup.publish(&repository).unwrap(), CommitOutcome::Committed);
        let name = SnapshotName { label: backup.label.clone(), timestamp: backup.timestamp };
        for label in [None, Some(&backup.label)] {
            assert_eq!(repository.snapshots(label).unwrap(), std::slice::from_ref(&name));
        }
        let manifest = repository.open_snapshot(&backup.label, backup.timestamp).unwrap();
        assert_eq!((&manifest.label, manifest.totals.files), (&backup.label, 5));
        backup.read_back(&repository, &world.directory.path().join(number.to_string())).unwrap();
        let report = verify_all(&repository).unwrap();
        assert!(report.is_clean(), "{report:?}");
        // Descriptor, manifest, two lists, four different files: the shared one is read once.
        assert_eq!((report.objects, report.snapshots), (8, vec![name]));
    }
}

#[test]
fn a_repository_holds_what_its_snapshots_hold_and_nothing_else() {
    let world = World::new();
    let repository = world.local_repository();
    let backup = world.backup("nightly");
    assert_eq!(backup.publish(&repository).unwrap(), CommitOutcome::Committed);
    let mut expected = vec![
        ObjectKey::Descriptor.render(),
        ObjectKey::Snapshot { label: backup.label.clone(), timestamp: backup.timestamp }.render(),
    ];
    for table in repository.open_snapshot(&backup.label, backup.timestamp).unwrap().tables {
        expected.push(ObjectKey::FileList(table.files.object).render());
        let list = repository.file_list(&table).unwrap();
        expected.extend(list.files().iter().map(|file| ObjectKey::Data(file.location.object).render()));
    }
    expected.sort();
    expected.dedup();
    assert_eq!(objects(&world.root()), expected);
}

#[test]
fn the_same_backup_makes_the_same_bytes() {
    let [one, other] = [World::new(), World::new()].map(|world| {
        assert_eq!(
            world.backup("nightly").publish(&world.local_repository()).unwrap(),
            CommitOutcome::Committed
        );
        let bytes = |key: String| std::fs::read(world.root().join(&key)).map(|bytes| (key, bytes)).unwrap();
        objects(&world.root()).into_iter().map(bytes).collect::<Vec<_>>()
    });
    assert_eq!(one, other);
}

#[test]
fn a_backup_with_nothing_new_makes_a_handful_of_requests_and_reads_nothing() {
    let world = World::new();
    for store in world.stores() {
        let repository = world.create(store).unwrap();
        let first = world.backup("first");
        assert_eq!(first.publish(&repository).unwrap(), CommitOutcome::Committed);
        let before = repository.store().requests();
        let outcome = world.backup("second").publish_after(&first, &repository).unwrap();
        assert_eq!(outcome, CommitOutcome::Committed);
        let after = repository.store().requests();
        assert_eq!(after.get - before.get, 1, "the manifest of the first");
        assert_eq!(after.head, before.head);
        assert_eq!(after.put - before.put, 2, "intent and manifest");
        assert_eq!(after.list - before.list, 3, "the label, before and after, and marks");
        assert_eq!(after.delete - before.delete, 1, "the intent");
    }
}

#[test]
fn only_what_is_new_is_sent() {
    let world = World::new();
    let repository = world.local_repository();
    let old = world.backup("old");
    assert_eq!(old.publish(&repository).unwrap(), CommitOutcome::Committed);
    let mut files = old.tables[0].files.clone();
    files.push(world.file(9, 123));
    let writer = begin(&repository, &world.backup("new"));
    let base = writer.basis().base(&old.name()).unwrap().unwrap();
    assert!(writer.basis().reuse(&[(&base, base.manifest().tables[0].files)]).unwrap().is_empty());
    let before = repository.store().requests();
    let transfer = Transfer::new();
    let outcome = writer.upload(&[UploadGroup { files, is_whole: true }], None, &transfer).unwrap();
    assert_eq!(
        (outcome.sent_files, outcome.sent_bytes, outcome.reused_files, outcome.reused_bytes),
        (1, 123, 3, 1000)
    );
    assert_eq!((transfer.files_done(), transfer.bytes_done()), (4, 1123));
    assert_eq!(repository.store().requests().total() - before.total(), 1);
    writer.abandon().unwrap();
    assert!(!objects(&world.root()).iter().any(|key| key.starts_with("jobs/")));
}

#[test]
fn a_label_is_taken_by_a_snapshot_of_another_time_only() {
    let world = World::new();
    let repository = world.local_repository();
    let backup = world.backup("nightly");
    assert_eq!(backup.publish(&repository).unwrap(), CommitOutcome::Committed);
    let later = Backup { timestamp: SnapshotTimestamp::from_unix_ms(7).unwrap(), ..backup.clone() };
    let error = later.publish(&repository).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(error.message(), "Snapshot with name 'nightly' already exist in repository");
    // The same files under the same name are another backup's all the same.
    assert_eq!(backup.publish(&repository).unwrap(), CommitOutcome::LabelTaken);
    // Labels are compared to the letter.
    assert_eq!(world.backup("Nightly").publish(&repository).unwrap(), CommitOutcome::Committed);
    let other = Backup { tables: vec![SourceTable::new("planes", vec![])], ..backup };
    assert_eq!(other.publish(&repository).unwrap(), CommitOutcome::LabelTaken);
}

#[test]
fn a_repository_that_is_read_only_stays_as_it_is() {
    let world = World::new();
    let backup = world.backup("nightly");
    let writable = world.local_repository();
    assert_eq!(backup.publish(&writable).unwrap(), CommitOutcome::Committed);
    drop(writable);
    let before = tree(&world.root());
    let options = RepositoryOptions::default();
    let open = |access| {
        Repository::open(world.local(Disk::system()), world.environment.clone(), access, options.clone())
            .unwrap()
    };
    let repository = open(Access::ReadOnly);
    let error =
        repository.begin_snapshot(&backup.label, backup.timestamp, &BeginOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    let intent = IntentId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
    assert_eq!(repository.forget_intent(&intent).unwrap_err().kind(), ErrorKind::ReadOnly);
    assert!(verify_all(&repository).unwrap().is_clean());
    backup.read_back(&repository, &world.directory.path().join("out")).unwrap();
    assert_eq!(tree(&world.root()), before);
    open(Access::ReadWrite).forget_intent(&intent).unwrap();
}

#[test]
fn a_location_without_a_repository_says_so_and_stays_untouched() {
    let world = World::new();
    for access in [Access::ReadOnly, Access::ReadWrite] {
        let store = world.local(Disk::system());
        let error = Repository::open(store, world.environment.clone(), access, RepositoryOptions::default())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("cairn.json") && error.to_string().contains("create"), "{error}");
    }
    assert!(!world.root().exists());
}

#[test]
fn opening_again_finds_the_same_repository_and_foreign_objects_are_left_alone() {
    let world = World::new();
    let first = world.local_repository();
    let backup = world.backup("nightly");
    assert_eq!(backup.publish(&first).unwrap(), CommitOutcome::Committed);
    let root = world.root();
    for foreign in ["README.md", "snapshots/nightly/notes.txt", "snapshots/x.json", "data/zz/y.parquet"] {
        std::fs::create_dir_all(root.join(foreign).parent().unwrap()).unwrap();
        std::fs::write(root.join(foreign), "not ours").unwrap();
    }
    let again = world.local_repository();
    assert_eq!(again.descriptor(), first.descriptor());
    assert_eq!(again.snapshots(None).unwrap().len(), 1);
    assert!(verify_all(&again).unwrap().is_clean());
}

#[test]
fn a_repository_can_be_moved() {
    let world = World::new();
    let backup = world.backup("nightly");
    assert_eq!(backup.publish(&world.local_repository()).unwrap(), CommitOutcome::Committed);
    let moved = World::new();
    std::fs::rename(world.root(), moved.root()).unwrap();
    backup.read_back(&moved.local_repository(), &moved.directory.path().join("out")).unwrap();
}

#[test]
fn snapshots_are_chosen_for_verification_by_name() {
    let world = World::new();
    let repository = world.local_repository();
    for label in ["a", "b"] {
        assert_eq!(world.backup(label).publish(&repository).unwrap(), CommitOutcome::Committed);
    }
    let verify = |selection| repository.verify(&VerifyOptions::new(selection), &Transfer::new());
    let (a, c) = (SnapshotLabel::parse("a").unwrap(), SnapshotLabel::parse("c").unwrap());
    let timestamp = world.backup("a").timestamp;
    assert_eq!(verify(VerifySelection::All).unwrap().snapshots.len(), 2);
    assert_eq!(verify(VerifySelection::Label(a.clone())).unwrap().snapshots.len(), 1);
    assert_eq!(verify(VerifySelection::Snapshot(a, timestamp)).unwrap().snapshots.len(), 1);
    for absent in [VerifySelection::Label(c.clone()), VerifySelection::Snapshot(c, timestamp)] {
        assert_eq!(verify(absent).unwrap_err().kind(), ErrorKind::NotFound);
    }
}

#[test]
fn a_snapshot_whose_parts_are_not_there_is_not_committed() {
    let world = World::new();
    let repository = world.local_repository();
    let backup = world.backup("nightly");
    let other = world.backup("other");
    assert_eq!(other.publish(&repository).unwrap(), CommitOutcome::Committed);
    let foreign = repository.open_snapshot(&other.label, other.timestamp).unwrap();
    // The lists of another snapshot are there, but nobody has made sure that they stay.
    let mine = Manifest { label: backup.label.clone(), ..foreign.clone() };
    let error = begin(&repository, &backup).commit(&mine).unwrap_err();
    assert!(error.to_string().contains("'flights'"), "{error}");
    let error = begin(&repository, &backup).commit(&foreign).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(repository.snapshots(None).unwrap(), [other.name()]);
}

#[test]
fn a_label_too_long_for_a_key_is_refused() {
    let world = World::new();
    let repository = world.local_repository();
    let label = SnapshotLabel::parse(&"ü".repeat(128)).unwrap();
    let error = repository
        .begin_snapshot(&label, SnapshotTimestamp::from_unix_ms(0).unwrap(), &BeginOptions::default())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
