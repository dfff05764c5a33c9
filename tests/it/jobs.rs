//! BACKUP and RESTORE from the command line.

use crate::support::{Place, SHOP, repository, restore, timestamp};

const ROWS: &str = "SELECT * FROM shop.orders ORDER BY id";

#[test]
fn a_backup_is_waited_for_and_a_restore_brings_it_back() {
    let place = Place::new();
    place.sql("a", SHOP).ok();
    let script = format!(
        "{} BACKUP DATABASE shop SNAPSHOT monday TO r; SHOW BACKUP FROM shop",
        repository(&place.path("r"))
    );
    let run = place.sql("a", &script);
    assert!(run.err.contains("backup 'monday' of ") && run.err.contains(" finished: "), "{run:?}");
    assert!(run.ok().contains("FINISHED"));
    let before = place.sql("a", ROWS).ok();

    let stamp = timestamp(&place, "r", "monday");
    let open = repository(&place.path("r")).replace("CREATE", "CREATE READ ONLY");
    let run = place.sql("b", &format!("{open} {} {ROWS}", restore("monday", &stamp, "shop")));
    assert!(run.err.contains("restore 'monday' of ") && run.err.contains(" finished: "), "{run:?}");
    assert_eq!(run.ok(), before);
}

#[test]
fn a_backup_of_nothing_new_moves_nothing() {
    let place = Place::new();
    place.sql("a", SHOP).ok();
    let script = format!("{} BACKUP DATABASE shop SNAPSHOT one TO r", repository(&place.path("r")));
    place.sql("a", &script).ok();
    let run = place.sql("a", "BACKUP DATABASE shop SNAPSHOT two TO r");
    assert!(run.err.contains("reused"), "{run:?}");
    run.ok();
}

#[test]
fn a_job_that_fails_is_a_failure_of_the_script() {
    let place = Place::new();
    place.sql("a", SHOP).ok();
    place.sql("a", &format!("{} BACKUP DATABASE shop SNAPSHOT one TO r", repository(&place.path("r")))).ok();
    let stamp = timestamp(&place, "r", "one");
    // Another table is in the way.
    let script = format!(
        "{} CREATE DATABASE shop; CREATE TABLE shop.orders (other INT) DUPLICATE KEY(other) DISTRIBUTED BY RANDOM;
         {} CREATE DATABASE never",
        repository(&place.path("r")),
        restore("one", &stamp, "shop")
    );
    for arguments in [&[][..], &["--async"]] {
        let data = format!("b{}", arguments.len());
        let run = place.cairn(
            ["sql", "--data", &place.text(&data), "-e", &script]
                .iter()
                .copied()
                .chain(arguments.iter().copied()),
        );
        let said = run.failed(1);
        assert!(said.contains("restore 'one' into database shop failed: [COMMON_ERROR]"), "{said}");
        assert!(said.contains("orders"), "{said}");
        let databases = place.sql(&data, "SHOW DATABASES").ok();
        assert_eq!(databases.contains("never"), !arguments.is_empty(), "{databases}");
    }
}

#[test]
fn async_goes_on_and_waits_at_the_end() {
    let place = Place::new();
    place.sql("a", SHOP).ok();
    let script = format!(
        "{} BACKUP DATABASE shop SNAPSHOT one TO r; SELECT 'went on' AS a",
        repository(&place.path("r"))
    );
    let run = place.cairn(["sql", "--async", "--data", &place.text("a"), "--format", "csv", "-e", &script]);
    let submitted = run.err.find("submitted").unwrap();
    let finished = run.err.find("finished").unwrap();
    assert!(submitted < finished, "{run:?}");
    assert_eq!(run.ok(), "a\nwent on\n");
    timestamp(&place, "r", "one");
}

#[test]
fn refused_submissions_name_their_subject() {
    let place = Place::new();
    place.sql("a", SHOP).ok();
    let backup = "BACKUP DATABASE shop SNAPSHOT one TO r";
    place.sql("a", &format!("{} {backup}", repository(&place.path("r")))).ok();
    let said = place.sql("a", backup).failed(1);
    assert!(said.contains("Snapshot with name 'one' already exist in repository"), "{said}");
    let open = repository(&place.path("r")).replace("CREATE", "CREATE READ ONLY");
    let said = place.sql("b", &format!("{SHOP} {open} BACKUP DATABASE shop SNAPSHOT two TO r")).failed(1);
    assert!(said.contains("read only"), "{said}");
}
