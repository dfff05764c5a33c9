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
    bytes_expected: AtomicU64,
    files_expected: AtomicU64,
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

    /// What [`Transfer::files_done`] and [`Transfer::bytes_done`] will be in the end, as far as a verification knows; zeros
    /// until then.
    pub fn expected(&self) -> (u64, u64) {
        (self.files_expected.load(Ordering::Relaxed), self.bytes_expected.load(Ordering::Relaxed))
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

    /// Takes note of so many more files and bytes that are to come.
    pub(crate) fn expect(&self, files: u64, bytes: u64) {
        self.files_expected.store(self.files_done() + files, Ordering::Relaxed);
        self.bytes_expected.store(self.bytes_done() + bytes, Ordering::Relaxed);
    }

    pub(crate) fn add_bytes(&self, bytes: u64) {
        self.bytes_done.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add_file(&self) {
        self.files_done.fetch_add(1, Ordering::Relaxed);
    }
}
