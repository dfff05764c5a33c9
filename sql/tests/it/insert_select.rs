//! Rows go in and come out as they were.

use crate::support::Shell;

/// A table of every scalar type.
pub(crate) const EVERY_TYPE: &str = "CREATE TABLE every (
    id INT NOT NULL, b BOOLEAN, t TINYINT, s SMALLINT, i INT, l BIGINT, h LARGEINT, f FLOAT, g DOUBLE,
    x DECIMAL(38, 10), y DECIMAL(5, 2), d DATE, m DATETIME, c CHAR(5), v VARCHAR(20), w STRING, r VARBINARY, j JSON
) DUPLICATE KEY (id) DISTRIBUTED BY HASH (id) BUCKETS 3";

pub(crate) const EVERY_ROW: &str = r#"INSERT INTO every VALUES
    (1, TRUE, 127, 32767, 2147483647, 9223372036854775807, 170141183460469231731687303715884105727, 3.4028235e38,
     1.7976931348623157e308, 9999999999999999999999999999.9999999999, 999.99, '9999-12-31',
     '9999-12-31 23:59:59.999999', 'abcde', 'ünï', 'a|b', 'bytes', '{"a": [1, null]}'),
    (2, FALSE, -128, -32768, -2147483648, -9223372036854775808, -170141183460469231731687303715884105728,
     -3.4028235e38, -1.7976931348623157e308, -9999999999999999999999999999.9999999999, -999.99, "0000-01-01",
     "0000-01-01 00:00:00", '', '', '', '', 'null'),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"#;

pub(crate) const EVERY_SHOWN: [&str; 3] = [
    "1|true|127|32767|2147483647|9223372036854775807|170141183460469231731687303715884105727|3.4028235e38|\
     1.7976931348623157e308|9999999999999999999999999999.9999999999|999.99|9999-12-31|9999-12-31T23:59:59.999999|\
     abcde|ünï|a|b|6279746573|{\"a\": [1, null]}",
    "2|false|-128|-32768|-2147483648|-9223372036854775808|-170141183460469231731687303715884105728|-3.4028235e38|\
     -1.7976931348623157e308|-9999999999999999999999999999.9999999999|-999.99|0000-01-01|0000-01-01T00:00:00|||||null",
    "3|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL",
];

#[test]
fn every_type_comes_back_with_its_extremes() {
    let mut shell = Shell::with_database();
    shell.run(EVERY_TYPE);
    assert_eq!(shell.affected(EVERY_ROW), 3);
    assert_eq!(shell.rows("SELECT * FROM every ORDER BY id"), EVERY_SHOWN);
    // And once more, out of a query into a copy.
    shell.run(&EVERY_TYPE.replace("every", "copy"));
    assert_eq!(shell.affected("INSERT INTO copy SELECT * FROM every"), 3);
    assert_eq!(shell.rows("SELECT * FROM copy ORDER BY id"), EVERY_SHOWN);
}

#[test]
fn columns_of_values_may_mix_forms() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE t (k INT, x DECIMAL(10, 2), d DATE, s STRING)");
    shell.run("INSERT INTO t VALUES (1, 1, '2013-01-01', 'a'), ('2', 2.5, 20130102, 7), (1 + 2, '3.005', NULL, 1.50)");
    assert_eq!(
        shell.rows("SELECT * FROM t ORDER BY k"),
        ["1|1.00|2013-01-01|a", "2|2.50|2013-01-02|7", "3|3.01|NULL|1.50"]
    );
    shell.run("INSERT INTO t (k, d) VALUES (9, date_trunc('month', CAST('2013-05-17' AS DATE)))");
    assert_eq!(shell.rows("SELECT * FROM t WHERE k = 9"), ["9|NULL|2013-05-01|NULL"]);
}

#[test]
fn columns_that_are_not_named_get_their_defaults() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT NOT NULL, n INT DEFAULT \"7\", s VARCHAR(9) NOT NULL DEFAULT \"x\", z DOUBLE)",
    );
    shell.run("INSERT INTO t (K) VALUES (1)");
    shell.run("INSERT INTO t (z, k) SELECT 2.5, 2");
    shell.run("INSERT INTO t VALUES (3, DEFAULT, DEFAULT, DEFAULT)");
    assert_eq!(shell.rows("SELECT * FROM t ORDER BY k"), ["1|7|x|NULL", "2|7|x|2.5", "3|7|x|NULL"]);
}

#[test]
fn a_refused_load_leaves_nothing() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE t (k TINYINT NOT NULL, x DECIMAL(4, 2), d DATE, s CHAR(2), j JSON)");
    let cases = [
        ("VALUES (1, 1, NULL, NULL, NULL), (128, 1, NULL, NULL, NULL)", "column 'k', row 2: 128"),
        ("SELECT 1000, 1, NULL, NULL, NULL", "column 'k', row 1: 1000 is not a value of type tinyint"),
        ("VALUES (1, 100, NULL, NULL, NULL)", "column 'x', row 1: 100"),
        ("SELECT 1, 99.995, NULL, NULL, NULL", "column 'x', row 1: 99.995"),
        ("VALUES (1, 1, '2013-02-30', NULL, NULL)", "column 'd', row 1: '2013-02-30'"),
        ("SELECT 1, 1, 'no date', NULL, NULL", "column 'd', row 1: 'no date'"),
        ("VALUES (1, 1, NULL, 'abc', NULL)", "column 's', row 1: a text of 3 bytes is too long for char(2)"),
        ("SELECT 1, 1, NULL, 'abc', NULL", "column 's', row 1: 3 bytes are too long for char(2)"),
        ("VALUES (1, 1, NULL, NULL, '{a}')", "is not JSON"),
        ("VALUES (NULL, 1, NULL, NULL, NULL)", "column 'k', row 1: null in a column that is NOT NULL"),
        ("SELECT NULL, 1, NULL, NULL, NULL", "column 'k', row 1: null in a column that is NOT NULL"),
        ("SELECT 1 / 0, 1, NULL, NULL, NULL", "ivide by zero"),
    ];
    for (rows, expected) in cases {
        let error = shell.refusal(&format!("INSERT INTO t {rows}"));
        assert!(error.to_string().contains(expected), "{rows}: {error:?}");
        assert!(error.is_users_matter(), "{error:?}");
    }
    assert_eq!(shell.value("SELECT count(*) FROM t"), "0");
}

#[test]
fn rows_find_their_partitions() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (d DATE, n INT) PARTITION BY RANGE (d) (START ('2013-01-01') END ('2013-04-01') EVERY (INTERVAL 1 MONTH))
         DISTRIBUTED BY HASH (n) BUCKETS 2",
    );
    shell.run("INSERT INTO t VALUES ('2013-01-31', 1), ('2013-02-01', 2), ('2013-03-31', 3)");
    assert_eq!(shell.rows("SELECT n FROM t WHERE d >= '2013-02-01' ORDER BY n"), ["2", "3"]);
    let error = shell.refusal("INSERT INTO t VALUES ('2013-04-01', 4)");
    assert!(error.to_string().contains("2013-04-01"), "{error}");
    let error = shell.refusal("INSERT INTO t PARTITION (p201301) VALUES ('2013-02-01', 4)");
    assert!(error.to_string().contains("partition"), "{error}");
    shell.run("INSERT INTO t PARTITION (P201302) VALUES ('2013-02-02', 4)");
    shell.run("TRUNCATE TABLE t PARTITION (p201302)");
    assert_eq!(shell.rows("SELECT n FROM t ORDER BY n"), ["1", "3"]);
    shell.run("TRUNCATE TABLE t");
    assert_eq!(shell.value("SELECT count(*) FROM t"), "0");
}

/// A query for each row made a statement of a thousand rows take minutes.
#[test]
fn expressions_of_many_rows_are_evaluated_together() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE t (k INT, d DATE, m DATETIME, s STRING, r VARBINARY)");
    let rows = (0..1000).map(|n| {
        format!("(1 + {n}, DATE '2013-01-31', TIMESTAMP '2013-01-31 01:02:03', concat('a', {n}), x'ff0a')")
    });
    let sql = format!("INSERT INTO t VALUES {}", rows.collect::<Vec<_>>().join(", "));
    assert_eq!(shell.affected(&sql), 1000);
    assert_eq!(shell.value("SELECT count(DISTINCT k), min(k), max(k) FROM t"), "1000|1|1000");
    assert_eq!(shell.rows("SELECT * FROM t WHERE k = 301"), ["301|2013-01-31|2013-01-31T01:02:03|a300|ff0a"]);
    shell.run("TRUNCATE TABLE t");
    shell.run(
        "INSERT INTO t (s, d, k, m) VALUES
         (DATE '2013-01-31', TIMESTAMP '2013-01-31 01:02:03', CAST('7' AS BIGINT), DATE '2013-01-31')",
    );
    assert_eq!(shell.rows("SELECT s, d, k, m FROM t"), ["2013-01-31|2013-01-31|7|2013-01-31T00:00:00"]);
}
