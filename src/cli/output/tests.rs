//! One batch with every kind of value, in every format.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Decimal256Array, Float64Array,
    Int64Array, ListArray, NullArray, RecordBatch, StringArray, StringViewArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, i256};

use super::csv::CsvWriter;
use super::json::JsonWriter;
use super::table::TableWriter;
use super::{OutputError, RowWriter};

fn written(mut writer: impl RowWriter, batches: &[RecordBatch]) -> String {
    let mut out = Vec::new();
    let mut all = || -> Result<(), OutputError> {
        writer.begin(&batches[0].schema(), &mut out)?;
        for batch in batches {
            writer.batch(batch, &mut out)?;
        }
        writer.end(&mut out)
    };
    assert!(all().is_ok());
    String::from_utf8(out).unwrap()
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

/// Three rows a column: a value, another, and null.
fn every_kind() -> RecordBatch {
    let list =
        ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), Some(vec![]), None]);
    let inner = Arc::new(Float64Array::from(vec![Some(0.5), Some(f64::INFINITY), None])) as ArrayRef;
    let structs =
        StructArray::from(vec![(Arc::new(Field::new("x", DataType::Float64, true)), Arc::clone(&inner))]);
    batch(vec![
        ("boolean", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        ("bigint", Arc::new(Int64Array::from(vec![Some(i64::MIN), Some(7), None]))),
        ("double", Arc::new(Float64Array::from(vec![Some(1.0), Some(f64::NAN), None]))),
        (
            "decimal",
            Arc::new(
                Decimal128Array::from(vec![Some(-5), Some(123_456), None])
                    .with_precision_and_scale(9, 2)
                    .unwrap(),
            ),
        ),
        (
            "largeint",
            Arc::new(
                Decimal256Array::from(vec![Some(i256::from_i128(i128::MIN)), Some(i256::ZERO), None])
                    .with_precision_and_scale(39, 0)
                    .unwrap(),
            ),
        ),
        ("date", Arc::new(Date32Array::from(vec![Some(-719_528), Some(0), None]))),
        ("datetime", Arc::new(TimestampMicrosecondArray::from(vec![Some(0), Some(-1), None]))),
        ("string", Arc::new(StringArray::from(vec![Some("say \"hi\",\nthen go"), Some(""), None]))),
        ("view", Arc::new(StringViewArray::from(vec![Some("東京"), Some("\u{1b}[2J"), None]))),
        ("bytes", Arc::new(BinaryArray::from(vec![Some(&b"\x00\xff"[..]), Some(b""), None]))),
        ("list", Arc::new(list)),
        ("struct", Arc::new(structs)),
        ("nothing", Arc::new(NullArray::new(3))),
    ])
}

#[test]
fn csv_tells_null_from_empty() {
    let text = written(CsvWriter::default(), &[every_kind()]);
    let expected = "\
boolean,bigint,double,decimal,largeint,date,datetime,string,view,bytes,list,struct,nothing
true,-9223372036854775808,1.0,-0.05,-170141183460469231731687303715884105728,0000-01-01,1970-01-01 00:00:00,\"say \"\"hi\"\",
then go\",東京,0x00ff,\"[1,null]\",\"{\"\"x\"\":0.5}\",
false,7,NaN,1234.56,0,1970-01-01,1969-12-31 23:59:59.999999,\"\",\u{1b}[2J,0x,[],\"{\"\"x\"\":inf}\",
,,,,,,,,,,,\"{\"\"x\"\":null}\",
";
    assert_eq!(text, expected);
}

#[test]
fn csv_of_one_column_has_no_empty_line() {
    let one = batch(vec![("a", Arc::new(StringArray::from(vec![Some("x"), None, Some(" y")])))]);
    assert_eq!(written(CsvWriter::default(), &[one]), "a\nx\n\"\"\n\" y\"\n");
}

#[test]
fn csv_reads_back_with_another_reader() {
    let text = written(CsvWriter::default(), &[every_kind()]);
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(text.as_bytes()).records().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(&rows[0][7], "say \"hi\",\nthen go");
    assert_eq!(&rows[0][10], "[1,null]");
}

#[test]
fn json_keeps_every_digit() {
    let text = written(JsonWriter::default(), &[every_kind()]);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[0],
        "{\"boolean\":true,\"bigint\":-9223372036854775808,\"double\":1.0,\"decimal\":\"-0.05\",\
         \"largeint\":\"-170141183460469231731687303715884105728\",\"date\":\"0000-01-01\",\
         \"datetime\":\"1970-01-01 00:00:00\",\"string\":\"say \\\"hi\\\",\\nthen go\",\"view\":\"東京\",\
         \"bytes\":\"0x00ff\",\"list\":[1,null],\"struct\":{\"x\":0.5},\"nothing\":null}"
    );
    let second: serde_json::Value = serde_json::from_str(lines[1]).unwrap();
    assert!(second["double"].is_null() && second["struct"]["x"].is_null());
    assert_eq!(second["view"], "\u{1b}[2J");
    let third: serde_json::Value = serde_json::from_str(lines[2]).unwrap();
    assert!(third.as_object().unwrap().iter().all(|(key, value)| key == "struct" || value.is_null()));
}

#[test]
fn json_never_has_a_key_twice() {
    let schema = Schema::new(["a", "a", "a_2"].map(|name| Field::new(name, DataType::Int64, false)).to_vec());
    let column = |n| Arc::new(Int64Array::from(vec![n])) as ArrayRef;
    let twice = RecordBatch::try_new(Arc::new(schema), vec![column(1), column(2), column(3)]).unwrap();
    assert_eq!(written(JsonWriter::default(), &[twice]), "{\"a\":1,\"a_2\":2,\"a_2_2\":3}\n");
}

#[test]
fn tables_are_boxes_whatever_is_in_them() {
    let rows = batch(vec![
        (
            "name",
            Arc::new(StringArray::from(vec![Some("東京"), Some("two\nlines"), None, Some("\u{1b}[2J")])),
        ),
        ("n", Arc::new(Int64Array::from(vec![Some(7), Some(-1000), None, Some(0)]))),
    ]);
    let expected = "\
+-----------+-------+
| name      |     n |
+-----------+-------+
| 東京      |     7 |
| two       | -1000 |
| lines     |       |
| NULL      |  NULL |
| \\u{1b}[2J |     0 |
+-----------+-------+
";
    assert_eq!(written(TableWriter::default(), std::slice::from_ref(&rows)), expected);
    let header = "+------+---+\n| name | n |\n+------+---+\n";
    assert_eq!(written(TableWriter::default(), &[rows.slice(0, 0)]), header);
}

#[test]
fn a_long_table_goes_on_with_the_widths_of_its_first_rows() {
    let column = |range: std::ops::Range<i64>| {
        batch(vec![("n", Arc::new(Int64Array::from_iter_values(range)) as ArrayRef)])
    };
    let text = written(TableWriter::default(), &[column(0..1000), column(1000..100_002)]);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 4 + 100_002);
    assert_eq!(lines[3], "|   0 |");
    assert_eq!(lines[1002], "| 999 |");
    assert_eq!(lines[1003], "| 1000 |");
    assert_eq!(lines[100_005], "+-----+");
}
