//! Ctrl-C.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The exit code of a process that an interrupt ended, as shells count: 128 and the signal's number.
const INTERRUPTED: i32 = 130;

/// Ends the process at once when the user interrupts it, and says what becomes of running jobs.
#[derive(Clone, Default)]
pub(crate) struct Interrupts {
    running: Arc<AtomicUsize>,
}

impl Interrupts {
    /// Listens from now on.
    pub(crate) fn listen() -> Self {
        let interrupts = Self::default();
        let running = Arc::clone(&interrupts.running);
        // Without a handler the signal ends the process just as well, only without a word.
        let _ = ctrlc::set_handler(move || end(running.load(Ordering::Relaxed)));
        interrupts
    }

    /// A job runs in this process.
    pub(crate) fn job_started(&self) {
        self.running.fetch_add(1, Ordering::Relaxed);
    }

    /// One of them has ended.
    pub(crate) fn job_ended(&self) {
        self.running.fetch_sub(1, Ordering::Relaxed);
    }
}

fn end(running: usize) -> ! {
    let mut talk = io::stderr();
    if talk.is_terminal() {
        // Off the line of a progress bar.
        let _ = writeln!(talk);
    }
    let _ = match running {
        0 => Ok(()),
        1 => writeln!(talk, "interrupted; the running job goes on when the data directory is opened again"),
        n => {
            writeln!(talk, "interrupted; the {n} running jobs go on when the data directory is opened again")
        }
    };
    std::process::exit(INTERRUPTED)
}
