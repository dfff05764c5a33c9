//! The conditions of SHOW statements.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray, UInt64Array};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::TreeNode;
use datafusion::datasource::MemTable;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{LogicalPlanBuilder, SortExpr};
use datafusion::physical_plan::collect;
use datafusion::prelude::{Expr, ident};
use sqlparser::ast::{Expr as SqlExpr, ExprWithAlias, OrderByExpr, Value, visit_expressions};
use std::ops::ControlFlow;

use super::QueryEngine;
use super::error::{Sources, analysis_error, run_error};
use super::rewrite::rewrite_expression;
use super::stack::on_large_stack;
use crate::ast::ShowPredicates;
use crate::error::{Error, ErrorKind, Result};
use crate::show::{Kind, Listing};

/// The column that says which row of the listing it is.
const PLACE: &str = "__place";

impl QueryEngine {
    /// What conditions, order and limit leave of a listing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Analysis`] when they do not fit its columns.
    pub(crate) fn choose(&self, listing: Listing, predicates: &ShowPredicates) -> Result<Listing> {
        let listing = match &predicates.like {
            Some(pattern) => listing.like(pattern),
            None => listing,
        };
        if predicates.filter.is_none() && predicates.order_by.is_empty() && predicates.limit.is_none() {
            return Ok(listing);
        }
        let places = on_large_stack(|| self.places(&listing, predicates))?;
        Ok(listing.chosen(&places))
    }

    fn places(&self, listing: &Listing, predicates: &ShowPredicates) -> Result<Vec<usize>> {
        let mut state = self.base.as_ref().clone();
        state.mark_start_execution();
        let batch = batch(listing)?;
        let rows = MemTable::try_new(batch.schema(), vec![vec![batch]]).map_err(analysis_error)?;
        let mut plan = LogicalPlanBuilder::scan("shown", provider_as_source(Arc::new(rows)), None)
            .map_err(analysis_error)?;
        let schema = Arc::clone(plan.schema());
        if let Some(filter) = &predicates.filter {
            plan = plan.filter(planned(&state, &schema, listing, &filter.expr)?).map_err(analysis_error)?;
        }
        let mut order = Vec::with_capacity(predicates.order_by.len() + 1);
        for (item, _) in &predicates.order_by {
            order.push(sort(&state, &schema, listing, item)?);
        }
        // What is equal stays in its order.
        order.push(ident(PLACE).sort(true, true));
        plan = plan.sort(order).map_err(analysis_error)?;
        if let Some((offset, count)) = predicates.limit {
            let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            plan = plan.limit(number(offset), Some(number(count))).map_err(analysis_error)?;
        }
        let plan =
            plan.project([ident(PLACE)]).and_then(LogicalPlanBuilder::build).map_err(analysis_error)?;
        let plan = state.optimize(&plan).map_err(analysis_error)?;
        let run = async {
            let physical = state.query_planner().create_physical_plan(&plan, &state).await?;
            let schema = physical.schema();
            let batches = collect(physical, state.task_ctx()).await?;
            Ok(concat_batches(&schema, &batches)?)
        };
        let chosen = self.handle.block_on(run).map_err(|error| run_error(error, &Sources::new([])))?;
        let places = chosen.column(0).as_any().downcast_ref::<UInt64Array>();
        let places =
            places.ok_or_else(|| Error::new(ErrorKind::Internal, "the rows of a SHOW have no places"))?;
        Ok(places.values().iter().filter_map(|place| usize::try_from(*place).ok()).collect())
    }
}

fn sort(state: &SessionState, schema: &DFSchema, listing: &Listing, item: &OrderByExpr) -> Result<SortExpr> {
    if item.with_fill.is_some() {
        return Err(Error::not_supported("WITH FILL"));
    }
    let ascending = item.options.asc.unwrap_or(true);
    let expr = match ordinal(&item.expr) {
        Some(number) => {
            let column = number.checked_sub(1).and_then(|place| listing.columns.get(place));
            let column = column.ok_or_else(|| {
                Error::analysis(format!("ORDER BY {number}: there are {} columns", listing.columns.len()))
            })?;
            ident(column.name.as_str())
        }
        None => planned(state, schema, listing, &item.expr)?,
    };
    Ok(expr.sort(ascending, item.options.nulls_first.unwrap_or(ascending)))
}

/// The number that stands for a column.
fn ordinal(expr: &SqlExpr) -> Option<usize> {
    match expr {
        SqlExpr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

fn planned(state: &SessionState, schema: &DFSchema, listing: &Listing, expr: &SqlExpr) -> Result<Expr> {
    let names = || listing.columns.iter().map(|column| column.name.as_str());
    let unknown = visit_expressions(expr, |part| match part {
        SqlExpr::Identifier(name)
            if names().all(|column| column.to_lowercase() != name.value.to_lowercase()) =>
        {
            ControlFlow::Break(name.value.clone())
        }
        _ => ControlFlow::Continue(()),
    });
    if let ControlFlow::Break(name) = unknown {
        let known = names().collect::<Vec<_>>().join(", ");
        return Err(Error::analysis(format!("unknown column '{name}'; the columns are {known}")));
    }
    let expr = ExprWithAlias { expr: rewrite_expression(expr, names()), alias: None };
    let planned = state.create_logical_expr_from_sql_expr(expr, schema).map_err(analysis_error)?;
    let is_refused = |part: &Expr| {
        matches!(
            part,
            Expr::AggregateFunction(_)
                | Expr::WindowFunction(_)
                | Expr::ScalarSubquery(_)
                | Expr::InSubquery(_)
                | Expr::Exists(_)
        )
    };
    if planned.exists(|part| Ok(is_refused(part))).unwrap_or(true) {
        return Err(Error::analysis("its conditions take no aggregates and no queries"));
    }
    Ok(planned)
}

/// The rows with values of their kinds, and their places.
fn batch(listing: &Listing) -> Result<RecordBatch> {
    let mut fields = Vec::with_capacity(listing.columns.len() + 1);
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(listing.columns.len() + 1);
    for (place, column) in listing.columns.iter().enumerate() {
        let values = listing.rows.iter().map(|row| row.get(place).and_then(Option::as_deref));
        let (data_type, array): (_, ArrayRef) = match column.kind {
            Kind::Text => (DataType::Utf8, Arc::new(values.collect::<StringArray>())),
            Kind::Number | Kind::Bytes => {
                let numbers = values.map(|value| value?.parse::<i64>().ok());
                (DataType::Int64, Arc::new(numbers.collect::<Int64Array>()))
            }
        };
        fields.push(Field::new(column.name.as_str(), data_type, true));
        arrays.push(array);
    }
    fields.push(Field::new(PLACE, DataType::UInt64, false));
    arrays.push(Arc::new((0u64..).take(listing.rows.len()).collect::<UInt64Array>()));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
        .map_err(|e| Error::new(ErrorKind::Internal, "cannot make the rows of a SHOW").with_source(e))
}
