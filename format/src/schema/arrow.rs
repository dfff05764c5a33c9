//! The Arrow schema of a table, which decides its Parquet schema.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;

use super::column::Column;
use super::table::TableDefinition;

impl Column {
    /// The Arrow field of the column; its metadata carries the field id into Parquet files.
    pub fn arrow_field(&self) -> Field {
        let id = HashMap::from([(PARQUET_FIELD_ID_META_KEY.to_owned(), self.field_id.to_string())]);
        Field::new(self.name.as_str(), self.column_type.arrow_type(), self.nullable).with_metadata(id)
    }
}

impl TableDefinition {
    /// The Arrow schema of the table's rows and of its data files.
    pub fn arrow_schema(&self) -> SchemaRef {
        Arc::new(Schema::new(self.columns.iter().map(Column::arrow_field).collect::<Vec<_>>()))
    }
}
