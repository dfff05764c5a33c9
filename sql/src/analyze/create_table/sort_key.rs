//! The sort key: by what the rows of a table's files are sorted, when not by its key.

use cairn_format::{Column, FieldId, KeyModel, TableDefinition};

use super::field_ids;
use crate::ast::Ident;
use crate::error::{Error, Result};

/// The columns of an ORDER BY.
///
/// In tables whose rows of equal key become one, the sort key has the key's columns in any order; a Primary Key table finds
/// its keys otherwise.
pub(in crate::analyze) fn sort_key(
    names: &[Ident],
    columns: &[Column],
    key_model: KeyModel,
    key_columns: usize,
) -> Result<Vec<FieldId>> {
    let ids = field_ids(names, columns, "sort")?;
    for column in columns.iter().filter(|column| ids.contains(&column.field_id)) {
        if !column.column_type.can_be_key() {
            return Err(Error::analysis(format!(
                "sort key column[{}] type not supported: {}",
                column.name, column.column_type
            )));
        }
    }
    let merges = matches!(key_model, KeyModel::Aggregate | KeyModel::Unique);
    let is_key = |id: &FieldId| columns[..key_columns].iter().any(|column| column.field_id == *id);
    if merges && (ids.len() != key_columns || !ids.iter().all(is_key)) {
        return Err(Error::analysis(format!(
            "The sort columns of {} table must be same with key columns",
            key_model.as_sql()
        )));
    }
    Ok(ids)
}

/// Sorts the rows that are loaded from now on, and those that a compaction rewrites, by these columns.
pub(in crate::analyze) fn change_sort_key(table: &mut TableDefinition, names: &[Ident]) -> Result<()> {
    let ids = sort_key(names, &table.columns, table.key_model, table.key_columns)?;
    table.sort_key = Some(ids);
    Ok(())
}
