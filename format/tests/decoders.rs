//! The fuzz targets of this crate as ordinary tests: see `fuzz/`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

#[path = "../../fuzz/src/drive.rs"]
mod drive;
#[path = "../../fuzz/src/format.rs"]
mod targets;

use drive::check;

#[test]
fn descriptors() {
    check("descriptor", 4000, targets::descriptor);
}

#[test]
fn manifests() {
    check("manifest", 3000, targets::manifest);
}

#[test]
fn intents() {
    check("intent", 4000, targets::intent);
}

#[test]
fn file_lists() {
    check("file_list", 3000, targets::file_list);
}

#[test]
fn keys() {
    check("key", 20_000, targets::key);
}

#[test]
fn texts() {
    check("texts", 20_000, targets::texts);
}

#[test]
fn table_definitions() {
    check("table_definition", 10_000, targets::table_definition);
}

#[test]
fn values() {
    check("value", 20_000, targets::value);
}

#[test]
fn marks() {
    check("marks", 4000, targets::marks);
}

#[test]
fn fences() {
    check("fence", 4000, targets::fence);
}

#[test]
fn verifications() {
    check("verification", 4000, targets::verification);
}

#[test]
fn data_files() {
    check("data_file", 1000, targets::data_file);
}

#[test]
fn waits() {
    check("waits", 4000, targets::waits);
}

#[test]
fn sketches() {
    check("sketch", 20_000, targets::sketch);
}
