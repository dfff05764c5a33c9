//! The command line: the only place with arguments, environment variables, standard streams and a runtime.
//!
//! What is asked for goes to standard output, what is said about it to standard error. The exit code is 0 when
//! everything was done, 1 when it is the user's matter that it was not, and 2 when it is ours or the machine's.

mod args;
mod check_store;
mod console;
mod demo;
mod drop;
mod environment;
mod failure;
mod interrupt;
mod output;
mod progress;
mod prune;
mod repository;
mod runtime;
mod snapshots;
mod sql;
mod units;
mod verify;

use std::process::ExitCode;

use args::{Command, Parsed};
use console::Console;
use failure::Failure;

/// Runs the command that the process was started with.
pub(crate) fn run() -> ExitCode {
    let mut console = Console::standard();
    let outcome = match args::parse(std::env::args_os()) {
        Parsed::Command(command) => dispatch(command, &mut console),
        Parsed::Text(text) => console.print(&text),
        Parsed::Wrong(text) => {
            console.say(text.trim_end());
            Err(Failure::reported())
        }
    };
    let outcome = outcome.and_then(|()| console.flush());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => console.report(failure).exit_code(),
    }
}

fn dispatch(command: Command, console: &mut Console) -> Result<(), Failure> {
    match command {
        Command::Sql(arguments) => sql::run(&arguments, console),
        Command::Snapshots(arguments) => snapshots::run(&arguments, console),
        Command::Verify(arguments) => verify::run(&arguments, console),
        Command::Prune(arguments) => prune::run(&arguments, console),
        Command::Drop(arguments) => drop::run(&arguments, console),
        Command::CheckStore(arguments) => check_store::run(&arguments, console),
        Command::Demo(arguments) => demo::run(&arguments, console),
    }
}
