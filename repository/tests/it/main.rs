//! Behaviour of repositories, on a directory and in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod contract;
mod crash;
mod damage;
mod decoders;
mod faults;
mod histories;
mod publish;
mod races;
mod support;
mod transfers;
