//! Sets of whole numbers.

use std::fmt::Write;
use std::io::Cursor;

use roaring::RoaringTreemap;

use super::murmur::murmur3_32;
use super::{Sketch, guarded, malformed};
use crate::error::{Error, Result};
use crate::schema::ColumnType;

/// A set of whole numbers from 0 to 2^64 - 1.
#[derive(Clone, Debug, Default)]
pub struct Bitmap {
    set: RoaringTreemap,
    /// The bytes of its stored form when that was last computed, which takes a walk over all of it.
    measured: usize,
    /// At most so many bytes have come to it since.
    added: usize,
}

/// What StarRocks begins the hashes of [`Bitmap::of_hash`] with.
const HASH_SEED: u32 = 104_729;

impl PartialEq for Bitmap {
    fn eq(&self, other: &Self) -> bool {
        self.set == other.set
    }
}

impl Bitmap {
    fn new(set: RoaringTreemap) -> Self {
        Self { measured: set.serialized_size(), set, added: 0 }
    }

    /// The set of one number.
    pub fn of(number: u64) -> Self {
        Self::new(RoaringTreemap::from_iter([number]))
    }

    /// The set of a text's hash of 32 bits.
    pub fn of_hash(text: &str) -> Self {
        Self::of(murmur3_32(text.as_bytes(), HASH_SEED).into())
    }

    /// The set that a text like `1,2,3` lists; `None` for any other.
    pub fn parse(text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return Some(Self::default());
        }
        let numbers = text.split(',').map(|number| number.trim().parse::<u64>().ok());
        numbers.collect::<Option<RoaringTreemap>>().map(Self::new)
    }

    /// How many numbers there are.
    pub fn count(&self) -> u64 {
        self.set.len()
    }

    /// Whether it has the number.
    pub fn contains(&self, number: u64) -> bool {
        self.set.contains(number)
    }

    /// The numbers, ascending.
    pub fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        self.set.iter()
    }

    /// The numbers that both have.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self::new(self.set & &other.set)
    }

    /// The numbers that this one has and the other has not.
    #[must_use]
    pub fn and_not(self, other: &Self) -> Self {
        Self::new(self.set - &other.set)
    }

    /// The numbers that one of both has.
    #[must_use]
    pub fn xor(self, other: &Self) -> Self {
        Self::new(self.set ^ &other.set)
    }

    /// The numbers with commas between them, ascending.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when they take more than `most` bytes: a bitmap of a few
    /// bytes may hold all numbers there are.
    pub fn to_text(&self, most: usize) -> Result<String> {
        let refused = || {
            Error::invalid(format!(
                "a bitmap of {} numbers has a text of more than {most} bytes; count it, or take a part of it",
                self.count()
            ))
        };
        // Each takes a digit and a comma at least.
        if self.count() / 2 > most as u64 {
            return Err(refused());
        }
        let mut text = String::new();
        for number in &self.set {
            if !text.is_empty() {
                text.push(',');
            }
            // Writing into a String cannot fail.
            let _ = write!(text, "{number}");
            if text.len() > most {
                return Err(refused());
            }
        }
        Ok(text)
    }
}

impl FromIterator<u64> for Bitmap {
    fn from_iter<I: IntoIterator<Item = u64>>(numbers: I) -> Self {
        Self::new(numbers.into_iter().collect())
    }
}

impl Sketch for Bitmap {
    const COLUMN_TYPE: ColumnType = ColumnType::Bitmap;

    fn empty() -> Result<Self> {
        Ok(Self::default())
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self> {
        guarded(&Self::COLUMN_TYPE, || {
            let wrong = |why: &dyn std::fmt::Display| malformed(&Self::COLUMN_TYPE, why);
            let mut cursor = Cursor::new(bytes);
            let set = RoaringTreemap::deserialize_from(&mut cursor).map_err(|e| wrong(&e))?;
            if cursor.position() != bytes.len() as u64 {
                return Err::<Self, Error>(wrong(&"something stands behind it"));
            }
            Ok(Self { set, measured: bytes.len(), added: 0 })
        })
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        // By reference the work is in proportion to the other one. By value the library looks first which one is longer,
        // which takes a walk over both.
        if self.set.is_empty() {
            *self = other;
            return Ok(());
        }
        self.set |= &other.set;
        self.added = self.added.saturating_add(other.memory());
        if self.added > self.measured {
            *self = Self::new(std::mem::take(&mut self.set));
        }
        Ok(())
    }

    fn to_bytes(&mut self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.set.serialized_size());
        // Writing into a vector cannot fail.
        let _ = self.set.serialize_into(&mut bytes);
        bytes
    }

    fn memory(&self) -> usize {
        self.measured.saturating_add(self.added)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// Taking in one number took a walk over all that was there: a million rows of one key took minutes.
    #[test]
    fn taking_in_one_number_does_not_take_longer_in_a_large_set() {
        let time = |target: Bitmap| {
            let mut target = target;
            let singles: Vec<_> = (0..2000).map(Bitmap::of).collect();
            let start = Instant::now();
            for single in singles {
                target.merge(single).unwrap();
                assert!(target.memory() > 0);
            }
            start.elapsed()
        };
        let small = time(Bitmap::of(1));
        let large = time((0..40_000).map(|n| n << 16).collect());
        assert!(large < small * 30, "{large:?} for 2000 into a large set, {small:?} into a small one");
    }

    #[test]
    fn its_memory_is_about_its_bytes() {
        let mut sum = Bitmap::default();
        for n in 0..5000_u64 {
            sum.merge(Bitmap::of(n % 50 * 70_000)).unwrap();
            let exact = sum.set.serialized_size();
            assert!((exact..=2 * exact + 100).contains(&sum.memory()), "{n}: {} {exact}", sum.memory());
        }
        assert_eq!(sum.count(), 50);
    }
}
