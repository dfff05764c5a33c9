//! Lists, maps and structs as StarRocks prints them: `[1,null]`, `{1:"a"}`, `{"name":"b"}`.

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use super::cell::{Cells, Look};

/// Writes the value at `row`, which is not null, of a list, a map or a struct.
pub(super) fn append(array: &dyn Array, row: usize, out: &mut String) -> Result<(), ArrowError> {
    match array.data_type() {
        DataType::List(_) => append_items(array.as_list::<i32>().value(row).as_ref(), out),
        DataType::LargeList(_) => append_items(array.as_list::<i64>().value(row).as_ref(), out),
        DataType::FixedSizeList(..) => append_items(array.as_fixed_size_list().value(row).as_ref(), out),
        DataType::Struct(_) => {
            let values = array.as_struct();
            out.push('{');
            for (position, (name, column)) in values.column_names().iter().zip(values.columns()).enumerate() {
                out.push_str(if position > 0 { "," } else { "" });
                push_string(name, out);
                out.push(':');
                append_part(&Cells::try_new(column.as_ref())?, row, out)?;
            }
            out.push('}');
            Ok(())
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let keys = Cells::try_new(entries.column(0).as_ref())?;
            let values = Cells::try_new(entries.column(1).as_ref())?;
            out.push('{');
            for entry in 0..entries.len() {
                out.push_str(if entry > 0 { "," } else { "" });
                append_part(&keys, entry, out)?;
                out.push(':');
                append_part(&values, entry, out)?;
            }
            out.push('}');
            Ok(())
        }
        // Views of lists and unions have no text of StarRocks'.
        _ => Cells::try_new(array)?.append_plain(row, out),
    }
}

fn append_items(items: &dyn Array, out: &mut String) -> Result<(), ArrowError> {
    let cells = Cells::try_new(items)?;
    out.push('[');
    for row in 0..items.len() {
        out.push_str(if row > 0 { "," } else { "" });
        append_part(&cells, row, out)?;
    }
    out.push(']');
    Ok(())
}

fn append_part(cells: &Cells<'_>, row: usize, out: &mut String) -> Result<(), ArrowError> {
    if cells.is_null(row) {
        out.push_str("null");
        return Ok(());
    }
    if cells.look() != Look::Text {
        return cells.append(row, out);
    }
    let mut text = String::new();
    cells.append(row, &mut text)?;
    push_string(&text, out);
    Ok(())
}

fn push_string(text: &str, out: &mut String) {
    // A JSON string is what the value prints as.
    out.push_str(&serde_json::Value::from(text).to_string());
}
