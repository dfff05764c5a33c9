//! The one error of this crate.

use std::error::Error as StdError;
use std::{fmt, io};

use crate::store::Cause;

/// The status of a request that a server does not know.
const NOT_IMPLEMENTED: u16 = 501;

/// What a caller can do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was asked for is not there.
    NotFound,
    /// A name is taken; choose another.
    AlreadyExists,
    /// The repository, or the storage below it, may only be read.
    ReadOnly,
    /// Stored bytes, or a local file, are not what their digest or format says.
    Corrupt,
    /// The bytes are whole but need something that this program does not know; upgrade.
    Unsupported,
    /// The caller gave something that breaks a rule; give another.
    InvalidInput,
    /// Storage does not take the credentials, or they may not do this; give others.
    Denied,
    /// Storage does not answer as it should; try again when it does.
    Unavailable,
    /// Storage is full; make room and try again.
    NoSpace,
    /// The caller cancelled.
    Cancelled,
}

/// A failure of a repository. Its message names the object key or the path.
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The result of this crate's fallible functions.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of `kind` whose message names the subject, in lower case and without a full stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Keeps `source` as the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error with `subject: ` before its message.
    #[must_use]
    pub fn about(mut self, subject: impl fmt::Display) -> Self {
        self.message = format!("{subject}: {}", self.message);
        self
    }

    /// The same error of another kind.
    #[must_use]
    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.kind = kind;
        self
    }

    /// What a caller can do.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The message without its cause.
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn corrupt(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Corrupt, message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    /// A failure of the file system while doing what `message` says.
    pub(crate) fn from_io(message: impl Into<String>, source: io::Error) -> Self {
        Self::new(kind_of_io(&source), message).with_source(source)
    }

    /// A failure of the object store while doing what `message` says.
    pub(crate) fn from_store(message: impl Into<String>, source: object_store::Error) -> Self {
        use object_store::Error as E;
        let kind = match &source {
            E::NotFound { .. } => ErrorKind::NotFound,
            E::AlreadyExists { .. } | E::Precondition { .. } => ErrorKind::AlreadyExists,
            E::NotSupported { .. } | E::NotImplemented { .. } => ErrorKind::Unsupported,
            E::InvalidPath { .. } | E::UnknownConfigurationKey { .. } => ErrorKind::InvalidInput,
            other => io_cause(other).map_or(ErrorKind::Unavailable, kind_of_io),
        };
        let cause = Cause::of(source);
        if cause.says_denied() {
            let message =
                format!("{}: access denied; check the credentials and what they may do", message.into());
            return Self::new(ErrorKind::Denied, message).with_source(cause);
        }
        let kind = if cause.status() == Some(NOT_IMPLEMENTED) { ErrorKind::Unsupported } else { kind };
        Self::new(kind, message).with_source(cause)
    }

    /// The status that a server answered with, where that is the cause.
    pub(crate) fn status(&self) -> Option<u16> {
        self.source.as_deref()?.downcast_ref::<Cause>()?.status()
    }
}

fn kind_of_io(error: &io::Error) -> ErrorKind {
    match error.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::ReadOnlyFilesystem => ErrorKind::ReadOnly,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::NoSpace,
        _ => ErrorKind::Unavailable,
    }
}

fn io_cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a io::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref() {
            return Some(io);
        }
        next = error.source();
    }
    None
}

impl From<cairn_format::Error> for Error {
    fn from(error: cairn_format::Error) -> Self {
        // Who writes a Parquet file hears of a full disk from the encoder.
        let kind = io_cause(&error).map_or_else(
            || match error.kind() {
                cairn_format::ErrorKind::InvalidInput => ErrorKind::InvalidInput,
                cairn_format::ErrorKind::Unsupported => ErrorKind::Unsupported,
                _ => ErrorKind::Corrupt,
            },
            kind_of_io,
        );
        Self::new(kind, error.to_string())
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
