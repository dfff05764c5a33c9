//! Writing a segment: encoded, hashed and synced in one pass.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use arrow::record_batch::RecordBatch;
use cairn_format::{ColumnBounds, DigestAlgorithm, DigestWriter, TableDefinition, writer_options};
use cairn_repository::Disk;
use parquet::arrow::ArrowWriter;

use crate::catalog::NewSegment;
use crate::error::{Error, ErrorKind, Result};
use crate::id::SegmentId;

/// Bytes gathered before they are written and hashed.
const BLOCK_BYTES: usize = 1 << 20;

/// Writes `batch`, which is sorted by the sort key, as a new file at `path` and syncs it. The directory's sync is the
/// caller's. What a failure leaves behind is the caller's to remove.
pub(crate) fn write_segment(
    disk: &Disk,
    path: &Path,
    id: SegmentId,
    table: &TableDefinition,
    batch: &RecordBatch,
) -> Result<NewSegment> {
    let bounds =
        table.columns.iter().zip(batch.columns()).map(|(column, array)| ColumnBounds::of(column, array));
    let bounds = bounds.collect::<cairn_format::Result<Vec<_>>>()?;
    let file = disk.create(path).map_err(|e| Error::disk("create", path, e))?;
    let hashing = DigestWriter::new(file, DigestAlgorithm::DEFAULT);
    let encoded = encode(BufWriter::with_capacity(BLOCK_BYTES, hashing), table, batch);
    let written = encoded.map_err(|e| encode_error(path, e))?;
    let (file, digest, length) = written.into_parts();
    disk.sync_file(path, &file).map_err(|e| Error::disk("sync", path, e))?;
    Ok(NewSegment { id, length, rows: batch.num_rows() as u64, digest, bounds, deleted: None })
}

fn encode(
    out: BufWriter<DigestWriter<File>>,
    table: &TableDefinition,
    batch: &RecordBatch,
) -> std::result::Result<DigestWriter<File>, EncodeError> {
    let mut writer = ArrowWriter::try_new_with_options(out, batch.schema(), writer_options(table)?)?;
    writer.write(batch)?;
    Ok(writer.into_inner()?.into_inner().map_err(io::IntoInnerError::into_error)?)
}

enum EncodeError {
    Format(cairn_format::Error),
    Parquet(parquet::errors::ParquetError),
    Io(io::Error),
}

impl From<cairn_format::Error> for EncodeError {
    fn from(error: cairn_format::Error) -> Self {
        Self::Format(error)
    }
}

impl From<parquet::errors::ParquetError> for EncodeError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::Parquet(error)
    }
}

impl From<io::Error> for EncodeError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Parquet hides an I/O error in its own: a full disk must still be told from rows that cannot be encoded.
fn encode_error(path: &Path, error: EncodeError) -> Error {
    match error {
        EncodeError::Format(error) => error.into(),
        EncodeError::Io(error) => Error::disk("write", path, error),
        EncodeError::Parquet(parquet::errors::ParquetError::External(source)) => {
            match source.downcast::<io::Error>() {
                Ok(io) => Error::disk("write", path, *io),
                Err(other) => Error::new(ErrorKind::Unavailable, format!("cannot write {}", path.display()))
                    .with_source(other),
            }
        }
        EncodeError::Parquet(other) => {
            Error::new(ErrorKind::InvalidInput, format!("rows cannot be encoded into {}", path.display()))
                .with_source(other)
        }
    }
}
