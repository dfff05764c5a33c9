//! Changes of users, roles and privileges, as data: they are tried on an [`Access`] and then committed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::names::{RoleName, UserName};
use super::password::Credential;
use super::privilege::Privilege;
use super::securable::{Place, Securable};
use super::{Access, Grants, Role, User};
use crate::error::{Error, Result};
use crate::id::{DatabaseId, TableId};

/// Roles that have roles of others that have roles … may be so many; StarRocks' limit.
const MAX_ROLE_DEPTH: usize = 16;

/// Who is given something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grantee {
    /// A user.
    User(UserName),
    /// A role.
    Role(RoleName),
}

/// A change of users, roles or privileges.
#[derive(Clone, Debug)]
pub enum AccessChange {
    /// Another user, with roles that are active from the start.
    CreateUser(UserName, Credential, BTreeSet<RoleName>),
    /// Another password.
    SetCredential(UserName, Credential),
    /// A user less.
    DropUser(UserName),
    /// More roles.
    CreateRoles(Vec<RoleName>, Option<String>),
    /// Another comment for roles.
    CommentRoles(Vec<RoleName>, String),
    /// Roles less, for everybody.
    DropRoles(Vec<RoleName>),
    /// Roles for somebody.
    GrantRoles(Vec<RoleName>, Grantee),
    /// Not any more.
    RevokeRoles(Vec<RoleName>, Grantee),
    /// Privileges for somebody.
    Grant(PrivilegeChange),
    /// Not any more.
    Revoke(PrivilegeChange),
    /// Which roles of users are active when a session begins.
    SetDefaultRoles(Vec<(UserName, BTreeSet<RoleName>)>),
}

/// Privileges that somebody gets or loses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivilegeChange {
    /// The privileges.
    pub privileges: BTreeSet<Privilege>,
    /// What they are on.
    pub on: Vec<Securable>,
    /// Whose they are.
    pub grantee: Grantee,
    /// Whether they may be handed on.
    pub with_grant_option: bool,
}

impl Access {
    /// This with everybody's privileges on a table also on the one that takes its place; `None` when nobody has any.
    pub(crate) fn with_replaced(&self, database: DatabaseId, from: TableId, to: TableId) -> Option<Self> {
        let copied = |grants: &mut Grants| {
            let of_table = grants.iter().filter_map(|(on, privileges)| match on {
                Securable::InDatabase(kind, place) if *place == Place::One(database, from) => {
                    Some((Securable::InDatabase(*kind, Place::One(database, to)), privileges.clone()))
                }
                _ => None,
            });
            let of_table: Vec<_> = of_table.collect();
            grants.extend(of_table);
        };
        let mut access = self.clone();
        access.users.values_mut().for_each(|user| copied(&mut Arc::make_mut(user).grants));
        access.roles.values_mut().for_each(|role| copied(&mut Arc::make_mut(role).grants));
        let is_same = self.users == access.users && self.roles == access.roles;
        (!is_same).then_some(access)
    }

    /// This with a change made.
    ///
    /// # Errors
    ///
    /// `NotFound` and `AlreadyExists` of users and roles; `InvalidInput` of changes of what is built in, and of roles that
    /// would have themselves.
    pub fn with(&self, change: &AccessChange) -> Result<Self> {
        let mut access = self.clone();
        match change {
            AccessChange::CreateUser(name, credential, roles) => {
                access.create_user(name, credential, roles)?;
            }
            AccessChange::SetCredential(name, credential) => {
                access.user_mut(name)?.credential = credential.clone();
            }
            AccessChange::DropUser(name) => access.drop_user(name)?,
            AccessChange::CreateRoles(names, comment) => access.create_roles(names, comment.as_deref())?,
            AccessChange::CommentRoles(names, comment) => {
                for name in names {
                    access.role_mut(name)?.comment = Some(comment.clone());
                }
            }
            AccessChange::DropRoles(names) => access.drop_roles(names)?,
            AccessChange::GrantRoles(names, grantee) => access.grant_roles(names, grantee)?,
            AccessChange::RevokeRoles(names, grantee) => access.revoke_roles(names, grantee)?,
            AccessChange::Grant(change) => {
                let grants = access.grants_mut(&change.grantee)?;
                for on in &change.on {
                    let granted = grants.entry(on.clone()).or_default();
                    for privilege in &change.privileges {
                        *granted.entry(*privilege).or_default() |= change.with_grant_option;
                    }
                }
            }
            AccessChange::Revoke(change) => {
                let grants = access.grants_mut(&change.grantee)?;
                for on in &change.on {
                    if let Some(granted) = grants.get_mut(on) {
                        granted.retain(|privilege, _| !change.privileges.contains(privilege));
                    }
                }
                grants.retain(|_, granted| !granted.is_empty());
            }
            AccessChange::SetDefaultRoles(users) => {
                for (name, roles) in users {
                    let user = access.user_mut(name)?;
                    if let Some(missing) = roles.difference(&user.roles).next() {
                        return Err(not_granted(missing, name));
                    }
                    user.default_roles.clone_from(roles);
                }
            }
        }
        Ok(access)
    }

    fn create_user(
        &mut self,
        name: &UserName,
        credential: &Credential,
        roles: &BTreeSet<RoleName>,
    ) -> Result<()> {
        if self.user(name).is_some() {
            return Err(Error::already_exists(format!(
                "Operation CREATE USER failed for {name} : user already exists; use IF NOT EXISTS to keep it"
            )));
        }
        if name.name() == UserName::root().name() {
            return Err(Error::invalid(format!(
                "Operation CREATE USER failed for {name} : root is built in, from every host; choose another name"
            )));
        }
        for role in roles {
            self.require_role(role)?;
            refuse_public(role)?;
        }
        let (roles, default_roles) = (roles.clone(), roles.clone());
        let user = User { credential: credential.clone(), roles, default_roles, ..User::default() };
        self.users.insert(name.clone(), Arc::new(user));
        Ok(())
    }

    fn drop_user(&mut self, name: &UserName) -> Result<()> {
        self.require_user(name)?;
        if *name == UserName::root() {
            return Err(Error::invalid(format!("Operation DROP USER failed for {name}: it is built in")));
        }
        self.users.remove(name);
        let on = Securable::User(Some(name.clone()));
        for user in self.users.values_mut().filter(|user| user.grants.contains_key(&on)) {
            Arc::make_mut(user).grants.remove(&on);
        }
        for role in self.roles.values_mut().filter(|role| role.grants.contains_key(&on)) {
            Arc::make_mut(role).grants.remove(&on);
        }
        Ok(())
    }

    fn create_roles(&mut self, names: &[RoleName], comment: Option<&str>) -> Result<()> {
        for name in names {
            if self.role(name).is_some() {
                return Err(Error::already_exists(format!(
                    "Operation CREATE ROLE failed for {name} : role already exists; use IF NOT EXISTS to keep it"
                )));
            }
            let comment = comment.map(str::to_owned);
            self.roles.insert(name.clone(), Arc::new(Role { comment, ..Role::default() }));
        }
        Ok(())
    }

    fn drop_roles(&mut self, names: &[RoleName]) -> Result<()> {
        for name in names {
            self.require_role(name)?;
            if name.is_builtin() {
                return Err(Error::invalid(format!("role {name} cannot be dropped: it is built in")));
            }
            self.roles.remove(name);
            for role in self.roles.values_mut().filter(|role| role.parents.contains(name)) {
                Arc::make_mut(role).parents.remove(name);
            }
            for user in self.users.values_mut().filter(|user| user.roles.contains(name)) {
                let user = Arc::make_mut(user);
                user.roles.remove(name);
                user.default_roles.remove(name);
            }
        }
        Ok(())
    }

    fn grant_roles(&mut self, names: &[RoleName], grantee: &Grantee) -> Result<()> {
        for name in names {
            self.require_role(name)?;
            refuse_public(name)?;
            match grantee {
                Grantee::User(user) => {
                    self.user_mut(user)?.roles.insert(name.clone());
                }
                Grantee::Role(role) => {
                    self.require_role(role)?;
                    if self.with_parents([name]).contains(role) {
                        return Err(Error::invalid(format!(
                            "role {role} is already a parent role of role {name}: a role cannot have itself"
                        )));
                    }
                    self.role_mut(role)?.parents.insert(name.clone());
                }
            }
        }
        let mut depths = BTreeMap::new();
        match self.roles.keys().find(|role| self.depth(role, &mut depths) > MAX_ROLE_DEPTH) {
            Some(role) => Err(Error::invalid(format!(
                "role inheritance depth for {role} is more than {MAX_ROLE_DEPTH}"
            ))),
            None => Ok(()),
        }
    }

    /// How many roles are the longest way up from `role`, itself included; `known` remembers it of each, which ways that
    /// meet again would else ask for many times. There are no circles.
    fn depth<'a>(&'a self, role: &'a RoleName, known: &mut BTreeMap<&'a RoleName, usize>) -> usize {
        if let Some(depth) = known.get(role) {
            return *depth;
        }
        let parents = self.roles.get(role).map(|role| &role.parents);
        let above = parents.into_iter().flatten().map(|parent| self.depth(parent, known)).max();
        let depth = 1 + above.unwrap_or(0);
        known.insert(role, depth);
        depth
    }

    fn revoke_roles(&mut self, names: &[RoleName], grantee: &Grantee) -> Result<()> {
        for name in names {
            self.require_role(name)?;
            match grantee {
                Grantee::User(user) => {
                    if *user == UserName::root() && name.as_str() == "root" {
                        return Err(Error::invalid("role root cannot be revoked from user root"));
                    }
                    let of_user = self.user_mut(user)?;
                    if !of_user.roles.remove(name) {
                        return Err(not_granted(name, user));
                    }
                    of_user.default_roles.remove(name);
                }
                Grantee::Role(role) => {
                    if !self.role_mut(role)?.parents.remove(name) {
                        return Err(Error::invalid(format!("role {name} is not granted to role {role}")));
                    }
                }
            }
        }
        Ok(())
    }

    fn grants_mut(&mut self, grantee: &Grantee) -> Result<&mut Grants> {
        Ok(match grantee {
            Grantee::User(name) => &mut self.user_mut(name)?.grants,
            Grantee::Role(name) => &mut self.role_mut(name)?.grants,
        })
    }

    fn user_mut(&mut self, name: &UserName) -> Result<&mut User> {
        self.require_user(name)?;
        self.users
            .get_mut(name)
            .map(Arc::make_mut)
            .ok_or_else(|| Error::not_found(format!("cannot find user {name}")))
    }

    /// A role that may be changed.
    fn role_mut(&mut self, name: &RoleName) -> Result<&mut Role> {
        self.require_role(name)?;
        if name.is_builtin() && !name.is_public() {
            return Err(Error::invalid(format!("role {name} is not mutable: it is built in")));
        }
        self.roles
            .get_mut(name)
            .map(Arc::make_mut)
            .ok_or_else(|| Error::not_found(format!("cannot find role {name}")))
    }
}

fn not_granted(role: &RoleName, user: &UserName) -> Error {
    Error::invalid(format!("Role {role} is not granted to {user}"))
}

fn refuse_public(role: &RoleName) -> Result<()> {
    if role.is_public() {
        return Err(Error::invalid("role public cannot be granted: every user has it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Authority, Place, SecurableKind};
    use super::*;
    use crate::error::ErrorKind;
    use crate::id::{CatalogVersion, DatabaseId, TableId};

    fn role(name: &str) -> RoleName {
        RoleName::parse(name).unwrap()
    }

    fn user(name: &str) -> UserName {
        UserName::parse(name, None).unwrap()
    }

    fn made() -> Access {
        let roles: Vec<RoleName> = (0..20).map(|n| role(&format!("r{n}"))).collect();
        let access = Access::default().with(&AccessChange::CreateRoles(roles, None)).unwrap();
        access.with(&AccessChange::CreateUser(user("u"), Credential::Empty, BTreeSet::new())).unwrap()
    }

    fn grant(
        access: &Access,
        privilege: Privilege,
        on: Securable,
        grantee: Grantee,
        with_grant_option: bool,
    ) -> Access {
        let (privileges, on) = (BTreeSet::from([privilege]), vec![on]);
        access
            .with(&AccessChange::Grant(PrivilegeChange { privileges, on, grantee, with_grant_option }))
            .unwrap()
    }

    #[test]
    fn roles_never_have_themselves() {
        let mut access = made();
        for n in 0..15 {
            let change = AccessChange::GrantRoles(
                vec![role(&format!("r{n}"))],
                Grantee::Role(role(&format!("r{}", n + 1))),
            );
            access = access.with(&change).unwrap();
        }
        for (given, to) in [("r15", "r0"), ("r3", "r3"), ("r8", "r7")] {
            let change = AccessChange::GrantRoles(vec![role(given)], Grantee::Role(role(to)));
            assert_eq!(access.with(&change).unwrap_err().kind(), ErrorKind::InvalidInput, "{given} to {to}");
        }
        let deeper = AccessChange::GrantRoles(vec![role("r15")], Grantee::Role(role("r16")));
        assert!(access.with(&deeper).unwrap_err().to_string().contains("depth"));
    }

    #[test]
    fn privileges_reach_users_through_active_roles_only() {
        let (database, table) = (DatabaseId::new(1), TableId::new(2));
        let on = Securable::table(database, table);
        let access = grant(&made(), Privilege::Select, on.clone(), Grantee::Role(role("r0")), false);
        let access =
            access.with(&AccessChange::GrantRoles(vec![role("r0")], Grantee::Role(role("r1")))).unwrap();
        let access =
            access.with(&AccessChange::GrantRoles(vec![role("r1")], Grantee::User(user("u")))).unwrap();
        let may = |access: &Access, active: &[&str]| {
            let active = active.iter().map(|name| role(name)).collect();
            Authority::of(access, &user("u"), CatalogVersion::default(), &active)
                .unwrap()
                .may(Privilege::Select, &on)
        };
        assert!(!may(&access, &[]) && may(&access, &["r1"]));
        // Not granted to the user itself.
        assert!(!may(&access, &["r0"]));
        let dropped = access.with(&AccessChange::DropRoles(vec![role("r0")])).unwrap();
        assert!(!may(&dropped, &["r1"]));
        let public = grant(&access, Privilege::Select, on.clone(), Grantee::Role(role("public")), false);
        assert!(may(&public, &[]));
    }

    #[test]
    fn all_of_a_database_covers_each_of_it() {
        let (here, there) = (DatabaseId::new(1), DatabaseId::new(2));
        let all_here = Securable::InDatabase(SecurableKind::Table, Place::Database(here));
        let access = grant(&made(), Privilege::Export, all_here.clone(), Grantee::User(user("u")), true);
        let authority =
            Authority::of(&access, &user("u"), CatalogVersion::default(), &BTreeSet::new()).unwrap();
        let table = |database| Securable::table(database, TableId::new(9));
        assert!(authority.may(Privilege::Export, &table(here)));
        assert!(authority.may_grant(Privilege::Export, &table(here)));
        assert!(!authority.may(Privilege::Select, &table(here)));
        assert!(!authority.may(Privilege::Export, &table(there)));
        assert!(authority.has_any_in(here) && !authority.has_any_in(there));
        assert!(
            !authority.may_grant(
                Privilege::Export,
                &Securable::InDatabase(SecurableKind::Table, Place::Everywhere)
            )
        );
        let revoked = AccessChange::Revoke(PrivilegeChange {
            privileges: BTreeSet::from([Privilege::Export]),
            on: vec![all_here],
            grantee: Grantee::User(user("u")),
            with_grant_option: false,
        });
        let access = access.with(&revoked).unwrap();
        let authority =
            Authority::of(&access, &user("u"), CatalogVersion::default(), &BTreeSet::new()).unwrap();
        assert!(!authority.may(Privilege::Export, &table(here)) && !authority.has_any_in(here));
    }

    #[test]
    fn what_is_built_in_stays_as_it_is() {
        let access = made();
        for change in [
            AccessChange::DropUser(UserName::root()),
            AccessChange::DropRoles(vec![role("public")]),
            AccessChange::DropRoles(vec![role("db_admin")]),
            AccessChange::GrantRoles(vec![role("r0")], Grantee::Role(role("user_admin"))),
            AccessChange::GrantRoles(vec![role("public")], Grantee::User(user("u"))),
            AccessChange::RevokeRoles(vec![role("root")], Grantee::User(UserName::root())),
        ] {
            assert_eq!(access.with(&change).unwrap_err().kind(), ErrorKind::InvalidInput, "{change:?}");
        }
        for change in [
            AccessChange::DropUser(user("nobody")),
            AccessChange::GrantRoles(vec![role("none")], Grantee::User(user("u"))),
        ] {
            assert_eq!(access.with(&change).unwrap_err().kind(), ErrorKind::NotFound, "{change:?}");
        }
    }

    #[test]
    fn a_dropped_user_can_do_nothing() {
        let access = made().with(&AccessChange::DropUser(user("u"))).unwrap();
        let denied =
            Authority::of(&access, &user("u"), CatalogVersion::default(), &BTreeSet::new()).unwrap_err();
        assert_eq!(denied.kind(), ErrorKind::Denied);
    }
}
