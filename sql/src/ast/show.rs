//! `SHOW BACKUP`, `SHOW RESTORE` and `SHOW SNAPSHOT`.

use std::fmt;

use sqlparser::ast::OrderByExpr;

use super::print::{Commas, Quoted};
use super::{ExprText, Ident, JobKind};

/// `SHOW {BACKUP|RESTORE} [{FROM|IN} db] [predicates]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowJobsStatement {
    /// Which jobs are shown.
    pub kind: JobKind,
    /// The database whose last job is shown; without one, all.
    pub database: Option<Ident>,
    /// Accepted for StarRocks' sake, where they have no effect.
    pub predicates: ShowPredicates,
}

impl fmt::Display for ShowJobsStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW {}", self.kind)?;
        if let Some(database) = &self.database {
            write!(f, " FROM {database}")?;
        }
        self.predicates.fmt(f)
    }
}

/// `[WHERE expr] [ORDER BY item {, item}] [LIMIT [offset,] n | LIMIT n [OFFSET offset]]`
#[derive(Debug, Clone, Default)]
pub struct ShowPredicates {
    /// The condition.
    pub filter: Option<ExprText>,
    /// The sort items with their source texts.
    pub order_by: Vec<(OrderByExpr, String)>,
    /// The offset and the number of rows.
    pub limit: Option<(u64, u64)>,
}

impl PartialEq for ShowPredicates {
    fn eq(&self, other: &Self) -> bool {
        let items =
            |predicates: &Self| predicates.order_by.iter().map(|(item, _)| item.clone()).collect::<Vec<_>>();
        self.filter == other.filter && items(self) == items(other) && self.limit == other.limit
    }
}

impl Eq for ShowPredicates {}

impl fmt::Display for ShowPredicates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(filter) = &self.filter {
            write!(f, " WHERE {filter}")?;
        }
        if !self.order_by.is_empty() {
            let texts: Vec<&str> = self.order_by.iter().map(|(_, text)| text.as_str()).collect();
            write!(f, " ORDER BY {}", Commas(&texts))?;
        }
        match self.limit {
            None => Ok(()),
            Some((0, count)) => write!(f, " LIMIT {count}"),
            Some((offset, count)) => write!(f, " LIMIT {count} OFFSET {offset}"),
        }
    }
}

/// `SHOW SNAPSHOT ON repository [WHERE …]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowSnapshotStatement {
    /// The repository.
    pub repository: Ident,
    /// Which snapshots are shown.
    pub filter: SnapshotFilter,
}

/// The conditions of `SHOW SNAPSHOT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotFilter {
    /// None.
    All,
    /// `SNAPSHOT = "label" [AND TIMESTAMP = "timestamp"]`, in either order; neither is empty.
    Label {
        /// The label.
        label: String,
        /// The timestamp as it was written.
        timestamp: Option<String>,
    },
    /// `SNAPSHOT IN ("label", …)`, none of them empty.
    Labels(Vec<String>),
    /// Any other condition, which the analyser refuses.
    Other(ExprText),
}

impl fmt::Display for ShowSnapshotStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW SNAPSHOT ON {}", self.repository)?;
        match &self.filter {
            SnapshotFilter::All => Ok(()),
            SnapshotFilter::Label { label, timestamp } => {
                write!(f, " WHERE SNAPSHOT = {}", Quoted(label))?;
                timestamp.as_ref().map_or(Ok(()), |text| write!(f, " AND TIMESTAMP = {}", Quoted(text)))
            }
            SnapshotFilter::Labels(labels) => {
                let labels: Vec<Quoted<'_>> = labels.iter().map(|label| Quoted(label)).collect();
                write!(f, " WHERE SNAPSHOT IN ({})", Commas(&labels))
            }
            SnapshotFilter::Other(condition) => write!(f, " WHERE {condition}"),
        }
    }
}

pub(super) fn write_like(f: &mut fmt::Formatter<'_>, pattern: Option<&str>) -> fmt::Result {
    pattern.map_or(Ok(()), |pattern| write!(f, " LIKE {}", Quoted(pattern)))
}
