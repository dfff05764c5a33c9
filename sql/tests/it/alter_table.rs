//! ALTER TABLE.

use crate::support::Shell;

#[test]
fn a_table_gets_another_name() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE t (k INT); INSERT INTO t VALUES (1); CREATE TABLE other (k INT)");
    shell.run("ALTER TABLE t RENAME u; INSERT INTO u VALUES (2)");
    assert_eq!(shell.rows("SHOW TABLES"), ["other", "u"]);
    assert_eq!(shell.rows("SELECT k FROM u ORDER BY k"), ["1", "2"]);
    assert!(shell.value("SHOW PARTITIONS FROM u").contains("|u|"));
    for (sql, words) in [
        ("ALTER TABLE t RENAME v", "unknown table 'd.t'"),
        ("ALTER TABLE u RENAME u", "Same table name u"),
        ("ALTER TABLE u RENAME other", "Table name[other] is already used"),
        ("ALTER TABLE u RENAME v, RENAME w", "Alter operation conflicts"),
    ] {
        let error = shell.refusal(sql).to_string();
        assert!(error.contains(words), "{sql}: {error}");
    }
    let directory = shell.directory.clone();
    drop(shell.session);
    drop(shell.store);
    let mut again = Shell::at(&directory);
    assert_eq!(again.rows("SELECT k FROM d.u ORDER BY k"), ["1", "2"]);
    assert!(again.value("SHOW PARTITIONS FROM d.u").contains("|u|"));
    let verdicts = again.check("USE d; ALTER TABLE u RENAME w; SELECT * FROM w; SELECT * FROM u");
    assert_eq!(verdicts[..3], ["ok", "ok", "ok"]);
    assert!(verdicts[3].contains("unknown table"), "{verdicts:?}");
}

fn altered() -> Shell {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT, f FLOAT, d DATE, x DECIMAL(5, 2), s VARCHAR(3) NOT NULL DEFAULT 'abc', gone INT)
           DUPLICATE KEY (k) DISTRIBUTED BY HASH (k) BUCKETS 2;
         INSERT INTO t VALUES (1, 0.1, '2013-01-01', 1.25, 'a', 7), (2, NULL, NULL, NULL, 'b', 8);
         ALTER TABLE t ADD COLUMN n INT NOT NULL DEFAULT '5' AFTER k, ADD COLUMN (m VARCHAR(5), o SMALLINT DEFAULT '3');
         INSERT INTO t (k, n, m, o) VALUES (3, 30, 'new', NULL);
         ALTER TABLE t DROP COLUMN gone; ALTER TABLE t ADD COLUMN gone STRING DEFAULT 'back';
         ALTER TABLE t MODIFY COLUMN n BIGINT DEFAULT '6', MODIFY COLUMN f DOUBLE, MODIFY COLUMN d DATETIME,
           MODIFY COLUMN x DECIMAL(20, 4), MODIFY COLUMN s VARCHAR(30), MODIFY COLUMN o INT DEFAULT '4';
         ALTER TABLE t RENAME COLUMN s TO words;
         INSERT INTO t VALUES (4, 5000000000, 0.1, '2013-01-02 03:04:05', 1234567.1234, 'longer text', 'm', 70000, 'g');
         INSERT INTO t (k) VALUES (5)",
    );
    shell
}

const ALTERED: [&str; 5] = [
    "1|5|0.10000000149011612|2013-01-01T00:00:00|1.2500|a|NULL|3|back",
    "2|5|NULL|NULL|NULL|b|NULL|3|back",
    "3|30|NULL|NULL|NULL|abc|new|NULL|back",
    "4|5000000000|0.1|2013-01-02T03:04:05|1234567.1234|longer text|m|70000|g",
    "5|6|NULL|NULL|NULL|NULL|NULL|4|back",
];

fn check_altered(shell: &mut Shell) {
    assert_eq!(shell.rows("SELECT * FROM t ORDER BY k"), ALTERED);
    for (condition, keys) in [
        ("n = 5", "1,2"),
        ("n > 5 AND n < 31", "3,5"),
        ("f < 0.1000000001", "4"),
        ("f > 0.1000000001", "1"),
        ("d = '2013-01-01'", "1"),
        ("d IS NULL", "2,3,5"),
        ("x = 1.25", "1"),
        ("words = 'a' OR m = 'm'", "1,4"),
        ("m IS NULL", "1,2,5"),
        ("o = 3", "1,2"),
        ("gone = 'back'", "1,2,3,5"),
        ("gone <> 'back'", "4"),
    ] {
        let query = format!("SELECT string_agg(CAST(k AS STRING), ',' ORDER BY k) FROM t WHERE {condition}");
        assert_eq!(shell.value(&query), keys, "{condition}");
    }
    assert_eq!(
        shell.value(
            "SELECT min(f), max(f), min(n), max(n), min(d), max(x), count(gone), count(m), min(o) FROM t"
        ),
        "0.1|0.10000000149011612|5|5000000000|2013-01-01T00:00:00|1234567.1234|5|2|3"
    );
    assert_eq!(shell.rows("SELECT gone, count(*) FROM t GROUP BY gone ORDER BY gone"), ["back|4", "g|1"]);
}

#[test]
fn columns_change_while_files_stay_and_backups_hold_both() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = altered();
    check_altered(&mut shell);
    let created = shell.value("SHOW CREATE TABLE t");
    for part in ["`n` bigint(20) NULL DEFAULT \"6\"", "`words` varchar(30) NULL", "`f` double NULL"] {
        assert!(created.contains(part), "{created}");
    }
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", root.path().display()));
    let job = shell.job("BACKUP SNAPSHOT d.s TO r");
    assert_eq!(job.state, cairn_engine::JobState::Finished, "{:?}", job.status);
    let directory = shell.directory.clone();
    let Shell { session, store, root: kept, .. } = shell;
    drop((session, store));
    let mut again = Shell::at(&directory);
    again.run("USE d");
    check_altered(&mut again);
    let stamp = again.value("SHOW SNAPSHOT ON r").split('|').nth(1).unwrap().to_owned();
    let restore = format!("RESTORE SNAPSHOT d.s FROM r PROPERTIES ('backup_timestamp' = '{stamp}')");
    let mut other = Shell::new();
    other.run(&format!("CREATE READ ONLY REPOSITORY r WITH BROKER ON LOCATION '{}'", root.path().display()));
    let job = other.job(&restore);
    assert_eq!(job.state, cairn_engine::JobState::Finished, "{:?}", job.status);
    other.run("USE d");
    check_altered(&mut other);
    // A table that has changed since takes no older snapshot.
    again.run("ALTER TABLE t ADD COLUMN later INT");
    let job = again.job(&restore);
    assert_eq!(job.state, cairn_engine::JobState::Cancelled);
    assert!(job.status.to_text().contains("number of columns is inconsistent"), "{}", job.status.to_text());
    drop(kept);
}

#[test]
fn tables_swap_names_comments_properties_and_order_change() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE a (k INT, v INT, w INT) DUPLICATE KEY (k); CREATE TABLE b (k INT, s STRING); INSERT INTO a VALUES (1, 2, 3);
         ALTER TABLE a SWAP WITH b; ALTER TABLE b COMMENT = 'was a'; ALTER TABLE b SET ('replication_num' = '2');
         ALTER TABLE b ORDER BY (k, w, v)",
    );
    assert_eq!(shell.rows("SELECT * FROM b"), ["1|3|2"]);
    assert_eq!(shell.columns("SELECT * FROM a"), ["k", "s"]);
    let created = shell.value("SHOW CREATE TABLE b");
    assert!(
        created.contains("COMMENT \"was a\"") && created.contains("\"replication_num\" = \"2\""),
        "{created}"
    );
    assert!(shell.value("SHOW PARTITIONS FROM b").contains("|b|"));
    shell.run("ALTER TABLE b MODIFY COLUMN v INT COMMENT 'now second' AFTER k; ALTER TABLE b MODIFY COLUMN w COMMENT 'x'");
    assert_eq!(shell.rows("SELECT * FROM b"), ["1|2|3"]);
    let verdicts = shell
        .check("ALTER TABLE b ADD COLUMN z INT; SELECT z FROM b; ALTER TABLE a SWAP WITH b; SELECT z FROM a");
    assert_eq!(verdicts, ["ok", "ok", "ok", "ok"]);
}

#[test]
fn changes_that_files_cannot_follow_are_refused() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT, d DATE, v INT NOT NULL, s VARCHAR(9), w INT SUM, g BIGINT AS (v + 1)) DUPLICATE KEY (k)
           PARTITION BY RANGE (d) (PARTITION p VALUES LESS THAN MAXVALUE) DISTRIBUTED BY HASH (k) BUCKETS 1;"
            .replace(" SUM", "")
            .as_str(),
    );
    for (clause, words) in [
        ("ADD COLUMN v INT", "Can not add column which already exists"),
        ("ADD COLUMN n INT NOT NULL", "NOT NULL without a default"),
        ("ADD COLUMN n INT FIRST", "value should be after key"),
        ("ADD COLUMN n INT AFTER nope", "Column does not exists"),
        ("ADD COLUMN n INT AFTER g", "defined after ordinary columns"),
        ("ADD COLUMN n STRING DEFAULT (uuid())", "not the same for every row"),
        ("ADD COLUMN n BIGINT AS (k + 1)", "written anew"),
        ("ADD COLUMN n BIGINT AUTO_INCREMENT", "written anew"),
        ("DROP COLUMN nope", "Column does not exists"),
        ("DROP COLUMN d", "Partition column[d] cannot be dropped"),
        ("DROP COLUMN k", "Distribution column[k] cannot be dropped"),
        ("DROP COLUMN v", "generated column 'g' refers to it"),
        ("RENAME COLUMN v TO u", "generated column 'g' refers to it"),
        ("RENAME COLUMN s TO K", "Column name[K] is already used"),
        ("MODIFY COLUMN s VARCHAR(8)", "Can not change varchar(9) to varchar(8)"),
        ("MODIFY COLUMN s INT", "Can not change varchar(9) to int"),
        ("MODIFY COLUMN s VARCHAR(9) NOT NULL", "from nullable to non-nullable"),
        ("MODIFY COLUMN v BIGINT NOT NULL", "generated column 'g' refers to it"),
        ("MODIFY COLUMN w INT SUM", "Can not change aggregation type"),
        ("MODIFY COLUMN k BIGINT", "Distribution column[k] cannot be modified"),
        ("MODIFY COLUMN d DATETIME", "Partition column[d] cannot be modified"),
        ("MODIFY COLUMN w INT KEY", "Can not change a value column into a key column"),
        ("ORDER BY (k, k)", "Reduplicative column[k]"),
        ("ORDER BY (v, nope)", "Column does not exists: 'nope'"),
        ("ORDER BY (v, k, d, s, w, g)", "value should be after key"),
        ("SET ('nope' = '1')", "Unknown properties: nope"),
        ("SWAP WITH nope", "unknown table 'd.nope'"),
        ("COMMENT = 'x', DROP COLUMN s", "Alter operation conflicts"),
    ] {
        let error = shell.refusal(&format!("ALTER TABLE t {clause}")).to_string();
        assert!(error.contains(words), "{clause}: {error}");
    }
}

#[test]
fn keys_are_found_in_files_from_before_a_change() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE p (k INT NOT NULL, gone INT, v INT) PRIMARY KEY (k) DISTRIBUTED BY HASH (k) BUCKETS 1;
         INSERT INTO p VALUES (1, 9, 10), (2, 9, 20), (3, 9, 30);
         ALTER TABLE p DROP COLUMN gone, ADD COLUMN n INT DEFAULT '7' AFTER k, MODIFY COLUMN v BIGINT;
         INSERT INTO p VALUES (2, 1, 5000000000), (4, 2, 40); UPDATE p SET v = v + 1 WHERE k = 1; DELETE FROM p WHERE k = 3",
    );
    let rows = ["1|7|11", "2|1|5000000000", "4|2|40"];
    assert_eq!(shell.rows("SELECT * FROM p ORDER BY k"), rows);
    shell.run("ALTER TABLE p COMPACT");
    assert_eq!(shell.rows("SELECT * FROM p ORDER BY k"), rows);
}

#[test]
fn bounds_follow_a_type_into_temporary_and_recovered_partitions() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT, f FLOAT, x DECIMAL(10, 2)) DUPLICATE KEY (k)
           PARTITION BY RANGE (k) (PARTITION p1 VALUES LESS THAN ('10'), PARTITION p2 VALUES LESS THAN ('20'));
         INSERT INTO t VALUES (1, 0.1, 1.50), (11, 0.1, 1.50);
         ALTER TABLE t ADD TEMPORARY PARTITION tp VALUES [('0'), ('10'));
         INSERT INTO t TEMPORARY PARTITION (tp) VALUES (2, 0.1, 1.50);
         ALTER TABLE t DROP PARTITION p2;
         ALTER TABLE t MODIFY COLUMN f DOUBLE; ALTER TABLE t MODIFY COLUMN x DECIMAL(14, 4);
         ALTER TABLE t DROP PARTITION p1; ALTER TABLE t ADD PARTITION p1 VALUES [('0'), ('10'));
         ALTER TABLE t REPLACE PARTITION (p1) WITH TEMPORARY PARTITION (tp);
         RECOVER PARTITION p2 FROM t",
    );
    // A FLOAT of 0.1 is more than the DOUBLE.
    let found = "SELECT k FROM t WHERE f > 0.1 AND x = 1.5 ORDER BY k";
    assert_eq!(shell.rows(found), ["2", "11"]);
    assert_eq!(shell.rows("SELECT max(x), min(f) > 0.1 FROM t"), ["1.5000|true"]);
    shell.run("INSERT INTO t VALUES (3, 0.5, 2)");
    assert_eq!(shell.rows(found), ["2", "11"]);
}
