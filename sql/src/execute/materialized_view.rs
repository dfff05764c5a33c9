//! Making and changing asynchronous materialized views.

use cairn_engine::CatalogView;
use cairn_format::{Activity, ColumnType, TableDefinition};

use super::Executor;
use super::refresh::Refresher;
use crate::analyze::{NewMaterializedView, QueryColumn, RefreshStart, TablePath, ViewChange};
use crate::error::{Error, Result};
use crate::query::{all_of, parse_query, type_text};

impl Executor<'_> {
    /// The table that the materialized view is, with the columns that its query has.
    pub(crate) fn materialized_view_definition(&self, new: &NewMaterializedView) -> Result<TableDefinition> {
        let database = Some(&new.path.database);
        let own = parse_query(&new.query.to_sql(&new.path.database))?;
        let names = self.queries.plan(self.view, database, &own.query)?;
        let rows = self.queries.plan(self.view, database, &all_of(&new.query, &new.path.database)?.query)?;
        let (names, rows) = (names.schema(), rows.schema());
        if let Some(columns) = new.columns.as_ref().filter(|columns| columns.len() != rows.fields().len()) {
            return Err(Error::analysis(format!(
                "Materialized view's SELECT and its column list have different column counts: {} and {}",
                rows.fields().len(),
                columns.len()
            )));
        }
        let mut columns = Vec::with_capacity(rows.fields().len());
        for (position, field) in rows.fields().iter().enumerate() {
            let given = new.columns.as_ref().and_then(|columns| columns.get(position));
            let own =
                names.fields().get(position).map_or_else(|| field.name().clone(), |own| own.name().clone());
            let (name, comment) = given.cloned().unwrap_or((own, None));
            let column_type = ColumnType::parse(&type_text(field.data_type()))
                .map_err(|error| Error::from(error).while_analysing())?;
            columns.push(QueryColumn { source: field.name().clone(), name, comment, column_type });
        }
        new.definition(columns)
    }

    /// Makes it, and takes its rows unless that is deferred. A refresh that fails is on record, as any other.
    pub(super) fn create_materialized_view(&self, new: &NewMaterializedView) -> Result<()> {
        let definition = self.materialized_view_definition(new)?;
        let path = &new.path;
        self.store.create_table(&path.database, definition, Vec::new())?;
        if new.is_deferred {
            return Ok(());
        }
        if let Err(error) = self.refresher().refresh(path, RefreshStart::Always) {
            tracing::warn!(database = %path.database, view = %path.table, %error, "a new materialized view has no rows");
        }
        Ok(())
    }

    pub(super) fn alter_materialized_view(&self, path: &TablePath, change: ViewChange) -> Result<()> {
        let id = self.table(path)?.id;
        match change {
            ViewChange::Activate => self.refresher().activate(path),
            ViewChange::SwitchOff => {
                let off = Activity::SwitchedOff;
                Ok(self.store.change_materialized_view(&path.database, id, |view| view.activity = off)?)
            }
            ViewChange::Refresh { scheme, is_deferred } => {
                self.store.change_materialized_view(&path.database, id, |view| {
                    view.refresh = scheme;
                    view.is_deferred = is_deferred;
                })?;
                Ok(())
            }
        }
    }

    pub(super) fn refresher(&self) -> Refresher<'_> {
        Refresher { store: self.store, queries: self.queries }
    }

    /// The catalog as it would be with the materialized view.
    pub(crate) fn imagine_materialized_view(&self, new: &NewMaterializedView) -> Result<CatalogView> {
        let definition = self.materialized_view_definition(new)?;
        Ok(self.view.with_table(&new.path.database, definition, Vec::new())?)
    }
}
