//! INSERT: which columns of the table the rows go to.

use std::borrow::Cow;
use std::sync::Arc;

use cairn_engine::{PartitionKind, Table, UpsertOptions};
use cairn_format::{Column, ColumnName, ColumnType, FieldId, KeyModel, PartitionName, TableDefinition};

use super::names::{Scope, TablePath, analysed, partitions};
use super::partition::find_all;
use super::properties::{boolean, refuse_unknown};
use crate::ast::{InsertStatement, PartitionChoice, QueryText};
use crate::error::{Error, Result};

/// An INSERT whose table and columns are known.
#[derive(Debug)]
pub(crate) struct Insert<'s> {
    pub(crate) path: TablePath,
    pub(crate) table: Arc<Table>,
    pub(crate) only: Option<Vec<PartitionName>>,
    /// Of which kind the named partitions are.
    pub(crate) kind: PartitionKind,
    /// For each column of the rows, the position of the table's column that it goes to.
    pub(crate) targets: Vec<usize>,
    /// What a row of a target that is behind the table's columns goes to: what is done with the row.
    operation: Column,
    pub(crate) handling: RowHandling,
    pub(crate) query: Cow<'s, QueryText>,
}

/// How the rows are taken.
#[derive(Debug, Default)]
pub(crate) struct RowHandling {
    /// Whether they take the place of all rows that are there.
    pub(crate) overwrites: bool,
    /// Whether the table stays locked while the query reads it.
    pub(crate) locks_table: bool,
    /// Of a refresh of a materialized view.
    pub(crate) refresh: Option<RefreshStart>,
    pub(crate) upsert: UpsertOptions,
}

/// A refresh of a materialized view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefreshStart {
    /// In any case.
    Always,
    /// Unless the rows are those of what the query reads still.
    IfChanged,
}

pub(super) fn insert<'s>(statement: &'s InsertStatement, scope: &Scope<'_>) -> Result<Insert<'s>> {
    let path = scope.table_path(&statement.table)?;
    let table = Arc::clone(scope.table(&path)?);
    let only = match &statement.partitions {
        None => None,
        Some(PartitionChoice::Names { temporary: true, names }) => {
            Some(find_all(&table, names, PartitionKind::Temporary)?)
        }
        Some(choice) => Some(partitions(&table, choice)?),
    };
    let kind = match &statement.partitions {
        Some(PartitionChoice::Names { temporary: true, .. }) => PartitionKind::Temporary,
        _ => PartitionKind::Formal,
    };
    let definition = &table.definition;
    let targets = match &statement.columns {
        None => {
            let given = (0..).zip(&definition.columns).filter(|(_, column)| column.generated.is_none());
            given.map(|(position, _)| position).collect()
        }
        Some(names) => {
            let mut targets = Vec::with_capacity(names.len());
            for name in names {
                if name.value.eq_ignore_ascii_case(OPERATION_COLUMN)
                    && definition.key_model == KeyModel::Primary
                {
                    targets.push(definition.columns.len());
                    continue;
                }
                let found = definition.columns.iter().position(|column| column.name.matches(&name.value));
                let position = found.ok_or_else(|| {
                    Error::analysis(format!(
                        "unknown column '{}' in table '{}'; DESC {} lists its columns",
                        name.value, definition.name, definition.name
                    ))
                })?;
                if definition.columns[position].generated.is_some() {
                    return Err(Error::analysis(format!(
                        "Generated column '{}' can not be specified",
                        name.value
                    )));
                }
                if targets.contains(&position) {
                    return Err(Error::analysis(format!("column '{}' is specified twice", name.value)));
                }
                targets.push(position);
            }
            targets
        }
    };
    let upsert = upsert_options(statement, definition, &targets)?;
    for (position, column) in definition.columns.iter().enumerate() {
        let is_made = column.has_default() || column.auto_increment || column.generated.is_some();
        if upsert.given.is_some() && position >= definition.key_columns {
            // Only a row that is new needs it, which the load finds out.
            break;
        }
        if !targets.contains(&position) && !column.nullable && !is_made {
            return Err(Error::analysis(format!(
                "column '{}' must be in the column list: it is NOT NULL and has no default",
                column.name
            )));
        }
    }
    upsert.check(definition).map_err(|error| Error::from(error).while_analysing())?;
    let handling = RowHandling { overwrites: statement.overwrite, locks_table: false, refresh: None, upsert };
    let operation = operation_column()?;
    Ok(Insert {
        path,
        table,
        only,
        kind,
        targets,
        operation,
        handling,
        query: Cow::Borrowed(&statement.query),
    })
}

/// The column of what is done with a row of a Primary Key table, as StarRocks calls it.
const OPERATION_COLUMN: &str = "__op";
/// The property that says whether columns which the statement does not name keep their values.
const PARTIAL_UPDATE: &str = "partial_update";
/// The property that names the column which must not become less.
const MERGE_CONDITION: &str = "merge_condition";

pub(super) fn operation_column() -> Result<Column> {
    let id = analysed(FieldId::try_new(i32::MAX))?;
    Ok(Column::new(id, analysed(ColumnName::parse("op"))?, ColumnType::TinyInt))
}

/// As newer releases of StarRocks do, a statement that names some columns of a Primary Key table only changes those.
fn upsert_options(
    statement: &InsertStatement,
    definition: &TableDefinition,
    targets: &[usize],
) -> Result<UpsertOptions> {
    let is_primary = definition.key_model == KeyModel::Primary;
    // Of a key that the load makes the table has no row whose columns could stay.
    let is_made = |(position, column): (usize, &Column)| {
        !targets.contains(&position) && (column.has_default() || column.auto_increment)
    };
    let makes_keys = definition.key().iter().enumerate().any(is_made);
    let mut is_partial = is_primary && !statement.overwrite && !makes_keys;
    let mut condition = None;
    for (key, value) in &statement.properties {
        match key.as_str() {
            PARTIAL_UPDATE | MERGE_CONDITION if !is_primary => {
                return Err(Error::analysis(format!("property '{key}' is for PRIMARY KEY tables")));
            }
            PARTIAL_UPDATE => is_partial = boolean(key, value)?,
            MERGE_CONDITION => {
                let column = definition.column(value).ok_or_else(|| {
                    Error::analysis(format!(
                        "merge_condition: unknown column '{value}' in table '{}'",
                        definition.name
                    ))
                })?;
                condition = Some(column.field_id);
            }
            _ => {
                let known = format!("{PARTIAL_UPDATE}, {MERGE_CONDITION}");
                refuse_unknown("INSERT", &[key], &known)?;
            }
        }
    }
    let in_table = |position: &&usize| **position < definition.columns.len();
    let given: Vec<FieldId> =
        targets.iter().filter(in_table).map(|position| definition.columns[*position].field_id).collect();
    let has_operations = given.len() < targets.len();
    let ordinary = definition.columns.iter().filter(|column| column.generated.is_none()).count();
    let given = (is_partial && given.len() < ordinary).then_some(given);
    Ok(UpsertOptions { given, condition, has_operations })
}

impl Insert<'_> {
    /// The rows of its query into a materialized view, in the place of those that it has.
    pub(crate) fn refreshing(
        path: TablePath,
        table: Arc<Table>,
        query: QueryText,
        refresh: RefreshStart,
    ) -> Result<Self> {
        let targets = (0..table.definition.columns.len()).collect();
        let handling = RowHandling {
            overwrites: true,
            locks_table: true,
            refresh: Some(refresh),
            upsert: UpsertOptions::default(),
        };
        Ok(Self::of_query(path, table, targets, query, handling, operation_column()?))
    }

    /// Rows of a query into all of these columns.
    pub(super) fn of_query(
        path: TablePath,
        table: Arc<Table>,
        targets: Vec<usize>,
        query: QueryText,
        handling: RowHandling,
        operation: Column,
    ) -> Self {
        Self {
            path,
            table,
            only: None,
            kind: PartitionKind::Formal,
            targets,
            operation,
            handling,
            query: Cow::Owned(query),
        }
    }

    /// The column at a target.
    pub(crate) fn column(&self, target: usize) -> &Column {
        self.table.definition.columns.get(target).unwrap_or(&self.operation)
    }

    /// Refuses rows of another width than the column list's.
    pub(crate) fn check_width(&self, width: usize) -> Result<()> {
        if width == self.targets.len() {
            return Ok(());
        }
        Err(Error::analysis(format!(
            "Column count doesn't match value count: table '{}' takes {} values a row here, the rows have {width}",
            self.path.table,
            self.targets.len()
        )))
    }
}
