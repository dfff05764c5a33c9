//! `ALTER TABLE`.

use sqlparser::tokenizer::Token;

use super::Result;
use super::alter_partition::{partition_change, starts_partition_change};
use super::cursor::Cursor;
use crate::ast::{AlterTableClause, AlterTableStatement, CompactionKind};

/// ```text
/// alter_table := ALTER TABLE object_name alter_clause {, alter_clause}
/// ```
pub(super) fn alter_table(cursor: &mut Cursor<'_>) -> Result<AlterTableStatement> {
    cursor.expect_keyword("ALTER")?;
    cursor.expect_keyword("TABLE")?;
    let table = cursor.object_name("a table name")?;
    let clauses = cursor.comma_list(alter_clause)?;
    Ok(AlterTableStatement { table, clauses })
}

/// ```text
/// alter_clause := RENAME ident | partition_change
///               | [BASE | CUMULATIVE] COMPACT [ident | ( ident {, ident} )]
///               | partition_change
/// ```
fn alter_clause(cursor: &mut Cursor<'_>) -> Result<AlterTableClause> {
    if starts_partition_change(cursor) {
        return partition_change(cursor).map(AlterTableClause::Partition);
    }
    if cursor.eat_keyword("RENAME") {
        return cursor.ident("the new name").map(AlterTableClause::Rename);
    }
    let kinds = CompactionKind::WORDS;
    let kind =
        kinds.into_iter().find(|(word, _)| cursor.is_keyword(word) && cursor.is_keyword_at(1, "COMPACT"));
    if let Some((word, _)) = kind {
        cursor.expect_keyword(word)?;
    }
    if cursor.eat_keyword("COMPACT") {
        let partitions = match cursor.peek() {
            Token::LParen => cursor.idents("a partition name")?,
            _ if cursor.is_ident_at(0) => vec![cursor.ident("a partition name")?],
            _ => Vec::new(),
        };
        return Ok(AlterTableClause::Compact { kind: kind.map(|(_, kind)| kind), partitions });
    }
    Err(cursor.expected(&[]))
}
