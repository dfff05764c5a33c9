//! Users, roles and privileges: from names as they were written to a change of them.

use std::collections::BTreeSet;

use cairn_engine::{
    Access, AccessChange, Credential, Grantee, Place, Privilege, PrivilegeChange, RoleName, Secret,
    Securable, SecurableKind, UserName,
};

use super::async_view;
use super::names::{CATALOG, Scope, database_name};
use crate::ast::{
    AccessStatement, Authentication, GrantPlace, GrantStatement, GrantTarget, Granted, GranteeIdent, Ident,
    ObjectName, PasswordText, RoleChoice, UserIdent,
};
use crate::error::{Error, Result};
use crate::identity::Identity;

/// StarRocks' plugin of passwords, in any letter case.
const NATIVE: &str = "mysql_native_password";

/// What a statement about users asks for.
#[derive(Debug)]
pub(crate) enum AccessRequest {
    /// Anything that needs no password.
    Change(AccessChange),
    CreateUser(UserName, Secret, BTreeSet<RoleName>),
    SetPassword(UserName, Secret),
    SetRoles(BTreeSet<RoleName>),
    ExecuteAs(UserName),
    ShowGrants(Grantee),
    /// `IF EXISTS` or `IF NOT EXISTS` leaves nothing to do.
    Nothing,
}

impl AccessRequest {
    /// The change that it makes; with another password than that which is asked for, since making that takes time.
    pub(crate) fn change(&self) -> Option<AccessChange> {
        match self {
            Self::Change(change) => Some(change.clone()),
            Self::CreateUser(user, _, roles) => {
                Some(AccessChange::CreateUser(user.clone(), Credential::Empty, roles.clone()))
            }
            Self::SetPassword(user, _) => Some(AccessChange::SetCredential(user.clone(), Credential::Empty)),
            _ => None,
        }
    }
}

pub(super) fn access(
    statement: &AccessStatement,
    scope: &Scope<'_>,
    identity: &Identity,
) -> Result<AccessRequest> {
    let request = request(statement, scope, identity)?;
    if let Some(change) = request.change() {
        scope.view.access().with(&change).map_err(analysed)?;
    }
    Ok(request)
}

fn request(statement: &AccessStatement, scope: &Scope<'_>, identity: &Identity) -> Result<AccessRequest> {
    let access = scope.view.access().as_ref();
    Ok(match statement {
        AccessStatement::CreateUser { if_not_exists, user, authentication, default_roles } => {
            let user = user_name(user)?;
            let secret = authentication.as_ref().map(secret).transpose()?;
            let roles = known_roles(default_roles, access)?.into_iter().collect();
            if *if_not_exists && access.user(&user).is_some() {
                return Ok(AccessRequest::Nothing);
            }
            AccessRequest::CreateUser(user, secret.unwrap_or(Secret::Plain(String::new())), roles)
        }
        AccessStatement::AlterUser { if_exists, user, authentication } => {
            let (user, secret) = (user_name(user)?, secret(authentication)?);
            if *if_exists && access.user(&user).is_none() {
                return Ok(AccessRequest::Nothing);
            }
            AccessRequest::SetPassword(user, secret)
        }
        AccessStatement::SetPassword { user, password } => {
            let user = user.as_ref().map_or_else(|| Ok(identity.user.clone()), user_name)?;
            AccessRequest::SetPassword(user, password_secret(password)?)
        }
        AccessStatement::DropUser { if_exists, user } => {
            let user = user_name(user)?;
            if *if_exists && access.user(&user).is_none() {
                return Ok(AccessRequest::Nothing);
            }
            AccessRequest::Change(AccessChange::DropUser(user))
        }
        AccessStatement::CreateRole { if_not_exists, roles, comment } => {
            let mut roles = role_names(roles)?;
            roles.retain(|role| !*if_not_exists || access.role(role).is_none());
            AccessRequest::Change(AccessChange::CreateRoles(roles, comment.clone()))
        }
        AccessStatement::AlterRole { if_exists, roles, comment } => {
            let mut roles = role_names(roles)?;
            roles.retain(|role| !*if_exists || access.role(role).is_some());
            AccessRequest::Change(AccessChange::CommentRoles(roles, comment.clone()))
        }
        AccessStatement::DropRole { if_exists, roles } => {
            let mut roles = role_names(roles)?;
            roles.retain(|role| !*if_exists || access.role(role).is_some());
            AccessRequest::Change(AccessChange::DropRoles(roles))
        }
        AccessStatement::Grant(statement) => AccessRequest::Change(match &statement.what {
            Granted::Roles(roles) => {
                AccessChange::GrantRoles(role_names(roles)?, known_grantee(&statement.grantee, access)?)
            }
            Granted::Privileges { privileges, on } => {
                AccessChange::Grant(privileges_of(statement, privileges, on, scope)?)
            }
        }),
        AccessStatement::Revoke(statement) => AccessRequest::Change(match &statement.what {
            Granted::Roles(roles) => {
                AccessChange::RevokeRoles(role_names(roles)?, known_grantee(&statement.grantee, access)?)
            }
            Granted::Privileges { privileges, on } => {
                AccessChange::Revoke(privileges_of(statement, privileges, on, scope)?)
            }
        }),
        AccessStatement::SetRole(choice) => {
            AccessRequest::SetRoles(chosen_roles(choice, &identity.user, access)?)
        }
        AccessStatement::SetDefaultRole { roles, users } => {
            let user_roles = |user: &UserIdent| -> Result<(UserName, BTreeSet<RoleName>)> {
                let user = user_name(user)?;
                if *roles == RoleChoice::Default {
                    return Err(Error::analysis(
                        "DEFAULT is no choice of default roles: name roles, ALL or NONE",
                    ));
                }
                let chosen = chosen_roles(roles, &user, access)?;
                Ok((user, chosen))
            };
            let users = users.iter().map(user_roles).collect::<Result<_>>()?;
            AccessRequest::Change(AccessChange::SetDefaultRoles(users))
        }
        AccessStatement::ShowGrants(None) => AccessRequest::ShowGrants(Grantee::User(identity.user.clone())),
        AccessStatement::ShowGrants(Some(whose)) => AccessRequest::ShowGrants(known_grantee(whose, access)?),
        AccessStatement::ExecuteAs(user) => {
            let user = user_name(user)?;
            access.require_user(&user).map_err(analysed)?;
            AccessRequest::ExecuteAs(user)
        }
    })
}

fn analysed(error: cairn_engine::Error) -> Error {
    Error::from(error).while_analysing()
}

fn user_name(user: &UserIdent) -> Result<UserName> {
    UserName::parse(&user.name.value, user.host.as_ref().map(|host| host.value.as_str())).map_err(analysed)
}

fn role_names(roles: &[Ident]) -> Result<Vec<RoleName>> {
    let mut names = Vec::with_capacity(roles.len());
    for role in roles {
        let name = RoleName::parse(&role.value).map_err(analysed)?;
        if names.contains(&name) {
            return Err(Error::analysis(format!("role {name} is named twice")));
        }
        names.push(name);
    }
    Ok(names)
}

fn known_roles(roles: &[Ident], access: &Access) -> Result<Vec<RoleName>> {
    let names = role_names(roles)?;
    for name in &names {
        access.require_role(name).map_err(analysed)?;
    }
    Ok(names)
}

fn known_grantee(grantee: &GranteeIdent, access: &Access) -> Result<Grantee> {
    Ok(match grantee {
        GranteeIdent::User(user) => {
            let user = user_name(user)?;
            access.require_user(&user).map_err(analysed)?;
            Grantee::User(user)
        }
        GranteeIdent::Role(role) => {
            let role = RoleName::parse(&role.value).map_err(analysed)?;
            access
                .require_role(&role)
                .map_err(|e| Error::from(e).about("Can not grant/revoke to role").while_analysing())?;
            Grantee::Role(role)
        }
    })
}

fn chosen_roles(choice: &RoleChoice, user: &UserName, access: &Access) -> Result<BTreeSet<RoleName>> {
    let granted = &access.require_user(user).map_err(analysed)?.roles;
    let of_user = |roles: &[Ident]| -> Result<BTreeSet<RoleName>> {
        let roles: BTreeSet<RoleName> = known_roles(roles, access)?.into_iter().collect();
        match roles.iter().find(|role| !granted.contains(*role) && !role.is_public()) {
            Some(role) => Err(Error::analysis(format!("Role {role} is not granted to {user}"))),
            None => Ok(roles.intersection(granted).cloned().collect()),
        }
    };
    Ok(match choice {
        RoleChoice::None => BTreeSet::new(),
        RoleChoice::Default => access.require_user(user).map_err(analysed)?.default_roles.clone(),
        RoleChoice::All => granted.clone(),
        RoleChoice::AllExcept(roles) => granted.difference(&of_user(roles)?).cloned().collect(),
        RoleChoice::Listed(roles) => of_user(roles)?,
    })
}

fn secret(authentication: &Authentication) -> Result<Secret> {
    match authentication {
        Authentication::By(password) => Ok(Secret::Plain(password.0.clone())),
        Authentication::ByHash(hash) => Secret::native(&hash.0).map_err(analysed),
        Authentication::With { plugin, password } => {
            if !plugin.value.eq_ignore_ascii_case(NATIVE) {
                // What stands there may be a password in the wrong place.
                return Err(Error::not_supported(format_args!("authentication otherwise than by {NATIVE}")));
            }
            password.as_ref().map_or_else(|| Ok(Secret::Plain(String::new())), password_secret)
        }
    }
}

fn password_secret(password: &PasswordText) -> Result<Secret> {
    match password {
        PasswordText::Plain(password) => Ok(Secret::Plain(password.0.clone())),
        PasswordText::Hash(hash) => Secret::native(&hash.0).map_err(analysed),
    }
}

fn privileges_of(
    statement: &GrantStatement,
    privileges: &[String],
    on: &GrantTarget,
    scope: &Scope<'_>,
) -> Result<PrivilegeChange> {
    let (kind, on) = securables(on, scope)?;
    let mut chosen = BTreeSet::new();
    for words in privileges {
        if words == "ALL" {
            chosen.extend(kind.privileges());
            continue;
        }
        match Privilege::parse(words).filter(|privilege| kind.privileges().contains(privilege)) {
            Some(privilege) => chosen.insert(privilege),
            None => {
                return Err(Error::analysis(format!(
                    "Cannot grant or revoke {words} on '{kind}' type object; it has {}",
                    kind.privileges()
                        .iter()
                        .map(|privilege| privilege.as_sql())
                        .collect::<Vec<_>>()
                        .join(", ")
                )));
            }
        };
    }
    Ok(PrivilegeChange {
        privileges: chosen,
        on,
        grantee: known_grantee(&statement.grantee, scope.view.access())?,
        with_grant_option: statement.with_grant_option,
    })
}

fn securables(target: &GrantTarget, scope: &Scope<'_>) -> Result<(SecurableKind, Vec<Securable>)> {
    Ok(match target {
        GrantTarget::System => (SecurableKind::System, vec![Securable::System]),
        GrantTarget::Users(users) => {
            let user = |user: &UserIdent| -> Result<Securable> {
                let user = user_name(user)?;
                scope.view.access().require_user(&user).map_err(analysed)?;
                Ok(Securable::User(Some(user)))
            };
            (SecurableKind::User, users.iter().map(user).collect::<Result<_>>()?)
        }
        GrantTarget::Functions(functions) => {
            let names: Vec<String> = functions.iter().map(|function| function.name.to_string()).collect();
            return Err(Error::analysis(format!("cannot find function {}", names.join(", "))));
        }
        GrantTarget::All { kind, place } => {
            let on = match (kind, place) {
                (SecurableKind::Database, _) => Securable::Database(None),
                (SecurableKind::Catalog, _) => Securable::Catalog(None),
                (SecurableKind::User, _) => Securable::User(None),
                (kind, GrantPlace::Database(name)) => {
                    let name = database_name(name)?;
                    Securable::InDatabase(*kind, Place::Database(scope.database(&name)?.id))
                }
                (kind, _) => Securable::InDatabase(*kind, Place::Everywhere),
            };
            (*kind, vec![on])
        }
        GrantTarget::Named { kind, names } => {
            let named = names.iter().map(|name| one_securable(*kind, name, scope));
            (*kind, named.collect::<Result<_>>()?)
        }
    })
}

fn one_securable(kind: SecurableKind, name: &ObjectName, scope: &Scope<'_>) -> Result<Securable> {
    let one_part = || {
        if name.database.is_some() {
            return Err(Error::analysis(format!("wrong {} name {name}", kind.as_sql().to_lowercase())));
        }
        Ok(name.name.value.as_str())
    };
    Ok(match kind {
        SecurableKind::Catalog => {
            let name = one_part()?;
            let is_external =
                scope.view.external_catalogs().any(|entry| entry.definition.name.as_str() == name);
            if name != CATALOG && !is_external {
                return Err(Error::analysis(format!("unknown catalog '{name}'; SHOW CATALOGS lists them")));
            }
            Securable::Catalog(Some(name.into()))
        }
        SecurableKind::Database => {
            if name.catalog.is_some() {
                return Err(Error::analysis(format!("wrong database name {name}")));
            }
            let (catalog, database) = (name.database.clone(), name.name.clone());
            let database = database_name(&crate::ast::DatabaseName { catalog, name: database })?;
            Securable::Database(Some(scope.database(&database)?.id))
        }
        SecurableKind::Table => {
            let path = scope.table_path(name)?;
            let table = scope.table(&path)?;
            if table.definition.materialized_view.is_some() {
                return Err(Error::analysis(format!("{name} is a materialized view: say MATERIALIZED VIEW")));
            }
            Securable::table(scope.database(&path.database)?.id, table.id)
        }
        SecurableKind::MaterializedView => {
            let (path, table) = async_view::require(name, scope)?;
            table.securable(scope.database(&path.database)?.id)
        }
        SecurableKind::View => {
            let path = scope.table_path(name)?;
            Securable::view(scope.database(&path.database)?.id, scope.view_of(&path)?.id)
        }
        kind => {
            return Err(Error::analysis(format!("cannot find {} {name}", kind.as_sql().to_lowercase())));
        }
    })
}
