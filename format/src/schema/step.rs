//! How wide the partitions are that loads make by themselves.

use std::fmt;

/// A unit of time that partitions may be wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepUnit {
    /// One minute.
    Minute,
    /// One hour.
    Hour,
    /// One day.
    Day,
    /// Seven days from a Monday on.
    Week,
    /// One month.
    Month,
    /// Three months.
    Quarter,
    /// One year.
    Year,
}

impl StepUnit {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Minute, Self::Hour, Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// The word for it, in small letters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// The unit that `word` names, whatever its case.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.as_str().eq_ignore_ascii_case(word))
    }
}

impl fmt::Display for StepUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The width of partitions that loads make where a row has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartitionStep {
    /// `date_trunc('unit', column)`: one unit, as calendars divide time.
    Truncated(StepUnit),
    /// `time_slice(column, INTERVAL count unit)`: so many units, counted from 0001-01-01.
    Sliced {
        /// How many, at least 1.
        count: u32,
        /// Of what.
        unit: StepUnit,
    },
}
