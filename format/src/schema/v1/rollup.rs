//! The stored form of rollups, version 1.

use serde::{Deserialize, Serialize};

use super::{ColumnV1, DEFINITION, KeyModelV1};
use crate::envelope::as_corrupt;
use crate::error::{Error, Result};
use crate::name::TableName;
use crate::schema::column::{Column, FieldId};
use crate::schema::rollup::{RollupColumn, RollupDefinition, RollupId, RollupSource};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct RollupV1 {
    id: i32,
    name: String,
    columns: Vec<RollupColumnV1>,
    key_model: KeyModelV1,
    key_columns: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct RollupColumnV1 {
    #[serde(flatten)]
    column: ColumnV1,
    source: RollupSourceV1,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RollupSourceV1 {
    Column(i32),
    NotNull(i32),
    Row,
    Expression(String),
}

impl From<&RollupDefinition> for RollupV1 {
    fn from(rollup: &RollupDefinition) -> Self {
        let column = |column: &RollupColumn| RollupColumnV1 {
            column: ColumnV1::from(&column.column),
            source: match &column.source {
                RollupSource::Column(id) => RollupSourceV1::Column(id.get()),
                RollupSource::NotNull(id) => RollupSourceV1::NotNull(id.get()),
                RollupSource::Row => RollupSourceV1::Row,
                RollupSource::Expression(text) => RollupSourceV1::Expression(text.clone()),
            },
        };
        Self {
            id: rollup.id.get(),
            name: rollup.name.as_str().to_owned(),
            columns: rollup.columns.iter().map(column).collect(),
            key_model: rollup.key_model.into(),
            key_columns: rollup.key_columns,
            filter: rollup.filter.clone(),
        }
    }
}

impl TryFrom<RollupV1> for RollupDefinition {
    type Error = Error;

    fn try_from(stored: RollupV1) -> Result<Self> {
        let column = |stored: RollupColumnV1| {
            Ok(RollupColumn {
                column: Column::try_from(stored.column)?,
                source: match stored.source {
                    RollupSourceV1::Column(id) => RollupSource::Column(FieldId::try_new(id)?),
                    RollupSourceV1::NotNull(id) => RollupSource::NotNull(FieldId::try_new(id)?),
                    RollupSourceV1::Row => RollupSource::Row,
                    RollupSourceV1::Expression(text) => RollupSource::Expression(text),
                },
            })
        };
        Ok(Self {
            id: RollupId::try_new(stored.id)?,
            name: TableName::parse(&stored.name).map_err(as_corrupt(DEFINITION))?,
            columns: stored.columns.into_iter().map(column).collect::<Result<_>>()?,
            key_model: stored.key_model.into(),
            key_columns: stored.key_columns,
            filter: stored.filter,
        })
    }
}
