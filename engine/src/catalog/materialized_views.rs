//! Tables whose rows are those of a query: what the query reads, and what is on record of them.

use std::collections::HashSet;
use std::sync::Arc;

use cairn_format::{DatabaseName, DigestHasher, MaterializedView, TableDefinition, TableName, ViewQuery};

use super::change::Change;
use super::view::{CatalogView, Database, Table, View};
use crate::access::{Privilege, Securable, SecurableKind};
use crate::error::{Error, Result};
use crate::id::DatabaseId;

/// What a query reads, itself or through a view.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Relation<'v> {
    pub(crate) database: &'v DatabaseName,
    pub(crate) name: &'v TableName,
    pub(crate) what: RelationKind<'v>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum RelationKind<'v> {
    /// Also the table of a rollup that is read by its name.
    Table(&'v Arc<Table>),
    View(&'v Arc<View>),
}

impl Table {
    /// What privileges on it are on.
    pub fn securable(&self, database: DatabaseId) -> Securable {
        match self.definition.materialized_view {
            Some(_) => Securable::one_in(SecurableKind::MaterializedView, database, self.id),
            None => Securable::table(database, self.id),
        }
    }

    /// What a backup of it needs: a materialized view has no EXPORT.
    pub fn backup_privilege(&self) -> Privilege {
        match self.definition.materialized_view {
            Some(_) => Privilege::Select,
            None => Privilege::Export,
        }
    }
}

impl CatalogView {
    /// The materialized views, each with its database.
    pub fn materialized_views(
        &self,
    ) -> impl Iterator<Item = (&Arc<Database>, &Arc<Table>, &MaterializedView)> {
        self.databases().flat_map(|database| {
            database.tables().filter_map(move |table| {
                Some((database, table, table.definition.materialized_view.as_deref()?))
            })
        })
    }

    /// Everything that a query of a view in `database` reads.
    ///
    /// # Errors
    ///
    /// `NotFound` naming what is gone.
    pub(crate) fn relations_of<'v>(
        &'v self,
        query: &'v ViewQuery,
        database: &'v DatabaseName,
    ) -> Result<Vec<Relation<'v>>> {
        let mut next = vec![(query, database)];
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        while let Some((query, of)) = next.pop() {
            for (named, name) in query.relations() {
                let database = named.unwrap_or(of);
                if !seen.insert((database, name)) {
                    continue;
                }
                let owner = self.require_database(database)?;
                let what = if let Some(view) = owner.view(name) {
                    next.push((&view.definition.query, database));
                    RelationKind::View(view)
                } else {
                    let of_rollup = || owner.rollups(name).next().map(|(table, _)| table);
                    match owner.table(name).or_else(of_rollup) {
                        Some(table) => RelationKind::Table(table),
                        None => RelationKind::Table(owner.require_table(name)?),
                    }
                };
                found.push(Relation { database, name, what });
            }
        }
        Ok(found)
    }

    /// A text that is another as soon as rows are others that a query of a view in `database` reads.
    ///
    /// # Errors
    ///
    /// `NotFound` naming what is gone of what it reads.
    pub fn rows_read(&self, query: &ViewQuery, database: &DatabaseName) -> Result<String> {
        let mut numbers: Vec<Vec<u64>> = Vec::new();
        for relation in self.relations_of(query, database)? {
            numbers.push(match relation.what {
                RelationKind::View(view) => vec![0, view.id.get(), view.since.get()],
                RelationKind::Table(table) => {
                    let mut of_table = vec![1, table.id.get()];
                    for partition in &table.partitions {
                        of_table.extend([partition.id.get(), partition.version.get()]);
                    }
                    of_table
                }
            });
        }
        numbers.sort();
        let mut hasher = DigestHasher::new();
        for of_relation in numbers {
            hasher.update(&(of_relation.len() as u64).to_le_bytes());
            for number in of_relation {
                hasher.update(&number.to_le_bytes());
            }
        }
        Ok(hasher.digest().to_string())
    }
}

impl Change<'_> {
    /// Changes what is on record of a materialized view besides its rows.
    ///
    /// # Errors
    ///
    /// `InvalidInput` when the table is none.
    pub(crate) fn change_materialized_view(
        &mut self,
        database: &DatabaseName,
        name: &TableName,
        change: impl FnOnce(&mut MaterializedView),
    ) -> Result<()> {
        let table = self.view().require_database(database)?.require_table(name)?;
        let mut definition = TableDefinition::clone(&table.definition);
        let Some(view) = &mut definition.materialized_view else {
            return Err(Error::invalid(format!("'{database}.{name}' is not a materialized view")));
        };
        change(view);
        if definition == *table.definition {
            return Ok(());
        }
        self.redefine_table(database, definition)
    }
}
