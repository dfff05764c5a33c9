//! StarRocks' functions of sketches and documents. What they do with a sketch, `cairn_format` does.

mod bitmap;
mod hll;
mod json;
mod json_path;
mod percentile;
mod scalar;
mod union;

use std::sync::Arc;

use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

use scalar::ScalarFunction;

/// The builder with these functions and the operator `->` besides what it has.
pub(super) fn add(mut state: SessionStateBuilder) -> SessionStateBuilder {
    let functions = [bitmap::FUNCTIONS, hll::FUNCTIONS, percentile::FUNCTIONS, json::FUNCTIONS].concat();
    let functions = functions.into_iter().map(|body| Arc::new(ScalarUDF::from(ScalarFunction::new(body))));
    state.scalar_functions().get_or_insert_default().extend(functions);
    let unions = union::all().into_iter().map(|union| Arc::new(AggregateUDF::from(union)));
    state.aggregate_functions().get_or_insert_default().extend(unions);
    state.expr_planners().get_or_insert_default().insert(0, Arc::new(json::Arrow));
    state
}
