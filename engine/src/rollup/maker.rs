//! Making rows of a rollup of rows of its table.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::compute::{cast, filter_record_batch, is_not_null};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use cairn_format::{ColumnType, RollupDefinition, RollupId, RollupSource, TableDefinition};

use super::expression::{ExpressionPlanner, RowExpression};
use crate::error::{Error, Result};
use crate::keys::{MergeRule, UpsertOptions};

/// Makes the rows of one rollup.
pub(crate) struct RollupMaker {
    pub(crate) id: RollupId,
    /// What its rows are.
    pub(crate) definition: Arc<TableDefinition>,
    /// What becomes of those of equal key.
    pub(crate) rule: MergeRule,
    sources: Vec<Source>,
    filter: Option<Box<dyn RowExpression>>,
}

enum Source {
    Column(usize),
    NotNull(usize),
    Row,
    Expression(Box<dyn RowExpression>),
}

/// What makes the rollups of a table, each in turn.
pub(crate) fn makers(planner: &dyn ExpressionPlanner, table: &TableDefinition) -> Result<Arc<[RollupMaker]>> {
    table.rollups.iter().map(|rollup| RollupMaker::try_new(planner, table, rollup)).collect()
}

impl RollupMaker {
    pub(crate) fn try_new(
        planner: &dyn ExpressionPlanner,
        table: &TableDefinition,
        rollup: &RollupDefinition,
    ) -> Result<Self> {
        let place = |id| {
            table.position(id).ok_or_else(|| {
                Error::corrupt(format!(
                    "rollup '{}' is made of a column that table '{}' does not have",
                    rollup.name, table.name
                ))
            })
        };
        let sources = rollup.columns.iter().map(|column| {
            Ok(match &column.source {
                RollupSource::Column(id) => Source::Column(place(*id)?),
                RollupSource::NotNull(id) => Source::NotNull(place(*id)?),
                RollupSource::Row => Source::Row,
                RollupSource::Expression(text) => {
                    Source::Expression(planner.plan(table, text, &column.column.column_type)?)
                }
            })
        });
        let sources: Result<_> = sources.collect();
        let filter = rollup.filter.as_deref();
        let filter = filter.map(|text| planner.plan(table, text, &ColumnType::Boolean)).transpose();
        let definition = Arc::new(table.of_rollup(rollup));
        let about = |e: Error| e.about(format_args!("rollup '{}'", rollup.name));
        Ok(Self {
            id: rollup.id,
            rule: MergeRule::of(&definition, &UpsertOptions::default())?,
            definition,
            sources: sources.map_err(about)?,
            filter: filter.map_err(about)?,
        })
    }

    /// What it makes of rows of the table, not sorted and not merged yet.
    pub(crate) fn rows(&self, of: &RecordBatch) -> Result<RecordBatch> {
        let failed = |e| {
            Error::invalid(format!("rows of rollup '{}' cannot be made", self.definition.name)).with_source(e)
        };
        let about = |e: Error| e.about(format_args!("rollup '{}'", self.definition.name));
        let filtered = match &self.filter {
            None => of.clone(),
            Some(filter) => {
                let wanted = filter.compute(of).map_err(about)?;
                let wanted = wanted.as_boolean_opt().ok_or_else(|| {
                    Error::invalid(format!("the condition of rollup '{}' is not one", self.definition.name))
                })?;
                filter_record_batch(of, wanted).map_err(failed)?
            }
        };
        let schema = self.definition.arrow_schema();
        let one = |(source, field): (&Source, &arrow::datatypes::FieldRef)| -> Result<ArrayRef> {
            match source {
                Source::Column(at) => fit(filtered.column(*at), field.data_type()).map_err(failed),
                Source::NotNull(at) => {
                    let counted = is_not_null(filtered.column(*at)).map_err(failed)?;
                    cast(&counted, &DataType::Int64).map_err(failed)
                }
                Source::Row => Ok(Arc::new(Int64Array::from_value(1, filtered.num_rows()))),
                Source::Expression(expression) => {
                    let values = expression.compute(&filtered).map_err(about)?;
                    fit(&values, field.data_type()).map_err(failed)
                }
            }
        };
        let arrays = self.sources.iter().zip(schema.fields()).map(one).collect::<Result<Vec<_>>>()?;
        RecordBatch::try_new(schema, arrays).map_err(failed)
    }
}

fn fit(array: &ArrayRef, wanted: &DataType) -> std::result::Result<ArrayRef, arrow::error::ArrowError> {
    if array.data_type() == wanted { Ok(Arc::clone(array)) } else { cast(array, wanted) }
}
