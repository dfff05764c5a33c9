//! The roles and the user that every store has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::names::{RoleName, UserName};
use super::privilege::{Privilege, SecurableKind};
use super::securable::{Place, Securable};
use super::{Access, Grants, Role, User};

const ROOT: &str = "root";
const DB_ADMIN: &str = "db_admin";
const CLUSTER_ADMIN: &str = "cluster_admin";
const USER_ADMIN: &str = "user_admin";
const PUBLIC: &str = "public";

/// The built-in roles. All but `public` are what they are; `public` is every user's.
const BUILTIN: [(&str, &str); 5] = [
    (ROOT, "built-in root role which has all privileges on all objects"),
    (DB_ADMIN, "built-in database administration role"),
    (CLUSTER_ADMIN, "built-in cluster administration role"),
    (USER_ADMIN, "built-in user administration role"),
    (PUBLIC, "built-in public role which is owned by any user"),
];

impl RoleName {
    /// Whether every store has it.
    pub fn is_builtin(&self) -> bool {
        BUILTIN.iter().any(|(name, _)| *name == self.as_str())
    }

    /// Whether it is the role that may do everything.
    pub(super) fn is_root(&self) -> bool {
        self.as_str() == ROOT
    }

    /// Whether only root may hand it on: with it one could become root.
    pub fn is_roots_to_grant(&self) -> bool {
        matches!(self.as_str(), ROOT | CLUSTER_ADMIN)
    }

    /// Whether it is the role that every user has.
    pub fn is_public(&self) -> bool {
        self.as_str() == PUBLIC
    }
}

impl Access {
    /// Adds what is built in and not there yet.
    pub(crate) fn add_builtin(&mut self) {
        for (name, comment) in BUILTIN {
            // The rule for names holds for each of them.
            let Ok(name) = RoleName::parse(name) else { continue };
            self.roles.entry(name).or_insert_with_key(|name| {
                let (comment, parents) = (Some(comment.to_owned()), BTreeSet::new());
                Arc::new(Role { comment, parents, grants: grants(name.as_str()) })
            });
        }
        let roles: BTreeSet<RoleName> = RoleName::parse(ROOT).into_iter().collect();
        let root = User { default_roles: roles.clone(), roles, ..User::default() };
        self.users.entry(UserName::root()).or_insert_with(|| Arc::new(root));
    }
}

fn grants(role: &str) -> Grants {
    match role {
        ROOT => SecurableKind::ALL.into_iter().map(|kind| all_on(kind, |_| true)).collect(),
        DB_ADMIN => SecurableKind::ALL
            .into_iter()
            .filter(|kind| *kind != SecurableKind::User)
            .map(|kind| all_on(kind, |privilege| !matches!(privilege, Privilege::Grant | Privilege::Node)))
            .collect(),
        CLUSTER_ADMIN => {
            Grants::from([all_on(SecurableKind::System, |privilege| privilege == Privilege::Node)])
        }
        USER_ADMIN => Grants::from([
            all_on(SecurableKind::System, |privilege| privilege == Privilege::Grant),
            all_on(SecurableKind::User, |_| true),
        ]),
        _ => Grants::new(),
    }
}

/// The privileges of a kind that `wanted` lets through, on all of that kind.
fn all_on(kind: SecurableKind, wanted: impl Fn(Privilege) -> bool) -> (Securable, BTreeMap<Privilege, bool>) {
    let on = match kind {
        SecurableKind::System => Securable::System,
        SecurableKind::Catalog => Securable::Catalog(None),
        SecurableKind::Database => Securable::Database(None),
        SecurableKind::User => Securable::User(None),
        kind => Securable::InDatabase(kind, Place::Everywhere),
    };
    let privileges = kind.privileges().iter().copied().filter(|privilege| wanted(*privilege));
    (on, privileges.map(|privilege| (privilege, false)).collect())
}
