//! Sort keys and Bloom filters: how the rows of files are ordered, and which files need not be read.

use crate::support::Shell;

#[test]
fn rows_are_sorted_by_the_sort_key_and_found_by_the_key() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT NOT NULL, v INT, s STRING) PRIMARY KEY (k) DISTRIBUTED BY HASH (k) BUCKETS 1 ORDER BY (v, s);
         INSERT INTO t VALUES (1, 30, 'a'), (2, 10, 'b'), (3, 20, 'c'), (4, NULL, 'd')",
    );
    assert_eq!(shell.rows("SELECT k FROM t"), ["4", "2", "3", "1"]);
    assert!(shell.value("SHOW CREATE TABLE t").contains("ORDER BY(`v`, `s`)"));
    shell.run("INSERT INTO t VALUES (3, 5, 'x'), (5, 1, 'y'); DELETE FROM t WHERE k = 2; UPDATE t SET v = 40 WHERE k = 1");
    let rows = ["1|40|a", "3|5|x", "4|NULL|d", "5|1|y"];
    assert_eq!(shell.rows("SELECT * FROM t ORDER BY k"), rows);
    shell.run("ALTER TABLE t COMPACT");
    assert_eq!(shell.rows("SELECT k FROM t"), ["4", "5", "3", "1"]);
    // Another sort key is for what is written from now on.
    shell.run("ALTER TABLE t ORDER BY (s); INSERT INTO t VALUES (6, 0, 'zz'), (7, 9, 'aa')");
    assert_eq!(shell.rows("SELECT k FROM t WHERE k > 5"), ["7", "6"]);
    shell.run("ALTER TABLE t COMPACT");
    assert_eq!(shell.rows("SELECT k FROM t"), ["1", "7", "4", "3", "5", "6"]);

    let root = shell.root.as_ref().unwrap().path().join("repository");
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", root.display()));
    let created = shell.value("SHOW CREATE TABLE t");
    let timestamp = shell.job("BACKUP SNAPSHOT d.s TO r").timestamp.to_string();
    let mut other = Shell::new();
    other.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", root.display()));
    other.job(&format!(
        "RESTORE SNAPSHOT s FROM r DATABASE d PROPERTIES ('backup_timestamp' = '{timestamp}')"
    ));
    other.run("USE d");
    assert_eq!(other.value("SHOW CREATE TABLE t"), created);
    other.run("INSERT INTO t VALUES (7, 8, 'b'), (1, 0, NULL)");
    assert_eq!(other.value("SELECT count(*) FROM t"), "6");
    other.run("ALTER TABLE t COMPACT");
    assert_eq!(other.rows("SELECT k FROM t"), ["1", "7", "4", "3", "5", "6"]);
}

#[test]
fn every_key_model_has_sort_keys() {
    let mut shell = Shell::with_database();
    for (name, columns, key, expected) in [
        ("DUPLICATE", "k INT, v INT, x INT", "ORDER BY (v)", ["2:1:1", "1:1:9", "1:2:5"].as_slice()),
        ("AGGREGATE", "k INT, v INT, x INT SUM", "ORDER BY (v, k)", &["1:1:9", "2:1:1", "1:2:5"]),
        ("UNIQUE", "k INT, v INT, x INT", "ORDER BY (v, k)", &["1:1:9", "2:1:1", "1:2:5"]),
    ] {
        let of_key = if name == "DUPLICATE" { "k" } else { "k, v" };
        shell.run(&format!(
            "DROP TABLE IF EXISTS t; CREATE TABLE t ({columns}) {name} KEY ({of_key}) DISTRIBUTED BY HASH (k) BUCKETS 1 {key};
             INSERT INTO t VALUES (1, 2, 5), (2, 1, 1), (1, 1, 9)"
        ));
        assert_eq!(shell.rows("SELECT concat(k, ':', v, ':', x) FROM t"), expected, "{name}");
        shell.run("INSERT INTO t VALUES (0, 1, 3); ALTER TABLE t COMPACT");
        assert_eq!(shell.rows("SELECT k FROM t").len(), 4, "{name}");
        // A key column more is one of the sort key, too, where that is all of the key.
        shell.run("ALTER TABLE t ADD COLUMN z INT KEY DEFAULT '7' AFTER k; INSERT INTO t (k, z, v, x) VALUES (0, 8, 1, 4)");
        shell.run("ALTER TABLE t COMPACT");
        let sorted = if name == "DUPLICATE" { "ORDER BY(`v`)" } else { "ORDER BY(`v`, `k`, `z`)" };
        let created = shell.value("SHOW CREATE TABLE t").split_once('|').unwrap().1.to_owned();
        assert!(created.contains(sorted), "{created}");
        assert_eq!(
            shell.rows("SELECT k, z FROM t WHERE v = 1 AND k = 0 ORDER BY z"),
            ["0|7", "0|8"],
            "{name}"
        );
        shell.run(&created.replacen("`t`", "`again`", 1));
        shell.run("DROP TABLE again");
    }
    let keys = [
        ("PRIMARY KEY (k)", "(nope)", "sort column 'nope' does not exist"),
        ("PRIMARY KEY (k)", "(v, v)", "duplicated sort column 'v'"),
        ("PRIMARY KEY (k)", "(f)", "sort key column[f] type not supported: double"),
        ("UNIQUE KEY (k)", "(v)", "The sort columns of UNIQUE KEY table must be same with key columns"),
        ("UNIQUE KEY (k, v)", "(v)", "must be same with key columns"),
    ];
    for (key, order, words) in keys {
        let error = shell.refusal(&format!(
            "CREATE TABLE w (k INT NOT NULL, v INT, f DOUBLE) {key} DISTRIBUTED BY HASH (k) ORDER BY {order}"
        ));
        assert!(error.to_string().contains(words), "{key} {order}: {error}");
    }
}

/// What the scan of a query tells of Bloom filters.
fn pruned(shell: &mut Shell, query: &str) -> String {
    let plan = shell.rows(&format!("EXPLAIN ANALYZE {query}")).join("\n");
    let at = plan.find("row_groups_pruned_bloom_filter=").unwrap_or_else(|| panic!("{plan}"));
    plan[at..].split([',', ']']).next().unwrap().to_owned()
}

#[test]
fn bloom_filters_leave_row_groups_out() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT, v BIGINT, s VARCHAR(20)) DUPLICATE KEY (k) DISTRIBUTED BY HASH (k) BUCKETS 1
         PROPERTIES ('bloom_filter_columns' = 's, v', 'bloom_filter_fpp' = '0.01');
         INSERT INTO t SELECT value, value * 2, concat('n', value * 2) FROM generate_series(0, 2000)",
    );
    for (filter, matches) in
        [("v = 1000", true), ("v = 1001", false), ("s = 'n1000'", true), ("s = 'n1001'", false)]
    {
        let query = format!("SELECT k FROM t WHERE {filter}");
        assert_eq!(shell.rows(&query).len(), usize::from(matches), "{filter}");
        let expected = if matches { "1 total → 1 matched" } else { "1 total → 0 matched" };
        assert_eq!(
            pruned(&mut shell, &query),
            format!("row_groups_pruned_bloom_filter={expected}"),
            "{filter}"
        );
    }
    for (properties, words) in [
        (
            "'bloom_filter_columns' = 'nope'",
            "Bloom filter column does not exist in table. invalid column: nope",
        ),
        ("'bloom_filter_columns' = 'k,K'", "Duplicate bloom filter column: K"),
        ("'bloom_filter_columns' = 'd'", "double is not supported in bloom filter index. invalid column: d"),
        ("'bloom_filter_fpp' = '0.5'", "Bloom filter fpp should in [0.0001, 0.05]"),
        ("'bloom_filter_fpp' = 'low'", "Bloom filter fpp should in"),
    ] {
        let create = format!("CREATE TABLE w (k INT, d DOUBLE) DUPLICATE KEY (k) PROPERTIES ({properties})");
        let error = shell.refusal(&create).to_string();
        assert!(error.contains(words), "{properties}: {error}");
    }
    let error = shell.refusal(
        "CREATE TABLE w (k INT, v INT SUM) AGGREGATE KEY (k) DISTRIBUTED BY HASH (k) PROPERTIES ('bloom_filter_columns' = 'v')",
    );
    assert!(error.to_string().contains("invalid column: v"), "{error}");
    shell.run("ALTER TABLE t SET ('bloom_filter_columns' = 'k')");
    assert!(
        shell
            .refusal("ALTER TABLE t SET ('bloom_filter_columns' = 'x')")
            .to_string()
            .contains("invalid column: x")
    );
}
