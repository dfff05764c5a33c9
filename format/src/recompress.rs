//! A data file with other compression and the same rows.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::file::reader::ChunkReader;

use crate::bloom_filters::DEFAULT_FPP;
use crate::compression::Compression;
use crate::error::{Error, Result};
use crate::parquet_profile::profile;

/// Rows that are decoded at a time.
const BATCH_ROWS: usize = 8192;
const UNREADABLE: &str = "the data file is not a readable Parquet file";

/// Reads the data file `input`, and writes one of the same columns, rows and order to `output`, compressed anew. Equal
/// inputs give equal bytes. Columns keep a Bloom filter, of the usual size: a file does not say its. What is held in memory is one row group of the output at most.
///
/// # Errors
/// `Corrupt` when the input is no Parquet file; `InvalidInput` when writing fails, with what failed as its source.
pub fn recompress(
    input: impl ChunkReader + 'static,
    output: impl Write + Send,
    compression: Compression,
) -> Result<()> {
    // A file that has changed under us is found by its digest, but it is read first, and the Parquet reader panics at some
    // files that are not Parquet.
    catch_unwind(AssertUnwindSafe(|| copy_rows(input, output, compression)))
        .unwrap_or_else(|_| Err(Error::corrupt(UNREADABLE)))
}

fn copy_rows(
    input: impl ChunkReader + 'static,
    output: impl Write + Send,
    compression: Compression,
) -> Result<()> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(input)
        .map_err(|source| Error::corrupt(UNREADABLE).with_source(source))?;
    let first = builder.metadata().row_groups().first();
    let sorting = first.and_then(|group| group.sorting_columns().cloned());
    let columns = first.map_or(&[][..], |group| group.columns());
    let filtered = columns.iter().filter(|column| column.bloom_filter_offset().is_some());
    let filtered: Vec<_> = filtered.map(|column| column.column_path().clone()).collect();
    let (schema, parquet_schema) = (builder.schema().clone(), builder.parquet_schema().clone());
    let reader = builder
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(|source| Error::corrupt(UNREADABLE).with_source(source))?;
    let failed = |source| Error::invalid("cannot write the compressed data file").with_source(source);
    let mut properties = profile(compression, sorting)?;
    for column in filtered {
        properties = properties.set_column_bloom_filter_fpp(column, DEFAULT_FPP);
    }
    // What Arrow does not know of the columns stays, too.
    let options =
        ArrowWriterOptions::new().with_properties(properties.build()).with_parquet_schema(parquet_schema);
    let mut writer = ArrowWriter::try_new_with_options(output, schema, options).map_err(failed)?;
    for batch in reader {
        let batch = batch.map_err(|source| Error::corrupt(UNREADABLE).with_source(source))?;
        writer.write(&batch).map_err(failed)?;
    }
    writer.close().map_err(failed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, RecordBatch};
    use arrow::datatypes::{DataType, Field, Schema};
    use bytes::Bytes;
    use parquet::arrow::PARQUET_FIELD_ID_META_KEY;
    use parquet::file::metadata::SortingColumn;

    use super::*;

    #[test]
    fn rows_field_ids_and_order_stay() {
        let id = HashMap::from([(PARQUET_FIELD_ID_META_KEY.to_owned(), "7".to_owned())]);
        let field = Field::new("n", DataType::Int64, false).with_metadata(id);
        let numbers: ArrayRef = Arc::new((0..20_000).collect::<Int64Array>());
        let batch = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![numbers]).unwrap();
        let sorting = SortingColumn { column_idx: 0, descending: false, nulls_first: true };
        let codec = Compression::parse("none").unwrap();
        let properties = profile(codec, Some(vec![sorting.clone()])).unwrap();
        let properties = properties.set_column_bloom_filter_fpp("n".into(), 0.01).build();
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        let input = Bytes::from(writer.into_inner().unwrap());
        let made = |compression: &str| {
            let mut output = Vec::new();
            recompress(input.clone(), &mut output, Compression::parse(compression).unwrap()).unwrap();
            output
        };
        assert_eq!(made("zstd(9)"), made("zstd(9)"));
        for compression in ["zstd(9)", "lz4", "snappy", "none"] {
            let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(made(compression))).unwrap();
            let group = builder.metadata().row_group(0);
            let codec = Compression::parse(compression).unwrap().codec().unwrap();
            // A file does not say its level.
            let same =
                std::mem::discriminant(&group.column(0).compression()) == std::mem::discriminant(&codec);
            assert!(same, "{compression}");
            assert_eq!(group.sorting_columns(), Some(&vec![sorting.clone()]));
            assert!(group.column(0).bloom_filter_offset().is_some());
            assert_eq!(builder.schema().field(0).metadata()[PARQUET_FIELD_ID_META_KEY], "7");
            let read: Vec<_> =
                builder.with_batch_size(1 << 20).build().unwrap().map(|batch| batch.unwrap()).collect();
            assert_eq!(arrow::compute::concat_batches(&batch.schema(), &read).unwrap(), batch);
        }
        assert!(recompress(Bytes::from_static(b"noise"), Vec::new(), Compression::DEFAULT).is_err());
    }
}
