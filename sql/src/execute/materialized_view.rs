//! Making and changing asynchronous materialized views.

use cairn_engine::CatalogView;
use cairn_format::{Activity, ColumnType, TableDefinition};

use super::Executor;
use super::refresh::Refresher;
use super::view::ColumnOfQuery;
use crate::analyze::{NewMaterializedView, QueryColumn, RefreshStart, TablePath, ViewChange};
use crate::error::{Error, Result};

impl Executor<'_> {
    /// The table that the materialized view is, with the columns that its query has.
    pub(crate) fn materialized_view_definition(&self, new: &NewMaterializedView) -> Result<TableDefinition> {
        let what = "Materialized view's SELECT and its column list";
        let columns = self.columns_of_query(what, &new.path, &new.query, new.columns.as_deref())?;
        let column = |column: ColumnOfQuery| {
            let column_type =
                ColumnType::parse(&column.type_text).map_err(|error| Error::from(error).while_analysing())?;
            let ColumnOfQuery { name, comment, source, .. } = column;
            Ok(QueryColumn { source, name, comment, column_type })
        };
        let columns = columns.into_iter().map(column).collect::<Result<_>>()?;
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
