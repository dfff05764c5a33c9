//! Changes of columns and indexes that leave every file as it is.

use std::ops::ControlFlow;

use cairn_format::{
    Aggregation, Column, ColumnDefault, ColumnName, FieldId, KeyModel, RollupDefinition, RollupSource,
    TableDefinition,
};
use sqlparser::ast::{Expr, visit_expressions};

use crate::analyze::create_table::{aggregation, change_sort_key, column_of, widen_sum};
use crate::analyze::index;
use crate::analyze::names::analysed;
use crate::ast::{AlterTableClause, ColumnClause, ColumnPosition, ColumnValue, Ident};
use crate::error::{Error, Result};
use crate::parser::parse_expression;

/// Changes the definition as the clause says.
pub(super) fn apply(clause: &AlterTableClause, table: &mut TableDefinition) -> Result<()> {
    match clause {
        AlterTableClause::AddColumn(clause, position) => add(table, clause, position.as_ref()),
        AlterTableClause::AddColumns(clauses) => {
            clauses.iter().try_for_each(|clause| add(table, clause, None))
        }
        AlterTableClause::DropColumn(name) => drop_column(table, name),
        AlterTableClause::RenameColumn(from, to) => rename(table, from, to),
        AlterTableClause::ModifyColumn(clause, position) => modify(table, clause, position.as_ref()),
        AlterTableClause::OrderBy(names) => reorder(table, names),
        AlterTableClause::AddIndex(clause) => index::add(table, clause),
        AlterTableClause::DropIndex(name) => index::drop(table, name),
        _ => Err(Error::analysis(format!(
            "Alter operation conflicts: '{clause}' stands alone in a statement on table '{}'",
            table.name
        ))),
    }
}

fn find(table: &TableDefinition, name: &Ident) -> Result<usize> {
    table.columns.iter().position(|column| column.name.matches(&name.value)).ok_or_else(|| {
        Error::analysis(format!("Column does not exists: '{}' in table '{}'", name.value, table.name))
    })
}

fn add(table: &mut TableDefinition, clause: &ColumnClause, position: Option<&ColumnPosition>) -> Result<()> {
    let id = table.next_field_id;
    let name = &clause.name.value;
    let mut column = column_of(id, clause).map_err(|e| e.about(format_args!("column '{name}'")))?;
    let refused = |why: &str| Err(Error::analysis(format!("column '{name}' cannot be added: {why}")));
    if table.column(name).is_some() {
        return Err(Error::analysis(format!("Can not add column which already exists: {name}")));
    }
    column.aggregation = aggregation(clause, table.key_model, clause.key)?;
    column.nullable |= column.aggregation == Some(Aggregation::ReplaceIfNotNull);
    widen_sum(&mut column);
    if column.generated.is_some() || column.auto_increment {
        return refused(
            "the rows that are there would have to be written anew; make a new table and INSERT … SELECT",
        );
    }
    column.initial = match &column.default {
        None if column.nullable => None,
        None => return refused("it is NOT NULL without a default, and the rows that are there need a value"),
        Some(ColumnDefault::Constant(text)) => Some(text.clone()),
        Some(_) => {
            return refused(
                "its default is not the same for every row that is there; add it without, then MODIFY it",
            );
        }
    };
    if clause.key {
        if table.key_model == KeyModel::Primary {
            return refused("a key column of a PRIMARY KEY table");
        }
        if !column.column_type.can_be_key() {
            return refused("its type cannot be that of a key");
        }
    }
    table.next_field_id = id.checked_add(1).ok_or_else(|| Error::analysis("too many columns"))?;
    let last = if clause.key { table.key_columns } else { end_of_ordinary(table) };
    let merges = matches!(table.key_model, KeyModel::Aggregate | KeyModel::Unique);
    // There the sort key has all of the key. Files of before are sorted by it, since they hold the column once.
    if let Some(sort_key) = table.sort_key.as_mut().filter(|_| clause.key && merges) {
        sort_key.push(column.field_id);
    }
    place(table, column, clause.key, position, last)
}

/// The place behind the last column that is not generated.
fn end_of_ordinary(table: &TableDefinition) -> usize {
    table.columns.iter().position(|column| column.generated.is_some()).unwrap_or(table.columns.len())
}

/// Puts a column where it is asked for: keys stand before values.
fn place(
    table: &mut TableDefinition,
    column: Column,
    is_key: bool,
    position: Option<&ColumnPosition>,
    otherwise: usize,
) -> Result<()> {
    let at = match position {
        None => otherwise,
        Some(ColumnPosition::First) => 0,
        Some(ColumnPosition::After(name)) => find(table, name)? + 1,
    };
    let fits = if is_key { at <= table.key_columns } else { at >= table.key_columns };
    if !fits {
        return Err(Error::analysis(format!(
            "Invalid column order. value should be after key: '{}' of table '{}'",
            column.name, table.name
        )));
    }
    table.columns.insert(at, column);
    table.key_columns += usize::from(is_key);
    Ok(())
}

fn drop_column(table: &mut TableDefinition, name: &Ident) -> Result<()> {
    let at = find(table, name)?;
    let column = &table.columns[at];
    let id = column.field_id;
    let refused = |why: String| Err(Error::analysis(why));
    if table.columns.len() == 1 {
        return refused("Can not drop the last column of a table".to_owned());
    }
    refuse_placing(table, id, "be dropped")?;
    refuse_generated(table, column, "dropped")?;
    refuse_rollup(table, column, "dropped")?;
    let is_key = at < table.key_columns;
    if is_key && table.key_model != KeyModel::Duplicate {
        return refused(format!(
            "Can not drop key column '{}' in a {} table",
            column.name,
            table.key_model.as_sql()
        ));
    }
    if is_key && table.key_columns == 1 {
        return refused("There is no key column left".to_owned());
    }
    if table.sort_key.iter().flatten().any(|sorted| *sorted == id) {
        return refused(format!("Can not drop sort column '{}'", column.name));
    }
    let name = column.name.clone();
    table.columns.remove(at);
    table.key_columns -= usize::from(is_key);
    table.indexes.retain(|index| !index.columns.contains(&id));
    replace_in_bloom_filters(table, &name, None);
    replace_in_constraints(table, &name, None);
    Ok(())
}

/// What decides a row's tablet cannot change.
fn refuse_placing(table: &TableDefinition, id: FieldId, what: &str) -> Result<()> {
    let name = &table.column_by_id(id)?.name;
    for (role, columns) in
        [("Partition", table.partitioning.columns()), ("Distribution", table.distribution.columns())]
    {
        if columns.contains(&id) {
            return Err(Error::analysis(format!("{role} column[{name}] cannot {what}")));
        }
    }
    Ok(())
}

fn refuse_generated(table: &TableDefinition, column: &Column, what: &str) -> Result<()> {
    let reads = |generated: &&Column| {
        generated.generated.as_deref().is_some_and(|text| names_column(text, &column.name))
    };
    match table.columns.iter().find(reads) {
        Some(generated) => Err(Error::analysis(format!(
            "column '{}' cannot be {what}: generated column '{}' refers to it",
            column.name, generated.name
        ))),
        None => Ok(()),
    }
}

/// Rows of a rollup are made of its table's: what they are made of stays.
fn refuse_rollup(table: &TableDefinition, column: &Column, what: &str) -> Result<()> {
    if let Some(rollup) = table.rollups.iter().find(|rollup| rollup.reads(column.field_id)) {
        return Err(Error::analysis(format!(
            "column '{}' cannot be {what}: rollup '{}' is made of it; drop the rollup first",
            column.name, rollup.name
        )));
    }
    refuse_expression(table, column, what)
}

fn refuse_expression(table: &TableDefinition, column: &Column, what: &str) -> Result<()> {
    let names =
        |rollup: &&RollupDefinition| rollup.expressions().any(|text| names_column(text, &column.name));
    match table.rollups.iter().find(names) {
        Some(rollup) => Err(Error::analysis(format!(
            "column '{}' cannot be {what}: materialized view '{}' refers to it; drop the view first",
            column.name, rollup.name
        ))),
        None => Ok(()),
    }
}

/// Whether an expression names a column; one that cannot be read may name any.
fn names_column(text: &str, name: &ColumnName) -> bool {
    let Ok(parsed) = parse_expression(text) else { return true };
    visit_expressions(parsed.expr.as_ref(), |part| {
        let named = match part {
            Expr::Identifier(ident) => Some(ident),
            Expr::CompoundIdentifier(parts) => parts.last(),
            _ => None,
        };
        if named.is_some_and(|ident| name.matches(&ident.value)) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
    .is_break()
}

fn replace_in_bloom_filters(table: &mut TableDefinition, name: &ColumnName, to: Option<&ColumnName>) {
    let Some(text) = table.properties.get("bloom_filter_columns") else { return };
    let names = text.split(',').map(str::trim).filter_map(|given| match to {
        _ if !name.matches(given) => Some(given.to_owned()),
        to => to.map(ToString::to_string),
    });
    let text = names.collect::<Vec<_>>().join(",");
    if text.is_empty() {
        table.properties.remove("bloom_filter_columns");
    } else {
        table.properties.insert("bloom_filter_columns".to_owned(), text);
    }
}

/// A constraint of a column that is dropped is gone whole: without the column it would say something else.
fn replace_in_constraints(table: &mut TableDefinition, name: &ColumnName, to: Option<&ColumnName>) {
    let Some(text) = table.properties.get("unique_constraints") else { return };
    // A column may stand behind the names of its catalog, database and table.
    let split = |given: &str| match given.rsplit_once('.') {
        Some((before, column)) => (format!("{before}."), column.to_owned()),
        None => (String::new(), given.to_owned()),
    };
    let constraint = |given: &str| {
        let columns = given.split(',').map(str::trim).filter(|column| !column.is_empty()).map(|given| {
            let (before, column) = split(given);
            if name.matches(&column) { to.map(|to| format!("{before}{to}")) } else { Some(given.to_owned()) }
        });
        columns.collect::<Option<Vec<_>>>().filter(|columns| !columns.is_empty())
    };
    let constraints: Vec<_> =
        text.split(';').filter_map(constraint).map(|columns| columns.join(", ")).collect();
    if constraints.is_empty() {
        table.properties.remove("unique_constraints");
    } else {
        table.properties.insert("unique_constraints".to_owned(), constraints.join("; "));
    }
}

fn rename(table: &mut TableDefinition, from: &Ident, to: &Ident) -> Result<()> {
    let at = find(table, from)?;
    let name = analysed(ColumnName::parse(&to.value))?;
    if table.columns.iter().enumerate().any(|(other, column)| other != at && column.name == name) {
        return Err(Error::analysis(format!("Column name[{name}] is already used")));
    }
    refuse_generated(table, &table.columns[at], "renamed")?;
    refuse_expression(table, &table.columns[at], "renamed")?;
    let id = table.columns[at].field_id;
    let old = std::mem::replace(&mut table.columns[at].name, name.clone());
    // A copy in a rollup goes by the name of what it is a copy of.
    for copy in table.rollups.iter_mut().flat_map(|rollup| &mut rollup.columns) {
        if copy.source == RollupSource::Column(id) && copy.column.name == old {
            copy.column.name = name.clone();
        }
    }
    replace_in_bloom_filters(table, &old, Some(&name));
    replace_in_constraints(table, &old, Some(&name));
    Ok(())
}

fn modify(
    table: &mut TableDefinition,
    clause: &ColumnClause,
    position: Option<&ColumnPosition>,
) -> Result<()> {
    let at = find(table, &clause.name)?;
    let old = table.columns[at].clone();
    let is_key = at < table.key_columns;
    if clause.data_type.is_none() && clause.value.is_none() && clause.nullable.is_none() && position.is_none()
    {
        table.columns[at].comment.clone_from(&clause.comment);
        return Ok(());
    }
    let mut new =
        column_of(old.field_id.get(), clause).map_err(|e| e.about(format_args!("column '{}'", old.name)))?;
    new.aggregation = old.aggregation;
    widen_sum(&mut new);
    let refused =
        |why: String| Err(Error::analysis(format!("column '{}' cannot be modified: {why}", old.name)));
    if old.generated.is_some() || new.generated.is_some() {
        return refused("generated columns are computed when rows are loaded".to_owned());
    }
    if old.auto_increment != new.auto_increment {
        return refused("AUTO_INCREMENT is chosen when a table is made".to_owned());
    }
    if clause.key && !is_key {
        return refused("Can not change a value column into a key column".to_owned());
    }
    let aggregation = clause.aggregation.as_ref().map(ToString::to_string);
    if aggregation
        .is_some_and(|word| old.aggregation.map(cairn_format::Aggregation::as_sql) != Some(word.as_str()))
    {
        return refused("Can not change aggregation type".to_owned());
    }
    if old.nullable && !new.nullable {
        return refused("Can not change from nullable to non-nullable".to_owned());
    }
    if old.column_type != new.column_type || old.nullable != new.nullable {
        refuse_rollup(table, &old, "modified")?;
    }
    if old.column_type != new.column_type {
        refuse_placing(table, old.field_id, "be modified")?;
        refuse_generated(table, &old, "modified")?;
        if !old.column_type.widens_to(&new.column_type) {
            return refused(format!(
                "Can not change {} to {}: the files would have to be written anew; make a new table and INSERT … SELECT",
                old.column_type, new.column_type
            ));
        }
    }
    // A primary key stays NOT NULL without saying so.
    let nullable = new.nullable && !(is_key && table.key_model == KeyModel::Primary);
    let initial = widened_initial(&old, &new)?;
    let comment = new.comment.or_else(|| old.comment.clone());
    let default = if clause.value == Some(ColumnValue::AutoIncrement) { None } else { new.default };
    let column = Column { column_type: new.column_type, nullable, default, initial, comment, ..old };
    if position.is_none() {
        table.columns[at] = column;
        return Ok(());
    }
    if is_key && table.key_model != KeyModel::Duplicate {
        return Err(Error::analysis(format!(
            "column '{}' cannot be moved: the key of a {} table keeps its order",
            column.name,
            table.key_model.as_sql()
        )));
    }
    table.columns.remove(at);
    table.key_columns -= usize::from(is_key);
    place(table, column, is_key, position, at)
}

/// What files that lack the column hold, as text of its new type.
fn widened_initial(old: &Column, new: &Column) -> Result<Option<String>> {
    if old.initial.is_none() || old.column_type == new.column_type {
        return Ok(old.initial.clone());
    }
    let value = analysed(old.initial_value())?.widened(&old.column_type, &new.column_type);
    let text = value.and_then(|value| value.to_text(&new.column_type));
    text.map(Some).ok_or_else(|| {
        Error::analysis(format!(
            "column '{}' cannot be modified: what it holds in older rows is no {}",
            old.name, new.column_type
        ))
    })
}

/// All columns in another order, or, of some, the sort key.
fn reorder(table: &mut TableDefinition, names: &[Ident]) -> Result<()> {
    let mut places = Vec::with_capacity(names.len());
    for name in names {
        let at = find(table, name)?;
        if places.contains(&at) {
            return Err(Error::analysis(format!("Reduplicative column[{}]", name.value)));
        }
        places.push(at);
    }
    if places.len() < table.columns.len() {
        if !matches!(table.key_model, KeyModel::Duplicate | KeyModel::Primary) {
            return Err(Error::analysis(format!(
                "Reorder stmt should contains all columns of table '{}'",
                table.name
            )));
        }
        return change_sort_key(table, names);
    }
    let keys = places.iter().take(table.key_columns);
    if keys.clone().any(|at| *at >= table.key_columns) {
        return Err(Error::analysis("Invalid column order. value should be after key"));
    }
    if table.key_model != KeyModel::Duplicate && !keys.is_sorted() {
        return Err(Error::analysis(format!(
            "the key of a {} table keeps its order",
            table.key_model.as_sql()
        )));
    }
    table.columns = places.into_iter().map(|at| table.columns[at].clone()).collect();
    Ok(())
}
