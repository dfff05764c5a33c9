//! Databases, and dropping and emptying tables.

use super::Result;
use super::cursor::Cursor;
use super::objects::{ListEnd, partition_choice};
use crate::ast::{
    CreateDatabaseStatement, DatabaseName, DropDatabaseStatement, DropTableStatement, TruncateTableStatement,
};

/// ```text
/// create_database := CREATE {DATABASE | SCHEMA} if_not_exists database_name
/// ```
pub(super) fn create_database(cursor: &mut Cursor<'_>) -> Result<CreateDatabaseStatement> {
    cursor.expect_keyword("CREATE")?;
    cursor.expect_one_of(&["DATABASE", "SCHEMA"])?;
    Ok(CreateDatabaseStatement { if_not_exists: cursor.if_not_exists()?, database: cursor.database_name()? })
}

/// ```text
/// drop_database := DROP {DATABASE | SCHEMA} if_exists database_name [FORCE]
/// ```
pub(super) fn drop_database(cursor: &mut Cursor<'_>) -> Result<DropDatabaseStatement> {
    cursor.expect_keyword("DROP")?;
    cursor.expect_one_of(&["DATABASE", "SCHEMA"])?;
    Ok(DropDatabaseStatement {
        if_exists: cursor.if_exists()?,
        database: cursor.database_name()?,
        force: cursor.eat_keyword("FORCE"),
    })
}

/// ```text
/// use := USE database_name
/// ```
pub(super) fn use_database(cursor: &mut Cursor<'_>) -> Result<DatabaseName> {
    cursor.expect_keyword("USE")?;
    cursor.database_name()
}

/// ```text
/// drop_table := DROP TABLE if_exists object_name [FORCE]
/// ```
pub(super) fn drop_table(cursor: &mut Cursor<'_>) -> Result<DropTableStatement> {
    cursor.expect_keyword("DROP")?;
    cursor.expect_keyword("TABLE")?;
    Ok(DropTableStatement {
        if_exists: cursor.if_exists()?,
        table: cursor.object_name("a table name")?,
        force: cursor.eat_keyword("FORCE"),
    })
}

/// ```text
/// truncate := TRUNCATE TABLE object_name [partitions]
/// ```
pub(super) fn truncate(cursor: &mut Cursor<'_>) -> Result<TruncateTableStatement> {
    cursor.expect_keyword("TRUNCATE")?;
    cursor.expect_keyword("TABLE")?;
    let table = cursor.object_name("a table name")?;
    Ok(TruncateTableStatement { table, partitions: partition_choice(cursor, ListEnd::NoComma)? })
}
