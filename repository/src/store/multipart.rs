//! A large object of a local directory, written part by part.

use std::fmt;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use object_store::path::Path;
use object_store::{MultipartUpload, PutPayload, PutResult, Result, UploadPart};

use super::local::{Durable, LocalFiles, generic};
use super::temporary::TemporaryFile;
use crate::disk::{Disk, name_path};

/// Parts go to their places in a temporary file as they come, in any order.
pub(super) struct LocalUpload {
    files: Arc<LocalFiles>,
    location: Path,
    temporary: Option<Arc<TemporaryFile>>,
    durable: Durable,
    /// Where the next part begins.
    offset: u64,
    /// Bytes of the parts that have been written.
    written: Arc<AtomicU64>,
}

impl LocalUpload {
    pub(super) fn new(
        files: Arc<LocalFiles>,
        location: Path,
        temporary: TemporaryFile,
        durable: Durable,
    ) -> Self {
        let temporary = Some(Arc::new(temporary));
        Self { files, location, temporary, durable, offset: 0, written: Arc::default() }
    }
}

#[async_trait]
impl MultipartUpload for LocalUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (mut offset, temporary, written) =
            (self.offset, self.temporary.clone(), Arc::clone(&self.written));
        self.offset += data.content_length() as u64;
        Box::pin(async move {
            let temporary = temporary.ok_or_else(given_up)?;
            let begin = offset;
            for block in &data {
                let wrote = temporary.file.write_all_at(block, offset);
                wrote.map_err(|source| generic(name_path("write", &temporary.path, source)))?;
                offset += block.len() as u64;
            }
            Disk::begin_sync(&temporary.file, begin, offset - begin);
            written.fetch_add(data.content_length() as u64, Ordering::AcqRel);
            Ok(())
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let temporary = self.temporary.take().ok_or_else(given_up)?;
        if self.written.load(Ordering::Acquire) != self.offset {
            return Err(generic(std::io::Error::other(format!("parts of '{}' are missing", self.location))));
        }
        self.files.publish(&self.location, &temporary, self.durable)
    }

    async fn abort(&mut self) -> Result<()> {
        self.temporary = None;
        Ok(())
    }
}

impl fmt::Debug for LocalUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalUpload").field("location", &self.location).finish_non_exhaustive()
    }
}

fn given_up() -> object_store::Error {
    generic(std::io::Error::other("the put was completed or given up before"))
}
