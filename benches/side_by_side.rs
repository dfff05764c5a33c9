//! Backups and restores beside plain copying of the same files, in one run, as ratios.
//!
//! TPC-H of scale factor `CAIRN_BENCH_SF` (1 by default) is loaded once. Then, in turn and `CAIRN_BENCH_ROUNDS` times
//! (7 by default): a first backup into a new local repository, a backup with nothing new, a restore into a new store,
//! and a verification. Before each backup and restore the same files are copied in parallel, with one sync a file and
//! a directory, and the copy is removed: both then write into memory that the machine already has, which else costs
//! more than the copying. What is printed are medians. Every backup and restore runs in a process of its own, whose
//! peak memory is told.
//!
//! Run with `cargo bench --bench side_by_side`.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench is told its size and prints"
)]
#![allow(dead_code, reason = "each bench uses its part of what they share")]

mod support;

use std::path::Path;
use std::time::Instant;

use cairn_format::{RepositoryName, SnapshotTimestamp};
use support::copying::{Synced, time_copy};
use support::measure::{Meter, Series, megabytes, run_child, setting};
use support::{Fallible, World, backup, files_below, load_all, restore, scale_factor, verify};

const LIMIT: &str = "parallel copy, synced";

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["child", directory, rest @ ..] => child(Path::new(directory), rest),
        _ => parent(),
    }
}

fn parent() -> Fallible<()> {
    let sf = scale_factor(1.0);
    let rounds = setting("CAIRN_BENCH_ROUNDS", 7);
    let kept = tempfile::tempdir()?;
    let directory = kept.path();
    let begun = Instant::now();
    let rows = load_all(&World::new(directory)?.open("source")?, sf)?;
    let files = files_below(&directory.join("source/data"))?;
    let bytes: u64 = files.iter().map(|file| Ok(std::fs::metadata(file)?.len())).sum::<Fallible<u64>>()?;
    println!(
        "TPC-H SF {sf}: {rows} rows, {} files, {:.1} MB, loaded in {:.1} s",
        files.len(),
        megabytes(bytes),
        begun.elapsed().as_secs_f64()
    );
    let text = directory.to_str().ok_or("a path that is not UTF-8")?;
    let run = |arguments: &[&str]| run_child(&[text], arguments);
    let mut series = Series::default();
    for round in 0..rounds {
        let (repository, store) = (format!("repository{round}"), format!("target{round}"));
        series.add(LIMIT, time_copy(&files, directory, Synced::EachFile)?);
        let first = run(&["backup", &repository, "first"])?;
        let timestamp = first.word(0).to_owned();
        series.add("first backup", first);
        series.add("backup, nothing new", run(&["backup", &repository, "second"])?);
        series.add(LIMIT, time_copy(&files, directory, Synced::EachFile)?);
        series.add("restore", run(&["restore", &repository, "first", &timestamp, &store])?);
        series.add("verify", run(&["verify", &repository])?);
        std::fs::remove_dir_all(directory.join(&repository))?;
        std::fs::remove_dir_all(directory.join(&store))?;
        run(&["forget", &repository])?;
    }
    series.print(bytes, LIMIT);
    Ok(())
}

/// One statement in a process of its own; tells what it took and what the next one needs.
fn child(directory: &Path, arguments: &[&str]) -> Fallible<()> {
    let world = World::new(directory)?;
    match arguments {
        ["backup", repository, label] => {
            let store = world.open("source")?;
            if *label == "first" {
                world.add_repository(&store, repository)?;
            }
            let meter = Meter::start()?;
            let record = backup(&store, repository, label)?;
            meter.finish(&[record.timestamp.to_string()])
        }
        ["restore", repository, label, timestamp, target] => {
            let store = world.open(target)?;
            world.add_repository(&store, repository)?;
            let meter = Meter::start()?;
            restore(&store, repository, label, SnapshotTimestamp::parse(timestamp)?)?;
            meter.finish(&[])
        }
        ["verify", repository] => {
            let store = world.open("source")?;
            let meter = Meter::start()?;
            verify(&store, repository)?;
            meter.finish(&[])
        }
        ["forget", repository] => {
            let meter = Meter::start()?;
            world.open("source")?.drop_repository(&RepositoryName::parse(repository)?)?;
            meter.finish(&[])
        }
        other => Err(format!("unknown arguments {other:?}").into()),
    }
}
