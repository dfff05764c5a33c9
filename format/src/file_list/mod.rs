//! File lists: one row for every data file of one table, as one plain Parquet file.
//!
//! Two snapshots between which a table did not change share its file list, because equal lists have equal bytes.

mod v1;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use compact_str::CompactString;

use crate::bounds::ColumnBounds;
use crate::compression::Compression;
use crate::deletions::Deletions;
use crate::digest::{Digest, DigestAlgorithm};
use crate::error::{Error, ErrorKind, Result};
use crate::name::PartitionName;
use crate::object_name::ObjectName;
use crate::schema::{FieldId, TableDefinition, Value};
use crate::ulid::IntentId;

pub use v1::{FILE_LIST_CREATED_BY, FILE_LIST_VERSION, FILE_LIST_VERSION_KEY};

/// One data file of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct DataFile {
    /// The partition whose rows it holds.
    pub partition: PartitionName,
    /// The bucket of the partition, from 0.
    pub bucket: u32,
    /// Its position among the files of the bucket; where the order of rows matters, this is it.
    pub ordinal: u32,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its bytes.
    pub length: u64,
    /// Its rows, the deleted ones too.
    pub rows: u64,
    /// What is known of its columns. Deleted rows count in it.
    pub columns: Vec<FileColumnBounds>,
    /// Where its bytes lie.
    pub location: FileLocation,
    /// The file of the writer's store that it was made of, when that had another digest.
    pub source: Option<FileSource>,
    /// The rows that are not rows of the table; `None` when all are.
    pub deleted: Option<Arc<Deletions>>,
}

/// Where the bytes of a data file lie: an object, and the offset in it from which they stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileLocation {
    /// The object.
    pub object: ObjectName,
    /// Bytes of the object.
    pub object_length: u64,
    /// Where in the object the data file begins.
    pub offset: u64,
}

impl FileLocation {
    /// The location of a data file that is an object of its own.
    pub const fn whole(object: ObjectName, length: u64) -> Self {
        Self { object, object_length: length, offset: 0 }
    }

    /// Whether a data file of `length` bytes at this location is all of the object.
    pub const fn is_whole(&self, length: u64) -> bool {
        self.offset == 0 && self.object_length == length
    }
}

/// What a data file was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileSource {
    /// The digest of the writer's file. Its rows are those of the data file.
    pub digest: Digest,
    /// How the data file was compressed anew; `None` when its bytes are the writer's.
    pub compression: Option<Compression>,
}

/// What is known of one column in one data file, its values as texts of the column's type.
///
/// A text means a value only together with a table's definition: see [`FileColumnBounds::to_bounds`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileColumnBounds {
    /// The column.
    pub field_id: FieldId,
    /// How many values are null; `None` when unknown.
    pub null_count: Option<u64>,
    /// At or below every value.
    pub lower: Option<CompactString>,
    /// At or above every value.
    pub upper: Option<CompactString>,
}

impl FileColumnBounds {
    /// The stored form of the bounds of a column of `table`. A value that has no text becomes unknown.
    ///
    /// # Errors
    /// `Corrupt` when `table` has no such column.
    pub fn from_bounds(bounds: &ColumnBounds, table: &TableDefinition) -> Result<Self> {
        let column_type = &table.column_by_id(bounds.field_id)?.column_type;
        let text = |value: &Option<Value>| {
            value.as_ref().and_then(|value| value.to_text(column_type)).map(CompactString::from)
        };
        Ok(Self {
            field_id: bounds.field_id,
            null_count: bounds.null_count,
            lower: text(&bounds.lower),
            upper: text(&bounds.upper),
        })
    }

    /// The bounds as values of the column of `table`.
    ///
    /// # Errors
    /// `Corrupt` when `table` has no such column or a text is no value of its type.
    pub fn to_bounds(&self, table: &TableDefinition) -> Result<ColumnBounds> {
        let column = table.column_by_id(self.field_id)?;
        let value = |text: &Option<CompactString>| match text {
            None => Ok(None),
            Some(text) => Value::parse(&column.column_type, text).map(Some).map_err(|source| {
                Error::corrupt(format!("a bound of column '{}' is no value of its type", column.name))
                    .with_source(source)
            }),
        };
        Ok(ColumnBounds {
            field_id: self.field_id,
            null_count: self.null_count,
            lower: value(&self.lower)?,
            upper: value(&self.upper)?,
        })
    }
}

/// The data files of one table.
///
/// Invariants: files of one partition stand together, sorted by bucket and ordinal, which are unique in it; rows
/// and bytes add up without overflow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FileList {
    files: Vec<DataFile>,
    rows: u64,
    bytes: u64,
}

impl FileList {
    /// The list of `files` in any order, of a table whose partitions are `partitions` in this order.
    ///
    /// # Errors
    /// `InvalidInput` when a file's partition is not among `partitions`, or two files have one place.
    pub fn try_new(partitions: &[PartitionName], mut files: Vec<DataFile>) -> Result<Self> {
        let order: HashMap<&PartitionName, usize> = partitions.iter().zip(0..).collect();
        if let Some(file) = files.iter().find(|file| !order.contains_key(&file.partition)) {
            let message =
                format!("data file {} is of partition '{}', which is not given", file.digest, file.partition);
            return Err(Error::invalid(message));
        }
        files.sort_by_key(|file| (order.get(&file.partition).copied(), file.bucket, file.ordinal));
        Self::from_sorted(files)
    }

    /// The list of files that are in order already.
    fn from_sorted(files: Vec<DataFile>) -> Result<Self> {
        let mut partitions = HashSet::new();
        let (mut rows, mut bytes) = (0_u64, 0_u64);
        for (index, file) in files.iter().enumerate() {
            let before = index.checked_sub(1).map(|before| &files[before]);
            let in_order = match before {
                Some(before) if before.partition == file.partition => {
                    (before.bucket, before.ordinal) < (file.bucket, file.ordinal)
                }
                _ => partitions.insert(&file.partition),
            };
            if !in_order {
                let message =
                    format!("data file {} is out of order or has the place of another", file.digest);
                return Err(Error::invalid(message));
            }
            file.check()?;
            let sums = rows.checked_add(file.live_rows()).zip(bytes.checked_add(file.length));
            (rows, bytes) = sums.ok_or_else(|| Error::invalid("the files' rows or bytes do not add up"))?;
        }
        Ok(Self { files, rows, bytes })
    }

    /// The files, in order.
    pub fn files(&self) -> &[DataFile] {
        &self.files
    }

    /// The files, in order.
    pub fn into_files(self) -> Vec<DataFile> {
        self.files
    }

    /// Rows of the table in all files: those that are not deleted.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes the list's object, to be put by the backup of `intent`, and keeps the list beside it.
    pub fn seal(self, algorithm: DigestAlgorithm, intent: IntentId) -> Result<SealedFileList> {
        let bytes = Bytes::from(v1::encode(&self)?);
        let reference = FileListRef {
            object: ObjectName::new(Digest::by(algorithm, &bytes), intent),
            length: bytes.len() as u64,
            files: self.files.len() as u64,
            rows: self.rows,
            bytes: self.bytes,
        };
        Ok(SealedFileList { list: self, bytes, reference })
    }

    /// Reads the bytes of a file list's object, which must be those that `reference` means.
    ///
    /// # Errors
    /// `Corrupt` when the bytes are others, or break a rule; `Unsupported` when they are of a newer version.
    pub fn decode(reference: &FileListRef, bytes: &Bytes) -> Result<Self> {
        Self::decode_parts(reference, bytes, Parts::All)
    }

    /// As [`FileList::decode`], but leaves the bounds of columns out: for those who want to know where files lie, a list
    /// of many files takes a fraction of the time and memory so.
    pub fn decode_locations(reference: &FileListRef, bytes: &Bytes) -> Result<Self> {
        Self::decode_parts(reference, bytes, Parts::Locations)
    }

    fn decode_parts(reference: &FileListRef, bytes: &Bytes, parts: Parts) -> Result<Self> {
        let expected = reference.object.digest();
        let found = Digest::by(expected.algorithm(), bytes);
        if bytes.len() as u64 != reference.length || found != expected {
            return Err(Error::corrupt(format!(
                "file list {expected} of {} bytes does not match its name: found {} bytes with digest {found}",
                reference.length,
                bytes.len()
            )));
        }
        Self::decode_checked(bytes, parts).map_err(|e| e.about(format_args!("file list {expected}")))
    }

    /// Reads bytes that are known to be what some writer wrote. Damaged bytes never come here: the Parquet reader
    /// trusts a footer's counts when it allocates.
    fn decode_checked(bytes: &Bytes, parts: Parts) -> Result<Self> {
        let files = v1::decode(bytes, parts)?;
        Self::from_sorted(files).map_err(|error| match error.kind() {
            ErrorKind::InvalidInput => Error::corrupt("it breaks a rule").with_source(error),
            _ => error,
        })
    }
}

/// What of a list is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parts {
    All,
    /// Everything but the bounds of columns.
    Locations,
}

impl DataFile {
    /// Its rows that are rows of the table.
    pub fn live_rows(&self) -> u64 {
        self.rows.saturating_sub(self.deleted.as_ref().map_or(0, |deleted| deleted.len()))
    }

    fn check(&self) -> Result<()> {
        self.check_location()?;
        if let Some(deleted) = &self.deleted
            && deleted.last().is_none_or(|last| u64::from(last) >= self.rows)
        {
            let message = format!(
                "data file {} of {} rows has {deleted:?}: none, or past its end",
                self.digest, self.rows
            );
            return Err(Error::invalid(message));
        }
        // Columns come in the order of their ids; only where they do not is a set needed.
        let is_sorted = self.columns.is_sorted_by(|a, b| a.field_id < b.field_id);
        let mut seen = HashSet::new();
        for column in &self.columns {
            if !is_sorted && !seen.insert(column.field_id) {
                let message = format!("data file {} has field id {} twice", self.digest, column.field_id);
                return Err(Error::invalid(message));
            }
            if column.null_count.is_some_and(|nulls| nulls > self.rows) {
                let message = format!("data file {} has more nulls than rows", self.digest);
                return Err(Error::invalid(message));
            }
        }
        // The stored columns are signed.
        let fits = i64::try_from(self.length.max(self.rows)).is_ok()
            && i32::try_from(self.bucket.max(self.ordinal)).is_ok();
        if fits {
            Ok(())
        } else {
            Err(Error::invalid(format!("data file {} has a number out of range", self.digest)))
        }
    }
}

impl DataFile {
    fn check_location(&self) -> Result<()> {
        let FileLocation { object, object_length, offset } = self.location;
        let wrong = |what: &str| Err(Error::invalid(format!("data file {} {what}", self.digest)));
        match offset.checked_add(self.length) {
            Some(end) if end <= object_length && i64::try_from(object_length).is_ok() => {}
            _ => return wrong("does not lie in its object"),
        }
        if self.location.is_whole(self.length) && object.digest() != self.digest {
            return wrong("is all of an object of another digest");
        }
        if self.source.is_some_and(|source| source.digest == self.digest && source.compression.is_none()) {
            return wrong("is said to be made of itself");
        }
        Ok(())
    }
}

/// Where a table's file list lies, and the sums over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileListRef {
    /// The list's object.
    pub object: ObjectName,
    /// Bytes of the list's object.
    pub length: u64,
    /// Data files in the list.
    pub files: u64,
    /// Rows of the table in all data files: those that are not deleted.
    pub rows: u64,
    /// Bytes of all data files.
    pub bytes: u64,
}

/// A file list together with its object's bytes, written once.
#[derive(Debug, Clone)]
pub struct SealedFileList {
    list: FileList,
    bytes: Bytes,
    reference: FileListRef,
}

impl SealedFileList {
    /// The list.
    pub fn list(&self) -> &FileList {
        &self.list
    }

    /// The object's bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What a manifest says of the list.
    pub fn reference(&self) -> FileListRef {
        self.reference
    }
}

#[cfg(test)]
mod tests;
