//! Features: names for what a reader, a writer or a collector must understand before it touches an object.
//!
//! A repository or a snapshot lists the features it *requires*. A program that does not know one of them must
//! leave the thing alone, and says which one it was.

use std::collections::BTreeSet;

use crate::digest::clip;
use crate::error::{Error, ErrorKind};

/// A snapshot's file lists say in which object, and where in it, a data file lies.
pub const LOCATED_FILES: &str = "located-files";
/// A snapshot's file lists say which rows of a data file are deleted.
pub const DELETIONS: &str = "deletions";
/// Data files may lack columns that were added after them, whose values there the table's definition says.
pub const INITIAL_VALUES: &str = "initial-values";
/// Partitions may have another number of buckets than their table says.
pub const PARTITION_BUCKETS: &str = "partition-buckets";
/// Values in the lists of partitions may be the beginnings of steps of time.
pub const LIST_STEPS: &str = "list-steps";
/// A snapshot is of external catalogs and of no database.
pub const EXTERNAL_CATALOGS: &str = "external-catalogs";
/// Names of objects are unique, writers heed the marks of collections, and fences stand for manifests that are not to
/// come: whoever writes or deletes must keep to this for anybody to delete safely.
pub const MARKS: &str = "marks";

/// Features that this program understands when it reads.
pub const SUPPORTED_READ_FEATURES: &[&str] =
    &[LOCATED_FILES, DELETIONS, INITIAL_VALUES, PARTITION_BUCKETS, LIST_STEPS, EXTERNAL_CATALOGS];
/// Features that this program understands when it writes.
pub const SUPPORTED_WRITE_FEATURES: &[&str] = &[MARKS];
/// Features that this program understands when it collects what no snapshot uses any more.
pub const SUPPORTED_GC_FEATURES: &[&str] = &[MARKS];

/// A set of feature names, in the order of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeatureSet(BTreeSet<String>);

impl FeatureSet {
    /// The set that requires nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether `name` is required.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Whether nothing is required.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Makes sure that every feature is among `supported`. `subject` and `doing` say what requires them, for
    /// what: "the repository", "read".
    ///
    /// # Errors
    /// `Unsupported`, naming the features that are not.
    pub fn require(&self, supported: &[&str], subject: &str, doing: &str) -> Result<(), Error> {
        let unknown: Vec<String> = self
            .names()
            .filter(|name| !supported.contains(name))
            .map(|name| format!("'{}'", clip(name)))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let message = format!(
            "{subject} requires features that this program does not know to {doing} it: {}; upgrade cairn",
            unknown.join(", ")
        );
        Err(Error::new(ErrorKind::Unsupported, message))
    }
}

impl<S: Into<String>> FromIterator<S> for FeatureSet {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_features_are_refused_by_name() {
        let features: FeatureSet = ["known", "deletion-vectors", "bundles"].into_iter().collect();
        assert!(
            features.require(&["known", "bundles", "deletion-vectors"], "the repository", "read").is_ok()
        );
        let error = features.require(&["known"], "the repository", "read").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("'bundles', 'deletion-vectors'"), "{error}");
    }
}
