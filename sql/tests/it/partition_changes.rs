//! ALTER TABLE … PARTITION, temporary partitions, and RECOVER.

use cairn_engine::JobStatus;

use crate::support::Shell;

fn names(shell: &mut Shell, show: &str) -> String {
    let rows = shell.rows(show);
    rows.iter().map(|row| row.split('|').nth(1).unwrap()).collect::<Vec<_>>().join(" ")
}

const RANGED: &str =
    "CREATE TABLE t (k INT, v INT) PARTITION BY RANGE (k) (PARTITION p1 VALUES LESS THAN ('10'),
    PARTITION p2 VALUES LESS THAN ('20')) DISTRIBUTED BY HASH (k) BUCKETS 1";

#[test]
fn range_partitions_are_added_dropped_and_renamed() {
    let mut shell = Shell::with_database();
    shell.run(RANGED);
    shell.run("ALTER TABLE t ADD PARTITION p3 VALUES LESS THAN ('30')");
    shell.run("ALTER TABLE t ADD PARTITION IF NOT EXISTS P3 VALUES LESS THAN ('99')");
    shell.run("ALTER TABLE t ADD PARTITION p9 VALUES [('90'), ('100'))");
    shell.run("ALTER TABLE t ADD PARTITIONS START ('50') END ('70') EVERY (10)");
    // A LESS THAN begins where the last partition below it ends.
    shell.run("ALTER TABLE t ADD PARTITION p4 VALUES LESS THAN ('45')");
    assert_eq!(names(&mut shell, "SHOW PARTITIONS FROM t"), "p1 p2 p3 p4 p50 p60 p9");
    shell.run("INSERT INTO t VALUES (5, 1), (25, 2), (44, 3), (55, 4), (99, 5)");
    assert!(shell.refusal("INSERT INTO t VALUES (45, 1)").to_string().contains("no partition takes (45)"));
    shell.run("ALTER TABLE t RENAME PARTITION p3 third");
    assert_eq!(shell.affected("INSERT INTO t PARTITION (third) VALUES (20, 6)"), 1);
    shell.run("ALTER TABLE t RENAME PARTITION third Third");
    shell.run("ALTER TABLE t DROP PARTITIONS (p50, P60)");
    shell.run("ALTER TABLE t DROP PARTITION IF EXISTS p50; ALTER TABLE t DROP PARTITION p2 FORCE");
    assert_eq!(names(&mut shell, "SHOW PARTITIONS FROM t"), "p1 Third p4 p9");
    assert_eq!(shell.value("SELECT sum(v) FROM t"), "17");
    for (sql, expected) in [
        ("ALTER TABLE t ADD PARTITION p1 VALUES LESS THAN ('200')", "Duplicate partition name p1"),
        ("ALTER TABLE t ADD PARTITION x VALUES [('95'), ('105'))", "overlap"),
        ("ALTER TABLE t ADD PARTITION x VALUES LESS THAN ('15')", ""),
        ("ALTER TABLE t ADD PARTITION y VALUES LESS THAN ('8')", "overlap"),
        ("ALTER TABLE t ADD PARTITION x VALUES IN ('1')", "is partitioned by ranges"),
        ("ALTER TABLE t ADD PARTITION z VALUES [('8'), ('7'))", "not before"),
        ("ALTER TABLE t DROP PARTITION nope", "partition [nope] does not exist"),
        ("ALTER TABLE t DROP PARTITIONS (p1, P1)", "named twice"),
        ("ALTER TABLE t RENAME PARTITION p1 p9", "Partition name[p9] is already used"),
        ("ALTER TABLE t RENAME PARTITION p1 p1", "Same partition name"),
        (
            "ALTER TABLE t ADD PARTITION w VALUES LESS THAN ('900') ('compression' = 'LZ4')",
            "Unknown properties: compression",
        ),
    ] {
        match shell.execute(sql) {
            Err(error) => {
                assert!(error.to_string().contains(expected) && !expected.is_empty(), "{sql}: {error}");
            }
            Ok(_) => assert!(expected.is_empty(), "{sql}"),
        }
    }
    shell.run("CREATE TABLE plain (k INT)");
    for sql in ["ADD PARTITION p VALUES LESS THAN ('1')", "DROP PARTITION plain", "RENAME PARTITION plain p"]
    {
        let refused = shell.refusal(&format!("ALTER TABLE plain {sql}")).to_string();
        assert!(refused.contains("'plain' is not partitioned"), "{refused}");
    }
}

#[test]
fn list_partitions_are_added() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE t (c VARCHAR(9)) PARTITION BY LIST (c) (PARTITION a VALUES IN ('a'))");
    shell.run("ALTER TABLE t ADD PARTITION b VALUES IN ('b', NULL)");
    shell.run("INSERT INTO t VALUES ('a'), ('b'), (NULL)");
    let refused = shell.refusal("ALTER TABLE t ADD PARTITION x VALUES IN ('c', 'b')").to_string();
    assert!(refused.contains("hold the same values"), "{refused}");
    let refused = shell.refusal("ALTER TABLE t ADD PARTITION x VALUES LESS THAN ('c')").to_string();
    assert!(refused.contains("is partitioned by lists"), "{refused}");
    assert_eq!(names(&mut shell, "SHOW PARTITIONS FROM t"), "a b");
}

#[test]
fn what_was_dropped_is_recovered() {
    let mut shell = Shell::with_database();
    shell.run(RANGED);
    shell.run("INSERT INTO t VALUES (1, 1), (11, 2)");
    shell.run("ALTER TABLE t DROP PARTITION p1");
    shell.run("INSERT INTO t VALUES (12, 4)");
    shell.run("RECOVER PARTITION P1 FROM t");
    assert_eq!(shell.value("SELECT sum(v) FROM t"), "7");
    shell.run("ALTER TABLE t DROP PARTITION p1; DROP TABLE t; RECOVER TABLE t; RECOVER PARTITION p1 FROM t");
    assert_eq!(shell.value("SELECT sum(v) FROM t"), "7");
    shell.run("DROP TABLE t; DROP DATABASE d; RECOVER DATABASE d; RECOVER TABLE d.t; USE d");
    assert_eq!(shell.value("SELECT sum(v) FROM t"), "7");
    shell.run("INSERT INTO t VALUES (2, 8); TRUNCATE TABLE t PARTITION (p2)");
    assert_eq!(shell.value("SELECT sum(v) FROM t"), "9");
    // The one dropped last comes first.
    shell.run("DROP TABLE t; CREATE TABLE t (x INT); DROP TABLE t; RECOVER TABLE t");
    assert_eq!(shell.columns("SELECT * FROM t"), ["x"]);
    let taken = shell.refusal("RECOVER TABLE t").to_string();
    assert!(taken.contains("table[t] already exist"), "{taken}");
    shell.run("DROP TABLE t FORCE; RECOVER TABLE t");
    assert_eq!(shell.value("SELECT sum(v) FROM t"), "9");
    for (sql, expected) in [
        ("RECOVER DATABASE d", "Database[d] already exist"),
        ("RECOVER DATABASE nope", "Unknown database 'nope'"),
        ("RECOVER TABLE nope", "Unknown table 'd.nope'"),
        ("RECOVER PARTITION p1 FROM t", "partition[p1] already exist"),
        ("RECOVER PARTITION nope FROM t", "No partition named 'nope' in recycle bin"),
        ("RECOVER PARTITION p FROM nope", "unknown table 'd.nope'"),
    ] {
        assert!(shell.refusal(sql).to_string().contains(expected), "{sql}");
    }
    shell.run("ALTER TABLE t DROP PARTITION p1; ALTER TABLE t ADD PARTITION other VALUES LESS THAN ('5')");
    assert!(shell.refusal("RECOVER PARTITION p1 FROM t").to_string().contains("overlap"));
    shell.run("ALTER TABLE t DROP PARTITION other FORCE; RECOVER PARTITION p1 FROM t");
    for drop in ["ALTER TABLE t DROP PARTITION p1 FORCE", "DROP TABLE t FORCE", "DROP DATABASE d FORCE"] {
        shell.run(drop);
    }
    assert!(shell.refusal("RECOVER DATABASE d").to_string().contains("Unknown database 'd'"));
}

#[test]
fn temporary_partitions_take_the_place_of_others() {
    let mut shell = Shell::with_database();
    shell.run(RANGED);
    shell.run("INSERT INTO t VALUES (1, 1), (11, 2)");
    shell.run("ALTER TABLE t ADD TEMPORARY PARTITION tp1 VALUES LESS THAN ('10')");
    shell.run("INSERT INTO t TEMPORARY PARTITION (tp1) VALUES (3, 40)");
    let refused = shell.refusal("INSERT INTO t TEMPORARY PARTITION (tp1) VALUES (13, 40)").to_string();
    assert!(refused.contains("no partition takes (13)"), "{refused}");
    assert_eq!(shell.value("SELECT sum(v) FROM t"), "3");
    assert_eq!(names(&mut shell, "SHOW TEMPORARY PARTITIONS FROM t"), "tp1");
    assert_eq!(names(&mut shell, "SHOW PARTITIONS FROM t"), "p1 p2");
    let repository = shell.directory.with_file_name("repository");
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", repository.display()));
    let refused = shell.refusal("BACKUP SNAPSHOT d.s TO r").to_string();
    assert!(refused.contains("Do not support backing up table with temp partitions"), "{refused}");
    shell.run("ALTER TABLE t REPLACE PARTITION (p1) WITH TEMPORARY PARTITION (tp1)");
    assert_eq!(shell.value("SELECT sum(v) FROM t"), "42");
    assert_eq!(names(&mut shell, "SHOW PARTITIONS FROM t"), "p1 p2");
    assert!(shell.refusal("RECOVER PARTITION p1 FROM t").to_string().contains("already exist"));
    let done = shell.job("BACKUP SNAPSHOT d.s TO r");
    assert_eq!(done.status, JobStatus::Ok);
    // Two for one, which keep their names; and one that holds other rows.
    shell.run("ALTER TABLE t ADD TEMPORARY PARTITIONS START ('10') END ('20') EVERY (5)");
    let restored = shell
        .job(&format!("RESTORE SNAPSHOT d.s FROM r PROPERTIES ('backup_timestamp' = '{}')", done.timestamp));
    assert!(restored.status.to_text().contains("Do not support restoring table with temp partitions"));
    shell.run("ALTER TABLE t REPLACE PARTITION (p2) WITH TEMPORARY PARTITIONS (p10, p15)");
    assert_eq!(names(&mut shell, "SHOW PARTITIONS FROM t"), "p1 p10 p15");
    shell.run("ALTER TABLE t ADD TEMPORARY PARTITION w VALUES [('10'), ('30'))");
    let replace = "ALTER TABLE t REPLACE PARTITION (p10, p15) WITH TEMPORARY PARTITION (w)";
    assert!(shell.refusal(replace).to_string().contains("do not hold the same rows"));
    shell.run(&format!("{replace} PROPERTIES ('strict_range' = 'false')"));
    shell.run("ALTER TABLE t ADD TEMPORARY PARTITION x VALUES [('10'), ('30'))");
    let replace = "ALTER TABLE t REPLACE PARTITION (w) WITH TEMPORARY PARTITION (x)";
    assert!(
        shell
            .refusal(&format!("{replace} PROPERTIES ('a' = 'true')"))
            .to_string()
            .contains("Unknown properties")
    );
    shell.run(&format!("{replace} PROPERTIES ('use_temp_partition_name' = 'true')"));
    assert_eq!(names(&mut shell, "SHOW PARTITIONS FROM t"), "p1 x");
    shell.run("ALTER TABLE t ADD TEMPORARY PARTITION y VALUES LESS THAN ('10')");
    shell.run("ALTER TABLE t DROP TEMPORARY PARTITION y");
    assert_eq!(names(&mut shell, "SHOW TEMPORARY PARTITIONS FROM t"), "");
    assert_eq!(shell.value("SELECT sum(v) FROM t"), "40");
}

#[test]
fn scripts_with_changes_of_partitions_are_checked() {
    let shell = Shell::with_database();
    let verdicts = shell.check(&format!(
        "{RANGED}; ALTER TABLE t ADD PARTITION p3 VALUES LESS THAN ('30'); ALTER TABLE t RENAME PARTITION p3 p4;
         ALTER TABLE t DROP PARTITION p3; ALTER TABLE t ADD TEMPORARY PARTITION x VALUES LESS THAN ('10');
         ALTER TABLE t REPLACE PARTITION (p1) WITH TEMPORARY PARTITION (x); ALTER TABLE t DROP TEMPORARY PARTITION x"
    ));
    let is_ok: Vec<bool> = verdicts.iter().map(|verdict| verdict == "ok").collect();
    assert_eq!(is_ok, [true, true, true, false, true, true, false], "{verdicts:?}");
}
