//! SHOW and DESC.

use crate::support::Shell;

fn shell() -> Shell {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE flights (d DATE NOT NULL, carrier VARCHAR(2) DEFAULT \"AA\", n LARGEINT) DUPLICATE KEY (d)
         PARTITION BY RANGE (d) (PARTITION p1 VALUES LESS THAN ('2013-02-01'), PARTITION p2 VALUES LESS THAN MAXVALUE)
         DISTRIBUTED BY HASH (carrier) BUCKETS 3 PROPERTIES ('replication_num' = '1');
         CREATE TABLE other (k INT);
         INSERT INTO flights VALUES ('2013-01-01', 'UA', 1), ('2013-01-02', 'AA', 2)",
    );
    shell
}

#[test]
fn databases_and_tables_are_listed() {
    let mut shell = shell();
    shell.run("CREATE DATABASE e");
    assert_eq!(shell.rows("SHOW DATABASES"), ["d", "e"]);
    assert_eq!(shell.rows("SHOW DATABASES LIKE 'e%'"), ["e"]);
    assert_eq!(shell.rows("SHOW TABLES"), ["flights", "other"]);
    assert_eq!(shell.rows("SHOW TABLES FROM d LIKE '%th%'"), ["other"]);
    assert_eq!(shell.columns("SHOW TABLES FROM e"), ["Tables_in_e"]);
    assert_eq!(shell.value("SHOW CREATE DATABASE d"), "d|CREATE DATABASE `d`");
    assert_eq!(shell.columns("SHOW CREATE TABLE other"), ["Table", "Create Table"]);
}

#[test]
fn a_table_is_described() {
    let mut shell = shell();
    assert_eq!(shell.columns("DESC flights"), ["Field", "Type", "Null", "Key", "Default", "Extra"]);
    assert_eq!(
        shell.rows("DESCRIBE flights"),
        ["d|date|NO|true|NULL|", "carrier|varchar(2)|YES|false|AA|", "n|largeint|YES|false|NULL|"]
    );
}

#[test]
fn partitions_are_shown_with_their_ranges() {
    let mut shell = shell();
    let columns = shell.columns("SHOW PARTITIONS FROM flights");
    assert_eq!(columns.len(), 18);
    let rows = shell.rows("SHOW PARTITIONS FROM flights");
    assert_eq!(rows.len(), 2);
    let first: Vec<&str> = rows[0].split('|').collect();
    assert_eq!(first[1], "p1");
    assert_eq!(first[7], "[types: [DATE]; keys: [0000-01-01]; ..types: [DATE]; keys: [2013-02-01]; )");
    assert_eq!((first[6], first[8], first[9], first[17]), ("d", "carrier", "3", "2"));
    assert!(rows[1].contains("keys: [MAXVALUE]; )"), "{}", rows[1]);
    let other = shell.value("SHOW PARTITIONS FROM other");
    assert!(other.contains("|other|"), "{other}");
}

#[test]
fn repositories_are_listed_with_their_health() {
    let mut shell = shell();
    let root = tempfile::tempdir().unwrap();
    let location = root.path().join("r");
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER b ON LOCATION 'file://{}/'", location.display()));
    assert_eq!(
        shell.columns("SHOW REPOSITORIES"),
        ["RepoId", "RepoName", "CreateTime", "IsReadOnly", "Location", "Broker", "ErrMsg"]
    );
    let row = shell.value("SHOW REPOSITORIES");
    assert!(row.contains("|r|") && row.ends_with("|b|NULL") && row.contains("|false|"), "{row}");
    std::fs::remove_dir_all(&location).unwrap();
    assert!(!shell.value("SHOW REPOSITORIES").ends_with("|NULL"));
    shell.run("DROP REPOSITORY r");
    assert!(shell.rows("SHOW REPOSITORIES").is_empty());
}

#[test]
fn tables_are_listed_with_what_they_hold() {
    let mut shell = shell();
    assert_eq!(shell.columns("SHOW FULL TABLES"), ["Tables_in_d", "Table_type"]);
    assert_eq!(
        shell.rows("SHOW FULL TABLES WHERE table_type = 'BASE TABLE'"),
        ["flights|BASE TABLE", "other|BASE TABLE"]
    );
    assert!(
        shell.rows("SHOW FULL TABLES FROM information_schema").contains(&"tables|SYSTEM VIEW".to_owned())
    );
    let columns = shell.columns("SHOW TABLE STATUS FROM d");
    assert_eq!((columns.len(), columns[0].as_str(), columns[17].as_str()), (18, "Name", "Comment"));
    let rows = shell.rows("SHOW TABLE STATUS LIKE 'fl%'");
    let values: Vec<&str> = rows[0].split('|').collect();
    assert_eq!((values[0], values[1], values[4]), ("flights", "StarRocks", "2"));
    assert!(values[6].parse::<u64>().unwrap() > 0, "{values:?}");
    assert_eq!(shell.rows("SHOW TABLE STATUS WHERE `rows` > 1").len(), 1);
}

#[test]
fn columns_are_shown() {
    let mut shell = shell();
    shell.run("ALTER TABLE flights MODIFY COLUMN carrier COMMENT 'of the flight'");
    assert_eq!(shell.columns("SHOW COLUMNS FROM flights"), shell.columns("DESC flights"));
    assert_eq!(shell.rows("SHOW COLUMNS FROM flights FROM d LIKE 'c%'"), ["carrier|varchar(2)|YES|NO|AA|"]);
    assert_eq!(
        shell.columns("SHOW FULL FIELDS FROM flights"),
        ["Field", "Type", "Collation", "Null", "Key", "Default", "Extra", "Privileges", "Comment"]
    );
    assert_eq!(
        shell.rows("SHOW FULL COLUMNS IN d.flights WHERE Field <> 'n' ORDER BY field"),
        ["carrier|varchar(2)||YES|NO|AA|||of the flight", "d|date||NO|YES|NULL|||"]
    );
    assert_eq!(shell.rows("SHOW COLUMNS FROM information_schema.backups LIKE 'JOB%'").len(), 1);
    assert_eq!(
        shell.rows("DESC flights ALL"),
        [
            "flights|DUP_KEYS|d|date|No|true|NULL|",
            "||carrier|varchar(2)|Yes|false|AA|",
            "||n|largeint|Yes|false|NULL|"
        ]
    );
}

#[test]
fn tablets_are_shown_with_their_rows() {
    let mut shell = shell();
    assert_eq!(shell.columns("SHOW TABLET FROM flights").len(), 21);
    assert_eq!(shell.rows("SHOW TABLETS FROM d.flights").len(), 6);
    let rows =
        shell.rows("SHOW TABLET FROM flights PARTITION (p1) WHERE RowCount > 0 ORDER BY DataSize DESC");
    let values: Vec<&str> = rows[0].split('|').collect();
    assert!(values[12] != "0" && values[13] == "NORMAL" && values[17] == "1", "{values:?}");
    let owner = shell.value(&format!("SHOW TABLET {}", values[0]));
    assert!(owner.starts_with("d|flights|p1|flights|"), "{owner}");
    let detail = owner.rsplit('|').next().unwrap().trim_end_matches(';').to_owned();
    assert_eq!(shell.rows(&detail), rows[..1]);
    assert_eq!(shell.value("SHOW TABLET 1"), "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|false|NULL");
    assert!(shell.refusal("SHOW TABLET FROM flights PARTITION (p9)").to_string().contains("p9"));
}

#[test]
fn what_tables_occupy_is_summed_up() {
    let mut shell = shell();
    assert_eq!(shell.columns("SHOW DATA"), ["TableName", "Size", "ReplicaCount"]);
    let rows = shell.rows("SHOW DATA");
    assert!(rows[0].starts_with("flights|") && rows[0].ends_with("B|6"), "{rows:?}");
    assert_eq!(rows[1], "other|0.000 B|2");
    assert_eq!(rows[2], rows[0].replace("flights", "Total").replace("|6", "|8"));
    let of_table = shell.rows("SHOW DATA FROM flights");
    assert!(of_table[0].starts_with("flights|flights|") && of_table[0].ends_with("|6|2"), "{of_table:?}");
    assert!(of_table[1].starts_with("|Total|"), "{of_table:?}");
    shell.run("ALTER TABLE flights ADD ROLLUP by_carrier (carrier, n)");
    let of_table = shell.rows("SHOW DATA FROM flights");
    assert!(of_table[1].starts_with("|by_carrier|") && of_table[1].ends_with("|6|2"), "{of_table:?}");
    assert!(of_table[2].starts_with("|Total|") && of_table[2].ends_with("|12|"), "{of_table:?}");
}

#[test]
fn changes_of_tables_are_shown_when_they_are_done() {
    let mut shell = shell();
    assert!(shell.rows("SHOW ALTER TABLE COLUMN").is_empty());
    shell.run("ALTER TABLE other ADD COLUMN v INT; ALTER TABLE flights COMMENT = 'no column'");
    let rows = shell
        .rows("SHOW ALTER TABLE COLUMN FROM d WHERE TableName = 'other' ORDER BY CreateTime DESC LIMIT 1");
    assert!(rows[0].contains("|other|") && rows[0].contains("|FINISHED|"), "{rows:?}");
    assert_eq!(
        shell.rows("SHOW ALTER TABLE COLUMN WHERE State <> 'FINISHED' OR TableName = 'flights'").len(),
        0
    );
    shell.run("ALTER TABLE flights ADD INDEX i (carrier)");
    assert_eq!(shell.rows("SHOW ALTER TABLE COLUMN").len(), 2);
    for (sql, columns) in [
        ("SHOW ALTER TABLE COLUMN WHERE JobId = 0", 13),
        ("SHOW ALTER TABLE OPTIMIZE FROM d WHERE TableName = 'flights'", 9),
        ("SHOW ALTER TABLE ROLLUP ORDER BY CreateTime DESC LIMIT 1", 12),
        ("SHOW ALTER MATERIALIZED VIEW FROM d", 12),
    ] {
        assert_eq!(shell.columns(sql).len(), columns, "{sql}");
        assert!(shell.rows(sql).is_empty(), "{sql}");
    }
}

#[test]
fn conditions_order_and_limit_choose_among_the_rows() {
    let mut shell = shell();
    let names = |shell: &mut Shell, rest: &str| {
        let rows = shell.rows(&format!("SHOW PARTITIONS FROM flights {rest}"));
        rows.iter().map(|row| row.split('|').nth(1).unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    for (rest, expected) in [
        ("WHERE partitionname = \"p2\"", "p2"),
        ("WHERE PartitionName LIKE 'p%' AND RowCount >= 2", "p1"),
        ("WHERE DataSize > 0", "p1"),
        ("WHERE Buckets IN (3, 4)", "p1 p2"),
        ("WHERE RowCount > 10", ""),
        ("WHERE State = 'NORMAL' AND NOT VisibleVersionTime < '2000-01-01'", "p1 p2"),
        ("ORDER BY PartitionName DESC", "p2 p1"),
        ("ORDER BY RowCount, PartitionId", "p2 p1"),
        ("ORDER BY Buckets", "p1 p2"),
        ("ORDER BY 2 DESC LIMIT 1", "p2"),
        ("LIMIT 1, 5", "p2"),
        ("LIMIT 1 OFFSET 0", "p1"),
        ("LIMIT 0", ""),
        ("WHERE upper(PartitionName) = 'P1' ORDER BY length(State) LIMIT 9", "p1"),
    ] {
        assert_eq!(names(&mut shell, rest), expected, "{rest}");
    }
    // What is shown is as without conditions.
    assert_eq!(
        shell.rows("SHOW PARTITIONS FROM flights WHERE PartitionName = 'p1'")[0],
        shell.rows("SHOW PARTITIONS FROM flights")[0]
    );
    assert_eq!(shell.rows("SHOW DATABASES WHERE `Database` = 'd'"), ["d"]);
    assert_eq!(shell.rows("SHOW TABLES WHERE Tables_in_d > 'g'"), ["other"]);
}

#[test]
fn conditions_that_do_not_fit_are_refused_before_anything_is_read() {
    let mut shell = shell();
    for (sql, expected) in [
        (
            "SHOW PARTITIONS FROM flights WHERE part = 'p'",
            "unknown column 'part'; the columns are PartitionId,",
        ),
        ("SHOW REPOSITORIES WHERE name = 'x'", "SHOW REPOSITORIES: unknown column 'name'"),
        ("SHOW BACKUP ORDER BY 15", "there are 14 columns"),
        ("SHOW TABLES ORDER BY 0", "there are 1 columns"),
        ("SHOW TABLET FROM flights WHERE RowCount", "RowCount"),
        ("SHOW DATABASES WHERE max(`Database`) = 'x'", "no aggregates"),
        ("SHOW DATABASES WHERE `Database` IN (SELECT 'x')", "SHOW DATABASES"),
        ("SHOW ALTER TABLE COLUMN WHERE Table = 'x'", "expected"),
        ("SHOW TABLES FROM nowhere", "unknown database 'nowhere'"),
        ("SHOW DATA FROM nothing", "unknown table"),
    ] {
        let verdict = shell.check(sql).remove(0);
        assert!(verdict.contains(" error: ") && verdict.contains(expected), "{sql}: {verdict}");
        assert!(shell.refusal(sql).is_users_matter(), "{sql}");
    }
    assert_eq!(
        shell.check(
            "SHOW BACKUP WHERE State = 'FINISHED'; SHOW REPOSITORIES ORDER BY RepoName; SHOW TABLES LIKE 'x'"
        ),
        ["ok", "ok", "ok"]
    );
}
