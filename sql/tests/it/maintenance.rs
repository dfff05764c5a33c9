//! What is done to repositories: ALTER, DROP SNAPSHOT, PRUNE, VERIFY, CHECK, and what backups ask of them.

use std::path::Path;

use cairn_engine::JobState;
use cairn_sql::ErrorKind;

use crate::support::Shell;

/// A store with a table of one file and a repository at `root/r`.
fn shell(root: &Path) -> Shell {
    let mut shell = Shell::with_database();
    shell.run(&format!(
        "CREATE TABLE t (k INT) DISTRIBUTED BY HASH (k) BUCKETS 1; INSERT INTO t VALUES (1), (2);
         CREATE REPOSITORY r WITH BROKER ON LOCATION '{}/r'",
        root.display()
    ));
    shell
}

fn backup(shell: &mut Shell, sql: &str) {
    let job = shell.job(sql);
    assert_eq!(job.state, JobState::Finished, "{sql}: {:?}", job.status);
}

/// The labels of the repository `r`.
fn labels(shell: &mut Shell) -> Vec<String> {
    shell.rows("SELECT snapshot FROM information_schema.snapshots WHERE repository = 'r' ORDER BY snapshot")
}

/// Data files below the repository.
fn data_files(root: &Path) -> usize {
    fn count(directory: &Path) -> usize {
        let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
        entries
            .map(|entry| entry.unwrap().path())
            .map(|path| if path.is_dir() { count(&path) } else { 1 })
            .sum()
    }
    count(&root.join("r/data"))
}

#[test]
fn a_dropped_snapshot_is_gone_and_its_label_free() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = shell(root.path());
    backup(&mut shell, "BACKUP SNAPSHOT one TO r");
    backup(&mut shell, "BACKUP SNAPSHOT two TO r");
    shell.run("DROP SNAPSHOT one ON r");
    assert_eq!(labels(&mut shell), ["two"]);
    assert_eq!(
        shell.value("SHOW SNAPSHOT ON r WHERE SNAPSHOT = 'one'"),
        "one|NULL|ERROR: no snapshot|NULL|NULL|NULL|NULL"
    );
    let error = shell.refusal("DROP SNAPSHOT one ON r");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("Snapshot does not exist in repository r: one"), "{error}");
    let error = shell.refusal("DROP SNAPSHOT one ON r FORCE");
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    // What the other snapshot needs is still there, and so is the label to be used again.
    backup(&mut shell, "BACKUP SNAPSHOT one TO r");
    shell.run("DROP SNAPSHOT two ON r FORCE");
    assert_eq!(labels(&mut shell), ["one"]);
    let rows = shell.rows("VERIFY REPOSITORY r");
    assert_eq!(rows.len(), 1, "{rows:?}");
}

#[test]
fn a_read_only_repository_is_not_touched() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = shell(root.path());
    backup(&mut shell, "BACKUP SNAPSHOT one TO r");
    shell
        .run(&format!("CREATE READ ONLY REPOSITORY o WITH BROKER ON LOCATION '{}/r'", root.path().display()));
    for sql in
        ["DROP SNAPSHOT one ON o", "DROP SNAPSHOT one ON o FORCE", "PRUNE REPOSITORY o", "CHECK REPOSITORY o"]
    {
        let error = shell.refusal(sql);
        assert_eq!(error.kind(), ErrorKind::ReadOnly, "{sql}: {error}");
        assert!(error.to_string().contains("read only"), "{sql}: {error}");
    }
    shell.rows("PRUNE REPOSITORY o PROPERTIES ('dry_run' = 'true')");
    shell.rows("VERIFY REPOSITORY o");
    assert!(!root.path().join("r/verified").exists());
    assert_eq!(labels(&mut shell), ["one"]);
}

#[test]
fn a_time_to_live_is_shown_and_obeyed() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = shell(root.path());
    backup(&mut shell, "BACKUP SNAPSHOT forever TO r PROPERTIES ('ttl' = ' ')");
    backup(&mut shell, "BACKUP SNAPSHOT month TO r PROPERTIES ('ttl' = '1 months')");
    backup(&mut shell, "BACKUP SNAPSHOT moment TO r PROPERTIES ('ttl' = '1 SECOND')");
    let shown = shell.value("SHOW SNAPSHOT ON r WHERE SNAPSHOT = 'month'");
    let columns: Vec<&str> = shown.split('|').collect();
    assert_eq!(columns[5], "1 MONTH", "{shown}");
    assert_eq!(columns[6].len(), "2026-01-31 23:59:59".len(), "{shown}");
    assert!(columns[6] > columns[4], "{shown}");
    assert!(shell.value("SHOW SNAPSHOT ON r WHERE SNAPSHOT = 'forever'").ends_with("|NULL|NULL"));
    assert_eq!(
        shell.rows(
            "SELECT snapshot, ttl, expire_time > finish_time FROM information_schema.snapshots ORDER BY 1"
        ),
        ["forever|NULL|NULL", "moment|1 SECOND|true", "month|1 MONTH|true"]
    );
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let plan = shell.rows("PRUNE REPOSITORY r PROPERTIES ('dry_run' = 'true')");
    let dropped: Vec<&String> = plan.iter().filter(|row| row.starts_with("drop|")).collect();
    assert_eq!(dropped.len(), 1, "{plan:?}");
    assert!(dropped[0].contains("moment"), "{plan:?}");
    assert_eq!(labels(&mut shell), ["forever", "moment", "month"]);
    shell.rows("PRUNE REPOSITORY r");
    assert_eq!(labels(&mut shell), ["forever", "month"]);
}

#[test]
fn retention_says_what_is_kept_and_pruning_deletes_the_rest() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = shell(root.path());
    for (label, value) in [("a", 3), ("b", 4), ("c", 5)] {
        shell.run(&format!("TRUNCATE TABLE t; INSERT INTO t VALUES ({value})"));
        backup(&mut shell, &format!("BACKUP SNAPSHOT {label} TO r"));
    }
    assert_eq!(data_files(root.path()), 3);
    assert_eq!(
        shell.columns("PRUNE REPOSITORY r PROPERTIES ('dry_run' = 'true')"),
        ["Action", "Object", "Reason", "Bytes"]
    );
    let nothing = shell.rows("PRUNE REPOSITORY r");
    assert!(nothing.is_empty(), "{nothing:?}");
    let plan = shell.rows("PRUNE REPOSITORY r PROPERTIES ('dry_run' = 'true', 'retention' = 'last=1')");
    let count = |rows: &[String], action: &str| rows.iter().filter(|row| row.starts_with(action)).count();
    assert_eq!((count(&plan, "drop|"), count(&plan, "keep|")), (2, 1), "{plan:?}");
    assert_eq!(labels(&mut shell).len(), 3);

    shell.run("ALTER REPOSITORY r SET ('retention' = 'last=1')");
    let steps = shell.rows("PRUNE REPOSITORY r PROPERTIES ('grace' = '0s')");
    assert_eq!(count(&steps, "drop|"), 2, "{steps:?}");
    assert_eq!(labels(&mut shell), ["c"]);
    // What is marked is deleted at the latest by the next run once its time is over.
    shell.rows("PRUNE REPOSITORY r PROPERTIES ('grace' = '0s')");
    assert_eq!(data_files(root.path()), 1);
    assert_eq!(shell.rows("VERIFY REPOSITORY r").len(), 1);
    shell.run("ALTER REPOSITORY r SET ('retention' = '')");
}

#[test]
fn verifying_finds_damage_and_sums_up() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = shell(root.path());
    backup(&mut shell, "BACKUP SNAPSHOT one TO r");
    shell.run("TRUNCATE TABLE t; INSERT INTO t VALUES (9)");
    backup(&mut shell, "BACKUP SNAPSHOT two TO r");
    assert_eq!(shell.columns("VERIFY REPOSITORY r"), ["Object", "Problem", "Harms"]);
    let clean = shell.value("VERIFY SNAPSHOT one ON r");
    assert!(clean.starts_with("NULL|"), "{clean}");
    let stamp = shell.value("SELECT timestamp FROM information_schema.snapshots WHERE snapshot = 'one'");
    for level in ["structure", "DATA"] {
        shell.value(&format!(
            "VERIFY SNAPSHOT one ON r PROPERTIES ('level' = '{level}', 'backup_timestamp' = '{stamp}', 'max_duration' = '1h')"
        ));
    }
    let error = shell.refusal("VERIFY SNAPSHOT three ON r");
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    let error =
        shell.refusal("VERIFY SNAPSHOT one ON r PROPERTIES ('backup_timestamp' = '2024-12-09-10-25-58-842')");
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");

    damage_a_data_file(root.path());
    let rows = shell.rows("VERIFY REPOSITORY r");
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows[0].starts_with("data/"), "{rows:?}");
    assert!(rows[1].starts_with("NULL|"), "{rows:?}");
    // Its length is as it was: structure alone does not see it.
    let structure = shell.rows("VERIFY REPOSITORY r PROPERTIES ('level' = 'structure')");
    assert_eq!(structure.len(), 1, "{structure:?}");
}

/// Flips a bit in the middle of some data file.
fn damage_a_data_file(root: &Path) {
    fn first(directory: &Path) -> Option<std::path::PathBuf> {
        let mut entries: Vec<_> =
            std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        entries.into_iter().find_map(|path| if path.is_dir() { first(&path) } else { Some(path) })
    }
    let path = first(&root.join("r/data")).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
}

#[test]
fn a_compression_of_choice_is_written_once() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = shell(root.path());
    let sql = |label: &str| format!("BACKUP SNAPSHOT {label} TO r PROPERTIES ('compression' = 'zstd(9)')");
    backup(&mut shell, &sql("one"));
    let again = shell.job(&sql("two"));
    assert_eq!(again.state, JobState::Finished, "{:?}", again.status);
    assert_eq!(again.totals.as_ref().unwrap().moved_files, 0);
    backup(&mut shell, "BACKUP SNAPSHOT three TO r PROPERTIES ('compression' = 'as_is')");
    assert_eq!(shell.rows("VERIFY REPOSITORY r").len(), 1);
}

#[test]
fn a_repository_may_be_there_already() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = shell(root.path());
    shell.run("CREATE REPOSITORY IF NOT EXISTS r WITH BROKER ON LOCATION '/nowhere/at/all'");
    shell.run(&format!(
        "CREATE REPOSITORY IF NOT EXISTS q WITH BROKER ON LOCATION '{}/q' PROPERTIES ('digest' = 'blake3')",
        root.path().display()
    ));
    assert_eq!(shell.rows("SHOW REPOSITORIES").len(), 2);
    backup(&mut shell, "BACKUP SNAPSHOT one TO q");
    let names: Vec<_> = std::fs::read_dir(root.path().join("q/tables"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().all(|name| name.starts_with("blake3-")), "{names:?}");
}

#[test]
fn properties_change_and_are_shown_nowhere() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = shell(root.path());
    shell.run("ALTER REPOSITORY r SET ('workers' = '2', 'max_upload_rate' = '50MiB', 'max_requests_per_second' = '1000')");
    backup(&mut shell, "BACKUP SNAPSHOT one TO r");
    let refused = shell.refusal("ALTER REPOSITORY r SET ('aws.s3.secret_key' = 'hidden')");
    assert!(!refused.to_string().contains("hidden"), "{refused}");
    assert!(refused.to_string().contains("aws.s3.secret_key"), "{refused}");
    let refused = shell.refusal(
        "CREATE REPOSITORY q WITH BROKER ON LOCATION 's3://bucket/x'
         PROPERTIES ('aws.s3.access_key' = 'hidden', 'aws.s3.secret_key' = 'hidden', 'aws.s3.regoin' = 'eu')",
    );
    assert!(!refused.to_string().contains("hidden"), "{refused}");
    shell.run("ALTER REPOSITORY r SET ('workers' = '', 'max_upload_rate' = '')");
    for row in shell.rows("SHOW REPOSITORIES") {
        assert!(!row.contains("max_requests") && !row.contains("workers"), "{row}");
    }
    backup(&mut shell, "BACKUP SNAPSHOT two TO r");
}

#[test]
fn checking_a_repository_tries_it_out() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = shell(root.path());
    assert_eq!(shell.columns("CHECK REPOSITORY r"), ["Check", "Status", "Detail"]);
    let rows = shell.rows("CHECK REPOSITORY r");
    assert!(rows.len() > 3, "{rows:?}");
    // Nothing is left behind that is not the repository's.
    backup(&mut shell, "BACKUP SNAPSHOT one TO r");
    assert_eq!(shell.rows("VERIFY REPOSITORY r").len(), 1);
}

#[test]
fn nothing_of_it_is_done_by_a_check_of_a_script() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = shell(root.path());
    backup(&mut shell, "BACKUP SNAPSHOT one TO r PROPERTIES ('ttl' = '1 SECOND')");
    let verdicts = shell.check(
        "DROP SNAPSHOT one ON r; PRUNE REPOSITORY r; VERIFY REPOSITORY r; VERIFY SNAPSHOT nope ON r; CHECK REPOSITORY r;
         ALTER REPOSITORY r SET ('workers' = '1'); CREATE REPOSITORY IF NOT EXISTS r WITH BROKER ON LOCATION '/x';
         CREATE REPOSITORY IF NOT EXISTS n WITH BROKER ON LOCATION '/nowhere/at/all'; DROP SNAPSHOT one ON n;
         PRUNE REPOSITORY m",
    );
    assert!(verdicts[..9].iter().all(|verdict| verdict == "ok"), "{verdicts:?}");
    assert!(verdicts[9].starts_with("analysis error: Repository [m] does not exist"), "{verdicts:?}");
    assert_eq!(labels(&mut shell), ["one"]);
}
