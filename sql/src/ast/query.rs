//! Queries and expressions, which are `sqlparser`'s trees, and the statements around them.

use std::fmt;

use sqlparser::ast::{Expr, Query};

use super::print::{Commas, write_properties};
use super::{Ident, ObjectName, PartitionChoice, Properties};

/// A query with its source text.
///
/// The text is kept because `sqlparser` prints string literals without the backslashes they need to read
/// back. Equality looks at the tree alone.
#[derive(Debug, Clone)]
pub struct QueryText {
    /// The tree. Every string literal in it is a single-quoted one, whichever quotes were written.
    pub query: Box<Query>,
    /// The exact source text.
    pub text: String,
}

impl PartialEq for QueryText {
    fn eq(&self, other: &Self) -> bool {
        self.query == other.query
    }
}

impl Eq for QueryText {}

impl fmt::Display for QueryText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// An expression with its source text, kept for the reason [`QueryText`] gives. Equality looks at the tree
/// alone.
#[derive(Debug, Clone)]
pub struct ExprText {
    /// The tree.
    pub expr: Box<Expr>,
    /// The exact source text.
    pub text: String,
}

impl PartialEq for ExprText {
    fn eq(&self, other: &Self) -> bool {
        self.expr == other.expr
    }
}

impl Eq for ExprText {}

impl fmt::Display for ExprText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `INSERT INTO t …` and `INSERT OVERWRITE t …`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsertStatement {
    /// Whether the rows take the place of those that are there.
    pub overwrite: bool,
    /// The table.
    pub table: ObjectName,
    /// The partitions rows must fall into.
    pub partitions: Option<PartitionChoice>,
    /// The load's label.
    pub label: Option<Ident>,
    /// The columns the query's columns go to, never empty when present; without them, the table's in order.
    pub columns: Option<Vec<Ident>>,
    /// How the rows are taken.
    pub properties: Properties,
    /// The rows. In `VALUES`, the word `DEFAULT` is an identifier of that name.
    pub query: QueryText,
}

impl fmt::Display for InsertStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "INSERT {} {}", if self.overwrite { "OVERWRITE" } else { "INTO" }, self.table)?;
        if let Some(partitions) = &self.partitions {
            write!(f, " {partitions}")?;
        }
        if let Some(label) = &self.label {
            write!(f, " WITH LABEL {label}")?;
        }
        if let Some(columns) = &self.columns {
            write!(f, " ({})", Commas(columns))?;
        }
        write_properties(f, &self.properties)?;
        write!(f, " {}", self.query)
    }
}

/// `DELETE FROM t …`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteStatement {
    /// The table.
    pub table: ObjectName,
    /// The partitions to delete from.
    pub partitions: Option<PartitionChoice>,
    /// Which rows are deleted.
    pub selection: ExprText,
}

impl fmt::Display for DeleteStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DELETE FROM {}", self.table)?;
        if let Some(partitions) = &self.partitions {
            write!(f, " {partitions}")?;
        }
        write!(f, " WHERE {}", self.selection)
    }
}

/// `UPDATE t SET …`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateStatement {
    /// The table.
    pub table: ObjectName,
    /// Columns and their new values, never empty.
    pub assignments: Vec<(Ident, ExprText)>,
    /// Which rows are changed.
    pub selection: ExprText,
}

impl fmt::Display for UpdateStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UPDATE {} SET ", self.table)?;
        for (number, (column, value)) in self.assignments.iter().enumerate() {
            write!(f, "{}{column} = {value}", if number == 0 { "" } else { ", " })?;
        }
        write!(f, " WHERE {}", self.selection)
    }
}

/// How much an `EXPLAIN` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExplainLevel {
    /// `EXPLAIN`
    Normal,
    /// `EXPLAIN LOGICAL`
    Logical,
    /// `EXPLAIN VERBOSE`
    Verbose,
    /// `EXPLAIN COSTS`
    Costs,
    /// `EXPLAIN ANALYZE`, which runs the query
    Analyze,
}

/// `EXPLAIN [level] query`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainStatement {
    /// How much it tells.
    pub level: ExplainLevel,
    /// The query.
    pub query: QueryText,
}

impl fmt::Display for ExplainStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            ExplainLevel::Normal => "",
            ExplainLevel::Logical => "LOGICAL ",
            ExplainLevel::Verbose => "VERBOSE ",
            ExplainLevel::Costs => "COSTS ",
            ExplainLevel::Analyze => "ANALYZE ",
        };
        write!(f, "EXPLAIN {level}{}", self.query)
    }
}
