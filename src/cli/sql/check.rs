//! `cairn sql --check`: every statement is parsed and analysed, none is run.

use std::path::Path;
use std::sync::Arc;

use cairn::{
    Checker, Database, ParseError, SourceStatement, StoreOptions, parse_statement, split_statements,
};
use tokio::runtime::Handle;

use super::super::console::Console;
use super::super::failure::Failure;
use super::super::repository;
use super::connect::Account;
use super::script::Script;

/// What a directory has that is a store.
const CATALOG_FILE: &str = "catalog.redb";

/// Checks the statements against the store in `data`; against an empty one when there is none, and none is made.
pub(super) fn run(
    scripts: &[Script],
    data: Option<&Path>,
    account: &Account,
    runtime: &Handle,
    console: &mut Console,
) -> Result<(), Failure> {
    let temporary;
    let directory = if let Some(directory) = data.filter(|directory| directory.join(CATALOG_FILE).exists()) {
        directory
    } else {
        temporary = tempfile::tempdir()
            .map_err(|error| Failure::ours(format_args!("cannot make a temporary directory: {error}")))?;
        temporary.path()
    };
    // Whatever an earlier process left undone is not a check's to finish.
    let stores = repository::stores(runtime);
    let mut options = StoreOptions::new(Arc::new(stores));
    options.resume_jobs = false;
    let database = Database::open_with(directory, options, runtime)?;
    let session = account.session(&database)?;
    let mut checker = Checker::new(&session);
    let mut all_ok = true;
    for script in scripts {
        for source in split_statements(script.text()) {
            let verdict = verdict(&source, &mut checker)?;
            all_ok &= verdict == OK;
            console.print(&verdict)?;
            console.print("\n")?;
        }
    }
    console.flush()?;
    if all_ok { Ok(()) } else { Err(Failure::reported()) }
}

const OK: &str = "ok";

/// The statement's line.
fn verdict(source: &SourceStatement, checker: &mut Checker) -> Result<String, Failure> {
    let statement = match parse_statement(source) {
        Ok(statement) => statement,
        Err(error) => return Ok(format!("parse error: {}", parse_error(&error))),
    };
    match checker.check(&statement) {
        Ok(()) => Ok(OK.to_owned()),
        Err(error) if error.is_users_matter() => {
            Ok(format!("analysis error: {}", one_line(&error.to_string())))
        }
        // The store cannot be read: that says nothing about the statement.
        Err(error) => Err(error.into()),
    }
}

fn parse_error(error: &ParseError) -> String {
    one_line(&error.to_string())
}

/// `text` in one line; hints follow behind a semicolon.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}
