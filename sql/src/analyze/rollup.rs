//! Rollups of a table: `ROLLUP (…)` and what ALTER TABLE does to them.

use cairn_format::{
    Column, FieldId, KeyModel, RollupColumn, RollupDefinition, RollupId, RollupSource, TableDefinition,
    TableName,
};

use super::create_table::short_key;
use super::names::{analysed, parse_table};
use crate::ast::{Ident, RollupClause};
use crate::error::{Error, Result};

/// Adds the rollup of a clause to a definition.
pub(super) fn add(table: &mut TableDefinition, clause: &RollupClause) -> Result<()> {
    refuse_model(table)?;
    let name = new_name(table, &clause.name)?;
    check_base(table, clause)?;
    if !clause.properties.is_empty() {
        return Err(Error::not_supported(format_args!("rollup '{name}': PROPERTIES of a rollup")));
    }
    let mut columns: Vec<RollupColumn> = Vec::with_capacity(clause.columns.len());
    for ident in &clause.columns {
        let of = table.column(&ident.value).cloned().ok_or_else(|| {
            Error::analysis(format!(
                "Column[{}] does not exist in base index of rollup '{name}'",
                ident.value
            ))
        })?;
        let source = RollupSource::Column(of.field_id);
        if columns.iter().any(|column| column.source == source) {
            return Err(Error::analysis(format!("Duplicated column[{}] in rollup '{name}'", ident.value)));
        }
        columns.push(RollupColumn { column: copied(table, &of)?, source });
    }
    let key_columns = key(table, clause, &columns)?;
    push(table, name, columns, (table.key_model, key_columns), None)
}

/// Puts a rollup behind the others; the definition must be right with it.
pub(super) fn push(
    table: &mut TableDefinition,
    name: TableName,
    columns: Vec<RollupColumn>,
    (key_model, key_columns): (KeyModel, usize),
    filter: Option<String>,
) -> Result<()> {
    let id = analysed(RollupId::try_new(take_id(table)?))?;
    table.rollups.push(RollupDefinition { id, name, columns, key_model, key_columns, filter });
    analysed(table.check())
}

/// The next identity of the table.
pub(super) fn take_id(table: &mut TableDefinition) -> Result<i32> {
    let id = table.next_field_id;
    table.next_field_id = id.checked_add(1).ok_or_else(|| Error::analysis("too many columns"))?;
    Ok(id)
}

/// A column of the table as one of a rollup.
pub(super) fn copied(table: &mut TableDefinition, of: &Column) -> Result<Column> {
    let id = analysed(FieldId::try_new(take_id(table)?))?;
    let mut column = Column::new(id, of.name.clone(), of.column_type.clone());
    column.nullable = of.nullable;
    column.aggregation = of.aggregation;
    Ok(column)
}

pub(super) fn refuse_model(table: &TableDefinition) -> Result<()> {
    if table.key_model == KeyModel::Primary {
        return Err(Error::analysis(format!(
            "Do not support add rollup on primary key table '{}': a row that is replaced cannot be taken out of sums",
            table.name
        )));
    }
    Ok(())
}

fn new_name(table: &TableDefinition, name: &Ident) -> Result<TableName> {
    let name = parse_table(name)?;
    if name == table.name || table.rollup(&name).is_some() {
        return Err(Error::analysis(format!(
            "Rollup index[{name}] already exists in table '{}'",
            table.name
        )));
    }
    Ok(name)
}

/// `FROM` names the table, or a rollup that has the columns: the rows come from the table in any case.
fn check_base(table: &TableDefinition, clause: &RollupClause) -> Result<()> {
    let Some(base) = &clause.base else { return Ok(()) };
    let name = parse_table(base)?;
    if name == table.name {
        return Ok(());
    }
    let rollup = table.rollup(&name).ok_or_else(|| {
        Error::analysis(format!("Base index[{name}] does not exist in table '{}'", table.name))
    })?;
    let has = |ident: &&Ident| {
        let id = table.column(&ident.value).map(|column| column.field_id);
        id.is_some_and(|id| rollup.columns.iter().any(|column| column.source == RollupSource::Column(id)))
    };
    match clause.columns.iter().find(|ident| !has(ident)) {
        Some(missing) => {
            Err(Error::analysis(format!("Column[{}] does not exist in base index[{name}]", missing.value)))
        }
        None => Ok(()),
    }
}

/// How many columns from the left are the key.
fn key(table: &TableDefinition, clause: &RollupClause, columns: &[RollupColumn]) -> Result<usize> {
    let name = &clause.name.value;
    let is_key = |column: &RollupColumn| {
        table.key().iter().any(|key| column.source == RollupSource::Column(key.field_id))
    };
    let leading = columns.iter().take_while(|column| is_key(column)).count();
    if table.key_model != KeyModel::Duplicate {
        if !clause.duplicate_key.is_empty() {
            return Err(Error::analysis(format!(
                "rollup '{name}': DUPLICATE KEY is for rollups of DUPLICATE KEY tables"
            )));
        }
        if columns[leading..].iter().any(is_key) {
            return Err(Error::analysis(format!(
                "Invalid column order. value should be after key: rollup '{name}'"
            )));
        }
        if leading == 0 {
            return Err(Error::analysis(format!("No key column is found in rollup '{name}'")));
        }
        return Ok(leading);
    }
    if !clause.duplicate_key.is_empty() {
        let fits = clause.duplicate_key.len() <= columns.len()
            && clause.duplicate_key.iter().zip(columns).all(|(key, c)| c.column.name.matches(&key.value));
        if !fits {
            return Err(Error::analysis(format!(
                "Duplicate keys of rollup '{name}' must be its first columns, in their order"
            )));
        }
        return Ok(clause.duplicate_key.len());
    }
    if leading > 0 {
        return Ok(leading);
    }
    let columns: Vec<Column> = columns.iter().map(|column| column.column.clone()).collect();
    short_key(&columns).map_err(|e| e.about(format_args!("rollup '{name}'")))
}

/// Takes a rollup out of a definition.
pub(super) fn drop(table: &mut TableDefinition, name: &Ident) -> Result<()> {
    let name = parse_table(name)?;
    if table.rollup(&name).is_none() {
        return Err(unknown(table, &name));
    }
    table.rollups.retain(|rollup| rollup.name != name);
    Ok(())
}

/// Gives a rollup another name.
pub(super) fn rename(table: &mut TableDefinition, from: &Ident, to: &Ident) -> Result<()> {
    let from = parse_table(from)?;
    if table.rollup(&from).is_none() {
        return Err(unknown(table, &from));
    }
    let to = parse_table(to)?;
    if to == from || to == table.name || table.rollup(&to).is_some() {
        return Err(Error::analysis(format!("Rollup name[{to}] is already used")));
    }
    for rollup in table.rollups.iter_mut().filter(|rollup| rollup.name == from) {
        rollup.name = to.clone();
    }
    Ok(())
}

fn unknown(table: &TableDefinition, name: &TableName) -> Error {
    Error::analysis(format!(
        "Rollup index[{name}] does not exist in table '{}'; DESC {} ALL lists them",
        table.name, table.name
    ))
}
