//! A large object that is put part by part.

use std::collections::VecDeque;

use bytes::Bytes;
use object_store::{MultipartUpload, PutPayload};
use tokio::task::JoinHandle;

use super::{PutOutcome, Room, Store, count};
use crate::error::{Error, ErrorKind, Result};

/// A put in parts that is under way. Dropped before its completion, it leaves nothing under its key.
///
/// Over a network several parts are on their way at once, as many as [`Store::room_for`] has room for.
pub(crate) struct PartsUpload {
    store: Store,
    key: String,
    upload: Box<dyn MultipartUpload>,
    flying: VecDeque<JoinHandle<object_store::Result<()>>>,
    complete: bool,
}

impl PartsUpload {
    pub(super) fn new(store: Store, key: String, upload: Box<dyn MultipartUpload>) -> Self {
        Self { store, key, upload, flying: VecDeque::new(), complete: false }
    }

    /// Puts the next part, which has `room`. It need not have arrived when the call returns: what goes wrong with it is
    /// said by a later call, at the latest by [`PartsUpload::complete`].
    pub(crate) fn put_part(&mut self, bytes: Bytes, room: Room) -> Result<()> {
        let store = &self.store;
        count(&store.inner.counters.put);
        store.limits.wait_request(&store.stop)?;
        store.limits.wait_upload(bytes.len(), &store.stop)?;
        if store.is_local() {
            // A local part is written by the thread that has it in its cache.
            let part = self.upload.put_part(PutPayload::from_bytes(bytes));
            return store.drive(part)?.map_err(|source| store.failed("put", &self.key, source));
        }
        let part = self.upload.put_part(PutPayload::from_bytes(bytes));
        self.flying.push_back(self.store.inner.runtime.spawn(async move {
            let outcome = part.await;
            drop(room);
            outcome
        }));
        while self.flying.front().is_some_and(JoinHandle::is_finished) {
            self.land()?;
        }
        Ok(())
    }

    /// Makes the object of the parts.
    pub(crate) fn complete(mut self) -> Result<PutOutcome> {
        while !self.flying.is_empty() {
            self.land()?;
        }
        count(&self.store.inner.counters.put);
        self.store.limits.wait_request(&self.store.stop)?;
        match self.store.drive(self.upload.complete())? {
            Ok(_) => {
                self.complete = true;
                Ok(PutOutcome::Created)
            }
            Err(object_store::Error::AlreadyExists { .. }) => Ok(PutOutcome::AlreadyExists),
            Err(source) => Err(self.store.failed("put", &self.key, source)),
        }
    }

    /// Waits for the part that was put first.
    fn land(&mut self) -> Result<()> {
        let Some(mut part) = self.flying.pop_front() else { return Ok(()) };
        let landed = match self.store.drive(&mut part) {
            Ok(landed) => landed,
            Err(error) => {
                // It is still on its way, for whoever gives up the rest.
                self.flying.push_front(part);
                return Err(error);
            }
        };
        match landed {
            Ok(outcome) => outcome.map_err(|source| self.store.failed("put", &self.key, source)),
            Err(source) => {
                let message = format!("cannot put object '{}' in {}", self.key, self.store.location());
                Err(Error::new(ErrorKind::Unavailable, message).with_source(source))
            }
        }
    }
}

impl Drop for PartsUpload {
    fn drop(&mut self) {
        if self.complete {
            return;
        }
        // A part that arrives after the rest was given up would stay for ever.
        for part in &self.flying {
            part.abort();
        }
        let runtime = &self.store.inner.runtime;
        for part in self.flying.drain(..) {
            let _ = runtime.block_on(part);
        }
        let left = match self.store.drive(self.upload.abort()) {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::debug!(key = %self.key, error = left, "parts of a put that was given up may be left");
    }
}
