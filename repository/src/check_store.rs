//! Whether a store keeps what repositories rely on: everything is tried, below a folder that no repository uses.

mod probes;

use std::fmt;

use crate::environment::Environment;
use crate::error::{Error, ErrorKind};
use crate::store::Store;

/// Folder of keys that checks are made below; to a repository its objects are foreign.
const FOLDER: &str = "check";

/// How a check of a store came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckStatus {
    /// The store does what is relied on.
    Ok,
    /// It does, but somebody should look.
    Warning,
    /// It does not.
    Failed,
    /// It was not tried.
    Skipped,
}

impl CheckStatus {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for CheckStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreCheck {
    /// What was tried.
    pub check: &'static str,
    /// How it came out.
    pub status: CheckStatus,
    /// What was seen, and where the store does not do it, what that means.
    pub detail: String,
}

/// What a check of a store found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreReport {
    /// One a check, in the order they were made.
    pub checks: Vec<StoreCheck>,
    /// Why the checks stopped before their end, where nothing can be said of the store: `Unavailable` when it cannot be
    /// reached, `Denied` when it does not take the credentials.
    pub stopped: Option<ErrorKind>,
}

impl StoreReport {
    /// Whether nothing failed.
    pub fn is_good(&self) -> bool {
        self.checks.iter().all(|check| check.status != CheckStatus::Failed)
    }

    fn add(&mut self, check: &'static str, finding: Finding) {
        let Finding { status, detail } = finding;
        self.checks.push(StoreCheck { check, status, detail });
    }
}

/// Tries what repositories rely on: create-only puts, also racing ones; that what was put is read and listed; parts of
/// objects; deletes; puts in parts; how far the clocks are apart; how fast it goes. Some 40 MB go each way. Everything
/// lies below `check/` and a new id, and is deleted at the end.
///
/// A store that can only be read is only listed.
pub fn check_store(store: &Store, environment: &Environment) -> StoreReport {
    let mut report = StoreReport::default();
    if store.is_read_only() {
        let listed = probes::listing_alone(store).unwrap_or_else(|error| report.failed(&error));
        report.add(probes::LIST, listed);
        for (name, _) in probes::PROBES.iter().filter(|(name, _)| *name != probes::LIST) {
            report.add(name, Finding::skipped("the location can only be read"));
        }
        return report;
    }
    let probe = probes::Probe::new(store, environment, format!("{FOLDER}/{}", environment.new_ulid()));
    let mut usable = true;
    for (name, run) in probes::PROBES {
        if report.stopped.is_some() {
            report.add(name, Finding::skipped("not tried"));
            continue;
        }
        if !usable {
            report.add(name, Finding::skipped("objects can be neither put nor read here"));
            continue;
        }
        let finding = run(&probe).unwrap_or_else(|error| report.failed(&error));
        usable = *name != probes::FIRST || finding.status != CheckStatus::Failed;
        report.add(name, finding);
    }
    report.add("clean up", probe.clean_up());
    report
}

impl StoreReport {
    /// A probe ended with an error. It is a finding about the store only when the store answered.
    fn failed(&mut self, error: &Error) -> Finding {
        match error.kind() {
            ErrorKind::Denied => {
                self.stopped = Some(ErrorKind::Denied);
                Finding::failed(error.to_string())
            }
            // An answer that refuses the request is one.
            ErrorKind::Unavailable if error.status().is_none_or(|status| status >= 500) => {
                self.stopped = Some(ErrorKind::Unavailable);
                Finding::failed(format!("the store cannot be reached: {error}"))
            }
            _ => Finding::failed(error.to_string()),
        }
    }
}

/// What one probe saw.
struct Finding {
    status: CheckStatus,
    detail: String,
}

impl Finding {
    fn ok(detail: impl Into<String>) -> Self {
        Self { status: CheckStatus::Ok, detail: detail.into() }
    }

    fn warning(detail: impl Into<String>) -> Self {
        Self { status: CheckStatus::Warning, detail: detail.into() }
    }

    fn failed(detail: impl Into<String>) -> Self {
        Self { status: CheckStatus::Failed, detail: detail.into() }
    }

    fn skipped(detail: impl Into<String>) -> Self {
        Self { status: CheckStatus::Skipped, detail: detail.into() }
    }
}
