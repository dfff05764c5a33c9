//! Objects go, one or many at a time.

use std::sync::atomic::Ordering;

use cairn_format::ObjectKey;
use futures::StreamExt;
use object_store::ObjectStoreExt;
use object_store::path::Path;

use super::counts::DELETES_PER_REQUEST;
use super::{Store, count, path_of};
use crate::error::{Error, ErrorKind, Result};

impl Store {
    /// Deletes the object; one that is not there is as good.
    pub fn delete(&self, key: &ObjectKey) -> Result<()> {
        self.delete_raw(&key.render())
    }

    /// As [`Store::delete`], of any key.
    pub(crate) fn delete_raw(&self, key: &str) -> Result<()> {
        self.check_writable()?;
        count(&self.inner.counters.delete);
        self.limits.wait_request(&self.stop)?;
        let path = path_of(key)?;
        match self.drive(self.inner.objects.delete(&path))? {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(self.failed("delete", key, source)),
        }
    }

    /// Deletes objects, many by one request where the store can, and says of each what became of it, in the order of
    /// `keys`. One that is not there is as good.
    pub(crate) fn delete_all(&self, keys: &[ObjectKey]) -> Vec<(ObjectKey, Result<()>)> {
        let mut outcomes = Vec::with_capacity(keys.len());
        for some in keys.chunks(DELETES_PER_REQUEST) {
            outcomes.extend(some.iter().cloned().zip(self.delete_some(some)));
        }
        outcomes
    }

    /// One outcome a key.
    fn delete_some(&self, keys: &[ObjectKey]) -> Vec<Result<()>> {
        let one_by_one = || keys.iter().map(|key| self.delete(key)).collect();
        if keys.len() == 1 || self.inner.read_only {
            return one_by_one();
        }
        let Ok(paths) = keys.iter().map(|key| path_of(&key.render())).collect::<Result<Vec<Path>>>() else {
            return one_by_one();
        };
        let requests = keys.len().div_ceil(self.inner.deletes_per_request);
        self.inner.counters.delete.fetch_add(requests as u64, Ordering::Relaxed);
        let stream = futures::stream::iter(paths.into_iter().map(Ok)).boxed();
        let deleted = self.inner.objects.delete_stream(stream).collect::<Vec<_>>();
        let outcomes = self.limits.wait_requests(requests, &self.stop).and_then(|()| self.drive(deleted));
        // One by one says of each that it is to stop.
        let Ok(outcomes) = outcomes else { return one_by_one() };
        if outcomes.len() != keys.len() {
            // The request failed as a whole, or the store does not know such a one: whatever went is as good as missing.
            return one_by_one();
        }
        let outcomes = keys.iter().zip(outcomes).map(|(key, outcome)| match outcome {
            Ok(_) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(self.failed("delete", &key.render(), source)),
        });
        outcomes.collect()
    }

    /// Deletes everything below a folder of keys that this program made for itself and that is no repository's.
    pub(crate) fn clear_raw(&self, prefix: &str) -> Result<()> {
        for object in self.list(prefix)? {
            if !object.key.starts_with(prefix) {
                let message = format!("listing '{prefix}' in {} gave '{}'", self.location(), object.key);
                return Err(Error::new(ErrorKind::Unavailable, message));
            }
            self.delete_raw(&object.key)?;
        }
        Ok(())
    }
}
