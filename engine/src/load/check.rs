//! What a batch must keep before its rows are taken.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Date32Type, Decimal128Type, Decimal256Type, TimestampMicrosecondType, i256};
use arrow::record_batch::RecordBatch;
use cairn_format::{Column, ColumnType, Value};

use crate::catalog::Table;
use crate::error::{Error, Result};

/// The batch under the table's own schema, every value of it checked. `rows_before` counts the load's earlier rows.
pub(super) fn checked_batch(table: &Table, batch: &RecordBatch, rows_before: u64) -> Result<RecordBatch> {
    let definition = &table.definition;
    if batch.num_columns() != definition.columns.len() {
        return Err(Error::invalid(format!(
            "table '{}' has {} columns, the rows to load have {}",
            definition.name,
            definition.columns.len(),
            batch.num_columns()
        )));
    }
    for (column, array) in definition.columns.iter().zip(batch.columns()) {
        check_column(column, array)
            .map_err(|fault| fault.into_error(column, rows_before))
            .map_err(|e| e.about(format_args!("table '{}'", definition.name)))?;
    }
    RecordBatch::try_new(definition.arrow_schema(), batch.columns().to_vec()).map_err(|e| {
        Error::invalid(format!("rows for table '{}' do not fit its schema", definition.name)).with_source(e)
    })
}

/// Why a column's values are refused: the first row at fault, if one is, and the rule.
struct Fault {
    row: Option<usize>,
    rule: String,
}

impl Fault {
    fn at(row: usize, rule: impl Into<String>) -> Self {
        Self { row: Some(row), rule: rule.into() }
    }

    fn into_error(self, column: &Column, rows_before: u64) -> Error {
        match self.row {
            Some(row) => Error::invalid(format!(
                "column '{}', row {}: {}",
                column.name,
                rows_before + row as u64 + 1,
                self.rule
            )),
            None => Error::invalid(format!("column '{}': {}", column.name, self.rule)),
        }
    }
}

fn check_column(column: &Column, array: &ArrayRef) -> std::result::Result<(), Fault> {
    let column_type = column.column_type;
    if *array.data_type() != column_type.arrow_type() {
        return Err(Fault {
            row: None,
            rule: format!("expected {column_type}, got values of type {}", array.data_type()),
        });
    }
    if !column.nullable && array.null_count() > 0 {
        let row = (0..array.len()).find(|row| array.is_null(*row)).unwrap_or_default();
        return Err(Fault::at(row, "null in a column that is NOT NULL"));
    }
    match column_type {
        ColumnType::LargeInt => {
            let (least, greatest) = (i256::from_i128(i128::MIN), i256::from_i128(i128::MAX));
            let array = array.as_primitive::<Decimal256Type>();
            first_wrong(
                array,
                |row| (least..=greatest).contains(&array.value(row)),
                |row| format!("{} is out of range for LARGEINT", array.value(row)),
            )
        }
        ColumnType::Decimal { precision, .. } => {
            let array = array.as_primitive::<Decimal128Type>();
            let limit = 10_u128.pow(precision.into());
            first_wrong(
                array,
                |row| array.value(row).unsigned_abs() < limit,
                |row| format!("{} has more digits than {column_type}", array.value_as_string(row)),
            )
        }
        ColumnType::Date => {
            let array = array.as_primitive::<Date32Type>();
            first_wrong(
                array,
                |row| Value::Date(array.value(row)).is_in_calendar(),
                |_| "a DATE must lie between 0000-01-01 and 9999-12-31".to_owned(),
            )
        }
        ColumnType::DateTime => {
            let array = array.as_primitive::<TimestampMicrosecondType>();
            first_wrong(
                array,
                |row| Value::DateTime(array.value(row)).is_in_calendar(),
                |_| "a DATETIME must lie between the years 0000 and 9999".to_owned(),
            )
        }
        ColumnType::Char { .. } | ColumnType::Varchar { .. } | ColumnType::String | ColumnType::Json => {
            let array = array.as_string::<i32>();
            check_lengths(column_type, array, |row| array.value(row).len())?;
            if column_type == ColumnType::Json {
                let is_json = |row| serde_json::from_str::<serde::de::IgnoredAny>(array.value(row)).is_ok();
                first_wrong(array, is_json, |row| format!("'{}' is not JSON", shown(array.value(row))))?;
            }
            Ok(())
        }
        ColumnType::Varbinary { .. } => {
            let array = array.as_binary::<i32>();
            check_lengths(column_type, array, |row| array.value(row).len())
        }
        _ => Ok(()),
    }
}

fn check_lengths(
    column_type: ColumnType,
    array: &dyn Array,
    length: impl Fn(usize) -> usize,
) -> std::result::Result<(), Fault> {
    let most = column_type.max_bytes().unwrap_or(usize::MAX);
    first_wrong(
        array,
        |row| length(row) <= most,
        |row| format!("{} bytes are too long for {column_type}", length(row)),
    )
}

fn first_wrong(
    array: &dyn Array,
    is_right: impl Fn(usize) -> bool,
    rule: impl Fn(usize) -> String,
) -> std::result::Result<(), Fault> {
    match (0..array.len()).find(|row| !array.is_null(*row) && !is_right(*row)) {
        Some(row) => Err(Fault::at(row, rule(row))),
        None => Ok(()),
    }
}

/// The start of a long text.
fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let start: String = text.chars().take(MOST).collect();
    if start.len() < text.len() { format!("{start}…") } else { start }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use arrow::array::{Int32Array, StringArray};
    use cairn_format::{ColumnName, FieldId};

    fn column(column_type: ColumnType, nullable: bool) -> Column {
        let (field_id, name) = (FieldId::try_new(1).unwrap(), ColumnName::parse("c").unwrap());
        Column { nullable, ..Column::new(field_id, name, column_type) }
    }

    fn refusal(column: &Column, array: &ArrayRef) -> String {
        check_column(column, array).unwrap_err().into_error(column, 100).to_string()
    }

    #[test]
    fn a_refused_value_is_named_with_its_row() {
        let nulls: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None]));
        assert_eq!(
            refusal(&column(ColumnType::Int, false), &nulls),
            "column 'c', row 102: null in a column that is NOT NULL"
        );
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["ab", "é", "abc"]));
        assert_eq!(
            refusal(&column(ColumnType::Varchar { length: 2 }, true), &texts),
            "column 'c', row 103: 3 bytes are too long for varchar(2)"
        );
        let json: ArrayRef = Arc::new(StringArray::from(vec!["{\"a\":1}", "{a}"]));
        assert_eq!(refusal(&column(ColumnType::Json, true), &json), "column 'c', row 102: '{a}' is not JSON");
    }
}
