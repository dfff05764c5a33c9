//! How long something is kept or may take: `7 DAY`.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Months, TimeDelta, Utc};

use crate::error::{Error, Result};

/// How long a snapshot is kept once its backup has finished: StarRocks' `ttl`.
///
/// Invariant: at least one of its unit. Months, quarters and years are the calendar's, in UTC: a month after
/// 31 January is the last day of February.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ttl {
    amount: u32,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// What a [`Ttl`] may look like, for errors.
const TTL_EXAMPLES: &str =
    "Expected a duration such as '7 DAY' or '12 HOUR', or an empty value to keep the snapshot forever";

impl Ttl {
    /// Reads `<n> <UNIT>`: SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, QUARTER or YEAR, one or many, in any letter case.
    ///
    /// # Errors
    ///
    /// `InvalidInput`, in StarRocks' words, for what is no such text or not positive. Blank text, which a BACKUP takes
    /// for "keep it for ever", is no time to live either.
    pub fn parse(text: &str) -> Result<Self> {
        let trimmed = text.trim();
        let shown = text.escape_debug();
        let invalid = || Error::invalid(format!("Invalid ttl: '{shown}'. {TTL_EXAMPLES}"));
        let (amount, unit) = trimmed.split_once(char::is_whitespace).ok_or_else(invalid)?;
        let unit = Unit::from_word(unit.trim()).ok_or_else(invalid)?;
        let amount: i64 = amount.parse().map_err(|_| invalid())?;
        if amount < 1 {
            return Err(Error::invalid(format!("ttl must be a positive duration, but got: {shown}")));
        }
        let amount = u32::try_from(amount).map_err(|_| {
            Error::invalid(format!("ttl '{shown}' is too long: at most {} are counted", u32::MAX))
        })?;
        Ok(Self { amount, unit })
    }

    /// When what was finished at `finished_ms` expires, in milliseconds since 1970 UTC. What lies beyond the calendar
    /// never does.
    pub fn expires_at_ms(&self, finished_ms: i64) -> i64 {
        let expires = DateTime::<Utc>::from_timestamp_millis(finished_ms).and_then(|finished| {
            match self.unit.length() {
                Length::Seconds(seconds) => finished.checked_add_signed(TimeDelta::try_seconds(
                    i64::from(self.amount).checked_mul(seconds)?,
                )?),
                Length::Months(months) => {
                    finished.checked_add_months(Months::new(self.amount.checked_mul(months)?))
                }
            }
        });
        expires.map_or(i64::MAX, |time| time.timestamp_millis())
    }
}

impl fmt::Display for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.unit.word())
    }
}

/// What a unit comes to.
enum Length {
    Seconds(i64),
    Months(u32),
}

impl Unit {
    const ALL: [Self; 8] = [
        Self::Second,
        Self::Minute,
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Year,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Second => "SECOND",
            Self::Minute => "MINUTE",
            Self::Hour => "HOUR",
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
            Self::Quarter => "QUARTER",
            Self::Year => "YEAR",
        }
    }

    /// One unit or several, in any letter case.
    fn from_word(word: &str) -> Option<Self> {
        let word = word.to_ascii_uppercase();
        let word = word.strip_suffix('S').unwrap_or(&word);
        Self::ALL.into_iter().find(|unit| unit.word() == word)
    }

    fn length(self) -> Length {
        match self {
            Self::Second => Length::Seconds(1),
            Self::Minute => Length::Seconds(60),
            Self::Hour => Length::Seconds(3600),
            Self::Day => Length::Seconds(86_400),
            Self::Week => Length::Seconds(7 * 86_400),
            Self::Month => Length::Months(1),
            Self::Quarter => Length::Months(3),
            Self::Year => Length::Months(12),
        }
    }
}

/// Reads a length of time that is the same on every day: `90s`, `30m`, `1 HOUR`, `7 days`, `2w`.
///
/// # Errors
///
/// `InvalidInput` for what is no such text; months and years, which are of different lengths, are none.
pub fn parse_duration(text: &str) -> Result<Duration> {
    let trimmed = text.trim();
    let invalid = || {
        Error::invalid(format!(
            "'{}' is no length of time: give a number and SECOND, MINUTE, HOUR, DAY or WEEK, such as '30 MINUTE' or '7d'",
            text.escape_debug()
        ))
    };
    let end = trimmed.find(|c: char| !c.is_ascii_digit()).ok_or_else(invalid)?;
    let amount: u64 = trimmed[..end].parse().map_err(|_| invalid())?;
    let word = trimmed[end..].trim();
    let unit = match word.to_ascii_lowercase().as_str() {
        "s" | "sec" => Some(Unit::Second),
        "m" | "min" => Some(Unit::Minute),
        "h" => Some(Unit::Hour),
        "d" => Some(Unit::Day),
        "w" => Some(Unit::Week),
        _ => Unit::from_word(word),
    };
    match unit.map(Unit::length) {
        Some(Length::Seconds(seconds)) => amount
            .checked_mul(seconds.unsigned_abs())
            // Beyond this no time can be told any more.
            .filter(|seconds| i64::try_from(*seconds).is_ok_and(|s| TimeDelta::try_seconds(s).is_some()))
            .map(Duration::from_secs)
            .ok_or_else(invalid),
        _ => Err(invalid()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        format!("{text}Z").parse::<DateTime<Utc>>().unwrap().timestamp_millis()
    }

    #[test]
    fn texts_are_read_in_any_case_and_printed_in_one() {
        for (text, printed) in [
            ("7 DAY", "7 DAY"),
            ("  7   days ", "7 DAY"),
            ("1 month", "1 MONTH"),
            ("12 Hour", "12 HOUR"),
            ("2 QUARTERS", "2 QUARTER"),
            ("+1 YEAR", "1 YEAR"),
        ] {
            let ttl = Ttl::parse(text).unwrap();
            assert_eq!(ttl.to_string(), printed, "{text}");
            assert_eq!(Ttl::parse(printed).unwrap(), ttl);
        }
    }

    #[test]
    fn wrong_texts_are_refused_in_starrocks_words() {
        for text in [
            "",
            "7d",
            "forever",
            "7 PARSEC",
            "DAY",
            "1.5 DAY",
            "7 DAY 1 HOUR",
            "7 S",
            "99999999999999999999 DAY",
        ] {
            let error = Ttl::parse(text).unwrap_err().to_string();
            assert_eq!(
                error,
                format!(
                    "Invalid ttl: '{text}'. Expected a duration such as '7 DAY' or '12 HOUR', or an empty value to \
                     keep the snapshot forever"
                )
            );
        }
        for text in ["0 DAY", "-1 DAY"] {
            let error = Ttl::parse(text).unwrap_err().to_string();
            assert_eq!(error, format!("ttl must be a positive duration, but got: {text}"));
        }
        assert!(Ttl::parse("4294967296 SECOND").unwrap_err().to_string().contains("too long"));
    }

    #[test]
    fn months_are_the_calendars() {
        for (ttl, finished, expires) in [
            ("7 DAY", "2026-02-25T10:00:00.123", "2026-03-04T10:00:00.123"),
            ("1 MONTH", "2026-01-31T10:00:00", "2026-02-28T10:00:00"),
            ("1 MONTH", "2028-01-31T10:00:00", "2028-02-29T10:00:00"),
            ("1 QUARTER", "2026-11-30T00:00:00", "2027-02-28T00:00:00"),
            ("1 YEAR", "2028-02-29T00:00:00", "2029-02-28T00:00:00"),
            ("2 WEEK", "2026-12-25T00:00:00", "2027-01-08T00:00:00"),
            ("90 SECOND", "2026-12-31T23:59:00", "2027-01-01T00:00:30"),
        ] {
            let parsed = Ttl::parse(ttl).unwrap();
            assert_eq!(parsed.expires_at_ms(ms(finished)), ms(expires), "{ttl} after {finished}");
        }
    }

    #[test]
    fn what_lies_beyond_the_calendar_never_expires() {
        let ttl = Ttl::parse("4294967295 YEAR").unwrap();
        assert_eq!(ttl.expires_at_ms(0), i64::MAX);
        let ttl = Ttl::parse("1 DAY").unwrap();
        assert_eq!(ttl.expires_at_ms(i64::MAX), i64::MAX);
        assert_eq!(ttl.expires_at_ms(i64::MIN), i64::MAX);
    }

    #[test]
    fn durations_are_short_or_long() {
        for (text, seconds) in [
            ("90s", 90),
            ("30m", 1800),
            ("30 min", 1800),
            ("1h", 3600),
            ("1 HOUR", 3600),
            ("7 days", 604_800),
            ("2w", 1_209_600),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text).unwrap(), Duration::from_secs(seconds), "{text}");
        }
        for text in [
            "",
            "7",
            "d",
            "-1d",
            "1.5h",
            "1 MONTH",
            "1y",
            "7 PARSEC",
            "99999999999999999999d",
            "18446744073709551615w",
            "9999999999999999s",
        ] {
            assert!(parse_duration(text).unwrap_err().to_string().contains("no length of time"), "{text}");
        }
    }
}
