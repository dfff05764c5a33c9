//! `START … END … EVERY`: many partitions of equal width.

use cairn_engine::{calendar_time, calendar_value, partition_end, partition_name};
use cairn_format::{
    BoundValue, ColumnType, PartitionBound, PartitionDefinition, PartitionName, PartitionRange,
    PartitionRows, StepUnit, Value,
};
use chrono::NaiveDateTime;

use crate::analyze::names::analysed;
use crate::ast::{PartitionStep, RangeBatch, TimeUnit};
use crate::error::{Error, Result};

/// StarRocks' limit of partitions that one batch makes.
const MAX_PARTITIONS: usize = 4096;

pub(super) fn partitions(batch: &RangeBatch, column_type: &ColumnType) -> Result<Vec<PartitionDefinition>> {
    let about = |e: Error| e.about(format_args!("partitions from \"{}\" to \"{}\"", batch.start, batch.end));
    let value = |text: &str| analysed(Value::parse(column_type, text)).map_err(about);
    let (start, end) = (value(&batch.start)?, value(&batch.end)?);
    let ranges = match (batch.step, start, end) {
        (PartitionStep::Number(width), Value::Integer(start), Value::Integer(end)) => {
            of_numbers(start, end, width).map_err(about)?
        }
        (PartitionStep::Interval(width, unit), start, end) if unit_fits(unit, column_type) => {
            match (calendar_time(&start), calendar_time(&end)) {
                (Some(start), Some(end)) => of_times(start, end, width, unit, column_type).map_err(about)?,
                _ => return Err(about(wrong_step(column_type))),
            }
        }
        _ => return Err(about(wrong_step(column_type))),
    };
    let types = std::slice::from_ref(column_type);
    let bound = |value| analysed(PartitionBound::try_new(vec![BoundValue::Value(value)], types));
    let partition = |(name, lower, upper): (String, Value, Value)| {
        let range = analysed(PartitionRange::try_new(bound(lower)?, bound(upper)?))?;
        Ok(PartitionDefinition::new(analysed(PartitionName::parse(&name))?, PartitionRows::Range(range)))
    };
    ranges.into_iter().map(partition).collect()
}

type NamedRange = (String, Value, Value);

fn wrong_step(column_type: &ColumnType) -> Error {
    Error::analysis(match column_type {
        ColumnType::Date => "EVERY of a DATE column is INTERVAL n DAY, WEEK, MONTH or YEAR".to_owned(),
        ColumnType::DateTime => {
            "EVERY of a DATETIME column is INTERVAL n HOUR, DAY, WEEK, MONTH or YEAR".to_owned()
        }
        integer if integer.is_integer() => "EVERY of an integer column is a number".to_owned(),
        other => format!("START … END … EVERY cannot divide a column of type {other}"),
    })
}

fn unit_fits(unit: TimeUnit, column_type: &ColumnType) -> bool {
    match unit {
        TimeUnit::Day | TimeUnit::Week | TimeUnit::Month | TimeUnit::Year => true,
        TimeUnit::Hour => *column_type == ColumnType::DateTime,
        TimeUnit::Quarter | TimeUnit::Minute | TimeUnit::Second => false,
    }
}

fn of_numbers(start: i128, end: i128, width: u64) -> Result<Vec<NamedRange>> {
    check_ends(start < end, width)?;
    let mut ranges = Vec::new();
    let mut lower = start;
    while lower < end {
        check_count(ranges.len())?;
        let upper = lower.saturating_add(width.into()).min(end);
        let name = format!("p{}{}", if lower < 0 { "_" } else { "" }, lower.unsigned_abs());
        ranges.push((name, Value::Integer(lower), Value::Integer(upper)));
        lower = upper;
    }
    Ok(ranges)
}

fn of_times(
    start: NaiveDateTime,
    end: NaiveDateTime,
    width: u64,
    unit: TimeUnit,
    column_type: &ColumnType,
) -> Result<Vec<NamedRange>> {
    check_ends(start < end, width)?;
    let too_far = || Error::analysis("its partitions go beyond the year 9999");
    let unit = step_unit(unit).ok_or_else(|| wrong_step(column_type))?;
    let value = |time| calendar_value(time, column_type);
    let mut ranges = Vec::new();
    let mut lower = start;
    while lower < end {
        check_count(ranges.len())?;
        let upper = partition_end(lower, width, unit).ok_or_else(too_far)?.min(end);
        ranges.push((partition_name(lower, unit), value(lower), value(upper)));
        lower = upper;
    }
    Ok(ranges)
}

fn check_ends(ordered: bool, width: u64) -> Result<()> {
    if !ordered {
        return Err(Error::analysis("START must be below END"));
    }
    if width == 0 {
        return Err(Error::analysis("EVERY must be at least 1"));
    }
    Ok(())
}

fn check_count(count: usize) -> Result<()> {
    if count < MAX_PARTITIONS {
        return Ok(());
    }
    Err(Error::analysis(format!(
        "the number of batch partitions should not exceed {MAX_PARTITIONS}: make the steps wider"
    )))
}

/// Whether the batch's partitions are each `count` of `unit` wide.
pub(super) fn is_step(batch: &RangeBatch, count: u64, unit: StepUnit) -> bool {
    matches!(batch.step, PartitionStep::Interval(width, of) if width == count && step_unit(of) == Some(unit))
}

/// The engine's word for a unit that partitions may be wide.
fn step_unit(unit: TimeUnit) -> Option<StepUnit> {
    StepUnit::parse(unit.word())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(start: &str, end: &str, step: PartitionStep, column_type: &ColumnType) -> Vec<String> {
        let batch = RangeBatch { start: start.to_owned(), end: end.to_owned(), step };
        partitions(&batch, column_type).unwrap().iter().map(|p| p.name.to_string()).collect()
    }

    #[test]
    fn partitions_have_starrocks_names() {
        let every = PartitionStep::Interval;
        let cases = [
            (
                "2013-01-01",
                "2013-01-04",
                every(1, TimeUnit::Day),
                ColumnType::Date,
                "p20130101 p20130102 p20130103",
            ),
            (
                "2013-01-15",
                "2013-03-02",
                every(1, TimeUnit::Month),
                ColumnType::Date,
                "p201301 p201302 p201303",
            ),
            ("2012-01-01", "2014-01-01", every(1, TimeUnit::Year), ColumnType::DateTime, "p2012 p2013"),
            (
                "2013-01-01",
                "2013-01-15",
                every(1, TimeUnit::Week),
                ColumnType::Date,
                "p2013_01 p2013_02 p2013_03",
            ),
            (
                "2013-01-01 22:00:00",
                "2013-01-02",
                every(1, TimeUnit::Hour),
                ColumnType::DateTime,
                "p2013010122 p2013010123",
            ),
            ("-5", "10", PartitionStep::Number(5), ColumnType::Int, "p_5 p0 p5"),
        ];
        for (start, end, step, column_type, expected) in cases {
            assert_eq!(names(start, end, step, &column_type).join(" "), expected);
        }
    }

    #[test]
    fn impossible_batches_are_refused() {
        let every = PartitionStep::Interval;
        let cases = [
            (
                "2013-01-01",
                "2013-01-01",
                every(1, TimeUnit::Day),
                ColumnType::Date,
                "START must be below END",
            ),
            ("2013-01-01", "2014-01-01", every(0, TimeUnit::Day), ColumnType::Date, "at least 1"),
            ("2013-01-01", "2014-01-01", every(1, TimeUnit::Hour), ColumnType::Date, "EVERY of a DATE"),
            ("2013-01-01", "2014-01-01", PartitionStep::Number(1), ColumnType::Date, "EVERY of a DATE"),
            ("1", "9", every(1, TimeUnit::Day), ColumnType::Int, "is a number"),
            ("a", "b", PartitionStep::Number(1), ColumnType::String, "cannot divide"),
            ("0", "10000", PartitionStep::Number(1), ColumnType::Int, "should not exceed 4096"),
            ("x", "10", PartitionStep::Number(1), ColumnType::Int, "'x' is not a value"),
        ];
        for (start, end, step, column_type, expected) in cases {
            let batch = RangeBatch { start: start.to_owned(), end: end.to_owned(), step };
            let error = partitions(&batch, &column_type).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
