//! Who a session is.

use std::collections::BTreeSet;

use cairn_engine::{Access, Authority, CatalogVersion, CatalogView, RoleName, UserName};

use crate::analyze::AccessRequest;
use crate::error::Result;

/// Where every session comes from: the store is in the process.
pub(crate) const HOST: &str = "localhost";

/// A session's user and the roles that are active.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) user: UserName,
    /// Which user of that name: another one gets nothing of an earlier one's session.
    pub(crate) since: CatalogVersion,
    pub(crate) active: BTreeSet<RoleName>,
}

impl Identity {
    /// The user with the roles that are active when a session begins.
    pub(crate) fn begin(access: &Access, user: UserName) -> Self {
        let known = access.user(&user);
        let active = known.map(|user| user.default_roles.clone()).unwrap_or_default();
        let since = known.map(|user| user.since).unwrap_or_default();
        Self { user, since, active }
    }

    /// Root, whose roles are all active.
    pub(crate) fn root(access: &Access) -> Self {
        let root = UserName::root();
        let active = access.user(&root).map(|user| user.roles.clone()).unwrap_or_default();
        Self { active, ..Self::begin(access, root) }
    }

    /// Who the session is after a statement about that; `None` when it is about something else.
    pub(crate) fn after(&self, request: &AccessRequest, access: &Access) -> Option<Self> {
        match request {
            AccessRequest::SetRoles(active) => Some(Self { active: active.clone(), ..self.clone() }),
            AccessRequest::ExecuteAs(user) => Some(Self::begin(access, user.clone())),
            _ => None,
        }
    }

    /// What it may do by what `view` says.
    pub(crate) fn authority(&self, view: &CatalogView) -> Result<Authority> {
        Ok(Authority::of(view.access(), &self.user, self.since, &self.active)?)
    }
}
