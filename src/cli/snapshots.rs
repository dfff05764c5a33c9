//! `cairn snapshots`: what a repository holds, from its manifests alone unless sizes are asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMillisecondArray, UInt64Array};
use cairn::{Access, SnapshotName, Transfer};
use cairn_format::{Manifest, Sent};
use cairn_repository::in_calendar;

use super::args::SnapshotsArgs;
use super::console::Console;
use super::failure::Failure;
use super::{output, repository, runtime, units};

pub(crate) fn run(arguments: &SnapshotsArgs, console: &mut Console) -> Result<(), Failure> {
    let properties = repository::properties(&arguments.properties)?;
    let runtime = runtime::build()?;
    let repository = repository::open(&arguments.location, &properties, Access::ReadOnly, runtime.handle())?;
    let snapshots = repository.snapshots(None)?;
    let manifests = repository.open_snapshots(&snapshots, |manifest| manifest);
    let mut rows: Vec<Row> =
        snapshots.into_iter().zip(manifests).map(|(name, manifest)| Row::new(name, manifest)).collect();
    if arguments.sizes {
        match repository.snapshot_sizes(&Transfer::new()) {
            Ok(sizes) => {
                let exclusive: BTreeMap<_, _> =
                    sizes.into_iter().map(|sizes| (sizes.name, sizes.exclusive_bytes)).collect();
                for row in &mut rows {
                    row.exclusive_bytes = exclusive.get(&row.name).copied();
                }
            }
            // One damaged object anywhere hides what is whose, and nothing else.
            Err(error) => console.say(&format!("warning: exclusive_bytes cannot be told: {error}")),
        }
    }
    output::write_batch(&batch(&rows, arguments.sizes)?, arguments.format, console)?;
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
    exclusive_bytes: Option<u64>,
}

impl Row {
    fn new(name: SnapshotName, manifest: cairn_repository::Result<Manifest>) -> Self {
        Self { name, manifest: manifest.map_err(|error| error.to_string()), exclusive_bytes: None }
    }

    fn status(&self) -> String {
        match &self.manifest {
            Ok(manifest) => {
                let times = [manifest.finished_at_ms, manifest.expires_at_ms];
                let has_all = times.into_iter().flatten().all(|ms| in_calendar(ms).is_some());
                if has_all { "ok" } else { "ok, but a time is beyond the year 9999" }.to_owned()
            }
            Err(error) => error.clone(),
        }
    }

    fn known<T>(&self, of: impl FnOnce(&Manifest) -> T) -> Option<T> {
        self.manifest.as_ref().ok().map(of)
    }
}

fn batch(rows: &[Row], sizes: bool) -> Result<RecordBatch, Failure> {
    let text = |of: fn(&Row) -> Option<String>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<StringArray>())
    };
    let number = |of: fn(&Manifest) -> u64| -> ArrayRef {
        Arc::new(rows.iter().map(|row| row.known(of)).collect::<UInt64Array>())
    };
    let time = |of: fn(&Manifest) -> Option<i64>| -> ArrayRef {
        let times = rows.iter().map(|row| row.known(of).flatten().and_then(in_calendar));
        Arc::new(times.collect::<TimestampMillisecondArray>())
    };
    let mut columns = vec![
        ("label", text(|row| Some(row.name.label.to_string()))),
        ("timestamp", text(|row| Some(row.name.timestamp.to_string()))),
        ("database", text(|row| row.known(|m| m.database_name().to_owned()))),
        ("tables", number(|m| m.tables.len() as u64)),
        ("files", number(|m| m.totals.files)),
        ("rows", number(|m| m.totals.rows)),
        ("bytes", number(|m| m.totals.bytes)),
        ("finished", time(|m| m.finished_at_ms)),
        ("expires", time(|m| m.expires_at_ms)),
        ("writer", text(|row| row.known(|m| m.writer.clone()))),
        ("status", text(|row| Some(row.status()))),
    ];
    if sizes {
        let sent = |of: fn(&Sent) -> u64| -> ArrayRef {
            let sent = rows.iter().map(|row| row.known(|m| m.sent).flatten().as_ref().map(of));
            Arc::new(sent.collect::<UInt64Array>())
        };
        let exclusive: ArrayRef =
            Arc::new(rows.iter().map(|row| row.exclusive_bytes).collect::<UInt64Array>());
        // Beside the other figures.
        let at = columns.iter().position(|(name, _)| *name == "bytes").map_or(columns.len(), |at| at + 1);
        columns.splice(
            at..at,
            [
                ("new_files", sent(|sent| sent.files)),
                ("new_bytes", sent(|sent| sent.bytes)),
                ("exclusive_bytes", exclusive),
            ],
        );
    }
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .map_err(Failure::ours)
}
