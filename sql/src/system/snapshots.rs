//! `information_schema.snapshots`: one row a snapshot of every known repository.

use std::collections::BTreeMap;

use cairn_engine::{CatalogView, TabletStore};
use cairn_format::{Manifest, RepositoryName, SnapshotLabel, VerifyLevel};
use cairn_repository::{Repository, SnapshotName, Transfer};

use super::Wanted;
use super::table::{Column, Row, Value, number, text, time};
use crate::error::{Error, Result};
use crate::show::{BEYOND, TIME_TO_ANSWER, is_beyond};

pub(super) const COLUMNS: [Column; 19] = [
    text("REPOSITORY"),
    text("SNAPSHOT"),
    text("TIMESTAMP"),
    text("DATABASE_NAME"),
    time("CREATE_TIME"),
    time("FINISH_TIME"),
    time("EXPIRE_TIME"),
    text("TTL"),
    text("WRITER"),
    number("TABLE_COUNT"),
    number("FILE_COUNT"),
    number("ROW_COUNT"),
    number("TOTAL_BYTES"),
    number("NEW_FILES"),
    number("NEW_BYTES"),
    number(EXCLUSIVE_BYTES),
    time(STRUCTURE_VERIFIED),
    time(DATA_VERIFIED),
    text("STATUS"),
];

/// What no other snapshot of the repository needs: every file list has to be read for it.
const EXCLUSIVE_BYTES: &str = "EXCLUSIVE_BYTES";
/// When verifications found the snapshot right, from their records.
const STRUCTURE_VERIFIED: &str = "STRUCTURE_VERIFIED";
/// See [`STRUCTURE_VERIFIED`].
const DATA_VERIFIED: &str = "DATA_VERIFIED";
/// The columns that a listing tells: the others need manifests.
const LISTED: [&str; 3] = ["REPOSITORY", "SNAPSHOT", "TIMESTAMP"];
const OK: &str = "OK";

pub(super) fn rows(view: &CatalogView, store: &TabletStore, wanted: &Wanted) -> Vec<Row> {
    let known = view.repositories().map(|entry| &entry.name);
    let names: Vec<_> = known.filter(|name| wanted.repository(name.as_str())).cloned().collect();
    let mut rows = Vec::new();
    for (name, opened) in names.iter().zip(store.open_repositories(&names, TIME_TO_ANSWER)) {
        match opened.map_err(Error::from).and_then(|repository| read(&repository, name, wanted)) {
            Ok(of_repository) => rows.extend(of_repository),
            // A repository that cannot be read is a row that says why, and hides none of the others.
            Err(error) => rows.push(Known::default().row(name, None, &format!("ERROR: {error}"))),
        }
    }
    rows
}

fn read(repository: &Repository, name: &RepositoryName, wanted: &Wanted) -> Result<Vec<Row>> {
    let snapshots = list(repository, wanted)?;
    let others: Vec<&str> =
        COLUMNS.iter().map(|column| column.name).filter(|name| !LISTED.contains(name)).collect();
    if !wanted.any(&COLUMNS, &others) {
        return Ok(snapshots.iter().map(|snapshot| Known::default().row(name, Some(snapshot), OK)).collect());
    }
    let mut known = BTreeMap::new();
    if wanted.any(&COLUMNS, &[STRUCTURE_VERIFIED, DATA_VERIFIED]) {
        add_verified(repository, &mut known)?;
    }
    let mut status = OK.to_owned();
    if wanted.any(&COLUMNS, &[EXCLUSIVE_BYTES])
        && let Err(error) = add_exclusive(repository, &mut known)
    {
        // One damaged object anywhere hides what is whose, and nothing else.
        status = format!("{OK}, but {EXCLUSIVE_BYTES} cannot be told: {error}");
    }
    let manifests = repository.open_snapshots(&snapshots, |manifest| manifest);
    let rows = snapshots.iter().zip(manifests).map(|(snapshot, manifest)| {
        let mut known = known.remove(snapshot).unwrap_or_default();
        match manifest {
            Ok(manifest) => {
                let status = if status == OK && is_beyond(&manifest) { BEYOND } else { &status };
                known.manifest = Some(manifest);
                known.row(name, Some(snapshot), status)
            }
            Err(error) => known.row(name, Some(snapshot), &format!("ERROR: {error}")),
        }
    });
    Ok(rows.collect())
}

fn add_verified(repository: &Repository, known: &mut BTreeMap<SnapshotName, Known>) -> Result<()> {
    for verified in repository.verified()? {
        let known = known.entry(verified.name).or_default();
        match verified.level {
            VerifyLevel::Structure => known.structure_verified_ms = Some(verified.verified_at_ms),
            VerifyLevel::Data => known.data_verified_ms = Some(verified.verified_at_ms),
        }
    }
    Ok(())
}

fn add_exclusive(repository: &Repository, known: &mut BTreeMap<SnapshotName, Known>) -> Result<()> {
    for sizes in repository.snapshot_sizes(&Transfer::new())? {
        known.entry(sizes.name).or_default().exclusive_bytes = Some(sizes.exclusive_bytes);
    }
    Ok(())
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

/// What is known of a snapshot beyond its name.
#[derive(Default)]
struct Known {
    manifest: Option<Manifest>,
    exclusive_bytes: Option<u64>,
    structure_verified_ms: Option<i64>,
    data_verified_ms: Option<i64>,
}

impl Known {
    fn row(&self, repository: &RepositoryName, snapshot: Option<&SnapshotName>, status: &str) -> Row {
        let manifest = self.manifest.as_ref();
        let number = |of: fn(&Manifest) -> Option<u64>| manifest.and_then(of).map(Value::Number);
        let time = |of: fn(&Manifest) -> Option<i64>| manifest.and_then(of).map(Value::Time);
        vec![
            Some(repository.as_str().into()),
            snapshot.map(|name| name.label.to_string().into()),
            snapshot.map(|name| name.timestamp.to_string().into()),
            manifest.and_then(|manifest| Some(manifest.database.as_ref()?.as_str().into())),
            time(|manifest| Some(manifest.created_at_ms)),
            time(|manifest| manifest.finished_at_ms),
            time(|manifest| manifest.expires_at_ms),
            manifest.and_then(|manifest| manifest.ttl.as_deref()).map(Value::from),
            manifest.map(|manifest| manifest.writer.as_str().into()),
            number(|manifest| Some(manifest.tables.len() as u64)),
            number(|manifest| Some(manifest.totals.files)),
            number(|manifest| Some(manifest.totals.rows)),
            number(|manifest| Some(manifest.totals.bytes)),
            number(|manifest| manifest.sent.map(|sent| sent.files)),
            number(|manifest| manifest.sent.map(|sent| sent.bytes)),
            self.exclusive_bytes.map(Value::Number),
            self.structure_verified_ms.map(Value::Time),
            self.data_verified_ms.map(Value::Time),
            Some(status.into()),
        ]
    }
}
