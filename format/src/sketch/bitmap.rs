//! Sets of whole numbers.

use std::fmt::Write;
use std::io::Cursor;

use roaring::RoaringTreemap;

use super::murmur::murmur3_32;
use super::{Sketch, guarded, malformed};
use crate::error::{Error, Result};
use crate::schema::ColumnType;

/// A set of whole numbers from 0 to 2^64 - 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bitmap(RoaringTreemap);

/// What StarRocks begins the hashes of [`Bitmap::of_hash`] with.
const HASH_SEED: u32 = 104_729;

impl Bitmap {
    /// The set of one number.
    pub fn of(number: u64) -> Self {
        Self(RoaringTreemap::from_iter([number]))
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
        numbers.collect::<Option<RoaringTreemap>>().map(Self)
    }

    /// How many numbers there are.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Whether it has the number.
    pub fn contains(&self, number: u64) -> bool {
        self.0.contains(number)
    }

    /// The numbers, ascending.
    pub fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter()
    }

    /// The numbers that both have.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self(self.0 & &other.0)
    }

    /// The numbers that this one has and the other has not.
    #[must_use]
    pub fn and_not(self, other: &Self) -> Self {
        Self(self.0 - &other.0)
    }

    /// The numbers that one of both has.
    #[must_use]
    pub fn xor(self, other: &Self) -> Self {
        Self(self.0 ^ &other.0)
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
        for number in &self.0 {
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
        Self(numbers.into_iter().collect())
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
            Ok(Self(set))
        })
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.0 |= other.0;
        Ok(())
    }

    fn to_bytes(&mut self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.serialized_size());
        // Writing into a vector cannot fail.
        let _ = self.0.serialize_into(&mut bytes);
        bytes
    }

    fn memory(&self) -> usize {
        self.0.serialized_size()
    }
}
