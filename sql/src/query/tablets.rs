//! A table of the store as DataFusion scans it: plain Parquet files, of which as few as possible.

use std::sync::Arc;

use arrow::array::BooleanBufferBuilder;
use arrow::datatypes::{DataType, Field, SchemaRef};
use async_trait::async_trait;
use cairn_engine::{ColumnPredicate, ColumnTest, Segment, SegmentLocation, Table, select_segments};
use cairn_format::{FieldId, TableDefinition};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{ScalarValue, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::datasource::physical_plan::parquet::ParquetRowSelection;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::TableProviderFilterPushDown;
use datafusion::object_store::ObjectMeta;
use datafusion::object_store::path::Path as ObjectPath;
use datafusion::parquet::arrow::RowNumber;
use datafusion::parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::prelude::Expr;

use super::adapter::FileAdapters;
use super::error::Sources;
use super::predicate::column_predicates;
use super::statistics::{segment_statistics, table_statistics};

/// One table of the query's catalog view.
#[derive(Debug)]
pub(super) struct TabletTable {
    table: Arc<Table>,
    /// The columns of its rows, and where they are when that is asked for.
    schema: SchemaRef,
    files: TableSchema,
    has_positions: bool,
    sources: Arc<Sources>,
}

/// The column of the segment that a row is in.
pub(crate) const SEGMENT_COLUMN: &str = "__segment";
/// The column of a row's position in the file of its segment.
pub(crate) const POSITION_COLUMN: &str = "__position";

impl TabletTable {
    pub(super) fn new(table: Arc<Table>, sources: Arc<Sources>) -> Self {
        let schema = table.definition.arrow_schema();
        let files = TableSchema::from(Arc::clone(&schema));
        Self { table, schema, files, has_positions: false, sources }
    }

    /// With two columns more: where each row is.
    pub(super) fn with_positions(mut self) -> Self {
        let segment = Arc::new(Field::new(SEGMENT_COLUMN, DataType::UInt64, false));
        let position = Field::new(POSITION_COLUMN, DataType::Int64, false).with_extension_type(RowNumber);
        self.files = TableSchema::builder(self.table.definition.arrow_schema())
            .with_table_partition_cols(vec![segment])
            .with_virtual_columns(vec![Arc::new(position)])
            .build();
        self.schema = Arc::clone(self.files.table_schema());
        self.has_positions = true;
        self
    }
}

#[async_trait]
impl TableProvider for TabletTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Filters choose files, and inside them row groups and pages; rows are filtered above the scan.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let predicates = column_predicates(&self.table.definition, filters);
        let segments = select_segments(&self.table, &predicates);
        if segments.is_empty() {
            let schema = match projection {
                Some(columns) => Arc::new(self.schema.project(columns)?),
                None => Arc::clone(&self.schema),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        self.sources.add_segments(segments.iter().map(|segment| (*segment).clone()));
        let definition = &self.table.definition;
        let files = segments.iter().map(|segment| {
            let mut file = segment_file(segment)?;
            if self.has_positions {
                file.partition_values = vec![ScalarValue::UInt64(Some(segment.id.get()))];
            } else {
                file = file.with_statistics(Arc::new(segment_statistics(definition, segment)));
            }
            Ok(match segment.kept_rows() {
                // Row groups and pages are still left out by their statistics.
                Some(kept) => file.with_extension(ParquetRowSelection::new(row_selection(&kept))),
                None => file,
            })
        });
        let groups = balanced(files.collect::<Result<_>>()?, state.config().target_partitions());
        let source = ParquetSource::new(self.files.clone());
        // Of a file that has none of the keys, only the keys are decoded.
        let source = source.with_pushdown_filters(!self.has_positions && looks_up(definition, &predicates));
        let source = Arc::new(source);
        let statistics = if self.has_positions {
            Statistics::new_unknown(&self.schema)
        } else {
            table_statistics(definition, &segments)
        };
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), source)
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_expr_adapter(Some(Arc::new(FileAdapters::try_new(definition)?)))
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// The most values of a column that a lookup asks for.
const LOOKUP_VALUES: usize = 16;

/// Whether a query is after few rows: those of some values in each column of the key.
fn looks_up(table: &TableDefinition, predicates: &[ColumnPredicate]) -> bool {
    let asks_for = |id: &FieldId| {
        predicates.iter().any(|predicate| match &predicate.test {
            ColumnTest::In(values) => predicate.field_id == *id && values.len() <= LOOKUP_VALUES,
            _ => false,
        })
    };
    !table.key().is_empty() && table.key().iter().all(|column| asks_for(&column.field_id))
}

/// Rows of a run from which on runs are passed over one by one; shorter ones are decoded and left out together.
const LONG_RUN: usize = 32;

/// The rows to read: runs of them are in turn read and passed over.
fn row_selection(runs: &[(bool, u64)]) -> RowSelection {
    let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let rows: usize = runs.iter().map(|(_, rows)| count(*rows)).fold(0, usize::saturating_add);
    if rows / LONG_RUN < runs.len() {
        // The reader makes a mask of short runs itself, after a list of them has been split and copied on its way there.
        let mut mask = BooleanBufferBuilder::new(rows);
        for (is_kept, rows) in runs {
            mask.append_n(count(*rows), *is_kept);
        }
        return RowSelection::from(mask.finish());
    }
    let selector = |(is_kept, rows): &(bool, u64)| {
        if *is_kept { RowSelector::select(count(*rows)) } else { RowSelector::skip(count(*rows)) }
    };
    RowSelection::from(runs.iter().map(selector).collect::<Vec<_>>())
}

fn segment_file(segment: &Segment) -> Result<PartitionedFile> {
    match segment.location() {
        SegmentLocation::Local(path) => local_file(path, segment.length),
        other => Err(DataFusionError::Internal(format!("cannot scan a segment at {other:?}"))),
    }
}

/// A file of this machine. Its path goes in as it is: encoding it would name another file.
pub(super) fn local_file(path: &std::path::Path, length: u64) -> Result<PartitionedFile> {
    let text = path.to_str().ok_or_else(|| {
        DataFusionError::Execution(format!("cannot read {}: its path is not UTF-8", path.display()))
    })?;
    let location = ObjectPath::parse(text.trim_start_matches('/'))
        .map_err(|e| DataFusionError::Execution(format!("cannot read {}: {e}", path.display())))?;
    let last_modified = chrono::DateTime::UNIX_EPOCH;
    let meta = ObjectMeta { location, last_modified, size: length, e_tag: None, version: None };
    Ok(PartitionedFile::new_from_meta(meta))
}

/// The files in groups of about equal bytes, the largest placed first.
pub(super) fn balanced(mut files: Vec<PartitionedFile>, groups: usize) -> Vec<FileGroup> {
    files.sort_by_key(|file| std::cmp::Reverse(file.object_meta.size));
    let groups = groups.clamp(1, files.len().max(1));
    let mut parts: Vec<(u64, Vec<PartitionedFile>)> = vec![(0, Vec::new()); groups];
    for file in files {
        if let Some((bytes, part)) = parts.iter_mut().min_by_key(|(bytes, _)| *bytes) {
            *bytes += file.object_meta.size;
            part.push(file);
        }
    }
    parts.into_iter().map(|(_, files)| FileGroup::new(files)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_runs_become_a_mask_and_long_ones_stay_runs() {
        let short = [(true, 19), (false, 1), (true, 5), (false, 2)];
        let long = [(false, 100), (true, 5000), (false, 1), (true, 400)];
        for (runs, is_mask) in [(short, true), (long, false)] {
            let selection = row_selection(&runs);
            assert_eq!(selection.as_mask().is_some(), is_mask);
            let expected = RowSelection::from(
                runs.iter()
                    .map(|(is_kept, rows)| RowSelector {
                        row_count: usize::try_from(*rows).unwrap(),
                        skip: !is_kept,
                    })
                    .collect::<Vec<_>>(),
            );
            assert_eq!(selection.row_count(), expected.row_count());
            assert_eq!(selection.skipped_row_count(), expected.skipped_row_count());
        }
    }
}
