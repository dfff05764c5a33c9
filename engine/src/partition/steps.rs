//! Days and times that count in lists by the step that holds them.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Date32Array, TimestampMicrosecondArray};
use arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use cairn_format::{ColumnType, PartitionStep, Value};

use super::calendar::{calendar_time, calendar_value, step_around};
use crate::error::{Error, Result};

/// The value at which the step around a value begins, and that at which the next does, if calendars have them.
fn around(value: &Value, column_type: &ColumnType, step: PartitionStep) -> Option<(Value, Option<Value>)> {
    let (begin, end) = step_around(calendar_time(value)?, step)?;
    let in_calendar = |value: &Value| value.is_in_calendar();
    let begin = Some(calendar_value(begin, column_type)).filter(in_calendar);
    let end = Some(calendar_value(end, column_type)).filter(in_calendar);
    // A step that begins before the calendar does begins with it.
    Some((begin.or_else(|| Value::least(column_type))?, end))
}

/// The value at which the step around a day or time begins; `None` for what is neither, or beyond the calendar.
pub fn step_begin(value: &Value, column_type: &ColumnType, step: PartitionStep) -> Option<Value> {
    around(value, column_type, step).map(|(begin, _)| begin)
}

/// The values at which the steps around those of an array begin; null stays null.
pub(crate) fn cut_to_steps(
    array: &ArrayRef,
    column_type: &ColumnType,
    step: PartitionStep,
) -> Result<ArrayRef> {
    let mut cutter = Cutter::new(column_type, step);
    if *column_type == ColumnType::Date {
        let days = array.as_primitive::<Date32Type>();
        let cut = days.iter().map(|day| match day.map(|day| cutter.cut(&Value::Date(day))).transpose()? {
            Some(Value::Date(day)) => Ok(Some(day)),
            _ => Ok(None),
        });
        return Ok(Arc::new(cut.collect::<Result<Date32Array>>()?));
    }
    let times = array.as_primitive::<TimestampMicrosecondType>();
    let cut =
        times.iter().map(|time| match time.map(|time| cutter.cut(&Value::DateTime(time))).transpose()? {
            Some(Value::DateTime(time)) => Ok(Some(time)),
            _ => Ok(None),
        });
    Ok(Arc::new(cut.collect::<Result<TimestampMicrosecondArray>>()?))
}

/// Cuts values, of which those that follow each other mostly lie in one step.
struct Cutter<'a> {
    column_type: &'a ColumnType,
    step: PartitionStep,
    last: Option<(Value, Option<Value>)>,
}

impl<'a> Cutter<'a> {
    fn new(column_type: &'a ColumnType, step: PartitionStep) -> Self {
        Self { column_type, step, last: None }
    }

    fn cut(&mut self, value: &Value) -> Result<Value> {
        let is_in = |(begin, end): &(Value, Option<Value>)| {
            let reaches = begin.compare(value).is_some_and(std::cmp::Ordering::is_le);
            reaches
                && end.as_ref().is_some_and(|end| value.compare(end).is_some_and(std::cmp::Ordering::is_lt))
        };
        if !self.last.as_ref().is_some_and(is_in) {
            let found = around(value, self.column_type, self.step);
            self.last =
                Some(found.ok_or_else(|| Error::invalid("a time beyond the calendar has no partition"))?);
        }
        self.last
            .as_ref()
            .map(|(begin, _)| begin.clone())
            .ok_or_else(|| Error::invalid("no step holds the value"))
    }
}

/// The values between which those of a step lie that begins with `value`, both ends included.
pub(crate) fn may_be_between(
    value: &Value,
    column_type: &ColumnType,
    step: PartitionStep,
) -> (Option<Value>, Option<Value>) {
    match around(value, column_type, step) {
        Some((begin, end)) => (Some(begin), end),
        None => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Array;
    use cairn_format::StepUnit;

    #[test]
    fn values_are_cut_to_the_beginning_of_their_step() {
        let kind = ColumnType::Date;
        let value = |text: &str| Value::parse(&kind, text).unwrap();
        let texts = ["2024-02-29", "2024-02-01", "2024-03-01", "0000-01-01", "9999-12-31", "2024-02-02"];
        let days = texts.iter().map(|text| if let Value::Date(day) = value(text) { Some(day) } else { None });
        let array: ArrayRef = Arc::new(days.chain([None]).collect::<Date32Array>());
        let cut = |step| {
            let cut = cut_to_steps(&array, &kind, step).unwrap();
            let texts = (0..cut.len()).map(|row| Value::from_array(&cut, row, &kind).unwrap().to_text(&kind));
            texts.map(|text| text.unwrap_or_else(|| "null".to_owned())).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            cut(PartitionStep::Truncated(StepUnit::Month)),
            "2024-02-01 2024-02-01 2024-03-01 0000-01-01 9999-12-01 2024-02-01 null"
        );
        assert_eq!(
            cut(PartitionStep::Sliced { count: 5, unit: StepUnit::Year }),
            "2021-01-01 2021-01-01 2021-01-01 0000-01-01 9996-01-01 2021-01-01 null"
        );
    }
}
