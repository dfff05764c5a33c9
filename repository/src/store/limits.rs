//! How fast a store may be used, changed at any time while it is.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::lock::lock;

/// Property: bytes a second that go up.
pub const MAX_UPLOAD_RATE: &str = "max_upload_rate";
/// Property: bytes a second that come down.
pub const MAX_DOWNLOAD_RATE: &str = "max_download_rate";
/// Property: requests a second of any kind.
pub const MAX_REQUESTS_PER_SECOND: &str = "max_requests_per_second";
/// Property: threads that move data.
pub const WORKERS: &str = "workers";

/// Threads at most; more help no store.
const MAX_WORKERS: usize = crate::workers::POOL_THREADS;
/// A waiting call looks this often whether the limit has been changed.
const STEP: Duration = Duration::from_millis(20);
/// What an idle store saves up: this much time's worth may go at once.
const BURST: Duration = Duration::from_millis(250);

/// Limits of one repository's use. 0 means none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimits {
    /// Bytes a second that go up.
    pub upload_bytes: u64,
    /// Bytes a second that come down.
    pub download_bytes: u64,
    /// Requests a second of any kind.
    pub requests: u64,
    /// Threads that move data; 0 leaves it to the program.
    pub workers: usize,
}

impl RateLimits {
    /// Reads the limits among a repository's properties; those that are not given do not limit.
    ///
    /// # Errors
    /// `InvalidInput`, naming the property, for a value that is none.
    pub fn from_properties(properties: &BTreeMap<String, String>) -> Result<Self> {
        let rate = |name: &str| properties.get(name).map_or(Ok(0), |text| parse_rate(name, text));
        let requests = properties
            .get(MAX_REQUESTS_PER_SECOND)
            .map_or(Ok(0), |t| parse_count(MAX_REQUESTS_PER_SECOND, t))?;
        let workers = properties.get(WORKERS).map_or(Ok(0), |text| parse_count(WORKERS, text))?;
        let workers =
            usize::try_from(workers).ok().filter(|workers| *workers <= MAX_WORKERS).ok_or_else(|| {
                Error::invalid(format!(
                    "property '{WORKERS}': {workers} is too many, give at most {MAX_WORKERS}"
                ))
            })?;
        Ok(Self {
            upload_bytes: rate(MAX_UPLOAD_RATE)?,
            download_bytes: rate(MAX_DOWNLOAD_RATE)?,
            requests,
            workers,
        })
    }

    /// Whether a property of this name is one of these limits.
    pub fn is_property(name: &str) -> bool {
        [MAX_UPLOAD_RATE, MAX_DOWNLOAD_RATE, MAX_REQUESTS_PER_SECOND, WORKERS].contains(&name)
    }
}

/// Reads bytes a second: `50MB`, `50 MiB/s`, `1048576`; `0` does not limit.
fn parse_rate(name: &str, text: &str) -> Result<u64> {
    let wrong = || {
        Error::invalid(format!(
            "property '{name}': '{text}' is no rate; give bytes a second such as \"50MB\" or \"50MiB\", or \"0\" for no limit"
        ))
    };
    let trimmed = text.trim();
    let amount = trimmed.strip_suffix("/s").unwrap_or(trimmed).trim_end();
    let digits = amount.find(|c: char| !c.is_ascii_digit()).unwrap_or(amount.len());
    let (number, unit) = amount.split_at(digits);
    let scale: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1000,
        "m" | "mb" => 1000 * 1000,
        "g" | "gb" => 1000 * 1000 * 1000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err(wrong()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(scale)).ok_or_else(wrong)
}

fn parse_count(name: &str, text: &str) -> Result<u64> {
    text.trim().parse().map_err(|_| {
        Error::invalid(format!("property '{name}': '{text}' is no number; give one, or \"0\" for no limit"))
    })
}

/// The limits that a store and its clones keep to. Cheap to clone; a clone sets the same limits.
///
/// A call that would go too fast waits, in small steps, so that a change tells at once, also on those who wait.
#[derive(Clone, Default)]
pub struct Limits {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    limits: Mutex<RateLimits>,
    upload: Mutex<Bucket>,
    download: Mutex<Bucket>,
    requests: Mutex<Bucket>,
}

impl Limits {
    /// What holds now.
    pub fn get(&self) -> RateLimits {
        *lock(&self.shared.limits)
    }

    /// What is to hold from now on, for calls that wait already too.
    pub fn set(&self, limits: RateLimits) {
        *lock(&self.shared.limits) = limits;
    }

    pub(super) fn wait_request(&self) {
        self.wait(&self.shared.requests, 1, |limits| limits.requests);
    }

    pub(super) fn wait_upload(&self, bytes: usize) {
        self.wait(&self.shared.upload, bytes as u64, |limits| limits.upload_bytes);
    }

    pub(super) fn wait_download(&self, bytes: usize) {
        self.wait(&self.shared.download, bytes as u64, |limits| limits.download_bytes);
    }

    fn wait(&self, bucket: &Mutex<Bucket>, amount: u64, rate: fn(&RateLimits) -> u64) {
        loop {
            let rate = rate(&self.get());
            match lock(bucket).take(amount, rate, Instant::now()) {
                Ok(()) => return,
                Err(wait) => thread::sleep(wait.min(STEP)),
            }
        }
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// A token bucket that may go into debt: a single amount larger than a burst has to pass too, and who comes next
/// waits for it.
#[derive(Default)]
struct Bucket {
    level: f64,
    filled: Option<Instant>,
}

impl Bucket {
    /// Takes `amount`, or says how long to wait before trying again.
    #[expect(clippy::cast_precision_loss, reason = "a rate need not be exact")]
    fn take(&mut self, amount: u64, rate: u64, now: Instant) -> std::result::Result<(), Duration> {
        if rate == 0 {
            // Debts of a limit that is gone are forgiven.
            *self = Self::default();
            return Ok(());
        }
        let rate = rate as f64;
        let most = (rate * BURST.as_secs_f64()).max(1.0);
        let since = self.filled.map_or(BURST, |filled| now.saturating_duration_since(filled));
        self.level = (self.level + since.as_secs_f64() * rate).min(most);
        self.filled = Some(now);
        // Whole requests only; a fraction of a byte does not matter.
        if self.level >= 1.0 {
            self.level -= amount as f64;
            return Ok(());
        }
        Err(Duration::from_secs_f64(((1.0 - self.level) / rate).min(1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(of: &[(&str, &str)]) -> BTreeMap<String, String> {
        of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn rates_are_read_in_every_spelling() {
        let cases = [
            ("0", 0),
            ("1048576", 1 << 20),
            ("50MB", 50_000_000),
            ("50mb/s", 50_000_000),
            (" 50 MiB/s ", 50 << 20),
            ("3k", 3000),
            ("2GiB", 2 << 30),
            ("7 b", 7),
        ];
        for (text, bytes) in cases {
            let read = RateLimits::from_properties(&properties(&[(MAX_UPLOAD_RATE, text)])).unwrap();
            assert_eq!((read.upload_bytes, read.download_bytes), (bytes, 0), "{text}");
        }
        for wrong in ["", "MB", "-1", "1.5MB", "50 Mbit", "99999999999GB", "fast"] {
            let error = RateLimits::from_properties(&properties(&[(MAX_DOWNLOAD_RATE, wrong)]))
                .unwrap_err()
                .to_string();
            assert!(error.contains(MAX_DOWNLOAD_RATE) && error.contains(wrong), "{error}");
        }
        let all = properties(&[(MAX_REQUESTS_PER_SECOND, "30"), (WORKERS, "8")]);
        let read = RateLimits::from_properties(&all).unwrap();
        assert_eq!((read.requests, read.workers), (30, 8));
        assert!(all.keys().all(|name| RateLimits::is_property(name)));
        for (name, wrong) in [(MAX_REQUESTS_PER_SECOND, "x"), (WORKERS, "257"), (WORKERS, "-1")] {
            let error = RateLimits::from_properties(&properties(&[(name, wrong)])).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn a_bucket_lets_through_what_the_rate_says() {
        let (start, mut bucket) = (Instant::now(), Bucket::default());
        let mut passed = 0;
        for ms in 0..10_000 {
            while bucket.take(10, 1000, start + Duration::from_millis(ms)).is_ok() {
                passed += 10;
            }
        }
        // Ten seconds' worth and the burst at the beginning.
        assert!((10_000..=10_300).contains(&passed), "{passed}");
    }

    #[test]
    fn an_amount_above_the_burst_passes_and_the_next_waits_for_it() {
        let (start, mut bucket) = (Instant::now(), Bucket::default());
        assert_eq!(bucket.take(5000, 1000, start), Ok(()));
        assert!(bucket.take(1, 1000, start + Duration::from_secs(4)).is_err());
        assert_eq!(bucket.take(1, 1000, start + Duration::from_secs(5)), Ok(()));
        assert!(bucket.take(5000, 1000, start + Duration::from_secs(5)).is_ok());
        // A limit that is lifted forgives.
        assert_eq!(bucket.take(5000, 0, start + Duration::from_secs(5)), Ok(()));
        assert_eq!(bucket.take(1, 1000, start + Duration::from_secs(5)), Ok(()));
    }

    #[test]
    fn a_change_frees_those_who_wait() {
        let limits = Limits::default();
        limits.set(RateLimits { requests: 1, ..RateLimits::default() });
        limits.wait_request();
        let start = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..100 {
                    limits.wait_request();
                }
            });
            thread::sleep(Duration::from_millis(60));
            limits.clone().set(RateLimits::default());
        });
        assert!(start.elapsed() >= Duration::from_millis(60) && start.elapsed() < Duration::from_secs(20));
    }
}
