//! Bundles: many small data files in one object.
//!
//! ```text
//! member 0 │ member 1 │ … │ footer
//! ```
//!
//! A member is a whole Parquet file, byte for byte, so that it can be read alone by its offset and length, and has the
//! digest it always had. The footer names the row groups of all members where they stand, so that the bundle is a
//! Parquet file too: readers go by a footer's offsets and do not mind what stands between row groups. Nothing is
//! decoded on the way.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, KeyValue, ParquetMetaData, ParquetMetaDataReader,
    ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::schema::types::SchemaDescPtr;

use crate::error::{Error, Result};
use crate::parquet_profile::CREATED_BY;

/// The version of bundles that this program makes.
pub const BUNDLE_VERSION: u32 = 1;
/// The Parquet metadata key under which a bundle says its version.
pub const BUNDLE_VERSION_KEY: &str = "cairn.bundle.version";

/// The most row groups of a Parquet file: their ordinals have 16 bits.
const MAX_ROW_GROUPS: usize = 1 << 15;

/// A bundle that is being made, in memory.
#[derive(Default)]
pub struct BundleBuilder {
    bytes: Vec<u8>,
    members: usize,
    file: Option<FileMetaData>,
    groups: Vec<RowGroupMetaData>,
    rows: i64,
}

impl BundleBuilder {
    /// A bundle without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Members so far.
    pub fn members(&self) -> usize {
        self.members
    }

    /// Bytes of the members so far.
    pub fn length(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a member and returns the offset at which it stands; `None`, and nothing is added, when it has other columns
    /// than the members before it, or is no Parquet file.
    pub fn push(&mut self, member: &[u8]) -> Option<u64> {
        let offset = i64::try_from(self.bytes.len()).ok()?;
        let metadata = footer_of(member)?;
        let file = metadata.file_metadata();
        let fits = self.file.as_ref().is_none_or(|first| same_columns(first, file))
            && self.groups.len() + metadata.num_row_groups() <= MAX_ROW_GROUPS;
        if !fits {
            return None;
        }
        let schema =
            self.file.as_ref().map_or_else(|| file.schema_descr_ptr(), FileMetaData::schema_descr_ptr);
        let mut moved = Vec::with_capacity(metadata.num_row_groups());
        for group in metadata.row_groups() {
            let ordinal = self.groups.len() + moved.len();
            moved.push(moved_group(group, &schema, offset, i16::try_from(ordinal).ok()?)?);
        }
        self.rows = self.rows.checked_add(file.num_rows())?;
        if self.file.is_none() {
            self.file = Some(file.clone());
        }
        self.groups.append(&mut moved);
        self.bytes.extend_from_slice(member);
        self.members += 1;
        u64::try_from(offset).ok()
    }

    /// The bundle's bytes. Equal members in equal order give equal bytes.
    ///
    /// # Errors
    /// `InvalidInput` when the bundle has no member.
    pub fn finish(self) -> Result<Bytes> {
        let Some(first) = self.file else { return Err(Error::invalid("a bundle needs a member")) };
        let mut pairs: Vec<KeyValue> = first.key_value_metadata().cloned().unwrap_or_default();
        pairs.push(KeyValue::new(BUNDLE_VERSION_KEY.to_owned(), BUNDLE_VERSION.to_string()));
        let file = FileMetaData::new(
            first.version(),
            self.rows,
            Some(CREATED_BY.to_owned()),
            Some(pairs),
            first.schema_descr_ptr(),
            first.column_orders().cloned(),
        );
        let metadata = ParquetMetaData::new(file, self.groups);
        let mut bytes = self.bytes;
        ParquetMetaDataWriter::new(&mut bytes, &metadata)
            .finish()
            .map_err(|source| Error::invalid("cannot write the footer of a bundle").with_source(source))?;
        Ok(bytes.into())
    }
}

/// The footer of a Parquet file; `None` when there is none that can be read. The bytes are those that their writer
/// hashed, but nobody promises that they are Parquet, and the reader panics at some of those that are not.
fn footer_of(member: &[u8]) -> Option<ParquetMetaData> {
    let read = || ParquetMetaDataReader::new().parse_and_finish(&Bytes::copy_from_slice(member)).ok();
    catch_unwind(AssertUnwindSafe(read)).ok().flatten()
}

fn same_columns(first: &FileMetaData, other: &FileMetaData) -> bool {
    first.version() == other.version()
        && first.schema() == other.schema()
        && first.column_orders() == other.column_orders()
        && first.key_value_metadata() == other.key_value_metadata()
}

fn moved_group(
    group: &RowGroupMetaData,
    schema: &SchemaDescPtr,
    by: i64,
    ordinal: i16,
) -> Option<RowGroupMetaData> {
    let columns = group.columns().iter().map(|column| moved_column(column, by)).collect::<Option<_>>()?;
    let mut moved = RowGroupMetaData::builder(schema.clone())
        .set_num_rows(group.num_rows())
        .set_total_byte_size(group.total_byte_size())
        .set_sorting_columns(group.sorting_columns().cloned())
        .set_column_metadata(columns)
        .set_ordinal(ordinal);
    if let Some(offset) = group.file_offset() {
        moved = moved.set_file_offset(offset.checked_add(by)?);
    }
    moved.build().ok()
}

/// The column chunk where it stands now. Page indexes hold offsets of their own, so only the members have them.
fn moved_column(column: &ColumnChunkMetaData, by: i64) -> Option<ColumnChunkMetaData> {
    let moved = |offset: Option<i64>| match offset {
        Some(offset) => offset.checked_add(by).map(Some),
        None => Some(None),
    };
    column
        .clone()
        .into_builder()
        .set_data_page_offset(column.data_page_offset().checked_add(by)?)
        .set_dictionary_page_offset(moved(column.dictionary_page_offset())?)
        .set_index_page_offset(moved(column.index_page_offset())?)
        .set_bloom_filter_offset(moved(column.bloom_filter_offset())?)
        .set_offset_index_offset(None)
        .set_offset_index_length(None)
        .set_column_index_offset(None)
        .set_column_index_length(None)
        .build()
        .ok()
}

#[cfg(test)]
mod tests;
