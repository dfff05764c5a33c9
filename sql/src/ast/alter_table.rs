//! `ALTER TABLE`.

use std::fmt;

use super::print::Commas;
use super::{Ident, ObjectName, PartitionChange};

/// `ALTER TABLE t clause {, clause}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterTableStatement {
    /// The table.
    pub table: ObjectName,
    /// What is changed of it, never empty.
    pub clauses: Vec<AlterTableClause>,
}

impl fmt::Display for AlterTableStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ALTER TABLE {} {}", self.table, Commas(&self.clauses))
    }
}

/// One change of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlterTableClause {
    /// `RENAME name`
    Rename(Ident),
    /// A change of its partitions
    Partition(PartitionChange),
}

impl fmt::Display for AlterTableClause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rename(name) => write!(f, "RENAME {name}"),
            Self::Partition(change) => change.fmt(f),
        }
    }
}
