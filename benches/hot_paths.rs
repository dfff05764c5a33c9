//! The hot paths under Criterion: load, backup of new data, backup with nothing new, restore, verify.
//!
//! `CAIRN_BENCH_SF` is TPC-H's scale factor, 0.1 by default. Run with `cargo bench --bench hot_paths`.

#![allow(missing_docs, reason = "Criterion's macros make public functions without documentation")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench is told its size and prints"
)]
#![allow(dead_code, reason = "each bench uses its part of what they share")]

mod support;

use std::time::Duration;

use cairn_format::RepositoryName;
use cairn_repository::{Transfer, VerifyOptions, VerifySelection};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use support::{Fallible, World, backup, files_below, load_all, load_table, restore, scale_factor, tables};

fn hot_paths(criterion: &mut Criterion) {
    if let Err(error) = try_hot_paths(criterion) {
        eprintln!("the bench failed: {error}");
        std::process::exit(1);
    }
}

fn try_hot_paths(criterion: &mut Criterion) -> Fallible<()> {
    let sf = scale_factor(0.1);
    let directory = tempfile::tempdir()?;
    let world = World::new(directory.path())?;
    let store = world.open("source")?;
    load_all(&store, sf)?;
    let bytes: u64 = files_below(&world.directory.join("source/data"))?
        .iter()
        .map(|file| Ok(std::fs::metadata(file)?.len()))
        .sum::<Fallible<u64>>()?;
    let mut counter = 0;
    let mut fresh = |what: &str| {
        counter += 1;
        format!("{what}{counter}")
    };

    let mut group = criterion.benchmark_group("hot paths");
    group.sample_size(10).measurement_time(Duration::from_secs(10));

    group.bench_function("load lineitem", |bencher| {
        bencher.iter_batched(
            || world.open(&fresh("load")),
            |store| -> Fallible<()> {
                let lineitem = tables(sf).pop().ok_or("no table")?;
                load_table(&store?, lineitem)?;
                Ok(())
            },
            BatchSize::PerIteration,
        );
    });

    group.throughput(Throughput::Bytes(bytes));
    group.bench_function("backup of new data", |bencher| {
        bencher.iter_batched(
            || -> Fallible<String> {
                let name = fresh("repository");
                world.add_repository(&store, &name)?;
                Ok(name)
            },
            |name| backup(&store, &name?, "first"),
            BatchSize::PerIteration,
        );
    });

    world.add_repository(&store, "kept")?;
    let first = backup(&store, "kept", "first")?;
    group.bench_function("backup with nothing new", |bencher| {
        bencher.iter_batched(
            || fresh("label"),
            |label| backup(&store, "kept", &label),
            BatchSize::PerIteration,
        );
    });

    group.bench_function("restore", |bencher| {
        bencher.iter_batched(
            || -> Fallible<_> {
                let target = world.open(&fresh("target"))?;
                world.add_repository(&target, "kept")?;
                Ok(target)
            },
            |target| restore(&target?, "kept", "first", first.timestamp),
            BatchSize::PerIteration,
        );
    });

    let repository = store.open_repository(&RepositoryName::parse("kept")?)?;
    let options = VerifyOptions::new(VerifySelection::Snapshot(first.label.clone(), first.timestamp));
    group.bench_function("verify", |bencher| {
        bencher.iter(|| repository.verify(&options, &Transfer::new()));
    });
    group.finish();
    Ok(())
}

criterion_group!(benches, hot_paths);
criterion_main!(benches);
