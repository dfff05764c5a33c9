//! `--format table`: boxes for people, as the `mysql` client draws them.
//!
//! The first rows are held back until the widths of their columns are known. Later rows keep to these widths: a value
//! that is too wide for its column moves the rest of its own line.

use std::io;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use unicode_width::UnicodeWidthStr;

use super::cell::{Cells, Look};
use super::{OutputError, RowWriter};

/// Rows, and bytes of their text, that are held back at most.
const MOST_ROWS: usize = 1000;
const MOST_BYTES: usize = 1 << 20;

#[derive(Default)]
pub(super) struct TableWriter {
    columns: Vec<Column>,
    held: Vec<Row>,
    held_bytes: usize,
    /// Whether the widths are fixed and the header is out.
    started: bool,
    any_row: bool,
}

struct Column {
    name: String,
    right: bool,
    width: usize,
}

/// The texts of a row's values.
type Row = Vec<String>;

impl RowWriter for TableWriter {
    fn begin(&mut self, schema: &SchemaRef, _out: &mut dyn io::Write) -> Result<(), OutputError> {
        for field in schema.fields() {
            let name = printable(field.name());
            let width = width(&name);
            self.columns.push(Column { name, right: Look::of(field.data_type()).is_number(), width });
        }
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch, out: &mut dyn io::Write) -> Result<(), OutputError> {
        let columns: Vec<_> =
            batch.columns().iter().map(|array| Cells::try_new(array.as_ref())).collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            let mut texts = Vec::with_capacity(columns.len());
            for cells in &columns {
                let mut text = String::new();
                if cells.is_null(row) {
                    text.push_str("NULL");
                } else {
                    cells.append(row, &mut text)?;
                }
                texts.push(printable(&text));
            }
            self.row(texts, out)?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn io::Write) -> Result<(), OutputError> {
        self.start(out)?;
        if self.any_row { self.rule(out) } else { Ok(()) }
    }
}

impl TableWriter {
    fn row(&mut self, row: Row, out: &mut dyn io::Write) -> Result<(), OutputError> {
        self.any_row = true;
        if self.started {
            return self.write_row(&row, out);
        }
        for (column, text) in self.columns.iter_mut().zip(&row) {
            column.width = column.width.max(width(text));
        }
        self.held_bytes += row.iter().map(String::len).sum::<usize>();
        self.held.push(row);
        if self.held.len() >= MOST_ROWS || self.held_bytes >= MOST_BYTES { self.start(out) } else { Ok(()) }
    }

    /// Writes the header and what was held back, once.
    fn start(&mut self, out: &mut dyn io::Write) -> Result<(), OutputError> {
        if self.started {
            return Ok(());
        }
        self.started = true;
        self.rule(out)?;
        let header: Row = self.columns.iter().map(|column| column.name.clone()).collect();
        self.write_row(&header, out)?;
        self.rule(out)?;
        for row in std::mem::take(&mut self.held) {
            self.write_row(&row, out)?;
        }
        Ok(())
    }

    fn rule(&self, out: &mut dyn io::Write) -> Result<(), OutputError> {
        let mut line = String::from("+");
        for column in &self.columns {
            line.push_str(&"-".repeat(column.width + 2));
            line.push('+');
        }
        line.push('\n');
        Ok(out.write_all(line.as_bytes())?)
    }

    /// Writes a row; values of several lines make it as many lines high.
    fn write_row(&self, row: &Row, out: &mut dyn io::Write) -> Result<(), OutputError> {
        let cells: Vec<Vec<&str>> = row.iter().map(|text| text.split('\n').collect()).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(1);
        let mut line = String::new();
        for level in 0..height {
            line.push('|');
            for (column, cell) in self.columns.iter().zip(&cells) {
                let text = cell.get(level).copied().unwrap_or("");
                let blanks = " ".repeat(column.width.saturating_sub(width(text)));
                let (before, behind) =
                    if column.right { (blanks.as_str(), "") } else { ("", blanks.as_str()) };
                line.push(' ');
                line.extend([before, text, behind]);
                line.push_str(" |");
            }
            line.push('\n');
        }
        Ok(out.write_all(line.as_bytes())?)
    }
}

/// Columns of a terminal that the widest line of `text` takes.
fn width(text: &str) -> usize {
    text.split('\n').map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// `text` without what would move the terminal's cursor: control characters but the line feed are written `\u{1b}`.
fn printable(text: &str) -> String {
    if !text.chars().any(|c| c.is_control() && c != '\n') {
        return text.to_owned();
    }
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' { clean.extend(c.escape_debug()) } else { clean.push(c) }
    }
    clean
}
