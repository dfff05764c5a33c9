//! What is refused, at which stage, with which words.

use cairn_sql::ErrorKind::{self, AlreadyExists, Analysis, Parse, ReadOnly};

use crate::support::Shell;

const STAMP: &str = "PROPERTIES ('backup_timestamp' = '2024-12-09-10-25-58-842')";

/// A statement, the kind of its error, and words of the message.
const CASES: &[(&str, ErrorKind, &str)] = &[
    // Names.
    ("SHOW TABLES", Analysis, "No database selected"),
    ("SELECT * FROM t", Analysis, "No database selected"),
    ("INSERT INTO t VALUES (1)", Analysis, "No database selected"),
    ("CREATE TABLE t (k INT)", Analysis, "No database selected"),
    ("USE nope", Analysis, "unknown database 'nope'"),
    ("DROP DATABASE nope", Analysis, "unknown database 'nope'"),
    ("DROP TABLE d.nope", Analysis, "unknown table 'd.nope'"),
    ("SHOW CREATE TABLE d.nope", Analysis, "unknown table 'd.nope'"),
    ("SELECT * FROM hive.d.t", Analysis, "unknown catalog 'hive'"),
    ("SELECT nope FROM d.t", Analysis, "no field named nope"),
    ("SELECT nope(1)", Analysis, "invalid function 'nope'"),
    ("CREATE DATABASE d", AlreadyExists, "database 'd' exists already"),
    ("CREATE DATABASE `a b`", Analysis, "wrong database name"),
    ("CREATE TABLE d.t (k INT)", AlreadyExists, "table 'd.t' exists already"),
    ("TRUNCATE TABLE d.p PARTITION (nope)", Analysis, "partition [nope] does not exist in table p"),
    // Queries stay queries.
    ("COPY d.t TO '/tmp/x'", Parse, "COPY"),
    ("SET x = 1", Parse, "SET"),
    // CREATE TABLE.
    ("CREATE TABLE d.n (k INT, K INT)", Analysis, "Duplicate column name 'K'"),
    ("CREATE TABLE d.n (k FLOAT)", Analysis, "Data type of first column cannot be float"),
    (
        "CREATE TABLE d.n (a INT, b INT) DUPLICATE KEY (b)",
        Analysis,
        "Key columns must be the first few columns",
    ),
    ("CREATE TABLE d.n (a DOUBLE) DUPLICATE KEY (a)", Analysis, "Invalid data type of key column 'a'"),
    ("CREATE TABLE d.n (a INT) DUPLICATE KEY (z)", Analysis, "key column 'z' doesn't exist"),
    ("CREATE TABLE d.n (a INT, b INT SUM)", Analysis, "not support default distribution"),
    ("CREATE TABLE d.n (a ARRAY<INT>)", Analysis, "Data type of first column cannot be array<int>"),
    ("CREATE TABLE d.n (a DECIMAL(3, 5))", Analysis, "scale"),
    (
        "CREATE TABLE d.n (a INT) DISTRIBUTED BY HASH (a) BUCKETS 99999999999",
        Analysis,
        "99999999999 buckets are too many",
    ),
    ("CREATE TABLE d.n (a INT DEFAULT 'x')", Analysis, "'x' is not a value of type int"),
    ("CREATE TABLE d.n (a INT NOT NULL DEFAULT NULL)", Analysis, "cannot be NULL"),
    ("CREATE TABLE d.n (a DATE DEFAULT CURRENT_TIMESTAMP)", Analysis, "only supported for DATETIME"),
    ("CREATE TABLE d.n (a DATETIME DEFAULT CURRENT_TIMESTAMP(7))", Analysis, "precision must be 0 to 6"),
    ("CREATE TABLE d.n (a INT DEFAULT (uuid()))", Analysis, "uuid() for type int is not supported"),
    ("CREATE TABLE d.n (a VARCHAR(35) DEFAULT (uuid()))", Analysis, "length must be greater than 36"),
    ("CREATE TABLE d.n (a STRING DEFAULT (now()))", Analysis, "function now() is not supported"),
    ("CREATE TABLE d.n (a INT NOT NULL AUTO_INCREMENT)", Analysis, "must be BIGINT"),
    ("CREATE TABLE d.n (a BIGINT NULL AUTO_INCREMENT)", Analysis, "must be NOT NULL"),
    (
        "CREATE TABLE d.n (a BIGINT AUTO_INCREMENT, b BIGINT AUTO_INCREMENT)",
        Analysis,
        "More than one AUTO_INCREMENT column",
    ),
    ("CREATE TABLE d.n (a INT, b INT AS (a + 1), c INT)", Analysis, "defined after ordinary columns"),
    ("CREATE TABLE d.n (a INT, b INT AS (a)) DUPLICATE KEY (a, b)", Analysis, "can not be KEY"),
    ("CREATE TABLE d.n (a INT, b INT NOT NULL AS (a + 1))", Analysis, "must be nullable"),
    ("CREATE TABLE d.n (a INT, b INT AS (z + 1))", Analysis, "no field named z"),
    ("CREATE TABLE d.n (a INT, b INT AS (a), c INT AS (b))", Analysis, "refers to other generated columns"),
    ("CREATE TABLE d.n (a BIGINT AUTO_INCREMENT, b BIGINT AS (a))", Analysis, "refers to AUTO_INCREMENT"),
    ("CREATE TABLE d.n (a INT, b INT AS (max(a)))", Analysis, "don't support aggregation"),
    ("CREATE TABLE d.n (a INT, b INT AS ((SELECT 1)))", Analysis, "don't support subquery"),
    ("CREATE TABLE d.n (a INT, b DOUBLE AS (random()))", Analysis, "other values at other times"),
    ("CREATE TABLE d.n (a DATE, b INT AS (a))", Analysis, "Illegal expression type for Generated Column 'b'"),
    ("CREATE TABLE d.n (a INT, INDEX i (a) USING VECTOR)", Analysis, "VECTOR index is not supported yet"),
    ("CREATE TABLE d.n (a INT, b INT) ROLLUP (r (c))", Analysis, "Column[c] does not exist"),
    ("CREATE TABLE d.n (a INT) ENGINE = mysql", Analysis, "use OLAP"),
    ("CREATE TEMPORARY TABLE d.n (a INT)", Analysis, "TEMPORARY TABLE is not supported yet"),
    (
        "CREATE TABLE d.n (a INT) PARTITION BY LIST (a) (PARTITION p VALUES IN ('1'), PARTITION q VALUES IN ('2', '1'))",
        Analysis,
        "partitions 'p' and 'q' of table 'n' hold the same values",
    ),
    (
        "CREATE TABLE d.n (a INT, b INT) PARTITION BY LIST (a, b) (PARTITION p VALUES IN ('1'))",
        Analysis,
        "partition 'p': it lists 1 values for 2 partition columns",
    ),
    (
        "CREATE TABLE d.n (a INT) PARTITION BY LIST (a) (PARTITION p VALUES IN ('x'))",
        Analysis,
        "'x' is not a value",
    ),
    (
        "CREATE TABLE d.n (k INT, a DOUBLE) PARTITION BY LIST (a) (PARTITION p VALUES IN ('1'))",
        Analysis,
        "partition column 'a' cannot be of type double",
    ),
    (
        "CREATE TABLE d.n (a DATE) PARTITION BY date_trunc('hour', a)",
        Analysis,
        "Unsupported automatic partition granularity: hour",
    ),
    ("CREATE TABLE d.n (a DATE) PARTITION BY date_trunc('week', a)", Analysis, "use day, month or year"),
    ("CREATE TABLE d.n (a INT) PARTITION BY date_trunc('day', a)", Analysis, "is no DATE or DATETIME"),
    (
        "CREATE TABLE d.n (a DATE) PARTITION BY date_trunc('day', b)",
        Analysis,
        "partition column 'b' does not exist",
    ),
    ("CREATE TABLE d.n (a DATE) PARTITION BY time_slice(a, INTERVAL 0 DAY)", Analysis, "at least 1"),
    (
        "CREATE TABLE d.n (a DATE) PARTITION BY time_slice(a, INTERVAL 1 DAY, 'ceil')",
        Analysis,
        "not supported yet",
    ),
    ("CREATE TABLE d.n (a DATE) PARTITION BY from_unixtime(a)", Analysis, "not supported yet"),
    ("CREATE TABLE d.n (a DATE, b INT) PARTITION BY date_trunc('day', a), a", Analysis, "named twice"),
    ("CREATE TABLE d.n (a DATE, b INT) PARTITION BY date_trunc('day', a), c", Analysis, "does not exist"),
    (
        "CREATE TABLE d.n (a DATE, b INT) PARTITION BY date_trunc('day', b), a",
        Analysis,
        "is no DATE or DATETIME",
    ),
    (
        "CREATE TABLE d.n (a DATE, b INT) PARTITION BY b, date_trunc('day', a) (START ('2013-01-01') END ('2013-02-01') EVERY (INTERVAL 1 DAY))",
        Analysis,
        "made by loads",
    ),
    (
        "CREATE TABLE d.n (a DATE) PARTITION BY date_trunc('month', a) (START ('2013-01-01') END ('2013-02-01') EVERY (INTERVAL 1 DAY))",
        Analysis,
        "EVERY (INTERVAL 1 month)",
    ),
    ("CREATE TABLE d.n (a DOUBLE, b INT) DUPLICATE KEY (b)", Analysis, "Key columns must be"),
    (
        "CREATE TABLE d.n (b INT, a DOUBLE) PARTITION BY RANGE (a) ()",
        Analysis,
        "partition column 'a' cannot be of type double",
    ),
    ("CREATE TABLE d.n (a INT) PARTITION BY RANGE (z) ()", Analysis, "partition column 'z' does not exist"),
    (
        "CREATE TABLE d.n (a INT) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN ('5'), PARTITION q VALUES LESS THAN ('5'))",
        Analysis,
        "not above the one before",
    ),
    (
        "CREATE TABLE d.n (a INT) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN ('5'), PARTITION q VALUES [('5'), ('6')))",
        Analysis,
        "cannot be mixed",
    ),
    (
        "CREATE TABLE d.n (a INT) PARTITION BY RANGE (a) (PARTITION p VALUES [('1'), ('6')), PARTITION q VALUES [('5'), ('7')))",
        Analysis,
        "overlap",
    ),
    (
        "CREATE TABLE d.n (a INT) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN ('5'), PARTITION P VALUES LESS THAN ('6'))",
        Analysis,
        "another of that name",
    ),
    (
        "CREATE TABLE d.n (a INT, b INT) PARTITION BY RANGE (a, b) (START ('1') END ('5') EVERY (1))",
        Analysis,
        "exactly one partition column",
    ),
    (
        "CREATE TABLE d.n (a INT) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN ('x'))",
        Analysis,
        "'x' is not a value of type int",
    ),
    ("CREATE TABLE d.n (a INT) DISTRIBUTED BY HASH (a) BUCKETS 0", Analysis, "0 buckets"),
    ("CREATE TABLE d.n (a INT) DISTRIBUTED BY HASH (z)", Analysis, "bucket column 'z' does not exist"),
    ("CREATE TABLE d.n (a INT) PROPERTIES ('nope' = '1')", Analysis, "Unknown properties: nope"),
    ("CREATE TABLE d.n (a INT) PROPERTIES ('compression' = 'RAR')", Analysis, "unknown compression 'RAR'"),
    (
        "CREATE TABLE d.n (a INT) PROPERTIES ('dynamic_partition.enable' = 'true')",
        Analysis,
        "Dynamic partition only support single-column range partition",
    ),
    // INSERT.
    ("INSERT INTO d.t VALUES (1)", Analysis, "Column count doesn't match value count"),
    ("INSERT INTO d.t SELECT 1", Analysis, "Column count doesn't match value count"),
    ("INSERT INTO d.t (s) VALUES ('x')", Analysis, "column 'k' must be in the column list"),
    ("INSERT INTO d.t (k, K) VALUES (1, 2)", Analysis, "specified twice"),
    ("INSERT INTO d.t (z) VALUES (1)", Analysis, "unknown column 'z'"),
    ("INSERT INTO d.t SELECT DATE '2013-01-01', 'x'", Analysis, "cannot take"),
    ("INSERT INTO d.t VALUES (nope, 'x')", Analysis, "nope"),
    // Repositories.
    ("CREATE REPOSITORY `1r` WITH BROKER ON LOCATION '/x'", Analysis, "wrong repository name"),
    ("CREATE REPOSITORY q WITH BROKER ON LOCATION ''", Analysis, "You must specify a location"),
    (
        "CREATE REPOSITORY r WITH BROKER ON LOCATION '/x'",
        AlreadyExists,
        "repository with same name already exist",
    ),
    ("DROP REPOSITORY q", Analysis, "does not exist"),
    ("SHOW SNAPSHOT ON q", Analysis, "Repository [q] does not exist"),
    ("SHOW SNAPSHOT ON r WHERE SNAPSHOT = 'a' OR SNAPSHOT = 'b'", Analysis, "Where clause should looks like"),
    ("SHOW SNAPSHOT ON r WHERE SNAPSHOT LIKE 'a'", Analysis, "Where clause should looks like"),
    (
        "SHOW SNAPSHOT ON r WHERE TIMESTAMP = '2018-04-18-19-19-10'",
        Analysis,
        "Where clause should looks like",
    ),
    ("DROP SNAPSHOT s ON q", Analysis, "Repository [q] does not exist"),
    ("DROP SNAPSHOT `` ON r", Analysis, "label"),
    ("ALTER REPOSITORY q SET ('workers' = '4')", Analysis, "Repository [q] does not exist"),
    (
        "ALTER REPOSITORY r SET ('workers' = '4', 'workers' = '5')",
        Analysis,
        "property \"workers\" is given twice",
    ),
    ("ALTER REPOSITORY r SET ('digest' = 'blake3')", Analysis, "cannot be changed"),
    (
        "CREATE REPOSITORY q WITH BROKER ON LOCATION '/x' PROPERTIES ('digest' = 'md5')",
        Analysis,
        "property 'digest': 'md5' is none; use xxh3, or blake3",
    ),
    (
        "CREATE REPOSITORY q WITH BROKER ON LOCATION '/x' PROPERTIES ('a' = 'b', 'a' = 'b')",
        Analysis,
        "given twice",
    ),
    ("ALTER REPOSITORY r SET ('retention' = 'all')", Analysis, "retention 'all'"),
    ("ALTER REPOSITORY r SET ('workers' = 'many')", Analysis, "property 'workers'"),
    (
        "CREATE REPOSITORY q WITH BROKER ON LOCATION '/x' PROPERTIES ('max_upload_rate' = 'fast')",
        Analysis,
        "property 'max_upload_rate': 'fast' is no rate",
    ),
    (
        "CREATE REPOSITORY q WITH BROKER ON LOCATION '/x' PROPERTIES ('retention' = 'last=0')",
        Analysis,
        "keeps nothing",
    ),
    ("PRUNE REPOSITORY r PROPERTIES ('retention' = 'last=some')", Analysis, "retention 'last=some'"),
    ("CHECK REPOSITORY q", Analysis, "Repository [q] does not exist"),
    ("VERIFY REPOSITORY q", Analysis, "Repository [q] does not exist"),
    ("VERIFY SNAPSHOT s ON q", Analysis, "Repository [q] does not exist"),
    (
        "VERIFY SNAPSHOT s ON r PROPERTIES ('level' = 'deep')",
        Analysis,
        "unknown level 'deep' of verification: use structure or data",
    ),
    ("VERIFY REPOSITORY r PROPERTIES ('max_age' = 'long')", Analysis, "max_age: 'long' is no length of time"),
    (
        "VERIFY REPOSITORY r PROPERTIES ('max_duration' = '1 MONTH')",
        Analysis,
        "max_duration: '1 MONTH' is no length",
    ),
    (
        "VERIFY REPOSITORY r PROPERTIES ('backup_timestamp' = '2024-12-09-10-25-58-842')",
        Analysis,
        "Unknown verify properties: backup_timestamp; the known ones are level, max_age and max_duration",
    ),
    ("VERIFY SNAPSHOT s ON r PROPERTIES ('backup_timestamp' = 'x')", Analysis, "wrong backup timestamp"),
    ("PRUNE REPOSITORY q", Analysis, "Repository [q] does not exist"),
    ("PRUNE REPOSITORY r PROPERTIES ('dry_run' = 'maybe')", Analysis, "Invalid dry_run value: 'maybe'"),
    ("PRUNE REPOSITORY r PROPERTIES ('grace' = '')", Analysis, "grace: '' is no length of time"),
    (
        "PRUNE REPOSITORY r PROPERTIES ('keep' = 'all')",
        Analysis,
        "Unknown prune properties: keep; the known ones are dry_run, grace and retention",
    ),
    // BACKUP.
    ("BACKUP SNAPSHOT s TO r", Analysis, "No database selected"),
    ("BACKUP SNAPSHOT nope.s TO r", Analysis, "unknown database 'nope'"),
    ("BACKUP SNAPSHOT d.s TO q", Analysis, "Repository [q] does not exist"),
    ("BACKUP SNAPSHOT d.s TO r ON (nope)", Analysis, "unknown table 'd.nope'"),
    (
        "BACKUP SNAPSHOT d.s TO r ON (p PARTITION (nope))",
        Analysis,
        "partition [nope] does not exist in table p",
    ),
    ("BACKUP SNAPSHOT d.s TO r ON (t, t)", Analysis, "Duplicated table: t"),
    ("BACKUP SNAPSHOT d.s TO r ON (p PARTITION (p1), TABLE p)", Analysis, "Duplicated table: p"),
    ("BACKUP SNAPSHOT d.s TO r ON (p TEMPORARY PARTITION (p1))", Analysis, "not supported"),
    ("BACKUP SNAPSHOT d.s TO r ON (VIEW v)", Analysis, "unknown view 'd.v'"),
    ("BACKUP SNAPSHOT d.s TO r ON (MATERIALIZED VIEW v)", Analysis, "unknown materialized view 'd.v'"),
    ("BACKUP SNAPSHOT d.s TO r ON (FUNCTION f)", Analysis, "not supported yet"),
    ("BACKUP ALL EXTERNAL CATALOGS SNAPSHOT s TO r", Analysis, "no external catalog can be backed up"),
    ("BACKUP SNAPSHOT d.s TO r PROPERTIES ('type' = 'x')", Analysis, "Invalid backup job type"),
    ("BACKUP SNAPSHOT d.s TO r PROPERTIES ('timeout' = '10')", Analysis, "timeout must be at least 10 min"),
    (
        "BACKUP SNAPSHOT d.s TO r PROPERTIES ('ttl' = '7d')",
        Analysis,
        "Invalid ttl: '7d'. Expected a duration such as",
    ),
    (
        "BACKUP SNAPSHOT d.s TO r PROPERTIES ('ttl' = '0 DAY')",
        Analysis,
        "ttl must be a positive duration, but got: 0 DAY",
    ),
    ("BACKUP SNAPSHOT d.s TO r ON (t AS u)", Parse, ""),
    (
        "BACKUP SNAPSHOT d.s TO r ON (ALL VIEWS)",
        Analysis,
        "Database: d has no views; there is nothing to back up",
    ),
    ("BACKUP SNAPSHOT d.s TO o", ReadOnly, "Repository o is read only"),
    ("BACKUP SNAPSHOT empty.s TO r", ErrorKind::InvalidInput, "empty is empty"),
    // RESTORE.
    ("RESTORE SNAPSHOT d.s FROM r", Analysis, "Missing backup_timestamp property"),
    ("CANCEL BACKUP FROM d", ErrorKind::NotFound, "No backup/restore job is currently running"),
    ("CANCEL RESTORE FROM nope", Analysis, "unknown database 'nope'"),
    ("SHOW BACKUP FROM nope", Analysis, "unknown database 'nope'"),
];

#[test]
fn refusals_name_the_stage_and_the_reason() {
    let mut shell = Shell::new();
    let root = tempfile::tempdir().unwrap();
    shell.run(&format!(
        "CREATE DATABASE d; CREATE DATABASE empty;
         CREATE TABLE d.t (k INT NOT NULL, s STRING); CREATE TABLE d.u (k INT);
         CREATE TABLE d.p (d DATE) PARTITION BY RANGE (d) (PARTITION p1 VALUES LESS THAN ('2013-01-01'));
         CREATE REPOSITORY r WITH BROKER ON LOCATION '{0}/r'; CREATE READ ONLY REPOSITORY o WITH BROKER ON LOCATION '{0}/r'",
        root.path().display()
    ));
    let restore = |rest: &str| format!("RESTORE SNAPSHOT d.s FROM r {rest} {STAMP}");
    let cases: Vec<(String, ErrorKind, &str)> = CASES
        .iter()
        .map(|(sql, kind, words)| ((*sql).to_owned(), *kind, *words))
        .chain([
            (restore("ON (t, t)"), Analysis, "Duplicated table: t"),
            (restore("ON (t AS u, u)"), Analysis, "Duplicated alias name: u"),
            (restore("ON (t AS x, u AS x)"), Analysis, "Duplicated alias name: x"),
            (restore("ON (FUNCTION f)"), Analysis, "not supported yet"),
            (
                restore("ON (t)").replace("FROM r", "FROM q"),
                ErrorKind::NotFound,
                "Repository [q] does not exist",
            ),
            (restore(""), ErrorKind::NotFound, "Failed to get info of snapshot 's'"),
        ])
        .collect();
    let mut wrong = Vec::new();
    for (sql, kind, words) in cases {
        match shell.execute(&sql) {
            Err(error) if error.kind() == kind && error.to_string().contains(words) => {}
            Err(error) => wrong.push(format!("{sql}\n    expected {kind:?}: {words}\n    found {error:?}")),
            Ok(outcome) => {
                wrong.push(format!("{sql}\n    expected {kind:?}: {words}\n    found {outcome:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
