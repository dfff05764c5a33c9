//! Checking scripts without running them.

use crate::support::Shell;

#[test]
fn a_script_is_checked_against_what_it_would_make() {
    let shell = Shell::new();
    let script = "CREATE DATABASE d; USE d; CREATE TABLE t (k INT, s STRING);
        INSERT INTO t VALUES (1, 'a'); INSERT INTO t VALUES (1); SELECT k FROM t; SELECT nope FROM t;
        SELECT * FROM missing; CREATE TABLE t (k INT); DROP TABLE t; SELECT 1 FROM t; SELEC 1;
        CREATE REPOSITORY r WITH BROKER ON LOCATION '/nowhere/at/all'; BACKUP SNAPSHOT s TO r; BACKUP SNAPSHOT s TO q;
        DROP REPOSITORY r; INSERT INTO u SELECT 1; USE e";
    let expected = [
        "ok",
        "ok",
        "ok",
        "ok",
        "analysis error: Column count doesn't match value count",
        "ok",
        "analysis error: no field named nope; valid fields are t.k, t.s",
        "analysis error: unknown table 'd.missing'",
        "analysis error: table 'd.t' exists already",
        "ok",
        "analysis error: unknown table 'd.t'",
        "parse error: ",
        "ok",
        "ok",
        "analysis error: Repository [q] does not exist",
        "ok",
        "analysis error: unknown table 'd.u'",
        "analysis error: unknown database 'e'",
    ];
    let verdicts = shell.check(script);
    assert_eq!(verdicts.len(), expected.len());
    for (verdict, expected) in verdicts.iter().zip(expected) {
        assert!(verdict.starts_with(expected), "{verdict} / {expected}");
    }
    // Nothing has happened.
    assert_eq!(shell.store.view().databases().count(), 0);
    assert_eq!(shell.store.view().repositories().count(), 0);
}

#[test]
fn after_a_restore_names_may_be_those_that_it_makes() {
    let shell = Shell::new();
    let script = "SELECT * FROM f.t;
        RESTORE SNAPSHOT f.s FROM r PROPERTIES ('backup_timestamp' = '2024-12-09-10-25-58-842');
        SELECT * FROM f.t; USE f; SELECT * FROM t; RESTORE SNAPSHOT s FROM r";
    let verdicts = shell.check(script);
    assert!(verdicts[0].starts_with("analysis error: unknown database 'f'"), "{verdicts:?}");
    assert_eq!(verdicts[1..5], ["ok", "ok", "ok", "ok"]);
    assert!(verdicts[5].starts_with("analysis error: Missing backup_timestamp property"), "{verdicts:?}");
}

#[test]
fn what_execution_would_refuse_without_looking_is_refused() {
    let shell = Shell::new();
    let script = "CREATE DATABASE d; USE d; CREATE TABLE t (k INT, s VARCHAR(2), d DATE);
        CREATE REPOSITORY r WITH BROKER ON LOCATION 'hdfs://host:9000/x';
        CREATE REPOSITORY r WITH BROKER ON LOCATION '/nowhere/at/all' PROPERTIES ('digest' = 'x');
        CREATE REPOSITORY r WITH BROKER ON LOCATION 'file:///nowhere/at/all';
        INSERT INTO t (k) VALUES (1), (99999999999); INSERT INTO t (k) VALUES ('x'); INSERT INTO t (s) VALUES ('abc');
        INSERT INTO t (d) VALUES (DATE '2013-02-30'); INSERT INTO t (k) VALUES (DATE '2013-02-28');
        INSERT INTO t (k) VALUES (date_trunc('month', DATE '2013-02-28')); INSERT INTO t (k) VALUES (1 + 1)";
    let expected = [
        "ok",
        "ok",
        "ok",
        "analysis error: location 'hdfs://host:9000/x'",
        "analysis error: property 'digest': 'x' is none",
        "ok",
        "analysis error: column 'k', row 2: 99999999999 is not a value of type int",
        "analysis error: column 'k', row 1: 'x' is not a value of type int",
        "analysis error: column 's', row 1: a text of 3 bytes is too long for varchar(2)",
        "analysis error: ",
        "analysis error: column 'k' of type int cannot take a value of type date",
        "analysis error: column 'k' of type int cannot take",
        "ok",
    ];
    let verdicts = shell.check(script);
    assert_eq!(verdicts.len(), expected.len());
    for (verdict, expected) in verdicts.iter().zip(expected) {
        assert!(verdict.starts_with(expected), "{verdict} / {expected}");
    }
}
