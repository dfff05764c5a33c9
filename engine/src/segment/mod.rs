//! Segments: immutable Parquet files.

mod adapt;
mod check;
mod file;
mod read;
mod write;

pub use check::check_segments;
pub(crate) use file::FileReader;
pub use read::SegmentReader;
pub(crate) use write::write_segment;
