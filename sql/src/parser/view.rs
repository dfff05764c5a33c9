//! Views.

use super::Result;
use super::cursor::Cursor;
use super::query::query;
use crate::ast::{AlterViewStatement, CreateViewStatement, DropViewStatement, ViewColumnClause};

/// ```text
/// create_view := CREATE [OR REPLACE] VIEW if_not_exists object_name [columns] comment AS query
/// columns     := ( ident comment {, ident comment} )
/// ```
pub(super) fn create_view(cursor: &mut Cursor<'_>) -> Result<CreateViewStatement> {
    cursor.expect_keyword("CREATE")?;
    let or_replace = cursor.eat_keyword("OR");
    if or_replace {
        cursor.expect_keyword("REPLACE")?;
    }
    cursor.expect_keyword("VIEW")?;
    let if_not_exists = cursor.if_not_exists()?;
    let name = cursor.object_name("a view name")?;
    let columns = columns(cursor)?;
    let comment = cursor.comment()?;
    if cursor.is_keyword("SECURITY") {
        return Err(cursor.not_supported("SECURITY of a view"));
    }
    cursor.expect_keyword("AS")?;
    Ok(CreateViewStatement { or_replace, if_not_exists, name, columns, comment, query: query(cursor)? })
}

/// ```text
/// alter_view := ALTER VIEW object_name [columns] AS query
/// ```
pub(super) fn alter_view(cursor: &mut Cursor<'_>) -> Result<AlterViewStatement> {
    cursor.expect_keyword("ALTER")?;
    cursor.expect_keyword("VIEW")?;
    let name = cursor.object_name("a view name")?;
    let columns = columns(cursor)?;
    cursor.expect_keyword("AS")?;
    Ok(AlterViewStatement { name, columns, query: query(cursor)? })
}

/// ```text
/// drop_view := DROP VIEW if_exists object_name
/// ```
pub(super) fn drop_view(cursor: &mut Cursor<'_>) -> Result<DropViewStatement> {
    cursor.expect_keyword("DROP")?;
    cursor.expect_keyword("VIEW")?;
    Ok(DropViewStatement { if_exists: cursor.if_exists()?, name: cursor.object_name("a view name")? })
}

pub(super) fn columns(cursor: &mut Cursor<'_>) -> Result<Option<Vec<ViewColumnClause>>> {
    if cursor.peek() != &sqlparser::tokenizer::Token::LParen {
        return Ok(None);
    }
    let column = |cursor: &mut Cursor<'_>| {
        Ok(ViewColumnClause { name: cursor.ident("a column name")?, comment: cursor.comment()? })
    };
    cursor.parenthesised(column).map(Some)
}
