//! Rows of equal key: what a load makes of them, and where a table has them already.
//!
//! Tables with a key that is unique are merged when they are written. A load finds, for each of its keys, the row that
//! the tablet has, deletes it by its position, and writes the row that follows from both. So readers only leave out
//! deleted positions. Finding and committing are one step for others: whoever does it holds the table's lock.

mod fold;
mod lock;
mod lookup;
mod refused;
mod rule;
mod sort;
mod sum;
mod tablet;

pub(crate) use fold::{DELETE, PUT, fold};
pub(crate) use lock::{TableGuard, TableLocks};
pub(crate) use refused::refuse_keys;
pub(crate) use rule::MergeRule;
pub use rule::UpsertOptions;
pub(crate) use sort::{arranged, sorted};
pub(crate) use tablet::{NewFile, TabletState, Writer};

/// The column of what is to be done with a row of a load, after those of the table.
pub(crate) const OPERATION_COLUMN: &str = "__op";
