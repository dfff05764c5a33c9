//! Version 1 of the file list's Parquet file.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int32Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Fields, Int32Type, Int64Type, Schema, SchemaRef};
use arrow::error::ArrowError;
use bytes::Bytes;
use compact_str::CompactString;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::basic::{Compression as Codec, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, ParquetMetaData, RowGroupMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};

use super::{DataFile, FileColumnBounds, FileList, FileLocation, FileSource, Parts};
use crate::compression::Compression;
use crate::deletions::Deletions;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::name::PartitionName;
use crate::object_name::ObjectName;
use crate::schema::FieldId;

/// The version of file lists that this program writes and reads.
pub const FILE_LIST_VERSION: u32 = 1;
/// The Parquet metadata key under which a file list says its version.
pub const FILE_LIST_VERSION_KEY: &str = "cairn.file_list.version";
/// What file lists name as their maker: without a version, so that equal lists of two releases have equal bytes.
pub const FILE_LIST_CREATED_BY: &str = "cairn";

/// The most files a list may have; more means damage, and is not worth the memory to find out.
const MAX_FILES: i64 = 1 << 24;
/// The most bytes that one column of a list may take when it is decoded.
const MAX_COLUMN_BYTES: i64 = 1 << 31;
const BATCH_ROWS: usize = 8192;

fn bounds_fields() -> Fields {
    Fields::from(vec![
        Field::new("field_id", DataType::Int32, false),
        Field::new("null_count", DataType::Int64, true),
        Field::new("lower", DataType::Utf8, true),
        Field::new("upper", DataType::Utf8, true),
    ])
}

fn bounds_item() -> Field {
    Field::new("element", DataType::Struct(bounds_fields()), false)
}

fn position_item() -> Field {
    Field::new("element", DataType::Int64, false)
}

fn deleted_field() -> Field {
    Field::new(DELETED_COLUMN, DataType::List(Arc::new(position_item())), true)
}

/// The columns of a list with deletions; any other is written without their column, as lists were before there were any.
fn schema_with_deletions() -> SchemaRef {
    let fields = schema().fields().iter().cloned().chain([Arc::new(deleted_field())]).collect::<Vec<_>>();
    Arc::new(Schema::new(fields))
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("partition", DataType::Utf8, false),
        Field::new("bucket", DataType::Int32, false),
        Field::new("ordinal", DataType::Int32, false),
        Field::new("digest", DataType::Utf8, false),
        Field::new("length", DataType::Int64, false),
        Field::new("rows", DataType::Int64, false),
        Field::new(BOUNDS_COLUMN, DataType::List(Arc::new(bounds_item())), false),
        Field::new("object", DataType::Utf8, true),
        Field::new("object_length", DataType::Int64, true),
        Field::new("offset", DataType::Int64, true),
        Field::new("source", DataType::Utf8, true),
        Field::new("compression", DataType::Utf8, true),
    ]))
}

/// The column of deleted rows.
const DELETED_COLUMN: &str = "deleted";
/// The column that takes most of a list's bytes.
const BOUNDS_COLUMN: &str = "columns";

/// How many of the columns every list has; the first release wrote no others.
const REQUIRED_COLUMNS: usize = 7;

pub(super) fn encode(list: &FileList) -> Result<Vec<u8>> {
    encode_batches(list).map_err(|source| Error::invalid("cannot write the file list").with_source(source))
}

fn encode_batches(list: &FileList) -> std::result::Result<Vec<u8>, ParquetError> {
    let properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by(FILE_LIST_CREATED_BY.to_owned())
        .set_key_value_metadata(Some(vec![KeyValue::new(
            FILE_LIST_VERSION_KEY.to_owned(),
            FILE_LIST_VERSION.to_string(),
        )]))
        .set_compression(Codec::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .build();
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let has_deletions = list.files().iter().any(|file| file.deleted.is_some());
    let schema = if has_deletions { schema_with_deletions() } else { schema() };
    let mut writer = ArrowWriter::try_new_with_options(Vec::new(), Arc::clone(&schema), options)?;
    for files in list.files().chunks(BATCH_ROWS) {
        writer.write(&batch(files, &schema, has_deletions)?)?;
    }
    writer.into_inner()
}

fn batch(
    files: &[DataFile],
    schema: &SchemaRef,
    has_deletions: bool,
) -> std::result::Result<RecordBatch, ArrowError> {
    let int = |of: fn(&DataFile) -> u32| -> ArrayRef {
        Arc::new(files.iter().map(|file| i32::try_from(of(file)).ok()).collect::<Int32Array>())
    };
    let long = |of: fn(&DataFile) -> u64| -> ArrayRef {
        Arc::new(files.iter().map(|file| i64::try_from(of(file)).ok()).collect::<Int64Array>())
    };
    let bounds = || files.iter().flat_map(|file| &file.columns);
    let text = |of: fn(&FileColumnBounds) -> Option<&str>| -> ArrayRef {
        Arc::new(bounds().map(of).collect::<StringArray>())
    };
    let count = bounds().count();
    let structs = StructArray::try_new_with_length(
        bounds_fields(),
        vec![
            Arc::new(bounds().map(|b| Some(b.field_id.get())).collect::<Int32Array>()),
            Arc::new(
                bounds().map(|b| b.null_count.and_then(|n| i64::try_from(n).ok())).collect::<Int64Array>(),
            ),
            text(|b| b.lower.as_deref()),
            text(|b| b.upper.as_deref()),
        ],
        None,
        count,
    )?;
    let lists = ListArray::try_new(
        Arc::new(bounds_item()),
        OffsetBuffer::from_lengths(files.iter().map(|file| file.columns.len())),
        Arc::new(structs),
        None,
    )?;
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(files.iter().map(|file| Some(file.partition.as_str())).collect::<StringArray>()),
        int(|file| file.bucket),
        int(|file| file.ordinal),
        Arc::new(files.iter().map(|file| Some(file.digest.to_string())).collect::<StringArray>()),
        long(|file| file.length),
        long(|file| file.rows),
        Arc::new(lists),
        Arc::new(files.iter().map(|file| Some(file.location.object.to_string())).collect::<StringArray>()),
        long(|file| file.location.object_length),
        long(|file| file.location.offset),
        Arc::new(files.iter().map(|file| file.source.map(|s| s.digest.to_string())).collect::<StringArray>()),
        Arc::new(
            files
                .iter()
                .map(|file| file.source.and_then(|s| s.compression).map(|c| c.to_string()))
                .collect::<StringArray>(),
        ),
    ];
    if has_deletions {
        columns.push(Arc::new(deleted(files)?));
    }
    RecordBatch::try_new(Arc::clone(schema), columns)
}

fn deleted(files: &[DataFile]) -> std::result::Result<ListArray, ArrowError> {
    let positions = |file: &DataFile| file.deleted.as_ref().map_or(0, |deleted| deleted.len());
    let lengths = files.iter().map(|file| usize::try_from(positions(file)).unwrap_or(usize::MAX));
    let all = files.iter().filter_map(|file| file.deleted.as_deref()).flat_map(Deletions::iter);
    ListArray::try_new(
        Arc::new(position_item()),
        OffsetBuffer::from_lengths(lengths),
        Arc::new(all.map(i64::from).collect::<Int64Array>()),
        Some(files.iter().map(|file| file.deleted.is_some()).collect::<NullBuffer>()),
    )
}

pub(super) fn decode(bytes: &Bytes, parts: Parts) -> Result<Vec<DataFile>> {
    // The Parquet reader is not written for hostile bytes: some of its checks panic. A list from a bucket must
    // not take the process down, so a panic is one more way of being malformed.
    catch_unwind(AssertUnwindSafe(|| decode_batches(bytes, parts)))
        .unwrap_or_else(|_| Err(Error::corrupt("it is not a readable Parquet file")))
}

fn decode_batches(bytes: &Bytes, parts: Parts) -> Result<Vec<DataFile>> {
    let malformed =
        |source: ParquetError| Error::corrupt("it is not a readable Parquet file").with_source(source);
    let metadata = ArrowReaderMetadata::load(bytes, ArrowReaderOptions::new().with_skip_arrow_metadata(true))
        .map_err(malformed)?;
    check_version(metadata.metadata())?;
    check_sizes(metadata.metadata(), bytes.len())?;
    let mask = projection(&metadata, parts)?;
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes.clone(), metadata)
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(malformed)?;
    let mut files = Vec::new();
    for batch in reader {
        let batch = batch
            .map_err(|source| Error::corrupt("it is not a readable Parquet file").with_source(source))?;
        read_batch(&batch, &mut files)?;
    }
    Ok(files)
}

fn check_version(metadata: &ParquetMetaData) -> Result<()> {
    let version = metadata
        .file_metadata()
        .key_value_metadata()
        .and_then(|pairs| pairs.iter().find(|pair| pair.key == FILE_LIST_VERSION_KEY))
        .and_then(|pair| pair.value.as_deref())
        .ok_or_else(|| Error::corrupt(format!("it is not a file list: it has no {FILE_LIST_VERSION_KEY}")))?;
    match version.parse::<u32>() {
        Ok(FILE_LIST_VERSION) => Ok(()),
        Ok(newer) => Err(Error::unsupported(format!(
            "it has version {newer}, which this program cannot read: upgrade cairn"
        ))),
        Err(_) => Err(Error::corrupt(format!("its {FILE_LIST_VERSION_KEY} is not a number"))),
    }
}

/// What the footer promises bounds what the reader allocates, so it is looked at before anything is read.
fn check_sizes(metadata: &ParquetMetaData, length: usize) -> Result<()> {
    let rows = metadata.file_metadata().num_rows();
    let columns = || metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let sane = (0..=MAX_FILES).contains(&rows)
        && metadata.row_groups().iter().all(|group| (0..=rows).contains(&group.num_rows()))
        && metadata.row_groups().iter().try_fold(0, |sum: i64, group| sum.checked_add(group.num_rows()))
            == Some(rows)
        && columns().all(|column| {
            usize::try_from(column.compressed_size()).is_ok_and(|size| size <= length)
                && (0..=MAX_COLUMN_BYTES).contains(&column.uncompressed_size())
        });
    if sane { Ok(()) } else { Err(Error::corrupt("its footer promises more than it can hold")) }
}

/// The columns this version knows; others are left alone.
fn projection(metadata: &ArrowReaderMetadata, parts: Parts) -> Result<ProjectionMask> {
    let mut roots = Vec::new();
    for (position, expected) in schema_with_deletions().fields().iter().enumerate() {
        let found = metadata.schema().index_of(expected.name()).ok();
        if found.is_none() && position >= REQUIRED_COLUMNS {
            continue;
        }
        if parts == Parts::Locations && expected.name() == BOUNDS_COLUMN {
            continue;
        }
        let Some(index) = found
            .filter(|index| same_type(metadata.schema().field(*index).data_type(), expected.data_type()))
        else {
            return Err(Error::corrupt(format!(
                "it has no column '{}' of type {}",
                expected.name(),
                expected.data_type()
            )));
        };
        roots.push(index);
    }
    Ok(ProjectionMask::roots(metadata.parquet_schema(), roots))
}

/// Whether two types have the same values, whatever their parts are called or may be.
fn same_type(found: &DataType, expected: &DataType) -> bool {
    match (found, expected) {
        (DataType::List(found), DataType::List(expected)) => {
            same_type(found.data_type(), expected.data_type())
        }
        (DataType::Struct(found), DataType::Struct(expected)) => {
            found.len() == expected.len()
                && found.iter().zip(expected).all(|(found, expected)| {
                    found.name() == expected.name() && same_type(found.data_type(), expected.data_type())
                })
        }
        _ => found == expected,
    }
}

fn read_batch(batch: &RecordBatch, files: &mut Vec<DataFile>) -> Result<()> {
    let partition = strings(column(batch, "partition")?)?;
    let bucket = ints(column(batch, "bucket")?)?;
    let ordinal = ints(column(batch, "ordinal")?)?;
    let digest = strings(column(batch, "digest")?)?;
    let length = longs(column(batch, "length")?)?;
    let rows = longs(column(batch, "rows")?)?;
    let bounds = batch.column_by_name(BOUNDS_COLUMN).map(Bounds::of).transpose()?;
    let locations = Locations::of(batch)?;
    let deleted = batch.column_by_name(DELETED_COLUMN).map(Deleted::of).transpose()?;
    let mut name: Option<PartitionName> = None;
    for row in 0..batch.num_rows() {
        present(partition, row)?;
        // Files of one partition stand together: they share their name's text.
        let partition = match &name {
            Some(same) if same.as_str() == partition.value(row) => same.clone(),
            _ => PartitionName::parse(partition.value(row))
                .map_err(|source| Error::corrupt("it names no partition").with_source(source))?,
        };
        name = Some(partition.clone());
        let digest = present(digest, row).and_then(|()| Digest::parse(digest.value(row)))?;
        let length = large(length, row)?;
        files.push(DataFile {
            partition,
            bucket: small(bucket, row)?,
            ordinal: small(ordinal, row)?,
            digest,
            length,
            rows: large(rows, row)?,
            columns: match &bounds {
                Some(bounds) => bounds.read(row)?,
                None => Vec::new(),
            },
            location: locations.location(row, digest, length)?,
            source: locations.source(row)?,
            deleted: deleted.as_ref().map(|deleted| deleted.read(row)).transpose()?.flatten(),
        });
    }
    Ok(())
}

/// The positions of deleted rows: those of one file are a range of the items of all.
struct Deleted<'a> {
    lists: &'a ListArray,
    positions: &'a Int64Array,
}

impl<'a> Deleted<'a> {
    fn of(column: &'a ArrayRef) -> Result<Self> {
        let lists = column.as_list_opt::<i32>().ok_or_else(wrong_type)?;
        Ok(Self { lists, positions: longs(lists.values())? })
    }

    fn read(&self, row: usize) -> Result<Option<Arc<Deletions>>> {
        if self.lists.is_null(row) {
            return Ok(None);
        }
        let [start, end] = [row, row + 1].map(|at| self.lists.value_offsets()[at]);
        let item = |item: i32| usize::try_from(item).map_err(|_| negative());
        let mut last = None;
        let position = |item| {
            let position = u32::try_from(large(self.positions, item)?).map_err(|_| {
                Error::unsupported("it has a deleted row past the 32 bits that this program counts")
            })?;
            if last.is_some_and(|last| last >= position) {
                return Err(Error::corrupt("its deleted rows are not in order"));
            }
            last = Some(position);
            Ok(position)
        };
        let deleted = (item(start)?..item(end)?).map(position).collect::<Result<Deletions>>()?;
        Ok(Some(Arc::new(deleted)))
    }
}

/// The columns that the first release did not write.
struct Locations<'a> {
    object: Option<&'a StringArray>,
    object_length: Option<&'a Int64Array>,
    offset: Option<&'a Int64Array>,
    source: Option<&'a StringArray>,
    compression: Option<&'a StringArray>,
}

impl<'a> Locations<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self> {
        let texts = |name| batch.column_by_name(name).map(strings).transpose();
        let numbers = |name| batch.column_by_name(name).map(longs).transpose();
        Ok(Self {
            object: texts("object")?,
            object_length: numbers("object_length")?,
            offset: numbers("offset")?,
            source: texts("source")?,
            compression: texts("compression")?,
        })
    }

    /// A file of which no object is said is one of its own, named by its digest alone.
    fn location(&self, row: usize, digest: Digest, length: u64) -> Result<FileLocation> {
        let Some(object) = text(self.object, row) else {
            return Ok(FileLocation::whole(ObjectName::of_digest(digest), length));
        };
        let number =
            |array: Option<&Int64Array>| array.map_or_else(|| Err(wrong_type()), |array| large(array, row));
        Ok(FileLocation {
            object: ObjectName::parse(object)?,
            object_length: number(self.object_length)?,
            offset: number(self.offset)?,
        })
    }

    fn source(&self, row: usize) -> Result<Option<FileSource>> {
        let Some(digest) = text(self.source, row) else { return Ok(None) };
        let compression = match text(self.compression, row) {
            Some(compression) => Some(
                Compression::parse(compression)
                    .map_err(|source| Error::corrupt("it names no compression").with_source(source))?,
            ),
            None => None,
        };
        Ok(Some(FileSource { digest: Digest::parse(digest)?, compression }))
    }
}

fn text(array: Option<&StringArray>, row: usize) -> Option<&str> {
    array.filter(|array| array.is_valid(row)).map(|array| array.value(row))
}

/// The bounds of columns: those of one file are a range of the items of all.
struct Bounds<'a> {
    lists: &'a ListArray,
    items: &'a StructArray,
    field_id: &'a Int32Array,
    null_count: &'a Int64Array,
    lower: &'a StringArray,
    upper: &'a StringArray,
}

impl<'a> Bounds<'a> {
    fn of(column: &'a ArrayRef) -> Result<Self> {
        let lists = column.as_list_opt::<i32>().ok_or_else(wrong_type)?;
        let items = lists.values().as_struct_opt().ok_or_else(wrong_type)?;
        let part = |name: &str| items.column_by_name(name).ok_or_else(wrong_type);
        Ok(Self {
            lists,
            items,
            field_id: ints(part("field_id")?)?,
            null_count: longs(part("null_count")?)?,
            lower: strings(part("lower")?)?,
            upper: strings(part("upper")?)?,
        })
    }

    fn read(&self, row: usize) -> Result<Vec<FileColumnBounds>> {
        present(self.lists, row)?;
        let [start, end] = [row, row + 1].map(|at| self.lists.value_offsets()[at]);
        let item = |item: i32| usize::try_from(item).map_err(|_| negative());
        (item(start)?..item(end)?).map(|item| self.item(item)).collect()
    }

    fn item(&self, item: usize) -> Result<FileColumnBounds> {
        present(self.items, item)?;
        let text = |array| text(Some(array), item).map(CompactString::from);
        present(self.field_id, item)?;
        Ok(FileColumnBounds {
            field_id: FieldId::try_new(self.field_id.value(item))?,
            null_count: if self.null_count.is_valid(item) {
                Some(large(self.null_count, item)?)
            } else {
                None
            },
            lower: text(self.lower),
            upper: text(self.upper),
        })
    }
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch.column_by_name(name).ok_or_else(wrong_type)
}

fn strings(array: &ArrayRef) -> Result<&StringArray> {
    array.as_string_opt::<i32>().ok_or_else(wrong_type)
}

fn ints(array: &ArrayRef) -> Result<&Int32Array> {
    array.as_primitive_opt::<Int32Type>().ok_or_else(wrong_type)
}

fn longs(array: &ArrayRef) -> Result<&Int64Array> {
    array.as_primitive_opt::<Int64Type>().ok_or_else(wrong_type)
}

fn wrong_type() -> Error {
    Error::corrupt("one of its columns has another type than its footer says")
}

fn present(array: &dyn Array, row: usize) -> Result<()> {
    if array.is_valid(row) { Ok(()) } else { Err(Error::corrupt("a value that must be there is null")) }
}

fn small(array: &Int32Array, row: usize) -> Result<u32> {
    present(array, row)?;
    u32::try_from(array.value(row)).map_err(|_| negative())
}

fn large(array: &Int64Array, row: usize) -> Result<u64> {
    present(array, row)?;
    u64::try_from(array.value(row)).map_err(|_| negative())
}

fn negative() -> Error {
    Error::corrupt("a number that counts something is negative")
}
