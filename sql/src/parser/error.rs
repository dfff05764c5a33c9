//! What is wrong with a statement's text.

use std::fmt;

use crate::ast::Location;

/// Where and why a statement cannot be parsed, and what to do about it.
///
/// Prints as `line 3, column 14: expected ON or PROPERTIES, found 'FROM'`, with the hint on a line of its
/// own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    location: Location,
    message: String,
    hint: Option<String>,
}

impl ParseError {
    pub(super) fn new(location: Location, message: impl Into<String>) -> Self {
        Self { location, message: message.into(), hint: None }
    }

    #[must_use]
    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn location(&self) -> Location {
        self.location
    }

    /// The line in the script, from 1.
    pub fn line(&self) -> u64 {
        self.location.line
    }

    /// The column in characters, from 1.
    pub fn column(&self) -> u64 {
        self.location.column
    }

    /// What is wrong, without the position and the hint.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location, self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\nhint: {hint}"))
    }
}

impl std::error::Error for ParseError {}
