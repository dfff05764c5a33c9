//! What a table must keep, of its key, types, aggregations, partitions, buckets and properties.

use crate::support::Shell;

/// The rest of `CREATE TABLE n`, and a part of why it is refused.
const REFUSED: &[(&str, &str)] = &[
    // Keys.
    ("(a INT, b INT) DUPLICATE KEY (b, a)", "Key columns must be the first few columns"),
    ("(a INT, b INT, c INT) DUPLICATE KEY (a, c)", "Key columns must be the first few columns"),
    ("(a INT, b INT) DUPLICATE KEY (a, a)", "duplicated key column 'a'"),
    ("(a FLOAT, b INT) DUPLICATE KEY (a)", "Invalid data type of key column 'a': 'float'"),
    ("(a JSON, b INT) PRIMARY KEY (a)", "Invalid data type of key column 'a': 'json'"),
    (
        "(a DOUBLE, b INT) UNIQUE KEY (a) DISTRIBUTED BY HASH (a)",
        "Invalid data type of key column 'a': 'double'",
    ),
    ("(a DECIMAL(9, 2), b INT) PRIMARY KEY (a)", "must be NOT NULL and of type"),
    ("(a INT NULL, b INT) PRIMARY KEY (a)", "cannot be nullable"),
    ("(a INT KEY, b INT) DUPLICATE KEY (b)", "says KEY but is not in DUPLICATE KEY"),
    ("(a INT, b INT) PRIMARY KEY (z)", "key column 'z' doesn't exist"),
    // Aggregations.
    ("(a INT, b INT) AGGREGATE KEY (a) DISTRIBUTED BY HASH (a)", "give it an aggregate function"),
    ("(a INT, b INT SUM) DUPLICATE KEY (a)", "cannot specify an aggregate function"),
    ("(a INT, b INT MAX) PRIMARY KEY (a)", "cannot specify an aggregate function"),
    ("(a INT SUM, b INT SUM) AGGREGATE KEY (a) DISTRIBUTED BY HASH (a)", "for key column 'a'"),
    ("(a INT, b VARCHAR(9) SUM) DISTRIBUTED BY HASH (a)", "SUM does not take type"),
    ("(a INT, b DATE SUM) DISTRIBUTED BY HASH (a)", "SUM does not take type"),
    ("(a INT SUM) DISTRIBUTED BY HASH (a)", "needs a column without an aggregate function"),
    // Buckets.
    ("(a INT, b INT) UNIQUE KEY (a)", "not support default distribution"),
    ("(a INT, b INT SUM) AGGREGATE KEY (a)", "not support default distribution"),
    ("(a INT, b INT) UNIQUE KEY (a) DISTRIBUTED BY RANDOM", "cannot be DISTRIBUTED BY RANDOM"),
    ("(a INT, b INT) PRIMARY KEY (a) DISTRIBUTED BY RANDOM BUCKETS 3", "cannot be DISTRIBUTED BY RANDOM"),
    ("(a INT, b INT REPLACE) DISTRIBUTED BY RANDOM", "cannot be DISTRIBUTED BY RANDOM"),
    (
        "(a INT, b INT SUM) AGGREGATE KEY (a) DISTRIBUTED BY RANDOM",
        "cannot be DISTRIBUTED BY RANDOM: rows of equal key must meet to become one; use HASH",
    ),
    (
        "(a INT, b INT) UNIQUE KEY (a) DISTRIBUTED BY HASH (b)",
        "bucket column 'b' of a UNIQUE KEY table must be a key",
    ),
    ("(a INT, b INT) PRIMARY KEY (a) DISTRIBUTED BY HASH (a, b)", "must be a key column"),
    ("(a INT, b INT) DISTRIBUTED BY HASH (a, A)", "duplicated bucket column 'A'"),
    ("(a INT, b DOUBLE) DISTRIBUTED BY HASH (b)", "bucket column 'b' of type double cannot be used"),
    ("(a INT, b JSON) DISTRIBUTED BY HASH (b)", "bucket column 'b' of type json cannot be used"),
    ("(a INT) DISTRIBUTED BY HASH (a) BUCKETS 0", "0 buckets are not possible"),
    ("(a INT) DISTRIBUTED BY HASH (a) BUCKETS 100001", "100001 buckets are not possible"),
    // Partitions.
    (
        "(a INT, b INT) PRIMARY KEY (a) PARTITION BY RANGE (b) ()",
        "partition column 'b' of a PRIMARY KEY table must be",
    ),
    ("(a INT, b INT) UNIQUE KEY (a) PARTITION BY b DISTRIBUTED BY HASH (a)", "must be a key column"),
    ("(a INT) PARTITION BY RANGE (a, A) ()", "duplicated partition column 'A'"),
    ("(b INT, a DECIMAL(9, 2)) PARTITION BY RANGE (a) ()", "partition column 'a' cannot be of type"),
    ("(b INT, a FLOAT) PARTITION BY RANGE (a) ()", "partition column 'a' cannot be of type"),
    ("(b INT, a DOUBLE) PARTITION BY a", "partition column 'a' cannot be of type"),
    (
        "(a INT) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN ('5'), PARTITION q VALUES LESS THAN ('5'))",
        "order partitions by their bounds",
    ),
    (
        "(a INT) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN ('5'), PARTITION q VALUES LESS THAN ('4'))",
        "order partitions by their bounds",
    ),
    (
        "(a INT) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN MAXVALUE, PARTITION q VALUES LESS THAN ('4'))",
        "order partitions by their bounds",
    ),
    (
        "(a INT) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN ('5'), PARTITION q VALUES [('5'), ('9')))",
        "cannot be mixed",
    ),
    (
        "(a INT) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN ('5'), START ('5') END ('9') EVERY (1))",
        "cannot be mixed",
    ),
    (
        "(a INT) PARTITION BY RANGE (a) (PARTITION p VALUES [('1'), ('6')), PARTITION q VALUES [('5'), ('9')))",
        "overlap",
    ),
    (
        "(a INT) PARTITION BY RANGE (a) (START ('1') END ('6') EVERY (2), START ('4') END ('9') EVERY (5))",
        "overlap",
    ),
    ("(a INT) PARTITION BY RANGE (a) (PARTITION p VALUES [('6'), ('6')))", "not before its upper bound"),
    ("(a INT) PARTITION BY RANGE (a) (PARTITION p VALUES [(MAXVALUE), ('6')))", "cannot be MAXVALUE"),
    (
        "(a INT) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN ('5', '6'))",
        "2 values for 1 partition columns",
    ),
    ("(a INT) PARTITION BY RANGE (a) (PARTITION placeholder_p VALUES LESS THAN ('5'))", "partition name"),
    ("(a INT) PARTITION BY RANGE (a) (PARTITION `1p` VALUES LESS THAN ('5'))", "partition name"),
    (
        "(a INT) PARTITION BY LIST (a) (PARTITION p VALUES IN ('1'), PARTITION P VALUES IN ('2'))",
        "another of that name",
    ),
    ("(a INT) PARTITION BY RANGE (a) (START ('1') END ('9') EVERY (0))", "at least 1"),
    ("(a INT) PARTITION BY RANGE (a) (START ('9') END ('1') EVERY (1))", "START must be below END"),
    (
        "(a DATE) PARTITION BY RANGE (a) (START ('2013-01-01') END ('2013-01-02') EVERY (INTERVAL 1 HOUR))",
        "EVERY of a DATE",
    ),
    (
        "(a DATE) PARTITION BY RANGE (a) (START ('2013-01-01') END ('2013-01-02') EVERY (1))",
        "EVERY of a DATE",
    ),
    (
        "(a VARCHAR(9)) PARTITION BY RANGE (a) (START ('1') END ('2') EVERY (1))",
        "cannot divide a column of type",
    ),
    (
        "(a INT) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN ('3000000000'))",
        "is not a value of type int",
    ),
    (
        "(a INT) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN ('5') ('replication_num' = 'x'))",
        "partition 'p': Invalid replication_num: 'x'",
    ),
    // Properties.
    ("(a INT) PROPERTIES ('replication_num' = '0')", "Invalid replication_num: '0'"),
    ("(a INT) PROPERTIES ('storage_medium' = 'tape')", "Invalid storage medium: 'tape'; use HDD, SSD"),
    ("(a INT) PROPERTIES ('storage_cooldown_time' = 'tomorrow')", "Invalid storage_cooldown_time"),
    ("(a INT) PROPERTIES ('storage_cooldown_ttl' = 'soon')", "Invalid storage_cooldown_ttl"),
    ("(a INT) PROPERTIES ('bloom_filter_fpp' = '0.5')", "Bloom filter fpp should in [0.0001, 0.05]"),
    ("(a INT) PROPERTIES ('write_quorum' = 'TWO')", "use MAJORITY, ONE, ALL"),
    ("(a INT) PROPERTIES ('bucket_size' = '-1')", "Invalid bucket_size"),
    ("(a INT) PROPERTIES ('replicated_storage' = 'yes')", "use true or false"),
    ("(a INT) PROPERTIES ('persistent_index_type' = 'DISK')", "use LOCAL, CLOUD_NATIVE"),
    ("(a INT) PROPERTIES ('storage_format' = 'V9')", "use DEFAULT, V2"),
    ("(a INT) PROPERTIES ('Replication_num' = '1')", "Unknown properties: Replication_num"),
    ("(a INT) PROPERTIES ('replication_num' = '1', 'replication_num' = '1')", "given twice"),
    ("(a INT) PROPERTIES ('unique_constraints' = 'a; b')", "column 'b' does not exist in table 'n'"),
    ("(a INT) PROPERTIES ('default.storage_medium' = 'tape')", "Invalid storage medium: 'tape'"),
    ("(a INT) PROPERTIES ('default.compression' = 'LZ4')", "Unknown properties: default.compression"),
    ("(a INT) PROPERTIES ('partition_live_number' = '3')", "single-column range partition"),
    ("(a INT) PROPERTIES ('partition_retention_condition' = 'a > 1')", "not supported yet"),
];

#[test]
fn tables_that_break_a_rule_are_refused_in_analysis() {
    let mut shell = Shell::with_database();
    let mut wrong = Vec::new();
    for (rest, words) in REFUSED {
        let sql = format!("CREATE TABLE n {rest}");
        match shell.execute(&sql) {
            Err(error)
                if error.kind() == cairn_sql::ErrorKind::Analysis && error.to_string().contains(words) => {}
            Err(error) => wrong.push(format!("{sql}\n    expected: {words}\n    found {error:?}")),
            Ok(_) => {
                shell.run("DROP TABLE n FORCE");
                wrong.push(format!("{sql}\n    expected: {words}\n    was accepted"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn properties_that_fit_are_kept_and_shown() {
    let mut shell = Shell::with_database();
    let properties = [
        ("replication_num", "3"),
        ("storage_medium", "SSD"),
        ("storage_cooldown_time", "2030-01-01 00:00:00"),
        ("write_quorum", "majority"),
        ("bucket_size", "0"),
        ("replicated_storage", "TRUE"),
        ("fast_schema_evolution", "false"),
        ("persistent_index_type", "LOCAL"),
        ("enable_persistent_index", "true"),
        ("bloom_filter_fpp", "0.05"),
    ];
    let list = properties.map(|(key, value)| format!("'{key}' = '{value}'")).join(", ");
    shell.run(&format!("CREATE TABLE t (a INT) PROPERTIES ({list})"));
    let shown = shell.value("SHOW CREATE TABLE t");
    for (key, value) in properties {
        assert!(shown.contains(&format!("\"{key}\" = \"{value}\"")), "{key}: {shown}");
    }
    shell.run("ALTER TABLE t SET ('default.replication_num' = '2', 'unique_constraints' = 'd.t.a')");
    assert!(shell.value("SHOW CREATE TABLE t").contains("\"replication_num\" = \"2\""));
}

#[test]
fn constraints_follow_their_columns() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE t (a INT, b INT, c INT) PROPERTIES ('unique_constraints' = 'a, d.t.b; c')");
    let constraints = |shell: &mut Shell| {
        let shown = shell.value("SHOW CREATE TABLE t");
        let line = shown.lines().find(|line| line.contains("unique_constraints"));
        line.map(|line| line.split('"').nth(3).unwrap().to_owned())
    };
    shell.run("ALTER TABLE t RENAME COLUMN B TO e");
    assert_eq!(constraints(&mut shell).as_deref(), Some("a, d.t.e; c"));
    shell.run("ALTER TABLE t SET ('replication_num' = '2')");
    // Without one of its columns a constraint would say something else.
    shell.run("ALTER TABLE t DROP COLUMN e");
    assert_eq!(constraints(&mut shell).as_deref(), Some("c"));
    shell.run("ALTER TABLE t DROP COLUMN c");
    assert_eq!(constraints(&mut shell), None);
    let shown = shell.value("SHOW CREATE TABLE t").split_once('|').unwrap().1.to_owned();
    shell.run("DROP TABLE t");
    shell.run(&shown);
}

#[test]
fn any_table_may_keep_all_its_partitions() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE plain (a INT) PROPERTIES ('partition_live_number' = '-1');
         CREATE TABLE lists (a INT NOT NULL) PARTITION BY LIST (a) (PARTITION p VALUES IN ('1'));
         ALTER TABLE lists SET ('partition_live_number' = '-1')",
    );
    assert!(shell.value("SHOW CREATE TABLE lists").contains("\"partition_live_number\" = \"-1\""));
}
