//! Dynamic partitions: made ahead of the present and dropped behind it, as a table's properties say.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use cairn_format::{
    BoundValue, ColumnType, PartitionBound, PartitionDefinition, PartitionName, PartitionRange,
    PartitionRows, Partitioning, StepUnit, TableDefinition, Value,
};
use chrono::{Datelike, Days, Months, NaiveDateTime, TimeDelta};

use super::calendar::{calendar_value, name_suffix, plus, truncated};
use super::zone::Zone;
use crate::error::{Error, Result};

/// What the properties' names begin with.
pub const DYNAMIC_PARTITION: &str = "dynamic_partition.";

/// StarRocks' limit of partitions that are made at once.
const MAX_AHEAD: i64 = 500;
/// The most buckets of a partition.
const MAX_BUCKETS: i64 = 100_000;
/// StarRocks' word for no `start`: nothing is dropped.
pub(crate) const NO_START: i64 = i32::MIN as i64;

const KNOWN: [&str; 11] = [
    "enable",
    "time_unit",
    "time_zone",
    "start",
    "end",
    "prefix",
    "buckets",
    "history_partition_num",
    "start_day_of_week",
    "start_day_of_month",
    "replication_num",
];

/// How a table's partitions move with time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DynamicPartitions {
    enabled: bool,
    unit: StepUnit,
    /// How many units behind the present partitions are kept; `None` for all.
    start: Option<i64>,
    /// How many units ahead of it partitions are made.
    end: i64,
    prefix: String,
    /// Buckets of those that are made; `None` for what the table says.
    buckets: Option<u32>,
    /// Properties of those that are made.
    properties: BTreeMap<String, String>,
    zone: Zone,
    /// Units behind the present for which partitions are made when they are missing.
    history: i64,
    /// Days after Monday on which weeks begin.
    week_day: u64,
    /// Days after the first on which months begin.
    month_day: u64,
}

/// What is to be made and dropped.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DynamicPlan {
    pub(crate) new: Vec<PartitionDefinition>,
    pub(crate) expired: Vec<PartitionName>,
}

impl DynamicPartitions {
    /// Reads a table's properties; `None` when it has none of these.
    ///
    /// # Errors
    ///
    /// With StarRocks' words where they are wrong, or where the table cannot have dynamic partitions.
    pub fn of_table(table: &TableDefinition) -> Result<Option<Self>> {
        let given = |(key, value): (&'_ String, &'_ String)| {
            Some((key.strip_prefix(DYNAMIC_PARTITION)?.to_owned(), value.clone()))
        };
        let given: BTreeMap<String, String> = table.properties.iter().filter_map(given).collect();
        if given.is_empty() { Ok(None) } else { Self::parse(&Given(given), table).map(Some) }
    }

    /// Whether partitions are made and dropped by now.
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// The buckets of the partitions that are made, where it says so.
    pub(crate) fn buckets(&self) -> Option<u32> {
        self.buckets
    }

    /// The present as a value of the partition column, in the rule's zone.
    pub(super) fn present(&self, now_ms: i64, column_type: &ColumnType) -> Option<Value> {
        self.zone.local(now_ms).map(|now| bound_value(now, column_type))
    }

    fn parse(given: &Given, table: &TableDefinition) -> Result<Self> {
        if let Some(unknown) = given.0.keys().find(|key| !KNOWN.contains(&key.as_str())) {
            return Err(Error::invalid(format!(
                "Unknown properties: {DYNAMIC_PARTITION}{unknown}; the known ones are {}",
                KNOWN.join(", ")
            )));
        }
        let column_type = match &table.partitioning {
            Partitioning::Range { columns, step: None } if columns.len() == 1 => {
                &table.column_by_id(columns[0])?.column_type
            }
            _ => return Err(Error::invalid("Dynamic partition only support single-column range partition")),
        };
        let unit = unit(given.required("time_unit")?, column_type)?;
        let prefix = given.required("prefix")?;
        PartitionName::parse_declared(prefix)
            .map_err(|_| Error::invalid(format!("Invalid dynamic partition prefix: {prefix}")))?;
        given.required("end")?;
        // No buckets are StarRocks' word for automatic ones.
        let buckets = given.number("buckets", 0, MAX_BUCKETS)?.filter(|buckets| *buckets > 0);
        let replicas = given.number("replication_num", 1, u16::MAX.into())?;
        // Days are counted from 0 inside.
        let day = |day: Option<i64>| day.and_then(|day| u64::try_from(day - 1).ok()).unwrap_or(0);
        Ok(Self {
            enabled: given.enabled()?,
            unit,
            start: given.number("start", NO_START, -1)?.filter(|start| *start != NO_START),
            end: given.number("end", 1, MAX_AHEAD)?.unwrap_or(1),
            prefix: prefix.to_owned(),
            buckets: buckets.and_then(|buckets| u32::try_from(buckets).ok()),
            properties: replicas
                .map(|number| ("replication_num".to_owned(), number.to_string()))
                .into_iter()
                .collect(),
            zone: Zone::parse(given.get("time_zone").unwrap_or("UTC"))?,
            history: given.number("history_partition_num", 0, MAX_AHEAD)?.unwrap_or(0),
            week_day: day(given.number("start_day_of_week", 1, 7)?),
            month_day: day(given.number("start_day_of_month", 1, 28)?),
        })
    }

    /// What is to be made and dropped at `now_ms`, of a table that has `existing` partitions.
    pub(crate) fn plan(
        &self,
        table: &TableDefinition,
        existing: &[PartitionDefinition],
        now_ms: i64,
    ) -> Result<DynamicPlan> {
        let mut plan = DynamicPlan::default();
        let types = table.partition_types()?;
        let [column_type] = types.as_slice() else { return Ok(plan) };
        if !self.enabled {
            return Ok(plan);
        }
        let beyond =
            || Error::invalid(format!("table '{}': dynamic partitions beyond the calendar", table.name));
        let present = self.zone.local(now_ms).and_then(|now| self.begin(now)).ok_or_else(beyond)?;
        let bound = |time: NaiveDateTime| {
            PartitionBound::try_new(vec![BoundValue::Value(bound_value(time, column_type))], &types)
        };
        // History is not made where it would be dropped at once.
        let from = -self.history.min(self.start.map_or(i64::MAX, i64::saturating_neg));
        for offset in from..=self.end {
            let begin = self.offset(present, offset).ok_or_else(beyond)?;
            let end = self.offset(present, offset + 1).ok_or_else(beyond)?;
            let rows = PartitionRows::Range(PartitionRange::try_new(bound(begin)?, bound(end)?)?);
            let name = PartitionName::parse(&format!("{}{}", self.prefix, name_suffix(begin, self.unit)))?;
            if !existing.iter().any(|other| other.name == name || other.rows.overlaps(&rows)) {
                let (buckets, properties) = (self.buckets, self.properties.clone());
                plan.new.push(PartitionDefinition { name, rows, buckets, properties });
            }
        }
        if let Some(start) = self.start {
            let first = bound(self.offset(present, start).ok_or_else(beyond)?)?;
            let is_behind = |partition: &&PartitionDefinition| {
                let range = partition.rows.range();
                range.and_then(|range| range.upper().compare(&first)).is_some_and(Ordering::is_le)
            };
            plan.expired.extend(existing.iter().filter(is_behind).map(|partition| partition.name.clone()));
        }
        Ok(plan)
    }

    /// Where the unit that holds `time` begins.
    fn begin(&self, time: NaiveDateTime) -> Option<NaiveDateTime> {
        let shift = Days::new(match self.unit {
            StepUnit::Week => self.week_day,
            StepUnit::Month => self.month_day,
            _ => 0,
        });
        truncated(time.checked_sub_days(shift)?, self.unit)?.checked_add_days(shift)
    }

    fn offset(&self, time: NaiveDateTime, count: i64) -> Option<NaiveDateTime> {
        let steps = count.unsigned_abs();
        if count >= 0 {
            return plus(time, steps, self.unit);
        }
        let months = |each: u32| Some(Months::new(u32::try_from(steps).ok()?.checked_mul(each)?));
        match self.unit {
            StepUnit::Minute => time.checked_add_signed(TimeDelta::try_minutes(count)?),
            StepUnit::Hour => time.checked_add_signed(TimeDelta::try_hours(count)?),
            StepUnit::Day => time.checked_sub_days(Days::new(steps)),
            StepUnit::Week => time.checked_sub_days(Days::new(steps.checked_mul(7)?)),
            StepUnit::Month => time.checked_sub_months(months(1)?),
            StepUnit::Quarter => time.checked_sub_months(months(3)?),
            StepUnit::Year => time.checked_sub_months(months(12)?),
        }
    }
}

/// The properties that were given, without what their names begin with.
struct Given(BTreeMap<String, String>);

impl Given {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn required(&self, key: &str) -> Result<&str> {
        self.get(key)
            .ok_or_else(|| Error::invalid(format!("Must assign {DYNAMIC_PARTITION}{key} properties")))
    }

    fn number(&self, key: &str, least: i64, most: i64) -> Result<Option<i64>> {
        let Some(text) = self.get(key) else { return Ok(None) };
        let number = text.parse::<i64>().ok().filter(|number| (least..=most).contains(number));
        number.map(Some).ok_or_else(|| {
            Error::invalid(format!(
                "Invalid {DYNAMIC_PARTITION}{key}: '{text}'; give a whole number from {least} to {most}"
            ))
        })
    }

    fn enabled(&self) -> Result<bool> {
        match self.get("enable").map(str::to_ascii_lowercase).as_deref() {
            None | Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(other) => Err(Error::invalid(format!(
                "Invalid dynamic partition enable: {other}. Expected true or false"
            ))),
        }
    }
}

fn unit(word: &str, column_type: &ColumnType) -> Result<StepUnit> {
    let is_day =
        matches!(column_type, ColumnType::Date | ColumnType::DateTime | ColumnType::Int | ColumnType::BigInt);
    if !is_day {
        return Err(Error::invalid(format!(
            "Dynamic Partition Only Support DATE, DATETIME and INTEGER Type Now, not {column_type}"
        )));
    }
    let fits = |unit: &StepUnit| match unit {
        StepUnit::Hour => *column_type == ColumnType::DateTime,
        StepUnit::Day | StepUnit::Week | StepUnit::Month | StepUnit::Year => true,
        StepUnit::Minute | StepUnit::Quarter => false,
    };
    StepUnit::parse(word).filter(fits).ok_or_else(|| {
        Error::invalid(format!(
            "Unsupported time unit {word} of a partition column of type {column_type}. Expect {}DAY/WEEK/MONTH/YEAR",
            if *column_type == ColumnType::DateTime { "HOUR/" } else { "" }
        ))
    })
}

/// A day or time as a value of the column; whole numbers hold days as `20240229`.
fn bound_value(time: NaiveDateTime, column_type: &ColumnType) -> Value {
    match column_type {
        ColumnType::Date | ColumnType::DateTime => calendar_value(time, column_type),
        _ => Value::Integer(
            i128::from(time.year()) * 10_000 + i128::from(time.month()) * 100 + i128::from(time.day()),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_format::{Column, ColumnName, Distribution, FieldId, KeyModel, TableName};

    const NOW: &str = "2024-02-29 22:30:00";

    fn table(column_type: ColumnType, properties: &[(&str, &str)]) -> TableDefinition {
        let id = FieldId::try_new(1).unwrap();
        TableDefinition {
            name: TableName::parse("t").unwrap(),
            columns: vec![Column::new(id, ColumnName::parse("d").unwrap(), column_type)],
            key_model: KeyModel::Duplicate,
            key_columns: 1,
            sort_key: None,
            rollups: Vec::new(),
            materialized_view: None,
            partitioning: Partitioning::Range { columns: vec![id], step: None },
            distribution: Distribution::Random { buckets: 1 },
            automatic_buckets: false,
            comment: None,
            indexes: Vec::new(),
            properties: properties
                .iter()
                .map(|(key, value)| (format!("{DYNAMIC_PARTITION}{key}"), (*value).to_owned()))
                .collect(),
            next_field_id: 2,
        }
    }

    fn plan(table: &TableDefinition, existing: &[PartitionDefinition], now: &str) -> DynamicPlan {
        let Value::DateTime(micros) = Value::parse(&ColumnType::DateTime, now).unwrap() else { panic!() };
        let rule = DynamicPartitions::of_table(table).unwrap().unwrap();
        rule.plan(table, existing, micros / 1000).unwrap()
    }

    fn names(partitions: &[PartitionDefinition]) -> String {
        partitions.iter().map(|partition| partition.name.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn partitions_are_made_ahead_and_dropped_behind() {
        let cases: [(&[(&str, &str)], &str); 11] = [
            (&[("time_unit", "DAY")], "p20240229 p20240301 p20240302"),
            (&[("time_unit", "day"), ("time_zone", "+08:00")], "p20240301 p20240302 p20240303"),
            (&[("time_unit", "day"), ("time_zone", "Asia/Shanghai")], "p20240301 p20240302 p20240303"),
            (&[("time_unit", "hour")], "p2024022922 p2024022923 p2024030100"),
            (&[("time_unit", "WEEK")], "p2024_09 p2024_10 p2024_11"),
            (&[("time_unit", "WEEK"), ("start_day_of_week", "5")], "p2024_08 p2024_09 p2024_10"),
            (&[("time_unit", "MONTH"), ("history_partition_num", "1")], "p202401 p202402 p202403 p202404"),
            (
                &[("time_unit", "MONTH"), ("history_partition_num", "9"), ("start", "-1")],
                "p202401 p202402 p202403 p202404",
            ),
            (&[("time_unit", "MONTH"), ("start_day_of_month", "28")], "p202402 p202403 p202404"),
            (&[("time_unit", "year")], "p2024 p2025 p2026"),
            (&[("time_unit", "day"), ("enable", "false")], ""),
        ];
        for (properties, expected) in cases {
            let all = [properties, &[("end", "2"), ("prefix", "p")]].concat();
            let table = table(ColumnType::DateTime, &all);
            let made = plan(&table, &[], NOW);
            assert_eq!(names(&made.new), expected, "{properties:?}");
            assert!(made.expired.is_empty());
            assert_eq!(plan(&table, &made.new, NOW), DynamicPlan::default(), "{properties:?}");
            table.check_partitions(&made.new).unwrap();
        }
        for column_type in [ColumnType::Date, ColumnType::Int] {
            let properties = [("time_unit", "DAY"), ("start", "-2"), ("end", "1"), ("prefix", "p")];
            let table = table(column_type, &properties);
            let first = plan(&table, &[], NOW).new;
            let later = plan(&table, &first, "2024-03-03 00:00:00");
            assert_eq!(names(&later.new), "p20240303 p20240304");
            assert_eq!(later.expired, [PartitionName::parse("p20240229").unwrap()]);
        }
    }

    #[test]
    fn wrong_properties_are_refused() {
        let cases: [(&[(&str, &str)], &str); 12] = [
            (&[("time_unit", "DAY"), ("end", "1")], "Must assign dynamic_partition.prefix properties"),
            (&[("end", "1"), ("prefix", "p")], "Must assign dynamic_partition.time_unit properties"),
            (&[("time_unit", "DAY"), ("prefix", "p")], "Must assign dynamic_partition.end properties"),
            (&[("time_unit", "DAY"), ("end", "0"), ("prefix", "p")], "Invalid dynamic_partition.end: '0'"),
            (&[("time_unit", "HOUR"), ("end", "1"), ("prefix", "p")], "Unsupported time unit HOUR"),
            (&[("time_unit", "DAY"), ("end", "1"), ("prefix", "p-")], "Invalid dynamic partition prefix: p-"),
            (&[("time_unit", "DAY"), ("end", "1"), ("prefix", "p"), ("start", "1")], "start: '1'"),
            (&[("time_unit", "DAY"), ("end", "1"), ("prefix", "p"), ("start", "x")], "start: 'x'"),
            (&[("time_unit", "DAY"), ("end", "1"), ("prefix", "p"), ("stop", "1")], "Unknown properties"),
            (
                &[("time_unit", "DAY"), ("end", "1"), ("prefix", "p"), ("enable", "1")],
                "Expected true or false",
            ),
            (
                &[("time_unit", "DAY"), ("end", "1"), ("prefix", "p"), ("time_zone", "Mars")],
                "time zone: 'Mars'",
            ),
            (
                &[("time_unit", "WEEK"), ("end", "1"), ("prefix", "p"), ("start_day_of_week", "8")],
                "from 1 to 7",
            ),
        ];
        for (properties, expected) in cases {
            let error = DynamicPartitions::of_table(&table(ColumnType::Date, properties)).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
        let right = [("time_unit", "DAY"), ("end", "1"), ("prefix", "p")];
        let error = DynamicPartitions::of_table(&table(ColumnType::String, &right)).unwrap_err();
        assert!(error.to_string().contains("Only Support DATE"), "{error}");
        let mut unpartitioned = table(ColumnType::Date, &right);
        unpartitioned.partitioning = Partitioning::Unpartitioned;
        let error = DynamicPartitions::of_table(&unpartitioned).unwrap_err();
        assert!(error.to_string().contains("only support single-column range partition"), "{error}");
    }
}
