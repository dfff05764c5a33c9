//! Repositories as a whole: `CREATE`, `ALTER`, `DROP`, `CHECK`, `VERIFY` and `PRUNE`.

use std::fmt;

use super::database::if_word;
use super::print::{Quoted, write_properties, write_property_list};
use super::{Ident, Properties};

/// `CREATE [READ ONLY] REPOSITORY [IF NOT EXISTS] name WITH BROKER [broker] ON LOCATION "uri" [PROPERTIES (…)]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateRepositoryStatement {
    /// Whether backups into it are refused.
    pub read_only: bool,
    /// Whether a repository that is known already is no error.
    pub if_not_exists: bool,
    /// Its name.
    pub name: Ident,
    /// The broker process, written as a name or a string.
    pub broker: Option<Ident>,
    /// Where it is.
    pub location: String,
    /// The properties.
    pub properties: Properties,
}

impl fmt::Display for CreateRepositoryStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let read_only = if_word(self.read_only, "READ ONLY ");
        let if_not_exists = if_word(self.if_not_exists, "IF NOT EXISTS ");
        write!(f, "CREATE {read_only}REPOSITORY {if_not_exists}{} WITH BROKER", self.name)?;
        if let Some(broker) = &self.broker {
            write!(f, " {broker}")?;
        }
        write!(f, " ON LOCATION {}", Quoted(&self.location))?;
        write_properties(f, &self.properties)
    }
}

/// `ALTER REPOSITORY name SET ("k" = "v" {, …})`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterRepositoryStatement {
    /// Its name.
    pub name: Ident,
    /// The properties that change, never none; an empty value takes a property away.
    pub properties: Properties,
}

impl fmt::Display for AlterRepositoryStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ALTER REPOSITORY {} SET ", self.name)?;
        write_property_list(f, &self.properties)
    }
}

/// `DROP REPOSITORY name`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropRepositoryStatement {
    /// Its name.
    pub name: Ident,
}

impl fmt::Display for DropRepositoryStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DROP REPOSITORY {}", self.name)
    }
}

/// `CHECK REPOSITORY name`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRepositoryStatement {
    /// Its name.
    pub name: Ident,
}

impl fmt::Display for CheckRepositoryStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CHECK REPOSITORY {}", self.name)
    }
}

/// `VERIFY SNAPSHOT label ON repository [PROPERTIES (…)]` and `VERIFY REPOSITORY repository [PROPERTIES (…)]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyStatement {
    /// The snapshots' label; without one, all snapshots of the repository.
    pub label: Option<Ident>,
    /// The repository.
    pub repository: Ident,
    /// The properties.
    pub properties: Properties,
}

impl fmt::Display for VerifyStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.label {
            Some(label) => write!(f, "VERIFY SNAPSHOT {label} ON {}", self.repository)?,
            None => write!(f, "VERIFY REPOSITORY {}", self.repository)?,
        }
        write_properties(f, &self.properties)
    }
}

/// `PRUNE REPOSITORY name [PROPERTIES (…)]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PruneRepositoryStatement {
    /// Its name.
    pub name: Ident,
    /// The properties.
    pub properties: Properties,
}

impl fmt::Display for PruneRepositoryStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PRUNE REPOSITORY {}", self.name)?;
        write_properties(f, &self.properties)
    }
}
