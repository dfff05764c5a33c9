//! Which snapshots are kept.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Utc};

use crate::digest::clip;
use crate::error::{Error, Result};
use crate::timestamp::SnapshotTimestamp;

/// Why a snapshot is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeepReason {
    /// It is one of the last.
    Last,
    /// It is the last of one of the last hours, days, weeks, months or years that have snapshots.
    Period(Period),
}

/// A stretch of the calendar, in UTC; weeks begin on Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A week.
    Week,
    /// A month.
    Month,
    /// A year.
    Year,
}

const PERIODS: [(Period, &str); 5] = [
    (Period::Hour, "hourly"),
    (Period::Day, "daily"),
    (Period::Week, "weekly"),
    (Period::Month, "monthly"),
    (Period::Year, "yearly"),
];

impl fmt::Display for KeepReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Last => f.write_str("last"),
            Self::Period(period) => f.write_str(PERIODS[*period as usize].1),
        }
    }
}

/// How many snapshots are kept, of one database.
///
/// Its text is `last=7, daily=30, monthly=12`, with any of `last`, `hourly`, `daily`, `weekly`, `monthly` and `yearly`. A
/// snapshot is kept when any of them keeps it. Invariant: at least one of the numbers is not 0, so that something is
/// kept of every database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    last: u32,
    periods: [u32; PERIODS.len()],
}

impl Retention {
    /// Reads a policy.
    ///
    /// # Errors
    /// `InvalidInput` for what is no policy, or one that keeps nothing.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |what: &str| {
            Error::invalid(format!(
                "retention '{}' {what}: write it as 'last=7, daily=30, monthly=12', with any of last, hourly, daily, \
                 weekly, monthly and yearly",
                clip(text)
            ))
        };
        let mut parsed = Self { last: 0, periods: [0; PERIODS.len()] };
        let mut seen = Vec::new();
        for part in text.split(',') {
            let (name, count) = part.split_once('=').ok_or_else(|| wrong("is no list of name=number"))?;
            let name = name.trim().to_ascii_lowercase();
            let count: u32 =
                count.trim().parse().map_err(|_| wrong("has a number that is not a whole number"))?;
            let place = match PERIODS.iter().position(|(_, word)| *word == name) {
                Some(period) => &mut parsed.periods[period],
                None if name == "last" => &mut parsed.last,
                None => return Err(wrong(&format!("has '{}'", clip(&name)))),
            };
            *place = count;
            if seen.contains(&name) {
                return Err(wrong(&format!("has '{name}' twice")));
            }
            seen.push(name);
        }
        if parsed.last == 0 && parsed.periods.iter().all(|count| *count == 0) {
            return Err(wrong("keeps nothing; a policy must keep something"));
        }
        Ok(parsed)
    }

    /// Why each of some snapshots of one database is kept; nothing says that it is not.
    pub fn decide(&self, snapshots: &[SnapshotTimestamp]) -> Vec<Vec<KeepReason>> {
        let mut newest_first: Vec<usize> = (0..snapshots.len()).collect();
        newest_first.sort_by_key(|index| std::cmp::Reverse((snapshots[*index], *index)));
        let mut reasons = vec![Vec::new(); snapshots.len()];
        for index in newest_first.iter().take(self.last as usize) {
            reasons[*index].push(KeepReason::Last);
        }
        for ((period, _), count) in PERIODS.into_iter().zip(self.periods) {
            let (mut left, mut before) = (count, None);
            for index in &newest_first {
                let this = number(snapshots[*index], period);
                if left > 0 && before != Some(this) {
                    reasons[*index].push(KeepReason::Period(period));
                    left -= 1;
                }
                before = Some(this);
            }
        }
        reasons
    }
}

/// Which period of its kind a time is in: equal for times in one, and only for those.
fn number(time: SnapshotTimestamp, period: Period) -> i64 {
    const HOUR: i64 = 3_600_000;
    const DAY: i64 = 24 * HOUR;
    let ms = time.unix_ms();
    let date = DateTime::<Utc>::from_timestamp_millis(ms).unwrap_or_default();
    match period {
        Period::Hour => ms.div_euclid(HOUR),
        Period::Day => ms.div_euclid(DAY),
        // 1970-01-01 was a Thursday.
        Period::Week => (ms.div_euclid(DAY) + 3).div_euclid(7),
        Period::Month => i64::from(date.year()) * 12 + i64::from(date.month0()),
        Period::Year => i64::from(date.year()),
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let periods = PERIODS.iter().zip(self.periods).map(|((_, word), count)| (*word, count));
        let mut parts = std::iter::once(("last", self.last)).chain(periods).filter(|(_, count)| *count > 0);
        if let Some((word, count)) = parts.next() {
            write!(f, "{word}={count}")?;
        }
        parts.try_for_each(|(word, count)| write!(f, ", {word}={count}"))
    }
}

impl FromStr for Retention {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SnapshotTimestamp {
        SnapshotTimestamp::parse(&format!("{text}-00-00-000")).unwrap()
    }

    #[test]
    fn policies_survive_their_texts_and_must_keep_something() {
        for text in ["last=7", "last=7, daily=30, monthly=12", "hourly=1, weekly=2, yearly=3"] {
            assert_eq!(Retention::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Retention::parse(" Daily = 3,last=0").unwrap().to_string(), "daily=3");
        for wrong in ["", "last", "last=", "last=-1", "last=0", "last=1,last=2", "sometimes=1", "last=1,"] {
            assert!(Retention::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_last_of_each_period_is_kept() {
        let snapshots = [
            at("2024-02-28-10"),
            at("2024-02-29-09"),
            at("2024-02-29-23"),
            at("2024-03-01-01"),
            at("2024-03-03-05"),
            at("2024-03-04-05"),
        ];
        let kept = |policy: &str| -> Vec<String> {
            let reasons = Retention::parse(policy).unwrap().decide(&snapshots);
            reasons
                .iter()
                .map(|reasons| reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("+"))
                .collect()
        };
        assert_eq!(kept("last=2"), ["", "", "", "", "last", "last"]);
        assert_eq!(kept("daily=4"), ["", "", "daily", "daily", "daily", "daily"]);
        assert_eq!(kept("monthly=9"), ["", "", "monthly", "", "", "monthly"]);
        assert_eq!(kept("weekly=2, last=1"), ["", "", "", "", "weekly", "last+weekly"]);
        assert_eq!(kept("yearly=1, hourly=1"), ["", "", "", "", "", "hourly+yearly"]);
        assert_eq!(Retention::parse("last=1").unwrap().decide(&[]), Vec::<Vec<KeepReason>>::new());
    }
}
