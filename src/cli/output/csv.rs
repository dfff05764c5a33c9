//! `--format csv`: a header, then a line a row, as RFC 4180 has it, with `\n` at the end of lines.
//!
//! NULL is an empty field and an empty text is `""`. In a result of one column NULL is `""` as well: most readers
//! skip empty lines, and a lost row is worse than a lost difference.

use std::io;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::cell::Cells;
use super::{OutputError, RowWriter};

#[derive(Default)]
pub(super) struct CsvWriter {
    line: String,
    value: String,
}

impl RowWriter for CsvWriter {
    fn begin(&mut self, schema: &SchemaRef, out: &mut dyn io::Write) -> Result<(), OutputError> {
        for (position, field) in schema.fields().iter().enumerate() {
            if position > 0 {
                self.line.push(',');
            }
            push_field(field.name(), &mut self.line);
        }
        self.end_line(out)
    }

    fn batch(&mut self, batch: &RecordBatch, out: &mut dyn io::Write) -> Result<(), OutputError> {
        let columns: Vec<_> =
            batch.columns().iter().map(|array| Cells::try_new(array.as_ref())).collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            for (position, cells) in columns.iter().enumerate() {
                if position > 0 {
                    self.line.push(',');
                }
                if cells.is_null(row) {
                    self.line.push_str(if columns.len() == 1 { "\"\"" } else { "" });
                } else {
                    self.value.clear();
                    cells.append(row, &mut self.value)?;
                    push_field(&self.value, &mut self.line);
                }
            }
            self.end_line(out)?;
        }
        Ok(())
    }

    fn end(&mut self, _out: &mut dyn io::Write) -> Result<(), OutputError> {
        Ok(())
    }
}

impl CsvWriter {
    fn end_line(&mut self, out: &mut dyn io::Write) -> Result<(), OutputError> {
        self.line.push('\n');
        out.write_all(self.line.as_bytes())?;
        self.line.clear();
        Ok(())
    }
}

fn push_field(value: &str, line: &mut String) {
    // Blanks at the ends are quoted too: some readers trim what is not.
    let plain = !value.is_empty()
        && !value.contains([',', '"', '\n', '\r'])
        && !value.starts_with(' ')
        && !value.ends_with(' ');
    if plain {
        line.push_str(value);
        return;
    }
    line.push('"');
    for (position, part) in value.split('"').enumerate() {
        if position > 0 {
            line.push_str("\"\"");
        }
        line.push_str(part);
    }
    line.push('"');
}
