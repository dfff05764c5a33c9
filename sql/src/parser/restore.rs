//! `RESTORE`.

use super::Result;
use super::cursor::Cursor;
use super::error::ParseError;
use super::objects::{Aliases, catalogs, label, objects};
use crate::ast::{RestoreDatabase, RestoreStatement};

/// ```text
/// restore := RESTORE SNAPSHOT label FROM ident catalogs [DATABASE ident [AS ident]] [objects] properties
/// ```
///
/// Catalogs go together neither with a database, in either way to name it, nor with objects. The database is
/// named in one way only, and must be when objects are.
pub(super) fn restore(cursor: &mut Cursor<'_>) -> Result<RestoreStatement> {
    cursor.expect_keyword("RESTORE")?;
    if cursor.is_one_of(&["DATABASE", "EXTERNAL", "ALL"]) {
        let error = cursor.expected(&["SNAPSHOT"]);
        return Err(
            error.with_hint("in RESTORE, DATABASE and EXTERNAL CATALOGS stand behind FROM repository")
        );
    }
    cursor.expect_keyword("SNAPSHOT")?;
    let label_at = cursor.location();
    let (prefix, label) = label(cursor)?;
    cursor.expect_keyword("FROM")?;
    let repository = cursor.ident("a repository name")?;
    let catalogs = catalogs(cursor, Aliases::Allowed)?;
    let database_at = cursor.location();
    let database = database(cursor)?;
    let objects_at = cursor.location();
    let objects = objects(cursor, Aliases::Allowed)?;
    let properties = cursor.properties()?;

    let refuse = |at, message: &str, hint: &str| Err(ParseError::new(at, message).with_hint(hint));
    let two_statements = "restore the catalogs in a statement of their own";
    if catalogs.is_some() && prefix.is_some() {
        return refuse(
            label_at,
            "the label may not be qualified when EXTERNAL CATALOGS is given",
            two_statements,
        );
    }
    if catalogs.is_some() && database.is_some() {
        return refuse(
            database_at,
            "DATABASE and EXTERNAL CATALOGS cannot be combined in RESTORE",
            two_statements,
        );
    }
    if catalogs.is_some() && objects.is_some() {
        return refuse(objects_at, "ON and EXTERNAL CATALOGS cannot be combined in RESTORE", two_statements);
    }
    if prefix.is_some() && database.is_some() {
        let hint = "name the target database in one place: DATABASE a AS b, or the label's prefix";
        return refuse(database_at, "the label may not be qualified when DATABASE is given", hint);
    }
    let database = database.or(prefix.map(RestoreDatabase::Prefix)).unwrap_or(RestoreDatabase::Recorded);
    if objects.is_some() && database == RestoreDatabase::Recorded {
        let hint = "write DATABASE db before ON, or SNAPSHOT db.label";
        return refuse(objects_at, "the database must be given when ON names objects", hint);
    }
    Ok(RestoreStatement { label, repository, catalogs, database, objects, properties })
}

fn database(cursor: &mut Cursor<'_>) -> Result<Option<RestoreDatabase>> {
    if !cursor.eat_keyword("DATABASE") {
        return Ok(None);
    }
    let name = cursor.ident("a database name")?;
    let alias = if cursor.eat_keyword("AS") { Some(cursor.ident("a database name")?) } else { None };
    Ok(Some(RestoreDatabase::Named { name, alias }))
}
