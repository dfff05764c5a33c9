//! Repositories as a whole: `CREATE`, `ALTER`, `DROP`, `CHECK`, `VERIFY` and `PRUNE`.

use sqlparser::tokenizer::Token;

use super::Result;
use super::cursor::Cursor;
use crate::ast::{
    AlterRepositoryStatement, CheckRepositoryStatement, CreateRepositoryStatement, DropRepositoryStatement,
    Ident, PruneRepositoryStatement, VerifyStatement,
};

/// ```text
/// create_repository := CREATE [READ ONLY] REPOSITORY if_not_exists ident WITH BROKER [ident_or_string]
///                      ON LOCATION string properties
/// ```
pub(super) fn create_repository(cursor: &mut Cursor<'_>) -> Result<CreateRepositoryStatement> {
    cursor.expect_keyword("CREATE")?;
    let read_only = cursor.eat_keyword("READ");
    if read_only {
        cursor.expect_keyword("ONLY")?;
    }
    cursor.expect_keyword("REPOSITORY")?;
    let if_not_exists = cursor.if_not_exists()?;
    let name = repository(cursor)?;
    cursor.expect_keyword("WITH").map_err(|error| error.with_hint(WITH_BROKER))?;
    cursor.expect_keyword("BROKER").map_err(|error| error.with_hint(WITH_BROKER))?;
    let broker = if cursor.eat_keyword("ON") {
        None
    } else {
        let broker = cursor.ident_or_string("a broker name")?;
        cursor.expect_keyword("ON")?;
        Some(broker)
    };
    cursor.expect_keyword("LOCATION")?;
    let location = cursor.string("the location as a string")?;
    let properties = cursor.properties()?;
    Ok(CreateRepositoryStatement { read_only, if_not_exists, name, broker, location, properties })
}

const WITH_BROKER: &str = "WITH BROKER is written in any case, even when there is no broker: \
                           CREATE REPOSITORY r WITH BROKER ON LOCATION \"…\"";

/// ```text
/// alter_repository := ALTER REPOSITORY ident SET property_list
/// ```
pub(super) fn alter_repository(cursor: &mut Cursor<'_>) -> Result<AlterRepositoryStatement> {
    cursor.expect_keyword("ALTER")?;
    cursor.expect_keyword("REPOSITORY")?;
    let name = repository(cursor)?;
    cursor.expect_keyword("SET")?;
    Ok(AlterRepositoryStatement { name, properties: cursor.property_list()? })
}

/// ```text
/// drop_repository := DROP REPOSITORY ident
/// ```
pub(super) fn drop_repository(cursor: &mut Cursor<'_>) -> Result<DropRepositoryStatement> {
    cursor.expect_keyword("DROP")?;
    cursor.expect_keyword("REPOSITORY")?;
    Ok(DropRepositoryStatement { name: repository(cursor)? })
}

/// ```text
/// check_repository := CHECK REPOSITORY ident
/// ```
pub(super) fn check_repository(cursor: &mut Cursor<'_>) -> Result<CheckRepositoryStatement> {
    cursor.expect_keyword("CHECK")?;
    cursor.expect_keyword("REPOSITORY")?;
    Ok(CheckRepositoryStatement { name: repository(cursor)? })
}

/// ```text
/// verify := VERIFY {SNAPSHOT ident ON ident | REPOSITORY ident} properties
/// ```
pub(super) fn verify(cursor: &mut Cursor<'_>) -> Result<VerifyStatement> {
    cursor.expect_keyword("VERIFY")?;
    let label = if cursor.eat_keyword("SNAPSHOT") {
        let label = label_on(cursor)?;
        Some(label)
    } else {
        cursor.expect_keyword("REPOSITORY")?;
        None
    };
    let repository = repository(cursor)?;
    Ok(VerifyStatement { label, repository, properties: cursor.properties()? })
}

/// ```text
/// prune_repository := PRUNE REPOSITORY ident properties
/// ```
pub(super) fn prune_repository(cursor: &mut Cursor<'_>) -> Result<PruneRepositoryStatement> {
    cursor.expect_keyword("PRUNE")?;
    cursor.expect_keyword("REPOSITORY")?;
    Ok(PruneRepositoryStatement { name: repository(cursor)?, properties: cursor.properties()? })
}

/// The label of `label ON repository`, with the word behind it.
pub(super) fn label_on(cursor: &mut Cursor<'_>) -> Result<Ident> {
    let label = cursor.ident("a snapshot label")?;
    if cursor.peek() == &Token::Period {
        let error = cursor.expected(&["ON"]);
        return Err(error.with_hint("labels belong to repositories: leave out the database"));
    }
    cursor.expect_keyword("ON")?;
    Ok(label)
}

fn repository(cursor: &mut Cursor<'_>) -> Result<Ident> {
    cursor.ident("a repository name")
}
