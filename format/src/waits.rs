//! `trash/<ulid>.waits.json`: which backups were running when some marks had been made.
//!
//! A backup that put its intent after the marks were there has read them, and leaves alone what they name. Only those
//! before it, which may not have, are waited for.

use serde::{Deserialize, Serialize};

use crate::digest::DigestAlgorithm;
use crate::envelope::{self, EnvelopeKind};
use crate::error::Result;
use crate::ulid::{IntentId, TrashId};

/// The backups that some marks wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waits {
    /// The marks; the object's name says the same.
    pub id: TrashId,
    /// The intents that a listing found after the marks were there.
    pub intents: Vec<IntentId>,
}

#[derive(Serialize, Deserialize)]
struct WaitsV1 {
    id: String,
    intents: Vec<String>,
}

impl Waits {
    /// The bytes of the object.
    pub fn encode(&self, algorithm: DigestAlgorithm) -> Result<Vec<u8>> {
        let intents = self.intents.iter().map(ToString::to_string).collect();
        envelope::seal(EnvelopeKind::Waits, algorithm, &WaitsV1 { id: self.id.to_string(), intents })
    }

    /// Reads the bytes of the object.
    ///
    /// # Errors
    /// `Corrupt` when they are damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let document: WaitsV1 = envelope::open(EnvelopeKind::Waits, bytes)?;
        let intents = document.intents.iter().map(|id| IntentId::parse(id)).collect::<Result<_>>()?;
        Ok(Self { id: TrashId::parse(&document.id)?, intents })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_survive_their_bytes() {
        let ulid = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
        let waits =
            Waits { id: TrashId::parse(ulid).unwrap(), intents: vec![IntentId::parse(ulid).unwrap()] };
        for algorithm in DigestAlgorithm::ALL {
            assert_eq!(Waits::decode(&waits.encode(algorithm).unwrap()).unwrap(), waits);
        }
    }
}
