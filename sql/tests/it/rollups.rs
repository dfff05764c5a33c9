//! Rollups and synchronous materialized views.

use crate::support::Shell;

const SALES: &str = "CREATE TABLE sales (id INT NOT NULL, shop INT, day DATE, amount DECIMAL(9, 2), n INT)
     DUPLICATE KEY (id) DISTRIBUTED BY HASH (id) BUCKETS 3";
const ROWS: &str = "INSERT INTO sales VALUES (1, 1, '2013-01-05', 1.50, 2), (2, 1, '2013-01-06', 2.25, NULL),
     (3, 2, '2013-02-01', 4.00, 5), (4, NULL, '2013-02-02', NULL, 7), (5, 2, '2013-02-03', 8.00, 1)";

/// The rows of a view, which has one row a key and bucket of its table, beside those of the query that it stands for.
fn equal(shell: &mut Shell, view: &str, query: &str) {
    let mut ours = shell.rows(view);
    let mut theirs = shell.rows(query);
    ours.sort();
    theirs.sort();
    assert_eq!(ours, theirs, "{view}");
    assert!(!theirs.is_empty(), "{query}");
}

const BY_SHOP: &str = "CREATE MATERIALIZED VIEW by_shop AS
     SELECT shop, SUM(amount), MIN(day) AS first, MAX(n), COUNT(n) AS counted, COUNT(*) AS sales
     FROM sales GROUP BY shop";

fn equal_by_shop(shell: &mut Shell) {
    equal(
        shell,
        "SELECT shop, SUM(mv_sum_amount), MIN(first), MAX(mv_max_n), SUM(counted), SUM(sales) FROM by_shop [_SYNC_MV_] GROUP BY shop",
        "SELECT shop, SUM(amount), MIN(day), MAX(n), COUNT(n), COUNT(*) FROM sales GROUP BY shop",
    );
}

#[test]
fn a_materialized_view_follows_its_table() {
    let mut shell = Shell::with_database();
    shell.run(SALES);
    shell.run(ROWS);
    shell.run(BY_SHOP);
    equal_by_shop(&mut shell);
    shell.run("INSERT INTO sales VALUES (6, 1, '2012-12-31', 100, 100), (7, 3, '2013-01-01', 1, NULL)");
    equal_by_shop(&mut shell);
    shell.run("DELETE FROM sales WHERE n > 50");
    equal_by_shop(&mut shell);
    shell.run("ALTER TABLE sales COMPACT");
    equal_by_shop(&mut shell);
    shell.run("INSERT OVERWRITE sales VALUES (9, 1, '2014-01-01', 5, 5)");
    equal_by_shop(&mut shell);
    assert_eq!(shell.rows("SELECT * FROM by_shop"), ["1|5.00|2014-01-01|5|1|1"]);
    // The name of the table that a query reads may be qualified, and the word in brackets is not needed.
    assert_eq!(shell.value("SELECT b.shop FROM d.by_shop b"), "1");
    shell.run("TRUNCATE TABLE sales");
    assert_eq!(shell.rows("SELECT * FROM by_shop"), Vec::<String>::new());
    shell.run("DROP MATERIALIZED VIEW by_shop");
    assert!(shell.refusal("SELECT * FROM by_shop").to_string().contains("unknown table 'd.by_shop'"));
    shell.run("DROP MATERIALIZED VIEW IF EXISTS by_shop");
}

#[test]
fn expressions_and_conditions_are_computed_by_every_load() {
    let mut shell = Shell::with_database();
    shell.run(SALES);
    shell.run(
        "CREATE MATERIALIZED VIEW by_month AS
         SELECT date_trunc('month', s.day) AS month, SUM(amount * 2) AS twice, COUNT(n + 1) AS counted, MAX(upper('x')) AS x
         FROM sales s WHERE s.id <> 3 GROUP BY month",
    );
    shell.run(ROWS);
    shell.run("INSERT INTO sales VALUES (10, 1, '2013-02-27', 1, 1)");
    let query = "SELECT date_trunc('month', day) AS month, SUM(amount * 2), COUNT(n + 1), MAX('X') FROM sales WHERE id <> 3 GROUP BY 1";
    let view = "SELECT month, SUM(twice), SUM(counted), MAX(x) FROM by_month GROUP BY month";
    equal(&mut shell, view, query);
    shell.run("DELETE FROM sales WHERE id BETWEEN 2 AND 4");
    equal(&mut shell, view, query);
    let statement = shell.value("SHOW CREATE MATERIALIZED VIEW by_month");
    let (name, statement) = statement.split_once('|').unwrap();
    assert_eq!(name, "by_month");
    assert!(statement.contains("COUNT(`n` + 1) AS `counted`"), "{statement}");
    let root = tempfile::tempdir().unwrap();
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", root.path().display()));
    let stamp = shell.job("BACKUP SNAPSHOT d.s TO r").timestamp.to_string();
    shell.run("DROP MATERIALIZED VIEW by_month");
    shell.run(statement);
    equal(&mut shell, view, query);
    assert!(shell.value("SHOW CREATE MATERIALIZED VIEW by_month").ends_with(statement));
    // What is made again is the same: else the snapshot would not go into the table any more.
    let restored =
        shell.job(&format!("RESTORE SNAPSHOT d.s FROM r PROPERTIES ('backup_timestamp' = '{stamp}')"));
    assert_eq!(restored.status.to_text(), "[OK]");
    equal(&mut shell, view, query);
    // A sum that somebody writes so may be null, and stays a sum.
    shell.run(
        "CREATE MATERIALIZED VIEW own AS SELECT shop, SUM(CASE WHEN (n + 1) IS NULL THEN 0 ELSE 1 END) AS c FROM sales GROUP BY shop",
    );
    let own = shell.value("SHOW CREATE MATERIALIZED VIEW own");
    assert!(own.contains("SUM(CASE WHEN"), "{own}");
}

#[test]
fn rollups_are_made_with_the_table_or_later() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT, a INT, v BIGINT SUM, r INT REPLACE) AGGREGATE KEY (k, a)
         DISTRIBUTED BY HASH (k) BUCKETS 2 ROLLUP (by_a (a, v)) PROPERTIES (\"replication_num\" = \"1\")",
    );
    shell.run("INSERT INTO t VALUES (1, 1, 10, 1), (2, 1, 20, 2), (1, 1, 30, 3), (3, 2, 5, 4)");
    shell.run("ALTER TABLE t ADD ROLLUP whole (a, k, r), again (a) FROM by_a");
    let sum = "SELECT a, SUM(v) FROM by_a GROUP BY a";
    equal(&mut shell, sum, "SELECT a, SUM(v) FROM t GROUP BY a");
    equal(&mut shell, "SELECT a, k, r FROM whole", "SELECT a, k, r FROM t");
    equal(&mut shell, "SELECT DISTINCT a FROM again", "SELECT DISTINCT a FROM t");
    shell.run("INSERT INTO t VALUES (1, 1, 1, 7), (4, 2, 1, 8)");
    equal(&mut shell, sum, "SELECT a, SUM(v) FROM t GROUP BY a");
    equal(&mut shell, "SELECT a, k, r FROM whole", "SELECT a, k, r FROM t");
    let before = shell.value("SHOW CREATE TABLE t");
    assert!(
        before.contains(
            "ROLLUP (\n  `by_a` (`a`, `v`),\n  `whole` (`a`, `k`, `r`),\n  `again` (`a`)\n)\nPROPERTIES"
        ),
        "{before}"
    );
    let statement = before.split_once('|').unwrap().1.replacen("`t`", "`u`", 1);
    shell.run(&statement);
    assert_eq!(shell.value("SHOW CREATE TABLE u").split_once('|').unwrap().1, statement);
    shell.run("DROP TABLE u");
    assert_eq!(
        shell.rows("DESC t ALL"),
        [
            "t|AGG_KEYS|k|int|Yes|true|NULL|",
            "||a|int|Yes|true|NULL|",
            "||v|bigint|Yes|false|NULL|SUM",
            "||r|int|Yes|false|NULL|REPLACE",
            "by_a|AGG_KEYS|a|int|Yes|true|NULL|",
            "||v|bigint|Yes|false|NULL|SUM",
            "whole|AGG_KEYS|a|int|Yes|true|NULL|",
            "||k|int|Yes|true|NULL|",
            "||r|int|Yes|false|NULL|REPLACE",
            "again|AGG_KEYS|a|int|Yes|true|NULL|",
        ]
    );
    shell.run("ALTER TABLE t RENAME ROLLUP whole all_of_it");
    equal(&mut shell, "SELECT a, k, r FROM all_of_it", "SELECT a, k, r FROM t");
    shell.run("ALTER TABLE t RENAME COLUMN a TO b");
    equal(&mut shell, "SELECT b, k, r FROM all_of_it", "SELECT b, k, r FROM t");
    shell.run("ALTER TABLE t DROP ROLLUP by_a, again");
    assert_eq!(shell.columns("SHOW MATERIALIZED VIEWS").len(), 22);
    let listed = shell.value("SHOW MATERIALIZED VIEWS FROM d");
    assert!(listed.contains("|d|all_of_it|ROLLUP|true|"), "{listed}");
    assert!(listed.contains("SELECT `b`, `k`, `r`\nFROM `t`;"), "{listed}");
    assert_eq!(shell.rows("SHOW MATERIALIZED VIEWS LIKE 'by%'"), Vec::<String>::new());
    assert_eq!(shell.rows("SHOW MATERIALIZED VIEWS WHERE `rows` > 1000"), Vec::<String>::new());
    assert_eq!(shell.rows("SHOW MATERIALIZED VIEWS WHERE `rows` < 1000 ORDER BY name LIMIT 1"), [listed]);
}

#[test]
fn rollups_of_unique_keys_keep_the_newest_row() {
    let mut shell = Shell::with_database();
    shell
        .run("CREATE TABLE t (k INT, v INT, w INT) UNIQUE KEY (k) DISTRIBUTED BY HASH (k) ROLLUP (r (k, w))");
    shell.run("INSERT INTO t VALUES (1, 1, 1), (2, 2, 2), (1, 3, 3)");
    shell.run("INSERT INTO t VALUES (2, 4, 4), (3, 5, 5)");
    equal(&mut shell, "SELECT * FROM r", "SELECT k, w FROM t");
    shell.run("DELETE FROM t WHERE k = 2");
    equal(&mut shell, "SELECT * FROM r", "SELECT k, w FROM t");
    assert_eq!(shell.rows("SELECT * FROM r ORDER BY k"), ["1|3", "3|5"]);
}

#[test]
fn partitions_are_left_out_of_views_as_they_are_of_tables() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (day DATE, k INT, v INT) PARTITION BY date_trunc('month', day) DISTRIBUTED BY HASH (k);
         ALTER TABLE t ADD ROLLUP r (day, v);
         INSERT INTO t VALUES ('2013-01-05', 1, 1), ('2013-02-05', 2, 2), ('2013-03-05', 3, 3)",
    );
    equal(&mut shell, "SELECT v FROM r WHERE day = '2013-02-05'", "SELECT v FROM t WHERE day = '2013-02-05'");
    let plan = shell.rows("EXPLAIN SELECT v FROM r WHERE day = '2013-02-05'").join("\n");
    assert_eq!(plan.matches(".parquet").count(), 1, "{plan}");
    shell.run("ALTER TABLE t DROP PARTITION p201301; RECOVER PARTITION p201301 FROM t");
    equal(&mut shell, "SELECT day, v FROM r", "SELECT day, v FROM t");
    shell.run("ALTER TABLE t DROP PARTITION p201301 FORCE");
    equal(&mut shell, "SELECT day, v FROM r", "SELECT day, v FROM t");
}

#[test]
fn views_of_tables_in_lists_of_steps_are_read_whole() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (day DATE, city VARCHAR(9), v INT) PARTITION BY date_trunc('month', day), city
         DISTRIBUTED BY HASH (v) BUCKETS 3;
         CREATE MATERIALIZED VIEW m AS SELECT day, city, SUM(v) AS v FROM t GROUP BY day, city;
         INSERT INTO t VALUES ('2013-01-05', 'a', 1), ('2013-01-06', 'a', 2), ('2013-02-05', 'b', 3)",
    );
    for wanted in ["day = '2013-01-06'", "day > '2013-01-05'", "city = 'a' AND day < '2013-01-06'", "v = 3"] {
        equal(
            &mut shell,
            &format!("SELECT day, city, v FROM m WHERE {wanted}"),
            &format!("SELECT day, city, v FROM t WHERE {wanted}"),
        );
    }
}

#[test]
fn temporary_partitions_bring_their_rollups() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT, v INT) PARTITION BY RANGE (k) (PARTITION p VALUES LESS THAN (\"10\"))
         DISTRIBUTED BY HASH (k) ROLLUP (r (v, k));
         INSERT INTO t VALUES (1, 1);
         ALTER TABLE t ADD TEMPORARY PARTITION q VALUES LESS THAN (\"10\");
         INSERT INTO t TEMPORARY PARTITION (q) VALUES (2, 20), (3, 30)",
    );
    shell.run("CREATE MATERIALIZED VIEW sums AS SELECT v, COUNT(*) AS c FROM t GROUP BY v");
    equal(&mut shell, "SELECT v, k FROM r", "SELECT v, k FROM t");
    equal(&mut shell, "SELECT v, c FROM sums", "SELECT v, COUNT(*) FROM t GROUP BY v");
    shell.run("INSERT INTO t TEMPORARY PARTITION (q) VALUES (2, 20)");
    shell.run("ALTER TABLE t REPLACE PARTITION (p) WITH TEMPORARY PARTITION (q)");
    equal(&mut shell, "SELECT v, k FROM r", "SELECT v, k FROM t");
    equal(&mut shell, "SELECT v, c FROM sums", "SELECT v, COUNT(*) FROM t GROUP BY v");
    assert_eq!(shell.rows("SELECT * FROM sums ORDER BY v"), ["20|2", "30|1"]);
}

#[test]
fn tablets_of_rollups_are_shown_and_counted() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT, v INT) DISTRIBUTED BY HASH (k) BUCKETS 2 ROLLUP (r (v));
         INSERT INTO t VALUES (1, 10), (2, 20), (3, 20)",
    );
    let shown = shell.rows("SHOW TABLET FROM t");
    assert_eq!(shown.len(), 4);
    assert_eq!(
        shell.rows(
            "SELECT index_name, count(*), sum(row_count) FROM information_schema.tablets GROUP BY index_name ORDER BY 1"
        ),
        ["r|2|3", "t|2|3"]
    );
    let rowsets = "SELECT DISTINCT index_name FROM information_schema.rowsets ORDER BY 1";
    assert_eq!(shell.rows(rowsets), ["r", "t"]);
    let id = shown[3].split('|').next().unwrap().to_owned();
    let owner = shell.value(&format!("SHOW TABLET {id}"));
    let owner: Vec<&str> = owner.split('|').collect();
    assert_eq!(&owner[..4], ["d", "t", "t", "r"]);
    assert!(owner[7].starts_with(&format!("{}.", owner[5])), "{owner:?}");
    // The statement that is named there has it.
    let mut detail = owner[9].to_owned();
    detail.pop();
    assert_eq!(shell.rows(&detail), [shown[3].clone()]);

    let all = shell.value("SELECT sum(data_size) FROM information_schema.tablets");
    let own = shell.value("SELECT sum(data_size) FROM information_schema.tablets WHERE index_name = 't'");
    assert_ne!(all, own);
    for sql in [
        "SELECT data_length FROM information_schema.tables WHERE table_name = 't'",
        "SELECT data_length FROM information_schema.partitions WHERE table_name = 't'",
        "SELECT data_size FROM information_schema.partitions_meta WHERE table_name = 't'",
    ] {
        assert_eq!(shell.value(sql), all, "{sql}");
    }
    assert_eq!(shell.value("SHOW TABLE STATUS").split('|').nth(6).unwrap(), all);
    assert_eq!(
        shell.rows(&format!("SHOW PARTITIONS FROM t WHERE DataSize = {all} AND RowCount = 3")).len(),
        1
    );
}

#[test]
fn views_go_with_their_table_into_another_store() {
    let root = tempfile::tempdir().unwrap();
    let mut a = Shell::with_database();
    a.run(SALES);
    a.run(ROWS);
    a.run(BY_SHOP);
    a.run(
        "CREATE MATERIALIZED VIEW late AS SELECT shop, MAX(n + 1) AS m FROM sales WHERE n > 1 GROUP BY shop",
    );
    a.run("ALTER TABLE sales ADD ROLLUP by_day (day, id) DUPLICATE KEY (day)");
    a.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", root.path().display()));
    assert_eq!(a.job("BACKUP SNAPSHOT d.s TO r").status.to_text(), "[OK]");
    let stamp = a.value("SHOW SNAPSHOT ON r").split('|').nth(1).unwrap().to_owned();
    let mut b = Shell::new();
    b.run(&format!("CREATE READ ONLY REPOSITORY r WITH BROKER ON LOCATION '{}'", root.path().display()));
    let restored = b.job(&format!("RESTORE SNAPSHOT d.s FROM r PROPERTIES ('backup_timestamp' = '{stamp}')"));
    assert_eq!(restored.status.to_text(), "[OK]");
    b.run("USE d");
    for statement in ["SHOW CREATE TABLE sales", "DESC sales ALL", "SHOW CREATE MATERIALIZED VIEW late"] {
        assert_eq!(b.rows(statement), a.rows(statement), "{statement}");
    }
    for shell in [&mut a, &mut b] {
        equal_by_shop(shell);
        shell.run("INSERT INTO sales VALUES (20, 2, '2020-01-01', 9, 9)");
        equal_by_shop(shell);
        let late = "SELECT shop, MAX(n + 1) FROM sales WHERE n > 1 GROUP BY shop";
        equal(shell, "SELECT shop, MAX(m) FROM late GROUP BY shop", late);
        equal(shell, "SELECT day, id FROM by_day", "SELECT day, id FROM sales");
    }
    // A table without them is another table.
    b.run("DROP MATERIALIZED VIEW late");
    let refused = b.job(&format!("RESTORE SNAPSHOT d.s FROM r PROPERTIES ('backup_timestamp' = '{stamp}')"));
    assert!(refused.status.to_text().contains("rollups are inconsistent"), "{}", refused.status.to_text());
}

/// Sums were counted up row by row in the column's own type, so that it depended on the order of the rows whether they fit: a
/// snapshot whose rows had been sorted anew could not be restored.
#[test]
fn sums_fit_in_any_order_of_the_rows() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT, o INT, v BIGINT) DUPLICATE KEY (k, o) DISTRIBUTED BY HASH (k) BUCKETS 1;
         CREATE MATERIALIZED VIEW m AS SELECT k, SUM(v) AS s FROM t GROUP BY k;
         INSERT INTO t VALUES (1, 1, 9000000000000000000);
         INSERT INTO t VALUES (1, 3, -9000000000000000000), (2, 1, 1);
         INSERT INTO t VALUES (1, 2, 9000000000000000000);
         ALTER TABLE t COMPACT",
    );
    let query = "SELECT k, SUM(v) FROM t GROUP BY k";
    shell.run("CREATE MATERIALIZED VIEW late AS SELECT k, SUM(v) AS s FROM t GROUP BY k");
    shell.run("DELETE FROM t WHERE k = 2");
    equal(&mut shell, "SELECT k, s FROM m", query);
    equal(&mut shell, "SELECT k, s FROM late", query);
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", root.path().display()));
    let job = shell.job("BACKUP SNAPSHOT d.s TO r");
    let restore =
        format!("RESTORE SNAPSHOT d.s FROM r PROPERTIES ('backup_timestamp' = '{}')", job.timestamp);
    shell.run("DROP TABLE t");
    assert_eq!(shell.job(&restore).status.to_text(), "[OK]");
    equal(&mut shell, "SELECT k, s FROM m", query);
    // Rows that go may leave a sum that does not fit.
    let refused = shell.refusal("DELETE FROM t WHERE o = 3").to_string();
    assert!(
        refused.contains("rollup 'm', column 's': the SUM of rows with one key does not fit bigint"),
        "{refused}"
    );
    assert!(refused.contains("key (k = 1)"), "{refused}");
}

#[test]
fn what_is_refused() {
    let mut shell = Shell::with_database();
    shell.run(SALES);
    shell.run(BY_SHOP);
    shell.run("CREATE TABLE agg (k INT, d INT, v INT SUM, r INT REPLACE) AGGREGATE KEY (k, d) DISTRIBUTED BY HASH (k)");
    shell.run("CREATE TABLE uniq (k INT, d INT, v INT) UNIQUE KEY (k, d) DISTRIBUTED BY HASH (k)");
    shell.run("CREATE TABLE prim (k INT, v INT) PRIMARY KEY (k)");
    let cases = [
        ("ALTER TABLE prim ADD ROLLUP r (k)", "Do not support add rollup on primary key table"),
        ("CREATE MATERIALIZED VIEW m AS SELECT k, SUM(v) FROM prim GROUP BY k", "primary key table"),
        ("ALTER TABLE sales ADD ROLLUP r (nothing)", "Column[nothing] does not exist"),
        ("ALTER TABLE sales ADD ROLLUP r (id, ID)", "Duplicated column[ID]"),
        ("ALTER TABLE sales ADD ROLLUP by_shop (id)", "already exists"),
        ("ALTER TABLE sales ADD ROLLUP sales (id)", "already exists"),
        ("ALTER TABLE sales ADD ROLLUP r (shop, id) DUPLICATE KEY (id)", "must be its first columns"),
        ("ALTER TABLE sales ADD ROLLUP r (id) FROM other", "Base index[other] does not exist"),
        ("ALTER TABLE sales ADD ROLLUP r (id), r (shop)", "already exists"),
        ("ALTER TABLE sales DROP ROLLUP r", "Rollup index[r] does not exist"),
        ("ALTER TABLE sales RENAME ROLLUP r s", "Rollup index[r] does not exist"),
        ("ALTER TABLE sales RENAME ROLLUP by_shop sales", "already used"),
        ("ALTER TABLE agg ADD ROLLUP r (v, k)", "value should be after key"),
        ("ALTER TABLE agg ADD ROLLUP r (v)", "No key column"),
        ("ALTER TABLE agg ADD ROLLUP r (k, r)", "key column 'd' is missing"),
        ("ALTER TABLE agg ADD ROLLUP r (k) DUPLICATE KEY (k)", "is for rollups of DUPLICATE KEY"),
        ("ALTER TABLE uniq ADD ROLLUP r (k, v)", "key column 'd' is missing"),
        ("CREATE TABLE n (a INT, b INT) ROLLUP (r (c))", "Column[c] does not exist"),
        (
            "CREATE MATERIALIZED VIEW by_shop AS SELECT shop, SUM(n) FROM sales GROUP BY shop",
            "already exists",
        ),
        ("CREATE MATERIALIZED VIEW agg AS SELECT shop, SUM(n) FROM sales GROUP BY shop", "already exists"),
        (
            "CREATE MATERIALIZED VIEW m AS SELECT SUM(n), shop FROM sales GROUP BY shop",
            "should be after none agg",
        ),
        ("CREATE MATERIALIZED VIEW m AS SELECT shop, SUM(n) FROM sales", "needs GROUP BY"),
        ("CREATE MATERIALIZED VIEW m AS SELECT SUM(n) FROM sales GROUP BY shop", "must be selected"),
        ("CREATE MATERIALIZED VIEW m AS SELECT shop, n FROM sales GROUP BY shop", "GROUP BY"),
        ("CREATE MATERIALIZED VIEW m AS SELECT shop, AVG(n) FROM sales GROUP BY shop", "takes SUM, MIN, MAX"),
        ("CREATE MATERIALIZED VIEW m AS SELECT shop, COUNT(DISTINCT n) FROM sales GROUP BY shop", "DISTINCT"),
        ("CREATE MATERIALIZED VIEW m AS SELECT shop, SUM(z) FROM sales GROUP BY shop", "unknown column 'z'"),
        ("CREATE MATERIALIZED VIEW m AS SELECT shop, SUM(x.n) FROM sales GROUP BY shop", "unknown column"),
        ("CREATE MATERIALIZED VIEW m AS SELECT shop, SUM(day) FROM sales GROUP BY shop", "SUM does not take"),
        (
            "CREATE MATERIALIZED VIEW m AS SELECT shop, MAX(random()) AS r FROM sales GROUP BY shop",
            "other values",
        ),
        ("CREATE MATERIALIZED VIEW m AS SELECT * FROM sales", "without *"),
        ("CREATE MATERIALIZED VIEW m AS SELECT shop FROM sales LIMIT 1", "no WITH, ORDER BY or LIMIT"),
        ("CREATE MATERIALIZED VIEW m AS SELECT DISTINCT shop FROM sales", "no DISTINCT"),
        ("CREATE MATERIALIZED VIEW m AS SELECT a.shop FROM sales a JOIN sales b ON a.id = b.id", "one table"),
        (
            "CREATE MATERIALIZED VIEW m AS SELECT shop, SUM(n) FROM sales WHERE n GROUP BY shop",
            "condition behind",
        ),
        (
            "CREATE MATERIALIZED VIEW m AS SELECT k, MIN(v) FROM agg GROUP BY k",
            "must be same as the aggregate type",
        ),
        ("CREATE MATERIALIZED VIEW m AS SELECT k, COUNT(v) FROM agg GROUP BY k", "must be same as"),
        (
            "CREATE MATERIALIZED VIEW m AS SELECT k, SUM(v) FROM agg WHERE v > 1 GROUP BY k",
            "takes key columns",
        ),
        ("CREATE MATERIALIZED VIEW m AS SELECT k, d, v FROM uniq WHERE v > 1", "takes key columns"),
        ("CREATE MATERIALIZED VIEW m AS SELECT k, SUM(v) FROM uniq GROUP BY k", "has no GROUP BY"),
        ("DROP MATERIALIZED VIEW m", "is not found in database d"),
        ("ALTER TABLE sales DROP COLUMN amount", "rollup 'by_shop' is made of it"),
        ("ALTER TABLE sales MODIFY COLUMN n BIGINT", "rollup 'by_shop' is made of it"),
        ("INSERT INTO by_shop SELECT 1", "unknown table 'd.by_shop'"),
    ];
    for (statement, expected) in cases {
        let refused = shell.refusal(statement);
        assert_eq!(refused.kind(), cairn_sql::ErrorKind::Analysis, "{statement}: {refused}");
        assert!(refused.to_string().contains(expected), "{statement}: {refused}");
    }
    shell.run("CREATE MATERIALIZED VIEW plus AS SELECT shop, SUM(n + id) AS s FROM sales GROUP BY shop");
    let refused = shell.refusal("ALTER TABLE sales RENAME COLUMN id TO number");
    assert!(refused.to_string().contains("materialized view 'plus' refers to it"), "{refused}");
    // What two tables have may be meant of either.
    shell.run("ALTER TABLE agg ADD ROLLUP twice (k); ALTER TABLE sales ADD ROLLUP twice (id)");
    assert!(shell.refusal("DROP MATERIALIZED VIEW twice").to_string().contains("and of table"));
    assert!(shell.refusal("SELECT * FROM twice").to_string().contains("unknown table"));
    // A sum that does not fit its type takes the load with it.
    shell.run("CREATE TABLE big (k INT, v LARGEINT) DUPLICATE KEY (k) DISTRIBUTED BY HASH (k) BUCKETS 1");
    shell.run("CREATE MATERIALIZED VIEW sums AS SELECT k, SUM(v) AS v FROM big GROUP BY k");
    let most = "170141183460469231731687303715884105727";
    shell.run(&format!("INSERT INTO big VALUES (1, '{most}')"));
    let refused = shell.refusal("INSERT INTO big VALUES (1, '1')");
    assert!(refused.to_string().contains("the SUM of rows with one key does not fit"), "{refused}");
    assert_eq!(shell.value("SELECT COUNT(*) FROM big"), "1");
}

#[test]
fn scripts_are_checked_with_their_views() {
    let shell = Shell::with_database();
    let verdicts = shell.check(&format!(
        "USE d; {SALES}; {BY_SHOP}; SELECT counted FROM by_shop; SELECT nothing FROM by_shop; DROP MATERIALIZED VIEW by_shop; \
         SELECT counted FROM by_shop"
    ));
    let is_ok: Vec<bool> = verdicts.iter().map(|verdict| verdict == "ok").collect();
    assert_eq!(is_ok, [true, true, true, true, false, true, false], "{verdicts:?}");
}

#[test]
fn names_of_materialized_views_are_nobody_elses() {
    let mut shell = Shell::with_database();
    shell.run(SALES);
    shell.run(BY_SHOP);
    shell.run("CREATE TABLE other (k INT, v INT) DUPLICATE KEY (k) ROLLUP (r (v, k))");
    let cases = [
        ("CREATE TABLE by_shop (k INT)", "materialized view 'd.by_shop' exists already"),
        ("CREATE VIEW by_shop AS SELECT 1", "materialized view 'd.by_shop' exists already"),
        (
            "ALTER TABLE other RENAME by_shop",
            "Table name[by_shop] is already used: it is a materialized view",
        ),
        ("ALTER TABLE other RENAME r", "Table name[r] is already used: it is a rollup of the table"),
        ("ALTER TABLE other ADD ROLLUP other (v)", "Rollup index[other]"),
        ("CREATE TABLE t (k INT, v INT) DUPLICATE KEY (k) ROLLUP (t (v))", "Rollup index[t]"),
    ];
    for (sql, words) in cases {
        let error = shell.refusal(sql).to_string();
        assert!(error.contains(words), "{sql}: {error}");
    }
    // Nor does a restore take it.
    let place = shell.directory.with_file_name("repository");
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", place.display()));
    shell.job("BACKUP SNAPSHOT d.l TO r ON (TABLE other)");
    let job = shell.job(
        "RESTORE SNAPSHOT l FROM r DATABASE d ON (TABLE other AS by_shop) PROPERTIES ('backup_timestamp' = 'latest')",
    );
    assert!(
        job.status.to_text().contains("materialized view 'd.by_shop' exists already"),
        "{:?}",
        job.status
    );
}
