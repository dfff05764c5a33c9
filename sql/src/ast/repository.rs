//! `CREATE REPOSITORY` and `DROP REPOSITORY`.

use std::fmt;

use super::print::{Quoted, write_properties};
use super::{Ident, Properties};

/// `CREATE [READ ONLY] REPOSITORY name WITH BROKER [broker] ON LOCATION "uri" [PROPERTIES (…)]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateRepositoryStatement {
    /// Whether backups into it are refused.
    pub read_only: bool,
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
        let read_only = if self.read_only { "READ ONLY " } else { "" };
        write!(f, "CREATE {read_only}REPOSITORY {} WITH BROKER", self.name)?;
        if let Some(broker) = &self.broker {
            write!(f, " {broker}")?;
        }
        write!(f, " ON LOCATION {}", Quoted(&self.location))?;
        write_properties(f, &self.properties)
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
