//! Parquet files of the user.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Statistics;
use datafusion::common::stats::Precision;
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::datasource::physical_plan::{FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::TableProviderFilterPushDown;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::Expr;

use crate::error::{Error, Result};
use crate::query::tablets::{balanced, local_file};

/// The files as one table: the columns of all, null where a file has not got one.
#[derive(Debug)]
pub(super) struct ParquetFiles {
    schema: SchemaRef,
    files: Vec<PartitionedFile>,
    rows: Option<usize>,
}

impl ParquetFiles {
    pub(super) fn open(paths: &[PathBuf]) -> Result<Self> {
        let mut fields: Vec<Field> = Vec::new();
        let (mut files, mut rows) = (Vec::new(), Some(0_usize));
        for path in paths {
            let unreadable = |cause: String| {
                Error::analysis(format!("FILES: cannot read {} as Parquet: {cause}", path.display()))
            };
            let file = File::open(path).map_err(|e| unreadable(e.to_string()))?;
            let length = file.metadata().map_err(|e| unreadable(e.to_string()))?.len();
            let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
                .map_err(|e| unreadable(e.to_string()))?;
            add_fields(&mut fields, metadata.schema(), path)?;
            let count = usize::try_from(metadata.metadata().file_metadata().num_rows()).ok();
            rows = rows.zip(count).and_then(|(sum, count)| sum.checked_add(count));
            files.push(local_file(path, length).map_err(|e| unreadable(e.to_string()))?);
        }
        Ok(Self { schema: Arc::new(Schema::new(fields)), files, rows })
    }
}

fn add_fields(fields: &mut Vec<Field>, schema: &SchemaRef, path: &Path) -> Result<()> {
    for field in schema.fields() {
        match fields.iter().find(|known| known.name() == field.name()) {
            // A column that is missing in one file is null there, whatever the others say.
            None => fields.push(field.as_ref().clone().with_nullable(true)),
            Some(known) if known.data_type() == field.data_type() => {}
            Some(known) => {
                return Err(Error::analysis(format!(
                    "FILES: column '{}' of {} has type {}, and {} in the files before",
                    field.name(),
                    path.display(),
                    field.data_type(),
                    known.data_type()
                )));
            }
        }
    }
    Ok(())
}

#[async_trait]
impl TableProvider for ParquetFiles {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> datafusion::error::Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> datafusion::error::Result<Arc<dyn ExecutionPlan>> {
        let rows = self.rows.map_or(Precision::Absent, Precision::Exact);
        let statistics = Statistics::new_unknown(&self.schema).with_num_rows(rows);
        let source = Arc::new(ParquetSource::new(Arc::clone(&self.schema)));
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), source)
            .with_file_groups(balanced(self.files.clone(), state.config().target_partitions()))
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
