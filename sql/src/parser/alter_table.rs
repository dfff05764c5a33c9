//! `ALTER TABLE`.

use sqlparser::tokenizer::Token;

use super::Result;
use super::alter_partition::{partition_change, starts_partition_change};
use super::column::{column, column_definition};
use super::cursor::Cursor;
use super::index::index;
use super::materialized_view::{rollup_names, rollups};
use crate::ast::{AlterTableClause, AlterTableStatement, ColumnPosition, CompactionKind};

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
/// alter_clause := RENAME ident | RENAME COLUMN ident TO ident | SWAP WITH ident
///               | COMMENT = string | SET property_list
///               | ADD COLUMN {column position | ( column {, column} )} | DROP COLUMN ident
///               | MODIFY COLUMN column position | ORDER BY idents | ADD index | DROP INDEX ident
///               | ADD ROLLUP rollups | DROP ROLLUP rollup_names | RENAME ROLLUP ident ident
///               | [BASE | CUMULATIVE] COMPACT [ident | ( ident {, ident} )]
///               | partition_change
/// ```
fn alter_clause(cursor: &mut Cursor<'_>) -> Result<AlterTableClause> {
    if starts_partition_change(cursor) {
        return partition_change(cursor).map(AlterTableClause::Partition);
    }
    if cursor.eat_keyword("RENAME") {
        if cursor.is_keyword("COLUMN") {
            cursor.advance();
            let from = cursor.ident("a column name")?;
            cursor.expect_keyword("TO")?;
            return Ok(AlterTableClause::RenameColumn(from, cursor.ident("the new name")?));
        }
        if cursor.is_keyword("ROLLUP") && cursor.is_ident_at(1) {
            cursor.advance();
            let from = cursor.ident("a rollup name")?;
            return Ok(AlterTableClause::RenameRollup(from, cursor.ident("the new name")?));
        }
        return cursor.ident("the new name").map(AlterTableClause::Rename);
    }
    if cursor.eat_keyword("SWAP") {
        cursor.expect_keyword("WITH")?;
        return cursor.ident("a table name").map(AlterTableClause::Swap);
    }
    if cursor.eat_keyword("COMMENT") {
        cursor.expect(&Token::Eq)?;
        return cursor.string("the comment as a string").map(AlterTableClause::Comment);
    }
    if cursor.eat_keyword("SET") {
        return cursor.property_list().map(AlterTableClause::Set);
    }
    if cursor.eat_keyword("ADD") {
        if cursor.eat_keyword("ROLLUP") {
            return rollups(cursor).map(AlterTableClause::AddRollups);
        }
        if cursor.is_keyword("INDEX") {
            return index(cursor).map(AlterTableClause::AddIndex);
        }
        cursor.expect_keyword("COLUMN")?;
        if cursor.peek() == &Token::LParen {
            return cursor.parenthesised(column).map(AlterTableClause::AddColumns);
        }
        let column = column_definition(cursor)?;
        return Ok(AlterTableClause::AddColumn(column, position(cursor)?));
    }
    if cursor.eat_keyword("DROP") {
        if cursor.eat_keyword("ROLLUP") {
            return rollup_names(cursor).map(AlterTableClause::DropRollups);
        }
        if cursor.is_keyword("INDEX") {
            cursor.advance();
            return cursor.ident("an index name").map(AlterTableClause::DropIndex);
        }
        cursor.expect_keyword("COLUMN")?;
        return cursor.ident("a column name").map(AlterTableClause::DropColumn);
    }
    if cursor.eat_keyword("MODIFY") {
        cursor.expect_keyword("COLUMN")?;
        let column = column_definition(cursor)?;
        return Ok(AlterTableClause::ModifyColumn(column, position(cursor)?));
    }
    if cursor.eat_keyword("ORDER") {
        cursor.expect_keyword("BY")?;
        return cursor.idents("a column name").map(AlterTableClause::OrderBy);
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

/// ```text
/// position := [FIRST | AFTER ident]
/// ```
fn position(cursor: &mut Cursor<'_>) -> Result<Option<ColumnPosition>> {
    if cursor.eat_keyword("FIRST") {
        return Ok(Some(ColumnPosition::First));
    }
    if cursor.eat_keyword("AFTER") {
        return cursor.ident("a column name").map(ColumnPosition::After).map(Some);
    }
    Ok(None)
}
