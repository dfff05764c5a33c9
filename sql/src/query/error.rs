//! From DataFusion's errors to ours, which name the file that is at fault.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use arrow::error::ArrowError;
use cairn_engine::Segment;
use datafusion::error::DataFusionError;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::{Error, ErrorKind};

/// The files that a query reads.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// Guards the list, to which every scan of the plan adds its own.
    segments: Mutex<Vec<Segment>>,
    files: Vec<PathBuf>,
}

impl Sources {
    pub(super) fn new(files: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { segments: Mutex::default(), files: files.into_iter().collect() }
    }

    pub(super) fn add_segments(&self, segments: impl IntoIterator<Item = Segment>) {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner).extend(segments);
    }

    /// Makes sure that the segments are what was written. Parquet itself reads most changed bytes as other rows.
    pub(super) fn check_segments(&self) -> crate::error::Result<()> {
        let segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(cairn_engine::check_segments(segments.iter())?)
    }

    /// Looks for the file of the user that cannot be read. This reads all of them: an error leaves time for it.
    fn damaged(&self) -> Option<Error> {
        self.files.iter().find_map(|path| parquet_fault(path))
    }
}

/// Why a Parquet file of the user cannot be read, if it cannot.
fn parquet_fault(path: &Path) -> Option<Error> {
    let unreadable = |cause: String| Error::invalid(format!("cannot read {}: {cause}", path.display()));
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) => return Some(unreadable(e.to_string())),
    };
    match ParquetRecordBatchReaderBuilder::try_new(file).and_then(ParquetRecordBatchReaderBuilder::build) {
        Err(e) => Some(unreadable(e.to_string())),
        Ok(mut reader) => reader.find_map(std::result::Result::err).map(|e| unreadable(e.to_string())),
    }
}

/// What DataFusion refused to plan.
pub(super) fn analysis_error(error: DataFusionError) -> Error {
    match own(error) {
        Ok(error) => error.while_analysing(),
        Err(error) => match error.find_root() {
            DataFusionError::Internal(message) => {
                Error::new(ErrorKind::Internal, format!("DataFusion failed to plan the query: {message}"))
            }
            DataFusionError::NotImplemented(message) => Error::analysis(unsupported(message)),
            root => Error::analysis(tidy(&root.message())),
        },
    }
}

/// What went wrong while a query ran.
pub(super) fn run_error(error: DataFusionError, sources: &Sources) -> Error {
    let error = match own(error) {
        Ok(error) => return error,
        Err(error) => error,
    };
    let root = error.find_root();
    let message = tidy(&root.message());
    match root {
        DataFusionError::ParquetError(_)
        | DataFusionError::ObjectStore(_)
        | DataFusionError::IoError(_)
        | DataFusionError::External(_)
        | DataFusionError::ArrowError(_, _)
            if !is_of_values(root) =>
        {
            sources.damaged().unwrap_or_else(|| {
                Error::new(ErrorKind::Unavailable, format!("cannot read the data of the query: {message}"))
            })
        }
        DataFusionError::Internal(_) | DataFusionError::ExecutionJoin(_) => {
            // A damaged page may surface as values that the plan did not expect.
            sources
                .damaged()
                .unwrap_or_else(|| Error::new(ErrorKind::Internal, format!("DataFusion failed: {message}")))
        }
        DataFusionError::ResourcesExhausted(_) => Error::new(ErrorKind::Unavailable, message),
        DataFusionError::NotImplemented(message) => Error::new(ErrorKind::Unsupported, unsupported(message)),
        _ => Error::invalid(message),
    }
}

/// DataFusion's message as we write messages: one line, in lower case, without a full stop.
fn tidy(message: &str) -> String {
    let mut text = String::new();
    for line in message.lines() {
        for sentence in line.split(". ").map(|sentence| sentence.trim().trim_end_matches('.')) {
            // Its advice is about quotes and settings that are not ours.
            let foreign = sentence.contains("enable_ident_normalization")
                || sentence.starts_with("Column names are case sensitive");
            if sentence.is_empty() || foreign {
                continue;
            }
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(&lower_case_first(sentence));
        }
    }
    text
}

/// The message about something that DataFusion does not do, in the words that we have for it.
fn unsupported(message: &str) -> String {
    let text = tidy(message);
    if ["not support", "unsupported", "not implemented"]
        .iter()
        .any(|words| text.to_lowercase().contains(words))
    {
        return text;
    }
    format!("{text} is not supported yet")
}

/// The text with its first letter small, unless it begins with an abbreviation.
fn lower_case_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

/// Whether an error is about the values of the query and not about reading them.
fn is_of_values(error: &DataFusionError) -> bool {
    matches!(error, DataFusionError::ArrowError(error, _) if matches!(
        error.as_ref(),
        ArrowError::DivideByZero
            | ArrowError::ArithmeticOverflow(_)
            | ArrowError::CastError(_)
            | ArrowError::ComputeError(_)
            | ArrowError::ParseError(_)
            | ArrowError::InvalidArgumentError(_)
    ))
}

/// An error of ours that went through DataFusion.
fn own(error: DataFusionError) -> Result<Error, DataFusionError> {
    match error {
        DataFusionError::External(inner) => match inner.downcast::<Error>() {
            Ok(error) => Ok(*error),
            Err(inner) => Err(DataFusionError::External(inner)),
        },
        DataFusionError::Context(_, inner) => own(*inner),
        other => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The advice about quotes makes no sense where quotes are strings.
    #[test]
    fn foreign_advice_is_cut() {
        let message = "No field named x.\nColumn names are case sensitive. You can use double quotes to refer to the \
                       \"X\" column or disable the datafusion.sql_parser.enable_ident_normalization configuration.";
        assert_eq!(tidy(message), "no field named x");
        assert_eq!(tidy("No field named x. Did you mean 'y'?."), "no field named x; did you mean 'y'?");
        assert_eq!(unsupported("SORT BY"), "SORT BY is not supported yet");
        assert_eq!(unsupported("FETCH clause is not supported yet"), "FETCH clause is not supported yet");
    }
}
