//! Views: made, read, shown, backed up.

use cairn_sql::ErrorKind;

use crate::support::Shell;

fn prepared() -> Shell {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (a INT, b VARCHAR(10)); INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, NULL);
         CREATE DATABASE e; CREATE TABLE e.u (a INT, c BIGINT); INSERT INTO e.u VALUES (1, 10), (3, 30)",
    );
    shell
}

#[test]
fn a_view_is_read_as_its_query() {
    let mut shell = prepared();
    shell.run(
        "CREATE VIEW v AS SELECT a, upper(b) AS b FROM t WHERE a < 3;
         CREATE VIEW w (x COMMENT 'the key', y) COMMENT 'both' AS
           SELECT t.a, u.c -- a comment
           FROM t JOIN e.u ON t.a = u.a;
         CREATE VIEW e.z AS SELECT count(*), max(x) FROM d.w",
    );
    assert_eq!(shell.rows("SELECT * FROM v ORDER BY a"), ["1|X", "2|Y"]);
    assert_eq!(shell.rows("SELECT v.b FROM v WHERE v.a = 2"), ["Y"]);
    assert_eq!(shell.rows("SELECT k.b, w.y FROM d.v AS k JOIN w ON k.a = w.x"), ["X|10"]);
    assert_eq!(shell.rows("SELECT * FROM e.z"), ["2|3"]);
    assert_eq!(shell.columns("SELECT * FROM e.z"), ["count(*)", "max(x)"]);
    assert_eq!(shell.rows("WITH t AS (SELECT 9 AS a) SELECT t.a, v.a FROM t, v ORDER BY 2"), ["9|1", "9|2"]);
    // From another database, where its tables are not.
    shell.run("USE e");
    assert_eq!(shell.rows("SELECT a FROM d.v ORDER BY a"), ["1", "2"]);
    shell.run("INSERT INTO d.t VALUES (0, 'n'); CREATE TABLE copy (a INT, b STRING); INSERT INTO copy SELECT * FROM d.v");
    assert_eq!(shell.rows("SELECT a FROM copy ORDER BY a"), ["0", "1", "2"]);
    shell.run("DELETE FROM copy WHERE a = 0");
}

#[test]
fn columns_stay_what_they_were() {
    let mut shell = prepared();
    shell.run("CREATE VIEW v AS SELECT * FROM t; ALTER TABLE t ADD COLUMN new INT");
    assert_eq!(shell.columns("SELECT * FROM v"), ["a", "b"]);
    shell.run("ALTER TABLE t DROP COLUMN b");
    assert_eq!(shell.refusal("SELECT * FROM v").kind(), ErrorKind::Analysis);
    shell.run("ALTER VIEW v AS SELECT a + 1 AS n FROM t");
    assert_eq!(shell.rows("SELECT n FROM v ORDER BY n"), ["2", "3", "4"]);
    shell.run("DROP TABLE t");
    let error = shell.refusal("SELECT * FROM v").to_string();
    assert!(
        error.starts_with("View d.v references invalid table(s)") && error.contains("unknown table 'd.t'"),
        "{error}"
    );
    shell.run("CREATE TABLE t (a INT); INSERT INTO t VALUES (6)");
    assert_eq!(shell.rows("SELECT * FROM v"), ["7"]);
}

#[test]
fn views_are_shown() {
    let mut shell = prepared();
    shell.run("CREATE VIEW v (x COMMENT 'k', y) COMMENT 'both' AS SELECT s.a, b FROM t AS s, e.u");
    let shown = "v|CREATE VIEW `v` (`x` COMMENT \"k\", `y`)\nCOMMENT \"both\"\nAS SELECT s.a, b FROM `d`.`t` AS s, \
                 `e`.`u` AS `u`;|utf8|utf8_general_ci";
    assert_eq!(shell.rows("SHOW CREATE VIEW v"), [shown]);
    assert_eq!(shell.rows("SHOW CREATE TABLE d.v"), [shown]);
    assert_eq!(shell.columns("SHOW CREATE VIEW v")[..2], ["View", "Create View"]);
    assert_eq!(shell.rows("SHOW TABLES"), ["t", "v"]);
    assert_eq!(shell.rows("DESC v"), ["x|int|YES|false|NULL|", "y|string|YES|false|NULL|"]);
    assert_eq!(shell.rows("SHOW FULL TABLES"), ["t|BASE TABLE", "v|VIEW"]);
    assert_eq!(shell.rows("SHOW FULL COLUMNS FROM v LIKE 'x'"), ["x|int||YES|NO|NULL|||k"]);
    assert_eq!(
        shell.rows("SELECT table_name, view_definition FROM information_schema.views"),
        ["v|SELECT s.a, b FROM `d`.`t` AS s, `e`.`u` AS `u`"]
    );
    let of_view = "WHERE table_schema = 'd' AND table_name = 'v' ORDER BY 1";
    assert_eq!(
        shell.rows(&format!("SELECT table_type, table_comment FROM information_schema.tables {of_view}")),
        ["VIEW|both"]
    );
    assert_eq!(
        shell.rows(&format!("SELECT column_name, data_type FROM information_schema.columns {of_view}")),
        ["x|int", "y|string"]
    );
    // What is shown makes it again.
    shell.run("DROP VIEW v");
    let statement = shown.split('|').nth(1).unwrap();
    shell.run(statement);
    assert_eq!(shell.rows("SHOW CREATE VIEW v"), [shown]);
}

#[test]
fn views_outlive_the_process_and_go_with_their_database() {
    let mut shell = prepared();
    shell.run("CREATE VIEW v AS SELECT a FROM t; CREATE OR REPLACE VIEW v AS SELECT b FROM t");
    let directory = shell.directory.clone();
    let kept = shell.root.take();
    drop(shell);
    let mut again = Shell::at(&directory);
    assert_eq!(again.columns("SELECT * FROM d.v"), ["b"]);
    again.run("DROP DATABASE d");
    assert!(again.refusal("SELECT * FROM d.v").to_string().contains("unknown database"));
    again.run("RECOVER DATABASE d");
    assert_eq!(again.columns("SELECT * FROM d.v"), ["b"]);
    again.run("DROP VIEW d.v");
    assert_eq!(again.rows("SHOW TABLES FROM d"), ["t"]);
    drop(again);
    assert_eq!(Shell::at(&directory).rows("SHOW TABLES FROM d"), ["t"]);
    drop(kept);
}

#[test]
fn wrong_views_are_refused() {
    let mut shell = prepared();
    shell.run("CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT * FROM v");
    for (sql, expected) in [
        ("CREATE VIEW v AS SELECT 1", "already exists"),
        ("CREATE VIEW t AS SELECT 1", "already exists"),
        ("CREATE OR REPLACE VIEW t AS SELECT 1", "already exists"),
        ("CREATE OR REPLACE VIEW IF NOT EXISTS x AS SELECT 1", "cannot be combined"),
        ("CREATE VIEW x AS SELECT * FROM nothing", "unknown table 'd.nothing'"),
        ("CREATE VIEW x AS SELECT nothing FROM t", "nothing"),
        ("CREATE VIEW x AS SELECT a, a FROM t", "Duplicate column name 'a'"),
        ("CREATE VIEW x (p, P) AS SELECT a, b FROM t", "Duplicate column name"),
        ("CREATE VIEW x (p) AS SELECT a, b FROM t", "different column counts"),
        ("CREATE VIEW nowhere.x AS SELECT 1", "unknown database"),
        ("ALTER VIEW v AS SELECT * FROM v", "View v cannot read itself"),
        ("ALTER VIEW v AS SELECT * FROM w", "View v cannot read itself, through view w"),
        ("CREATE OR REPLACE VIEW v AS SELECT * FROM (SELECT * FROM w) x", "cannot read itself"),
        ("ALTER VIEW x AS SELECT 1", "unknown view 'd.x'"),
        ("ALTER VIEW t AS SELECT 1", "is not VIEW"),
        ("DROP VIEW t", "is not VIEW"),
        ("DROP VIEW x", "unknown view"),
        ("SHOW CREATE VIEW t", "is not VIEW"),
        ("DROP TABLE v", "'d.v' is a view and not a table"),
        ("INSERT INTO v VALUES (1)", "is a view and not a table"),
        ("DELETE FROM v WHERE a = 1", "is a view and not a table"),
        ("TRUNCATE TABLE v", "is a view and not a table"),
        ("ALTER TABLE v RENAME x", "is a view and not a table"),
        ("ALTER TABLE t RENAME v", "Table name[v] is already used: it is a view"),
    ] {
        let error = shell.refusal(sql);
        assert!(error.to_string().contains(expected), "{sql}: {error}");
        assert_eq!(error.kind(), ErrorKind::Analysis, "{sql}: {error}");
    }
    assert_eq!(shell.refusal("CREATE TABLE v (a INT)").kind(), ErrorKind::AlreadyExists);
    shell.run("CREATE VIEW IF NOT EXISTS v AS SELECT 9; DROP VIEW IF EXISTS x");
    assert_eq!(shell.columns("SELECT * FROM v"), ["a"]);
}

#[test]
fn scripts_are_checked_with_the_views_that_they_make() {
    let shell = prepared();
    let verdicts = shell.check(
        "CREATE VIEW v AS SELECT a FROM t; SELECT a FROM v; SELECT b FROM v; DROP VIEW v; SELECT a FROM v",
    );
    assert_eq!(verdicts[0..2], ["ok", "ok"]);
    assert!(verdicts[2].contains('b') && verdicts[2] != "ok", "{verdicts:?}");
    assert_eq!(verdicts[3], "ok");
    assert!(verdicts[4].contains("unknown table"), "{verdicts:?}");
}

#[test]
fn whoever_reads_a_view_needs_it_alone() {
    let mut root = prepared();
    root.run("CREATE VIEW v AS SELECT a FROM t; CREATE USER u; GRANT SELECT ON VIEW d.v TO u");
    let mut user = root.connect("u", "").unwrap();
    assert_eq!(user.value("SELECT count(*) FROM d.v"), "3");
    assert_eq!(user.refusal("SELECT count(*) FROM d.t").kind(), ErrorKind::Denied);
    assert_eq!(user.rows("SHOW TABLES FROM d"), ["v"]);
    assert_eq!(
        root.rows("SHOW GRANTS FOR u"),
        ["'u'@'%'|default_catalog|GRANT SELECT ON VIEW d.v TO 'u'@'%'"]
    );
    for (sql, privilege) in [
        ("CREATE VIEW d.w AS SELECT 1", "CREATE VIEW"),
        ("CREATE OR REPLACE VIEW d.v AS SELECT 1", "ALTER"),
        ("ALTER VIEW d.v AS SELECT 1", "ALTER"),
        ("DROP VIEW d.v", "DROP"),
    ] {
        let error = user.refusal(sql).to_string();
        assert!(error.contains(&format!("the {privilege} privilege(s) on")), "{sql}: {error}");
    }
    root.run("GRANT CREATE VIEW ON DATABASE d TO u");
    // It may not read what the view would show.
    assert!(
        user.refusal("CREATE VIEW d.w AS SELECT * FROM d.t")
            .to_string()
            .contains("SELECT privilege(s) on TABLE t")
    );
    user.run("CREATE VIEW d.w AS SELECT a + 1 AS n FROM d.v");
    root.run("ALTER VIEW v AS SELECT b FROM t");
    assert_eq!(user.columns("SELECT * FROM d.v"), ["b"]);
}

#[test]
fn views_come_back_from_snapshots() {
    let mut a = prepared();
    let place = a.directory.with_file_name("repository");
    a.run(
        "CREATE VIEW v AS SELECT t.a, t.b FROM t; CREATE VIEW w AS SELECT t.a FROM t JOIN v ON t.a = v.a;
         CREATE VIEW x AS SELECT u.c FROM e.u",
    );
    a.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", place.display()));
    for backup in [
        "BACKUP DATABASE d SNAPSHOT whole TO r",
        "BACKUP DATABASE d SNAPSHOT part TO r ON (TABLE t, VIEW w)",
        "BACKUP DATABASE d SNAPSHOT views TO r ON (ALL VIEWS)",
        "BACKUP DATABASE d SNAPSHOT tables TO r ON (ALL TABLES)",
    ] {
        assert_eq!(a.job(backup).status.to_text(), "[OK]", "{backup}");
    }
    a.run("DROP VIEW w; DROP VIEW v; DROP VIEW x");
    let timestamp = |shell: &mut Shell, label: &str| {
        shell.value(&format!("SELECT TIMESTAMP FROM information_schema.snapshots WHERE SNAPSHOT = '{label}'"))
    };
    let mut b = Shell::new();
    b.run(&format!("CREATE READ ONLY REPOSITORY r WITH BROKER ON LOCATION '{}'", place.display()));
    let restore = |shell: &mut Shell, label: &str, rest: &str| {
        let at = timestamp(shell, label);
        let sql = format!("RESTORE SNAPSHOT {label} FROM r {rest} PROPERTIES ('backup_timestamp' = '{at}')");
        shell.job(&sql).status.to_text()
    };
    // Under the same name, and under another.
    assert_eq!(restore(&mut b, "whole", ""), "[OK]");
    assert_eq!(b.rows("SHOW TABLES FROM d"), ["t", "v", "w", "x"]);
    assert_eq!(b.rows("SELECT a FROM d.w ORDER BY a"), ["1", "2", "3"]);
    let error = b.refusal("SELECT * FROM d.x").to_string();
    assert!(
        error.contains("View d.x references invalid") && error.contains("unknown database 'e'"),
        "{error}"
    );
    assert_eq!(restore(&mut b, "whole", "DATABASE d AS n"), "[OK]");
    b.run("DROP DATABASE d FORCE");
    assert_eq!(b.rows("SELECT a FROM n.w ORDER BY a"), ["1", "2", "3"]);
    // Some of it, renamed.
    assert_eq!(restore(&mut b, "part", "DATABASE d AS m ON (TABLE t AS t2, VIEW w AS w2)"), "[OK]");
    assert_eq!(b.rows("SHOW TABLES FROM m"), ["t2", "w2"]);
    let error = b.refusal("SELECT * FROM m.w2").to_string();
    assert!(error.contains("unknown table 'm.v'"), "{error}");
    b.run("CREATE VIEW m.v AS SELECT a FROM m.t2");
    assert_eq!(b.rows("SELECT a FROM m.w2 ORDER BY a"), ["1", "2", "3"]);
    // A view that is there gets the snapshot's definition; a table's name is not taken.
    assert_eq!(restore(&mut b, "views", "DATABASE d AS n ON (VIEW v)"), "[OK]");
    b.run("CREATE DATABASE k; CREATE TABLE k.v (a INT)");
    let refused = restore(&mut b, "views", "DATABASE d AS k ON (ALL VIEWS)");
    assert!(refused.contains("table 'k.v' exists already"), "{refused}");
    assert_eq!(b.rows("SHOW TABLES FROM k"), ["v"]);
    assert_eq!(restore(&mut b, "tables", "DATABASE d AS o"), "[OK]");
    assert_eq!(b.rows("SHOW TABLES FROM o"), ["t"]);
    for (sql, expected) in [
        ("BACKUP SNAPSHOT n.l TO r ON (VIEW nothing)", "unknown view"),
        ("BACKUP SNAPSHOT n.l TO r ON (VIEW t)", "is not VIEW"),
        ("BACKUP SNAPSHOT n.l TO r ON (VIEW v, VIEW v)", "Duplicated table: v"),
        ("BACKUP SNAPSHOT n.l TO r ON (TABLE v)", "unknown table"),
    ] {
        let error = b.refusal(sql).to_string();
        assert!(error.contains(expected), "{sql}: {error}");
    }
    let at = timestamp(&mut b, "whole");
    for (objects, expected) in [
        ("VIEW nothing", "View nothing does not exist in snapshot whole"),
        ("VIEW v, VIEW w AS v", "Duplicated alias name: v"),
        ("TABLE t AS v, VIEW v", "Duplicated alias name: v"),
    ] {
        let sql = format!(
            "RESTORE SNAPSHOT d.whole FROM r ON ({objects}) PROPERTIES ('backup_timestamp' = '{at}')"
        );
        let error = b.refusal(&sql).to_string();
        assert!(error.contains(expected), "{sql}: {error}");
    }
}
