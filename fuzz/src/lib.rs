//! What the fuzz targets do. `fuzz_targets/` calls it with what libFuzzer makes up; tests of the crates call it with the
//! corpus and with mutations of it, so that the ordinary `cargo test` finds what is easy to find.

pub mod files;
pub mod format;
pub mod repository;
pub mod sql;
