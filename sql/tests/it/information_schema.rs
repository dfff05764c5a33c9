//! The tables of `information_schema`.

use cairn_engine::JobState;

use crate::support::Shell;

/// A store with two repositories and three backups, two of them of one label's name in different places.
fn backed_up(root: &std::path::Path) -> Shell {
    let mut shell = Shell::with_database();
    shell.run(&format!(
        "CREATE TABLE t (k INT) DISTRIBUTED BY HASH (k) BUCKETS 1; INSERT INTO t VALUES (1), (2);
         CREATE REPOSITORY r WITH BROKER ON LOCATION '{0}/r'; CREATE REPOSITORY q WITH BROKER ON LOCATION '{0}/q'",
        root.display()
    ));
    for sql in ["BACKUP SNAPSHOT one TO r", "BACKUP SNAPSHOT two TO r", "BACKUP SNAPSHOT one TO q"] {
        assert_eq!(shell.job(sql).state, JobState::Finished);
    }
    shell
}

#[test]
fn snapshots_of_every_repository_are_rows() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = backed_up(root.path());
    assert_eq!(
        shell.rows(
            "SELECT repository, snapshot, database_name, table_count, file_count, row_count, status
             FROM information_schema.snapshots ORDER BY repository, snapshot"
        ),
        ["q|one|d|1|1|2|OK", "r|one|d|1|1|2|OK", "r|two|d|1|1|2|OK"]
    );
    assert_eq!(
        shell.value(
            "SELECT count(*) FROM information_schema.snapshots
             WHERE create_time <= finish_time AND length(timestamp) = 23 AND total_bytes > 0 AND writer LIKE 'cairn %'"
        ),
        "3"
    );
}

#[test]
fn names_are_found_in_any_letter_case() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = backed_up(root.path());
    for query in [
        "SELECT count(Snapshot) FROM INFORMATION_SCHEMA.SNAPSHOTS",
        "SELECT COUNT(*) FROM Information_Schema.Snapshots",
        "SELECT count(*) FROM default_catalog.information_schema.snapshots AS S WHERE S.Repository IS NOT NULL",
        "SELECT count(*) FROM information_schema.snapshots WHERE snapshots.repository IN ('r', 'q')",
        "SELECT count(*) FROM information_schema.BACKUPS",
    ] {
        assert_eq!(shell.value(query), "3", "{query}");
    }
    assert_eq!(
        shell.columns("SELECT * FROM information_schema.snapshots")[..4],
        ["REPOSITORY", "SNAPSHOT", "TIMESTAMP", "DATABASE_NAME"]
    );
}

#[test]
fn filters_and_joins_give_what_they_say() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = backed_up(root.path());
    let cases = [
        ("repository = 'r'", "r.one r.two"),
        ("'q' = repository", "q.one"),
        ("snapshot = 'one'", "q.one r.one"),
        ("snapshot = 'one' AND repository = 'r'", "r.one"),
        ("snapshot IN ('two', 'three')", "r.two"),
        ("snapshot NOT IN ('two', 'three')", "q.one r.one"),
        ("snapshot = 'two' OR repository = 'q'", "q.one r.two"),
        ("snapshot IN ('one', 'two') AND repository <> 'r'", "q.one"),
        ("snapshot = 'one' AND snapshot = 'two'", "NULL"),
        ("snapshot = '/no label/'", "NULL"),
        ("snapshot = NULL", "NULL"),
        ("lower(snapshot) = 'two'", "r.two"),
        ("repository = 'nowhere'", "NULL"),
        ("status = 'OK' AND row_count = 2 AND snapshot LIKE 't%'", "r.two"),
    ];
    for (condition, expected) in cases {
        let query = format!(
            "SELECT string_agg(name, ' ' ORDER BY name) FROM (SELECT concat(repository, '.', snapshot) AS name
             FROM information_schema.snapshots WHERE {condition}) AS s"
        );
        assert_eq!(shell.value(&query), expected, "{condition}");
    }
    assert_eq!(
        shell.value(
            "SELECT count(*) FROM information_schema.backups b JOIN information_schema.snapshots s
             ON b.repository = s.repository AND b.snapshot = s.snapshot AND b.timestamp = s.timestamp
             WHERE b.state = 'FINISHED' AND b.total_bytes = s.total_bytes"
        ),
        "3"
    );
}

#[test]
fn what_cannot_be_read_is_a_row_that_says_why() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = backed_up(root.path());
    std::fs::remove_dir_all(root.path().join("q")).unwrap();
    let manifests = root.path().join("r/snapshots/one");
    let manifest = std::fs::read_dir(manifests).unwrap().next().unwrap().unwrap().path();
    std::fs::write(manifest, b"{").unwrap();
    let rows = shell.rows(
        "SELECT repository, snapshot, table_count, status FROM information_schema.snapshots ORDER BY repository, snapshot",
    );
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(rows[0].starts_with("q|NULL|NULL|ERROR: ") && rows[0].contains("no repository"), "{rows:?}");
    assert!(rows[1].starts_with("r|one|NULL|ERROR: ") && rows[1].contains("snapshots/one/"), "{rows:?}");
    assert_eq!(rows[2], "r|two|1|OK");
    // Labels come from the listing: no manifest is read for them.
    assert_eq!(
        shell.rows("SELECT snapshot FROM information_schema.snapshots WHERE repository = 'r' ORDER BY 1"),
        ["one", "two"]
    );
    // A query for another repository does not ask this one.
    assert_eq!(
        shell.rows(
            "SELECT status FROM information_schema.snapshots WHERE repository = 'r' AND snapshot = 'two'"
        ),
        ["OK"]
    );
}

#[test]
fn every_job_is_on_record() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = backed_up(root.path());
    let stamp = shell.value("SELECT timestamp FROM information_schema.snapshots WHERE snapshot = 'two'");
    let restore = |target: &str| {
        format!(
            "RESTORE SNAPSHOT two FROM r DATABASE d AS {target} PROPERTIES ('backup_timestamp' = '{stamp}')"
        )
    };
    for target in ["e", "f"] {
        assert_eq!(shell.job(&restore(target)).state, JobState::Finished);
    }
    assert_eq!(
        shell.rows(
            "SELECT snapshot, repository, database_name, state, objects, status, timeout, file_count, sent_files
             FROM information_schema.backups ORDER BY job_id"
        ),
        [
            "one|r|d|FINISHED|[d.t]|[OK]|86400|1|1",
            "two|r|d|FINISHED|[d.t]|[OK]|86400|1|0",
            "one|q|d|FINISHED|[d.t]|[OK]|86400|1|1"
        ]
    );
    assert_eq!(
        shell.rows(
            "SELECT reused_bytes = total_bytes, sent_bytes FROM information_schema.backups WHERE snapshot = 'two'"
        ),
        ["true|0"]
    );
    assert_eq!(
        shell.rows(
            "SELECT snapshot, database_name, state, objects, allow_load, replication_num, file_count, fetched_files
             FROM information_schema.restores ORDER BY job_id"
        ),
        ["two|e|FINISHED|t|false|3|1|1", "two|f|FINISHED|t|false|3|1|1"]
    );
    assert_eq!(
        shell.value(
            "SELECT count(*) FROM information_schema.restores
             WHERE create_time <= meta_prepared_time AND meta_prepared_time <= finished_time AND timestamp IS NOT NULL"
        ),
        "2"
    );
}

#[test]
fn the_schema_is_shown_and_cannot_be_changed() {
    let mut shell = Shell::with_database();
    assert_eq!(shell.rows("SHOW TABLES FROM information_schema"), ["backups", "restores", "snapshots"]);
    assert_eq!(shell.rows("SHOW TABLES FROM INFORMATION_SCHEMA LIKE 's%'"), ["snapshots"]);
    let described = shell.rows("DESC information_schema.SNAPSHOTS");
    assert_eq!(described[0], "REPOSITORY|string|YES|false|NULL|");
    assert!(described.contains(&"FINISH_TIME|datetime|YES|false|NULL|".to_owned()), "{described:?}");
    assert!(described.contains(&"TOTAL_BYTES|bigint|YES|false|NULL|".to_owned()), "{described:?}");
    shell.run("USE information_schema");
    assert_eq!(shell.value("SELECT count(*) FROM snapshots"), "0");
    assert_eq!(shell.rows("SHOW TABLES").len(), 3);
    assert_eq!(shell.rows("DESC restores").len(), shell.columns("SELECT * FROM restores").len());
    shell.run("USE d");
    assert_eq!(shell.rows("SHOW DATABASES"), ["d"]);
    for (sql, expected) in [
        ("SELECT * FROM information_schema.tables", "its tables are backups, restores, snapshots"),
        ("DESC information_schema.nope", "unknown table 'information_schema.nope'"),
        ("SELECT nope FROM information_schema.snapshots", "no field named nope"),
        ("CREATE DATABASE Information_Schema", "is the system's"),
        ("DROP DATABASE information_schema", "is the system's"),
        ("CREATE TABLE information_schema.t (k INT)", "unknown database"),
        ("INSERT INTO information_schema.snapshots VALUES (1)", "unknown database"),
        ("DROP TABLE information_schema.snapshots", "unknown database"),
        ("BACKUP DATABASE information_schema SNAPSHOT s TO r", "unknown database"),
        (
            "RESTORE SNAPSHOT s FROM r DATABASE d AS information_schema
             PROPERTIES ('backup_timestamp' = '2024-12-09-10-25-58-842')",
            "is the system's",
        ),
    ] {
        let error = shell.refusal(sql);
        assert_eq!(error.kind(), cairn_sql::ErrorKind::Analysis, "{sql}: {error}");
        assert!(error.to_string().contains(expected), "{sql}: {error}");
    }
}

#[test]
fn checking_reads_no_repository() {
    let shell = Shell::new();
    let verdicts = shell.check(
        "CREATE REPOSITORY r WITH BROKER ON LOCATION '/nowhere/at/all';
         SELECT snapshot, status FROM information_schema.snapshots WHERE repository = 'r';
         SELECT nope FROM information_schema.backups; USE information_schema; SELECT count(*) FROM restores",
    );
    assert_eq!(verdicts[0..2], ["ok", "ok"]);
    assert!(verdicts[2].contains("no field named nope"), "{verdicts:?}");
    assert_eq!(verdicts[3..], ["ok", "ok"]);
}
