//! External catalogs.

use super::Result;
use super::cursor::Cursor;
use crate::ast::{AlterCatalogStatement, CreateCatalogStatement, DropCatalogStatement, Ident};

/// ```text
/// create_catalog := CREATE EXTERNAL CATALOG if_not_exists ident_or_string comment PROPERTIES property_list
/// ```
pub(super) fn create_catalog(cursor: &mut Cursor<'_>) -> Result<CreateCatalogStatement> {
    cursor.expect_keyword("CREATE")?;
    cursor.expect_keyword("EXTERNAL")?;
    cursor.expect_keyword("CATALOG")?;
    let if_not_exists = cursor.if_not_exists()?;
    let name = name(cursor)?;
    let comment = cursor.comment()?;
    cursor.expect_keyword("PROPERTIES")?;
    Ok(CreateCatalogStatement { if_not_exists, name, comment, properties: cursor.property_list()? })
}

/// ```text
/// alter_catalog := ALTER CATALOG ident_or_string SET property_list
/// ```
pub(super) fn alter_catalog(cursor: &mut Cursor<'_>) -> Result<AlterCatalogStatement> {
    cursor.expect_keyword("ALTER")?;
    cursor.expect_keyword("CATALOG")?;
    let name = name(cursor)?;
    cursor.expect_keyword("SET")?;
    Ok(AlterCatalogStatement { name, properties: cursor.property_list()? })
}

/// ```text
/// drop_catalog := DROP CATALOG if_exists ident_or_string
/// ```
pub(super) fn drop_catalog(cursor: &mut Cursor<'_>) -> Result<DropCatalogStatement> {
    cursor.expect_keyword("DROP")?;
    cursor.expect_keyword("CATALOG")?;
    Ok(DropCatalogStatement { if_exists: cursor.if_exists()?, name: name(cursor)? })
}

fn name(cursor: &mut Cursor<'_>) -> Result<Ident> {
    cursor.ident_or_string("a catalog name")
}
