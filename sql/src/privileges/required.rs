//! The privileges that each kind of statement needs: StarRocks' but where it says so.

use cairn_engine::{
    Access, AccessChange, BackupRequest, CatalogRestoreRequest, Grantee, JobKind, JobWork, Privilege,
    RestoreRequest, Securable, TableSelection, UserName,
};
use cairn_format::{CatalogName, DatabaseName};
use sqlparser::ast::Query;

use super::Requirement;
use crate::analyze::{
    AccessRequest, CATALOG, Insert, NewView, Recovery, Request, Scope, Shown, TableAlteration, TablePath,
    ViewMode,
};
use crate::error::Result;
use crate::identity::Identity;
use crate::query::{parse_query, reads};
use crate::system::is_information_schema;

/// What the statement needs, in the order in which it is asked for. Every kind of statement stands here, so that none is
/// forgotten.
pub(super) fn requirements(
    request: &Request<'_>,
    scope: &Scope<'_>,
    identity: &Identity,
) -> Result<Vec<Requirement>> {
    let on_table = |privilege, path: &TablePath| Ok(vec![one_on_table(privilege, path, scope)?]);
    let any_on_table = |path: &TablePath| -> Result<Vec<Requirement>> {
        Ok(vec![Requirement::Any(table(path, scope)?, path.table.to_string())])
    };
    match request {
        Request::Nothing
        // It shows what the user may see.
        | Request::ShowTablet(_)
        | Request::DescribeSystemTable(_) => Ok(Vec::new()),
        Request::CreateDatabase(_) | Request::Recover(Recovery::Database(_)) => {
            Ok(vec![on_catalog(Privilege::CreateDatabase)])
        }
        Request::DropDatabase(name, _) => Ok(vec![on_database(Privilege::Drop, name, scope)?]),
        Request::Use(name) if is_information_schema(name.as_str()) => Ok(Vec::new()),
        Request::Use(name) => any_in_database(name, scope),
        Request::Show(show) => shown(&show.what, scope),
        Request::ShowCreateDatabase(name) => {
            Ok(vec![Requirement::Any(Securable::Database(Some(scope.database(name)?.id)), name.to_string())])
        }
        Request::CreateTable(new) => Ok(vec![on_database(Privilege::CreateTable, &new.database, scope)?]),
        Request::CreateMaterializedView(new) => {
            let privilege = Privilege::CreateMaterializedView;
            let mut needed = vec![on_database(privilege, &new.path.database, scope)?];
            let query = parse_query(&new.query.to_sql(&new.path.database))?;
            needed.extend(select(&query.query, None, scope)?);
            Ok(needed)
        }
        Request::AlterMaterializedView(path, _) | Request::RenameMaterializedView(path, _) => {
            on_table(Privilege::Alter, path)
        }
        Request::RefreshMaterializedView(path) => on_table(Privilege::Refresh, path),
        Request::CreateRollup(path, _) => {
            let mut needed = on_table(Privilege::Select, path)?;
            needed.push(on_database(Privilege::CreateMaterializedView, &path.database, scope)?);
            Ok(needed)
        }
        Request::AlterTable(path, alteration) => alter_table(path, alteration, scope),
        Request::CreateView(new) => create_view(new, scope),
        Request::DropView(path) => Ok(vec![on_view(Privilege::Drop, path, scope)?]),
        Request::ShowCreateView(path) | Request::DescribeView(path) => {
            Ok(vec![Requirement::Any(view(path, scope)?, path.table.to_string())])
        }
        Request::DropTable(path, _) | Request::DropMaterializedView(path) => on_table(Privilege::Drop, path),
        Request::Truncate(path, _) => on_table(Privilege::Delete, path),
        Request::Recover(Recovery::Table(path)) => {
            Ok(vec![on_database(Privilege::CreateTable, &path.database, scope)?])
        }
        Request::Recover(Recovery::Partition(path, _)) => Ok(vec![
            one_on_table(Privilege::Insert, path, scope)?,
            one_on_table(Privilege::Alter, path, scope)?,
        ]),
        Request::Insert(insert) => insert_rows(insert, scope),
        Request::Delete(delete) => {
            let mut needed = on_table(Privilege::Delete, &delete.path)?;
            needed.extend(select(&delete.query, Some(&delete.path), scope)?);
            Ok(needed)
        }
        Request::Query(query) | Request::Explain(_, query) => select(&query.query, None, scope),
        Request::ShowCreateTable(path)
        | Request::ShowCreateMaterializedView(path, _)
        | Request::ShowCreateAsynchronous(path)
        | Request::Describe(path)
        | Request::DescribeAll(path) => any_on_table(path),
        Request::CreateRepository(_)
        | Request::AlterRepository(..)
        | Request::DropRepository(_)
        | Request::CheckRepository(_)
        | Request::Verify(_)
        | Request::Prune(_)
        | Request::DropSnapshot { .. }
        | Request::ShowSnapshot(..) => Ok(vec![on_system(Privilege::Repository)]),
        Request::Backup(backup) => self::backup(&backup.request, scope),
        Request::Restore(restore) => self::restore(restore, scope),
        // Which tables it is about shows once the snapshot has been read.
        Request::ExplainRestore(restore) if restore.database.is_none() => {
            Ok(vec![on_system(Privilege::Repository)])
        }
        Request::ExplainBackup(_) | Request::ExplainRestore(_) => {
            Ok(of_explained(request, scope)?.into_iter().filter_map(to_see).collect())
        }
        Request::Cancel(Some(database), kind) => cancel(database, *kind, scope),
        Request::Cancel(None, kind) => Ok(cancel_catalogs(*kind, scope)),
        Request::CreateCatalog(_) => Ok(vec![on_system(Privilege::CreateExternalCatalog)]),
        Request::AlterCatalog(name, _) => Ok(vec![on_external(Privilege::Alter, name)]),
        Request::DropCatalog(name) => Ok(vec![on_external(Privilege::Drop, name)]),
        Request::ShowCreateCatalog(name) => {
            Ok(vec![Requirement::Any(external(name), name.to_string())])
        }
        Request::CatalogBackup(backup) | Request::ExplainCatalogBackup(backup) => {
            let all = || scope.view.external_catalogs().map(|entry| entry.definition.name.clone()).collect();
            let names: Vec<CatalogName> = backup.request.catalogs.clone().unwrap_or_else(all);
            let usage = names.iter().map(|name| on_external(Privilege::Usage, name));
            Ok([on_system(Privilege::Repository)].into_iter().chain(usage).collect())
        }
        Request::CatalogRestore(restore) | Request::ExplainCatalogRestore(restore) => {
            Ok(restore_catalogs(restore, scope))
        }
        Request::Access(request) => Ok(access(request, identity, scope.view.access())),
    }
}

fn shown(what: &Shown, scope: &Scope<'_>) -> Result<Vec<Requirement>> {
    match what {
        Shown::Catalogs
        | Shown::Databases
        | Shown::SystemTables { .. }
        | Shown::SystemColumns { .. }
        | Shown::Repositories => Ok(Vec::new()),
        Shown::Tables { database, .. }
        | Shown::TableStatus(database)
        | Shown::DataOfDatabase(database)
        | Shown::MaterializedViews(database)
        | Shown::Alterations(database, _) => any_in_database(database, scope),
        Shown::Columns { table, .. }
        | Shown::Indexes(table)
        | Shown::Partitions(table, _)
        | Shown::Tablets(table, _)
        | Shown::DataOfTable(table) => {
            Ok(vec![Requirement::Any(self::table(table, scope)?, table.table.to_string())])
        }
        Shown::ViewColumns { view: path, .. } => {
            Ok(vec![Requirement::Any(view(path, scope)?, path.table.to_string())])
        }
        Shown::Jobs(..) => Ok(vec![on_system(Privilege::Repository)]),
        Shown::Roles | Shown::Users => Ok(vec![on_system(Privilege::Grant)]),
    }
}

fn any_in_database(name: &DatabaseName, scope: &Scope<'_>) -> Result<Vec<Requirement>> {
    Ok(vec![Requirement::AnyIn(scope.database(name)?.id, name.to_string())])
}

fn on_system(privilege: Privilege) -> Requirement {
    Requirement::One(privilege, Securable::System, String::new())
}

fn on_catalog(privilege: Privilege) -> Requirement {
    Requirement::One(privilege, Securable::Catalog(Some(CATALOG.into())), CATALOG.to_owned())
}

fn external(name: &CatalogName) -> Securable {
    Securable::Catalog(Some(name.as_str().into()))
}

fn on_external(privilege: Privilege, name: &CatalogName) -> Requirement {
    Requirement::One(privilege, external(name), name.to_string())
}

/// StarRocks asks for CREATE EXTERNAL CATALOG alone. That would let somebody replace catalogs that it may not change, so
/// DROP on those that are there is asked for as well.
fn restore_catalogs(restore: &CatalogRestoreRequest, scope: &Scope<'_>) -> Vec<Requirement> {
    let mut needed = vec![on_system(Privilege::Repository), on_system(Privilege::CreateExternalCatalog)];
    let is_target = |name: &CatalogName| {
        restore.catalogs.as_ref().is_none_or(|chosen| chosen.iter().any(|one| one.target() == name))
    };
    let there = scope.view.external_catalogs().map(|entry| &entry.definition.name);
    needed.extend(there.filter(|name| is_target(name)).map(|name| on_external(Privilege::Drop, name)));
    needed
}

fn cancel_catalogs(kind: JobKind, scope: &Scope<'_>) -> Vec<Requirement> {
    let mut needed = vec![on_system(Privilege::Repository)];
    let last = scope.view.jobs().filter(|job| job.database.is_none()).last();
    if let (JobKind::Backup, Some(JobWork::CatalogBackup(work))) = (kind, last.map(|job| &job.work)) {
        let there = work.catalogs.iter().filter(|name| scope.view.external_catalog(name).is_some());
        needed.extend(there.map(|name| on_external(Privilege::Usage, name)));
    }
    needed
}

fn on_database(privilege: Privilege, name: &DatabaseName, scope: &Scope<'_>) -> Result<Requirement> {
    let on = Securable::Database(Some(scope.database(name)?.id));
    Ok(Requirement::One(privilege, on, name.to_string()))
}

fn table(path: &TablePath, scope: &Scope<'_>) -> Result<Securable> {
    // The rows of a rollup are its table's.
    Ok(scope.readable(path)?.securable(scope.database(&path.database)?.id))
}

fn one_on_table(privilege: Privilege, path: &TablePath, scope: &Scope<'_>) -> Result<Requirement> {
    Ok(Requirement::One(privilege, table(path, scope)?, path.table.to_string()))
}

fn view(path: &TablePath, scope: &Scope<'_>) -> Result<Securable> {
    Ok(Securable::view(scope.database(&path.database)?.id, scope.view_of(path)?.id))
}

fn on_view(privilege: Privilege, path: &TablePath, scope: &Scope<'_>) -> Result<Requirement> {
    Ok(Requirement::One(privilege, view(path, scope)?, path.table.to_string()))
}

/// Whoever makes a view must be able to read what it reads: those who read it need not.
fn create_view(new: &NewView, scope: &Scope<'_>) -> Result<Vec<Requirement>> {
    let path = &new.path;
    let mut needed = match scope.view_if_known(path) {
        Some(_) => vec![on_view(Privilege::Alter, path, scope)?],
        None => Vec::new(),
    };
    if new.mode != ViewMode::Alter {
        needed.push(on_database(Privilege::CreateView, &path.database, scope)?);
    }
    let query = parse_query(&new.query.to_sql(&path.database))?;
    needed.extend(select(&query.query, None, scope)?);
    Ok(needed)
}

fn alter_table(
    path: &TablePath,
    alteration: &TableAlteration,
    scope: &Scope<'_>,
) -> Result<Vec<Requirement>> {
    let mut needed = vec![one_on_table(Privilege::Alter, path, scope)?];
    if let TableAlteration::Swap(other) = alteration {
        let other = TablePath { database: path.database.clone(), table: other.clone() };
        needed.push(one_on_table(Privilege::Alter, &other, scope)?);
    }
    Ok(needed)
}

fn insert_rows(insert: &Insert<'_>, scope: &Scope<'_>) -> Result<Vec<Requirement>> {
    // An UPDATE reads the rows that it changes.
    let (privilege, without) = if insert.handling.locks_table {
        (Privilege::Update, Some(&insert.path))
    } else {
        (Privilege::Insert, None)
    };
    let mut needed = vec![one_on_table(privilege, &insert.path, scope)?];
    needed.extend(select(&insert.query.query, without, scope)?);
    Ok(needed)
}

/// SELECT on every table that the query reads, but for one. `FILES` reads this machine's files, which StarRocks' does not:
/// it needs FILE.
fn select(query: &Query, without: Option<&TablePath>, scope: &Scope<'_>) -> Result<Vec<Requirement>> {
    let reads = reads(query, scope)?;
    let mut needed = Vec::new();
    for path in reads.tables.iter().filter(|path| Some(*path) != without) {
        needed.push(one_on_table(Privilege::Select, path, scope)?);
    }
    for path in &reads.views {
        needed.push(on_view(Privilege::Select, path, scope)?);
    }
    if reads.files {
        needed.push(on_system(Privilege::File));
    }
    Ok(needed)
}

/// What the job needs that the request explains.
pub(super) fn of_explained(request: &Request<'_>, scope: &Scope<'_>) -> Result<Vec<Requirement>> {
    match request {
        Request::ExplainBackup(backup) => self::backup(&backup.request, scope),
        Request::ExplainRestore(restore) => self::restore(restore, scope),
        _ => Ok(Vec::new()),
    }
}

/// What is needed to be told of what a job needs a privilege for: to see it.
fn to_see(needed: Requirement) -> Option<Requirement> {
    match needed {
        Requirement::One(_, Securable::System, _) => Some(needed),
        Requirement::One(_, on @ Securable::InDatabase(..), name) => Some(Requirement::Any(on, name)),
        _ => None,
    }
}

fn backup(request: &BackupRequest, scope: &Scope<'_>) -> Result<Vec<Requirement>> {
    let mut needed = vec![on_system(Privilege::Repository)];
    needed.extend(export(&request.database, request.tables.as_deref(), scope)?);
    Ok(needed)
}

/// EXPORT on the tables, or on all of the database.
fn export(
    database: &DatabaseName,
    tables: Option<&[TableSelection]>,
    scope: &Scope<'_>,
) -> Result<Vec<Requirement>> {
    let owner = scope.database(database)?;
    let names = match tables {
        Some(tables) => tables.iter().map(|selection| selection.table.clone()).collect::<Vec<_>>(),
        None => owner.tables().map(|table| table.name().clone()).collect(),
    };
    let on_each = names.into_iter().map(|table| {
        let privilege =
            owner.require_table(&table).map_or(Privilege::Export, |table| table.backup_privilege());
        one_on_table(privilege, &TablePath { database: database.clone(), table }, scope)
    });
    on_each.collect()
}

/// StarRocks asks for CREATE DATABASE where everything is restored. That would let somebody replace tables that it may not
/// change, so INSERT on those that are there is asked for as well.
fn restore(restore: &RestoreRequest, scope: &Scope<'_>) -> Result<Vec<Requirement>> {
    let mut needed = vec![on_system(Privilege::Repository)];
    let is_new = |name: &DatabaseName| !scope.view.databases().any(|database| database.name == *name);
    if restore.tables.is_none() || restore.database.as_ref().is_some_and(is_new) {
        needed.push(on_catalog(Privilege::CreateDatabase));
    }
    // Without a name it may be any.
    let targets = scope
        .view
        .databases()
        .filter(|database| restore.database.as_ref().is_none_or(|name| database.name == *name));
    for target in targets {
        needed.push(on_database(Privilege::CreateTable, &target.name, scope)?);
        for view in target.views() {
            let name = &view.definition.name;
            let is_target = restore
                .views
                .as_ref()
                .is_none_or(|views| views.iter().any(|one| one.alias.as_ref().unwrap_or(&one.view) == name));
            if is_target {
                let path = TablePath { database: target.name.clone(), table: name.clone() };
                needed.push(on_view(Privilege::Drop, &path, scope)?);
            }
        }
        for table in target.tables() {
            let (selections, privilege) = match table.definition.materialized_view {
                Some(_) => (&restore.materialized_views, Privilege::Drop),
                None => (&restore.tables, Privilege::Insert),
            };
            let is_target = selections
                .as_ref()
                .is_none_or(|tables| tables.iter().any(|one| one.target() == table.name()));
            if is_target {
                let path = TablePath { database: target.name.clone(), table: table.name().clone() };
                needed.push(one_on_table(privilege, &path, scope)?);
            }
        }
    }
    Ok(needed)
}

fn cancel(database: &DatabaseName, kind: JobKind, scope: &Scope<'_>) -> Result<Vec<Requirement>> {
    let mut needed = vec![on_system(Privilege::Repository)];
    let last = scope.view.jobs().filter(|job| job.database.as_ref() == Some(database)).last();
    if let (JobKind::Backup, Some(JobWork::Backup(work))) = (kind, last.map(|job| &job.work)) {
        let known = work.tables.iter().filter(|selection| {
            scope.database(database).is_ok_and(|database| database.table(&selection.table).is_some())
        });
        needed.extend(export(database, Some(&known.cloned().collect::<Vec<_>>()), scope)?);
    }
    Ok(needed)
}

/// Users and roles are those' who may grant; everybody's own password, roles and grants are its own.
///
/// Whoever carries the role root is root's to change: else a user administrator could become root through it.
fn access(request: &AccessRequest, identity: &Identity, access: &Access) -> Vec<Requirement> {
    let is_self = |user: &UserName| *user == identity.user;
    let granting = || vec![on_system(Privilege::Grant)];
    match request {
        AccessRequest::SetRoles(_) => Vec::new(),
        AccessRequest::SetPassword(user, _) if is_self(user) => Vec::new(),
        AccessRequest::SetPassword(user, _) if access.is_roots(user) => {
            vec![Requirement::Root("modify root user")]
        }
        AccessRequest::CreateUser(_, _, roles) if access.carries_root(roles) => {
            vec![Requirement::Root("grant or revoke the role root or cluster_admin")]
        }
        AccessRequest::ShowGrants(Grantee::User(user)) if is_self(user) => Vec::new(),
        AccessRequest::ShowGrants(Grantee::Role(role))
            if identity.active.contains(role)
                && access.user(&identity.user).is_some_and(|user| user.roles.contains(role)) =>
        {
            Vec::new()
        }
        AccessRequest::Nothing
        | AccessRequest::CreateUser(..)
        | AccessRequest::SetPassword(..)
        | AccessRequest::ShowGrants(_) => granting(),
        AccessRequest::ExecuteAs(user) if access.is_roots(user) => {
            vec![Requirement::Root("execute as root user")]
        }
        AccessRequest::ExecuteAs(user) => vec![Requirement::One(
            Privilege::Impersonate,
            Securable::User(Some(user.clone())),
            user.to_string(),
        )],
        AccessRequest::Change(change) => match change {
            AccessChange::Grant(change) | AccessChange::Revoke(change) => change
                .on
                .iter()
                .flat_map(|on| {
                    change.privileges.iter().map(|privilege| Requirement::Granting(*privilege, on.clone()))
                })
                .collect(),
            AccessChange::GrantRoles(roles, _) | AccessChange::RevokeRoles(roles, _)
                if access.carries_root(roles) =>
            {
                vec![Requirement::Root("grant or revoke the role root or cluster_admin")]
            }
            AccessChange::SetDefaultRoles(users) if users.iter().all(|(user, _)| is_self(user)) => Vec::new(),
            AccessChange::SetDefaultRoles(users) if users.iter().any(|(user, _)| access.is_roots(user)) => {
                vec![Requirement::Root("modify root user")]
            }
            AccessChange::DropUser(user) if access.is_roots(user) => {
                vec![Requirement::Root("drop root user")]
            }
            _ => granting(),
        },
    }
}
