//! BACKUP and RESTORE in SQL, from one store into another.

use std::path::Path;

use cairn_engine::{JobRecord, JobState};

use crate::insert_select::{EVERY_ROW, EVERY_SHOWN, EVERY_TYPE};
use crate::support::Shell;

fn source(repository: &Path) -> Shell {
    let mut shell = Shell::with_database();
    shell.run(EVERY_TYPE);
    shell.run(EVERY_ROW);
    shell.run(
        "CREATE TABLE parts (d DATE, n INT) PARTITION BY RANGE (d) (START ('2013-01-01') END ('2013-04-01') EVERY (INTERVAL 1 MONTH));
         INSERT INTO parts VALUES ('2013-01-05', 1), ('2013-02-05', 2), ('2013-03-05', 3)",
    );
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", repository.display()));
    shell
}

fn target(repository: &Path) -> Shell {
    let mut shell = Shell::new();
    shell.run(&format!("CREATE READ ONLY REPOSITORY r WITH BROKER ON LOCATION '{}'", repository.display()));
    shell
}

fn finished(job: &JobRecord) {
    assert_eq!(job.state, JobState::Finished, "{:?}", job.status);
}

#[test]
fn a_database_goes_into_another_store() {
    let root = tempfile::tempdir().unwrap();
    let mut a = source(root.path());
    finished(&a.job("BACKUP SNAPSHOT d.s1 TO r"));
    let shown = a.value("SHOW BACKUP FROM d");
    assert_eq!(a.columns("SHOW BACKUP").len(), 14);
    assert!(
        shown.contains("|s1|d|FINISHED|[d.every], [d.parts]|") && shown.ends_with("|||||[OK]|86400")
            || shown.contains("|[OK]|86400"),
        "{shown}"
    );
    assert!(a.rows("SHOW RESTORE").is_empty());

    let mut b = target(root.path());
    assert_eq!(
        b.columns("SHOW SNAPSHOT ON r"),
        ["Snapshot", "Timestamp", "Status", "ClusterId", "FinishTime", "TTL", "ExpireTime"]
    );
    let listed = b.value("SHOW SNAPSHOT ON r");
    let stamp = listed.split('|').nth(1).unwrap().to_owned();
    assert!(listed.starts_with("s1|") && listed.contains("|OK|NULL|"), "{listed}");
    assert_eq!(b.value("SHOW SNAPSHOT ON r WHERE SNAPSHOT = 's1'"), listed);
    let both = b.rows("SHOW SNAPSHOT ON r WHERE SNAPSHOT IN ('s1', 'none')");
    assert_eq!(both[0], listed);
    assert_eq!(both[1], "none|NULL|ERROR: no snapshot|NULL|NULL|NULL|NULL");
    let detail = b.value(&format!("SHOW SNAPSHOT ON r WHERE SNAPSHOT = 's1' AND TIMESTAMP = '{stamp}'"));
    assert!(detail.contains("|d|{\n") && detail.contains("\"p201302\""), "{detail}");

    finished(&b.job(&format!("RESTORE SNAPSHOT s1 FROM r PROPERTIES ('backup_timestamp' = '{stamp}')")));
    assert_eq!(b.rows("SELECT * FROM d.every ORDER BY id"), EVERY_SHOWN);
    assert_eq!(b.rows("SELECT n FROM d.parts ORDER BY n"), ["1", "2", "3"]);
    assert_eq!(b.columns("SHOW RESTORE").len(), 18);
    let restored = b.value("SHOW RESTORE FROM d");
    assert!(
        restored.contains(&format!(
            "|s1|{stamp}|d|FINISHED|false|3|every, parts PARTITIONS [p201301, p201302, p201303]|"
        )),
        "{restored}"
    );
    assert!(b.rows("SHOW BACKUP").is_empty());
}

#[test]
fn parts_of_a_snapshot_go_under_other_names() {
    let root = tempfile::tempdir().unwrap();
    let mut a = source(root.path());
    finished(
        &a.job("BACKUP DATABASE d SNAPSHOT s2 TO r ON (TABLE parts PARTITION (p201301, P201302), ALL VIEWS)"),
    );
    let mut b = target(root.path());
    let listed = b.value("SHOW SNAPSHOT ON r");
    let properties = format!("PROPERTIES ('backup_timestamp' = '{}')", listed.split('|').nth(1).unwrap());
    finished(&b.job(&format!(
        "RESTORE SNAPSHOT s2 FROM r DATABASE d AS e ON (TABLE parts PARTITION (p201302) AS q) {properties}"
    )));
    assert_eq!(b.rows("SELECT * FROM e.q"), ["2013-02-05|2"]);
    assert_eq!(b.rows("SHOW TABLES FROM e"), ["q"]);
    assert!(
        b.refusal(&format!("RESTORE SNAPSHOT s2 FROM r DATABASE d ON (every) {properties}"))
            .to_string()
            .contains("every")
    );
    assert!(
        b.refusal(&format!("RESTORE SNAPSHOT s2 FROM r DATABASE x {properties}"))
            .to_string()
            .contains("not existed in snapshot")
    );
}

#[test]
fn a_label_is_used_once() {
    let root = tempfile::tempdir().unwrap();
    let mut a = source(root.path());
    finished(&a.job("BACKUP SNAPSHOT d.s TO r ON (parts)"));
    let error = a.refusal("BACKUP SNAPSHOT d.s TO r ON (parts)");
    assert!(error.to_string().contains("Snapshot with name 's' already exist"), "{error}");
    let error = a.refusal("BACKUP SNAPSHOT d.s TO r ON (parts) PROPERTIES ('type' = 'INCREMENTAL')");
    assert!(error.to_string().contains("does not support incremental backup"), "{error}");
    // Everything that is there already is left where it is.
    let job = a.job("BACKUP SNAPSHOT d.s_again TO r ON (parts)");
    finished(&job);
    assert_eq!(job.totals.unwrap().moved_files, 0);
}
