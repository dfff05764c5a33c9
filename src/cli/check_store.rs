//! `cairn check-store`: whether a store keeps what repositories rely on.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use cairn::{CheckStatus, Environment, StoreCheck, StoreProvider, check_store};

use super::args::CheckStoreArgs;
use super::console::Console;
use super::failure::Failure;
use super::{output, repository, runtime, units};

pub(crate) fn run(arguments: &CheckStoreArgs, console: &mut Console) -> Result<(), Failure> {
    let runtime = runtime::build()?;
    let properties = repository::properties(&arguments.properties)?;
    let store = repository::stores(runtime.handle()).open(&arguments.location, &properties)?;
    console.say(&format!("checking {}", store.location()));
    let report = check_store(&store, &Environment::system());
    let column = |of: fn(&StoreCheck) -> &str| -> ArrayRef {
        Arc::new(report.checks.iter().map(|check| Some(of(check))).collect::<StringArray>())
    };
    let columns = [
        ("check", column(|check| check.check)),
        ("status", column(|check| check.status.as_str())),
        ("detail", column(|check| &check.detail)),
    ];
    let batch = RecordBatch::try_from_iter(columns).map_err(Failure::ours)?;
    output::write_batch(&batch, arguments.format, console)?;
    console.flush()?;
    if report.is_good() {
        return Ok(());
    }
    let failed = report.checks.iter().filter(|check| check.status == CheckStatus::Failed).count() as u64;
    Err(Failure::users(format_args!(
        "{} failed: {} does not keep what repositories rely on",
        units::count(failed, "check"),
        store.location()
    )))
}
