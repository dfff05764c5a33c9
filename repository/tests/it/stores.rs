//! Stores in a network, beyond what every store promises.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cairn_format::ObjectKey;
use cairn_repository::{
    Access, CheckStatus, Disk, Environment, ErrorKind, PutOutcome, RateLimits, Repository, StopSignal, Store,
    check_store,
};

use crate::contract::on_every_store;
use crate::servers::{self, Ranges, WebServer, open};
use crate::support::{World, verify_all};

#[test]
fn a_repository_works_on_every_store() {
    on_every_store(|store, kind| {
        let world = World::new();
        let backup = world.backup("nightly");
        let repository = world.create(store.clone()).unwrap();
        let _ = backup.publish(&repository).unwrap();
        backup.read_back(&repository, &world.directory.path().join("out")).unwrap();
        let report = verify_all(&repository).unwrap();
        assert!(report.is_clean() && report.snapshots.len() == 1, "{kind:?}: {report:?}");
    });
}

#[test]
fn a_check_finds_a_good_store_good_and_leaves_nothing() {
    on_every_store(|store, kind| {
        let report = check_store(store, &Environment::system());
        let said = report.checks.iter().any(|check| check.detail.contains("AbortIncompleteMultipartUpload"));
        assert_eq!(said, store.location().starts_with("s3:") || store.location().starts_with("gs:"));
        for check in &report.checks {
            // One server here is known to let two win, and one tells no true time.
            let excused = (check.check == "racing puts" && !kind.has_one_winner())
                || (check.check == "clock" && check.status == CheckStatus::Warning);
            assert!(check.status == CheckStatus::Ok || excused, "{kind:?}: {check:?}");
        }
        assert_eq!(store.list("check").unwrap(), []);
    });
}

#[test]
fn a_check_says_what_a_bad_store_does_not_keep() {
    let world = World::new();
    let nobody = open(
        &world.runtime,
        "s3://bucket/x",
        &[
            ("aws.s3.endpoint", "http://127.0.0.1:9"),
            ("aws.s3.access_key", "k"),
            ("aws.s3.secret_key", servers::SECRET_KEY),
            ("max_retries", "0"),
        ],
    )
    .unwrap();
    let start = Instant::now();
    let report = check_store(&nobody, &Environment::system());
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(!report.is_good());
    assert_eq!(report.checks[0].status, CheckStatus::Failed);
    assert_eq!(report.checks[1].status, CheckStatus::Skipped);
    // Nothing is known of a store that cannot be reached, and nothing was left there.
    assert_eq!(report.stopped, Some(ErrorKind::Unavailable));
    assert!(report.checks[0].detail.contains("cannot be reached"), "{report:?}");
    assert!(report.checks.iter().all(|check| !check.detail.contains("left")), "{report:?}");
    assert!(report.checks.iter().all(|check| !check.detail.contains(servers::SECRET_KEY)));
}

#[test]
fn wrong_keys_are_refused_and_not_shown() {
    let world = World::new();
    let endpoint = servers::s3_endpoint(&world.runtime, &world.directory.path().join("s3"));
    let wrong = open(
        &world.runtime,
        "s3://bucket/x",
        &[
            ("aws.s3.endpoint", &endpoint),
            ("aws.s3.access_key", "AKIACAIRN"),
            ("aws.s3.secret_key", "wr0ng/k3y"),
        ],
    )
    .unwrap();
    let error = wrong.get(&ObjectKey::Descriptor).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert!(error.to_string().contains("check the credentials"), "{error}");
    let report = check_store(&wrong, &Environment::system());
    assert_eq!(report.stopped, Some(ErrorKind::Denied), "{report:?}");
    assert!(report.checks[0].detail.contains("access denied"), "{report:?}");
    let text = format!("{error} {error:?} {wrong:?}");
    assert!(!text.contains("wr0ng/k3y") && text.contains("s3://bucket/x"), "{text}");
}

#[test]
fn a_repository_behind_a_web_server_is_read_and_never_written() {
    let world = World::new();
    let backup = world.backup("nightly");
    let _ = backup.publish(&world.local_repository()).unwrap();
    // user:password
    let login = [("http.user", "user"), ("http.password", "password")];
    for (ranges, authorization, properties) in [
        (Ranges::Known, None, &[][..]),
        (Ranges::Ignored, None, &[][..]),
        (Ranges::Known, Some("Basic dXNlcjpwYXNzd29yZA=="), &login[..]),
    ] {
        let url = WebServer::start(&world.runtime, &world.root(), ranges, authorization);
        let store = open(&world.runtime, &url, properties).unwrap();
        let repository = Repository::open(
            store.clone(),
            world.environment.clone(),
            Access::ReadOnly,
            world.options.clone(),
        )
        .unwrap();
        assert_eq!(repository.snapshots(None).unwrap().len(), 1);
        let report = verify_all(&repository).unwrap();
        assert!(report.is_clean(), "{report:?}");
        let out = world.directory.path().join(format!("out-{ranges:?}-{}", properties.len()));
        backup.read_back(&repository, &out).unwrap();
        let error = store.put_create(&ObjectKey::Descriptor, Bytes::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReadOnly);
        let report = check_store(&store, &Environment::system());
        assert!(report.is_good());
        assert_eq!(report.checks.iter().filter(|check| check.check == "list").count(), 1);
        let counts = store.requests();
        assert_eq!((counts.put, counts.delete), (0, 0));
    }
}

#[test]
fn limits_slow_a_store_down_and_can_be_lifted_while_it_works() {
    let world = World::new();
    let store = servers::s3(&world.runtime, &world.directory.path().join("s3"), "x");
    let limits = |requests, upload_bytes| {
        let mut limits = RateLimits::default();
        (limits.requests, limits.upload_bytes) = (requests, upload_bytes);
        store.limits().set(limits);
    };
    limits(20, 0);
    let start = Instant::now();
    for _ in 0..15 {
        assert_eq!(store.head(&ObjectKey::Descriptor).unwrap(), None);
    }
    // A burst of a quarter of a second's worth comes first.
    assert!(start.elapsed() >= Duration::from_millis(450), "{:?}", start.elapsed());
    limits(0, 1);
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| {
            let first = store.put_create(&ObjectKey::Descriptor, Bytes::from(vec![7; 1 << 20])).unwrap();
            (first, store.put_create(&ObjectKey::Descriptor, Bytes::from_static(b"more")).unwrap())
        });
        std::thread::sleep(Duration::from_millis(300));
        assert!(!slow.is_finished());
        limits(0, 0);
        assert_eq!(slow.join().unwrap(), (PutOutcome::Created, PutOutcome::AlreadyExists));
    });
}

#[test]
fn a_stopped_store_waits_for_no_answer() {
    // CANCEL BACKUP hung for as long as the server did: requests went on until their last retry.
    let world = World::new();
    let properties = [
        ("aws.s3.endpoint", servers::silent(&world.runtime)),
        ("aws.s3.access_key", "k".to_owned()),
        ("aws.s3.secret_key", "s".to_owned()),
        ("request_timeout", "5m".to_owned()),
    ];
    let properties: Vec<_> = properties.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (stop, start) = (StopSignal::new(), Instant::now());
    let store = open(&world.runtime, "s3://b/x", &properties).unwrap().with_stop(stop.clone());
    std::thread::scope(|scope| {
        let calls = [
            scope.spawn(|| store.get(&ObjectKey::Descriptor).map(drop)),
            scope.spawn(|| store.head(&ObjectKey::Descriptor).map(drop)),
            scope.spawn(|| store.put_create(&ObjectKey::Descriptor, Bytes::new()).map(drop)),
            scope.spawn(|| store.list("snapshots").map(drop)),
            scope.spawn(|| store.delete(&ObjectKey::Descriptor)),
        ];
        std::thread::sleep(Duration::from_millis(100));
        assert!(calls.iter().all(|call| !call.is_finished()));
        stop.stop();
        for call in calls {
            assert_eq!(call.join().unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
        }
    });
    assert_eq!(store.list("snapshots").unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_dead_server_is_given_up_in_time() {
    let world = World::new();
    // This address takes no connections; the port is that of a server of old that throws everything away.
    for (location, endpoint) in [("s3://b/x", "aws.s3.endpoint"), ("gs://b/x", "gcp.gcs.endpoint")] {
        let mut properties = vec![(endpoint, "http://127.0.0.1:9")];
        if location.starts_with("s3") {
            properties.extend([("aws.s3.access_key", "k"), ("aws.s3.secret_key", "s")]);
        }
        let store: Store = open(&world.runtime, location, &properties).unwrap();
        let start = Instant::now();
        let error = store.get(&ObjectKey::Descriptor).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.to_string().contains(location), "{error}");
        assert!(error.to_string().to_lowercase().contains("connection refused"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(15));
    }
}

#[test]
fn puts_are_repeated_as_often_as_is_allowed_and_never_against_a_refusal() {
    // "max_retries" = "0" made five puts, and a refusal was asked for again too.
    let world = World::new();
    for (status, retries, requests, kind) in [
        (500, "0", 1, ErrorKind::Unavailable),
        (500, "1", 4, ErrorKind::Unavailable),
        (403, "4", 1, ErrorKind::Denied),
        (401, "4", 1, ErrorKind::Denied),
    ] {
        let (endpoint, asked) = servers::refusing(&world.runtime, status, "");
        let properties = [
            ("aws.s3.endpoint", endpoint.as_str()),
            ("aws.s3.access_key", "k"),
            ("aws.s3.secret_key", "s"),
            ("max_retries", retries),
        ];
        let store = open(&world.runtime, "s3://b/x", &properties).unwrap();
        let error = store.put_create(&ObjectKey::Descriptor, Bytes::new()).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(asked.load(Ordering::SeqCst), requests, "{status} {retries}");
    }
}

#[test]
fn a_missing_bucket_is_told_from_a_missing_repository() {
    let world = World::new();
    let endpoint = servers::s3_endpoint(&world.runtime, &world.directory.path().join("s3"));
    for (bucket, kind, words) in [
        (servers::BUCKET, ErrorKind::NotFound, "create the repository first"),
        ("other", ErrorKind::InvalidInput, "its bucket or container is not there"),
    ] {
        let store = servers::s3_at(&world.runtime, &endpoint, bucket, "x");
        let opened =
            Repository::open(store, world.environment.clone(), Access::ReadOnly, world.options.clone());
        let error = opened.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let error = world.create(servers::s3_at(&world.runtime, &endpoint, "other", "x")).unwrap_err();
    assert!(error.to_string().contains("its bucket or container is not there"), "{error}");
}

#[test]
fn a_lost_descriptor_is_not_made_anew() {
    // Another descriptor would have another identity, and perhaps another digest than the snapshots that are there.
    let world = World::new();
    let _ = world.backup("nightly").publish(&world.local_repository()).unwrap();
    std::fs::remove_file(world.root().join("cairn.json")).unwrap();
    let error = world.create(world.local(Disk::system())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("'cairn.json'") && error.to_string().contains("is gone"), "{error}");
    assert!(!world.root().join("cairn.json").exists());
}

#[test]
fn names_that_look_like_ranges_are_none() {
    // A bucket of this name made every failure one of the range that was asked for, and made it be asked for again.
    let world = World::new();
    let (endpoint, asked) = servers::refusing(&world.runtime, 400, "");
    let properties =
        [("aws.s3.endpoint", endpoint.as_str()), ("aws.s3.access_key", "k"), ("aws.s3.secret_key", "s")];
    let store = open(&world.runtime, "s3://orange-416/partial", &properties).unwrap();
    assert_eq!(store.get(&ObjectKey::Descriptor).unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn a_web_server_without_webdav_is_asked_once_and_said_to_be_one() {
    const PAGE: &str =
        "<!DOCTYPE HTML>\n<html><head><title>Error response</title></head>\n<body>x</body></html>";
    let world = World::new();
    for status in [501, 405] {
        let (url, asked) = servers::refusing(&world.runtime, status, PAGE);
        let store = open(&world.runtime, &url, &[("max_retries", "5")]).unwrap();
        let error = store.list("snapshots").unwrap_err();
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        let text = error.to_string();
        assert!(text.contains("does not speak WebDAV") && text.contains("Error response"), "{text}");
        assert!(!text.contains(['\n', '<']), "{text}");
        let report = check_store(&store, &Environment::system());
        assert!(!report.is_good() && report.stopped.is_none(), "{report:?}");
    }
}

#[test]
fn a_check_of_a_directory_leaves_it_as_it_was() {
    let world = World::new();
    let check = |store: &Store| assert!(check_store(store, &Environment::system()).is_good());
    check(&world.local(Disk::system()));
    assert!(!world.root().exists());
    std::fs::create_dir(world.root()).unwrap();
    std::fs::write(world.root().join("mine"), "").unwrap();
    let store = world.local(Disk::system());
    for _ in 0..2 {
        check(&store);
        assert!(!world.root().join("check").exists() && world.root().join("mine").exists());
    }
}
