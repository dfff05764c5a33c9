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

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cairn_format::{RepositoryName, SnapshotTimestamp};
use cairn_repository::{Transfer, VerifySelection};
use support::{Fallible, World, backup, files_below, load_all, restore, scale_factor};

/// Threads of the copy: as many as move files in a backup.
const COPIERS: usize = 4;
const BLOCK_BYTES: usize = 1 << 20;

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["child", directory, rest @ ..] => child(Path::new(directory), rest),
        _ => parent(),
    }
}

/// What one process reports: seconds of the statement, and its own peak memory in MiB.
struct Reported {
    seconds: f64,
    peak_mib: f64,
    text: String,
}

fn parent() -> Fallible<()> {
    let sf = scale_factor(1.0);
    let rounds = std::env::var("CAIRN_BENCH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(7);
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
    let (mut copy, mut first, mut nothing, mut back, mut verified) = (vec![], vec![], vec![], vec![], vec![]);
    for round in 0..rounds {
        copy.push(time_copy(&files, directory)?);
        let repository = format!("repository{round}");
        first.push(run(directory, &["backup", &repository, "first"])?);
        let timestamp = first.last().map(|reported| reported.text.clone()).unwrap_or_default();
        nothing.push(run(directory, &["backup", &repository, "second"])?);
        let store = format!("target{round}");
        copy.push(time_copy(&files, directory)?);
        back.push(run(directory, &["restore", &repository, "first", &timestamp, &store])?);
        verified.push(run(directory, &["verify", &repository])?);
        std::fs::remove_dir_all(directory.join(&repository))?;
        std::fs::remove_dir_all(directory.join(&store))?;
        run(directory, &["forget", &repository])?;
    }
    let limit = median(&copy);
    println!(
        "{:<28}{:>10}{:>10}{:>8}{:>12}",
        "median of the statement", "seconds", "MB/s", "ratio", "peak MiB"
    );
    for (what, reported) in [
        ("parallel copy, synced", &copy),
        ("first backup", &first),
        ("backup, nothing new", &nothing),
        ("restore", &back),
        ("verify", &verified),
    ] {
        let seconds = median(reported);
        let peak = reported.iter().map(|r| r.peak_mib).fold(0.0, f64::max);
        println!(
            "{what:<28}{seconds:>10.4}{:>10.0}{:>8.2}{peak:>12.0}",
            megabytes(bytes) / seconds,
            seconds / limit
        );
    }
    Ok(())
}

fn time_copy(files: &[PathBuf], directory: &Path) -> Fallible<Reported> {
    let target = directory.join("copy");
    let begun = Instant::now();
    copy_all(files, &target)?;
    let seconds = begun.elapsed().as_secs_f64();
    std::fs::remove_dir_all(&target)?;
    Ok(Reported { seconds, peak_mib: 0.0, text: String::new() })
}

fn run(directory: &Path, arguments: &[&str]) -> Fallible<Reported> {
    let output =
        Command::new(std::env::current_exe()?).arg("child").arg(directory).args(arguments).output()?;
    std::io::stderr().write_all(&output.stderr)?;
    let text = String::from_utf8(output.stdout)?;
    let mut words = text.split_whitespace();
    let mut number = || words.next().and_then(|word| word.parse().ok());
    match (output.status.success(), number(), number()) {
        (true, Some(seconds), Some(peak_mib)) => {
            Ok(Reported { seconds, peak_mib, text: words.next().unwrap_or_default().to_owned() })
        }
        _ => Err(format!("{arguments:?} failed: {text}").into()),
    }
}

/// One statement in a process of its own; prints its seconds, the peak memory, and what the next one needs.
fn child(directory: &Path, arguments: &[&str]) -> Fallible<()> {
    let world = World::new(directory)?;
    let (took, text) = match arguments {
        ["backup", repository, label] => {
            let store = world.open("source")?;
            if *label == "first" {
                world.add_repository(&store, repository)?;
            }
            let begun = Instant::now();
            let record = backup(&store, repository, label)?;
            (begun.elapsed(), record.timestamp.to_string())
        }
        ["restore", repository, label, timestamp, target] => {
            let store = world.open(target)?;
            world.add_repository(&store, repository)?;
            let begun = Instant::now();
            restore(&store, repository, label, SnapshotTimestamp::parse(timestamp)?)?;
            (begun.elapsed(), String::new())
        }
        ["verify", name] => {
            let repository = world.open("source")?.open_repository(&RepositoryName::parse(name)?)?;
            let begun = Instant::now();
            let report = repository.verify(&VerifySelection::All, &Transfer::new())?;
            if !report.is_clean() {
                return Err("the snapshot is damaged".into());
            }
            (begun.elapsed(), String::new())
        }
        ["forget", name] => {
            world.open("source")?.drop_repository(&RepositoryName::parse(name)?)?;
            (Duration::ZERO, String::new())
        }
        other => return Err(format!("unknown arguments {other:?}").into()),
    };
    println!("{} {} {text}", took.as_secs_f64(), peak_mib()?);
    Ok(())
}

/// The most memory that this process has had, its mapped files counted.
fn peak_mib() -> Fallible<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kib: f64 = line.split_whitespace().next().ok_or("no number")?.parse()?;
    Ok(kib / 1024.0)
}

/// Copies files into one directory, in parallel, each synced, then the directory.
fn copy_all(files: &[PathBuf], target: &Path) -> Fallible<()> {
    std::fs::create_dir(target)?;
    let next = AtomicUsize::new(0);
    let copy_some = || -> std::io::Result<()> {
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(number) else { return Ok(()) };
            let mut from = File::open(file)?;
            let mut to = File::create_new(target.join(number.to_string()))?;
            loop {
                match from.read(&mut block)? {
                    0 => break,
                    read => to.write_all(&block[..read])?,
                }
            }
            to.sync_all()?;
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..COPIERS).map(|_| scope.spawn(copy_some)).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(std::io::Error::other("panic"))))
    })?;
    File::open(target)?.sync_all()?;
    Ok(())
}

fn median(reported: &[Reported]) -> f64 {
    let mut seconds: Vec<f64> = reported.iter().map(|r| r.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
