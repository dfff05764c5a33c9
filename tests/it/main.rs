//! The whole, through the `cairn` command: one module a promise.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod alone;
mod altered;
mod check;
mod demo;
mod formats;
mod interrupted;
mod jobs;
mod killed;
mod partitions;
mod prune;
mod repositories;
mod scripts;
mod second_reader;
mod secrets;
mod support;
mod users;
mod wrong;
