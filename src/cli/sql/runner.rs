//! Statements, one after the other.

use std::time::Instant;

use cairn::{Outcome, Session, SourceStatement, parse_statement, split_statements};

use super::super::args::Format;
use super::super::console::Console;
use super::super::failure::Failure;
use super::super::{output, units};
use super::jobs::Jobs;
use super::script::Script;

/// Runs statements in one session.
pub(crate) struct Runner<'d> {
    session: Session,
    jobs: Jobs<'d>,
    format: Format,
    manner: Manner,
}

/// How much is said about statements that went well.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// What a script's log needs.
    Brief,
    /// Every statement is answered.
    Chatty,
}

/// Characters of a statement that an error shows.
const SHOWN: usize = 120;

impl<'d> Runner<'d> {
    pub(crate) fn new(session: Session, jobs: Jobs<'d>, format: Format) -> Self {
        Self { session, jobs, format, manner: Manner::Brief }
    }

    /// Answers every statement from now on.
    pub(crate) fn answer_everything(&mut self) {
        self.manner = Manner::Chatty;
    }

    /// Runs the statements of a script; the first that fails ends it.
    pub(crate) fn run(&mut self, script: &Script, console: &mut Console) -> Result<(), Failure> {
        for source in split_statements(script.text()) {
            self.run_statement(script, &source, console)?;
        }
        Ok(())
    }

    /// Waits for the jobs that still run.
    pub(crate) fn finish(self, console: &mut Console) -> Result<(), Failure> {
        self.jobs.finish(console)
    }

    fn run_statement(
        &mut self,
        script: &Script,
        source: &SourceStatement,
        console: &mut Console,
    ) -> Result<(), Failure> {
        // The message of a parse error says the line itself.
        let statement = parse_statement(source).map_err(|error| {
            let failure = Failure::users(error);
            match script.name() {
                Some(name) => failure.at(name).with_line(quoted(source)),
                None => failure,
            }
        })?;
        let start = Instant::now();
        let outcome = self.session.execute(&statement).map_err(Failure::from);
        let done = outcome.and_then(|outcome| self.take(outcome, start, console));
        console.flush()?;
        done.map_err(|failure| match script.place(source.location().line) {
            Some(place) => failure.at(place).with_line(quoted(source)),
            None => failure,
        })
    }

    fn take(&mut self, outcome: Outcome, start: Instant, console: &mut Console) -> Result<(), Failure> {
        match outcome {
            Outcome::Done if self.manner == Manner::Chatty => {
                console.say(&format!("done ({})", units::time(start.elapsed())));
            }
            Outcome::Done => {}
            Outcome::Affected { rows } => {
                let time = units::time(start.elapsed());
                console.say(&format!("{} affected ({time})", units::count(rows, "row")));
            }
            Outcome::Job(id) => self.jobs.submitted(id, console)?,
            Outcome::Rows(rows) => {
                let count = output::write_rows(&rows.schema(), rows, self.format, console)?;
                if self.manner == Manner::Chatty {
                    let time = units::time(start.elapsed());
                    console.say(&format!("{} ({time})", units::count(count, "row")));
                }
            }
        }
        Ok(())
    }
}

/// A line that shows which statement it was, without its secrets.
fn quoted(source: &SourceStatement) -> String {
    let text = source.redacted();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("in: {}…", text.get(..end).unwrap_or("")),
        None => format!("in: {text}"),
    }
}
