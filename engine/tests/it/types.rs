//! Every scalar type with nulls and extremes: through a load, a backup and a restore into another store.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::compute::concat;
use cairn_format::{ColumnType, Value};

use crate::support::{World, backup, column, database, insert, plain_table, restore, restore_request, rows};

fn cases() -> Vec<(&'static str, ColumnType, Vec<Value>)> {
    let texts = |column_type: ColumnType, texts: &[&str]| {
        texts.iter().map(|text| Value::parse(&column_type, text).unwrap()).collect::<Vec<_>>()
    };
    let decimal = ColumnType::Decimal { precision: 38, scale: 19 };
    let most = Value::Decimal((10_i128.pow(38) - 1).into());
    vec![
        ("c_boolean", ColumnType::Boolean, texts(ColumnType::Boolean, &["true", "false"])),
        ("c_tinyint", ColumnType::TinyInt, texts(ColumnType::TinyInt, &["-128", "127"])),
        ("c_smallint", ColumnType::SmallInt, texts(ColumnType::SmallInt, &["-32768", "32767"])),
        ("c_int", ColumnType::Int, texts(ColumnType::Int, &["-2147483648", "2147483647"])),
        (
            "c_bigint",
            ColumnType::BigInt,
            texts(ColumnType::BigInt, &["-9223372036854775808", "9223372036854775807"]),
        ),
        ("c_largeint", ColumnType::LargeInt, vec![Value::Integer(i128::MIN), Value::Integer(i128::MAX)]),
        (
            "c_float",
            ColumnType::Float,
            vec![
                Value::Float(f32::MIN.into()),
                Value::Float(f32::MIN_POSITIVE.into()),
                Value::Float(f64::NAN),
            ],
        ),
        (
            "c_double",
            ColumnType::Double,
            vec![
                Value::Float(f64::MAX),
                Value::Float(-0.0),
                Value::Float(f64::NEG_INFINITY),
                Value::Float(5e-324),
            ],
        ),
        (
            "c_decimal",
            decimal,
            vec![most, Value::Decimal((1 - 10_i128.pow(38)).into()), Value::Decimal(1.into())],
        ),
        ("c_date", ColumnType::Date, texts(ColumnType::Date, &["0000-01-01", "9999-12-31"])),
        (
            "c_datetime",
            ColumnType::DateTime,
            texts(
                ColumnType::DateTime,
                &["0000-01-01 00:00:00", "9999-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999"],
            ),
        ),
        (
            "c_char",
            ColumnType::Char { length: 4 },
            texts(ColumnType::Char { length: 4 }, &["", "a  b", "ééx"][..2]),
        ),
        (
            "c_varchar",
            ColumnType::Varchar { length: 300 },
            vec![
                Value::Text("\u{10ffff}".repeat(75)),
                Value::Text("a\0b".into()),
                Value::Text("'\"`\n".into()),
            ],
        ),
        (
            "c_string",
            ColumnType::String,
            vec![Value::Text("x".repeat(1_048_576)), Value::Text(String::new())],
        ),
        (
            "c_varbinary",
            ColumnType::Varbinary { length: None },
            vec![Value::Bytes(vec![0, 255, 128]), Value::Bytes(vec![])],
        ),
        (
            "c_json",
            ColumnType::Json,
            vec![Value::Text("{\"a\": [1, null, \"é\"]}".into()), Value::Text("null".into())],
        ),
    ]
}

fn of_text(name: &'static str, column_type: &str, texts: &[&str]) -> (&'static str, ColumnType, Vec<Value>) {
    let column_type = ColumnType::parse(column_type).unwrap();
    let values = texts.iter().map(|text| Value::parse(&column_type, text).unwrap()).collect();
    (name, column_type, values)
}

/// Types that came after the first release.
fn later_cases() -> Vec<(&'static str, ColumnType, Vec<Value>)> {
    vec![
        of_text("c_wide_decimal", "decimal(76,38)", &["-0.00000000000000000000000000000000000001", "9"]),
        of_text("c_array", "array<int>", &["[1,null,-3]", "[]"]),
        of_text("c_lists", "array<array<string>>", &[r#"[["a","é"],null,[]]"#, "[[]]"]),
        of_text("c_map", "map<int,varchar(9)>", &[r#"{"1":"a","-2":null}"#, "{}"]),
        of_text(
            "c_struct",
            "struct<a int, b struct<c boolean, d array<date>>>",
            &[r#"{"a":1,"b":{"c":true,"d":["2013-01-31"]}}"#, r#"{"a":null,"b":null}"#],
        ),
        of_text("c_documents", "array<json>", &[r#"[{"a": [1]},null]"#]),
    ]
}

/// A column of each type of the first release, of which its golden repository has one.
pub(crate) fn batch() -> (Vec<cairn_format::Column>, RecordBatch) {
    batch_of(cases())
}

/// One row for each value of the longest list: the others are filled up with nulls.
fn batch_of(cases: Vec<(&'static str, ColumnType, Vec<Value>)>) -> (Vec<cairn_format::Column>, RecordBatch) {
    let rows = cases.iter().map(|case| case.2.len()).max().unwrap() + 1;
    let mut columns = Vec::new();
    let mut arrays: Vec<(String, ArrayRef, bool)> = Vec::new();
    for ((name, column_type, values), id) in cases.into_iter().zip(1..) {
        let mut parts: Vec<ArrayRef> = values.iter().map(|v| v.to_array(&column_type, 1).unwrap()).collect();
        parts.push(new_null_array(&column_type.arrow_type(), rows - parts.len()));
        let parts: Vec<_> = parts.iter().map(AsRef::as_ref).collect();
        arrays.push((name.to_owned(), concat(&parts).unwrap(), true));
        columns.push(column(id, name, column_type, true));
    }
    (columns, RecordBatch::try_from_iter_with_nullable(arrays).unwrap())
}

#[test]
fn every_type_survives_load_backup_and_restore() {
    let world = World::new();
    let (a, b) = (world.ready("a"), world.open("b"));
    let (columns, batch) = batch_of([cases(), later_cases()].concat());
    a.create_table(&database(), plain_table("t", columns, 1), Vec::new()).unwrap();
    insert(&a, "t", &batch).unwrap();
    let before = rows(&a, "t");
    assert_eq!(before.len(), batch.num_rows());
    let record = backup(&a, "all_types");
    world.add_repository(&b, true).unwrap();
    let restored = restore(&b, &restore_request("all_types", record.timestamp));
    assert_eq!(restored.status.to_text(), "[OK]");
    assert_eq!(rows(&b, "t"), before);
    let schema = |store: &cairn_engine::TabletStore| {
        let view = store.view();
        let table = view.database(&database()).unwrap().tables().next().unwrap().clone();
        (
            table.definition.clone(),
            table.partitions[0].segments().map(|s| s.bounds.clone()).collect::<Vec<_>>(),
        )
    };
    assert_eq!(schema(&a), schema(&b), "definitions and bounds travel too");
}

#[test]
fn a_batch_of_other_types_is_refused() {
    let world = World::new();
    let store = world.ready("a");
    store
        .create_table(&database(), plain_table("t", vec![column(1, "c", ColumnType::Int, true)], 1), vec![])
        .unwrap();
    let wide: ArrayRef = Arc::new(arrow::array::Int64Array::from(vec![1]));
    let error = insert(&store, "t", &RecordBatch::try_from_iter([("c", wide)]).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "table 't': column 'c': expected int, got values of type Int64");
}
