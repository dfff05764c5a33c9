//! The definition of a table: everything of it but its rows.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::aggregation::Aggregation;
use super::column::{Column, FieldId};
use super::index::IndexDefinition;
use super::materialized_view::MaterializedView;
use super::partition::{PartitionDefinition, PartitionRows};
use super::rollup::RollupDefinition;
use super::step::PartitionStep;
use super::types::ColumnType;
use crate::error::{Error, Result};
use crate::name::TableName;

/// How rows of equal key become rows of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyModel {
    /// Every row is kept; the key only sorts.
    Duplicate,
    /// Rows of equal key are merged column by column.
    Aggregate,
    /// The newest row of a key is kept, found when reading.
    Unique,
    /// The newest row of a key is kept, found when writing.
    Primary,
}

impl KeyModel {
    /// StarRocks' words for it: `DUPLICATE KEY`.
    pub fn as_sql(self) -> &'static str {
        match self {
            Self::Duplicate => "DUPLICATE KEY",
            Self::Aggregate => "AGGREGATE KEY",
            Self::Unique => "UNIQUE KEY",
            Self::Primary => "PRIMARY KEY",
        }
    }
}

/// How a table's rows are divided into partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Partitioning {
    /// One partition, named like the table.
    Unpartitioned,
    /// By ranges.
    Range {
        /// Of these columns.
        columns: Vec<FieldId>,
        /// How wide the partitions are that loads make for rows that have none; `None` when they make none. There is one
        /// column then, of days or times.
        step: Option<PartitionStep>,
    },
    /// By lists of values.
    List {
        /// Of these columns.
        columns: Vec<FieldId>,
        /// Whether loads make a partition for each list of values that has none.
        automatic: bool,
        /// Columns of days or times of which only the beginning of the step that holds them decides, and their steps; only where
        /// loads make partitions.
        steps: BTreeMap<FieldId, PartitionStep>,
    },
}

impl Partitioning {
    /// The columns that decide a row's partition.
    pub fn columns(&self) -> &[FieldId] {
        match self {
            Self::Unpartitioned => &[],
            Self::Range { columns, .. } | Self::List { columns, .. } => columns,
        }
    }

    /// The step whose beginning stands for a column's values in lists, when there is one.
    pub fn list_step(&self, column: FieldId) -> Option<PartitionStep> {
        match self {
            Self::List { steps, .. } => steps.get(&column).copied(),
            _ => None,
        }
    }
}

/// How a partition's rows are divided into buckets, each of which is a tablet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// By the hash of these columns' values, in this order.
    Hash {
        /// The columns.
        columns: Vec<FieldId>,
        /// Buckets a partition, at least 1.
        buckets: u32,
    },
    /// Evenly, whatever the values.
    Random {
        /// Buckets a partition, at least 1.
        buckets: u32,
    },
}

impl Distribution {
    /// The columns that decide a row's bucket.
    pub fn columns(&self) -> &[FieldId] {
        match self {
            Self::Hash { columns, .. } => columns,
            Self::Random { .. } => &[],
        }
    }

    /// Buckets a partition.
    pub fn buckets(&self) -> u32 {
        match self {
            Self::Hash { buckets, .. } | Self::Random { buckets } => *buckets,
        }
    }
}

/// The most buckets a partition may have.
const MAX_BUCKETS: u32 = 100_000;

/// The definition of a table.
///
/// Invariants, kept by [`TableDefinition::check`]: there is a column; names and field ids are unique and every
/// field id is below `next_field_id`; the key is a non-empty prefix of the columns, of types that can be keys;
/// partition and bucket columns exist and have types that can serve; properties are plain text.
#[derive(Clone, Debug, PartialEq)]
pub struct TableDefinition {
    /// Its name.
    pub name: TableName,
    /// Its columns, key columns first.
    pub columns: Vec<Column>,
    /// Its key model.
    pub key_model: KeyModel,
    /// How many columns from the left are the key, by which rows are sorted; 0 when no column can be one.
    pub key_columns: usize,
    /// The columns by which rows are sorted, when not by the key.
    pub sort_key: Option<Vec<FieldId>>,
    /// How it is partitioned.
    pub partitioning: Partitioning,
    /// How its partitions are divided into buckets.
    pub distribution: Distribution,
    /// Whether new partitions get as many buckets as suits the size of those before them; then those of `distribution` are
    /// what one gets about which nothing is known.
    pub automatic_buckets: bool,
    /// What the user says of it.
    pub comment: Option<String>,
    /// The indexes that were declared.
    pub indexes: Vec<IndexDefinition>,
    /// What its rows are kept as beside themselves.
    pub rollups: Vec<RollupDefinition>,
    /// What else it is, when its rows are those of a query.
    pub materialized_view: Option<Box<MaterializedView>>,
    /// StarRocks' table properties, as they were given.
    pub properties: BTreeMap<String, String>,
    /// The field id that the next new column gets.
    pub next_field_id: i32,
}

impl TableDefinition {
    /// Checks the invariants.
    pub fn check(&self) -> Result<()> {
        self.check_parts().map_err(|e| e.about(format_args!("table '{}'", self.name)))
    }

    /// Checks the invariants, and what a table must keep that is made now: some are there that earlier builds have made.
    pub fn check_new(&self) -> Result<()> {
        self.check()?;
        let is_random = matches!(self.distribution, Distribution::Random { .. });
        if is_random && self.key_model == KeyModel::Aggregate {
            return Err(Error::invalid(
                "an AGGREGATE KEY table cannot be DISTRIBUTED BY RANDOM: rows of equal key must meet to become one; use HASH of \
                 key columns",
            )
            .about(format_args!("table '{}'", self.name)));
        }
        if self.rollup(&self.name).is_some() {
            return Err(Error::invalid(format!(
                "Rollup index[{}] has the name of its table: give it one of its own",
                self.name
            )));
        }
        Ok(())
    }

    fn check_parts(&self) -> Result<()> {
        if self.columns.is_empty() {
            return Err(Error::invalid("it needs at least one column"));
        }
        let mut names = HashSet::new();
        let mut ids = HashSet::new();
        for column in &self.columns {
            column.check()?;
            if !names.insert(column.name.clone()) {
                return Err(Error::invalid(format!("duplicate column name '{}'", column.name)));
            }
            if !ids.insert(column.field_id) || column.field_id.get() >= self.next_field_id {
                return Err(Error::invalid(format!(
                    "column '{}' has field id {} of another",
                    column.name, column.field_id
                )));
            }
        }
        if self.columns.iter().filter(|column| column.auto_increment).count() > 1 {
            return Err(Error::invalid("it has more than one AUTO_INCREMENT column; one is allowed"));
        }
        self.check_key()?;
        if let Partitioning::Range { columns, step: Some(_) } = &self.partitioning {
            let is_time = |id: &FieldId| {
                let column_type = self.column_by_id(*id).map(|column| &column.column_type);
                matches!(column_type, Ok(ColumnType::Date | ColumnType::DateTime))
            };
            if columns.len() != 1 || !columns.iter().all(is_time) {
                return Err(Error::invalid(
                    "partitions that loads make by steps of time need one column, of type DATE or DATETIME",
                ));
            }
        }
        self.check_list_steps()?;
        for id in self.partitioning.columns() {
            let column = self.column_by_id(*id)?;
            let can_serve = match self.partitioning {
                Partitioning::List { .. } => column.column_type.can_be_key(),
                _ => column.column_type.can_bound_partitions(),
            };
            if !can_serve {
                return Err(Error::invalid(format!(
                    "partition column '{}' cannot be of type {}: use an integer, text, DATE or DATETIME",
                    column.name, column.column_type
                )));
            }
        }
        if let Distribution::Hash { columns, .. } = &self.distribution {
            let mut seen = HashSet::new();
            for id in columns {
                let column = self.column_by_id(*id)?;
                if !column.column_type.can_be_key() || !seen.insert(*id) {
                    return Err(Error::invalid(format!(
                        "bucket column '{}' of type {} cannot be used, or is named twice",
                        column.name, column.column_type
                    )));
                }
            }
            if columns.is_empty() {
                return Err(Error::invalid("DISTRIBUTED BY HASH needs a column"));
            }
        }
        if !(1..=MAX_BUCKETS).contains(&self.distribution.buckets()) {
            return Err(Error::invalid(format!(
                "{} buckets are not possible: give 1 to {MAX_BUCKETS}",
                self.distribution.buckets()
            )));
        }
        if let Some(view) = &self.materialized_view {
            view.check(self.columns.len())?;
        }
        self.check_rollups()
    }

    fn check_list_steps(&self) -> Result<()> {
        let Partitioning::List { columns, automatic, steps } = &self.partitioning else { return Ok(()) };
        for id in steps.keys() {
            let column = self.column_by_id(*id)?;
            let is_time = matches!(column.column_type, ColumnType::Date | ColumnType::DateTime);
            if !is_time || !columns.contains(id) || !*automatic {
                return Err(Error::invalid(format!(
                    "column '{}' cannot divide partitions by steps of time: it must be a DATE or DATETIME by which loads make \
                     partitions",
                    column.name
                )));
            }
        }
        Ok(())
    }

    fn check_key(&self) -> Result<()> {
        if self.key_columns > self.columns.len() {
            return Err(Error::invalid("the key has more columns than the table"));
        }
        for column in self.key() {
            if !column.column_type.can_be_key() {
                return Err(Error::invalid(format!(
                    "key column '{}' cannot be of type {}",
                    column.name, column.column_type
                )));
            }
        }
        if self.key_model != KeyModel::Duplicate && self.key_columns == 0 {
            return Err(Error::invalid(format!("a {} table needs a key", self.key_model.as_sql())));
        }
        for (position, column) in self.columns.iter().enumerate() {
            let wants = self.key_model == KeyModel::Aggregate && position >= self.key_columns;
            if wants != column.aggregation.is_some() {
                let message = if wants {
                    format!("value column '{}' of an AGGREGATE KEY table needs an aggregation", column.name)
                } else {
                    format!(
                        "column '{}' takes no aggregation: only values of AGGREGATE KEY tables do",
                        column.name
                    )
                };
                return Err(Error::invalid(message));
            }
        }
        if self.key_model == KeyModel::Primary {
            for column in self.key() {
                if column.nullable || !column.column_type.can_be_primary_key() {
                    return Err(Error::invalid(format!(
                        "primary key column '{}' must be NOT NULL and of type BOOLEAN, an integer, text, DATE or DATETIME",
                        column.name
                    )));
                }
            }
        }
        self.check_sketches()?;
        self.check_placing()?;
        self.check_sort_key()
    }

    /// Sketches are for tables whose rows are merged.
    fn check_sketches(&self) -> Result<()> {
        let takes = |column: &Column| match self.key_model {
            KeyModel::Duplicate => false,
            KeyModel::Aggregate => true,
            KeyModel::Unique | KeyModel::Primary => column.column_type != ColumnType::Percentile,
        };
        match self.columns.iter().find(|column| column.column_type.is_sketch() && !takes(column)) {
            None => Ok(()),
            Some(column) => Err(Error::invalid(format!(
                "column '{}' of type {} is not for a {} table: use AGGREGATE KEY and {}_UNION",
                column.name,
                column.column_type,
                self.key_model.as_sql(),
                column.column_type.to_string().to_ascii_uppercase()
            ))),
        }
    }

    /// Rows of equal key must meet in one tablet: what decides it can only be of the key.
    fn check_placing(&self) -> Result<()> {
        if self.key_model == KeyModel::Duplicate {
            return Ok(());
        }
        let is_key = |id: &FieldId| self.key().iter().any(|column| column.field_id == *id);
        for (role, columns) in
            [("partition", self.partitioning.columns()), ("bucket", self.distribution.columns())]
        {
            if let Some(other) = columns.iter().find(|id| !is_key(id)) {
                return Err(Error::invalid(format!(
                    "{role} column '{}' of a {} table must be a key column",
                    self.column_by_id(*other)?.name,
                    self.key_model.as_sql()
                )));
            }
        }
        let replaces = |column: &Column| {
            matches!(column.aggregation, Some(Aggregation::Replace | Aggregation::ReplaceIfNotNull))
        };
        let is_random = matches!(self.distribution, Distribution::Random { .. });
        if is_random && (self.key_model != KeyModel::Aggregate || self.columns.iter().any(replaces)) {
            return Err(Error::invalid(format!(
                "a {} table cannot be DISTRIBUTED BY RANDOM: rows of equal key must meet; use HASH",
                self.key_model.as_sql()
            )));
        }
        Ok(())
    }

    fn check_sort_key(&self) -> Result<()> {
        let mut seen: HashSet<FieldId> = HashSet::new();
        for id in self.sort_key.iter().flatten() {
            let column = self.column_by_id(*id)?;
            if !column.column_type.can_be_key() || !seen.insert(*id) {
                return Err(Error::invalid(format!(
                    "sort column '{}' of type {} cannot be used, or is named twice",
                    column.name, column.column_type
                )));
            }
        }
        // Rows of equal key must lie beside each other.
        let merges = matches!(self.key_model, KeyModel::Aggregate | KeyModel::Unique);
        let is_key = |column: &Column| seen.contains(&column.field_id);
        if self.sort_key.is_some()
            && merges
            && !(seen.len() == self.key_columns && self.key().iter().all(is_key))
        {
            return Err(Error::invalid(format!(
                "the sort columns of a {} table must be those of its key",
                self.key_model.as_sql()
            )));
        }
        Ok(())
    }

    /// Checks a set of partitions against each other: names unique, ranges given where they must be and apart.
    pub fn check_partitions(&self, partitions: &[PartitionDefinition]) -> Result<()> {
        let mut names = HashSet::new();
        for partition in partitions {
            let subject = || format!("partition '{}' of table '{}'", partition.name, self.name);
            if !names.insert(partition.name.clone()) {
                return Err(Error::invalid("there is another of that name").about(subject()));
            }
            if partition.buckets.is_some_and(|buckets| !(1..=MAX_BUCKETS).contains(&buckets)) {
                return Err(
                    Error::invalid(format!("a partition has 1 to {MAX_BUCKETS} buckets")).about(subject())
                );
            }
            let width = self.partitioning.columns().len();
            let fits = match (&self.partitioning, &partition.rows) {
                (Partitioning::Unpartitioned, PartitionRows::All) => true,
                (Partitioning::Range { .. }, PartitionRows::Range(range)) => {
                    range.lower().values().len() == width
                }
                (Partitioning::List { .. }, PartitionRows::List(lists)) => {
                    !lists.is_empty() && lists.iter().all(|values| values.len() == width)
                }
                _ => false,
            };
            if !fits {
                return Err(Error::invalid(format!(
                    "what it holds does not fit the table's partitioning by {width} columns"
                ))
                .about(subject()));
            }
        }
        if self.partitioning == Partitioning::Unpartitioned && partitions.len() != 1 {
            return Err(Error::invalid(format!(
                "table '{}' is not partitioned but has {} partitions",
                self.name,
                partitions.len()
            )));
        }
        let mut sorted: Vec<_> =
            partitions.iter().filter_map(|p| p.rows.range().map(|range| (range, &p.name))).collect();
        sorted.sort_by(|a, b| a.0.lower().compare(b.0.lower()).unwrap_or(std::cmp::Ordering::Equal));
        for pair in sorted.windows(2) {
            if pair[0].0.overlaps(pair[1].0) {
                return Err(Error::invalid(format!(
                    "partitions '{}' and '{}' of table '{}' overlap: give ranges that are apart",
                    pair[0].1, pair[1].1, self.name
                )));
            }
        }
        self.check_lists(partitions)
    }

    /// A list of values belongs to one partition.
    fn check_lists(&self, partitions: &[PartitionDefinition]) -> Result<()> {
        let types = self.partition_types()?;
        let mut owners = HashMap::new();
        for partition in partitions {
            for values in partition.rows.lists() {
                let texts: Vec<_> = values
                    .iter()
                    .zip(&types)
                    .map(|(value, column_type)| value.to_text(column_type))
                    .collect();
                if let Some(other) = owners.insert(texts, &partition.name) {
                    return Err(Error::invalid(format!(
                        "partitions '{other}' and '{}' of table '{}' hold the same values, or one of them does twice",
                        partition.name, self.name
                    )));
                }
            }
        }
        Ok(())
    }

    /// Whether rows that were prepared for the one can be taken by the other as they are.
    pub fn stores_alike(&self, other: &Self) -> bool {
        self.columns.len() == other.columns.len() && self.takes_rows_of(other)
    }

    /// Whether whole rows that were prepared for an earlier definition can be taken as they are. It may have other names, defaults
    /// and comments, and lack columns: rows of before a column was added have its initial value.
    pub fn takes_rows_of(&self, earlier: &Self) -> bool {
        let known = |column: &&Column| earlier.position(column.field_id).is_some();
        let alike = |(a, b): (&RollupDefinition, &RollupDefinition)| a.stores_alike(b);
        self.columns.iter().filter(known).count() == earlier.columns.len()
            && self.columns.iter().filter(known).zip(&earlier.columns).all(|(a, b)| a.stores_alike(b))
            && self.key_model == earlier.key_model
            && self.key_columns == earlier.key_columns
            && self.sort_key == earlier.sort_key
            && self.partitioning == earlier.partitioning
            && self.distribution == earlier.distribution
            && self.rollups.len() == earlier.rollups.len()
            && self.rollups.iter().zip(&earlier.rollups).all(alike)
    }

    /// How many buckets a partition of it has.
    pub fn buckets_of(&self, partition: &PartitionDefinition) -> u32 {
        partition.buckets.unwrap_or_else(|| self.distribution.buckets())
    }

    /// The key's columns.
    pub fn key(&self) -> &[Column] {
        &self.columns[..self.key_columns.min(self.columns.len())]
    }

    /// The columns by which the rows of a file are sorted.
    pub fn sort_columns(&self) -> Vec<FieldId> {
        match &self.sort_key {
            Some(columns) => columns.clone(),
            None => self.key().iter().map(|column| column.field_id).collect(),
        }
    }

    /// The column whose values count up, when there is one.
    pub fn auto_increment(&self) -> Option<&Column> {
        self.columns.iter().find(|column| column.auto_increment)
    }

    /// The column named `name`, whatever the case.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.matches(name))
    }

    /// The position of the column with identity `id`.
    pub fn position(&self, id: FieldId) -> Option<usize> {
        self.columns.iter().position(|column| column.field_id == id)
    }

    /// The column with identity `id`.
    pub fn column_by_id(&self, id: FieldId) -> Result<&Column> {
        self.columns
            .iter()
            .find(|column| column.field_id == id)
            .ok_or_else(|| Error::corrupt(format!("table '{}' has no column with field id {id}", self.name)))
    }

    /// The types of the partition columns.
    pub fn partition_types(&self) -> Result<Vec<ColumnType>> {
        self.partitioning.columns().iter().map(|id| Ok(self.column_by_id(*id)?.column_type.clone())).collect()
    }
}
