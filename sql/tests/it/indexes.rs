//! Index definitions, which tables carry.

use cairn_sql::ErrorKind;

use crate::support::Shell;

const TABLE: &str = "CREATE TABLE t (k INT NOT NULL, city VARCHAR(20), words STRING, price DOUBLE,
     INDEX by_city (city) USING BITMAP COMMENT 'cities',
     INDEX by_words (WORDS) USING GIN ('parser' = 'english'))
   DUPLICATE KEY (k) DISTRIBUTED BY HASH (k) BUCKETS 1";

fn shell() -> Shell {
    let mut shell = Shell::with_database();
    shell.run(TABLE);
    shell.run("INSERT INTO t VALUES (1, 'Oslo', 'a fjord', 1.5)");
    shell
}

fn names(shell: &mut Shell) -> Vec<String> {
    let rows = shell.rows("SHOW INDEX FROM t");
    rows.iter().map(|row| row.split('|').nth(2).unwrap().to_owned()).collect()
}

#[test]
fn indexes_are_shown_with_their_columns_and_properties() {
    let mut shell = shell();
    let columns = [
        "Table",
        "Non_unique",
        "Key_name",
        "Seq_in_index",
        "Column_name",
        "Collation",
        "Cardinality",
        "Sub_part",
        "Packed",
        "Null",
        "Index_type",
        "Comment",
    ];
    let rows =
        ["d.t||by_city||city||||||BITMAP|cities", "d.t||by_words||words||||||GIN(\"parser\" = \"english\")|"];
    for sql in
        ["SHOW INDEX FROM t", "SHOW INDEXES IN d.t", "SHOW KEYS FROM t FROM d", "SHOW KEY FROM x.t IN d"]
    {
        assert_eq!(shell.columns(sql), columns, "{sql}");
        assert_eq!(shell.rows(sql), rows, "{sql}");
    }
    assert_eq!(shell.refusal("SHOW INDEX FROM u").kind(), ErrorKind::Analysis);
}

#[test]
fn what_show_create_table_prints_makes_the_same_table() {
    let mut shell = shell();
    shell.run("ALTER TABLE t DROP INDEX by_city, ADD INDEX grams (city) USING NGRAMBF ('GRAM_NUM' = '4')");
    let text = shell.value("SHOW CREATE TABLE t");
    let text = text.strip_prefix("t|").unwrap().to_owned();
    assert!(
        text.contains(
            "INDEX `grams` (`city`) USING NGRAMBF(\"bloom_filter_fpp\" = \"0.05\", \"case_sensitive\" = \"true\", \
             \"gram_num\" = \"4\") COMMENT \"\""
        ),
        "{text}"
    );
    shell.run(&format!("CREATE DATABASE e; USE e; {text}"));
    assert_eq!(shell.value("SHOW CREATE TABLE t"), format!("t|{text}"));
}

#[test]
fn indexes_come_and_go_with_every_statement_that_says_so() {
    let mut shell = shell();
    shell.run("CREATE INDEX by_price ON t (k); DROP INDEX BY_CITY ON d.t");
    assert_eq!(names(&mut shell), ["by_words", "by_price"]);
    shell.run(
        "ALTER TABLE t DROP INDEX by_words, ADD INDEX w (words) USING NGRAMBF, ADD COLUMN (note VARCHAR(9))",
    );
    assert_eq!(names(&mut shell), ["by_price", "w"]);
    shell.run("ALTER TABLE t RENAME COLUMN words TO texts");
    assert!(shell.rows("SHOW INDEX FROM t")[1].contains("|texts|"));
    shell.run("ALTER TABLE t DROP COLUMN texts");
    assert_eq!(names(&mut shell), ["by_price"]);
    assert_eq!(shell.rows("SELECT k, city FROM t"), ["1|Oslo"]);
}

#[test]
fn a_definition_that_breaks_a_rule_is_refused() {
    let mut shell = shell();
    shell.run(
        "CREATE TABLE agg (k INT, s VARCHAR(9), v VARCHAR(9) REPLACE, n INT SUM) AGGREGATE KEY (k, s)
           DISTRIBUTED BY HASH (k);
         CREATE TABLE bloomy (k INT, s VARCHAR(9)) PROPERTIES ('bloom_filter_columns' = 's');
         CREATE TABLE grammy (k INT, s VARCHAR(9), INDEX g (s) USING NGRAMBF)",
    );
    let long = "i".repeat(65);
    for (sql, expected) in [
        ("CREATE INDEX i ON t (k, city)", "i index can only apply to a single column"),
        ("CREATE INDEX i ON t (nowhere)", "invalid column: nowhere"),
        ("CREATE INDEX i ON t (price)", "double is not supported in bitmap index"),
        ("CREATE INDEX `` ON t (k)", "index name cannot be blank"),
        (&format!("CREATE INDEX {long} ON t (k)"), "at most is 64"),
        ("CREATE INDEX By_City ON t (k)", "index `by_city` already exist"),
        ("CREATE INDEX i ON t (CITY)", "Index for columns (CITY) already exist"),
        ("CREATE INDEX i ON t (k) USING VECTOR", "VECTOR index is not supported yet"),
        ("CREATE INDEX i ON t (k) USING GIN", "CHAR/STRING/VARCHAR"),
        ("ALTER TABLE t ADD INDEX i (k) USING NGRAMBF", "unsupported type int"),
        ("DROP INDEX i ON t", "index i does not exist"),
        ("ALTER TABLE t DROP INDEX i", "index i does not exist"),
        ("ALTER TABLE t ADD INDEX i (k), RENAME u", "stands alone"),
        ("CREATE INDEX i ON agg (n)", "BITMAP index only used in columns of DUP_KEYS/PRIMARY_KEYS"),
        ("CREATE INDEX i ON agg (v) USING NGRAMBF", "Ngram Bloom filter index only used in columns of"),
        ("CREATE INDEX i ON agg (s) USING GIN", "DUPLICATE/PRIMARY_KEYS table"),
        ("CREATE INDEX i ON bloomy (s) USING NGRAMBF", "one bloom filter index or ngram bloom filter"),
        (
            "ALTER TABLE grammy SET ('bloom_filter_columns' = 'k, s')",
            "one bloom filter index or ngram bloom filter",
        ),
        (
            "CREATE TABLE u (k INT, s VARCHAR(9), INDEX g (s) USING NGRAMBF) PROPERTIES ('bloom_filter_columns' = 's')",
            "one bloom filter index or ngram bloom filter",
        ),
        ("CREATE TABLE u (a INT, INDEX i (a), INDEX I (a))", "index name must be unique"),
        ("CREATE TABLE u (a INT, INDEX i (a), INDEX j (a))", "same index columns"),
    ] {
        let error = shell.refusal(sql);
        assert_eq!(error.kind(), ErrorKind::Analysis, "{sql}");
        assert!(error.to_string().contains(expected), "{sql}: {error}");
    }
    for (properties, expected) in [
        ("USING NGRAMBF ('bloom_filter_fpp' = 'x')", "Bloom filter fpp is not Double"),
        ("USING NGRAMBF ('bloom_filter_fpp' = '0.06')", "[1.0E-4, 0.05]"),
        ("USING NGRAMBF ('gram_num' = '0')", "should be positive number"),
        ("USING NGRAMBF ('case_sensitive' = '2')", "should be true or false"),
        ("USING NGRAMBF ('grams' = '2')", "Do not support parameters grams"),
        ("USING NGRAMBF ('gram_num' = '2', 'GRAM_NUM' = '3')", "given twice"),
        ("USING GIN ('imp_lib' = 'lucene')", "Only support clucene"),
        ("USING GIN ('parser' = 'klingon')", "parser: klingon is invalid"),
        ("USING GIN ('stemmer' = 'x')", "Do not support parameters stemmer for GIN"),
    ] {
        let error = shell.refusal(&format!("CREATE TABLE u (a INT, b STRING, INDEX i (b) {properties})"));
        assert!(error.to_string().contains(expected), "{properties}: {error}");
    }
    shell.run("CREATE INDEX i ON agg (s) USING NGRAMBF; CREATE INDEX j ON agg (k)");
}

#[test]
fn a_backup_carries_them() {
    let mut shell = shell();
    let root = tempfile::tempdir().unwrap();
    shell.run(&format!(
        "CREATE REPOSITORY r WITH BROKER ON LOCATION 'file://{}'",
        root.path().join("r").display()
    ));
    shell.job("BACKUP SNAPSHOT d.s TO r");
    let before = shell.value("SHOW CREATE TABLE t");
    let timestamp = shell.value("SHOW SNAPSHOT ON r").split('|').nth(1).unwrap().to_owned();
    shell.run("DROP TABLE t FORCE");
    let job =
        shell.job(&format!("RESTORE SNAPSHOT d.s FROM r PROPERTIES ('backup_timestamp' = '{timestamp}')"));
    assert_eq!(job.status, cairn_engine::JobStatus::Ok);
    assert_eq!(shell.value("SHOW CREATE TABLE t"), before);
    assert_eq!(names(&mut shell), ["by_city", "by_words"]);
}

#[test]
fn a_script_is_checked_with_the_indexes_that_it_makes() {
    let shell = Shell::with_database();
    let verdicts = shell.check(
        "CREATE TABLE t (k INT, INDEX i (k)); CREATE INDEX I ON t (k); DROP INDEX i ON t; CREATE INDEX i ON t (k)",
    );
    assert!(verdicts[1].starts_with("analysis error"), "{verdicts:?}");
    assert_eq!((&*verdicts[0], &*verdicts[2], &*verdicts[3]), ("ok", "ok", "ok"), "{verdicts:?}");
}
