//! The way to end requests that get no answer.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use futures::future::{Either, select};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::error::{Error, ErrorKind, Result};

/// Who waits looks this often whether it is to stop, or whether what it waits for has changed.
pub(super) const STEP: Duration = Duration::from_millis(20);

/// Ends the requests of the stores that have it: those that are under way and those to come. Cheap to clone; a clone is
/// the same signal, and there is no way back.
#[derive(Clone, Default)]
pub struct StopSignal {
    sender: Arc<watch::Sender<bool>>,
}

impl StopSignal {
    /// A signal that nobody has given.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives it: calls that wait for storage return an error of kind `Cancelled` at once. What was asked of the storage may
    /// be done all the same.
    pub fn stop(&self) {
        self.sender.send_replace(true);
    }

    /// Whether it was given.
    pub fn is_stopped(&self) -> bool {
        *self.sender.borrow()
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.is_stopped() { Err(stopped()) } else { Ok(()) }
    }

    /// Drives `work` from the calling thread until it is done or the signal is given.
    pub(super) fn drive<T>(&self, runtime: &Handle, work: impl Future<Output = T>) -> Result<T> {
        self.check()?;
        let mut receiver = self.sender.subscribe();
        runtime.block_on(async {
            // The sender lives as long as this signal does: waiting fails for no other reason.
            match select(pin!(work), pin!(receiver.wait_for(|is_stopped| *is_stopped))).await {
                Either::Left((done, _)) => Ok(done),
                Either::Right(_) => Err(stopped()),
            }
        })
    }

    /// Waits for a time.
    pub(super) fn sleep(&self, time: Duration) -> Result<()> {
        let start = Instant::now();
        loop {
            self.check()?;
            match time.checked_sub(start.elapsed()) {
                Some(left) if !left.is_zero() => thread::sleep(left.min(STEP)),
                _ => return Ok(()),
            }
        }
    }
}

impl fmt::Debug for StopSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StopSignal").field("is_stopped", &self.is_stopped()).finish()
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Cancelled, "the request was given up before its answer came")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_an_answer_or_a_time_is_let_go() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let signal = StopSignal::new();
        assert_eq!(signal.drive(runtime.handle(), async { 1 }).unwrap(), 1);
        let start = Instant::now();
        thread::scope(|scope| {
            let request = scope.spawn(|| signal.drive(runtime.handle(), std::future::pending::<()>()));
            let pause = scope.spawn(|| signal.sleep(Duration::from_mins(10)));
            thread::sleep(STEP);
            signal.clone().stop();
            for ended in [request.join().unwrap(), pause.join().unwrap()] {
                assert_eq!(ended.unwrap_err().kind(), ErrorKind::Cancelled);
            }
        });
        assert!(start.elapsed() < Duration::from_secs(20));
        // Not even what would be ready is asked for any more.
        assert!(signal.drive(runtime.handle(), async { 1 }).is_err());
    }
}
