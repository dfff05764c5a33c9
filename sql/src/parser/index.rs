//! Index definitions.

use sqlparser::tokenizer::Token;

use super::Result;
use super::cursor::Cursor;
use crate::ast::{CreateIndexStatement, DropIndexStatement, Ident, IndexClause, IndexKind};

/// ```text
/// index := INDEX ident index_body
/// ```
pub(super) fn index(cursor: &mut Cursor<'_>) -> Result<IndexClause> {
    cursor.expect_keyword("INDEX")?;
    let name = cursor.ident("an index name")?;
    index_body(cursor, name)
}

/// ```text
/// index_body := idents [USING {BITMAP | GIN | NGRAMBF | VECTOR} [property_list]] comment
/// ```
fn index_body(cursor: &mut Cursor<'_>, name: Ident) -> Result<IndexClause> {
    let columns = cursor.idents("a column name")?;
    let (mut kind, mut properties) = (None, Vec::new());
    if cursor.eat_keyword("USING") {
        kind = IndexKind::ALL.into_iter().find(|kind| cursor.eat_keyword(kind.word()));
        if kind.is_none() {
            return Err(cursor.expected(&[]));
        }
        if cursor.peek() == &Token::LParen {
            properties = cursor.property_list()?;
        }
    }
    Ok(IndexClause { name, columns, kind, properties, comment: cursor.comment()? })
}

/// ```text
/// create_index := CREATE INDEX ident ON object_name index_body
/// ```
pub(super) fn create_index(cursor: &mut Cursor<'_>) -> Result<CreateIndexStatement> {
    cursor.expect_keyword("CREATE")?;
    cursor.expect_keyword("INDEX")?;
    let name = cursor.ident("an index name")?;
    cursor.expect_keyword("ON")?;
    let table = cursor.object_name("a table name")?;
    Ok(CreateIndexStatement { table, index: index_body(cursor, name)? })
}

/// ```text
/// drop_index := DROP INDEX ident ON object_name
/// ```
pub(super) fn drop_index(cursor: &mut Cursor<'_>) -> Result<DropIndexStatement> {
    cursor.expect_keyword("DROP")?;
    cursor.expect_keyword("INDEX")?;
    let name = cursor.ident("an index name")?;
    cursor.expect_keyword("ON")?;
    Ok(DropIndexStatement { name, table: cursor.object_name("a table name")? })
}
