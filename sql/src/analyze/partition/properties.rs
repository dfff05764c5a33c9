//! Properties of single partitions.

use std::collections::BTreeMap;

use cairn_format::PartitionName;

use crate::analyze::create_table::check_value;
use crate::ast::Properties;
use crate::error::{Error, Result};

/// Those that a partition may have for itself. They are kept, shown and without effect, as the table's of the same names.
const KNOWN: [&str; 4] = ["in_memory", "replication_num", "storage_cooldown_time", "storage_medium"];

/// The properties that are given to a partition.
pub(super) fn properties(name: &PartitionName, given: &Properties) -> Result<BTreeMap<String, String>> {
    checked(given).map_err(|error| error.about(format_args!("partition '{name}'")))
}

/// The properties that are given to some partition.
pub(super) fn checked(given: &Properties) -> Result<BTreeMap<String, String>> {
    let mut properties = BTreeMap::new();
    for (key, value) in given {
        if !KNOWN.contains(&key.as_str()) {
            return Err(Error::analysis(format!(
                "Unknown properties: {key}; those of one partition are {}",
                KNOWN.join(", ")
            )));
        }
        check_value(key, value)?;
        if properties.insert(key.clone(), value.clone()).is_some() {
            return Err(Error::analysis(format!("property \"{key}\" is given twice")));
        }
    }
    Ok(properties)
}
