//! `RESTORE`.

use std::fmt;

use super::backup::write_alias;
use super::print::{Commas, write_properties};
use super::{CatalogChoice, Ident, Properties, SnapshotObject};

/// `RESTORE SNAPSHOT label FROM repository …`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreStatement {
    /// The snapshot's label.
    pub label: Ident,
    /// The repository.
    pub repository: Ident,
    /// The external catalogs, when the snapshot holds catalogs instead of a database.
    pub catalogs: Option<CatalogChoice>,
    /// The database to restore into.
    pub database: RestoreDatabase,
    /// The objects of `ON`, never empty; without `ON`, everything in the snapshot.
    pub objects: Option<Vec<SnapshotObject>>,
    /// The properties.
    pub properties: Properties,
}

/// How a `RESTORE` names databases. The forms differ: a prefix names only the target, `DATABASE` names the
/// snapshot's own database too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreDatabase {
    /// Not named: the database recorded in the snapshot.
    Recorded,
    /// `SNAPSHOT db.label`: the target database.
    Prefix(Ident),
    /// `DATABASE name [AS alias]`: `name` is the snapshot's database, `alias` the target when they differ.
    Named {
        /// The database as the snapshot knows it.
        name: Ident,
        /// The target database.
        alias: Option<Ident>,
    },
}

impl RestoreDatabase {
    /// The target database, where the statement names it.
    pub fn target(&self) -> Option<&Ident> {
        match self {
            Self::Recorded => None,
            Self::Prefix(database) => Some(database),
            Self::Named { name, alias } => Some(alias.as_ref().unwrap_or(name)),
        }
    }
}

impl fmt::Display for RestoreStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RESTORE SNAPSHOT ")?;
        if let RestoreDatabase::Prefix(database) = &self.database {
            write!(f, "{database}.")?;
        }
        write!(f, "{} FROM {}", self.label, self.repository)?;
        if let Some(catalogs) = &self.catalogs {
            write!(f, " {catalogs}")?;
        }
        if let RestoreDatabase::Named { name, alias } = &self.database {
            write!(f, " DATABASE {name}")?;
            write_alias(f, alias.as_ref())?;
        }
        if let Some(objects) = &self.objects {
            write!(f, " ON ({})", Commas(objects))?;
        }
        write_properties(f, &self.properties)
    }
}
