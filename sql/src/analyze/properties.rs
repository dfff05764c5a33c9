//! Property lists of BACKUP and RESTORE.

use cairn_engine::{DEFAULT_TIMEOUT_S, IfExists, MIN_TIMEOUT_S, check_ttl};
use cairn_format::{Compression, SnapshotTimestamp, Ttl};

use super::names::analysed;
use crate::ast::Properties;
use crate::error::{Error, Result};

/// The properties of a BACKUP.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BackupProperties {
    pub(super) incremental: bool,
    pub(super) timeout_s: u64,
    pub(super) ttl: Option<Ttl>,
    pub(super) compression: Option<Compression>,
}

/// The properties of a RESTORE.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RestoreProperties {
    /// The latest without one.
    pub(super) timestamp: Option<SnapshotTimestamp>,
    pub(super) timeout_s: u64,
    pub(super) allow_load: bool,
    pub(super) replication_num: u32,
    pub(super) if_exists: IfExists,
    pub(super) keeps_partition_rules: Option<bool>,
}

/// What stands for the last snapshot of a label.
const LATEST: &str = "latest";

/// What StarRocks takes when nobody says how many replicas a restored table gets.
const REPLICATION_NUM: u32 = 3;

impl BackupProperties {
    pub(super) fn parse(properties: &Properties) -> Result<Self> {
        let mut parsed =
            Self { incremental: false, timeout_s: DEFAULT_TIMEOUT_S, ttl: None, compression: None };
        let mut unknown = Vec::new();
        for (key, value) in properties {
            match key.as_str() {
                "type" => parsed.incremental = job_type(value)?,
                "timeout" => parsed.timeout_s = timeout(value)?,
                "ttl" => parsed.ttl = ttl(value)?,
                "compression" => parsed.compression = compression(value)?,
                other => unknown.push(other),
            }
        }
        refuse_unknown("backup job", &unknown, "type, timeout, ttl and compression")?;
        Ok(parsed)
    }
}

impl RestoreProperties {
    pub(super) fn parse(properties: &Properties) -> Result<Self> {
        let (mut timestamp, mut timeout_s) = (None, DEFAULT_TIMEOUT_S);
        let (mut allow_load, mut replication_num) = (false, REPLICATION_NUM);
        let (mut if_exists, mut keeps_partition_rules) = (IfExists::default(), None);
        let mut unknown = Vec::new();
        for (key, value) in properties {
            match key.as_str() {
                "backup_timestamp" if value.trim().eq_ignore_ascii_case(LATEST) => timestamp = Some(None),
                "backup_timestamp" => {
                    timestamp = Some(Some(analysed(SnapshotTimestamp::parse(value))?));
                }
                "if_exists" => if_exists = self::if_exists(value)?,
                "reserve_dynamic_partition_enable" => {
                    keeps_partition_rules = Some(boolean("reserve_dynamic_partition_enable", value)?);
                }
                "timeout" => timeout_s = timeout(value)?,
                "allow_load" => allow_load = boolean("allow load", value)?,
                "replication_num" => replication_num = replicas(value)?,
                "meta_version" | "starrocks_meta_version" => check_meta_version(key, value)?,
                other => unknown.push(other),
            }
        }
        refuse_unknown(
            "restore job",
            &unknown,
            "backup_timestamp, replication_num, allow_load, meta_version, starrocks_meta_version, timeout, if_exists and \
             reserve_dynamic_partition_enable",
        )?;
        let timestamp = timestamp.ok_or_else(|| {
            Error::analysis(
                "Missing backup_timestamp property: SHOW SNAPSHOT ON the repository prints it, and it is given as \
                 PROPERTIES (\"backup_timestamp\" = \"2026-01-31-23-59-59-999\"); \"latest\" stands for the last of the label",
            )
        })?;
        Ok(Self { timestamp, timeout_s, allow_load, replication_num, if_exists, keeps_partition_rules })
    }
}

fn if_exists(value: &str) -> Result<IfExists> {
    IfExists::parse(value.trim()).ok_or_else(|| {
        let words: Vec<_> = IfExists::ALL.iter().map(|choice| choice.as_str()).collect();
        Error::analysis(format!("Invalid if_exists value: '{value}'; use one of {}", words.join(", ")))
    })
}

/// Refuses properties that a statement does not have, by name.
pub(super) fn refuse_unknown(statement: &str, unknown: &[&str], known: &str) -> Result<()> {
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Error::analysis(format!(
        "Unknown {statement} properties: {}; the known ones are {known}",
        unknown.join(", ")
    )))
}

/// Whether the type is INCREMENTAL.
fn job_type(value: &str) -> Result<bool> {
    match value.to_ascii_uppercase().as_str() {
        "FULL" => Ok(false),
        "INCREMENTAL" => Ok(true),
        _ => Err(Error::analysis(format!(
            "Invalid backup job type: '{value}'; use FULL (unchanged data is not sent again in any case)"
        ))),
    }
}

fn timeout(value: &str) -> Result<u64> {
    let seconds: i64 = value.trim().parse().map_err(|_| {
        Error::analysis(format!("Invalid timeout format: '{value}'; give whole seconds, such as 86400"))
    })?;
    match u64::try_from(seconds) {
        Ok(seconds) if seconds >= MIN_TIMEOUT_S => Ok(seconds),
        _ => Err(Error::analysis(format!(
            "timeout must be at least 10 min: '{value}' is less than {MIN_TIMEOUT_S} seconds"
        ))),
    }
}

/// A property that is true or false.
pub(super) fn boolean(name: &str, value: &str) -> Result<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Error::analysis(format!("Invalid {name} value: '{value}'; use true or false"))),
    }
}

fn replicas(value: &str) -> Result<u32> {
    match value.trim().parse::<u32>() {
        Ok(number) if number >= 1 => Ok(number),
        _ => Err(Error::analysis(format!(
            "Invalid replication_num format: '{value}'; give a whole number, at least 1"
        ))),
    }
}

/// The number says how to read metadata of StarRocks; ours says so itself.
fn check_meta_version(key: &str, value: &str) -> Result<()> {
    value.trim().parse::<i32>().map(drop).map_err(|_| {
        Error::analysis(format!("Invalid meta version format: {key} is '{value}'; give a whole number"))
    })
}

/// What leaves files as they are.
const AS_IS: &str = "as_is";

fn compression(value: &str) -> Result<Option<Compression>> {
    if value.trim().eq_ignore_ascii_case(AS_IS) {
        return Ok(None);
    }
    Compression::parse(value).map(Some).map_err(|e| {
        Error::analysis(format!("Invalid compression: {e}, or {AS_IS} to leave files as they are"))
    })
}

/// Blank text keeps the snapshot for ever.
fn ttl(value: &str) -> Result<Option<Ttl>> {
    if value.trim().is_empty() {
        return Ok(None);
    }
    let ttl = analysed(Ttl::parse(value))?;
    // What is too long from the first time on is too long now; the rest is found when the backup is submitted.
    check_ttl(&ttl, 0).map_err(|error| Error::from(error).while_analysing())?;
    Ok(Some(ttl))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(pairs: &[(&str, &str)]) -> Properties {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn backup_properties_are_checked_with_starrocks_words() {
        let default = BackupProperties::parse(&list(&[])).unwrap();
        assert_eq!(
            default,
            BackupProperties { incremental: false, timeout_s: 86_400, ttl: None, compression: None }
        );
        let given = list(&[("type", "Full"), ("timeout", "600"), ("ttl", "  ")]);
        let parsed = BackupProperties::parse(&given).unwrap();
        assert_eq!((parsed.timeout_s, parsed.ttl), (600, None));
        let parsed = BackupProperties::parse(&list(&[("ttl", " 7 days ")])).unwrap();
        assert_eq!(parsed.ttl.unwrap().to_string(), "7 DAY");
        for (text, expected) in [("ZSTD(7)", Some("zstd(7)")), ("lz4", Some("lz4")), ("As_Is", None)] {
            let parsed = BackupProperties::parse(&list(&[("compression", text)])).unwrap();
            assert_eq!(parsed.compression.map(|choice| choice.to_string()).as_deref(), expected, "{text}");
        }
        let cases = [
            ("type", "half", "Invalid backup job type"),
            ("timeout", "soon", "Invalid timeout format"),
            ("timeout", "599", "timeout must be at least 10 min"),
            ("timeout", "-1", "timeout must be at least 10 min"),
            ("compression", "rar", "unknown compression 'rar'"),
            ("compression", "zstd(40)", "zstd level 40 is out of range"),
            ("compression", "", "or as_is to leave files as they are"),
            ("ttl", "7d", "Expected a duration"),
            ("ttl", "forever", "Expected a duration"),
            ("ttl", "7 PARSEC", "Expected a duration"),
            ("ttl", "300000 YEAR", "passes the year 9999"),
            ("ttl", "0 DAY", "ttl must be a positive duration"),
            ("ttl", "-1 day", "ttl must be a positive duration"),
            ("Timeout", "600", "Unknown backup job properties: Timeout"),
        ];
        for (key, value, expected) in cases {
            let error = BackupProperties::parse(&list(&[(key, value)])).unwrap_err().to_string();
            assert!(error.contains(expected), "{key}={value}: {error}");
        }
    }

    #[test]
    fn restore_properties_need_a_timestamp() {
        let stamp = ("backup_timestamp", "2024-12-09-10-25-58-842");
        let parsed = RestoreProperties::parse(&list(&[stamp, ("allow_load", "TRUE")])).unwrap();
        assert!(parsed.allow_load);
        let latest = [("backup_timestamp", "Latest"), ("if_exists", "SKIP")];
        let parsed = RestoreProperties::parse(&list(&latest)).unwrap();
        assert_eq!(
            (parsed.timestamp, parsed.if_exists, parsed.keeps_partition_rules),
            (None, IfExists::Skip, None)
        );
        let cases: [(&[(&str, &str)], &str); 8] = [
            (
                &[stamp, ("if_exists", "merge")],
                "Invalid if_exists value: 'merge'; use one of overwrite, fail, skip",
            ),
            (&[stamp, ("reserve_dynamic_partition_enable", "x")], "use true or false"),
            (&[], "Missing backup_timestamp property"),
            (&[("backup_timestamp", "yesterday")], "wrong backup timestamp"),
            (&[stamp, ("allow_load", "yes")], "Invalid allow load value"),
            (&[stamp, ("replication_num", "x")], "Invalid replication_num format"),
            (&[stamp, ("meta_version", "x")], "Invalid meta version format"),
            (&[stamp, ("nope", "x")], "Unknown restore job properties: nope"),
        ];
        for (properties, expected) in cases {
            let error = RestoreProperties::parse(&list(properties)).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
