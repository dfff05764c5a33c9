//! What privileges are on.

use super::names::UserName;
use super::privilege::SecurableKind;
use crate::id::{DatabaseId, TableId};

/// What a privilege is on: one thing, or all of a kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Securable {
    /// The store.
    System,
    /// A catalog by its name; `None` for all.
    Catalog(Option<Box<str>>),
    /// A database; `None` for all.
    Database(Option<DatabaseId>),
    /// What is in databases: tables, views, materialized views or functions.
    InDatabase(SecurableKind, Place),
    /// A user; `None` for all.
    User(Option<UserName>),
}

/// Where something of a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// All of all databases.
    Everywhere,
    /// All of one database.
    Database(DatabaseId),
    /// One of one database.
    One(DatabaseId, TableId),
}

impl Securable {
    /// A table.
    pub fn table(database: DatabaseId, table: TableId) -> Self {
        Self::InDatabase(SecurableKind::Table, Place::One(database, table))
    }

    /// A view.
    pub fn view(database: DatabaseId, view: TableId) -> Self {
        Self::InDatabase(SecurableKind::View, Place::One(database, view))
    }

    /// One thing of a database.
    pub fn one_in(kind: SecurableKind, database: DatabaseId, id: TableId) -> Self {
        Self::InDatabase(kind, Place::One(database, id))
    }

    /// Its kind.
    pub fn kind(&self) -> SecurableKind {
        match self {
            Self::System => SecurableKind::System,
            Self::Catalog(_) => SecurableKind::Catalog,
            Self::Database(_) => SecurableKind::Database,
            Self::InDatabase(kind, _) => *kind,
            Self::User(_) => SecurableKind::User,
        }
    }

    /// Whether what is on this is also on `other`.
    pub(super) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Catalog(None), Self::Catalog(_))
            | (Self::Database(None), Self::Database(_))
            | (Self::User(None), Self::User(_)) => true,
            (Self::InDatabase(kind, place), Self::InDatabase(other, there)) => {
                kind == other && place.covers(*there)
            }
            (this, other) => this == other,
        }
    }

    /// Whether it is `database` or something of it.
    pub(super) fn touches(&self, database: DatabaseId) -> bool {
        match self {
            Self::Database(None) | Self::InDatabase(_, Place::Everywhere) => true,
            Self::Database(Some(id)) | Self::InDatabase(_, Place::Database(id) | Place::One(id, _)) => {
                *id == database
            }
            Self::System | Self::Catalog(_) | Self::User(_) => false,
        }
    }
}

impl Place {
    fn covers(self, other: Self) -> bool {
        match (self, other) {
            (Self::Everywhere, _) => true,
            (Self::Database(database), Self::Database(other) | Self::One(other, _)) => database == other,
            (this, other) => this == other,
        }
    }
}
