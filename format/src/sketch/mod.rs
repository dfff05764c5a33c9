//! Sketches: small values that stand for many, as the bytes that columns of BITMAP, HLL and PERCENTILE hold.
//!
//! Their forms are those of well-known libraries (`spec/snapshot-format.md` names them), so that what is in a data file
//! is of use without Cairn. Whoever merges sketches, at load or in a query, does so here.

mod bitmap;
mod hll;
mod hll_image;
mod murmur;
mod percentile;

pub use bitmap::Bitmap;
pub use hll::Hll;
pub use percentile::Percentile;

use crate::error::{Error, Result};
use crate::schema::ColumnType;

/// A value that stands for many and takes in others.
pub trait Sketch: Sized {
    /// The type of columns that hold such.
    const COLUMN_TYPE: ColumnType;

    /// The sketch of nothing.
    ///
    /// # Errors
    ///
    /// None that are known of.
    fn empty() -> Result<Self>;

    /// Reads what [`Sketch::to_bytes`] writes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the bytes are no such sketch.
    fn from_bytes(bytes: &[u8]) -> Result<Self>;

    /// Takes in another one.
    ///
    /// # Errors
    ///
    /// When together they stand for more than can be counted.
    fn merge(&mut self, other: Self) -> Result<()>;

    /// The stored form.
    fn to_bytes(&mut self) -> Vec<u8>;

    /// About how many bytes of memory it takes.
    fn memory(&self) -> usize;
}

/// A sketch of all that these stand for.
///
/// # Errors
///
/// When one of them is no sketch of the type.
pub fn merge_sketches<'b>(
    column_type: &ColumnType,
    sketches: impl Iterator<Item = &'b [u8]>,
) -> Result<Vec<u8>> {
    match column_type {
        ColumnType::Bitmap => merged::<Bitmap>(sketches),
        ColumnType::Hll => merged::<Hll>(sketches),
        ColumnType::Percentile => merged::<Percentile>(sketches),
        other => Err(no_sketch(other)),
    }
}

fn merged<'b, S: Sketch>(sketches: impl Iterator<Item = &'b [u8]>) -> Result<Vec<u8>> {
    let mut sum: Option<S> = None;
    for bytes in sketches {
        let next = S::from_bytes(bytes)?;
        match &mut sum {
            None => sum = Some(next),
            Some(sum) => sum.merge(next)?,
        }
    }
    match sum {
        Some(mut sum) => Ok(sum.to_bytes()),
        None => Ok(S::empty()?.to_bytes()),
    }
}

/// The sketch of nothing.
///
/// # Errors
///
/// When columns of the type hold no sketches.
pub fn empty_sketch(column_type: &ColumnType) -> Result<Vec<u8>> {
    merge_sketches(column_type, std::iter::empty())
}

/// Checks that bytes are a sketch of the type.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when they are not.
pub fn check_sketch(column_type: &ColumnType, bytes: &[u8]) -> Result<()> {
    match column_type {
        ColumnType::Bitmap => Bitmap::from_bytes(bytes).map(drop),
        ColumnType::Hll => Hll::from_bytes(bytes).map(drop),
        ColumnType::Percentile => Percentile::from_bytes(bytes).map(drop),
        other => Err(no_sketch(other)),
    }
}

fn no_sketch(column_type: &ColumnType) -> Error {
    Error::invalid(format!("type {column_type} holds no sketches"))
}

fn malformed(column_type: &ColumnType, why: impl std::fmt::Display) -> Error {
    Error::invalid(format!("the bytes are no {}: {why}", column_type.to_string().to_ascii_uppercase()))
}

/// Reads a sketch from bytes of which nobody promises anything: a reader that panics has found them wrong, too.
fn guarded<T>(column_type: &ColumnType, read: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(malformed(column_type, "they cannot be read")))
}

#[cfg(test)]
mod tests;
