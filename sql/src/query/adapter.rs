//! Files whose columns are not the table's of today: columns are found by field id, cast where their type has been
//! widened, and constant where the file is older than they are.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{Field, SchemaRef};
use cairn_format::TableDefinition;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::parquet::arrow::PARQUET_FIELD_ID_META_KEY;
use datafusion::physical_expr::expressions::{CastExpr, Column, lit};
use datafusion::physical_expr_adapter::{PhysicalExprAdapter, PhysicalExprAdapterFactory};
use datafusion::physical_plan::PhysicalExpr;

/// Adapts expressions over a table to its files.
#[derive(Debug)]
pub(super) struct FileAdapters {
    /// What the table's columns hold where a file lacks them, by field id.
    initial: Arc<HashMap<String, ScalarValue>>,
}

impl FileAdapters {
    pub(super) fn try_new(table: &TableDefinition) -> Result<Self> {
        let one = |column: &cairn_format::Column| {
            let value = column.initial_value().and_then(|value| value.to_array(&column.column_type, 1));
            let array = value.map_err(|e| datafusion::error::DataFusionError::External(Box::new(e)))?;
            Ok((column.field_id.to_string(), ScalarValue::try_from_array(&array, 0)?))
        };
        let initial = table.columns.iter().map(one).collect::<Result<_>>()?;
        Ok(Self { initial: Arc::new(initial) })
    }
}

impl PhysicalExprAdapterFactory for FileAdapters {
    fn create(&self, table: SchemaRef, file: SchemaRef) -> Result<Arc<dyn PhysicalExprAdapter>> {
        Ok(Arc::new(FileAdapter { table, file, initial: Arc::clone(&self.initial) }))
    }
}

#[derive(Debug)]
struct FileAdapter {
    table: SchemaRef,
    file: SchemaRef,
    initial: Arc<HashMap<String, ScalarValue>>,
}

impl PhysicalExprAdapter for FileAdapter {
    fn rewrite(&self, expr: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        let column = |expr: Arc<dyn PhysicalExpr>| match expr.downcast_ref::<Column>() {
            Some(column) => Ok(Transformed::yes(self.column(column)?)),
            None => Ok(Transformed::no(expr)),
        };
        expr.transform_up(column).data()
    }
}

impl FileAdapter {
    fn column(&self, column: &Column) -> Result<Arc<dyn PhysicalExpr>> {
        let wanted = self.table.field_with_name(column.name()).ok();
        let Some((wanted, id)) = wanted.and_then(|field| Some((Arc::new(field.clone()), field_id(field)?)))
        else {
            // What the reader makes itself, such as positions of rows, is no column of the table.
            let at = self.file.index_of(column.name()).unwrap_or(column.index());
            return Ok(Arc::new(Column::new(column.name(), at)));
        };
        let found = self.file.fields().iter().position(|field| field_id(field) == Some(id));
        let Some(at) = found else {
            let initial = self.initial.get(id);
            return Ok(lit(match initial {
                Some(initial) => initial.clone(),
                None => ScalarValue::try_from(wanted.data_type())?,
            }));
        };
        let field = self.file.field(at);
        let own: Arc<dyn PhysicalExpr> = Arc::new(Column::new(field.name(), at));
        if field.data_type() == wanted.data_type() {
            return Ok(own);
        }
        Ok(Arc::new(CastExpr::new_with_target_field(own, wanted, None)))
    }
}

fn field_id(field: &Field) -> Option<&str> {
    field.metadata().get(PARQUET_FIELD_ID_META_KEY).map(String::as_str)
}
