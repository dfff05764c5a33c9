//! How data files are written: the Parquet profile of `spec/snapshot-format.md`.

use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{
    EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion,
};
use parquet::schema::types::ColumnPath;

use crate::bloom_filters::BloomFilters;
use crate::compression::Compression;
use crate::error::{Error, Result};
use crate::schema::TableDefinition;

/// The most rows of a row group.
pub const ROW_GROUP_ROWS: usize = 1 << 20;
/// What data files name as their maker.
pub const CREATED_BY: &str = "cairn";
/// The table property that chooses the codec.
pub const COMPRESSION_PROPERTY: &str = "compression";

/// The writer properties of a table's data files: statistics of columns and pages, the sort order, the codec that
/// the table's `compression` property names (zstd of level 1 without it), and the Bloom filters of its columns.
///
/// # Errors
///
/// When the property names no known codec.
pub fn writer_properties(table: &TableDefinition) -> Result<WriterProperties> {
    let compression = match table.properties.get(COMPRESSION_PROPERTY) {
        Some(text) => Compression::parse(text)?,
        None => Compression::DEFAULT,
    };
    let sorting = table.sort_columns().into_iter().filter_map(|id| table.position(id)).map(|position| {
        // Parquet counts what is inside of nested columns.
        let before: usize = table.columns[..position].iter().map(|column| column.column_type.leaves()).sum();
        let column_idx = i32::try_from(before)
            .map_err(|_| Error::invalid(format!("table '{}' has too many columns", table.name)))?;
        Ok(SortingColumn { column_idx, descending: false, nulls_first: true })
    });
    let sorting = sorting.collect::<Result<Vec<_>>>()?;
    let sorting = if sorting.is_empty() { None } else { Some(sorting) };
    let mut properties = profile(compression, sorting)?;
    // What is wrong in the properties was refused when they were set, but in stores of before they had an effect.
    if let Ok(filters) = BloomFilters::of(table) {
        for id in filters.columns {
            let column = ColumnPath::from(table.column_by_id(id)?.name.as_str());
            properties = properties.set_column_bloom_filter_fpp(column, filters.fpp);
        }
    }
    Ok(properties.build())
}

/// The writer properties of a data file that is compressed and sorted so.
pub(crate) fn profile(
    compression: Compression,
    sorting: Option<Vec<SortingColumn>>,
) -> Result<WriterPropertiesBuilder> {
    Ok(WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(compression.codec()?)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_sorting_columns(sorting))
}
