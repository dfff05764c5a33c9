//! `cairn.json`: what makes a location a repository.

mod v1;

use crate::digest::DigestAlgorithm;
use crate::envelope::{self, EnvelopeKind};
use crate::error::{Error, ErrorKind};
use crate::feature::{
    FeatureSet, MARKS, SUPPORTED_GC_FEATURES, SUPPORTED_READ_FEATURES, SUPPORTED_WRITE_FEATURES,
};
use crate::ulid::RepositoryId;

/// The version of the repository's format that this program reads and writes.
pub const FORMAT_VERSION: u32 = 1;

/// What a repository says about itself.
///
/// Fields that this program does not know are kept and written back.
#[derive(Debug, Clone, PartialEq)]
pub struct Descriptor {
    /// Which repository this is, wherever it is copied to.
    pub id: RepositoryId,
    /// The format's version.
    pub format_version: u32,
    /// What a program must understand to read the repository.
    pub read_features: FeatureSet,
    /// What a program must understand, beyond reading, to add snapshots.
    pub write_features: FeatureSet,
    /// What a program must understand, beyond reading, to delete anything.
    pub gc_features: FeatureSet,
    /// How new objects are named.
    pub digest_algorithm: DigestAlgorithm,
    /// Name and version of the program that made the repository.
    pub writer: String,
    /// When it was made: milliseconds since 1970-01-01 UTC.
    pub created_at_ms: i64,
    unknown: serde_json::Map<String, serde_json::Value>,
}

impl Descriptor {
    /// The descriptor of a new repository whose objects are named by `digest_algorithm`.
    pub fn new(
        id: RepositoryId,
        digest_algorithm: DigestAlgorithm,
        writer: impl Into<String>,
        created_at_ms: i64,
    ) -> Self {
        let marks: FeatureSet = [MARKS].into_iter().collect();
        Self {
            id,
            format_version: FORMAT_VERSION,
            read_features: FeatureSet::new(),
            write_features: marks.clone(),
            gc_features: marks,
            digest_algorithm,
            writer: writer.into(),
            created_at_ms,
            unknown: serde_json::Map::new(),
        }
    }

    /// The bytes of `cairn.json`.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        envelope::seal(EnvelopeKind::Descriptor, self.digest_algorithm, &v1::DescriptorV1::from(self))
    }

    /// Reads the bytes of `cairn.json`.
    ///
    /// # Errors
    /// `Corrupt` when the bytes are damaged; `Unsupported` when the format's version, the digest or a feature
    /// that reading requires is unknown.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        // The version decides how the rest is read, so it is looked at before the rest is.
        let version: v1::FormatVersion = envelope::open(EnvelopeKind::Descriptor, bytes)?;
        if version.format_version != FORMAT_VERSION {
            let message = format!(
                "the repository has format version {}, this program reads version {FORMAT_VERSION}: upgrade cairn",
                version.format_version
            );
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let document: v1::DescriptorV1 = envelope::open(EnvelopeKind::Descriptor, bytes)?;
        let descriptor = Self::try_from(document).map_err(envelope::as_corrupt("the descriptor"))?;
        descriptor.read_features.require(SUPPORTED_READ_FEATURES, "the repository", "read")?;
        Ok(descriptor)
    }

    /// Makes sure that this program may add to the repository.
    ///
    /// # Errors
    /// `Unsupported`, naming the features that are unknown.
    pub fn check_write(&self) -> Result<(), Error> {
        self.write_features.require(SUPPORTED_WRITE_FEATURES, "the repository", "write")
    }

    /// Makes sure that this program may delete from the repository.
    ///
    /// # Errors
    /// `Unsupported`, naming the features that are unknown, and when the repository is of the first release, whose
    /// writers do not heed collections.
    pub fn check_gc(&self) -> Result<(), Error> {
        self.gc_features.require(SUPPORTED_GC_FEATURES, "the repository", "collect")?;
        if self.gc_features.contains(MARKS) && self.write_features.contains(MARKS) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Unsupported,
            "the repository was made by a release whose backups do not heed deletions, so nothing can be deleted from it \
             safely: back up into a new repository, and remove this one as a whole when it is not needed any more",
        ))
    }
}

#[cfg(test)]
mod tests;
