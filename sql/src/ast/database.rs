//! Databases, and dropping and emptying tables.

use std::fmt;

use super::{DatabaseName, ObjectName, PartitionChoice};

/// `CREATE DATABASE [IF NOT EXISTS] [catalog.]db`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateDatabaseStatement {
    /// Whether an existing database is no error.
    pub if_not_exists: bool,
    /// The database.
    pub database: DatabaseName,
}

impl fmt::Display for CreateDatabaseStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CREATE DATABASE {}{}", if_word(self.if_not_exists, "IF NOT EXISTS "), self.database)
    }
}

/// `DROP DATABASE [IF EXISTS] [catalog.]db [FORCE]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropDatabaseStatement {
    /// Whether a missing database is no error.
    pub if_exists: bool,
    /// The database.
    pub database: DatabaseName,
    /// Whether it is dropped beyond recovery.
    pub force: bool,
}

impl fmt::Display for DropDatabaseStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (exists, force) = (if_word(self.if_exists, "IF EXISTS "), if_word(self.force, " FORCE"));
        write!(f, "DROP DATABASE {exists}{}{force}", self.database)
    }
}

/// `DROP TABLE [IF EXISTS] t [FORCE]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropTableStatement {
    /// Whether a missing table is no error.
    pub if_exists: bool,
    /// The table.
    pub table: ObjectName,
    /// Whether it is dropped beyond recovery.
    pub force: bool,
}

impl fmt::Display for DropTableStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (exists, force) = (if_word(self.if_exists, "IF EXISTS "), if_word(self.force, " FORCE"));
        write!(f, "DROP TABLE {exists}{}{force}", self.table)
    }
}

/// `TRUNCATE TABLE t [partitions]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruncateTableStatement {
    /// The table.
    pub table: ObjectName,
    /// The partitions to empty; without them, all.
    pub partitions: Option<PartitionChoice>,
}

impl fmt::Display for TruncateTableStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TRUNCATE TABLE {}", self.table)?;
        self.partitions.as_ref().map_or(Ok(()), |partitions| write!(f, " {partitions}"))
    }
}

pub(super) fn if_word(present: bool, word: &str) -> &str {
    if present { word } else { "" }
}
