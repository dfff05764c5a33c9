//! Making a snapshot.
//!
//! ```text
//! intent ─▶ data files ─▶ barrier ─▶ file lists ─▶ barrier ─▶ manifest ─▶ intent removed
//! ```
//!
//! The order is the protocol: whatever refers to an object is put when the object is durable, so what a reader
//! finds is complete. Only the manifest's put makes the snapshot exist; before it, everything put is an object
//! that nothing refers to. All puts are create-only.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cairn_format::{
    Digest, FileList, FileListRef, INTENT_LIFETIME_MS, Intent, IntentId, Manifest, ObjectKey, SealedFileList,
    SnapshotLabel, SnapshotTimestamp,
};

use crate::error::{Error, ErrorKind, Result};
use crate::repository::Repository;
use crate::store::PutOutcome;
use crate::transfer::Transfer;
use crate::upload::{self, UploadFile, UploadOutcome};

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
}

/// A snapshot that is being made. Dropped, it leaves objects that nothing refers to, and an intent that expires.
#[derive(Debug)]
pub struct SnapshotWriter {
    repository: Repository,
    intent: Intent,
    /// Digests of data objects that are in the repository and good.
    data: Mutex<HashSet<Digest>>,
    /// Digests of file lists that are in the repository.
    lists: Mutex<HashSet<Digest>>,
}

impl SnapshotWriter {
    pub(crate) fn begin(
        repository: Repository,
        label: &SnapshotLabel,
        timestamp: SnapshotTimestamp,
    ) -> Result<Self> {
        ObjectKey::check_label(label)?;
        if label_taken(&repository, label, timestamp)? {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                format!("Snapshot with name '{label}' already exist in repository"),
            ));
        }
        let now = repository.environment().clock.now_ms();
        let intent = Intent {
            id: IntentId::parse(&repository.environment().new_ulid())?,
            label: label.clone(),
            timestamp,
            created_at_ms: now,
            expires_at_ms: now.saturating_add(INTENT_LIFETIME_MS),
            writer: repository.options().writer.clone(),
        };
        let key = ObjectKey::Intent(intent.id.clone());
        match repository.store().put_create(&key, intent.encode()?.into())? {
            PutOutcome::Created => {}
            PutOutcome::AlreadyExists => {
                let message = format!("intent '{key}' exists already: the source of ids repeats itself");
                return Err(Error::new(ErrorKind::AlreadyExists, message));
            }
        }
        Ok(Self { repository, intent, data: Mutex::default(), lists: Mutex::default() })
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
    /// process [remove](Repository::remove_intent) the intent of one that died.
    pub fn intent_id(&self) -> &IntentId {
        &self.intent.id
    }

    /// Whether the repository has this file list, and so, by the order of writes, all data files in it. One request
    /// at most.
    ///
    /// # Errors
    /// `Corrupt` when the object is there with another length.
    pub fn has_file_list(&self, list: &FileListRef) -> Result<bool> {
        if lock(&self.lists).contains(&list.digest) {
            return Ok(true);
        }
        let key = ObjectKey::FileList(list.digest);
        let Some(found) = self.repository.store().head(&key)? else { return Ok(false) };
        if found != list.length {
            return Err(Error::corrupt(format!(
                "object '{key}' in {} is damaged: it has {found} bytes instead of {}; move it away and back up again",
                self.repository.store().location(),
                list.length
            )));
        }
        self.repository.store().touch(&key)?;
        lock(&self.lists).insert(list.digest);
        Ok(true)
    }

    /// Takes the data files of a list that is in the repository as there, without asking: they were before it was.
    pub fn assume_present(&self, list: &FileList) {
        lock(&self.data).extend(list.files().iter().map(|file| file.digest));
    }

    /// Makes sure that the repository has these files, sending those it lacks. Each is read once, and only becomes
    /// visible when its bytes are the expected ones.
    ///
    /// # Errors
    /// `Corrupt`, naming the path, when a local file is not what it was, and, naming the key, when an object that
    /// is there already is damaged; `Cancelled`; or what storage says. What was sent before the error stays.
    pub fn upload(&self, files: &[UploadFile], transfer: &Transfer) -> Result<UploadOutcome> {
        upload::upload(self.repository.store(), self.repository.pool(), &self.data, files, transfer)
    }

    /// Puts a table's file list. Everything in it must have been uploaded or assumed present before; it becomes
    /// durable before the list does.
    ///
    /// # Errors
    /// `InvalidInput` when a data file was not; `Corrupt` when a damaged list has the name.
    pub fn put_file_list(&self, list: &SealedFileList) -> Result<()> {
        let reference = list.reference();
        if lock(&self.lists).contains(&reference.digest) {
            return Ok(());
        }
        {
            let data = lock(&self.data);
            if let Some(file) = list.list().files().iter().find(|file| !data.contains(&file.digest)) {
                let message = format!("data file {} of a file list has not been uploaded", file.digest);
                return Err(Error::invalid(message));
            }
        }
        let store = self.repository.store();
        store.barrier()?;
        let key = ObjectKey::FileList(reference.digest);
        match store.put_create(&key, list.bytes().clone())? {
            PutOutcome::Created => {}
            PutOutcome::AlreadyExists => {
                let found = store.get(&key)?;
                if found != *list.bytes() {
                    return Err(Error::corrupt(format!(
                        "object '{key}' in {} is damaged; move it away and back up again",
                        store.location()
                    )));
                }
                store.touch(&key)?;
            }
        }
        lock(&self.lists).insert(reference.digest);
        Ok(())
    }

    /// Makes the snapshot exist. Its file lists must be in the repository.
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
        let bytes = manifest.encode()?;
        for table in &manifest.tables {
            if !self.has_file_list(&table.files)? {
                let message =
                    format!("the file list of table '{}' is not in the repository", table.definition.name);
                return Err(Error::invalid(message));
            }
        }
        let store = self.repository.store();
        store.barrier()?;
        let key = ObjectKey::Snapshot { label: label.clone(), timestamp: *timestamp };
        let outcome = if label_taken(&self.repository, label, *timestamp)? {
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
        self.repository.store().delete(&ObjectKey::Intent(self.intent.id.clone()))
    }

    /// Whether the snapshot that is there is the one that was to be committed.
    fn compare(&self, manifest: &Manifest, key: &ObjectKey) -> Result<CommitOutcome> {
        let found = self.repository.open_snapshot(&self.intent.label, self.intent.timestamp)?;
        // Who wrote it, and when, does not make another snapshot of it.
        let same = Manifest {
            created_at_ms: found.created_at_ms,
            finished_at_ms: found.finished_at_ms,
            writer: found.writer.clone(),
            ..manifest.clone()
        } == found;
        if !same {
            return Ok(CommitOutcome::LabelTaken);
        }
        self.repository.store().touch(key)?;
        self.repository.store().barrier()?;
        Ok(CommitOutcome::AlreadyCommitted)
    }

    /// The snapshot's fate is sealed, so an intent that cannot be removed is no failure: it expires.
    fn remove_intent(&self) {
        let key = ObjectKey::Intent(self.intent.id.clone());
        if let Err(error) = self.repository.store().delete(&key) {
            tracing::warn!(%key, %error, "the intent of a finished backup stays until it expires");
        }
    }
}

/// Whether a snapshot of another time has the label.
fn label_taken(repository: &Repository, label: &SnapshotLabel, timestamp: SnapshotTimestamp) -> Result<bool> {
    Ok(repository.snapshots(Some(label))?.iter().any(|name| name.timestamp != timestamp))
}

/// A set of digests stays whole when a thread panics: every change to it is a single call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
