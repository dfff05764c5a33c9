//! Days and times as text, as StarRocks reads them.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// Reads a day: `2013-01-31`, and with less digits `2013-1-31` or `13-01-31`, whose years are 1970 to 2069.
pub(super) fn parse_day(text: &str) -> Option<NaiveDate> {
    let mut rest = text.trim().as_bytes();
    let day = day(&mut rest)?;
    rest.is_empty().then_some(day)
}

/// Reads a day, or a day and a time: `2013-01-31 10:00:00.000001`, also with a `T` between them.
pub(super) fn parse_time(text: &str) -> Option<NaiveDateTime> {
    let mut rest = text.trim().as_bytes();
    let day = day(&mut rest)?;
    if rest.is_empty() {
        return Some(day.and_time(NaiveTime::MIN));
    }
    if !eat(&mut rest, b'T') {
        let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
        rest = rest.get(blanks..).filter(|_| blanks > 0)?;
    }
    let time = time(&mut rest)?;
    rest.is_empty().then(|| day.and_time(time))
}

/// Reads a day, or a day and a time, written without anything between: `20130131` and `20130131100000`.
pub(super) fn parse_digits(text: &str) -> Option<NaiveDateTime> {
    let mut rest = text.trim().as_bytes();
    let with_time = match rest.len() {
        8 => false,
        14 => true,
        _ => return None,
    };
    let year = number(&mut rest, 4, 4)?;
    let day =
        NaiveDate::from_ymd_opt(year.cast_signed(), number(&mut rest, 2, 2)?, number(&mut rest, 2, 2)?)?;
    let mut two = || if with_time { number(&mut rest, 2, 2) } else { Some(0) };
    day.and_hms_opt(two()?, two()?, two()?)
}

fn day(rest: &mut &[u8]) -> Option<NaiveDate> {
    let before = rest.len();
    let year = number(rest, 2, 4)?;
    let year = match before - rest.len() {
        4 => year,
        2 if year < 70 => 2000 + year,
        2 => 1900 + year,
        _ => return None,
    };
    let month = eat(rest, b'-').then(|| number(rest, 1, 2))??;
    let day = eat(rest, b'-').then(|| number(rest, 1, 2))??;
    NaiveDate::from_ymd_opt(year.cast_signed(), month, day)
}

/// What is finer than a microsecond is cut off.
fn time(rest: &mut &[u8]) -> Option<NaiveTime> {
    let hour = number(rest, 1, 2)?;
    let minute = eat(rest, b':').then(|| number(rest, 1, 2))??;
    let second = eat(rest, b':').then(|| number(rest, 1, 2))??;
    let mut micros = 0;
    if eat(rest, b'.') {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (fraction, behind) = rest.split_at_checked(digits).filter(|_| digits > 0)?;
        *rest = behind;
        let six = fraction.iter().map(|byte| u32::from(byte - b'0')).chain(std::iter::repeat(0)).take(6);
        micros = six.fold(0, |sum, digit| sum * 10 + digit);
    }
    NaiveTime::from_hms_micro_opt(hour, minute, second, micros)
}

/// Takes a number of so many digits.
fn number(rest: &mut &[u8], least: usize, most: usize) -> Option<u32> {
    let digits = rest.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    let (taken, behind) = rest.split_at_checked(digits).filter(|_| digits >= least)?;
    *rest = behind;
    Some(taken.iter().fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0')))
}

fn eat(rest: &mut &[u8], byte: u8) -> bool {
    match rest.split_first() {
        Some((first, behind)) if *first == byte => {
            *rest = behind;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_are_read_as_they_are_written() {
        let cases = [
            ("2013-06-30", Some("2013-06-30 00:00:00")),
            (" 2013-6-3 ", Some("2013-06-03 00:00:00")),
            ("0000-01-01", Some("0000-01-01 00:00:00")),
            ("2013-06-30 1:2:3", Some("2013-06-30 01:02:03")),
            ("2013-06-30  23:59:59.5", Some("2013-06-30 23:59:59.500")),
            ("2013-06-30T23:59:59.1234567", Some("2013-06-30 23:59:59.123456")),
            // Years of two digits are near.
            ("13-06-30", Some("2013-06-30 00:00:00")),
            ("69-12-31", Some("2069-12-31 00:00:00")),
            ("70-01-01 00:00:00", Some("1970-01-01 00:00:00")),
            ("3-06-30", None),
            ("013-06-30", None),
            ("12013-06-30", None),
            ("+2013-06-30", None),
            ("-2013-06-30", None),
            ("2013-02-29", None),
            ("2013-06-31", None),
            ("2013-13-01", None),
            ("2013-06-30 23:59:60", None),
            ("2013-06-30 24:00:00", None),
            ("2013-06-30 10:00", None),
            ("2013-06-3010:00:00", None),
            ("2013-06-30 10:00:00.", None),
            ("2013-06-30 10:00:00x", None),
            ("2013-06-30x", None),
            ("2013-06", None),
            ("", None),
            ("é013-06-30", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_time(text).map(|time| time.to_string()).as_deref(), expected, "{text}");
            let day = parse_day(text).map(|day| day.and_time(NaiveTime::MIN).to_string());
            assert_eq!(day.as_deref(), expected.filter(|_| !text.contains(':')), "{text}");
        }
        let digits = [
            ("20130630", Some("2013-06-30 00:00:00")),
            ("20130630235959", Some("2013-06-30 23:59:59")),
            ("20130630235960", None),
            ("20130230", None),
            ("130630", None),
            ("2013063é", None),
        ];
        for (text, expected) in digits {
            assert_eq!(parse_digits(text).map(|time| time.to_string()).as_deref(), expected, "{text}");
        }
    }
}
