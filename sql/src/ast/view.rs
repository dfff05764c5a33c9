//! Views.

use std::fmt;

use super::database::if_word;
use super::print::{Commas, write_comment};
use super::{Ident, ObjectName, QueryText};

/// `CREATE [OR REPLACE] VIEW [IF NOT EXISTS] v [(columns)] [COMMENT "…"] AS query`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateViewStatement {
    /// Whether an existing view gets this query.
    pub or_replace: bool,
    /// Whether an existing view is no error.
    pub if_not_exists: bool,
    /// The view.
    pub name: ObjectName,
    /// Its columns, never empty when present; without them, the query's.
    pub columns: Option<Vec<ViewColumnClause>>,
    /// What it is for.
    pub comment: Option<String>,
    /// Its rows.
    pub query: QueryText,
}

/// `ALTER VIEW v [(columns)] AS query`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterViewStatement {
    /// The view.
    pub name: ObjectName,
    /// Its columns, never empty when present; without them, the query's.
    pub columns: Option<Vec<ViewColumnClause>>,
    /// Its rows.
    pub query: QueryText,
}

/// `DROP VIEW [IF EXISTS] v`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropViewStatement {
    /// Whether a missing view is no error.
    pub if_exists: bool,
    /// The view.
    pub name: ObjectName,
}

/// `name [COMMENT "…"]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewColumnClause {
    /// The column.
    pub name: Ident,
    /// What it is for.
    pub comment: Option<String>,
}

impl fmt::Display for ViewColumnClause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        write_comment(f, self.comment.as_deref())
    }
}

fn write_columns(f: &mut fmt::Formatter<'_>, columns: Option<&Vec<ViewColumnClause>>) -> fmt::Result {
    columns.map_or(Ok(()), |columns| write!(f, " ({})", Commas(columns)))
}

impl fmt::Display for CreateViewStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (replace, exists) =
            (if_word(self.or_replace, "OR REPLACE "), if_word(self.if_not_exists, "IF NOT EXISTS "));
        write!(f, "CREATE {replace}VIEW {exists}{}", self.name)?;
        write_columns(f, self.columns.as_ref())?;
        write_comment(f, self.comment.as_deref())?;
        write!(f, " AS {}", self.query)
    }
}

impl fmt::Display for AlterViewStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ALTER VIEW {}", self.name)?;
        write_columns(f, self.columns.as_ref())?;
        write!(f, " AS {}", self.query)
    }
}

impl fmt::Display for DropViewStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DROP VIEW {}{}", if_word(self.if_exists, "IF EXISTS "), self.name)
    }
}
