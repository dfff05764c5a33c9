//! Uploads and fetches: what goes wrong with files, and what large ones do.

use std::io;
use std::sync::Arc;

use cairn_format::{IntentId, ObjectKey, ObjectName};
use cairn_repository::{
    BeginOptions, Disk, DiskCall, DiskHook, ErrorKind, FetchFile, Repository, Result, SnapshotWriter,
    Transfer, UploadFile, UploadGroup, UploadOutcome,
};

use crate::support::{Backup, World, tree};

/// More than one part.
const LARGE: usize = (16 << 20) + 12_345;

fn begin(world: &World, repository: &Repository) -> SnapshotWriter {
    resume(world, repository, None)
}

/// Begins, or goes on with an earlier attempt.
fn resume(world: &World, repository: &Repository, intent: Option<IntentId>) -> SnapshotWriter {
    let backup: Backup = world.backup("nightly");
    let options = BeginOptions::default().with_resume(intent);
    repository.begin_snapshot(&backup.label, backup.timestamp, &options).unwrap()
}

fn upload(writer: &SnapshotWriter, files: &[UploadFile], transfer: &Transfer) -> Result<UploadOutcome> {
    writer.upload(&[UploadGroup { files: files.to_vec(), is_whole: true }], None, transfer)
}

/// The key of a file that the writer sends by itself.
fn key_of(writer: &SnapshotWriter, file: &UploadFile) -> ObjectKey {
    ObjectKey::Data(ObjectName::new(file.digest, *writer.intent_id()))
}

#[test]
fn large_files_go_in_parts_and_come_back() {
    let world = World::new();
    for (number, store) in world.stores().into_iter().enumerate() {
        let repository = world.create(store).unwrap();
        let writer = begin(&world, &repository);
        let files = [
            world.file(1, LARGE),
            world.file(2, 16 << 20),
            world.file(3, (16 << 20) + 1),
            world.file(4, 24 << 20),
        ];
        let outcome = upload(&writer, &files, &Transfer::new()).unwrap();
        assert_eq!((outcome.sent_files, outcome.reused_files), (4, 0));
        let out = world.directory.path().join(format!("out{number}"));
        std::fs::create_dir(&out).unwrap();
        let wanted: Vec<_> = files
            .iter()
            .zip(&outcome.stored[0])
            .map(|(f, stored)| FetchFile {
                digest: f.digest,
                length: f.length,
                location: stored.location,
                path: out.join(f.digest.to_string()),
            })
            .collect();
        let transfer = Transfer::new();
        let fetched = repository.fetch(&wanted, &transfer).unwrap();
        assert_eq!((fetched.fetched_files, transfer.files_done()), (4, 4));
        assert_eq!(transfer.bytes_done(), files.iter().map(|f| f.length).sum::<u64>());
        for (file, fetched) in files.iter().zip(&wanted) {
            assert!(std::fs::read(&file.path).unwrap() == std::fs::read(&fetched.path).unwrap());
        }
        // Again: what is there is checked and left alone; what has been changed is fetched again.
        std::fs::write(&wanted[1].path, "changed").unwrap();
        let again = repository.fetch(&wanted, &Transfer::new()).unwrap();
        assert_eq!((again.fetched_files, again.reused_files), (1, 3));
        // Another process that goes on with the attempt finds them there and sends none.
        let again = resume(&world, &repository, Some(*writer.intent_id()));
        let before = repository.store().requests().put;
        let again = upload(&again, &files, &Transfer::new()).unwrap();
        assert_eq!((again.sent_files, again.reused_files), (4, 0), "by the same backup");
        assert!(repository.store().requests().put - before <= 1, "only what fits into one request is tried");
    }
}

#[test]
fn a_local_file_that_has_changed_is_named_and_nothing_of_it_is_visible() {
    let world = World::new();
    for length in [1000, LARGE] {
        for store in world.stores() {
            let repository = world.create(store).unwrap();
            let writer = begin(&world, &repository);
            let file = world.file(length as u64, length);
            let good = std::fs::read(&file.path).unwrap();
            let mut flipped = good.clone();
            flipped[length / 2] ^= 1;
            let longer = [good.as_slice(), b"x"].concat();
            for changed in [flipped.as_slice(), &good[..length - 1], &longer, b""] {
                std::fs::write(&file.path, changed).unwrap();
                let error = upload(&writer, std::slice::from_ref(&file), &Transfer::new()).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Corrupt);
                assert!(error.to_string().contains(file.path.to_str().unwrap()), "{error}");
                assert_eq!(repository.store().head(&key_of(&writer, &file)).unwrap(), None);
            }
            std::fs::remove_file(&file.path).unwrap();
            let error = upload(&writer, std::slice::from_ref(&file), &Transfer::new()).unwrap_err();
            assert!(error.to_string().contains(file.path.to_str().unwrap()), "{error}");
            std::fs::write(&file.path, &good).unwrap();
            assert_eq!(upload(&writer, std::slice::from_ref(&file), &Transfer::new()).unwrap().sent_files, 1);
        }
    }
    // The temporary files of what failed are gone.
    assert_eq!(tree(&world.root().join(".tmp")), ["lock"]);
}

#[test]
fn a_damaged_object_is_not_reused() {
    let world = World::new();
    let repository = world.local_repository();
    for length in [1000, LARGE] {
        let file = world.file(5, length);
        let writer = begin(&world, &repository);
        upload(&writer, std::slice::from_ref(&file), &Transfer::new()).unwrap();
        let key = key_of(&writer, &file).render();
        let object = world.root().join(&key);
        let good = std::fs::read(&object).unwrap();
        let mut flipped = good.clone();
        flipped[length - 1] ^= 0x80;
        for damaged in [&flipped, &good[1..].to_vec()] {
            std::fs::write(&object, damaged).unwrap();
            let again = resume(&world, &repository, Some(*writer.intent_id()));
            let error = upload(&again, std::slice::from_ref(&file), &Transfer::new()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt);
            assert!(error.to_string().contains(&key), "{error}");
        }
    }
}

#[test]
fn twins_in_one_call_are_sent_once() {
    let world = World::new();
    let repository = world.local_repository();
    let file = world.file(6, 100);
    let transfer = Transfer::new();
    let writer = begin(&world, &repository);
    let outcome = upload(&writer, &[file.clone(), file.clone(), file.clone()], &transfer).unwrap();
    assert_eq!((outcome.sent_files, outcome.reused_files, outcome.reused_bytes), (1, 2, 200));
    assert_eq!((transfer.files_done(), transfer.bytes_done()), (3, 300));
    let mut liar = file.clone();
    liar.length += 1;
    let error = upload(&writer, &[file, liar], &Transfer::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_cancelled_transfer_stops_and_leaves_nothing_half_done() {
    let world = World::new();
    let repository = world.local_repository();
    let writer = begin(&world, &repository);
    let file = world.file(7, LARGE);
    let cancelled = Transfer::new();
    cancelled.cancel();
    let error = upload(&writer, std::slice::from_ref(&file), &cancelled).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    let sent = upload(&writer, std::slice::from_ref(&file), &Transfer::new()).unwrap();
    let out = world.directory.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let wanted = FetchFile {
        digest: file.digest,
        length: file.length,
        location: sent.stored[0][0].location,
        path: out.join("file"),
    };
    let error = repository.fetch(std::slice::from_ref(&wanted), &cancelled).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(tree(&out), [""; 0]);
}

struct Full;

impl DiskHook for Full {
    fn before(&self, call: &DiskCall<'_>) -> io::Result<()> {
        match call {
            DiskCall::Create(_) => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }

    fn after(&self, _: &DiskCall<'_>) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_named() {
    let world = World::new();
    let error = world.create(world.local(Disk::with_hook(Arc::new(Full)))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSpace);
    let text = error.to_string();
    assert!(text.contains("cairn.json") && text.contains(world.root().to_str().unwrap()), "{text}");
}
