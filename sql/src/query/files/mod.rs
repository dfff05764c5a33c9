//! `FILES("path" = …, "format" = …, …)`: files of this machine as a table.

mod csv;
mod infer;
mod options;
mod parquet;
mod paths;
mod records;
mod splitter;

use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;

use crate::error::Result;
use options::{FilesOptions, Format};

/// The files of one `FILES(…)`, found and looked into.
#[derive(Debug)]
pub(super) struct FilesTable {
    /// Those that DataFusion reads, whose errors name no file.
    parquet_paths: Vec<PathBuf>,
    provider: Arc<dyn TableProvider>,
}

impl FilesTable {
    /// Finds the files and reads what their columns are.
    pub(super) fn open(options: &[(String, String)]) -> Result<Self> {
        let options = FilesOptions::parse(options)?;
        let paths = paths::expand(&options.path)?;
        let provider: Arc<dyn TableProvider> = match &options.format {
            Format::Parquet => Arc::new(parquet::ParquetFiles::open(&paths)?),
            Format::Csv(format) => csv::open(&paths, format)?,
        };
        let parquet_paths = if matches!(options.format, Format::Parquet) { paths } else { Vec::new() };
        Ok(Self { parquet_paths, provider })
    }

    /// The Parquet files.
    pub(super) fn parquet_paths(&self) -> &[PathBuf] {
        &self.parquet_paths
    }

    pub(super) fn schema(&self) -> SchemaRef {
        self.provider.schema()
    }

    pub(super) fn provider(&self) -> Arc<dyn TableProvider> {
        Arc::clone(&self.provider)
    }
}
