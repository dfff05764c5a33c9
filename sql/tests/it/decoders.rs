//! The fuzz targets of this crate as ordinary tests: see `fuzz/`.

#![allow(clippy::print_stderr, reason = "tests")]

use self::drive::check;

#[path = "../../../fuzz/src/drive.rs"]
mod drive;
#[path = "../../../fuzz/src/files.rs"]
mod files;
#[path = "../../../fuzz/src/sql.rs"]
mod targets;

#[test]
fn scripts() {
    check("sql", 5000, targets::sql);
}

#[test]
fn csv_files() {
    check("csv", 200, files::csv);
}

#[test]
fn parquet_files() {
    check("parquet", 100, files::parquet);
}
