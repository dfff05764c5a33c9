//! Local files become data files of a repository: what is there is reused, small ones share bundles, everything is read
//! once, hashed on the way, and visible only when it is what it should be.

mod known;
mod plan;
mod send;
mod source;

use std::collections::HashMap;
use std::path::PathBuf;

use cairn_format::{Compression, DataFile, Digest, FileLocation, FileSource};

pub(crate) use self::known::Known;
pub use self::plan::PlannedUpload;
use self::plan::plan;
pub(crate) use self::plan::plan_upload;
use self::send::Sender;
use crate::error::{Error, Result};
use crate::publish::SnapshotWriter;
use crate::transfer::Transfer;
use crate::workers;

/// A local file to be made a data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadFile {
    /// The digest that its bytes had when they were written.
    pub digest: Digest,
    /// Its bytes then.
    pub length: u64,
    /// Where it lies.
    pub path: PathBuf,
}

/// Local files of which small ones may share objects: those of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadGroup {
    /// The files, those that are likely to be read together side by side.
    pub files: Vec<UploadFile>,
    /// Whether these are all files of the table. Only then can be told which of a bundle's files have gone out of use.
    pub is_whole: bool,
}

/// A data file in the repository, made of a local file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredFile {
    /// Its digest.
    pub digest: Digest,
    /// Its bytes.
    pub length: u64,
    /// Where it lies.
    pub location: FileLocation,
    /// What it was made of, when that had another digest.
    pub source: Option<FileSource>,
}

/// What an upload did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadOutcome {
    /// Where the files are now: for every group, for every file in it.
    pub stored: Vec<Vec<StoredFile>>,
    /// Files that were sent.
    pub sent_files: u64,
    /// Bytes of the objects that were sent.
    pub sent_bytes: u64,
    /// Data objects that were sent.
    pub sent_objects: u64,
    /// Files that were in the repository already.
    pub reused_files: u64,
    /// Bytes of them.
    pub reused_bytes: u64,
}

/// Makes sure that the repository has the files of `groups`, compressed anew where that is asked for. The new objects
/// are durable at the store's next barrier.
pub(crate) fn upload(
    writer: &SnapshotWriter,
    groups: &[UploadGroup],
    compression: Option<Compression>,
    transfer: &Transfer,
) -> Result<UploadOutcome> {
    let repository = writer.repository();
    let known = writer.basis().known();
    let plan = plan(groups, &known, compression, repository.options().bundle_bytes)?;
    drop(known);
    for file in &plan.reused {
        transfer.add_bytes(file.length);
        transfer.add_file();
    }
    let sender = Sender::new(writer, compression, transfer);
    workers::for_each(
        repository.workers(),
        &plan.items,
        || None,
        |block, item| {
            transfer.check()?;
            sender.send(block, item)
        },
    )?;
    let sent = sender.finish();
    let mut known = writer.basis().known();
    for (digest, stored) in &sent.stored {
        known.insert(*digest, compression, *stored);
    }
    let mut outcome = UploadOutcome {
        stored: Vec::with_capacity(groups.len()),
        sent_files: sent.files,
        sent_bytes: sent.bytes,
        sent_objects: sent.objects,
        reused_files: groups.iter().map(|group| group.files.len() as u64).sum::<u64>() - sent.files,
        reused_bytes: plan.reused.iter().map(|file| file.length).sum(),
    };
    for group in groups {
        let places = group.files.iter().map(|file| {
            let stored = known.get(file.digest, compression).ok_or_else(|| {
                Error::corrupt(format!("local file '{}' was neither sent nor found", file.path.display()))
            })?;
            Ok(stored.of(file.digest, compression))
        });
        outcome.stored.push(places.collect::<Result<_>>()?);
    }
    Ok(outcome)
}

impl StoredFile {
    /// Says in `file` where it lies.
    pub fn place(&self, file: &mut DataFile) {
        file.digest = self.digest;
        file.length = self.length;
        file.location = self.location;
        file.source = self.source;
    }
}

/// Local files by the digest that names them.
type ByDigest<'a> = HashMap<Digest, &'a UploadFile>;
