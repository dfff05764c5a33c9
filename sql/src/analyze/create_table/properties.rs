//! The properties of a CREATE TABLE.

use std::collections::BTreeMap;

use cairn_engine::{COLOCATE_WITH, DYNAMIC_PARTITION, check_partition_rules};
use cairn_format::{BloomFilters, IndexKind, TableDefinition};

use super::values::check_value;
use crate::analyze::names::analysed;
use crate::ast::Properties;
use crate::error::{Error, Result};

/// StarRocks' table properties. Apart from `compression` and those of Bloom filters they are kept, shown and without effect: they speak of
/// replicas, media and indexes that a store in one directory does not have.
const KNOWN: &[&str] = &[
    "bloom_filter_columns",
    "bloom_filter_fpp",
    "bucket_size",
    "colocate_with",
    "compression",
    "enable_persistent_index",
    "fast_schema_evolution",
    "foreign_key_constraints",
    "in_memory",
    "partition_live_number",
    "persistent_index_type",
    "replicated_storage",
    "replication_num",
    "storage_cooldown_time",
    "storage_cooldown_ttl",
    "storage_format",
    "storage_medium",
    "unique_constraints",
    "write_quorum",
];

pub(super) fn properties(given: &Properties) -> Result<BTreeMap<String, String>> {
    let mut properties = BTreeMap::new();
    for (key, value) in given {
        let key = table_property(key, value)?;
        if properties.insert(key.clone(), value.clone()).is_some() {
            return Err(Error::analysis(format!("property \"{key}\" is given twice")));
        }
    }
    Ok(properties)
}

/// The name under which a property of a table is kept, and its value is right.
pub(in crate::analyze) fn table_property(key: &str, value: &str) -> Result<String> {
    // What new partitions get is what the table says.
    let key = match key.strip_prefix("default.") {
        Some(own @ ("replication_num" | "storage_medium")) => own,
        _ => key,
    };
    // Kept without effect it would only seem to drop partitions.
    if key == "partition_retention_condition" {
        return Err(Error::not_supported(format_args!("property \"{key}\"")));
    }
    if !KNOWN.contains(&key) && !key.starts_with(DYNAMIC_PARTITION) {
        return Err(Error::analysis(format!(
            "Unknown properties: {key}; the known ones are {}",
            KNOWN.join(", ")
        )));
    }
    check_value(key, value)?;
    Ok(key.to_owned())
}

/// The table's properties after those that are given have been set.
pub(in crate::analyze) fn changed_properties(
    table: &TableDefinition,
    given: &Properties,
) -> Result<BTreeMap<String, String>> {
    for (key, _) in given {
        if FIXED.contains(&key.as_str()) {
            return Err(Error::analysis(format!(
                "property \"{key}\" cannot be changed: it is chosen with the table"
            )));
        }
    }
    let mut properties = table.properties.clone();
    properties.extend(self::properties(given)?);
    // A table leaves its group for none.
    if properties.get(COLOCATE_WITH).is_some_and(|group| group.trim().is_empty()) {
        properties.remove(COLOCATE_WITH);
    }
    let changed = TableDefinition { properties, ..table.clone() };
    check_properties(&changed)?;
    Ok(changed.properties)
}

/// Checks the properties that do something against the table that has them.
pub(in crate::analyze) fn check_properties(table: &TableDefinition) -> Result<()> {
    check_constraints(table)?;
    analysed(cairn_format::writer_properties(table))?;
    analysed(BloomFilters::of(table))?;
    check_filters(table)?;
    check_partition_rules(table).map_err(|error| Error::from(error).while_analysing())
}

/// A column has a Bloom filter of its values or of parts of them, whichever comes first.
fn check_filters(table: &TableDefinition) -> Result<()> {
    let Some(filtered) = table.properties.get("bloom_filter_columns") else { return Ok(()) };
    let indexes = table.indexes.iter().filter(|index| index.kind == IndexKind::NgramBloomFilter);
    for id in indexes.flat_map(|index| &index.columns) {
        let name = &analysed(table.column_by_id(*id))?.name;
        if filtered.split(',').any(|other| name.matches(other.trim())) {
            return Err(Error::analysis(format!(
                "column {name} should only have one bloom filter index or ngram bloom filter index"
            )));
        }
    }
    Ok(())
}

/// The columns of unique constraints, as in `a, b; c`, are the table's.
fn check_constraints(table: &TableDefinition) -> Result<()> {
    let Some(constraints) = table.properties.get("unique_constraints") else { return Ok(()) };
    for name in constraints.split([';', ',']).map(str::trim).filter(|name| !name.is_empty()) {
        // It may be written behind the names of its catalog, database and table.
        let column = name.rsplit('.').next().unwrap_or(name);
        if table.column(column).is_none() {
            return Err(Error::analysis(format!(
                "unique_constraints: column '{column}' does not exist in table '{}'",
                table.name
            )));
        }
    }
    Ok(())
}

/// Properties that say how a table was made.
const FIXED: &[&str] = &["persistent_index_type", "storage_format"];
