//! What every store promises the protocol.

use bytes::Bytes;
use cairn_format::{Digest, IntentId, ObjectKey};
use cairn_repository::{ErrorKind, PutOutcome, Store};

use crate::support::World;

fn on_every_store(check: impl Fn(&Store)) {
    let world = World::new();
    for store in world.stores() {
        check(&store);
    }
}

fn data(text: &str) -> (ObjectKey, Bytes) {
    (ObjectKey::Data(Digest::of(text.as_bytes())), Bytes::from(text.to_owned()))
}

#[test]
fn an_object_is_created_once_and_never_replaced() {
    on_every_store(|store| {
        let (key, first) = data("first");
        assert_eq!(store.put_create(&key, first.clone()).unwrap(), PutOutcome::Created);
        assert_eq!(store.put_create(&key, Bytes::from("second")).unwrap(), PutOutcome::AlreadyExists);
        assert_eq!(store.get(&key).unwrap(), first);
        assert_eq!(store.head(&key).unwrap(), Some(5));
    });
}

#[test]
fn what_is_not_there_is_said_to_be_not_there() {
    on_every_store(|store| {
        let (key, bytes) = data("absent");
        let error = store.get(&key).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains(&key.render()), "{error}");
        assert_eq!(store.head(&key).unwrap(), None);
        assert_eq!(store.list("data").unwrap(), []);
        store.delete(&key).unwrap();
        assert_eq!(store.put_create(&key, bytes).unwrap(), PutOutcome::Created);
        store.delete(&key).unwrap();
        assert_eq!(store.head(&key).unwrap(), None);
    });
}

#[test]
fn a_listing_has_the_folder_s_objects_in_order() {
    on_every_store(|store| {
        let mut keys = Vec::new();
        for text in ["a", "b", "c", "d"] {
            let (key, bytes) = data(text);
            assert_eq!(store.put_create(&key, bytes).unwrap(), PutOutcome::Created);
            keys.push(key.render());
        }
        let intent = ObjectKey::Intent(IntentId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap());
        assert_eq!(store.put_create(&intent, Bytes::new()).unwrap(), PutOutcome::Created);
        keys.sort();
        let listed: Vec<_> = store.list("data").unwrap().into_iter().map(|object| object.key).collect();
        assert_eq!(listed, keys);
        assert_eq!(store.list("dat").unwrap(), []);
        assert_eq!(store.list("jobs").unwrap()[0].length, 0);
    });
}

#[test]
fn of_racing_creations_one_wins() {
    on_every_store(|store| {
        for round in 0..20 {
            let (key, _) = data(&round.to_string());
            let outcomes: Vec<_> = std::thread::scope(|scope| {
                let racers: Vec<_> = (0..4)
                    .map(|racer| {
                        let key = &key;
                        scope.spawn(move || {
                            (racer, store.put_create(key, Bytes::from(racer.to_string())).unwrap())
                        })
                    })
                    .collect();
                racers.into_iter().map(|racer| racer.join().unwrap()).collect()
            });
            let winners: Vec<_> =
                outcomes.iter().filter(|(_, outcome)| *outcome == PutOutcome::Created).collect();
            assert_eq!(winners.len(), 1);
            assert_eq!(store.get(&key).unwrap(), winners[0].0.to_string());
        }
    });
}

#[test]
fn requests_are_counted() {
    on_every_store(|store| {
        let (key, bytes) = data("counted");
        assert_eq!(store.put_create(&key, bytes).unwrap(), PutOutcome::Created);
        store.get(&key).unwrap();
        store.head(&key).unwrap();
        store.head(&key).unwrap();
        store.list("data").unwrap();
        store.delete(&key).unwrap();
        let counts = store.requests();
        assert_eq!((counts.put, counts.get, counts.head, counts.list, counts.delete), (1, 1, 2, 1, 1));
        assert_eq!(counts.total(), 6);
    });
}
