//! Materialized views.

use sqlparser::tokenizer::Token;

use super::Result;
use super::cursor::Cursor;
use super::query::query;
use crate::ast::{CreateMaterializedViewStatement, DropMaterializedViewStatement, Ident, RollupClause};

/// ```text
/// create_materialized_view := CREATE MATERIALIZED VIEW if_not_exists object_name comment properties AS query
/// ```
///
/// Any other clause is of an asynchronous one.
pub(super) fn create_materialized_view(cursor: &mut Cursor<'_>) -> Result<CreateMaterializedViewStatement> {
    cursor.expect_keyword("CREATE")?;
    cursor.expect_keyword("MATERIALIZED")?;
    cursor.expect_keyword("VIEW")?;
    let if_not_exists = cursor.if_not_exists()?;
    let name = cursor.object_name("a materialized view name")?;
    let comment = cursor.comment()?;
    let asynchronous = ["REFRESH", "DISTRIBUTED", "PARTITION", "ORDER"];
    if let Some(clause) = asynchronous.iter().find(|word| cursor.is_keyword(word)) {
        return Err(cursor
            .not_supported(&format!("{clause} in CREATE MATERIALIZED VIEW, which makes an asynchronous one,"))
            .with_hint("without it the view is synchronous: it is kept by every load of its one table"));
    }
    let properties = cursor.properties()?;
    cursor.expect_keyword("AS")?;
    Ok(CreateMaterializedViewStatement { if_not_exists, name, comment, properties, query: query(cursor)? })
}

/// ```text
/// drop_materialized_view := DROP MATERIALIZED VIEW if_exists object_name
/// ```
pub(super) fn drop_materialized_view(cursor: &mut Cursor<'_>) -> Result<DropMaterializedViewStatement> {
    cursor.expect_keyword("DROP")?;
    cursor.expect_keyword("MATERIALIZED")?;
    cursor.expect_keyword("VIEW")?;
    let if_exists = cursor.if_exists()?;
    Ok(DropMaterializedViewStatement { if_exists, name: cursor.object_name("a materialized view name")? })
}

/// ```text
/// rollups := rollup {, rollup}
/// ```
///
/// A comma may also lead to the next clause of the statement.
pub(super) fn rollups(cursor: &mut Cursor<'_>) -> Result<Vec<RollupClause>> {
    let mut rollups = vec![super::table::rollup(cursor)?];
    while cursor.peek() == &Token::Comma && cursor.is_ident_at(1) && cursor.peek_at(2) == &Token::LParen {
        cursor.advance();
        rollups.push(super::table::rollup(cursor)?);
    }
    Ok(rollups)
}

/// ```text
/// rollup_names := ident {, ident}
/// ```
pub(super) fn rollup_names(cursor: &mut Cursor<'_>) -> Result<Vec<Ident>> {
    let mut names = vec![cursor.ident("a rollup name")?];
    let ends = |token: &Token| matches!(token, Token::Comma | Token::EOF | Token::SemiColon);
    while cursor.peek() == &Token::Comma && cursor.is_ident_at(1) && ends(cursor.peek_at(2)) {
        cursor.advance();
        names.push(cursor.ident("a rollup name")?);
    }
    Ok(names)
}
