//! The two standard streams.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use super::failure::Failure;

/// Data goes to standard output, talk to standard error, or to standard output too for a narration.
pub(crate) struct Console {
    out: Output,
    talk: Talk,
}

/// Standard output, and a copy of what goes there while somebody wants one.
struct Output {
    stdout: BufWriter<Stdout>,
    copy: Option<Vec<u8>>,
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stdout.write(bytes)?;
        if let Some(copy) = &mut self.copy {
            copy.extend_from_slice(bytes.get(..written).unwrap_or(bytes));
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdout.flush()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Talk {
    Stderr,
    Stdout,
}

/// Large results are written in pieces of this many bytes.
const BUFFER: usize = 64 << 10;

impl Console {
    pub(crate) fn standard() -> Self {
        let out = Output { stdout: BufWriter::with_capacity(BUFFER, io::stdout()), copy: None };
        Self { out, talk: Talk::Stderr }
    }

    /// From now on everything goes to standard output, in order.
    pub(crate) fn narrate(&mut self) {
        self.talk = Talk::Stdout;
    }

    /// Where data goes.
    pub(crate) fn out(&mut self) -> &mut dyn Write {
        &mut self.out
    }

    /// Writes data.
    pub(crate) fn print(&mut self, text: &str) -> Result<(), Failure> {
        self.out.write_all(text.as_bytes()).map_err(|error| Failure::of_output(&error))
    }

    /// Says a line. Data written before it comes before it.
    pub(crate) fn say(&mut self, line: &str) {
        // Talk that nobody hears is no failure; lost data is, and the next write of it fails again.
        let _ = self.out.flush();
        let _ = match self.talk {
            Talk::Stderr => writeln!(io::stderr(), "{line}"),
            Talk::Stdout => writeln!(self.out.stdout, "{line}"),
        };
    }

    /// Copies the data, without the talk, that is written from now on.
    pub(crate) fn start_copy(&mut self) {
        self.out.copy = Some(Vec::new());
    }

    /// Ends the copy and returns it.
    pub(crate) fn take_copy(&mut self) -> Vec<u8> {
        self.out.copy.take().unwrap_or_default()
    }

    /// Says on standard error what failed, unless it has been said.
    pub(crate) fn report(&mut self, failure: Failure) -> Failure {
        if let Some(message) = failure.message() {
            let _ = self.out.flush();
            let _ = writeln!(io::stderr(), "error: {message}");
        }
        failure.into_reported()
    }

    /// Everything written so far is out.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(|error| Failure::of_output(&error))
    }

    /// Whether progress may be drawn: on a terminal, unless a narration shares it.
    pub(crate) fn draws(&self) -> bool {
        self.talk == Talk::Stderr && io::stderr().is_terminal()
    }
}
