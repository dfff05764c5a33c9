//! The behaviour of statements, on a store in a temporary directory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests are told how long to run, and print seeds"
)]

mod alter_table;
mod backup_restore;
mod bad_rows;
mod case;
mod checker;
mod colocation;
mod columns;
mod create_table;
mod decoders;
mod dynamic_partitions;
mod errors;
mod explain;
mod external_catalogs;
mod files;
mod grammar;
mod indexes;
mod information_schema;
mod insert_select;
mod json;
mod keys;
mod maintenance;
mod matviews;
mod nested;
mod partition_changes;
mod partition_kinds;
mod partitions;
mod privileges;
mod pruning;
mod queries;
mod restore_properties;
mod rollups;
mod schema_model;
mod show;
mod sketches;
mod slt;
mod sort_keys;
mod stress;
mod support;
mod table_rules;
mod users;
mod views;
