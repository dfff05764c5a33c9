//! Changing what tablets have without loading: rows deleted by position, and rowsets rewritten.

mod background;
mod compact;
mod delete;
mod pace;
mod place;
mod policy;
mod rewrite;

pub(crate) use background::Compactor;
pub(crate) use compact::compact;
pub use compact::{Compaction, CompactionOutcome};
pub use delete::RowDeletion;
