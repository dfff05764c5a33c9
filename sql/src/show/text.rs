//! Texts that several SHOW statements print.

use cairn_repository::in_calendar;
use chrono::DateTime;

/// One row: a value for each column.
pub(super) type Row = Vec<Option<String>>;

/// What StarRocks prints for a time or a text that is not there.
pub(super) const NULL: &str = "NULL";

/// `yyyy-MM-dd HH:mm:ss` in UTC; [`NULL`] for a time that no DATETIME holds.
pub(super) fn time(ms: i64) -> String {
    in_calendar(ms)
        .and_then(DateTime::from_timestamp_millis)
        .map_or_else(|| NULL.to_owned(), |time| time.format("%Y-%m-%d %H:%M:%S").to_string())
}

/// The same for a time that may not have come yet.
pub(super) fn time_or_null(ms: Option<i64>) -> String {
    ms.map_or_else(|| NULL.to_owned(), time)
}

/// Bytes as StarRocks prints sizes: `1.5MB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    if bytes < 1024 {
        return format!("{bytes}B");
    }
    let mut unit = 0;
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut size = bytes as f64;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.1}{}", UNITS[unit])
}

/// Whether a name matches a LIKE pattern, in which `%` stands for any text and `_` for one character.
pub(super) fn is_like(name: &str, pattern: &str) -> bool {
    let (name, pattern): (Vec<char>, Vec<char>) = (name.chars().collect(), pattern.chars().collect());
    let (mut at, mut in_pattern) = (0, 0);
    // Behind the last `%`, and the end of the text that it stands for so far: earlier ones need no second try.
    let mut last_any: Option<(usize, usize)> = None;
    loop {
        match (&pattern[in_pattern..], &name[at..]) {
            (['%', ..], _) => {
                in_pattern += 1;
                last_any = Some((in_pattern, at));
                continue;
            }
            ([], []) => return true,
            (['_', ..], [_, ..]) => {
                (at, in_pattern) = (at + 1, in_pattern + 1);
                continue;
            }
            (['\\', literal, ..], [c, ..]) if literal == c => {
                (at, in_pattern) = (at + 1, in_pattern + 2);
                continue;
            }
            ([literal, rest @ ..], [c, ..]) if literal == c && (*literal != '\\' || rest.is_empty()) => {
                (at, in_pattern) = (at + 1, in_pattern + 1);
                continue;
            }
            _ => {}
        }
        match last_any {
            Some((behind, taken)) if taken < name.len() => {
                last_any = Some((behind, taken + 1));
                (at, in_pattern) = (taken + 1, behind);
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_patterns_match_whole_names() {
        for (name, pattern, expected) in [
            ("flights", "fl%", true),
            ("flights", "FL%", false),
            ("flights", "flight", false),
            ("flights", "%g_t%", true),
            ("a_b", "a\\_b", true),
            ("axb", "a\\_b", false),
            ("", "%", true),
            ("a\\b", "a\\\\b", true),
            ("abcabd", "%ab_", true),
            ("abcabd", "%abc", false),
            ("abc", "%%c%", true),
        ] {
            assert_eq!(is_like(name, pattern), expected, "{name} {pattern}");
        }
    }

    #[test]
    fn a_pattern_of_many_wildcards_is_matched_at_once() {
        assert!(!is_like(&"a".repeat(500), &format!("{}b", "%a".repeat(100))));
    }

    #[test]
    fn sizes_and_times_are_short() {
        assert_eq!((size(0), size(1023), size(1536)), ("0B".into(), "1023B".into(), "1.5KB".into()));
        assert_eq!(time(1_372_550_401_999), "2013-06-30 00:00:01");
        assert_eq!(
            (time_or_null(None), time(i64::MAX), time(i64::MIN)),
            ("NULL".into(), NULL.into(), NULL.into())
        );
    }
}
