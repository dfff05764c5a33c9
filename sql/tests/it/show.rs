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
