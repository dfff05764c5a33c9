//! ALTER TABLE.

use crate::support::Shell;

#[test]
fn a_table_gets_another_name() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE t (k INT); INSERT INTO t VALUES (1); CREATE TABLE other (k INT)");
    shell.run("ALTER TABLE t RENAME u; INSERT INTO u VALUES (2)");
    assert_eq!(shell.rows("SHOW TABLES"), ["other", "u"]);
    assert_eq!(shell.rows("SELECT k FROM u ORDER BY k"), ["1", "2"]);
    assert!(shell.value("SHOW PARTITIONS FROM u").contains("|u|"));
    for (sql, words) in [
        ("ALTER TABLE t RENAME v", "unknown table 'd.t'"),
        ("ALTER TABLE u RENAME u", "Same table name u"),
        ("ALTER TABLE u RENAME other", "Table name[other] is already used"),
        ("ALTER TABLE u RENAME v, RENAME w", "Alter operation conflicts"),
    ] {
        let error = shell.refusal(sql).to_string();
        assert!(error.contains(words), "{sql}: {error}");
    }
    let directory = shell.directory.clone();
    drop(shell.session);
    drop(shell.store);
    let mut again = Shell::at(&directory);
    assert_eq!(again.rows("SELECT k FROM d.u ORDER BY k"), ["1", "2"]);
    assert!(again.value("SHOW PARTITIONS FROM d.u").contains("|u|"));
    let verdicts = again.check("USE d; ALTER TABLE u RENAME w; SELECT * FROM w; SELECT * FROM u");
    assert_eq!(verdicts[..3], ["ok", "ok", "ok"]);
    assert!(verdicts[3].contains("unknown table"), "{verdicts:?}");
}
