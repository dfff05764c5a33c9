//! What the calls that only this crate sees promise, on every store that needs no server.

use std::sync::Arc;

use bytes::Bytes;
use cairn_format::{IntentId, ObjectKey};
use object_store::memory::InMemory;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{LocalStore, PutOutcome, REMOTE_BLOCK, Store, reader};
use crate::disk::Disk;
use crate::error::ErrorKind;

fn on_every_store(check: impl Fn(&Store)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    for store in [local(&runtime, &directory), memory(&runtime)] {
        check(&store);
    }
}

fn local(runtime: &Runtime, directory: &TempDir) -> Store {
    let local = Arc::new(LocalStore::new(&directory.path().join("r"), Disk::system()));
    Store::from_local_store(local.clone(), local, runtime.handle().clone(), "local")
}

fn memory(runtime: &Runtime) -> Store {
    Store::from_object_store(Arc::new(InMemory::new()), runtime.handle().clone(), "memory")
}

fn key(number: u32) -> ObjectKey {
    ObjectKey::Intent(IntentId::parse(&format!("01ARZ3NDEKTSV4RRFFQ{number:07}")).unwrap())
}

#[test]
fn a_range_is_read_and_nothing_else_passes_for_it() {
    on_every_store(|store| {
        let put = store.put_create(&key(1), Bytes::from_static(b"0123456789")).unwrap();
        assert_eq!(put, PutOutcome::Created);
        for (range, expected) in [(0..10, "0123456789"), (3..5, "34"), (9..10, "9"), (4..4, ""), (90..90, "")]
        {
            assert_eq!(store.read_range(&key(1), range).unwrap(), expected);
        }
        for range in [0..11, 9..11, 10..11, 100..200] {
            let error = store.read_range(&key(1), range.clone()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{range:?}: {error}");
            assert!(error.to_string().contains(&key(1).render()), "{error}");
        }
        let error = store.read_range(&key(2), 0..1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains(&key(2).render()), "{error}");
        let before = store.requests().get;
        store.read_range(&key(1), 1..2).unwrap();
        assert_eq!(store.requests().get, before + 1);
    });
}

#[test]
fn many_objects_are_deleted_at_once_and_missing_ones_are_as_good() {
    on_every_store(|store| {
        for number in (0..2500).filter(|number| number % 100 == 0) {
            assert_eq!(store.put_create(&key(number), Bytes::new()).unwrap(), PutOutcome::Created);
        }
        let keys: Vec<_> = (0..2500).map(key).collect();
        let outcomes = store.delete_all(&keys);
        assert!(outcomes.iter().map(|(key, _)| key).eq(&keys));
        assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
        assert_eq!(store.list("jobs").unwrap(), []);
        assert_eq!(store.requests().delete, 3);
        assert!(store.delete_all(&[]).is_empty());
    });
}

#[test]
fn parts_in_flight_make_the_object_in_order_or_nothing() {
    on_every_store(|store| {
        let part = |number: u8| Bytes::from(vec![number; REMOTE_BLOCK]);
        let mut upload = store.put_parts(&key(1)).unwrap();
        for number in 0..9 {
            upload.put_part(part(number), store.room_for(REMOTE_BLOCK).unwrap()).unwrap();
        }
        upload.put_part(Bytes::from_static(b"end"), store.room_for(3).unwrap()).unwrap();
        assert_eq!(upload.complete().unwrap(), PutOutcome::Created);
        let whole = store.get(&key(1)).unwrap();
        assert_eq!(whole.len(), 9 * REMOTE_BLOCK + 3);
        assert!((0..9).all(|n| whole[usize::from(n) * REMOTE_BLOCK..][..REMOTE_BLOCK] == part(n)));
        assert!(whole.ends_with(b"end"));
        // Larger than a window: more than one request reads it.
        let windows = (whole.len() as u64).div_ceil(reader::WINDOW);
        let expected = if store.inner.durability.is_some() { 1 } else { windows };
        assert_eq!(store.requests().get, expected);

        let mut given_up = store.put_parts(&key(2)).unwrap();
        given_up.put_part(part(1), store.room_for(REMOTE_BLOCK).unwrap()).unwrap();
        drop(given_up);
        assert_eq!(store.head(&key(2)).unwrap(), None);
        assert_eq!(store.limits().free_room(), super::limits::MAX_IN_FLIGHT);
    });
}

#[test]
fn listings_say_when_an_object_was_put() {
    on_every_store(|store| {
        let _ = store.put_create(&key(1), Bytes::new()).unwrap();
        let listed = store.list("jobs").unwrap();
        // This program was written after that.
        assert!(listed[0].modified_ms > 1_700_000_000_000);
    });
}

#[test]
fn what_can_only_be_read_is_never_written() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let store = Store::from_read_only(Arc::new(InMemory::new()), runtime.handle().clone(), "memory://x");
    let refused = [
        store.put_create(&key(1), Bytes::new()).map(|_| ()),
        store.put_create_at_barrier(&key(1), Bytes::new()).map(|_| ()),
        store.put_parts(&key(1)).map(|_| ()),
        store.delete(&key(1)),
    ];
    let many = store.delete_all(&[key(1), key(2)]).into_iter().map(|(_, outcome)| outcome);
    for outcome in refused.into_iter().chain(many) {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReadOnly);
        assert!(error.to_string().contains("memory://x"), "{error}");
    }
    assert_eq!(store.requests().total(), 0);
}

#[test]
fn long_listings_count_for_the_requests_that_they_take() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let store = memory(&runtime);
    for number in 0..1001 {
        let _ = store.put_create(&key(number), Bytes::new()).unwrap();
    }
    assert_eq!(store.list("jobs").unwrap().len(), 1001);
    assert_eq!(store.requests().list, 2);
    store.delete(&key(0)).unwrap();
    store.delete(&key(1)).unwrap();
    assert_eq!(store.list("jobs").unwrap().len(), 999);
    assert_eq!(store.requests().list, 3);
}

#[test]
fn a_delete_of_many_counts_for_the_requests_that_it_takes() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let keys: Vec<_> = (0..600).map(key).collect();
    for (per_request, requests) in [(1000, 1), (256, 3), (1, 600)] {
        let objects = Arc::new(InMemory::new());
        let store = Store::from_network(objects, runtime.handle().clone(), "memory", 0, per_request);
        assert!(store.delete_all(&keys).iter().all(|(_, outcome)| outcome.is_ok()));
        assert_eq!(store.requests().delete, requests);
    }
}
