//! The key of a table: which columns from the left sort its rows.

use cairn_format::{Aggregation, Column, ColumnType, KeyModel};

use crate::ast::{self, ColumnClause, CreateTableStatement, KeyKind};
use crate::error::{Error, Result};

/// The most columns of a key that nobody names.
const SHORT_KEY_COLUMNS: usize = 3;
/// The most bytes of a key that nobody names.
const SHORT_KEY_BYTES: u32 = 36;
/// The bytes of a VARCHAR that count in it.
const TEXT_KEY_BYTES: u32 = 20;

/// The key model, and how many columns from the left are the key. The model makes columns what they must be in it.
pub(super) fn key(statement: &CreateTableStatement, columns: &mut [Column]) -> Result<(KeyModel, usize)> {
    let is_aggregated = statement.columns.iter().any(|clause| clause.aggregation.is_some());
    let marked: Vec<&str> = statement
        .columns
        .iter()
        .filter(|clause| clause.key)
        .map(|clause| clause.name.value.as_str())
        .collect();
    let (model, key_columns) = match &statement.key {
        None if is_aggregated => (KeyModel::Aggregate, aggregate_key(statement, &marked, columns)?),
        None if marked.is_empty() => (KeyModel::Duplicate, short_key(columns)?),
        None => (KeyModel::Duplicate, prefix(&marked, columns)?),
        Some(clause) => {
            let named: Vec<&str> = clause.columns.iter().map(|name| name.value.as_str()).collect();
            if let Some(stray) =
                marked.iter().find(|name| !named.iter().any(|key| key.eq_ignore_ascii_case(name)))
            {
                let kind = clause.kind.word();
                return Err(Error::analysis(format!("column '{stray}' says KEY but is not in {kind} KEY")));
            }
            (model(clause.kind), prefix(&named, columns)?)
        }
    };
    for (position, (clause, column)) in statement.columns.iter().zip(columns.iter_mut()).enumerate() {
        column.aggregation = aggregation(clause, model, position < key_columns)?;
        widen_sum(column);
        match column.aggregation {
            Some(Aggregation::ReplaceIfNotNull) => column.nullable = true,
            _ if model == KeyModel::Primary && position < key_columns => {
                if clause.nullable == Some(true) {
                    return Err(Error::analysis(format!(
                        "primary key column '{}' cannot be nullable",
                        clause.name.value
                    )));
                }
                column.nullable = false;
            }
            _ => {}
        }
    }
    Ok((model, key_columns))
}

fn model(kind: KeyKind) -> KeyModel {
    match kind {
        KeyKind::Duplicate => KeyModel::Duplicate,
        KeyKind::Aggregate => KeyModel::Aggregate,
        KeyKind::Unique => KeyModel::Unique,
        KeyKind::Primary => KeyModel::Primary,
    }
}

/// Without a key clause, columns with aggregate functions make a table one of aggregates whose key are the others.
fn aggregate_key(statement: &CreateTableStatement, marked: &[&str], columns: &[Column]) -> Result<usize> {
    if !marked.is_empty() {
        return prefix(marked, columns);
    }
    let plain = statement.columns.iter().filter(|clause| clause.aggregation.is_none());
    let named: Vec<&str> = plain.map(|clause| clause.name.value.as_str()).collect();
    if named.is_empty() {
        return Err(Error::analysis(
            "an AGGREGATE KEY table needs a column without an aggregate function as its key",
        ));
    }
    prefix(&named, columns)
}

/// How the values of a column merge in a table of this model.
pub(in crate::analyze) fn aggregation(
    clause: &ColumnClause,
    model: KeyModel,
    is_key: bool,
) -> Result<Option<Aggregation>> {
    let name = &clause.name.value;
    let wanted = match &clause.aggregation {
        None => None,
        Some(ast::Aggregation::Sum) => Some(Aggregation::Sum),
        Some(ast::Aggregation::Min) => Some(Aggregation::Min),
        Some(ast::Aggregation::Max) => Some(Aggregation::Max),
        Some(ast::Aggregation::Replace) => Some(Aggregation::Replace),
        Some(ast::Aggregation::ReplaceIfNotNull) => Some(Aggregation::ReplaceIfNotNull),
        Some(ast::Aggregation::HllUnion) => Some(Aggregation::HllUnion),
        Some(ast::Aggregation::BitmapUnion) => Some(Aggregation::BitmapUnion),
        Some(ast::Aggregation::PercentileUnion) => Some(Aggregation::PercentileUnion),
        Some(other @ ast::Aggregation::State { .. }) => {
            return Err(Error::not_supported(format_args!("column '{name}': aggregate function {other}")));
        }
    };
    match (model, wanted) {
        (_, Some(_)) if is_key => {
            Err(Error::analysis(format!("Cannot specify aggregate function for key column '{name}'")))
        }
        (KeyModel::Aggregate, None) if !is_key => Err(Error::analysis(format!(
            "Column '{name}' of an AGGREGATE KEY table is not of the key: give it an aggregate function"
        ))),
        (KeyModel::Aggregate, wanted) => Ok(wanted),
        // StarRocks takes the word for what these tables do anyway.
        (KeyModel::Unique | KeyModel::Primary, Some(Aggregation::Replace)) | (_, None) => Ok(None),
        (_, Some(_)) => Err(Error::analysis(format!(
            "cannot specify an aggregate function for column '{name}' of a {} table",
            model.as_sql()
        ))),
    }
}

/// The digits of a DECIMAL that is summed up.
const SUM_DIGITS: u8 = 38;

/// Sums of decimals have at least 38 digits, whatever the statement says.
pub(in crate::analyze) fn widen_sum(column: &mut Column) {
    if let (Some(Aggregation::Sum), ColumnType::Decimal { precision, .. }) =
        (column.aggregation, &mut column.column_type)
    {
        *precision = SUM_DIGITS.max(*precision);
    }
}

/// Key columns must be the first columns of the table, in the same order.
fn prefix(names: &[&str], columns: &[Column]) -> Result<usize> {
    for (position, name) in names.iter().enumerate() {
        let found = columns.iter().position(|column| column.name.matches(name));
        let found = found.ok_or_else(|| Error::analysis(format!("key column '{name}' doesn't exist")))?;
        if found < position {
            return Err(Error::analysis(format!("duplicated key column '{name}'")));
        }
        if found > position {
            return Err(Error::analysis(format!(
                "Key columns must be the first few columns of the schema and the order of the key columns must be \
                 consistent with the order of the schema: '{name}' is column {} of the table and {} of the key",
                found + 1,
                position + 1
            )));
        }
        let column = &columns[found];
        if !column.column_type.can_be_key() {
            return Err(Error::analysis(format!(
                "Invalid data type of key column '{name}': '{}'",
                column.column_type
            )));
        }
    }
    Ok(names.len())
}

/// The key that StarRocks gives a table without a key clause.
pub(in crate::analyze) fn short_key(columns: &[Column]) -> Result<usize> {
    let (mut count, mut bytes) = (0, 0);
    for column in columns {
        if !column.column_type.can_be_key() || (column.generated.is_some() && count > 0) {
            break;
        }
        bytes += key_bytes(&column.column_type);
        if count == SHORT_KEY_COLUMNS || bytes > SHORT_KEY_BYTES {
            // A first column of text is the key however long it may be.
            if count == 0 {
                count = 1;
            }
            break;
        }
        count += 1;
        if matches!(column.column_type, ColumnType::Varchar { .. } | ColumnType::String) {
            break;
        }
    }
    match (count, columns.first()) {
        (0, Some(first)) => Err(Error::analysis(format!(
            "Data type of first column cannot be {}: put a column first that can be a key, or name the key",
            first.column_type
        ))),
        _ => Ok(count),
    }
}

fn key_bytes(column_type: &ColumnType) -> u32 {
    match column_type {
        ColumnType::Boolean | ColumnType::TinyInt => 1,
        ColumnType::SmallInt => 2,
        ColumnType::Date => 3,
        ColumnType::Int => 4,
        ColumnType::Decimal { precision, .. } if *precision <= 9 => 4,
        ColumnType::Decimal { precision, .. } if *precision > 18 => 16,
        ColumnType::LargeInt => 16,
        ColumnType::Char { length } => *length,
        ColumnType::Varchar { .. } | ColumnType::String => TEXT_KEY_BYTES,
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_format::{ColumnName, FieldId};

    fn columns(types: &[ColumnType]) -> Vec<Column> {
        let column = |(i, column_type): (usize, &ColumnType)| {
            let id = FieldId::try_new(i32::try_from(i).unwrap() + 1).unwrap();
            Column::new(id, ColumnName::parse(&format!("c{i}")).unwrap(), column_type.clone())
        };
        types.iter().enumerate().map(column).collect()
    }

    #[test]
    fn the_automatic_key_is_short() {
        use ColumnType::{BigInt, Date, Double, Int, LargeInt, String};
        let varchar = ColumnType::Varchar { length: 10 };
        let cases: [(&[ColumnType], usize); 7] = [
            (&[Int, Int, Int, Int], 3),
            (&[LargeInt, LargeInt, BigInt], 2),
            (&[Date, varchar, Int], 2),
            (&[Int, Double, Int], 1),
            (&[String, Int], 1),
            (&[ColumnType::Char { length: 255 }, Int], 1),
            (&[Int, ColumnType::Char { length: 40 }], 1),
        ];
        for (types, expected) in cases {
            assert_eq!(short_key(&columns(types)).unwrap(), expected, "{types:?}");
        }
        let error = short_key(&columns(&[Double, Int])).unwrap_err();
        assert!(error.to_string().contains("first column cannot be double"), "{error}");
    }
}
