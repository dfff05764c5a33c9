//! What `parquet` alone needs to decode rows and encode them again.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{RecordBatch, RecordBatchReader};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};

use crate::support::{Fallible, tables};

const THREADS: usize = 2;

/// As the store writes its files.
fn properties() -> Fallible<WriterProperties> {
    Ok(WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(1 << 20))
        .build())
}

/// Writes lineitem and returns its rows.
pub(crate) fn write_lineitem(path: &Path, sf: f64) -> Fallible<u64> {
    let (_, batches, _) = tables(sf).pop().ok_or("no table")?;
    let field = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8View => Field::new(field.name(), DataType::Utf8, false),
        other => Field::new(field.name(), other.clone(), false),
    };
    let schema: SchemaRef =
        Arc::new(Schema::new(batches.schema().fields().iter().map(field).collect::<Vec<_>>()));
    let mut writer = ArrowWriter::try_new(File::create(path)?, Arc::clone(&schema), Some(properties()?))?;
    let mut rows = 0;
    for batch in batches {
        let batch = batch?;
        let columns =
            batch.columns().iter().zip(schema.fields()).map(|(c, field)| cast(c, field.data_type()));
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns.collect::<Result<_, _>>()?)?)?;
        rows += batch.num_rows() as u64;
    }
    writer.close()?;
    Ok(rows)
}

/// Decodes and encodes a file by two threads, which take row groups in turn.
pub(crate) fn recode(path: &Path) -> Fallible<()> {
    let groups = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.metadata().num_row_groups();
    let directory = tempfile::tempdir_in(path.parent().ok_or("no directory")?)?;
    let next = AtomicUsize::new(0);
    let some = || -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        loop {
            let group = next.fetch_add(1, Ordering::Relaxed);
            if group >= groups {
                return Ok(());
            }
            let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
            let schema = Arc::clone(builder.schema());
            let reader = builder.with_row_groups(vec![group]).with_batch_size(8192).build()?;
            let file = File::create(directory.path().join(group.to_string()))?;
            let properties = properties().map_err(|e| e.to_string())?;
            let mut writer = ArrowWriter::try_new(file, schema, Some(properties))?;
            for batch in reader {
                writer.write(&batch?)?;
            }
            writer.into_inner()?.sync_all()?;
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(some)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err("a panic".into())))
    })
    .map_err(|e| e.to_string().into())
}
