//! BITMAP, HLL and PERCENTILE, and the functions that make and read them.

use crate::support::Shell;

const TABLE: &str = "CREATE TABLE t (
    k INT, b BITMAP BITMAP_UNION, h HLL HLL_UNION, p PERCENTILE PERCENTILE_UNION NOT NULL
) AGGREGATE KEY (k) DISTRIBUTED BY HASH (k) BUCKETS 2";

const ROWS: &str =
    "SELECT k, bitmap_to_string(b), hll_cardinality(h), percentile_approx_raw(p, 0.5) FROM t ORDER BY k";

#[test]
fn sketches_of_one_key_are_merged() {
    let mut shell = Shell::with_database();
    shell.run(TABLE);
    shell.run(
        "INSERT INTO t VALUES (1, to_bitmap(5), hll_hash('a'), percentile_hash(1)),
            (1, to_bitmap(7), hll_hash('b'), percentile_hash(2)), (1, NULL, hll_hash('a'), percentile_hash(3));
         INSERT INTO t SELECT 1, to_bitmap(6), hll_hash('c'), percentile_hash(2);
         INSERT INTO t (k, b) VALUES (2, bitmap_from_string('1, 18446744073709551615')), (3, bitmap_empty())",
    );
    let expected = ["1|5,6,7|3|2.0", "2|1,18446744073709551615|0|NULL", "3||0|NULL"];
    assert_eq!(shell.rows(ROWS), expected);
    shell.run("ALTER TABLE t COMPACT");
    assert_eq!(shell.rows(ROWS), expected);
    assert_eq!(
        shell.value("SELECT bitmap_union_count(b), bitmap_to_string(bitmap_union(b)), hll_union_agg(h), hll_cardinality(hll_union(h)), percentile_approx_raw(percentile_union(p), 1) FROM t"),
        "5|1,5,6,7,18446744073709551615|3|3|3.0"
    );
    assert_eq!(
        shell.rows("SELECT k % 2, bitmap_union_count(b) FROM t GROUP BY k % 2 ORDER BY 1"),
        ["0|2", "1|3"]
    );
    assert!(shell.value("SHOW CREATE TABLE t").contains("`b` bitmap BITMAP_UNION NULL"));
    shell.run("INSERT INTO t SELECT k + 10, b, h, p FROM t");
    assert_eq!(shell.value("SELECT bitmap_count(b) FROM t WHERE k = 11"), "3");
}

#[test]
fn many_values_are_counted_well_enough() {
    let mut shell = Shell::with_database();
    shell.run(TABLE);
    shell.run("INSERT INTO t SELECT s.value % 3, to_bitmap(s.value % 5000), hll_hash(s.value % 5000), percentile_hash(s.value) FROM generate_series(1, 20000) AS s(value)");
    assert_eq!(shell.value("SELECT bitmap_union_count(b) FROM t"), "5000");
    let estimate: i64 = shell.value("SELECT hll_union_agg(h) FROM t").parse().unwrap();
    assert!((4_850..5_150).contains(&estimate), "{estimate}");
    let median: f64 =
        shell.value("SELECT percentile_approx_raw(percentile_union(p), 0.5) FROM t").parse().unwrap();
    assert!((9_900.0..10_100.0).contains(&median), "{median}");
}

#[test]
fn bitmaps_are_sets() {
    let mut shell = Shell::with_database();
    for (sql, expected) in [
        ("bitmap_count(bitmap_hash('hello'))", "1"),
        ("bitmap_to_string(bitmap_hash('hello'))", "1321743225"),
        ("bitmap_to_string(bitmap_and(bitmap_from_string('1,2,3'), bitmap_from_string('2,3,4')))", "2,3"),
        ("bitmap_to_string(bitmap_or(to_bitmap(1), to_bitmap('2')))", "1,2"),
        ("bitmap_to_string(bitmap_xor(bitmap_from_string('1,2'), bitmap_from_string('2,3')))", "1,3"),
        ("bitmap_to_string(bitmap_andnot(bitmap_from_string('1,2'), bitmap_from_string('2,3')))", "1"),
        (
            "bitmap_contains(bitmap_from_string('1,2'), 2), bitmap_contains(bitmap_from_string('1,2'), -1)",
            "true|false",
        ),
        ("bitmap_count(NULL), hll_cardinality(hll_empty()), bitmap_count(bitmap_empty())", "0|0|0"),
        ("bitmap_to_string(bitmap_from_string('x')), bitmap_to_string(to_bitmap(NULL))", "NULL|NULL"),
        ("percentile_approx_raw(percentile_empty(), 0.5)", "NULL"),
    ] {
        assert_eq!(shell.value(&format!("SELECT {sql}")), expected, "{sql}");
    }
    for (sql, expected) in [
        ("to_bitmap(-1)", "to_bitmap takes numbers from 0 to 18446744073709551615, not '-1'"),
        ("bitmap_count(1)", "bitmap_count takes Binary, not Int64"),
        ("bitmap_count(X'01')", "the bytes are no BITMAP"),
        ("bitmap_and(bitmap_empty())", "bitmap_and takes 2 arguments, not 1"),
        ("percentile_approx_raw(percentile_hash(1), 2)", "2 is no share: give one from 0 to 1"),
    ] {
        let refused = shell.refusal(&format!("SELECT {sql}")).to_string();
        assert!(refused.contains(expected), "{sql}: {refused}");
    }
}

#[test]
fn sketches_are_values_of_tables_that_keep_the_newest_row() {
    for model in ["UNIQUE", "PRIMARY"] {
        let mut shell = Shell::with_database();
        shell.run(&format!(
            "CREATE TABLE t (k INT, b BITMAP, h HLL NOT NULL) {model} KEY (k) DISTRIBUTED BY HASH (k);
             INSERT INTO t VALUES (1, to_bitmap(1), hll_hash(1)), (1, to_bitmap(2), hll_hash(2)), (2, NULL, DEFAULT)"
        ));
        let rows = "SELECT k, bitmap_to_string(b), hll_cardinality(h) FROM t ORDER BY k";
        assert_eq!(shell.rows(rows), ["1|2|1", "2|NULL|0"], "{model}");
    }
}

#[test]
fn sketches_go_through_a_backup_and_are_merged_after_it() {
    let root = tempfile::tempdir().unwrap();
    let repository = format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", root.path().display());
    let (mut a, mut b) = (Shell::with_database(), Shell::with_database());
    a.run(TABLE);
    a.run("INSERT INTO t VALUES (1, to_bitmap(5), hll_hash('a'), percentile_hash(1))");
    a.run(&repository);
    a.job("BACKUP SNAPSHOT d.s TO r");
    let stamp = a.value("SHOW SNAPSHOT ON r").split('|').nth(1).unwrap().to_owned();
    b.run(&repository);
    b.job(&format!("RESTORE SNAPSHOT d.s FROM r PROPERTIES ('backup_timestamp' = '{stamp}')"));
    b.run("INSERT INTO t VALUES (1, to_bitmap(4), hll_hash('b'), percentile_hash(3))");
    assert_eq!(b.rows(ROWS), ["1|4,5|2|3.0"]);
    assert_eq!(a.value("SHOW CREATE TABLE t"), b.value("SHOW CREATE TABLE t"));
}

#[test]
fn sketches_where_they_cannot_be_are_refused() {
    let mut shell = Shell::with_database();
    shell.run(TABLE);
    for (sql, expected) in [
        (
            "CREATE TABLE n (k INT, b BITMAP)",
            "column 'b' of type bitmap is not for a DUPLICATE KEY table: use AGGREGATE KEY and BITMAP_UNION",
        ),
        (
            "CREATE TABLE n (k INT, p PERCENTILE) PRIMARY KEY (k)",
            "of type percentile is not for a PRIMARY KEY table",
        ),
        (
            "CREATE TABLE n (k INT, b BITMAP HLL_UNION) DISTRIBUTED BY HASH (k)",
            "HLL_UNION does not take type bitmap",
        ),
        (
            "CREATE TABLE n (k INT, b BITMAP REPLACE) DISTRIBUTED BY HASH (k)",
            "REPLACE does not take type bitmap",
        ),
        (
            "CREATE TABLE n (k INT, b INT BITMAP_UNION) DISTRIBUTED BY HASH (k)",
            "BITMAP_UNION does not take type int",
        ),
        ("CREATE TABLE n (b BITMAP, k INT SUM) AGGREGATE KEY (b)", "Invalid data type of key column 'b'"),
        ("CREATE TABLE n (k INT, b BITMAP BITMAP_UNION DEFAULT '1') DISTRIBUTED BY HASH (k)", "default"),
        (
            "INSERT INTO t VALUES (1, 5, NULL, percentile_empty())",
            "column 'b', row 1: 5 is not a value of type bitmap",
        ),
        (
            "INSERT INTO t VALUES (1, hll_hash(1), NULL, percentile_empty())",
            "column 'b', row 1: the bytes are no BITMAP",
        ),
        (
            "INSERT INTO t VALUES (1, NULL, NULL, NULL)",
            "column 'p', row 1: null in a column that is NOT NULL",
        ),
        ("INSERT INTO t SELECT 1, 5, NULL, percentile_empty()", "cannot take"),
        ("ALTER TABLE t MODIFY COLUMN b HLL HLL_UNION", "Can not change"),
    ] {
        let refused = shell.refusal(sql).to_string();
        assert!(refused.contains(expected), "{sql}: {refused}");
    }
}
