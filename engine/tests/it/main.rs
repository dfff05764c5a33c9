//! Behaviour of the tablet store.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod backup_restore;
mod crash;
mod golden;
mod load;
mod model;
mod open;
mod support;
mod types;
