//! Every form the grammar has, each read, printed and read again.

use super::check;

fn check_all(statements: &[&str]) {
    for sql in statements {
        check(sql);
        check(&sql.to_lowercase());
        check(&format!("{sql} ;"));
    }
}

#[test]
fn databases() {
    check_all(&[
        "CREATE DATABASE shop",
        "CREATE SCHEMA shop",
        "CREATE DATABASE IF NOT EXISTS default_catalog.shop",
        "CREATE DATABASE `my-db`",
        "DROP DATABASE shop",
        "DROP SCHEMA IF EXISTS shop FORCE",
        "DROP DATABASE shop FORCE",
        "USE shop",
        "USE default_catalog.shop",
        "SHOW DATABASES",
        "SHOW SCHEMAS",
        "SHOW DATABASES LIKE 'sh%'",
        "SHOW DATABASES LIKE 'a\\_b\\\\c'",
        "SHOW CREATE DATABASE shop",
        "SHOW CREATE SCHEMA shop",
    ]);
}

#[test]
fn tables_other_than_creating_them() {
    check_all(&[
        "DROP TABLE t",
        "DROP TABLE IF EXISTS a.b.c FORCE",
        "DROP TABLE t FORCE",
        "TRUNCATE TABLE t",
        "ALTER TABLE t COMPACT",
        "ALTER TABLE t COMPACT p1",
        "ALTER TABLE t BASE COMPACT (p1, p2)",
        "ALTER TABLE t CUMULATIVE COMPACT",
        "DELETE FROM t WHERE a = 1",
        "DELETE FROM db.t PARTITION (p1, p2) WHERE a IN (1, 2) AND b IS NULL",
        "UPDATE t SET a = 1, b = (SELECT MAX(c) FROM u) WHERE d > 2 OR e",
        "INSERT OVERWRITE t PARTITION (p1) SELECT 1",
        "INSERT INTO t (a, b) PROPERTIES (\"merge_condition\" = \"a\") VALUES (1, 2)",
        "TRUNCATE TABLE db.t PARTITION (p1, p2)",
        "TRUNCATE TABLE t PARTITIONS (p1)",
        "TRUNCATE TABLE t PARTITION p1",
        "TRUNCATE TABLE t PARTITIONS p1, p2",
        "TRUNCATE TABLE t TEMPORARY PARTITION (p1)",
        "SHOW TABLES",
        "SHOW TABLES FROM shop",
        "SHOW TABLES IN default_catalog.shop LIKE \"o%\"",
        "SHOW TABLES LIKE 'x'",
        "SHOW FULL TABLES FROM shop WHERE Table_type = 'BASE TABLE'",
        "SHOW DATABASES LIKE 'a%' WHERE `Database` <> 'ab' ORDER BY 1 DESC LIMIT 3",
        "SHOW TABLE STATUS",
        "SHOW TABLE STATUS IN shop LIKE 'o%'",
        "SHOW COLUMNS FROM orders",
        "SHOW FULL FIELDS IN orders FROM shop WHERE Field LIKE 'i%'",
        "SHOW PARTITIONS FROM orders WHERE PartitionName = 'p1' ORDER BY VisibleVersionTime DESC LIMIT 1, 2",
        "SHOW TEMPORARY PARTITIONS FROM orders WHERE Buckets > 1",
        "SHOW TABLET FROM orders",
        "SHOW TABLETS FROM shop.orders PARTITION (p1, p2) WHERE Version > 1 ORDER BY DataSize LIMIT 5",
        "SHOW TABLET 10001",
        "SHOW DATA",
        "SHOW DATA FROM shop.orders",
        "SHOW ALTER TABLE COLUMN",
        "SHOW ALTER TABLE OPTIMIZE FROM shop WHERE TableName = 'orders'",
        "SHOW ALTER TABLE ROLLUP IN shop ORDER BY CreateTime DESC LIMIT 1",
        "SHOW ALTER MATERIALIZED VIEW FROM shop",
        "DESC orders ALL",
        "EXPLAIN BACKUP DATABASE shop SNAPSHOT s TO r ON (TABLE orders PARTITION (p1)) PROPERTIES ('ttl' = '1 DAY')",
        "EXPLAIN RESTORE SNAPSHOT shop.s FROM r ON (orders AS o) PROPERTIES ('backup_timestamp' = 'x')",
        "DESC backup",
        "SHOW PARTITIONS FROM shop.orders",
        "SHOW CREATE TABLE orders",
        "DESC orders",
        "DESCRIBE c.shop.orders",
    ]);
}

#[test]
fn backup() {
    check_all(&[
        "BACKUP SNAPSHOT label TO repo",
        "BACKUP SNAPSHOT shop.s1 TO repo",
        "BACKUP DATABASE shop SNAPSHOT s1 TO repo",
        "BACKUP DATABASE shop SNAPSHOT s1 TO repo ON (orders)",
        "BACKUP SNAPSHOT s1 TO repo ON (TABLE orders, TABLES clicks, shop.views, a.b.c)",
        "BACKUP SNAPSHOT s1 TO repo ON (TABLES a, b)",
        "BACKUP SNAPSHOT s1 TO repo ON (ALL TABLE, ALL VIEWS, ALL MATERIALIZED VIEW, ALL FUNCTIONS)",
        "BACKUP SNAPSHOT s1 TO repo ON (ALL TABLES, ALL VIEW, ALL MATERIALIZED VIEWS, ALL FUNCTION)",
        "BACKUP SNAPSHOT s1 TO repo ON (VIEW v, VIEWS w, MATERIALIZED VIEW m, MATERIALIZED VIEWS n)",
        "BACKUP SNAPSHOT s1 TO repo ON (FUNCTION f, FUNCTIONS db.g)",
        "BACKUP SNAPSHOT s1 TO repo ON (t PARTITION (p1, 'p2', \"p3\"))",
        "BACKUP SNAPSHOT s1 TO repo ON (t PARTITIONS (p1), u TEMPORARY PARTITION (p1))",
        "BACKUP SNAPSHOT s1 TO repo ON (t PARTITION p1)",
        "BACKUP SNAPSHOT s1 TO repo ON (t TEMPORARY PARTITIONS p1, p2)",
        "BACKUP SNAPSHOT s1 TO repo ON (t PARTITION (dt = '2020-01-01', n = 1.5, b = TRUE, c = false, d = NULL))",
        "BACKUP SNAPSHOT s1 TO repo PROPERTIES (\"type\" = \"full\", 'timeout' = '3600')",
        "BACKUP SNAPSHOT s1 TO repo ON (t) PROPERTIES (\"k\" = \"v\", \"k\" = \"w\")",
        "BACKUP ALL EXTERNAL CATALOGS SNAPSHOT s1 TO repo",
        "BACKUP EXTERNAL CATALOG (hive) SNAPSHOT s1 TO repo PROPERTIES (\"type\" = \"full\")",
        "BACKUP EXTERNAL CATALOGS (hive, iceberg) SNAPSHOT s1 TO repo",
        "BACKUP SNAPSHOT `` TO repo",
    ]);
}

#[test]
fn restore() {
    check_all(&[
        "RESTORE SNAPSHOT s1 FROM repo",
        "RESTORE SNAPSHOT shop.s1 FROM repo PROPERTIES (\"backup_timestamp\" = \"2024-01-01-00-00-00-000\")",
        "RESTORE SNAPSHOT s1 FROM repo DATABASE shop",
        "RESTORE SNAPSHOT s1 FROM repo DATABASE shop AS shop2",
        "RESTORE SNAPSHOT shop.s1 FROM repo ON (orders AS o2, TABLE clicks PARTITION (p1, p2) AS c2)",
        "RESTORE SNAPSHOT s1 FROM repo DATABASE shop ON (VIEW v AS w, MATERIALIZED VIEW m AS n, FUNCTION f AS g)",
        "RESTORE SNAPSHOT s1 FROM repo DATABASE a AS b ON (ALL TABLES, ALL VIEWS, ALL MATERIALIZED VIEWS, ALL FUNCTIONS)",
        "RESTORE SNAPSHOT s1 FROM repo ALL EXTERNAL CATALOGS",
        "RESTORE SNAPSHOT s1 FROM repo EXTERNAL CATALOG (hive AS h2)",
        "RESTORE SNAPSHOT s1 FROM repo EXTERNAL CATALOGS (hive AS h2, iceberg) PROPERTIES (\"a\" = \"b\")",
    ]);
}

#[test]
fn repositories_and_jobs() {
    check_all(&[
        "CREATE REPOSITORY r WITH BROKER ON LOCATION \"s3://bucket/path\"",
        "CREATE READ ONLY REPOSITORY r WITH BROKER ON LOCATION 's3://b' PROPERTIES (\"aws.s3.region\" = \"eu\")",
        "CREATE REPOSITORY r WITH BROKER hdfs_broker ON LOCATION \"hdfs://h:1/x\"",
        "CREATE REPOSITORY r WITH BROKER 'my broker' ON LOCATION ''",
        "CREATE REPOSITORY IF NOT EXISTS r WITH BROKER ON LOCATION 'gs://b/x'",
        "CREATE READ ONLY REPOSITORY IF NOT EXISTS r WITH BROKER b ON LOCATION 'x' PROPERTIES ('a' = 'b')",
        "ALTER TABLE d.t RENAME u",
        "ALTER TABLE t SWAP WITH u",
        "ALTER TABLE t COMMENT = 'x'",
        "ALTER TABLE t SET ('replication_num' = '1')",
        "ALTER TABLE t ADD COLUMN c INT KEY NOT NULL DEFAULT '1' COMMENT 'x' AFTER b, DROP COLUMN d",
        "ALTER TABLE t ADD COLUMN (a INT, b VARCHAR(3) DEFAULT 'x')",
        "ALTER TABLE t RENAME COLUMN a TO b",
        "ALTER TABLE t MODIFY COLUMN a BIGINT FIRST, MODIFY COLUMN b COMMENT 'x'",
        "ALTER TABLE t ORDER BY (a, b)",
        "ALTER REPOSITORY r SET ('aws.s3.secret_key' = 'x', \"workers\" = '4', 'retention' = '')",
        "CREATE EXTERNAL CATALOG hive PROPERTIES ('type' = 'hive')",
        "CREATE EXTERNAL CATALOG IF NOT EXISTS 'hive' COMMENT 'x' PROPERTIES (\"type\" = \"hive\", 'a' = 'b')",
        "ALTER CATALOG c SET ('password' = '')",
        "DROP CATALOG IF EXISTS `c`",
        "SHOW CREATE CATALOG c",
        "SHOW CATALOGS LIKE 'a%' ORDER BY 1",
        "DROP REPOSITORY r",
        "CHECK REPOSITORY r",
        "VERIFY SNAPSHOT monday ON r",
        "VERIFY SNAPSHOT `2024` ON r PROPERTIES ('level' = 'data', 'max_age' = '7 DAY')",
        "VERIFY REPOSITORY r",
        "VERIFY REPOSITORY r PROPERTIES ('level' = 'structure')",
        "PRUNE REPOSITORY r",
        "PRUNE REPOSITORY r PROPERTIES ('dry_run' = 'true', 'retention' = 'last=7, daily=30')",
        "SHOW REPOSITORIES",
        "CANCEL BACKUP FROM shop",
        "CANCEL BACKUP IN shop",
        "CANCEL RESTORE FROM shop",
        "CANCEL RESTORE FOR EXTERNAL CATALOG",
        "CANCEL BACKUP FOR EXTERNAL CATALOG",
        "SHOW BACKUP",
        "SHOW RESTORE FROM shop",
        "SHOW BACKUP IN shop WHERE State = 'FINISHED' AND JobId > 5 ORDER BY JobId DESC, `State` LIMIT 10",
        "SHOW BACKUP LIMIT 5, 10",
        "SHOW RESTORE ORDER BY concat(a, ',', b) LIMIT 10 OFFSET 5",
        "SHOW SNAPSHOT ON r",
        "SHOW SNAPSHOT ON r WHERE SNAPSHOT = 'l'",
        "SHOW SNAPSHOT ON r WHERE (`Snapshot` = \"l\") AND (TIMESTAMP = \"2024-01-01-00-00-00-000\")",
        "SHOW SNAPSHOT ON r WHERE SNAPSHOT IN ('a', 'b')",
        "SHOW SNAPSHOT ON r WHERE SNAPSHOT = 'a' OR SNAPSHOT = 'b'",
        "SHOW SNAPSHOT ON r WHERE SNAPSHOT LIKE 'a\\\\b%'",
        "DROP SNAPSHOT l ON r",
        "DROP SNAPSHOT `2024` ON r FORCE",
    ]);
}

#[test]
fn inserts_and_queries() {
    check_all(&[
        "INSERT INTO t VALUES (1, 'a;b', \"c\"), (2, NULL, DEFAULT)",
        "INSERT INTO TABLE db.t (a, b) SELECT 1, 2",
        "INSERT INTO t PARTITION (p1, p2) WITH LABEL l1 (a) SELECT 1",
        "INSERT INTO t (a) WITH LABEL l1 SELECT 1",
        "INSERT INTO t (SELECT 1)",
        "INSERT INTO t ((SELECT 1) UNION ALL (SELECT 2))",
        "INSERT INTO t WITH label AS (SELECT 1) SELECT * FROM label",
        "INSERT INTO t WITH label (a) AS (SELECT 1) SELECT * FROM label",
        "INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x",
        "INSERT INTO t SELECT * FROM FILES(\"path\" = \"s3://b/*\", \"format\" = \"parquet\")",
        "SELECT 1",
        "VALUES (1, 2), (3, 4)",
        "(SELECT 1) UNION (SELECT 2) ORDER BY 1 LIMIT 1",
        "WITH a AS (SELECT 1 AS x) SELECT * FROM a",
        "SELECT 'it''s', \"say \\\"x\\\"\", 'back\\\\slash' FROM t",
        "EXPLAIN SELECT 1",
        "EXPLAIN VERBOSE SELECT 1",
        "EXPLAIN LOGICAL SELECT 1",
        "EXPLAIN COSTS SELECT 1",
        "EXPLAIN ANALYZE WITH a AS (SELECT 1) SELECT * FROM a",
        "DESC SELECT 1",
        "DESCRIBE VERBOSE (SELECT 1)",
    ]);
}

#[test]
fn create_table_columns() {
    check_all(&[
        "CREATE TABLE t (a INT)",
        "CREATE TEMPORARY TABLE IF NOT EXISTS c.d.t (a INT)",
        "CREATE EXTERNAL TABLE t (a INT) ENGINE = mysql",
        "CREATE TABLE t (a BOOLEAN, b TINYINT(4), c SMALLINT(6), d INT(11), e INTEGER, f BIGINT(20), g LARGEINT(40))",
        "CREATE TABLE t (a FLOAT, b DOUBLE, c DATE, d DATETIME, e STRING, f TEXT, g JSON)",
        "CREATE TABLE t (a DECIMAL, b DECIMAL(5), c DECIMAL(38, 38), d NUMERIC(9, 2), e DECIMALV3(10, 2))",
        "CREATE TABLE t (a DECIMAL32(9, 2), b DECIMAL64(18, 2), c DECIMAL128(38, 2))",
        "CREATE TABLE t (a CHAR, b CHAR(255), c VARCHAR, d VARCHAR(1048576), e BINARY, f VARBINARY(16), g BINARY(3))",
        "CREATE TABLE t (a ARRAY<INT>, b ARRAY<ARRAY<INT>>, c MAP<STRING, ARRAY<MAP<INT, INT>>>)",
        "CREATE TABLE t (a STRUCT<x INT, y VARCHAR(10), z STRUCT<w DECIMAL(3, 1)>> NOT NULL)",
        "CREATE TABLE t (a BITMAP BITMAP_UNION, b HLL HLL_UNION, c PERCENTILE PERCENTILE_UNION, d TIME, e VARIANT)",
        "CREATE TABLE t (a DECIMALV2(27, 9), b DECIMAL256(60, 2), c DECIMAL(50, 2), d DECIMAL(3, 9), e CHAR(300), f VARCHAR(0))",
        "CREATE TABLE t (a INT KEY, b INT SUM, c INT MIN NOT NULL, d INT MAX NULL, e INT REPLACE, f INT REPLACE_IF_NOT_NULL)",
        "CREATE TABLE t (a INT, b avg(BIGINT), c array_agg(DECIMAL(10, 2) NOT NULL, INT) NULL COMMENT 'x', d sum(INT))",
        "CREATE TABLE t (a DEFAULT (uuid()), b DEFAULT CURRENT_TIMESTAMP(3))",
        "CREATE TABLE t (a, b KEY, c SUM, d NOT NULL, e DEFAULT '1', f COMMENT 'x', g AS a)",
        "CREATE TABLE t (a INT NOT NULL DEFAULT '1' COMMENT 'one', b INT NULL DEFAULT NULL, c STRING DEFAULT \"\")",
        "CREATE TABLE t (a DATETIME DEFAULT CURRENT_TIMESTAMP, b DATETIME DEFAULT CURRENT_TIMESTAMP(6), c STRING DEFAULT (uuid()))",
        "CREATE TABLE t (a BIGINT NOT NULL AUTO_INCREMENT COMMENT 'id')",
        "CREATE TABLE t (a INT, b INT AS a + 1, c INT AS (a * 2) COMMENT 'twice', d STRING AS concat('a,\\\\', `a`))",
        "CREATE TABLE t (date DATE, `key` INT, label STRING, `views` INT, comment STRING COMMENT 'x', sum INT SUM)",
        "CREATE TABLE t (a INT COMMENT 'quote '' \" and \\\\ and \\n')",
    ]);
}

#[test]
fn create_table_clauses() {
    check_all(&[
        "CREATE TABLE t (a INT, INDEX i (a))",
        "CREATE TABLE t (a INT, b INT, INDEX i (a, b) USING BITMAP COMMENT 'x', INDEX j (b) USING GIN (\"parser\" = \"none\"))",
        "CREATE TABLE t (a INT, INDEX i (a) USING NGRAMBF (\"gram_num\" = \"4\") COMMENT '', INDEX j (a) USING VECTOR)",
        "CREATE INDEX i ON t (a)",
        "CREATE INDEX i ON d.t (a, b) USING GIN ('parser' = 'none') COMMENT 'x'",
        "DROP INDEX i ON default_catalog.d.t",
        "ALTER TABLE t ADD INDEX i (a) USING NGRAMBF COMMENT 'x', DROP INDEX j",
        "SHOW INDEX FROM t",
        "SHOW INDEXES IN d.t FROM e",
        "SHOW KEYS FROM t IN default_catalog.e",
        "CREATE TABLE t (a INT) ENGINE = olap",
        "CREATE TABLE t (a INT) DUPLICATE KEY (a)",
        "CREATE TABLE t (a INT, b INT SUM) AGGREGATE KEY (a)",
        "CREATE TABLE t (a INT, b INT) UNIQUE KEY (a, b) COMMENT 'x'",
        "CREATE TABLE t (a INT, b INT) PRIMARY KEY (a) DISTRIBUTED BY HASH (a) BUCKETS 4 ORDER BY (b, a)",
        "CREATE TABLE t (a INT) DISTRIBUTED BY HASH (a)",
        "CREATE TABLE t (a INT) DISTRIBUTED BY RANDOM",
        "CREATE TABLE t (a INT) DISTRIBUTED BY RANDOM BUCKETS 0",
        "CREATE TABLE t (a INT) ROLLUP (r (a), s (a) DUPLICATE KEY (a) FROM r PROPERTIES (\"k\" = \"v\"))",
        "CREATE TABLE t (a INT) PROPERTIES (\"replication_num\" = \"1\", 'replication_num' = '1')",
        "CREATE TABLE t (a INT, b INT SUM) ENGINE = olap AGGREGATE KEY (a) COMMENT 'c' PARTITION BY RANGE (a) () \
         DISTRIBUTED BY HASH (a) BUCKETS 2 ORDER BY (a) ROLLUP (r (a)) PROPERTIES (\"k\" = \"v\")",
    ]);
}

#[test]
fn materialized_views_and_rollups() {
    check_all(&[
        "CREATE MATERIALIZED VIEW m AS SELECT a, sum(b) FROM t GROUP BY a",
        "CREATE MATERIALIZED VIEW IF NOT EXISTS d.m COMMENT 'x' PROPERTIES ('k' = 'v') AS SELECT a FROM t",
        "CREATE MATERIALIZED VIEW m REFRESH ASYNC AS SELECT a FROM t",
        "CREATE MATERIALIZED VIEW m (a COMMENT 'x', b) COMMENT 'y' REFRESH DEFERRED MANUAL ORDER BY (a) \
         DISTRIBUTED BY HASH (a) BUCKETS 3 PROPERTIES ('replication_num' = '1') AS SELECT a, b FROM t",
        "CREATE MATERIALIZED VIEW m DISTRIBUTED BY RANDOM REFRESH IMMEDIATE ASYNC START ('2026-01-01 00:00:00') \
         EVERY (INTERVAL 1 day) AS SELECT a FROM t",
        "create materialized view m refresh async every(interval 5 MINUTE) as select a from t",
        "REFRESH MATERIALIZED VIEW d.m",
        "REFRESH MATERIALIZED VIEW m FORCE WITH SYNC MODE",
        "REFRESH MATERIALIZED VIEW m WITH ASYNC MODE",
        "ALTER MATERIALIZED VIEW m ACTIVE",
        "ALTER MATERIALIZED VIEW d.m INACTIVE",
        "ALTER MATERIALIZED VIEW m RENAME n",
        "ALTER MATERIALIZED VIEW m REFRESH ASYNC EVERY (INTERVAL 90 SECOND)",
        "DROP MATERIALIZED VIEW m",
        "DROP MATERIALIZED VIEW IF EXISTS d.m",
        "SHOW MATERIALIZED VIEWS",
        "SHOW MATERIALIZED VIEWS IN d LIKE 'm%'",
        "SHOW MATERIALIZED VIEWS FROM d WHERE `rows` > 1 ORDER BY name LIMIT 2",
        "SHOW ROLES WHERE Name = 'root'",
        "SHOW USERS ORDER BY 1 DESC LIMIT 1",
        "SHOW CREATE MATERIALIZED VIEW d.m",
        "DESC t ALL",
        "DESCRIBE d.t ALL",
        "SELECT a FROM m [_SYNC_MV_] WHERE b = 1",
        "SELECT a FROM d.m [_sync_mv_] x JOIN t ON x.a = (SELECT max(a) FROM n[_SYNC_MV_])",
        "DELETE FROM t WHERE a IN (SELECT a FROM m [_SYNC_MV_])",
        "ALTER TABLE t ADD ROLLUP r (a)",
        "ALTER TABLE t ADD ROLLUP r (a, b) FROM t PROPERTIES ('k' = 'v'), s (b) DUPLICATE KEY (b)",
        "ALTER TABLE t ADD ROLLUP r (a), ADD ROLLUP s (b), DROP ROLLUP u, DROP COLUMN c",
        "ALTER TABLE t DROP ROLLUP r",
        "ALTER TABLE t DROP ROLLUP r, s",
        "ALTER TABLE t RENAME ROLLUP r s",
    ]);
}

#[test]
fn create_table_partitions() {
    let clauses = [
        "RANGE (a) ()",
        "RANGE (a) (PARTITION p1 VALUES LESS THAN ('1'), PARTITION p2 VALUES LESS THAN MAXVALUE)",
        "RANGE (a, b) (PARTITION IF NOT EXISTS p1 VALUES LESS THAN ('1', MAXVALUE) (\"k\" = \"v\"))",
        "RANGE (a) (PARTITION p1 VALUES LESS THAN (MAXVALUE))",
        "RANGE (a) (PARTITION p1 VALUES [('1'), ('2')), PARTITION 'p2' VALUES [(\"2\"), (MAXVALUE)))",
        "RANGE (a, b) (PARTITION p1 VALUES [('1', 'x'), ('2', 'y')) ('k' = 'v'))",
        "RANGE (a) (START ('2021-01-01') END ('2022-01-01') EVERY (INTERVAL 1 MONTH))",
        "RANGE (a) (START ('1') END ('10') EVERY (3), PARTITION p VALUES LESS THAN ('20'))",
        "RANGE (a) (START ('a') END ('b') EVERY (INTERVAL 1 YEAR), START ('b') END ('c') EVERY (INTERVAL 2 WEEK))",
        "LIST (a) ()",
        "LIST (a) (PARTITION p1 VALUES IN ('x', 'y'), PARTITION p2 VALUES IN (NULL))",
        "(a) (PARTITION p1 VALUES IN ('x'))",
        "LIST (a, b) (PARTITION p1 VALUES IN (('x', '1'), ('y', NULL)) (\"k\" = \"v\"))",
        "LIST (a) (PARTITION IF NOT EXISTS p1 VALUES IN (('x'), ('y')))",
        "(a)",
        "a",
        "a, b",
        "(a, b)",
        "date_trunc('day', a)",
        "(date_trunc('day', a))",
        "date_trunc('day', a), b",
        "(b, time_slice(a, INTERVAL 7 day), from_unixtime(c))",
        "time_slice(a, INTERVAL 7 DAY)",
        "date_trunc('month', a) (START ('2021-01-01') END ('2022-01-01') EVERY (INTERVAL 1 MONTH))",
        "date_trunc('month', a) ()",
        "list",
        "(list, `range`)",
        "str2date(a, '%Y,%m')",
    ];
    for clause in clauses {
        check(&format!("CREATE TABLE t (a INT, b INT) PARTITION BY {clause}"));
        check(&format!(
            "CREATE TABLE t (a INT) COMMENT 'x' PARTITION BY {clause} DISTRIBUTED BY HASH (a) BUCKETS 3"
        ));
        check(&format!("CREATE TABLE t (a INT) PARTITION BY {clause} ORDER BY (a) PROPERTIES ('k' = 'v')"));
        check(&format!("create table t (a int) partition by {}", clause.to_lowercase()));
    }
}

#[test]
fn names() {
    let usable = "BACKUP RESTORE SNAPSHOT SNAPSHOTS REPOSITORY REPOSITORIES RECOVER BROKER LOCATION PROPERTIES PARTITIONS \
                  TABLES VIEW VIEWS FUNCTIONS CATALOG CATALOGS EXTERNAL MATERIALIZED CANCEL TEMPORARY TIMESTAMP DATE DAY \
                  HASH RANDOM BUCKETS DISTRIBUTED DUPLICATE AGGREGATE LIST ENGINE COMMENT STRING SUM MAX MIN TYPE VALUE \
                  LABEL STATUS ROLE USER YEAR";
    let other =
        ["_", "_a", "$a", "a$1", "größe", "名前", "1abc", "`a b`", "`a``b`", "`select`", "`1`", "`x'\"\\`"];
    for name in usable.split_whitespace().chain(other) {
        check(&format!(
            "BACKUP DATABASE {name} SNAPSHOT {name} TO {name} ON ({name}, {name}.{name}, TABLE {name})"
        ));
        check(&format!(
            "BACKUP SNAPSHOT {name}.{name} TO {name} ON ({name} PARTITION ({name}), VIEW {name}, FUNCTIONS {name})"
        ));
        check(&format!(
            "RESTORE SNAPSHOT s FROM {name} DATABASE {name} AS {name} ON ({name} AS {name}, VIEWS {name} AS {name})"
        ));
        check(&format!("CREATE REPOSITORY {name} WITH BROKER {name} ON LOCATION 'x'"));
        check(&format!("CREATE REPOSITORY IF NOT EXISTS {name} WITH BROKER ON LOCATION 'x'"));
        check(&format!("ALTER REPOSITORY {name} SET ('a' = 'b')"));
        check(&format!("CHECK REPOSITORY {name}"));
        check(&format!("VERIFY SNAPSHOT {name} ON {name}"));
        check(&format!("VERIFY REPOSITORY {name}"));
        check(&format!("PRUNE REPOSITORY {name} PROPERTIES ('a' = 'b')"));
        check(&format!("CREATE TABLE {name} ({name} INT) PRIMARY KEY ({name}) PARTITION BY ({name})"));
        check(&format!("INSERT INTO {name} PARTITION ({name}) WITH LABEL {name} ({name}) SELECT 1"));
        check(&format!("DROP SNAPSHOT {name} ON {name}"));
        check(&format!("CANCEL BACKUP FROM {name}"));
        check(&format!("DESC {name}"));
        check(&format!("USE {name}"));
    }
}

#[test]
fn views() {
    check_all(&[
        "CREATE VIEW v AS SELECT 1",
        "CREATE OR REPLACE VIEW d.v AS SELECT a FROM t",
        "CREATE VIEW IF NOT EXISTS `v` (a, b COMMENT 'x') COMMENT 'y' AS WITH c AS (SELECT 1) SELECT * FROM c",
        "CREATE VIEW v AS (SELECT 1 UNION SELECT 2)",
        "ALTER VIEW v AS SELECT 1",
        "ALTER VIEW d.v (a COMMENT 'x') AS SELECT 1",
        "DROP VIEW v",
        "DROP VIEW IF EXISTS a.b.v",
        "SHOW CREATE VIEW d.v",
    ]);
}
