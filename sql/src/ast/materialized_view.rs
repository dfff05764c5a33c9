//! Materialized views.

use std::fmt;

use super::database::if_word;
use super::print::{Commas, Quoted, write_comment, write_properties};
use super::{DistributionClause, Ident, ObjectName, Properties, QueryText, ViewColumnClause};

/// `CREATE MATERIALIZED VIEW [IF NOT EXISTS] mv [(columns)] [COMMENT "…"] [DISTRIBUTED BY …] [ORDER BY (…)] [REFRESH …]
/// [PROPERTIES (…)] AS query`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateMaterializedViewStatement {
    /// Whether an existing one is no error.
    pub if_not_exists: bool,
    /// Its name.
    pub name: ObjectName,
    /// Its columns, never empty when present; without them, the query's.
    pub columns: Option<Vec<ViewColumnClause>>,
    /// Its comment.
    pub comment: Option<String>,
    /// How its rows are divided into buckets.
    pub distribution: Option<DistributionClause>,
    /// By what its rows are sorted, never empty when present.
    pub order_by: Option<Vec<Ident>>,
    /// When it takes the query's rows.
    pub refresh: Option<RefreshClause>,
    /// Its properties.
    pub properties: Properties,
    /// What it holds.
    pub query: QueryText,
}

impl CreateMaterializedViewStatement {
    /// Whether it makes an asynchronous one: StarRocks tells by these clauses.
    pub fn is_asynchronous(&self) -> bool {
        self.distribution.is_some() || self.refresh.is_some()
    }
}

/// `REFRESH [IMMEDIATE | DEFERRED] {MANUAL | ASYNC …}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshClause {
    /// Whether it takes the query's rows when it is made.
    pub moment: Option<RefreshMoment>,
    /// When it takes them after that.
    pub scheme: RefreshSchemeClause,
}

/// Whether a materialized view takes its rows when it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshMoment {
    /// `IMMEDIATE`
    Immediate,
    /// `DEFERRED`
    Deferred,
}

/// When a materialized view takes its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshSchemeClause {
    /// `MANUAL`
    Manual,
    /// `ASYNC`
    AfterChanges,
    /// `ASYNC [START ("…")] EVERY (INTERVAL n unit)`
    Interval {
        /// From when on.
        start: Option<String>,
        /// How many units.
        count: u64,
        /// The unit, in capitals.
        unit: String,
    },
}

/// `DROP MATERIALIZED VIEW [IF EXISTS] mv`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropMaterializedViewStatement {
    /// Whether a missing one is no error.
    pub if_exists: bool,
    /// Its name.
    pub name: ObjectName,
}

/// `REFRESH MATERIALIZED VIEW mv [FORCE] [WITH {SYNC | ASYNC} MODE]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshMaterializedViewStatement {
    /// Its name.
    pub name: ObjectName,
    /// Whether it is refreshed also when nothing has changed, as it always is.
    pub force: bool,
    /// Whether the statement waits, as it always does.
    pub mode: Option<RefreshMode>,
}

/// Whether a refresh is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshMode {
    /// `WITH SYNC MODE`
    Sync,
    /// `WITH ASYNC MODE`
    Async,
}

/// `ALTER MATERIALIZED VIEW mv change`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterMaterializedViewStatement {
    /// Its name.
    pub name: ObjectName,
    /// What changes.
    pub change: MaterializedViewChange,
}

/// A change of a materialized view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MaterializedViewChange {
    /// `ACTIVE`
    Active,
    /// `INACTIVE`
    Inactive,
    /// `RENAME name`
    Rename(Ident),
    /// `REFRESH …`
    Refresh(RefreshClause),
}

impl fmt::Display for RefreshClause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("REFRESH ")?;
        match self.moment {
            None => {}
            Some(RefreshMoment::Immediate) => f.write_str("IMMEDIATE ")?,
            Some(RefreshMoment::Deferred) => f.write_str("DEFERRED ")?,
        }
        match &self.scheme {
            RefreshSchemeClause::Manual => f.write_str("MANUAL"),
            RefreshSchemeClause::AfterChanges => f.write_str("ASYNC"),
            RefreshSchemeClause::Interval { start, count, unit } => {
                f.write_str("ASYNC")?;
                if let Some(start) = start {
                    write!(f, " START ({})", Quoted(start))?;
                }
                write!(f, " EVERY (INTERVAL {count} {unit})")
            }
        }
    }
}

impl fmt::Display for CreateMaterializedViewStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exists = if_word(self.if_not_exists, "IF NOT EXISTS ");
        write!(f, "CREATE MATERIALIZED VIEW {exists}{}", self.name)?;
        if let Some(columns) = &self.columns {
            write!(f, " ({})", Commas(columns))?;
        }
        write_comment(f, self.comment.as_deref())?;
        if let Some(distribution) = &self.distribution {
            write!(f, " {distribution}")?;
        }
        if let Some(columns) = &self.order_by {
            write!(f, " ORDER BY ({})", Commas(columns))?;
        }
        if let Some(refresh) = &self.refresh {
            write!(f, " {refresh}")?;
        }
        write_properties(f, &self.properties)?;
        write!(f, " AS {}", self.query)
    }
}

impl fmt::Display for DropMaterializedViewStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DROP MATERIALIZED VIEW {}{}", if_word(self.if_exists, "IF EXISTS "), self.name)
    }
}

impl fmt::Display for RefreshMaterializedViewStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let force = if self.force { " FORCE" } else { "" };
        write!(f, "REFRESH MATERIALIZED VIEW {}{force}", self.name)?;
        match self.mode {
            None => Ok(()),
            Some(RefreshMode::Sync) => f.write_str(" WITH SYNC MODE"),
            Some(RefreshMode::Async) => f.write_str(" WITH ASYNC MODE"),
        }
    }
}

impl fmt::Display for AlterMaterializedViewStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ALTER MATERIALIZED VIEW {} ", self.name)?;
        match &self.change {
            MaterializedViewChange::Active => f.write_str("ACTIVE"),
            MaterializedViewChange::Inactive => f.write_str("INACTIVE"),
            MaterializedViewChange::Rename(name) => write!(f, "RENAME {name}"),
            MaterializedViewChange::Refresh(refresh) => refresh.fmt(f),
        }
    }
}
