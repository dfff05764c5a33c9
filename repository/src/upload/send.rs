//! Sending: a file becomes an object, or several become one.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::UploadFile;
use super::known::Stored;
use super::plan::Item;
use super::source::{LocalSource, STEP, digest_of, open, read_whole};
use crate::error::{Error, Result};
use crate::lock::{into_inner, lock};
use crate::publish::SnapshotWriter;
use crate::repository::Repository;
use crate::scan::scan;
use crate::store::{PutOutcome, Room, Store};
use crate::transfer::Transfer;
use bytes::{Bytes, BytesMut};
use cairn_format::{
    BundleBuilder, Compression, Digest, DigestAlgorithm, DigestWriter, FileLocation, IntentId, ObjectKey,
    ObjectName, recompress,
};

/// What is shared by those who send.
pub(super) struct Sender<'a> {
    repository: &'a Repository,
    store: &'a Store,
    algorithm: DigestAlgorithm,
    intent: IntentId,
    compression: Option<Compression>,
    /// Whether an earlier attempt may have put something under the same intent.
    is_resumed: bool,
    transfer: &'a Transfer,
    files: AtomicU64,
    objects: AtomicU64,
    bytes: AtomicU64,
    /// What was made of each local file, by the file's digest.
    stored: Mutex<Vec<(Digest, Stored)>>,
}

/// A file in a bundle.
struct Member<'f> {
    file: &'f UploadFile,
    offset: u64,
    length: u64,
    digest: Digest,
}

/// What was sent.
pub(super) struct Sent {
    pub(super) stored: Vec<(Digest, Stored)>,
    pub(super) files: u64,
    pub(super) objects: u64,
    pub(super) bytes: u64,
}

impl<'a> Sender<'a> {
    pub(super) fn new(
        writer: &'a SnapshotWriter,
        compression: Option<Compression>,
        transfer: &'a Transfer,
    ) -> Self {
        let repository = writer.repository();
        Self {
            repository,
            store: repository.store(),
            algorithm: repository.descriptor().digest_algorithm,
            intent: *writer.intent_id(),
            compression,
            is_resumed: writer.is_resumed(),
            transfer,
            files: AtomicU64::new(0),
            objects: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            stored: Mutex::default(),
        }
    }

    pub(super) fn finish(self) -> Sent {
        Sent {
            stored: into_inner(self.stored),
            files: self.files.into_inner(),
            objects: self.objects.into_inner(),
            bytes: self.bytes.into_inner(),
        }
    }

    pub(super) fn send(&self, block: &mut Option<BytesMut>, item: &Item<'_>) -> Result<()> {
        match item {
            Item::File(file) => self.file(block, file),
            Item::Bundle(files) => self.bundle(files),
        }
    }

    /// Sends a file by itself.
    fn file(&self, block: &mut Option<BytesMut>, file: &UploadFile) -> Result<()> {
        if let Some(compression) = self.compression {
            return self.compressed_file(block, file, compression);
        }
        let digest = if file.digest.algorithm() == self.algorithm {
            file.digest
        } else {
            // The object's name has to be known before its first byte is sent, so the file is read once more for it.
            digest_of(file, self.algorithm, self.transfer)?
        };
        let stored = self.stream(block, &UploadFile { digest, ..file.clone() }, open(&file.path)?)?;
        self.note(file, stored);
        Ok(())
    }

    fn compressed_file(
        &self,
        block: &mut Option<BytesMut>,
        file: &UploadFile,
        compression: Compression,
    ) -> Result<()> {
        digest_of(file, file.digest.algorithm(), self.transfer)?;
        let failed = |source| Error::from_io(format!("cannot compress '{}'", file.path.display()), source);
        let scratch = match &self.repository.options().scratch {
            Some(directory) => tempfile::tempfile_in(directory),
            None => tempfile::tempfile(),
        };
        let mut scratch = scratch.map_err(failed)?;
        let mut output = DigestWriter::new(io::BufWriter::with_capacity(STEP, &scratch), self.algorithm);
        recompress(open(&file.path)?, &mut output, compression)
            .map_err(|source| cannot_compress(file, source))?;
        output.flush().map_err(failed)?;
        let (_, digest, length) = output.into_parts();
        scratch.rewind().map_err(failed)?;
        let made = UploadFile { digest, length, path: file.path.clone() };
        let stored = self.stream(block, &made, scratch)?;
        self.note(file, stored);
        Ok(())
    }

    /// Sends small files together. Those that cannot share an object with the first go on to the next.
    fn bundle(&self, files: &[&UploadFile]) -> Result<()> {
        let _room = self.room_for(files.iter().map(|file| file.length).sum())?;
        let mut builder = BundleBuilder::new();
        let (mut members, mut others) = (Vec::new(), Vec::new());
        for file in files {
            self.transfer.check()?;
            // Only the bundle holds the bytes of its members.
            let bytes = self.read(file)?;
            if let Err(bytes) = self.add(&mut builder, &mut members, file, bytes) {
                others.push((*file, bytes));
            }
        }
        self.members(builder, &members)?;
        while !others.is_empty() {
            let mut builder = BundleBuilder::new();
            let mut members = Vec::new();
            let mut rest = Vec::new();
            for (file, bytes) in others {
                if let Err(bytes) = self.add(&mut builder, &mut members, file, bytes) {
                    rest.push((file, bytes));
                }
            }
            if members.is_empty() {
                // No Parquet file, whatever it is: it goes by itself.
                let (file, bytes) = rest.remove(0);
                self.whole(file, bytes.into())?;
            }
            self.members(builder, &members)?;
            others = rest;
        }
        Ok(())
    }

    /// Adds a file to a bundle, or gives its bytes back when it does not fit.
    fn add<'f>(
        &self,
        builder: &mut BundleBuilder,
        members: &mut Vec<Member<'f>>,
        file: &'f UploadFile,
        bytes: Vec<u8>,
    ) -> std::result::Result<(), Vec<u8>> {
        let Some(offset) = builder.push(&bytes) else { return Err(bytes) };
        let digest = Digest::by(self.algorithm, &bytes);
        members.push(Member { file, offset, length: bytes.len() as u64, digest });
        Ok(())
    }

    fn members(&self, builder: BundleBuilder, members: &[Member<'_>]) -> Result<()> {
        let bytes = match members {
            [] => return Ok(()),
            // A footer of its own would only take room.
            [alone] => builder.finish()?.slice(..usize::try_from(alone.length).unwrap_or(usize::MAX)),
            _ => builder.finish()?,
        };
        let name = ObjectName::new(Digest::by(self.algorithm, &bytes), self.intent);
        let object_length = bytes.len() as u64;
        self.put(&name, bytes, members.len())?;
        for Member { file, offset, length, digest } in members {
            let location = FileLocation { object: name, object_length, offset: *offset };
            self.note(file, Stored { digest: *digest, length: *length, location });
            self.transfer.add_bytes(file.length);
        }
        Ok(())
    }

    /// The bytes that a small file is sent as.
    fn read(&self, file: &UploadFile) -> Result<Vec<u8>> {
        let bytes = read_whole(file)?;
        let Some(compression) = self.compression else { return Ok(bytes) };
        let mut compressed = Vec::with_capacity(bytes.len());
        recompress(Bytes::from(bytes), &mut compressed, compression)
            .map_err(|source| cannot_compress(file, source))?;
        Ok(compressed)
    }

    /// Sends a file that is in memory by itself.
    fn whole(&self, file: &UploadFile, bytes: Bytes) -> Result<()> {
        let digest = Digest::by(self.algorithm, &bytes);
        let (name, length) = (ObjectName::new(digest, self.intent), bytes.len() as u64);
        self.put(&name, bytes, 1)?;
        self.note(file, Stored { digest, length, location: FileLocation::whole(name, length) });
        self.transfer.add_bytes(file.length);
        Ok(())
    }

    fn put(&self, name: &ObjectName, bytes: Bytes, files: usize) -> Result<()> {
        let length = bytes.len() as u64;
        let outcome = self.store.put_create_at_barrier(&ObjectKey::Data(*name), bytes)?;
        self.settle(name, length, files, outcome)
    }

    /// Sends what `opened` has, which is to be as `file` says, block by block.
    fn stream(&self, block: &mut Option<BytesMut>, file: &UploadFile, opened: File) -> Result<Stored> {
        let name = ObjectName::new(file.digest, self.intent);
        let key = ObjectKey::Data(name);
        let whole = self.store.whole_bytes();
        let outcome = if file.length <= whole as u64 {
            let _room = self.room_for(file.length)?;
            let mut source = LocalSource::new(file, opened, whole);
            let (bytes, length) = source.read_block(block.take())?;
            source.check()?;
            let outcome = self.store.put_create_at_barrier(&key, bytes.slice(..length))?;
            self.take_back(block, bytes);
            self.transfer.add_bytes(file.length);
            outcome
        } else if self.is_resumed && self.store.head(&key)?.is_some() {
            // An earlier attempt of this backup sent it. Parts are many requests, and not every store can complete them
            // create-only.
            self.transfer.add_bytes(file.length);
            PutOutcome::AlreadyExists
        } else {
            self.in_parts(block, file, opened, &key)?
        };
        self.settle(&name, file.length, 1, outcome)?;
        Ok(Stored {
            digest: file.digest,
            length: file.length,
            location: FileLocation::whole(name, file.length),
        })
    }

    fn in_parts(
        &self,
        block: &mut Option<BytesMut>,
        file: &UploadFile,
        opened: File,
        key: &ObjectKey,
    ) -> Result<PutOutcome> {
        let mut source = LocalSource::new(file, opened, self.store.block_bytes());
        let mut parts = self.store.put_parts(key)?;
        let mut put = 0;
        while put < file.length {
            self.transfer.check()?;
            let room = self.store.room_for(self.store.block_bytes())?;
            let (bytes, length) = source.read_block(block.take())?;
            if length == 0 {
                break;
            }
            parts.put_part(bytes.slice(..length), room)?;
            put += length as u64;
            self.take_back(block, bytes);
            self.transfer.add_bytes(length as u64);
        }
        // Only the completion makes the object visible, so nothing wrong ever is.
        source.check()?;
        parts.complete()
    }

    fn room_for(&self, bytes: u64) -> Result<Room> {
        self.store.room_for(usize::try_from(bytes).unwrap_or(usize::MAX))
    }

    /// Keeps a block to be filled again. Over a network it may still be on its way, and has no room once it is not.
    fn take_back(&self, block: &mut Option<BytesMut>, bytes: Bytes) {
        *block = bytes.try_into_mut().ok().filter(|_| self.store.is_local());
    }

    /// Counts an object of so many files, and makes sure of one that an earlier attempt of this backup put.
    fn settle(&self, name: &ObjectName, length: u64, files: usize, outcome: PutOutcome) -> Result<()> {
        if outcome == PutOutcome::AlreadyExists {
            self.confirm(name, length)?;
        }
        self.files.fetch_add(files as u64, Ordering::Relaxed);
        self.objects.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(length, Ordering::Relaxed);
        Ok(())
    }

    /// Makes sure of an object that an earlier attempt of this backup put: nobody else uses its name. A store in a
    /// network has it whole or not at all. A directory may have it without its bytes after a power cut, so it is read.
    fn confirm(&self, name: &ObjectName, length: u64) -> Result<()> {
        let key = ObjectKey::Data(*name);
        if self.store.is_local() {
            let buffer = &mut vec![0; STEP];
            scan(self.store, &key, &name.digest(), length, buffer, self.transfer, |_| Ok(()))?
                .map_err(|problem| problem.into_error(&key, self.store))?;
            return self.store.touch(&key);
        }
        match self.store.head(&key)? {
            Some(found) if found == length => Ok(()),
            found => Err(Error::corrupt(format!(
                "object '{key}' in {} is damaged: it has {} bytes instead of {length}; move it away and back up again",
                self.store.location(),
                found.unwrap_or(0)
            ))),
        }
    }

    fn note(&self, file: &UploadFile, stored: Stored) {
        // The list stays whole when a thread panics: every change to it is a single call.
        lock(&self.stored).push((file.digest, stored));
        self.transfer.add_file();
    }
}

fn cannot_compress(file: &UploadFile, source: cairn_format::Error) -> Error {
    Error::from(source).about(format_args!("cannot compress '{}'", file.path.display()))
}
