//! Who may do what: users, roles and privileges.
//!
//! [`Access`] is plain data, a part of every [`CatalogView`](crate::CatalogView): a change makes another one of it
//! ([`AccessChange`]), so that scripts can be checked without running them. Privileges name databases and tables by
//! their identities: they follow a table that is renamed, and are nobody's once it is dropped for good.
//! [`Authority`] answers whether somebody may do something; which privileges a statement needs is decided elsewhere.

mod authority;
mod builtin;
mod change;
mod names;
mod password;
mod privilege;
mod securable;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use authority::Authority;
pub use change::{AccessChange, Grantee, PrivilegeChange};
pub use names::{RoleName, UserName};
pub use password::{Credential, Secret};
pub use privilege::{Privilege, SecurableKind};
pub use securable::{Place, Securable};

use crate::error::{Error, Result};
use crate::id::CatalogVersion;

/// Every user and every role, the built-in ones too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub(crate) users: BTreeMap<UserName, Arc<User>>,
    pub(crate) roles: BTreeMap<RoleName, Arc<Role>>,
}

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// What proves that somebody is this user.
    pub credential: Credential,
    /// The roles granted to it.
    pub roles: BTreeSet<RoleName>,
    /// Those of them that are active when a session begins.
    pub default_roles: BTreeSet<RoleName>,
    /// Its own privileges.
    pub grants: Grants,
    /// The commit that made it, which tells it from an earlier user of its name; 0 when nothing has been committed.
    pub since: CatalogVersion,
}

/// A role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// What it is for.
    pub comment: Option<String>,
    /// The roles granted to it, whose privileges it has too.
    pub parents: BTreeSet<RoleName>,
    /// Its own privileges.
    pub grants: Grants,
}

/// Privileges by what they are on; for each whether it may be granted on.
pub type Grants = BTreeMap<Securable, BTreeMap<Privilege, bool>>;

impl Default for Access {
    /// What a new store has: the built-in roles, and the user root without a password.
    fn default() -> Self {
        let mut access = Self { users: BTreeMap::new(), roles: BTreeMap::new() };
        access.add_builtin();
        access
    }
}

impl Access {
    /// The users, by name.
    pub fn users(&self) -> impl Iterator<Item = (&UserName, &Arc<User>)> {
        self.users.iter()
    }

    /// The roles, by name.
    pub fn roles(&self) -> impl Iterator<Item = (&RoleName, &Arc<Role>)> {
        self.roles.iter()
    }

    /// The user named `name`.
    pub fn user(&self, name: &UserName) -> Option<&Arc<User>> {
        self.users.get(name)
    }

    /// The role named `name`.
    pub fn role(&self, name: &RoleName) -> Option<&Arc<Role>> {
        self.roles.get(name)
    }

    /// The user named `name`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) with StarRocks' words.
    pub fn require_user(&self, name: &UserName) -> Result<&Arc<User>> {
        self.user(name)
            .ok_or_else(|| Error::not_found(format!("cannot find user {name}; SHOW USERS lists them")))
    }

    /// The role named `name`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) with StarRocks' words.
    pub fn require_role(&self, name: &RoleName) -> Result<&Arc<Role>> {
        self.role(name)
            .ok_or_else(|| Error::not_found(format!("cannot find role {name}; SHOW ROLES lists them")))
    }

    /// The user who says that it is `name` and comes from `host`: the one whose host is written most exactly.
    pub fn matching_user(&self, name: &str, host: &str) -> Option<(&UserName, &Arc<User>)> {
        let matching = self.users.iter().filter(|(user, _)| user.name() == name && user.is_from(host));
        matching.max_by_key(|(user, _)| user.exactness())
    }

    /// Whether somebody with these roles is root or can make itself root: such users and roles are root's to change.
    pub fn carries_root<'r>(&self, roles: impl IntoIterator<Item = &'r RoleName>) -> bool {
        self.with_parents(roles).iter().any(RoleName::is_roots_to_grant)
    }

    /// Whether the user is root or can make itself root.
    pub fn is_roots(&self, name: &UserName) -> bool {
        *name == UserName::root() || self.user(name).is_some_and(|user| self.carries_root(&user.roles))
    }

    /// `roles` and all that they have of others.
    pub(crate) fn with_parents<'r>(
        &self,
        roles: impl IntoIterator<Item = &'r RoleName>,
    ) -> BTreeSet<RoleName> {
        let mut found = BTreeSet::new();
        let mut next: Vec<RoleName> = roles.into_iter().cloned().collect();
        while let Some(name) = next.pop() {
            let Some(role) = self.roles.get(&name) else { continue };
            if found.insert(name) {
                next.extend(role.parents.iter().cloned());
            }
        }
        found
    }
}
