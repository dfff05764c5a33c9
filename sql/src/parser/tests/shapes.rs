//! What the trees hold.

use cairn_format::ColumnType;

use super::parse_ok;
use crate::ast::{
    ObjectKind, PartitionChoice, PartitionClause, PartitionExpression, RestoreDatabase, SnapshotFilter,
    SnapshotObject, Statement, TypeName,
};

fn backup_objects(list: &str) -> Vec<SnapshotObject> {
    match parse_ok(&format!("BACKUP SNAPSHOT s TO r ON ({list})")) {
        Statement::Backup(backup) => backup.objects.unwrap(),
        other => panic!("{other}"),
    }
}

fn printed(list: &str) -> String {
    backup_objects(list).iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[test]
fn both_ways_to_name_the_database_of_a_backup_are_one() {
    assert_eq!(
        parse_ok("BACKUP SNAPSHOT d.s TO r"),
        parse_ok("backup database D snapshot s to r".replace('D', "d").as_str())
    );
}

#[test]
fn the_ways_to_name_the_database_of_a_restore_differ() {
    let database = |sql: &str| match parse_ok(sql) {
        Statement::Restore(restore) => restore.database,
        other => panic!("{other}"),
    };
    assert!(matches!(database("RESTORE SNAPSHOT s FROM r"), RestoreDatabase::Recorded));
    assert!(
        matches!(database("RESTORE SNAPSHOT d.s FROM r"), RestoreDatabase::Prefix(name) if name.value == "d")
    );
    let named = database("RESTORE SNAPSHOT s FROM r DATABASE a AS b");
    assert_eq!(named.target().unwrap().value, "b");
    assert!(matches!(named, RestoreDatabase::Named { name, .. } if name.value == "a"));
}

#[test]
fn words_for_kinds_are_names_where_they_cannot_be_kinds() {
    for (list, expected) in [
        ("a, TABLE b, TABLES c", "TABLE a; TABLE b; TABLE c"),
        ("VIEW v, views w, x", "VIEW v; VIEW w; TABLE x"),
        (
            "view, tables, functions, materialized, temporary",
            "TABLE `view`; TABLE `tables`; TABLE `functions`; TABLE `materialized`; TABLE `temporary`",
        ),
        ("views.t", "TABLE `views`.t"),
        ("views PARTITION (p)", "TABLE `views` PARTITION (p)"),
        ("views PARTITIONS (p)", "TABLE `views` PARTITION (p)"),
        ("VIEW partitions", "VIEW `partitions`"),
        ("VIEW temporary, VIEW partitions.v", "VIEW `temporary`; VIEW `partitions`.v"),
        ("VIEW views", "VIEW `views`"),
        ("materialized view m, materialized views n", "MATERIALIZED VIEW m; MATERIALIZED VIEW n"),
        ("FUNCTION f, functions g", "FUNCTION f; FUNCTION g"),
        ("`VIEW` PARTITION (p)", "TABLE `VIEW` PARTITION (p)"),
    ] {
        assert_eq!(printed(list), expected, "{list}");
    }
}

#[test]
fn a_partition_list_without_parentheses_runs_on_where_it_can() {
    for (list, expected) in [
        ("t PARTITION p1", "TABLE t PARTITION (p1)"),
        ("t PARTITION p1, p2", "TABLE t PARTITION (p1, p2)"),
        ("t PARTITION p1, 'p2', u", "TABLE t PARTITION (p1, p2, u)"),
        ("t PARTITION p1, u PARTITION p2", "TABLE t PARTITION (p1); TABLE u PARTITION (p2)"),
        ("t PARTITION p1, d.u", "TABLE t PARTITION (p1); TABLE d.u"),
        ("t PARTITION p1, TABLE u", "TABLE t PARTITION (p1); TABLE u"),
        ("t PARTITION p1, VIEW v", "TABLE t PARTITION (p1); VIEW v"),
        ("t PARTITION p1, ALL VIEWS", "TABLE t PARTITION (p1); ALL VIEWS"),
        ("t PARTITION (p1), u", "TABLE t PARTITION (p1); TABLE u"),
    ] {
        assert_eq!(printed(list), expected, "{list}");
    }
}

#[test]
fn partitions_by_key_are_told_from_partitions_by_name() {
    let objects = backup_objects("t PARTITION (a = '1'), u TEMPORARY PARTITION (a)");
    let partitions: Vec<_> = objects
        .iter()
        .map(|object| match object {
            SnapshotObject::Named { kind: ObjectKind::Table, partitions: Some(partitions), .. } => partitions,
            other => panic!("{other}"),
        })
        .collect();
    assert!(matches!(partitions[0], PartitionChoice::Keys(keys) if keys.len() == 1));
    assert!(matches!(partitions[1], PartitionChoice::Names { temporary: true, names } if names.len() == 1));
}

#[test]
fn the_conditions_of_show_snapshot() {
    let filter = |condition: &str| match parse_ok(&format!("SHOW SNAPSHOT ON r WHERE {condition}")) {
        Statement::ShowSnapshot(show) => show.filter,
        other => panic!("{other}"),
    };
    let label = |label: &str, timestamp: Option<&str>| SnapshotFilter::Label {
        label: label.to_owned(),
        timestamp: timestamp.map(str::to_owned),
    };
    assert_eq!(filter("SNAPSHOT = 'l'"), label("l", None));
    assert_eq!(filter("snapshot = \"l\" and timestamp = \"t\""), label("l", Some("t")));
    assert_eq!(filter("TIMESTAMP = 't' AND SNAPSHOT = 'l'"), label("l", Some("t")));
    assert_eq!(filter("((`SNAPSHOT` = 'l') AND `Timestamp` = 't')"), label("l", Some("t")));
    assert_eq!(
        filter("SNAPSHOT IN ('a', \"b\")"),
        SnapshotFilter::Labels(vec!["a".to_owned(), "b".to_owned()])
    );
    for other in [
        "SNAPSHOT = 'a' OR SNAPSHOT = 'b'",
        "LABEL = 'a'",
        "TIMESTAMP = 't'",
        "SNAPSHOT != 'a'",
        "SNAPSHOT LIKE 'a'",
        "TRUE",
        "1 = 1",
        "SNAPSHOT = ''",
        "SNAPSHOT = 'a' AND TIMESTAMP = ''",
        "SNAPSHOT = 'a' AND SNAPSHOT = 'b'",
        "SNAPSHOT = 'a' AND TIMESTAMP = 'b' AND TIMESTAMP = 'c'",
        "SNAPSHOT NOT IN ('a')",
        "SNAPSHOT IN ('a', '')",
        "SNAPSHOT IN ('a', 1)",
        "SNAPSHOT IN ('a') AND TIMESTAMP = 't'",
        "'SNAPSHOT' = 'a'",
        "'a' = SNAPSHOT",
        "SNAPSHOT = a",
        "t.SNAPSHOT = 'a'",
        "SNAPSHOT",
    ] {
        assert!(matches!(filter(other), SnapshotFilter::Other(_)), "{other}");
        super::check(&format!("SHOW SNAPSHOT ON r WHERE {other}"));
    }
}

#[test]
fn column_types() {
    let column = |sql: &str| match parse_ok(&format!("CREATE TABLE t (a {sql})")) {
        Statement::CreateTable(table) => table.columns[0].data_type.clone().unwrap(),
        other => panic!("{other}"),
    };
    let decimal = |precision, scale| ColumnType::Decimal { precision, scale };
    for (sql, expected) in [
        ("boolean", ColumnType::Boolean),
        ("TINYINT(4)", ColumnType::TinyInt),
        ("SMALLINT", ColumnType::SmallInt),
        ("INT(11)", ColumnType::Int),
        ("INTEGER", ColumnType::Int),
        ("BIGINT(20)", ColumnType::BigInt),
        ("LARGEINT", ColumnType::LargeInt),
        ("FLOAT", ColumnType::Float),
        ("DOUBLE", ColumnType::Double),
        ("DECIMAL", decimal(10, 0)),
        ("DECIMAL(7)", decimal(7, 0)),
        ("DECIMAL(38, 10)", decimal(38, 10)),
        ("NUMERIC(5,2)", decimal(5, 2)),
        ("DECIMALV3(5,2)", decimal(5, 2)),
        ("DECIMAL32(9,2)", decimal(9, 2)),
        ("DECIMAL64(18,2)", decimal(18, 2)),
        ("DECIMAL128(38,2)", decimal(38, 2)),
        ("DATE", ColumnType::Date),
        ("DATETIME", ColumnType::DateTime),
        ("CHAR", ColumnType::Char { length: 1 }),
        ("CHAR(255)", ColumnType::Char { length: 255 }),
        ("VARCHAR", ColumnType::Varchar { length: 1 }),
        ("VARCHAR(1048576)", ColumnType::Varchar { length: 1_048_576 }),
        ("STRING", ColumnType::String),
        ("TEXT", ColumnType::String),
        ("BINARY", ColumnType::Varbinary { length: None }),
        ("VARBINARY(10)", ColumnType::Varbinary { length: Some(10) }),
        ("JSON", ColumnType::Json),
        ("DECIMAL(39, 2)", decimal(39, 2)),
        ("DECIMAL256(76, 1)", decimal(76, 1)),
        ("STRUCT<a STRUCT<b INT>>, c INT", ColumnType::parse("struct<a struct<b int>>").unwrap()),
        ("BITMAP", ColumnType::Bitmap),
        ("HLL", ColumnType::Hll),
        ("PERCENTILE", ColumnType::Percentile),
        ("ARRAY<INT>", ColumnType::array(ColumnType::Int)),
        ("array < array<int >> ", ColumnType::parse("array<array<int>>").unwrap()),
        ("MAP<INT, ARRAY<STRING>>", ColumnType::parse("map<int,array<string>>").unwrap()),
        (
            "STRUCT<a INT, `b c`: STRUCT<row DECIMAL(3, 1)>>",
            ColumnType::parse("struct<a int, `b c` struct<row decimal(3,1)>>").unwrap(),
        ),
    ] {
        assert_eq!(column(sql), TypeName::Known(expected), "{sql}");
    }
    for sql in ["ARRAY<TIME>", "MAP<INT, ARRAY<VARIANT>>", "STRUCT<a TIME>", "TIME", "VARIANT"] {
        assert_eq!(column(sql), TypeName::Unsupported(sql.to_owned()));
    }
    for sql in ["DECIMALV2", "DECIMALV2(27,9)"] {
        assert_eq!(column(sql), TypeName::Unsupported(sql.to_owned()));
    }
    for (sql, reason) in [
        ("DECIMAL(0)", "the precision must be from 1 to 76"),
        ("DECIMAL(77)", "the precision must be from 1 to 76"),
        ("ARRAY<CHAR(0)>", "CHAR(0): the length must be from 1 to 255"),
        (
            "MAP<ARRAY<INT>, INT>",
            "type map<array<int>,int>: a key of a map is a number, text, a day, a time or a BOOLEAN",
        ),
        (
            "STRUCT<a INT, A INT>",
            "type struct<a int, A int>: a struct has fields, each with a name of its own",
        ),
        ("DECIMAL(5, 6)", "the scale must be from 0 to the precision, 5"),
        ("DECIMAL32(10, 2)", "the precision must be from 1 to 9"),
        ("DECIMAL64", "its precision and scale must be given"),
        ("CHAR(0)", "the length must be from 1 to 255"),
        ("CHAR(256)", "the length must be from 1 to 255"),
        ("VARCHAR(1048577)", "the length must be from 1 to 1048576"),
        ("VARCHAR(99999999999)", "the length must be from 1 to 1048576"),
    ] {
        assert_eq!(column(sql), TypeName::Invalid { text: sql.to_owned(), reason: reason.to_owned() });
    }
}

#[test]
fn partition_columns_are_told_from_expressions() {
    let clause = |sql: &str| match parse_ok(&format!(
        "CREATE TABLE t (a INT) PARTITION BY {sql} DISTRIBUTED BY RANDOM"
    )) {
        Statement::CreateTable(table) => table.partition.unwrap(),
        other => panic!("{other}"),
    };
    let PartitionClause::Expressions { expressions, parts } =
        clause("a, date_trunc('day', b), (c)".replace(", (c)", "").as_str())
    else {
        panic!()
    };
    assert!(matches!(&expressions[0], PartitionExpression::Column(name) if name.value == "a"));
    assert!(
        matches!(&expressions[1], PartitionExpression::Expr(call) if call.text == "date_trunc('day', b)")
    );
    assert!(parts.is_empty());
    assert!(matches!(clause("(a) (PARTITION p VALUES IN ('x'))"), PartitionClause::List { .. }));
    assert!(matches!(clause("(a)"), PartitionClause::Expressions { .. }));
    assert_eq!(
        clause("LIST (a) (PARTITION p VALUES IN ('x', 'y'))"),
        clause("(a) (PARTITION p VALUES IN (('x'), ('y')))")
    );
}
