//! Segments: immutable Parquet files.

mod read;
mod write;

pub use read::SegmentReader;
pub(crate) use write::write_segment;
