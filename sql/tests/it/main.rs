//! The behaviour of statements, on a store in a temporary directory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod alter_table;
mod backup_restore;
mod case;
mod checker;
mod columns;
mod create_table;
mod decoders;
mod dynamic_partitions;
mod errors;
mod files;
mod information_schema;
mod insert_select;
mod keys;
mod maintenance;
mod partition_changes;
mod partitions;
mod pruning;
mod queries;
mod show;
mod sort_keys;
mod support;
