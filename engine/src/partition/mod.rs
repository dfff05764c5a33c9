//! Partitions that follow a rule: those that loads make, and those that are made ahead and dropped behind.

mod automatic;
mod buckets;
mod calendar;
mod dynamic;
mod keep;
mod live;
mod steps;
mod zone;

pub(crate) use automatic::{MAX_NEW_PARTITIONS, distinct_name, partition_of_row};
pub(crate) use buckets::automatic_buckets;
pub use calendar::{calendar_time, calendar_value, partition_end, partition_name};
pub(crate) use dynamic::NO_START;
pub use dynamic::{DYNAMIC_PARTITION, DynamicPartitions};
pub use keep::check_partition_rules;
pub(crate) use keep::{PartitionKeeper, due_names, keep_partitions};
pub use live::PARTITION_LIVE_NUMBER;
pub use steps::step_begin;
pub(crate) use steps::{cut_to_steps, may_be_between};
