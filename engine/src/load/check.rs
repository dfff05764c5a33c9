//! What a batch must keep before its rows are taken.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int8Array};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Decimal256Type, Int8Type, TimestampMicrosecondType, i256,
};
use arrow::record_batch::RecordBatch;
use cairn_format::{Column, ColumnType, KeyModel, TableDefinition, Value, check_sketch};

use crate::catalog::Table;
use crate::error::{Error, Result};
use crate::keys::{DELETE, MergeRule, OPERATION_COLUMN, PUT};

/// The batch under the table's own schema, every value of it checked. `rows_before` counts the load's earlier rows.
///
/// The rows of an update have what is done with them in a column more; one that is deleted needs no values but its key,
/// and columns that are not given need none at all.
pub(super) fn checked_batch(
    table: &Table,
    rule: &MergeRule,
    batch: &RecordBatch,
    rows_before: u64,
) -> Result<RecordBatch> {
    let definition = &table.definition;
    let in_table = |e: Error| e.about(format_args!("table '{}'", definition.name));
    let (batch, operations) = match rule {
        MergeRule::Upsert { .. } => {
            let (batch, operations) =
                split_operations(batch, definition.columns.len(), rows_before).map_err(in_table)?;
            (Cow::Owned(batch), Some(operations))
        }
        _ => (Cow::Borrowed(batch), None),
    };
    if batch.num_columns() != definition.columns.len() {
        return Err(Error::invalid(format!(
            "table '{}' has {} columns, the rows to load have {}",
            definition.name,
            definition.columns.len(),
            batch.num_columns()
        )));
    }
    for (position, (column, array)) in definition.columns.iter().zip(batch.columns()).enumerate() {
        let needs_none = |row: usize| match (rule, &operations) {
            (MergeRule::Upsert { given, .. }, Some(operations)) if position >= definition.key_columns => {
                !given[position] || operations.value(row) == DELETE
            }
            _ => false,
        };
        let may_be_null = |row: usize| column.nullable || needs_none(row);
        check_nulls(array, may_be_null)
            .and_then(|()| check_column(column, array))
            .map_err(|fault| in_table(fault.into_error(column, rows_before)))?;
    }
    if definition.key_model == KeyModel::Primary {
        check_primary_key(definition, &batch, rows_before).map_err(in_table)?;
    }
    let mut columns = batch.columns().to_vec();
    columns.extend(operations.map(|operations| Arc::new(operations) as ArrayRef));
    RecordBatch::try_new(rule.schema(definition), columns).map_err(|e| {
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

fn check_nulls(array: &ArrayRef, may_be_null: impl Fn(usize) -> bool) -> std::result::Result<(), Fault> {
    if array.null_count() == 0 {
        return Ok(());
    }
    match (0..array.len()).find(|row| array.is_null(*row) && !may_be_null(*row)) {
        Some(row) => Err(Fault::at(row, "null in a column that is NOT NULL")),
        None => Ok(()),
    }
}

/// The most bytes of a primary key: numbers as wide as their types, texts and a byte between them.
const MAX_KEY_BYTES: usize = 128;

/// StarRocks' limit of a primary key's bytes.
fn check_primary_key(table: &TableDefinition, batch: &RecordBatch, rows_before: u64) -> Result<()> {
    let (mut fixed, mut texts) = (0, Vec::new());
    for (position, (column, array)) in table.key().iter().zip(batch.columns()).enumerate() {
        match column.column_type {
            ColumnType::Boolean | ColumnType::TinyInt => fixed += 1,
            ColumnType::SmallInt => fixed += 2,
            ColumnType::Int | ColumnType::Date => fixed += 4,
            ColumnType::BigInt | ColumnType::DateTime => fixed += 8,
            ColumnType::LargeInt => fixed += 16,
            _ => {
                // All but the last text end with a mark of two bytes.
                fixed += if position + 1 < table.key_columns { 2 } else { 0 };
                texts.push(array.as_string::<i32>());
            }
        }
    }
    let bytes = |row: usize| fixed + texts.iter().map(|array| array.value(row).len()).sum::<usize>();
    match (0..batch.num_rows()).find(|row| bytes(*row) > MAX_KEY_BYTES) {
        Some(row) => Err(Error::invalid(format!(
            "row {}: its primary key of {} bytes is longer than {MAX_KEY_BYTES}",
            rows_before + row as u64 + 1,
            bytes(row)
        ))),
        None => Ok(()),
    }
}

/// The columns of the table, and what is done with each row: all are put when it is not said.
fn split_operations(
    batch: &RecordBatch,
    columns: usize,
    rows_before: u64,
) -> Result<(RecordBatch, Int8Array)> {
    if batch.num_columns() != columns + 1 {
        return Ok((batch.clone(), Int8Array::from(vec![PUT; batch.num_rows()])));
    }
    let wrong = |row: u64, what: String| {
        Error::invalid(format!(
            "column '{OPERATION_COLUMN}', row {row}: {what}; use 0 to put the row, 1 to delete it"
        ))
    };
    let operations = batch
        .column(columns)
        .as_primitive_opt::<Int8Type>()
        .cloned()
        .ok_or_else(|| Error::invalid(format!("column '{OPERATION_COLUMN}' must be of type tinyint")))?;
    for (row, operation) in operations.iter().enumerate() {
        if !matches!(operation, Some(PUT | DELETE)) {
            let found = operation.map_or("NULL".to_owned(), |operation| operation.to_string());
            return Err(wrong(rows_before + row as u64 + 1, format!("{found} is no operation")));
        }
    }
    let positions: Vec<usize> = (0..columns).collect();
    let batch = batch.project(&positions).map_err(|e| Error::invalid("rows to load").with_source(e))?;
    Ok((batch, operations))
}

fn check_column(column: &Column, array: &ArrayRef) -> std::result::Result<(), Fault> {
    check_values(&column.column_type, array)
}

fn check_values(column_type: &ColumnType, array: &ArrayRef) -> std::result::Result<(), Fault> {
    if *array.data_type() != column_type.arrow_type() {
        return Err(Fault {
            row: None,
            rule: format!("expected {column_type}, got values of type {}", array.data_type()),
        });
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
            let least_beyond = i256::from_i128(10).wrapping_pow((*precision).into());
            let fits = |value: i256| value.wrapping_abs() < least_beyond;
            let rule = |text: String| format!("{text} has more digits than {column_type}");
            if let DataType::Decimal128(..) = array.data_type() {
                let array = array.as_primitive::<Decimal128Type>();
                let fits = |row| fits(i256::from_i128(array.value(row)));
                first_wrong(array, fits, |row| rule(array.value_as_string(row)))
            } else {
                let array = array.as_primitive::<Decimal256Type>();
                first_wrong(array, |row| fits(array.value(row)), |row| rule(array.value_as_string(row)))
            }
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
            if *column_type == ColumnType::Json {
                let is_json = |row| serde_json::from_str::<serde::de::IgnoredAny>(array.value(row)).is_ok();
                first_wrong(array, is_json, |row| format!("'{}' is not JSON", shown(array.value(row))))?;
            }
            Ok(())
        }
        ColumnType::Varbinary { .. } => {
            let array = array.as_binary::<i32>();
            check_lengths(column_type, array, |row| array.value(row).len())
        }
        ColumnType::Bitmap | ColumnType::Hll | ColumnType::Percentile => {
            let array = array.as_binary::<i32>();
            let fault = (0..array.len()).filter(|row| array.is_valid(*row)).find_map(|row| {
                check_sketch(column_type, array.value(row))
                    .err()
                    .map(|error| Fault::at(row, error.to_string()))
            });
            fault.map_or(Ok(()), Err)
        }
        ColumnType::Array(_) | ColumnType::Map(_) | ColumnType::Struct(_) => check_parts(column_type, array),
        _ => Ok(()),
    }
}

/// Checks what nested values hold: all of a column at once, and row by row only when something is wrong, since what
/// stands in no row may be anything.
fn check_parts(column_type: &ColumnType, array: &ArrayRef) -> std::result::Result<(), Fault> {
    let parts_of = |array: &ArrayRef| -> Vec<ArrayRef> {
        match array.data_type() {
            DataType::List(_) => vec![Arc::clone(array.as_list::<i32>().values())],
            DataType::Map(..) => array.as_map().entries().columns().to_vec(),
            _ => array.as_struct().columns().to_vec(),
        }
    };
    let check = |parts: Vec<ArrayRef>| {
        column_type.parts().into_iter().zip(parts).try_for_each(|(of, part)| check_values(of, &part))
    };
    if check(parts_of(array)).is_ok() {
        return Ok(());
    }
    for row in (0..array.len()).filter(|row| array.is_valid(*row)) {
        let parts = match array.data_type() {
            DataType::List(_) => vec![array.as_list::<i32>().value(row)],
            DataType::Map(..) => array.as_map().value(row).columns().to_vec(),
            _ => parts_of(&array.slice(row, 1)),
        };
        check(parts).map_err(|fault| Fault::at(row, fault.rule))?;
    }
    Ok(())
}

fn check_lengths(
    column_type: &ColumnType,
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
    use super::*;
    use arrow::array::{Int32Array, StringArray};
    use cairn_format::{ColumnName, FieldId};

    fn column(column_type: ColumnType, nullable: bool) -> Column {
        let (field_id, name) = (FieldId::try_new(1).unwrap(), ColumnName::parse("c").unwrap());
        Column { nullable, ..Column::new(field_id, name, column_type) }
    }

    fn refusal(column: &Column, array: &ArrayRef) -> String {
        let checked = check_nulls(array, |_| column.nullable).and_then(|()| check_column(column, array));
        checked.unwrap_err().into_error(column, 100).to_string()
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
        let nested = ColumnType::parse("array<struct<a varchar(2)>>").unwrap();
        let lists = ["[]", "[{\"a\":\"ab\"}]", "[null,{\"a\":\"abc\"}]"];
        let lists = lists
            .map(|text| Value::parse(&ColumnType::parse("array<struct<a string>>").unwrap(), text).unwrap());
        let lists = Value::array_of(&nested, &lists).unwrap();
        assert_eq!(
            refusal(&column(nested, true), &lists),
            "column 'c', row 103: 3 bytes are too long for varchar(2)"
        );
    }
}
