//! FILES(…): files of this machine as tables.

use std::fs;

use tempfile::TempDir;

use crate::support::Shell;

fn write(directory: &TempDir, name: &str, text: &[u8]) -> String {
    let path = directory.path().join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn csv(path: &str, options: &str) -> String {
    format!("FILES('path' = '{path}', 'format' = 'csv', 'csv.column_separator' = ','{options})")
}

#[test]
fn csv_files_are_read_with_guessed_types() {
    let (mut shell, root) = (Shell::with_database(), tempfile::tempdir().unwrap());
    let path = write(
        &root,
        "planes.csv",
        b"tail,year,when,ok,code\r\nN1,2004,2013-01-01 10:00:00,true,007\r\nN2,\\N,\\N,false,\\N\r\n\"N,3\",,2013-01-02 00:00:00,true,\r\n",
    );
    let files = csv(&path, ", 'csv.skip_header' = '1', 'csv.enclose' = '\"'");
    assert_eq!(shell.columns(&format!("SELECT * FROM {files}")), ["$1", "$2", "$3", "$4", "$5"]);
    assert_eq!(
        shell.rows(&format!("SELECT * FROM {files} ORDER BY $1")),
        [
            "N,3|NULL|2013-01-02T00:00:00|true|",
            "N1|2004|2013-01-01T10:00:00|true|007",
            "N2|NULL|NULL|false|NULL"
        ]
    );
    shell.run("CREATE TABLE planes (tail VARCHAR(10), year INT, seen DATE, ok BOOLEAN, code STRING)");
    assert_eq!(shell.affected(&format!("INSERT INTO planes SELECT * FROM {files}")), 3);
    assert_eq!(shell.rows("SELECT * FROM planes WHERE year = 2004"), ["N1|2004|2013-01-01|true|007"]);
    assert_eq!(shell.value(&format!("SELECT p.$2 + 1 FROM {files} p WHERE p.$1 = 'N1'")), "2005");
}

#[test]
fn several_files_are_one_table() {
    let (mut shell, root) = (Shell::with_database(), tempfile::tempdir().unwrap());
    for i in 0..5 {
        write(&root, &format!("part {i}.csv"), format!("{i},a\n").as_bytes());
    }
    let directory = root.path().to_str().unwrap();
    for path in
        [directory.to_owned(), format!("{directory}/*.csv"), format!("file://{directory}/part%20[0-4].csv")]
    {
        assert_eq!(
            shell.value(&format!("SELECT count(*), sum($1) FROM {}", csv(&path, ""))),
            "5|10",
            "{path}"
        );
    }
}

#[test]
fn text_columns_stay_text_when_types_are_not_wanted() {
    let (mut shell, root) = (Shell::with_database(), tempfile::tempdir().unwrap());
    let path = write(&root, "t.csv", b" 1 , x\n");
    assert_eq!(
        shell.rows(&format!("SELECT * FROM {}", csv(&path, ", 'auto_detect_types' = 'false'"))),
        [" 1 | x"]
    );
    assert_eq!(shell.rows(&format!("SELECT * FROM {}", csv(&path, ", 'csv.trim_space' = 'true'"))), ["1|x"]);
    let path = write(&root, "t.tsv", b"1\tx\n");
    assert_eq!(shell.rows(&format!("SELECT * FROM FILES('path' = '{path}', 'format' = 'csv')")), ["1|x"]);
}

#[test]
fn parquet_files_are_read() {
    let (mut shell, root) = (Shell::with_database(), tempfile::tempdir().unwrap());
    shell.run("CREATE TABLE t (k INT, s STRING); INSERT INTO t VALUES (1, 'a'), (2, NULL)");
    let segments = format!("{}/data/*/*.parquet", shell.directory.display());
    let files = format!("FILES('path' = '{segments}', 'format' = 'parquet')");
    assert_eq!(shell.rows(&format!("SELECT K, S FROM {files} ORDER BY k")), ["1|a", "2|NULL"]);
    assert_eq!(shell.value(&format!("SELECT count(*) FROM {files}")), "2");
    assert_eq!(shell.affected(&format!("INSERT INTO t SELECT * FROM {files}")), 2);

    // A page that is damaged in the middle shows only while rows are read.
    let whole =
        std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/flights/weather.parquet"));
    let mut bytes = fs::read(whole).unwrap();
    bytes[1000..3000].fill(0xff);
    let path = write(&root, "damaged.parq", &bytes);
    let error = shell.refusal(&format!("SELECT * FROM FILES('path' = '{path}', 'format' = 'parquet')"));
    assert!(error.to_string().contains("damaged.parq") && error.is_users_matter(), "{error:?}");

    let path = write(&root, "short.parquet", b"PAR1 this is cut");
    let error = shell.refusal(&format!("SELECT * FROM FILES('path' = '{path}', 'format' = 'parquet')"));
    assert!(error.to_string().contains("short.parquet") && error.is_users_matter(), "{error:?}");
}

#[test]
fn bad_files_are_named() {
    let (mut shell, root) = (Shell::with_database(), tempfile::tempdir().unwrap());
    let ragged = write(&root, "ragged.csv", b"1,a\n2\n");
    let error = shell.refusal(&format!("SELECT * FROM {}", csv(&ragged, "")));
    assert!(error.to_string().contains("ragged.csv: the row at line 2 has 1 columns, expected 2"), "{error}");
    let late = write(&root, "late.csv", b"1\n2\nx\n");
    let error = shell.refusal(&format!("SELECT * FROM {}", csv(&late, ", 'auto_detect_sample_rows' = '2'")));
    assert!(error.to_string().contains("late.csv: the row at line 3 has 'x' in column $1"), "{error}");
    let latin = write(&root, "latin.csv", b"\xe9\n");
    let error = shell.refusal(&format!("SELECT * FROM {}", csv(&latin, "")));
    assert!(error.to_string().contains("latin.csv") && error.to_string().contains("UTF-8"), "{error}");
    let empty = write(&root, "empty.csv", b"");
    let error = shell.refusal(&format!("SELECT * FROM {}", csv(&empty, "")));
    assert!(error.to_string().contains("no row"), "{error}");
    let error = shell.refusal(&format!("SELECT * FROM {}", csv("/nowhere/at all.csv", "")));
    assert!(error.to_string().contains("/nowhere/at all.csv"), "{error}");
    let error = shell.refusal("SELECT * FROM FILES('path' = '/x', 'format' = 'csv', 'csv.nope' = '1')");
    assert!(error.to_string().contains("csv.nope"), "{error}");
    let error = shell.refusal("SELECT * FROM FILES('/x')");
    assert!(error.to_string().contains("\"key\" = \"value\""), "{error}");
}

#[test]
fn the_new_york_flights_are_loaded_from_their_files() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/flights");
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE planes (tailnum VARCHAR(10), year SMALLINT, type STRING, seats INT)");
    let planes = csv(&format!("{data}/planes.csv"), ", 'csv.skip_header' = '1'");
    let loaded = format!("INSERT INTO planes SELECT $1, nullif($2, 'NA'), $3, $7 FROM {planes}");
    assert_eq!(shell.affected(&loaded), 3322);
    assert_eq!(
        shell.value("SELECT min(year), max(seats), count(*) - count(year) FROM planes"),
        "1956|450|70"
    );
    let flights = format!("FILES('path' = '{data}/flights.parquet', 'format' = 'parquet')");
    assert_eq!(shell.value(&format!("SELECT count(*) FROM {flights}")), "336776");
    shell.run("CREATE TABLE flights (carrier VARCHAR(2), origin CHAR(3), distance INT)");
    let loaded = format!("INSERT INTO flights SELECT carrier, origin, distance FROM {flights}");
    assert_eq!(shell.affected(&loaded), 336_776);
    assert_eq!(
        shell.rows("SELECT carrier, count(*) FROM flights GROUP BY 1 ORDER BY 2 DESC LIMIT 2"),
        ["UA|58665", "B6|54635"]
    );
}

fn refused(shell: &mut Shell, files: &str, words: &[&str]) {
    let error = shell.refusal(&format!("SELECT * FROM {files}")).to_string();
    assert!(words.iter().all(|word| error.contains(word)), "{error}");
}

/// A guess once made `1.50` of a price 1.5, and `true` 1, in a VARCHAR column.
#[test]
fn guesses_change_no_text() {
    let (mut shell, root) = (Shell::with_database(), tempfile::tempdir().unwrap());
    let path = write(&root, "t.csv", b"1.50,true,0.12345678901234567,1,2.5\n1.25,false,1,1.1,3.0\n");
    shell.run("CREATE TABLE t (a STRING, b STRING, c STRING, d STRING, e STRING)");
    shell.run(&format!("INSERT INTO t SELECT * FROM {}", csv(&path, "")));
    assert_eq!(
        shell.rows("SELECT * FROM t ORDER BY a"),
        ["1.25|false|1|1.1|3.0", "1.50|true|0.12345678901234567|1|2.5"]
    );
    shell.run("CREATE TABLE n (a DECIMAL(9, 2), b BOOLEAN, c DOUBLE, d DOUBLE, e DECIMAL(3, 1))");
    assert_eq!(shell.affected(&format!("INSERT INTO n SELECT * FROM {}", csv(&path, ""))), 2);
}

/// Behind the sample, `007` once became 7 and `nan` a DOUBLE.
#[test]
fn fields_behind_the_sample_keep_to_its_rule() {
    let (mut shell, root) = (Shell::with_database(), tempfile::tempdir().unwrap());
    for (first, late) in [("1", "007"), ("1", "+5"), ("1.5", "nan"), ("1.5", "inf"), ("1.5", "1.50")] {
        let path = write(&root, "late.csv", format!("{first}\n{late}\n").as_bytes());
        let words = ["late.csv", "line 2", "column $1", late, "auto_detect_sample_rows", "auto_detect_types"];
        refused(&mut shell, &csv(&path, ", 'auto_detect_sample_rows' = '1'"), &words);
    }
}

/// An open quote once swallowed the rest of the file without a word.
#[test]
fn quotes_must_be_closed() {
    let (mut shell, root) = (Shell::with_database(), tempfile::tempdir().unwrap());
    let enclose = ", 'csv.enclose' = '\"'";
    let path = write(&root, "open.csv", b"1,a\n2,\"b\n3,c\n");
    refused(&mut shell, &csv(&path, enclose), &["open.csv", "line 2", "not closed"]);
    let path = write(&root, "tail.csv", b"\"q\"tail,1\n");
    refused(&mut shell, &csv(&path, enclose), &["tail.csv", "line 1", "behind a closing quote"]);
}

#[test]
fn empty_lines_are_rows_of_one_column_only() {
    let (mut shell, root) = (Shell::with_database(), tempfile::tempdir().unwrap());
    let path = write(&root, "one.csv", b"\n1\r\n\r\n3\n");
    let count = |path: &str| format!("SELECT count(*), count($1) FROM {}", csv(path, ""));
    assert_eq!(shell.value(&count(&path)), "4|2");
    let path = write(&root, "two.csv", b"\n1,a\n\n3,b\n");
    assert_eq!(shell.value(&count(&path)), "2|2");
    // The header's lines are counted as they stand in the file.
    let path = write(&root, "header.csv", b"\nname,\"of\n1,a\n");
    let options = ", 'csv.skip_header' = '2', 'csv.enclose' = '\"'";
    assert_eq!(shell.rows(&format!("SELECT * FROM {}", csv(&path, options))), ["1|a"]);
}

/// What never ends must not fill the memory.
#[test]
fn devices_and_endless_rows_are_refused() {
    let (mut shell, root) = (Shell::with_database(), tempfile::tempdir().unwrap());
    refused(&mut shell, &csv("/dev/zero", ""), &["/dev/zero", "regular file"]);
    let path = root.path().join("long.csv");
    fs::File::create(&path).unwrap().set_len(65 << 20).unwrap();
    refused(&mut shell, &csv(path.to_str().unwrap(), ""), &["long.csv", "64 MiB", "csv.row_delimiter"]);
}
