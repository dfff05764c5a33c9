//! Colocation groups.

use crate::support::Shell;

#[test]
fn tables_of_a_group_are_divided_alike() {
    let mut shell = Shell::with_database();
    let table = |name: &str, rest: &str| {
        format!(
            "CREATE TABLE {name} (k INT, s VARCHAR(9), v BIGINT) DUPLICATE KEY (k, s) {rest} PROPERTIES ('colocate_with' = 'g')"
        )
    };
    shell.run(&table("a", "DISTRIBUTED BY HASH (k, s) BUCKETS 5").replace("VARCHAR(9)", "STRING"));
    // Without a number it gets the group's.
    shell.run(&table("b", "DISTRIBUTED BY HASH (k, s)"));
    let shown = shell.value("SHOW CREATE TABLE b");
    assert!(shown.contains("BUCKETS 5") && shown.contains("\"colocate_with\" = \"g\""), "{shown}");
    for (sql, expected) in [
        (table("c", "DISTRIBUTED BY HASH (k, s) BUCKETS 4"), "Colocate tables must have same bucket num: 5"),
        (table("c", "DISTRIBUTED BY HASH (k)"), "Colocate tables distribution columns size must be same: 2"),
        (
            table("c", "DISTRIBUTED BY HASH (v, s)"),
            "Colocate tables distribution columns must have the same data type: v should be int",
        ),
        (table("c", "DISTRIBUTED BY RANDOM BUCKETS 5"), "Colocate tables must be distributed by hash"),
        (table("c", ""), "Colocate tables must give a distribution"),
    ] {
        let refused = shell.refusal(&sql);
        assert_eq!(refused.kind(), cairn_sql::ErrorKind::Analysis, "{sql}");
        assert!(refused.to_string().contains(expected), "{sql}: {refused}");
    }
    // The same name in another database is another group.
    shell.run("CREATE DATABASE other");
    shell.run(&table("other.c", "DISTRIBUTED BY HASH (k) BUCKETS 1"));
    shell.run("CREATE TABLE d (k INT) DISTRIBUTED BY HASH (k) BUCKETS 5");
    let refused = shell.refusal("ALTER TABLE d SET ('colocate_with' = 'g')").to_string();
    assert!(refused.contains("size must be same"), "{refused}");
    shell.run("ALTER TABLE d SET ('colocate_with' = 'h'); ALTER TABLE a SET ('colocate_with' = ''); ALTER TABLE b SET ('colocate_with' = '')");
    assert!(!shell.value("SHOW CREATE TABLE a").contains("colocate_with"));
    // A group without tables is gone.
    shell.run(&table("c", "DISTRIBUTED BY HASH (k) BUCKETS 9"));
    let verdicts = shell.check(&format!(
        "{}; {}",
        table("x", "DISTRIBUTED BY HASH (k) BUCKETS 9"),
        table("y", "DISTRIBUTED BY HASH (k) BUCKETS 8")
    ));
    assert_eq!(verdicts[0], "ok");
    assert!(verdicts[1].contains("same bucket num: 9"), "{verdicts:?}");
}

#[test]
fn partitions_of_a_group_have_its_buckets() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT) PARTITION BY RANGE (k) () DISTRIBUTED BY HASH (k) BUCKETS 3
         PROPERTIES ('colocate_with' = 'g')",
    );
    shell.run("ALTER TABLE t ADD PARTITION p VALUES LESS THAN ('1') DISTRIBUTED BY HASH (k) BUCKETS 3");
    let sql = "ALTER TABLE t ADD PARTITION q VALUES LESS THAN ('2') DISTRIBUTED BY HASH (k) BUCKETS 4";
    let refused = shell.refusal(sql).to_string();
    assert!(refused.contains("Cannot add partition with different bucket num"), "{refused}");
}

#[test]
fn a_table_of_other_buckets_does_not_join_a_group() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE g (k INT) DISTRIBUTED BY HASH (k) BUCKETS 3 PROPERTIES ('colocate_with' = 'g');
         CREATE TABLE t (k INT) PARTITION BY RANGE (k) () DISTRIBUTED BY HASH (k) BUCKETS 3;
         ALTER TABLE t ADD PARTITION p VALUES LESS THAN ('1') DISTRIBUTED BY HASH (k) BUCKETS 4",
    );
    let join = "ALTER TABLE t SET ('colocate_with' = 'g')";
    let refused = shell.refusal(join).to_string();
    assert!(
        refused
            .contains("Partitions in table t have different buckets number: partition p has 4, the table 3"),
        "{refused}"
    );
    shell.run("ALTER TABLE t DROP PARTITION p");
    shell.run(join);
    // What was dropped before does not come back into the group.
    let refused = shell.refusal("RECOVER PARTITION p FROM t").to_string();
    assert!(refused.contains("different buckets number"), "{refused}");
    assert!(shell.rows("SHOW PARTITIONS FROM t").is_empty());
    shell.run("ALTER TABLE t SET ('colocate_with' = ''); RECOVER PARTITION p FROM t");
}

#[test]
fn partitions_that_are_made_have_the_buckets_of_the_group() {
    let mut shell = Shell::with_database();
    let dynamic = |buckets: &str| {
        format!(
            "'dynamic_partition.time_unit' = 'DAY', 'dynamic_partition.end' = '1', 'dynamic_partition.prefix' = 'p',
             'dynamic_partition.buckets' = '{buckets}'"
        )
    };
    let create = |buckets: &str| {
        format!(
            "CREATE TABLE t (d DATE) PARTITION BY RANGE (d) () DISTRIBUTED BY HASH (d) BUCKETS 3
             PROPERTIES ('colocate_with' = 'g', {})",
            dynamic(buckets)
        )
    };
    let expected = "dynamic_partition.buckets should equal the distribution buckets";
    let refused = shell.refusal(&create("7"));
    assert_eq!(refused.kind(), cairn_sql::ErrorKind::Analysis);
    assert!(refused.to_string().contains(expected), "{refused}");
    shell.run(&create("3"));
    let refused = shell.refusal("ALTER TABLE t SET ('dynamic_partition.buckets' = '4')").to_string();
    assert!(refused.contains(expected), "{refused}");
    // Numbers that grow by themselves end with the joining of a group.
    shell.run("CREATE TABLE grown (k INT, v INT) DISTRIBUTED BY HASH (k)");
    assert!(!shell.value("SHOW CREATE TABLE grown").contains("BUCKETS"));
    shell.run("ALTER TABLE grown SET ('colocate_with' = 'h')");
    assert!(shell.value("SHOW CREATE TABLE grown").contains("BUCKETS 2"));
}
