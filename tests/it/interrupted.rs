//! A process that is killed in the middle of a backup or a restore: the store opens again and the job goes on.
//!
//! A kill may come too late. Then the work is done over, into another place; only a kill that left a job unfinished
//! counts.

use std::fs;

use std::process::Command;

use crate::support::{Place, files_below, finish, repository, restore, timestamp, wait_until};

/// Kills that may come too late.
const ATTEMPTS: usize = 20;
const SUM: &str = "SELECT count(*) AS n, sum(id) AS ids, min(a) AS low, max(b) AS high FROM big.t";

/// A store with a table of many files whose bytes do not compress.
fn big(place: &Place) -> String {
    let setup = "CREATE DATABASE big; USE big;
        CREATE TABLE t (id BIGINT NOT NULL, a DOUBLE, b DOUBLE, c DOUBLE)
        DUPLICATE KEY(id) PARTITION BY RANGE(id) (START ('0') END ('400000') EVERY (20000))
        DISTRIBUTED BY HASH(id) BUCKETS 16;
        INSERT INTO t SELECT s.value, random(), random(), random() FROM generate_series(0, 399999) AS s(value);";
    place.sql("a", setup).ok();
    place.sql("a", SUM).ok()
}

/// The statement that makes a repository known under its directory's name. It has an object for each file, so that there
/// are many points to be killed at.
fn many_objects(place: &Place, r: &str) -> String {
    let location = place.path(r);
    format!(
        "CREATE REPOSITORY {r} WITH BROKER ON LOCATION 'file://{}' PROPERTIES ('bundle_size' = '0');",
        location.display()
    )
}

fn count(place: &Place, directory: &str) -> usize {
    files_below(&place.path(directory)).len()
}

#[test]
fn a_killed_backup_goes_on_at_the_next_open() {
    let place = Place::new();
    let sum = big(&place);
    let interrupted = (0..ATTEMPTS).find(|attempt| {
        let r = format!("r{attempt}");
        let known = many_objects(&place, &r);
        place.sql("a", &known).ok();
        let backup = format!("BACKUP DATABASE big SNAPSHOT s TO {r}");
        let mut child = place.start(["sql", "--data", &place.text("a"), "-e", &backup]);
        wait_until(&mut child, || count(&place, &format!("{r}/data")) > 2 * attempt);
        child.kill().unwrap();
        finish(child);
        let snapshot = count(&place, &format!("{r}/snapshots"));
        // A check leaves the unfinished job alone.
        let before = count(&place, &r);
        place.cairn(["sql", "--data", &place.text("a"), "--check", "-e", "SELECT id FROM big.t"]).ok();
        assert_eq!(count(&place, &r), before);
        let again = place.sql("a", "SHOW BACKUP FROM big");
        let said = again.err.clone();
        let state = again.ok();
        let went_on = said.contains("backup 's' of database big was left unfinished; it goes on");
        if went_on {
            // The open took the job up, and its process waited for its end.
            assert!(said.contains("backup 's' of ") && said.contains(" finished: "), "{said}");
        } else {
            assert_eq!(snapshot, 1, "{said} {state}");
        }
        went_on && snapshot == 0
    });
    let attempt = interrupted.expect("a kill in the middle of a backup");
    let r = format!("r{attempt}");
    place.cairn(["verify", &place.text(&r)]).ok();
    let state = place.sql("a", "SHOW BACKUP FROM big").ok();
    assert!(state.contains("FINISHED"), "{state}");
    assert_eq!(count(&place, &format!("{r}/jobs")), 0, "an intent was left");
    assert_eq!(place.sql("a", SUM).ok(), sum);

    let script =
        format!("{} {} {SUM}", repository(&place.path(&r)), restore("s", &timestamp(&place, &r, "s"), "big"));
    assert_eq!(place.sql("b", &script).ok(), sum);
}

#[test]
fn a_killed_restore_goes_on_at_the_next_open() {
    let place = Place::new();
    let sum = big(&place);
    place.sql("a", &format!("{} BACKUP DATABASE big SNAPSHOT s TO r", repository(&place.path("r")))).ok();
    let stamp = timestamp(&place, "r", "s");
    let interrupted = (0..ATTEMPTS).find(|attempt| {
        let data = format!("b{attempt}");
        place.sql(&data, &repository(&place.path("r")).replace("CREATE", "CREATE READ ONLY")).ok();
        let mut child =
            place.start(["sql", "--data", &place.text(&data), "-e", &restore("s", &stamp, "big")]);
        wait_until(&mut child, || count(&place, &format!("{data}/data")) > 2 * attempt);
        child.kill().unwrap();
        finish(child);
        let again = place.sql(&data, "SHOW RESTORE");
        let went_on = again.err.contains("restore 's' into database big was left unfinished; it goes on");
        again.ok();
        // Whether it went on or was done before: the rows are there, and once.
        assert_eq!(place.sql(&data, SUM).ok(), sum);
        if !went_on {
            fs::remove_dir_all(place.path(&data)).unwrap();
        }
        went_on
    });
    assert!(interrupted.is_some(), "no kill came in the middle of a restore");
    assert_eq!(place.sql("a", SUM).ok(), sum);
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_the_process_and_says_that_the_job_goes_on() {
    let place = Place::new();
    big(&place);
    let interrupted = (0..ATTEMPTS).any(|attempt| {
        let r = format!("r{attempt}");
        let known = many_objects(&place, &r);
        place.sql("a", &known).ok();
        let script = format!("BACKUP DATABASE big SNAPSHOT s TO {r}; CREATE DATABASE too_late_{attempt}");
        let mut child = place.start(["sql", "--data", &place.text("a"), "-e", &script]);
        wait_until(&mut child, || count(&place, &format!("{r}/data")) > 2 * attempt);
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        let run = finish(child);
        let again = place.sql("a", "SHOW DATABASES");
        let went_on = again.err.contains("left unfinished; it goes on");
        let databases = again.ok();
        if run.code == Some(0) {
            return false;
        }
        assert_eq!(run.code, Some(130), "{run:?}");
        assert!(!went_on || !databases.contains(&format!("too_late_{attempt}")), "{databases}");
        place.cairn(["verify", &place.text(&r), "s"]).ok();
        went_on && run.err.contains("the running job goes on when the data directory is opened again")
    });
    assert!(interrupted, "no interrupt came in the middle of a backup");
}
