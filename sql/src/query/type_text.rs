//! Types of columns as SQL writes them.

use arrow::datatypes::{DataType, FieldRef};

use super::expressions::column_type;

/// The type of a column of a query, as SQL writes it. What no column of a table can have is printed as text in results,
/// and so a string.
pub(crate) fn type_text(data_type: &DataType) -> String {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) => format!("array<{}>", type_text(item.data_type())),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => {
                let parts: Vec<String> = fields.iter().map(|field| type_text(field.data_type())).collect();
                format!("map<{}>", parts.join(","))
            }
            _ => "string".to_owned(),
        },
        DataType::Struct(fields) => {
            let field = |field: &FieldRef| format!("{} {}", field.name(), type_text(field.data_type()));
            format!("struct<{}>", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        scalar => column_type(scalar).map_or_else(|| "string".to_owned(), |known| known.to_string()),
    }
}
