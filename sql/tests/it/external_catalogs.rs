//! External catalogs: made, shown without their secrets, backed up, restored.

use cairn_sql::ErrorKind;

use crate::support::Shell;

const HIVE: &str = "CREATE EXTERNAL CATALOG hive COMMENT 'the lake' PROPERTIES ('type' = 'HIVE', \
                    'hive.metastore.uris' = 'thrift://h:9083', 'aws.s3.secret_key' = 'SESAME')";
const JDBC: &str = "CREATE EXTERNAL CATALOG jdbc PROPERTIES ('type' = 'jdbc', 'user' = 'u', 'password' = 'SESAME', \
                    'jdbc_uri' = 'jdbc:mysql://u:SESAME@h:3306')";

fn prepared() -> Shell {
    let mut shell = Shell::with_database();
    let place = shell.directory.with_file_name("repository");
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'; {HIVE}; {JDBC}", place.display()));
    shell
}

fn timestamp(shell: &mut Shell, label: &str) -> String {
    shell.value(&format!("SELECT TIMESTAMP FROM information_schema.snapshots WHERE SNAPSHOT = '{label}'"))
}

#[test]
fn catalogs_are_shown_without_their_secrets() {
    let mut shell = prepared();
    let own = "default_catalog|Internal|An internal catalog contains this cluster's self-managed tables.";
    assert_eq!(shell.columns("SHOW CATALOGS"), ["Catalog", "Type", "Comment"]);
    assert_eq!(shell.rows("SHOW CATALOGS"), [own, "hive|Hive|the lake", "jdbc|Jdbc|NULL"]);
    assert_eq!(shell.rows("SHOW CATALOGS LIKE 'h%'"), ["hive|Hive|the lake"]);
    assert_eq!(shell.columns("SHOW CREATE CATALOG hive"), ["Catalog", "Create Catalog"]);
    assert_eq!(
        shell.rows("SHOW CREATE CATALOG hive"),
        [
            "hive|CREATE EXTERNAL CATALOG `hive`\nCOMMENT \"the lake\"\nPROPERTIES (\"aws.s3.secret_key\" = \"***\",\n\
          \"hive.metastore.uris\" = \"thrift://h:9083\",\n\"type\" = \"hive\");"
        ]
    );
    assert!(!shell.value("SHOW CREATE CATALOG jdbc").contains("SESAME"));
    shell.run(
        "ALTER CATALOG hive SET ('hive.metastore.uris' = 'thrift://new:9083', 'aws.s3.secret_key' = '')",
    );
    assert!(
        shell
            .value("SHOW CREATE CATALOG hive")
            .ends_with("PROPERTIES (\"hive.metastore.uris\" = \"thrift://new:9083\",\n\"type\" = \"hive\");")
    );
    // Also by another process.
    let directory = shell.directory.clone();
    let kept = shell.root.take();
    drop(shell);
    let mut again = Shell::at(&directory);
    assert!(again.value("SHOW CREATE CATALOG hive").contains("thrift://new:9083"));
    again.run("DROP CATALOG hive; DROP CATALOG IF EXISTS hive; CREATE EXTERNAL CATALOG IF NOT EXISTS jdbc PROPERTIES ('type' = 'hive')");
    assert_eq!(again.rows("SHOW CATALOGS").len(), 2);
    drop(again);
    drop(kept);
}

#[test]
fn wrong_catalogs_are_refused() {
    let mut shell = prepared();
    for (sql, expected) in [
        (HIVE, "Catalog 'hive' already exists"),
        ("CREATE EXTERNAL CATALOG x PROPERTIES ('a' = 'b')", "'type' can not be null or empty"),
        ("CREATE EXTERNAL CATALOG x PROPERTIES ('type' = 'csv')", "[type : csv] is not supported"),
        ("CREATE EXTERNAL CATALOG default_catalog PROPERTIES ('type' = 'hive')", "can't be default_catalog"),
        ("CREATE EXTERNAL CATALOG `a-b` PROPERTIES ('type' = 'hive')", "wrong catalog name 'a-b'"),
        ("ALTER CATALOG x SET ('a' = 'b')", "external catalog x does not exist"),
        ("ALTER CATALOG hive SET ('type' = 'jdbc')", "is what a catalog is"),
        ("DROP CATALOG x", "external catalog x does not exist"),
        ("DROP CATALOG default_catalog", "Can't drop the default internal catalog"),
        ("SHOW CREATE CATALOG default_catalog", "no external catalog"),
        ("SELECT * FROM hive.d.t", "catalog 'hive' is external"),
        ("SELECT * FROM x.d.t", "unknown catalog 'x'"),
        ("INSERT INTO hive.d.t VALUES (1)", "catalog 'hive' is external"),
        ("BACKUP EXTERNAL CATALOG (x) SNAPSHOT l TO r", "external catalog x does not exist"),
        ("BACKUP EXTERNAL CATALOG (default_catalog) SNAPSHOT l TO r", "default_catalog is the store's own"),
        ("BACKUP EXTERNAL CATALOGS (hive, hive) SNAPSHOT l TO r", "Duplicated catalog: hive"),
        ("BACKUP ALL EXTERNAL CATALOGS SNAPSHOT l TO x", "Repository [x] does not exist"),
        ("RESTORE SNAPSHOT l FROM r ALL EXTERNAL CATALOGS", "Missing backup_timestamp property"),
        (
            "RESTORE SNAPSHOT l FROM r EXTERNAL CATALOGS (a AS b, b) PROPERTIES ('backup_timestamp' = 'latest')",
            "Duplicated alias name: b",
        ),
    ] {
        let error = shell.refusal(sql);
        assert!(error.to_string().contains(expected), "{sql}: {error}");
        assert_eq!(error.kind(), ErrorKind::Analysis, "{sql}: {error}");
        assert!(!error.to_string().contains("SESAME"), "{error}");
    }
    shell.run("DROP CATALOG hive; DROP CATALOG jdbc");
    let error = shell.refusal("BACKUP ALL EXTERNAL CATALOGS SNAPSHOT l TO r").to_string();
    assert!(error.contains("no external catalog can be backed up"), "{error}");
}

#[test]
fn catalogs_come_back_from_snapshots() {
    let mut a = prepared();
    let place = a.directory.with_file_name("repository");
    let explained = a.rows("EXPLAIN BACKUP ALL EXTERNAL CATALOGS SNAPSHOT every TO r");
    assert!(
        explained[1].starts_with("send|jdbc|0|0|0|0|0|0|") && explained[1].ends_with("jdbc_uri, password")
    );
    assert_eq!(a.job("BACKUP ALL EXTERNAL CATALOGS SNAPSHOT every TO r").status.to_text(), "[OK]");
    assert_eq!(a.job("BACKUP EXTERNAL CATALOG (hive) SNAPSHOT one TO r").status.to_text(), "[OK]");
    let error = a.refusal("BACKUP ALL EXTERNAL CATALOGS SNAPSHOT every TO r");
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    let shown = a.rows("SHOW BACKUP");
    assert!(shown[0].contains("|one||FINISHED|[hive]|"), "{shown:?}");
    assert_eq!(
        a.rows("SELECT SNAPSHOT, DATABASE_NAME, OBJECTS FROM information_schema.backups ORDER BY 1"),
        ["every|NULL|[hive], [jdbc]", "one|NULL|[hive]"]
    );
    let at = timestamp(&mut a, "every");
    let details = a.rows(&format!("SHOW SNAPSHOT ON r WHERE SNAPSHOT = 'every' AND TIMESTAMP = '{at}'"));
    assert!(
        details[0].contains("\"secrets_left_out\": [\n        \"jdbc_uri\",\n        \"password\"\n"),
        "{details:?}"
    );
    assert_eq!(a.rows("SHOW SNAPSHOT ON r").len(), 2);
    // Not one object of the repository has a secret.
    for file in files(&place) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"SESAME"), "{}", file.display());
    }
    assert!(a.rows("VERIFY REPOSITORY r").last().unwrap().starts_with("NULL|"));

    let mut b = Shell::new();
    b.run(&format!("CREATE READ ONLY REPOSITORY r WITH BROKER ON LOCATION '{}'", place.display()));
    let latest = "PROPERTIES ('backup_timestamp' = 'latest')";
    let explained = b.rows(&format!("EXPLAIN RESTORE SNAPSHOT every FROM r ALL EXTERNAL CATALOGS {latest}"));
    assert!(explained[0].starts_with("create|hive|"), "{explained:?}");
    assert!(explained[0].contains("set aws.s3.secret_key with ALTER CATALOG hive"), "{explained:?}");
    let job = b.job(&format!("RESTORE SNAPSHOT every FROM r ALL EXTERNAL CATALOGS {latest}"));
    assert_eq!(job.status.to_text(), "[OK]");
    assert_eq!(b.rows("SHOW CATALOGS")[1..], ["hive|Hive|the lake", "jdbc|Jdbc|NULL"]);
    assert!(b.value("SHOW CREATE CATALOG hive").contains("\"aws.s3.secret_key\" = \"\""));
    let shown = b.rows("SHOW RESTORE");
    assert!(shown[0].contains(&format!("|every|{at}||FINISHED|false|3||")), "{shown:?}");
    // What is there gets the snapshot's definition, and keeps the secrets that it has.
    b.run("ALTER CATALOG jdbc SET ('password' = 'MINE', 'user' = 'other')");
    for (if_exists, user) in [("skip", "other"), ("overwrite", "u")] {
        let sql = format!(
            "RESTORE SNAPSHOT every FROM r EXTERNAL CATALOGS (jdbc) \
             PROPERTIES ('backup_timestamp' = 'latest', 'if_exists' = '{if_exists}')"
        );
        assert_eq!(b.job(&sql).status.to_text(), "[OK]");
        let shown = b.value("SHOW CREATE CATALOG jdbc");
        assert!(
            shown.contains("\"password\" = \"***\"") && shown.contains(&format!("\"user\" = \"{user}\"")),
            "{shown}"
        );
    }
    let fail = "PROPERTIES ('backup_timestamp' = 'latest', 'if_exists' = 'fail')";
    let failed = b.job(&format!("RESTORE SNAPSHOT every FROM r EXTERNAL CATALOGS (hive AS h2, jdbc) {fail}"));
    assert!(failed.status.to_text().contains("Catalog jdbc already exist"), "{:?}", failed.status);
    assert_eq!(b.rows("SHOW CATALOGS").len(), 3);
    let job = b.job(&format!("RESTORE SNAPSHOT every FROM r EXTERNAL CATALOG (hive AS h2) {fail}"));
    assert_eq!(job.status.to_text(), "[OK]");
    assert_eq!(b.rows("SHOW CATALOGS LIKE 'h%'"), ["h2|Hive|the lake", "hive|Hive|the lake"]);
    for (sql, expected) in [
        ("RESTORE SNAPSHOT every FROM r EXTERNAL CATALOG (x)", "Can not find restore catalog: x"),
        (
            "RESTORE SNAPSHOT every FROM r EXTERNAL CATALOG (hive AS default_catalog)",
            "default_catalog as the alias",
        ),
        (
            "RESTORE SNAPSHOT every FROM r DATABASE d",
            "Can not specify database for external catalog snapshot",
        ),
        ("RESTORE SNAPSHOT d.every FROM r", "Can not specify database for external catalog snapshot"),
        ("RESTORE SNAPSHOT every FROM r", "ALL EXTERNAL CATALOGS"),
        ("RESTORE SNAPSHOT nothing FROM r ALL EXTERNAL CATALOGS", "Failed to get info of snapshot 'nothing'"),
        ("RESTORE SNAPSHOT every FROM x ALL EXTERNAL CATALOGS", "Repository [x] does not exist"),
    ] {
        let error = b.refusal(&format!("{sql} {latest}"));
        assert!(error.to_string().contains(expected), "{sql}: {error}");
        assert_ne!(error.kind(), ErrorKind::Analysis, "{sql}: {error}");
    }
    let error = b.refusal("BACKUP ALL EXTERNAL CATALOGS SNAPSHOT new TO r");
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    a.run("CREATE TABLE t (a INT)");
    assert_eq!(a.job("BACKUP SNAPSHOT d.db TO r").status.to_text(), "[OK]");
    let error = a.refusal(&format!("RESTORE SNAPSHOT db FROM r ALL EXTERNAL CATALOGS {latest}")).to_string();
    assert!(error.contains("This is not a snapshot for external catalog restore"), "{error}");
    let error = a.refusal("CANCEL BACKUP FOR EXTERNAL CATALOG").to_string();
    assert!(error.contains("Job with label one can not be cancelled. state: FINISHED"), "{error}");
    let error = a.refusal("CANCEL RESTORE FOR EXTERNAL CATALOG").to_string();
    assert!(error.contains("No backup/restore job is currently running on external catalogs"), "{error}");
    a.run("DROP SNAPSHOT every ON r; PRUNE REPOSITORY r");
}

fn files(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn scripts_are_checked_with_the_catalogs_that_they_make() {
    let shell = prepared();
    let verdicts = shell.check(
        "CREATE EXTERNAL CATALOG c PROPERTIES ('type' = 'hive'); SHOW CREATE CATALOG c; SELECT * FROM c.d.t;
         DROP CATALOG c; SHOW CREATE CATALOG c",
    );
    assert_eq!((verdicts[0].as_str(), verdicts[1].as_str(), verdicts[3].as_str()), ("ok", "ok", "ok"));
    assert!(verdicts[2].contains("is external") && verdicts[4].contains("does not exist"), "{verdicts:?}");
    assert_eq!(shell.check("SHOW CREATE CATALOG c")[0], verdicts[4]);
}

#[test]
fn privileges_on_a_catalog_end_with_it() {
    let mut root = prepared();
    root.run("CREATE USER u; GRANT USAGE, DROP ON CATALOG hive TO u; GRANT REPOSITORY ON SYSTEM TO u");
    let mut user = root.connect("u", "").unwrap();
    assert_eq!(user.rows("SHOW CATALOGS").len(), 2, "jdbc is nobody's");
    assert!(
        user.refusal("SHOW CREATE CATALOG jdbc").to_string().contains("the ANY privilege(s) on CATALOG jdbc")
    );
    let error = user.refusal("BACKUP ALL EXTERNAL CATALOGS SNAPSHOT l TO r").to_string();
    assert!(error.contains("the USAGE privilege(s) on CATALOG jdbc"), "{error}");
    assert_eq!(user.job("BACKUP EXTERNAL CATALOG (hive) SNAPSHOT l TO r").status.to_text(), "[OK]");
    assert_eq!(root.job("BACKUP ALL EXTERNAL CATALOGS SNAPSHOT every TO r").status.to_text(), "[OK]");
    // The last one is hidden from it, and no earlier one is shown for it.
    assert_eq!(user.rows("SHOW BACKUP"), [""; 0]);
    assert!(root.rows("SHOW BACKUP")[0].contains("|every||FINISHED|"));
    assert!(root.rows("SHOW GRANTS FOR u").iter().any(|grant| grant.contains("ON CATALOG hive")));
    root.run(&format!("DROP CATALOG hive; {HIVE}"));
    assert!(!root.rows("SHOW GRANTS FOR u").iter().any(|grant| grant.contains("CATALOG hive")));
    assert_eq!(user.refusal("DROP CATALOG hive").kind(), ErrorKind::Denied);
}
