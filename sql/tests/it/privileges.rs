//! What each statement needs leave for.

use std::collections::BTreeSet;

use cairn_sql::{
    AccessStatement, Error, ErrorKind, Session, ShowWhat, Statement, parse_statement, split_statements,
};

use crate::support::{Shell, handle};

/// A word for each kind of statement. A new kind has to be given one here, and then an example in [`EXAMPLES`].
/// What a statement does, in words.
pub(crate) fn kind(statement: &Statement) -> &'static str {
    match statement {
        Statement::CreateDatabase(_) => "create database",
        Statement::DropDatabase(_) => "drop database",
        Statement::Use(_) => "use",
        Statement::CreateTable(_) => "create table",
        Statement::AlterTable(_) => "alter table",
        Statement::CreateMaterializedView(_) => "create materialized view",
        Statement::DropMaterializedView(_) => "drop materialized view",
        Statement::AlterMaterializedView(_) => "alter materialized view",
        Statement::RefreshMaterializedView(_) => "refresh materialized view",
        Statement::ShowCreateMaterializedView(_) => "show create materialized view",
        Statement::DropTable(_) => "drop table",
        Statement::TruncateTable(_) => "truncate",
        Statement::Insert(_) => "insert",
        Statement::Delete(_) => "delete",
        Statement::Update(_) => "update",
        Statement::Query(_) => "query",
        Statement::Explain(_) => "explain",
        Statement::ExplainBackup(_) => "explain backup",
        Statement::ExplainRestore(_) => "explain restore",
        Statement::CreateIndex(_) => "create index",
        Statement::DropIndex(_) => "drop index",
        Statement::Show(statement) => match statement.what {
            ShowWhat::Catalogs => "show catalogs",
            ShowWhat::Databases => "show databases",
            ShowWhat::Tables { .. } => "show tables",
            ShowWhat::TableStatus(_) => "show table status",
            ShowWhat::Columns { .. } => "show columns",
            ShowWhat::Index(_) => "show index",
            ShowWhat::Partitions { .. } => "show partitions",
            ShowWhat::Tablets { .. } => "show tablets",
            ShowWhat::Data(_) => "show data",
            ShowWhat::Alterations { .. } => "show alter table",
            ShowWhat::MaterializedViews(_) => "show materialized views",
            ShowWhat::Roles => "show roles",
            ShowWhat::Users => "show users",
            ShowWhat::Repositories => "show repositories",
            ShowWhat::Jobs { .. } => "show jobs",
        },
        Statement::ShowTablet(_) => "show tablet",
        Statement::Recover(_) => "recover",
        Statement::ShowCreateTable(_) => "show create table",
        Statement::ShowCreateDatabase(_) => "show create database",
        Statement::Describe(_) => "describe",
        Statement::DescribeAll(_) => "describe all",
        Statement::CreateRepository(_) => "create repository",
        Statement::AlterRepository(_) => "alter repository",
        Statement::DropRepository(_) => "drop repository",
        Statement::CheckRepository(_) => "check repository",
        Statement::Verify(_) => "verify",
        Statement::PruneRepository(_) => "prune",
        Statement::Backup(_) => "backup",
        Statement::Restore(_) => "restore",
        Statement::Cancel(_) => "cancel",
        Statement::ShowSnapshot(_) => "show snapshot",
        Statement::DropSnapshot(_) => "drop snapshot",
        Statement::CreateView(_) => "create view",
        Statement::AlterView(_) => "alter view",
        Statement::DropView(_) => "drop view",
        Statement::ShowCreateView(_) => "show create view",
        Statement::CreateCatalog(_) => "create catalog",
        Statement::AlterCatalog(_) => "alter catalog",
        Statement::DropCatalog(_) => "drop catalog",
        Statement::ShowCreateCatalog(_) => "show create catalog",
        Statement::Access(statement) => match statement.as_ref() {
            AccessStatement::CreateUser { .. } => "create user",
            AccessStatement::AlterUser { .. } => "alter user",
            AccessStatement::DropUser { .. } => "drop user",
            AccessStatement::SetPassword { .. } => "set password",
            AccessStatement::CreateRole { .. } => "create role",
            AccessStatement::AlterRole { .. } => "alter role",
            AccessStatement::DropRole { .. } => "drop role",
            AccessStatement::Grant(_) => "grant",
            AccessStatement::Revoke(_) => "revoke",
            AccessStatement::SetRole(_) => "set role",
            AccessStatement::SetDefaultRole { .. } => "set default role",
            AccessStatement::ShowGrants(_) => "show grants",
            AccessStatement::ExecuteAs(_) => "execute as",
        },
    }
}

/// Statements, and the grants that together let a user run them; each alone is asked for when all others are there.
/// Without any, nobody has to have anything.
const EXAMPLES: &[(&str, &[&str])] = &[
    ("CREATE DATABASE new", &["CREATE DATABASE ON CATALOG default_catalog"]),
    ("DROP DATABASE e", &["DROP ON DATABASE e"]),
    ("USE d", &["SELECT ON TABLE d.t"]),
    ("CREATE TABLE d.new (a INT)", &["CREATE TABLE ON DATABASE d"]),
    ("ALTER TABLE d.t RENAME new", &["ALTER ON TABLE d.t"]),
    ("ALTER TABLE d.t SWAP WITH u", &["ALTER ON TABLE d.t", "ALTER ON TABLE d.u"]),
    ("ALTER TABLE d.t ADD COLUMN new INT", &["ALTER ON TABLE d.t"]),
    (
        "CREATE MATERIALIZED VIEW d.new AS SELECT a, COUNT(*) FROM d.t GROUP BY a",
        &["SELECT ON TABLE d.t", "CREATE MATERIALIZED VIEW ON DATABASE d"],
    ),
    ("DROP MATERIALIZED VIEW d.mv", &["ALTER ON TABLE d.t"]),
    (
        "CREATE MATERIALIZED VIEW d.new REFRESH MANUAL AS SELECT a FROM d.t",
        &["SELECT ON TABLE d.t", "CREATE MATERIALIZED VIEW ON DATABASE d"],
    ),
    ("REFRESH MATERIALIZED VIEW d.am", &["REFRESH ON MATERIALIZED VIEW d.am"]),
    ("ALTER MATERIALIZED VIEW d.am INACTIVE", &["ALTER ON MATERIALIZED VIEW d.am"]),
    ("ALTER MATERIALIZED VIEW d.am RENAME new", &["ALTER ON MATERIALIZED VIEW d.am"]),
    ("DROP MATERIALIZED VIEW d.am", &["DROP ON MATERIALIZED VIEW d.am"]),
    ("SELECT * FROM d.am", &["SELECT ON MATERIALIZED VIEW d.am"]),
    ("SHOW CREATE MATERIALIZED VIEW d.am", &["REFRESH ON MATERIALIZED VIEW d.am"]),
    (
        "BACKUP SNAPSHOT d.new TO r ON (MATERIALIZED VIEW am)",
        &["REPOSITORY ON SYSTEM", "SELECT ON MATERIALIZED VIEW d.am"],
    ),
    ("SHOW MATERIALIZED VIEWS FROM d", &["SELECT ON TABLE d.t"]),
    ("SHOW CREATE MATERIALIZED VIEW d.mv", &["EXPORT ON TABLE d.t"]),
    ("DESC d.t ALL", &["INSERT ON TABLE d.t"]),
    ("SELECT * FROM d.mv", &["SELECT ON TABLE d.t"]),
    ("DROP TABLE d.t", &["DROP ON TABLE d.t"]),
    ("TRUNCATE TABLE d.t", &["DELETE ON TABLE d.t"]),
    ("INSERT INTO d.t VALUES (1, 1)", &["INSERT ON TABLE d.t"]),
    ("INSERT INTO d.t SELECT a, a FROM d.u", &["INSERT ON TABLE d.t", "SELECT ON TABLE d.u"]),
    ("INSERT OVERWRITE d.t SELECT * FROM d.t", &["INSERT ON TABLE d.t", "SELECT ON TABLE d.t"]),
    ("DELETE FROM d.t WHERE a = 1", &["DELETE ON TABLE d.t"]),
    ("DELETE FROM d.p WHERE k IN (SELECT a FROM d.u)", &["DELETE ON TABLE d.p", "SELECT ON TABLE d.u"]),
    ("UPDATE d.p SET v = 2 WHERE k = 1", &["UPDATE ON TABLE d.p"]),
    ("UPDATE d.p SET v = 2 WHERE k IN (SELECT a FROM d.u)", &["UPDATE ON TABLE d.p", "SELECT ON TABLE d.u"]),
    ("SELECT * FROM d.t", &["SELECT ON TABLE d.t"]),
    (
        "WITH c AS (SELECT a FROM d.t) SELECT * FROM c JOIN (SELECT a FROM d.u) x ON c.a = x.a",
        &["SELECT ON TABLE d.t", "SELECT ON TABLE d.u"],
    ),
    ("SELECT (SELECT max(a) FROM d.u)", &["SELECT ON TABLE d.u"]),
    ("SELECT * FROM FILES('path' = '/nowhere', 'format' = 'csv')", &["FILE ON SYSTEM"]),
    ("SELECT * FROM information_schema.backups", &[]),
    ("EXPLAIN SELECT * FROM d.t", &["SELECT ON TABLE d.t"]),
    ("SHOW DATABASES", &[]),
    ("SHOW TABLES FROM d", &["INSERT ON TABLE d.t"]),
    ("CREATE INDEX new ON d.t (a)", &["ALTER ON TABLE d.t"]),
    ("DROP INDEX old ON e.i", &["ALTER ON TABLE e.i"]),
    ("SHOW TABLE STATUS FROM d", &["INSERT ON TABLE d.t"]),
    ("SHOW ALTER TABLE COLUMN FROM d", &["INSERT ON TABLE d.t"]),
    ("SHOW COLUMNS FROM d.t WHERE Field = 'a'", &["SELECT ON TABLE d.t"]),
    ("SHOW FULL COLUMNS FROM information_schema.backups", &[]),
    ("SHOW INDEX FROM d.t", &["SELECT ON TABLE d.t"]),
    ("SHOW TABLET FROM d.t", &["ALTER ON TABLE d.t"]),
    ("SHOW TABLET 1", &[]),
    ("SHOW DATA FROM d.t", &["SELECT ON TABLE d.t"]),
    ("RECOVER DATABASE gone", &["CREATE DATABASE ON CATALOG default_catalog"]),
    ("RECOVER TABLE d.gone", &["CREATE TABLE ON DATABASE d"]),
    ("RECOVER PARTITION gone FROM d.t", &["INSERT ON TABLE d.t", "ALTER ON TABLE d.t"]),
    ("SHOW PARTITIONS FROM d.t", &["SELECT ON TABLE d.t"]),
    ("SHOW TEMPORARY PARTITIONS FROM d.t", &["INSERT ON TABLE d.t"]),
    ("SHOW CREATE TABLE d.t", &["EXPORT ON TABLE d.t"]),
    ("SHOW CREATE DATABASE d", &["CREATE TABLE ON DATABASE d"]),
    ("DESC d.t", &["DELETE ON TABLE d.t"]),
    ("DESC information_schema.backups", &[]),
    ("CREATE REPOSITORY new WITH BROKER ON LOCATION '/nowhere/new'", &["REPOSITORY ON SYSTEM"]),
    ("ALTER REPOSITORY r SET ('workers' = '2')", &["REPOSITORY ON SYSTEM"]),
    ("DROP REPOSITORY r", &["REPOSITORY ON SYSTEM"]),
    ("CHECK REPOSITORY r", &["REPOSITORY ON SYSTEM"]),
    ("VERIFY REPOSITORY r", &["REPOSITORY ON SYSTEM"]),
    ("PRUNE REPOSITORY r", &["REPOSITORY ON SYSTEM"]),
    ("SHOW REPOSITORIES", &[]),
    ("BACKUP SNAPSHOT d.new TO r ON (TABLE t)", &["REPOSITORY ON SYSTEM", "EXPORT ON TABLE d.t"]),
    (
        "BACKUP DATABASE d SNAPSHOT new TO r",
        &[
            "REPOSITORY ON SYSTEM",
            "EXPORT ON TABLE d.t",
            "EXPORT ON TABLE d.u",
            "EXPORT ON TABLE d.p",
            "SELECT ON MATERIALIZED VIEW d.am",
        ],
    ),
    (
        "RESTORE SNAPSHOT l FROM r DATABASE d ON (TABLE t) PROPERTIES ('backup_timestamp' = '2026-01-01-00-00-00-000')",
        &["REPOSITORY ON SYSTEM", "CREATE TABLE ON DATABASE d", "INSERT ON TABLE d.t"],
    ),
    (
        "RESTORE SNAPSHOT l FROM r DATABASE d ON (TABLE t AS new) PROPERTIES ('backup_timestamp' = '2026-01-01-00-00-00-000')",
        &["REPOSITORY ON SYSTEM", "CREATE TABLE ON DATABASE d"],
    ),
    (
        "RESTORE SNAPSHOT l FROM r DATABASE d PROPERTIES ('backup_timestamp' = '2026-01-01-00-00-00-000')",
        &[
            "REPOSITORY ON SYSTEM",
            "CREATE DATABASE ON CATALOG default_catalog",
            "CREATE TABLE ON DATABASE d",
            "INSERT ON TABLE d.t, d.u, d.p",
            "DROP ON VIEW d.v",
            "DROP ON MATERIALIZED VIEW d.am",
        ],
    ),
    (
        "RESTORE SNAPSHOT l FROM r PROPERTIES ('backup_timestamp' = '2026-01-01-00-00-00-000')",
        &[
            "REPOSITORY ON SYSTEM",
            "CREATE DATABASE ON CATALOG default_catalog",
            "CREATE TABLE ON ALL DATABASES",
            "INSERT ON ALL TABLES IN ALL DATABASES",
            "DROP ON ALL VIEWS IN ALL DATABASES",
            "DROP ON ALL MATERIALIZED VIEWS IN ALL DATABASES",
        ],
    ),
    ("EXPLAIN BACKUP SNAPSHOT d.new TO r ON (TABLE t)", &["REPOSITORY ON SYSTEM", "SELECT ON TABLE d.t"]),
    (
        "EXPLAIN RESTORE SNAPSHOT l FROM r DATABASE d ON (TABLE t)
           PROPERTIES ('backup_timestamp' = '2026-01-01-00-00-00-000')",
        &["REPOSITORY ON SYSTEM", "ALTER ON TABLE d.t"],
    ),
    ("CANCEL BACKUP FROM d", &["REPOSITORY ON SYSTEM"]),
    ("SHOW BACKUP", &["REPOSITORY ON SYSTEM"]),
    ("SHOW RESTORE FROM d", &["REPOSITORY ON SYSTEM"]),
    ("SHOW SNAPSHOT ON r", &["REPOSITORY ON SYSTEM"]),
    ("DROP SNAPSHOT nothing ON r", &["REPOSITORY ON SYSTEM"]),
    ("CREATE VIEW d.new AS SELECT a FROM d.t", &["CREATE VIEW ON DATABASE d", "SELECT ON TABLE d.t"]),
    ("ALTER VIEW d.v AS SELECT a FROM d.t", &["ALTER ON VIEW d.v", "SELECT ON TABLE d.t"]),
    ("DROP VIEW d.v", &["DROP ON VIEW d.v"]),
    ("SHOW CREATE VIEW d.v", &["SELECT ON VIEW d.v"]),
    ("SELECT * FROM d.v", &["SELECT ON VIEW d.v"]),
    ("CREATE EXTERNAL CATALOG new PROPERTIES ('type' = 'hive')", &["CREATE EXTERNAL CATALOG ON SYSTEM"]),
    ("ALTER CATALOG hive SET ('a' = 'b')", &["ALTER ON CATALOG hive"]),
    ("DROP CATALOG hive", &["DROP ON CATALOG hive"]),
    ("SHOW CREATE CATALOG hive", &["USAGE ON CATALOG hive"]),
    ("SHOW CATALOGS", &[]),
    ("BACKUP ALL EXTERNAL CATALOGS SNAPSHOT new TO r", &["REPOSITORY ON SYSTEM", "USAGE ON CATALOG hive"]),
    (
        "EXPLAIN BACKUP EXTERNAL CATALOG (hive) SNAPSHOT new TO r",
        &["REPOSITORY ON SYSTEM", "USAGE ON CATALOG hive"],
    ),
    (
        "RESTORE SNAPSHOT l FROM r EXTERNAL CATALOG (hive AS new) PROPERTIES ('backup_timestamp' = 'latest')",
        &["REPOSITORY ON SYSTEM", "CREATE EXTERNAL CATALOG ON SYSTEM"],
    ),
    (
        "EXPLAIN RESTORE SNAPSHOT l FROM r ALL EXTERNAL CATALOGS PROPERTIES ('backup_timestamp' = 'latest')",
        &["REPOSITORY ON SYSTEM", "CREATE EXTERNAL CATALOG ON SYSTEM", "DROP ON CATALOG hive"],
    ),
    ("CANCEL RESTORE FOR EXTERNAL CATALOG", &["REPOSITORY ON SYSTEM"]),
    ("CREATE USER new", &["GRANT ON SYSTEM"]),
    ("ALTER USER other IDENTIFIED BY ''", &["GRANT ON SYSTEM"]),
    ("DROP USER other", &["GRANT ON SYSTEM"]),
    ("SET PASSWORD = PASSWORD('')", &[]),
    ("SET PASSWORD FOR other = PASSWORD('')", &["GRANT ON SYSTEM"]),
    ("CREATE ROLE new", &["GRANT ON SYSTEM"]),
    ("ALTER ROLE a SET COMMENT = 'x'", &["GRANT ON SYSTEM"]),
    ("DROP ROLE a", &["GRANT ON SYSTEM"]),
    ("GRANT a TO u", &["GRANT ON SYSTEM"]),
    ("GRANT SELECT ON TABLE d.t TO u", &["GRANT ON SYSTEM"]),
    ("REVOKE SELECT ON TABLE d.t FROM u", &["GRANT ON SYSTEM"]),
    ("SET ROLE NONE", &[]),
    ("SET DEFAULT ROLE NONE TO u", &[]),
    ("SET DEFAULT ROLE NONE TO other", &["GRANT ON SYSTEM"]),
    ("SHOW GRANTS", &[]),
    ("SHOW GRANTS FOR other", &["GRANT ON SYSTEM"]),
    ("SHOW ROLES", &["GRANT ON SYSTEM"]),
    ("SHOW USERS", &["GRANT ON SYSTEM"]),
    ("EXECUTE AS other WITH NO REVERT", &["IMPERSONATE ON USER other"]),
];

const ALL_KINDS: usize = 74;

fn prepared() -> Shell {
    let mut shell = Shell::new();
    let place = shell.directory.with_file_name("repository");
    shell.run(
        "CREATE DATABASE d; CREATE DATABASE e; CREATE DATABASE gone; DROP DATABASE gone;
         CREATE TABLE d.t (a INT, b INT) ROLLUP (mv (b)); CREATE TABLE d.u (a INT); CREATE TABLE d.gone (a INT); DROP TABLE d.gone;
         CREATE TABLE e.i (a INT, INDEX old (a));
         CREATE TABLE d.p (k INT NOT NULL, v INT) PRIMARY KEY (k) DISTRIBUTED BY HASH (k) BUCKETS 1;
         CREATE VIEW d.v AS SELECT a FROM d.t; CREATE EXTERNAL CATALOG hive PROPERTIES ('type' = 'hive'); CREATE USER u; CREATE USER other; CREATE ROLE a",
    );
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", place.display()));
    shell
}

/// What statements do, all of them.
pub(crate) fn kinds() -> BTreeSet<&'static str> {
    let kinds: BTreeSet<_> = EXAMPLES.iter().map(|(sql, _)| kind(&parsed(sql))).collect();
    assert_eq!(kinds.len(), ALL_KINDS, "every kind has an example: {kinds:?}");
    kinds
}

fn parsed(sql: &str) -> Statement {
    parse_statement(&split_statements(sql)[0]).unwrap_or_else(|e| panic!("{sql}: {e}"))
}

fn denial(sql: &str, grant: &str) -> String {
    let (privilege, on) = grant.split_once(" ON ").unwrap();
    // What is named needs any privilege where the statement only looks at it.
    let any = ["USE ", "SHOW ", "DESC ", "EXPLAIN BACKUP", "EXPLAIN RESTORE"]
        .iter()
        .any(|word| sql.starts_with(word))
        && on != "SYSTEM";
    // What a job of external catalogs needs, it needs to be explained, too.
    let any = any && !sql.contains("EXTERNAL CATALOG");
    format!("the {} privilege(s) on", if any { "ANY" } else { privilege })
}

#[test]
fn every_statement_needs_its_privileges_and_no_others() {
    kinds();
    let mut root = prepared();
    root.run("CREATE MATERIALIZED VIEW d.am REFRESH MANUAL AS SELECT a FROM d.t");
    for (sql, grants) in EXAMPLES {
        // Checked and not run, so that the next finds everything as it was.
        for missing in 0..grants.len() {
            let others = grants.iter().enumerate().filter(|(n, _)| *n != missing).map(|(_, grant)| *grant);
            let error = with_grants(&mut root, others, sql).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Denied, "{sql}: {error}");
            let expected = denial(sql, grants[missing]);
            assert!(error.to_string().contains(&expected), "{sql} without {}: {error}", grants[missing]);
        }
        match with_grants(&mut root, grants.iter().copied(), sql) {
            Ok(()) => {}
            // That there are no such files is found out by looking for them, which has to be allowed first.
            Err(error) => assert_ne!(error.kind(), ErrorKind::Denied, "{sql}: {error}"),
        }
    }
}

/// What the statement comes to for a user with some grants.
fn with_grants<'g>(
    root: &mut Shell,
    grants: impl Iterator<Item = &'g str> + Clone,
    sql: &str,
) -> Result<(), Error> {
    for grant in grants.clone() {
        root.run(&format!("GRANT {grant} TO USER u"));
    }
    let user = root.connect("u", "").unwrap();
    let outcome = cairn_sql::Checker::new(&user.session).check(&parsed(sql));
    for grant in grants {
        root.run(&format!("REVOKE {grant} FROM USER u"));
    }
    outcome
}

#[test]
fn the_words_are_starrocks() {
    let mut root = prepared();
    root.run("GRANT REPOSITORY ON SYSTEM TO ROLE a; GRANT a TO u");
    let mut user = root.connect("u", "").unwrap();
    let error = user.refusal("BACKUP SNAPSHOT d.l TO r ON (t)");
    assert_eq!(
        error.to_string(),
        "Access denied; you need (at least one of) the REPOSITORY privilege(s) on SYSTEM for this operation. Please ask \
         the admin to grant permission(s) or try activating existing roles using <set [default] role>. Current role(s): \
         NONE. Inactivated role(s): [a]."
    );
    user.run("SET ROLE a");
    let error = user.refusal("BACKUP SNAPSHOT d.l TO r ON (t)");
    assert!(
        error.to_string().starts_with(
            "Access denied; you need (at least one of) the EXPORT privilege(s) on TABLE t for this operation. Please"
        ) && error.to_string().ends_with("Current role(s): [a]. Inactivated role(s): NONE."),
        "{error}"
    );
    root.run("GRANT EXPORT ON TABLE d.t TO ROLE a");
    assert_eq!(user.job("BACKUP SNAPSHOT d.l TO r ON (t)").status.to_text(), "[OK]");
}

#[test]
fn denied_statements_do_nothing() {
    let mut root = prepared();
    let mut user = root.connect("u", "").unwrap();
    for sql in ["DROP TABLE d.t", "INSERT INTO d.u VALUES (1)", "CREATE DATABASE new", "DROP REPOSITORY r"] {
        assert_eq!(user.refusal(sql).kind(), ErrorKind::Denied, "{sql}");
    }
    assert_eq!(root.rows("SHOW TABLES FROM d"), ["p", "t", "u", "v"]);
    assert_eq!(root.value("SELECT count(*) FROM d.u"), "0");
    assert_eq!(root.rows("SHOW DATABASES LIKE 'new'"), [""; 0]);
    assert_eq!(root.rows("SHOW REPOSITORIES").len(), 1);
}

#[test]
fn everybody_sees_what_it_has_a_privilege_on() {
    let mut root = prepared();
    root.run("BACKUP DATABASE d SNAPSHOT l TO r; GRANT INSERT ON d.t TO u");
    root.run("CREATE MATERIALIZED VIEW d.hidden AS SELECT a FROM d.u");
    let last = root.store.view().jobs().last().unwrap().id;
    root.store.wait_for_job(last, None).unwrap();
    let mut user = root.connect("u", "").unwrap();
    assert_eq!(user.rows("SHOW DATABASES"), ["d"]);
    assert_eq!(user.rows("SHOW TABLES FROM d"), ["t"]);
    // A view is seen by whoever sees its table.
    let views = user.rows("SHOW MATERIALIZED VIEWS FROM d");
    assert!(matches!(views.as_slice(), [one] if one.contains("|d|mv|")), "{views:?}");
    assert_eq!(root.rows("SHOW MATERIALIZED VIEWS FROM d").len(), 2);
    assert_eq!(user.value("SELECT count(*) FROM information_schema.snapshots"), "0");
    assert_eq!(user.value("SELECT count(*) FROM information_schema.backups"), "0");
    root.run("GRANT REPOSITORY ON SYSTEM TO u");
    // Not all of its tables are the user's to back up.
    assert_eq!(user.rows("SHOW BACKUP"), [""; 0]);
    assert_eq!(user.value("SELECT count(*) FROM information_schema.backups"), "0");
    assert_eq!(user.value("SELECT count(*) FROM information_schema.snapshots"), "1");
    // Nor is an earlier one shown in the place of the last.
    root.run("GRANT EXPORT ON TABLE d.t TO u");
    root.job("BACKUP DATABASE d SNAPSHOT one TO r ON (TABLE t)");
    assert_eq!(user.rows("SHOW BACKUP").len(), 1);
    root.job("BACKUP DATABASE d SNAPSHOT all_again TO r");
    assert_eq!(user.rows("SHOW BACKUP"), [""; 0]);
    assert_eq!(user.value("SELECT count(*) FROM information_schema.backups"), "1");
    root.run("GRANT EXPORT ON ALL TABLES IN DATABASE d TO u");
    assert_eq!(user.rows("SHOW BACKUP").len(), 1);
    assert_eq!(user.rows("SHOW TABLES FROM d"), ["p", "t", "u"]);
}

/// The first word and the last column of each row that is no table's.
fn told(shell: &mut Shell, sql: &str) -> Vec<String> {
    let rows = shell.rows(sql);
    let brief = |row: &String| {
        let values: Vec<&str> = row.split('|').collect();
        (!values[1].starts_with("d.")).then(|| format!("{}: {}", values[0], values[values.len() - 1]))
    };
    rows.iter().filter_map(brief).collect()
}

#[test]
fn what_a_job_lacks_is_told_when_it_is_explained() {
    let mut root = prepared();
    root.run("INSERT INTO d.t VALUES (1, 1); GRANT REPOSITORY ON SYSTEM TO u; GRANT SELECT ON d.t TO u; GRANT SELECT ON d.u TO u");
    let mut user = root.connect("u", "").unwrap();
    let backup = "EXPLAIN BACKUP SNAPSHOT d.l TO r ON (t, u)";
    let need = |privilege: &str, on: &str| {
        format!("denied: you need (at least one of) the {privilege} privilege(s) on {on}")
    };
    let total = "total: NULL".to_owned();
    assert_eq!(
        told(&mut user, backup),
        [total.clone(), need("EXPORT", "TABLE t"), need("EXPORT", "TABLE u")]
    );
    root.run("GRANT EXPORT ON TABLE d.t TO u");
    assert_eq!(told(&mut user, backup), [total.clone(), need("EXPORT", "TABLE u")]);
    assert_eq!(told(&mut root, backup), std::slice::from_ref(&total));
    // What may not be seen is not told of.
    assert_eq!(user.refusal("EXPLAIN BACKUP SNAPSHOT d.l TO r ON (t, p)").kind(), ErrorKind::Denied);
    let row = root.rows(backup).remove(0);
    assert!(row.ends_with("|1 new data object and a new file list"), "{row}");

    let stamp = root.job("BACKUP SNAPSHOT d.l TO r ON (t, u)").timestamp.to_string();
    let properties = format!("PROPERTIES ('backup_timestamp' = '{stamp}')");
    let expected = [total.clone(), need("CREATE TABLE", "DATABASE d"), need("INSERT", "TABLE t")];
    assert_eq!(
        told(&mut user, &format!("EXPLAIN RESTORE SNAPSHOT d.l FROM r ON (TABLE t) {properties}")),
        expected
    );
    // The snapshot says which database it is.
    let whole = format!("EXPLAIN RESTORE SNAPSHOT l FROM r {properties}");
    root.run("GRANT SELECT ON TABLE d.p TO u; GRANT SELECT ON VIEW d.v TO u");
    assert_eq!(
        told(&mut user, &whole),
        [
            total,
            need("CREATE DATABASE", "CATALOG default_catalog"),
            need("CREATE TABLE", "DATABASE d"),
            need("DROP", "VIEW v"),
            need("INSERT", "TABLE p"),
            need("INSERT", "TABLE t"),
            need("INSERT", "TABLE u")
        ]
    );
    root.run("REVOKE SELECT, EXPORT ON TABLE d.t FROM u");
    let hidden = user.refusal(&whole);
    assert_eq!(hidden.kind(), ErrorKind::Denied);
}

#[test]
fn privileges_follow_the_table_and_not_its_name() {
    let mut root = prepared();
    root.run("GRANT SELECT ON TABLE d.t TO u");
    let mut user = root.connect("u", "").unwrap();
    root.run("ALTER TABLE d.t RENAME moved");
    user.run("SELECT * FROM d.moved");
    assert_eq!(
        root.rows("SHOW GRANTS FOR u"),
        ["'u'@'%'|default_catalog|GRANT SELECT ON TABLE d.moved TO 'u'@'%'"]
    );
    root.run("ALTER TABLE d.moved SWAP WITH u");
    user.run("SELECT * FROM d.u");
    assert_eq!(user.refusal("SELECT * FROM d.moved").kind(), ErrorKind::Denied);
    // What is dropped is nobody's; what is recovered is what it was.
    root.run("DROP TABLE d.u");
    assert_eq!(root.rows("SHOW GRANTS FOR u"), [""; 0]);
    root.run("RECOVER TABLE d.u");
    user.run("SELECT * FROM d.u");
    root.run("DROP TABLE d.u FORCE; CREATE TABLE d.u (a INT)");
    assert_eq!(user.refusal("SELECT * FROM d.u").kind(), ErrorKind::Denied);
}

#[test]
fn grants_can_be_handed_on_with_the_option_alone() {
    let mut root = prepared();
    root.run("GRANT SELECT ON TABLE d.t TO u; GRANT INSERT ON TABLE d.t TO u WITH GRANT OPTION");
    let mut user = root.connect("u", "").unwrap();
    user.run("GRANT INSERT ON TABLE d.t TO other");
    for sql in [
        "GRANT SELECT ON TABLE d.t TO other",
        "GRANT INSERT, SELECT ON TABLE d.t TO other",
        "GRANT INSERT ON ALL TABLES IN DATABASE d TO other",
        "REVOKE SELECT ON TABLE d.t FROM other",
    ] {
        assert!(user.refusal(sql).to_string().contains("the GRANT privilege(s) on SYSTEM"), "{sql}");
    }
    root.connect("other", "").unwrap().run("INSERT INTO d.t VALUES (1, 2)");
}

#[test]
fn user_administrators_do_not_become_root() {
    let mut root = prepared();
    root.run("GRANT user_admin TO u; SET DEFAULT ROLE user_admin TO u");
    let mut user = root.connect("u", "").unwrap();
    root.run("CREATE ROLE above; CREATE ROLE ops; GRANT root TO ROLE above; GRANT above TO ROLE ops");
    root.run("CREATE USER boss; GRANT ops TO boss");
    user.run("CREATE USER new; GRANT db_admin TO new; DROP USER new");
    for sql in [
        "GRANT root TO u",
        "GRANT cluster_admin TO u",
        "SET PASSWORD FOR root = PASSWORD('x')",
        "ALTER USER root IDENTIFIED BY 'x'",
        "EXECUTE AS root WITH NO REVERT",
        "SET DEFAULT ROLE NONE TO root",
        "CREATE USER x DEFAULT ROLE root",
        "GRANT ops TO u",
        "EXECUTE AS boss WITH NO REVERT",
        "ALTER USER boss IDENTIFIED BY 'x'",
        "SET DEFAULT ROLE NONE TO boss",
        "DROP USER boss",
    ] {
        let error = user.refusal(sql);
        assert_eq!(error.kind(), ErrorKind::Denied, "{sql}: {error}");
        assert!(error.to_string().contains("except root user"), "{sql}: {error}");
    }
    for sql in ["CREATE USER 'root'@'localhost'", "CREATE USER x DEFAULT ROLE public"] {
        let error = root.refusal(sql).to_string();
        assert!(error.contains("built in") || error.contains("public cannot be granted"), "{sql}: {error}");
    }
    // A program whose own the store is stays root.
    root.run("SET DEFAULT ROLE NONE TO root");
    root.session = Session::new(root.store.clone(), handle());
    root.run("CREATE DATABASE mine");
}

#[test]
fn roles_of_many_ways_up_take_no_time() {
    let mut root = prepared();
    let names = |level: usize| (0..6).map(|n| format!("r{level}_{n}")).collect::<Vec<_>>();
    for level in 0..12 {
        root.run(&format!("CREATE ROLE {}", names(level).join(", ")));
        if level > 0 {
            for role in names(level) {
                root.run(&format!("GRANT {} TO ROLE {role}", names(level - 1).join(", ")));
            }
        }
    }
}

#[test]
fn what_is_not_there_is_told_to_those_who_may_know() {
    let mut root = prepared();
    let mut user = root.connect("u", "").unwrap();
    for sql in [
        "CREATE USER IF NOT EXISTS u",
        "DROP USER IF EXISTS nobody",
        "ALTER USER IF EXISTS nobody IDENTIFIED BY 'x'",
    ] {
        assert_eq!(user.refusal(sql).kind(), ErrorKind::Denied, "{sql}");
        root.run(sql);
    }
}

/// A table that is not partitioned is replaced whole; who has privileges on it does not notice.
#[test]
fn privileges_outlive_a_restore() {
    let mut root = prepared();
    root.run(
        "CREATE TABLE d.parts (k INT) PARTITION BY RANGE (k) (PARTITION p1 VALUES LESS THAN ('10'))
           DISTRIBUTED BY HASH (k) BUCKETS 1;
         GRANT SELECT ON TABLE d.t, d.parts TO u; GRANT INSERT ON TABLE d.t TO ROLE a WITH GRANT OPTION;
         GRANT INSERT ON TABLE d.parts TO ROLE a; GRANT a TO u; SET DEFAULT ROLE a TO u; USE d",
    );
    let sorted = |root: &mut Shell, sql: &str| {
        let mut rows = root.rows(sql);
        rows.sort();
        rows
    };
    let grants = sorted(&mut root, "SHOW GRANTS FOR u");
    let of_role = sorted(&mut root, "SHOW GRANTS FOR ROLE a");
    assert_eq!(of_role.len(), 2, "{of_role:?}");
    root.job("BACKUP SNAPSHOT d.s TO r");
    let sql = "RESTORE SNAPSHOT d.s FROM r ON (t, parts) PROPERTIES ('backup_timestamp' = 'latest')";
    assert_eq!(root.job(sql).status.to_text(), "[OK]");
    let directory = root.directory.clone();
    let kept = root.root.take();
    drop(root);
    let mut root = Shell::at(&directory);
    assert_eq!(sorted(&mut root, "SHOW GRANTS FOR u"), grants);
    assert_eq!(sorted(&mut root, "SHOW GRANTS FOR ROLE a"), of_role);
    let mut user = root.connect("u", "").unwrap();
    user.run("SELECT * FROM d.t; SELECT * FROM d.parts; INSERT INTO d.t VALUES (1, 1); INSERT INTO d.parts VALUES (1)");
    // What was replaced has its own still.
    root.run("ALTER TABLE d.t RENAME restored; RECOVER TABLE d.t");
    user.run("SELECT * FROM d.t; SELECT * FROM d.restored");
    drop((root, user, kept));
}
