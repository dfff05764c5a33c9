//! `cairn sql`: where statements come from, and what happens when one fails.

use crate::support::{Place, SHOP};

#[test]
fn sources_run_in_the_order_they_are_given() {
    let place = Place::new();
    place.write("setup.sql", SHOP);
    place.write("more.sql", "\u{feff}SELECT 'file' AS a; SELECT 'of two' AS b;");
    let data = place.text("a");
    let run = place.cairn_with(
        [
            "sql",
            "--data",
            &data,
            "setup.sql",
            "-e",
            "USE shop; SELECT 'first -e' AS a",
            "--format",
            "csv",
            "more.sql",
            "-e",
            "SELECT count(*) AS n FROM orders",
            "-",
        ],
        "SELECT 'standard input' AS a; -- the end",
    );
    assert!(run.err.contains("4 rows affected"), "{run:?}");
    assert_eq!(run.ok(), "a\nfirst -e\na\nfile\nb\nof two\nn\n4\na\nstandard input\n");
}

#[test]
fn standard_input_is_read_when_nothing_is_given() {
    let place = Place::new();
    let run = place.cairn_with(
        ["sql", "--data", &place.text("a"), "--format", "csv"],
        "SELECT ';' AS a, /* ; */ 'b'\n  AS b;\n;;\n",
    );
    assert_eq!(run.ok(), "a,b\n;,b\n");
    let run = place.cairn(["sql", "--data", &place.text("a")]);
    assert_eq!(run.ok(), "");
}

#[test]
fn the_first_failure_stops_the_script_and_says_where_it_is() {
    let place = Place::new();
    let data = place.text("a");
    place.write(
        "broken.sql",
        "CREATE DATABASE one;\n\nCREATE TABLE one.t (a NONSENSE);\nCREATE DATABASE two;\n",
    );
    place.write(
        "unknown.sql",
        "CREATE DATABASE three;\nSELECT *\nFROM three.nowhere;\nCREATE DATABASE four;\n",
    );
    let said = place.cairn(["sql", "--data", &data, "broken.sql"]).failed(1);
    assert!(said.contains("broken.sql") && said.contains("line 3") && said.contains("NONSENSE"), "{said}");
    let said = place.cairn(["sql", "--data", &data, "unknown.sql"]).failed(1);
    assert!(said.contains("unknown.sql, line 2") && said.contains("nowhere"), "{said}");
    assert!(said.contains("in: SELECT * FROM three.nowhere"), "{said}");
    let databases = place.sql("a", "SHOW DATABASES").ok();
    assert!(databases.contains("one") && databases.contains("three"), "{databases}");
    assert!(!databases.contains("two") && !databases.contains("four"), "{databases}");
}

#[test]
fn nothing_runs_when_a_file_is_not_there() {
    let place = Place::new();
    let data = place.text("a");
    let said = place.cairn(["sql", "--data", &data, "-e", "CREATE DATABASE one", "nowhere.sql"]).failed(1);
    assert!(said.contains("nowhere.sql"), "{said}");
    assert!(!place.path("a").exists());
}

#[test]
fn text_that_is_not_utf8_is_refused_by_name() {
    let place = Place::new();
    std::fs::write(place.path("latin.sql"), b"SELECT '\xe9'").unwrap();
    let said = place.cairn(["sql", "--data", &place.text("a"), "latin.sql"]).failed(1);
    assert!(said.contains("latin.sql is not UTF-8"), "{said}");
}
