//! `information_schema.snapshots`: one row a snapshot of every known repository.

use cairn_engine::{CatalogView, TabletStore};
use cairn_format::{Manifest, RepositoryName, SnapshotLabel};
use cairn_repository::{Repository, SnapshotName};

use super::Wanted;
use super::table::{Column, Row, Value, number, text, time};
use crate::error::Result;

pub(super) const COLUMNS: [Column; 12] = [
    text("REPOSITORY"),
    text("SNAPSHOT"),
    text("TIMESTAMP"),
    text("DATABASE_NAME"),
    time("CREATE_TIME"),
    time("FINISH_TIME"),
    text("WRITER"),
    number("TABLE_COUNT"),
    number("FILE_COUNT"),
    number("ROW_COUNT"),
    number("TOTAL_BYTES"),
    text("STATUS"),
];

/// The columns that a listing tells: the others need manifests.
const LISTED: [&str; 3] = ["REPOSITORY", "SNAPSHOT", "TIMESTAMP"];
const OK: &str = "OK";

pub(super) fn rows(view: &CatalogView, store: &TabletStore, wanted: &Wanted) -> Vec<Row> {
    let mut rows = Vec::new();
    for entry in view.repositories().filter(|entry| wanted.repository(entry.name.as_str())) {
        match read(store, &entry.name, wanted) {
            Ok(of_repository) => rows.extend(of_repository),
            // A repository that cannot be read is a row that says why, and hides none of the others.
            Err(error) => rows.push(failed(&entry.name, &error.to_string())),
        }
    }
    rows
}

fn failed(repository: &RepositoryName, why: &str) -> Row {
    row(repository, None, None, &format!("ERROR: {why}"))
}

fn read(store: &TabletStore, name: &RepositoryName, wanted: &Wanted) -> Result<Vec<Row>> {
    let repository = store.open_repository(name)?;
    let snapshots = list(&repository, wanted)?;
    let all: Vec<&str> =
        COLUMNS.iter().map(|column| column.name).filter(|name| !LISTED.contains(name)).collect();
    if !wanted.any(&COLUMNS, &all) {
        return Ok(snapshots.iter().map(|snapshot| row(name, Some(snapshot), None, OK)).collect());
    }
    let manifests = repository.open_snapshots(&snapshots, |manifest| manifest);
    let rows = snapshots.iter().zip(manifests).map(|(snapshot, manifest)| match manifest {
        Ok(manifest) => row(name, Some(snapshot), Some(&manifest), OK),
        Err(error) => row(name, Some(snapshot), None, &format!("ERROR: {error}")),
    });
    Ok(rows.collect())
}

/// The snapshots whose labels are wanted, in the order of labels and times.
fn list(repository: &Repository, wanted: &Wanted) -> Result<Vec<SnapshotName>> {
    let Some(labels) = &wanted.labels else { return Ok(repository.snapshots(None)?) };
    let mut snapshots = Vec::new();
    // What cannot be a label names no snapshot.
    for label in labels.iter().filter_map(|label| SnapshotLabel::parse(label).ok()) {
        snapshots.extend(repository.snapshots(Some(&label))?);
    }
    Ok(snapshots)
}

fn row(
    repository: &RepositoryName,
    snapshot: Option<&SnapshotName>,
    manifest: Option<&Manifest>,
    status: &str,
) -> Row {
    vec![
        Some(repository.as_str().into()),
        snapshot.map(|name| name.label.to_string().into()),
        snapshot.map(|name| name.timestamp.to_string().into()),
        manifest.map(|manifest| manifest.database.as_str().into()),
        manifest.map(|manifest| Value::Time(manifest.created_at_ms)),
        manifest.and_then(|manifest| manifest.finished_at_ms).map(Value::Time),
        manifest.map(|manifest| manifest.writer.as_str().into()),
        manifest.map(|manifest| Value::Number(manifest.tables.len() as u64)),
        manifest.map(|manifest| manifest.totals.files.into()),
        manifest.map(|manifest| manifest.totals.rows.into()),
        manifest.map(|manifest| manifest.totals.bytes.into()),
        Some(status.into()),
    ]
}
