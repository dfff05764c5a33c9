//! What understands the expressions that definitions hold as text.

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;
use cairn_format::{ColumnType, TableDefinition};

use crate::error::{Error, ErrorKind, Result};

/// Plans expressions. The store knows no SQL: whoever opens it hands one in.
pub trait ExpressionPlanner: Send + Sync {
    /// Plans an expression over the columns of `table`. Its values are those of a column of type `wanted`.
    ///
    /// # Errors
    ///
    /// When the text is no such expression.
    fn plan(
        &self,
        table: &TableDefinition,
        text: &str,
        wanted: &ColumnType,
    ) -> Result<Box<dyn RowExpression>>;
}

/// An expression that is ready to be computed.
pub trait RowExpression: Send + Sync {
    /// Its value for each row. The batch has the table's Arrow schema.
    ///
    /// # Errors
    ///
    /// When it has none for some row.
    fn compute(&self, rows: &RecordBatch) -> Result<ArrayRef>;
}

/// Understands nothing.
pub(crate) struct NoExpressions;

impl ExpressionPlanner for NoExpressions {
    fn plan(&self, table: &TableDefinition, text: &str, _: &ColumnType) -> Result<Box<dyn RowExpression>> {
        Err(Error::new(
            ErrorKind::Unsupported,
            format!("table '{}': this program does not understand the expression {text}", table.name),
        ))
    }
}
