//! Columns whose values are made: computed defaults, `AUTO_INCREMENT`, generated columns.

use cairn_engine::JobState;

use crate::support::Shell;

#[test]
fn computed_defaults_are_made_for_each_load_or_row() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT, at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, fine DATETIME DEFAULT CURRENT_TIMESTAMP(3),
           id VARCHAR(36) NOT NULL DEFAULT (uuid()));
         INSERT INTO t (k) VALUES (1), (2); INSERT INTO t (k) SELECT 3; INSERT INTO t VALUES (4, DEFAULT, DEFAULT, DEFAULT);
         INSERT INTO t VALUES (5, '2013-01-01', NULL, 'mine')",
    );
    assert_eq!(shell.value("SELECT count(*), count(distinct id), count(fine) FROM t"), "5|5|4");
    assert_eq!(shell.value("SELECT count(DISTINCT at) FROM t WHERE k IN (1, 2)"), "1");
    assert_eq!(shell.value("SELECT max(at) <= now() AND min(octet_length(id)) = 4 FROM t"), "true");
    assert_eq!(
        shell.value("SELECT count(*) FROM t WHERE id LIKE '________-____-4___-____-____________'"),
        "4"
    );
    assert_eq!(shell.value("SELECT count(*) FROM t WHERE date_part('second', at) % 1 <> 0"), "0");
    let created = shell.value("SHOW CREATE TABLE t");
    for words in ["NOT NULL DEFAULT CURRENT_TIMESTAMP ", "DEFAULT CURRENT_TIMESTAMP(3)", "DEFAULT (uuid())"] {
        assert!(created.contains(words), "{created}");
    }
    made_again(&mut shell, "t");
}

/// SHOW CREATE TABLE makes the same table.
fn made_again(shell: &mut Shell, table: &str) {
    let row = shell.value(&format!("SHOW CREATE TABLE {table}"));
    let statement = row.split_once('|').unwrap().1.to_owned();
    let described = shell.rows(&format!("DESC {table}"));
    shell.run(&format!("ALTER TABLE {table} RENAME made_from"));
    shell.run(&statement);
    assert_eq!(shell.value(&format!("SHOW CREATE TABLE {table}")), row);
    assert_eq!(shell.rows(&format!("DESC {table}")), described);
    shell.run(&format!("DROP TABLE {table}; ALTER TABLE made_from RENAME {table}"));
}

/// An INSERT of some columns was refused where others are computed of them.
#[test]
fn generated_columns_are_computed_of_rows_as_they_become() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT, a INT DEFAULT '1', b INT, s VARCHAR(9), c BIGINT AS (a + b), u VARCHAR(9) AS (upper(s)))
         PRIMARY KEY (k) DISTRIBUTED BY HASH (k) BUCKETS 2;
         INSERT INTO t VALUES (1, 10, 5, 'x'), (3, 1, 1, 'z'), (4, 1, 1, 'q');
         INSERT INTO t (k, b) VALUES (1, 7), (2, 8); INSERT INTO t (k, __op) VALUES (3, 1);
         INSERT INTO t (s, k) PROPERTIES ('merge_condition' = 's') VALUES ('r', 4), ('a', 1)",
    );
    let expected = ["1|10|7|x|17|X", "2|1|8|NULL|9|NULL", "4|1|1|r|2|R"];
    assert_eq!(shell.rows("SELECT * FROM t ORDER BY k"), expected);
    shell.run("UPDATE t SET a = 0 WHERE k = 4");
    assert_eq!(shell.value("SELECT c FROM t WHERE k = 4"), "1");
    let refused = shell.refusal("INSERT INTO t (k, c) VALUES (1, 1)").to_string();
    assert!(refused.contains("Generated column 'c' can not be specified"), "{refused}");
}

/// Rows were numbered before they were checked, and values that were given counted as soon as they came.
#[test]
fn rows_that_are_refused_use_up_no_numbers() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT, id BIGINT AUTO_INCREMENT, v INT NOT NULL) DUPLICATE KEY (k)
         PARTITION BY RANGE (k) (PARTITION p VALUES LESS THAN (\"10\"));
         INSERT INTO t (k, v) VALUES (1, 1)",
    );
    for refused in [
        "INSERT INTO t (k, v) SELECT 2, CASE WHEN value < 3 THEN value END FROM generate_series(1, 5)",
        "INSERT INTO t (k, v) SELECT value, 1 FROM generate_series(5, 15)",
        "INSERT INTO t SELECT 2, 1000000, NULL",
        "INSERT INTO t VALUES (1, 2000000, 1), (2, NULL, 1), (20, NULL, 1)",
        "INSERT INTO t VALUES (1, 9223372036854775807, 1), (2, NULL, 1)",
    ] {
        shell.refusal(refused);
    }
    shell.run("INSERT INTO t (k, v) VALUES (2, 2)");
    assert_eq!(shell.rows("SELECT id, v FROM t ORDER BY id"), ["1|1", "2|2"]);
    shell.run("INSERT INTO t VALUES (3, 7, 3), (3, NULL, 4); INSERT INTO t (k, v) VALUES (4, 5)");
    assert_eq!(shell.rows("SELECT id, v FROM t WHERE id > 2 ORDER BY id"), ["7|3", "8|4", "9|5"]);
}

#[test]
fn auto_increment_counts_up_over_loads_restarts_and_restores() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (id BIGINT NOT NULL AUTO_INCREMENT, s STRING);
         INSERT INTO t (s) VALUES ('a'), ('b'); INSERT INTO t VALUES (DEFAULT, 'c'), (NULL, 'd');
         INSERT INTO t VALUES (100, 'e'), (NULL, 'f'), (NULL, 'g'); INSERT INTO t (s) SELECT 'h' UNION ALL SELECT 'i'",
    );
    let rows = ["1|a", "2|b", "3|c", "4|d", "100|e", "101|f", "102|g"];
    assert_eq!(shell.rows("SELECT * FROM t WHERE id < 103 ORDER BY id"), rows);
    assert_eq!(shell.value("SELECT min(id), max(id) FROM t WHERE s >= 'h'"), "103|104");
    assert!(shell.rows("DESC t")[0].ends_with("|AUTO_INCREMENT"));
    made_again(&mut shell, "t");
    // A load that fails leaves no row.
    assert!(shell.execute("INSERT INTO t VALUES (9223372036854775807, 'z'), (NULL, 'y')").is_err());
    let directory = shell.directory.clone();
    let Shell { session, store, root: kept, .. } = shell;
    drop((session, store));
    let mut shell = Shell::at(&directory);
    shell.run("USE d; INSERT INTO t (s) VALUES ('j')");
    assert_eq!(shell.value("SELECT id FROM t WHERE s = 'j'"), "105");
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", root.path().display()));
    assert_eq!(shell.job("BACKUP SNAPSHOT d.s TO r").state, JobState::Finished);
    let stamp = shell.value("SHOW SNAPSHOT ON r").split('|').nth(1).unwrap().to_owned();
    let mut other = Shell::new();
    other.run(&format!("CREATE READ ONLY REPOSITORY r WITH BROKER ON LOCATION '{}'", root.path().display()));
    let restore = format!("RESTORE SNAPSHOT d.s FROM r PROPERTIES ('backup_timestamp' = '{stamp}')");
    assert_eq!(other.job(&restore).state, JobState::Finished);
    other.run("USE d; INSERT INTO t (s) VALUES ('k')");
    assert_eq!(other.value("SELECT id FROM t WHERE s = 'k'"), "106");
    // What was given after the backup is not given again by a restore of it.
    shell.run("INSERT INTO t (s) VALUES ('l'), ('m')");
    assert_eq!(shell.job(&restore).state, JobState::Finished);
    shell.run("INSERT INTO t (s) VALUES ('n')");
    assert_eq!(shell.value("SELECT id FROM t WHERE s = 'n'"), "108");
    drop(kept);
}

#[test]
fn generated_columns_are_computed_at_every_load() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT, s VARCHAR(20), `Sum` BIGINT AS (K + 1), up VARCHAR(10) AS upper(s) COMMENT 'loud',
           day DATE AS (CAST('2013-01-01' AS DATE)));
         INSERT INTO t VALUES (1, 'a'), (2, NULL); INSERT INTO t (s) VALUES ('c'); INSERT INTO t SELECT 4, 'd'",
    );
    let rows =
        ["1|a|2|A|2013-01-01", "2|NULL|3|NULL|2013-01-01", "4|d|5|D|2013-01-01", "NULL|c|NULL|C|2013-01-01"];
    assert_eq!(shell.rows("SELECT * FROM t ORDER BY k NULLS LAST"), rows);
    for (sql, words) in [
        ("INSERT INTO t VALUES (1, 'a', 2)", "Column count doesn't match value count"),
        ("INSERT INTO t (k, up) VALUES (1, 'A')", "Generated column 'up' can not be specified"),
        ("INSERT INTO t VALUES (1, 'longer than ten')", "column 'up', row 1: 15 bytes are too long"),
    ] {
        let error = shell.refusal(sql).to_string();
        assert!(error.contains(words), "{sql}: {error}");
    }
    let created = shell.value("SHOW CREATE TABLE t");
    assert!(created.contains("`Sum` bigint(20) NULL AS (K + 1)"), "{created}");
    assert!(shell.rows("DESC t")[2].ends_with("|GENERATED"));
    made_again(&mut shell, "t");
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", root.path().display()));
    assert_eq!(shell.job("BACKUP SNAPSHOT d.s TO r").state, JobState::Finished);
    let stamp = shell.value("SHOW SNAPSHOT ON r").split('|').nth(1).unwrap().to_owned();
    shell.run("DROP TABLE t");
    let restore = format!("RESTORE SNAPSHOT d.s FROM r PROPERTIES ('backup_timestamp' = '{stamp}')");
    assert_eq!(shell.job(&restore).state, JobState::Finished);
    shell.run("INSERT INTO t (k) VALUES (7)");
    assert_eq!(shell.value("SELECT `sum` FROM t WHERE k = 7"), "8");
}
