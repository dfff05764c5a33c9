//! Making views: what their columns are.

use std::sync::Arc;

use arrow::datatypes::FieldRef;
use cairn_engine::{CatalogView, View};
use cairn_format::{ViewColumn, ViewDefinition, ViewQuery};

use super::Executor;
use crate::analyze::{NamedColumn, NewView, TablePath, ViewMode};
use crate::error::{Error, Result};
use crate::query::{all_of, parse_query, type_text};

/// A column of a view's query.
pub(super) struct ColumnOfQuery {
    pub(super) name: String,
    pub(super) comment: Option<String>,
    /// The name that it has in the query.
    pub(super) source: String,
    /// Its type, as SQL writes it.
    pub(super) type_text: String,
}

impl Executor<'_> {
    /// The columns of a view's query, in their order, under the names that are given for them or that they have.
    pub(super) fn columns_of_query(
        &self,
        what: &str,
        path: &TablePath,
        query: &ViewQuery,
        given: Option<&[NamedColumn]>,
    ) -> Result<Vec<ColumnOfQuery>> {
        let database = Some(&path.database);
        let own = parse_query(&query.to_sql(&path.database))?;
        let names = self.queries.plan(self.view, database, &own.query)?;
        let rows = self.queries.plan(self.view, database, &all_of(query, &path.database)?.query)?;
        let (names, rows) = (names.schema(), rows.schema());
        if let Some(given) = given.filter(|given| given.len() != rows.fields().len()) {
            return Err(Error::analysis(format!(
                "{what} have different column counts: {} and {}",
                rows.fields().len(),
                given.len()
            )));
        }
        let column = |(position, field): (usize, &FieldRef)| {
            let own = names.fields().get(position).unwrap_or(field).name();
            let given = given.and_then(|given| given.get(position)).cloned();
            let (name, comment) = given.unwrap_or_else(|| (own.clone(), None));
            let (source, type_text) = (field.name().clone(), type_text(field.data_type()));
            ColumnOfQuery { name, comment, source, type_text }
        };
        Ok(rows.fields().iter().enumerate().map(column).collect())
    }

    /// The view with the columns that its query has.
    pub(crate) fn view_definition(&self, new: &NewView) -> Result<ViewDefinition> {
        let what = "View's SELECT and view's field list";
        let columns = self.columns_of_query(what, &new.path, &new.query, new.columns.as_deref())?;
        let column = |column: ColumnOfQuery| {
            let ColumnOfQuery { name, comment, source, type_text } = column;
            ViewColumn { name, source, type_text, comment }
        };
        let columns = columns.into_iter().map(column).collect();
        let (name, comment, query) = (new.path.table.clone(), new.comment.clone(), new.query.clone());
        let definition = ViewDefinition { name, columns, comment, query };
        definition.check().map_err(|e| Error::from(e).while_analysing())?;
        Ok(definition)
    }

    /// Makes or changes the view.
    pub(super) fn put_view(&self, new: &NewView) -> Result<()> {
        let definition = self.view_definition(new)?;
        let database = &new.path.database;
        match new.mode {
            ViewMode::Create => self.store.create_view(database, &definition)?,
            ViewMode::CreateOrReplace => self.store.create_or_replace_view(database, &definition)?,
            ViewMode::Alter => self.store.alter_view(database, &definition)?,
        }
        Ok(())
    }

    pub(super) fn stored_view(&self, path: &TablePath) -> Result<&Arc<View>> {
        Ok(self.view.require_database(&path.database)?.require_view(&path.table)?)
    }

    /// The catalog as it would be with the view.
    pub(crate) fn imagine_view(&self, new: &NewView) -> Result<CatalogView> {
        let definition = self.view_definition(new)?;
        Ok(self.view.with_view(&new.path.database, definition)?)
    }
}
