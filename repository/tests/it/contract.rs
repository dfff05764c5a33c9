//! What every store promises the protocol.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Mutex;

use bytes::Bytes;
use cairn_format::{Digest, IntentId, ObjectKey, ObjectName};
use cairn_repository::{Disk, Environment, ErrorKind, PutOutcome, Store};

use crate::servers::{self, Gcs};
use crate::support::World;

/// What a store that is tested is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Directory,
    Memory,
    /// An S3 server in this process, which checks and then writes.
    S3,
    /// A stub of Google Cloud Storage in this process.
    Gcs,
    /// An S3 server that `CAIRN_TEST_MOTO_URL` names, with a bucket `cairn`.
    Moto,
    /// An Azure server that `CAIRN_TEST_AZURITE_URL` names, with a container `cairn`.
    Azurite,
}

impl Kind {
    const ALL: [Self; 6] = [Self::Directory, Self::Memory, Self::S3, Self::Gcs, Self::Moto, Self::Azurite];

    pub(crate) fn has_one_winner(self) -> bool {
        self != Self::S3
    }

    /// An empty store of this kind; `None` where its server is not there.
    fn store(self, world: &World) -> Option<Store> {
        let runtime = &world.runtime;
        let prefix = format!("{}/a b=2F", Environment::system().new_ulid());
        Some(match self {
            Self::Directory => world.local(Disk::system()),
            Self::Memory => world.memory(),
            Self::S3 => servers::s3(runtime, &world.directory.path().join("s3"), &prefix),
            Self::Gcs => Gcs::start(runtime, &prefix),
            Self::Moto => servers::s3_at(runtime, &server("CAIRN_TEST_MOTO_URL")?, "cairn", &prefix),
            Self::Azurite => {
                servers::azurite_at(runtime, &server("CAIRN_TEST_AZURITE_URL")?, "cairn", &prefix)
            }
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "servers that were started for the tests are named so")]
fn server(variable: &str) -> Option<String> {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
    if url.is_none() && SAID.lock().unwrap().insert(variable.to_owned()) {
        // Past the harness, which swallows what passing tests print.
        let said = format!("not tried: {variable} names no server; .ci/servers starts one\n");
        std::io::stderr().write_all(said.as_bytes()).unwrap();
    }
    url
}

/// Does `check` with an empty store of every kind that is there.
pub(crate) fn on_every_store(check: impl Fn(&Store, Kind)) {
    for kind in Kind::ALL {
        let world = World::new();
        if let Some(store) = kind.store(&world) {
            check(&store, kind);
        }
    }
}

fn data(text: &str) -> (ObjectKey, Bytes) {
    (ObjectKey::Data(ObjectName::of_digest(Digest::of(text.as_bytes()))), Bytes::from(text.to_owned()))
}

#[test]
fn an_object_is_created_once_and_never_replaced() {
    on_every_store(|store, _| {
        let (key, first) = data("first");
        assert_eq!(store.put_create(&key, first.clone()).unwrap(), PutOutcome::Created);
        assert_eq!(store.put_create(&key, Bytes::from("second")).unwrap(), PutOutcome::AlreadyExists);
        assert_eq!(store.get(&key).unwrap(), first);
        assert_eq!(store.head(&key).unwrap(), Some(5));
    });
}

#[test]
fn what_is_not_there_is_said_to_be_not_there() {
    on_every_store(|store, _| {
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
    on_every_store(|store, _| {
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
    on_every_store(|store, kind| {
        if !kind.has_one_winner() {
            return;
        }
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
    on_every_store(|store, _| {
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
