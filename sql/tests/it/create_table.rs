//! CREATE TABLE: what is made, and what is refused.

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
