//! `cairn sql`: statements on a data directory.

mod check;
mod connect;
mod jobs;
mod prompt;
mod runner;
mod script;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use cairn::{Database, StoreOptions};

use super::args::SqlArgs;
use super::console::Console;
use super::failure::Failure;
use super::interrupt::Interrupts;
use super::{repository, runtime};

pub(crate) use jobs::{Jobs, Waiting};
pub(crate) use runner::Runner;
pub(crate) use script::Script;

/// How often partitions are made and dropped: StarRocks' `dynamic_partition_check_interval_seconds`.
const PARTITION_CHECK: Duration = Duration::from_mins(10);

/// How often is looked whether materialized views are to be refreshed: soon after a load, and more often than any interval.
const REFRESH_CHECK: Duration = Duration::from_secs(10);

pub(crate) fn run(arguments: &SqlArgs, console: &mut Console) -> Result<(), Failure> {
    // Everything is read before anything runs: a file that is not there must not leave half a job done.
    let scripts = if arguments.order.is_empty() && io::stdin().is_terminal() {
        None
    } else {
        Some(Script::read_all(arguments)?)
    };
    let runtime = runtime::build()?;
    let interrupts = Interrupts::listen();
    if arguments.check {
        let scripts = scripts.ok_or_else(|| {
            Failure::users("there is nothing to check; give -e, files or statements on standard input")
        })?;
        let account = connect::Account::of(arguments)?;
        return check::run(&scripts, arguments.data.as_deref(), &account, runtime.handle(), console);
    }
    let Some(directory) = &arguments.data else {
        return Err(Failure::users("there is no data directory; give one with --data DIR"));
    };
    let account = connect::Account::of(arguments)?;
    let mut options = StoreOptions::new(Arc::new(repository::stores(runtime.handle())));
    options.compacts = true;
    options.partition_check = Some(PARTITION_CHECK);
    let mut database = Database::open_with(directory, options, runtime.handle())?;
    database.keep_refreshed(REFRESH_CHECK)?;
    let session = account.session(&database)?;
    let waiting = if arguments.in_background { Waiting::AtTheEnd } else { Waiting::AtOnce };
    let jobs = Jobs::new(&database, interrupts, waiting, console);
    let mut runner = Runner::new(session, jobs, arguments.format);
    let outcome = match &scripts {
        Some(scripts) => scripts.iter().try_for_each(|script| runner.run(script, console)),
        None => prompt::run(&mut runner, console),
    };
    // A script that failed has said nothing yet; its message comes before those of jobs.
    let outcome = outcome.map_err(|failure| console.report(failure));
    let ended = runner.finish(console);
    worse(outcome, ended)
}

/// The failure that weighs more.
fn worse(one: Result<(), Failure>, other: Result<(), Failure>) -> Result<(), Failure> {
    match (one, other) {
        (Err(one), Err(other)) if other.blame() > one.blame() => Err(other),
        (Err(one), _) => Err(one),
        (Ok(()), other) => other,
    }
}
