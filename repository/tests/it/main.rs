//! Behaviour of repositories, on every kind of store.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod contract;
mod crash;
mod damage;
mod decoders;
mod faults;
mod flipped;
mod histories;
mod locked;
mod publish;
mod races;
mod servers;
mod stores;
mod support;
mod transfers;
