//! A bucket under object lock: nothing can be deleted for a time, and everything else works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cairn_format::SnapshotLabel;
use cairn_repository::{
    CollectionPolicy, CommitOutcome, SnapshotName, Store, Transfer, VerifyOptions, VerifySelection,
};
use object_store::memory::InMemory;

use crate::support::hooked::{CallKind, HookedStore, StoreHook, Verdict};
use crate::support::{Backup, World, verify_all};

/// Refuses deletions until the lock is over.
#[derive(Default)]
struct Lock {
    is_over: AtomicBool,
}

impl StoreHook for Lock {
    fn before(&self, kind: CallKind, _: &str) -> Verdict {
        if kind == CallKind::Delete && !self.is_over.load(Ordering::SeqCst) {
            return Verdict::Refuse("the object is locked");
        }
        Verdict::Pass
    }
}

#[test]
fn everything_but_deleting_works_under_object_lock() {
    let world = World::new();
    let lock = Arc::new(Lock::default());
    let objects = Arc::new(HookedStore::new(Arc::new(InMemory::new()), lock.clone()));
    let store = Store::from_object_store(objects, world.runtime.handle().clone(), "locked");
    let repository = world.create(store).unwrap();
    let first = world.backup("first");
    let second = Backup { label: SnapshotLabel::parse("second").unwrap(), ..world.backup("second") };
    assert_eq!(first.publish(&repository).unwrap(), CommitOutcome::Committed);
    assert_eq!(second.publish_after(&first, &repository).unwrap(), CommitOutcome::Committed);
    first.read_back(&repository, &world.directory.path().join("out")).unwrap();
    let options = VerifyOptions::new(VerifySelection::All).with_record(true);
    for _ in 0..2 {
        let report = repository.verify(&options, &Transfer::new()).unwrap();
        assert!(report.is_clean() && report.not_recorded.is_none(), "{report:?}");
    }
    let name = SnapshotName { label: first.label.clone(), timestamp: first.timestamp };
    assert!(repository.drop_snapshot(&name).unwrap_err().to_string().contains("locked"));
    let policy = CollectionPolicy::default().with_grace(Duration::ZERO);
    repository.collect(&policy, &Transfer::new()).unwrap();
    assert_eq!(repository.snapshots(None).unwrap().len(), 2);
    assert!(verify_all(&repository).unwrap().is_clean());

    // When the lock is over the same calls go through, and leave what the second snapshot needs.
    lock.is_over.store(true, Ordering::SeqCst);
    repository.drop_snapshot(&name).unwrap();
    repository.collect(&policy, &Transfer::new()).unwrap();
    assert_eq!(repository.snapshots(None).unwrap().len(), 1);
    assert!(verify_all(&repository).unwrap().is_clean());
    second.read_back(&repository, &world.directory.path().join("again")).unwrap();
}
