//! Users, roles and privileges as the catalog file has them, version 1. Values are JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::access::misnamed;
use crate::access::{
    Credential, Grants, Place, Privilege, Role, RoleName, Securable, SecurableKind, User, UserName,
};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{CatalogVersion, DatabaseId, TableId};

#[derive(Serialize, Deserialize)]
pub(super) struct UserV1 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<PasswordV1>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    roles: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    default_roles: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    grants: Vec<GrantV1>,
    /// The commit that made it; 0 in the first stores.
    #[serde(default)]
    since: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PasswordV1 {
    /// Argon2id of the password.
    Hash(String),
    /// Argon2id of what `mysql_native_password` makes of it.
    HashOfNative(String),
}

#[derive(Serialize, Deserialize)]
pub(super) struct RoleV1 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    parents: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    grants: Vec<GrantV1>,
}

#[derive(Serialize, Deserialize)]
struct GrantV1 {
    /// StarRocks' word for the kind of what the privileges are on.
    on: String,
    /// Absent for all databases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    database: Option<u64>,
    /// Absent for all of its kind in the database, or everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    object: Option<u64>,
    /// Of a catalog or a user; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    privileges: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    grantable: Vec<String>,
}

impl From<&User> for UserV1 {
    fn from(user: &User) -> Self {
        let password = match &user.credential {
            Credential::Empty => None,
            Credential::Hashed(hash) => Some(PasswordV1::Hash(hash.clone())),
            Credential::HashedNative(hash) => Some(PasswordV1::HashOfNative(hash.clone())),
        };
        Self {
            password,
            roles: texts(&user.roles),
            default_roles: texts(&user.default_roles),
            grants: grants(&user.grants),
            since: user.since.get(),
        }
    }
}

impl TryFrom<UserV1> for User {
    type Error = Error;

    fn try_from(stored: UserV1) -> Result<Self> {
        Ok(Self {
            credential: match stored.password {
                None => Credential::Empty,
                Some(PasswordV1::Hash(hash)) => Credential::Hashed(hash),
                Some(PasswordV1::HashOfNative(hash)) => Credential::HashedNative(hash),
            },
            roles: names(&stored.roles)?,
            default_roles: names(&stored.default_roles)?,
            grants: read_grants(stored.grants)?,
            since: CatalogVersion::new(stored.since),
        })
    }
}

impl From<&Role> for RoleV1 {
    fn from(role: &Role) -> Self {
        Self { comment: role.comment.clone(), parents: texts(&role.parents), grants: grants(&role.grants) }
    }
}

impl TryFrom<RoleV1> for Role {
    type Error = Error;

    fn try_from(stored: RoleV1) -> Result<Self> {
        let (parents, grants) = (names(&stored.parents)?, read_grants(stored.grants)?);
        Ok(Self { comment: stored.comment, parents, grants })
    }
}

fn texts(names: &BTreeSet<RoleName>) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

fn names(texts: &BTreeSet<String>) -> Result<BTreeSet<RoleName>> {
    texts.iter().map(|text| RoleName::parse(text).map_err(misnamed)).collect()
}

fn grants(grants: &Grants) -> Vec<GrantV1> {
    let grant = |(on, privileges): (&Securable, &BTreeMap<Privilege, bool>)| {
        let (mut database, mut object, mut name, mut host) = (None, None, None, None);
        match on {
            Securable::System | Securable::InDatabase(_, Place::Everywhere) => {}
            Securable::Catalog(catalog) => name = catalog.as_ref().map(ToString::to_string),
            Securable::Database(id) => database = id.map(DatabaseId::get),
            Securable::InDatabase(_, Place::Database(id)) => database = Some(id.get()),
            Securable::InDatabase(_, Place::One(id, one)) => {
                (database, object) = (Some(id.get()), Some(one.get()));
            }
            Securable::User(user) => {
                name = user.as_ref().map(|user| user.name().to_owned());
                host = user.as_ref().map(|user| user.host().to_owned());
            }
        }
        let words = |(privilege, _): (&Privilege, &bool)| privilege.as_sql().to_owned();
        GrantV1 {
            on: on.kind().as_sql().to_owned(),
            database,
            object,
            name,
            host,
            privileges: privileges.iter().filter(|(_, grantable)| !**grantable).map(words).collect(),
            grantable: privileges.iter().filter(|(_, grantable)| **grantable).map(words).collect(),
        }
    };
    grants.iter().map(grant).collect()
}

fn read_grants(stored: Vec<GrantV1>) -> Result<Grants> {
    let mut grants = Grants::new();
    for grant in stored {
        let (database, object) = (grant.database.map(DatabaseId::new), grant.object.map(TableId::new));
        let kind = SecurableKind::ALL.into_iter().find(|kind| kind.as_sql() == grant.on);
        let on = match kind.ok_or_else(|| unknown(&grant.on))? {
            SecurableKind::System => Securable::System,
            SecurableKind::Catalog => Securable::Catalog(grant.name.map(String::into_boxed_str)),
            SecurableKind::Database => Securable::Database(database),
            SecurableKind::User => {
                let user = grant.name.map(|name| UserName::parse(&name, grant.host.as_deref())).transpose();
                let user = user.map_err(misnamed)?;
                Securable::User(user)
            }
            kind => {
                let place = match (database, object) {
                    (None, _) => Place::Everywhere,
                    (Some(database), None) => Place::Database(database),
                    (Some(database), Some(object)) => Place::One(database, object),
                };
                Securable::InDatabase(kind, place)
            }
        };
        let privileges = grants.entry(on).or_default();
        for (texts, grantable) in [(grant.privileges, false), (grant.grantable, true)] {
            for text in texts {
                privileges.insert(Privilege::parse(&text).ok_or_else(|| unknown(&text))?, grantable);
            }
        }
    }
    Ok(grants)
}

/// Leaving it out would take a privilege from somebody with the next change.
fn unknown(text: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!(
            "the catalog grants something on or to do '{text}', which this build does not know; use a newer Cairn"
        ),
    )
}
