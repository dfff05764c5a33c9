//! The rows of a load that are refused.

use crate::error::{Error, ErrorKind, Result};

/// So many are counted: to find each takes longer than to load many.
const MOST_ROWS: u64 = 1000;

/// So many batches are looked at from the first with such a row on.
const MOST_BATCHES: usize = 16;

/// How many they are, and why the first of them is.
#[derive(Default)]
pub(super) struct Refusals {
    first: Option<Error>,
    rows: u64,
    /// The number of the last of them.
    last: u64,
    batches: usize,
}

impl Refusals {
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Whether no more of them are counted.
    pub(super) fn are_enough(&self) -> bool {
        self.rows >= MOST_ROWS || self.batches >= MOST_BATCHES
    }

    /// Counts the row with this number, from 1; rows come in their order.
    pub(super) fn add(&mut self, error: Error, number: u64) -> Result<()> {
        let error = of_rows(error)?;
        self.first.get_or_insert(error);
        self.rows += 1;
        self.last = number;
        Ok(())
    }

    /// Ends a batch, before whose end there are `rows`: an error once enough are counted.
    pub(super) fn end_batch(&mut self, rows: u64) -> Result<()> {
        self.batches += 1;
        if !self.are_enough() {
            return Ok(());
        }
        let looked_at = if self.rows >= MOST_ROWS { self.last } else { rows };
        let how_many = format!("at least {} of the first {looked_at}", self.rows);
        self.result(&how_many)
    }

    /// The first of them, and how many of `rows` there are.
    pub(super) fn into_result(mut self, rows: u64) -> Result<()> {
        let how_many = format!("{} of {rows}", self.rows);
        self.result(&how_many)
    }

    fn result(&mut self, how_many: &str) -> Result<()> {
        let Some(first) = self.first.take() else { return Ok(()) };
        let are = if self.rows == 1 { "is" } else { "are" };
        Err(first.noting(format_args!("{how_many} rows {are} refused, and none is loaded")))
    }
}

/// The error when it is one of rows; another ends the load at once.
pub(super) fn of_rows(error: Error) -> Result<Error> {
    match error.kind() {
        ErrorKind::InvalidInput | ErrorKind::Analysis => Ok(error),
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> Error {
        Error::invalid("bad")
    }

    #[test]
    fn only_so_many_rows_and_batches_are_counted() {
        let mut many = Refusals::default();
        for row in 0..MOST_ROWS {
            assert!(!many.are_enough());
            many.add(refused(), 2 * row + 1).unwrap();
        }
        let error = many.end_batch(8192).unwrap_err().to_string();
        assert!(error.contains("at least 1000 of the first 1999 rows are refused"), "{error}");
        let mut few = Refusals::default();
        few.add(refused(), 3).unwrap();
        for batch in 1..MOST_BATCHES as u64 {
            few.end_batch(batch * 10).unwrap();
        }
        let error = few.end_batch(160).unwrap_err().to_string();
        assert!(error.contains("at least 1 of the first 160 rows is refused"), "{error}");
    }

    #[test]
    fn faults_of_no_row_end_the_load() {
        let mut refusals = Refusals::default();
        assert!(refusals.add(Error::new(ErrorKind::Internal, "broken"), 1).is_err());
        assert!(refusals.is_empty() && refusals.into_result(1).is_ok());
    }
}
