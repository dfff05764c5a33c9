//! Users and roles on record.

use std::sync::Arc;

use redb::{ReadTransaction, ReadableTable, TableError};

use super::access_v1::{RoleV1, UserV1};
use super::change::Change;
use super::external_catalogs::DEFAULT_CATALOG;
use super::record;
use super::tables;
use super::view::CatalogView;
use crate::access::{Access, Grants, Place, RoleName, Securable, SecurableKind, UserName};
use crate::error::{Error, Result};

/// The users and roles of the last commit.
pub(super) fn read_access(txn: &ReadTransaction) -> Result<Access> {
    let mut access = Access::default();
    match txn.open_table(tables::USERS) {
        Ok(users) => {
            for entry in users.iter()? {
                let (key, bytes) = entry?;
                let (name, host) = key.value();
                let stored: UserV1 = record::decode("user", bytes.value())?;
                let name = UserName::parse(name, Some(host)).map_err(misnamed)?;
                access.users.insert(name, Arc::new(stored.try_into()?));
            }
        }
        Err(TableError::TableDoesNotExist(_)) => {}
        Err(other) => return Err(other.into()),
    }
    match txn.open_table(tables::ROLES) {
        Ok(roles) => {
            for entry in roles.iter()? {
                let (name, bytes) = entry?;
                let stored: RoleV1 = record::decode("role", bytes.value())?;
                let name = RoleName::parse(name.value()).map_err(misnamed)?;
                access.roles.insert(name, Arc::new(stored.try_into()?));
            }
        }
        Err(TableError::TableDoesNotExist(_)) => {}
        Err(other) => return Err(other.into()),
    }
    let has_itself = |name: &&RoleName| {
        access.role(name).is_some_and(|role| access.with_parents(&role.parents).contains(*name))
    };
    match access.roles.keys().find(has_itself) {
        Some(name) => Err(Error::corrupt(format!("the catalog's role {name} has itself among its roles"))),
        None => Ok(access),
    }
}

pub(super) fn misnamed(error: Error) -> Error {
    Error::corrupt("a user or a role of the catalog has no name that one can have").with_source(error)
}

impl Change<'_> {
    /// Puts other users and roles in the place of those there are; what changed is written, without privileges on what is
    /// gone for good.
    pub(crate) fn put_access(&mut self, access: &Access) -> Result<()> {
        let (before, mut access) = (Arc::clone(&self.view().access), access.clone());
        {
            let mut users = self.txn().open_table(tables::USERS)?;
            for name in before.users.keys().filter(|name| !access.users.contains_key(name)) {
                users.remove((name.name(), name.host()))?;
            }
            for (name, user) in &mut access.users {
                if before.users.get(name) != Some(user) {
                    let user = Arc::make_mut(user);
                    if !before.users.contains_key(name) {
                        user.since = self.version();
                    }
                    self.forget_gone(&mut user.grants)?;
                    let bytes = record::encode(&UserV1::from(&*user))?;
                    users.insert((name.name(), name.host()), bytes.as_slice())?;
                }
            }
            let mut roles = self.txn().open_table(tables::ROLES)?;
            for name in before.roles.keys().filter(|name| !access.roles.contains_key(name)) {
                roles.remove(name.as_str())?;
            }
            for (name, role) in &mut access.roles {
                if before.roles.get(name) != Some(role) {
                    let role = Arc::make_mut(role);
                    self.forget_gone(&mut role.grants)?;
                    roles.insert(name.as_str(), record::encode(&RoleV1::from(&*role))?.as_slice())?;
                }
            }
        }
        self.view_mut().access = Arc::new(access);
        Ok(())
    }

    /// Leaves out privileges on what has no record any more. What can be recovered has one.
    fn forget_gone(&self, grants: &mut Grants) -> Result<()> {
        let databases = self.txn().open_table(tables::DATABASES)?;
        let recorded = self.txn().open_table(tables::TABLES)?;
        let views = self.txn().open_table(tables::VIEWS)?;
        let mut gone = Vec::new();
        for on in grants.keys() {
            let is_there = match on {
                Securable::Database(Some(id)) | Securable::InDatabase(_, Place::Database(id)) => {
                    databases.get(id.get())?.is_some()
                }
                Securable::InDatabase(SecurableKind::View, Place::One(_, id)) => {
                    views.range((id.get(), 0)..=(id.get(), u64::MAX))?.next().is_some()
                }
                Securable::Catalog(Some(name)) => {
                    **name == *DEFAULT_CATALOG
                        || self
                            .view()
                            .external_catalogs()
                            .any(|entry| entry.definition.name.as_str() == &**name)
                }
                Securable::InDatabase(_, Place::One(_, id)) => recorded.get(id.get())?.is_some(),
                _ => true,
            };
            if !is_there {
                gone.push(on.clone());
            }
        }
        grants.retain(|on, _| !gone.contains(on));
        Ok(())
    }
}

impl CatalogView {
    /// This view with other users, roles and privileges.
    #[must_use]
    pub fn with_access(&self, access: Access) -> Self {
        Self { access: Arc::new(access), ..self.clone() }
    }
}
