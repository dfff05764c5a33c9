//! Colocation groups: tables of a database that are divided into buckets alike.
//!
//! A group is the tables whose `colocate_with` names it. One process has all buckets of all tables, so being in a group
//! moves nothing; its rule is kept so that the tables can be a group in StarRocks again.

use cairn_format::{ColumnType, Distribution, TableDefinition};

use super::view::{Database, Table};
use crate::error::{Error, Result};
use crate::partition::DynamicPartitions;

/// The property that names a table's group.
pub const COLOCATE_WITH: &str = "colocate_with";

/// Whether the table names a group.
pub(crate) fn is_colocated(table: &TableDefinition) -> bool {
    group_of(table).is_some()
}

/// The group of a table.
fn group_of(table: &TableDefinition) -> Option<&str> {
    table.properties.get(COLOCATE_WITH).map(|name| name.trim()).filter(|name| !name.is_empty())
}

impl Database {
    /// The buckets of a colocation group, when it has a table.
    pub fn colocation_buckets(&self, group: &str) -> Option<u32> {
        let mut tables = self.tables().map(|table| &table.definition);
        tables.find(|table| group_of(table) == Some(group)).map(|table| table.distribution.buckets())
    }

    /// Refuses a table that is divided in another way than those of the group that it names.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) with StarRocks' words.
    pub fn check_colocation(&self, table: &TableDefinition) -> Result<()> {
        let Some(group) = group_of(table) else { return Ok(()) };
        let in_group = |what: String| Err(Error::invalid(format!("{what}, as in colocation group {group}")));
        let types = match &table.distribution {
            Distribution::Hash { .. } => types(table)?,
            Distribution::Random { .. } => {
                return Err(Error::invalid(format!(
                    "Colocate tables must be distributed by hash: table '{}' is not, and names colocation group {group}",
                    table.name
                )));
            }
        };
        check_own_buckets(table)?;
        if let Some(current) = self.table(&table.name) {
            check_partition_buckets(table, current)?;
        }
        let mut others = self.tables().map(|table| table.definition.as_ref());
        let Some(other) = others.find(|other| group_of(other) == Some(group) && other.name != table.name)
        else {
            return Ok(());
        };
        let buckets = other.distribution.buckets();
        if table.distribution.buckets() != buckets {
            return in_group(format!("Colocate tables must have same bucket num: {buckets}"));
        }
        let others = self::types(other)?;
        if types.len() != others.len() {
            return in_group(format!(
                "Colocate tables distribution columns size must be same: {}",
                others.len()
            ));
        }
        let columns = table.distribution.columns();
        for ((id, ours), theirs) in columns.iter().zip(&types).zip(&others) {
            if !are_alike(ours, theirs) {
                return in_group(format!(
                    "Colocate tables distribution columns must have the same data type: {} should be {theirs}",
                    table.column_by_id(*id)?.name
                ));
            }
        }
        let number = |table: &TableDefinition| table.properties.get("replication_num").cloned();
        match (number(table), number(other)) {
            (Some(ours), Some(theirs)) if ours.trim() != theirs.trim() => {
                in_group(format!("Colocate tables must have same replication num: {theirs}"))
            }
            _ => Ok(()),
        }
    }
}

/// A table of a group makes no partitions of other buckets by itself.
fn check_own_buckets(table: &TableDefinition) -> Result<()> {
    let own = table.distribution.buckets();
    // A rule that cannot be read makes none, and is refused elsewhere.
    let rule = DynamicPartitions::of_table(table).ok().flatten();
    match rule.and_then(|rule| rule.buckets()) {
        Some(buckets) if buckets != own => Err(Error::invalid(format!(
            "dynamic_partition.buckets should equal the distribution buckets if creating a colocate table: {own}, not {buckets}"
        ))),
        _ => Ok(()),
    }
}

fn check_partition_buckets(table: &TableDefinition, current: &Table) -> Result<()> {
    let own = table.distribution.buckets();
    let all = current.partitions.iter().chain(&current.temporary_partitions);
    let mut definitions = all.map(|partition| &partition.definition);
    match definitions.find(|partition| table.buckets_of(partition) != own) {
        Some(other) => Err(Error::invalid(format!(
            "Partitions in table {} have different buckets number: partition {} has {}, the table {own}; all of a colocation group have as many",
            table.name,
            other.name,
            table.buckets_of(other)
        ))),
        None => Ok(()),
    }
}

fn types(table: &TableDefinition) -> Result<Vec<ColumnType>> {
    let one = |id: &cairn_format::FieldId| Ok(table.column_by_id(*id)?.column_type.clone());
    table.distribution.columns().iter().map(one).collect()
}

/// Lengths of texts make no difference to where a value goes.
fn are_alike(a: &ColumnType, b: &ColumnType) -> bool {
    a == b
        || matches!(
            (a, b),
            (
                ColumnType::Varchar { .. } | ColumnType::String,
                ColumnType::Varchar { .. } | ColumnType::String
            )
        )
        || matches!((a, b), (ColumnType::Char { .. }, ColumnType::Char { .. }))
}
