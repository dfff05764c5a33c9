//! The `SHOW` statements whose rows are chosen by conditions, and `SHOW SNAPSHOT`.

use std::fmt;

use sqlparser::ast::OrderByExpr;

use super::print::{Commas, Quoted};
use super::{DatabaseName, ExprText, Ident, JobKind, ObjectName, PartitionChoice};

/// `SHOW what [predicates]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowStatement {
    /// What is shown.
    pub what: ShowWhat,
    /// Which of it.
    pub predicates: ShowPredicates,
}

impl fmt::Display for ShowStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW {}{}", self.what, self.predicates)
    }
}

/// What a `SHOW` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShowWhat {
    /// `CATALOGS`
    Catalogs,
    /// `DATABASES`
    Databases,
    /// `[FULL] TABLES [FROM db]`
    Tables {
        /// Whether the kinds of the tables are shown.
        full: bool,
        /// The database; without one, the session's.
        database: Option<DatabaseName>,
    },
    /// `TABLE STATUS [FROM db]`
    TableStatus(Option<DatabaseName>),
    /// `[FULL] COLUMNS FROM t`
    Columns {
        /// Whether collations, privileges and comments are shown.
        full: bool,
        /// The table.
        table: ObjectName,
    },
    /// `INDEX FROM t`
    Index(ObjectName),
    /// `[TEMPORARY] PARTITIONS FROM t`
    Partitions {
        /// Whether the temporary ones are meant.
        temporary: bool,
        /// The table.
        table: ObjectName,
    },
    /// `TABLET FROM t [PARTITION (…)]`
    Tablets {
        /// The table.
        table: ObjectName,
        /// The partitions; without them, all.
        partitions: Option<PartitionChoice>,
    },
    /// `DATA [FROM t]`, which takes no conditions
    Data(Option<ObjectName>),
    /// `ALTER TABLE kind [FROM db]`
    Alterations {
        /// Which changes are shown.
        kind: AlterationKind,
        /// The database; without one, the session's.
        database: Option<DatabaseName>,
    },
    /// `MATERIALIZED VIEWS [FROM db]`
    MaterializedViews(Option<DatabaseName>),
    /// `ROLES`
    Roles,
    /// `USERS`
    Users,
    /// `REPOSITORIES`
    Repositories,
    /// `BACKUP [FROM db]` and `RESTORE [FROM db]`
    Jobs {
        /// Which jobs are shown.
        kind: JobKind,
        /// The database whose last job is shown; without one, all.
        database: Option<Ident>,
    },
}

impl ShowWhat {
    /// Its words, without names.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Catalogs => "CATALOGS".to_owned(),
            Self::Databases => "DATABASES".to_owned(),
            Self::Tables { full: false, .. } => "TABLES".to_owned(),
            Self::Tables { full: true, .. } => "FULL TABLES".to_owned(),
            Self::TableStatus(_) => "TABLE STATUS".to_owned(),
            Self::Columns { full: false, .. } => "COLUMNS".to_owned(),
            Self::Columns { full: true, .. } => "FULL COLUMNS".to_owned(),
            Self::Index(_) => "INDEX".to_owned(),
            Self::Partitions { temporary: false, .. } => "PARTITIONS".to_owned(),
            Self::Partitions { temporary: true, .. } => "TEMPORARY PARTITIONS".to_owned(),
            Self::Tablets { .. } => "TABLET".to_owned(),
            Self::Data(_) => "DATA".to_owned(),
            Self::Alterations { kind, .. } => format!("ALTER TABLE {}", kind.word()),
            Self::MaterializedViews(_) => "MATERIALIZED VIEWS".to_owned(),
            Self::Roles => "ROLES".to_owned(),
            Self::Users => "USERS".to_owned(),
            Self::Repositories => "REPOSITORIES".to_owned(),
            Self::Jobs { kind, .. } => kind.to_string(),
        }
    }
}

impl fmt::Display for ShowWhat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words())?;
        match self {
            Self::Catalogs | Self::Databases | Self::Repositories | Self::Roles | Self::Users => Ok(()),
            Self::Tables { database, .. }
            | Self::TableStatus(database)
            | Self::MaterializedViews(database)
            | Self::Alterations { database, .. } => {
                database.as_ref().map_or(Ok(()), |database| write!(f, " FROM {database}"))
            }
            Self::Columns { table, .. } | Self::Index(table) | Self::Partitions { table, .. } => {
                write!(f, " FROM {table}")
            }
            Self::Tablets { table, partitions } => {
                write!(f, " FROM {table}")?;
                partitions.as_ref().map_or(Ok(()), |partitions| write!(f, " {partitions}"))
            }
            Self::Data(table) => table.as_ref().map_or(Ok(()), |table| write!(f, " FROM {table}")),
            Self::Jobs { database, .. } => {
                database.as_ref().map_or(Ok(()), |database| write!(f, " FROM {database}"))
            }
        }
    }
}

/// The changes of tables that `SHOW ALTER TABLE` tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlterationKind {
    /// `COLUMN`
    Column,
    /// `OPTIMIZE`
    Optimize,
    /// `ROLLUP`
    Rollup,
}

impl AlterationKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Column, Self::Optimize, Self::Rollup];

    /// The kind's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Column => "COLUMN",
            Self::Optimize => "OPTIMIZE",
            Self::Rollup => "ROLLUP",
        }
    }
}

/// `[LIKE "pattern"] [WHERE expr] [ORDER BY item {, item}] [LIMIT [offset,] n | LIMIT n [OFFSET offset]]`
#[derive(Debug, Clone, Default)]
pub struct ShowPredicates {
    /// The pattern of the first column.
    pub like: Option<String>,
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
        self.like == other.like
            && self.filter == other.filter
            && items(self) == items(other)
            && self.limit == other.limit
    }
}

impl Eq for ShowPredicates {}

impl ShowPredicates {
    /// Whether everything is shown, as it comes.
    pub fn is_empty(&self) -> bool {
        self.like.is_none() && self.filter.is_none() && self.order_by.is_empty() && self.limit.is_none()
    }
}

impl fmt::Display for ShowPredicates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_like(f, self.like.as_deref())?;
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

pub(super) fn write_like(f: &mut fmt::Formatter<'_>, pattern: Option<&str>) -> fmt::Result {
    pattern.map_or(Ok(()), |pattern| write!(f, " LIKE {}", Quoted(pattern)))
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
