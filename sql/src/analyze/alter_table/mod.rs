//! ALTER TABLE: from the clauses to what is done.

mod columns;

use cairn_engine::{COLOCATE_WITH, Compaction, Table};
use cairn_format::{PartitionName, TableDefinition, TableName};

use super::create_table::{changed_properties, check_properties, check_sources};
use super::names::{Scope, TablePath, analysed, parse_table, partitions};
use super::partition::{PartitionAlteration, alteration};
use super::rollup;
use super::{Request, async_view};
use crate::ast::{AlterTableClause, AlterTableStatement, CompactionKind, Ident, ObjectName, PartitionChoice};
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
    /// It and another exchange their names.
    Swap(TableName),
    /// It gets another definition.
    Redefine(Box<Redefinition>),
}

/// A table's definition before and after.
#[derive(Debug)]
pub(crate) struct Redefinition {
    pub(crate) before: TableDefinition,
    pub(crate) after: TableDefinition,
}

/// What the clauses do to the table. Changes of columns and indexes may stand together; anything else stands alone.
pub(super) fn alter_table(
    statement: &AlterTableStatement,
    scope: &Scope<'_>,
) -> Result<(TablePath, TableAlteration)> {
    let path = scope.table_path(&statement.table)?;
    let table = scope.table(&path)?;
    let before = table.definition.as_ref();
    // Files are no rows.
    if !matches!(statement.clauses.as_slice(), [AlterTableClause::Compact { .. }]) {
        async_view::refuse_change(before)?;
    }
    if let [clause] = statement.clauses.as_slice() {
        let alteration = match clause {
            AlterTableClause::Partition(change) => {
                TableAlteration::Partition(alteration(change, &path, scope)?)
            }
            AlterTableClause::Rename(name) => TableAlteration::Rename(new_name(name, &path, scope)?),
            AlterTableClause::Compact { kind, partitions } => {
                let kind = match kind {
                    Some(CompactionKind::Cumulative) => Compaction::Cumulative,
                    Some(CompactionKind::Base) | None => Compaction::Base,
                };
                TableAlteration::Compact(kind, named_partitions(table, partitions)?)
            }
            AlterTableClause::Swap(name) => TableAlteration::Swap(other_table(name, &path, scope)?),
            AlterTableClause::Comment(text) => {
                let comment = Some(text.clone()).filter(|text| !text.is_empty());
                redefined(before, TableDefinition { comment, ..before.clone() })
            }
            AlterTableClause::Set(given) => {
                let properties = changed_properties(before, given)?;
                // All of a group have as many buckets.
                let is_colocated = properties.contains_key(COLOCATE_WITH);
                let automatic_buckets = before.automatic_buckets && !is_colocated;
                let after = TableDefinition { properties, automatic_buckets, ..before.clone() };
                let colocation = scope.database(&path.database)?.check_colocation(&after);
                colocation.map_err(|error| Error::from(error).while_analysing())?;
                redefined(before, after)
            }
            AlterTableClause::AddRollups(clauses) => {
                let mut after = before.clone();
                clauses.iter().try_for_each(|clause| rollup::add(&mut after, clause))?;
                redefined(before, after)
            }
            AlterTableClause::DropRollups(names) => {
                let mut after = before.clone();
                names.iter().try_for_each(|name| rollup::drop(&mut after, name))?;
                redefined(before, after)
            }
            AlterTableClause::RenameRollup(from, to) => {
                let mut after = before.clone();
                rollup::rename(&mut after, from, to)?;
                redefined(before, after)
            }
            of_column => {
                let mut after = before.clone();
                columns::apply(of_column, &mut after)?;
                checked(before, after)?
            }
        };
        return Ok((path, alteration));
    }
    let mut after = before.clone();
    for clause in &statement.clauses {
        columns::apply(clause, &mut after)?;
    }
    let alteration = checked(before, after)?;
    Ok((path, alteration))
}

/// One change of the definition of a table.
pub(super) fn redefine<'s>(
    name: &ObjectName,
    scope: &Scope<'_>,
    change: impl FnOnce(&mut TableDefinition) -> Result<()>,
) -> Result<Request<'s>> {
    let path = scope.table_path(name)?;
    let before = scope.table(&path)?.definition.as_ref();
    async_view::refuse_change(before)?;
    let mut after = before.clone();
    change(&mut after)?;
    let alteration = checked(before, after)?;
    Ok(Request::AlterTable(path, alteration))
}

fn named_partitions(table: &Table, names: &[Ident]) -> Result<Option<Vec<PartitionName>>> {
    if names.is_empty() {
        return Ok(None);
    }
    partitions(table, &PartitionChoice::Names { temporary: false, names: names.to_vec() }).map(Some)
}

fn redefined(before: &TableDefinition, after: TableDefinition) -> TableAlteration {
    TableAlteration::Redefine(Box::new(Redefinition { before: before.clone(), after }))
}

fn checked(before: &TableDefinition, after: TableDefinition) -> Result<TableAlteration> {
    check_sources(&after)?;
    analysed(after.check())?;
    check_properties(&after)?;
    Ok(redefined(before, after))
}

fn new_name(name: &Ident, path: &TablePath, scope: &Scope<'_>) -> Result<TableName> {
    let name = parse_table(name)?;
    if name == path.table {
        return Err(Error::analysis(format!("Same table name {name}")));
    }
    if let Some(what) = scope.database(&path.database)?.named(&name) {
        return Err(Error::analysis(format!("Table name[{name}] is already used: it is a {what}")));
    }
    if scope.table(path)?.definition.rollup(&name).is_some() {
        return Err(Error::analysis(format!(
            "Table name[{name}] is already used: it is a rollup of the table"
        )));
    }
    Ok(name)
}

fn other_table(name: &Ident, path: &TablePath, scope: &Scope<'_>) -> Result<TableName> {
    let table = parse_table(name)?;
    if table == path.table {
        return Err(Error::analysis(format!("table '{table}' cannot be swapped with itself")));
    }
    scope.table(&TablePath { database: path.database.clone(), table: table.clone() })?;
    Ok(table)
}
