//! External catalogs, and their BACKUP and RESTORE.

use std::collections::BTreeSet;

use cairn_engine::{CatalogBackupRequest, CatalogRestoreRequest, CatalogSelection, ExternalCatalogEntry};
use cairn_format::{CATALOG_TYPE, CatalogName, ExternalCatalog};

use super::Request;
use super::names::{CATALOG, Scope, analysed, parse_repository};
use super::properties::{BackupProperties, RestoreProperties};
use super::repository::unique;
use super::snapshot::{CatalogBackup, label};
use crate::ast::{
    AlterCatalogStatement, BackupStatement, CatalogChoice, CreateCatalogStatement, DropCatalogStatement,
    Ident, RestoreStatement,
};
use crate::error::{Error, Result};

/// The kinds of systems that catalogs are of.
const TYPES: [&str; 9] =
    ["hive", "iceberg", "hudi", "jdbc", "deltalake", "elasticsearch", "paimon", "kudu", "unified"];

pub(super) fn create<'s>(statement: &CreateCatalogStatement, scope: &Scope<'_>) -> Result<Request<'s>> {
    let name = parse_catalog(&statement.name)?;
    if name.as_str() == CATALOG {
        return Err(Error::analysis(format!("External catalog name can't be {CATALOG}; choose another")));
    }
    if scope.view.external_catalog(&name).is_some() {
        if statement.if_not_exists {
            return Ok(Request::Nothing);
        }
        return Err(Error::analysis(format!(
            "Catalog '{name}' already exists; use IF NOT EXISTS to keep it"
        )));
    }
    let mut properties = unique(&statement.properties)?;
    let kind = properties.get(CATALOG_TYPE).map(|kind| kind.trim().to_ascii_lowercase()).unwrap_or_default();
    check_type(&kind)?;
    properties.insert(CATALOG_TYPE.to_owned(), kind);
    let comment = statement.comment.clone();
    let definition = ExternalCatalog { name, comment, properties, withheld: BTreeSet::new() };
    analysed(definition.check())?;
    Ok(Request::CreateCatalog(Box::new(definition)))
}

fn check_type(kind: &str) -> Result<()> {
    if TYPES.contains(&kind) {
        return Ok(());
    }
    let known = TYPES.join(", ");
    Err(Error::analysis(if kind.is_empty() {
        format!("'{CATALOG_TYPE}' can not be null or empty: say what the catalog is of, one of {known}")
    } else {
        format!("[type : {kind}] is not supported; use one of {known}")
    }))
}

pub(super) fn alter<'s>(statement: &AlterCatalogStatement, scope: &Scope<'_>) -> Result<Request<'s>> {
    let name = known(&statement.name, scope)?.definition.name.clone();
    let set = unique(&statement.properties)?;
    if set.contains_key(CATALOG_TYPE) {
        return Err(Error::analysis(format!(
            "the property '{CATALOG_TYPE}' is what a catalog is: drop it and make another"
        )));
    }
    Ok(Request::AlterCatalog(name, set))
}

pub(super) fn drop<'s>(statement: &DropCatalogStatement, scope: &Scope<'_>) -> Result<Request<'s>> {
    if statement.name.value == CATALOG {
        return Err(Error::analysis("Can't drop the default internal catalog"));
    }
    let name = parse_catalog(&statement.name)?;
    if statement.if_exists && scope.view.external_catalog(&name).is_none() {
        return Ok(Request::Nothing);
    }
    Ok(Request::DropCatalog(known(&statement.name, scope)?.definition.name.clone()))
}

/// A known external catalog.
pub(super) fn known<'a>(name: &Ident, scope: &Scope<'a>) -> Result<&'a ExternalCatalogEntry> {
    if name.value == CATALOG {
        return Err(Error::analysis(format!("{CATALOG} is the store's own and no external catalog")));
    }
    let name = parse_catalog(name)?;
    let entry = scope.view.require_external_catalog(&name);
    entry.map(AsRef::as_ref).map_err(|e| Error::from(e).while_analysing())
}

fn parse_catalog(name: &Ident) -> Result<CatalogName> {
    analysed(CatalogName::parse(&name.value))
}

/// A BACKUP of external catalogs.
pub(super) fn backup(
    statement: &BackupStatement,
    choice: &CatalogChoice,
    scope: &Scope<'_>,
) -> Result<CatalogBackup> {
    let label = label(&statement.label)?;
    let repository = scope.repository(&statement.repository)?.name.clone();
    let BackupProperties { timeout_s, ttl, incremental, .. } =
        BackupProperties::parse(&statement.properties)?;
    let catalogs = match choice {
        CatalogChoice::All if scope.view.external_catalogs().next().is_none() => {
            return Err(Error::analysis("no external catalog can be backed up: there is none"));
        }
        CatalogChoice::All => None,
        CatalogChoice::Listed(items) => {
            let mut names: Vec<CatalogName> = Vec::new();
            for item in items {
                let name = known(&item.name, scope)?.definition.name.clone();
                if names.contains(&name) {
                    return Err(Error::analysis(format!("Duplicated catalog: {name}; name it once")));
                }
                names.push(name);
            }
            Some(names)
        }
    };
    Ok(CatalogBackup {
        request: CatalogBackupRequest { catalogs, label, repository, timeout_s, ttl },
        incremental,
    })
}

/// A RESTORE of external catalogs, of which StarRocks looks up nothing before it runs.
pub(super) fn restore(statement: &RestoreStatement, choice: &CatalogChoice) -> Result<CatalogRestoreRequest> {
    let properties = RestoreProperties::parse(&statement.properties)?;
    let catalogs = match choice {
        CatalogChoice::All => None,
        CatalogChoice::Listed(items) => Some(selections(items)?),
    };
    Ok(CatalogRestoreRequest {
        catalogs,
        label: label(&statement.label)?,
        timestamp: properties.timestamp,
        repository: parse_repository(&statement.repository)?,
        timeout_s: properties.timeout_s,
        allow_load: properties.allow_load,
        replication_num: properties.replication_num,
        if_exists: properties.if_exists,
    })
}

fn selections(items: &[crate::ast::CatalogItem]) -> Result<Vec<CatalogSelection>> {
    let mut selected: Vec<CatalogSelection> = Vec::new();
    for item in items {
        let catalog = parse_catalog(&item.name)?;
        if selected.iter().any(|other| other.catalog == catalog) {
            return Err(Error::analysis(format!("Duplicated catalog: {catalog}; name it once")));
        }
        let alias = item.alias.as_ref().map(parse_catalog).transpose()?;
        let selection = CatalogSelection { catalog, alias };
        if selected.iter().any(|other| other.target() == selection.target()) {
            return Err(Error::analysis(format!(
                "Duplicated alias name: {}; give each catalog a name of its own",
                selection.target()
            )));
        }
        selected.push(selection);
    }
    Ok(selected)
}
