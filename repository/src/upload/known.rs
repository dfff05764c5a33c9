//! What is known to be in the repository, and good for use.

use std::collections::HashMap;

use cairn_format::{Compression, DataFile, Digest, FileLocation, FileSource};

use super::StoredFile;

/// A data file in the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) digest: Digest,
    pub(super) length: u64,
    pub(super) location: FileLocation,
}

impl Stored {
    /// The data file as one that was made of the local file of digest `source`.
    pub(super) fn of(&self, source: Digest, compression: Option<Compression>) -> StoredFile {
        let is_itself = source == self.digest && compression.is_none();
        let source = (!is_itself).then_some(FileSource { digest: source, compression });
        StoredFile { digest: self.digest, length: self.length, location: self.location, source }
    }
}

/// Data files by the digest of the local file that they can stand for, and by the compression they got for it.
#[derive(Debug, Default)]
pub(crate) struct Known {
    files: HashMap<(Digest, Option<Compression>), Stored>,
}

impl Known {
    /// Takes note of a data file that some file list names.
    pub(crate) fn add(&mut self, file: &DataFile) {
        let stored = Stored { digest: file.digest, length: file.length, location: file.location };
        // A store that fetched it has the data file itself as its segment.
        self.files.entry((file.digest, None)).or_insert(stored);
        if let Some(FileSource { digest, compression }) = file.source {
            self.files.entry((digest, compression)).or_insert(stored);
            if compression.is_some() {
                // What was compressed so does not change by being compressed so again.
                self.files.entry((file.digest, compression)).or_insert(stored);
            }
        }
    }

    pub(super) fn insert(&mut self, source: Digest, compression: Option<Compression>, stored: Stored) {
        self.files.insert((source, compression), stored);
    }

    pub(super) fn get(&self, source: Digest, compression: Option<Compression>) -> Option<&Stored> {
        self.files.get(&(source, compression))
    }

    /// As [`Known::get`], but for what lies in an object that is going out of use.
    pub(super) fn get_unless<'a>(
        &'a self,
        source: Digest,
        compression: Option<Compression>,
        retired: &impl Fn(&FileLocation) -> bool,
    ) -> Option<&'a Stored> {
        self.get(source, compression).filter(|stored| !retired(&stored.location))
    }
}
