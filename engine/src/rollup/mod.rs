//! Rollups: what tables keep of their rows beside them, made by every load.
//!
//! The rows of tablet *i* of a rollup follow from those of tablet *i* of its table. A load adds what its own rows make,
//! merged by the rollup's key; what takes rows away makes the tablet anew. Both happen in the commit that changes the table.

mod add;
mod build;
mod expression;
mod maker;

pub(crate) use add::add_rollups;
pub(crate) use build::{BaseFile, RollupBuild};
pub(crate) use expression::NoExpressions;
pub use expression::{ExpressionPlanner, RowExpression};
pub(crate) use maker::{RollupMaker, makers};
