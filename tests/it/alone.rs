//! Repositories looked after without a store: properties, dropping, and storage that is not there.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use crate::support::{Place, SHOP, repository};

/// A repository with two labels, the first with two snapshots.
fn backed_up() -> Place {
    let place = Place::new();
    let backups = "BACKUP DATABASE shop SNAPSHOT one TO r; BACKUP DATABASE shop SNAPSHOT two TO r;";
    place.sql("a", &format!("{SHOP} {} {backups}", repository(&place.path("r")))).ok();
    place
}

fn count(place: &Place) -> usize {
    place.cairn(["snapshots", &place.text("r"), "--format", "csv"]).ok().lines().count() - 1
}

#[test]
fn snapshots_are_dropped_without_a_store() {
    let place = backed_up();
    let r = place.text("r");
    let run = place.cairn(["drop", &r, "one", "--dry-run", "--format", "csv"]);
    assert!(run.err.contains("would be: 1 snapshot dropped"), "{run:?}");
    assert!(run.ok().starts_with("label,timestamp\none,"));
    assert_eq!(count(&place), 2);
    let run = place.cairn(["drop", &r, "one", "--format", "csv"]);
    assert!(run.err.contains("1 snapshot dropped"), "{run:?}");
    run.ok();
    assert_eq!(count(&place), 1);
    let said = place.cairn(["drop", &r, "one"]).failed(1);
    assert!(said.contains("there is no snapshot 'one'"), "{said}");
}

#[test]
fn properties_that_mean_nothing_are_refused_and_retention_is_obeyed() {
    // They were taken and ignored, whatever their values were.
    let place = backed_up();
    let r = place.text("r");
    for command in ["snapshots", "verify", "prune", "check-store"] {
        for property in ["digest=blake3", "bundle_size=1MB"] {
            let said = place.cairn([command, &r, "--property", property]).failed(1);
            assert!(said.contains("has no meaning here"), "{command} {property}: {said}");
        }
    }
    let said = place.cairn(["verify", &r, "--property", "retention=last=1"]).failed(1);
    assert!(said.contains("cairn prune"), "{said}");
    let said = place.cairn(["prune", &r, "--property", "retention=garbage"]).failed(1);
    assert!(said.contains("property 'retention'"), "{said}");
    let two = ["prune", &r, "--property", "retention=last=1", "--retention", "last=2"];
    assert!(place.cairn(two).failed(1).contains("give one of them"));
    assert_eq!(count(&place), 2);
    place.cairn(["prune", &r, "--property", "retention=last=1"]).ok();
    assert_eq!(count(&place), 1);
}

#[test]
fn what_would_be_gone_with_the_process_is_refused() {
    // A backup to memory:// said "finished" and was lost at the end of the command.
    let place = Place::new();
    let create = "CREATE REPOSITORY r WITH BROKER ON LOCATION 'memory://x/y'";
    for said in [place.sql("a", create).failed(1), place.cairn(["snapshots", "memory://x/y"]).failed(1)] {
        assert!(said.contains("would be gone with this program"), "{said}");
    }
}

#[test]
fn a_store_that_cannot_be_reached_is_not_blamed() {
    let place = Place::new();
    let mut arguments = vec!["check-store", "s3://bucket/x", "--format", "csv"];
    for property in
        ["aws.s3.endpoint=http://127.0.0.1:9", "aws.s3.access_key=k", "aws.s3.secret_key=s", "max_retries=0"]
    {
        arguments.extend(["--property", property]);
    }
    let run = place.cairn(arguments);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.err.contains("cannot be reached") && !run.err.contains("does not keep"), "{run:?}");
    assert!(run.out.to_lowercase().contains("connection refused") && !run.out.contains("left"), "{run:?}");
}

#[test]
fn a_repository_behind_a_web_server_is_verified() {
    // It was refused, with the advice to open it READ ONLY, which the command line cannot say.
    let place = backed_up();
    let url = serve(place.path("r"));
    let run = place.cairn(["verify", &url]);
    // This server does not list, so nothing more than that can be said.
    assert!(run.err.contains("does not speak WebDAV"), "{run:?}");
    assert!(!run.err.contains("can only be read"), "{run:?}");
}

#[test]
fn a_verification_without_time_claims_nothing() {
    let place = backed_up();
    let run = place.cairn(["verify", &place.text("r"), "--max-duration", "0s"]);
    assert!(run.err.contains("nothing is wrong in what was read"), "{run:?}");
    assert!(!run.err.contains("everything"), "{run:?}");
    run.ok();
}

#[test]
fn words_are_counted() {
    let place = backed_up();
    let out = place.sql("a", "VERIFY SNAPSHOT one ON r").ok();
    assert!(out.contains("1 snapshot,") && !out.contains("1 snapshots"), "{out}");
}

/// Serves the files of a directory, and knows no method but GET and HEAD.
fn serve(root: std::path::PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = vec![0; 8192];
            let length = stream.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let mut words = request.split(' ');
            let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or("/"));
            let body = std::fs::read(root.join(path.trim_start_matches('/')));
            let (status, body) = match (method, body) {
                ("GET" | "HEAD", Ok(body)) => ("200 OK", body),
                ("GET" | "HEAD", Err(_)) => ("404 Not Found", Vec::new()),
                _ => ("501 Unsupported method", b"<html>no</html>".to_vec()),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nlast-modified: Mon, 01 Jan 2024 00:00:00 GMT\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes());
            if method != "HEAD" {
                let _ = stream.write_all(&body);
            }
        }
    });
    url
}
