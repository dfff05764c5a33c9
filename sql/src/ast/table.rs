//! `CREATE TABLE`.

use std::fmt;

use super::database::if_word;
use super::print::{Commas, Quoted, write_comment, write_properties};
use super::{ExprText, Ident, IndexClause, ObjectName, PartitionClause, Properties, TypeName};

/// `CREATE [TEMPORARY|EXTERNAL] TABLE …`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateTableStatement {
    /// `TEMPORARY` or `EXTERNAL`.
    pub scope: TableScope,
    /// Whether an existing table is no error.
    pub if_not_exists: bool,
    /// The table.
    pub name: ObjectName,
    /// The columns, never empty.
    pub columns: Vec<ColumnClause>,
    /// The indexes.
    pub indexes: Vec<IndexClause>,
    /// The engine.
    pub engine: Option<Ident>,
    /// The key model and its columns.
    pub key: Option<KeyClause>,
    /// The table's comment.
    pub comment: Option<String>,
    /// The partitioning.
    pub partition: Option<PartitionClause>,
    /// The distribution.
    pub distribution: Option<DistributionClause>,
    /// The sort key of `ORDER BY`, never empty when present.
    pub order_by: Option<Vec<Ident>>,
    /// The rollups; empty without the clause.
    pub rollups: Vec<RollupClause>,
    /// The properties.
    pub properties: Properties,
}

impl fmt::Display for CreateTableStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = match self.scope {
            TableScope::Ordinary => "",
            TableScope::Temporary => "TEMPORARY ",
            TableScope::External => "EXTERNAL ",
        };
        let exists = if_word(self.if_not_exists, "IF NOT EXISTS ");
        write!(f, "CREATE {scope}TABLE {exists}{} ({}", self.name, Commas(&self.columns))?;
        for index in &self.indexes {
            write!(f, ", {index}")?;
        }
        f.write_str(")")?;
        if let Some(engine) = &self.engine {
            write!(f, " ENGINE = {engine}")?;
        }
        if let Some(key) = &self.key {
            write!(f, " {key}")?;
        }
        write_comment(f, self.comment.as_deref())?;
        if let Some(partition) = &self.partition {
            write!(f, " {partition}")?;
        }
        if let Some(distribution) = &self.distribution {
            write!(f, " {distribution}")?;
        }
        if let Some(columns) = &self.order_by {
            write!(f, " ORDER BY ({})", Commas(columns))?;
        }
        if !self.rollups.is_empty() {
            write!(f, " ROLLUP ({})", Commas(&self.rollups))?;
        }
        write_properties(f, &self.properties)
    }
}

/// The word before `TABLE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableScope {
    /// None.
    Ordinary,
    /// `TEMPORARY`
    Temporary,
    /// `EXTERNAL`
    External,
}

/// `name [type] [KEY] [aggregation] [NULL|NOT NULL] [value] [COMMENT "…"]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnClause {
    /// Its name.
    pub name: Ident,
    /// Its type; the grammar lets it be left out, the analyser does not.
    pub data_type: Option<TypeName>,
    /// Whether `KEY` was written.
    pub key: bool,
    /// How rows with equal keys are merged.
    pub aggregation: Option<Aggregation>,
    /// `NULL` is `Some(true)`, `NOT NULL` is `Some(false)`.
    pub nullable: Option<bool>,
    /// Where its value comes from when a load does not give it.
    pub value: Option<ColumnValue>,
    /// Its comment.
    pub comment: Option<String>,
}

impl fmt::Display for ColumnClause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        if let Some(data_type) = &self.data_type {
            write!(f, " {data_type}")?;
        }
        f.write_str(if_word(self.key, " KEY"))?;
        if let Some(aggregation) = &self.aggregation {
            write!(f, " {aggregation}")?;
        }
        match self.nullable {
            None => {}
            Some(true) => f.write_str(" NULL")?,
            Some(false) => f.write_str(" NOT NULL")?,
        }
        match &self.value {
            None => {}
            Some(ColumnValue::Default(default)) => write!(f, " DEFAULT {default}")?,
            Some(ColumnValue::AutoIncrement) => f.write_str(" AUTO_INCREMENT")?,
            Some(ColumnValue::Generated(expr)) => write!(f, " AS {expr}")?,
        }
        write_comment(f, self.comment.as_deref())
    }
}

/// A column's aggregation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aggregation {
    /// `SUM`
    Sum,
    /// `MIN`
    Min,
    /// `MAX`
    Max,
    /// `REPLACE`
    Replace,
    /// `REPLACE_IF_NOT_NULL`
    ReplaceIfNotNull,
    /// `HLL_UNION`
    HllUnion,
    /// `BITMAP_UNION`
    BitmapUnion,
    /// `PERCENTILE_UNION`
    PercentileUnion,
    /// `function(types)`: a generic aggregate state, which is the column's type as well.
    State {
        /// The function.
        function: Ident,
        /// What stands between the parentheses.
        arguments: String,
    },
}

impl Aggregation {
    /// The aggregations that are one word.
    pub const WORDS: [(&'static str, Self); 8] = [
        ("SUM", Self::Sum),
        ("MIN", Self::Min),
        ("MAX", Self::Max),
        ("REPLACE", Self::Replace),
        ("REPLACE_IF_NOT_NULL", Self::ReplaceIfNotNull),
        ("HLL_UNION", Self::HllUnion),
        ("BITMAP_UNION", Self::BitmapUnion),
        ("PERCENTILE_UNION", Self::PercentileUnion),
    ];
}

impl fmt::Display for Aggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State { function, arguments } => write!(f, "{function}({arguments})"),
            word => {
                let text = Self::WORDS
                    .iter()
                    .find(|(_, aggregation)| aggregation == word)
                    .map_or("", |(text, _)| text);
                f.write_str(text)
            }
        }
    }
}

/// Where a column's value comes from when a load does not give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnValue {
    /// `DEFAULT …`
    Default(ColumnDefault),
    /// `AUTO_INCREMENT`
    AutoIncrement,
    /// `AS expr`
    Generated(ExprText),
}

/// A column's default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnDefault {
    /// A string, to be read as the column's type.
    Literal(String),
    /// `NULL`
    Null,
    /// `CURRENT_TIMESTAMP[(precision)]`
    CurrentTimestamp(Option<u64>),
    /// `(function())`
    Function(Ident),
}

impl fmt::Display for ColumnDefault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => Quoted(text).fmt(f),
            Self::Null => f.write_str("NULL"),
            Self::CurrentTimestamp(None) => f.write_str("CURRENT_TIMESTAMP"),
            Self::CurrentTimestamp(Some(precision)) => write!(f, "CURRENT_TIMESTAMP({precision})"),
            Self::Function(function) => write!(f, "({function}())"),
        }
    }
}

/// `{DUPLICATE|AGGREGATE|UNIQUE|PRIMARY} KEY (columns)`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyClause {
    /// The key model.
    pub kind: KeyKind,
    /// The key columns, never empty.
    pub columns: Vec<Ident>,
}

impl fmt::Display for KeyClause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} KEY ({})", self.kind.word(), Commas(&self.columns))
    }
}

/// The key models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// `DUPLICATE`
    Duplicate,
    /// `AGGREGATE`
    Aggregate,
    /// `UNIQUE`
    Unique,
    /// `PRIMARY`
    Primary,
}

impl KeyKind {
    /// Every model.
    pub const ALL: [Self; 4] = [Self::Duplicate, Self::Aggregate, Self::Unique, Self::Primary];

    /// The model's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Duplicate => "DUPLICATE",
            Self::Aggregate => "AGGREGATE",
            Self::Unique => "UNIQUE",
            Self::Primary => "PRIMARY",
        }
    }
}

/// `DISTRIBUTED BY {HASH (columns)|RANDOM} [BUCKETS n]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistributionClause {
    /// The columns of `HASH`, never empty; `RANDOM` without.
    pub hash_columns: Option<Vec<Ident>>,
    /// The number of buckets.
    pub buckets: Option<u64>,
}

impl fmt::Display for DistributionClause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hash_columns {
            Some(columns) => write!(f, "DISTRIBUTED BY HASH ({})", Commas(columns))?,
            None => f.write_str("DISTRIBUTED BY RANDOM")?,
        }
        self.buckets.map_or(Ok(()), |buckets| write!(f, " BUCKETS {buckets}"))
    }
}

/// `name (columns) [DUPLICATE KEY (columns)] [FROM base] [PROPERTIES (…)]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollupClause {
    /// Its name.
    pub name: Ident,
    /// Its columns, never empty.
    pub columns: Vec<Ident>,
    /// Its key columns; empty without the clause.
    pub duplicate_key: Vec<Ident>,
    /// The index it is made from.
    pub base: Option<Ident>,
    /// Its properties.
    pub properties: Properties,
}

impl fmt::Display for RollupClause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, Commas(&self.columns))?;
        if !self.duplicate_key.is_empty() {
            write!(f, " DUPLICATE KEY ({})", Commas(&self.duplicate_key))?;
        }
        if let Some(base) = &self.base {
            write!(f, " FROM {base}")?;
        }
        write_properties(f, &self.properties)
    }
}
