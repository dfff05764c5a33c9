//! SHOW SNAPSHOT: what a repository holds, read from it at this moment.

use std::collections::BTreeMap;

use cairn_engine::TabletStore;
use cairn_format::{Manifest, RepositoryName, SnapshotLabel, SnapshotTimestamp};
use cairn_repository::Repository;
use serde_json::{Value as Json, json};

use super::text::{NULL, Row, time, time_or_null};
use crate::analyze::SnapshotChoice;
use crate::error::{Error, Result};
use crate::outcome::Rows;

const LIST_COLUMNS: [&str; 7] =
    ["Snapshot", "Timestamp", "Status", "ClusterId", "FinishTime", "TTL", "ExpireTime"];
const DETAIL_COLUMNS: [&str; 9] = [
    "Snapshot",
    "Timestamp",
    "Database",
    "Details",
    "Status",
    "ClusterId",
    "FinishTime",
    "TTL",
    "ExpireTime",
];

pub(crate) fn snapshots(
    store: &TabletStore,
    repository: &RepositoryName,
    choice: &SnapshotChoice,
) -> Result<Rows> {
    let repository = store.open_repository(repository)?;
    match choice {
        SnapshotChoice::All => {
            let mut labels: BTreeMap<SnapshotLabel, Vec<SnapshotTimestamp>> = BTreeMap::new();
            for name in repository.snapshots(None)? {
                labels.entry(name.label).or_default().push(name.timestamp);
            }
            let rows: Vec<Row> =
                labels.iter().map(|(label, timestamps)| listed(&repository, label, timestamps)).collect();
            Rows::of_text(&LIST_COLUMNS, &rows)
        }
        SnapshotChoice::Labels(labels) => {
            let mut rows = Vec::new();
            for text in labels {
                rows.push(match SnapshotLabel::parse(text) {
                    Err(_) => missing(text),
                    Ok(label) => {
                        let found = repository.snapshots(Some(&label))?;
                        let timestamps: Vec<_> = found.into_iter().map(|name| name.timestamp).collect();
                        if timestamps.is_empty() {
                            missing(text)
                        } else {
                            listed(&repository, &label, &timestamps)
                        }
                    }
                });
            }
            Rows::of_text(&LIST_COLUMNS, &rows)
        }
        SnapshotChoice::One { label, timestamp } => {
            Rows::of_text(&DETAIL_COLUMNS, &[detailed(&repository, label, timestamp)])
        }
    }
}

/// What this format does not keep: StarRocks' cluster, and a snapshot's time to live.
fn unknown() -> String {
    NULL.to_owned()
}

fn row<const N: usize>(values: [String; N]) -> Row {
    values.into_iter().map(Some).collect()
}

fn missing(label: &str) -> Row {
    let status = "ERROR: no snapshot".to_owned();
    row([label.to_owned(), unknown(), status, unknown(), unknown(), unknown(), unknown()])
}

/// One row a label; its timestamps, and what belongs to each of them, line by line.
fn listed(repository: &Repository, label: &SnapshotLabel, timestamps: &[SnapshotTimestamp]) -> Row {
    let mut status = "OK".to_owned();
    let mut finished = Vec::new();
    for timestamp in timestamps {
        match repository.open_snapshot(label, *timestamp) {
            Ok(manifest) => finished.push(time_or_null(manifest.finished_at_ms)),
            Err(error) => {
                status = failed(&error);
                finished.push(NULL.to_owned());
            }
        }
    }
    let timestamps: Vec<String> = timestamps.iter().map(ToString::to_string).collect();
    row([
        label.to_string(),
        timestamps.join("\n"),
        status,
        unknown(),
        finished.join("\n"),
        unknown(),
        unknown(),
    ])
}

fn failed(error: &cairn_repository::Error) -> String {
    format!("ERROR: Failed to get info: {error}")
}

fn detailed(repository: &Repository, label: &str, timestamp: &str) -> Row {
    let manifest = open(repository, label, timestamp);
    let (database, details, status, finished) = match &manifest {
        Ok(manifest) => (
            manifest.database.to_string(),
            details(manifest),
            "OK".to_owned(),
            time_or_null(manifest.finished_at_ms),
        ),
        Err(error) => {
            (NULL.to_owned(), NULL.to_owned(), format!("ERROR: Failed to get info: {error}"), NULL.to_owned())
        }
    };
    row([
        label.to_owned(),
        timestamp.to_owned(),
        database,
        details,
        status,
        unknown(),
        finished,
        unknown(),
        unknown(),
    ])
}

fn open(repository: &Repository, label: &str, timestamp: &str) -> Result<Manifest> {
    let (label, timestamp) = (SnapshotLabel::parse(label)?, SnapshotTimestamp::parse(timestamp)?);
    repository.open_snapshot(&label, timestamp).map_err(Error::from)
}

fn details(manifest: &Manifest) -> String {
    let tables: serde_json::Map<String, Json> = manifest
        .tables
        .iter()
        .map(|table| {
            let name = table.definition.name.to_string();
            // The one partition of an unpartitioned table says no more than the table.
            let partitions: Vec<Json> = table
                .partitions
                .iter()
                .filter(|partition| partition.definition.range.is_some())
                .map(|partition| {
                    let name = partition.definition.name.as_str();
                    json!({ "name": name, "rows": partition.rows, "bytes": partition.bytes })
                })
                .collect();
            let mut entry =
                json!({ "rows": table.files.rows, "bytes": table.files.bytes, "files": table.files.files });
            if !partitions.is_empty() {
                entry["partitions"] = Json::Array(partitions);
            }
            (name, entry)
        })
        .collect();
    let document = json!({
        "database": manifest.database.as_str(),
        "backup_time": time(manifest.created_at_ms),
        "writer": manifest.writer,
        "tables": tables,
    });
    serde_json::to_string_pretty(&document).unwrap_or_else(|_| document.to_string())
}
