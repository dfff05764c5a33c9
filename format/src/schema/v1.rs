//! The stored form of definitions, version 1. Only this module and its siblings named `v1` know serde.

mod rollup;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::rollup::RollupV1;
use super::aggregation::Aggregation;
use super::column::{Column, ColumnDefault, FieldId};
use super::index::{IndexDefinition, IndexKind};
use super::materialized_view::MaterializedView;
use super::materialized_view_v1::MaterializedViewV1;
use super::partition::{BoundValue, PartitionBound, PartitionDefinition, PartitionRange, PartitionRows};
use super::rollup::RollupDefinition;
use super::step::{PartitionStep, StepUnit};
use super::table::{Distribution, KeyModel, Partitioning, TableDefinition};
use super::types::ColumnType;
use super::value::Value;
use crate::envelope::as_corrupt;
use crate::error::{Error, Result};
use crate::name::{ColumnName, PartitionName, TableName};

/// What errors call what is read here.
const DEFINITION: &str = "a stored definition";

/// A table's definition as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableDefinitionV1 {
    name: String,
    columns: Vec<ColumnV1>,
    key_model: KeyModelV1,
    key_columns: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sort_key: Option<Vec<i32>>,
    partitioning: PartitioningV1,
    distribution: DistributionV1,
    #[serde(default, skip_serializing_if = "is_false")]
    automatic_buckets: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    indexes: Vec<IndexV1>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rollups: Vec<RollupV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    materialized_view: Option<Box<MaterializedViewV1>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    properties: BTreeMap<String, String>,
    next_field_id: i32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct IndexV1 {
    name: String,
    columns: Vec<i32>,
    kind: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    properties: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ColumnV1 {
    field_id: i32,
    name: String,
    #[serde(rename = "type")]
    column_type: String,
    nullable: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<ColumnDefaultV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    initial: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aggregation: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    auto_increment: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generated: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ColumnDefaultV1 {
    Constant(String),
    CurrentTimestamp { digits: u8 },
    Uuid,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeyModelV1 {
    Duplicate,
    Aggregate,
    Unique,
    Primary,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PartitioningV1 {
    Unpartitioned,
    Range {
        columns: Vec<i32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<StepV1>,
    },
    List {
        columns: Vec<i32>,
        automatic: bool,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        steps: BTreeMap<i32, StepV1>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StepV1 {
    Truncated { unit: String },
    Sliced { count: u32, unit: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DistributionV1 {
    Hash { columns: Vec<i32>, buckets: u32 },
    Random { buckets: u32 },
}

/// A partition's declaration as it is stored; its values are texts of the partition columns' types.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartitionDefinitionV1 {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    range: Option<RangeV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lists: Option<Vec<Vec<Option<String>>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    buckets: Option<u32>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    properties: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct RangeV1 {
    lower: Vec<BoundValueV1>,
    upper: Vec<BoundValueV1>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum BoundValueV1 {
    Min,
    Value(String),
    Max,
}

impl From<&TableDefinition> for TableDefinitionV1 {
    fn from(table: &TableDefinition) -> Self {
        let ids = |columns: &[FieldId]| columns.iter().map(|id| id.get()).collect();
        Self {
            name: table.name.as_str().to_owned(),
            columns: table.columns.iter().map(ColumnV1::from).collect(),
            key_model: table.key_model.into(),
            key_columns: table.key_columns,
            sort_key: table.sort_key.as_deref().map(ids),
            partitioning: match &table.partitioning {
                Partitioning::Unpartitioned => PartitioningV1::Unpartitioned,
                Partitioning::Range { columns, step } => {
                    PartitioningV1::Range { columns: ids(columns), step: step.map(StepV1::from) }
                }
                Partitioning::List { columns, automatic, steps } => PartitioningV1::List {
                    columns: ids(columns),
                    automatic: *automatic,
                    steps: steps.iter().map(|(id, step)| (id.get(), StepV1::from(*step))).collect(),
                },
            },
            distribution: match &table.distribution {
                Distribution::Hash { columns, buckets } => {
                    DistributionV1::Hash { columns: ids(columns), buckets: *buckets }
                }
                Distribution::Random { buckets } => DistributionV1::Random { buckets: *buckets },
            },
            automatic_buckets: table.automatic_buckets,
            comment: table.comment.clone(),
            indexes: table.indexes.iter().map(IndexV1::from).collect(),
            rollups: table.rollups.iter().map(RollupV1::from).collect(),
            materialized_view: table.materialized_view.as_deref().map(|view| Box::new(view.into())),
            properties: table.properties.clone(),
            next_field_id: table.next_field_id,
        }
    }
}

impl TryFrom<TableDefinitionV1> for TableDefinition {
    type Error = Error;

    fn try_from(stored: TableDefinitionV1) -> Result<Self> {
        let ids = |columns: Vec<i32>| columns.into_iter().map(FieldId::try_new).collect::<Result<Vec<_>>>();
        let table = Self {
            name: TableName::parse(&stored.name).map_err(as_corrupt(DEFINITION))?,
            columns: stored.columns.into_iter().map(Column::try_from).collect::<Result<_>>()?,
            key_model: stored.key_model.into(),
            key_columns: stored.key_columns,
            sort_key: stored.sort_key.map(ids).transpose()?,
            partitioning: match stored.partitioning {
                PartitioningV1::Unpartitioned => Partitioning::Unpartitioned,
                PartitioningV1::Range { columns, step } => Partitioning::Range {
                    columns: ids(columns)?,
                    step: step.map(PartitionStep::try_from).transpose()?,
                },
                PartitioningV1::List { columns, automatic, steps } => {
                    let step = |(id, step)| Ok((FieldId::try_new(id)?, PartitionStep::try_from(step)?));
                    let steps = steps.into_iter().map(step).collect::<Result<_>>()?;
                    Partitioning::List { columns: ids(columns)?, automatic, steps }
                }
            },
            distribution: match stored.distribution {
                DistributionV1::Hash { columns, buckets } => {
                    Distribution::Hash { columns: ids(columns)?, buckets }
                }
                DistributionV1::Random { buckets } => Distribution::Random { buckets },
            },
            automatic_buckets: stored.automatic_buckets,
            comment: stored.comment,
            indexes: stored.indexes.into_iter().map(IndexDefinition::try_from).collect::<Result<_>>()?,
            rollups: stored.rollups.into_iter().map(RollupDefinition::try_from).collect::<Result<_>>()?,
            materialized_view: stored
                .materialized_view
                .map(|view| MaterializedView::try_from(*view).map(Box::new))
                .transpose()?,
            properties: stored.properties,
            next_field_id: stored.next_field_id,
        };
        table.check().map_err(as_corrupt(DEFINITION))?;
        Ok(table)
    }
}

impl From<KeyModel> for KeyModelV1 {
    fn from(model: KeyModel) -> Self {
        match model {
            KeyModel::Duplicate => Self::Duplicate,
            KeyModel::Aggregate => Self::Aggregate,
            KeyModel::Unique => Self::Unique,
            KeyModel::Primary => Self::Primary,
        }
    }
}

impl From<KeyModelV1> for KeyModel {
    fn from(stored: KeyModelV1) -> Self {
        match stored {
            KeyModelV1::Duplicate => Self::Duplicate,
            KeyModelV1::Aggregate => Self::Aggregate,
            KeyModelV1::Unique => Self::Unique,
            KeyModelV1::Primary => Self::Primary,
        }
    }
}

impl From<&Column> for ColumnV1 {
    fn from(column: &Column) -> Self {
        Self {
            field_id: column.field_id.get(),
            name: column.name.as_str().to_owned(),
            column_type: column.column_type.to_string(),
            nullable: column.nullable,
            default: column.default.as_ref().map(|default| match default {
                ColumnDefault::Constant(text) => ColumnDefaultV1::Constant(text.clone()),
                ColumnDefault::CurrentTimestamp { digits } => {
                    ColumnDefaultV1::CurrentTimestamp { digits: *digits }
                }
                ColumnDefault::Uuid => ColumnDefaultV1::Uuid,
            }),
            initial: column.initial.clone(),
            aggregation: column.aggregation.map(|aggregation| aggregation.as_sql().to_ascii_lowercase()),
            auto_increment: column.auto_increment,
            generated: column.generated.clone(),
            comment: column.comment.clone(),
        }
    }
}

impl TryFrom<ColumnV1> for Column {
    type Error = Error;

    fn try_from(stored: ColumnV1) -> Result<Self> {
        Ok(Self {
            field_id: FieldId::try_new(stored.field_id)?,
            name: ColumnName::parse(&stored.name).map_err(as_corrupt(DEFINITION))?,
            column_type: ColumnType::parse(&stored.column_type)?,
            nullable: stored.nullable,
            default: stored.default.map(|default| match default {
                ColumnDefaultV1::Constant(text) => ColumnDefault::Constant(text),
                ColumnDefaultV1::CurrentTimestamp { digits } => ColumnDefault::CurrentTimestamp { digits },
                ColumnDefaultV1::Uuid => ColumnDefault::Uuid,
            }),
            initial: stored.initial,
            aggregation: match stored.aggregation {
                None => None,
                Some(word) => Some(Aggregation::parse(&word).ok_or_else(|| unknown("aggregation", &word))?),
            },
            auto_increment: stored.auto_increment,
            generated: stored.generated,
            comment: stored.comment,
        })
    }
}

fn unknown(what: &str, word: &str) -> Error {
    Error::unsupported(format!("unknown {what} '{}' in {DEFINITION}; upgrade cairn", word.escape_debug()))
}

impl From<PartitionStep> for StepV1 {
    fn from(step: PartitionStep) -> Self {
        match step {
            PartitionStep::Truncated(unit) => Self::Truncated { unit: unit.as_str().to_owned() },
            PartitionStep::Sliced { count, unit } => Self::Sliced { count, unit: unit.as_str().to_owned() },
        }
    }
}

impl TryFrom<StepV1> for PartitionStep {
    type Error = Error;

    fn try_from(stored: StepV1) -> Result<Self> {
        let unit = |word: String| StepUnit::parse(&word).ok_or_else(|| unknown("unit of time", &word));
        Ok(match stored {
            StepV1::Truncated { unit: word } => Self::Truncated(unit(word)?),
            StepV1::Sliced { count: 0, .. } => return Err(Error::corrupt("a time slice of no length")),
            StepV1::Sliced { count, unit: word } => Self::Sliced { count, unit: unit(word)? },
        })
    }
}

impl From<&IndexDefinition> for IndexV1 {
    fn from(index: &IndexDefinition) -> Self {
        Self {
            name: index.name.clone(),
            columns: index.columns.iter().map(|id| id.get()).collect(),
            kind: index.kind.as_sql().to_ascii_lowercase(),
            properties: index.properties.clone(),
            comment: index.comment.clone(),
        }
    }
}

impl TryFrom<IndexV1> for IndexDefinition {
    type Error = Error;

    fn try_from(stored: IndexV1) -> Result<Self> {
        Ok(Self {
            name: stored.name,
            columns: stored.columns.into_iter().map(FieldId::try_new).collect::<Result<_>>()?,
            kind: IndexKind::parse(&stored.kind).ok_or_else(|| unknown("kind of index", &stored.kind))?,
            properties: stored.properties,
            comment: stored.comment,
        })
    }
}

impl PartitionDefinitionV1 {
    /// The stored form of a partition of `table`.
    pub fn from_definition(partition: &PartitionDefinition, table: &TableDefinition) -> Result<Self> {
        let types = table.partition_types()?;
        let bound = |bound: &PartitionBound| {
            let one = |(value, column_type): (&BoundValue, &ColumnType)| match value {
                BoundValue::Min => Ok(BoundValueV1::Min),
                BoundValue::Max => Ok(BoundValueV1::Max),
                BoundValue::Value(value) => {
                    value.to_text(column_type).map(BoundValueV1::Value).ok_or_else(|| {
                        Error::invalid(format!(
                            "partition '{}' is bounded by a value without a text",
                            partition.name
                        ))
                    })
                }
            };
            bound.values().iter().zip(&types).map(one).collect::<Result<Vec<_>>>()
        };
        let (mut range, mut lists) = (None, None);
        match &partition.rows {
            PartitionRows::All => {}
            PartitionRows::Range(of) => {
                range = Some(RangeV1 { lower: bound(of.lower())?, upper: bound(of.upper())? });
            }
            PartitionRows::List(of) => {
                let texts = |values: &Vec<Value>| {
                    values.iter().zip(&types).map(|(value, column_type)| value.to_text(column_type)).collect()
                };
                lists = Some(of.iter().map(texts).collect());
            }
        }
        let (buckets, properties) = (partition.buckets, partition.properties.clone());
        Ok(Self { name: partition.name.as_str().to_owned(), range, lists, buckets, properties })
    }

    /// The partition that this stores, of `table`.
    pub fn into_definition(self, table: &TableDefinition) -> Result<PartitionDefinition> {
        let types = table.partition_types()?;
        let bound = |stored: Vec<BoundValueV1>| {
            let one = |(value, column_type): (BoundValueV1, &ColumnType)| match value {
                BoundValueV1::Min => Ok(BoundValue::Min),
                BoundValueV1::Max => Ok(BoundValue::Max),
                BoundValueV1::Value(text) => Value::parse(column_type, &text).map(BoundValue::Value),
            };
            let values = stored.into_iter().zip(&types).map(one).collect::<Result<Vec<_>>>()?;
            PartitionBound::try_new(values, &types)
        };
        let values = |texts: Vec<Option<String>>| {
            if texts.len() != types.len() {
                return Err(Error::corrupt("a list of values does not fit the partition columns"));
            }
            let one = |(text, column_type): (Option<String>, &ColumnType)| match text {
                None => Ok(Value::Null),
                Some(text) => Value::parse(column_type, &text),
            };
            texts.into_iter().zip(&types).map(one).collect::<Result<Vec<_>>>()
        };
        let rows = match (self.range, self.lists) {
            (None, None) => PartitionRows::All,
            (Some(stored), None) => PartitionRows::Range(
                PartitionRange::try_new(bound(stored.lower)?, bound(stored.upper)?)
                    .map_err(as_corrupt(DEFINITION))?,
            ),
            (None, Some(lists)) => PartitionRows::List(lists.into_iter().map(values).collect::<Result<_>>()?),
            (Some(_), Some(_)) => {
                return Err(Error::corrupt("a partition has both a range and lists of values"));
            }
        };
        Ok(PartitionDefinition {
            name: PartitionName::parse(&self.name).map_err(as_corrupt(DEFINITION))?,
            rows,
            buckets: self.buckets,
            properties: self.properties,
        })
    }
}
