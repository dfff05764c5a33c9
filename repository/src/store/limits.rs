//! How fast a store may be used, changed at any time while it is.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::stop::{STEP, StopSignal};
use crate::error::{Error, ErrorKind, Result};
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
/// What an idle store saves up: this much time's worth may go at once.
const BURST: Duration = Duration::from_millis(250);
/// Bytes of objects and parts that are read or on their way at once, of all uploads to a repository over a network,
/// whatever the data's size.
pub(super) const MAX_IN_FLIGHT: usize = 40 << 20;
/// The unit in which room in flight is counted.
pub(super) const FLIGHT_UNIT: usize = 1 << 10;

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

/// The limits that all who use a repository keep to together, whatever stores they have: see [`Store::with_limits`]. Cheap
/// to clone; a clone sets the same limits.
///
/// A call that would go too fast waits, in small steps, so that a change tells at once, also on those who wait.
///
/// [`Store::with_limits`]: crate::Store::with_limits
#[derive(Clone, Default)]
pub struct Limits {
    shared: Arc<Shared>,
}

struct Shared {
    limits: Mutex<RateLimits>,
    upload: Mutex<Bucket>,
    download: Mutex<Bucket>,
    requests: Mutex<Bucket>,
    in_flight: Arc<Semaphore>,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            limits: Mutex::default(),
            upload: Mutex::default(),
            download: Mutex::default(),
            requests: Mutex::default(),
            in_flight: Arc::new(Semaphore::new(MAX_IN_FLIGHT / FLIGHT_UNIT)),
        }
    }
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

    pub(super) fn wait_request(&self, stop: &StopSignal) -> Result<()> {
        self.wait_requests(1, stop)
    }

    /// Waits until so many requests may be made, at one time; who comes next waits for them.
    pub(super) fn wait_requests(&self, requests: usize, stop: &StopSignal) -> Result<()> {
        self.wait(&self.shared.requests, requests as u64, |limits| limits.requests, stop)
    }

    pub(super) fn wait_upload(&self, bytes: usize, stop: &StopSignal) -> Result<()> {
        self.wait(&self.shared.upload, bytes as u64, |limits| limits.upload_bytes, stop)
    }

    pub(super) fn wait_download(&self, bytes: usize, stop: &StopSignal) -> Result<()> {
        self.wait(&self.shared.download, bytes as u64, |limits| limits.download_bytes, stop)
    }

    fn wait(
        &self,
        bucket: &Mutex<Bucket>,
        amount: u64,
        rate: fn(&RateLimits) -> u64,
        stop: &StopSignal,
    ) -> Result<()> {
        loop {
            let rate = rate(&self.get());
            let taken = lock(bucket).take(amount, rate, Instant::now());
            match taken {
                Ok(()) => return Ok(()),
                Err(wait) => stop.sleep(wait.min(STEP))?,
            }
        }
    }

    /// Waits until `bytes` more may be held to be put.
    pub(super) fn wait_room(
        &self,
        bytes: usize,
        runtime: &Handle,
        stop: &StopSignal,
    ) -> Result<OwnedSemaphorePermit> {
        let units = bytes.min(MAX_IN_FLIGHT).div_ceil(FLIGHT_UNIT);
        let room = Arc::clone(&self.shared.in_flight);
        let room = room.acquire_many_owned(u32::try_from(units).unwrap_or(u32::MAX));
        stop.drive(runtime, room)?.map_err(|source| {
            Error::new(ErrorKind::Unavailable, "no more room for uploads").with_source(source)
        })
    }

    #[cfg(test)]
    pub(super) fn free_room(&self) -> usize {
        self.shared.in_flight.available_permits() * FLIGHT_UNIT
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
    use std::thread;

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
        let (limits, stop) = (Limits::default(), StopSignal::new());
        limits.set(RateLimits { requests: 1, ..RateLimits::default() });
        limits.wait_request(&stop).unwrap();
        let start = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..100 {
                    limits.wait_request(&stop).unwrap();
                }
            });
            thread::sleep(Duration::from_millis(60));
            limits.clone().set(RateLimits::default());
        });
        assert!(start.elapsed() >= Duration::from_millis(60) && start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_signal_ends_every_wait() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let (limits, stop) = (Limits::default(), StopSignal::new());
        limits.set(RateLimits { upload_bytes: 1, ..RateLimits::default() });
        limits.wait_upload(1 << 20, &stop).unwrap();
        let _room = limits.wait_room(MAX_IN_FLIGHT, runtime.handle(), &stop).unwrap();
        let start = Instant::now();
        thread::scope(|scope| {
            let rate = scope.spawn(|| limits.wait_upload(1, &stop));
            let room = scope.spawn(|| limits.wait_room(1, runtime.handle(), &stop).map(drop));
            thread::sleep(STEP);
            stop.stop();
            for ended in [rate.join().unwrap(), room.join().unwrap()] {
                assert_eq!(ended.unwrap_err().kind(), ErrorKind::Cancelled);
            }
        });
        assert!(start.elapsed() < Duration::from_secs(20));
    }
}
