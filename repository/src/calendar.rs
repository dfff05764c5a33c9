//! The times that every reader can write down.

/// The first millisecond of the year 1 and the last of the year 9999, UTC.
const CALENDAR_MS: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

/// The time, in milliseconds since 1970 UTC, when it is in the years 1 to 9999. Others can be in manifests, and no DATETIME
/// can hold them.
pub fn in_calendar(ms: i64) -> Option<i64> {
    CALENDAR_MS.contains(&ms).then_some(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_ends_with_the_year_9999() {
        for (ms, is_in) in [
            (0, true),
            (253_402_300_799_999, true),
            (253_402_300_800_000, false),
            (-62_135_596_800_000, true),
            (-62_135_596_800_001, false),
            (i64::MAX, false),
        ] {
            assert_eq!(in_calendar(ms).is_some(), is_in, "{ms}");
        }
    }
}
