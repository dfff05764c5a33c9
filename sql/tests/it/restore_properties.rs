//! Properties of RESTORE, and what it does to what is there.

use std::sync::Arc;

use cairn_engine::{JobRecord, JobState};

use crate::support::Shell;

/// A database of three tables, and a snapshot `s` of it in repository `r`.
fn backed_up() -> Shell {
    let mut shell = Shell::with_database();
    let repository = shell.directory.with_file_name("repository");
    shell.run(&format!(
        "CREATE REPOSITORY IF NOT EXISTS r WITH BROKER ON LOCATION '{}'",
        repository.display()
    ));
    // It is known already: neither made again nor compared.
    shell.run("CREATE REPOSITORY IF NOT EXISTS r WITH BROKER ON LOCATION '/elsewhere'");
    shell.run(
        "CREATE TABLE t (k INT, v INT); INSERT INTO t VALUES (1, 1);
         CREATE TABLE p (k INT, v INT) PARTITION BY RANGE (k) (
           PARTITION p1 VALUES LESS THAN ('10'), PARTITION p2 VALUES LESS THAN ('20')) DISTRIBUTED BY HASH (k) BUCKETS 1;
         INSERT INTO p VALUES (1, 1), (11, 2)",
    );
    done(&shell.job("BACKUP SNAPSHOT d.s TO r"));
    shell
}

fn done(job: &Arc<JobRecord>) {
    assert_eq!(job.state, JobState::Finished, "{}", job.status.to_text());
}

fn restore(shell: &mut Shell, objects: &str, properties: &str) -> Arc<JobRecord> {
    shell.job(&format!(
        "RESTORE SNAPSHOT d.s FROM r {objects} PROPERTIES ('backup_timestamp' = 'latest'{properties})"
    ))
}

#[test]
fn the_latest_snapshot_of_a_label_is_found() {
    let mut shell = backed_up();
    shell.run("DROP TABLE t; DROP TABLE p");
    let job = restore(&mut shell, "", "");
    done(&job);
    assert_eq!(shell.value("SELECT TIMESTAMP FROM information_schema.backups"), job.timestamp.to_string());
    assert_eq!(shell.value("SELECT sum(v) FROM p"), "3");
    let refused = shell
        .refusal("RESTORE SNAPSHOT d.nope FROM r PROPERTIES ('backup_timestamp' = 'latest')")
        .to_string();
    assert!(refused.contains("Failed to get info of snapshot 'nope'"), "{refused}");
}

#[test]
fn what_a_restore_replaces_can_be_recovered() {
    let mut shell = backed_up();
    shell.run("INSERT INTO t VALUES (2, 100); INSERT INTO p VALUES (12, 100), (3, 1000)");
    done(&restore(&mut shell, "", ""));
    assert_eq!(shell.value("SELECT (SELECT sum(v) FROM t), (SELECT sum(v) FROM p)"), "1|3");
    // A table that is not partitioned comes back whole, beside the restored one.
    let refused = shell.refusal("RECOVER TABLE t").to_string();
    assert!(refused.contains("table[t] already exist: rename or drop it"), "{refused}");
    shell.run("ALTER TABLE t RENAME restored; RECOVER TABLE t");
    assert_eq!(shell.value("SELECT (SELECT sum(v) FROM t), (SELECT sum(v) FROM restored)"), "101|1");
    // Partitions come back one by one, in the place of the restored ones.
    shell.run("ALTER TABLE p DROP PARTITION p2 FORCE; RECOVER PARTITION p2 FROM p");
    assert_eq!(shell.value("SELECT sum(v) FROM p"), "103");
    // Both take rows.
    shell
        .run("INSERT INTO p VALUES (13, 7); INSERT INTO t VALUES (4, 7); INSERT INTO restored VALUES (4, 7)");
    assert_eq!(shell.value("SELECT (SELECT sum(v) FROM t), (SELECT sum(v) FROM p)"), "108|110");
}

#[test]
fn what_a_restore_replaced_goes_when_the_table_is_forced_out() {
    let mut shell = backed_up();
    shell.run("INSERT INTO t VALUES (2, 100)");
    done(&restore(&mut shell, "", ""));
    done(&restore(&mut shell, "", ""));
    shell.run("DROP TABLE t FORCE");
    let refused = shell.refusal("RECOVER TABLE t").to_string();
    assert!(refused.contains("none of that name was dropped"), "{refused}");
    // What was dropped of other names stays, also a partition named like the table.
    shell.run("ALTER TABLE p RENAME PARTITION p1 t; ALTER TABLE p DROP PARTITION t");
    shell.run("CREATE TABLE t (k INT); DROP TABLE t FORCE; RECOVER PARTITION t FROM p");
    assert_eq!(shell.value("SELECT sum(v) FROM p"), "3");
}

#[test]
fn what_is_recoverable_survives_the_process() {
    let mut shell = backed_up();
    shell.run("INSERT INTO t VALUES (2, 100); INSERT INTO p VALUES (12, 100)");
    done(&restore(&mut shell, "", ""));
    let (directory, root) = (shell.directory.clone(), shell.root.take());
    drop(shell);
    let mut shell = Shell::at(&directory);
    shell.root = root;
    shell.run("USE d; ALTER TABLE t RENAME restored; RECOVER TABLE t");
    shell.run("ALTER TABLE p DROP PARTITION p2 FORCE; RECOVER PARTITION p2 FROM p");
    assert_eq!(shell.value("SELECT (SELECT sum(v) FROM t), (SELECT sum(v) FROM p)"), "101|103");
    done(&shell.job("BACKUP SNAPSHOT d.after TO r"));
}

#[test]
fn an_auto_increment_goes_on_above_both() {
    let mut shell = Shell::with_database();
    let repository = shell.directory.with_file_name("repository");
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", repository.display()));
    shell.run("CREATE TABLE t (k INT, n BIGINT AUTO_INCREMENT); INSERT INTO t (k) VALUES (1)");
    done(&shell.job("BACKUP SNAPSHOT d.s TO r"));
    shell.run("INSERT INTO t (k) VALUES (2), (3)");
    done(&restore(&mut shell, "", ""));
    shell.run("INSERT INTO t (k) VALUES (4)");
    assert_eq!(shell.value("SELECT max(n) FROM t"), "4");
}

#[test]
fn tables_that_exist_are_skipped_or_refused() {
    let mut shell = backed_up();
    shell.run("INSERT INTO t VALUES (2, 100); DROP TABLE p");
    let refused = restore(&mut shell, "", ", 'if_exists' = 'fail'");
    assert_eq!(refused.state, JobState::Cancelled);
    let status = refused.status.to_text();
    assert!(status.contains("Table t already exist"), "{status}");
    assert!(shell.try_rows("SELECT * FROM p").is_err(), "a restore that is refused makes nothing");
    done(&restore(&mut shell, "", ", 'if_exists' = 'Skip'"));
    assert_eq!(shell.value("SELECT (SELECT sum(v) FROM t), (SELECT sum(v) FROM p)"), "101|3");
    // With nothing left to do it is done.
    done(&restore(&mut shell, "ON (t, p)", ", 'if_exists' = 'skip'"));
    assert_eq!(shell.value("SELECT (SELECT sum(v) FROM t), (SELECT sum(v) FROM p)"), "101|3");
    done(&restore(&mut shell, "ON (t AS u)", ", 'if_exists' = 'fail'"));
    assert_eq!(shell.value("SELECT sum(v) FROM u"), "1");
}

#[test]
fn named_partitions_that_exist_are_skipped_or_refused() {
    let mut shell = backed_up();
    shell.run("INSERT INTO p VALUES (2, 100); ALTER TABLE p DROP PARTITION p2");
    let refused = restore(&mut shell, "ON (p PARTITIONS (p1, p2))", ", 'if_exists' = 'fail'");
    let status = refused.status.to_text();
    assert!(status.contains("partition p1 of table p is to be left"), "{status}");
    done(&restore(&mut shell, "ON (p PARTITIONS (p1, p2))", ", 'if_exists' = 'skip'"));
    assert_eq!(shell.value("SELECT sum(v) FROM p"), "103");
    shell.run("ALTER TABLE p DROP PARTITION p2");
    done(&restore(&mut shell, "ON (p PARTITION (p2))", ", 'if_exists' = 'fail'"));
    assert_eq!(shell.value("SELECT sum(v) FROM p"), "103");
    done(&restore(&mut shell, "ON (p PARTITION (p1))", ""));
    assert_eq!(shell.value("SELECT sum(v) FROM p"), "3");
}

#[test]
fn an_alias_may_be_a_table_of_equal_schema() {
    let mut shell = backed_up();
    shell.run("CREATE TABLE same (k INT, v INT) PROPERTIES ('replication_num' = '1'); INSERT INTO same VALUES (5, 5)");
    shell.run("CREATE TABLE other (k INT, v BIGINT)");
    done(&restore(&mut shell, "ON (t AS same)", ""));
    assert_eq!(shell.value("SELECT sum(v) FROM same"), "1");
    assert_eq!(shell.value("SELECT sum(v) FROM t"), "1");
    assert!(shell.value("SHOW CREATE TABLE same").contains("replication_num"), "its own properties stay");
    let refused = restore(&mut shell, "ON (t AS other)", "").status.to_text();
    assert!(refused.contains("column v is inconsistent: it is bigint, in the snapshot int"), "{refused}");
    shell.run("ALTER TABLE same RENAME gone; RECOVER TABLE same");
    assert_eq!(shell.value("SELECT sum(v) FROM same"), "5");
}

#[test]
fn a_label_whose_backup_failed_may_be_used_again() {
    let mut shell = backed_up();
    shell.run("CREATE TABLE broken (k INT); INSERT INTO broken VALUES (1)");
    let view = shell.store.view();
    let database = view.databases().find(|database| database.name.as_str() == "d").unwrap();
    let table = database.tables().find(|table| table.name().as_str() == "broken").unwrap();
    let segment = table.partitions.iter().flat_map(|partition| partition.segments()).next().unwrap();
    let cairn_engine::SegmentLocation::Local(path) = segment.location() else { panic!() };
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, b"not a segment").unwrap();
    let failed = shell.job("BACKUP SNAPSHOT d.again TO r");
    assert_eq!(failed.state, JobState::Cancelled, "{}", failed.status.to_text());
    std::fs::write(path, bytes).unwrap();
    done(&shell.job("BACKUP SNAPSHOT d.again TO r"));
    shell.run("DROP TABLE broken");
    done(
        &shell.job("RESTORE SNAPSHOT d.again FROM r ON (broken) PROPERTIES ('backup_timestamp' = 'latest')"),
    );
    assert_eq!(shell.value("SELECT count(*) FROM broken"), "1");
}

const COLOCATED: &str =
    "CREATE TABLE NAME (k INT, v INT) DISTRIBUTED BY HASH (k) BUCKETS 3 PROPERTIES ('colocate_with' = 'g')";

#[test]
fn colocation_is_kept_where_it_fits() {
    let mut shell = Shell::with_database();
    let repository = shell.directory.with_file_name("repository");
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", repository.display()));
    for name in ["a", "b"] {
        shell.run(&COLOCATED.replace("NAME", name));
        shell.run(&format!("INSERT INTO {name} VALUES (1, 1)"));
    }
    done(&shell.job("BACKUP SNAPSHOT d.s TO r"));
    shell.run("DROP TABLE a; DROP TABLE b");
    done(&restore(&mut shell, "", ""));
    for name in ["a", "b"] {
        let shown = shell.value(&format!("SHOW CREATE TABLE {name}"));
        assert!(shown.contains("\"colocate_with\" = \"g\""), "{shown}");
    }
    // The group is by now one of other tables.
    shell.run("DROP TABLE a; DROP TABLE b");
    shell.run(&COLOCATED.replace("NAME", "c").replace("BUCKETS 3", "BUCKETS 4"));
    done(&restore(&mut shell, "ON (a)", ""));
    let shown = shell.value("SHOW CREATE TABLE a");
    assert!(!shown.contains("colocate_with"), "{shown}");
    assert_eq!(shell.value("SELECT sum(v) FROM a"), "1");
}

#[test]
fn a_table_that_is_recovered_leaves_a_group_of_other_buckets() {
    let mut shell = Shell::with_database();
    shell.run(&COLOCATED.replace("NAME", "a"));
    shell.run("INSERT INTO a VALUES (1, 1); DROP TABLE a");
    shell.run(&COLOCATED.replace("NAME", "c").replace("BUCKETS 3", "BUCKETS 4"));
    shell.run("RECOVER TABLE a");
    assert!(!shell.value("SHOW CREATE TABLE a").contains("colocate_with"));
    assert_eq!(shell.value("SELECT sum(v) FROM a"), "1");
    shell.run("DROP TABLE a; RECOVER TABLE a; DROP TABLE c; RECOVER TABLE c");
    assert!(shell.value("SHOW CREATE TABLE c").contains("\"colocate_with\" = \"g\""));
}

/// Grown tables have partitions of other numbers of buckets than a snapshot of before.
#[test]
fn a_partition_gets_the_buckets_of_the_snapshot_but_in_a_group() {
    for (key, colocated) in [("DUPLICATE", false), ("PRIMARY", false), ("DUPLICATE", true)] {
        let mut shell = Shell::with_database();
        let repository = shell.directory.with_file_name("repository");
        shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", repository.display()));
        shell.run(&format!(
            "CREATE TABLE t (k INT NOT NULL, v INT) {key} KEY (k) PARTITION BY RANGE (k) () DISTRIBUTED BY HASH (k) BUCKETS 2;
             ALTER TABLE t ADD PARTITION p VALUES LESS THAN ('1000') DISTRIBUTED BY HASH (k) BUCKETS 5"
        ));
        let rows = (0..100).map(|k| format!("({k}, {k})")).collect::<Vec<_>>().join(", ");
        shell.run(&format!("INSERT INTO t VALUES {rows}"));
        done(&shell.job("BACKUP SNAPSHOT d.s TO r"));
        shell.run("ALTER TABLE t DROP PARTITION p; ALTER TABLE t ADD PARTITION p VALUES LESS THAN ('1000')");
        if colocated {
            shell.run("ALTER TABLE t SET ('colocate_with' = 'g')");
            let refused = restore(&mut shell, "", "").status.to_text();
            assert!(refused.contains("different bucket number"), "{refused}");
            continue;
        }
        done(&restore(&mut shell, "", ""));
        shell.run("INSERT INTO t VALUES (500, 500)");
        assert_eq!(shell.value("SELECT count(*), sum(v) FROM t"), "101|5450");
        assert_eq!(shell.value("SELECT v FROM t WHERE k = 77"), "77");
        let partition = shell.value("SHOW PARTITIONS FROM t");
        assert_eq!(partition.split('|').nth(9), Some("5"), "{partition}");
    }
}
