//! `cairn drop`: the snapshots of a label go.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use cairn::{Access, SnapshotName};
use cairn_format::SnapshotLabel;

use super::args::DropArgs;
use super::console::Console;
use super::failure::Failure;
use super::{output, repository, runtime, units};

pub(crate) fn run(arguments: &DropArgs, console: &mut Console) -> Result<(), Failure> {
    let properties = repository::properties(&arguments.properties)?;
    let label = SnapshotLabel::parse(&arguments.label).map_err(Failure::users)?;
    let runtime = runtime::build()?;
    let access = if arguments.dry_run { Access::ReadOnly } else { Access::ReadWrite };
    let repository = repository::open(&arguments.location, &properties, access, runtime.handle())?;
    let names = repository.snapshots(Some(&label))?;
    if names.is_empty() {
        return Err(Failure::users(format_args!(
            "there is no snapshot '{label}' in {}; `cairn snapshots` lists those that are",
            repository.store().location()
        )));
    }
    if !arguments.dry_run {
        for name in &names {
            repository.drop_snapshot(name)?;
        }
    }
    output::write_batch(&batch(&names)?, arguments.format, console)?;
    console.flush()?;
    let count = units::count(names.len() as u64, "snapshot");
    console.say(&if arguments.dry_run {
        format!("would be: {count} dropped")
    } else {
        format!("{count} dropped; `cairn prune` removes what only they needed")
    });
    Ok(())
}

fn batch(names: &[SnapshotName]) -> Result<RecordBatch, Failure> {
    let column = |of: fn(&SnapshotName) -> String| -> ArrayRef {
        Arc::new(names.iter().map(|name| Some(of(name))).collect::<StringArray>())
    };
    let columns = [
        ("label", column(|name| name.label.to_string())),
        ("timestamp", column(|name| name.timestamp.to_string())),
    ];
    RecordBatch::try_from_iter(columns).map_err(Failure::ours)
}
