//! List partitions, and partitions that loads make.

use cairn_engine::JobStatus;

use crate::support::Shell;

fn names(shell: &mut Shell, table: &str) -> Vec<String> {
    let rows = shell.rows(&format!("SHOW PARTITIONS FROM {table}"));
    rows.iter().map(|row| row.split('|').nth(1).unwrap().to_owned()).collect()
}

/// The values of one column of SHOW PARTITIONS.
fn shown(shell: &mut Shell, table: &str, column: &str) -> Vec<String> {
    let sql = format!("SHOW PARTITIONS FROM {table}");
    let at = shell.columns(&sql).iter().position(|name| name == column).unwrap();
    shell.rows(&sql).iter().map(|row| row.split('|').nth(at).unwrap().to_owned()).collect()
}

fn files(shell: &mut Shell, query: &str) -> usize {
    let plans = shell.rows(&format!("EXPLAIN VERBOSE {query}"));
    plans.iter().rfind(|plan| plan.starts_with("physical_plan|")).unwrap().matches(".parquet").count()
}

const CITIES: &str = "CREATE TABLE cities (city VARCHAR(20), n INT) DUPLICATE KEY (city)
    PARTITION BY LIST (city) (PARTITION east VALUES IN ('shanghai', 'hangzhou'), PARTITION north VALUES IN ('beijing'),
    PARTITION nowhere VALUES IN (NULL)) DISTRIBUTED BY HASH (n) BUCKETS 1";

#[test]
fn rows_go_to_the_list_that_has_their_value() {
    let mut shell = Shell::with_database();
    shell.run(CITIES);
    shell.run("INSERT INTO cities VALUES ('beijing', 1), ('hangzhou', 2), (NULL, 3), ('shanghai', 4), ('beijing', 5)");
    assert_eq!(shown(&mut shell, "cities", "RowCount"), ["2", "2", "1"]);
    assert_eq!(shown(&mut shell, "cities", "List"), ["('shanghai', 'hangzhou')", "('beijing')", "(NULL)"]);
    let refused = shell.refusal("INSERT INTO cities VALUES ('beijing', 6), ('paris', 7)").to_string();
    assert!(refused.contains("row 2: no partition takes (paris)"), "{refused}");
    assert_eq!(shell.value("SELECT count(*), sum(n) FROM cities"), "5|15");
    for (filter, expected) in [
        ("city = 'beijing'", 1),
        ("city IN ('beijing', 'hangzhou')", 2),
        ("city IS NULL", 1),
        ("city IS NOT NULL", 2),
        ("city > 'c'", 1),
        ("city = 'paris'", 0),
        ("n > 0", 3),
    ] {
        assert_eq!(files(&mut shell, &format!("SELECT n FROM cities WHERE {filter}")), expected, "{filter}");
    }
    shell.run("INSERT INTO cities PARTITION (north) VALUES ('beijing', 8)");
    let refused = shell.refusal("INSERT INTO cities PARTITION (north) VALUES ('shanghai', 8)").to_string();
    assert!(refused.contains("name that partition in the load, or none"), "{refused}");
    shell.run("TRUNCATE TABLE cities PARTITION (east)");
    assert_eq!(shown(&mut shell, "cities", "RowCount"), ["0", "3", "1"]);
}

#[test]
fn lists_of_several_columns_hold_tuples() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (d DATE, c VARCHAR(9), n INT) PARTITION BY (d, c) (
           PARTITION p1 VALUES IN (('2013-01-01', 'a'), ('2013-01-02', NULL)), PARTITION p2 VALUES IN (('2013-01-01', 'b')))",
    );
    shell.run("INSERT INTO t VALUES ('2013-01-01', 'b', 1), ('2013-01-02', NULL, 2), ('2013-01-01', 'a', 3)");
    assert_eq!(shown(&mut shell, "t", "RowCount"), ["2", "1"]);
    assert_eq!(
        shown(&mut shell, "t", "List"),
        ["(('2013-01-01', 'a'), ('2013-01-02', NULL))", "(('2013-01-01', 'b'))"]
    );
    assert!(
        shell.refusal("INSERT INTO t VALUES ('2013-01-02', 'b', 1)").to_string().contains("(2013-01-02, b)")
    );
    assert_eq!(files(&mut shell, "SELECT n FROM t WHERE c = 'b'"), 1);
}

#[test]
fn what_is_made_prints_and_makes_the_same_again() {
    let mut shell = Shell::with_database();
    for sql in [
        "CREATE TABLE t (c VARCHAR(9), n LARGEINT) PARTITION BY LIST (c, n) (PARTITION p VALUES IN (('a', '1'), (NULL, '-5')))",
        "CREATE TABLE t (c BOOLEAN, n INT) DUPLICATE KEY (c) PARTITION BY (c) (PARTITION p VALUES IN ('true'))",
        "CREATE TABLE t (c VARCHAR(9), n INT) PARTITION BY c",
        "CREATE TABLE t (c VARCHAR(9), n INT) PARTITION BY (c, n)",
        "CREATE TABLE t (d DATETIME) PARTITION BY date_trunc('hour', d)",
        "CREATE TABLE t (d DATE) PARTITION BY time_slice(d, INTERVAL 7 DAY)",
        "CREATE TABLE t (d DATE) PARTITION BY date_trunc('month', d)
         (START ('2013-01-01') END ('2013-03-01') EVERY (INTERVAL 1 MONTH))",
    ] {
        shell.run(sql);
        let first = shell.value("SHOW CREATE TABLE t");
        shell.run("DROP TABLE t");
        shell.run(first.strip_prefix("t|").unwrap());
        assert_eq!(shell.value("SHOW CREATE TABLE t"), first);
        shell.run("DROP TABLE t");
    }
}

#[test]
fn loads_make_partitions_of_lists() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE t (d DATE, c VARCHAR(20)) PARTITION BY (d, c) DISTRIBUTED BY HASH (c) BUCKETS 1");
    shell.run(
        "INSERT INTO t VALUES ('2023-02-26', 'beijing'), ('2023-02-26', 'a b'), (NULL, 'A'), (NULL, 'a')",
    );
    shell.run("INSERT INTO t VALUES ('2023-02-26', 'beijing')");
    let found = names(&mut shell, "t");
    assert_eq!(found[..3], ["p20230226_beijing", "p20230226_ab", "pNULL_A"]);
    assert!(found[3].starts_with("pNULL_a_"), "{found:?}");
    assert_eq!(shown(&mut shell, "t", "RowCount"), ["2", "1", "1", "1"]);
    // A load that fails makes none.
    let rows: Vec<String> = (0..4097).map(|n| format!("(NULL, 'v{n}')")).collect();
    let refused = shell.refusal(&format!("INSERT INTO t VALUES {}", rows.join(", "))).to_string();
    assert!(refused.contains("row 4097: a load makes at most 4096 partitions"), "{refused}");
    assert!(shell.refusal("INSERT INTO t VALUES (NULL, 'x'), ('x', NULL)").to_string().contains("row 2"));
    assert_eq!(names(&mut shell, "t").len(), 4);
    shell.run("INSERT INTO t PARTITION (p20230226_ab) VALUES ('2023-02-26', 'a b')");
    let refused =
        shell.refusal("INSERT INTO t PARTITION (p20230226_ab) VALUES ('2023-02-26', 'z')").to_string();
    assert!(refused.contains("name that partition in the load, or none"), "{refused}");
}

#[test]
fn loads_make_partitions_of_time() {
    let mut shell = Shell::with_database();
    let cases = [
        ("date_trunc('minute', d)", "p202302261005 p202302261006 p202303010000"),
        ("date_trunc('hour', d)", "p2023022610 p2023030100"),
        ("date_trunc('day', d)", "p20230226 p20230301"),
        ("date_trunc('MONTH', d)", "p202302 p202303"),
        ("date_trunc('year', d)", "p2023"),
        ("time_slice(d, INTERVAL 7 day)", "p20230220 p20230227"),
        ("time_slice(d, INTERVAL 5 minute)", "p202302261005 p202303010000"),
        ("time_slice(d, INTERVAL 2 month, 'floor')", "p202301 p202303"),
    ];
    for (expression, expected) in cases {
        shell.run(&format!("CREATE TABLE t (d DATETIME) PARTITION BY {expression}"));
        shell.run("INSERT INTO t VALUES ('2023-03-01'), ('2023-02-26 10:05:59'), ('2023-02-26 10:06:00')");
        assert_eq!(names(&mut shell, "t").join(" "), expected, "{expression}");
        assert_eq!(shell.value("SELECT count(*) FROM t WHERE d >= '2023-03-01'"), "1");
        assert_eq!(shell.value("SELECT count(*) FROM t WHERE d < '2023-03-01'"), "2", "{expression}");
        shell.run("INSERT INTO t VALUES (NULL)");
        assert_eq!(shell.value("SELECT count(*) FROM t WHERE d IS NULL"), "1", "{expression}");
        shell.run("DROP TABLE t");
    }
}

#[test]
fn partitions_made_beforehand_stand_beside_those_that_loads_make() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (d DATE) PARTITION BY date_trunc('month', d)
         (START ('2013-01-01') END ('2013-03-01') EVERY (INTERVAL 1 MONTH))",
    );
    assert_eq!(names(&mut shell, "t"), ["p201301", "p201302"]);
    shell.run("INSERT INTO t VALUES ('2013-02-28'), ('2013-03-01'), ('2012-12-31')");
    assert_eq!(names(&mut shell, "t"), ["p201212", "p201301", "p201302", "p201303"]);
    assert_eq!(shown(&mut shell, "t", "RowCount"), ["1", "0", "1", "1"]);
}

#[test]
fn partitioned_tables_come_back_from_a_backup() {
    let mut shell = Shell::with_database();
    let repository = shell.directory.with_file_name("repository");
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", repository.display()));
    shell.run(CITIES);
    shell.run("CREATE TABLE days (d DATE, n INT) PARTITION BY date_trunc('day', d)");
    shell.run("INSERT INTO cities VALUES ('beijing', 1), ('hangzhou', 2), (NULL, 3)");
    shell.run("INSERT INTO days VALUES ('2013-01-01', 1), ('2013-01-02', 2)");
    let done = shell.job("BACKUP SNAPSHOT d.s TO r");
    assert_eq!(done.status, JobStatus::Ok);
    let single =
        shell.job("BACKUP SNAPSHOT d.one TO r ON (cities PARTITION (north), days PARTITION (p20130102))");
    assert_eq!(single.status, JobStatus::Ok);
    let restore = |shell: &mut Shell, what: &str, label: &str, at: &str| {
        shell.job(&format!(
            "RESTORE SNAPSHOT d.{label} FROM r {what} PROPERTIES ('backup_timestamp' = '{at}')"
        ))
    };
    let (all, one) = (done.timestamp.to_string(), single.timestamp.to_string());
    // Into tables that changed meanwhile: what is there is replaced, what is missing is made, the rest stays.
    shell.run("TRUNCATE TABLE cities; INSERT INTO cities VALUES ('shanghai', 10)");
    shell.run("DROP TABLE days; CREATE TABLE days (d DATE, n INT) PARTITION BY date_trunc('day', d)");
    shell.run("INSERT INTO days VALUES ('2013-01-03', 3)");
    assert_eq!(restore(&mut shell, "", "one", &one).status, JobStatus::Ok);
    assert_eq!(shell.value("SELECT sum(n) FROM cities"), "11");
    assert_eq!(names(&mut shell, "days"), ["p20130102", "p20130103"]);
    assert_eq!(restore(&mut shell, "", "s", &all).status, JobStatus::Ok);
    assert_eq!(shell.value("SELECT sum(n) FROM cities"), "6");
    assert_eq!(shell.value("SELECT sum(n) FROM days"), "6");
    // A restored table goes on making partitions.
    shell.run("DROP TABLE days");
    assert_eq!(restore(&mut shell, "ON (days)", "s", &all).status, JobStatus::Ok);
    shell.run("INSERT INTO days VALUES ('2013-01-09', 9)");
    assert_eq!(names(&mut shell, "days"), ["p20130101", "p20130102", "p20130109"]);
    // Lists are the same in any order; other values are refused.
    for (values, fits) in [("'hangzhou', 'shanghai'", true), ("'hangzhou'", false)] {
        shell.run(&format!(
            "DROP TABLE cities; CREATE TABLE cities (city VARCHAR(20), n INT) DUPLICATE KEY (city)
             PARTITION BY LIST (city) (PARTITION east VALUES IN ({values})) DISTRIBUTED BY HASH (n) BUCKETS 1"
        ));
        let record = restore(&mut shell, "ON (cities)", "s", &all);
        assert_eq!(record.status == JobStatus::Ok, fits, "{:?}", record.status);
    }
    shell.run(
        "DROP TABLE cities; CREATE TABLE cities (city VARCHAR(20), n INT) DUPLICATE KEY (city)
         PARTITION BY LIST (city) (PARTITION other VALUES IN ('beijing')) DISTRIBUTED BY HASH (n) BUCKETS 1",
    );
    let status = restore(&mut shell, "ON (cities)", "s", &all).status.to_text();
    assert!(status.contains("conflict value"), "{status}");
}
