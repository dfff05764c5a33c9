//! Expressions that definitions hold as text, for the store, which knows no SQL.

use std::sync::{Arc, LazyLock};

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, TimeUnit};
use arrow::record_batch::RecordBatch;
use cairn_engine::{ErrorKind as EngineErrorKind, ExpressionPlanner, RowExpression};
use cairn_format::{Column, ColumnName, ColumnType, FieldId, TableDefinition};
use datafusion::execution::SessionState;
use datafusion::physical_plan::PhysicalExpr;

use super::base_state;
use super::error::{Sources, run_error};
use super::generated::plan_expression;
use super::stack::on_large_stack;
use crate::error::{Error, Result};
use crate::execute::{can_cast, cast_column};

/// Functions and options; they need no tables.
static STATE: LazyLock<SessionState> = LazyLock::new(base_state);

/// What the store understands the expressions of definitions with.
pub fn expressions() -> Arc<dyn ExpressionPlanner> {
    Arc::new(SqlExpressions)
}

/// The type of a column that holds the values of an expression over the columns of `table`.
pub(crate) fn expression_type(table: &TableDefinition, text: &str) -> Result<ColumnType> {
    let (data_type, _) = on_large_stack(|| plan_expression(&STATE, table, text))
        .map_err(|e| e.about(format_args!("expression {text}")))?;
    column_type(&data_type).ok_or_else(|| {
        Error::analysis(format!("the expression {text} has values of type {data_type}, which no column has"))
    })
}

pub(super) fn column_type(data_type: &DataType) -> Option<ColumnType> {
    Some(match data_type {
        DataType::Boolean => ColumnType::Boolean,
        DataType::Int8 => ColumnType::TinyInt,
        DataType::Int16 | DataType::UInt8 => ColumnType::SmallInt,
        DataType::Int32 | DataType::UInt16 => ColumnType::Int,
        DataType::Int64 | DataType::UInt32 => ColumnType::BigInt,
        DataType::UInt64 | DataType::Decimal256(39, 0) => ColumnType::LargeInt,
        DataType::Float16 | DataType::Float32 => ColumnType::Float,
        DataType::Float64 => ColumnType::Double,
        DataType::Decimal128(precision, scale) => {
            ColumnType::Decimal { precision: *precision, scale: u8::try_from(*scale).ok()? }
        }
        DataType::Date32 => ColumnType::Date,
        DataType::Timestamp(
            TimeUnit::Second | TimeUnit::Millisecond | TimeUnit::Microsecond | TimeUnit::Nanosecond,
            None,
        ) => ColumnType::DateTime,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => ColumnType::String,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            ColumnType::Varbinary { length: None }
        }
        DataType::Dictionary(_, values) => return column_type(values),
        _ => return None,
    })
}

struct SqlExpressions;

struct SqlExpression {
    expression: Arc<dyn PhysicalExpr>,
    /// What its values are cast to.
    column: Column,
}

fn engine_error(error: &Error) -> cairn_engine::Error {
    cairn_engine::Error::new(EngineErrorKind::InvalidInput, error.to_string())
}

impl ExpressionPlanner for SqlExpressions {
    fn plan(
        &self,
        table: &TableDefinition,
        text: &str,
        wanted: &ColumnType,
    ) -> cairn_engine::Result<Box<dyn RowExpression>> {
        let planned = on_large_stack(|| plan_expression(&STATE, table, text));
        let (data_type, expression) = planned.map_err(|e| engine_error(&e))?;
        if !can_cast(&data_type, wanted) {
            return Err(engine_error(&Error::analysis(format!(
                "the expression {text} has values of type {data_type}, which are no {wanted}"
            ))));
        }
        let column = Column::new(FieldId::try_new(1)?, ColumnName::parse("value")?, wanted.clone());
        Ok(Box::new(SqlExpression { expression, column }))
    }
}

impl RowExpression for SqlExpression {
    fn compute(&self, rows: &RecordBatch) -> cairn_engine::Result<ArrayRef> {
        let values = self.expression.evaluate(rows);
        let array = values.and_then(|values| values.into_array(rows.num_rows()));
        let array = array.map_err(|e| engine_error(&run_error(e, &Sources::new([]))))?;
        cast_column(&self.column, &array, 0).map_err(|e| engine_error(&e))
    }
}
