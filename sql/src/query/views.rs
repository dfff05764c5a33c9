//! Views in queries: their queries stand in their places.

use cairn_engine::View;
use cairn_format::{DatabaseName, QueryPiece, TableName, ViewDefinition, ViewQuery};
use sqlparser::ast::{Ident, Query, TableAlias, TableFactor};

use crate::analyze::TablePath;
use crate::ast::{QueryText, Statement};
use crate::error::{Error, ErrorKind, Result};
use crate::parser::{parse_statement, split_statements};

/// Where a query names a table or a view.
#[derive(Debug, Clone)]
pub(super) struct Mention {
    /// Lines and columns in the query's text, from the first character of the name and up to behind the last.
    pub(super) start: (u64, u64),
    pub(super) end: (u64, u64),
    pub(super) path: TablePath,
    /// Whether it has a name of its own in the query.
    pub(super) is_aliased: bool,
}

/// The query that a text is.
pub(crate) fn parse_query(text: &str) -> Result<QueryText> {
    let lost = || Error::new(ErrorKind::Internal, "the text of a view is no query");
    let sources = split_statements(text);
    let [source] = sources.as_slice() else { return Err(lost()) };
    match parse_statement(source)? {
        Statement::Query(query) => Ok(query),
        _ => Err(lost()),
    }
}

/// The text of a view's query with what it reads apart, of a view in `database`. What has no name of its own gets its own,
/// so that `t.column` is still found when the table has another name in another store; but `db.t.column` would not be
/// found then, so where columns are written so (`has_long_names`) nothing is added.
pub(super) fn apart(
    text: &str,
    mut mentions: Vec<Mention>,
    database: &DatabaseName,
    has_long_names: bool,
) -> Result<ViewQuery> {
    let lost = || Error::new(ErrorKind::Internal, "a view's query names something at no place of its text");
    mentions.sort_by_key(|mention| mention.start);
    let mut pieces = Vec::new();
    let mut done = 0;
    for mention in mentions {
        let start = offset(text, mention.start).ok_or_else(lost)?;
        let end = offset(text, mention.end).ok_or_else(lost)?;
        let before = text.get(done..start).ok_or_else(lost)?;
        pieces.push(QueryPiece::Text(before.to_owned()));
        let TablePath { database: of, table } = mention.path;
        let alias = format!(" AS `{}`", table.as_str().replace('`', "``"));
        pieces.push(QueryPiece::Relation { database: (of != *database).then_some(of), name: table });
        if !mention.is_aliased && !has_long_names {
            pieces.push(QueryPiece::Text(alias));
        }
        done = end;
    }
    pieces.push(QueryPiece::Text(text.get(done..).ok_or_else(lost)?.to_owned()));
    Ok(ViewQuery(pieces))
}

/// The byte at a line and a column, both from 1; columns are characters.
fn offset(text: &str, (line, column): (u64, u64)) -> Option<usize> {
    let line = usize::try_from(line.checked_sub(1)?).ok()?;
    let column = usize::try_from(column.checked_sub(1)?).ok()?;
    let start = if line == 0 { 0 } else { text.match_indices('\n').nth(line - 1)?.0 + 1 };
    let rest = text.get(start..)?;
    let within = rest.char_indices().map(|(at, _)| at).chain([rest.len()]).nth(column)?;
    Some(start + within)
}

/// A query for the rows of a view's query, under the names that they have in it.
pub(crate) fn all_of(query: &ViewQuery, database: &DatabaseName) -> Result<QueryText> {
    parse_query(&format!("SELECT * FROM ({}\n) AS `query`", query.to_sql(database)))
}

/// A query for columns of a view's query, by their names in it.
pub(crate) fn selected_rows<'c>(
    columns: impl Iterator<Item = &'c str>,
    query: &ViewQuery,
    database: &DatabaseName,
) -> Result<QueryText> {
    let columns: Vec<String> = columns.map(|name| format!("`query`.`{}`", name.replace('`', "``"))).collect();
    parse_query(&format!("SELECT {} FROM ({}\n) AS `query`", columns.join(", "), query.to_sql(database)))
}

/// A view as a subquery, in the place of its name.
pub(super) fn expanded(
    view: &View,
    database: &DatabaseName,
    alias: Option<TableAlias>,
) -> Result<TableFactor> {
    let ViewDefinition { name, columns, query, .. } = &view.definition;
    let quoted = |text: &str| format!("`{}`", text.replace('`', "``"));
    let columns: Vec<String> = columns
        .iter()
        .map(|column| format!("`query`.{} AS {}", quoted(&column.source), quoted(&column.name)))
        .collect();
    let text = format!("SELECT {} FROM ({}\n) AS `query`", columns.join(", "), query.to_sql(database));
    let subquery: Box<Query> = parse_query(&text)?.query;
    let alias = alias.unwrap_or_else(|| TableAlias {
        explicit: true,
        name: Ident::with_quote('`', name.as_str()),
        columns: Vec::new(),
        at: None,
    });
    Ok(TableFactor::Derived { lateral: false, subquery, alias: Some(alias), sample: None })
}

/// StarRocks' words for a view that cannot be read, and why.
pub(super) fn invalid(database: &DatabaseName, view: &TableName, cause: &Error) -> Error {
    Error::analysis(format!(
        "View {database}.{view} references invalid table(s) or column(s) or function(s) or definer/invoker of view lack \
         rights to use them: {cause}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_in_text_of_many_lines() {
        let text = "SELECT 'ä'\nFROM t\n\nJOIN u";
        for (place, expected) in [((1, 1), 0), ((1, 11), 11), ((2, 6), 17), ((4, 6), 25), ((4, 7), 26)] {
            assert_eq!(offset(text, place), Some(expected), "{place:?}");
        }
        assert_eq!((offset(text, (5, 1)), offset(text, (0, 1)), offset(text, (4, 9))), (None, None, None));
    }
}
