//! Every form StarRocks refuses while it parses, with the message.

use super::{check_refused, check_refused_at};

#[test]
fn backup() {
    check_refused(
        "BACKUP ALL EXTERNAL CATALOGS DATABASE shop SNAPSHOT s TO r",
        "line 1, column 30: DATABASE and EXTERNAL CATALOGS cannot be combined in BACKUP\n\
         hint: back up the database and the catalogs in two statements",
    );
    check_refused(
        "BACKUP DATABASE shop\nSNAPSHOT shop.s TO r",
        "line 2, column 10: the label may not be qualified when DATABASE is given\n\
         hint: leave out 'shop.' before the label",
    );
    check_refused(
        "BACKUP EXTERNAL CATALOG (c) SNAPSHOT shop.s TO r",
        "line 1, column 38: the label may not be qualified when EXTERNAL CATALOGS is given\n\
         hint: leave out 'shop.' before the label",
    );
    check_refused(
        "BACKUP EXTERNAL CATALOGS (c) SNAPSHOT s TO r ON (t)",
        "line 1, column 46: ON and EXTERNAL CATALOGS cannot be combined in BACKUP\n\
         hint: back up the objects and the catalogs in two statements",
    );
    check_refused(
        "BACKUP SNAPSHOT a.b.c TO r",
        "line 1, column 17: bad label name: a snapshot label has at most two parts, database and label\n\
         hint: a snapshot's label is not qualified by a catalog",
    );
    for object in
        ["t AS u", "TABLE t PARTITION (p) AS u", "VIEW v AS w", "MATERIALIZED VIEW m AS n", "FUNCTION f AS g"]
    {
        let column = 28 + object.find(" AS").unwrap();
        check_refused(
            &format!("BACKUP SNAPSHOT s TO r ON ({object})"),
            &format!(
                "line 1, column {}: an alias is not allowed in BACKUP\nhint: give the new name with AS in RESTORE",
                column + 1
            ),
        );
    }
    check_refused_at(
        "BACKUP EXTERNAL CATALOG (c AS d) SNAPSHOT s TO r",
        "line 1, column 28: an alias is not allowed in BACKUP",
    );
    for object in ["VIEW v", "VIEWS v", "MATERIALIZED VIEW v", "FUNCTION v"] {
        for partitions in ["PARTITION (p)", "PARTITIONS (p)", "TEMPORARY PARTITION (p)", "PARTITION p"] {
            let word = partitions.split(' ').next().unwrap();
            check_refused(
                &format!("BACKUP SNAPSHOT s TO r ON ({object} {partitions})"),
                &format!(
                    "line 1, column {}: expected ',' or ')', found '{word}'\nhint: only a table's partitions can be named",
                    29 + object.len()
                ),
            );
        }
    }
}

#[test]
fn backup_with_parts_missing_or_misplaced() {
    check_refused_at(
        "BACKUP SNAPSHOT s TO r ON ()",
        "line 1, column 28: expected ALL or a table name, found ')'",
    );
    check_refused_at(
        "BACKUP SNAPSHOT s TO r ON (t,)",
        "line 1, column 30: expected ALL or a table name, found ')'",
    );
    check_refused_at("BACKUP SNAPSHOT s TO r ON t", "line 1, column 27: expected '(', found 't'");
    check_refused_at(
        "BACKUP SNAPSHOT s TO r PROPERTIES ()",
        "line 1, column 36: expected a property's key as a string, found ')'",
    );
    check_refused(
        "BACKUP SNAPSHOT 's' TO r",
        "line 1, column 17: expected a snapshot label, found the string 's'\n\
         hint: quotes make a string: a name is written bare or in backquotes",
    );
    check_refused_at(
        "BACKUP SNAPSHOT s TO \"r\"",
        "line 1, column 22: expected a repository name, found the string \"r\"",
    );
    check_refused(
        "BACKUP SNAPSHOT s TO r DATABASE shop",
        "line 1, column 24: expected ON, PROPERTIES or the end of the statement, found 'DATABASE'\n\
         hint: in BACKUP, DATABASE and EXTERNAL CATALOGS stand before SNAPSHOT",
    );
    check_refused_at(
        "BACKUP TABLE t TO r",
        "line 1, column 8: expected ALL, EXTERNAL, DATABASE or SNAPSHOT, found 'TABLE'",
    );
    check_refused_at("BACKUP SNAPSHOT s", "line 1, column 18: expected TO, found the end of the statement");
    check_refused_at(
        "BACKUP SNAPSHOT s TO r FROM x",
        "line 1, column 24: expected ON, PROPERTIES or the end of the statement, found 'FROM'",
    );
    check_refused_at(
        "BACKUP SNAPSHOT s TO r EXCLUDE (t)",
        "line 1, column 24: expected ON, PROPERTIES or the end of the statement, found 'EXCLUDE'",
    );
    check_refused_at(
        "BACKUP SNAPSHOT s TO r ON (t PARTITION ())",
        "line 1, column 41: expected a partition name, found ')'",
    );
    check_refused_at(
        "BACKUP SNAPSHOT s TO r ON (a.b.c.d)",
        "line 1, column 33: a table name has at most 3 parts, found another '.'",
    );
    check_refused_at(
        "BACKUP SNAPSHOT s TO r ON (ALL)",
        "line 1, column 31: expected TABLES, VIEWS, MATERIALIZED VIEWS or FUNCTIONS, found ')'",
    );
    check_refused_at(
        "BACKUP ALL EXTERNAL CATALOG SNAPSHOT s TO r",
        "line 1, column 21: expected CATALOGS, found 'CATALOG'",
    );
    check_refused_at(
        "BACKUP EXTERNAL CATALOG () SNAPSHOT s TO r",
        "line 1, column 26: expected a catalog name, found ')'",
    );
    check_refused_at(
        "BACKUP SNAPSHOT s TO r ON (t TEMPORARY)",
        "line 1, column 39: expected PARTITION, PARTITIONS or a partition list, found ')'",
    );
    check_refused_at(
        "BACKUP SNAPSHOT s TO r ON (t PARTITION (c = d))",
        "line 1, column 45: expected a literal, found 'd'",
    );
}

#[test]
fn restore() {
    check_refused(
        "RESTORE SNAPSHOT shop.s FROM r DATABASE shop",
        "line 1, column 32: the label may not be qualified when DATABASE is given\n\
         hint: name the target database in one place: DATABASE a AS b, or the label's prefix",
    );
    let catalogs_hint = "hint: restore the catalogs in a statement of their own";
    check_refused(
        "RESTORE SNAPSHOT shop.s FROM r ALL EXTERNAL CATALOGS",
        &format!(
            "line 1, column 18: the label may not be qualified when EXTERNAL CATALOGS is given\n{catalogs_hint}"
        ),
    );
    check_refused(
        "RESTORE SNAPSHOT s FROM r EXTERNAL CATALOG (c) DATABASE d",
        &format!(
            "line 1, column 48: DATABASE and EXTERNAL CATALOGS cannot be combined in RESTORE\n{catalogs_hint}"
        ),
    );
    check_refused(
        "RESTORE SNAPSHOT s FROM r EXTERNAL CATALOG (c) ON (t)",
        &format!(
            "line 1, column 48: ON and EXTERNAL CATALOGS cannot be combined in RESTORE\n{catalogs_hint}"
        ),
    );
    check_refused(
        "RESTORE SNAPSHOT s FROM r ON (t)",
        "line 1, column 27: the database must be given when ON names objects\n\
         hint: write DATABASE db before ON, or SNAPSHOT db.label",
    );
    check_refused_at(
        "RESTORE SNAPSHOT a.b.c FROM r",
        "line 1, column 18: bad label name: a snapshot label has at most two parts, database and label",
    );
    check_refused_at(
        "RESTORE SNAPSHOT d.s FROM r ON (t AS 'u')",
        "line 1, column 38: expected a new name, found the string 'u'",
    );
    check_refused_at(
        "RESTORE SNAPSHOT d.s FROM r ON (t AS u PARTITION (p))",
        "line 1, column 40: expected ',' or ')', found 'PARTITION'",
    );
    check_refused_at(
        "RESTORE SNAPSHOT d.s FROM r ON (t u)",
        "line 1, column 35: expected TEMPORARY, PARTITION, PARTITIONS, AS, ',' or ')', found 'u'",
    );
    check_refused(
        "RESTORE DATABASE d SNAPSHOT s FROM r",
        "line 1, column 9: expected SNAPSHOT, found 'DATABASE'\n\
         hint: in RESTORE, DATABASE and EXTERNAL CATALOGS stand behind FROM repository",
    );
    check_refused_at("RESTORE SNAPSHOT s TO r", "line 1, column 20: expected FROM, found 'TO'");
    check_refused_at(
        "RESTORE SNAPSHOT d.s FROM r ON (ALL TABLES AS u)",
        "line 1, column 44: expected ',' or ')', found 'AS'",
    );
    check_refused_at(
        "RESTORE SNAPSHOT d.s FROM r ON (VIEW v PARTITION (p))",
        "line 1, column 40: expected ',' or ')', found 'PARTITION'",
    );
}

#[test]
fn cancel_and_show() {
    check_refused(
        "CANCEL BACKUP",
        "line 1, column 14: expected FOR, FROM or IN, found the end of the statement\n\
         hint: say whose job is cancelled: CANCEL BACKUP FROM database",
    );
    check_refused_at(
        "CANCEL RESTORE FROM a.b",
        "line 1, column 22: a database name in CANCEL has one part, found another '.'",
    );
    check_refused_at("CANCEL LOAD FROM a", "line 1, column 8: expected BACKUP or RESTORE, found 'LOAD'");
    check_refused_at(
        "SHOW BACKUP LIKE 'x'",
        "line 1, column 13: expected FROM, IN, WHERE, ORDER, LIMIT or the end of the statement, found 'LIKE'",
    );
    check_refused_at(
        "SHOW BACKUP FROM a.b",
        "line 1, column 19: expected WHERE, ORDER, LIMIT or the end of the statement, found '.'",
    );
    check_refused(
        "SHOW SNAPSHOTS ON r",
        "line 1, column 1: SHOW SNAPSHOTS is not a supported statement\nhint: write SHOW SNAPSHOT ON repository",
    );
    check_refused_at("SHOW SNAPSHOT r", "line 1, column 15: expected ON, found 'r'");
    check_refused_at(
        "SHOW SNAPSHOT ON 'r'",
        "line 1, column 18: expected a repository name, found the string 'r'",
    );
    check_refused_at(
        "SHOW CREATE REPOSITORY r",
        "line 1, column 1: SHOW CREATE REPOSITORY is not a supported statement",
    );
    check_refused_at("SHOW BRIEF RESTORE", "line 1, column 1: SHOW BRIEF is not a supported statement");
    check_refused_at(
        "SHOW",
        "line 1, column 5: expected DATABASES, TABLES, COLUMNS, INDEX, PARTITIONS, TABLET, DATA, ALTER, CREATE, REPOSITORIES, SNAPSHOT, BACKUP, RESTORE, GRANTS, ROLES or USERS, found the end of the statement",
    );
    check_refused_at(
        "SHOW REPOSITORIES LIKE 'x'",
        "line 1, column 19: expected WHERE, ORDER, LIMIT or the end of the statement, found 'LIKE'",
    );
    for (sql, message) in [
        ("SHOW FULL PARTITIONS", "line 1, column 1: SHOW FULL PARTITIONS is not a supported statement"),
        ("SHOW TABLE t", "line 1, column 1: SHOW TABLE is not a supported statement"),
        ("SHOW COLUMNS", "line 1, column 13: expected FROM or IN, found the end of the statement"),
        (
            "SHOW TABLET",
            "line 1, column 12: expected FROM or a tablet's number, found the end of the statement",
        ),
        ("SHOW TABLET 1.5", "line 1, column 13: expected a tablet's number, found '1.5'"),
        (
            "SHOW ALTER TABLE",
            "line 1, column 17: expected COLUMN, OPTIMIZE or ROLLUP, found the end of the statement",
        ),
        ("SHOW ALTER COLUMN", "line 1, column 12: expected MATERIALIZED or TABLE, found 'COLUMN'"),
        ("SHOW DATA FROM t WHERE 1", "line 1, column 18: expected the end of the statement, found 'WHERE'"),
        (
            "SHOW TABLES LIKE",
            "line 1, column 17: expected the pattern as a string, found the end of the statement",
        ),
        ("SHOW PARTITIONS FROM t LIMIT x", "line 1, column 30: expected a number of rows, found 'x'"),
    ] {
        check_refused_at(sql, message);
    }
}

#[test]
fn repositories_and_snapshots() {
    check_refused(
        "CREATE REPOSITORY r ON LOCATION 'x'",
        "line 1, column 21: expected WITH, found 'ON'\nhint: WITH BROKER is written in any case, even when there is no \
         broker: CREATE REPOSITORY r WITH BROKER ON LOCATION \"…\"",
    );
    check_refused_at(
        "CREATE REPOSITORY r WITH S3 ON LOCATION 'x'",
        "line 1, column 26: expected BROKER, found 'S3'",
    );
    check_refused_at(
        "CREATE REPOSITORY r WITH BROKER b LOCATION 'x'",
        "line 1, column 35: expected ON, found 'LOCATION'",
    );
    check_refused_at(
        "CREATE REPOSITORY IF EXISTS r WITH BROKER ON LOCATION 'x'",
        "line 1, column 22: expected NOT, found 'EXISTS'",
    );
    check_refused_at(
        "CREATE READ ONLY IF NOT EXISTS REPOSITORY r WITH BROKER ON LOCATION 'x'",
        "line 1, column 18: expected REPOSITORY, found 'IF'",
    );
    check_refused_at(
        "CREATE OR REPLACE REPOSITORY r",
        "line 1, column 1: CREATE OR REPLACE is not a supported statement",
    );
    check_refused_at(
        "CREATE REPOSITORY r WITH BROKER ON LOCATION x",
        "line 1, column 45: expected the location as a string, found 'x'",
    );
    check_refused_at(
        "CREATE REPOSITORY r WITH BROKER ON LOCATION 'x' COMMENT 'c'",
        "line 1, column 49: expected PROPERTIES or the end of the statement, found 'COMMENT'",
    );
    check_refused_at(
        "CREATE REPOSITORY r WITH BROKER ON LOCATION 'x' 'y'",
        "line 1, column 49: expected PROPERTIES or the end of the statement, found the string 'y'",
    );
    check_refused_at(
        "CREATE REPOSITORY r WITH BROKER ON LOCATION 'x' PROPERTIES ('a' = 'b',)",
        "line 1, column 71: expected a property's key as a string, found ')'",
    );
    check_refused_at(
        "CREATE REPOSITORY r WITH BROKER ON LOCATION 'x' PROPERTIES (a = 'b')",
        "line 1, column 61: expected a property's key as a string, found 'a'",
    );
    check_refused_at(
        "CREATE REPOSITORY r WITH BROKER ON LOCATION 'x' PROPERTIES ('a' = 1)",
        "line 1, column 67: expected the property's value as a string, found '1'",
    );
    check_refused_at(
        "CREATE REPOSITORY 'r' WITH BROKER ON LOCATION 'x'",
        "line 1, column 19: expected IF or a repository name, found the string 'r'",
    );
    check_refused(
        "DROP REPOSITORY IF EXISTS r",
        "line 1, column 17: expected a repository name, found 'IF'\nhint: this statement has no IF [NOT] EXISTS here",
    );
    check_refused_at(
        "DROP SNAPSHOT ON r WHERE SNAPSHOT = 'x'",
        "line 1, column 15: expected a snapshot label, found 'ON'",
    );
    check_refused(
        "DROP SNAPSHOT d.l ON r",
        "line 1, column 16: expected ON, found '.'\nhint: labels belong to repositories: leave out the database",
    );
}

#[test]
fn create_table() {
    let numbers = "hint: write the number in quotes: DEFAULT \"0\"";
    check_refused(
        "CREATE TABLE t (a INT DEFAULT 0)",
        &format!(
            "line 1, column 31: expected NULL, CURRENT_TIMESTAMP, a string or (function()), found '0'\n{numbers}"
        ),
    );
    check_refused(
        "CREATE TABLE t (a INT DEFAULT -1)",
        &format!(
            "line 1, column 31: expected NULL, CURRENT_TIMESTAMP, a string or (function()), found '-'\n{numbers}"
        ),
    );
    check_refused_at(
        "CREATE TABLE t (a INT DEFAULT uuid())",
        "line 1, column 31: expected NULL, CURRENT_TIMESTAMP, a string or (function()), found 'uuid'",
    );
    check_refused(
        "CREATE TABLE t (a INT PRIMARY KEY)",
        "line 1, column 23: expected KEY, SUM, MIN, MAX, REPLACE, REPLACE_IF_NOT_NULL, HLL_UNION, BITMAP_UNION, \
         PERCENTILE_UNION, NULL, NOT, DEFAULT, AUTO_INCREMENT, AS, COMMENT, ',' or ')', found 'PRIMARY'\n\
         hint: the key is named behind the column list: PRIMARY KEY (column)",
    );
    check_refused(
        "CREATE TABLE t (a INT DEFAULT '1' NOT NULL)",
        "line 1, column 35: expected COMMENT, ',' or ')', found 'NOT'\n\
         hint: a column reads: name type [KEY] [aggregation] [NULL | NOT NULL] [DEFAULT value] [COMMENT text]",
    );
    check_refused(
        "CREATE TABLE t (a INT, INDEX i (a), b INT)",
        "line 1, column 37: expected another INDEX, found a column\nhint: the columns stand before the indexes",
    );
    let order = "hint: the clauses stand in this order, each at most once: ENGINE, key, COMMENT, PARTITION BY, DISTRIBUTED BY, \
                 ORDER BY, ROLLUP, PROPERTIES";
    check_refused(
        "CREATE TABLE t (a INT) DISTRIBUTED BY HASH (a) DUPLICATE KEY (a)",
        &format!(
            "line 1, column 48: expected BUCKETS, ORDER, ROLLUP, PROPERTIES or the end of the statement, found \
             'DUPLICATE'\n{order}"
        ),
    );
    check_refused(
        "CREATE TABLE t (a INT) DUPLICATE KEY (a) ENGINE = olap",
        &format!(
            "line 1, column 42: expected COMMENT, PARTITION, DISTRIBUTED, ORDER, ROLLUP, PROPERTIES or the end of the \
             statement, found 'ENGINE'\n{order}"
        ),
    );
}

#[test]
fn create_table_with_parts_missing_or_unknown() {
    check_refused_at("CREATE TABLE t", "line 1, column 15: expected '(', found the end of the statement");
    check_refused_at("CREATE TABLE t ()", "line 1, column 17: expected a column name, found ')'");
    check_refused_at(
        "CREATE TABLE t (INDEX i (a))",
        "line 1, column 17: expected a column name, found 'INDEX'",
    );
    check_refused_at("CREATE TABLE t (a INT,)", "line 1, column 23: expected a column name, found ')'");
    check_refused_at("CREATE TABLE t (a FOO)", "line 1, column 19: expected a column type, found 'FOO'");
    check_refused_at(
        "CREATE TABLE t (a 'INT')",
        "line 1, column 19: expected a column type, found the string 'INT'",
    );
    check_refused_at("CREATE TABLE t (a ARRAY)", "line 1, column 24: expected '<', found ')'");
    check_refused_at("CREATE TABLE t (a ARRAY<INT>>)", "line 1, column 28: one '>' too many");
    check_refused_at("CREATE TABLE t (a MAP<ARRAY<INT>>, INT)", "line 1, column 32: one '>' too many");
    check_refused_at("CREATE TABLE t (a STRUCT<INT>)", "line 1, column 29: expected a type, found '>'");
    check_refused_at("CREATE TABLE t (a MAP<INT>)", "line 1, column 26: expected ',', found '>'");
    check_refused_at(
        "CREATE TABLE t (a ARRAY<INT",
        "line 1, column 28: expected '>', found the end of the statement",
    );
    check_refused_at(
        "CREATE TABLE t (a avg(INT",
        "line 1, column 26: expected ')', found the end of the statement",
    );
    check_refused_at("CREATE TABLE t (a INT(-1))", "line 1, column 23: expected a length, found '-'");
    check_refused_at(
        "CREATE TABLE t (a DATETIME(6))",
        "line 1, column 27: expected KEY, SUM, MIN, MAX, REPLACE, REPLACE_IF_NOT_NULL, HLL_UNION, BITMAP_UNION, PERCENTILE_UNION, NULL, NOT, DEFAULT, AUTO_INCREMENT, AS, COMMENT, ',' or ')', found '('",
    );
    check_refused_at("CREATE TABLE t (a INT) ENGINE olap", "line 1, column 31: expected '=', found 'olap'");
    check_refused_at(
        "CREATE TABLE t (a INT) DISTRIBUTED BY HASH ()",
        "line 1, column 45: expected a column name, found ')'",
    );
    check_refused_at(
        "CREATE TABLE t (a INT) DISTRIBUTED BY RANGE (a)",
        "line 1, column 39: expected HASH or RANDOM, found 'RANGE'",
    );
    check_refused_at(
        "CREATE TABLE t (a INT) DISTRIBUTED BY RANDOM BUCKETS '3'",
        "line 1, column 54: expected a number of buckets, found the string '3'",
    );
    check_refused_at(
        "CREATE TABLE t (a INT) PROPERTIES ()",
        "line 1, column 36: expected a property's key as a string, found ')'",
    );
    check_refused_at("CREATE TABLE t LIKE u", "line 1, column 16: expected '(', found 'LIKE'");
    check_refused_at("CREATE TABLE t AS SELECT 1", "line 1, column 16: expected '(', found 'AS'");
    check_refused_at(
        "CREATE TABLE t (a INT) USING x",
        "line 1, column 24: expected ENGINE, DUPLICATE, AGGREGATE, UNIQUE, PRIMARY, COMMENT, PARTITION, DISTRIBUTED, ORDER, ROLLUP, PROPERTIES or the end of the statement, found 'USING'",
    );
    check_refused_at(
        "CREATE TABLE t (a INT, INDEX i (a) USING HASH)",
        "line 1, column 42: expected BITMAP, GIN, NGRAMBF or VECTOR, found 'HASH'",
    );
}

#[test]
fn partitions() {
    let refused = |clause: &str, column: usize, message: &str| {
        check_refused_at(
            &format!("CREATE TABLE t (a INT) PARTITION BY {clause}"),
            &format!("line 1, column {}: {message}", 36 + column),
        );
    };
    refused(
        "RANGE (a) (PARTITION p VALUES LESS THAN (1))",
        42,
        "expected MAXVALUE or a value as a string, found '1'",
    );
    refused(
        "RANGE (a) (PARTITION p VALUES LESS THAN (-1))",
        42,
        "expected MAXVALUE or a value as a string, found '-'",
    );
    refused("RANGE (a) (PARTITION p VALUES [('1'), ('2')])", 44, "expected ')', found ']'");
    refused("RANGE (a) (PARTITION p VALUES ('1'))", 31, "expected LESS or '[', found '('");
    refused("RANGE (a)", 10, "expected '(', found the end of the statement");
    refused("RANGE (a) (START ('1') END ('2'))", 33, "expected EVERY, found ')'");
    refused("RANGE (a) (START (1) END (2) EVERY (1))", 19, "expected a value as a string, found '1'");
    refused(
        "RANGE (a) (START ('1') END ('2') EVERY (INTERVAL 1 EON))",
        52,
        "expected YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE or SECOND, found 'EON'",
    );
    refused("LIST (a) (PARTITION p VALUES LESS THAN ('1'))", 30, "expected IN, found 'LESS'");
    refused("LIST (a) (PARTITION p VALUES IN (1))", 34, "expected NULL or a value as a string, found '1'");
    refused("LIST (a) (PARTITION p VALUES IN ())", 34, "expected NULL or a value as a string, found ')'");
    refused("LIST (a)", 9, "expected '(', found the end of the statement");
    refused("a (PARTITION p VALUES IN ('1'))", 3, "expected the next clause, found '('");
    refused("1", 1, "expected RANGE, a column or a function, found '1'");
    refused("", 0, "expected RANGE, a column or a function, found the end of the statement");
    check_refused(
        "CREATE TABLE t (a INT) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (20))",
        "line 1, column 78: expected MAXVALUE or a value as a string, found '20'\n\
         hint: partition values are strings: write the number in quotes",
    );
}

#[test]
fn what_is_done_to_repositories() {
    let cases = [
        ("ALTER REPOSITORY r SET x", "line 1, column 24: expected '(', found 'x'"),
        ("ALTER REPOSITORY r SET ()", "line 1, column 25: expected a property's key as a string, found ')'"),
        ("ALTER REPOSITORY r", "line 1, column 19: expected SET, found the end of the statement"),
        ("ALTER REPOSITORY r RENAME s", "line 1, column 20: expected SET, found 'RENAME'"),
        (
            "ALTER",
            "line 1, column 6: expected TABLE, VIEW, REPOSITORY, CATALOG, USER or ROLE, found the end of the statement",
        ),
        (
            "ALTER TABLE t",
            "line 1, column 14: expected RENAME, SWAP, COMMENT, SET, ADD, DROP, MODIFY, ORDER or COMPACT, found the end of the statement",
        ),
        (
            "ALTER TABLE t ADD COLUMN",
            "line 1, column 25: expected a column name, found the end of the statement",
        ),
        ("ALTER TABLE t ADD KEY", "line 1, column 19: expected ROLLUP or COLUMN, found 'KEY'"),
        ("ALTER TABLE t ADD INDEX (a)", "line 1, column 25: expected an index name, found '('"),
        ("CREATE INDEX i (a)", "line 1, column 16: expected ON, found '('"),
        ("CREATE INDEX i ON t", "line 1, column 20: expected '(', found the end of the statement"),
        ("DROP INDEX i", "line 1, column 13: expected ON, found the end of the statement"),
        ("SHOW INDEX t", "line 1, column 12: expected FROM or IN, found 't'"),
        ("ALTER TABLE t RENAME COLUMN a b", "line 1, column 31: expected TO, found 'b'"),
        (
            "ALTER TABLE t MODIFY COLUMN a INT AFTER",
            "line 1, column 40: expected a column name, found the end of the statement",
        ),
        ("CHECK REPOSITORY", "line 1, column 17: expected a repository name, found the end of the statement"),
        ("CHECK REPOSITORY a.b", "line 1, column 19: expected the end of the statement, found '.'"),
        ("CHECK TABLE t", "line 1, column 1: CHECK TABLE is not a supported statement"),
        ("VERIFY r", "line 1, column 8: expected SNAPSHOT or REPOSITORY, found 'r'"),
        ("VERIFY SNAPSHOT d.s ON r", "line 1, column 18: expected ON, found '.'"),
        ("VERIFY SNAPSHOT s FROM r", "line 1, column 19: expected ON, found 'FROM'"),
        ("VERIFY SNAPSHOT 's' ON r", "line 1, column 17: expected a snapshot label, found the string 's'"),
        (
            "VERIFY REPOSITORY r WHERE x",
            "line 1, column 21: expected PROPERTIES or the end of the statement, found 'WHERE'",
        ),
        ("PRUNE SNAPSHOT s", "line 1, column 1: PRUNE SNAPSHOT is not a supported statement"),
        (
            "PRUNE REPOSITORY r PROPERTIES ()",
            "line 1, column 32: expected a property's key as a string, found ')'",
        ),
        // What stands among properties may be secret.
        (
            "ALTER REPOSITORY r SET ('aws.s3.secret_key' 'hidden')",
            "line 1, column 45: expected '=', found another string",
        ),
        (
            "ALTER REPOSITORY r SET ('a' = 'b' 'hidden')",
            "line 1, column 35: expected ',' or ')', found another string",
        ),
        ("DROP SNAPSHOT s ON r FORCE x", "line 1, column 28: expected the end of the statement, found 'x'"),
    ];
    for (sql, expected) in cases {
        check_refused_at(sql, expected);
    }
}

#[test]
fn clauses_of_materialized_views_that_are_not_there_are_named() {
    let cases = [
        (
            "CREATE MATERIALIZED VIEW v PARTITION BY a AS SELECT a FROM t",
            "line 1, column 28: PARTITION BY of a materialized view is not supported yet",
        ),
        (
            "CREATE MATERIALIZED VIEW v REFRESH INCREMENTAL AS SELECT a FROM t",
            "line 1, column 36: REFRESH INCREMENTAL is not supported yet",
        ),
        (
            "REFRESH MATERIALIZED VIEW v PARTITION START ('1') END ('2')",
            "line 1, column 29: PARTITION in REFRESH MATERIALIZED VIEW is not supported yet",
        ),
        (
            "ALTER MATERIALIZED VIEW v SWAP WITH w",
            "line 1, column 27: SWAP in ALTER MATERIALIZED VIEW is not supported yet",
        ),
        (
            "ALTER MATERIALIZED VIEW v COMMENT 'x'",
            "line 1, column 27: expected ACTIVE, INACTIVE, RENAME or REFRESH, found 'COMMENT'",
        ),
    ];
    for (sql, expected) in cases {
        check_refused(sql, expected);
    }
}

#[test]
fn unknown_statements_are_named() {
    let cases = [("set x = 1", "set x"), ("frobnicate", "frobnicate")];
    for (sql, words) in cases {
        let words = words.to_ascii_uppercase();
        check_refused(sql, &format!("line 1, column 1: {words} is not a supported statement"));
    }
    check_refused_at(
        "CREATE EXTERNAL CATALOG c",
        "line 1, column 26: expected COMMENT or PROPERTIES, found the end of the statement",
    );
    check_refused_at(
        "ALTER CATALOG c SET ()",
        "line 1, column 22: expected a property's key as a string, found ')'",
    );
    check_refused_at(
        "DELETE FROM t",
        "line 1, column 14: expected TEMPORARY, PARTITION, PARTITIONS or WHERE, found the end of the statement",
    );
    check_refused_at(
        "DELETE FROM t USING u WHERE t.a = u.a",
        "line 1, column 15: USING in DELETE is not supported yet",
    );
    check_refused_at(
        "UPDATE t SET a = 1",
        "line 1, column 19: expected WHERE, found the end of the statement",
    );
    check_refused_at("UPDATE t SET a = 1 FROM u", "line 1, column 20: FROM in UPDATE is not supported yet");
    check_refused_at("'x'", "line 1, column 1: expected a statement, found the string 'x'");
    check_refused_at("`select` 1", "line 1, column 1: expected a statement, found '`select`'");
}

#[test]
fn reserved_words_are_no_names_without_backquotes() {
    for word in ["KEY", "select", "Json", "FILES", "MOD", "ROWS"] {
        check_refused(
            &format!("USE {word}"),
            &format!(
                "line 1, column 5: expected a database name, found '{word}'\nhint: {word} is a reserved word: to use it \
                 as a name, write `{word}` in backquotes"
            ),
        );
    }
}

#[test]
fn other_statements() {
    check_refused_at("USE a.b.c", "line 1, column 8: a database name has at most 2 parts, found another '.'");
    check_refused_at(
        "DROP TABLE t, u",
        "line 1, column 13: expected FORCE or the end of the statement, found ','",
    );
    check_refused_at("DROP DATABASE IF x", "line 1, column 18: expected EXISTS, found 'x'");
    check_refused_at("TRUNCATE t", "line 1, column 10: expected TABLE, found 't'");
    check_refused_at("INSERT t SELECT 1", "line 1, column 8: expected OVERWRITE or INTO, found 't'");
    check_refused_at(
        "INSERT INTO t",
        "line 1, column 14: expected TEMPORARY, PARTITION, PARTITIONS, PROPERTIES or a query, found the end of the statement",
    );
    check_refused_at(
        "INSERT INTO FILES('path' = 'x') SELECT 1",
        "line 1, column 13: expected TABLE or a table name, found 'FILES'",
    );
    check_refused_at("SHOW PARTITIONS IN t", "line 1, column 17: expected FROM, found 'IN'");
    check_refused_at(
        "EXPLAIN t",
        "line 1, column 9: expected LOGICAL, VERBOSE, COSTS, ANALYZE or a query, found 't'",
    );
    check_refused_at(
        "CREATE",
        "line 1, column 7: expected DATABASE, TABLE, VIEW, INDEX, REPOSITORY, USER or ROLE, found the end of the statement",
    );
    check_refused_at(
        "DROP ;",
        "line 1, column 5: expected DATABASE, TABLE, VIEW, INDEX, REPOSITORY, SNAPSHOT, USER or ROLE, found the end of the statement",
    );
}
