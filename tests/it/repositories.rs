//! `cairn snapshots` and `cairn verify`: a repository without any store, good and damaged.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::support::{Place, SHOP, files_below, repository};

/// Two snapshots that share every data file.
fn backed_up() -> Place {
    let place = Place::new();
    let backups = "BACKUP DATABASE shop SNAPSHOT one TO r; BACKUP DATABASE shop SNAPSHOT two TO r;";
    place.sql("a", &format!("{SHOP} {} {backups}", repository(&place.path("r")))).ok();
    fs::remove_dir_all(place.path("a")).unwrap();
    place
}

/// Every object of the repository with its bytes; the store's own files are none.
fn contents(place: &Place) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = files_below(&place.path("r"));
    let objects = files.into_iter().filter(|path| !path.starts_with(place.path("r/.tmp")));
    objects.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn snapshots_are_listed_from_their_manifests() {
    let place = backed_up();
    let before = contents(&place);
    let json = place.cairn(["snapshots", &place.text("r"), "--format", "json"]).ok();
    let rows: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 2);
    for (row, label) in rows.iter().zip(["one", "two"]) {
        assert_eq!(row["label"], label);
        assert_eq!(row["database"], "shop");
        assert_eq!((row["tables"].as_u64(), row["rows"].as_u64()), (Some(1), Some(4)));
        assert!(row["files"].as_u64().unwrap() > 0 && row["bytes"].as_u64().unwrap() > 0);
        assert_eq!(row["timestamp"].as_str().unwrap().len(), "2026-01-31-23-59-59-999".len());
        assert!(row["writer"].as_str().unwrap().starts_with("cairn "), "{row}");
        assert_eq!(row["status"], "ok");
    }
    let url = format!("file://{}", place.text("r"));
    let table = place.cairn(["snapshots", &url]).ok();
    assert!(table.starts_with("+--") && table.contains("| one ") && table.contains("| two "), "{table}");
    let csv = place.cairn(["snapshots", &url, "--format", "csv"]).ok();
    assert!(
        csv.starts_with(
            "label,timestamp,database,tables,files,rows,bytes,finished,expires,writer,status\none,"
        ),
        "{csv}"
    );
    assert_eq!(contents(&place), before, "the repository was written");
}

#[test]
fn a_damaged_manifest_is_a_row_and_not_the_end() {
    let place = backed_up();
    let manifest = files_below(&place.path("r/snapshots/one")).remove(0);
    fs::write(&manifest, b"{").unwrap();
    let run = place.cairn(["snapshots", &place.text("r"), "--format", "json"]);
    let rows: Vec<serde_json::Value> =
        run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 2, "{run:?}");
    assert!(rows[0]["database"].is_null() && rows[0]["status"].as_str().unwrap().contains("snapshots/one/"));
    assert_eq!(rows[1]["status"], "ok");
    let said = run.failed(1);
    assert!(said.contains("1 of 2 snapshots cannot be read"), "{said}");
}

#[test]
fn a_good_repository_verifies_and_is_not_written() {
    let place = backed_up();
    let before = contents(&place);
    let run = place.cairn(["verify", &place.text("r"), "--no-record"]);
    assert!(
        run.err.contains("2 snapshots") && run.err.contains("everything is as it was written"),
        "{run:?}"
    );
    assert_eq!(run.ok(), "");
    let run = place.cairn(["verify", &place.text("r"), "two", "--no-record", "--format", "csv"]);
    assert!(run.err.contains("1 snapshot,"), "{run:?}");
    assert_eq!(run.ok(), "object,problem,snapshots\n");
    assert_eq!(contents(&place), before, "the repository was written");
    let said = place.cairn(["verify", &place.text("r"), "three"]).failed(1);
    assert!(said.contains("'three'"), "{said}");
}

#[test]
fn what_was_verified_is_not_read_again_while_it_is_fresh() {
    let place = backed_up();
    let verify = |arguments: &[&str]| {
        let location = place.text("r");
        let mut all = vec!["verify", location.as_str()];
        all.extend(arguments);
        let run = place.cairn(all);
        assert_eq!(run.code, Some(0), "{run:?}");
        run.err
    };
    let damaged = files_below(&place.path("r/data")).remove(0);
    let mut bytes = fs::read(&damaged).unwrap();
    verify(&["--max-age", "7d"]);
    assert!(!files_below(&place.path("r/verified")).is_empty());
    // Damage of the same length is not looked for among what was read a moment ago.
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&damaged, bytes).unwrap();
    verify(&["--max-age", "7d"]);
    verify(&["--level", "structure"]);
    let run = place.cairn(["verify", &place.text("r"), "--format", "csv"]);
    assert_eq!(run.code, Some(1), "{run:?}");
}

#[test]
fn sizes_tell_what_is_new_and_what_is_nobody_elses() {
    let place = backed_up();
    let json = place.cairn(["snapshots", &place.text("r"), "--sizes", "--format", "json"]).ok();
    let rows: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let number = |row: usize, column: &str| rows[row][column].as_u64().unwrap();
    // A bundle of small files holds them and a footer of its own.
    let new = number(0, "new_bytes");
    assert!(new >= number(0, "bytes"), "{json}");
    assert_eq!((number(1, "new_bytes"), number(1, "exclusive_bytes")), (0, 0), "{json}");
    assert_eq!(number(0, "exclusive_bytes"), 0, "{json}");
    fs::remove_dir_all(place.path("r/snapshots/two")).unwrap();
    let json = place.cairn(["snapshots", &place.text("r"), "--sizes", "--format", "json"]).ok();
    let row: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
    assert_eq!(row["exclusive_bytes"], new, "{json}");
}

#[test]
fn damage_to_any_object_is_found_and_named() {
    let place = backed_up();
    for (path, good) in contents(&place) {
        let key = path.strip_prefix(place.path("r")).unwrap().to_str().unwrap().to_owned();
        let mut flipped = good.clone();
        flipped[good.len() / 2] ^= 4;
        let cut = &good[..good.len() - 1];
        let harms: [(&str, Option<&[u8]>); 3] =
            [("a flipped bit", Some(&flipped)), ("cut short", Some(cut)), ("removed", None)];
        for (harm, bytes) in harms {
            // A descriptor that is gone means no repository, and a manifest that is gone no snapshot.
            if bytes.is_none() && (key == "cairn.json" || key.starts_with("snapshots/")) {
                continue;
            }
            match bytes {
                Some(bytes) => fs::write(&path, bytes).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            let run = place.cairn(["verify", &place.text("r"), "--no-record", "--format", "json"]);
            assert_eq!(run.code, Some(1), "{key}, {harm}: {run:?}");
            let finding: serde_json::Value = serde_json::from_str(run.out.lines().next().unwrap()).unwrap();
            assert_eq!(finding["object"], key.as_str(), "{run:?}");
            let harmed = finding["snapshots"].as_str().unwrap();
            let only_one = key.starts_with("snapshots/one/");
            assert!(
                key == "cairn.json" || harmed.contains("'one'") != key.starts_with("snapshots/two/"),
                "{harmed}"
            );
            assert!(key == "cairn.json" || harmed.contains("'two'") != only_one, "{harmed}");
            fs::write(&path, &good).unwrap();
        }
    }
    place.cairn(["verify", &place.text("r")]).ok();
}

#[test]
fn a_damaged_descriptor_is_the_same_matter_to_both_commands() {
    let place = backed_up();
    fs::write(place.path("r/cairn.json"), b"{").unwrap();
    let said = place.cairn(["snapshots", &place.text("r")]).failed(1);
    assert!(said.contains("cairn.json"), "{said}");
    let run = place.cairn(["verify", &place.text("r"), "--format", "csv"]);
    assert!(run.out.contains("cairn.json"), "{run:?}");
    run.failed(1);
}
