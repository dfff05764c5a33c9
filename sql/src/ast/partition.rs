//! `PARTITION BY` of `CREATE TABLE`.

use std::fmt;

use super::database::if_word;
use super::print::{Commas, Quoted, write_property_list};
use super::{ExprText, Ident, Properties};

/// `PARTITION BY …`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartitionClause {
    /// `RANGE (columns) (parts)`
    Range {
        /// The partition columns, never empty.
        columns: Vec<Ident>,
        /// The partitions; may be empty.
        parts: Vec<RangePart>,
    },
    /// `[LIST] (columns) (parts)`
    List {
        /// The partition columns, never empty.
        columns: Vec<Ident>,
        /// The partitions; may be empty.
        parts: Vec<ListPart>,
    },
    /// Columns and calls whose values make partitions while data is loaded.
    Expressions {
        /// The expressions, never empty.
        expressions: Vec<PartitionExpression>,
        /// Range partitions made at once; only beside a call.
        parts: Vec<RangePart>,
    },
}

impl fmt::Display for PartitionClause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range { columns, parts } => {
                write!(f, "PARTITION BY RANGE ({}) ({})", Commas(columns), Commas(parts))
            }
            Self::List { columns, parts } => {
                write!(f, "PARTITION BY LIST ({}) ({})", Commas(columns), Commas(parts))
            }
            Self::Expressions { expressions, parts } => {
                match expressions.as_slice() {
                    [PartitionExpression::Expr(call)] => write!(f, "PARTITION BY {call}")?,
                    several => write!(f, "PARTITION BY ({})", Commas(several))?,
                }
                if parts.is_empty() { Ok(()) } else { write!(f, " ({})", Commas(parts)) }
            }
        }
    }
}

/// One expression of an expression partitioning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartitionExpression {
    /// A column's value.
    Column(Ident),
    /// Anything else: `date_trunc('day', c)`, `time_slice(c, INTERVAL 7 day)`, …
    Expr(ExprText),
}

impl fmt::Display for PartitionExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(column) => column.fmt(f),
            Self::Expr(expr) => expr.fmt(f),
        }
    }
}

/// One entry of a range partition list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangePart {
    /// One partition.
    Single(RangePartition),
    /// Several of equal width.
    Batch(RangeBatch),
}

impl fmt::Display for RangePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single(partition) => partition.fmt(f),
            Self::Batch(batch) => batch.fmt(f),
        }
    }
}

/// `PARTITION [IF NOT EXISTS] name VALUES … [("k" = "v", …)]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangePartition {
    /// Whether an existing partition is no error.
    pub if_not_exists: bool,
    /// Its name.
    pub name: Ident,
    /// Its range.
    pub bound: RangeBound,
    /// Its properties.
    pub properties: Properties,
}

impl fmt::Display for RangePartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PARTITION {}{} VALUES ", if_word(self.if_not_exists, "IF NOT EXISTS "), self.name)?;
        match &self.bound {
            RangeBound::LessThanMax => f.write_str("LESS THAN MAXVALUE")?,
            RangeBound::LessThan(values) => write!(f, "LESS THAN ({})", Commas(values))?,
            RangeBound::Fixed { lower, upper } => write!(f, "[({}), ({}))", Commas(lower), Commas(upper))?,
        }
        write_part_properties(f, &self.properties)
    }
}

/// A range partition's range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeBound {
    /// `LESS THAN MAXVALUE`, the largest value of every column.
    LessThanMax,
    /// `LESS THAN (…)`, never empty
    LessThan(Vec<RangeValue>),
    /// `[(…), (…))`: from the lower values, included, to the upper, excluded. Neither is empty.
    Fixed {
        /// The lower values.
        lower: Vec<RangeValue>,
        /// The upper values.
        upper: Vec<RangeValue>,
    },
}

/// A value of a range partition's bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeValue {
    /// `MAXVALUE`
    Max,
    /// A string, to be read as the column's type.
    Value(String),
}

impl fmt::Display for RangeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Max => f.write_str("MAXVALUE"),
            Self::Value(text) => Quoted(text).fmt(f),
        }
    }
}

/// `START ("a") END ("b") EVERY (step)`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeBatch {
    /// The first partition's lower bound.
    pub start: String,
    /// The upper bound of them all.
    pub end: String,
    /// The width of one.
    pub step: PartitionStep,
}

impl fmt::Display for RangeBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "START ({}) END ({}) EVERY ({})", Quoted(&self.start), Quoted(&self.end), self.step)
    }
}

/// The width of the partitions of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartitionStep {
    /// A number, for integer columns.
    Number(u64),
    /// `INTERVAL n unit`, for dates.
    Interval(u64, TimeUnit),
}

impl fmt::Display for PartitionStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(n) => n.fmt(f),
            Self::Interval(n, unit) => write!(f, "INTERVAL {n} {unit}"),
        }
    }
}

/// The units of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// `YEAR`
    Year,
    /// `QUARTER`
    Quarter,
    /// `MONTH`
    Month,
    /// `WEEK`
    Week,
    /// `DAY`
    Day,
    /// `HOUR`
    Hour,
    /// `MINUTE`
    Minute,
    /// `SECOND`
    Second,
}

impl TimeUnit {
    /// Every unit, from the longest.
    pub const ALL: [Self; 8] = [
        Self::Year,
        Self::Quarter,
        Self::Month,
        Self::Week,
        Self::Day,
        Self::Hour,
        Self::Minute,
        Self::Second,
    ];

    /// The unit's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Year => "YEAR",
            Self::Quarter => "QUARTER",
            Self::Month => "MONTH",
            Self::Week => "WEEK",
            Self::Day => "DAY",
            Self::Hour => "HOUR",
            Self::Minute => "MINUTE",
            Self::Second => "SECOND",
        }
    }
}

impl fmt::Display for TimeUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// `PARTITION [IF NOT EXISTS] name VALUES IN (…) [("k" = "v", …)]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPart {
    /// Whether an existing partition is no error.
    pub if_not_exists: bool,
    /// Its name.
    pub name: Ident,
    /// Its values, never empty: one tuple a row, one value a partition column. `("a", "b")` and `(("a"),
    /// ("b"))` are the same.
    pub values: Vec<Vec<ListValue>>,
    /// Its properties.
    pub properties: Properties,
}

impl fmt::Display for ListPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PARTITION {}{} VALUES IN (", if_word(self.if_not_exists, "IF NOT EXISTS "), self.name)?;
        let plain = self.values.iter().all(|tuple| tuple.len() == 1);
        for (i, tuple) in self.values.iter().enumerate() {
            let separator = if i > 0 { ", " } else { "" };
            if plain {
                write!(f, "{separator}{}", Commas(tuple))?;
            } else {
                write!(f, "{separator}({})", Commas(tuple))?;
            }
        }
        f.write_str(")")?;
        write_part_properties(f, &self.properties)
    }
}

/// A value of a list partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListValue {
    /// `NULL`
    Null,
    /// A string, to be read as the column's type.
    Value(String),
}

impl fmt::Display for ListValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Value(text) => Quoted(text).fmt(f),
        }
    }
}

fn write_part_properties(f: &mut fmt::Formatter<'_>, properties: &Properties) -> fmt::Result {
    if properties.is_empty() {
        return Ok(());
    }
    f.write_str(" ")?;
    write_property_list(f, properties)
}
