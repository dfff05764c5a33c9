//! `ALTER TABLE`.

use std::fmt;

use super::print::{Commas, Quoted, write_property_list};
use super::{ColumnClause, Ident, IndexClause, ObjectName, PartitionChange, Properties, RollupClause};

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
    /// `SWAP WITH name`
    Swap(Ident),
    /// `COMMENT = "text"`
    Comment(String),
    /// `SET ("k" = "v", …)`
    Set(Properties),
    /// `ADD COLUMN column [position]`
    AddColumn(ColumnClause, Option<ColumnPosition>),
    /// `ADD COLUMN (column, …)`, never empty
    AddColumns(Vec<ColumnClause>),
    /// `DROP COLUMN name`
    DropColumn(Ident),
    /// `RENAME COLUMN name TO name`
    RenameColumn(Ident, Ident),
    /// `MODIFY COLUMN column [position]`
    ModifyColumn(ColumnClause, Option<ColumnPosition>),
    /// `ADD INDEX name (columns) …`
    AddIndex(IndexClause),
    /// `DROP INDEX name`
    DropIndex(Ident),
    /// `ORDER BY (name, …)`, never empty
    OrderBy(Vec<Ident>),
    /// `ADD ROLLUP rollup, …`, never empty
    AddRollups(Vec<RollupClause>),
    /// `DROP ROLLUP name, …`, never empty
    DropRollups(Vec<Ident>),
    /// `RENAME ROLLUP name name`
    RenameRollup(Ident, Ident),
    /// `[BASE | CUMULATIVE] COMPACT [p | (p1, p2)]`
    Compact {
        /// Which word is written before it.
        kind: Option<CompactionKind>,
        /// The partitions; all when there are none.
        partitions: Vec<Ident>,
    },
}

/// Where a column goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnPosition {
    /// `FIRST`
    First,
    /// `AFTER name`
    After(Ident),
}

/// How much a compaction takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompactionKind {
    /// `BASE`
    Base,
    /// `CUMULATIVE`
    Cumulative,
}

impl CompactionKind {
    /// Both of them with their words.
    pub const WORDS: [(&'static str, Self); 2] = [("BASE", Self::Base), ("CUMULATIVE", Self::Cumulative)];
}

impl fmt::Display for AlterTableClause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let placed = |f: &mut fmt::Formatter<'_>, position: &Option<ColumnPosition>| match position {
            None => Ok(()),
            Some(ColumnPosition::First) => f.write_str(" FIRST"),
            Some(ColumnPosition::After(name)) => write!(f, " AFTER {name}"),
        };
        match self {
            Self::Rename(name) => write!(f, "RENAME {name}"),
            Self::Partition(change) => change.fmt(f),
            Self::Compact { kind, partitions } => {
                for (word, _) in CompactionKind::WORDS.iter().filter(|(_, word)| Some(*word) == *kind) {
                    write!(f, "{word} ")?;
                }
                f.write_str("COMPACT")?;
                if partitions.is_empty() { Ok(()) } else { write!(f, " ({})", Commas(partitions)) }
            }
            Self::Swap(name) => write!(f, "SWAP WITH {name}"),
            Self::Comment(text) => write!(f, "COMMENT = {}", Quoted(text)),
            Self::Set(properties) => {
                f.write_str("SET ")?;
                write_property_list(f, properties)
            }
            Self::AddColumn(column, position) => {
                write!(f, "ADD COLUMN {column}")?;
                placed(f, position)
            }
            Self::AddColumns(columns) => write!(f, "ADD COLUMN ({})", Commas(columns)),
            Self::DropColumn(name) => write!(f, "DROP COLUMN {name}"),
            Self::RenameColumn(from, to) => write!(f, "RENAME COLUMN {from} TO {to}"),
            Self::ModifyColumn(column, position) => {
                write!(f, "MODIFY COLUMN {column}")?;
                placed(f, position)
            }
            Self::AddIndex(index) => write!(f, "ADD {index}"),
            Self::DropIndex(name) => write!(f, "DROP INDEX {name}"),
            Self::OrderBy(names) => write!(f, "ORDER BY ({})", Commas(names)),
            Self::AddRollups(rollups) => write!(f, "ADD ROLLUP {}", Commas(rollups)),
            Self::DropRollups(names) => write!(f, "DROP ROLLUP {}", Commas(names)),
            Self::RenameRollup(from, to) => write!(f, "RENAME ROLLUP {from} {to}"),
        }
    }
}
