//! Letter case: it matters in names of databases and tables, not in those of columns and partitions.

use crate::support::Shell;

#[test]
fn columns_are_found_whatever_their_case() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE t (Id INT, Name STRING); INSERT INTO t (ID, nAmE) VALUES (1, 'a'), (2, 'b')");
    let cases: [(&str, &[&str]); 7] = [
        ("SELECT NAME FROM t WHERE id = 1", &["a"]),
        ("SELECT T1.ID FROM t AS T1 ORDER BY t1.iD DESC LIMIT 1", &[]),
        ("SELECT x.iD AS K FROM t x ORDER BY k DESC", &["2", "1"]),
        ("SELECT max(ID) FROM t GROUP BY name HAVING MAX(Id) > 1", &["2"]),
        ("WITH c (A, b) AS (SELECT * FROM t) SELECT a FROM c WHERE B = 'b'", &["2"]),
        ("SELECT * EXCEPT (ID) FROM t ORDER BY NAME", &["a", "b"]),
        ("SELECT l.id FROM t l JOIN t r USING (ID) WHERE r.NAME = 'b'", &["2"]),
    ];
    for (sql, expected) in cases {
        if expected.is_empty() {
            // Aliases of tables keep their case.
            assert!(shell.try_rows(sql).is_err(), "{sql}");
        } else {
            assert_eq!(shell.rows(sql), expected, "{sql}");
        }
    }
    assert_eq!(shell.columns("SELECT ID, t.name FROM t"), ["ID", "name"]);
    assert_eq!(shell.columns("SELECT * FROM t"), ["Id", "Name"]);
}

#[test]
fn two_tables_may_spell_a_column_in_two_ways() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE a (Id INT, X INT); CREATE TABLE b (ID INT, y INT)");
    shell.run("INSERT INTO a VALUES (1, 10), (2, 20); INSERT INTO b VALUES (2, 200)");
    assert_eq!(shell.rows("SELECT a.iD, x, Y FROM a JOIN b ON a.id = b.id"), ["2|20|200"]);
    assert_eq!(shell.rows("SELECT ID FROM a UNION ALL SELECT id FROM b ORDER BY 1"), ["1", "2", "2"]);
    assert_eq!(shell.value("SELECT count(*) FROM b WHERE iD = 2 AND y > 5"), "1");
}

#[test]
fn tables_and_databases_keep_their_case() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE t (k INT); CREATE TABLE T (k INT); INSERT INTO T VALUES (1)");
    assert_eq!(shell.value("SELECT count(*) FROM t"), "0");
    assert_eq!(shell.value("SELECT count(*) FROM T"), "1");
    assert!(shell.refusal("SELECT 1 FROM D.t").to_string().contains("unknown database 'D'"));
    assert!(shell.refusal("USE D").to_string().contains("unknown database 'D'"));
}
