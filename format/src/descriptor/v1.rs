//! Version 1 of the descriptor's document.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Descriptor;
use crate::digest::{DigestAlgorithm, clip};
use crate::error::{Error, ErrorKind};
use crate::ulid::RepositoryId;

/// The one field that every version of the document has.
#[derive(Deserialize)]
pub(super) struct FormatVersion {
    pub(super) format_version: u32,
}

#[derive(Serialize, Deserialize)]
pub(super) struct DescriptorV1 {
    id: String,
    format_version: u32,
    read_features: Vec<String>,
    write_features: Vec<String>,
    gc_features: Vec<String>,
    digest: String,
    writer: String,
    created_at_ms: i64,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl From<&Descriptor> for DescriptorV1 {
    fn from(descriptor: &Descriptor) -> Self {
        Self {
            id: descriptor.id.to_string(),
            format_version: descriptor.format_version,
            read_features: descriptor.read_features.names().map(Into::into).collect(),
            write_features: descriptor.write_features.names().map(Into::into).collect(),
            gc_features: descriptor.gc_features.names().map(Into::into).collect(),
            digest: descriptor.digest_algorithm.name().to_owned(),
            writer: descriptor.writer.clone(),
            created_at_ms: descriptor.created_at_ms,
            unknown: descriptor.unknown.clone(),
        }
    }
}

impl TryFrom<DescriptorV1> for Descriptor {
    type Error = Error;

    fn try_from(document: DescriptorV1) -> Result<Self, Error> {
        let digest_algorithm = DigestAlgorithm::from_name(&document.digest).ok_or_else(|| {
            let name = clip(&document.digest);
            Error::new(
                ErrorKind::Unsupported,
                format!("the repository names objects by digest '{name}', which this program does not know: upgrade cairn"),
            )
        })?;
        Ok(Self {
            id: RepositoryId::parse(&document.id)?,
            format_version: document.format_version,
            read_features: document.read_features.into_iter().collect(),
            write_features: document.write_features.into_iter().collect(),
            gc_features: document.gc_features.into_iter().collect(),
            digest_algorithm,
            writer: document.writer,
            created_at_ms: document.created_at_ms,
            unknown: document.unknown,
        })
    }
}
