//! Loads with rows that cannot be taken: none is loaded, the first of them is named, and they are counted.

use crate::support::Shell;

const MODELS: [(&str, &str); 4] =
    [("DUPLICATE", ""), ("UNIQUE", ""), ("PRIMARY", ""), ("AGGREGATE", "REPLACE")];
const PARTITIONS: [&str; 3] = [
    "PARTITION BY RANGE (k) (PARTITION p VALUES [('0'), ('1000')))",
    "PARTITION BY LIST (k) (PARTITION p VALUES IN ('1', '2', '3', '4', '5', '6', '7', '8', '9'))",
    "",
];

fn table(model: (&str, &str), partition: &str) -> String {
    let (key, function) = model;
    format!(
        "CREATE TABLE t (k INT NOT NULL, s VARCHAR(3) {function} NULL, n INT {function} NOT NULL, j JSON {function}) {key} KEY (k)
         {partition} DISTRIBUTED BY HASH (k) BUCKETS 2"
    )
}

/// A query of rows that the table takes, and what is put in their place to be refused.
const QUERY: &str = "SELECT K AS a, S AS b, N AS c, J AS d FROM source";

fn refused(shell: &mut Shell, sql: &str, words: &[&str]) {
    let error = shell.refusal(sql).to_string();
    for word in words {
        assert!(error.contains(word), "{sql}\n    expected: {word}\n    found: {error}");
    }
    assert_eq!(shell.value("SELECT count(*) FROM t"), "0", "{sql}");
    assert_eq!(shell.rows("SHOW PARTITIONS FROM t").len(), 1, "{sql}");
}

#[test]
fn rows_at_fault_are_counted_and_the_first_is_named() {
    for model in MODELS {
        for partition in PARTITIONS {
            let mut shell = Shell::with_database();
            shell.run("CREATE TABLE source (k INT, s STRING, n BIGINT, j STRING)");
            let rows = (1..10).map(|k| format!("({k}, 'abc', {k}, '{{\"a\": {k}}}')"));
            shell.run(&format!("INSERT INTO source VALUES {}", rows.collect::<Vec<_>>().join(", ")));
            shell.run(&table(model, partition));
            let from = |k: &str, s: &str, n: &str, j: &str| {
                let query = QUERY.replace("K ", &format!("{k} ")).replace("S AS", &format!("{s} AS"));
                let query = query.replace("N AS", &format!("{n} AS")).replace("J AS", &format!("{j} AS"));
                format!("INSERT INTO t {query} ORDER BY source.k")
            };
            let of = |count: &str| format!("{count} refused, and none is loaded");
            refused(
                &mut shell,
                &from("k", "CASE WHEN k % 4 = 3 THEN 'long' ELSE s END", "n", "j"),
                &["column 's', row 3: 4 bytes are too long for varchar(3)", &of("2 of 9 rows are")],
            );
            refused(
                &mut shell,
                &from("k", "s", "CASE WHEN k > 4 THEN NULL ELSE n END", "j"),
                &["column 'n', row 5: null in a column that is NOT NULL", &of("5 of 9 rows are")],
            );
            refused(
                &mut shell,
                &from("CASE WHEN k = 9 THEN NULL ELSE k END", "s", "n", "j"),
                &["column 'k', row 9: null", &of("1 of 9 rows is")],
            );
            refused(
                &mut shell,
                &from("k", "s", "CASE WHEN k IN (2, 3) THEN 3000000000 ELSE n END", "j"),
                &["column 'n', row 2: 3000000000 is not a value of type int", &of("2 of 9 rows are")],
            );
            refused(
                &mut shell,
                &from("k", "s", "n", "CASE WHEN k < 8 THEN '{bad' ELSE j END"),
                &["column 'j', row 1: '{bad' is not ", &of("7 of 9 rows are")],
            );
            // Faults of several kinds are counted together, a row once.
            refused(
                &mut shell,
                &from(
                    "k",
                    "CASE WHEN k = 1 THEN 'long' ELSE s END",
                    "CASE WHEN k < 3 THEN NULL ELSE n END",
                    "j",
                ),
                &[", row 1: ", &of("2 of 9 rows are")],
            );
            // The first row is named, also where a column before has a fault in a later one.
            refused(
                &mut shell,
                &from(
                    "k",
                    "CASE WHEN k = 5 THEN 'long' ELSE s END",
                    "CASE WHEN k = 2 THEN NULL ELSE n END",
                    "j",
                ),
                &["column 'n', row 2: null", &of("2 of 9 rows are")],
            );
            refused(
                &mut shell,
                &from(
                    "k",
                    "s",
                    "CASE WHEN k = 8 THEN 3000000000 ELSE n END",
                    "CASE WHEN k = 3 THEN '{bad' ELSE j END",
                ),
                &["column 'j', row 3: ", &of("2 of 9 rows are")],
            );
            refused(
                &mut shell,
                "INSERT INTO t VALUES (1, 'a', 1, NULL), (2, 'a', NULL, NULL), (3, 'a', 'x', NULL), (4, 'a', 1 + 3000000000, NULL)",
                &["column 'n', row 2: null", &of("3 of 4 rows are")],
            );
            if !partition.is_empty() {
                refused(
                    &mut shell,
                    &from("CASE WHEN k > 6 THEN -k ELSE k END", "s", "n", "j"),
                    &["row 7: no partition takes (-7)", &of("3 of 9 rows are")],
                );
                refused(
                    &mut shell,
                    "INSERT INTO t VALUES (1, 'a', 1, NULL), (-1, 'a', 1, NULL), (-2, 'a', 1, NULL)",
                    &["row 2: no partition takes (-1)", &of("2 of 3 rows are")],
                );
            }
            refused(
                &mut shell,
                "INSERT INTO t VALUES (1, 'a', 1, NULL), (2, 'a', 'x', NULL), (3, 'a', 'y', NULL)",
                &["row 2: 'x' is not a value of type int", &of("2 of 3 rows are")],
            );
            refused(
                &mut shell,
                "INSERT INTO t VALUES (1, 'a', 1, NULL), (2, 'a', NULL, NULL)",
                &["column 'n', row 2: null", &of("1 of 2 rows is")],
            );
            // The same rows without the faults are taken.
            assert_eq!(shell.affected(&from("k", "s", "n", "j")), 9);
        }
    }
}

#[test]
fn faults_of_many_batches_are_counted() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE source (k INT); CREATE TABLE t (k TINYINT NOT NULL)");
    let rows = (0..100).map(|k| format!("({k})")).collect::<Vec<_>>().join(", ");
    shell.run(&format!("INSERT INTO source VALUES {rows}"));
    let source = "FROM source a, source b, (SELECT k FROM source WHERE k < 4) c";
    let insert = |most: u32| {
        format!("INSERT INTO t SELECT CASE WHEN a.k + b.k + c.k > {most} THEN 1000 ELSE 1 END {source}")
    };
    let refused = shell.refusal(&insert(190)).to_string();
    let count = shell.value(&format!("SELECT count(*) {source} WHERE a.k + b.k + c.k > 190"));
    assert!(refused.contains(&format!("{count} of 40000 rows are refused, and none is loaded")), "{refused}");
    // Of very many not all are counted.
    let refused = shell.refusal(&insert(0)).to_string();
    assert!(refused.contains("at least 1000 of the first 100"), "{refused}");
    assert_eq!(shell.value("SELECT count(*) FROM t"), "0");
}

#[test]
fn partitions_are_not_made_for_rows_that_are_refused() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE t (d DATE, s VARCHAR(1)) PARTITION BY date_trunc('day', d)");
    let refused = shell.refusal("INSERT INTO t VALUES ('2023-01-01', 'a'), ('2023-01-02', 'bb')").to_string();
    assert!(refused.contains("row 2"), "{refused}");
    assert!(shell.rows("SHOW PARTITIONS FROM t").is_empty());
}

/// To count the rows at fault takes no `AUTO_INCREMENT` values.
#[test]
fn counting_takes_no_numbers() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE source (k INT); CREATE TABLE t (k INT NOT NULL, n BIGINT AUTO_INCREMENT)");
    let rows = (1..=64).map(|k| format!("({k})")).collect::<Vec<_>>().join(", ");
    shell.run(&format!("INSERT INTO source VALUES {rows}"));
    let refused =
        shell.refusal("INSERT INTO t (k) SELECT CASE WHEN k % 2 = 0 THEN NULL ELSE k END FROM source");
    assert!(refused.to_string().contains("32 of 64 rows are refused"), "{refused}");
    shell.run("INSERT INTO t (k) VALUES (1)");
    assert_eq!(shell.value("SELECT n FROM t"), "1", "nothing took any");
}

#[test]
fn too_many_partitions_are_the_fault_of_no_row() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE source (k INT); CREATE TABLE t (k INT, s VARCHAR(2)) PARTITION BY (k)");
    let rows = (0..100).map(|k| format!("({k})")).collect::<Vec<_>>().join(", ");
    shell.run(&format!("INSERT INTO source VALUES {rows}"));
    let refused = shell
        .refusal("INSERT INTO t SELECT a.k * 100 + b.k, 'a' FROM source a, source b WHERE a.k < 50")
        .to_string();
    assert!(refused.contains("a load makes at most 4096 partitions; load in parts"), "{refused}");
    assert!(!refused.contains("refused"), "{refused}");
    // Rows that are refused for what they hold are counted without it.
    let refused = shell
        .refusal("INSERT INTO t SELECT a.k * 100 + b.k, CASE WHEN b.k = 9 THEN 'long' ELSE 'a' END FROM source a, source b WHERE a.k < 50")
        .to_string();
    assert!(refused.contains("50 of 5000 rows are refused"), "{refused}");
}
