//! `cairn prune`: snapshots that have had their time go, and what no snapshot needs.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use cairn::{Access, CollectionAction, CollectionStep};
use cairn_repository::{CollectionPolicy, DEFAULT_GRACE};

use super::args::PruneArgs;
use super::console::Console;
use super::failure::Failure;
use super::interrupt::Interrupts;
use super::{output, repository, runtime, units};

pub(crate) fn run(arguments: &PruneArgs, console: &mut Console) -> Result<(), Failure> {
    let mut properties = repository::properties(&arguments.properties)?;
    let retention = match (repository::take_retention(&mut properties)?, arguments.retention) {
        (Some(property), Some(option)) if property != option => {
            return Err(Failure::users(
                "--retention and the property 'retention' say different things: give one of them",
            ));
        }
        (property, option) => option.or(property),
    };
    let runtime = runtime::build()?;
    let _interrupts = Interrupts::listen();
    let policy = CollectionPolicy::default()
        .with_retention(retention)
        .with_grace(arguments.grace.unwrap_or(DEFAULT_GRACE));
    let access = if arguments.dry_run { Access::ReadOnly } else { Access::ReadWrite };
    let repository = repository::open(&arguments.location, &properties, access, runtime.handle())?;
    let steps = CollectionStep::take(&repository, &policy, arguments.dry_run)?;
    output::write_batch(&batch(&steps)?, arguments.format, console)?;
    console.flush()?;
    console.say(&summary(&steps, arguments.dry_run));
    match count(&steps, CollectionAction::Fail) {
        0 => Ok(()),
        n => Err(Failure::users(format_args!(
            "{} could not be deleted; the next run tries again",
            units::count(n, "object")
        ))),
    }
}

fn summary(steps: &[CollectionStep], dry_run: bool) -> String {
    let bytes = |action| {
        let bytes = steps.iter().filter(|step| step.action == action).filter_map(|step| step.bytes).sum();
        units::bytes(bytes)
    };
    format!(
        "{}{} dropped, {} marked ({}), {} deleted ({})",
        if dry_run { "would be: " } else { "" },
        units::count(count(steps, CollectionAction::Drop), "snapshot"),
        units::count(count(steps, CollectionAction::Mark), "object"),
        bytes(CollectionAction::Mark),
        units::count(count(steps, CollectionAction::Delete), "object"),
        bytes(CollectionAction::Delete),
    )
}

fn count(steps: &[CollectionStep], action: CollectionAction) -> u64 {
    steps.iter().filter(|step| step.action == action).count() as u64
}

fn batch(steps: &[CollectionStep]) -> Result<RecordBatch, Failure> {
    let text = |of: fn(&CollectionStep) -> String| -> ArrayRef {
        Arc::new(steps.iter().map(|step| Some(of(step))).collect::<StringArray>())
    };
    let bytes: ArrayRef = Arc::new(steps.iter().map(|step| step.bytes).collect::<UInt64Array>());
    let columns = [
        ("action", text(|step| step.action.to_string())),
        ("object", text(|step| step.object.clone())),
        ("reason", text(|step| step.reason.clone())),
        ("bytes", bytes),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
        .map_err(Failure::ours)
}
