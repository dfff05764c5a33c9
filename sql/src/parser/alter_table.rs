//! `ALTER TABLE`.

use super::Result;
use super::alter_partition::{partition_change, starts_partition_change};
use super::cursor::Cursor;
use crate::ast::{AlterTableClause, AlterTableStatement};

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
/// ```
fn alter_clause(cursor: &mut Cursor<'_>) -> Result<AlterTableClause> {
    if starts_partition_change(cursor) {
        return partition_change(cursor).map(AlterTableClause::Partition);
    }
    if cursor.eat_keyword("RENAME") {
        return cursor.ident("the new name").map(AlterTableClause::Rename);
    }
    Err(cursor.expected(&[]))
}
