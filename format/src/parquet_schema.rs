//! The Parquet schema of a table's data files, where it says more than the Arrow schema can.

use std::sync::Arc;

use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{ConvertedType, LogicalType, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};

use crate::error::{Error, Result};
use crate::parquet_profile::writer_properties;
use crate::schema::{ColumnType, TableDefinition};

/// How the data files of a table are written: with its [properties](writer_properties), and documents marked as such.
///
/// # Errors
///
/// As [`writer_properties`].
pub fn writer_options(table: &TableDefinition) -> Result<ArrowWriterOptions> {
    let options = ArrowWriterOptions::new().with_properties(writer_properties(table)?);
    if table.columns.iter().all(|column| column.column_type != ColumnType::Json) {
        return Ok(options);
    }
    let schema = with_documents(table).map_err(|e| {
        Error::invalid(format!("table '{}' has no Parquet schema", table.name)).with_source(e)
    })?;
    Ok(options.with_parquet_schema(schema))
}

fn with_documents(table: &TableDefinition) -> std::result::Result<SchemaDescriptor, ParquetError> {
    let schema = ArrowSchemaConverter::new().convert(&table.arrow_schema())?;
    let root = schema.root_schema();
    let fields = root.get_fields().iter().zip(&table.columns).map(|(field, column)| {
        if column.column_type == ColumnType::Json { document(field) } else { Ok(TypePtr::clone(field)) }
    });
    let fields = fields.collect::<std::result::Result<Vec<_>, _>>()?;
    let root = Type::group_type_builder(root.name()).with_fields(fields).build()?;
    Ok(SchemaDescriptor::new(Arc::new(root)))
}

/// The column as one of JSON documents.
fn document(text: &TypePtr) -> std::result::Result<TypePtr, ParquetError> {
    let info = text.get_basic_info();
    let made = Type::primitive_type_builder(text.name(), PhysicalType::BYTE_ARRAY)
        .with_repetition(info.repetition())
        .with_logical_type(Some(LogicalType::Json))
        .with_converted_type(ConvertedType::JSON)
        .with_id(info.has_id().then(|| info.id()))
        .build()?;
    Ok(Arc::new(made))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{ColumnName, TableName};
    use crate::schema::{Column, Distribution, FieldId, KeyModel, Partitioning};

    #[test]
    fn the_sort_order_counts_what_is_inside_of_nested_columns() {
        let types = ["int", "struct<x int, y map<int,array<date>>>", "int"];
        let column = |(id, column_type): (i32, &str)| {
            let name = ColumnName::parse(&format!("c{id}")).unwrap();
            Column::new(FieldId::try_new(id).unwrap(), name, ColumnType::parse(column_type).unwrap())
        };
        let table = TableDefinition {
            name: TableName::parse("t").unwrap(),
            columns: (1..).zip(types).map(column).collect(),
            key_model: KeyModel::Duplicate,
            key_columns: 1,
            automatic_buckets: false,
            sort_key: Some(vec![FieldId::try_new(3).unwrap(), FieldId::try_new(1).unwrap()]),
            partitioning: Partitioning::Unpartitioned,
            distribution: Distribution::Random { buckets: 1 },
            comment: None,
            indexes: Vec::new(),
            rollups: Vec::new(),
            materialized_view: None,
            properties: std::collections::BTreeMap::new(),
            next_field_id: 4,
        };
        table.check().unwrap();
        let properties = writer_properties(&table).unwrap();
        let sorting: Vec<i32> =
            properties.sorting_columns().unwrap().iter().map(|by| by.column_idx).collect();
        assert_eq!(sorting, [4, 0]);
    }
}
