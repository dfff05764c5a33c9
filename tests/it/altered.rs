//! Snapshots of tables whose rows were replaced and deleted and whose columns were changed, read as `spec/snapshot-format.md`
//! says, with nothing of Cairn: by a small reader here, and by pyarrow when there is one.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::second_reader::python_with_pyarrow;
use crate::support::{Place, repository, restore, timestamp};

const SETUP: &str = "
    CREATE DATABASE d; USE d;
    CREATE TABLE keyed (k INT NOT NULL, v VARCHAR(20), n INT) PRIMARY KEY (k) DISTRIBUTED BY HASH (k) BUCKETS 3;
    INSERT INTO keyed SELECT value, concat('v', value), value % 7 FROM generate_series(0, 9999);
    INSERT INTO keyed SELECT value, NULL, 100 FROM generate_series(0, 20000, 10);
    INSERT INTO keyed (k, n) SELECT value, 200 FROM generate_series(5, 9999, 100);
    DELETE FROM keyed WHERE n = 3;
    CREATE TABLE altered (k INT NOT NULL, gone DATE, n INT, a DECIMAL(7, 2), s VARCHAR(5), day DATE)
    DUPLICATE KEY (k) DISTRIBUTED BY HASH (k) BUCKETS 2;
    INSERT INTO altered SELECT value, '2013-01-31', value * 3, value / 4.0, concat('s', value), '2013-02-28'
    FROM generate_series(0, 999);
    ALTER TABLE altered ADD COLUMN x INT DEFAULT '7' AFTER k; ALTER TABLE altered DROP COLUMN gone;
    ALTER TABLE altered MODIFY COLUMN n BIGINT; ALTER TABLE altered MODIFY COLUMN a DECIMAL(12, 4);
    ALTER TABLE altered MODIFY COLUMN day DATETIME AFTER n;
    ALTER TABLE altered RENAME COLUMN s TO t; ALTER TABLE altered ADD COLUMN gone VARCHAR(9);
    ALTER TABLE altered ADD COLUMN s VARCHAR(9) NOT NULL DEFAULT 'of s';
    INSERT INTO altered VALUES (5000, NULL, 9000000000, '2013-03-31 10:11:12', 12345678.1234, 'new', 'there', 'own'),
        (5001, 8, NULL, NULL, NULL, NULL, NULL, 'own');
    DELETE FROM altered WHERE k BETWEEN 10 AND 400;";

/// A table's rows as text, sorted, as its file list and data files have them.
struct Reader<'r> {
    root: &'r Path,
    table: &'r Value,
}

impl Reader<'_> {
    fn rows(&self) -> Vec<String> {
        let files = &self.table["files"];
        let name = files["object"].as_str().or(files["digest"].as_str()).unwrap();
        let list = std::fs::read(self.root.join("tables").join(format!("{name}.parquet"))).unwrap();
        let mut rows = Vec::new();
        for list in batches(list.into()) {
            let texts = |name: &str| list.column_by_name(name).unwrap().as_string::<i32>().clone();
            let numbers = |name: &str| list.column_by_name(name).unwrap().as_primitive::<Int64Type>().clone();
            let (digests, objects) = (texts("digest"), texts("object"));
            let (offsets, lengths) = (numbers("offset"), numbers("length"));
            let deleted = list.column_by_name("deleted").map(|column| column.as_list::<i32>().clone());
            for file in 0..list.num_rows() {
                let own = objects.is_null(file);
                let object = if own { digests.value(file) } else { objects.value(file) };
                let digits = object.split('-').nth(1).unwrap();
                let path = self.root.join("data").join(&digits[..2]).join(format!("{object}.parquet"));
                let start = if own { 0 } else { usize::try_from(offsets.value(file)).unwrap() };
                let length = usize::try_from(lengths.value(file)).unwrap();
                let bytes = Bytes::from(std::fs::read(path).unwrap()).slice(start..start + length);
                let gone =
                    deleted.as_ref().filter(|deleted| deleted.is_valid(file)).map_or(Vec::new(), |deleted| {
                        deleted.value(file).as_primitive::<Int64Type>().values().to_vec()
                    });
                self.read(bytes, &gone, &mut rows);
            }
        }
        rows.sort();
        rows
    }

    /// Binds columns by field id, casts them to the types of the definition, and leaves deleted rows out.
    fn read(&self, bytes: Bytes, gone: &[i64], rows: &mut Vec<String>) {
        let mut position = 0;
        for batch in batches(bytes) {
            let schema = batch.schema();
            let ids = schema.fields().iter().map(|field| field.metadata()["PARQUET:field_id"].clone());
            let by_id: HashMap<String, &ArrayRef> = ids.zip(batch.columns()).collect();
            let columns = self.table["definition"]["columns"].as_array().unwrap().iter().map(|column| {
                let wanted = arrow_type(column["type"].as_str().unwrap());
                match (by_id.get(&column["field_id"].to_string()), column["initial"].as_str()) {
                    (Some(array), _) => cast(array, &wanted).unwrap(),
                    (None, None) => new_null_array(&wanted, batch.num_rows()),
                    (None, Some(text)) => {
                        let texts: ArrayRef = Arc::new(StringArray::from(vec![text; batch.num_rows()]));
                        cast(&texts, &wanted).unwrap()
                    }
                }
            });
            let columns: Vec<ArrayRef> = columns.collect();
            let options =
                FormatOptions::default().with_null("NULL").with_timestamp_format(Some("%Y-%m-%d %H:%M:%S"));
            let texts: Vec<_> =
                columns.iter().map(|array| ArrayFormatter::try_new(array, &options).unwrap()).collect();
            for row in 0..batch.num_rows() {
                if !gone.contains(&position) {
                    let cells: Vec<_> = texts.iter().map(|text| text.value(row).to_string()).collect();
                    rows.push(cells.join("|"));
                }
                position += 1;
            }
        }
    }
}

fn batches(bytes: Bytes) -> Vec<RecordBatch> {
    ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap().map(Result::unwrap).collect()
}

/// The types of these tables.
fn arrow_type(text: &str) -> DataType {
    match text {
        "int" => DataType::Int32,
        "bigint" => DataType::Int64,
        "datetime" => DataType::Timestamp(TimeUnit::Microsecond, None),
        "decimal(12,4)" => DataType::Decimal128(12, 4),
        text if text.starts_with("varchar(") => DataType::Utf8,
        other => panic!("{other}"),
    }
}

/// The same in Python: a line a table, of its name and its rows.
const READER: &str = r#"
import io, json, os, sys
import pyarrow as pa, pyarrow.parquet as pq

types = {"int": pa.int32(), "bigint": pa.int64(), "datetime": pa.timestamp("us"), "decimal(12,4)": pa.decimal128(12, 4)}

def text(value):
    return "NULL" if value is None else str(value)

root, label = sys.argv[1], sys.argv[2]
folder = os.path.join(root, "snapshots", label)
manifest = json.load(open(os.path.join(folder, os.listdir(folder)[0])))["snapshot"]
for table in manifest["tables"]:
    reference, rows = table["files"], []
    listed = pq.read_table(os.path.join(root, "tables", reference.get("object", reference["digest"]) + ".parquet"))
    for file in listed.to_pylist():
        name = file["object"] or file["digest"]
        with open(os.path.join(root, "data", name.split("-")[1][:2], name + ".parquet"), "rb") as object:
            object.seek(file["offset"] or 0)
            data = pq.ParquetFile(io.BytesIO(object.read(file["length"]))).read()
        by_id = {int(field.metadata[b"PARQUET:field_id"]): data.column(at) for at, field in enumerate(data.schema)}
        columns = []
        for column in table["definition"]["columns"]:
            wanted = types.get(column["type"], pa.string())
            found = by_id.get(column["field_id"])
            if found is None:
                found = pa.array([column.get("initial")] * data.num_rows, pa.string())
            columns.append(found.cast(wanted).to_pylist())
        gone = set(file.get("deleted") or [])
        rows += ["|".join(text(c[row]) for c in columns) for row in range(data.num_rows) if row not in gone]
    print(json.dumps([table["definition"]["name"], sorted(rows)]))
"#;

/// What Cairn says that a table holds.
fn expected(place: &Place, table: &str) -> Vec<String> {
    let query = format!("SELECT * FROM d.{table}");
    let out = place.cairn(["sql", "--data", &place.text("b"), "--format", "csv", "-e", &query]).ok();
    let cell = |cell: &str| if cell.is_empty() { "NULL".to_owned() } else { cell.to_owned() };
    let mut rows: Vec<String> =
        out.lines().skip(1).map(|line| line.split(',').map(cell).collect::<Vec<_>>().join("|")).collect();
    rows.sort();
    rows
}

fn made(place: &Place) {
    place
        .sql("a", &format!("{SETUP} {} BACKUP DATABASE d SNAPSHOT s TO r", repository(&place.path("r"))))
        .ok();
    let stamp = timestamp(place, "r", "s");
    place.sql("b", &format!("{} {}", repository(&place.path("r")), restore("s", &stamp, "d"))).ok();
}

#[test]
fn a_plain_reader_sees_rows_as_they_have_become() {
    let place = Place::new();
    made(&place);
    let root = place.path("r");
    let folder = std::fs::read_dir(root.join("snapshots/s")).unwrap().next().unwrap().unwrap().path();
    let manifest: Value = serde_json::from_slice(&std::fs::read(folder).unwrap()).unwrap();
    let tables = manifest["snapshot"]["tables"].as_array().unwrap();
    assert_eq!(tables.len(), 2);
    for table in tables {
        let name = table["definition"]["name"].as_str().unwrap();
        let rows = Reader { root: &root, table }.rows();
        assert!(rows.len() > 600, "{name}: {}", rows.len());
        assert!(rows == expected(&place, name), "{name}: {:?}", rows.first());
    }
}

#[test]
fn a_second_reader_sees_rows_as_they_have_become() {
    let Some(python) = python_with_pyarrow("a_second_reader_sees_rows_as_they_have_become") else { return };
    let place = Place::new();
    made(&place);
    let script = place.write("reader.py", READER);
    let read = Command::new(&python).args([&script, &place.text("r"), "s"]).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    for line in String::from_utf8(read.stdout).unwrap().lines() {
        let (name, mut rows): (String, Vec<String>) = serde_json::from_str(line).unwrap();
        rows.sort();
        assert!(rows == expected(&place, &name), "{name}: {:?}", rows.first());
    }
}
