//! `--format`: what results look like.

use crate::support::{Place, SHOP};

const QUERY: &str = "SELECT id, price, item FROM shop.orders ORDER BY id";

fn in_format(place: &Place, format: &str, query: &str) -> String {
    place.cairn(["sql", "--data", &place.text("a"), "--format", format, "-e", query]).ok()
}

#[test]
fn a_result_looks_as_its_format_says() {
    let place = Place::new();
    place.sql("a", SHOP).ok();
    let table = "\
+----+--------+-------+
| id |  price | item  |
+----+--------+-------+
|  1 |   9.99 | rope  |
|  2 | 120.00 | boots |
|  3 |   NULL | map   |
|  4 |   0.50 | NULL  |
+----+--------+-------+
";
    assert_eq!(in_format(&place, "table", QUERY), table);
    assert_eq!(place.cairn(["sql", "--data", &place.text("a"), "-e", QUERY]).ok(), table);
    assert_eq!(
        in_format(&place, "csv", QUERY),
        "id,price,item\n1,9.99,rope\n2,120.00,boots\n3,,map\n4,0.50,\n"
    );
    assert_eq!(
        in_format(&place, "json", QUERY),
        "{\"id\":1,\"price\":\"9.99\",\"item\":\"rope\"}\n\
         {\"id\":2,\"price\":\"120.00\",\"item\":\"boots\"}\n\
         {\"id\":3,\"price\":null,\"item\":\"map\"}\n\
         {\"id\":4,\"price\":\"0.50\",\"item\":null}\n"
    );
}

#[test]
fn every_type_keeps_its_digits() {
    let place = Place::new();
    place
        .sql(
            "a",
            "CREATE DATABASE d; USE d;
             CREATE TABLE t (k INT NOT NULL, b BOOLEAN, ti TINYINT, si SMALLINT, i INT, bi BIGINT, li LARGEINT,
                 f FLOAT, d DOUBLE, de DECIMAL(38, 10), da DATE, dt DATETIME, c CHAR(4), v VARCHAR(20), s STRING, j JSON)
             DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1;
             INSERT INTO t VALUES
                 (1, true, -128, -32768, -2147483648, -9223372036854775808, -170141183460469231731687303715884105728,
                  0.1, 1e300, 1234567890123456789012345678.0123456789, '0000-01-01', '9999-12-31 23:59:59.999999',
                  'é', 'a,\"b\"', 'x', '{\"a\": 1}'),
                 (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);",
        )
        .ok();
    let json = in_format(&place, "json", "SELECT * FROM d.t ORDER BY k");
    let rows: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let first = &rows[0];
    assert_eq!(first["b"], true);
    assert_eq!(first["bi"], i64::MIN);
    assert_eq!(first["li"], "-170141183460469231731687303715884105728");
    assert!(json.contains("\"f\":0.1,"), "{json}");
    assert_eq!(first["d"], 1e300);
    assert_eq!(first["de"], "1234567890123456789012345678.0123456789");
    assert_eq!(first["da"], "0000-01-01");
    assert_eq!(first["dt"], "9999-12-31 23:59:59.999999");
    assert_eq!(first["v"], "a,\"b\"");
    assert!(rows[1].as_object().unwrap().iter().all(|(key, value)| key == "k" || value.is_null()), "{json}");
    let csv = in_format(&place, "csv", "SELECT k, v FROM d.t ORDER BY k");
    assert_eq!(csv, "k,v\n1,\"a,\"\"b\"\"\"\n2,\n");
}

#[test]
fn an_empty_result_has_its_header_and_nothing_else() {
    let place = Place::new();
    let query = "SELECT 1 AS a WHERE false";
    assert_eq!(in_format(&place, "table", query), "+---+\n| a |\n+---+\n");
    assert_eq!(in_format(&place, "csv", query), "a\n");
    assert_eq!(in_format(&place, "json", query), "");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let place = Place::new();
    let query = "SELECT a.value FROM generate_series(1, 1000000) AS a(value)";
    for format in ["table", "csv", "json"] {
        let mut child = place.start(["sql", "--data", &place.text("a"), "--format", format, "-e", query]);
        // Closes the pipe before the first row.
        drop(child.stdout.take());
        let status = child.wait_with_output().unwrap();
        assert_eq!(status.status.code(), Some(0), "{format}");
        assert_eq!(String::from_utf8(status.stderr).unwrap(), "", "{format}");
    }
}
