//! How the values of rows with equal keys become one.

use std::fmt;

use super::types::ColumnType;

/// What a value column of an Aggregate Key table makes of two values of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregation {
    /// The sum; a null counts nothing.
    Sum,
    /// The lesser; a null counts nothing.
    Min,
    /// The greater; a null counts nothing.
    Max,
    /// The newer, also when it is null.
    Replace,
    /// The newer that is not null.
    ReplaceIfNotNull,
    /// The sketch of all values of both.
    HllUnion,
    /// The numbers of both.
    BitmapUnion,
    /// The distribution of all numbers of both.
    PercentileUnion,
}

impl Aggregation {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Sum,
        Self::Min,
        Self::Max,
        Self::Replace,
        Self::ReplaceIfNotNull,
        Self::HllUnion,
        Self::BitmapUnion,
        Self::PercentileUnion,
    ];

    /// StarRocks' word for it.
    pub fn as_sql(self) -> &'static str {
        match self {
            Self::Sum => "SUM",
            Self::Min => "MIN",
            Self::Max => "MAX",
            Self::Replace => "REPLACE",
            Self::ReplaceIfNotNull => "REPLACE_IF_NOT_NULL",
            Self::HllUnion => "HLL_UNION",
            Self::BitmapUnion => "BITMAP_UNION",
            Self::PercentileUnion => "PERCENTILE_UNION",
        }
    }

    /// The aggregation that `word` names, whatever its case.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|aggregation| aggregation.as_sql().eq_ignore_ascii_case(word))
    }

    /// Whether it says anything of values of this type.
    pub fn takes(self, column_type: &ColumnType) -> bool {
        let is_number = column_type.is_integer()
            || matches!(column_type, ColumnType::Float | ColumnType::Double | ColumnType::Decimal { .. });
        match self {
            Self::Sum => is_number,
            Self::Min | Self::Max => {
                is_number
                    || column_type.is_text()
                    || matches!(column_type, ColumnType::Boolean | ColumnType::Date | ColumnType::DateTime)
            }
            Self::Replace | Self::ReplaceIfNotNull => !column_type.is_sketch(),
            Self::HllUnion => *column_type == ColumnType::Hll,
            Self::BitmapUnion => *column_type == ColumnType::Bitmap,
            Self::PercentileUnion => *column_type == ColumnType::Percentile,
        }
    }
}

impl fmt::Display for Aggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_sql())
    }
}
