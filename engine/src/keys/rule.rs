//! What becomes of rows of equal key.

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use cairn_format::{Aggregation, FieldId, KeyModel, TableDefinition};

use super::OPERATION_COLUMN;
use crate::error::{Error, Result};

/// How the rows of a load into a Primary Key table are taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpsertOptions {
    /// The columns that the load gives; the others keep what the table has. `None` when it gives all.
    pub given: Option<Vec<FieldId>>,
    /// The column by which a row only takes the place of one whose value is not greater.
    pub condition: Option<FieldId>,
    /// Whether a last column of the batches says of each row whether it is put (0) or deleted (1).
    pub has_operations: bool,
}

impl UpsertOptions {
    /// Refuses options that a load into the table does not take.
    ///
    /// # Errors
    /// `InvalidInput` when the table or a column does not take them.
    pub fn check(&self, table: &TableDefinition) -> Result<()> {
        MergeRule::of(table, self).map(drop)
    }

    fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// What the rows of a load with equal keys, and the row that the table has, become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MergeRule {
    /// All are kept.
    Keep,
    /// The last one stays.
    Newest,
    /// Column by column; `None` for those of the key.
    Aggregate(Vec<Option<Aggregation>>),
    /// The last one stays as far as it is given, when it is to be put and its condition holds.
    Upsert {
        /// Of each column, whether the load gives it.
        given: Vec<bool>,
        /// The column that must not become less.
        condition: Option<usize>,
    },
}

impl MergeRule {
    /// The rule for a load.
    ///
    /// # Errors
    /// `InvalidInput` when the table or a column does not take the options.
    pub(crate) fn of(table: &TableDefinition, options: &UpsertOptions) -> Result<Self> {
        if table.key_model != KeyModel::Primary && !options.is_plain() {
            return Err(Error::invalid(format!(
                "table '{}': partial and conditional updates and {OPERATION_COLUMN} are for PRIMARY KEY tables",
                table.name
            )));
        }
        Ok(match table.key_model {
            KeyModel::Duplicate => Self::Keep,
            KeyModel::Unique => Self::Newest,
            KeyModel::Primary if options.is_plain() => Self::Newest,
            KeyModel::Aggregate => {
                Self::Aggregate(table.columns.iter().map(|column| column.aggregation).collect())
            }
            KeyModel::Primary => Self::upsert(table, options)?,
        })
    }

    fn upsert(table: &TableDefinition, options: &UpsertOptions) -> Result<Self> {
        let is_given = |id: &FieldId| options.given.as_ref().is_none_or(|given| given.contains(id));
        if let Some(column) = table.key().iter().find(|column| !is_given(&column.field_id)) {
            return Err(Error::invalid(format!(
                "table '{}': a partial update needs all key columns, and column '{}' is not given",
                table.name, column.name
            )));
        }
        let condition = match &options.condition {
            None => None,
            Some(id) => {
                let position = table.position(*id).filter(|position| *position >= table.key_columns);
                let is_ordered = |position: &usize| table.columns[*position].column_type.is_ordered();
                let Some(position) = position.filter(|_| is_given(id)).filter(is_ordered) else {
                    return Err(Error::invalid(format!(
                        "table '{}': merge_condition must be a column that is loaded, not of the key, and of a type with an order",
                        table.name
                    )));
                };
                Some(position)
            }
        };
        let given = table.columns.iter().map(|column| is_given(&column.field_id)).collect();
        Ok(Self::Upsert { given, condition })
    }

    /// Whether a table as it is `now` takes rows that were prepared for it as it was `then`. Rows that are written whole may lack
    /// columns that were added since; others would take from rows that are there what they have in those.
    pub(crate) fn takes(&self, now: &TableDefinition, then: &TableDefinition) -> bool {
        if self.reads_rows() { now.stores_alike(then) } else { now.takes_rows_of(then) }
    }

    /// Whether what is written depends on the rows that the table has; otherwise only their positions count.
    pub(crate) fn reads_rows(&self) -> bool {
        matches!(self, Self::Aggregate(_) | Self::Upsert { .. })
    }

    /// Whether rows keep some of what the table has, so that what is computed of them is known only when they are merged.
    pub(crate) fn keeps_columns(&self) -> bool {
        matches!(self, Self::Upsert { given, .. } if given.contains(&false))
    }

    /// The schema of a load's rows before they are merged. A row that is deleted has no values but its key.
    pub(crate) fn schema(&self, table: &TableDefinition) -> SchemaRef {
        let schema = table.arrow_schema();
        if !matches!(self, Self::Upsert { .. }) {
            return schema;
        }
        let fields = schema.fields().iter().enumerate().map(|(position, field)| {
            let nullable = position >= table.key_columns || field.is_nullable();
            field.as_ref().clone().with_nullable(nullable)
        });
        let operation = Field::new(OPERATION_COLUMN, DataType::Int8, false);
        std::sync::Arc::new(Schema::new(fields.chain([operation]).collect::<Vec<_>>()))
    }
}
