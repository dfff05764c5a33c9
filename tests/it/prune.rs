//! `cairn prune`: what is dropped and deleted, and what a dry run says about it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::support::{Place, Run, SHOP, files_below, repository};

/// Three snapshots of a database whose rows changed in between.
fn backed_up() -> Place {
    let place = Place::new();
    let mut script = format!("{SHOP} {}", repository(&place.path("r")));
    for (label, id) in [("one", 10), ("two", 11), ("three", 12)] {
        let backup = format!(
            "TRUNCATE TABLE shop.orders; INSERT INTO shop.orders VALUES ({id}, '2026-01-05', 1, 'x');
             BACKUP DATABASE shop SNAPSHOT {label} TO r;"
        );
        script.push_str(&backup);
    }
    place.sql("a", &script).ok();
    place
}

fn contents(place: &Place) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = files_below(&place.path("r"));
    let objects = files.into_iter().filter(|path| !path.starts_with(place.path("r/.tmp")));
    objects.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

fn prune(place: &Place, arguments: &[&str]) -> Run {
    let location = place.text("r");
    let mut all = vec!["prune", location.as_str(), "--format", "json"];
    all.extend(arguments);
    place.cairn(all)
}

/// The actions of a run's rows, with their objects.
fn steps(out: &str) -> Vec<(String, String)> {
    out.lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|row| {
            assert!(row["reason"].is_string(), "{row}");
            (row["action"].as_str().unwrap().to_owned(), row["object"].as_str().unwrap().to_owned())
        })
        .collect()
}

fn count(steps: &[(String, String)], action: &str) -> usize {
    steps.iter().filter(|(found, _)| found == action).count()
}

fn labels(place: &Place) -> Vec<String> {
    let listed = place.cairn(["snapshots", &place.text("r"), "--format", "csv"]).ok();
    listed.lines().skip(1).filter_map(|line| line.split(',').next().map(str::to_owned)).collect()
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let place = backed_up();
    let before = contents(&place);
    let plan = steps(&prune(&place, &["--dry-run", "--retention", "last=1"]).ok());
    assert_eq!((count(&plan, "drop"), count(&plan, "keep")), (2, 1), "{plan:?}");
    assert!(count(&plan, "mark") > 0, "{plan:?}");
    assert_eq!(contents(&place), before);
    let done = steps(&prune(&place, &["--retention", "last=1"]).ok());
    let planned: Vec<_> = plan.into_iter().filter(|(action, _)| action != "keep").collect();
    assert_eq!(planned, done, "a dry run is the plan");
}

#[test]
fn what_no_snapshot_needs_goes_after_its_grace() {
    let place = backed_up();
    let data = || files_below(&place.path("r/data")).len();
    let before = data();
    prune(&place, &["--retention", "last=1", "--grace", "1h"]).ok();
    assert_eq!(labels(&place), ["three"]);
    assert_eq!(data(), before, "marked, and not yet deleted");
    let waiting = steps(&prune(&place, &["--dry-run", "--grace", "1h"]).ok());
    assert_eq!((count(&waiting, "delete"), count(&waiting, "drop")), (0, 0), "{waiting:?}");
    let run = prune(&place, &["--grace", "0s"]);
    let deleted = steps(&run.ok());
    assert!(count(&deleted, "delete") > 0, "{deleted:?}");
    assert!(data() < before);
    place.cairn(["verify", &place.text("r")]).ok();
    let again = steps(&prune(&place, &["--grace", "0s"]).ok());
    assert!(again.is_empty(), "{again:?}");
}

#[test]
fn without_a_policy_nothing_is_dropped() {
    let place = backed_up();
    assert!(steps(&prune(&place, &[]).ok()).is_empty());
    let plan = steps(&prune(&place, &["--dry-run"]).ok());
    assert!(plan.iter().all(|(action, _)| action == "keep"), "{plan:?}");
    assert_eq!(labels(&place).len(), 3);
}

#[test]
fn wrong_policies_and_places_are_refused() {
    let place = backed_up();
    for (arguments, expected) in [
        (&["--retention", "all"][..], "retention 'all'"),
        (&["--retention", "last=0"], "keeps nothing"),
        (&["--grace", "soon"], "no length of time"),
        (&["--grace", "1 MONTH"], "no length of time"),
    ] {
        let said = prune(&place, arguments).failed(1);
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    let said = place.cairn(["prune", &place.text("nowhere")]).failed(1);
    assert!(said.contains("there is no repository"), "{said}");
    assert!(!place.path("nowhere").exists());
    assert_eq!(labels(&place).len(), 3);
}
