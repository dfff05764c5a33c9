//! `information_schema.verifications`: every verification on record, oldest first.

use cairn_engine::{CatalogView, TabletStore, VerificationCounts, VerificationEntry};

use super::table::{Column, Row, Value, number, text, time};
use crate::error::Result;

pub(super) const COLUMNS: [Column; 14] = [
    number("VERIFICATION_ID"),
    text("REPOSITORY"),
    text("SNAPSHOT"),
    text("TIMESTAMP"),
    text("LEVEL"),
    time("BEGIN_TIME"),
    time("END_TIME"),
    number("SNAPSHOT_COUNT"),
    number("OBJECT_COUNT"),
    number("READ_BYTES"),
    number("REMEMBERED_OBJECTS"),
    number("LEFT_OBJECTS"),
    number("FINDING_COUNT"),
    text("STATUS"),
];

/// Those of repositories that the view has.
pub(super) fn rows(view: &CatalogView, store: &TabletStore) -> Result<Vec<Row>> {
    let entries = store.verifications()?;
    let shown = entries.iter().filter(|entry| view.require_repository(&entry.repository).is_ok());
    Ok(shown.map(row).collect())
}

fn row(entry: &VerificationEntry) -> Row {
    let count = |of: fn(&VerificationCounts) -> u64| entry.outcome.as_ref().ok().map(of).map(Value::from);
    vec![
        Some(entry.id.into()),
        Some(entry.repository.as_str().into()),
        entry.label.as_ref().map(|label| label.to_string().into()),
        entry.timestamp.map(|timestamp| timestamp.to_string().into()),
        Some(entry.level.name().into()),
        Some(Value::Time(entry.began_ms)),
        Some(Value::Time(entry.ended_ms)),
        count(|counts| counts.snapshots),
        count(|counts| counts.objects),
        count(|counts| counts.bytes),
        count(|counts| counts.remembered),
        count(|counts| counts.left),
        count(|counts| counts.findings),
        Some(status(entry).into()),
    ]
}

fn status(entry: &VerificationEntry) -> String {
    match &entry.outcome {
        Err(why) => format!("ERROR: {why}"),
        Ok(counts) => match &counts.first_finding {
            Some(first) => format!("DAMAGED: {first}"),
            None if counts.left > 0 => "OK, but not all was read".to_owned(),
            None => "OK".to_owned(),
        },
    }
}
