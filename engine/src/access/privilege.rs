//! What can be granted, and on what.

use std::fmt;

/// Something that one may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Privilege {
    /// Users and roles, and granting to them.
    Grant,
    /// StarRocks' nodes, of which there are none here.
    Node,
    /// Operating the store.
    Operate,
    /// StarRocks' plugins, of which there are none here.
    Plugin,
    /// Files of this machine.
    File,
    /// StarRocks' blacklist, which is not here.
    Blacklist,
    /// Repositories, and backups and restores with them.
    Repository,
    /// Making external catalogs.
    CreateExternalCatalog,
    /// Making resources.
    CreateResource,
    /// Making resource groups.
    CreateResourceGroup,
    /// Making global functions.
    CreateGlobalFunction,
    /// Making storage volumes.
    CreateStorageVolume,
    /// Using a catalog or a function.
    Usage,
    /// Making databases.
    CreateDatabase,
    /// Making tables.
    CreateTable,
    /// Making views.
    CreateView,
    /// Making functions.
    CreateFunction,
    /// Making materialized views.
    CreateMaterializedView,
    /// Reading rows.
    Select,
    /// Adding rows.
    Insert,
    /// Changing rows.
    Update,
    /// Removing rows.
    Delete,
    /// Backing it up.
    Export,
    /// Bringing a materialized view up to date.
    Refresh,
    /// Changing it.
    Alter,
    /// Removing it.
    Drop,
    /// Being another user.
    Impersonate,
}

/// A kind of what privileges are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecurableKind {
    /// The store.
    System,
    /// A catalog of databases.
    Catalog,
    /// A database.
    Database,
    /// A table.
    Table,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A function of a database.
    Function,
    /// A user.
    User,
}

impl Privilege {
    /// Every privilege.
    pub const ALL: [Self; 27] = [
        Self::Grant,
        Self::Node,
        Self::Operate,
        Self::Plugin,
        Self::File,
        Self::Blacklist,
        Self::Repository,
        Self::CreateExternalCatalog,
        Self::CreateResource,
        Self::CreateResourceGroup,
        Self::CreateGlobalFunction,
        Self::CreateStorageVolume,
        Self::Usage,
        Self::CreateDatabase,
        Self::CreateTable,
        Self::CreateView,
        Self::CreateFunction,
        Self::CreateMaterializedView,
        Self::Select,
        Self::Insert,
        Self::Update,
        Self::Delete,
        Self::Export,
        Self::Refresh,
        Self::Alter,
        Self::Drop,
        Self::Impersonate,
    ];

    /// StarRocks' words.
    pub fn as_sql(self) -> &'static str {
        match self {
            Self::Grant => "GRANT",
            Self::Node => "NODE",
            Self::Operate => "OPERATE",
            Self::Plugin => "PLUGIN",
            Self::File => "FILE",
            Self::Blacklist => "BLACKLIST",
            Self::Repository => "REPOSITORY",
            Self::CreateExternalCatalog => "CREATE EXTERNAL CATALOG",
            Self::CreateResource => "CREATE RESOURCE",
            Self::CreateResourceGroup => "CREATE RESOURCE GROUP",
            Self::CreateGlobalFunction => "CREATE GLOBAL FUNCTION",
            Self::CreateStorageVolume => "CREATE STORAGE VOLUME",
            Self::Usage => "USAGE",
            Self::CreateDatabase => "CREATE DATABASE",
            Self::CreateTable => "CREATE TABLE",
            Self::CreateView => "CREATE VIEW",
            Self::CreateFunction => "CREATE FUNCTION",
            Self::CreateMaterializedView => "CREATE MATERIALIZED VIEW",
            Self::Select => "SELECT",
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Export => "EXPORT",
            Self::Refresh => "REFRESH",
            Self::Alter => "ALTER",
            Self::Drop => "DROP",
            Self::Impersonate => "IMPERSONATE",
        }
    }

    /// The privilege that the words name, in any letter case.
    pub fn parse(words: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|privilege| privilege.as_sql().eq_ignore_ascii_case(words))
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_sql())
    }
}

impl SecurableKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::System,
        Self::Catalog,
        Self::Database,
        Self::Table,
        Self::View,
        Self::MaterializedView,
        Self::Function,
        Self::User,
    ];

    /// StarRocks' words for one.
    pub fn as_sql(self) -> &'static str {
        match self {
            Self::System => "SYSTEM",
            Self::Catalog => "CATALOG",
            Self::Database => "DATABASE",
            Self::Table => "TABLE",
            Self::View => "VIEW",
            Self::MaterializedView => "MATERIALIZED VIEW",
            Self::Function => "FUNCTION",
            Self::User => "USER",
        }
    }

    /// The privileges that can be on it.
    pub fn privileges(self) -> &'static [Privilege] {
        use Privilege::{
            Alter, Blacklist, CreateDatabase, CreateExternalCatalog, CreateFunction, CreateGlobalFunction,
            CreateMaterializedView, CreateResource, CreateResourceGroup, CreateStorageVolume, CreateTable,
            CreateView, Delete, Drop, Export, File, Grant, Impersonate, Insert, Node, Operate, Plugin,
            Refresh, Repository, Select, Update, Usage,
        };
        match self {
            Self::System => &[
                Grant,
                Node,
                Operate,
                Plugin,
                File,
                Blacklist,
                Repository,
                CreateExternalCatalog,
                CreateResource,
                CreateResourceGroup,
                CreateGlobalFunction,
                CreateStorageVolume,
            ],
            Self::Catalog => &[Usage, CreateDatabase, Alter, Drop],
            Self::Database => &[CreateTable, CreateView, CreateFunction, CreateMaterializedView, Alter, Drop],
            Self::Table => &[Select, Insert, Update, Delete, Export, Alter, Drop],
            Self::View => &[Select, Alter, Drop],
            Self::MaterializedView => &[Select, Refresh, Alter, Drop],
            Self::Function => &[Usage, Drop],
            Self::User => &[Impersonate],
        }
    }
}

impl fmt::Display for SecurableKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_sql())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_privileges() {
        for privilege in Privilege::ALL {
            assert_eq!(Privilege::parse(&privilege.as_sql().to_lowercase()), Some(privilege));
            assert!(
                SecurableKind::ALL.iter().any(|kind| kind.privileges().contains(&privilege)),
                "{privilege}"
            );
        }
        assert_eq!(Privilege::parse("ALL"), None);
    }
}
