//! The time zone in which a table's days begin.

use chrono::{DateTime, FixedOffset, NaiveDateTime};
use chrono_tz::Tz;

use crate::error::{Error, Result};

/// A zone by its distance from UTC, or by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    Fixed(FixedOffset),
    Named(Tz),
}

impl Zone {
    /// Reads `+08:00`, `Asia/Shanghai`, or StarRocks' `CST`, which is the latter.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if let Some(offset) = distance(text) {
            return Ok(Self::Fixed(offset));
        }
        let name = if text.eq_ignore_ascii_case("CST") { "Asia/Shanghai" } else { text };
        name.parse::<Tz>().map(Self::Named).map_err(|_| {
            Error::invalid(format!(
                "Unknown or incorrect time zone: '{text}'; give a name such as Asia/Shanghai or a distance from UTC such as +08:00"
            ))
        })
    }

    /// What clocks of the zone show at a moment.
    pub(super) fn local(self, unix_ms: i64) -> Option<NaiveDateTime> {
        let moment = DateTime::from_timestamp_millis(unix_ms)?;
        Some(match self {
            Self::Fixed(offset) => moment.with_timezone(&offset).naive_local(),
            Self::Named(zone) => moment.with_timezone(&zone).naive_local(),
        })
    }
}

/// A distance from UTC, as `+08:00` or `-3:30`, of those that zones have.
fn distance(text: &str) -> Option<FixedOffset> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let number = |digits: &str| {
        digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse::<i32>().ok()).flatten()
    };
    if hours.len() > 2 || minutes.len() != 2 {
        return None;
    }
    let minutes = number(minutes).filter(|minutes| *minutes < 60)?;
    let distance = sign * (number(hours)? * 60 + minutes);
    if !(-12 * 60..=14 * 60).contains(&distance) {
        return None;
    }
    FixedOffset::east_opt(distance * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_have_names_and_distances() {
        let local = |text: &str| Zone::parse(text).unwrap().local(1_720_000_000_000).unwrap().to_string();
        assert_eq!(local("UTC"), "2024-07-03 09:46:40");
        assert_eq!(local("+08:00"), "2024-07-03 17:46:40");
        assert_eq!(local("+8:00"), "2024-07-03 17:46:40");
        assert_eq!(local("-3:30"), "2024-07-03 06:16:40");
        assert_eq!(local("+14:00"), "2024-07-03 23:46:40");
        assert_eq!(local("-12:00"), "2024-07-02 21:46:40");
        assert_eq!(local("cst"), "2024-07-03 17:46:40");
        assert_eq!(local("America/New_York"), "2024-07-03 05:46:40");
        for wrong in [
            "", "Mars", "8", "+25:00", "+14:01", "-12:30", "+8:0", "+:00", "+8:60", "8:00", "+é:00", "+-1:00",
        ] {
            assert!(Zone::parse(wrong).unwrap_err().to_string().contains("time zone"), "{wrong}");
        }
    }
}
