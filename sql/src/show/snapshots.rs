//! SHOW SNAPSHOT: what a repository holds, read from it at this moment.

use cairn_engine::TabletStore;
use cairn_format::{
    ExternalCatalog, Manifest, PartitionRows, RepositoryName, SnapshotLabel, SnapshotTimestamp,
};
use cairn_repository::{Repository, SnapshotName, in_calendar};
use serde_json::{Value as Json, json};

use super::text::{NULL, Row, time, time_or_null};
use crate::analyze::SnapshotChoice;
use crate::error::{Error, Result};
use crate::outcome::Rows;

/// The status of a snapshot with a time that is not shown.
pub(crate) const BEYOND: &str = "OK, but a time is beyond the year 9999";

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
            let names = repository.snapshots(None)?;
            Rows::of_text(&LIST_COLUMNS, &listed(&repository, &names))
        }
        SnapshotChoice::Labels(labels) => {
            let mut rows = Vec::new();
            for text in labels {
                let names = match SnapshotLabel::parse(text) {
                    Ok(label) => repository.snapshots(Some(&label))?,
                    Err(_) => Vec::new(),
                };
                if names.is_empty() {
                    rows.push(missing(text));
                } else {
                    rows.extend(listed(&repository, &names));
                }
            }
            Rows::of_text(&LIST_COLUMNS, &rows)
        }
        SnapshotChoice::One { label, timestamp } => {
            Rows::of_text(&DETAIL_COLUMNS, &[detailed(&repository, label, timestamp)])
        }
    }
}

/// What this format does not keep: StarRocks' cluster.
fn unknown() -> String {
    NULL.to_owned()
}

/// The columns of times that belong to a snapshot, each of which may be unknown.
struct Times {
    finished: String,
    ttl: String,
    expires: String,
    /// Whether one of them is beyond what can be shown.
    is_beyond: bool,
}

impl Times {
    fn of(manifest: &Manifest) -> Self {
        Self {
            finished: time_or_null(manifest.finished_at_ms),
            ttl: manifest.ttl.clone().unwrap_or_else(unknown),
            expires: time_or_null(manifest.expires_at_ms),
            is_beyond: is_beyond(manifest),
        }
    }

    fn unknown() -> Self {
        Self { finished: unknown(), ttl: unknown(), expires: unknown(), is_beyond: false }
    }
}

/// Whether a time of the manifest is NULL although it is known.
pub(crate) fn is_beyond(manifest: &Manifest) -> bool {
    let times = [Some(manifest.created_at_ms), manifest.finished_at_ms, manifest.expires_at_ms];
    times.into_iter().flatten().any(|ms| in_calendar(ms).is_none())
}

fn row<const N: usize>(values: [String; N]) -> Row {
    values.into_iter().map(Some).collect()
}

fn missing(label: &str) -> Row {
    let status = "ERROR: no snapshot".to_owned();
    row([label.to_owned(), unknown(), status, unknown(), unknown(), unknown(), unknown()])
}

/// One row a label; its timestamps, and what belongs to each of them, line by line. `names` are in order.
fn listed(repository: &Repository, names: &[SnapshotName]) -> Vec<Row> {
    let opened = repository.open_snapshots(names, |manifest| Times::of(&manifest));
    let opened: Vec<_> = names.iter().zip(opened).collect();
    opened.chunk_by(|(a, _), (b, _)| a.label == b.label).map(of_label).collect()
}

/// A snapshot, and its times or why nobody knows them.
type Opened<'a> = (&'a SnapshotName, cairn_repository::Result<Times>);

fn of_label(snapshots: &[Opened<'_>]) -> Row {
    let label = snapshots.first().map_or_else(String::new, |(name, _)| name.label.to_string());
    let failed = snapshots.iter().rev().find_map(|(_, opened)| opened.as_ref().err());
    let is_beyond = snapshots.iter().flat_map(|(_, opened)| opened).any(|times| times.is_beyond);
    let ok = || if is_beyond { BEYOND } else { "OK" }.to_owned();
    let status = failed.map_or_else(ok, |error| format!("ERROR: Failed to get info: {error}"));
    let lines = |of: fn(&Times) -> &str| {
        let texts = snapshots.iter().map(|(_, opened)| opened.as_ref().map_or(NULL, of));
        texts.collect::<Vec<_>>().join("\n")
    };
    let timestamps: Vec<String> = snapshots.iter().map(|(name, _)| name.timestamp.to_string()).collect();
    row([
        label,
        timestamps.join("\n"),
        status,
        unknown(),
        lines(|times| &times.finished),
        lines(|times| &times.ttl),
        lines(|times| &times.expires),
    ])
}

fn detailed(repository: &Repository, label: &str, timestamp: &str) -> Row {
    let (database, details, status, times) = match open(repository, label, timestamp) {
        Ok(manifest) => {
            let status = if is_beyond(&manifest) { BEYOND } else { "OK" }.to_owned();
            (manifest.database_name().to_owned(), details(&manifest), status, Times::of(&manifest))
        }
        Err(error) => (unknown(), unknown(), format!("ERROR: Failed to get info: {error}"), Times::unknown()),
    };
    row([
        label.to_owned(),
        timestamp.to_owned(),
        database,
        details,
        status,
        unknown(),
        times.finished,
        times.ttl,
        times.expires,
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
                .filter(|partition| partition.definition.rows != PartitionRows::All)
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
    let totals = &manifest.totals;
    let mut document = json!({
        "database": manifest.database_name(),
        "backup_time": time(manifest.created_at_ms),
        "writer": manifest.writer,
        "rows": totals.rows,
        "files": totals.files,
        "bytes": totals.bytes,
        "tables": tables,
    });
    if !manifest.catalogs.is_empty() {
        let catalog = |catalog: &ExternalCatalog| {
            (
                catalog.name.to_string(),
                json!({ "type": catalog.kind(), "secrets_left_out": catalog.withheld }),
            )
        };
        let catalogs: serde_json::Map<String, Json> = manifest.catalogs.iter().map(catalog).collect();
        document["external_catalogs"] = Json::Object(catalogs);
    }
    // What the backup had to send; a writer that did not say is no writer that sent nothing.
    if let Some(sent) = &manifest.sent {
        document["new_files"] = sent.files.into();
        document["new_bytes"] = sent.bytes.into();
        document["new_objects"] = sent.objects.into();
    }
    serde_json::to_string_pretty(&document).unwrap_or_else(|_| document.to_string())
}
