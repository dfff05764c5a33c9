//! `BACKUP`, `CANCEL` and `DROP SNAPSHOT`.

use super::Result;
use super::cursor::Cursor;
use super::error::ParseError;
use super::objects::{Aliases, catalogs, label, objects};
use super::repository::label_on;
use crate::ast::{BackupStatement, CancelStatement, CancelTarget, DropSnapshotStatement, JobKind};

/// ```text
/// backup := BACKUP catalogs [DATABASE ident] SNAPSHOT label TO ident [objects] properties
/// ```
///
/// Catalogs go together neither with a database, in either way to name it, nor with objects. The database is
/// named in one way only.
pub(super) fn backup(cursor: &mut Cursor<'_>) -> Result<BackupStatement> {
    cursor.expect_keyword("BACKUP")?;
    let catalogs = catalogs(cursor, Aliases::Refused)?;
    let database_at = cursor.location();
    let named = if cursor.eat_keyword("DATABASE") { Some(cursor.ident("a database name")?) } else { None };
    if catalogs.is_some() && named.is_some() {
        return Err(ParseError::new(
            database_at,
            "DATABASE and EXTERNAL CATALOGS cannot be combined in BACKUP",
        )
        .with_hint("back up the database and the catalogs in two statements"));
    }
    cursor.expect_keyword("SNAPSHOT")?;
    let label_at = cursor.location();
    let (prefix, label) = label(cursor)?;
    if let Some(prefix) = &prefix {
        if named.is_some() {
            return Err(ParseError::new(label_at, "the label may not be qualified when DATABASE is given")
                .with_hint(format!("leave out '{}.' before the label", prefix.value)));
        }
        if catalogs.is_some() {
            return Err(ParseError::new(
                label_at,
                "the label may not be qualified when EXTERNAL CATALOGS is given",
            )
            .with_hint(format!("leave out '{}.' before the label", prefix.value)));
        }
    }
    cursor.expect_keyword("TO")?;
    let repository = cursor.ident("a repository name")?;
    let objects_at = cursor.location();
    let objects = objects(cursor, Aliases::Refused)?;
    if catalogs.is_some() && objects.is_some() {
        return Err(ParseError::new(objects_at, "ON and EXTERNAL CATALOGS cannot be combined in BACKUP")
            .with_hint("back up the objects and the catalogs in two statements"));
    }
    let properties = cursor.properties()?;
    if cursor.is_one_of(&["DATABASE", "EXTERNAL"]) {
        let error = cursor.expected(&["the end of the statement"]);
        return Err(error.with_hint("in BACKUP, DATABASE and EXTERNAL CATALOGS stand before SNAPSHOT"));
    }
    Ok(BackupStatement { catalogs, database: named.or(prefix), label, repository, objects, properties })
}

/// ```text
/// cancel := CANCEL {BACKUP | RESTORE} { {FROM | IN} ident | FOR EXTERNAL CATALOG }
/// ```
pub(super) fn cancel(cursor: &mut Cursor<'_>) -> Result<CancelStatement> {
    cursor.expect_keyword("CANCEL")?;
    let kind = if cursor.eat_keyword("BACKUP") {
        JobKind::Backup
    } else if cursor.eat_keyword("RESTORE") {
        JobKind::Restore
    } else {
        return Err(cursor.expected(&[]));
    };
    if cursor.eat_keyword("FOR") {
        cursor.expect_keyword("EXTERNAL")?;
        cursor.expect_keyword("CATALOG")?;
        return Ok(CancelStatement { kind, target: CancelTarget::ExternalCatalog });
    }
    if !cursor.eat_one_of(&["FROM", "IN"]) {
        let error = cursor.expected(&[]);
        return Err(error.with_hint(format!("say whose job is cancelled: CANCEL {kind} FROM database")));
    }
    let database = cursor.dotted("a database name in CANCEL", 1)?.pop();
    let database = database.ok_or_else(|| cursor.expected(&["a database name"]))?;
    Ok(CancelStatement { kind, target: CancelTarget::Database(database) })
}

/// ```text
/// drop_snapshot := DROP SNAPSHOT ident ON ident [FORCE]
/// ```
pub(super) fn drop_snapshot(cursor: &mut Cursor<'_>) -> Result<DropSnapshotStatement> {
    cursor.expect_keyword("DROP")?;
    cursor.expect_keyword("SNAPSHOT")?;
    let label = label_on(cursor)?;
    let repository = cursor.ident("a repository name")?;
    Ok(DropSnapshotStatement { label, repository, force: cursor.eat_keyword("FORCE") })
}
