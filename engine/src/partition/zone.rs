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
        if let Ok(offset) = text.parse::<FixedOffset>() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_have_names_and_distances() {
        let local = |text: &str| Zone::parse(text).unwrap().local(1_720_000_000_000).unwrap().to_string();
        assert_eq!(local("UTC"), "2024-07-03 09:46:40");
        assert_eq!(local("+08:00"), "2024-07-03 17:46:40");
        assert_eq!(local("cst"), "2024-07-03 17:46:40");
        assert_eq!(local("America/New_York"), "2024-07-03 05:46:40");
        for wrong in ["", "Mars", "8", "+25:00"] {
            assert!(Zone::parse(wrong).unwrap_err().to_string().contains("time zone"), "{wrong}");
        }
    }
}
