//! Wrong inputs: an error that names the subject, exit code 1, and nothing lost.

use std::io::{BufRead, BufReader};

use crate::support::{Place, SHOP, finish, repository};

#[test]
fn arguments() {
    let place = Place::new();
    let cases: &[(&[&str], &str)] = &[
        (&["verfy", "x"], "verify"),
        (&["sql"], "--data"),
        (&["sql", "--data", "a", "--format", "xml"], "table, csv, json"),
        (&["snapshots"], "LOCATION"),
        (&["verify", "x", "--level", "deep"], "use structure or data"),
        (&["verify", "x", "--max-age", "forever"], "no length of time"),
        (&["prune"], "LOCATION"),
        (&[], "Usage"),
    ];
    for (arguments, expected) in cases {
        let run = place.cairn(*arguments);
        assert_eq!(run.out, "", "{arguments:?}");
        let said = run.failed(1);
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    assert!(place.cairn(["--version"]).ok().starts_with("cairn 0."));
    for command in ["sql", "snapshots", "verify", "drop", "prune", "check-store", "demo"] {
        let help = place.cairn([command, "--help"]).ok();
        assert!(help.contains(&format!("Usage: cairn {command}")), "{help}");
    }
}

#[test]
fn a_data_directory_that_is_a_file() {
    let place = Place::new();
    place.write("file", "not a directory");
    let said = place.sql("file", "SELECT 1").failed(1);
    assert!(said.contains("is a file"), "{said}");
    assert_eq!(std::fs::read_to_string(place.path("file")).unwrap(), "not a directory");
}

#[test]
fn a_data_directory_that_another_process_has_open() {
    let place = Place::new();
    place.sql("a", SHOP).ok();
    let mut holder = place.start(["sql", "--data", &place.text("a"), "--format", "csv", "-e", HOLD]);
    let mut line = String::new();
    BufReader::new(holder.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let said = place.sql("a", "SELECT 1").failed(1);
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(line, "opened\n");
    assert!(said.contains("another process"), "{said}");
    assert_eq!(place.sql("a", "SELECT count(*) AS n FROM shop.orders").ok(), "n\n4\n");
}

/// Says that the store is open, and then takes much longer than the test needs.
const HOLD: &str = "SELECT 'x' AS opened; SELECT count(*) FROM generate_series(1, 100000000) AS a(x) CROSS JOIN generate_series(1, 100000) AS b(y)
    WHERE (x * y) % 7 = 3";

#[test]
fn a_repository_location_that_is_a_file_or_of_another_kind() {
    let place = Place::new();
    let file = place.write("file", "not a repository");
    let location = place.path("file");
    let said = place.sql("a", &repository(&location)).failed(1);
    assert!(said.contains("is a file"), "{said}");
    for command in ["snapshots", "verify", "prune"] {
        let said = place.cairn([command, &file]).failed(1);
        assert!(said.contains("is a file"), "{command}: {said}");
        let said = place.cairn([command, "hdfs://host/x"]).failed(1);
        assert!(said.contains("hdfs"), "{command}: {said}");
        let said = place.cairn([command, &place.text("nowhere")]).failed(1);
        assert!(said.contains("there is no repository"), "{command}: {said}");
    }
    assert!(!place.path("nowhere").exists());
}

#[test]
fn names_values_and_files_that_are_wrong() {
    let place = Place::new();
    place.sql("a", SHOP).ok();
    place.sql("a", &repository(&place.path("backups"))).ok();
    place.write("cut.parquet", "PAR1 and no more");
    place.write("ragged.csv", "1,2\n3\n");
    let cut = place.text("cut.parquet");
    let ragged = place.text("ragged.csv");
    let files = |path: &str, format: &str| {
        format!(
            "SELECT * FROM FILES('path' = 'file://{path}', 'format' = '{format}', 'csv.column_separator' = ',')"
        )
    };
    let cases = [
        ("SELECT * FROM shop.nowhere".to_owned(), "nowhere"),
        ("USE nowhere".to_owned(), "nowhere"),
        ("DROP TABLE shop.nowhere".to_owned(), "nowhere"),
        ("SELECT colour FROM shop.orders".to_owned(), "colour"),
        ("CREATE DATABASE shop".to_owned(), "shop"),
        ("BACKUP SNAPSHOT shop.s TO nowhere".to_owned(), "nowhere"),
        ("BACKUP DATABASE shop SNAPSHOT s TO r ON (TABLE nowhere)".to_owned(), "nowhere"),
        ("RESTORE SNAPSHOT shop.s FROM r".to_owned(), "backup_timestamp"),
        (
            "RESTORE SNAPSHOT shop.s FROM r PROPERTIES ('backup_timestamp' = '2026-01-01-00-00-00-000')"
                .to_owned(),
            "s",
        ),
        ("INSERT INTO shop.orders VALUES (1, 'yesterday', 1, 'x')".to_owned(), "yesterday"),
        ("INSERT INTO shop.orders VALUES (1, '2030-01-01', 1, 'x')".to_owned(), "2030"),
        ("INSERT INTO shop.orders VALUES (1, '2026-01-01', 12345678901, 'x')".to_owned(), "12345678901"),
        ("INSERT INTO shop.orders VALUES (NULL, '2026-01-01', 1, 'x')".to_owned(), "id"),
        ("CREATE TABLE shop.t (a NONSENSE) DISTRIBUTED BY RANDOM".to_owned(), "NONSENSE"),
        (files(&cut, "parquet").replace(", 'csv.column_separator' = ','", ""), "cut.parquet"),
        (files(&ragged, "csv"), "ragged.csv"),
        (files(&place.text("nowhere.csv"), "csv"), "nowhere.csv"),
    ];
    for (statement, expected) in cases {
        let said = place.sql("a", &statement).failed(1);
        assert!(said.contains(expected), "{statement}: {said}");
        assert!(!said.contains("panicked"), "{statement}: {said}");
    }
    assert_eq!(
        place.sql("a", "SELECT count(*) AS n, sum(price) AS s FROM shop.orders").ok(),
        "n,s\n4,130.49\n"
    );
}

#[test]
fn a_data_directory_with_a_damaged_catalog() {
    let place = Place::new();
    place.sql("a", SHOP).ok();
    std::fs::write(place.path("a").join("catalog.redb"), b"not a catalog at all").unwrap();
    let run = place.sql("a", "SELECT 1");
    assert!(matches!(run.code, Some(1 | 2)), "{run:?}");
    assert!(run.err.contains("catalog") && !run.err.contains("panicked"), "{run:?}");
}

#[test]
fn a_demo_directory_that_is_in_use() {
    let place = Place::new();
    place.write("something", "");
    let directory = place.path("something").parent().unwrap().to_owned();
    let child = place.start(["demo".as_ref(), "--keep".as_ref(), directory.as_os_str()]);
    let said = finish(child).failed(1);
    assert!(said.contains("there is something in it"), "{said}");
}
