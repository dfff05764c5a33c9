//! Predicates leave files out.

use crate::support::Shell;

/// How many segments the scans of a query read.
fn files(shell: &mut Shell, query: &str) -> usize {
    // The short form leaves out the names of files beyond the first few.
    let plans = shell.rows(&format!("EXPLAIN VERBOSE {query}"));
    let physical = plans.iter().rfind(|plan| plan.starts_with("physical_plan|")).unwrap();
    physical.matches(".parquet").count()
}

#[test]
fn partitions_buckets_and_segments_are_left_out() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (d DATE, k INT, x DOUBLE) DUPLICATE KEY (d)
         PARTITION BY RANGE (d) (START ('2013-01-01') END ('2014-01-01') EVERY (INTERVAL 1 MONTH))
         DISTRIBUTED BY HASH (k) BUCKETS 4",
    );
    // Each month and bucket gets one file from each load.
    let rows: Vec<String> =
        (1..=12).flat_map(|m| (0..40).map(move |k| format!("('2013-{m:02}-10', {k}, {k}.5)"))).collect();
    shell.run(&format!("INSERT INTO t VALUES {}", rows.join(", ")));
    shell.run("INSERT INTO t SELECT d, k, x + 1000 FROM t");
    let all = files(&mut shell, "SELECT x FROM t");
    assert_eq!(all, 12 * 4 * 2);
    let cases = [
        ("d = '2013-05-10'", 8),
        ("d >= '2013-11-01'", 16),
        ("d = '2013-01-10' OR d = '2013-02-10'", 16),
        ("d BETWEEN '2013-02-01' AND '2013-02-28' AND x < 500", 4),
        ("k = 7", 24),
        ("k = 7 AND d = '2013-05-10' AND x > 1000", 1),
        ("x > 5000", 0),
        ("d IN ('2013-01-10', '2013-02-10')", 16),
        ("d = '2015-01-01'", 0),
        ("k IS NULL", 0),
    ];
    for (filter, expected) in cases {
        assert_eq!(files(&mut shell, &format!("SELECT x FROM t WHERE {filter}")), expected, "{filter}");
    }
    assert_eq!(shell.value("SELECT count(*) FROM t WHERE d = '2013-05-10' AND k = 7 AND x > 1000"), "1");
    assert_eq!(shell.value("SELECT count(*) FROM t WHERE d >= '2013-11-01'"), "160");
}
