//! Whether somebody may do something.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::names::{RoleName, UserName};
use super::privilege::Privilege;
use super::securable::Securable;
use super::{Access, Grants, Role, User};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{CatalogVersion, DatabaseId};

/// What a user may do with the roles that are active.
#[derive(Clone, Debug)]
pub struct Authority {
    user: UserName,
    of_user: Arc<User>,
    of_roles: Vec<Arc<Role>>,
    active: BTreeSet<RoleName>,
    is_root: bool,
}

impl Authority {
    /// Of `user`, with those of the roles `active` that are granted to it still.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Denied`] when there is no such user any more.
    pub fn of(
        access: &Access,
        user: &UserName,
        since: CatalogVersion,
        active: &BTreeSet<RoleName>,
    ) -> Result<Self> {
        let Some(of_user) = access.user(user).filter(|of_user| of_user.since == since) else {
            return Err(Error::new(
                ErrorKind::Denied,
                format!("Access denied for user {user}: it has been dropped; connect as another"),
            ));
        };
        let active: BTreeSet<RoleName> = active.intersection(&of_user.roles).cloned().collect();
        let public = access.roles.keys().filter(|name| name.is_public());
        let of_roles = access.with_parents(active.iter().chain(public));
        let is_root = of_roles.iter().any(RoleName::is_root);
        let of_roles = of_roles.iter().filter_map(|name| access.role(name)).cloned().collect();
        Ok(Self { user: user.clone(), of_user: Arc::clone(of_user), of_roles, active, is_root })
    }

    /// The user.
    pub fn user(&self) -> &UserName {
        &self.user
    }

    /// The active roles.
    pub fn active_roles(&self) -> &BTreeSet<RoleName> {
        &self.active
    }

    /// The roles that are granted and not active.
    pub fn inactive_roles(&self) -> impl Iterator<Item = &RoleName> {
        self.of_user.roles.difference(&self.active)
    }

    fn grants(&self) -> impl Iterator<Item = &Grants> {
        self.of_roles.iter().map(|role| &role.grants).chain([&self.of_user.grants])
    }

    /// Whether it has the privilege on `on`.
    pub fn may(&self, privilege: Privilege, on: &Securable) -> bool {
        self.grants()
            .flatten()
            .any(|(granted, privileges)| privileges.contains_key(&privilege) && granted.covers(on))
    }

    /// Whether it may hand the privilege on `on` on to others.
    pub fn may_grant(&self, privilege: Privilege, on: &Securable) -> bool {
        self.may(Privilege::Grant, &Securable::System)
            || self
                .grants()
                .flatten()
                .any(|(granted, privileges)| privileges.get(&privilege) == Some(&true) && granted.covers(on))
    }

    /// Whether it has the role root, which may do everything.
    pub fn may_everything(&self) -> bool {
        self.is_root
    }

    /// Whether it has any privilege on `on`.
    pub fn has_any(&self, on: &Securable) -> bool {
        self.grants().flatten().any(|(granted, privileges)| !privileges.is_empty() && granted.covers(on))
    }

    /// Whether it has any privilege on a database or on something of it.
    pub fn has_any_in(&self, database: DatabaseId) -> bool {
        self.grants()
            .flatten()
            .any(|(granted, privileges)| !privileges.is_empty() && granted.touches(database))
    }
}
