//! ARRAY, MAP, STRUCT and DECIMAL of more than 38 digits.

use crate::support::Shell;

const TABLE: &str = "CREATE TABLE t (
    k INT NOT NULL,
    a ARRAY<INT>,
    m MAP<STRING, ARRAY<DECIMAL(5, 2)>>,
    s STRUCT<a INT, `b c` STRUCT<x BOOLEAN, d DATE>>,
    w DECIMAL(60, 2)
)";

#[test]
fn values_are_written_as_starrocks_writes_them() {
    let mut shell = Shell::with_database();
    shell.run(TABLE);
    shell.run(
        "INSERT INTO t VALUES
            (1, [1, NULL, -3], map{'x': [1.5], 'y': []}, row(7, row(true, '2013-01-31')), 12345678901234567890123456789012345678901234567890.25),
            (2, [], map('z', [0.25, 2]), named_struct('a', 8, 'b c', named_struct('x', false, 'd', NULL)), -1),
            (3, NULL, NULL, NULL, NULL),
            (4, '[4]', '{\"q\": [9]}', '{\"a\": 1}', 0.005)",
    );
    assert_eq!(
        shell.rows("SELECT * FROM t ORDER BY k"),
        [
            "1|[1, NULL, -3]|{x: [1.50], y: []}|{a: 7, b c: {x: true, d: 2013-01-31}}|12345678901234567890123456789012345678901234567890.25",
            "2|[]|{z: [0.25, 2.00]}|{a: 8, b c: {x: false, d: NULL}}|-1.00",
            "3|NULL|NULL|NULL|NULL",
            "4|[4]|{q: [9.00]}|{a: 1, b c: NULL}|0.01",
        ]
    );
    assert_eq!(
        shell.value("SELECT a[1], a[3], m['x'], s['a'], array_length(a) FROM t WHERE k = 1"),
        "1|-3|[1.50]|7|3"
    );
    assert_eq!(shell.value("SELECT s.a FROM t WHERE k = 1"), "7");
    assert_eq!(shell.value("SELECT count(*) FROM t WHERE a IS NULL"), "1");
    assert_eq!(shell.value("SELECT k FROM t WHERE array_has(a, -3)"), "1");
    assert_eq!(shell.value("SELECT sum(w) FROM t WHERE k <> 1"), "-0.99");
    assert_eq!(shell.value("SELECT k FROM t WHERE w > 5"), "1");
    assert_eq!(shell.rows("SELECT unnest(a) FROM t WHERE k = 1"), ["1", "NULL", "-3"]);
    assert_eq!(shell.value("SELECT CAST([1, 2] AS ARRAY<STRING>)"), "[1, 2]");
}

#[test]
fn the_statement_of_a_table_makes_it_again() {
    let mut shell = Shell::with_database();
    shell.run(TABLE);
    let statement = shell.value("SHOW CREATE TABLE t");
    assert!(
        statement.contains("`m` map<string,array<decimal(5,2)>> NULL")
            && statement.contains("`s` struct<a int(11), `b c` struct<x boolean, d date>> NULL"),
        "{statement}"
    );
    let statement = statement.split_once('|').unwrap().1;
    shell.run("DROP TABLE t");
    shell.run(statement);
    assert_eq!(shell.value("SHOW CREATE TABLE t").split_once('|').unwrap().1, statement);
}

#[test]
fn rows_are_merged_changed_and_compacted() {
    for (model, replaces) in [("PRIMARY", ""), ("UNIQUE", ""), ("AGGREGATE", "REPLACE")] {
        let mut shell = Shell::with_database();
        shell.run(&format!(
            "CREATE TABLE t (k INT, a ARRAY<INT> {replaces}, m MAP<INT, STRING> {replaces}) {model} KEY (k)
             DISTRIBUTED BY HASH (k) BUCKETS 2;
             INSERT INTO t VALUES (1, [1], map{{1: 'a'}}), (2, [2], NULL), (1, [3, 4], map{{}});
             INSERT INTO t SELECT 2, [5], map{{2: 'b'}}"
        ));
        let expected = ["1|[3, 4]|{}", "2|[5]|{2: b}"];
        assert_eq!(shell.rows("SELECT * FROM t ORDER BY k"), expected, "{model}");
        shell.run("ALTER TABLE t COMPACT");
        assert_eq!(shell.rows("SELECT * FROM t ORDER BY k"), expected, "{model}");
        if model == "PRIMARY" {
            shell.run("INSERT INTO t (k, a) VALUES (2, [6]); UPDATE t SET a = [7, NULL] WHERE k = 1");
            assert_eq!(shell.rows("SELECT * FROM t ORDER BY k"), ["1|[7, NULL]|{}", "2|[6]|{2: b}"]);
        }
        shell.run("DELETE FROM t WHERE k = 1");
        assert_eq!(shell.value("SELECT count(*) FROM t"), "1");
        shell.run(
            "ALTER TABLE t ADD COLUMN n ARRAY<STRING> REPLACE".trim_end_matches(if replaces.is_empty() {
                " REPLACE"
            } else {
                ""
            }),
        );
        shell.run("INSERT INTO t VALUES (3, [], NULL, ['x', 'y'])");
        assert_eq!(shell.rows("SELECT k, n FROM t ORDER BY k"), ["2|NULL", "3|[x, y]"]);
    }
}

#[test]
fn a_column_of_lists_goes_with_its_table_through_a_backup() {
    let root = tempfile::tempdir().unwrap();
    let mut a = Shell::with_database();
    a.run(TABLE);
    a.run("INSERT INTO t VALUES (1, [1, NULL], map{'x': [1.5]}, row(7, row(true, '2013-01-31')), 0.5)");
    a.run("ALTER TABLE t ADD COLUMN v VARCHAR(5) DEFAULT 'old'");
    a.run("INSERT INTO t VALUES (2, NULL, NULL, row(NULL, NULL), 1e0, 'new')");
    a.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", root.path().display()));
    a.job("BACKUP SNAPSHOT d.s TO r");
    let verified = a.value("VERIFY SNAPSHOT s ON r PROPERTIES ('level' = 'data')");
    assert!(verified.starts_with("NULL|"), "{verified}");
    let stamp = a.value("SHOW SNAPSHOT ON r").split('|').nth(1).unwrap().to_owned();
    let mut b = Shell::with_database();
    b.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", root.path().display()));
    b.job(&format!("RESTORE SNAPSHOT d.s FROM r PROPERTIES ('backup_timestamp' = '{stamp}')"));
    let expected = [
        "1|[1, NULL]|{x: [1.50]}|{a: 7, b c: {x: true, d: 2013-01-31}}|0.50|old",
        "2|NULL|NULL|{a: NULL, b c: NULL}|1.00|new",
    ];
    for shell in [&mut a, &mut b] {
        assert_eq!(shell.rows("SELECT * FROM t ORDER BY k"), expected);
    }
    assert_eq!(a.value("SHOW CREATE TABLE t"), b.value("SHOW CREATE TABLE t"));
    b.run("INSERT INTO t VALUES (1, [9], NULL, NULL, 2, 'x')");
    assert_eq!(b.value("SELECT count(*) FROM t WHERE k = 1"), "2");
}

#[test]
fn what_no_nested_column_takes_is_refused() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE t (k INT, a ARRAY<TINYINT>, m MAP<INT, VARCHAR(2)>, s STRUCT<x INT, y INT>)");
    for (sql, expected) in [
        ("CREATE TABLE n (a ARRAY<INT>)", "Data type of first column cannot be array<int>"),
        ("CREATE TABLE n (a ARRAY<INT>) DUPLICATE KEY (a)", "Invalid data type of key column 'a'"),
        ("CREATE TABLE n (k INT, a MAP<INT, INT>) DISTRIBUTED BY HASH (a)", "cannot be used"),
        ("CREATE TABLE n (k INT, a ARRAY<INT>) PARTITION BY (a)", "cannot be of type array<int>"),
        (
            "CREATE TABLE n (k INT, a ARRAY<INT> SUM) DISTRIBUTED BY HASH (k)",
            "SUM does not take type array<int>",
        ),
        (
            "CREATE TABLE n (k INT, a ARRAY<INT> MAX) DISTRIBUTED BY HASH (k)",
            "MAX does not take type array<int>",
        ),
        ("CREATE TABLE n (k INT, a ARRAY<INT> DEFAULT '[]')", "has no default but NULL"),
        ("CREATE TABLE n (k INT, a MAP<ARRAY<INT>, INT>)", "a key of a map"),
        ("CREATE TABLE n (k INT, a ARRAY<TIME>)", "type ARRAY<TIME> is not supported yet"),
        ("CREATE TABLE n (k INT, a ARRAY<HLL>)", "no part of a column can be of type hll"),
        ("CREATE TABLE n (k INT, a STRUCT<x INT, X INT>)", "a name of its own"),
        ("CREATE TABLE n (k DECIMAL(39, 1)) DUPLICATE KEY (k)", "Invalid data type of key column 'k'"),
        (
            "INSERT INTO t VALUES (1, [1, 300], NULL, NULL)",
            "column 'a', row 1: 300 is not a value of type tinyint",
        ),
        (
            "INSERT INTO t VALUES (1, NULL, map{1: 'abc'}, NULL)",
            "column 'm', row 1: 3 bytes are too long for varchar(2)",
        ),
        ("INSERT INTO t VALUES (1, NULL, NULL, row(1))", "cannot take"),
        ("INSERT INTO t VALUES (1, 5, NULL, NULL)", "5 is not a value of type array<tinyint>"),
        ("INSERT INTO t VALUES (1, '[1', NULL, NULL)", "'[1' is not a value of type array<tinyint>"),
        (
            "INSERT INTO t SELECT 1, ['x'], NULL, NULL",
            "column 'a', row 1: 'x' is not a value of type tinyint",
        ),
        ("INSERT INTO t SELECT 1, map{1: 2}, NULL, NULL", "cannot take"),
        ("ALTER TABLE t MODIFY COLUMN a ARRAY<INT>", "Can not change array<tinyint> to array<int>"),
    ] {
        let refused = shell.refusal(sql).to_string();
        assert!(refused.contains(expected), "{sql}: {refused}");
    }
    assert_eq!(shell.value("SELECT count(*) FROM t"), "0");
}

#[test]
fn decimals_get_wider_than_38_digits() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT, w DECIMAL(38, 2) SUM) AGGREGATE KEY (k) DISTRIBUTED BY HASH (k) BUCKETS 1;
         INSERT INTO t VALUES (1, 999999999999999999999999999999999999.99);
         ALTER TABLE t MODIFY COLUMN w DECIMAL(76, 4) SUM;
         INSERT INTO t VALUES (1, 0.0101), (2, -0.00005)",
    );
    let expected = ["1|1000000000000000000000000000000000000.0001", "2|-0.0001"];
    assert_eq!(shell.rows("SELECT * FROM t ORDER BY k"), expected);
    assert_eq!(shell.value("SELECT k FROM t WHERE w > 99"), "1");
    shell.run("ALTER TABLE t COMPACT");
    assert_eq!(shell.rows("SELECT * FROM t ORDER BY k"), expected);
    let nines = "9".repeat(72);
    let refused = shell.refusal(&format!("INSERT INTO t VALUES (3, {nines}), (3, {nines})")).to_string();
    assert!(
        refused.contains("column 'w': the SUM of rows with one key does not fit decimal(76,4)"),
        "{refused}"
    );
    let refused = shell.refusal(&format!("INSERT INTO t VALUES (3, {nines}9)")).to_string();
    assert!(refused.contains("is not a value of type decimal(76,4)"), "{refused}");
}
