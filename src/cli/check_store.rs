//! `cairn check-store`: whether a store keeps what repositories rely on.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use cairn::{CheckStatus, Environment, StoreCheck, check_store};
use cairn_repository::ErrorKind;

use super::args::CheckStoreArgs;
use super::console::Console;
use super::failure::Failure;
use super::{output, repository, runtime, units};

pub(crate) fn run(arguments: &CheckStoreArgs, console: &mut Console) -> Result<(), Failure> {
    let runtime = runtime::build()?;
    let properties = repository::properties(&arguments.properties)?;
    let store = repository::open_store(&arguments.location, &properties, runtime.handle())?;
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
    let location = store.location();
    match report.stopped {
        Some(ErrorKind::Denied) => {
            return Err(Failure::users(format_args!(
                "access to {location} is denied: nothing can be said of the store"
            )));
        }
        Some(_) => {
            return Err(Failure::ours(format_args!(
                "{location} cannot be reached: nothing can be said of the store"
            )));
        }
        None if report.is_good() => return Ok(()),
        None => {}
    }
    let failed = report.checks.iter().filter(|check| check.status == CheckStatus::Failed).count() as u64;
    Err(Failure::users(format_args!(
        "{} failed: {location} does not keep what repositories rely on",
        units::count(failed, "check")
    )))
}
