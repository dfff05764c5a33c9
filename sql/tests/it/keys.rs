//! Tables in which rows of equal key are one, and what changes rows: DELETE, UPDATE, INSERT OVERWRITE, COMPACT.

use crate::support::Shell;

const PRIMARY: &str =
    "CREATE TABLE t (k INT, v VARCHAR(20), n BIGINT DEFAULT \"7\", s STRING NOT NULL DEFAULT \"x\")
     PRIMARY KEY (k) DISTRIBUTED BY HASH (k) BUCKETS 2";

#[test]
fn the_newest_row_of_a_key_stays() {
    for model in ["UNIQUE", "PRIMARY"] {
        let mut shell = Shell::with_database();
        shell.run(&PRIMARY.replace("PRIMARY", model));
        shell.run("INSERT INTO t VALUES (1, 'a', 1, 'p'), (2, 'b', 2, 'q'), (1, 'c', 3, 'r')");
        assert_eq!(shell.rows("SELECT * FROM t ORDER BY k"), ["1|c|3|r", "2|b|2|q"]);
        shell.run("INSERT INTO t VALUES (2, NULL, 4, 's'), (3, 'd', 5, 't')");
        assert_eq!(shell.rows("SELECT * FROM t ORDER BY k"), ["1|c|3|r", "2|NULL|4|s", "3|d|5|t"]);
        assert_eq!(shell.value("SELECT COUNT(*) FROM t"), "3");
        assert_eq!(shell.value("SELECT MIN(n), MAX(n), COUNT(v) FROM t"), "3|5|2");
        assert_eq!(shell.rows("SELECT k FROM t WHERE v = 'b'"), Vec::<String>::new());
        assert!(shell.value("SHOW CREATE TABLE t").contains(&format!("{model} KEY(`k`)")));
        shell.run("ALTER TABLE t COMPACT");
        assert_eq!(shell.rows("SELECT * FROM t ORDER BY k"), ["1|c|3|r", "2|NULL|4|s", "3|d|5|t"]);
    }
}

#[test]
fn rows_of_one_key_are_aggregated() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT, d DATE, a BIGINT SUM, b DECIMAL(10, 2) SUM, c INT MIN, e VARCHAR(9) MAX, f INT REPLACE,
         g INT REPLACE_IF_NOT_NULL) DISTRIBUTED BY HASH (k)",
    );
    assert!(shell.value("SHOW CREATE TABLE t").contains("AGGREGATE KEY(`k`, `d`)"));
    shell.run("INSERT INTO t VALUES (1, '2013-01-01', 1, 0.5, 5, 'b', 1, 1), (1, '2013-01-01', 2, 0.25, 4, 'c', NULL, NULL)");
    assert_eq!(shell.rows("SELECT * FROM t"), ["1|2013-01-01|3|0.75|4|c|NULL|1"]);
    shell.run(
        "INSERT INTO t VALUES (1, '2013-01-01', NULL, 1, 9, 'a', 3, NULL), (1, NULL, 1, 1, 1, 'z', 1, 1)",
    );
    assert_eq!(
        shell.rows("SELECT * FROM t ORDER BY d"),
        ["1|2013-01-01|3|1.75|4|c|3|1", "1|NULL|1|1.00|1|z|1|1"]
    );
    let refused =
        shell.refusal("INSERT INTO t VALUES (1, '2013-01-01', 9223372036854775807, 0, 0, '', 0, 0)");
    assert!(refused.to_string().contains("column 'a': the SUM of rows with one key"), "{refused}");
}

#[test]
fn an_insert_of_some_columns_changes_those() {
    let mut shell = Shell::with_database();
    shell.run(PRIMARY);
    shell.run("INSERT INTO t VALUES (1, 'a', 1, 'p')");
    shell.run("INSERT INTO t (n, k) VALUES (10, 1), (20, 2)");
    assert_eq!(shell.rows("SELECT * FROM t ORDER BY k"), ["1|a|10|p", "2|NULL|20|x"]);
    shell.run("INSERT INTO t (k, v) PROPERTIES (\"partial_update\" = \"false\") VALUES (1, 'z')");
    assert_eq!(shell.rows("SELECT * FROM t ORDER BY k"), ["1|z|7|x", "2|NULL|20|x"]);
    shell.run(
        "INSERT INTO t PROPERTIES (\"merge_condition\" = \"n\") VALUES (1, 'no', 6, ''), (2, 'yes', 20, 'y')",
    );
    assert_eq!(shell.rows("SELECT * FROM t ORDER BY k"), ["1|z|7|x", "2|yes|20|y"]);
    shell.run("INSERT INTO t (k, __op) VALUES (1, 1), (3, 0), (2, 1), (2, 0)");
    assert_eq!(shell.rows("SELECT * FROM t ORDER BY k"), ["2|NULL|7|x", "3|NULL|7|x"]);
    let refused = shell.refusal("INSERT INTO t (k, __op) VALUES (1, 2)");
    assert!(refused.to_string().contains("column '__op', row 1: 2 is no operation"), "{refused}");
}

/// A key that the load makes is of no row that is there: such an INSERT was taken for a partial update, and refused.
#[test]
fn keys_that_are_made_are_put_as_whole_rows() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (id BIGINT AUTO_INCREMENT, v INT, w INT DEFAULT '5') PRIMARY KEY (id);
         CREATE TABLE u (id VARCHAR(36) DEFAULT (uuid()), v INT, w INT NOT NULL) PRIMARY KEY (id);
         CREATE TABLE c (k INT, day DATE DEFAULT '2013-01-01', v INT) PRIMARY KEY (k, day)",
    );
    let accepted = [
        "INSERT INTO t (v) VALUES (1), (2)",
        "INSERT INTO t (id, v) VALUES (9, 3)",
        "INSERT INTO t (v, __op) VALUES (4, 0)",
        "INSERT INTO u (v, w) VALUES (1, 1), (1, 1)",
        "INSERT INTO c (k, v) VALUES (1, 1)",
        "INSERT INTO c (k) VALUES (1)",
    ];
    let refused = [
        ("INSERT INTO u (v) VALUES (1)", "column 'w' must be in the column list"),
        ("INSERT INTO c (day) VALUES ('2013-01-01')", "column 'k' must be in the column list"),
        (
            "INSERT INTO t (v) PROPERTIES (\"partial_update\" = \"true\") VALUES (1)",
            "a partial update needs all key columns, and column 'id' is not given",
        ),
    ];
    for sql in accepted {
        assert_eq!(shell.check(&format!("USE d; {sql}")), ["ok", "ok"], "{sql}");
        shell.run(sql);
    }
    for (sql, expected) in refused {
        let error = shell.refusal(sql).to_string();
        assert!(error.contains(expected), "{sql}: {error}");
        assert_eq!(shell.check(&format!("USE d; {sql}"))[1], format!("analysis error: {error}"), "{sql}");
    }
    assert_eq!(shell.rows("SELECT * FROM t ORDER BY id"), ["1|1|5", "2|2|5", "9|3|5", "10|4|5"]);
    assert_eq!(shell.value("SELECT COUNT(DISTINCT id) FROM u"), "2");
    assert_eq!(shell.rows("SELECT * FROM c"), ["1|2013-01-01|NULL"]);
}

#[test]
fn sums_of_decimals_have_38_digits() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT, a DECIMAL(4, 2) SUM, b DECIMAL(4, 2) MAX, c DECIMAL(50, 3) SUM) DISTRIBUTED BY HASH (k);
         ALTER TABLE t ADD COLUMN d DECIMAL(5, 1) SUM; ALTER TABLE t MODIFY COLUMN a DECIMAL(6, 2) SUM COMMENT 'more';
         INSERT INTO t VALUES (1, 99.99, 1, 1, 9999.9), (1, 99.99, 2, 2, 9999.9)",
    );
    assert_eq!(shell.rows("SELECT * FROM t"), ["1|199.98|2.00|3.000|19999.8"]);
    let types: Vec<_> =
        shell.rows("DESC t").iter().map(|row| row.split('|').nth(1).unwrap().to_owned()).collect();
    assert_eq!(types, ["int", "decimal(38,2)", "decimal(4,2)", "decimal(50,3)", "decimal(38,1)"]);
}

#[test]
fn keys_that_cannot_be_taken_are_named_and_counted() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE p (k INT, d DATE, v INT NOT NULL, n INT) PRIMARY KEY (k, d) DISTRIBUTED BY HASH (k) BUCKETS 4;
         INSERT INTO p VALUES (1, '2013-01-01', 1, 1);
         CREATE TABLE a (k INT, s VARCHAR(9), v TINYINT SUM) DISTRIBUTED BY HASH (k) BUCKETS 1;
         INSERT INTO a VALUES (1, 'one', 100), (2, NULL, 100)",
    );
    let refused = shell.refusal(
        "INSERT INTO p (k, d, n) VALUES (1, '2013-01-01', 2), (2, '2013-01-01', 2), (3, '2013-01-02', 2), (4, '2013-01-02', 2)",
    );
    let refused = refused.to_string();
    assert!(refused.contains("column 'v' is NOT NULL and has no default"), "{refused}");
    assert!(refused.contains(", d = 2013-01-0") && refused.contains("3 such keys of 4"), "{refused}");
    assert_eq!(shell.rows("SELECT n FROM p"), ["1"]);
    let refused =
        shell.refusal("INSERT INTO a VALUES (0, 'x', 1), (1, 'one', 28), (2, NULL, 28), (3, 'y', 127)");
    let refused = refused.to_string();
    assert!(refused.contains("column 'v': the SUM of rows with one key does not fit tinyint"), "{refused}");
    assert!(
        refused.contains("the first is key (k = 1, s = one), and there are 2 such keys of 4"),
        "{refused}"
    );
    shell.run("INSERT INTO a VALUES (2, NULL, 100), (1, 'one', 27), (2, NULL, -100)");
    assert_eq!(shell.rows("SELECT * FROM a ORDER BY k"), ["1|one|127", "2|NULL|100"]);
}

#[test]
fn rows_are_deleted_where_a_condition_holds() {
    let mut shell = Shell::with_database();
    shell.run(PRIMARY);
    shell.run("INSERT INTO t VALUES (1, 'a', 1, 'p'), (2, 'b', 2, 'q'), (3, 'c', 3, 'r'), (4, NULL, 4, 's')");
    assert_eq!(shell.affected("DELETE FROM t WHERE n IN (SELECT MAX(n) FROM t) OR v LIKE 'a%'"), 2);
    assert_eq!(shell.affected("DELETE FROM t WHERE t.k = 17"), 0);
    assert_eq!(shell.rows("SELECT k FROM t ORDER BY k"), ["2", "3"]);
    shell.run("INSERT INTO t (k, v) VALUES (4, 'new')");
    assert_eq!(shell.value("SELECT v FROM t WHERE k = 4"), "new");
    shell.run(
        "CREATE TABLE u (d DATE, n INT, x DOUBLE) PARTITION BY RANGE (d)
         (START ('2013-01-01') END ('2013-03-01') EVERY (INTERVAL 1 MONTH));
         INSERT INTO u VALUES ('2013-01-05', 1, 1), ('2013-01-06', 1, 2), ('2013-02-05', 1, 3), ('2013-02-06', NULL, 4)",
    );
    assert_eq!(
        shell.affected(
            "DELETE FROM u PARTITION (p201301) WHERE n = 1 AND d BETWEEN '2013-01-06' AND '2013-12-31'"
        ),
        1
    );
    assert_eq!(shell.rows("SELECT x FROM u ORDER BY x"), ["1.0", "3.0", "4.0"]);
    assert_eq!(shell.affected("DELETE FROM u WHERE n IS NULL"), 1);
    assert_eq!(shell.value("SELECT COUNT(*), COUNT(n), MAX(x) FROM u"), "2|2|3.0");
    shell.run("ALTER TABLE u CUMULATIVE COMPACT (p201301, p201302)");
    assert_eq!(shell.rows("SELECT x FROM u ORDER BY x LIMIT 1"), ["1.0"]);
}

#[test]
fn rows_are_updated_in_place() {
    let mut shell = Shell::with_database();
    shell.run(PRIMARY);
    shell.run("INSERT INTO t VALUES (1, 'a', 1, 'p'), (2, 'b', 2, 'q'), (3, 'c', 3, 'r')");
    assert_eq!(shell.affected("UPDATE t SET n = n * 10, v = CONCAT(v, '!') WHERE k >= 2"), 2);
    assert_eq!(shell.rows("SELECT * FROM t ORDER BY k"), ["1|a|1|p", "2|b!|20|q", "3|c!|30|r"]);
    assert_eq!(shell.affected("UPDATE t SET n = (SELECT MAX(n) FROM t) + 1, s = 'it''s' WHERE v = 'a'"), 1);
    assert_eq!(shell.rows("SELECT n, s FROM t WHERE k = 1"), ["31|it's"]);
    let refused = shell.refusal("UPDATE t SET s = NULL WHERE k = 1");
    assert!(refused.to_string().contains("null in a column that is NOT NULL"), "{refused}");
}

#[test]
fn rows_are_overwritten_together() {
    for key in ["DUPLICATE", "PRIMARY"] {
        let mut shell = Shell::with_database();
        shell.run(&format!(
            "CREATE TABLE t (d DATE, n INT) {key} KEY (d) PARTITION BY RANGE (d)
             (START ('2013-01-01') END ('2013-03-01') EVERY (INTERVAL 1 MONTH)) DISTRIBUTED BY HASH (d);
             INSERT INTO t VALUES ('2013-01-05', 1), ('2013-02-05', 2)"
        ));
        shell.run("INSERT OVERWRITE t PARTITION (p201301) SELECT d, n + 10 FROM t WHERE n = 1");
        assert_eq!(shell.rows("SELECT n FROM t ORDER BY n"), ["2", "11"]);
        let refused = shell.refusal("INSERT OVERWRITE t PARTITION (p201301) VALUES ('2013-02-09', 1)");
        assert!(refused.to_string().contains("no partition takes"), "{refused}");
        shell.run("INSERT OVERWRITE t VALUES ('2013-02-07', 9)");
        assert_eq!(shell.rows("SELECT n FROM t ORDER BY n"), ["9"]);
        shell.run("INSERT OVERWRITE t SELECT * FROM t WHERE FALSE");
        assert_eq!(shell.value("SELECT COUNT(*) FROM t"), "0");
    }
}

#[test]
fn deleted_rows_stay_deleted_in_backups() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = Shell::with_database();
    shell.run(PRIMARY);
    shell.run("INSERT INTO t VALUES (1, 'a', 1, 'p'), (2, 'b', 2, 'q'), (3, 'c', 3, 'r')");
    shell.run("DELETE FROM t WHERE k = 2");
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", root.path().display()));
    let job = shell.job("BACKUP SNAPSHOT d.s1 TO r");
    assert_eq!(job.status.to_text(), "[OK]");
    shell.run("DROP TABLE t");
    let job = shell.job(&format!(
        "RESTORE SNAPSHOT d.s1 FROM r PROPERTIES (\"backup_timestamp\" = \"{}\")",
        job.timestamp
    ));
    assert_eq!(job.status.to_text(), "[OK]");
    assert_eq!(shell.rows("SELECT k FROM t ORDER BY k"), ["1", "3"]);
    shell.run("INSERT INTO t (k, v) VALUES (2, 'again'), (3, 'changed')");
    assert_eq!(shell.rows("SELECT k, v FROM t ORDER BY k"), ["1|a", "2|again", "3|changed"]);
}

#[test]
fn what_is_refused_says_why() {
    let mut shell = Shell::with_database();
    shell.run(PRIMARY);
    shell.run("CREATE TABLE u (k INT, v INT) UNIQUE KEY (k) DISTRIBUTED BY HASH (k)");
    shell.run("CREATE TABLE x (k INT, v DOUBLE)");
    let cases = [
        (
            "CREATE TABLE n (a INT, b INT) AGGREGATE KEY (a) DISTRIBUTED BY HASH (a)",
            "give it an aggregate function",
        ),
        (
            "CREATE TABLE n (a INT, b INT SUM) UNIQUE KEY (a) DISTRIBUTED BY HASH (a)",
            "cannot specify an aggregate function",
        ),
        ("CREATE TABLE n (a INT SUM, b INT) AGGREGATE KEY (a, b) DISTRIBUTED BY HASH (a)", "key column 'a'"),
        (
            "CREATE TABLE n (a INT, b INT) UNIQUE KEY (a)",
            "Currently not support default distribution in UNIQUE KEY",
        ),
        ("CREATE TABLE n (a INT, b INT) UNIQUE KEY (a) DISTRIBUTED BY HASH (b)", "must be a key column"),
        (
            "CREATE TABLE n (a INT, b INT) UNIQUE KEY (a) DISTRIBUTED BY RANDOM",
            "cannot be DISTRIBUTED BY RANDOM",
        ),
        ("CREATE TABLE n (a INT NULL, b INT) PRIMARY KEY (a)", "primary key column 'a' cannot be nullable"),
        ("CREATE TABLE n (a DECIMAL(5, 1), b INT) PRIMARY KEY (a)", "must be NOT NULL and of type"),
        ("CREATE TABLE n (a INT, b VARCHAR(9) SUM) DISTRIBUTED BY HASH (a)", "SUM does not take type"),
        ("DELETE FROM u WHERE v = 1", "Column[v] is not key column"),
        ("DELETE FROM u WHERE k = 1 OR k = 2", "joined by AND"),
        ("DELETE FROM u WHERE k + 1 = 2", "joined by AND"),
        ("DELETE FROM x WHERE v = 1", "Column[v] is not key column"),
        ("DELETE FROM t PARTITION (t) WHERE k = 1", "do not support specifying partitions"),
        ("DELETE FROM t WHERE nothing = 1", "nothing"),
        ("UPDATE u SET v = 1 WHERE k = 1", "only support updating primary key table"),
        ("UPDATE t SET k = 1 WHERE k = 1", "primary key column cannot be updated: k"),
        ("UPDATE t SET w = 1 WHERE k = 1", "unknown column 'w'"),
        ("UPDATE t SET n = 1, N = 2 WHERE k = 1", "assigned twice"),
        ("INSERT INTO u PROPERTIES (\"merge_condition\" = \"v\") VALUES (1, 1)", "is for PRIMARY KEY tables"),
        (
            "INSERT INTO t PROPERTIES (\"merge_condition\" = \"z\") VALUES (1, 'a', 1, 'x')",
            "unknown column 'z'",
        ),
        ("INSERT INTO t PROPERTIES (\"merge_condition\" = \"k\") VALUES (1, 'a', 1, 'x')", "not of the key"),
        (
            "INSERT INTO t PROPERTIES (\"speed\" = \"1\") VALUES (1, 'a', 1, 'x')",
            "Unknown INSERT properties: speed",
        ),
        ("INSERT INTO t (v) VALUES ('a')", "column 'k' must be in the column list"),
        ("ALTER TABLE t COMPACT (nowhere)", "partition [nowhere] does not exist"),
    ];
    for (sql, expected) in cases {
        let refused = shell.refusal(sql).to_string();
        assert!(refused.contains(expected), "{sql}: {refused}");
    }
}

#[test]
fn a_lookup_by_key_decodes_keys_only_where_it_finds_nothing() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE l (k INT NOT NULL, s STRING) PRIMARY KEY (k) DISTRIBUTED BY HASH (k) BUCKETS 1;
         INSERT INTO l SELECT value * 2, concat('s', value) FROM generate_series(0, 5000);
         INSERT INTO l VALUES (-1, 'low'), (20001, 'high'); DELETE FROM l WHERE k = 8;
         ALTER TABLE l ADD COLUMN n INT DEFAULT '7'; INSERT INTO l VALUES (10, 'ten', 1), (9, 'nine', NULL)",
    );
    for (filter, expected) in [
        ("k = 6", vec!["6|s3|7"]),
        ("k = 8", vec![]),
        ("k = 9", vec!["9|nine|NULL"]),
        ("k IN (10, 11, 20001, -1)", vec!["-1|low|7", "10|ten|1", "20001|high|7"]),
        ("k = 6 AND n = 7 AND s LIKE 's%'", vec!["6|s3|7"]),
        ("k = 6 AND n = 8", vec![]),
        ("k IN (6, 10) AND n IS NOT NULL OR k = 9 AND n IS NULL", vec!["6|s3|7", "9|nine|NULL", "10|ten|1"]),
    ] {
        assert_eq!(shell.rows(&format!("SELECT * FROM l WHERE {filter} ORDER BY k")), expected, "{filter}");
    }
    let plan = shell.rows("EXPLAIN ANALYZE SELECT s FROM l WHERE k = 7").join("\n");
    assert!(plan.contains("pushdown_rows_pruned="), "{plan}");
    assert_eq!(shell.value("SELECT count(*) FROM l WHERE k = 7"), "0");
}
