//! What a statement needs leave for, and whether the session has it.
//!
//! One place decides: [`requirements`] says what an analysed statement needs, for every kind of statement there is. One
//! place checks: [`check`], between analysis and running, for statements that run and those that are only checked. What
//! is listed and not named, such as the tables of SHOW TABLES, is no requirement: the catalog is shown as far as the
//! user may see it ([`CatalogView::visible_to`](cairn_engine::CatalogView::visible_to)).

mod required;

use cairn_engine::{Authority, DatabaseId, Privilege, RoleName, Securable, SecurableKind, UserName};

use crate::analyze::{Request, Scope};
use crate::error::{Error, ErrorKind, Result};
use crate::identity::Identity;
use required::{of_explained, requirements};

/// Something that a statement needs, and what it is called in errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Requirement {
    /// A privilege.
    One(Privilege, Securable, String),
    /// Any privilege.
    Any(Securable, String),
    /// Any privilege on a database or on something of it.
    AnyIn(DatabaseId, String),
    /// Leave to hand a privilege on.
    Granting(Privilege, Securable),
    /// To be the user root; what only that one may do.
    Root(&'static str),
}

/// Checks that the session may do what the statement asks for.
pub(crate) fn check(request: &Request<'_>, scope: &Scope<'_>, identity: &Identity) -> Result<()> {
    let authority = identity.authority(scope.view)?;
    // Whoever may do everything needs not be asked for each table of a query.
    if authority.may_everything() && !matches!(request, Request::Access(_)) {
        return Ok(());
    }
    for requirement in requirements(request, scope, identity)? {
        if !requirement.is_met(&authority) {
            return Err(requirement.denied(&authority));
        }
    }
    Ok(())
}

/// What the session lacks to do what the request explains, each in words; nothing of requests that explain nothing.
pub(crate) fn lacking(request: &Request<'_>, scope: &Scope<'_>, identity: &Identity) -> Result<Vec<String>> {
    let authority = identity.authority(scope.view)?;
    if authority.may_everything() {
        return Ok(Vec::new());
    }
    let needed = of_explained(request, scope)?;
    Ok(needed.iter().filter(|one| !one.is_met(&authority)).map(Requirement::to_text).collect())
}

impl Requirement {
    fn is_met(&self, authority: &Authority) -> bool {
        match self {
            Self::One(privilege, on, _) => authority.may(*privilege, on),
            Self::Any(on, _) => authority.has_any(on),
            Self::AnyIn(database, _) => authority.has_any_in(*database),
            Self::Granting(privilege, on) => authority.may_grant(*privilege, on),
            Self::Root(_) => *authority.user() == UserName::root(),
        }
    }

    /// StarRocks' words for what is needed.
    fn to_text(&self) -> String {
        let (privilege, kind, name) = match self {
            Self::One(privilege, on, name) => (privilege.as_sql(), on.kind(), name.as_str()),
            Self::Any(on, name) => ("ANY", on.kind(), name.as_str()),
            Self::AnyIn(_, name) => ("ANY", SecurableKind::Database, name.as_str()),
            Self::Granting(..) => (Privilege::Grant.as_sql(), SecurableKind::System, ""),
            Self::Root(what) => return format!("Can not {what}, except root user"),
        };
        let separator = if name.is_empty() { "" } else { " " };
        format!("you need (at least one of) the {privilege} privilege(s) on {kind}{separator}{name}")
    }

    /// StarRocks' words for a refusal.
    fn denied(&self, authority: &Authority) -> Error {
        let needed = self.to_text();
        if matches!(self, Self::Root(_)) {
            return Error::new(ErrorKind::Denied, needed);
        }
        let active: Vec<&RoleName> = authority.active_roles().iter().collect();
        let inactive: Vec<&RoleName> = authority.inactive_roles().collect();
        Error::new(
            ErrorKind::Denied,
            format!(
                "Access denied; {needed} for this operation. Please ask the admin to grant permission(s) or try activating \
                 existing roles using <set [default] role>. Current role(s): {}. Inactivated role(s): {}.",
                listed(&active),
                listed(&inactive)
            ),
        )
    }
}

fn listed(roles: &[&RoleName]) -> String {
    if roles.is_empty() {
        return "NONE".to_owned();
    }
    let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    format!("[{}]", names.join(", "))
}
