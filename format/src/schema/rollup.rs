//! Rollups: what a table's rows are kept as beside themselves, in some of their columns, by another key, or summed up.
//!
//! The rows of a rollup follow from those of the table, bucket by bucket: so they can always be made again.

use std::collections::HashSet;
use std::fmt;

use super::aggregation::Aggregation;
use super::column::{Column, FieldId};
use super::table::{Distribution, KeyModel, Partitioning, TableDefinition};
use super::types::ColumnType;
use crate::error::{Error, Result};
use crate::name::{ColumnName, TableName};
use crate::parquet_profile::COMPRESSION_PROPERTY;

/// The identity of a rollup inside its table, for ever. It is taken from the table's field ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RollupId(i32);

impl RollupId {
    /// The identity with number `id`, at least 1.
    pub fn try_new(id: i32) -> Result<Self> {
        if id >= 1 { Ok(Self(id)) } else { Err(Error::corrupt(format!("rollup id {id} is not positive"))) }
    }

    /// The number.
    pub fn get(self) -> i32 {
        self.0
    }
}

impl fmt::Display for RollupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where the values of a rollup's column come from: each is made of one row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RollupSource {
    /// A column of the table.
    Column(FieldId),
    /// 1 where the column is not null, else 0: summed up they count its values.
    NotNull(FieldId),
    /// 1: summed up they count rows.
    Row,
    /// An expression over columns of the table, as SQL.
    Expression(String),
}

/// What stands around an expression whose values are counted.
const COUNTED: (&str, &str) = ("CASE WHEN (", ") IS NULL THEN 0 ELSE 1 END");

impl RollupSource {
    /// 1 where an expression, as SQL, is not null, else 0: summed up they count its values.
    pub fn counting(expression: &str) -> Self {
        Self::Expression(format!("{}{expression}{}", COUNTED.0, COUNTED.1))
    }

    /// The expression whose values are [counted](Self::counting); `None` for every other source.
    pub fn counted(&self) -> Option<&str> {
        match self {
            Self::Expression(text) => text.strip_prefix(COUNTED.0)?.strip_suffix(COUNTED.1),
            _ => None,
        }
    }
}

/// A column of a rollup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupColumn {
    /// What it is. Its field id is none of the table's.
    pub column: Column,
    /// Where its values come from.
    pub source: RollupSource,
}

/// The definition of a rollup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupDefinition {
    /// Its identity.
    pub id: RollupId,
    /// Its name.
    pub name: TableName,
    /// Its columns, key columns first.
    pub columns: Vec<RollupColumn>,
    /// How rows of equal key become one.
    pub key_model: KeyModel,
    /// How many columns from the left are the key.
    pub key_columns: usize,
    /// The condition, as SQL, of the rows that it is made of; all without one.
    pub filter: Option<String>,
}

impl RollupDefinition {
    /// Whether it is columns of the table and nothing else, as `ROLLUP` says it.
    pub fn is_plain(&self) -> bool {
        self.filter.is_none()
            && self.columns.iter().all(|column| matches!(column.source, RollupSource::Column(_)))
    }

    /// Whether it is made of this column of the table, as far as that can be seen without reading expressions.
    pub fn reads(&self, id: FieldId) -> bool {
        self.columns.iter().any(|column| {
            matches!(column.source, RollupSource::Column(of) | RollupSource::NotNull(of) if of == id)
        })
    }

    /// Its expressions, the condition among them.
    pub fn expressions(&self) -> impl Iterator<Item = &str> {
        let of_columns = self.columns.iter().filter_map(|column| match &column.source {
            RollupSource::Expression(text) => Some(text.as_str()),
            _ => None,
        });
        of_columns.chain(self.filter.as_deref())
    }

    /// Whether rows that were made for the one can be taken by the other as they are, whatever both are called.
    pub(super) fn stores_alike(&self, other: &Self) -> bool {
        let alike =
            |(a, b): (&RollupColumn, &RollupColumn)| a.source == b.source && a.column.stores_alike(&b.column);
        self.id == other.id
            && self.key_model == other.key_model
            && self.key_columns == other.key_columns
            && self.filter == other.filter
            && self.columns.len() == other.columns.len()
            && self.columns.iter().zip(&other.columns).all(alike)
    }

    /// Whether both are made in the same way of tables with the same columns, whatever their identities.
    pub fn is_same(&self, other: &Self) -> bool {
        let same = |(a, b): (&RollupColumn, &RollupColumn)| {
            a.source == b.source && a.column == Column { field_id: a.column.field_id, ..b.column.clone() }
        };
        self.name == other.name
            && self.key_model == other.key_model
            && self.key_columns == other.key_columns
            && self.filter == other.filter
            && self.columns.len() == other.columns.len()
            && self.columns.iter().zip(&other.columns).all(same)
    }
}

impl TableDefinition {
    /// The rollup named `name`.
    pub fn rollup(&self, name: &TableName) -> Option<&RollupDefinition> {
        self.rollups.iter().find(|rollup| rollup.name == *name)
    }

    /// What the rows of a rollup are, as a table of its columns. It has the partitions and buckets of this one, and says by
    /// which of its columns rows are divided as far as it has those.
    #[must_use]
    pub fn of_rollup(&self, rollup: &RollupDefinition) -> Self {
        let own = |id: &FieldId| {
            // A sum of a column is not the column.
            let copy = |column: &&RollupColumn| {
                column.source == RollupSource::Column(*id) && column.column.aggregation.is_none()
            };
            rollup.columns.iter().find(copy).map(|column| column.column.field_id)
        };
        let all = |ids: &[FieldId]| ids.iter().map(own).collect::<Option<Vec<_>>>();
        let partitioning = match &self.partitioning {
            Partitioning::Unpartitioned => Partitioning::Unpartitioned,
            Partitioning::Range { columns, .. } => all(columns)
                .map_or(Partitioning::Unpartitioned, |columns| Partitioning::Range { columns, step: None }),
            Partitioning::List { columns, steps, .. } => {
                all(columns).map_or(Partitioning::Unpartitioned, |columns| Partitioning::List {
                    columns,
                    steps: steps.iter().filter_map(|(id, step)| Some((own(id)?, *step))).collect(),
                    automatic: false,
                })
            }
        };
        let buckets = self.distribution.buckets();
        let distribution = match &self.distribution {
            Distribution::Hash { columns, .. } => all(columns)
                .map_or(Distribution::Random { buckets }, |columns| Distribution::Hash { columns, buckets }),
            Distribution::Random { .. } => Distribution::Random { buckets },
        };
        let compression = self.properties.get_key_value(COMPRESSION_PROPERTY);
        Self {
            name: rollup.name.clone(),
            columns: rollup.columns.iter().map(|column| column.column.clone()).collect(),
            key_model: rollup.key_model,
            key_columns: rollup.key_columns,
            automatic_buckets: false,
            sort_key: None,
            partitioning,
            distribution,
            comment: None,
            indexes: Vec::new(),
            rollups: Vec::new(),
            materialized_view: None,
            properties: compression.into_iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
            next_field_id: self.next_field_id,
        }
    }

    /// Checks the rollups against the table and each other.
    pub(super) fn check_rollups(&self) -> Result<()> {
        let mut names = HashSet::new();
        let mut ids: HashSet<i32> = self.columns.iter().map(|column| column.field_id.get()).collect();
        for rollup in &self.rollups {
            let subject = || format!("rollup '{}'", rollup.name);
            if !names.insert(&rollup.name) {
                return Err(Error::invalid("there is another of that name").about(subject()));
            }
            let own = rollup.columns.iter().map(|column| column.column.field_id.get());
            for id in own.chain([rollup.id.get()]) {
                if !ids.insert(id) || id >= self.next_field_id {
                    return Err(Error::invalid(format!("{id} is the identity of another")).about(subject()));
                }
            }
            self.check_rollup(rollup).map_err(|e| e.about(subject()))?;
        }
        Ok(())
    }

    fn check_rollup(&self, rollup: &RollupDefinition) -> Result<()> {
        if self.key_model == KeyModel::Primary {
            return Err(Error::invalid("a PRIMARY KEY table has no rollups"));
        }
        let keys = rollup.key_columns;
        if rollup.columns.is_empty() || keys > rollup.columns.len() {
            return Err(Error::invalid("it needs columns, and no more keys than those"));
        }
        let fits = match rollup.key_model {
            KeyModel::Duplicate => self.key_model == KeyModel::Duplicate,
            KeyModel::Aggregate => self.key_model != KeyModel::Unique,
            KeyModel::Unique => self.key_model == KeyModel::Unique,
            KeyModel::Primary => false,
        };
        if !fits {
            return Err(Error::invalid(format!(
                "it cannot be {} where the table is {}",
                rollup.key_model.as_sql(),
                self.key_model.as_sql()
            )));
        }
        let mut names: HashSet<ColumnName> = HashSet::new();
        for (at, RollupColumn { column, source }) in rollup.columns.iter().enumerate() {
            let refused = |why: &str| Err(Error::invalid(format!("column '{}' {why}", column.name)));
            column.check()?;
            if !names.insert(column.name.clone()) {
                return refused("is there twice");
            }
            if at < keys && !column.column_type.can_be_key() {
                return refused("cannot be a key by its type");
            }
            if (rollup.key_model == KeyModel::Aggregate && at >= keys) != column.aggregation.is_some() {
                return refused("must have an aggregation if it is a value, and none if not");
            }
            if column.default.is_some() || column.auto_increment || column.generated.is_some() {
                return refused("is made of the table's columns and by nothing else");
            }
            self.check_source(column, source, at < keys)?;
        }
        self.check_whole_key(rollup)
    }

    fn check_source(&self, column: &Column, source: &RollupSource, is_key: bool) -> Result<()> {
        let refused = |why: String| Err(Error::invalid(format!("column '{}' {why}", column.name)));
        let counts = match source {
            RollupSource::Column(id) => {
                let of = self.column_by_id(*id).map_err(|_| {
                    Error::invalid(format!(
                        "column '{}' is made of one that the table does not have",
                        column.name
                    ))
                })?;
                let may_widen = !is_key && column.aggregation == Some(Aggregation::Sum);
                let type_fits = of.column_type == column.column_type
                    || (may_widen && of.column_type.widens_to(&column.column_type));
                if !type_fits || (of.nullable && !column.nullable) {
                    return refused(format!(
                        "is {} {}, and column '{}' of the table, of which it is made, {} {}",
                        column.column_type,
                        null_word(column.nullable),
                        of.name,
                        of.column_type,
                        null_word(of.nullable)
                    ));
                }
                let is_key_of_table = self.key().iter().any(|key| key.field_id == *id);
                if self.key_model == KeyModel::Duplicate {
                    return Ok(());
                }
                // Rows that a key has been merged of before must not be merged in another way.
                if is_key != is_key_of_table || of.aggregation != column.aggregation {
                    return refused(format!("must be what '{}' is in the table", of.name));
                }
                return Ok(());
            }
            RollupSource::Expression(_) => false,
            RollupSource::NotNull(id) => {
                self.column_by_id(*id)?;
                true
            }
            RollupSource::Row => true,
        };
        if counts
            && (column.aggregation != Some(Aggregation::Sum) || column.column_type != ColumnType::BigInt)
        {
            return refused("counts, and must be a BIGINT that is summed up".to_owned());
        }
        if self.key_model != KeyModel::Duplicate && !is_key {
            return refused(format!("must be a column of a {} table", self.key_model.as_sql()));
        }
        if !is_key
            && !matches!(
                column.aggregation,
                None | Some(Aggregation::Sum | Aggregation::Min | Aggregation::Max)
            )
        {
            return refused("can be summed up, least or greatest".to_owned());
        }
        Ok(())
    }

    /// Where the newest row of a key counts, all of the key must be there to tell which that is.
    fn check_whole_key(&self, rollup: &RollupDefinition) -> Result<()> {
        let replaces = rollup.key_model == KeyModel::Unique
            || rollup.columns.iter().any(|column| {
                matches!(
                    column.column.aggregation,
                    Some(Aggregation::Replace | Aggregation::ReplaceIfNotNull)
                )
            });
        if !replaces {
            return Ok(());
        }
        let keys = &rollup.columns[..rollup.key_columns];
        let has =
            |key: &Column| keys.iter().any(|column| column.source == RollupSource::Column(key.field_id));
        match self.key().iter().find(|key| !has(key)) {
            Some(missing) => Err(Error::invalid(format!(
                "key column '{}' is missing: where the newer value counts all keys are needed",
                missing.name
            ))),
            None if self.key_model == KeyModel::Duplicate => {
                Err(Error::invalid("rows of a DUPLICATE KEY table do not replace each other"))
            }
            None => Ok(()),
        }
    }
}

fn null_word(nullable: bool) -> &'static str {
    if nullable { "NULL" } else { "NOT NULL" }
}
