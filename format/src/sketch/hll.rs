//! Counts of distinct values.

use datasketches::hash::value::raw_bytes;
use datasketches::hll::{HllSketch, HllType, HllUnion};

use super::hll_image::check_image;
use super::{Sketch, guarded, malformed};
use crate::error::Result;
use crate::schema::ColumnType;

/// Registers as a power of two: StarRocks has as many.
const LG_K: u8 = 14;

/// What tells about how many distinct values there were.
pub struct Hll(State);

enum State {
    /// As it was read or made.
    One(HllSketch),
    /// Of several.
    Union(HllUnion),
}

impl Hll {
    /// The sketch of one text.
    ///
    /// # Errors
    ///
    /// None that are known of.
    pub fn of(text: &str) -> Result<Self> {
        let mut sketch = new_sketch()?;
        sketch.update(raw_bytes::from_str(text));
        Ok(Self(State::One(sketch)))
    }

    /// About how many distinct values there were.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the sketch is damaged in a way that reading it did not
    /// show.
    pub fn estimate(&self) -> Result<u64> {
        let estimate = guarded(&Self::COLUMN_TYPE, || {
            Ok(match &self.0 {
                State::One(sketch) => sketch.estimate(),
                State::Union(union) => union.estimate(),
            })
        })?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count, far below 2^64"
        )]
        let whole = estimate.round() as u64;
        Ok(whole)
    }
}

fn new_sketch() -> Result<HllSketch> {
    HllSketch::new(LG_K, HllType::Hll8).map_err(|e| malformed(&ColumnType::Hll, e))
}

impl Sketch for Hll {
    const COLUMN_TYPE: ColumnType = ColumnType::Hll;

    fn empty() -> Result<Self> {
        new_sketch().map(|sketch| Self(State::One(sketch)))
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self> {
        guarded(&Self::COLUMN_TYPE, || {
            let sketch = HllSketch::deserialize(bytes).map_err(|e| malformed(&Self::COLUMN_TYPE, e))?;
            check_image(bytes).map_err(|why| malformed(&Self::COLUMN_TYPE, why))?;
            Ok(Self(State::One(sketch)))
        })
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        guarded(&Self::COLUMN_TYPE, || {
            if let State::One(sketch) = &self.0 {
                let mut union = HllUnion::new(LG_K).map_err(|e| malformed(&Self::COLUMN_TYPE, e))?;
                union.update(sketch);
                self.0 = State::Union(union);
            }
            if let State::Union(union) = &mut self.0 {
                match &other.0 {
                    State::One(sketch) => union.update(sketch),
                    State::Union(other) => union.update(&other.to_sketch(HllType::Hll8)),
                }
            }
            Ok(())
        })
    }

    fn to_bytes(&mut self) -> Vec<u8> {
        match &self.0 {
            State::One(sketch) => sketch.serialize(),
            State::Union(union) => union.to_sketch(HllType::Hll8).serialize(),
        }
    }

    fn memory(&self) -> usize {
        match &self.0 {
            State::One(sketch) => sketch.estimated_size(),
            State::Union(union) => union.estimated_size(),
        }
    }
}
