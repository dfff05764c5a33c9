//! The one error of this crate.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::Path;

/// What a caller can do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A name is unknown; look it up.
    NotFound,
    /// A name is taken; choose another.
    AlreadyExists,
    /// What was given breaks a rule; give something else.
    InvalidInput,
    /// Something else is using it; wait, or stop that.
    Busy,
    /// A repository or a file may only be read.
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
}

/// A failure of the store. Its message names the subject.
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

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    pub(crate) fn already_exists(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::AlreadyExists, message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    pub(crate) fn busy(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Busy, message)
    }

    pub(crate) fn corrupt(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Corrupt, message)
    }

    /// The disk failed on `path` while doing `what` ("write", "sync").
    pub(crate) fn disk(what: &str, path: &Path, source: io::Error) -> Self {
        let (kind, advice) = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                (ErrorKind::NoSpace, "; free some space and try again")
            }
            _ => (ErrorKind::Unavailable, ""),
        };
        Self::new(kind, format!("cannot {what} {}{advice}", path.display())).with_source(source)
    }

    /// Keeps `source` as the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error with `subject: ` before its message.
    #[must_use]
    pub(crate) fn about(mut self, subject: impl fmt::Display) -> Self {
        self.message = format!("{subject}: {}", self.message);
        self
    }

    /// What a caller can do.
    pub fn kind(&self) -> ErrorKind {
        self.kind
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

impl From<cairn_format::Error> for Error {
    fn from(error: cairn_format::Error) -> Self {
        let kind = match error.kind() {
            cairn_format::ErrorKind::Corrupt => ErrorKind::Corrupt,
            cairn_format::ErrorKind::Unsupported => ErrorKind::Unsupported,
            _ => ErrorKind::InvalidInput,
        };
        Self { kind, message: error.to_string(), source: None }
    }
}

impl From<cairn_repository::Error> for Error {
    fn from(error: cairn_repository::Error) -> Self {
        use cairn_repository::ErrorKind as Theirs;
        let kind = match error.kind() {
            Theirs::NotFound => ErrorKind::NotFound,
            Theirs::AlreadyExists => ErrorKind::AlreadyExists,
            Theirs::ReadOnly => ErrorKind::ReadOnly,
            Theirs::Corrupt => ErrorKind::Corrupt,
            Theirs::Unsupported => ErrorKind::Unsupported,
            // Others have to be given.
            Theirs::InvalidInput | Theirs::Denied => ErrorKind::InvalidInput,
            Theirs::NoSpace => ErrorKind::NoSpace,
            Theirs::Cancelled => ErrorKind::Cancelled,
            _ => ErrorKind::Unavailable,
        };
        Self { kind, message: error.to_string(), source: None }
    }
}

/// The catalog file could not be read or written.
macro_rules! from_redb {
    ($($error:ty),*) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                let kind = match redb::Error::from(error) {
                    redb::Error::Io(io) if io.kind() == io::ErrorKind::StorageFull => {
                        return Self::new(ErrorKind::NoSpace, "cannot write the catalog: free some space and try again")
                            .with_source(io);
                    }
                    redb::Error::Corrupted(what) => {
                        return Self::corrupt(format!("the catalog is damaged: {what}; restore the data directory"));
                    }
                    other => other,
                };
                Self::new(ErrorKind::Unavailable, "cannot use the catalog").with_source(kind)
            }
        }
    )*};
}
from_redb!(redb::TransactionError, redb::TableError, redb::StorageError, redb::CommitError);
