//! `cairn snapshots`: what a repository holds, from its manifests alone.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMillisecondArray, UInt64Array};
use cairn::{Repository, SnapshotName};
use cairn_format::Manifest;

use super::args::SnapshotsArgs;
use super::console::Console;
use super::failure::Failure;
use super::{output, repository, runtime, units};

pub(crate) fn run(arguments: &SnapshotsArgs, console: &mut Console) -> Result<(), Failure> {
    let properties = repository::properties(&arguments.properties)?;
    let runtime = runtime::build()?;
    let repository = repository::open(&arguments.location, &properties, runtime.handle())?;
    let snapshots = repository.snapshots(None)?;
    let rows: Vec<Row> = snapshots.into_iter().map(|name| Row::read(&repository, name)).collect();
    output::write_batch(&batch(&rows)?, arguments.format, console)?;
    console.flush()?;

    let damaged: Vec<_> = rows.iter().filter_map(|row| row.manifest.as_ref().err()).collect();
    for problem in &damaged {
        console.say(&format!("warning: {problem}"));
    }
    match damaged.len() {
        0 => Ok(()),
        _ => Err(Failure::users(format_args!(
            "{} of {} cannot be read; run `cairn verify {}` to see what is harmed",
            damaged.len(),
            units::count(rows.len() as u64, "snapshot"),
            arguments.location
        ))),
    }
}

/// One snapshot, and what its manifest says or why it cannot be read.
struct Row {
    name: SnapshotName,
    manifest: Result<Manifest, String>,
}

impl Row {
    fn read(repository: &Repository, name: SnapshotName) -> Self {
        let manifest =
            repository.open_snapshot(&name.label, name.timestamp).map_err(|error| error.to_string());
        Self { name, manifest }
    }

    fn known<T>(&self, of: impl FnOnce(&Manifest) -> T) -> Option<T> {
        self.manifest.as_ref().ok().map(of)
    }
}

fn batch(rows: &[Row]) -> Result<RecordBatch, Failure> {
    let text = |of: fn(&Row) -> Option<String>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<StringArray>())
    };
    let number = |of: fn(&Manifest) -> u64| -> ArrayRef {
        Arc::new(rows.iter().map(|row| row.known(of)).collect::<UInt64Array>())
    };
    let finished = rows.iter().map(|row| row.known(|m| m.finished_at_ms).flatten());
    let finished: ArrayRef = Arc::new(finished.collect::<TimestampMillisecondArray>());
    let columns = [
        ("label", text(|row| Some(row.name.label.to_string()))),
        ("timestamp", text(|row| Some(row.name.timestamp.to_string()))),
        ("database", text(|row| row.known(|m| m.database.to_string()))),
        ("tables", number(|m| m.tables.len() as u64)),
        ("files", number(|m| m.totals.files)),
        ("rows", number(|m| m.totals.rows)),
        ("bytes", number(|m| m.totals.bytes)),
        ("finished", finished),
        ("writer", text(|row| row.known(|m| m.writer.clone()))),
        ("status", text(|row| Some(row.manifest.as_ref().err().cloned().unwrap_or_else(|| "ok".to_owned())))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
        .map_err(Failure::ours)
}
