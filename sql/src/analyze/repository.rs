//! Repositories as a whole: CREATE, ALTER, VERIFY and PRUNE REPOSITORY, and DROP SNAPSHOT.

use std::collections::BTreeMap;
use std::time::Duration;

use cairn_engine::{DIGEST, NewRepository, check_own_properties};
use cairn_format::{
    RepositoryName, Retention, SnapshotLabel, SnapshotTimestamp, VerifyLevel, parse_duration,
};
use cairn_repository::{ErrorKind as RepositoryErrorKind, Location, check_properties};

use super::Request;
use super::names::{Scope, analysed, parse_repository};
use super::properties::{boolean, refuse_unknown};
use super::snapshot::label;
use crate::ast::{
    AlterRepositoryStatement, CreateRepositoryStatement, DropSnapshotStatement, Properties,
    PruneRepositoryStatement, VerifyStatement,
};
use crate::error::{Error, Result};

/// Which snapshots are to be verified, and how.
#[derive(Debug)]
pub(crate) struct Verification {
    pub(crate) repository: RepositoryName,
    /// Those of one label; all without one.
    pub(crate) label: Option<SnapshotLabel>,
    /// The one of this time.
    pub(crate) timestamp: Option<SnapshotTimestamp>,
    pub(crate) level: VerifyLevel,
    /// What was verified no longer ago than this is not read again.
    pub(crate) max_age: Option<Duration>,
    /// When to stop, done or not.
    pub(crate) max_duration: Option<Duration>,
}

/// What is to be removed from a repository.
#[derive(Debug)]
pub(crate) struct Pruning {
    pub(crate) repository: RepositoryName,
    pub(crate) dry_run: bool,
    /// How long what nobody needs is left where it is; the repository's own choice without one.
    pub(crate) grace: Option<Duration>,
    /// Which snapshots are kept; the repository's own choice without one.
    pub(crate) retention: Option<Retention>,
}

pub(super) fn create<'s>(statement: &CreateRepositoryStatement, scope: &Scope<'_>) -> Result<Request<'s>> {
    let name = parse_repository(&statement.name)?;
    if statement.if_not_exists && scope.view.require_repository(&name).is_ok() {
        return Ok(Request::Nothing);
    }
    let location = statement.location.trim().trim_end_matches('/');
    if location.is_empty() {
        return Err(Error::analysis(
            "You must specify a location on the repository, such as \"file:///backups/flights\"",
        ));
    }
    let properties = unique(&statement.properties)?;
    check(location, &properties)?;
    Ok(Request::CreateRepository(NewRepository {
        name,
        location: location.to_owned(),
        properties,
        read_only: statement.read_only,
        broker: statement.broker.as_ref().map(|broker| broker.value.clone()),
    }))
}

pub(super) fn alter<'s>(statement: &AlterRepositoryStatement, scope: &Scope<'_>) -> Result<Request<'s>> {
    let entry = scope.repository(&statement.name)?;
    let set = unique(&statement.properties)?;
    if set.contains_key(DIGEST) {
        return Err(Error::analysis(
            "the property 'digest' is chosen when a repository is made and names everything in it: it cannot be changed",
        ));
    }
    let mut properties = entry.properties.clone();
    properties.extend(set.clone());
    // An empty value takes a property away.
    properties.retain(|_, value| !value.is_empty());
    check(&entry.location, &properties)?;
    Ok(Request::AlterRepository(entry.name.clone(), set))
}

pub(super) fn drop_snapshot<'s>(statement: &DropSnapshotStatement, scope: &Scope<'_>) -> Result<Request<'s>> {
    let repository = scope.repository(&statement.repository)?.name.clone();
    // FORCE is for snapshots of other clusters, of which ours know nothing.
    Ok(Request::DropSnapshot { repository, label: label(&statement.label)? })
}

pub(super) fn verify(statement: &VerifyStatement, scope: &Scope<'_>) -> Result<Verification> {
    let mut verification = Verification {
        repository: scope.repository(&statement.repository)?.name.clone(),
        label: statement.label.as_ref().map(label).transpose()?,
        timestamp: None,
        level: VerifyLevel::Data,
        max_age: None,
        max_duration: None,
    };
    let mut unknown = Vec::new();
    for (key, value) in &statement.properties {
        match key.as_str() {
            "level" => verification.level = analysed(VerifyLevel::parse(value))?,
            "backup_timestamp" if verification.label.is_some() => {
                verification.timestamp = Some(analysed(SnapshotTimestamp::parse(value))?);
            }
            "max_age" => verification.max_age = Some(duration(key, value)?),
            "max_duration" => verification.max_duration = Some(duration(key, value)?),
            other => unknown.push(other),
        }
    }
    let known = match verification.label {
        Some(_) => "level, backup_timestamp, max_age and max_duration",
        None => "level, max_age and max_duration",
    };
    refuse_unknown("verify", &unknown, known)?;
    Ok(verification)
}

pub(super) fn prune(statement: &PruneRepositoryStatement, scope: &Scope<'_>) -> Result<Pruning> {
    let repository = scope.repository(&statement.name)?.name.clone();
    let mut pruning = Pruning { repository, dry_run: false, grace: None, retention: None };
    let mut unknown = Vec::new();
    for (key, value) in &statement.properties {
        match key.as_str() {
            "dry_run" => pruning.dry_run = boolean("dry_run", value)?,
            "grace" => pruning.grace = Some(duration(key, value)?),
            "retention" => pruning.retention = Some(analysed(Retention::parse(value))?),
            other => unknown.push(other),
        }
    }
    refuse_unknown("prune", &unknown, "dry_run, grace and retention")?;
    Ok(pruning)
}

/// The properties by their keys, none given twice. Values may be secret and are in no message.
pub(super) fn unique(properties: &Properties) -> Result<BTreeMap<String, String>> {
    let mut unique = BTreeMap::new();
    for (key, value) in properties {
        if unique.insert(key.clone(), value.clone()).is_some() {
            return Err(Error::analysis(format!("property \"{key}\" is given twice")));
        }
    }
    Ok(unique)
}

fn duration(key: &str, value: &str) -> Result<Duration> {
    analysed(parse_duration(value)).map_err(|error| error.about(key))
}

/// Checks the properties that are our own and those of the store, and refuses locations that no store is made for.
/// Whether there is anything at the location is for execution to find out.
fn check(location: &str, properties: &BTreeMap<String, String>) -> Result<()> {
    check_own_properties(properties).map_err(|e| Error::from(e).while_analysing())?;
    let location = match Location::parse(location) {
        Ok(location) => location,
        Err(error) if error.kind() == RepositoryErrorKind::Unsupported || !is_local(location) => {
            return Err(Error::from(error).while_analysing());
        }
        // A file where a directory should be may be another thing by then.
        Err(_) => return Ok(()),
    };
    check_properties(&location, properties).map_err(|e| Error::from(e).while_analysing())
}

fn is_local(location: &str) -> bool {
    !location.contains("://") || location.starts_with("file://")
}
