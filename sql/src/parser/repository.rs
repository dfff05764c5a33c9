//! `CREATE REPOSITORY` and `DROP REPOSITORY`.

use super::Result;
use super::cursor::Cursor;
use crate::ast::{CreateRepositoryStatement, DropRepositoryStatement};

/// ```text
/// create_repository := CREATE [READ ONLY] REPOSITORY ident WITH BROKER [ident_or_string]
///                      ON LOCATION string properties
/// ```
pub(super) fn create_repository(cursor: &mut Cursor<'_>) -> Result<CreateRepositoryStatement> {
    cursor.expect_keyword("CREATE")?;
    let read_only = cursor.eat_keyword("READ");
    if read_only {
        cursor.expect_keyword("ONLY")?;
    }
    cursor.expect_keyword("REPOSITORY")?;
    let name = cursor.ident("a repository name")?;
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
    Ok(CreateRepositoryStatement { read_only, name, broker, location, properties: cursor.properties()? })
}

const WITH_BROKER: &str = "WITH BROKER is written in any case, even when there is no broker: \
                           CREATE REPOSITORY r WITH BROKER ON LOCATION \"…\"";

/// ```text
/// drop_repository := DROP REPOSITORY ident
/// ```
pub(super) fn drop_repository(cursor: &mut Cursor<'_>) -> Result<DropRepositoryStatement> {
    cursor.expect_keyword("DROP")?;
    cursor.expect_keyword("REPOSITORY")?;
    Ok(DropRepositoryStatement { name: cursor.ident("a repository name")? })
}
