//! Index definitions: inside `CREATE TABLE` and `ALTER TABLE`, and `CREATE INDEX` and `DROP INDEX`.

use std::fmt;

use super::print::{Commas, write_comment, write_property_list};
use super::{Ident, ObjectName, Properties};

/// `INDEX name (columns) [USING kind [("k" = "v", …)]] [COMMENT "…"]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexClause {
    /// Its name.
    pub name: Ident,
    /// Its columns, never empty.
    pub columns: Vec<Ident>,
    /// Its kind.
    pub kind: Option<IndexKind>,
    /// Its properties; only beside a kind.
    pub properties: Properties,
    /// Its comment.
    pub comment: Option<String>,
}

impl IndexClause {
    /// What stands behind the name.
    fn write_body(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " ({})", Commas(&self.columns))?;
        if let Some(kind) = self.kind {
            write!(f, " USING {}", kind.word())?;
        }
        if !self.properties.is_empty() {
            f.write_str(" ")?;
            write_property_list(f, &self.properties)?;
        }
        write_comment(f, self.comment.as_deref())
    }
}

impl fmt::Display for IndexClause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "INDEX {}", self.name)?;
        self.write_body(f)
    }
}

/// The kinds of indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IndexKind {
    /// `BITMAP`
    Bitmap,
    /// `GIN`
    Gin,
    /// `NGRAMBF`
    NgramBloomFilter,
    /// `VECTOR`
    Vector,
}

impl IndexKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Bitmap, Self::Gin, Self::NgramBloomFilter, Self::Vector];

    /// The kind's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bitmap => "BITMAP",
            Self::Gin => "GIN",
            Self::NgramBloomFilter => "NGRAMBF",
            Self::Vector => "VECTOR",
        }
    }
}

/// `CREATE INDEX name ON t (columns) …`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateIndexStatement {
    /// The table.
    pub table: ObjectName,
    /// The index.
    pub index: IndexClause,
}

impl fmt::Display for CreateIndexStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CREATE INDEX {} ON {}", self.index.name, self.table)?;
        self.index.write_body(f)
    }
}

/// `DROP INDEX name ON t`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropIndexStatement {
    /// The index.
    pub name: Ident,
    /// The table.
    pub table: ObjectName,
}

impl fmt::Display for DropIndexStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DROP INDEX {} ON {}", self.name, self.table)
    }
}
