//! The parser of StarRocks' statements, on `sqlparser`'s tokenizer.
//!
//! A script is cut into statements first ([`split_statements`]), and each is parsed on its own
//! ([`parse_statement`]), so that a broken statement hides none of the others. What StarRocks refuses while
//! it parses is refused here; what it refuses later parses.
//!
//! The doc comment of each parser function is its production. In productions, words in capitals are keywords
//! of any letter case, `[x]` is an optional `x`, `{x}` any number of them, and `a | b` a choice.

mod access;
mod alter_partition;
mod alter_table;
mod backup;
mod column;
mod cursor;
mod database;
mod dialect;
mod error;
mod external_catalog;
mod index;
mod lexer;
mod materialized_view;
mod nested_type;
mod objects;
mod partition;
mod query;
mod query_check;
mod redact;
mod repository;
mod restore;
mod show;
mod table;
mod types;
mod view;

#[cfg(test)]
mod tests;

pub use error::ParseError;
pub use lexer::{SourceStatement, split_statements};

use crate::ast::{AccessStatement, ExprText, Location, Statement};
use cursor::Cursor;

type Result<T> = std::result::Result<T, ParseError>;

/// Parses one statement of a script.
///
/// # Errors
///
/// The first place where the text is not a statement this store knows; lines and columns are those of the
/// script.
pub fn parse_statement(source: &SourceStatement) -> Result<Statement> {
    let mut cursor = Cursor::try_new(source)?;
    let statement = statement(&mut cursor)?;
    cursor.expect_end()?;
    Ok(statement)
}

/// Parses an expression that was a piece of a statement.
///
/// # Errors
///
/// When the text is no expression, or more than one.
pub(crate) fn parse_expression(text: &str) -> Result<ExprText> {
    let sources = split_statements(text);
    let [source] = sources.as_slice() else {
        return Err(ParseError::new(Location { line: 1, column: 1 }, "expected an expression"));
    };
    let mut cursor = Cursor::try_new(source)?;
    let expr = query::expr(&mut cursor)?;
    cursor.expect_end()?;
    Ok(expr)
}

/// ```text
/// statement := create | drop | use | truncate | insert | delete | update | query | explain | describe | show
///            | backup | restore | cancel | recover | alter_table | alter_repository | check_repository | verify | prune_repository
///            | grant | revoke | set | execute_as | alter_user | alter_role | alter_view | alter_catalog
///            | refresh_materialized_view | alter_materialized_view
/// ```
fn statement(cursor: &mut Cursor<'_>) -> Result<Statement> {
    if query::starts_query(cursor) {
        return query::query(cursor).map(Statement::Query);
    }
    match cursor.keyword().as_deref() {
        Some("CREATE") => create(cursor),
        Some("DROP") => drop(cursor),
        Some("USE") => database::use_database(cursor).map(Statement::Use),
        Some("TRUNCATE") => database::truncate(cursor).map(Statement::TruncateTable),
        Some("INSERT") => query::insert(cursor).map(|statement| Statement::Insert(Box::new(statement))),
        Some("DELETE") => query::delete(cursor).map(|statement| Statement::Delete(Box::new(statement))),
        Some("UPDATE") => query::update(cursor).map(|statement| Statement::Update(Box::new(statement))),
        Some("EXPLAIN") => explain(cursor),
        Some("DESC" | "DESCRIBE") => query::describe(cursor),
        Some("SHOW") => show::show(cursor),
        Some("BACKUP") => backup::backup(cursor).map(|statement| Statement::Backup(Box::new(statement))),
        Some("RESTORE") => restore::restore(cursor).map(|statement| Statement::Restore(Box::new(statement))),
        Some("CANCEL") => backup::cancel(cursor).map(Statement::Cancel),
        Some("RECOVER") => alter_partition::recover(cursor).map(Statement::Recover),
        Some("GRANT" | "REVOKE") => access::grant(cursor).map(about_access),
        Some("SET") => access::set(cursor).map(about_access),
        Some("EXECUTE") if cursor.is_keyword_at(1, "AS") => access::execute_as(cursor).map(about_access),
        Some("VERIFY") => repository::verify(cursor).map(Statement::Verify),
        Some("ALTER") if cursor.is_keyword_at(1, "TABLE") => {
            alter_table::alter_table(cursor).map(|statement| Statement::AlterTable(Box::new(statement)))
        }
        Some("REFRESH") if cursor.is_keyword_at(1, "MATERIALIZED") => {
            materialized_view::refresh_materialized_view(cursor).map(Statement::RefreshMaterializedView)
        }
        Some("ALTER") if cursor.is_keyword_at(1, "MATERIALIZED") => {
            materialized_view::alter_materialized_view(cursor).map(Statement::AlterMaterializedView)
        }
        Some("ALTER") if cursor.is_keyword_at(1, "VIEW") => {
            view::alter_view(cursor).map(|statement| Statement::AlterView(Box::new(statement)))
        }
        Some("ALTER") if cursor.is_keyword_at(1, "CATALOG") => {
            external_catalog::alter_catalog(cursor).map(Statement::AlterCatalog)
        }
        Some("ALTER") if cursor.is_keyword_at(1, "USER") || cursor.is_keyword_at(1, "ROLE") => {
            access::alter(cursor).map(about_access)
        }
        Some("ALTER" | "CHECK" | "PRUNE") => repository_statement(cursor),
        Some(_) => Err(cursor.unsupported(2)),
        None => Err(cursor.expected(&["a statement"])),
    }
}

fn about_access(statement: AccessStatement) -> Statement {
    Statement::Access(Box::new(statement))
}

/// ```text
/// explain := EXPLAIN {backup | restore} | explain_query
/// ```
fn explain(cursor: &mut Cursor<'_>) -> Result<Statement> {
    match cursor.keyword_at(1).as_deref() {
        Some("BACKUP") => {
            cursor.advance();
            backup::backup(cursor).map(|statement| Statement::ExplainBackup(Box::new(statement)))
        }
        Some("RESTORE") => {
            cursor.advance();
            restore::restore(cursor).map(|statement| Statement::ExplainRestore(Box::new(statement)))
        }
        _ => query::explain(cursor).map(Statement::Explain),
    }
}

/// What else is done to a repository, and to nothing but a repository.
fn repository_statement(cursor: &mut Cursor<'_>) -> Result<Statement> {
    match (cursor.keyword().as_deref(), cursor.keyword_at(1).as_deref()) {
        (_, Some(other)) if other != "REPOSITORY" => Err(cursor.unsupported(2)),
        (Some("ALTER"), None) => {
            cursor.advance();
            Err(cursor.expected(&["TABLE", "VIEW", "REPOSITORY", "CATALOG", "USER", "ROLE"]))
        }
        (Some("ALTER"), _) => repository::alter_repository(cursor).map(Statement::AlterRepository),
        (Some("CHECK"), _) => repository::check_repository(cursor).map(Statement::CheckRepository),
        _ => repository::prune_repository(cursor).map(Statement::PruneRepository),
    }
}

/// ```text
/// create := create_database | create_table | create_view | create_materialized_view | create_index | create_repository | create_user | create_role | create_catalog
/// ```
fn create(cursor: &mut Cursor<'_>) -> Result<Statement> {
    match cursor.keyword_at(1).as_deref() {
        Some("DATABASE" | "SCHEMA") => database::create_database(cursor).map(Statement::CreateDatabase),
        Some("TABLE") => create_table(cursor),
        Some("INDEX") => index::create_index(cursor).map(Statement::CreateIndex),
        Some("MATERIALIZED") => materialized_view::create_materialized_view(cursor)
            .map(|statement| Statement::CreateMaterializedView(Box::new(statement))),
        Some("TEMPORARY" | "EXTERNAL") if cursor.is_keyword_at(2, "TABLE") => create_table(cursor),
        Some("EXTERNAL") if cursor.is_keyword_at(2, "CATALOG") => {
            external_catalog::create_catalog(cursor).map(Statement::CreateCatalog)
        }
        Some("VIEW") => create_view(cursor),
        Some("OR") if cursor.is_keyword_at(2, "REPLACE") && cursor.is_keyword_at(3, "VIEW") => {
            create_view(cursor)
        }
        Some("USER" | "ROLE") => access::create(cursor).map(about_access),
        Some("REPOSITORY" | "READ") => repository::create_repository(cursor).map(Statement::CreateRepository),
        Some(_) => Err(cursor.unsupported(3)),
        None => {
            cursor.advance();
            Err(cursor.expected(&["DATABASE", "TABLE", "VIEW", "INDEX", "REPOSITORY", "USER", "ROLE"]))
        }
    }
}

fn create_view(cursor: &mut Cursor<'_>) -> Result<Statement> {
    view::create_view(cursor).map(|statement| Statement::CreateView(Box::new(statement)))
}

fn create_table(cursor: &mut Cursor<'_>) -> Result<Statement> {
    table::create_table(cursor).map(|statement| Statement::CreateTable(Box::new(statement)))
}

/// ```text
/// drop := drop_database | drop_table | drop_view | drop_materialized_view | drop_index | drop_repository | drop_snapshot | drop_user | drop_role | drop_catalog
/// ```
fn drop(cursor: &mut Cursor<'_>) -> Result<Statement> {
    match cursor.keyword_at(1).as_deref() {
        Some("DATABASE" | "SCHEMA") => database::drop_database(cursor).map(Statement::DropDatabase),
        Some("TABLE") => database::drop_table(cursor).map(Statement::DropTable),
        Some("INDEX") => index::drop_index(cursor).map(Statement::DropIndex),
        Some("MATERIALIZED") => {
            materialized_view::drop_materialized_view(cursor).map(Statement::DropMaterializedView)
        }
        Some("REPOSITORY") => repository::drop_repository(cursor).map(Statement::DropRepository),
        Some("CATALOG") => external_catalog::drop_catalog(cursor).map(Statement::DropCatalog),
        Some("VIEW") => view::drop_view(cursor).map(Statement::DropView),
        Some("USER" | "ROLE") => access::drop(cursor).map(about_access),
        Some("SNAPSHOT") => backup::drop_snapshot(cursor).map(Statement::DropSnapshot),
        Some(_) => Err(cursor.unsupported(3)),
        None => {
            cursor.advance();
            Err(cursor.expected(&[
                "DATABASE",
                "TABLE",
                "VIEW",
                "INDEX",
                "REPOSITORY",
                "SNAPSHOT",
                "USER",
                "ROLE",
            ]))
        }
    }
}
