//! `BACKUP`, `CANCEL`, `DROP SNAPSHOT`, and the object lists `BACKUP` shares with `RESTORE`.

use std::fmt;

use super::print::{Commas, Quoted, write_properties};
use super::{Ident, ObjectName, Properties};

/// `BACKUP … SNAPSHOT label TO repository …`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupStatement {
    /// The external catalogs, when their definitions are backed up instead of a database.
    pub catalogs: Option<CatalogChoice>,
    /// The database, from `DATABASE db` or from `db.label`, which mean the same; without one, the session's.
    pub database: Option<Ident>,
    /// The snapshot's label.
    pub label: Ident,
    /// The repository.
    pub repository: Ident,
    /// The objects of `ON`, never empty and without aliases; without `ON`, everything in the database.
    pub objects: Option<Vec<SnapshotObject>>,
    /// The properties.
    pub properties: Properties,
}

impl fmt::Display for BackupStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BACKUP")?;
        if let Some(catalogs) = &self.catalogs {
            write!(f, " {catalogs}")?;
        }
        if let Some(database) = &self.database {
            write!(f, " DATABASE {database}")?;
        }
        write!(f, " SNAPSHOT {} TO {}", self.label, self.repository)?;
        if let Some(objects) = &self.objects {
            write!(f, " ON ({})", Commas(objects))?;
        }
        write_properties(f, &self.properties)
    }
}

/// Which external catalogs a statement names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogChoice {
    /// `ALL EXTERNAL CATALOGS`
    All,
    /// `EXTERNAL CATALOGS (…)`, never empty
    Listed(Vec<CatalogItem>),
}

impl fmt::Display for CatalogChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("ALL EXTERNAL CATALOGS"),
            Self::Listed(items) => write!(f, "EXTERNAL CATALOGS ({})", Commas(items)),
        }
    }
}

/// One external catalog of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogItem {
    /// The catalog.
    pub name: Ident,
    /// Its new name; only in `RESTORE`.
    pub alias: Option<Ident>,
}

impl fmt::Display for CatalogItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        write_alias(f, self.alias.as_ref())
    }
}

/// The kinds of objects a snapshot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// A table.
    Table,
    /// A logical view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A function, all overloads of the name.
    Function,
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Table => "TABLE",
            Self::View => "VIEW",
            Self::MaterializedView => "MATERIALIZED VIEW",
            Self::Function => "FUNCTION",
        })
    }
}

/// One entry of an `ON` list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotObject {
    /// `ALL TABLES`, `ALL VIEWS`, …
    All(ObjectKind),
    /// One named object.
    Named {
        /// Its kind; an entry without a kind word is a table.
        kind: ObjectKind,
        /// Its name.
        name: ObjectName,
        /// Its partitions; only of a table.
        partitions: Option<PartitionChoice>,
        /// Its new name; only in `RESTORE`.
        alias: Option<Ident>,
    },
}

impl fmt::Display for SnapshotObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(kind) => write!(f, "ALL {kind}S"),
            Self::Named { kind, name, partitions, alias } => {
                write!(f, "{kind} {name}")?;
                if let Some(partitions) = partitions {
                    write!(f, " {partitions}")?;
                }
                write_alias(f, alias.as_ref())
            }
        }
    }
}

pub(super) fn write_alias(f: &mut fmt::Formatter<'_>, alias: Option<&Ident>) -> fmt::Result {
    alias.map_or(Ok(()), |alias| write!(f, " AS {alias}"))
}

/// Which partitions of a table a statement names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartitionChoice {
    /// `[TEMPORARY] PARTITIONS (p1, p2)`
    Names {
        /// Whether `TEMPORARY` was written.
        temporary: bool,
        /// The partitions, never empty; a name may have been written as a string.
        names: Vec<Ident>,
    },
    /// `PARTITION (column = literal, …)`, never empty
    Keys(Vec<PartitionKey>),
}

impl fmt::Display for PartitionChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Always parenthesised: without parentheses the list would run on into the objects after it.
            Self::Names { temporary, names } => {
                let temporary = if *temporary { "TEMPORARY " } else { "" };
                write!(f, "{temporary}PARTITION ({})", Commas(names))
            }
            Self::Keys(keys) => write!(f, "PARTITION ({})", Commas(keys)),
        }
    }
}

/// `column = literal` of a partition's key form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionKey {
    /// The partition column.
    pub column: Ident,
    /// Its value.
    pub value: PartitionKeyValue,
}

impl fmt::Display for PartitionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.column, self.value)
    }
}

/// The literal of a partition's key form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartitionKeyValue {
    /// `NULL`
    Null,
    /// `TRUE` or `FALSE`
    Boolean(bool),
    /// An unsigned number as it was written.
    Number(String),
    /// A string.
    String(String),
}

impl fmt::Display for PartitionKeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Boolean(true) => f.write_str("TRUE"),
            Self::Boolean(false) => f.write_str("FALSE"),
            Self::Number(text) => f.write_str(text),
            Self::String(text) => Quoted(text).fmt(f),
        }
    }
}

/// The two kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// A backup.
    Backup,
    /// A restore.
    Restore,
}

impl fmt::Display for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Backup => "BACKUP",
            Self::Restore => "RESTORE",
        })
    }
}

/// `CANCEL BACKUP` and `CANCEL RESTORE`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelStatement {
    /// What is cancelled.
    pub kind: JobKind,
    /// Whose job is cancelled.
    pub target: CancelTarget,
}

/// Whose job a `CANCEL` means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelTarget {
    /// The last job of a database.
    Database(Ident),
    /// The job of the external catalogs.
    ExternalCatalog,
}

impl fmt::Display for CancelStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            CancelTarget::Database(database) => write!(f, "CANCEL {} FROM {database}", self.kind),
            CancelTarget::ExternalCatalog => write!(f, "CANCEL {} FOR EXTERNAL CATALOG", self.kind),
        }
    }
}

/// `DROP SNAPSHOT label ON repository [FORCE]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropSnapshotStatement {
    /// The snapshot's label.
    pub label: Ident,
    /// The repository.
    pub repository: Ident,
    /// Whether a snapshot another cluster wrote is dropped too.
    pub force: bool,
}

impl fmt::Display for DropSnapshotStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let force = if self.force { " FORCE" } else { "" };
        write!(f, "DROP SNAPSHOT {} ON {}{force}", self.label, self.repository)
    }
}
