//! What a batch must keep before its rows are taken.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int8Array};
use arrow::datatypes::Int8Type;
use arrow::record_batch::RecordBatch;
use cairn_format::{Column, ColumnType, Fault, KeyModel, TableDefinition, check_values};

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
            .and_then(|()| check_values(&column.column_type, array))
            .map_err(|fault| in_table(refused(&fault, column, rows_before)))?;
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

/// The error that names the column and the row at fault.
fn refused(fault: &Fault, column: &Column, rows_before: u64) -> Error {
    match fault.row {
        Some(row) => Error::invalid(format!(
            "column '{}', row {}: {}",
            column.name,
            rows_before + row as u64 + 1,
            fault.rule
        )),
        None => Error::invalid(format!("column '{}': {}", column.name, fault.rule)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int32Array, StringArray};
    use cairn_format::{ColumnName, FieldId, Value};

    fn column(column_type: ColumnType, nullable: bool) -> Column {
        let (field_id, name) = (FieldId::try_new(1).unwrap(), ColumnName::parse("c").unwrap());
        Column { nullable, ..Column::new(field_id, name, column_type) }
    }

    fn refusal(column: &Column, array: &ArrayRef) -> String {
        let checked =
            check_nulls(array, |_| column.nullable).and_then(|()| check_values(&column.column_type, array));
        super::refused(&checked.unwrap_err(), column, 100).to_string()
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
