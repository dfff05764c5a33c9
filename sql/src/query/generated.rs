//! Generated columns: values that are computed of a row's other values while it is loaded.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use cairn_format::TableDefinition;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::TreeNode;
use datafusion::execution::SessionState;
use datafusion::logical_expr::Volatility;
use datafusion::physical_plan::PhysicalExpr;
use datafusion::prelude::Expr;
use sqlparser::ast::ExprWithAlias;

use super::QueryEngine;
use super::error::{Sources, analysis_error, run_error};
use super::rewrite::rewrite_expression;
use super::stack::on_large_stack;
use crate::error::{Error, Result};
use crate::parser::parse_expression;

/// The generated columns of a table, ready to be computed.
pub(crate) struct GeneratedColumns(Vec<GeneratedColumn>);

struct GeneratedColumn {
    position: usize,
    data_type: DataType,
    expression: Arc<dyn PhysicalExpr>,
}

impl QueryEngine {
    /// Plans the expressions of the table's generated columns.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Analysis`](crate::ErrorKind::Analysis) when one of them breaks a rule.
    pub(crate) fn generated_columns(&self, table: &TableDefinition) -> Result<GeneratedColumns> {
        let generated = (0..).zip(&table.columns);
        let generated = generated.filter_map(|(at, column)| Some((at, column, column.generated.as_deref()?)));
        let planned = generated.map(|(position, column, text)| {
            let planned = on_large_stack(|| plan_expression(&self.base, table, text));
            let (data_type, expression) =
                planned.map_err(|e| e.about(format_args!("generated column '{}'", column.name)))?;
            Ok(GeneratedColumn { position, data_type, expression })
        });
        planned.collect::<Result<_>>().map(GeneratedColumns)
    }
}

/// Plans an expression over the columns of a table that is kept with its definition.
pub(super) fn plan_expression(
    state: &SessionState,
    table: &TableDefinition,
    text: &str,
) -> Result<(DataType, Arc<dyn PhysicalExpr>)> {
    let parsed = parse_expression(text).map_err(|e| Error::analysis(e.to_string()))?;
    let names = table.columns.iter().map(|column| column.name.as_str());
    let expr = ExprWithAlias { expr: rewrite_expression(&parsed.expr, names), alias: None };
    let schema = DFSchema::try_from(table.arrow_schema()).map_err(analysis_error)?;
    let planned = state.create_logical_expr_from_sql_expr(expr, &schema).map_err(analysis_error)?;
    check(table, &planned)?;
    let physical = state.create_physical_expr(planned, &schema).map_err(analysis_error)?;
    let data_type = physical.data_type(schema.as_arrow()).map_err(analysis_error)?;
    Ok((data_type, physical))
}

/// StarRocks' rules for what an expression may be made of.
fn check(table: &TableDefinition, expr: &Expr) -> Result<()> {
    let refused = |message: &str| Err(Error::analysis(message));
    let has = |test: fn(&Expr) -> bool| expr.exists(|part| Ok(test(part))).unwrap_or(true);
    if has(|part| matches!(part, Expr::AggregateFunction(_) | Expr::WindowFunction(_))) {
        return refused("Generated Column don't support aggregation function");
    }
    if has(|part| matches!(part, Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_))) {
        return refused("Generated Column don't support subquery");
    }
    if has(is_changing) {
        return refused("its expression gives other values at other times, so it cannot be stored");
    }
    for name in expr.column_refs() {
        let Some(column) = table.column(&name.name) else { continue };
        if column.generated.is_some() {
            return refused("Expression can not refers to other generated columns");
        }
        if column.auto_increment {
            return refused("Expression can not refers to AUTO_INCREMENT columns");
        }
    }
    Ok(())
}

fn is_changing(part: &Expr) -> bool {
    matches!(part, Expr::ScalarFunction(call) if call.func.signature().volatility != Volatility::Immutable)
}

impl GeneratedColumns {
    /// The types of the expressions, each with the place of its column.
    pub(crate) fn types(&self) -> impl Iterator<Item = (usize, &DataType)> {
        self.0.iter().map(|column| (column.position, &column.data_type))
    }

    /// Computes the columns of rows, in which they may hold anything. Each comes with its place.
    pub(crate) fn compute(&self, rows: &RecordBatch) -> Result<Vec<(usize, ArrayRef)>> {
        let one = |column: &GeneratedColumn| {
            let values = column.expression.evaluate(rows);
            let array = values.and_then(|values| values.into_array(rows.num_rows()));
            let sources = Sources::new([]);
            Ok((column.position, array.map_err(|error| run_error(error, &sources))?))
        };
        self.0.iter().map(one).collect()
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
