//! CREATE TABLE: what is made, and what is refused.

use cairn_sql::ErrorKind;

use crate::support::Shell;

#[test]
fn what_is_made_prints_and_makes_the_same_again() {
    let mut shell = Shell::with_database();
    let tables = [
        "CREATE TABLE t (a INT, b VARCHAR(10) NOT NULL DEFAULT \"x\\\"y\" COMMENT 'it''s', c DOUBLE) DUPLICATE KEY (a, b)
         COMMENT \"c\" DISTRIBUTED BY HASH (b) BUCKETS 7 PROPERTIES (\"replication_num\" = \"1\", \"compression\" = \"ZSTD(5)\")",
        "CREATE TABLE t (d DATE, n INT) PARTITION BY RANGE (d) (PARTITION p1 VALUES LESS THAN ('2013-02-01'),
         PARTITION p2 VALUES LESS THAN MAXVALUE) DISTRIBUTED BY RANDOM BUCKETS 3",
        "CREATE TABLE t (d DATE, n INT) PARTITION BY RANGE (d, n) (PARTITION p1 VALUES [('2013-01-01', '1'), ('2013-02-01', '5')))",
        "CREATE TABLE t (d DATETIME, n INT) PARTITION BY RANGE (d) (START ('2013-01-01') END ('2013-01-02') EVERY (INTERVAL 6 HOUR))",
        "CREATE TABLE t (n INT) PARTITION BY RANGE (n) (START ('1') END ('10') EVERY (3))",
        "CREATE TABLE t (n INT) ENGINE = olap PARTITION BY RANGE (n) ()",
    ];
    for sql in tables {
        shell.run(sql);
        let first = shell.value("SHOW CREATE TABLE t");
        let made = first.strip_prefix("t|").unwrap().to_owned();
        shell.run("DROP TABLE t");
        shell.run(&made);
        assert_eq!(shell.value("SHOW CREATE TABLE t"), first);
        shell.run("DROP TABLE t");
    }
}

#[test]
fn without_clauses_starrocks_defaults_hold() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE t (a INT, b INT, c INT, d INT)");
    let made = shell.value("SHOW CREATE TABLE t");
    assert!(made.contains("DUPLICATE KEY(`a`, `b`, `c`)"), "{made}");
    assert!(made.contains("DISTRIBUTED BY RANDOM;"), "{made}");
    shell.run("CREATE TABLE IF NOT EXISTS t (z INT)");
    assert_eq!(shell.value("SHOW CREATE TABLE t"), made);
}

#[test]
fn defaults_keep_the_rules_of_loads() {
    let mut shell = Shell::with_database();
    for (column, why) in [
        ("JSON DEFAULT '{bad'", "'{bad' is not JSON"),
        ("VARBINARY(2) DEFAULT 'abcdef'", "6 bytes are too long for varbinary(2)"),
        ("DOUBLE DEFAULT '1e999'", "'1e999' is not a value of type double"),
        ("FLOAT DEFAULT '1e39'", "'1e39' is not a value of type float"),
        ("DOUBLE DEFAULT 'nan'", "'nan' is not a value of type double"),
        ("VARCHAR(2) DEFAULT 'abc'", "too long for varchar(2)"),
        ("DATE DEFAULT '3-06-30'", "is not a value of type date"),
        ("DATETIME DEFAULT '2013-06-30 23:59:60'", "is not a value of type datetime"),
    ] {
        let sql = format!("CREATE TABLE t (k INT, c {column})");
        let error = shell.refusal(&sql);
        assert_eq!(error.kind(), ErrorKind::Analysis, "{sql}");
        assert!(error.to_string().contains(why), "{sql}: {error}");
    }
    shell.run("CREATE TABLE t (k INT, j JSON DEFAULT '{\"a\": [1]}', b VARBINARY(2) DEFAULT 'ab'); INSERT INTO t (k) VALUES (1)");
    assert_eq!(shell.rows("SELECT k, j FROM t"), ["1|{\"a\": [1]}"]);
    let error = shell.refusal("ALTER TABLE t ADD COLUMN c JSON DEFAULT 'x'").to_string();
    assert!(error.contains("'x' is not JSON"), "{error}");
}

#[test]
fn json_has_a_limit_of_its_own() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE t (k INT, j JSON, s STRING)");
    let long = |bytes: usize| format!("concat('\"', repeat('x', {}), '\"')", bytes - 2);
    shell.run(&format!("INSERT INTO t (k, j) SELECT 1, {}", long(16 << 20)));
    assert_eq!(shell.value("SELECT length(j) FROM t"), (16 << 20).to_string());
    let error =
        shell.refusal(&format!("INSERT INTO t (k, j) SELECT 1, {}", long((16 << 20) + 1))).to_string();
    assert!(error.contains("16777217 bytes are too long for json"), "{error}");
    assert!(
        shell
            .refusal(&format!("INSERT INTO t (k, s) SELECT 1, {}", long(1_048_577)))
            .to_string()
            .contains("too long")
    );
}
