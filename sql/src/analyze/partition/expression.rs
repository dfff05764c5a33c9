//! Expressions of `PARTITION BY`, whose values make partitions while data is loaded.

use std::collections::BTreeMap;

use cairn_format::{Column, ColumnType, PartitionStep, Partitioning, StepUnit};
use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Value};

use crate::ast::{ExprText, PartitionExpression};
use crate::error::{Error, Result};

const FORMS: &str = "columns, date_trunc('unit', column) or time_slice(column, INTERVAL n unit)";

/// The partitioning by columns, by calls, or by both: one call alone makes ranges, all else lists.
pub(super) fn partitioning(expressions: &[PartitionExpression], columns: &[Column]) -> Result<Partitioning> {
    let (mut ids, mut steps) = (Vec::new(), BTreeMap::new());
    for expression in expressions {
        let id = match expression {
            PartitionExpression::Column(name) => {
                super::partition_columns(std::slice::from_ref(name), columns)?[0]
            }
            PartitionExpression::Expr(call) => {
                let (column, step) = stepped_column(call, columns)?;
                steps.insert(column.field_id, step);
                column.field_id
            }
        };
        if ids.contains(&id) {
            return Err(Error::analysis(format!("PARTITION BY {expression}: its column is named twice")));
        }
        ids.push(id);
    }
    match (ids.as_slice(), ids.first().and_then(|id| steps.get(id))) {
        ([id], Some(step)) => Ok(Partitioning::Range { columns: vec![*id], step: Some(*step) }),
        _ => Ok(Partitioning::List { columns: ids, automatic: true, steps }),
    }
}

/// The column of a call, and how wide its partitions are.
fn stepped_column<'c>(call: &ExprText, columns: &'c [Column]) -> Result<(&'c Column, PartitionStep)> {
    let other = || Error::not_supported(format_args!("PARTITION BY {call}: partitioning but by {FORMS}"));
    let Expr::Function(function) = call.expr.as_ref() else { return Err(other()) };
    let FunctionArguments::List(list) = &function.args else { return Err(other()) };
    let arguments: Option<Vec<&Expr>> = list
        .args
        .iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
            _ => None,
        })
        .collect();
    let arguments = arguments.ok_or_else(other)?;
    let (column, step) = match (function.name.to_string().to_ascii_lowercase().as_str(), arguments.as_slice())
    {
        ("date_trunc", [unit, column]) => {
            let unit = text(unit).and_then(StepUnit::parse).ok_or_else(other)?;
            (column, PartitionStep::Truncated(unit))
        }
        ("time_slice", [column, Expr::Interval(interval)]) => (column, slice(interval, call)?),
        ("time_slice", [column, Expr::Interval(interval), boundary])
            if name(boundary).or(text(boundary)).is_some_and(|word| word.eq_ignore_ascii_case("floor")) =>
        {
            (column, slice(interval, call)?)
        }
        _ => return Err(other()),
    };
    let name = name(column).ok_or_else(other)?;
    let column = columns.iter().find(|column| column.name.matches(name));
    let column = column
        .ok_or_else(|| Error::analysis(format!("partition column '{name}' does not exist in the table")))?;
    check_unit(column, step, call)?;
    Ok((column, step))
}

fn slice(interval: &sqlparser::ast::Interval, call: &ExprText) -> Result<PartitionStep> {
    let number = match interval.value.as_ref() {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse::<u32>().ok(),
            _ => None,
        },
        _ => None,
    };
    let unit = interval.leading_field.as_ref().and_then(|field| StepUnit::parse(&field.to_string()));
    match (number, unit) {
        (Some(count @ 1..), Some(unit)) => Ok(PartitionStep::Sliced { count, unit }),
        _ => Err(Error::analysis(format!(
            "PARTITION BY {call}: the interval is a whole number, at least 1, of a unit from MINUTE to YEAR"
        ))),
    }
}

/// StarRocks divides days and times in these units.
fn check_unit(column: &Column, step: PartitionStep, call: &ExprText) -> Result<()> {
    let (unit, is_slice) = match step {
        PartitionStep::Truncated(unit) => (unit, false),
        PartitionStep::Sliced { unit, .. } => (unit, true),
    };
    let is_whole_day = !matches!(unit, StepUnit::Minute | StepUnit::Hour);
    let is_known = is_slice || !matches!(unit, StepUnit::Week | StepUnit::Quarter);
    let fits = match &column.column_type {
        ColumnType::Date => is_known && is_whole_day,
        ColumnType::DateTime => is_known,
        other => {
            return Err(Error::analysis(format!(
                "PARTITION BY {call}: column '{}' of type {other} is no DATE or DATETIME",
                column.name
            )));
        }
    };
    if fits {
        return Ok(());
    }
    Err(Error::analysis(format!(
        "Unsupported automatic partition granularity: {unit} of column '{}'; use {}day, month or year",
        column.name,
        if column.column_type == ColumnType::DateTime { "minute, hour, " } else { "" }
    )))
}

fn name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Identifier(ident) => Some(&ident.value),
        _ => None,
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
