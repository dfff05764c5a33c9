//! Which columns of a table's data files have Bloom filters: what the properties `bloom_filter_columns` and
//! `bloom_filter_fpp` say.

use crate::error::{Error, Result};
use crate::schema::{Column, ColumnType, FieldId, KeyModel, TableDefinition};

/// The table property that names the columns, with commas between them.
pub const BLOOM_FILTER_COLUMNS_PROPERTY: &str = "bloom_filter_columns";
/// The table property of how often, of one, a filter takes a value that is not there for one that is.
pub const BLOOM_FILTER_FPP_PROPERTY: &str = "bloom_filter_fpp";
/// How often when the table does not say.
pub(crate) const DEFAULT_FPP: f64 = 0.05;
const LEAST_FPP: f64 = 0.0001;

/// The Bloom filters of a table's data files.
#[derive(Clone, Debug, PartialEq)]
pub struct BloomFilters {
    /// The columns that have one.
    pub columns: Vec<FieldId>,
    /// How often, of one, a filter takes a value that is not there for one that is.
    pub fpp: f64,
}

impl BloomFilters {
    /// What the properties of `table` say.
    ///
    /// # Errors
    /// `InvalidInput` when a column is not there, is named twice or cannot have a filter, or the number is none or out
    /// of range.
    pub fn of(table: &TableDefinition) -> Result<Self> {
        let mut columns = Vec::new();
        let names = table.properties.get(BLOOM_FILTER_COLUMNS_PROPERTY).map_or("", String::as_str);
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let column = table.column(name).ok_or_else(|| {
                Error::invalid(format!("Bloom filter column does not exist in table. invalid column: {name}"))
            })?;
            check_column(table, column)?;
            if columns.contains(&column.field_id) {
                return Err(Error::invalid(format!("Duplicate bloom filter column: {name}")));
            }
            columns.push(column.field_id);
        }
        let fpp = match table.properties.get(BLOOM_FILTER_FPP_PROPERTY) {
            None => DEFAULT_FPP,
            Some(text) => match text.trim().parse::<f64>() {
                Ok(fpp) if (LEAST_FPP..=DEFAULT_FPP).contains(&fpp) => fpp,
                _ => {
                    return Err(Error::invalid(format!(
                        "Bloom filter fpp should in [{LEAST_FPP}, {DEFAULT_FPP}]: '{text}' is not"
                    )));
                }
            },
        };
        Ok(Self { columns, fpp })
    }
}

fn check_column(table: &TableDefinition, column: &Column) -> Result<()> {
    let name = &column.name;
    if !has_filters(&column.column_type) {
        return Err(Error::invalid(format!(
            "{} is not supported in bloom filter index. invalid column: {name}",
            column.column_type
        )));
    }
    let is_key = table.key().iter().any(|key| key.field_id == column.field_id);
    if !is_key && matches!(table.key_model, KeyModel::Aggregate | KeyModel::Unique) {
        return Err(Error::invalid(format!(
            "Bloom filter index only used in columns of DUP_KEYS/PRIMARY table or key columns of UNIQUE_KEYS/AGG_KEYS \
             table. invalid column: {name}"
        )));
    }
    Ok(())
}

/// StarRocks' rule: values that are few or not exact have none.
fn has_filters(column_type: &ColumnType) -> bool {
    matches!(
        column_type,
        ColumnType::SmallInt
            | ColumnType::Int
            | ColumnType::BigInt
            | ColumnType::LargeInt
            | ColumnType::Decimal { .. }
            | ColumnType::Date
            | ColumnType::DateTime
            | ColumnType::Char { .. }
            | ColumnType::Varchar { .. }
            | ColumnType::String
            | ColumnType::Varbinary { .. }
    )
}
