//! INSERT: which columns of the table the rows go to.

use std::sync::Arc;

use cairn_engine::{PartitionKind, Table};
use cairn_format::PartitionName;

use super::names::{Scope, TablePath, partitions};
use super::partition::find_all;
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
    pub(crate) query: &'s QueryText,
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
    for (position, column) in definition.columns.iter().enumerate() {
        let is_made = column.default.is_some() || column.auto_increment || column.generated.is_some();
        if !targets.contains(&position) && !column.nullable && !is_made {
            return Err(Error::analysis(format!(
                "column '{}' must be in the column list: it is NOT NULL and has no default",
                column.name
            )));
        }
    }
    Ok(Insert { path, table, only, kind, targets, query: &statement.query })
}

impl Insert<'_> {
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
