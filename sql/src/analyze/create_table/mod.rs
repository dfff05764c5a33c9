//! CREATE TABLE: from the clauses to a definition.

mod columns;
mod key;
mod properties;
mod sort_key;
mod values;

pub(super) use columns::{check_sources, column_of};
pub(super) use key::{aggregation, short_key, widen_sum};
pub(super) use properties::{changed_properties, check_properties, table_property};
pub(super) use sort_key::change_sort_key;
pub(in crate::analyze) use sort_key::sort_key as sort_key_of;
pub(super) use values::check_value;

use std::collections::BTreeMap;

use cairn_engine::{COLOCATE_WITH, Database};
use cairn_format::{
    Column, Distribution, FieldId, KeyModel, PartitionDefinition, Partitioning, TableDefinition, TableName,
};

use super::index;
use super::names::analysed;
use super::{partition, rollup};
use crate::ast::{CreateTableStatement, DistributionClause, Ident, TableScope};
use crate::error::{Error, Result};

/// Buckets of a partition when the statement does not say.
pub(super) const DEFAULT_BUCKETS: u32 = 2;

/// The definition of the table and its partitions; an unpartitioned table has none here.
pub(super) fn table(
    statement: &CreateTableStatement,
    name: &TableName,
    database: &Database,
) -> Result<(TableDefinition, Vec<PartitionDefinition>)> {
    refuse_unsupported(statement)?;
    let mut columns = columns::columns(&statement.columns)?;
    let (key_model, key_columns) = key::key(statement, &mut columns)?;
    let partitioning = match &statement.partition {
        None => Partitioning::Unpartitioned,
        Some(clause) => partition::partitioning(clause, &columns)?,
    };
    let sort_key = match &statement.order_by {
        None => None,
        Some(names) => Some(sort_key::sort_key(names, &columns, key_model, key_columns)?),
    };
    let next_field_id = i32::try_from(columns.len() + 1)
        .map_err(|_| Error::analysis(format!("table '{name}' has too many columns")))?;
    let properties = properties::properties(&statement.properties)?;
    let buckets = buckets(statement, &properties, database)?;
    let distribution = statement.distribution.as_ref();
    let mut definition = TableDefinition {
        name: name.clone(),
        distribution: self::distribution(distribution, buckets.number, &columns, key_model, key_columns)?,
        columns,
        key_model,
        key_columns,
        automatic_buckets: buckets.are_automatic,
        sort_key,
        rollups: Vec::new(),
        materialized_view: None,
        indexes: Vec::new(),
        partitioning,
        comment: statement.comment.clone(),
        properties,
        next_field_id,
    };
    index::add_all(&mut definition, &statement.indexes)?;
    columns::check_sources(&definition)?;
    analysed(definition.check_new())?;
    properties::check_properties(&definition)?;
    for clause in &statement.rollups {
        rollup::add(&mut definition, clause)?;
    }
    database.check_colocation(&definition).map_err(|error| Error::from(error).while_analysing())?;
    let partitions = match &statement.partition {
        None => Vec::new(),
        Some(clause) => partition::partitions(clause, &definition)?,
    };
    if definition.partitioning != Partitioning::Unpartitioned {
        analysed(definition.check_partitions(&partitions))?;
    }
    Ok((definition, partitions))
}

fn refuse_unsupported(statement: &CreateTableStatement) -> Result<()> {
    match statement.scope {
        TableScope::Ordinary => {}
        TableScope::Temporary => return Err(Error::not_supported("CREATE TEMPORARY TABLE")),
        TableScope::External => return Err(Error::not_supported("CREATE EXTERNAL TABLE")),
    }
    if let Some(engine) =
        statement.engine.as_ref().filter(|engine| !engine.value.eq_ignore_ascii_case("olap"))
    {
        return Err(Error::analysis(format!("unknown engine '{}': use OLAP", engine.value)));
    }
    Ok(())
}

/// How many buckets a partition gets.
struct Buckets {
    number: u32,
    /// Whether that may be more, as the partitions before it grow.
    are_automatic: bool,
}

fn buckets(
    statement: &CreateTableStatement,
    properties: &BTreeMap<String, String>,
    database: &Database,
) -> Result<Buckets> {
    if let Some(number) = statement.distribution.as_ref().and_then(|clause| clause.buckets) {
        let number = u32::try_from(number)
            .map_err(|_| Error::analysis(format!("{number} buckets are too many: give a smaller number")))?;
        return Ok(Buckets { number, are_automatic: false });
    }
    match properties.get(COLOCATE_WITH) {
        Some(_) if statement.distribution.is_none() => {
            Err(Error::analysis("Colocate tables must give a distribution: add DISTRIBUTED BY HASH"))
        }
        // All of a group have as many.
        Some(group) => {
            let number = database.colocation_buckets(group.trim()).unwrap_or(DEFAULT_BUCKETS);
            Ok(Buckets { number, are_automatic: false })
        }
        None => Ok(Buckets { number: DEFAULT_BUCKETS, are_automatic: true }),
    }
}

fn distribution(
    clause: Option<&DistributionClause>,
    buckets: u32,
    columns: &[Column],
    key_model: KeyModel,
    key_columns: usize,
) -> Result<Distribution> {
    match (clause, key_model) {
        (None, KeyModel::Primary) => {
            let columns = columns[..key_columns].iter().map(|column| column.field_id).collect();
            return Ok(Distribution::Hash { columns, buckets });
        }
        (None, KeyModel::Aggregate | KeyModel::Unique) => {
            return Err(Error::analysis(format!(
                "Currently not support default distribution in {} tables: add DISTRIBUTED BY HASH of key columns",
                key_model.as_sql()
            )));
        }
        _ => {}
    }
    match clause.and_then(|clause| clause.hash_columns.as_ref()) {
        None => Ok(Distribution::Random { buckets }),
        Some(names) => Ok(Distribution::Hash { columns: field_ids(names, columns, "bucket")?, buckets }),
    }
}

/// The columns that a clause names; `role` is the clause's word for them.
pub(super) fn field_ids(names: &[Ident], columns: &[Column], role: &str) -> Result<Vec<FieldId>> {
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        let column = columns.iter().find(|column| column.name.matches(&name.value)).ok_or_else(|| {
            Error::analysis(format!("{role} column '{}' does not exist in the table", name.value))
        })?;
        if ids.contains(&column.field_id) {
            return Err(Error::analysis(format!("duplicated {role} column '{}'", name.value)));
        }
        ids.push(column.field_id);
    }
    Ok(ids)
}
