//! What values the properties of tables and partitions may have.

use cairn_format::{ColumnType, Ttl, Value};

use crate::analyze::properties::boolean;
use crate::error::{Error, Result};

/// Checks the value of a property, apart from the table that has it.
pub(in crate::analyze) fn check_value(key: &str, value: &str) -> Result<()> {
    match key {
        "replication_num" => positive(key, value),
        "bucket_size" => whole(key, value),
        "storage_medium" => one_of("storage medium", value, &["HDD", "SSD"]),
        "storage_format" => one_of(key, value, &["DEFAULT", "V2"]),
        "persistent_index_type" => one_of(key, value, &["LOCAL", "CLOUD_NATIVE"]),
        "write_quorum" => one_of(key, value, &["MAJORITY", "ONE", "ALL"]),
        "enable_persistent_index" | "fast_schema_evolution" | "in_memory" | "replicated_storage" => {
            boolean(key, value).map(drop)
        }
        "storage_cooldown_time" => match Value::parse(&ColumnType::DateTime, value) {
            Ok(_) => Ok(()),
            Err(_) => Err(invalid(key, value, "give a time such as \"2026-12-31 23:59:59\"")),
        },
        "storage_cooldown_ttl" => match Ttl::parse(value) {
            Ok(_) => Ok(()),
            Err(_) => Err(invalid(key, value, "give a length of time such as \"7 DAY\"")),
        },
        _ => Ok(()),
    }
}

fn invalid(key: &str, value: &str, advice: &str) -> Error {
    Error::analysis(format!("Invalid {key}: '{value}'; {advice}"))
}

fn positive(key: &str, value: &str) -> Result<()> {
    match value.trim().parse::<u16>() {
        Ok(number) if number >= 1 => Ok(()),
        _ => Err(invalid(key, value, "give a whole number, at least 1")),
    }
}

fn whole(key: &str, value: &str) -> Result<()> {
    match value.trim().parse::<u64>() {
        Ok(_) => Ok(()),
        Err(_) => Err(invalid(key, value, "give a whole number")),
    }
}

fn one_of(key: &str, value: &str, words: &[&str]) -> Result<()> {
    if words.iter().any(|word| word.eq_ignore_ascii_case(value.trim())) {
        return Ok(());
    }
    Err(invalid(key, value, &format!("use {}", words.join(", "))))
}
