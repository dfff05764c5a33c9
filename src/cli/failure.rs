//! Why the command ends without having done everything.

use std::process::ExitCode;
use std::{fmt, io};

/// A failure and whose matter it is.
#[derive(Debug)]
pub(crate) struct Failure {
    blame: Blame,
    /// `None` when everything has been said already.
    message: Option<String>,
}

/// Whose matter a failure is: the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Blame {
    /// Nobody's: who read our output has read enough.
    Nobody,
    /// The user's: another statement, name or place is needed, or a repository is damaged.
    User,
    /// Ours, or the machine's.
    Us,
}

impl Failure {
    pub(crate) fn users(message: impl fmt::Display) -> Self {
        Self::new(Blame::User, message)
    }

    pub(crate) fn ours(message: impl fmt::Display) -> Self {
        Self::new(Blame::Us, message)
    }

    pub(crate) fn new(blame: Blame, message: impl fmt::Display) -> Self {
        Self { blame, message: Some(message.to_string()) }
    }

    /// A failure of the user's that has been reported already.
    pub(crate) fn reported() -> Self {
        Self { blame: Blame::User, message: None }
    }

    /// The same failure, with everything said.
    pub(crate) fn into_reported(self) -> Self {
        Self { message: None, ..self }
    }

    /// The same failure, with where it happened before its message.
    pub(crate) fn at(self, place: impl fmt::Display) -> Self {
        Self { message: self.message.map(|message| format!("{place}: {message}")), ..self }
    }

    /// The same failure, with a line behind its message.
    pub(crate) fn with_line(self, line: impl fmt::Display) -> Self {
        Self { message: self.message.map(|message| format!("{message}\n{line}")), ..self }
    }

    pub(crate) fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    pub(crate) fn blame(&self) -> Blame {
        self.blame
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self.blame {
            Blame::Nobody => ExitCode::SUCCESS,
            Blame::User => ExitCode::from(1),
            Blame::Us => ExitCode::from(2),
        }
    }

    /// Standard output cannot be written. A reader that went away, such as `head`, is no failure to speak of.
    pub(crate) fn of_output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { blame: Blame::Nobody, message: None };
        }
        Self::ours(format_args!("cannot write to standard output: {error}"))
    }
}

impl From<cairn::Error> for Failure {
    fn from(error: cairn::Error) -> Self {
        let blame = if error.is_users_matter() { Blame::User } else { Blame::Us };
        Self::new(blame, error)
    }
}

impl From<cairn_engine::Error> for Failure {
    fn from(error: cairn_engine::Error) -> Self {
        use cairn_engine::ErrorKind as Kind;
        let blame = match error.kind() {
            Kind::Corrupt | Kind::NoSpace | Kind::Unavailable => Blame::Us,
            _ => Blame::User,
        };
        Self::new(blame, error)
    }
}

impl From<cairn_repository::Error> for Failure {
    fn from(error: cairn_repository::Error) -> Self {
        use cairn_repository::ErrorKind as Kind;
        let blame = match error.kind() {
            // What a repository holds is input here: one that is damaged is a finding.
            Kind::NoSpace | Kind::Unavailable => Blame::Us,
            _ => Blame::User,
        };
        Self::new(blame, error)
    }
}
