//! Segments: immutable Parquet files.

mod check;
mod read;
mod write;

pub use check::check_segments;
pub use read::SegmentReader;
pub(crate) use write::write_segment;
