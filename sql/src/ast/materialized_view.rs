//! Materialized views.

use std::fmt;

use super::database::if_word;
use super::print::{write_comment, write_properties};
use super::{ObjectName, Properties, QueryText};

/// `CREATE MATERIALIZED VIEW [IF NOT EXISTS] mv [COMMENT "…"] [PROPERTIES (…)] AS query`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateMaterializedViewStatement {
    /// Whether an existing one is no error.
    pub if_not_exists: bool,
    /// Its name.
    pub name: ObjectName,
    /// Its comment.
    pub comment: Option<String>,
    /// Its properties.
    pub properties: Properties,
    /// What it holds.
    pub query: QueryText,
}

impl fmt::Display for CreateMaterializedViewStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exists = if_word(self.if_not_exists, "IF NOT EXISTS ");
        write!(f, "CREATE MATERIALIZED VIEW {exists}{}", self.name)?;
        write_comment(f, self.comment.as_deref())?;
        write_properties(f, &self.properties)?;
        write!(f, " AS {}", self.query)
    }
}

/// `DROP MATERIALIZED VIEW [IF EXISTS] mv`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropMaterializedViewStatement {
    /// Whether a missing one is no error.
    pub if_exists: bool,
    /// Its name.
    pub name: ObjectName,
}

impl fmt::Display for DropMaterializedViewStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DROP MATERIALIZED VIEW {}{}", if_word(self.if_exists, "IF EXISTS "), self.name)
    }
}
