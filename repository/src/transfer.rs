//! Progress of a transfer, and the way to stop it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::error::{Error, ErrorKind, Result};

/// Counts what a running upload, fetch or verification has done, and tells it to stop.
///
/// Shared between the thread that works and those that watch. One transfer may go through several calls; the
/// counts go on.
#[derive(Debug, Default)]
pub struct Transfer {
    bytes_done: AtomicU64,
    files_done: AtomicU64,
    cancelled: AtomicBool,
}

impl Transfer {
    /// A transfer that has done nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes moved or found to be there already; those of a file that failed count too.
    pub fn bytes_done(&self) -> u64 {
        self.bytes_done.load(Ordering::Relaxed)
    }

    /// Files moved or found to be there already.
    pub fn files_done(&self) -> u64 {
        self.files_done.load(Ordering::Relaxed)
    }

    /// Stops the transfer: its call returns an error of kind `Cancelled` after the blocks that are on their way.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether [`Transfer::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.is_cancelled() {
            Err(Error::new(ErrorKind::Cancelled, "the transfer was cancelled"))
        } else {
            Ok(())
        }
    }

    pub(crate) fn add_bytes(&self, bytes: u64) {
        self.bytes_done.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add_file(&self) {
        self.files_done.fetch_add(1, Ordering::Relaxed);
    }
}
