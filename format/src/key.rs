//! Object keys: where everything lies in a repository. They are rendered and parsed here and nowhere else.
//!
//! ```text
//! cairn.json
//! snapshots/<label>/<timestamp>.json
//! tables/<name>.parquet
//! data/<first two hex digits of the digest>/<name>.parquet
//! jobs/<ulid>.json
//! trash/<ulid>.json
//! trash/<ulid>.waits.json
//! verified/<ulid>.json
//! ```
//!
//! A name is `<digest>-<ulid of the intent>`, or a digest alone in repositories of the first release.
//!
//! A label's bytes outside `A-Z a-z 0-9 _ -` are written `=XX`, the byte in upper-case hexadecimal, so that a key
//! is safe on every store and file system. There is one key an object and one object a key: any other key is
//! foreign, and foreign objects are left alone.

use std::fmt;

use crate::error::Error;
use crate::name::SnapshotLabel;
use crate::object_name::ObjectName;
use crate::timestamp::SnapshotTimestamp;
use crate::ulid::{IntentId, TrashId, VerificationId};

/// The key of the descriptor.
pub const DESCRIPTOR_KEY: &str = "cairn.json";
/// The folder of manifests: one folder a label in it.
pub const SNAPSHOTS_PREFIX: &str = "snapshots";
/// The folder of file lists.
pub const TABLES_PREFIX: &str = "tables";
/// The folder of data files.
pub const DATA_PREFIX: &str = "data";
/// The folder of intents.
pub const JOBS_PREFIX: &str = "jobs";
/// The folder of what collections have marked.
pub const TRASH_PREFIX: &str = "trash";
/// The folder of what verifications have recorded.
pub const VERIFIED_PREFIX: &str = "verified";

/// The most bytes that a label may take in a key.
pub const MAX_LABEL_KEY_BYTES: usize = 240;

/// The key of one object of a repository, relative to the repository's location.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKey {
    /// `cairn.json`.
    Descriptor,
    /// The manifest of one snapshot.
    Snapshot {
        /// The snapshot's label.
        label: SnapshotLabel,
        /// The snapshot's timestamp.
        timestamp: SnapshotTimestamp,
    },
    /// A table's file list.
    FileList(ObjectName),
    /// A data file, or a bundle of several.
    Data(ObjectName),
    /// The intent of a running backup.
    Intent(IntentId),
    /// What a collection has marked and not yet deleted.
    Trash(TrashId),
    /// Which backups the marks of the same identity wait for.
    Waits(TrashId),
    /// What a verification has recorded.
    Verified(VerificationId),
}

impl ObjectKey {
    /// The key's text.
    pub fn render(&self) -> String {
        match self {
            Self::Descriptor => DESCRIPTOR_KEY.to_owned(),
            Self::Snapshot { label, timestamp } => format!("{}/{timestamp}.json", Self::label_prefix(label)),
            Self::FileList(name) => format!("{TABLES_PREFIX}/{name}.parquet"),
            Self::Data(name) => format!("{DATA_PREFIX}/{}/{name}.parquet", name.digest().shard()),
            Self::Intent(id) => format!("{JOBS_PREFIX}/{id}.json"),
            Self::Trash(id) => format!("{TRASH_PREFIX}/{id}.json"),
            Self::Waits(id) => format!("{TRASH_PREFIX}/{id}.waits.json"),
            Self::Verified(id) => format!("{VERIFIED_PREFIX}/{id}.json"),
        }
    }

    /// Reads a key; `None` for the key of an object that is not the repository's.
    pub fn parse(key: &str) -> Option<Self> {
        let parsed = match key.split_once('/') {
            None => (key == DESCRIPTOR_KEY).then_some(Self::Descriptor),
            Some((SNAPSHOTS_PREFIX, rest)) => parse_snapshot(rest),
            Some((TABLES_PREFIX, rest)) => {
                Some(Self::FileList(ObjectName::from_text(rest.strip_suffix(".parquet")?)?))
            }
            Some((DATA_PREFIX, rest)) => {
                Some(Self::Data(ObjectName::from_text(rest.split_once('/')?.1.strip_suffix(".parquet")?)?))
            }
            Some((JOBS_PREFIX, rest)) => {
                Some(Self::Intent(IntentId::parse(rest.strip_suffix(".json")?).ok()?))
            }
            Some((TRASH_PREFIX, rest)) => Some(match rest.strip_suffix(".waits.json") {
                Some(id) => Self::Waits(TrashId::parse(id).ok()?),
                None => Self::Trash(TrashId::parse(rest.strip_suffix(".json")?).ok()?),
            }),
            Some((VERIFIED_PREFIX, rest)) => {
                Some(Self::Verified(VerificationId::parse(rest.strip_suffix(".json")?).ok()?))
            }
            Some(_) => None,
        }?;
        // One text an object: an escape too many or a wrong folder makes a key foreign.
        (parsed.render() == key).then_some(parsed)
    }

    /// The folder that holds the snapshots of one label.
    pub fn label_prefix(label: &SnapshotLabel) -> String {
        format!("{SNAPSHOTS_PREFIX}/{}", escape(label.as_str()))
    }
}

impl ObjectKey {
    /// Makes sure that a snapshot of this label can have a key: file systems want short names.
    ///
    /// # Errors
    /// `InvalidInput` when the label is too long once its special characters are escaped.
    pub fn check_label(label: &SnapshotLabel) -> Result<(), Error> {
        let length = escape(label.as_str()).len();
        if length <= MAX_LABEL_KEY_BYTES {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "label '{label}' is too long for a key: it takes {length} bytes of at most {MAX_LABEL_KEY_BYTES}, \
             where every byte that is not a letter, a digit, '_' or '-' takes three"
        )))
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render())
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render())
    }
}

fn parse_snapshot(rest: &str) -> Option<ObjectKey> {
    let (label, timestamp) = rest.split_once('/')?;
    let label = SnapshotLabel::parse(&unescape(label)?).ok()?;
    let timestamp = SnapshotTimestamp::parse(timestamp.strip_suffix(".json")?).ok()?;
    Some(ObjectKey::Snapshot { label, timestamp })
}

fn escape(label: &str) -> String {
    use fmt::Write;
    let mut escaped = String::with_capacity(label.len());
    for byte in label.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' {
            escaped.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(escaped, "={byte:02X}");
        }
    }
    escaped
}

fn unescape(escaped: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = if *first == b'=' {
            let (digits, tail) = tail.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            tail
        } else {
            bytes.push(*first);
            tail
        };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
