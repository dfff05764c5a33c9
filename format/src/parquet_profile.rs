//! How data files are written: the Parquet profile of `spec/snapshot-format.md`.

use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};

use crate::error::{Error, Result};
use crate::schema::TableDefinition;

/// The most rows of a row group.
pub const ROW_GROUP_ROWS: usize = 1 << 20;
/// What data files name as their maker.
pub const CREATED_BY: &str = "cairn";
/// The table property that chooses the codec.
pub const COMPRESSION_PROPERTY: &str = "compression";
const DEFAULT_ZSTD_LEVEL: i32 = 1;

/// The writer properties of a table's data files: statistics of columns and pages, the sort order, the codec that
/// the table's `compression` property names (zstd of level 1 without it).
///
/// # Errors
///
/// When the property names no known codec.
pub fn writer_properties(table: &TableDefinition) -> Result<WriterProperties> {
    let codec = match table.properties.get(COMPRESSION_PROPERTY) {
        Some(text) => codec(text)?,
        None => zstd(DEFAULT_ZSTD_LEVEL)?,
    };
    let sorting = (0..table.key().len())
        .map(|index| {
            let column_idx = i32::try_from(index)
                .map_err(|_| Error::invalid(format!("table '{}' has too many columns", table.name)))?;
            Ok(SortingColumn { column_idx, descending: false, nulls_first: true })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(codec)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_sorting_columns(if sorting.is_empty() { None } else { Some(sorting) })
        .build())
}

/// StarRocks' names of codecs: LZ4, ZSTD, ZSTD(level), SNAPPY, and NONE.
fn codec(text: &str) -> Result<Compression> {
    let upper = text.trim().to_ascii_uppercase();
    match upper.as_str() {
        "LZ4" => Ok(Compression::LZ4_RAW),
        "SNAPPY" => Ok(Compression::SNAPPY),
        "NONE" => Ok(Compression::UNCOMPRESSED),
        "ZSTD" => zstd(3),
        _ => match upper.strip_prefix("ZSTD(").and_then(|rest| rest.strip_suffix(')')?.trim().parse().ok()) {
            Some(level) => zstd(level),
            None => Err(Error::invalid(format!(
                "unknown compression '{}': use LZ4, ZSTD, ZSTD(level), SNAPPY or NONE",
                text.escape_debug()
            ))),
        },
    }
}

fn zstd(level: i32) -> Result<Compression> {
    ZstdLevel::try_new(level).map(Compression::ZSTD).map_err(|e| {
        Error::invalid(format!("zstd level {level} is out of range: use 1 to 22")).with_source(e)
    })
}
