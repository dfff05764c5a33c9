//! A fence: what a collection puts in the place of a manifest that is not to come any more.
//!
//! A backup whose intent has expired may be dead, or only slow. Its manifest's put is create-only: whoever puts
//! something under that key first decides. When a fence stands there, the backup cannot commit, and what it sent can be
//! collected.

use serde::{Deserialize, Serialize};

use crate::digest::DigestAlgorithm;
use crate::envelope::{self, EnvelopeKind};
use crate::error::Error;
use crate::ulid::IntentId;

/// The fence against the manifest of one backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence {
    /// The backup that was given up.
    pub intent: IntentId,
}

#[derive(Serialize, Deserialize)]
struct FenceV1 {
    intent: String,
}

impl Fence {
    /// The bytes of the fence's object.
    pub fn encode(&self, algorithm: DigestAlgorithm) -> Result<Vec<u8>, Error> {
        envelope::seal(EnvelopeKind::Fence, algorithm, &FenceV1 { intent: self.intent.to_string() })
    }

    /// Reads the bytes of a fence's object.
    ///
    /// # Errors
    /// `Corrupt` when they are not those of a fence.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let document: FenceV1 = envelope::open(EnvelopeKind::Fence, bytes)?;
        Ok(Self { intent: IntentId::parse(&document.intent)? })
    }

    /// Whether an object of `length` bytes may be a fence. All fences of one algorithm have one length, so that a listing
    /// tells which few objects have to be read to be told from manifests.
    pub fn may_have_length(length: u64) -> bool {
        DigestAlgorithm::ALL.into_iter().any(|algorithm| length == Self::length(algorithm))
    }

    /// Bytes of a fence whose checksum is by `algorithm`.
    pub const fn length(algorithm: DigestAlgorithm) -> u64 {
        (FENCE_BYTES_WITHOUT_CHECKSUM + algorithm.text_bytes()) as u64
    }
}

/// Bytes of everything in a fence but its checksum's digest.
const FENCE_BYTES_WITHOUT_CHECKSUM: usize =
    "{\"checksum\":\"\",\"fence\":{\n  \"intent\": \"01ARZ3NDEKTSV4RRFFQ69G5FAV\"\n}}\n".len();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_survive_their_bytes_and_have_one_length() {
        for ulid in ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"] {
            let fence = Fence { intent: IntentId::parse(ulid).unwrap() };
            for algorithm in DigestAlgorithm::ALL {
                let bytes = fence.encode(algorithm).unwrap();
                assert_eq!(Fence::decode(&bytes).unwrap(), fence);
                assert_eq!(bytes.len() as u64, Fence::length(algorithm));
                assert!(Fence::may_have_length(bytes.len() as u64));
            }
        }
        assert!(!Fence::may_have_length(0));
    }
}
