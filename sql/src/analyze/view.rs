//! Views: what is made of which query.

use cairn_format::{ColumnName, ViewQuery};

use super::names::{Scope, TablePath, analysed};
use crate::ast::{AlterViewStatement, CreateViewStatement, ObjectName, QueryText, ViewColumnClause};
use crate::error::{Error, Result};
use crate::query::view_query;

/// A view to be made or changed, whose columns are not known before its query is planned.
#[derive(Debug)]
pub(crate) struct NewView {
    pub(crate) path: TablePath,
    pub(crate) mode: ViewMode,
    /// Names and comments of the columns, where they were given.
    pub(crate) columns: Option<Vec<NamedColumn>>,
    pub(crate) comment: Option<String>,
    pub(crate) query: ViewQuery,
}

/// A column's name and comment.
pub(crate) type NamedColumn = (String, Option<String>);

/// Whether there is a view already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ViewMode {
    Create,
    CreateOrReplace,
    Alter,
}

/// `None` when there is one already and that is no error.
pub(super) fn create_view(statement: &CreateViewStatement, scope: &Scope<'_>) -> Result<Option<NewView>> {
    if statement.or_replace && statement.if_not_exists {
        return Err(Error::analysis("OR REPLACE and IF NOT EXISTS cannot be combined: write one of them"));
    }
    let path = scope.table_path(&statement.name)?;
    let owner = scope.database(&path.database)?;
    let is_view = owner.view(&path.table).is_some();
    if statement.if_not_exists && (is_view || owner.table(&path.table).is_some()) {
        return Ok(None);
    }
    if owner.table(&path.table).is_some() {
        return Err(Error::analysis(format!(
            "Table '{}' already exists: choose another name for the view",
            path.table
        )));
    }
    if is_view && !statement.or_replace {
        return Err(Error::analysis(format!(
            "Table '{}' already exists: it is a view; use OR REPLACE or IF NOT EXISTS",
            path.table
        )));
    }
    let mode = if statement.or_replace { ViewMode::CreateOrReplace } else { ViewMode::Create };
    let query = query_of(&path, &statement.query, scope)?;
    let (columns, comment) = (columns(statement.columns.as_deref())?, statement.comment.clone());
    Ok(Some(NewView { path, mode, columns, comment, query }))
}

pub(super) fn alter_view(statement: &AlterViewStatement, scope: &Scope<'_>) -> Result<NewView> {
    let path = known_view(&statement.name, scope)?;
    let before = scope.view_of(&path)?;
    let query = query_of(&path, &statement.query, scope)?;
    let (columns, comment) = (columns(statement.columns.as_deref())?, before.definition.comment.clone());
    Ok(NewView { path, mode: ViewMode::Alter, columns, comment, query })
}

pub(super) fn known_view(name: &ObjectName, scope: &Scope<'_>) -> Result<TablePath> {
    let path = scope.table_path(name)?;
    scope.view_of(&path)?;
    Ok(path)
}

/// The query with what it reads apart. It must not read the view itself.
fn query_of(path: &TablePath, query: &QueryText, scope: &Scope<'_>) -> Result<ViewQuery> {
    view_query(query, path, scope)
}

pub(super) fn columns(clauses: Option<&[ViewColumnClause]>) -> Result<Option<Vec<NamedColumn>>> {
    let Some(clauses) = clauses else { return Ok(None) };
    let column = |clause: &ViewColumnClause| {
        let name = analysed(ColumnName::parse(&clause.name.value))?;
        Ok((name.to_string(), clause.comment.clone()))
    };
    clauses.iter().map(column).collect::<Result<_>>().map(Some)
}
