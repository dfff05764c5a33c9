//! DELETE and UPDATE: which rows, and what they become.

use std::collections::HashSet;
use std::sync::Arc;

use cairn_engine::Table;
use cairn_format::{Column, ColumnType, KeyModel, PartitionName, TableDefinition};
use sqlparser::ast::{BinaryOperator, Expr, Query, SelectItem, SetExpr, UnaryOperator};
use sqlparser::dialect::MySqlDialect;
use sqlparser::parser::Parser;

use super::insert::{Insert, RowHandling, operation_column};
use super::names::{Scope, TablePath, partitions};
use crate::ast::{DeleteStatement, ExprText, QueryText, UpdateStatement};
use crate::error::{Error, ErrorKind, Result};
use crate::query::{POSITION_COLUMN, SEGMENT_COLUMN};

/// A DELETE whose rows a query names.
#[derive(Debug)]
pub(crate) struct Delete {
    pub(crate) path: TablePath,
    pub(crate) only: Option<Vec<PartitionName>>,
    /// The segment and the position of each row.
    pub(crate) query: Box<Query>,
}

pub(super) fn delete(statement: &DeleteStatement, scope: &Scope<'_>) -> Result<Delete> {
    let path = scope.table_path(&statement.table)?;
    let table = scope.table(&path)?;
    let only = statement.partitions.as_ref().map(|choice| partitions(table, choice)).transpose()?;
    if table.definition.key_model == KeyModel::Primary {
        if only.is_some() {
            return Err(Error::analysis("Delete for primary key table do not support specifying partitions"));
        }
    } else {
        check_simple(&statement.selection.expr, &table.definition)?;
    }
    let columns = [SEGMENT_COLUMN, POSITION_COLUMN].map(str::to_owned);
    let query = query_of(&path, columns.into_iter().map(Item::Column), &statement.selection)?;
    Ok(Delete { path, only, query })
}

/// StarRocks' conditions for tables without a primary key: comparisons of columns with constants, joined by AND.
fn check_simple(expr: &Expr, table: &TableDefinition) -> Result<()> {
    let refused = |expr: &Expr| {
        Err(Error::analysis(format!(
            "DELETE from a {} table takes column op constant, IN, BETWEEN and IS NULL, joined by AND, not {expr}",
            table.key_model.as_sql()
        )))
    };
    match expr {
        Expr::Nested(inner) => check_simple(inner, table),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            check_simple(left, table)?;
            check_simple(right, table)
        }
        Expr::BinaryOp { left, op, right } => match op {
            BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
                if is_constant(right) =>
            {
                check_column(left, table)?.map_or_else(|| refused(expr), Ok)
            }
            _ => refused(expr),
        },
        Expr::InList { expr: column, list, .. } if list.iter().all(is_constant) => {
            check_column(column, table)?.map_or_else(|| refused(expr), Ok)
        }
        Expr::Between { expr: column, low, high, negated: false }
            if is_constant(low) && is_constant(high) =>
        {
            check_column(column, table)?.map_or_else(|| refused(expr), Ok)
        }
        Expr::IsNull(column) | Expr::IsNotNull(column) => {
            check_column(column, table)?.map_or_else(|| refused(expr), Ok)
        }
        _ => refused(expr),
    }
}

/// `None` when the expression is no column.
fn check_column(expr: &Expr, table: &TableDefinition) -> Result<Option<()>> {
    let name = match expr {
        Expr::Identifier(name) => name,
        Expr::CompoundIdentifier(parts) => match parts.last() {
            Some(name) => name,
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    let Some(position) = table.columns.iter().position(|column| column.name.matches(&name.value)) else {
        return Err(unknown_column(&name.value, table));
    };
    let column = &table.columns[position];
    let is_value = position >= table.key_columns && table.key_model != KeyModel::Duplicate;
    if is_value || matches!(column.column_type, ColumnType::Float | ColumnType::Double) {
        return Err(Error::analysis(format!(
            "Column[{}] is not key column or storage model is not duplicate or column type is float or double.",
            column.name
        )));
    }
    Ok(Some(()))
}

fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) | Expr::TypedString(_) => true,
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => is_constant(inner),
        Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr } => is_constant(expr),
        _ => false,
    }
}

/// An UPDATE is a load of the rows as they become.
pub(super) fn update<'s>(statement: &UpdateStatement, scope: &Scope<'_>) -> Result<Insert<'s>> {
    let path = scope.table_path(&statement.table)?;
    let table = Arc::clone(scope.table(&path)?);
    let definition = &table.definition;
    if definition.key_model != KeyModel::Primary {
        return Err(Error::analysis(format!(
            "only support updating primary key table: '{}' is a {} table",
            path.table,
            definition.key_model.as_sql()
        )));
    }
    let mut values: Vec<Option<&ExprText>> = vec![None; definition.columns.len()];
    let mut seen = HashSet::new();
    for (name, value) in &statement.assignments {
        let position = definition.columns.iter().position(|column| column.name.matches(&name.value));
        let position = position.ok_or_else(|| unknown_column(&name.value, definition))?;
        check_assigned(&definition.columns[position], position < definition.key_columns)?;
        if !seen.insert(position) {
            return Err(Error::analysis(format!("column '{}' is assigned twice", name.value)));
        }
        values[position] = Some(value);
    }
    let targets: Vec<usize> = (0..definition.columns.len())
        .filter(|position| definition.columns[*position].generated.is_none())
        .collect();
    let items = targets.iter().map(|position| match values[*position] {
        Some(value) => Item::Value(value),
        None => Item::Column(definition.columns[*position].name.to_string()),
    });
    let query = query_of(&path, items, &statement.selection)?;
    let text = QueryText { text: query.to_string(), query };
    let handling = RowHandling { locks_table: true, ..RowHandling::default() };
    Ok(Insert::of_query(path, table, targets, text, handling, operation_column()?))
}

fn check_assigned(column: &Column, is_key: bool) -> Result<()> {
    if is_key {
        return Err(Error::analysis(format!("primary key column cannot be updated: {}", column.name)));
    }
    if column.generated.is_some() {
        return Err(Error::analysis(format!("Generated column '{}' can not be specified", column.name)));
    }
    Ok(())
}

fn unknown_column(name: &str, table: &TableDefinition) -> Error {
    Error::analysis(format!(
        "unknown column '{name}' in table '{}'; DESC {} lists its columns",
        table.name, table.name
    ))
}

enum Item<'a> {
    Column(String),
    Value(&'a ExprText),
}

/// `SELECT items FROM table WHERE selection`
fn query_of<'a>(
    path: &TablePath,
    items: impl Iterator<Item = Item<'a>>,
    selection: &ExprText,
) -> Result<Box<Query>> {
    let quoted = |name: &str| format!("`{}`", name.replace('`', "``"));
    let failed = || Error::new(ErrorKind::Internal, "the rows of a statement cannot be asked for");
    let text = format!("SELECT 1 FROM {}.{}", quoted(path.database.as_str()), quoted(path.table.as_str()));
    let parser = Parser::new(&MySqlDialect {}).try_with_sql(&text);
    let mut query =
        parser.and_then(|mut parser| parser.parse_query()).map_err(|e| failed().with_source(e))?;
    let SetExpr::Select(select) = query.body.as_mut() else { return Err(failed()) };
    let alias = |number: usize| sqlparser::ast::Ident::with_quote('`', format!("v{number}"));
    let items = items.enumerate().map(|(number, item)| SelectItem::ExprWithAlias {
        expr: match item {
            Item::Column(name) => Expr::Identifier(sqlparser::ast::Ident::with_quote('`', name)),
            Item::Value(value) => value.expr.as_ref().clone(),
        },
        alias: alias(number),
    });
    select.projection = items.collect();
    select.selection = Some(selection.expr.as_ref().clone());
    Ok(query)
}

impl Delete {
    /// The segments that it may delete from; `None` for all.
    pub(crate) fn wanted(&self, table: &Table) -> Option<HashSet<cairn_engine::SegmentId>> {
        let only = self.only.as_ref()?;
        let partitions =
            table.partitions.iter().filter(|partition| only.contains(&partition.definition.name));
        Some(partitions.flat_map(|partition| partition.segments()).map(|segment| segment.id).collect())
    }
}
