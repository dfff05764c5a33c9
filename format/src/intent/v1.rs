//! Version 1 of the intent's document.

use serde::{Deserialize, Serialize};

use super::Intent;
use crate::error::Error;
use crate::name::SnapshotLabel;
use crate::timestamp::SnapshotTimestamp;
use crate::ulid::IntentId;

#[derive(Serialize, Deserialize)]
pub(super) struct IntentV1 {
    id: String,
    label: String,
    timestamp: String,
    created_at_ms: i64,
    expires_at_ms: i64,
    writer: String,
}

impl From<&Intent> for IntentV1 {
    fn from(intent: &Intent) -> Self {
        Self {
            id: intent.id.to_string(),
            label: intent.label.to_string(),
            timestamp: intent.timestamp.to_string(),
            created_at_ms: intent.created_at_ms,
            expires_at_ms: intent.expires_at_ms,
            writer: intent.writer.clone(),
        }
    }
}

impl TryFrom<IntentV1> for Intent {
    type Error = Error;

    fn try_from(document: IntentV1) -> Result<Self, Error> {
        Ok(Self {
            id: IntentId::parse(&document.id)?,
            label: SnapshotLabel::parse(&document.label)?,
            timestamp: SnapshotTimestamp::parse(&document.timestamp)?,
            created_at_ms: document.created_at_ms,
            expires_at_ms: document.expires_at_ms,
            writer: document.writer,
        })
    }
}
