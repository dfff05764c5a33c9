//! A view's stored form, version 1.

use serde::{Deserialize, Serialize};

use super::view::{QueryPiece, ViewColumn, ViewDefinition, ViewQuery};
use crate::error::{Error, Result};
use crate::name::{DatabaseName, TableName};

/// A view as a manifest and a catalog have it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ViewDefinitionV1 {
    name: String,
    columns: Vec<ViewColumnV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    query: Vec<QueryPieceV1>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ViewColumnV1 {
    name: String,
    source: String,
    #[serde(rename = "type")]
    type_text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum QueryPieceV1 {
    Text(String),
    Relation {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        database: Option<String>,
        name: String,
    },
}

pub(super) fn stored_query(query: &ViewQuery) -> Vec<QueryPieceV1> {
    let piece = |piece: &QueryPiece| match piece {
        QueryPiece::Text(text) => QueryPieceV1::Text(text.clone()),
        QueryPiece::Relation { database, name } => QueryPieceV1::Relation {
            database: database.as_ref().map(ToString::to_string),
            name: name.to_string(),
        },
    };
    query.0.iter().map(piece).collect()
}

pub(super) fn query_of(stored: Vec<QueryPieceV1>) -> Result<ViewQuery> {
    let piece = |piece: QueryPieceV1| {
        Ok(match piece {
            QueryPieceV1::Text(text) => QueryPiece::Text(text),
            QueryPieceV1::Relation { database, name } => QueryPiece::Relation {
                database: database.as_deref().map(DatabaseName::parse).transpose()?,
                name: TableName::parse(&name)?,
            },
        })
    };
    Ok(ViewQuery(stored.into_iter().map(piece).collect::<Result<_>>()?))
}

impl From<&ViewDefinition> for ViewDefinitionV1 {
    fn from(view: &ViewDefinition) -> Self {
        let column = |column: &ViewColumn| ViewColumnV1 {
            name: column.name.clone(),
            source: column.source.clone(),
            type_text: column.type_text.clone(),
            comment: column.comment.clone(),
        };
        Self {
            name: view.name.to_string(),
            columns: view.columns.iter().map(column).collect(),
            comment: view.comment.clone(),
            query: stored_query(&view.query),
        }
    }
}

impl TryFrom<ViewDefinitionV1> for ViewDefinition {
    type Error = Error;

    fn try_from(stored: ViewDefinitionV1) -> Result<Self> {
        let column = |column: ViewColumnV1| ViewColumn {
            name: column.name,
            source: column.source,
            type_text: column.type_text,
            comment: column.comment,
        };
        let view = Self {
            name: TableName::parse(&stored.name)?,
            columns: stored.columns.into_iter().map(column).collect(),
            comment: stored.comment,
            query: query_of(stored.query)?,
        };
        view.check()?;
        Ok(view)
    }
}
