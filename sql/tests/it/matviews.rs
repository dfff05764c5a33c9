//! Asynchronous materialized views: made, refreshed, inactive, backed up.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cairn_engine::{StoreOptions, TabletStore};
use cairn_repository::{Clock, Disk, Environment, SystemStores};
use cairn_sql::{ErrorKind, RefreshKeeper, Session};

use crate::support::{Shell, handle};

const SALES: &str = "CREATE TABLE sales (shop INT, n INT); INSERT INTO sales VALUES (1, 10), (1, 20), (2, 5)";
const SUMS: &str = "SELECT shop, sum(n) AS total FROM sales GROUP BY shop";

fn prepared() -> Shell {
    let mut shell = Shell::with_database();
    shell.run(SALES);
    shell
}

/// The value of a column that SHOW MATERIALIZED VIEWS has of the view.
fn shown(shell: &mut Shell, view: &str, column: &str) -> String {
    let sql = format!("SHOW MATERIALIZED VIEWS FROM d LIKE '{view}'");
    let at = shell.columns(&sql).iter().position(|name| name == column).unwrap();
    shell.value(&sql).split('|').nth(at).unwrap().to_owned()
}

#[test]
fn a_view_has_the_rows_of_its_last_refresh() {
    let mut shell = prepared();
    shell.run(&format!("CREATE MATERIALIZED VIEW m REFRESH MANUAL AS {SUMS}"));
    let rows = "SELECT * FROM m ORDER BY shop";
    assert_eq!(shell.rows(rows), ["1|30", "2|5"]);
    shell.run("INSERT INTO sales VALUES (3, 7)");
    assert_eq!(shell.rows(rows), ["1|30", "2|5"]);
    shell.run("REFRESH MATERIALIZED VIEW m WITH SYNC MODE");
    assert_eq!(shell.rows(rows), ["1|30", "2|5", "3|7"]);
    // From another database, and joined.
    shell.run("CREATE DATABASE e; USE e");
    assert_eq!(shell.rows("SELECT m.total FROM d.m JOIN d.sales s ON m.shop = s.shop WHERE s.n = 7"), ["7"]);
    shell.run("TRUNCATE TABLE d.sales; REFRESH MATERIALIZED VIEW d.m FORCE");
    assert_eq!(shell.value("SELECT count(*) FROM d.m"), "0");
    assert_eq!(shown(&mut shell, "m", "last_refresh_state"), "SUCCESS");
    assert_eq!(shown(&mut shell, "m", "refresh_type"), "MANUAL");
    shell.run("DROP MATERIALIZED VIEW d.m; DROP MATERIALIZED VIEW IF EXISTS d.m");
    assert_eq!(shell.refusal("SELECT * FROM d.m").kind(), ErrorKind::Analysis);
    let error = shell.refusal("REFRESH MATERIALIZED VIEW d.m").to_string();
    assert!(error.contains("is not found in database d"), "{error}");
}

#[test]
fn a_view_of_views_is_planned_and_shown() {
    let mut shell = prepared();
    shell.run(
        "CREATE VIEW v AS SELECT shop, n FROM sales WHERE n < 20;
         CREATE MATERIALIZED VIEW inner_sums (shop COMMENT 'which', total, `count`) COMMENT 'sums'
           DISTRIBUTED BY HASH (shop) BUCKETS 3 ORDER BY (total) REFRESH DEFERRED ASYNC START ('2020-01-01 00:00:00')
           EVERY (INTERVAL 2 HOUR) PROPERTIES ('replication_num' = '1', 'session.query_timeout' = '9')
           AS SELECT shop, sum(n), count(*) FROM v GROUP BY shop;
         CREATE MATERIALIZED VIEW outer_sums REFRESH ASYNC AS SELECT sum(total) AS all_of FROM inner_sums;
         CREATE MATERIALIZED VIEW kinds REFRESH MANUAL AS
           SELECT 'x' AS s, 1.5 AS d, true AS b, CURRENT_DATE AS day, [1, 2] AS l, n AS i FROM sales",
    );
    assert_eq!(shell.value("SELECT count(*) FROM inner_sums"), "0", "it is deferred");
    shell.run("REFRESH MATERIALIZED VIEW inner_sums; REFRESH MATERIALIZED VIEW outer_sums");
    assert_eq!(shell.rows("SELECT * FROM inner_sums ORDER BY shop"), ["1|10|1", "2|5|1"]);
    assert_eq!(shell.value("SELECT all_of FROM outer_sums"), "15");
    assert_eq!(shell.value("SELECT s, d, b, l FROM kinds WHERE i = 5"), "x|1.5|true|[1, 2]");
    assert_eq!(
        shell.rows("SHOW FULL TABLES"),
        ["inner_sums|VIEW", "kinds|VIEW", "outer_sums|VIEW", "sales|BASE TABLE", "v|VIEW"]
    );
    // The statement that is shown makes the same again, and SHOW CREATE TABLE says it too.
    let statement =
        shell.value("SHOW CREATE MATERIALIZED VIEW inner_sums").split_once('|').unwrap().1.to_owned();
    assert!(
        statement.contains("REFRESH DEFERRED ASYNC START(\"2020-01-01 00:00:00\") EVERY(INTERVAL 2 HOUR)"),
        "{statement}"
    );
    assert!(shell.value("SHOW CREATE TABLE inner_sums").ends_with(&statement));
    shell.run("DROP MATERIALIZED VIEW inner_sums");
    shell.run(&statement);
    assert!(shell.value("SHOW CREATE MATERIALIZED VIEW inner_sums").ends_with(&statement));
    assert_eq!(
        shell.rows(
            "SELECT TABLE_NAME, REFRESH_TYPE, IS_ACTIVE, PARTITION_TYPE, LAST_REFRESH_STATE, TABLE_ROWS
             FROM information_schema.materialized_views ORDER BY 1"
        ),
        [
            "inner_sums|ASYNC|true|UNPARTITIONED|NULL|0",
            "kinds|MANUAL|true|UNPARTITIONED|SUCCESS|3",
            "outer_sums|ASYNC|true|UNPARTITIONED|SUCCESS|1"
        ]
    );
    assert_eq!(shell.columns("SHOW MATERIALIZED VIEWS").len(), 22);
    shell.run("DESC inner_sums; ALTER TABLE inner_sums COMPACT; ALTER MATERIALIZED VIEW kinds RENAME sorts");
    assert_eq!(shell.value("SELECT count(*) FROM sorts"), "3");
}

#[test]
fn what_is_refused() {
    let mut shell = prepared();
    shell
        .run(&format!("CREATE VIEW v AS SELECT 1 AS a; CREATE MATERIALIZED VIEW m REFRESH MANUAL AS {SUMS}"));
    shell.run("CREATE MATERIALIZED VIEW s AS SELECT shop, SUM(n) AS t FROM sales GROUP BY shop");
    shell.run(&format!("CREATE MATERIALIZED VIEW IF NOT EXISTS m REFRESH MANUAL AS {SUMS}"));
    let cases = [
        (
            "INSERT INTO m VALUES (1, 1)",
            "cannot be inserted, changed or deleted because 'm' is a materialized view",
        ),
        ("INSERT OVERWRITE m SELECT 1, 1", "is a materialized view"),
        ("DELETE FROM m WHERE shop = 1", "is a materialized view"),
        ("TRUNCATE TABLE m", "is a materialized view"),
        ("DROP TABLE m", "use DROP MATERIALIZED VIEW"),
        ("ALTER TABLE m ADD COLUMN c INT", "ALTER MATERIALIZED VIEW changes it"),
        ("ALTER TABLE m RENAME o", "ALTER MATERIALIZED VIEW changes it"),
        ("ALTER TABLE sales SWAP WITH m", "ALTER MATERIALIZED VIEW changes it"),
        ("ALTER TABLE m ADD ROLLUP r (shop)", "ALTER MATERIALIZED VIEW changes it"),
        ("CREATE INDEX i ON m (shop) USING BITMAP", "ALTER MATERIALIZED VIEW changes it"),
        (
            "CREATE MATERIALIZED VIEW o AS SELECT shop, SUM(total) AS t FROM m GROUP BY shop",
            "a synchronous one is of a table",
        ),
        ("CREATE MATERIALIZED VIEW m REFRESH MANUAL AS SELECT shop FROM sales", "already exists in the db d"),
        ("CREATE MATERIALIZED VIEW v REFRESH MANUAL AS SELECT shop FROM sales", "already exists in the db d"),
        ("CREATE TABLE m (a INT)", "exists already"),
        ("CREATE MATERIALIZED VIEW o REFRESH MANUAL AS SELECT sum(n) FROM sales WHERE z = 1", "z"),
        ("CREATE MATERIALIZED VIEW o REFRESH MANUAL AS SELECT 1 AS a", "Can not find base table"),
        (
            "CREATE MATERIALIZED VIEW o (a, b) REFRESH MANUAL AS SELECT shop FROM sales",
            "column counts: 1 and 2",
        ),
        ("CREATE MATERIALIZED VIEW o REFRESH MANUAL AS SELECT shop, shop FROM sales", "shop"),
        (
            "CREATE MATERIALIZED VIEW o REFRESH MANUAL AS SELECT * FROM information_schema.tables",
            "not supported yet",
        ),
        ("CREATE MATERIALIZED VIEW o (a) AS SELECT shop FROM sales", "not supported yet"),
        (
            "CREATE MATERIALIZED VIEW o REFRESH ASYNC EVERY (INTERVAL 5 SECOND) AS SELECT shop FROM sales",
            "is too small",
        ),
        (
            "CREATE MATERIALIZED VIEW o REFRESH ASYNC START ('x') EVERY (INTERVAL 5 DAY) AS SELECT shop FROM sales",
            "START takes a time",
        ),
        (
            "CREATE MATERIALIZED VIEW o REFRESH MANUAL PROPERTIES ('x' = 'y') AS SELECT shop FROM sales",
            "Unknown properties",
        ),
        (
            "CREATE MATERIALIZED VIEW o REFRESH MANUAL PROPERTIES ('colocate_with' = 'y') AS SELECT shop FROM sales",
            "not supported yet",
        ),
        ("CREATE MATERIALIZED VIEW o DISTRIBUTED BY HASH (z) AS SELECT shop FROM sales", "bucket column 'z'"),
        ("REFRESH MATERIALIZED VIEW sales", "is a table, not an asynchronous materialized view"),
        ("REFRESH MATERIALIZED VIEW v", "is a view"),
        ("REFRESH MATERIALIZED VIEW s", "every load refreshes"),
        ("ALTER MATERIALIZED VIEW m RENAME sales", "already used"),
        ("GRANT SELECT ON TABLE m TO root", "say MATERIALIZED VIEW"),
    ];
    for (sql, expected) in cases {
        let error = shell.refusal(sql);
        assert!(error.to_string().contains(expected), "{sql}: {error}");
    }
    assert_eq!(shell.rows("SELECT * FROM m ORDER BY shop"), ["1|30", "2|5"]);
}

#[test]
fn what_it_reads_makes_it_inactive_when_it_is_gone() {
    let mut shell = prepared();
    shell.run(&format!("CREATE MATERIALIZED VIEW m REFRESH MANUAL AS {SUMS}"));
    shell.run("ALTER TABLE sales RENAME COLUMN n TO number");
    let error = shell.refusal("REFRESH MATERIALIZED VIEW m").to_string();
    assert!(error.contains('n'), "{error}");
    assert_eq!(shown(&mut shell, "m", "is_active"), "false");
    assert_eq!(shown(&mut shell, "m", "last_refresh_state"), "FAILED");
    assert_eq!(shown(&mut shell, "m", "inactive_reason"), error);
    let refused = shell.refusal("REFRESH MATERIALIZED VIEW m").to_string();
    assert!(refused.starts_with("Refresh materialized view failed because [m] is not active"), "{refused}");
    assert!(shell.refusal("ALTER MATERIALIZED VIEW m ACTIVE").to_string().contains("Can not active"));
    // It is read all the same.
    assert_eq!(shell.rows("SELECT * FROM m ORDER BY shop"), ["1|30", "2|5"]);
    shell.run("ALTER TABLE sales RENAME COLUMN number TO n; ALTER MATERIALIZED VIEW m ACTIVE");
    assert_eq!(shown(&mut shell, "m", "is_active"), "true");
    // A look at what is due finds out by itself that a table is gone.
    shell.run("DROP TABLE sales");
    shell.session.refresh_due();
    assert!(shown(&mut shell, "m", "inactive_reason").contains("unknown table 'd.sales'"));
    shell.run("RECOVER TABLE sales; ALTER MATERIALIZED VIEW m ACTIVE; ALTER MATERIALIZED VIEW m INACTIVE");
    let reason = "user use alter materialized view set status to inactive";
    assert_eq!(shown(&mut shell, "m", "inactive_reason"), reason);
    shell.run("ALTER MATERIALIZED VIEW m ACTIVE; REFRESH MATERIALIZED VIEW m");
    // What fails while it runs is on record, and leaves the rows.
    shell.run("CREATE TABLE texts (s STRING); INSERT INTO texts VALUES ('1')");
    shell.run("CREATE MATERIALIZED VIEW c REFRESH ASYNC AS SELECT arrow_cast(s, 'Int32') AS i FROM texts");
    shell.run("INSERT INTO texts VALUES ('x')");
    assert_ne!(shell.refusal("REFRESH MATERIALIZED VIEW c").kind(), ErrorKind::Analysis);
    assert_eq!(shown(&mut shell, "c", "last_refresh_state"), "FAILED");
    assert_eq!(shown(&mut shell, "c", "is_active"), "true");
    assert_eq!(shell.rows("SELECT * FROM c"), ["1"]);
    assert_eq!(shell.session.refresh_due(), 0, "not again of the same rows");
    shell.run("DELETE FROM texts WHERE s = 'x'; INSERT INTO texts VALUES ('3')");
    assert_eq!(shell.session.refresh_due(), 1);
    assert_eq!(shell.rows("SELECT * FROM c ORDER BY i"), ["1", "3"]);
}

/// A clock that stands still until it is set forward.
struct Still(AtomicI64);

impl Clock for Still {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

const MINUTE: i64 = 60_000;

/// A store with a clock of its own.
fn timed() -> (Shell, Arc<Still>) {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("store");
    let clock = Arc::new(Still(AtomicI64::new(1_700_000_000_000)));
    let mut options = StoreOptions::new(Arc::new(SystemStores::new(handle(), Disk::system())));
    options.expressions = cairn_sql::expressions();
    let ids = Environment::system().ids;
    options.environment = Environment { clock: Arc::<Still>::clone(&clock), ids };
    let store = Arc::new(TabletStore::open(&directory, options).unwrap());
    let session = Session::new(Arc::clone(&store), handle());
    (Shell { directory, store, session, root: Some(root) }, clock)
}

#[test]
fn intervals_are_kept_by_the_clock_of_the_store() {
    let (mut shell, clock) = timed();
    let pass = |minutes: i64| clock.0.fetch_add(minutes * MINUTE, Ordering::Relaxed);
    shell.run("CREATE DATABASE d; USE d");
    shell.run(SALES);
    shell.run(&format!(
        "CREATE MATERIALIZED VIEW m REFRESH ASYNC EVERY (INTERVAL 5 MINUTE) AS {SUMS};
         CREATE MATERIALIZED VIEW late REFRESH DEFERRED ASYNC EVERY (INTERVAL 1 HOUR) AS {SUMS};
         CREATE MATERIALIZED VIEW soon REFRESH ASYNC AS {SUMS};
         CREATE MATERIALIZED VIEW never REFRESH MANUAL AS {SUMS}"
    ));
    let counts = |shell: &mut Shell| {
        ["m", "late", "soon", "never"].map(|view| shell.value(&format!("SELECT count(*) FROM {view}")))
    };
    assert_eq!(counts(&mut shell), ["2", "0", "2", "2"]);
    pass(6);
    assert_eq!(shell.session.refresh_due(), 0, "nothing has changed");
    shell.run("INSERT INTO sales VALUES (3, 1)");
    assert_eq!(shell.session.refresh_due(), 2);
    assert_eq!(counts(&mut shell), ["3", "0", "3", "2"]);
    shell.run("INSERT INTO sales VALUES (4, 1)");
    pass(1);
    assert_eq!(shell.session.refresh_due(), 1, "only the one without an interval");
    assert_eq!(counts(&mut shell), ["3", "0", "4", "2"]);
    // A compaction changes no rows.
    shell.run("ALTER TABLE sales COMPACT");
    assert_eq!(shell.session.refresh_due(), 0);
    pass(5);
    assert_eq!(shell.session.refresh_due(), 1);
    pass(60);
    assert_eq!(shell.session.refresh_due(), 1);
    assert_eq!(counts(&mut shell), ["4", "4", "4", "2"]);
    shell.run("ALTER MATERIALIZED VIEW never REFRESH ASYNC EVERY (INTERVAL 1 DAY); ALTER MATERIALIZED VIEW m INACTIVE");
    shell.run("INSERT INTO sales VALUES (5, 1)");
    pass(24 * 60);
    assert_eq!(shell.session.refresh_due(), 3);
    assert_eq!(counts(&mut shell), ["4", "5", "5", "5"]);
}

#[test]
fn a_thread_refreshes_what_is_due() {
    let mut shell = prepared();
    shell.run(&format!("CREATE MATERIALIZED VIEW m REFRESH ASYNC AS {SUMS}"));
    let keeper = RefreshKeeper::start(&shell.store, handle(), Duration::from_millis(5)).unwrap();
    shell.run("INSERT INTO sales VALUES (3, 1)");
    let deadline = std::time::Instant::now() + Duration::from_mins(1);
    while shell.value("SELECT count(*) FROM m") != "3" {
        assert!(std::time::Instant::now() < deadline, "it is not refreshed");
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(keeper);
}

#[test]
fn what_is_on_record_survives_the_process() {
    let mut shell = prepared();
    shell.run(&format!("CREATE MATERIALIZED VIEW m REFRESH ASYNC AS {SUMS}"));
    let before = shell.value("SHOW MATERIALIZED VIEWS");
    let Shell { directory, store, session, root } = shell;
    drop((store, session));
    let mut shell = Shell::at(&directory);
    shell.root = root;
    shell.run("USE d");
    assert_eq!(shell.value("SHOW MATERIALIZED VIEWS"), before);
    assert_eq!(shell.session.refresh_due(), 0);
    shell.run("INSERT INTO sales VALUES (3, 1)");
    assert_eq!(shell.session.refresh_due(), 1);
    assert_eq!(shell.value("SELECT count(*) FROM m"), "3");
}

/// A second store that knows the repository of the first, and when the snapshot was made.
fn other_store(a: &mut Shell, label: &str) -> (Shell, String) {
    let place = a.directory.with_file_name("repository");
    let sql = format!("SELECT timestamp FROM information_schema.snapshots WHERE snapshot = '{label}'");
    let at = a.value(&sql);
    let mut b = Shell::new();
    b.run(&format!("CREATE READ ONLY REPOSITORY r WITH BROKER ON LOCATION '{}'", place.display()));
    (b, at)
}

fn with_repository() -> Shell {
    let mut a = prepared();
    let place = a.directory.with_file_name("repository");
    a.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", place.display()));
    a
}

fn restore(shell: &mut Shell, label: &str, rest: &str, at: &str) -> String {
    let sql = format!("RESTORE SNAPSHOT {label} FROM r {rest} PROPERTIES ('backup_timestamp' = '{at}')");
    shell.job(&sql).status.to_text()
}

#[test]
fn a_restore_under_other_names_needs_no_refresh() {
    let mut a = with_repository();
    a.run(
        "CREATE VIEW v AS SELECT * FROM sales;
         CREATE MATERIALIZED VIEW m_first REFRESH ASYNC AS SELECT shop, sum(n) AS total FROM v GROUP BY shop;
         CREATE MATERIALIZED VIEW a_second REFRESH ASYNC AS SELECT sum(total) AS t FROM m_first",
    );
    assert_eq!(a.job("BACKUP DATABASE d SNAPSHOT s TO r").status.to_text(), "[OK]");
    a.run("INSERT INTO sales VALUES (9, 9)");
    assert_eq!(a.job("BACKUP DATABASE d SNAPSHOT stale TO r").status.to_text(), "[OK]");
    let (mut b, at) = other_store(&mut a, "s");
    assert_eq!(restore(&mut b, "s", "DATABASE d AS new", &at), "[OK]");
    b.run("USE new");
    assert_eq!(b.session.refresh_due(), 0, "its rows are those of what came with it");
    assert_eq!(b.rows("SELECT * FROM m_first ORDER BY shop"), ["1|30", "2|5"]);
    let statement = b.value("SHOW CREATE MATERIALIZED VIEW m_first");
    assert!(statement.contains("`new`.`v`"), "{statement}");
    b.run("INSERT INTO sales VALUES (3, 7)");
    assert!(b.session.refresh_due() >= 1);
    b.session.refresh_due();
    assert_eq!(b.value("SELECT t FROM a_second"), "42");
    // Names of tables, of the view and of materialized views.
    let names = "DATABASE d ON (TABLE sales AS sold, VIEW v AS w, MATERIALIZED VIEW m_first AS n)";
    assert_eq!(restore(&mut b, "s", names, &at), "[OK]");
    b.run("USE d");
    let statement = b.value("SHOW CREATE MATERIALIZED VIEW n");
    assert!(statement.contains("`d`.`w`"), "{statement}");
    assert_eq!(b.value("SELECT count(*) FROM information_schema.materialized_views WHERE IS_ACTIVE = 'true' AND TABLE_NAME = 'n'"), "1");
    assert_eq!(b.session.refresh_due(), 0);
    b.run("REFRESH MATERIALIZED VIEW n");
    assert_eq!(b.value("SELECT count(*) FROM n"), "2");
    // One whose rows are old is refreshed.
    let (mut c, at) = other_store(&mut a, "stale");
    assert_eq!(restore(&mut c, "stale", "", &at), "[OK]");
    assert_eq!(c.value("SELECT count(*) FROM d.m_first"), "2");
    assert_eq!(c.session.refresh_due(), 1);
    assert_eq!(c.value("SELECT count(*) FROM d.m_first"), "3");
}

#[test]
fn a_restore_without_what_it_reads_leaves_it_inactive() {
    let mut a = with_repository();
    a.run(&format!(
        "CREATE MATERIALIZED VIEW m REFRESH MANUAL AS {SUMS}; CREATE MATERIALIZED VIEW off REFRESH MANUAL AS {SUMS};
         ALTER MATERIALIZED VIEW off INACTIVE"
    ));
    let of_one = "BACKUP SNAPSHOT d.s TO r ON (ALL MATERIALIZED VIEWS)";
    assert_eq!(a.job(of_one).status.to_text(), "[OK]");
    let error = a.refusal("BACKUP SNAPSHOT d.x TO r ON (TABLE m)").to_string();
    assert!(error.contains("say MATERIALIZED VIEW m"), "{error}");
    let (mut b, at) = other_store(&mut a, "s");
    let error = b.refusal(&format!(
        "RESTORE SNAPSHOT s FROM r DATABASE d ON (TABLE m) PROPERTIES ('backup_timestamp' = '{at}')"
    ));
    assert!(error.to_string().contains("m is a materialized view there"), "{error}");
    assert_eq!(restore(&mut b, "s", "DATABASE d ON (ALL MATERIALIZED VIEWS)", &at), "[OK]");
    b.run("USE d");
    assert_eq!(shown(&mut b, "m", "is_active"), "false");
    assert!(shown(&mut b, "m", "inactive_reason").contains("unknown table 'd.sales'"));
    assert_eq!(b.rows("SELECT * FROM m ORDER BY shop"), ["1|30", "2|5"]);
    assert!(shown(&mut b, "off", "inactive_reason").starts_with("user use alter"));
    // Alone under another name beside a table that is there.
    b.run(SALES);
    b.run("ALTER MATERIALIZED VIEW m ACTIVE");
    let at_sql = format!(
        "RESTORE SNAPSHOT s FROM r DATABASE d ON (MATERIALIZED VIEW m AS other) PROPERTIES ('backup_timestamp' = '{at}')"
    );
    assert_eq!(b.job(&at_sql).status.to_text(), "[OK]");
    assert_eq!(shown(&mut b, "other", "is_active"), "true");
    // One that is there gives way, is kept, or keeps the restore from running.
    b.run("INSERT INTO sales VALUES (3, 1); REFRESH MATERIALIZED VIEW m");
    let again = |choice: &str| {
        format!(
            "RESTORE SNAPSHOT s FROM r DATABASE d ON (MATERIALIZED VIEW m)
             PROPERTIES ('backup_timestamp' = '{at}', 'if_exists' = '{choice}')"
        )
    };
    assert!(b.job(&again("fail")).status.to_text().contains("Table m already exist"));
    assert_eq!(b.job(&again("skip")).status.to_text(), "[OK]");
    assert_eq!(b.value("SELECT count(*) FROM m"), "3");
    assert_eq!(b.job(&again("overwrite")).status.to_text(), "[OK]");
    assert_eq!(b.value("SELECT count(*) FROM m"), "2");
    assert_eq!(shown(&mut b, "m", "is_active"), "true");
    b.run("DROP MATERIALIZED VIEW other; CREATE TABLE other (shop INT, total BIGINT)");
    assert!(b.job(&at_sql).status.to_text().contains("it is a table, in the snapshot a materialized view"));
    // By its name it is not saved without what it reads; with all of the database it is.
    a.run("DROP TABLE sales");
    let error = a.refusal("BACKUP SNAPSHOT d.x TO r ON (MATERIALIZED VIEW m)").to_string();
    assert!(error.contains("cannot be backed up without what it reads"), "{error}");
    assert_eq!(a.job("BACKUP DATABASE d SNAPSHOT x TO r").status.to_text(), "[OK]");
    let explained = a.rows("EXPLAIN BACKUP SNAPSHOT d.y TO r ON (ALL MATERIALIZED VIEWS)");
    assert_eq!(explained.len(), 3, "{explained:?}");
}

#[test]
fn a_script_is_checked_without_making_any() {
    let shell = prepared();
    let verdicts = shell.check(&format!(
        "CREATE MATERIALIZED VIEW m REFRESH MANUAL AS {SUMS}; SELECT total FROM m; SELECT nothing FROM m;
         REFRESH MATERIALIZED VIEW m; ALTER MATERIALIZED VIEW m RENAME n; SELECT total FROM n; DROP MATERIALIZED VIEW n;
         SELECT total FROM n"
    ));
    let ok: Vec<bool> = verdicts.iter().map(|verdict| verdict == "ok").collect();
    assert_eq!(ok, [true, true, false, true, true, true, true, false], "{verdicts:?}");
}
