//! Refreshing materialized views when it is time, as long as the process lives.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use cairn_engine::TabletStore;
use tokio::runtime::Handle;

use crate::error::{Error, ErrorKind, Result};
use crate::execute::Refresher;
use crate::session::Session;

impl Session {
    /// Refreshes the materialized views of the store that are due by its clock, whoever may read them; returns how many
    /// there were.
    pub fn refresh_due(&self) -> usize {
        Refresher { store: &self.store, queries: &self.queries }.refresh_due()
    }
}

/// A thread that refreshes what is due. It ends when this is dropped, after the refresh that it is at.
#[derive(Debug)]
pub struct RefreshKeeper {
    running: Option<(mpsc::Sender<()>, JoinHandle<()>)>,
}

impl RefreshKeeper {
    /// Starts it: it looks at once, and then every so often.
    ///
    /// # Errors
    ///
    /// When the system has no more threads.
    pub fn start(store: &Arc<TabletStore>, runtime: Handle, every: Duration) -> Result<Self> {
        let (sender, ended) = mpsc::channel::<()>();
        let weak: Weak<TabletStore> = Arc::downgrade(store);
        let work = move || {
            loop {
                let Some(store) = weak.upgrade() else { return };
                if store.view().materialized_views().next().is_some() {
                    Session::new(store, runtime.clone()).refresh_due();
                } else {
                    drop(store);
                }
                if ended.recv_timeout(every) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("cairn-refresh".to_owned())
            .spawn(work)
            .map_err(|e| Error::new(ErrorKind::Internal, "cannot start a thread").with_source(e))?;
        Ok(Self { running: Some((sender, thread)) })
    }
}

impl Drop for RefreshKeeper {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.running.take() {
            drop(sender);
            let _ = thread.join();
        }
    }
}
