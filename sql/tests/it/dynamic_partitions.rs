//! Partitions that come and go by a table's properties.

use crate::support::Shell;

const DYNAMIC: &str = "CREATE TABLE t (day DATE, v INT) PARTITION BY RANGE (day) () PROPERTIES (
    'dynamic_partition.time_unit' = 'DAY', 'dynamic_partition.start' = '-3', 'dynamic_partition.end' = '2',
    'dynamic_partition.prefix' = 'p', 'dynamic_partition.time_zone' = 'Asia/Shanghai')";

fn count(shell: &mut Shell) -> usize {
    shell.rows("SHOW PARTITIONS FROM t").len()
}

#[test]
fn a_table_gets_its_partitions_when_it_is_made_or_changed() {
    let mut shell = Shell::with_database();
    shell.run(DYNAMIC);
    assert_eq!(count(&mut shell), 3);
    shell.run(
        "ALTER TABLE t SET ('dynamic_partition.end' = '5', 'dynamic_partition.history_partition_num' = '9')",
    );
    assert_eq!(count(&mut shell), 9, "no history is made that would be dropped");
    for change in ["ADD PARTITION x VALUES LESS THAN ('2000-01-01')", "DROP PARTITION x"] {
        let refused = shell.refusal(&format!("ALTER TABLE t {change}")).to_string();
        assert!(refused.contains("Cannot add/drop partition on a Dynamic Partition Table"), "{refused}");
    }
    shell.run("ALTER TABLE t SET ('dynamic_partition.enable' = 'false')");
    shell.run("ALTER TABLE t ADD PARTITION x VALUES LESS THAN ('2000-01-01')");
    shell.run("INSERT INTO t PARTITION (x) VALUES ('1999-12-31', 1)");
    shell.run("ALTER TABLE t SET ('dynamic_partition.enable' = 'true')");
    assert_eq!(shell.value("SELECT count(*) FROM t"), "0", "what is behind goes at once");
    shell.run("ALTER TABLE t SET ('dynamic_partition.enable' = 'false'); RECOVER PARTITION x FROM t");
    assert_eq!(shell.value("SELECT sum(v) FROM t"), "1");
}

#[test]
fn partitions_are_made_as_the_properties_say() {
    let mut shell = Shell::with_database();
    let in_utc = DYNAMIC.replace("Asia/Shanghai", "UTC");
    let more = "('dynamic_partition.buckets' = '7', 'dynamic_partition.replication_num' = '2',";
    shell.run(
        &in_utc.replace("PROPERTIES (", &format!("DISTRIBUTED BY HASH (v) BUCKETS 3 PROPERTIES {more}")),
    );
    for row in shell.rows("SHOW PARTITIONS FROM t") {
        let values: Vec<&str> = row.split('|').collect();
        assert_eq!((values[9], values[10]), ("7", "2"), "{row}");
    }
    shell.run("INSERT INTO t SELECT CURRENT_DATE, 1");
    assert_eq!(shell.value("SELECT count(*) FROM t WHERE v = 1"), "1");
}

#[test]
fn the_statement_that_is_shown_makes_the_same_table() {
    let mut shell = Shell::with_database();
    // Where CURRENT_DATE has its days.
    shell.run(&DYNAMIC.replace("Asia/Shanghai", "UTC"));
    let shown = shell.value("SHOW CREATE TABLE t").split_once('|').unwrap().1.to_owned();
    assert!(shown.contains("\"dynamic_partition.start\" = \"-3\""), "{shown}");
    shell.run("DROP TABLE t");
    shell.run(&shown);
    assert_eq!(shell.value("SHOW CREATE TABLE t").split_once('|').unwrap().1, shown);
    shell.run("INSERT INTO t SELECT CURRENT_DATE, 1");
}

#[test]
fn wrong_properties_are_refused_in_analysis() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE plain (a INT); CREATE TABLE t (a DATE) PARTITION BY date_trunc('day', a)");
    for (sql, expected) in [
        (
            DYNAMIC.replace("'dynamic_partition.prefix' = 'p',", ""),
            "Must assign dynamic_partition.prefix properties",
        ),
        (DYNAMIC.replace("DAY", "SECOND"), "Unsupported time unit SECOND"),
        (DYNAMIC.replace("Asia/Shanghai", "Mars"), "Unknown or incorrect time zone: 'Mars'"),
        (DYNAMIC.replace(".start", ".begin"), "Unknown properties: dynamic_partition.begin"),
        (
            "ALTER TABLE plain SET ('dynamic_partition.enable' = 'true')".to_owned(),
            "Dynamic partition only support single-column range partition",
        ),
        ("ALTER TABLE plain SET ('partition_live_number' = '1')".to_owned(), "single-column range partition"),
        ("ALTER TABLE t SET ('partition_live_number' = '0')".to_owned(), "must larger than 0"),
    ] {
        let verdicts = shell.check(&sql.replace("TABLE t (", "TABLE d.t2 ("));
        assert!(verdicts[0].contains(expected), "{sql}: {verdicts:?}");
    }
}

#[test]
fn the_newest_partitions_live() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (day DATE, v INT) PARTITION BY date_trunc('day', day)
         PROPERTIES ('partition_live_number' = '2')",
    );
    shell.run(
        "INSERT INTO t VALUES ('2001-01-01', 1), ('2002-01-01', 2), ('2003-01-01', 4), ('9000-01-01', 8)",
    );
    shell.store.keep_partitions();
    assert_eq!(shell.value("SELECT sum(v) FROM t"), "14");
    shell.run("ALTER TABLE t SET ('partition_live_number' = '1')");
    assert_eq!(shell.value("SELECT sum(v) FROM t"), "12");
}

/// As the specification says it.
#[test]
fn what_a_restore_replaces_in_a_dynamic_table_can_be_recovered() {
    let mut shell = Shell::with_database();
    let repository = shell.directory.with_file_name("repository");
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", repository.display()));
    shell.run(&DYNAMIC.replace("Asia/Shanghai", "UTC"));
    shell.run("INSERT INTO t SELECT CURRENT_DATE, 1");
    // The days of the table are today and those that follow.
    let partitions = shell.rows("SHOW PARTITIONS FROM t");
    let name = partitions[0].split('|').nth(1).unwrap().to_owned();
    assert_eq!(shell.job("BACKUP SNAPSHOT d.s TO r").status.to_text(), "[OK]");
    shell.run("INSERT INTO t SELECT CURRENT_DATE, 10");
    let job = shell.job("RESTORE SNAPSHOT d.s FROM r PROPERTIES ('backup_timestamp' = 'latest')");
    assert_eq!(job.status.to_text(), "[OK]");
    assert_eq!(shell.value("SELECT sum(v) FROM t"), "1");
    shell.run(&format!(
        "ALTER TABLE t SET ('dynamic_partition.enable' = 'false');
         ALTER TABLE t DROP PARTITION {name} FORCE; RECOVER PARTITION {name} FROM t;
         ALTER TABLE t SET ('dynamic_partition.enable' = 'true')"
    ));
    assert_eq!(shell.value("SELECT sum(v) FROM t"), "11");
}
