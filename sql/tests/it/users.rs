//! Users, roles, passwords.

use cairn_sql::ErrorKind;

use crate::support::Shell;

#[test]
fn a_user_proves_who_it_is() {
    let mut root = Shell::with_database();
    root.run(
        "CREATE USER plain; CREATE USER 'p'@'%' IDENTIFIED BY 'secret';
         CREATE USER n IDENTIFIED WITH mysql_native_password AS '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19';
         CREATE USER b IDENTIFIED WITH mysql_native_password BY 'secret'",
    );
    for (user, password, good) in [
        ("plain", "", true),
        ("plain", "x", false),
        ("p", "secret", true),
        ("p", "Secret", false),
        ("p", "", false),
        ("n", "password", true),
        ("n", "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19", false),
        ("b", "secret", true),
        ("nobody", "", false),
        ("root", "", true),
    ] {
        match root.connect(user, password) {
            Ok(shell) => assert!(good, "{user} {password} as {}", shell.session.user()),
            Err(error) => {
                assert!(!good && error.kind() == ErrorKind::Denied, "{user} {password}: {error}");
                let using = if password.is_empty() { "NO" } else { "YES" };
                let expected =
                    format!("Access denied for user '{user}'@'localhost' (using password: {using})");
                assert_eq!(error.to_string(), expected);
            }
        }
    }
    root.run("ALTER USER p IDENTIFIED BY 'other'; SET PASSWORD FOR b = PASSWORD('third')");
    assert!(root.connect("p", "secret").is_err() && root.connect("p", "other").is_ok());
    assert!(root.connect("b", "third").is_ok());
    let mut user = root.connect("p", "other").unwrap();
    user.run("SET PASSWORD = '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'");
    assert!(root.connect("p", "password").is_ok());
}

#[test]
fn users_outlive_the_process_and_their_hosts_are_patterns() {
    let mut root = Shell::new();
    root.run(
        "CREATE USER u@'10.%' IDENTIFIED BY 'far'; CREATE USER u@'localhost' IDENTIFIED BY 'near'; CREATE USER u;
         CREATE DATABASE d; CREATE TABLE d.t (a INT); CREATE ROLE r COMMENT 'reads'; GRANT SELECT ON d.t TO ROLE r;
         GRANT r TO u@localhost; SET DEFAULT ROLE r TO u@localhost; SET PASSWORD = PASSWORD('x')",
    );
    let directory = root.directory.clone();
    let kept = root.root.take();
    drop(root);
    let again = Shell::at(&directory);
    assert!(again.connect("root", "").is_err());
    // The most exact host is whose password is asked for.
    assert!(again.connect("u", "").is_err() && again.connect("u", "far").is_err());
    let mut user = again.connect("u", "near").unwrap();
    user.run("SELECT * FROM d.t");
    let mut root = again.connect("root", "x").unwrap();
    assert_eq!(root.rows("SHOW USERS"), ["'root'@'%'", "'u'@'%'", "'u'@'10.%'", "'u'@'localhost'"]);
    assert_eq!(root.rows("SHOW USERS WHERE User LIKE '%10%'"), ["'u'@'10.%'"]);
    assert_eq!(root.rows("SHOW ROLES WHERE Name = 'root' LIMIT 1").len(), 1);
    assert_eq!(
        root.rows("SHOW GRANTS FOR u@localhost"),
        ["'u'@'localhost'|NULL|GRANT 'r' TO 'u'@'localhost'"]
    );
    assert_eq!(
        root.rows("SHOW GRANTS FOR ROLE r"),
        ["r|default_catalog|GRANT SELECT ON TABLE d.t TO ROLE 'r'"]
    );
    assert!(root.rows("SHOW ROLES").contains(&"r|false|reads".to_owned()));
    drop(kept);
}

#[test]
fn roles_are_active_when_they_are_set() {
    let mut root = Shell::with_database();
    root.run(
        "CREATE TABLE t (a INT); CREATE ROLE low, high; GRANT SELECT ON TABLE t TO ROLE low;
         GRANT low TO ROLE high; CREATE USER u DEFAULT ROLE high; CREATE ROLE extra; GRANT extra TO u",
    );
    let mut user = root.connect("u", "").unwrap();
    user.run("SELECT * FROM d.t");
    user.run("SET ROLE extra");
    assert_eq!(user.refusal("SELECT * FROM d.t").kind(), ErrorKind::Denied);
    user.run("SET ROLE ALL EXCEPT extra; SELECT * FROM d.t; SET ROLE ALL; SELECT * FROM d.t; SET ROLE NONE");
    assert_eq!(user.refusal("SELECT * FROM d.t").kind(), ErrorKind::Denied);
    user.run("SET ROLE DEFAULT; SELECT * FROM d.t");
    assert!(user.refusal("SET ROLE low").to_string().contains("Role low is not granted to 'u'@'%'"));
    user.run("SET DEFAULT ROLE NONE TO u");
    assert_eq!(root.connect("u", "").unwrap().refusal("SELECT * FROM d.t").kind(), ErrorKind::Denied);
    // Taken away while the session goes on.
    root.run("REVOKE high FROM u");
    assert_eq!(user.refusal("SELECT * FROM d.t").kind(), ErrorKind::Denied);
    root.run("DROP USER u");
    assert!(user.refusal("SHOW DATABASES").to_string().contains("has been dropped"));
    // Another of the same name is somebody else.
    root.run("CREATE USER u; GRANT SELECT ON TABLE d.t TO USER u");
    assert!(user.refusal("SELECT * FROM d.t").to_string().contains("has been dropped"));
    root.connect("u", "").unwrap().run("SELECT * FROM d.t");
}

#[test]
fn wrong_statements_are_refused() {
    let mut root = Shell::with_database();
    root.run("CREATE USER u; CREATE ROLE r; CREATE ROLE s; GRANT r TO ROLE s; CREATE TABLE t (a INT)");
    for (sql, expected) in [
        ("CREATE USER u", "user already exists"),
        ("CREATE USER ''", "Incorrect user name"),
        ("CREATE USER x DEFAULT ROLE nothing", "cannot find role nothing"),
        ("CREATE USER x IDENTIFIED BY PASSWORD 'plain'", "41-digit hexadecimal"),
        ("CREATE USER x IDENTIFIED WITH authentication_ldap_simple", "not supported yet"),
        ("ALTER USER x IDENTIFIED BY ''", "cannot find user 'x'@'%'"),
        ("DROP USER x", "cannot find user"),
        ("DROP USER root", "built in"),
        ("CREATE ROLE r", "role already exists"),
        ("CREATE ROLE `a b`", "Incorrect role name"),
        ("CREATE ROLE x, x", "named twice"),
        ("DROP ROLE public", "cannot be dropped"),
        ("DROP ROLE nothing", "cannot find role"),
        ("GRANT s TO ROLE r", "a role cannot have itself"),
        ("GRANT r TO ROLE r", "a role cannot have itself"),
        ("GRANT r TO nobody", "cannot find user"),
        ("GRANT SELECT ON TABLE t TO ROLE nothing", "Can not grant/revoke to role: cannot find role"),
        ("GRANT REPOSITORY ON TABLE t TO ROLE r", "Cannot grant or revoke REPOSITORY on 'TABLE' type object"),
        (
            "GRANT REPOSITORY ON DATABASE d TO ROLE r",
            "Cannot grant or revoke REPOSITORY on 'DATABASE' type object",
        ),
        ("GRANT EXPORT ON SYSTEM TO ROLE r", "Cannot grant or revoke EXPORT on 'SYSTEM' type object"),
        ("GRANT SELECT ON TABLE nothing TO ROLE r", "unknown table"),
        ("GRANT SELECT ON ALL TABLES IN DATABASE nothing TO ROLE r", "unknown database"),
        ("GRANT USAGE ON CATALOG hive TO ROLE r", "unknown catalog"),
        ("GRANT USAGE ON FUNCTION f(INT) TO ROLE r", "cannot find function"),
        ("GRANT SELECT ON TABLE t TO ROLE root", "not mutable"),
        ("REVOKE r FROM u", "Role r is not granted"),
        ("SET DEFAULT ROLE r TO u", "Role r is not granted"),
        ("SET ROLE nothing", "cannot find role"),
        ("SHOW GRANTS FOR nobody", "cannot find user"),
        ("EXECUTE AS nobody WITH NO REVERT", "cannot find user"),
    ] {
        let error = root.refusal(sql);
        assert!(error.to_string().contains(expected), "{sql}: {error}");
        assert_eq!(error.kind(), ErrorKind::Analysis, "{sql}: {error}");
    }
    root.run(
        "CREATE USER IF NOT EXISTS u IDENTIFIED BY 'x'; DROP USER IF EXISTS x; CREATE ROLE IF NOT EXISTS r, new;
         DROP ROLE IF EXISTS nothing, new; ALTER USER IF EXISTS x IDENTIFIED BY 'y'",
    );
    assert!(root.connect("u", "").is_ok());
}

#[test]
fn scripts_are_checked_with_the_users_that_they_make() {
    let shell = Shell::with_database();
    let verdicts = shell.check(
        "CREATE TABLE a (k INT); CREATE TABLE b (k INT); CREATE USER u; GRANT SELECT ON TABLE a TO u;
         EXECUTE AS u WITH NO REVERT; SELECT * FROM a; SELECT * FROM b; DROP USER u",
    );
    assert_eq!(&verdicts[..6], ["ok"; 6]);
    for denied in &verdicts[6..] {
        assert!(denied.contains("Access denied"), "{denied}");
    }
    assert!(shell.connect("u", "").is_err());
}

#[test]
fn grants_are_shown_as_statements_that_grant_them() {
    let mut root = Shell::with_database();
    root.run("CREATE TABLE t (a INT); CREATE USER o; CREATE ROLE r; CREATE ROLE p");
    let grants = [
        "GRANT GRANT, REPOSITORY ON SYSTEM TO ROLE 'r'",
        "GRANT USAGE, CREATE DATABASE ON ALL CATALOGS TO ROLE 'r'",
        "GRANT CREATE DATABASE ON CATALOG default_catalog TO ROLE 'r'",
        "GRANT CREATE TABLE ON ALL DATABASES TO ROLE 'r'",
        "GRANT ALTER, DROP ON DATABASE d TO ROLE 'r' WITH GRANT OPTION",
        "GRANT EXPORT ON ALL TABLES IN ALL DATABASES TO ROLE 'r'",
        "GRANT SELECT, INSERT, UPDATE, DELETE, EXPORT, ALTER, DROP ON ALL TABLES IN DATABASE d TO ROLE 'r'",
        "GRANT SELECT ON TABLE d.t TO ROLE 'r'",
        "GRANT EXPORT ON TABLE d.t TO ROLE 'r' WITH GRANT OPTION",
        "GRANT SELECT ON ALL VIEWS IN DATABASE d TO ROLE 'r'",
        "GRANT REFRESH ON ALL MATERIALIZED VIEWS IN ALL DATABASES TO ROLE 'r'",
        "GRANT USAGE ON ALL FUNCTIONS IN DATABASE d TO ROLE 'r'",
        "GRANT IMPERSONATE ON ALL USERS TO ROLE 'r'",
        "GRANT IMPERSONATE ON USER 'o'@'%' TO ROLE 'r'",
    ];
    for grant in grants {
        root.run(grant);
    }
    root.run("GRANT p TO ROLE r");
    let shown: Vec<String> = root
        .rows("SHOW GRANTS FOR ROLE r")
        .iter()
        .map(|row| row.split('|').nth(2).unwrap().to_owned())
        .collect();
    assert_eq!(shown[0], "GRANT 'p' TO ROLE 'r'");
    assert_eq!(shown[1..], grants);
    root.run("REVOKE ALL ON ALL TABLES IN DATABASE d FROM ROLE r; REVOKE p FROM ROLE r");
    assert_eq!(root.rows("SHOW GRANTS FOR ROLE r").len(), grants.len() - 1);
}
