//! `--format json`: one object a line, its keys in the order of the columns.
//!
//! Integers up to 64 bits and finite floats are numbers. DECIMAL and LARGEINT are strings, because a reader's
//! number would lose digits; NaN and the infinities are null, because JSON has no such numbers; dates and times are
//! strings; bytes are strings of `0x` and hexadecimal digits; lists are arrays, structs objects, and maps arrays of
//! objects with `key` and `value`.

use std::collections::HashSet;
use std::io;

use arrow::array::{Array, AsArray, MapArray, RecordBatch, StructArray};
use arrow::datatypes::{DataType, SchemaRef};

use super::cell::{Cells, Look};
use super::{OutputError, RowWriter};

#[derive(Default)]
pub(super) struct JsonWriter {
    /// `"name":` of each column.
    keys: Vec<String>,
    line: String,
}

impl RowWriter for JsonWriter {
    fn begin(&mut self, schema: &SchemaRef, _out: &mut dyn io::Write) -> Result<(), OutputError> {
        let mut taken = HashSet::new();
        for field in schema.fields() {
            let name = unique(field.name(), &mut taken);
            let mut key = String::new();
            push_string(&name, &mut key);
            key.push(':');
            self.keys.push(key);
        }
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch, out: &mut dyn io::Write) -> Result<(), OutputError> {
        let columns: Vec<_> =
            batch.columns().iter().map(|array| Cells::try_new(array.as_ref())).collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            self.line.push('{');
            for (position, (key, cells)) in self.keys.iter().zip(&columns).enumerate() {
                if position > 0 {
                    self.line.push(',');
                }
                self.line.push_str(key);
                push_value(cells, row, &mut self.line)?;
            }
            self.line.push_str("}\n");
            out.write_all(self.line.as_bytes())?;
            self.line.clear();
        }
        Ok(())
    }

    fn end(&mut self, _out: &mut dyn io::Write) -> Result<(), OutputError> {
        Ok(())
    }
}

/// `name`, or `name_2`, `name_3`, … when it is taken: readers keep one of several equal keys.
fn unique(name: &str, taken: &mut HashSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while !taken.insert(candidate.clone()) {
        candidate = format!("{name}_{number}");
        number += 1;
    }
    candidate
}

fn push_value(cells: &Cells<'_>, row: usize, line: &mut String) -> Result<(), OutputError> {
    if cells.is_null(row) {
        line.push_str("null");
        return Ok(());
    }
    match cells.look() {
        Look::Integer | Look::Boolean => cells.append(row, line)?,
        Look::Float if cells.is_finite(row) => cells.append(row, line)?,
        Look::Float => line.push_str("null"),
        Look::Nested => push_nested(cells.array(), row, line)?,
        Look::Text | Look::Decimal | Look::Bytes => {
            let mut text = String::new();
            cells.append(row, &mut text)?;
            push_string(&text, line);
        }
    }
    Ok(())
}

fn push_nested(array: &dyn Array, row: usize, line: &mut String) -> Result<(), OutputError> {
    match array.data_type() {
        DataType::List(_) => push_items(array.as_list::<i32>().value(row).as_ref(), line),
        DataType::LargeList(_) => push_items(array.as_list::<i64>().value(row).as_ref(), line),
        DataType::FixedSizeList(..) => push_items(array.as_fixed_size_list().value(row).as_ref(), line),
        DataType::Struct(_) => push_struct(array.as_struct(), row, line),
        DataType::Map(..) => push_entries(array.as_map(), row, line),
        // Views of lists and unions: their text.
        _ => {
            let mut text = String::new();
            Cells::try_new(array)?.append(row, &mut text)?;
            push_string(&text, line);
            Ok(())
        }
    }
}

fn push_items(items: &dyn Array, line: &mut String) -> Result<(), OutputError> {
    let cells = Cells::try_new(items)?;
    line.push('[');
    for row in 0..items.len() {
        if row > 0 {
            line.push(',');
        }
        push_value(&cells, row, line)?;
    }
    line.push(']');
    Ok(())
}

fn push_struct(array: &StructArray, row: usize, line: &mut String) -> Result<(), OutputError> {
    line.push('{');
    let mut taken = HashSet::new();
    for (position, (name, column)) in array.column_names().iter().zip(array.columns()).enumerate() {
        if position > 0 {
            line.push(',');
        }
        push_string(&unique(name, &mut taken), line);
        line.push(':');
        push_value(&Cells::try_new(column.as_ref())?, row, line)?;
    }
    line.push('}');
    Ok(())
}

fn push_entries(array: &MapArray, row: usize, line: &mut String) -> Result<(), OutputError> {
    let entries = array.value(row);
    let keys = Cells::try_new(entries.column(0).as_ref())?;
    let values = Cells::try_new(entries.column(1).as_ref())?;
    line.push('[');
    for entry in 0..entries.len() {
        line.push_str(if entry > 0 { ",{\"key\":" } else { "{\"key\":" });
        push_value(&keys, entry, line)?;
        line.push_str(",\"value\":");
        push_value(&values, entry, line)?;
        line.push('}');
    }
    line.push(']');
    Ok(())
}

fn push_string(text: &str, line: &mut String) {
    // A JSON string is what the value prints as.
    line.push_str(&serde_json::Value::from(text).to_string());
}
