//! Users, roles, and what they may do.

use std::collections::BTreeSet;

use cairn_engine::{
    CatalogView, DatabaseId, Grantee, Grants, Place, Privilege, RoleName, Securable, TableId,
};
use cairn_format::DatabaseName;

use super::listing::Listing;
use super::text::{NULL, Row};
use crate::analyze::CATALOG;
use crate::ast::Ident;
use crate::error::Result;
use crate::outcome::Rows;

pub(crate) fn users(view: &CatalogView) -> Listing {
    let rows = view.access().users().map(|(name, _)| vec![Some(name.to_string())]).collect();
    Listing::new(&["User"], &[], &[], rows)
}

pub(crate) fn roles(view: &CatalogView) -> Listing {
    let row = |(name, role): (&RoleName, &std::sync::Arc<cairn_engine::Role>)| -> Row {
        vec![Some(name.to_string()), Some(name.is_builtin().to_string()), role.comment.clone()]
    };
    let rows = view.access().roles().map(row).collect();
    Listing::new(&["Name", "Builtin", "Comment"], &[], &[], rows)
}

/// A line for the roles, and one for each thing that privileges are on, by whether they may be handed on. What privileges
/// were on and is gone is not shown.
pub(crate) fn grants(view: &CatalogView, whose: &Grantee) -> Result<Rows> {
    let access = view.access();
    let (header, name, roles, grants) = match whose {
        Grantee::User(name) => {
            let user = access.require_user(name)?;
            ("UserIdentity", name.to_string(), &user.roles, &user.grants)
        }
        Grantee::Role(name) => {
            let role = access.require_role(name)?;
            ("RoleName", name.to_string(), &role.parents, &role.grants)
        }
    };
    let to = match whose {
        Grantee::User(name) => name.to_string(),
        Grantee::Role(name) => format!("ROLE '{name}'"),
    };
    let mut rows: Vec<Row> = Vec::new();
    if !roles.is_empty() {
        let statement = format!("GRANT {} TO {to}", quoted(roles));
        rows.push(vec![Some(name.clone()), Some(NULL.to_owned()), Some(statement)]);
    }
    rows.extend(statements(view, grants).into_iter().map(|(catalog, statement, option)| -> Row {
        let statement = format!("{statement} TO {to}{option}");
        vec![Some(name.clone()), Some(catalog.to_owned()), Some(statement)]
    }));
    Rows::of_text(&[header, "Catalog", "Grants"], &rows)
}

fn quoted(roles: &BTreeSet<RoleName>) -> String {
    roles.iter().map(|role| format!("'{role}'")).collect::<Vec<_>>().join(", ")
}

/// For each grant its catalog, `GRANT … ON …`, and ` WITH GRANT OPTION` where that is so.
fn statements(view: &CatalogView, grants: &Grants) -> Vec<(&'static str, String, &'static str)> {
    let mut statements = Vec::new();
    for (on, privileges) in grants {
        let Some(target) = target(view, on) else { continue };
        let catalog = match on {
            Securable::System | Securable::Catalog(None) | Securable::User(_) => NULL,
            _ => CATALOG,
        };
        for (wanted, option) in [(false, ""), (true, " WITH GRANT OPTION")] {
            let chosen: Vec<&str> = privileges
                .iter()
                .filter(|(_, grantable)| **grantable == wanted)
                .map(|(privilege, _): (&Privilege, _)| privilege.as_sql())
                .collect();
            if !chosen.is_empty() {
                statements.push((catalog, format!("GRANT {} ON {target}", chosen.join(", ")), option));
            }
        }
    }
    statements
}

/// What a privilege is on, by the names that it has now; `None` when it is gone.
fn target(view: &CatalogView, on: &Securable) -> Option<String> {
    Some(match on {
        Securable::System => "SYSTEM".to_owned(),
        Securable::Catalog(None) => "ALL CATALOGS".to_owned(),
        Securable::Catalog(Some(name)) => format!("CATALOG {}", ident(name)),
        Securable::Database(None) => "ALL DATABASES".to_owned(),
        Securable::Database(Some(id)) => format!("DATABASE {}", ident(database(view, *id)?.as_str())),
        Securable::InDatabase(kind, Place::Everywhere) => format!("ALL {kind}S IN ALL DATABASES"),
        Securable::InDatabase(kind, Place::Database(id)) => {
            format!("ALL {kind}S IN DATABASE {}", ident(database(view, *id)?.as_str()))
        }
        Securable::InDatabase(kind, Place::One(id, object)) => {
            let database = database(view, *id)?;
            format!("{kind} {}.{}", ident(database.as_str()), ident(&object_name(view, database, *object)?))
        }
        Securable::User(None) => "ALL USERS".to_owned(),
        Securable::User(Some(user)) => format!("USER {user}"),
    })
}

fn database(view: &CatalogView, id: DatabaseId) -> Option<&DatabaseName> {
    view.databases().find(|database| database.id == id).map(|database| &database.name)
}

fn object_name(view: &CatalogView, database: &DatabaseName, id: TableId) -> Option<String> {
    let database = view.database(database)?;
    let table = database.tables().find(|table| table.id == id).map(|table| table.name().to_string());
    let of_view = || database.views().find(|view| view.id == id).map(|view| view.definition.name.to_string());
    table.or_else(of_view)
}

/// A name as statements have it.
fn ident(name: &str) -> String {
    let location = crate::ast::Location { line: 1, column: 1 };
    Ident { value: name.to_owned(), location }.to_string()
}
