//! The stored form of what makes a table a materialized view, version 1.

use serde::{Deserialize, Serialize};

use super::materialized_view::{
    Activity, LastRefresh, MaterializedView, RefreshScheme, RefreshUnit, RowsRead,
};
use super::view_v1::{QueryPieceV1, query_of, stored_query};
use crate::error::{Error, Result};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct MaterializedViewV1 {
    query: Vec<QueryPieceV1>,
    sources: Vec<String>,
    refresh: RefreshSchemeV1,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    deferred: bool,
    activity: ActivityV1,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_refresh: Option<LastRefreshV1>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RefreshSchemeV1 {
    Manual,
    AfterChanges,
    Interval {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start_ms: Option<i64>,
        count: u32,
        unit: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ActivityV1 {
    Active,
    Inactive { reason: String },
    SwitchedOff,
    Unchecked,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct LastRefreshV1 {
    begun_ms: i64,
    ended_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read: Option<RowsReadV1>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RowsReadV1 {
    Store(String),
    Snapshot,
}

impl From<&MaterializedView> for MaterializedViewV1 {
    fn from(view: &MaterializedView) -> Self {
        let last = |last: &LastRefresh| LastRefreshV1 {
            begun_ms: last.begun_ms,
            ended_ms: last.ended_ms,
            error: last.error.clone(),
            read: match &last.read {
                RowsRead::Unknown => None,
                RowsRead::Store(text) => Some(RowsReadV1::Store(text.clone())),
                RowsRead::Snapshot => Some(RowsReadV1::Snapshot),
            },
        };
        Self {
            query: stored_query(&view.query),
            sources: view.sources.clone(),
            refresh: match &view.refresh {
                RefreshScheme::Manual => RefreshSchemeV1::Manual,
                RefreshScheme::AfterChanges => RefreshSchemeV1::AfterChanges,
                RefreshScheme::Interval { start_ms, count, unit } => RefreshSchemeV1::Interval {
                    start_ms: *start_ms,
                    count: *count,
                    unit: unit.as_sql().to_ascii_lowercase(),
                },
            },
            deferred: view.is_deferred,
            activity: match &view.activity {
                Activity::Active => ActivityV1::Active,
                Activity::Inactive(reason) => ActivityV1::Inactive { reason: reason.clone() },
                Activity::SwitchedOff => ActivityV1::SwitchedOff,
                Activity::Unchecked => ActivityV1::Unchecked,
            },
            last_refresh: view.last_refresh.as_ref().map(last),
        }
    }
}

impl TryFrom<MaterializedViewV1> for MaterializedView {
    type Error = Error;

    fn try_from(stored: MaterializedViewV1) -> Result<Self> {
        let last = |last: LastRefreshV1| LastRefresh {
            begun_ms: last.begun_ms,
            ended_ms: last.ended_ms,
            error: last.error,
            read: match last.read {
                None => RowsRead::Unknown,
                Some(RowsReadV1::Store(text)) => RowsRead::Store(text),
                Some(RowsReadV1::Snapshot) => RowsRead::Snapshot,
            },
        };
        Ok(Self {
            query: query_of(stored.query)?,
            sources: stored.sources,
            refresh: match stored.refresh {
                RefreshSchemeV1::Manual => RefreshScheme::Manual,
                RefreshSchemeV1::AfterChanges => RefreshScheme::AfterChanges,
                RefreshSchemeV1::Interval { start_ms, count, unit } => {
                    let unit = RefreshUnit::parse(&unit).ok_or_else(|| {
                        Error::unsupported(format!(
                            "unknown unit '{}' of an interval between refreshes; upgrade cairn",
                            unit.escape_debug()
                        ))
                    })?;
                    RefreshScheme::Interval { start_ms, count, unit }
                }
            },
            is_deferred: stored.deferred,
            activity: match stored.activity {
                ActivityV1::Active => Activity::Active,
                ActivityV1::Inactive { reason } => Activity::Inactive(reason),
                ActivityV1::SwitchedOff => Activity::SwitchedOff,
                ActivityV1::Unchecked => Activity::Unchecked,
            },
            last_refresh: stored.last_refresh.map(last),
        })
    }
}
