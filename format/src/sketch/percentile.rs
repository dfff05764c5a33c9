//! Distributions of numbers.

use datasketches::tdigest::TDigestMut;

use super::{Sketch, guarded, malformed};
use crate::error::{Error, Result};
use crate::schema::ColumnType;

/// How finely distributions are kept: StarRocks has as many.
const COMPRESSION: u16 = 1000;

/// What tells about which share of some numbers is below another.
pub struct Percentile(TDigestMut);

impl Percentile {
    /// The distribution of one number; of nothing when it is not finite.
    ///
    /// # Errors
    ///
    /// None that are known of.
    pub fn of(number: f64) -> Result<Self> {
        let mut made = Self::empty()?;
        made.0.update(number);
        Ok(made)
    }

    /// About the number below which this share of all lies; `None` of nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the share is not from 0 to 1.
    pub fn quantile(&mut self, share: f64) -> Result<Option<f64>> {
        self.0
            .quantile(share)
            .map_err(|_| Error::invalid(format!("{share} is no share: give one from 0 to 1")))
    }

    /// How many numbers there were.
    pub fn count(&self) -> u64 {
        self.0.total_weight()
    }
}

impl Sketch for Percentile {
    const COLUMN_TYPE: ColumnType = ColumnType::Percentile;

    fn empty() -> Result<Self> {
        TDigestMut::new(COMPRESSION).map(Self).map_err(|e| malformed(&Self::COLUMN_TYPE, e))
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self> {
        // The library also reads another form, which begins with a zero, and takes its word for how long it is.
        if bytes.first() == Some(&0) {
            return Err(malformed(&Self::COLUMN_TYPE, "unknown form"));
        }
        guarded(&Self::COLUMN_TYPE, || {
            TDigestMut::deserialize(bytes).map(Self).map_err(|e| malformed(&Self::COLUMN_TYPE, e))
        })
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        if self.count().checked_add(other.count()).is_none() {
            return Err(Error::invalid("distributions of more numbers than 64 bits count"));
        }
        match other.0.min_value().filter(|_| other.count() == 1) {
            // One number waits with others; a merge puts all in order at once.
            Some(number) => self.0.update(number),
            None => self.0.merge(&other.0),
        }
        Ok(())
    }

    fn to_bytes(&mut self) -> Vec<u8> {
        self.0.serialize()
    }

    fn memory(&self) -> usize {
        self.0.estimated_size()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// Taking in one number put all that was there in order again.
    #[test]
    fn taking_in_one_number_is_about_as_fast_as_adding_it() {
        let numbers: Vec<f64> = (0..10_000).map(|n| f64::from(n % 977)).collect();
        let singles: Vec<_> = numbers.iter().map(|n| Percentile::of(*n).unwrap()).collect();
        let start = Instant::now();
        let mut added = Percentile::empty().unwrap();
        for n in &numbers {
            added.0.update(*n);
        }
        let adding = start.elapsed();
        let start = Instant::now();
        let mut merged = Percentile::empty().unwrap();
        for single in singles {
            merged.merge(single).unwrap();
        }
        let merging = start.elapsed();
        assert!(merging < adding * 20, "{merging:?} to merge, {adding:?} to add");
        assert_eq!((merged.count(), merged.quantile(0.5).unwrap()), (10_000, added.quantile(0.5).unwrap()));
    }
}
