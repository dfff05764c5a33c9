//! Partitions that follow a rule: those that loads make, and those that are made ahead and dropped behind.

mod automatic;
mod calendar;

pub(crate) use automatic::{MAX_NEW_PARTITIONS, partition_of_row};
pub use calendar::{calendar_time, calendar_value, partition_end, partition_name};
