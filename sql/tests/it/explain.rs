//! EXPLAIN BACKUP and EXPLAIN RESTORE.

use cairn_sql::ErrorKind;

use crate::support::Shell;

fn shell(root: &std::path::Path) -> Shell {
    let mut shell = Shell::with_database();
    shell.run(&format!(
        "CREATE TABLE a (k INT, v STRING) PARTITION BY RANGE (k) (PARTITION p1 VALUES LESS THAN ('10'),
           PARTITION p2 VALUES LESS THAN ('20')) DISTRIBUTED BY HASH (k) BUCKETS 1;
         CREATE TABLE b (k INT) DISTRIBUTED BY HASH (k) BUCKETS 1;
         INSERT INTO a VALUES (1, 'x'), (11, 'y'); INSERT INTO b VALUES (1);
         CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'",
        root.join("r").display()
    ));
    shell
}

/// What is said of each row: action, object, and the numbers of files.
fn rows(shell: &mut Shell, sql: &str) -> Vec<String> {
    let rows = shell.rows(sql);
    let brief = |row: &String| {
        let values: Vec<&str> = row.split('|').collect();
        format!("{} {} {}/{}/{}", values[0], values[1], values[2], values[4], values[6])
    };
    rows.iter().map(brief).collect()
}

/// Every file below a directory, with its length.
fn files(directory: &std::path::Path) -> Vec<(std::path::PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push((entry.path(), entry.metadata().unwrap().len()));
        }
    }
    found.sort();
    found
}

fn timestamp(shell: &mut Shell, label: &str) -> String {
    let row = shell.value(&format!("SHOW SNAPSHOT ON r WHERE SNAPSHOT = '{label}'"));
    row.split('|').nth(1).unwrap().to_owned()
}

#[test]
fn a_backup_is_explained_as_it_then_happens() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = shell(root.path());
    assert_eq!(
        shell.columns("EXPLAIN BACKUP SNAPSHOT d.s TO r"),
        [
            "Action",
            "Object",
            "Files",
            "Bytes",
            "MovedFiles",
            "MovedBytes",
            "ReusedFiles",
            "ReusedBytes",
            "Requests",
            "Seconds",
            "Detail"
        ]
    );
    assert_eq!(
        rows(&mut shell, "EXPLAIN BACKUP SNAPSHOT d.s TO r"),
        ["send d.a 2/2/0", "send d.b 1/1/0", "total NULL 3/3/0"]
    );
    let total = |shell: &mut Shell, sql: &str| {
        let row = shell.rows(sql).into_iter().find(|row| row.starts_with("total")).unwrap();
        row.split('|').map(str::to_owned).collect::<Vec<_>>()
    };
    // Nobody has been there yet, so nobody knows how fast it is.
    let expected = total(&mut shell, "EXPLAIN BACKUP SNAPSHOT d.s TO r");
    assert_eq!(expected[9], "NULL");
    let job = shell.job("BACKUP SNAPSHOT d.s TO r");
    let totals = job.totals.unwrap();
    assert_eq!(totals.moved_files.to_string(), expected[4]);
    // Small files of a table share an object, which has a footer of its own.
    assert!(totals.moved_bytes >= expected[5].parse().unwrap(), "{expected:?} {totals:?}");
    assert!(expected[8].parse::<u64>().unwrap().abs_diff(totals.requests) <= 6, "{expected:?} {totals:?}");

    shell.run("INSERT INTO a VALUES (12, 'z')");
    assert_eq!(
        rows(&mut shell, "EXPLAIN BACKUP SNAPSHOT d.t TO r"),
        ["send d.a 3/1/2", "keep d.b 1/0/1", "total NULL 4/1/3"]
    );
    assert_ne!(total(&mut shell, "EXPLAIN BACKUP SNAPSHOT d.t TO r")[9], "NULL");
    assert_eq!(
        rows(&mut shell, "EXPLAIN BACKUP SNAPSHOT d.t TO r ON (a PARTITION (p1))"),
        ["send d.a 1/0/1", "total NULL 1/0/1"]
    );
    let job = shell.job("BACKUP SNAPSHOT d.t TO r");
    assert_eq!(job.totals.unwrap().moved_files, 1);
}

#[test]
fn nothing_is_written_to_explain() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = shell(root.path());
    shell.job("BACKUP SNAPSHOT d.s TO r");
    shell.run("INSERT INTO b VALUES (2)");
    let stamp = timestamp(&mut shell, "s");
    let before = (files(&root.path().join("r")), shell.store.view().version());
    shell.rows("EXPLAIN BACKUP SNAPSHOT d.t TO r");
    shell.rows(&format!("EXPLAIN RESTORE SNAPSHOT d.s FROM r PROPERTIES ('backup_timestamp' = '{stamp}')"));
    shell.rows(&format!(
        "EXPLAIN RESTORE SNAPSHOT s FROM r DATABASE d AS e PROPERTIES ('backup_timestamp' = '{stamp}')"
    ));
    assert_eq!((files(&root.path().join("r")), shell.store.view().version()), before);
    assert_eq!(shell.value("SELECT count(*) FROM information_schema.backups"), "1");
}

#[test]
fn a_restore_is_explained_as_it_then_happens() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = shell(root.path());
    shell.job("BACKUP SNAPSHOT d.s TO r");
    let stamp = timestamp(&mut shell, "s");
    let restore = |target: &str| {
        format!("RESTORE SNAPSHOT s FROM r DATABASE d{target} PROPERTIES ('backup_timestamp' = '{stamp}')")
    };
    assert_eq!(
        rows(&mut shell, &format!("EXPLAIN {}", restore(" AS e"))),
        ["create e.a 2/2/0", "create e.b 1/1/0", "total NULL 3/3/0"]
    );
    // What is there under its digest already is not fetched.
    assert_eq!(
        rows(&mut shell, &format!("EXPLAIN {}", restore(""))),
        ["replace d.a 2/0/2", "replace d.b 1/0/1", "total NULL 3/0/3"]
    );
    shell.run("DROP TABLE b FORCE; ALTER TABLE a DROP PARTITION p1 FORCE; ALTER TABLE a ADD PARTITION p3 VALUES LESS THAN ('30')");
    let explained = shell.rows(&format!("EXPLAIN {}", restore("")));
    assert!(explained[0].ends_with("|makes p1; replaces the rows of p2; leaves p3"), "{explained:?}");
    assert_eq!(
        rows(&mut shell, &format!("EXPLAIN {}", restore(""))),
        ["replace d.a 2/1/1", "create d.b 1/1/0", "total NULL 3/2/1"]
    );
    let job = shell.job(&restore(""));
    assert_eq!(job.status, cairn_engine::JobStatus::Ok);
    assert_eq!(job.totals.unwrap().moved_files, 2);
}

#[test]
fn what_would_refuse_a_job_is_a_row() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = shell(root.path());
    shell.job("BACKUP SNAPSHOT d.s TO r");
    let stamp = timestamp(&mut shell, "s");
    shell.run(&format!(
        "CREATE READ ONLY REPOSITORY q WITH BROKER ON LOCATION '{}'; CREATE DATABASE empty",
        root.path().join("r").display()
    ));
    for (sql, expected) in [
        ("EXPLAIN BACKUP SNAPSHOT d.s TO r", "Snapshot with name 's' already exist"),
        ("EXPLAIN BACKUP SNAPSHOT d.t TO q", "q is read only"),
        ("EXPLAIN BACKUP SNAPSHOT empty.t TO r", "Database: empty is empty"),
    ] {
        let rows = shell.rows(sql);
        let last = rows.last().unwrap();
        assert!(last.starts_with("conflict|") && last.contains(expected), "{sql}: {rows:?}");
    }
    shell.run("DROP TABLE b FORCE; CREATE TABLE b (k BIGINT) DISTRIBUTED BY HASH (k) BUCKETS 1");
    let restore = format!("EXPLAIN RESTORE SNAPSHOT d.s FROM r PROPERTIES ('backup_timestamp' = '{stamp}')");
    let rows = shell.rows(&restore);
    assert!(rows[1].starts_with("refuse|d.b|") && rows[1].contains("different schema"), "{rows:?}");
    for (sql, kind, expected) in [
        (
            "EXPLAIN BACKUP SNAPSHOT d.t TO nowhere",
            ErrorKind::Analysis,
            "Repository [nowhere] does not exist",
        ),
        ("EXPLAIN BACKUP SNAPSHOT d.t TO r ON (nothing)", ErrorKind::Analysis, "nothing"),
        ("EXPLAIN RESTORE SNAPSHOT d.s FROM r", ErrorKind::Analysis, "backup_timestamp"),
        (
            "EXPLAIN RESTORE SNAPSHOT d.none FROM r PROPERTIES ('backup_timestamp' = '2024-12-09-10-25-58-842')",
            ErrorKind::NotFound,
            "Failed to get info of snapshot 'none'",
        ),
        (
            &restore.replace("FROM r", "FROM r ON (nothing)"),
            ErrorKind::NotFound,
            "Table nothing does not exist in snapshot s",
        ),
    ] {
        let error = shell.refusal(sql);
        assert!(error.kind() == kind && error.to_string().contains(expected), "{sql}: {error:?}");
    }
}
