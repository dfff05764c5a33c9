//! The names of many snapshots.

use std::path::Path;

use cairn_format::{ObjectKey, RepositoryName, SnapshotLabel, SnapshotTimestamp};

use super::support::measure::{Meter, Series, run_child, setting};
use super::support::{Fallible, World};

const SNAPSHOTS: usize = 10_000;
const NAME: &str = "many";

pub(crate) fn run() -> Fallible<()> {
    let kept = tempfile::tempdir()?;
    let directory = kept.path();
    let store = World::new(directory)?;
    let source = store.open("source")?;
    store.add_repository(&source, NAME)?;
    source.open_repository(&RepositoryName::parse(NAME)?)?;
    drop(source);
    let timestamp = SnapshotTimestamp::parse("2026-11-24-07-00-00-000")?;
    let nonsense = vec![b'x'; 4096];
    for number in 0..SNAPSHOTS {
        let label = SnapshotLabel::parse(&format!("nightly_{number:05}"))?;
        let path = directory.join(NAME).join(ObjectKey::Snapshot { label, timestamp }.render());
        std::fs::create_dir_all(path.parent().ok_or("no folder")?)?;
        std::fs::write(path, &nonsense)?;
    }
    let mut series = Series::default();
    for _ in 0..setting("CAIRN_BENCH_ROUNDS", 3) {
        series.add(
            "list",
            run_child(&["snapshots"], &[directory.to_str().ok_or("a path that is not UTF-8")?])?,
        );
    }
    println!("\nthe names of {SNAPSHOTS} snapshots, manifests not read");
    series.print(0, "list");
    Ok(())
}

pub(crate) fn child(arguments: &[&str]) -> Fallible<()> {
    let [directory] = arguments else { return Err("no directory".into()) };
    let store = World::new(Path::new(directory))?.open("source")?;
    let repository = store.open_repository(&RepositoryName::parse(NAME)?)?;
    let meter = Meter::start()?;
    let found = repository.snapshots(None)?.len();
    if found != SNAPSHOTS {
        return Err(format!("found {found} snapshots instead of {SNAPSHOTS}").into());
    }
    meter.finish(&[])
}
