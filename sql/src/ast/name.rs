//! Names and where they stood.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::words;

/// A place in the script: line and column count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The line, from 1.
    pub line: u64,
    /// The column in characters, from 1.
    pub column: u64,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// One part of a name as it was written, without its quotes.
///
/// Equality and hashing look at the text alone. Letter case is kept; where it does not matter is the
/// analyser's knowledge.
#[derive(Debug, Clone)]
pub struct Ident {
    /// The name's text.
    pub value: String,
    /// Where it stands.
    pub location: Location,
}

impl PartialEq for Ident {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Ident {}

impl Hash for Ident {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_name(f, &self.value)
    }
}

/// Writes a name, in backquotes where it must be.
pub(super) fn write_name(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    if words::prints_bare(name) { f.write_str(name) } else { write!(f, "`{}`", name.replace('`', "``")) }
}

/// `[[catalog.]database.]name` of a table, view or function.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectName {
    /// The catalog, present only together with a database.
    pub catalog: Option<Ident>,
    /// The database; without one, the session's or the statement's.
    pub database: Option<Ident>,
    /// The object itself.
    pub name: Ident,
}

impl ObjectName {
    /// Where the name starts.
    pub fn location(&self) -> Location {
        self.catalog.as_ref().or(self.database.as_ref()).unwrap_or(&self.name).location
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for qualifier in [&self.catalog, &self.database].into_iter().flatten() {
            write!(f, "{qualifier}.")?;
        }
        self.name.fmt(f)
    }
}

/// `[catalog.]database`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DatabaseName {
    /// The catalog; without one, the session's.
    pub catalog: Option<Ident>,
    /// The database itself.
    pub name: Ident,
}

impl fmt::Display for DatabaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(catalog) = &self.catalog {
            write!(f, "{catalog}.")?;
        }
        self.name.fmt(f)
    }
}
