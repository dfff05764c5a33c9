//! The time that names a snapshot beside its label.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, Timelike};

use crate::error::{Error, Result};

/// A snapshot's time, in milliseconds since 1970 UTC, written `yyyy-MM-dd-HH-mm-ss-SSS` in UTC.
///
/// Invariant: the year has four digits, so that texts sort as times do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotTimestamp(i64);

/// 9999-12-31 23:59:59.999 UTC.
const LAST_MS: i64 = 253_402_300_799_999;

impl SnapshotTimestamp {
    /// The timestamp at `ms` milliseconds since 1970 UTC.
    pub fn from_unix_ms(ms: i64) -> Result<Self> {
        if (0..=LAST_MS).contains(&ms) {
            Ok(Self(ms))
        } else {
            Err(Error::invalid(format!("time {ms} ms is not between the years 1970 and 9999; set the clock")))
        }
    }

    /// Reads the text form, and StarRocks' older one without milliseconds.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid(format!(
                "wrong backup timestamp '{}': give it as SHOW SNAPSHOT prints it, such as 2026-01-31-23-59-59-999",
                text.escape_debug()
            ))
        };
        let (seconds, ms) = match text.len() {
            19 => (text, 0),
            23 => {
                let (head, tail) = text.split_at_checked(19).ok_or_else(wrong)?;
                let digits = tail.strip_prefix('-').filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
                (head, digits.and_then(|d| d.parse::<u32>().ok()).ok_or_else(wrong)?)
            }
            _ => return Err(wrong()),
        };
        let time = NaiveDateTime::parse_from_str(seconds, "%Y-%m-%d-%H-%M-%S")
            .ok()
            .and_then(|time| time.with_nanosecond(ms * 1_000_000))
            .ok_or_else(wrong)?;
        let parsed = Self::from_unix_ms(time.and_utc().timestamp_millis())?;
        // Only the canonical text is taken: chrono tolerates spaces and short fields.
        if parsed.to_string()[..text.len()] == *text { Ok(parsed) } else { Err(wrong()) }
    }

    /// Milliseconds since 1970 UTC.
    pub fn unix_ms(self) -> i64 {
        self.0
    }
}

impl fmt::Display for SnapshotTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_timestamp_millis(self.0) {
            Some(time) => write!(f, "{}", time.format("%Y-%m-%d-%H-%M-%S-%3f")),
            None => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_time_are_one() {
        for ms in [0, 1, 1_764_000_000_123, LAST_MS] {
            let stamp = SnapshotTimestamp::from_unix_ms(ms).unwrap();
            assert_eq!(SnapshotTimestamp::parse(&stamp.to_string()).unwrap(), stamp);
        }
        let old = SnapshotTimestamp::parse("2024-12-09-10-25-58").unwrap();
        assert_eq!(old.to_string(), "2024-12-09-10-25-58-000");
    }

    #[test]
    fn other_texts_are_refused() {
        for bad in [
            "",
            "2024-12-09",
            "2024-13-09-10-25-58-842",
            "2024-12-09-10-25-58-8 2",
            "2024-12-09-10-25-58+842",
            "2024-12-09-10-25-60-842",
            " 024-12-09-10-25-58-842",
            "2024-12-09-10-25-58-84ü",
        ] {
            assert!(SnapshotTimestamp::parse(bad).is_err(), "{bad}");
        }
        assert!(SnapshotTimestamp::from_unix_ms(-1).is_err());
    }
}
