//! Making a snapshot.
//!
//! ```text
//! intent ─▶ marks read ─▶ base read ─▶ data files ─▶ barrier ─▶ file lists ─▶ barrier ─▶ manifest ─▶ intent removed
//! ```
//!
//! The order is the protocol: whatever refers to an object is put when the object is durable, so what a reader
//! finds is complete. Only the manifest's put makes the snapshot exist; before it, everything put is an object
//! that nothing refers to. All puts are create-only.
//!
//! What is reused is safe from collections that run at the same time. A collection marks before it looks for intents,
//! and a writer puts its intent before it reads the marks: so either the collection sees the intent and waits, or the
//! writer sees the marks and leaves alone what they name. And it only reuses what the manifest of a snapshot leads to
//! that it found after that.

use std::collections::HashSet;

use cairn_format::{
    Compression, FileList, FileListRef, INTENT_LIFETIME_MS, Intent, IntentId, Manifest, ObjectKey,
    SnapshotLabel, SnapshotTimestamp,
};

use crate::basis::SnapshotBasis;
use crate::error::{Error, ErrorKind, Result};
use crate::records::{put_record, read_record};
use crate::repository::Repository;
use crate::store::PutOutcome;
use crate::transfer::Transfer;
use crate::upload::{self, UploadGroup, UploadOutcome};
use crate::workers;

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum CommitOutcome {
    /// The snapshot exists now.
    Committed,
    /// It existed before with the same contents: an earlier attempt went through, or somebody else's did.
    AlreadyCommitted,
    /// Another snapshot has the label; this one does not exist.
    LabelTaken,
    /// The intent had expired, and a collection has given the snapshot up; it does not exist and never will.
    GivenUp,
}

/// How a snapshot is begun.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BeginOptions {
    /// For how long, from now on, a collection must not give the snapshot up, in milliseconds.
    pub lifetime_ms: i64,
    /// The intent of an earlier attempt, of a process that died before it called [`SnapshotWriter::commit`]. When it is
    /// still there this attempt goes on with it, and what was put under it need not be sent again. An attempt that may
    /// have put its manifest must not be gone on with: its snapshot may have been dropped since, and its objects with it.
    pub resume: Option<IntentId>,
}

impl Default for BeginOptions {
    fn default() -> Self {
        Self { lifetime_ms: INTENT_LIFETIME_MS, resume: None }
    }
}

impl BeginOptions {
    /// Sets [`BeginOptions::lifetime_ms`].
    #[must_use]
    pub fn with_lifetime_ms(mut self, lifetime_ms: i64) -> Self {
        self.lifetime_ms = lifetime_ms;
        self
    }

    /// Sets [`BeginOptions::resume`].
    #[must_use]
    pub fn with_resume(mut self, resume: Option<IntentId>) -> Self {
        self.resume = resume;
        self
    }
}

/// A snapshot that is being made. Dropped, it leaves objects that nothing refers to, and an intent that expires.
#[derive(Debug)]
pub struct SnapshotWriter {
    basis: SnapshotBasis,
    intent: Intent,
    is_resumed: bool,
}

impl SnapshotWriter {
    pub(crate) fn begin(
        repository: Repository,
        label: &SnapshotLabel,
        timestamp: SnapshotTimestamp,
        options: &BeginOptions,
    ) -> Result<Self> {
        ObjectKey::check_label(label)?;
        if label_taken(&repository, label, timestamp)? {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                format!("Snapshot with name '{label}' already exist in repository"),
            ));
        }
        let (intent, is_resumed) = match resumed(&repository, label, timestamp, options.resume)? {
            Some(intent) => (intent, true),
            None => (new_intent(&repository, label, timestamp, options.lifetime_ms)?, false),
        };
        // After the intent: see above.
        let basis = SnapshotBasis::read(repository, Some(intent.id))?;
        Ok(Self { basis, intent, is_resumed })
    }

    /// The snapshot's label.
    pub fn label(&self) -> &SnapshotLabel {
        &self.intent.label
    }

    /// The snapshot's timestamp.
    pub fn timestamp(&self) -> SnapshotTimestamp {
        self.intent.timestamp
    }

    /// The intent that protects the snapshot's objects until it is committed. Kept by the caller, it lets a later
    /// process go on where one died: see [`BeginOptions::resume`].
    pub fn intent_id(&self) -> &IntentId {
        &self.intent.id
    }

    /// What it can build on. The intent protects what is found so, and was put before anything was looked for.
    pub fn basis(&self) -> &SnapshotBasis {
        &self.basis
    }

    /// Makes sure that the repository has these files, sending those it lacks, compressed anew where that is asked for.
    /// Each is read once, and only becomes visible when its bytes are the expected ones.
    ///
    /// # Errors
    /// `Corrupt`, naming the path, when a local file is not what it was, and, naming the key, when an object of an earlier
    /// attempt is damaged; `Cancelled`; or what storage says. What was sent before the error stays.
    pub fn upload(
        &self,
        groups: &[UploadGroup],
        compression: Option<Compression>,
        transfer: &Transfer,
    ) -> Result<UploadOutcome> {
        upload::upload(self, groups, compression, transfer)
    }

    /// Puts file lists, in parallel. Every data file in them must have been uploaded or reused before; it becomes durable
    /// before the lists do.
    pub fn put_file_lists(&self, lists: Vec<FileList>) -> Result<Vec<FileListRef>> {
        let algorithm = self.repository().descriptor().digest_algorithm;
        let sealed = lists.into_iter().map(|list| list.seal(algorithm, self.intent.id));
        let sealed: Vec<_> = sealed.collect::<cairn_format::Result<_>>()?;
        let store = self.repository().store();
        store.barrier()?;
        // Empty tables have equal lists.
        let mut names = HashSet::new();
        let distinct: Vec<_> = sealed.iter().filter(|list| names.insert(list.reference().object)).collect();
        workers::for_each(
            self.repository().workers(),
            &distinct,
            || (),
            |(), list| {
                let key = ObjectKey::FileList(list.reference().object);
                match store.put_create_at_barrier(&key, list.bytes().clone())? {
                    PutOutcome::Created => Ok(()),
                    // An earlier attempt of this backup put it.
                    PutOutcome::AlreadyExists if store.get(&key)? == *list.bytes() => store.touch(&key),
                    PutOutcome::AlreadyExists => Err(Error::corrupt(format!(
                        "object '{key}' in {} is damaged; move it away and back up again",
                        store.location()
                    ))),
                }
            },
        )?;
        let references: Vec<_> = sealed.iter().map(cairn_format::SealedFileList::reference).collect();
        self.basis.add_lists(references.iter().map(|list| list.object));
        Ok(references)
    }

    /// Makes the snapshot exist. Its file lists must have been put or adopted.
    ///
    /// # Errors
    /// `InvalidInput` when the manifest is of another snapshot, breaks its rules, or names a file list that is not
    /// there. After an error of storage the snapshot may exist: begin it again to find out.
    pub fn commit(self, manifest: &Manifest) -> Result<CommitOutcome> {
        let Intent { label, timestamp, .. } = &self.intent;
        if manifest.label != *label || manifest.timestamp != *timestamp {
            let message = format!(
                "the manifest is of snapshot '{}' of {}, but '{label}' of {timestamp} was begun",
                manifest.label, manifest.timestamp
            );
            return Err(Error::invalid(message));
        }
        let manifest = &Manifest { intent: Some(self.intent.id), ..manifest.clone() };
        let bytes = manifest.encode(self.repository().descriptor().digest_algorithm)?;
        for table in &manifest.tables {
            if !self.basis.has_list(&table.files.object) {
                let message =
                    format!("the file list of table '{}' is not in the repository", table.definition.name);
                return Err(Error::invalid(message));
            }
        }
        let store = self.repository().store();
        store.barrier()?;
        let key = ObjectKey::Snapshot { label: label.clone(), timestamp: *timestamp };
        let outcome = if label_taken(self.repository(), label, *timestamp)? {
            CommitOutcome::LabelTaken
        } else {
            match store.put_create(&key, bytes.into())? {
                PutOutcome::Created => CommitOutcome::Committed,
                PutOutcome::AlreadyExists => self.compare(manifest, &key)?,
            }
        };
        self.remove_intent();
        Ok(outcome)
    }

    /// Gives the snapshot up: removes its intent. What was uploaded stays until a collection.
    pub fn abandon(self) -> Result<()> {
        self.repository().store().delete(&ObjectKey::Intent(self.intent.id))
    }

    /// Whether what stands under the manifest's key is the snapshot that was to be committed.
    fn compare(&self, manifest: &Manifest, key: &ObjectKey) -> Result<CommitOutcome> {
        let found = match self.repository().open_snapshot(&self.intent.label, self.intent.timestamp) {
            Ok(found) => found,
            // It is a fence, or was dropped since: either way this backup is over.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(CommitOutcome::GivenUp),
            Err(error) => return Err(error),
        };
        if !manifest.is_same_snapshot(&found) {
            return Ok(CommitOutcome::LabelTaken);
        }
        self.repository().store().touch(key)?;
        self.repository().store().barrier()?;
        Ok(CommitOutcome::AlreadyCommitted)
    }

    /// The snapshot's fate is sealed, so an intent that cannot be removed is no failure: it expires.
    fn remove_intent(&self) {
        let key = ObjectKey::Intent(self.intent.id);
        if let Err(error) = self.repository().store().delete(&key) {
            tracing::warn!(%key, %error, "the intent of a finished backup stays until it expires");
        }
    }

    pub(crate) fn repository(&self) -> &Repository {
        self.basis.repository()
    }

    /// Whether the attempt goes on with the intent of an earlier one.
    pub fn is_resumed(&self) -> bool {
        self.is_resumed
    }
}

/// The intent of an earlier attempt, when there is one and it is still there.
fn resumed(
    repository: &Repository,
    label: &SnapshotLabel,
    timestamp: SnapshotTimestamp,
    resume: Option<IntentId>,
) -> Result<Option<Intent>> {
    let Some(id) = resume else { return Ok(None) };
    let key = ObjectKey::Intent(id);
    let intent = read_record(repository.store(), &key, "", |bytes| Ok(Intent::decode(bytes)?))?;
    let is_ours =
        |intent: &Intent| intent.id == id && intent.label == *label && intent.timestamp == timestamp;
    Ok(intent.filter(is_ours))
}

fn new_intent(
    repository: &Repository,
    label: &SnapshotLabel,
    timestamp: SnapshotTimestamp,
    lifetime_ms: i64,
) -> Result<Intent> {
    let now = repository.environment().clock.now_ms();
    let intent = Intent {
        id: IntentId::parse(&repository.environment().new_ulid())?,
        label: label.clone(),
        timestamp,
        created_at_ms: now,
        expires_at_ms: now.saturating_add(lifetime_ms.max(0)),
        writer: repository.options().writer.clone(),
    };
    let key = ObjectKey::Intent(intent.id);
    let bytes = intent.encode(repository.descriptor().digest_algorithm)?;
    match put_record(repository.store(), &key, bytes)? {
        PutOutcome::Created => Ok(intent),
        PutOutcome::AlreadyExists => {
            let message = format!("intent '{key}' exists already: the source of ids repeats itself");
            Err(Error::new(ErrorKind::AlreadyExists, message))
        }
    }
}

/// Whether a snapshot of another time has the label.
fn label_taken(repository: &Repository, label: &SnapshotLabel, timestamp: SnapshotTimestamp) -> Result<bool> {
    Ok(repository.snapshots(Some(label))?.iter().any(|name| name.timestamp != timestamp))
}
