//! Partitions by several expressions, of other widths than their table's, and with properties of their own.

use cairn_engine::JobStatus;

use crate::support::Shell;

fn column(shell: &mut Shell, show: &str, at: usize) -> String {
    let rows = shell.rows(show);
    rows.iter().map(|row| row.split('|').nth(at).unwrap()).collect::<Vec<_>>().join(" ")
}

fn names(shell: &mut Shell) -> String {
    column(shell, "SHOW PARTITIONS FROM t", 1)
}

fn definition(shell: &mut Shell) -> String {
    shell.value("SHOW CREATE TABLE t").split_once('|').unwrap().1.to_owned()
}

/// Backs the database up and restores it into a store of its own, which is dropped with the first.
fn restored(shell: &mut Shell) -> Shell {
    let repository = shell.directory.with_file_name("repository").display().to_string();
    let create = format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{repository}'");
    shell.run(&create);
    let done = shell.job("BACKUP SNAPSHOT d.s TO r");
    assert_eq!(done.status, JobStatus::Ok);
    let mut other = Shell::at(&shell.directory.with_file_name("other"));
    other.run(&create);
    let sql = format!("RESTORE SNAPSHOT d.s FROM r PROPERTIES ('backup_timestamp' = '{}')", done.timestamp);
    assert_eq!(other.job(&sql).status, JobStatus::Ok);
    other.run("USE d");
    other
}

#[test]
fn steps_and_columns_divide_rows_together() {
    for key in ["DUPLICATE KEY (d, city)", "PRIMARY KEY (d, city)", "UNIQUE KEY (d, city)"] {
        let mut shell = Shell::with_database();
        shell.run(&format!(
            "CREATE TABLE t (d DATE NOT NULL, city VARCHAR(20) NOT NULL, n INT) {key}
             PARTITION BY date_trunc('month', d), city DISTRIBUTED BY HASH (d) BUCKETS 2"
        ));
        shell.run(
            "INSERT INTO t VALUES ('2023-01-01', 'x', 1), ('2023-01-31', 'x', 2), ('2023-01-31', 'y', 4)",
        );
        shell.run("INSERT INTO t VALUES ('2023-01-15', 'x', 8), ('2023-02-01', 'x', 16)");
        assert_eq!(names(&mut shell), "p20230101_x p20230101_y p20230201_x");
        for (condition, sum) in [
            ("d = '2023-01-15'", "8"),
            ("d > '2023-01-15' AND city = 'x'", "18"),
            ("d >= '2023-01-31' AND d < '2023-02-01'", "6"),
            ("d BETWEEN '2023-01-02' AND '2023-01-30'", "8"),
            ("d IN ('2023-01-31', '2023-02-01')", "22"),
            ("d < '2023-01-01'", "NULL"),
            ("d IS NOT NULL", "31"),
            ("d IS NULL", "NULL"),
        ] {
            assert_eq!(shell.value(&format!("SELECT sum(n) FROM t WHERE {condition}")), sum, "{condition}");
        }
        let made = definition(&mut shell);
        assert!(made.contains("PARTITION BY date_trunc('month', `d`), `city`\n"), "{made}");
        let mut other = restored(&mut shell);
        assert_eq!(definition(&mut other), made);
        // A later load goes where the earlier ones went.
        for shell in [&mut shell, &mut other] {
            shell.run("INSERT INTO t VALUES ('2023-01-20', 'y', 32)");
            assert_eq!(names(shell), "p20230101_x p20230101_y p20230201_x");
            assert_eq!(shell.value("SELECT sum(n) FROM t WHERE d > '2023-01-19' AND city = 'y'"), "36");
        }
        shell.run("DROP TABLE t");
        shell.run(&made);
        assert_eq!(definition(&mut shell), made);
    }
}

#[test]
fn nulls_have_lists_of_their_own_beside_steps() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE t (a INT, d DATETIME) PARTITION BY (time_slice(d, INTERVAL 7 day), a)");
    shell.run("INSERT INTO t VALUES (1, NULL), (NULL, '2022-05-06 01:02:03'), (NULL, '2022-05-08'), (NULL, '2022-05-09')");
    assert_eq!(names(&mut shell), "pNULL_1 p20220502000000_NULL p20220509000000_NULL");
    assert_eq!(shell.value("SELECT count(*) FROM t WHERE d IS NULL"), "1");
    assert_eq!(shell.value("SELECT count(*) FROM t WHERE d < '2022-05-07'"), "1");
}

#[test]
fn partitions_have_properties_of_their_own() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT) PARTITION BY RANGE (k) (
           PARTITION p1 VALUES LESS THAN ('10') ('storage_medium' = 'SSD', 'storage_cooldown_time' = '2030-01-01 00:00:00'),
           PARTITION p2 VALUES LESS THAN ('20'), PARTITION p3 VALUES LESS THAN ('30'))
         DISTRIBUTED BY HASH (k) BUCKETS 1 PROPERTIES ('replication_num' = '2')",
    );
    shell.run("ALTER TABLE t MODIFY PARTITION (p2, P3) SET ('replication_num' = '5', 'in_memory' = 'true')");
    shell.run("ALTER TABLE t MODIFY PARTITION p2 SET ('replication_num' = '7')");
    let check = |shell: &mut Shell| {
        assert_eq!(column(shell, "SHOW PARTITIONS FROM t", 10), "2 7 5");
        assert_eq!(column(shell, "SHOW PARTITIONS FROM t", 11), "SSD HDD HDD");
        assert_eq!(column(shell, "SHOW PARTITIONS FROM t", 16), "false true true");
        definition(shell)
    };
    let made = check(&mut shell);
    assert!(made.contains("(\"in_memory\" = \"true\", \"replication_num\" = \"7\")"), "{made}");
    let mut other = restored(&mut shell);
    assert_eq!(check(&mut other), made);
    shell.run("DROP TABLE t");
    shell.run(&made);
    assert_eq!(check(&mut shell), made);
    shell.run("ALTER TABLE t MODIFY PARTITION (*) SET ('replication_num' = '1')");
    assert_eq!(column(&mut shell, "SHOW PARTITIONS FROM t", 10), "1 1 1");
    shell.run(
        "CREATE TABLE plain (k INT); ALTER TABLE plain MODIFY PARTITION plain SET ('replication_num' = '3')",
    );
    assert_eq!(column(&mut shell, "SHOW PARTITIONS FROM plain", 10), "3");
    for (change, expected) in [
        ("MODIFY PARTITION nope SET ('replication_num' = '1')", "partition [nope] does not exist"),
        ("MODIFY PARTITION (p1, P1) SET ('replication_num' = '1')", "named twice"),
        ("MODIFY PARTITION p1 SET ('replication_num' = '0')", "Invalid replication_num: '0'"),
        (
            "MODIFY PARTITION p1 SET ('storage_medium' = 'TAPE')",
            "Invalid storage medium: 'TAPE'; use HDD, SSD",
        ),
        ("MODIFY PARTITION p1 SET ('storage_cooldown_time' = 'soon')", "Invalid storage_cooldown_time"),
        ("MODIFY PARTITION p1 SET ('bucket_size' = '1')", "Unknown properties: bucket_size"),
        ("MODIFY PARTITION p1 SET ('in_memory' = 'x')", "use true or false"),
    ] {
        let refused = shell.refusal(&format!("ALTER TABLE t {change}")).to_string();
        assert!(refused.contains(expected), "{change}: {refused}");
    }
}

#[test]
fn a_partition_may_have_buckets_of_its_own() {
    for (key, key_columns) in [("DUPLICATE", "k"), ("PRIMARY", "k")] {
        let mut shell = Shell::with_database();
        shell.run(&format!(
            "CREATE TABLE t (k INT NOT NULL, v INT) {key} KEY ({key_columns}) PARTITION BY RANGE (k) (
               PARTITION p1 VALUES LESS THAN ('100')) DISTRIBUTED BY HASH (k) BUCKETS 3"
        ));
        shell
            .run("ALTER TABLE t ADD PARTITION p2 VALUES LESS THAN ('200') DISTRIBUTED BY HASH (k) BUCKETS 7");
        shell.run("ALTER TABLE t ADD PARTITION p3 VALUES LESS THAN ('300') DISTRIBUTED BY HASH (k)");
        shell.run("ALTER TABLE t ADD TEMPORARY PARTITION x VALUES [('200'), ('300')) DISTRIBUTED BY HASH (k) BUCKETS 1");
        let rows = (0..300).map(|k| format!("({k}, {k})")).collect::<Vec<_>>().join(", ");
        shell.run(&format!("INSERT INTO t VALUES {rows}"));
        shell.run("INSERT INTO t TEMPORARY PARTITION (x) SELECT k, v FROM t WHERE k >= 200");
        shell.run("ALTER TABLE t REPLACE PARTITION (p3) WITH TEMPORARY PARTITION (x)");
        assert_eq!(column(&mut shell, "SHOW PARTITIONS FROM t", 9), "3 7 1");
        shell.run("INSERT INTO t VALUES (7, 7), (107, 107), (207, 207)");
        let each = if key == "PRIMARY" { "1" } else { "2" };
        let mut other = restored(&mut shell);
        for shell in [&mut shell, &mut other] {
            assert_eq!(column(shell, "SHOW PARTITIONS FROM t", 9), "3 7 1");
            for k in [7, 107, 207] {
                assert_eq!(shell.value(&format!("SELECT count(*) FROM t WHERE k = {k}")), each, "{k}");
            }
            for k in [6, 106, 206, 299] {
                assert_eq!(shell.value(&format!("SELECT v FROM t WHERE k = {k}")), k.to_string());
            }
        }
        // A partition that was divided in another way is divided as the snapshot's then.
        shell
            .run("ALTER TABLE t DROP PARTITION p2; ALTER TABLE t ADD PARTITION p2 VALUES [('100'), ('200'))");
        let stamp = shell.value("SELECT TIMESTAMP FROM information_schema.backups");
        let job =
            shell.job(&format!("RESTORE SNAPSHOT d.s FROM r PROPERTIES ('backup_timestamp' = '{stamp}')"));
        assert_eq!(job.status.to_text(), "[OK]");
        assert_eq!(column(&mut shell, "SHOW PARTITIONS FROM t", 9), "3 7 1");
        for (clause, expected) in [
            ("DISTRIBUTED BY HASH (v) BUCKETS 2", "different distribution cols"),
            ("DISTRIBUTED BY RANDOM BUCKETS 2", "different distribution cols"),
            ("DISTRIBUTED BY HASH (k) BUCKETS 0", "buckets less than 1"),
            ("DISTRIBUTED BY HASH (z)", "bucket column 'z' does not exist"),
            ("DISTRIBUTED BY HASH (k) BUCKETS 100001", "1 to 100000 buckets"),
        ] {
            let sql = format!("ALTER TABLE t ADD PARTITION y VALUES [('900'), ('901')) {clause}");
            let refused = shell.refusal(&sql).to_string();
            assert!(refused.contains(expected), "{clause}: {refused}");
        }
    }
}

#[test]
fn temporary_partitions_merge_rows_as_their_table_does() {
    for (model, value, expected) in
        [("PRIMARY", "INT", "4"), ("UNIQUE", "INT", "4"), ("AGGREGATE", "INT SUM", "7")]
    {
        let mut shell = Shell::with_database();
        shell.run(&format!(
            "CREATE TABLE t (k INT NOT NULL, v {value}) {model} KEY (k) PARTITION BY RANGE (k) (
               PARTITION p1 VALUES LESS THAN ('10'), PARTITION p2 VALUES LESS THAN ('20')) DISTRIBUTED BY HASH (k) BUCKETS 2"
        ));
        shell.run("INSERT INTO t VALUES (1, 100), (11, 200)");
        shell.run("ALTER TABLE t ADD TEMPORARY PARTITION x VALUES LESS THAN ('10')");
        for v in [1, 2, 4] {
            shell.run(&format!("INSERT INTO t TEMPORARY PARTITION (x) VALUES (1, {v})"));
        }
        assert_eq!(shell.value("SELECT sum(v) FROM t"), "300", "queries see none of it");
        assert_eq!(column(&mut shell, "SHOW TEMPORARY PARTITIONS FROM t", 17), "1");
        if model == "PRIMARY" {
            shell.run("INSERT INTO t TEMPORARY PARTITION (x) (k, v, __op) VALUES (2, 9, 0), (2, 9, 1)");
        }
        shell.run("ALTER TABLE t REPLACE PARTITION (p1) WITH TEMPORARY PARTITION (x)");
        assert_eq!(shell.value("SELECT sum(v) FROM t WHERE k < 10"), expected);
        shell.run("INSERT INTO t VALUES (1, 1)");
        assert_eq!(shell.value("SELECT count(*) FROM t WHERE k < 10"), "1");
        shell.run("ALTER TABLE t ADD TEMPORARY PARTITION y VALUES LESS THAN ('10')");
        shell.run("INSERT OVERWRITE t TEMPORARY PARTITION (y) VALUES (3, 3)");
        shell.run("INSERT OVERWRITE t TEMPORARY PARTITION (y) VALUES (4, 4)");
        shell.run("ALTER TABLE t REPLACE PARTITION (p1) WITH TEMPORARY PARTITION (y)");
        assert_eq!(shell.value("SELECT sum(v) FROM t WHERE k < 10"), "4");
    }
}

#[test]
fn batches_of_partitions_are_dropped() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE t (d DATE) PARTITION BY RANGE (d) (START ('2023-01-01') END ('2023-01-11') EVERY (INTERVAL 1 DAY))");
    shell.run("ALTER TABLE t DROP PARTITIONS START ('2023-01-03') END ('2023-01-10') EVERY (INTERVAL 1 DAY)");
    assert_eq!(names(&mut shell), "p20230101 p20230102 p20230110");
    let again = "START ('2023-01-02') END ('2023-01-04') EVERY (INTERVAL 1 DAY) FORCE";
    let refused = shell.refusal(&format!("ALTER TABLE t DROP PARTITIONS {again}")).to_string();
    assert!(refused.contains("partition [p20230103] does not exist"), "{refused}");
    shell.run(&format!("ALTER TABLE t DROP PARTITIONS IF EXISTS {again}"));
    assert_eq!(names(&mut shell), "p20230101 p20230110");
    shell.run("RECOVER PARTITION p20230105 FROM t");
    assert!(shell.refusal("RECOVER PARTITION p20230102 FROM t").to_string().contains("recycle bin"));
    shell.run("CREATE TABLE l (c VARCHAR(9)) PARTITION BY LIST (c) (PARTITION a VALUES IN ('a'))");
    let refused = shell.refusal("ALTER TABLE l DROP PARTITIONS START ('1') END ('2') EVERY (1)").to_string();
    assert!(refused.contains("needs ranges of one column"), "{refused}");
    let refused = shell.refusal("ALTER TABLE t DROP PARTITIONS START ('1') END ('2') EVERY (1)").to_string();
    assert!(refused.contains("'1' is not a value of type date"), "{refused}");
}

#[test]
fn values_that_begin_no_step_are_refused() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE t (d DATE, city STRING) PARTITION BY date_trunc('month', d), city");
    let refused = shell
        .refusal("ALTER TABLE t ADD PARTITION p VALUES IN (('2024-01-01', 'x'), ('2024-02-15', 'x'))")
        .to_string();
    assert!(refused.contains("2024-02-15 begins no step of column 'd'"), "{refused}");
    assert!(refused.contains("give 2024-02-01"), "{refused}");
    shell.run("ALTER TABLE t ADD PARTITION p VALUES IN (('2024-02-01', 'x'), (NULL, 'x'))");
    shell.run("INSERT INTO t VALUES ('2024-02-15', 'x'), (NULL, 'x')");
    assert_eq!(shell.rows("SHOW PARTITIONS FROM t").len(), 1);
}
