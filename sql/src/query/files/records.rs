//! The rows of a CSV file, with their lines.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::options::CsvFormat;
use super::splitter::{Fault, Splitter};
use crate::error::{Error, Result};

/// The longest row. One that is longer comes from a wrong delimiter or a stray quote, and would fill the memory.
const MAX_ROW_BYTES: usize = 64 << 20;
const BUFFER_BYTES: usize = 128 << 10;

/// The rows of one file, each of the same number of fields.
pub(super) struct Records<'a> {
    path: &'a Path,
    input: BufReader<File>,
    row: Splitter,
    row_delimiter: u8,
    /// Lines before the row.
    lines: u64,
    /// Lines of the row.
    row_lines: u64,
}

impl<'a> Records<'a> {
    /// Opens a file and leaves its header out.
    pub(super) fn open(path: &'a Path, format: &CsvFormat) -> Result<Self> {
        let file = File::open(path)
            .map_err(|e| Error::invalid(format!("FILES: cannot open {}: {e}", path.display())))?;
        let mut records = Self {
            path,
            input: BufReader::with_capacity(BUFFER_BYTES, file),
            row: Splitter::new(format.clone()),
            row_delimiter: format.row_delimiter,
            lines: 0,
            row_lines: 0,
        };
        for _ in 0..format.skip_header {
            records.skip_line()?;
        }
        Ok(records)
    }

    /// The fields of the row.
    pub(super) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        self.row.fields()
    }

    /// The number of fields of the row.
    pub(super) fn width(&self) -> usize {
        self.row.width()
    }

    /// Reads the next row, which must have `width` fields unless that is 0. An empty line is a row of a file of one
    /// column, and nothing in other files.
    pub(super) fn next(&mut self, width: usize) -> Result<bool> {
        while self.read()? {
            if self.row.is_blank() && width != 1 {
                continue;
            }
            if width != 0 && self.width() != width {
                return Err(self.fault(format_args!("has {} columns, expected {width}", self.width())));
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// An error of the row.
    pub(super) fn fault(&self, what: impl std::fmt::Display) -> Error {
        let line = self.lines + 1;
        Error::invalid(format!("FILES: {}: the row at line {line} {what}", self.path.display()))
    }

    fn skip_line(&mut self) -> Result<()> {
        loop {
            let bytes = self.input.fill_buf().map_err(|e| unreadable(self.path, &e))?;
            let end = bytes.iter().position(|byte| *byte == self.row_delimiter);
            let taken = end.map_or(bytes.len(), |end| end + 1);
            self.input.consume(taken);
            if end.is_some() || taken == 0 {
                self.lines += 1;
                return Ok(());
            }
        }
    }

    fn read(&mut self) -> Result<bool> {
        self.row.clear();
        self.lines += std::mem::take(&mut self.row_lines);
        loop {
            let bytes = self.input.fill_buf().map_err(|e| unreadable(self.path, &e))?;
            let pushed = if bytes.is_empty() {
                self.row.finish().map(|any| (0, Some(any)))
            } else {
                self.row.push(bytes).map(|(taken, ended)| (taken, ended.then_some(true)))
            };
            let (taken, end) = pushed.map_err(|fault| self.fault(cause(fault)))?;
            let taken_bytes = self.input.buffer().get(..taken).unwrap_or_default();
            for byte in taken_bytes {
                self.row_lines += u64::from(*byte == self.row_delimiter);
            }
            self.input.consume(taken);
            if let Some(any) = end {
                return Ok(any);
            }
            if self.row.len() > MAX_ROW_BYTES {
                return Err(self.fault(format_args!(
                    "is longer than {} MiB; \"csv.row_delimiter\", \"csv.column_separator\" or \"csv.enclose\" may not \
                     be those of the file",
                    MAX_ROW_BYTES >> 20
                )));
            }
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::invalid(format!("FILES: cannot read {}: {error}", path.display()))
}

fn cause(fault: Fault) -> &'static str {
    match fault {
        Fault::BehindQuote => {
            "has text behind a closing quote; a quote inside a quoted field is written twice"
        }
        Fault::OpenQuote => "has a quote that is not closed before the file ends",
    }
}
