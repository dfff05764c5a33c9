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
    assert_eq!(shell.rows("SHOW TABLES FROM information_schema").len(), 14);
    assert_eq!(shell.rows("SHOW TABLES FROM INFORMATION_SCHEMA LIKE 's%'"), ["schemata", "snapshots"]);
    let described = shell.rows("DESC information_schema.SNAPSHOTS");
    assert_eq!(described[0], "REPOSITORY|string|YES|false|NULL|");
    assert!(described.contains(&"FINISH_TIME|datetime|YES|false|NULL|".to_owned()), "{described:?}");
    assert!(described.contains(&"TOTAL_BYTES|bigint|YES|false|NULL|".to_owned()), "{described:?}");
    shell.run("USE information_schema");
    assert_eq!(shell.value("SELECT count(*) FROM snapshots"), "0");
    assert_eq!(shell.rows("SHOW TABLES LIKE '%s'").len(), 11);
    assert_eq!(shell.rows("DESC restores").len(), shell.columns("SELECT * FROM restores").len());
    shell.run("USE d");
    assert_eq!(shell.rows("SHOW DATABASES"), ["d"]);
    for (sql, expected) in [
        (
            "SELECT * FROM information_schema.events",
            "its tables are backups, columns, materialized_views, partitions,",
        ),
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

/// Two tables, one of them with a partition beside it.
fn with_tables() -> Shell {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE sales (day DATE NOT NULL COMMENT 'of the sale', shop VARCHAR(20) NOT NULL DEFAULT 'Oslo',
           amount DECIMAL(12, 2) SUM) AGGREGATE KEY (day, shop) COMMENT 'what was sold'
           PARTITION BY RANGE (day) (PARTITION p1 VALUES LESS THAN ('2026-01-01'), PARTITION p2 VALUES LESS THAN MAXVALUE)
           DISTRIBUTED BY HASH (shop) BUCKETS 3 PROPERTIES ('replication_num' = '1');
         CREATE TABLE people (id BIGINT NOT NULL AUTO_INCREMENT, name STRING, up STRING AS (upper(name)))
           PRIMARY KEY (id) DISTRIBUTED BY HASH (id) BUCKETS 1;
         INSERT INTO sales VALUES ('2025-12-31', 'Oslo', 1.5), ('2026-01-01', 'Oslo', 2), ('2026-01-02', 'Bergen', 3);
         INSERT INTO people VALUES (DEFAULT, 'Ada'), (DEFAULT, 'Grace');
         DELETE FROM people WHERE name = 'Ada'",
    );
    shell
}

#[test]
fn databases_and_tables_are_rows() {
    let mut shell = with_tables();
    assert_eq!(
        shell.rows("SELECT schema_name FROM information_schema.schemata ORDER BY 1"),
        ["d", "information_schema"]
    );
    assert_eq!(
        shell.rows(
            "SELECT table_schema, table_name, table_type, engine, table_rows, auto_increment, table_comment
             FROM information_schema.tables WHERE table_schema = 'd' ORDER BY table_name"
        ),
        ["d|people|BASE TABLE|StarRocks|1|3|", "d|sales|BASE TABLE|StarRocks|3|NULL|what was sold"]
    );
    assert_eq!(
        shell.value(
            "SELECT count(*) FROM information_schema.tables
             WHERE data_length > 0 AND create_time <= update_time AND avg_row_length > 0"
        ),
        "2"
    );
    assert_eq!(
        shell.value("SELECT count(*) FROM information_schema.tables WHERE table_type = 'SYSTEM VIEW'"),
        "14"
    );
    assert_eq!(
        shell.rows(
            "SELECT table_name, table_model, primary_key, partition_key, distribute_key, distribute_bucket, sort_key
             FROM information_schema.tables_config ORDER BY 1"
        ),
        ["people|PRI_KEYS|id||id|1|id", "sales|AGG_KEYS||day|shop|3|day, shop"]
    );
}

#[test]
fn columns_are_rows() {
    let mut shell = with_tables();
    assert_eq!(
        shell.rows(
            "SELECT column_name, ordinal_position, column_default, is_nullable, data_type, column_type, column_key, extra
             FROM information_schema.columns WHERE table_name IN ('people', 'sales')
             ORDER BY table_name, ordinal_position"
        ),
        [
            "id|1|NULL|NO|bigint|bigint(20)|PRI|auto_increment",
            "name|2|NULL|YES|string|string||",
            "up|3|NULL|YES|string|string||STORED GENERATED",
            "day|1|NULL|NO|date|date|AGG|",
            "shop|2|Oslo|NO|varchar|varchar(20)|AGG|",
            "amount|3|NULL|YES|decimal|decimal(38,2)||",
        ]
    );
    assert_eq!(
        shell.rows(
            "SELECT character_maximum_length, numeric_precision, numeric_scale, column_comment
             FROM information_schema.columns WHERE table_name = 'sales' ORDER BY ordinal_position"
        ),
        ["NULL|NULL|NULL|of the sale", "20|NULL|NULL|", "NULL|38|2|"]
    );
}

#[test]
fn partitions_tablets_and_rowsets_are_rows() {
    let mut shell = with_tables();
    shell.run("INSERT INTO sales VALUES ('2025-12-30', 'Oslo', 1)");
    assert_eq!(
        shell.rows(
            "SELECT partition_name, partition_ordinal_position, partition_method, partition_expression, table_rows
             FROM information_schema.partitions WHERE table_name = 'sales' ORDER BY 2"
        ),
        ["p1|1|RANGE|day|2", "p2|2|RANGE|day|2"]
    );
    assert_eq!(
        shell.rows(
            "SELECT partition_name, partition_value, distribution_key, buckets, replication_num, is_temp, row_count
             FROM information_schema.partitions_meta WHERE db_name = 'd' ORDER BY table_name, partition_id"
        ),
        [
            "people|NULL|id|1|1|0|1",
            "p1|[types: [DATE]; keys: [0000-01-01]; ..types: [DATE]; keys: [2026-01-01]; )|shop|3|1|0|2",
            "p2|[types: [DATE]; keys: [2026-01-01]; ..types: [DATE]; keys: [MAXVALUE]; )|shop|3|1|0|2"
        ]
    );
    assert_eq!(
        shell.rows(
            "SELECT table_name, count(*), sum(row_count), sum(deleted_rows), sum(rowset_count)
             FROM information_schema.tablets GROUP BY table_name ORDER BY 1"
        ),
        ["people|1|1|1|1", "sales|6|4|0|3"]
    );
    // What tablets hold is what their rowsets hold, and what the statement shows.
    assert_eq!(
        shell.value(
            "SELECT count(*) FROM information_schema.tablets t WHERE t.data_size <> coalesce(
               (SELECT sum(r.data_size) FROM information_schema.rowsets r WHERE r.tablet_id = t.tablet_id), 0)"
        ),
        "0"
    );
    assert_eq!(
        shell.rows("SHOW TABLET FROM sales WHERE RowCount > 0").len().to_string(),
        shell.value(
            "SELECT count(*) FROM information_schema.tablets WHERE table_name = 'sales' AND row_count > 0"
        )
    );
}

#[test]
fn verifications_are_kept_on_record() {
    let root = tempfile::tempdir().unwrap();
    let mut shell = backed_up(root.path());
    assert_eq!(shell.value("SELECT count(*) FROM information_schema.verifications"), "0");
    shell.rows("VERIFY SNAPSHOT one ON r PROPERTIES ('level' = 'structure')");
    shell.rows("VERIFY REPOSITORY r");
    shell.rows("VERIFY REPOSITORY r PROPERTIES ('max_age' = '1 DAY')");
    let data = std::fs::read_dir(root.path().join("q/data")).unwrap();
    for folder in data.map(|entry| entry.unwrap().path()) {
        std::fs::remove_dir_all(folder).unwrap();
    }
    shell.rows("VERIFY REPOSITORY q");
    std::fs::remove_dir_all(root.path().join("q")).unwrap();
    shell.refusal("VERIFY REPOSITORY q");
    let history = "SELECT repository, snapshot, level, snapshot_count, read_bytes > 0, remembered_objects, finding_count,
         split_part(status, ':', 1) FROM information_schema.verifications ORDER BY verification_id";
    let expected = [
        "r|one|structure|1|true|0|0|OK",
        "r|NULL|data|2|true|0|0|OK",
        "r|NULL|data|2|true|1|0|OK",
        "q|NULL|data|1|true|0|1|DAMAGED",
        "q|NULL|data|NULL|NULL|NULL|NULL|ERROR",
    ];
    assert_eq!(shell.rows(history), expected);
    assert_eq!(
        shell.value("SELECT count(*) FROM information_schema.verifications WHERE begin_time <= end_time"),
        "5"
    );
    // Also after the store has been opened again.
    let directory = shell.directory.clone();
    let kept = shell.root.take();
    drop(shell);
    let mut again = Shell::at(&directory);
    again.root = kept;
    assert_eq!(again.rows(history), expected);
}
