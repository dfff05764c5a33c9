//! Partitions and the recycle bin, from one run of the program to the next.

use crate::support::{Place, repository, timestamp};

#[test]
fn partitions_that_loads_made_are_backed_up_dropped_and_recovered() {
    let place = Place::new();
    let data = place.text("a");
    let vault = place.path("vault");
    place
        .sql(
            &data,
            "CREATE DATABASE d; USE d;
             CREATE TABLE days (day DATE, n INT) PARTITION BY date_trunc('month', day);
             CREATE TABLE cities (city VARCHAR(20), n INT) PARTITION BY LIST (city) (
               PARTITION north VALUES IN ('beijing'), PARTITION rest VALUES IN ('shanghai', NULL));
             INSERT INTO days VALUES ('2013-01-31', 1), ('2013-02-01', 2);
             INSERT INTO cities VALUES ('beijing', 1), (NULL, 2);",
        )
        .ok();
    place.sql(&data, &format!("{} BACKUP SNAPSHOT d.s TO r", repository(&vault))).ok();
    place.sql(&data, "ALTER TABLE d.days DROP PARTITION p201301; DROP TABLE d.cities").ok();
    let sum = |data: &str, table: &str| {
        let run = place.cairn([
            "sql",
            "--data",
            data,
            "--format",
            "csv",
            "-e",
            &format!("SELECT sum(n) AS n FROM d.{table}"),
        ]);
        run.ok()
    };
    assert_eq!(sum(&data, "days"), "n\n2\n");
    // Another process brings them back.
    place.sql(&data, "RECOVER PARTITION p201301 FROM d.days; RECOVER TABLE d.cities").ok();
    assert_eq!((sum(&data, "days"), sum(&data, "cities")), ("n\n3\n".to_owned(), "n\n3\n".to_owned()));
    let other = place.text("b");
    let at = timestamp(&place, "vault", "s");
    place
        .sql(
            &other,
            &format!(
                "{} RESTORE SNAPSHOT d.s FROM r PROPERTIES ('backup_timestamp' = '{at}');
                 INSERT INTO d.days VALUES ('2013-03-01', 4)",
                repository(&vault)
            ),
        )
        .ok();
    assert_eq!((sum(&other, "days"), sum(&other, "cities")), ("n\n7\n".to_owned(), "n\n3\n".to_owned()));
}
