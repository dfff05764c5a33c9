//! Backups to an S3 server, many small tablets, many snapshots, and long file lists; beside what others need.
//!
//! * `s3`: TPC-H of scale factor `CAIRN_BENCH_SF` (1 by default) to a server of S3 on loopback and back; beside `s5cmd`
//!   and `rclone`, when they are on the path, which send the same files to the same server.
//! * `small`: `CAIRN_BENCH_TABLETS` (10,000 by default) tablets of some 20 KiB in a local repository, beside a parallel
//!   copy of the same files, and on the server, where bundles compete with one object a file.
//! * `snapshots`: the names of 10,000 snapshots. Their manifests are there, and nonsense: nobody reads them.
//! * `list`: a file list of `CAIRN_BENCH_FILES` (1,000,000 by default) files is opened.
//!
//! Every statement runs in a process of its own, and so does the server. What is printed are medians of
//! `CAIRN_BENCH_ROUNDS` (3 by default) rounds in which they take turns; the last column of memory is what a statement
//! needs above what its process had before. What others write is synced at the end, as ours is.
//!
//! Run with `cargo bench --bench object_stores`, or with the names of some cases after ` -- `.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench is told its size and prints"
)]
#![allow(dead_code, reason = "each bench uses its part of what they share")]

mod child;
mod file_list;
mod s3;
mod server;
mod small;
mod snapshots;
#[path = "../support/mod.rs"]
mod support;
mod tools;

use support::Fallible;

/// A case of this bench.
type Case = (&'static str, fn() -> Fallible<()>);

const CASES: [Case; 4] =
    [("s3", s3::run), ("small", small::run), ("snapshots", snapshots::run), ("list", file_list::run)];

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["server", root] => server::serve(root.as_ref()),
        ["child", "snapshots", rest @ ..] => snapshots::child(rest),
        ["child", "list", rest @ ..] => file_list::child(rest),
        ["child", rest @ ..] => child::run(rest),
        given => {
            let all = !CASES.iter().any(|(name, _)| given.contains(name));
            CASES.iter().filter(|(name, _)| all || given.contains(name)).try_for_each(|(_, run)| run())
        }
    }
}
