//! The process, or the machine, dies at every call of a publication: the snapshot is there and whole, or it is not
//! there, and the next attempt goes through.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cairn_repository::{CommitOutcome, Disk, DiskCall, DiskHook, ErrorKind, LocalStore, Result, Store};
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, UploadPart,
};

use crate::support::source::{Progress, SourceTable};
use crate::support::{Backup, World, objects, verify_all};

/// Where life ends: at the call of this number, before or after it was done. Every later call fails too.
struct Cut {
    at: usize,
    after: bool,
    seen: AtomicUsize,
}

impl Cut {
    fn new(at: usize, after: bool) -> Arc<Self> {
        Arc::new(Self { at, after, seen: AtomicUsize::new(0) })
    }

    /// Whether this call is done, and whether its success is reported.
    fn step(&self) -> (bool, bool) {
        let number = self.seen.fetch_add(1, Ordering::SeqCst);
        (number < self.at || (number == self.at && self.after), number < self.at)
    }

    fn reached(&self) -> bool {
        self.seen.load(Ordering::SeqCst) > self.at
    }
}

/// Publishes with `store`, whose life ends somewhere on the way; then looks at what is left and goes on.
fn check(world: &World, backup: &Backup, doomed: Store, power_cut: impl FnOnce(), context: &str) {
    let mut progress = Progress::default();
    let outcome: Result<CommitOutcome> =
        world.create(doomed).and_then(|repository| backup.publish_again(&repository, &mut progress));
    power_cut();
    let repository = world.local_repository();
    let found = repository.snapshots(None).unwrap();
    match outcome {
        Ok(outcome) => assert_eq!((outcome, found.len()), (CommitOutcome::Committed, 1), "{context}"),
        Err(_) => assert!(found.len() <= 1, "{context}"),
    }
    let report = verify_all(&repository).unwrap();
    assert!(report.is_clean(), "{context}: {report:?}");
    let expected = if found.is_empty() { CommitOutcome::Committed } else { CommitOutcome::AlreadyCommitted };
    let mut again = backup.publish_again(&repository, &mut progress);
    if again.as_ref().is_err_and(|error| error.kind() == ErrorKind::Corrupt) {
        // After a power cut a name may be there without its bytes, and names are used once: only a new attempt helps.
        repository.forget_intent(&progress.intent.take().unwrap()).unwrap();
        again = backup.publish_again(&repository, &mut progress);
    }
    assert_eq!(again.unwrap(), expected, "{context}");
    // What an attempt sent that was not gone on with is unused.
    world.collect_everything(world.local(Disk::system()));
    let report = verify_all(&repository).unwrap();
    assert!(report.is_clean() && report.snapshots.len() == 1, "{context}: {report:?}");
    // Nothing is left but the snapshot, and what the next who writes will clear.
    let is_passing = |key: &String| key.starts_with(".tmp/");
    let rest: Vec<_> = objects(&world.root()).into_iter().filter(|key| !is_passing(key)).collect();
    assert_eq!(rest.len() as u64, report.objects, "{context}: {rest:?}");
    std::fs::remove_dir_all(world.root()).unwrap();
}

fn large_backup(world: &World) -> Backup {
    Backup::new("large", 5, vec![SourceTable::new("t", vec![world.file(1, (8 << 20) + 1)])])
}

#[test]
fn death_at_every_request() {
    let world = World::new();
    for backup in [world.backup("nightly"), large_backup(&world)] {
        let mut calls = 0;
        for after in [false, true] {
            for at in 0.. {
                let cut = Cut::new(at, after);
                let local = Arc::new(LocalStore::new(&world.root(), Disk::system()));
                let objects = Arc::new(CutStore { inner: local.clone(), cut: cut.clone() });
                let doomed =
                    Store::from_local_store(objects, local, world.runtime.handle().clone(), "doomed");
                check(&world, &backup, doomed, || (), &format!("request {at}, after {after}"));
                if !cut.reached() {
                    calls = at;
                    break;
                }
            }
        }
        assert!(calls >= 10, "{calls}");
    }
}

/// A disk whose unsynced names and bytes are gone when the power is.
struct CutDisk {
    cut: Arc<Cut>,
    unsynced: Mutex<Unsynced>,
}

#[derive(Clone, Default)]
struct Unsynced {
    names: HashSet<PathBuf>,
    /// Files by every name they have.
    bytes: HashSet<PathBuf>,
}

impl DiskHook for CutDisk {
    fn before(&self, _: &DiskCall<'_>) -> io::Result<()> {
        match self.cut.step() {
            (true, _) => Ok(()),
            (false, _) => Err(dead()),
        }
    }

    fn after(&self, call: &DiskCall<'_>) -> io::Result<()> {
        let Unsynced { names, bytes } = &mut *self.unsynced.lock().unwrap();
        match call {
            DiskCall::CreateDir(path) => {
                names.insert(path.to_path_buf());
            }
            DiskCall::Create(path) => {
                names.insert(path.to_path_buf());
                bytes.insert(path.to_path_buf());
            }
            DiskCall::Link { from, to } | DiskCall::Rename { from, to } => {
                names.insert(to.to_path_buf());
                if bytes.contains(*from) {
                    bytes.insert(to.to_path_buf());
                }
            }
            DiskCall::SyncFile(path) | DiskCall::Remove(path) => {
                bytes.remove(*path);
            }
            DiskCall::SyncDir(directory) => names.retain(|path| path.parent() != Some(*directory)),
            DiskCall::SyncFilesystem(_) => {
                names.clear();
                bytes.clear();
            }
            DiskCall::Commit(_) => {}
        }
        // The call of the number itself was done; its success is not reported.
        if self.cut.reached() { Err(dead()) } else { Ok(()) }
    }
}

impl CutDisk {
    /// What was not synced is gone. Where `names_last`, the names have come to the disk all the same, as they may, and
    /// only the bytes are gone.
    fn lose_unsynced(&self, names_last: bool) {
        let Unsynced { names, bytes } = self.unsynced.lock().unwrap().clone();
        for path in bytes.iter().filter(|path| path.is_file()) {
            std::fs::File::options().write(true).truncate(true).open(path).unwrap();
        }
        for path in names.iter().filter(|_| !names_last) {
            let _ = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Power {
    Stays,
    Cut { names_last: bool },
}

#[test]
fn death_at_every_disk_call() {
    let world = World::new();
    for backup in [world.backup("nightly"), large_backup(&world)] {
        let powers = [Power::Stays, Power::Cut { names_last: false }, Power::Cut { names_last: true }];
        for (after, power) in [false, true].into_iter().flat_map(|after| powers.map(|power| (after, power))) {
            for at in 0.. {
                let cut = Cut::new(at, after);
                let disk = Arc::new(CutDisk { cut: cut.clone(), unsynced: Mutex::default() });
                let doomed = world.local(Disk::with_hook(disk.clone()));
                let lose = || {
                    if let Power::Cut { names_last } = power {
                        disk.lose_unsynced(names_last);
                    }
                };
                check(
                    &world,
                    &backup,
                    doomed,
                    lose,
                    &format!("disk call {at}, after {after}, power {power:?}"),
                );
                if !cut.reached() {
                    assert!(at >= 20, "{at}");
                    break;
                }
            }
        }
    }
}

/// The first process dies and leaves names that are not durable; the second finds them, relies on them and says
/// that the snapshot exists; then the power goes. What the second relied on must still be there.
#[test]
fn what_a_dead_process_left_is_made_durable_before_it_is_relied_on() {
    let world = World::new();
    for backup in [world.backup("nightly"), large_backup(&world)] {
        for at in 0.. {
            let cut = Cut::new(at, true);
            let first = Arc::new(CutDisk { cut: cut.clone(), unsynced: Mutex::default() });
            let doomed = world.local(Disk::with_hook(first.clone()));
            let mut progress = Progress::default();
            let _ =
                world.create(doomed).and_then(|repository| backup.publish_again(&repository, &mut progress));
            let left = Mutex::new(first.unsynced.lock().unwrap().clone());
            let second = Arc::new(CutDisk { cut: Cut::new(usize::MAX, true), unsynced: left });
            let repository = world.create(world.local(Disk::with_hook(second.clone()))).unwrap();
            let _ = backup.publish_again(&repository, &mut progress).unwrap();
            second.lose_unsynced(at % 2 == 0);
            let repository = world.local_repository();
            let report = verify_all(&repository).unwrap();
            assert!(report.is_clean() && report.snapshots.len() == 1, "disk call {at}: {report:?}");
            std::fs::remove_dir_all(world.root()).unwrap();
            if !cut.reached() {
                break;
            }
        }
    }
}

fn dead() -> io::Error {
    io::Error::other("dead")
}

fn dead_store() -> object_store::Error {
    object_store::Error::Generic { store: "cut", source: Box::new(dead()) }
}

fn report<T>(done: object_store::Result<T>, reported: bool) -> object_store::Result<T> {
    if reported { done } else { Err(dead_store()) }
}

#[derive(Clone)]
struct CutStore {
    inner: Arc<LocalStore>,
    cut: Arc<Cut>,
}

impl fmt::Debug for CutStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CutStore")
    }
}

impl fmt::Display for CutStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CutStore")
    }
}

#[async_trait]
impl ObjectStore for CutStore {
    async fn put_opts(
        &self,
        at: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        let (done, reported) = self.cut.step();
        if !done {
            return Err(dead_store());
        }
        report(self.inner.put_opts(at, payload, options).await, reported)
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        let (done, reported) = self.cut.step();
        if !done {
            return Err(dead_store());
        }
        let upload = self.inner.put_multipart_opts(at, options).await?;
        report(Ok(Box::new(CutUpload { upload, cut: self.cut.clone() })), reported)
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        let (done, reported) = self.cut.step();
        if !done {
            return Err(dead_store());
        }
        report(self.inner.get_opts(at, options).await, reported)
    }

    fn delete_stream(
        &self,
        at: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        let this = self.clone();
        at.then(move |path| {
            let this = this.clone();
            async move {
                let (done, reported) = this.cut.step();
                if !done {
                    return Err(dead_store());
                }
                let one = futures::stream::iter([path]).boxed();
                let mut deleted = this.inner.delete_stream(one);
                report(deleted.next().await.unwrap_or_else(|| Err(dead_store())), reported)
            }
        })
        .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        match self.cut.step() {
            (true, true) => self.inner.list(prefix),
            _ => futures::stream::iter([Err(dead_store())]).boxed(),
        }
    }

    async fn list_with_delimiter(&self, _: Option<&Path>) -> object_store::Result<ListResult> {
        Err(dead_store())
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> object_store::Result<()> {
        Err(dead_store())
    }
}

#[derive(Debug)]
struct CutUpload {
    upload: Box<dyn MultipartUpload>,
    cut: Arc<Cut>,
}

impl fmt::Debug for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cut at {}", self.at)
    }
}

#[async_trait]
impl MultipartUpload for CutUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (done, reported) = self.cut.step();
        if !done {
            return Box::pin(async { Err(dead_store()) });
        }
        let part = self.upload.put_part(data);
        Box::pin(async move { report(part.await, reported) })
    }

    async fn complete(&mut self) -> object_store::Result<PutResult> {
        let (done, reported) = self.cut.step();
        if !done {
            return Err(dead_store());
        }
        report(self.upload.complete().await, reported)
    }

    async fn abort(&mut self) -> object_store::Result<()> {
        let (done, reported) = self.cut.step();
        if !done {
            return Err(dead_store());
        }
        report(self.upload.abort().await, reported)
    }
}
