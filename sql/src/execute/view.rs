//! Making views: what their columns are.

use std::sync::Arc;

use cairn_engine::{CatalogView, View};
use cairn_format::{ViewColumn, ViewDefinition};

use super::Executor;
use crate::analyze::{NewView, TablePath, ViewMode};
use crate::error::{Error, Result};
use crate::query::{all_of, parse_query, type_text};

impl Executor<'_> {
    /// The view with the columns that its query has.
    pub(crate) fn view_definition(&self, new: &NewView) -> Result<ViewDefinition> {
        let database = Some(&new.path.database);
        let own = parse_query(&new.query.to_sql(&new.path.database))?;
        let names = self.queries.plan(self.view, database, &own.query)?;
        let rows = self.queries.plan(self.view, database, &all_of(&new.query, &new.path.database)?.query)?;
        let (names, rows) = (names.schema(), rows.schema());
        if let Some(columns) = new.columns.as_ref().filter(|columns| columns.len() != rows.fields().len()) {
            return Err(Error::analysis(format!(
                "View's SELECT and view's field list have different column counts: {} and {}",
                rows.fields().len(),
                columns.len()
            )));
        }
        let column = |(position, field): (usize, &Arc<arrow::datatypes::Field>)| {
            let given = new.columns.as_ref().and_then(|columns| columns.get(position));
            let own =
                names.fields().get(position).map_or_else(|| field.name().clone(), |own| own.name().clone());
            let (name, comment) = given.cloned().unwrap_or((own, None));
            ViewColumn {
                name,
                source: field.name().clone(),
                type_text: type_text(field.data_type()),
                comment,
            }
        };
        let columns = rows.fields().iter().enumerate().map(column).collect();
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
