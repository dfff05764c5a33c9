//! A running query.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatchOptions;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use cairn_engine::CatalogView;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use tokio::runtime::Handle;

use super::error::{Sources, run_error};
use super::output::OutputNames;
use crate::error::{Error, ErrorKind, Result};

/// The rows of a query, which runs while they are read.
pub(crate) struct QueryRows {
    stream: SendableRecordBatchStream,
    schema: SchemaRef,
    sources: Arc<Sources>,
    failed: bool,
    handle: Handle,
    /// Keeps the files of the query's tables.
    _view: Arc<CatalogView>,
}

impl QueryRows {
    pub(super) fn new(
        stream: SendableRecordBatchStream,
        names: &OutputNames,
        sources: Arc<Sources>,
        view: Arc<CatalogView>,
        handle: Handle,
    ) -> Self {
        let schema = names.apply(&stream.schema());
        Self { stream, schema, sources, failed: false, handle, _view: view }
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

impl Iterator for QueryRows {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        // After an error a plan's stream is in no state to be asked again.
        if self.failed {
            return None;
        }
        let next = self.handle.block_on(self.stream.next())?;
        let renamed = next.map_err(|error| run_error(error, &self.sources)).and_then(|batch| {
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            RecordBatch::try_new_with_options(self.schema(), batch.columns().to_vec(), &options).map_err(
                |e| {
                    Error::new(ErrorKind::Internal, "the rows of a query do not fit its columns")
                        .with_source(e)
                },
            )
        });
        self.failed = renamed.is_err();
        Some(renamed)
    }
}

impl fmt::Debug for QueryRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryRows").field("schema", &self.schema).finish_non_exhaustive()
    }
}
