//! Where partitions of equal width begin and end in the calendar, and StarRocks' names for them.

use cairn_format::{ColumnType, PartitionStep, StepUnit, Value};
use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

/// The time that a DATE or DATETIME stands for.
pub fn calendar_time(value: &Value) -> Option<NaiveDateTime> {
    match value {
        Value::Date(days) => Some(NaiveDate::from_epoch_days(*days)?.and_time(NaiveTime::MIN)),
        Value::DateTime(micros) => Some(DateTime::from_timestamp_micros(*micros)?.naive_utc()),
        _ => None,
    }
}

/// The DATE or DATETIME of `time`, as `column_type` is.
pub fn calendar_value(time: NaiveDateTime, column_type: &ColumnType) -> Value {
    match column_type {
        ColumnType::Date => Value::Date(time.date().to_epoch_days()),
        _ => Value::DateTime(time.and_utc().timestamp_micros()),
    }
}

/// Where the partition that begins at `time` ends. Weeks, months and years begin where the calendar's do, so a first
/// partition may be narrower. `None` beyond what a calendar holds.
pub fn partition_end(time: NaiveDateTime, count: u64, unit: StepUnit) -> Option<NaiveDateTime> {
    match unit {
        StepUnit::Minute | StepUnit::Hour | StepUnit::Day => plus(time, count, unit),
        _ => plus(truncated(time, unit)?, count, unit),
    }
}

/// StarRocks' name of the partition of this width that begins at `time`.
pub fn partition_name(time: NaiveDateTime, unit: StepUnit) -> String {
    format!("p{}", name_suffix(time, unit))
}

/// The part of such a name behind its prefix.
pub(crate) fn name_suffix(time: NaiveDateTime, unit: StepUnit) -> String {
    let year = time.year();
    match unit {
        StepUnit::Minute => format!("{year:04}{}", time.format("%m%d%H%M")),
        StepUnit::Hour => format!("{year:04}{}", time.format("%m%d%H")),
        StepUnit::Day => format!("{year:04}{}", time.format("%m%d")),
        StepUnit::Month => format!("{year:04}{}", time.format("%m")),
        StepUnit::Quarter => format!("{year:04}_{}", time.month0() / 3 + 1),
        StepUnit::Year => format!("{year:04}"),
        StepUnit::Week => {
            // Week 1 holds the first of January, weeks begin on Monday.
            let first = time.date().with_ordinal(1).unwrap_or_else(|| time.date());
            let week = (time.ordinal0() + first.weekday().num_days_from_monday()) / 7 + 1;
            format!("{year:04}_{week:02}")
        }
    }
}

/// The beginning and the end of the partition that a row at `time` gets. `None` beyond what a calendar holds.
pub(super) fn step_around(
    time: NaiveDateTime,
    step: PartitionStep,
) -> Option<(NaiveDateTime, NaiveDateTime)> {
    let (begin, count, unit) = match step {
        PartitionStep::Truncated(unit) => (truncated(time, unit)?, 1, unit),
        PartitionStep::Sliced { count, unit } => (sliced(time, count, unit)?, count, unit),
    };
    Some((begin, plus(begin, count.into(), unit)?))
}

/// The last beginning of a whole unit at or before `time`.
pub(crate) fn truncated(time: NaiveDateTime, unit: StepUnit) -> Option<NaiveDateTime> {
    let date = time.date();
    let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN);
    match unit {
        StepUnit::Minute => date.and_hms_opt(time.hour(), time.minute(), 0),
        StepUnit::Hour => date.and_hms_opt(time.hour(), 0, 0),
        StepUnit::Day => Some(midnight(date)),
        StepUnit::Week => {
            let monday = date.checked_sub_days(Days::new(date.weekday().num_days_from_monday().into()))?;
            Some(midnight(monday))
        }
        StepUnit::Month => date.with_day(1).map(midnight),
        StepUnit::Quarter => NaiveDate::from_ymd_opt(date.year(), date.month0() / 3 * 3 + 1, 1).map(midnight),
        StepUnit::Year => date.with_ordinal(1).map(midnight),
    }
}

/// The last beginning of a slice of `count` units at or before `time`; slices are counted from 0001-01-01, a Monday.
fn sliced(time: NaiveDateTime, count: u32, unit: StepUnit) -> Option<NaiveDateTime> {
    let origin = NaiveDate::from_ymd_opt(1, 1, 1)?.and_time(NaiveTime::MIN);
    let count = i64::from(count.max(1));
    let of_minutes = |minutes: i64| {
        let width = minutes.checked_mul(count)?;
        let passed = (time - origin).num_seconds().div_euclid(60);
        origin.checked_add_signed(Duration::try_minutes(passed.div_euclid(width) * width)?)
    };
    let of_months = |months: i64| {
        let width = months.checked_mul(count)?;
        let passed = (i64::from(time.year()) - 1) * 12 + i64::from(time.month0());
        let begin = passed.div_euclid(width) * width;
        let (year, month0) = (begin.div_euclid(12) + 1, begin.rem_euclid(12));
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, u32::try_from(month0 + 1).ok()?, 1)?;
        Some(date.and_time(NaiveTime::MIN))
    };
    match unit {
        StepUnit::Minute => of_minutes(1),
        StepUnit::Hour => of_minutes(60),
        StepUnit::Day => of_minutes(24 * 60),
        StepUnit::Week => of_minutes(7 * 24 * 60),
        StepUnit::Month => of_months(1),
        StepUnit::Quarter => of_months(3),
        StepUnit::Year => of_months(12),
    }
}

/// `count` units after `time`.
pub(crate) fn plus(time: NaiveDateTime, count: u64, unit: StepUnit) -> Option<NaiveDateTime> {
    let minutes = |each: i64| {
        let minutes = i64::try_from(count).ok()?.checked_mul(each)?;
        time.checked_add_signed(Duration::try_minutes(minutes)?)
    };
    let months =
        |each: u32| time.checked_add_months(Months::new(u32::try_from(count).ok()?.checked_mul(each)?));
    match unit {
        StepUnit::Minute => minutes(1),
        StepUnit::Hour => minutes(60),
        StepUnit::Day => time.checked_add_days(Days::new(count)),
        StepUnit::Week => time.checked_add_days(Days::new(count.checked_mul(7)?)),
        StepUnit::Month => months(1),
        StepUnit::Quarter => months(3),
        StepUnit::Year => months(12),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> NaiveDateTime {
        calendar_time(&Value::parse(&ColumnType::DateTime, text).unwrap()).unwrap()
    }

    #[test]
    fn a_step_holds_its_row_and_the_next_begins_where_it_ends() {
        let slices = [(1, StepUnit::Week), (5, StepUnit::Minute), (7, StepUnit::Day), (5, StepUnit::Month)];
        let steps = StepUnit::ALL
            .map(PartitionStep::Truncated)
            .into_iter()
            .chain(slices.map(|(count, unit)| PartitionStep::Sliced { count, unit }));
        for step in steps {
            for text in
                ["0000-01-01", "0000-12-31 23:59:59", "1969-12-31 12:34:56.789", "2024-02-29", "9998-07-08"]
            {
                let (begin, end) = step_around(time(text), step).unwrap();
                assert!(begin <= time(text) && time(text) < end, "{step:?} {text}: {begin} {end}");
                assert_eq!(step_around(begin, step).unwrap(), (begin, end), "{step:?} {text}");
                assert_eq!(step_around(end, step).unwrap().0, end, "{step:?} {text}");
            }
        }
    }

    #[test]
    fn slices_are_counted_from_the_first_day() {
        let slice = |text, count, unit| {
            step_around(time(text), PartitionStep::Sliced { count, unit }).unwrap().0.to_string()
        };
        assert_eq!(slice("2022-04-26 19:01:07", 5, StepUnit::Minute), "2022-04-26 19:00:00");
        assert_eq!(slice("2022-04-26 19:01:07", 5, StepUnit::Day), "2022-04-26 00:00:00");
        assert_eq!(slice("2022-05-06", 7, StepUnit::Day), "2022-05-02 00:00:00");
    }
}
