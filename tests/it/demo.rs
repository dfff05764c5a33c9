//! `cairn demo`.

use crate::support::{Place, files_below};

#[test]
fn the_demo_runs_from_anywhere_and_leaves_nothing() {
    let place = Place::new();
    let told = place.cairn(["demo"]).ok();
    for expected in [
        "336776",
        "BACKUP DATABASE nyc SNAPSHOT monday TO backups",
        "everything is as it was written",
        "The same answer",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    let work = told.lines().find_map(|line| line.strip_prefix("The files are in ")).unwrap();
    assert!(!std::path::Path::new(work.trim_end_matches('.')).exists());
}

#[test]
fn what_the_demo_keeps_can_be_looked_at() {
    let place = Place::new();
    place.cairn(["demo", "--keep", &place.text("demo")]).ok();
    let counted = place.sql("demo/second", "SELECT count(*) AS n FROM nyc.flights").ok();
    assert_eq!(counted, "n\n336776\n");
    let nulls = "SELECT count(*) - count(speed) AS n FROM nyc.planes";
    assert_eq!(place.sql("demo/second", nulls).ok(), "n\n3299\n");
    place.cairn(["verify", &place.text("demo/repository"), "monday"]).ok();
    assert!(!files_below(&place.path("demo/repository/data")).is_empty());
}
