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
    /// `[BASE | CUMULATIVE] COMPACT [p | (p1, p2)]`
    Compact {
        /// Which word is written before it.
        kind: Option<CompactionKind>,
        /// The partitions; all when there are none.
        partitions: Vec<Ident>,
    },
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
        }
    }
}
