//! The `cairn` command.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests"))]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
