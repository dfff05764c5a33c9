//! Processes that are killed while they back up to, and restore from, an S3 server, at many points: whoever comes after
//! sends and fetches only what is not there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::support::{Place, files_below, finish, wait_until};

const ROWS: &str = "SELECT count(*) AS n, sum(id) AS ids, min(a) AS low, max(a) AS high FROM big.t";
const FILES: usize = 40;

/// A server whose bucket `bucket` is a folder of this place.
struct Server {
    _runtime: Runtime,
    properties: String,
    bucket: PathBuf,
}

impl Server {
    fn start(place: &Place) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let root = place.path("server");
        let bucket = root.join("bucket");
        std::fs::create_dir_all(&bucket).unwrap();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(&root).unwrap());
        builder.set_auth(SimpleAuth::from_single("KEY", "SECRET"));
        let service = builder.build();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        let properties = format!(
            "'aws.s3.endpoint' = '{endpoint}', 'aws.s3.access_key' = 'KEY', 'aws.s3.secret_key' = 'SECRET', \
             'aws.s3.region' = 'us-east-1'"
        );
        Self { _runtime: runtime, properties, bucket }
    }

    /// The statement that makes the repository below `prefix` known as `r`, an object for each file.
    fn repository(&self, prefix: &str, read_only: &str) -> String {
        format!(
            "CREATE {read_only} REPOSITORY r WITH BROKER ON LOCATION 's3://bucket/{prefix}' \
             PROPERTIES ({}, 'bundle_size' = '0');",
            self.properties
        )
    }

    /// The objects of a repository that hold data, and when each was put.
    fn data(&self, prefix: &str) -> BTreeMap<PathBuf, SystemTime> {
        let objects = files_below(&self.bucket.join(prefix).join("data"));
        let put = |path: PathBuf| Some((path.clone(), std::fs::metadata(path).ok()?.modified().ok()?));
        objects.into_iter().filter_map(put).collect()
    }
}

fn local_files(directory: &Path) -> usize {
    let is_whole = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "parquet");
    files_below(&directory.join("data")).iter().filter(|path| is_whole(path)).count()
}

#[test]
fn what_a_killed_process_sent_or_fetched_is_not_sent_or_fetched_again() {
    let place = Place::new();
    let server = Server::start(&place);
    let setup = format!(
        "CREATE DATABASE big; USE big;
         CREATE TABLE t (id BIGINT NOT NULL, a DOUBLE) DUPLICATE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS {FILES};
         INSERT INTO t SELECT s.value, random() FROM generate_series(0, 199999) AS s(value);"
    );
    place.sql("a", &setup).ok();
    let rows = place.sql("a", ROWS).ok();
    place.sql("a", &server.repository("r", "")).ok();

    // Killed again and again, a little later each time; every process goes on with the job that the first one began.
    let mut kills = 0;
    let mut child =
        place.start(["sql", "--data", &place.text("a"), "-e", "BACKUP DATABASE big SNAPSHOT s TO r"]);
    let sent = loop {
        let before = server.data("r");
        let more = before.len() + 5;
        wait_until(&mut child, || server.data("r").len() >= more);
        child.kill().unwrap();
        finish(child);
        let after = server.data("r");
        // Nothing that was there was put again.
        for (object, put) in &before {
            assert_eq!(after.get(object), Some(put), "{}", object.display());
        }
        kills += 1;
        if after.len() >= FILES * 3 / 4 || kills > 30 {
            break after;
        }
        child = place.start(["sql", "--data", &place.text("a"), "-e", "SHOW BACKUP"]);
    };
    assert!(kills >= 3, "only {kills} kills came in time");
    place.sql("a", "SHOW BACKUP").ok();
    let state = place.sql("a", "SHOW BACKUP FROM big").ok();
    assert!(state.contains("FINISHED"), "{state}");
    let data = server.data("r");
    for (object, put) in &sent {
        assert_eq!(data.get(object), Some(put), "{}", object.display());
    }
    // A process that dies when it may have committed is not gone on with: then all is sent under another intent.
    if sent.len() < FILES {
        assert_eq!(data.len(), FILES);
    }
    if sent.len() < FILES {
        assert_eq!(files_below(&server.bucket.join("r/jobs")), [] as [PathBuf; 0], "an intent was left");
    }

    let listed = place.sql("a", "SHOW SNAPSHOT ON r").ok();
    let stamp = listed.lines().nth(1).unwrap().split(',').nth(1).unwrap();
    place.sql("b", &server.repository("r", "READ ONLY")).ok();
    let restore =
        format!("RESTORE SNAPSHOT s FROM r DATABASE big PROPERTIES ('backup_timestamp' = '{stamp}')");
    let mut child = place.start(["sql", "--data", &place.text("b"), "-e", &restore]);
    for _ in 0..30 {
        let more = local_files(&place.path("b")) + 5;
        if !wait_until(&mut child, || local_files(&place.path("b")) >= more) {
            break;
        }
        child.kill().unwrap();
        finish(child);
        child = place.start(["sql", "--data", &place.text("b"), "-e", "SHOW RESTORE"]);
    }
    finish(child);
    assert_eq!(place.sql("b", ROWS).ok(), rows);
}
