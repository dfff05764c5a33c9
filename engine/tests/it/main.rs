//! Behaviour of the tablet store.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests are told how long to run, and print seeds"
)]

mod background;
mod backup_restore;
mod broken;
mod crash;
mod divided;
mod dynamic_partitions;
mod golden;
mod golden_tables;
mod healing;
mod incremental;
mod jobs;
mod keys;
mod load;
mod model;
mod open;
mod partitions;
mod races;
mod recycle;
mod repositories;
mod retention;
mod rich_keys;
mod rollups;
mod stalling;
mod support;
mod typed_keys;
mod types;
