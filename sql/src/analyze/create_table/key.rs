//! The key of a table: which columns from the left sort its rows.

use cairn_format::{Column, ColumnType};

use crate::ast::{CreateTableStatement, KeyKind};
use crate::error::{Error, Result};

/// The most columns of a key that nobody names.
const SHORT_KEY_COLUMNS: usize = 3;
/// The most bytes of a key that nobody names.
const SHORT_KEY_BYTES: u32 = 36;
/// The bytes of a VARCHAR that count in it.
const TEXT_KEY_BYTES: u32 = 20;

/// How many columns from the left are the key.
pub(super) fn key_columns(statement: &CreateTableStatement, columns: &[Column]) -> Result<usize> {
    let aggregated = statement.columns.iter().find(|clause| clause.aggregation.is_some());
    let marked: Vec<&str> = statement
        .columns
        .iter()
        .filter(|clause| clause.key)
        .map(|clause| clause.name.value.as_str())
        .collect();
    let Some(clause) = &statement.key else {
        if let Some(clause) = aggregated {
            return Err(Error::not_supported(format_args!(
                "column '{}' has an aggregate function: an AGGREGATE KEY table",
                clause.name.value
            )));
        }
        return if marked.is_empty() { short_key(columns) } else { prefix(&marked, columns) };
    };
    if clause.kind != KeyKind::Duplicate {
        return Err(Error::not_supported(format_args!("{} KEY", clause.kind.word())));
    }
    if let Some(clause) = aggregated {
        return Err(Error::analysis(format!(
            "cannot specify an aggregate function for column '{}' of a DUPLICATE KEY table",
            clause.name.value
        )));
    }
    let named: Vec<&str> = clause.columns.iter().map(|name| name.value.as_str()).collect();
    if let Some(stray) = marked.iter().find(|name| !named.iter().any(|key| key.eq_ignore_ascii_case(name))) {
        return Err(Error::analysis(format!("column '{stray}' says KEY but is not in DUPLICATE KEY")));
    }
    prefix(&named, columns)
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
fn short_key(columns: &[Column]) -> Result<usize> {
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
            Column::new(id, ColumnName::parse(&format!("c{i}")).unwrap(), *column_type)
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
