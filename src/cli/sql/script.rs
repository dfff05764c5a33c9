//! Where statements come from.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use super::super::args::{Given, SqlArgs};
use super::super::failure::Failure;

/// A text with statements, and where it came from.
pub(crate) struct Script {
    source: Source,
    text: String,
}

enum Source {
    /// `-e`
    Argument,
    StandardInput,
    File(String),
    /// The prompt and the demo: everybody knows where they are.
    Here,
}

impl Script {
    /// A text that is run where it is shown.
    pub(crate) fn here(text: impl Into<String>) -> Self {
        Self { source: Source::Here, text: text.into() }
    }

    /// The scripts that the arguments name, in their order; standard input when they name none.
    pub(crate) fn read_all(arguments: &SqlArgs) -> Result<Vec<Self>, Failure> {
        if arguments.order.is_empty() {
            return Ok(vec![Self::standard_input()?]);
        }
        let given = arguments.order.iter().filter_map(|given| match *given {
            Given::Execute(at) => arguments.execute.get(at).map(|text| Ok(Self::argument(text))),
            Given::File(at) => arguments.files.get(at).map(|path| Self::file(path)),
        });
        given.collect()
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Where in the script something is: `setup.sql, line 3`; nothing for a text that was shown.
    pub(crate) fn place(&self, line: u64) -> Option<String> {
        match &self.source {
            Source::Here => None,
            source => Some(format!("{source}, line {line}")),
        }
    }

    /// What stands before a message that starts with its line.
    pub(crate) fn name(&self) -> Option<String> {
        match &self.source {
            Source::Here => None,
            source => Some(source.to_string()),
        }
    }

    fn argument(text: &str) -> Self {
        Self { source: Source::Argument, text: text.to_owned() }
    }

    fn standard_input() -> Result<Self, Failure> {
        let mut bytes = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut bytes);
        read.map_err(|error| Failure::ours(format_args!("cannot read standard input: {error}")))?;
        Self::decoded(Source::StandardInput, bytes)
    }

    fn file(path: &Path) -> Result<Self, Failure> {
        if path.as_os_str() == "-" {
            return Self::standard_input();
        }
        let source = Source::File(path.display().to_string());
        let bytes = std::fs::read(path).map_err(|error| {
            Failure::users(format_args!("cannot read the statements in {source}: {error}"))
        })?;
        Self::decoded(source, bytes)
    }

    fn decoded(source: Source, bytes: Vec<u8>) -> Result<Self, Failure> {
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            Failure::users(format_args!(
                "{source} is not UTF-8 text: byte {valid} is wrong; convert it first"
            ))
        })?;
        // Some editors put a byte order mark first.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Ok(Self { source, text })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument => f.write_str("-e"),
            Self::StandardInput => f.write_str("standard input"),
            Self::File(path) => f.write_str(path),
            Self::Here => f.write_str("this statement"),
        }
    }
}
