//! Loads, scans and point lookups of tables by SQL, beside what `parquet` alone needs for the same rows.
//!
//! TPC-H's lineitem of scale factor `CAIRN_BENCH_SF` (1 by default) is written once into a Parquet file. Then, in turn and
//! `CAIRN_BENCH_ROUNDS` times (3 by default):
//!
//! * `recode`, the reference of loads: two threads decode the file's row groups and encode and sync them again, as the
//!   store writes its files;
//! * an `INSERT … SELECT * FROM FILES(…)` into a Duplicate Key table, and one into a Primary Key table, both hash-distributed;
//! * a scan of all columns of a Primary Key table, and of one of which a `DELETE` has taken 5 % of the rows, one here and
//!   one there;
//! * a point lookup by primary key, and how many of the table's files it opens;
//! * a backup of the table, an upsert of 1 % of its lines, which lie together or are spread over the table, and the backup
//!   after it: what it sends, as a share of the first.
//!
//! Run with `cargo bench --bench tables`.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench is told its size and prints"
)]
#![allow(dead_code, reason = "each bench uses its part of what they share")]

mod recode;
mod shell;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;
use std::time::Instant;

use recode::{recode, write_lineitem};
use shell::Shell;
use support::measure::{Meter, Reported, Series, megabytes, setting};
use support::{Fallible, scale_factor};

const REFERENCE: &str = "recode by parquet alone";
const SCAN: &str = "scan";

const COLUMNS: &str = "l_orderkey BIGINT NOT NULL, l_linenumber INT NOT NULL, l_partkey BIGINT NOT NULL,
    l_suppkey BIGINT NOT NULL, l_quantity DECIMAL(15, 2) NOT NULL, l_extendedprice DECIMAL(15, 2) NOT NULL,
    l_discount DECIMAL(15, 2) NOT NULL, l_tax DECIMAL(15, 2) NOT NULL, l_returnflag STRING NOT NULL,
    l_linestatus STRING NOT NULL, l_shipdate DATE NOT NULL, l_commitdate DATE NOT NULL, l_receiptdate DATE NOT NULL,
    l_shipinstruct STRING NOT NULL, l_shipmode STRING NOT NULL, l_comment STRING NOT NULL";
const NAMES: &str = "l_orderkey, l_linenumber, l_partkey, l_suppkey, l_quantity, l_extendedprice, l_discount, l_tax,
    l_returnflag, l_linestatus, l_shipdate, l_commitdate, l_receiptdate, l_shipinstruct, l_shipmode, l_comment";

fn main() -> Fallible<()> {
    let (sf, rounds) = (scale_factor(1.0), setting("CAIRN_BENCH_ROUNDS", 3));
    let kept = tempfile::tempdir()?;
    let file = kept.path().join("lineitem.parquet");
    let rows = write_lineitem(&file, sf)?;
    let bytes = std::fs::metadata(&file)?.len();
    println!("lineitem of TPC-H SF {sf}: {rows} rows, {:.1} MB", megabytes(bytes));
    let mut shell = Shell::open(&kept.path().join("store"))?;
    shell.run("CREATE DATABASE tpch; USE tpch")?;
    loads(&mut shell, &file, bytes, rounds)?;
    scans(&mut shell, bytes, rounds)?;
    lookups(&mut shell, rows, rounds)?;
    upserts(&mut shell, kept.path())
}

fn timed(run: impl FnOnce() -> Fallible<()>) -> Fallible<Reported> {
    let meter = Meter::start()?;
    run()?;
    meter.stop()
}

fn create(shell: &mut Shell, name: &str, key: &str) -> Fallible<()> {
    shell.run(&format!("CREATE TABLE {name} ({COLUMNS}) {key} DISTRIBUTED BY HASH(l_orderkey) BUCKETS 4"))
}

/// Leaves `duplicates` and `lines` filled.
fn loads(shell: &mut Shell, file: &Path, bytes: u64, rounds: usize) -> Fallible<()> {
    let path = file.to_str().ok_or("a path that is not UTF-8")?;
    let tables =
        [("duplicates", "DUPLICATE KEY(l_orderkey)"), ("lines", "PRIMARY KEY(l_orderkey, l_linenumber)")];
    let mut series = Series::default();
    for _ in 0..rounds {
        series.add(REFERENCE, timed(|| recode(file))?);
        for (name, key) in tables {
            shell.run(&format!("DROP TABLE IF EXISTS {name} FORCE"))?;
            create(shell, name, key)?;
            let insert = format!(
                "INSERT INTO {name} ({NAMES}) SELECT {NAMES} FROM FILES('path' = '{path}', 'format' = 'parquet')"
            );
            series.add(&format!("load, {}", key.to_lowercase()), timed(|| shell.run(&insert))?);
        }
    }
    series.print(bytes, REFERENCE);
    Ok(())
}

fn scans(shell: &mut Shell, bytes: u64, rounds: usize) -> Fallible<()> {
    create(shell, "holes", "PRIMARY KEY(l_orderkey, l_linenumber)")?;
    shell.run("INSERT INTO holes SELECT * FROM lines")?;
    let deleting = timed(|| shell.run("DELETE FROM holes WHERE l_partkey % 20 = 0"))?;
    let (all, left) =
        (shell.count("SELECT l_orderkey FROM lines")?, shell.count("SELECT l_orderkey FROM holes")?);
    println!("\n{} of {all} rows deleted in {:.2} s", all - left, deleting.seconds);
    let mut series = Series::default();
    for _ in 0..2 * rounds {
        for (what, table) in [(SCAN, "lines"), ("scan with deletions", "holes")] {
            let query = format!("SELECT * FROM {table}");
            series.add(what, timed(|| shell.count(&query).map(drop))?);
        }
    }
    series.print(bytes, SCAN);
    Ok(())
}

fn lookups(shell: &mut Shell, rows: u64, rounds: usize) -> Fallible<()> {
    let orders = shell.count("SELECT DISTINCT l_orderkey FROM lines")?;
    let mut seconds = Vec::new();
    let mut opened = 0;
    for number in 0..20 * rounds {
        // Orders have numbers in groups of eight of thirty-two.
        let order = (number as u64 * 7919 % (orders / 8)) * 32 + 1;
        let query = format!("SELECT * FROM lines WHERE l_orderkey = {order} AND l_linenumber = 1");
        opened = opened.max(shell.files_of(&query)?);
        let begun = Instant::now();
        if shell.count(&query)? != 1 {
            return Err(format!("order {order} has no first line").into());
        }
        seconds.push(begun.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let files = shell.files_of("SELECT * FROM lines")?;
    println!(
        "\npoint lookup among {rows} rows: {:.2} ms in the median, at most {opened} of {files} files opened",
        seconds[seconds.len() / 2] * 1e3
    );
    Ok(())
}

fn upserts(shell: &mut Shell, directory: &Path) -> Fallible<()> {
    let repository = directory.join("repository");
    let repository = repository.to_str().ok_or("a path that is not UTF-8")?;
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{repository}'"))?;
    let first = shell.backup("BACKUP SNAPSHOT tpch.first TO r ON (lines)")?;
    println!("\nfirst backup of the table: {:.1} MB", megabytes(first));
    let last = shell.number("SELECT max(l_orderkey) FROM lines")?;
    let kinds = [
        ("together", format!("l_orderkey > {}", last - last / 100)),
        ("spread", "l_orderkey % 400 IN (1, 2, 3, 4)".to_owned()),
    ];
    for (kind, filter) in kinds {
        let columns = NAMES.replace("l_quantity", "l_quantity + 1");
        let upsert = format!("INSERT INTO lines ({NAMES}) SELECT {columns} FROM lines WHERE {filter}");
        let rows = shell.count(&format!("SELECT l_orderkey FROM lines WHERE {filter}"))?;
        let seconds = timed(|| shell.run(&upsert))?.seconds;
        let sent = shell.backup(&format!("BACKUP SNAPSHOT tpch.{kind} TO r ON (lines)"))?;
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let share = sent as f64 / first as f64 * 100.0;
        println!(
            "upsert of {rows} lines, {kind}: {seconds:.2} s; the next backup sends {share:.2} % of the first"
        );
    }
    Ok(())
}
