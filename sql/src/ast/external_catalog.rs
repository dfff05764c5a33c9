//! External catalogs.

use std::fmt;

use super::database::if_word;
use super::print::{write_comment, write_properties, write_property_list};
use super::{Ident, Properties};

/// `CREATE EXTERNAL CATALOG [IF NOT EXISTS] c [COMMENT "…"] PROPERTIES (…)`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateCatalogStatement {
    /// Whether an existing catalog is no error.
    pub if_not_exists: bool,
    /// Its name.
    pub name: Ident,
    /// What it is for.
    pub comment: Option<String>,
    /// The properties, never none.
    pub properties: Properties,
}

/// `ALTER CATALOG c SET ("k" = "v" {, …})`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterCatalogStatement {
    /// Its name.
    pub name: Ident,
    /// The properties that change, never none; an empty value takes a property away.
    pub properties: Properties,
}

/// `DROP CATALOG [IF EXISTS] c`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropCatalogStatement {
    /// Whether a missing catalog is no error.
    pub if_exists: bool,
    /// Its name.
    pub name: Ident,
}

impl fmt::Display for CreateCatalogStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exists = if_word(self.if_not_exists, "IF NOT EXISTS ");
        write!(f, "CREATE EXTERNAL CATALOG {exists}{}", self.name)?;
        write_comment(f, self.comment.as_deref())?;
        write_properties(f, &self.properties)
    }
}

impl fmt::Display for AlterCatalogStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ALTER CATALOG {} SET ", self.name)?;
        write_property_list(f, &self.properties)
    }
}

impl fmt::Display for DropCatalogStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DROP CATALOG {}{}", if_word(self.if_exists, "IF EXISTS "), self.name)
    }
}
