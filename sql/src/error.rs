//! The one error of this crate.

use std::error::Error as StdError;
use std::fmt;

use crate::parser::ParseError;

/// What a caller can do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is no statement; correct it where the message says.
    Parse,
    /// The statement names something unknown, breaks a rule, or asks for what is not supported yet: nothing has run.
    Analysis,
    /// A name turned out to be unknown while the statement ran; look it up.
    NotFound,
    /// A name is taken; choose another.
    AlreadyExists,
    /// A value or a file breaks a rule; give something else.
    InvalidInput,
    /// Something else is using it; wait, or stop that.
    Busy,
    /// A repository may only be read.
    ReadOnly,
    /// The user may not do it, or is not who it says; ask for a privilege, or give the right password.
    Denied,
    /// This build cannot do it.
    Unsupported,
    /// Stored bytes are damaged.
    Corrupt,
    /// The disk is full.
    NoSpace,
    /// The disk or the object store failed; look at the cause and try again.
    Unavailable,
    /// Somebody cancelled it, or its time was over.
    Cancelled,
    /// A fault of this program; report it.
    Internal,
}

/// Why a statement failed. Its message names the subject.
pub struct Error {
    kind: ErrorKind,
    message: String,
    unknown_name: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The result of this crate's fallible functions.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of `kind` whose message names the subject.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), unknown_name: false, source: None }
    }

    /// The statement breaks a rule.
    pub(crate) fn analysis(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Analysis, message)
    }

    /// StarRocks takes the statement, this store does not yet.
    pub(crate) fn not_supported(what: impl fmt::Display) -> Self {
        Self::analysis(format!("{what} is not supported yet"))
    }

    /// A value or a file breaks a rule.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    /// Keeps `source` as the cause.
    #[must_use]
    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error with `subject: ` before its message.
    #[must_use]
    pub(crate) fn about(mut self, subject: impl fmt::Display) -> Self {
        self.message = format!("{subject}: {}", self.message);
        self
    }

    /// The same error with `note` behind its message.
    #[must_use]
    pub(crate) fn noting(mut self, note: impl fmt::Display) -> Self {
        self.message = format!("{}; {note}", self.message);
        self
    }

    /// The same error, found while the statement was analysed.
    #[must_use]
    pub(crate) fn while_analysing(mut self) -> Self {
        self.unknown_name |= self.kind == ErrorKind::NotFound;
        self.kind = ErrorKind::Analysis;
        self
    }

    /// Whether a name is unknown that an earlier statement might have made.
    pub(crate) fn is_unknown_name(&self) -> bool {
        self.unknown_name
    }

    /// What a caller can do.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the statement, its input or its circumstances are at fault, and not this program or its machine.
    pub fn is_users_matter(&self) -> bool {
        use ErrorKind::{Corrupt, Internal, NoSpace, Unavailable};
        !matches!(self.kind, Corrupt | NoSpace | Unavailable | Internal)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<ParseError> for Error {
    fn from(error: ParseError) -> Self {
        Self::new(ErrorKind::Parse, error.to_string())
    }
}

impl From<cairn_format::Error> for Error {
    fn from(error: cairn_format::Error) -> Self {
        let kind = match error.kind() {
            cairn_format::ErrorKind::Corrupt => ErrorKind::Corrupt,
            cairn_format::ErrorKind::Unsupported => ErrorKind::Unsupported,
            _ => ErrorKind::InvalidInput,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<cairn_engine::Error> for Error {
    fn from(error: cairn_engine::Error) -> Self {
        use cairn_engine::ErrorKind as Theirs;
        let kind = match error.kind() {
            Theirs::NotFound => ErrorKind::NotFound,
            Theirs::AlreadyExists => ErrorKind::AlreadyExists,
            Theirs::InvalidInput => ErrorKind::InvalidInput,
            Theirs::Busy => ErrorKind::Busy,
            Theirs::ReadOnly => ErrorKind::ReadOnly,
            Theirs::Denied => ErrorKind::Denied,
            Theirs::Unsupported => ErrorKind::Unsupported,
            Theirs::Corrupt => ErrorKind::Corrupt,
            Theirs::NoSpace => ErrorKind::NoSpace,
            Theirs::Cancelled => ErrorKind::Cancelled,
            _ => ErrorKind::Unavailable,
        };
        // The engine's message holds its causes already.
        Self::new(kind, error.to_string())
    }
}

impl From<cairn_repository::Error> for Error {
    fn from(error: cairn_repository::Error) -> Self {
        Self::from(cairn_engine::Error::from(error))
    }
}
