//! ALTER TABLE: from the clauses to what is done, in order.

use cairn_engine::{Compaction, Table};
use cairn_format::{PartitionName, TableName};

use super::names::{Scope, TablePath, parse_table, partitions};
use super::partition::{PartitionAlteration, alteration};
use crate::ast::{AlterTableClause, AlterTableStatement, CompactionKind, Ident, PartitionChoice};
use crate::error::{Error, Result};

/// A change of a table, its names looked up.
#[derive(Debug)]
pub(crate) enum TableAlteration {
    /// It gets another name.
    Rename(TableName),
    /// Its files are rewritten.
    Compact(Compaction, Option<Vec<PartitionName>>),
    /// Its partitions change.
    Partition(PartitionAlteration),
}

/// What the clauses do to the table. Each stands alone in its statement.
pub(super) fn alter_table(
    statement: &AlterTableStatement,
    scope: &Scope<'_>,
) -> Result<(TablePath, TableAlteration)> {
    let path = scope.table_path(&statement.table)?;
    let table = scope.table(&path)?;
    let [clause] = statement.clauses.as_slice() else {
        return Err(Error::analysis(format!(
            "Alter operation conflicts: change table '{}' in one way a statement",
            path.table
        )));
    };
    let alteration = match clause {
        AlterTableClause::Partition(change) => TableAlteration::Partition(alteration(change, &path, scope)?),
        AlterTableClause::Rename(name) => TableAlteration::Rename(new_name(name, &path, scope)?),
        AlterTableClause::Compact { kind, partitions } => {
            let kind = match kind {
                Some(CompactionKind::Cumulative) => Compaction::Cumulative,
                Some(CompactionKind::Base) | None => Compaction::Base,
            };
            TableAlteration::Compact(kind, named_partitions(table, partitions)?)
        }
    };
    Ok((path, alteration))
}

fn named_partitions(table: &Table, names: &[Ident]) -> Result<Option<Vec<PartitionName>>> {
    if names.is_empty() {
        return Ok(None);
    }
    partitions(table, &PartitionChoice::Names { temporary: false, names: names.to_vec() }).map(Some)
}

fn new_name(name: &Ident, path: &TablePath, scope: &Scope<'_>) -> Result<TableName> {
    let name = parse_table(name)?;
    if name == path.table {
        return Err(Error::analysis(format!("Same table name {name}")));
    }
    if scope.database(&path.database)?.table(&name).is_some() {
        return Err(Error::analysis(format!("Table name[{name}] is already used")));
    }
    Ok(name)
}
