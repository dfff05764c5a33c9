//! Deletions: which rows of a data file are not rows of its table any more.

use std::fmt;

use arrow::array::BooleanArray;
use arrow::buffer::BooleanBuffer;
use roaring::RoaringBitmap;

use crate::error::{Error, Result};

/// The positions of the rows of one data file that are deleted, from 0.
///
/// Positions have 32 bits: a data file with deletions has at most so many rows.
#[derive(Clone, Default, PartialEq)]
pub struct Deletions(RoaringBitmap);

impl Deletions {
    /// No deletions.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many rows are deleted.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the row at `position` is.
    pub fn contains(&self, position: u32) -> bool {
        self.0.contains(position)
    }

    /// Deletes the row at `position`; tells whether it was not deleted before.
    pub fn insert(&mut self, position: u32) -> bool {
        self.0.insert(position)
    }

    /// The greatest position.
    pub fn last(&self) -> Option<u32> {
        self.0.max()
    }

    /// The positions, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter()
    }

    /// The deletions of both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(&self.0 | &other.0)
    }

    /// Runs of rows of a file of `rows` rows, in turn kept (`true`) and deleted, that cover it.
    pub fn runs(&self, rows: u64) -> Vec<(bool, u64)> {
        let mut runs: Vec<(bool, u64)> = Vec::new();
        let mut next = 0_u64;
        for position in self.0.iter().map(u64::from).take_while(|position| *position < rows) {
            if position > next {
                runs.push((true, position - next));
            }
            match runs.last_mut() {
                Some((false, count)) => *count += 1,
                _ => runs.push((false, 1)),
            }
            next = position + 1;
        }
        if rows > next {
            runs.push((true, rows - next));
        }
        runs
    }

    /// Which of the `rows` rows from `first` on are kept; `None` when all are.
    pub fn kept(&self, first: u32, rows: u32) -> Option<BooleanArray> {
        let end = first.saturating_add(rows);
        let mut deleted = self.0.range(first..end).peekable();
        deleted.peek()?;
        let mut kept = vec![true; rows as usize];
        for position in deleted {
            kept[(position - first) as usize] = false;
        }
        Some(BooleanArray::new(BooleanBuffer::from(kept), None))
    }

    /// The stored form: Roaring's portable serialization.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.0.serialized_size());
        self.0
            .serialize_into(&mut bytes)
            .map_err(|e| Error::invalid("deletions cannot be encoded").with_source(e))?;
        Ok(bytes)
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// `Corrupt` when it is none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut rest = bytes;
        let bitmap = RoaringBitmap::deserialize_from(&mut rest)
            .map_err(|e| Error::corrupt("deletions cannot be read").with_source(e))?;
        if rest.is_empty() {
            Ok(Self(bitmap))
        } else {
            Err(Error::corrupt("deletions have bytes after them"))
        }
    }
}

impl FromIterator<u32> for Deletions {
    fn from_iter<I: IntoIterator<Item = u32>>(positions: I) -> Self {
        Self(positions.into_iter().collect())
    }
}

impl fmt::Debug for Deletions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Deletions({} rows, last {:?})", self.len(), self.last())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_cover_the_file() {
        let runs = |positions: &[u32], rows| positions.iter().copied().collect::<Deletions>().runs(rows);
        assert_eq!(runs(&[], 3), [(true, 3)]);
        assert_eq!(runs(&[0, 1, 4], 6), [(false, 2), (true, 2), (false, 1), (true, 1)]);
        assert_eq!(runs(&[2], 3), [(true, 2), (false, 1)]);
        assert_eq!(runs(&[0], 0), []);
    }

    #[test]
    fn the_stored_form_reads_back_and_nothing_else_does() {
        let deletions: Deletions = [1, 5, 70_000, u32::MAX].into_iter().collect();
        let bytes = deletions.to_bytes().unwrap();
        assert_eq!(Deletions::from_bytes(&bytes).unwrap(), deletions);
        for cut in 0..bytes.len() {
            assert!(Deletions::from_bytes(&bytes[..cut]).is_err(), "{cut}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(Deletions::from_bytes(&longer).is_err());
    }

    #[test]
    fn kept_rows_of_a_part_are_those_that_are_not_deleted() {
        let deletions: Deletions = [3, 10].into_iter().collect();
        assert_eq!(deletions.kept(4, 6), None);
        let kept = deletions.kept(2, 3).unwrap();
        assert_eq!(kept.values().iter().collect::<Vec<_>>(), [true, false, true]);
    }
}
