//! What is tried, one after the other. Later probes use what earlier ones put.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Finding;
use crate::environment::Environment;
use crate::error::{ErrorKind, Result};
use crate::location::{Location, LocationKind};
use crate::store::{PartsUpload, PutOutcome, Store};

/// Who puts at one time.
const RACERS: usize = 8;
/// Parts that every store takes: all but the last have 5 MiB at least.
const PART: usize = 5 << 20;
/// What speed is measured with.
const LOAD: usize = 16 << 20;
/// Clocks this far apart are told about: graces and expiries are measured in hours.
const CLOCK_DISTANCE: Duration = Duration::from_mins(5);

/// Without this one the others are not tried.
pub(super) const FIRST: &str = "put and read";
/// All that can be tried where nothing can be put.
pub(super) const LIST: &str = "list";

type Run = fn(&Probe) -> Result<Finding>;

/// Every probe by its name.
pub(super) const PROBES: &[(&str, Run)] = &[
    (FIRST, Probe::put_and_read),
    ("create only", Probe::create_only),
    ("racing puts", Probe::racing_puts),
    ("ranges", Probe::ranges),
    (LIST, Probe::list),
    ("delete", Probe::delete),
    ("parts", Probe::parts),
    ("parts given up", Probe::parts_given_up),
    ("clock", Probe::clock),
    ("speed", Probe::speed),
];

/// A store that is probed below a folder.
pub(super) struct Probe {
    store: Store,
    environment: Environment,
    folder: String,
    body: Bytes,
    /// Whether anything has been put that has to be removed.
    has_put: AtomicBool,
}

impl Probe {
    pub(super) fn new(store: &Store, environment: &Environment, folder: String) -> Self {
        // Bytes that no compression on the way makes fewer, others in every run.
        let mut state = environment.ids.random() | 1;
        let mut body = Vec::with_capacity(LOAD);
        while body.len() < LOAD {
            state = state.wrapping_mul(0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645).wrapping_add(1);
            body.extend_from_slice(&state.to_le_bytes()[8..]);
        }
        let (store, environment, has_put) = (store.clone(), environment.clone(), AtomicBool::new(false));
        Self { store, environment, folder, body: body.into(), has_put }
    }

    fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    fn put_and_read(&self) -> Result<Finding> {
        for (name, length) in [("object", 100_000), ("empty", 0)] {
            let body = self.body.slice(..length);
            if self.store.put_create_raw(&self.key(name), body.clone())? != PutOutcome::Created {
                return Ok(Finding::failed(format!("'{}' was there before it was put", self.key(name))));
            }
            self.has_put.store(true, Ordering::Relaxed);
            if self.store.get_raw(&self.key(name))? != body {
                return Ok(Finding::failed(
                    "what is read is not what was put: nothing stored here can be trusted",
                ));
            }
            if self.store.head_raw(&self.key(name))? != Some(length as u64) {
                return Ok(Finding::failed("an object's length is not that of what was put"));
            }
        }
        let missing = self.store.get_raw(&self.key("missing")).err().map(|error| error.kind());
        if missing != Some(ErrorKind::NotFound) {
            return Ok(Finding::failed("an object that was never put is not said to be missing"));
        }
        Ok(Finding::ok("an object is read as it was put, at once"))
    }

    fn create_only(&self) -> Result<Finding> {
        const MEANING: &str = "snapshots and fences would be replaced: use this location from one process at a time only, \
                               or choose a store with conditional puts (If-None-Match)";
        let outcome = self.store.put_create_raw(&self.key("object"), Bytes::from_static(b"second"))?;
        let kept = self.store.get_raw(&self.key("object"))? == self.body.slice(..100_000);
        Ok(match (outcome, kept) {
            (PutOutcome::AlreadyExists, true) => Finding::ok("a key that is taken is not put again"),
            (_, false) => Finding::failed(format!("a second put replaced the first: {MEANING}")),
            (PutOutcome::Created, true) => {
                Finding::failed(format!("a second put was said to have made the object: {MEANING}"))
            }
        })
    }

    fn racing_puts(&self) -> Result<Finding> {
        const ROUNDS: usize = 3;
        for round in 0..ROUNDS {
            let key = self.key(&format!("race-{round}"));
            let outcomes: Vec<Result<PutOutcome>> = std::thread::scope(|scope| {
                let racers: Vec<_> = (0..RACERS)
                    .map(|racer| {
                        let key = &key;
                        scope.spawn(move || self.store.put_create_raw(key, Bytes::from(racer.to_string())))
                    })
                    .collect();
                racers
                    .into_iter()
                    .map(|racer| racer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                    .collect()
            });
            let outcomes = outcomes.into_iter().collect::<Result<Vec<_>>>()?;
            let winners: Vec<_> =
                (0..RACERS).filter(|racer| outcomes[*racer] == PutOutcome::Created).collect();
            let holds = self.store.get_raw(&key)?;
            if winners.len() != 1 || holds != winners[0].to_string() {
                return Ok(Finding::failed(format!(
                    "of {RACERS} puts of one key at one time {} were said to have made it: two backups, or a backup and a \
                     collection, that finish at one time could both believe that they won; use this location from one \
                     process at a time only",
                    winners.len()
                )));
            }
        }
        Ok(Finding::ok(format!("of {RACERS} puts of one key at one time one makes it")))
    }

    fn ranges(&self) -> Result<Finding> {
        let (key, end) = (self.key("object"), 100_000_u64);
        for range in [0..1, 1..2, 0..end, 4095..4097, 65_535..65_537, end - 1..end] {
            let (from, to) = (usize::try_from(range.start), usize::try_from(range.end));
            let expected = self.body.slice(from.unwrap_or(0)..to.unwrap_or(0));
            if self.store.read_range_raw(&key, range.clone())? != expected {
                return Ok(Finding::failed(format!(
                    "bytes {} to {} are others than were put: shared objects cannot be restored",
                    range.start, range.end
                )));
            }
        }
        let beyond = self.store.read_range_raw(&key, end - 1..end + 1).err().map(|error| error.kind());
        if beyond != Some(ErrorKind::Corrupt) {
            return Ok(Finding::failed(
                "a range beyond the end of an object is answered: damage is found late",
            ));
        }
        Ok(Finding::ok("parts of an object are read as they were put"))
    }

    fn list(&self) -> Result<Finding> {
        let mut expected = Vec::new();
        for name in ["list/a", "list/b/c", "list/d"] {
            let _ = self.store.put_create_raw(&self.key(name), Bytes::from_static(b"x"))?;
            expected.push(self.key(name));
        }
        let _ = self.store.put_create_raw(&self.key("listless"), Bytes::new())?;
        let found = self.store.list(&self.key("list"))?;
        let keys: Vec<_> = found.iter().map(|object| object.key.clone()).collect();
        if keys != expected {
            return Ok(Finding::failed(format!(
                "a folder lists {} of {} objects that were put before: snapshots would not be seen, and a collection could \
                 delete what they need",
                expected.iter().filter(|key| keys.contains(key)).count(),
                expected.len()
            )));
        }
        if found.iter().any(|object| object.length != 1) {
            return Ok(Finding::failed("a listing gives other lengths than objects have"));
        }
        Ok(Finding::ok("a new object is listed at once, in its folder only"))
    }

    fn delete(&self) -> Result<Finding> {
        const MEANING: &str = "backups and restores work, but nothing is ever removed";
        let key = self.key("list/a");
        if let Err(error) = self.store.delete_raw(&key) {
            return Ok(Finding::failed(format!("{error}: {MEANING}")));
        }
        self.store.delete_raw(&key)?;
        let gone = self.store.head_raw(&key)?.is_none()
            && self.store.get_raw(&key).err().map(|error| error.kind()) == Some(ErrorKind::NotFound)
            && self.store.list(&self.key("list"))?.iter().all(|object| object.key != key);
        if !gone {
            return Ok(Finding::failed(format!("an object is still there after its delete: {MEANING}")));
        }
        Ok(Finding::ok("a deleted object is gone at once; deleting again is no error"))
    }

    fn parts(&self) -> Result<Finding> {
        let key = self.key("parts");
        let put = |from: usize| {
            let mut upload = self.store.put_parts_raw(&key)?;
            self.put_part(&mut upload, self.body.slice(from..from + PART))?;
            self.put_part(&mut upload, self.body.slice(from + PART..from + PART + 1000))?;
            upload.complete()
        };
        let first = put(0)?;
        self.store.barrier()?;
        if first != PutOutcome::Created || self.store.get_raw(&key)? != self.body.slice(..PART + 1000) {
            return Ok(Finding::failed(
                "an object put in parts is not what the parts were: large files cannot be backed up",
            ));
        }
        // Names of large objects are unique, so nothing depends on who of two completes first.
        Ok(Finding::ok(match put(1000) {
            Ok(PutOutcome::AlreadyExists) => {
                "an object is put in parts; a key that is taken is not completed again"
            }
            Ok(PutOutcome::Created) => {
                "an object is put in parts; a second completion replaces it, which nothing relies on"
            }
            Err(_) => "an object is put in parts; a second completion fails, which nothing relies on",
        }))
    }

    fn put_part(&self, upload: &mut PartsUpload, bytes: Bytes) -> Result<()> {
        let room = self.store.room_for(bytes.len())?;
        upload.put_part(bytes, room)
    }

    fn parts_given_up(&self) -> Result<Finding> {
        let key = self.key("given-up");
        let mut upload = self.store.put_parts_raw(&key)?;
        self.put_part(&mut upload, self.body.slice(..PART))?;
        drop(upload);
        if self.store.head_raw(&key)?.is_some() {
            return Ok(Finding::failed("a put in parts that was given up left an object"));
        }
        let is_billed = Location::parse(self.store.location())
            .is_ok_and(|location| matches!(location.kind(), LocationKind::S3 | LocationKind::Gcs));
        Ok(Finding::ok(if is_billed {
            "a put in parts that is given up leaves no object; parts of killed backups stay and are billed until a lifecycle \
             rule of the bucket removes them (AbortIncompleteMultipartUpload)"
        } else {
            "a put in parts that is given up leaves no object"
        }))
    }

    fn clock(&self) -> Result<Finding> {
        let before = self.environment.clock.now_ms();
        let key = self.key("clock");
        let _ = self.store.put_create_raw(&key, Bytes::new())?;
        let after = self.environment.clock.now_ms();
        let listed = self.store.list(&self.folder)?;
        let Some(put) = listed.iter().find(|object| object.key == key).map(|object| object.modified_ms)
        else {
            return Ok(Finding::skipped("the store does not list when an object was put"));
        };
        // Stores tell whole seconds.
        let distance = (before - 1000 - put).max(put - after - 1000).max(0);
        let seconds = Duration::from_millis(distance.unsigned_abs()).as_secs_f64();
        if distance.unsigned_abs() > u64::try_from(CLOCK_DISTANCE.as_millis()).unwrap_or(u64::MAX) {
            return Ok(Finding::warning(format!(
                "the store's clock is {seconds:.0} s away from this machine's: graces and expiries take that much longer or \
                 shorter; set the clock of this machine"
            )));
        }
        Ok(Finding::ok(format!("the store's clock is within {:.0} s of this machine's", seconds.max(1.0))))
    }

    fn speed(&self) -> Result<Finding> {
        let key = self.key("speed");
        let start = Instant::now();
        let mut upload = self.store.put_parts_raw(&key)?;
        for at in (0..LOAD).step_by(LOAD / 2) {
            self.put_part(&mut upload, self.body.slice(at..at + LOAD / 2))?;
        }
        let _ = upload.complete()?;
        self.store.barrier()?;
        let (written, start) = (start.elapsed(), Instant::now());
        let read = self.store.get_raw(&key)?;
        let elapsed = start.elapsed();
        if read != self.body {
            return Ok(Finding::failed(
                "what is read is not what was put: nothing stored here can be trusted",
            ));
        }
        let small = Instant::now();
        for number in 0..10 {
            let _ = self.store.put_create_raw(&self.key(&format!("small-{number}")), Bytes::new())?;
        }
        Ok(Finding::ok(format!(
            "written at {}, read at {}, by one connection; a small put takes {:.1} ms",
            rate(written),
            rate(elapsed),
            small.elapsed().as_secs_f64() * 100.0
        )))
    }

    pub(super) fn clean_up(&self) -> Finding {
        if !self.has_put.load(Ordering::Relaxed) {
            return Finding::skipped("nothing was put");
        }
        let folder = &self.folder;
        match self.store.clear_raw(folder).and_then(|()| self.store.list(folder)) {
            Ok(left) if left.is_empty() => {
                self.store.tidy(folder);
                Finding::ok(format!("'{folder}' is empty again"))
            }
            Ok(left) => Finding::warning(format!("{} objects are left below '{folder}'", left.len())),
            Err(error) => Finding::warning(format!("objects may be left below '{folder}': {error}")),
        }
    }
}

/// Lists, which is no harm.
pub(super) fn listing_alone(store: &Store) -> Result<Finding> {
    let found = store.list("snapshots")?;
    Ok(Finding::ok(format!("the location answers, and lists {} objects below 'snapshots'", found.len())))
}

fn rate(time: Duration) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a few digits are shown")]
    let megabytes = LOAD as f64 / 1e6;
    format!("{:.0} MB/s", megabytes / time.as_secs_f64().max(1e-6))
}
