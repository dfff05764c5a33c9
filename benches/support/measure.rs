//! Statements in processes of their own, what they took, and tables of medians.

use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

use super::Fallible;

/// What one process reports.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reported {
    /// Of the statement.
    pub(crate) seconds: f64,
    /// The most memory that the process had.
    pub(crate) peak_mib: f64,
    /// How much more that was than before the statement.
    pub(crate) above_mib: f64,
    /// What else it says.
    pub(crate) words: Vec<String>,
}

impl Reported {
    pub(crate) fn word(&self, position: usize) -> &str {
        self.words.get(position).map_or("", String::as_str)
    }
}

/// Measures a statement of this process.
pub(crate) struct Meter {
    idle_mib: f64,
    begun: Instant,
}

impl Meter {
    pub(crate) fn start() -> Fallible<Self> {
        // Sets the peak to what there is now.
        std::fs::write("/proc/self/clear_refs", "5")?;
        Ok(Self { idle_mib: status_mib("self", "VmRSS:")?, begun: Instant::now() })
    }

    /// What it took.
    pub(crate) fn stop(self) -> Fallible<Reported> {
        let seconds = self.begun.elapsed().as_secs_f64();
        let peak_mib = status_mib("self", "VmHWM:")?;
        Ok(Reported { seconds, peak_mib, above_mib: peak_mib - self.idle_mib, words: Vec::new() })
    }

    /// Prints what the parent reads.
    pub(crate) fn finish(self, words: &[String]) -> Fallible<()> {
        let Reported { seconds, peak_mib, above_mib, .. } = self.stop()?;
        println!("{seconds} {peak_mib} {above_mib} {}", words.join(" "));
        Ok(())
    }
}

/// Runs this program again to do one statement at some place.
pub(crate) fn run_child(place: &[&str], statement: &[&str]) -> Fallible<Reported> {
    let output = Command::new(std::env::current_exe()?).arg("child").args(place).args(statement).output()?;
    std::io::stderr().write_all(&output.stderr)?;
    let text = String::from_utf8(output.stdout)?;
    let mut words = text.split_whitespace().map(str::to_owned);
    let mut number = || words.next().and_then(|word| word.parse().ok());
    match (output.status.success(), number(), number(), number()) {
        (true, Some(seconds), Some(peak_mib), Some(above_mib)) => {
            Ok(Reported { seconds, peak_mib, above_mib, words: words.collect() })
        }
        _ => Err(format!("{statement:?} failed: {text}").into()),
    }
}

/// Runs another program to its end, and looks now and then how much memory it has.
pub(crate) fn run_program(command: &mut Command) -> Fallible<Reported> {
    let begun = Instant::now();
    let mut child = command.stdout(std::process::Stdio::null()).spawn()?;
    let process = child.id().to_string();
    let mut peak_mib = 0_f64;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // Gone meanwhile, or going.
        peak_mib = peak_mib.max(status_mib(&process, "VmHWM:").unwrap_or(0.0));
        std::thread::sleep(Duration::from_millis(4));
    };
    if !status.success() {
        return Err(format!("{command:?} failed: {status}").into());
    }
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Reported { seconds, peak_mib, above_mib: peak_mib, words: Vec::new() })
}

/// A number of MiB of a process: `VmHWM:` is the most it has had, its mapped files counted.
fn status_mib(process: &str, what: &str) -> Fallible<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(what)).ok_or("no such line")?;
    let kib: f64 = line.split_whitespace().next().ok_or("no number")?.parse()?;
    Ok(kib / 1024.0)
}

/// Runs of several things, taken in turn.
#[derive(Default)]
pub(crate) struct Series {
    rows: Vec<(String, Vec<Reported>)>,
}

impl Series {
    pub(crate) fn add(&mut self, what: &str, reported: Reported) {
        match self.rows.iter_mut().find(|(name, _)| name == what) {
            Some((_, all)) => all.push(reported),
            None => self.rows.push((what.to_owned(), vec![reported])),
        }
    }

    pub(crate) fn median(&self, what: &str) -> f64 {
        self.rows.iter().find(|(name, _)| name == what).map_or(f64::NAN, |(_, all)| median(all))
    }

    /// Prints medians, beside that of the row `limit`.
    pub(crate) fn print(&self, bytes: u64, limit: &str) {
        println!(
            "{:<34}{:>10}{:>10}{:>8}{:>10}{:>12}  notes",
            "median of the statement", "seconds", "MB/s", "ratio", "peak MiB", "above idle"
        );
        for (what, all) in &self.rows {
            let seconds = median(all);
            let most = |of: fn(&Reported) -> f64| all.iter().map(of).fold(0.0, f64::max);
            let notes: Vec<_> =
                all.last().iter().flat_map(|r| &r.words).filter(|word| word.contains('=')).cloned().collect();
            println!(
                "{what:<34}{seconds:>10.4}{:>10.0}{:>8.2}{:>10.0}{:>12.0}  {}",
                megabytes(bytes) / seconds,
                seconds / self.median(limit),
                most(|r| r.peak_mib),
                most(|r| r.above_mib),
                notes.join(" ")
            );
        }
    }
}

fn median(reported: &[Reported]) -> f64 {
    let mut seconds: Vec<f64> = reported.iter().map(|r| r.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// A number from the environment.
pub(crate) fn setting<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
