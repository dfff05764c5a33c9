//! `cairn sql --check`: one line a statement, and nothing is run.

use crate::support::{Place, SHOP};

#[test]
fn every_statement_gets_its_line() {
    let place = Place::new();
    place.sql("a", SHOP).ok();
    let script = "
        SELECT id FROM shop.orders;
        SELEKT 1;
        SELECT colour FROM shop.orders;
        USE nowhere;
        CREATE DATABASE later; USE later;
        CREATE TABLE t (a INT) DUPLICATE KEY(a) DISTRIBUTED BY HASH(a) BUCKETS 1;
        INSERT INTO t SELECT id FROM shop.orders;
        DROP TABLE t;
        SELECT * FROM t;
        BACKUP SNAPSHOT shop.s TO nowhere;
        CREATE TABLE u (a INT, a INT) DISTRIBUTED BY RANDOM;
        SELECT 'never closed";
    let run = place.cairn(["sql", "--data", &place.text("a"), "--check", "-e", script]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(run.err, "");
    let verdicts: Vec<_> =
        run.out.lines().map(|line| line.split_once(':').map_or(line, |(before, _)| before)).collect();
    let (parse, analysis) = ("parse error", "analysis error");
    let expected =
        ["ok", parse, analysis, analysis, "ok", "ok", "ok", "ok", "ok", analysis, analysis, analysis, parse];
    assert_eq!(verdicts, expected, "{}", run.out);
    assert!(run.out.contains("colour") && run.out.contains("nowhere"), "{}", run.out);

    let databases = place.sql("a", "SHOW DATABASES").ok();
    assert!(!databases.contains("later"), "{databases}");
}

#[test]
fn a_good_script_is_ok_without_any_store() {
    let place = Place::new();
    place.write("setup.sql", SHOP);
    assert_eq!(place.cairn(["sql", "--check", "setup.sql"]).ok(), "ok\nok\nok\nok\n");
    let elsewhere = place.text("not-there");
    assert_eq!(place.cairn(["sql", "--check", "--data", &elsewhere, "setup.sql"]).ok(), "ok\nok\nok\nok\n");
    assert!(!place.path("not-there").exists());
    // A directory that is no store yet is left as it is.
    std::fs::create_dir(place.path("empty")).unwrap();
    assert_eq!(
        place.cairn(["sql", "--check", "--data", &place.text("empty"), "setup.sql"]).ok(),
        "ok\nok\nok\nok\n"
    );
    assert_eq!(std::fs::read_dir(place.path("empty")).unwrap().count(), 0);
}
