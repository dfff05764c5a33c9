//! The repository's files, read by a Parquet reader that is not ours: pyarrow, when python3 and pip can get it.
//!
//! The reader starts from the repository's own objects, manifest and file lists, as disaster recovery would.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use arrow::datatypes::i256;

use crate::support::{Place, repository, restore, timestamp};

const SETUP: &str = "
    CREATE DATABASE d; USE d;
    CREATE TABLE numbers (k INT NOT NULL, b BOOLEAN, ti TINYINT, si SMALLINT, bi BIGINT, li LARGEINT,
        f FLOAT, d DOUBLE, de DECIMAL(38, 6))
    DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 3;
    INSERT INTO numbers SELECT s.value, s.value % 2 = 0, s.value % 100, s.value % 1000, s.value * 1000000007,
        CAST(s.value AS DECIMAL(38, 0)) * 3000000019, s.value % 64 / 64e0, s.value % 4096 / 4096e0, s.value / 16.0
    FROM generate_series(0, 49999) AS s(value);
    INSERT INTO numbers VALUES
        (-1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
        (-2, true, 127, 32767, 9223372036854775807, 170141183460469231731687303715884105727, 1.5, 2.5,
         99999999999999999999999999999999.999999);
    CREATE TABLE texts (k INT NOT NULL, da DATE, dt DATETIME, c CHAR(8), v VARCHAR(100), s STRING, j JSON)
    DUPLICATE KEY(k) PARTITION BY RANGE(k) (START ('0') END ('40000') EVERY (10000))
    DISTRIBUTED BY RANDOM BUCKETS 2;
    INSERT INTO texts SELECT s.value, CAST('2013-01-01' AS DATE), CAST('2013-01-01 10:11:12.131415' AS DATETIME), 'abc',
        CASE WHEN s.value % 3 = 0 THEN NULL ELSE concat('v', s.value) END, concat('東京 ', s.value), '{\"a\": 1}'
    FROM generate_series(0, 39999) AS s(value);
    CREATE TABLE rich (k INT NOT NULL, l ARRAY<ARRAY<INT>> REPLACE, m MAP<STRING, DECIMAL(50, 2)> REPLACE,
        t STRUCT<a INT, b STRUCT<c DATE, d STRING>> REPLACE, w DECIMAL(60, 2) SUM, bi BITMAP BITMAP_UNION)
    AGGREGATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 2;
    INSERT INTO rich VALUES
        (1, [[1, NULL], [], NULL], map{'x': 1.5, 'é': NULL}, row(1, row('2013-01-31', 'y')), 12345678901234567890123456789012345678901234567890.25, to_bitmap(7)),
        (1, [[2]], map{'z': 0.25}, row(NULL, row(NULL, 'q')), 0.5, to_bitmap(8)), (2, NULL, NULL, NULL, NULL, NULL),
        (3, '[]', '{}', row(3, NULL), -1, bitmap_empty());
    CREATE TABLE nothing (k INT NOT NULL) DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1;";

/// Prints a JSON object a table: rows, and of every column the nulls and a sum or the least and greatest value.
const READER: &str = r#"
import decimal, io, json, os, sys
import pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq

decimal.getcontext().prec = 100

def plain(value):
    if isinstance(value, list):
        pairs = value and all(isinstance(v, tuple) for v in value)
        return [{"key": plain(v[0]), "value": plain(v[1])} if pairs else plain(v) for v in value]
    if isinstance(value, dict):
        return {name: plain(v) for name, v in value.items()}
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return value if value is None or isinstance(value, (int, str)) else str(value)

root, label = sys.argv[1], sys.argv[2]
folder = os.path.join(root, "snapshots", label)
manifest = json.load(open(os.path.join(folder, os.listdir(folder)[0])))["snapshot"]

for table in manifest["tables"]:
    reference = table["files"]
    listed = pq.read_table(os.path.join(root, "tables", reference.get("object", reference["digest"]) + ".parquet"))
    parts, objects = [], set()
    for file in listed.to_pylist():
        name = file["object"]
        path = os.path.join(root, "data", name.split("-")[1][:2], name + ".parquet")
        # A data file is a Parquet file wherever it lies in its object.
        with open(path, "rb") as object:
            object.seek(file["offset"])
            parts.append(pq.ParquetFile(io.BytesIO(object.read(file["length"]))).read())
        objects.add(path)
    # So is the object as a whole, with the rows of all that lie in it.
    whole = sum(pq.ParquetFile(path).metadata.num_rows for path in objects)
    assert whole == sum(p.num_rows for p in parts), (whole, objects)
    out = {"table": table["definition"]["name"], "rows": sum(p.num_rows for p in parts), "columns": {}}
    if parts:
        data = pa.concat_tables(parts)
        for field in data.schema:
            assert field.metadata and b"PARQUET:field_id" in field.metadata, field
            column = data.column(field.name)
            if isinstance(field.type, pa.BaseExtensionType):
                # JSON is its text.
                field = pa.field(field.name, field.type.storage_type, metadata=field.metadata)
                column = pa.chunked_array([chunk.storage for chunk in column.chunks], field.type)
            facts = {"nulls": column.null_count}
            if pa.types.is_nested(field.type) or pa.types.is_binary(field.type):
                values = [json.dumps(plain(v), separators=(",", ":"), ensure_ascii=False) for v in column.to_pylist() if v is not None]
                facts["values"] = sorted(values)
            elif pa.types.is_string(field.type):
                facts["low"], facts["high"] = pc.min(column).as_py(), pc.max(column).as_py()
            elif pa.types.is_temporal(field.type):
                low, high = pc.min(column).as_py(), pc.max(column).as_py()
                facts["low"], facts["high"] = str(low), str(high)
            elif pa.types.is_boolean(field.type):
                facts["sum"] = str(pc.sum(column).as_py())
            elif pa.types.is_floating(field.type):
                facts["sum"] = str(pc.sum(column.cast(pa.float64())).as_py())
            else:
                facts["sum"] = str(sum(v for v in column.to_pylist() if v is not None))
            out["columns"][field.name] = facts
    print(json.dumps(out))
"#;

#[test]
fn a_second_reader_sees_what_a_restore_brings_back() {
    let Some(python) = python_with_pyarrow("a_second_reader_sees_what_a_restore_brings_back") else { return };
    let place = Place::new();
    let backup = format!("{SETUP} {} BACKUP DATABASE d SNAPSHOT s TO r", repository(&place.path("r")));
    place.sql("a", &backup).ok();
    let stamp = timestamp(&place, "r", "s");
    place.sql("b", &format!("{} {}", repository(&place.path("r")), restore("s", &stamp, "d"))).ok();

    let script = place.write("reader.py", READER);
    let read = Command::new(&python).args([&script, &place.text("r"), "s"]).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let tables: Vec<serde_json::Value> = String::from_utf8(read.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(tables.len(), 4);
    let mut compared = 0;
    for table in &tables {
        let name = table["table"].as_str().unwrap();
        let count = place.sql("b", &format!("SELECT count(*) AS n FROM d.{name}")).ok();
        assert_eq!(count.lines().nth(1).unwrap(), table["rows"].to_string(), "{name}");
        for (column, theirs) in table["columns"].as_object().unwrap() {
            let ours = facts(&place, name, column, theirs);
            assert_eq!(&ours, theirs, "{name}.{column}");
            compared += 1;
        }
    }
    assert_eq!(compared, 9 + 7 + 6);
}

/// What Cairn says about a column, in the reader's words.
fn facts(place: &Place, table: &str, column: &str, theirs: &serde_json::Value) -> serde_json::Value {
    let wanted = match column {
        "b" => "CAST(sum(CASE WHEN b THEN 1 ELSE 0 END) AS STRING) AS sum".to_owned(),
        // Fractions of powers of two: sums without rounding, in whatever order.
        "f" | "d" => format!("CAST(sum(CAST({column} AS DOUBLE)) AS STRING) AS sum"),
        _ if theirs.get("sum").is_some() => return exact_sum(place, table, column),
        _ if theirs.get("values").is_some() => return all_values(place, table, column),
        _ => format!("min({column}) AS low, max({column}) AS high"),
    };
    let query = format!("SELECT count(*) - count({column}) AS nulls, {wanted} FROM d.{table}");
    let out = place.cairn(["sql", "--data", &place.text("b"), "--format", "json", "-e", &query]).ok();
    serde_json::from_str(&out).unwrap()
}

/// The values that are not null, as JSON, in the order of that.
fn all_values(place: &Place, table: &str, column: &str) -> serde_json::Value {
    let query = format!("SELECT {column} AS v FROM d.{table}");
    let out = place.cairn(["sql", "--data", &place.text("b"), "--format", "json", "-e", &query]).ok();
    let rows = out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["v"].clone());
    let (nulls, values): (Vec<_>, Vec<_>) = rows.partition(serde_json::Value::is_null);
    let mut values: Vec<String> = values.iter().map(ToString::to_string).collect();
    values.sort();
    serde_json::json!({ "nulls": nulls.len(), "values": values })
}

/// Adds up whole numbers and decimals without losing a digit: the sum may have more of them than any type.
fn exact_sum(place: &Place, table: &str, column: &str) -> serde_json::Value {
    let query = format!("SELECT {column} AS v FROM d.{table}");
    let out = place.cairn(["sql", "--data", &place.text("b"), "--format", "json", "-e", &query]).ok();
    let (mut nulls, mut scale, mut sum) = (0, 0, i256::ZERO);
    for line in out.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = match &row["v"] {
            serde_json::Value::Null => {
                nulls += 1;
                continue;
            }
            serde_json::Value::String(text) => text.clone(),
            number => number.to_string(),
        };
        let digits: String = text.chars().filter(|c| *c != '.').collect();
        scale = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        sum += i256::from_string(&digits).unwrap();
    }
    let digits = sum.to_string();
    let point = digits.len() - scale;
    let sum = if scale == 0 { digits } else { format!("{}.{}", &digits[..point], &digits[point..]) };
    serde_json::json!({ "nulls": nulls, "sum": sum })
}

/// A python that can import pyarrow: the system's, or one of a virtual environment beside the test's binary.
pub(crate) fn python_with_pyarrow(test: &str) -> Option<PathBuf> {
    let system = PathBuf::from("python3");
    if imports(&system) {
        return Some(system);
    }
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("second-reader");
    let own = environment.join("bin/python");
    if imports(&own) {
        return Some(own);
    }
    let made = run(Command::new("python3").args(["-m", "venv"]).arg(&environment))
        && run(Command::new(&own).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--timeout",
            "10",
            "--retries",
            "1",
            "pyarrow",
        ]));
    if made && imports(&own) {
        return Some(own);
    }
    // Written past the test harness, which keeps the output of tests that pass.
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED {test}: python3 cannot import pyarrow, and pip cannot install it"
    );
    None
}

fn imports(python: &Path) -> bool {
    run(Command::new(python).args(["-c", "import pyarrow.parquet"]))
}

fn run(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}
