//! The `SHOW` statements.

use sqlparser::ast::{BinaryOperator, Expr, Value};
use sqlparser::tokenizer::Token;

use super::Result;
use super::access::show_grants;
use super::cursor::Cursor;
use super::objects::{ListEnd, partition_choice};
use super::query::{expr, order_by_expr};
use crate::ast::{
    AlterationKind, DatabaseName, JobKind, ObjectName, ShowPredicates, ShowSnapshotStatement, ShowStatement,
    ShowWhat, SnapshotFilter, Statement,
};

/// ```text
/// show := SHOW show_what predicates | SHOW show_what_named [LIKE string] predicates
///       | SHOW DATA [FROM object_name]
///       | SHOW {TABLET | TABLETS} integer
///       | SHOW CREATE {TABLE | VIEW | MATERIALIZED VIEW} object_name
///       | SHOW CREATE {DATABASE | SCHEMA} database_name
///       | SHOW CREATE CATALOG ident_or_string
///       | show_grants | show_snapshot
/// show_what_named := {DATABASES | SCHEMAS} | CATALOGS
///       | [FULL] TABLES in_database
///       | TABLE STATUS in_database
///       | MATERIALIZED {VIEW | VIEWS} in_database
///       | [FULL] {COLUMNS | FIELDS} table_of
/// show_what := {INDEX | INDEXES | KEY | KEYS} table_of
///       | [TEMPORARY] PARTITIONS FROM object_name
///       | {TABLET | TABLETS} FROM object_name [partitions]
///       | ALTER {TABLE {COLUMN | OPTIMIZE | ROLLUP} | MATERIALIZED VIEW} in_database
///       | REPOSITORIES | ROLES | USERS
///       | {BACKUP | RESTORE} [{FROM | IN} ident]
/// in_database := [{FROM | IN} database_name]
/// ```
pub(super) fn show(cursor: &mut Cursor<'_>) -> Result<Statement> {
    match cursor.keyword_at(1).as_deref() {
        Some("CREATE") => show_create(cursor),
        Some("GRANTS") => show_grants(cursor).map(|statement| Statement::Access(Box::new(statement))),
        Some("SNAPSHOT") => show_snapshot(cursor),
        Some("SNAPSHOTS") => Err(cursor.unsupported(2).with_hint("write SHOW SNAPSHOT ON repository")),
        Some("TABLET" | "TABLETS") if matches!(cursor.peek_at(2), Token::Number(..)) => {
            skip(cursor, 2);
            cursor.integer("a tablet's number").map(Statement::ShowTablet)
        }
        Some("DATA") => {
            skip(cursor, 2);
            let table =
                if cursor.eat_keyword("FROM") { Some(cursor.object_name("a table name")?) } else { None };
            Ok(shown(ShowWhat::Data(table), ShowPredicates::default()))
        }
        Some(_) => show_chosen(cursor),
        None => {
            skip(cursor, 1);
            Err(cursor.expected(&[
                "DATABASES",
                "TABLES",
                "COLUMNS",
                "INDEX",
                "PARTITIONS",
                "TABLET",
                "DATA",
                "ALTER",
                "CREATE",
                "REPOSITORIES",
                "SNAPSHOT",
                "BACKUP",
                "RESTORE",
                "GRANTS",
                "ROLES",
                "USERS",
            ]))
        }
    }
}

fn shown(what: ShowWhat, predicates: ShowPredicates) -> Statement {
    Statement::Show(Box::new(ShowStatement { what, predicates }))
}

/// What conditions choose among.
fn show_chosen(cursor: &mut Cursor<'_>) -> Result<Statement> {
    let full = cursor.is_keyword_at(1, "FULL");
    let words = if full { 2 } else { 1 };
    let what = match cursor.keyword_at(words).as_deref() {
        Some("TABLES") => {
            skip(cursor, words + 1);
            ShowWhat::Tables { full, database: in_database(cursor)? }
        }
        Some("COLUMNS" | "FIELDS") => {
            skip(cursor, words + 1);
            ShowWhat::Columns { full, table: table_of(cursor)? }
        }
        _ if full => return Err(cursor.unsupported(3)),
        Some("CATALOGS") => {
            skip(cursor, 2);
            ShowWhat::Catalogs
        }
        Some("DATABASES" | "SCHEMAS") => {
            skip(cursor, 2);
            ShowWhat::Databases
        }
        Some("TABLE") if cursor.is_keyword_at(2, "STATUS") => {
            skip(cursor, 3);
            ShowWhat::TableStatus(in_database(cursor)?)
        }
        Some("MATERIALIZED") if cursor.is_keyword_at(2, "VIEWS") || cursor.is_keyword_at(2, "VIEW") => {
            skip(cursor, 3);
            ShowWhat::MaterializedViews(in_database(cursor)?)
        }
        _ => {
            let what = show_listed(cursor)?;
            let predicates = predicates(cursor)?;
            return Ok(shown(what, predicates));
        }
    };
    let like = like(cursor)?;
    let predicates = predicates(cursor)?;
    Ok(shown(what, ShowPredicates { like, ..predicates }))
}

/// What has no name that a pattern could match.
fn show_listed(cursor: &mut Cursor<'_>) -> Result<ShowWhat> {
    Ok(match cursor.keyword_at(1).as_deref() {
        Some("INDEX" | "INDEXES" | "KEY" | "KEYS") => {
            skip(cursor, 2);
            ShowWhat::Index(table_of(cursor)?)
        }
        Some("PARTITIONS") => {
            skip(cursor, 2);
            cursor.expect_keyword("FROM")?;
            ShowWhat::Partitions { temporary: false, table: cursor.object_name("a table name")? }
        }
        Some("TEMPORARY") if cursor.is_keyword_at(2, "PARTITIONS") => {
            skip(cursor, 3);
            cursor.expect_keyword("FROM")?;
            ShowWhat::Partitions { temporary: true, table: cursor.object_name("a table name")? }
        }
        Some("TABLET" | "TABLETS") => {
            skip(cursor, 2);
            if !cursor.eat_keyword("FROM") {
                return Err(cursor.expected(&["a tablet's number"]));
            }
            let table = cursor.object_name("a table name")?;
            ShowWhat::Tablets { table, partitions: partition_choice(cursor, ListEnd::NoComma)? }
        }
        Some("ALTER") => {
            skip(cursor, 2);
            let kind = alteration_kind(cursor)?;
            ShowWhat::Alterations { kind, database: in_database(cursor)? }
        }
        Some("REPOSITORIES") => {
            skip(cursor, 2);
            ShowWhat::Repositories
        }
        Some("ROLES") => {
            skip(cursor, 2);
            ShowWhat::Roles
        }
        Some("USERS") => {
            skip(cursor, 2);
            ShowWhat::Users
        }
        Some("BACKUP") => jobs(cursor, JobKind::Backup)?,
        Some("RESTORE") => jobs(cursor, JobKind::Restore)?,
        _ => return Err(cursor.unsupported(2)),
    })
}

fn jobs(cursor: &mut Cursor<'_>, kind: JobKind) -> Result<ShowWhat> {
    skip(cursor, 2);
    let database =
        if cursor.eat_one_of(&["FROM", "IN"]) { Some(cursor.ident("a database name")?) } else { None };
    Ok(ShowWhat::Jobs { kind, database })
}

/// What StarRocks calls a synchronous materialized view is a rollup.
fn alteration_kind(cursor: &mut Cursor<'_>) -> Result<AlterationKind> {
    if cursor.eat_keyword("MATERIALIZED") {
        cursor.expect_keyword("VIEW")?;
        return Ok(AlterationKind::Rollup);
    }
    cursor.expect_keyword("TABLE")?;
    let kind = AlterationKind::ALL.into_iter().find(|kind| cursor.eat_keyword(kind.word()));
    kind.ok_or_else(|| cursor.expected(&[]))
}

fn like(cursor: &mut Cursor<'_>) -> Result<Option<String>> {
    if cursor.eat_keyword("LIKE") { cursor.string("the pattern as a string").map(Some) } else { Ok(None) }
}

fn in_database(cursor: &mut Cursor<'_>) -> Result<Option<DatabaseName>> {
    if cursor.eat_one_of(&["FROM", "IN"]) { cursor.database_name().map(Some) } else { Ok(None) }
}

fn skip(cursor: &mut Cursor<'_>, words: usize) {
    cursor.set_index(cursor.index() + words);
}

/// ```text
/// table_of := {FROM | IN} object_name [{FROM | IN} database_name]
/// ```
///
/// The database that stands behind the table wins.
fn table_of(cursor: &mut Cursor<'_>) -> Result<ObjectName> {
    cursor.expect_one_of(&["FROM", "IN"])?;
    let table = cursor.object_name("a table name")?;
    if !cursor.eat_one_of(&["FROM", "IN"]) {
        return Ok(table);
    }
    let database = cursor.database_name()?;
    Ok(ObjectName { catalog: database.catalog, database: Some(database.name), name: table.name })
}

fn show_create(cursor: &mut Cursor<'_>) -> Result<Statement> {
    match cursor.keyword_at(2).as_deref() {
        Some("TABLE") => {
            skip(cursor, 3);
            cursor.object_name("a table name").map(Statement::ShowCreateTable)
        }
        Some("MATERIALIZED") if cursor.is_keyword_at(3, "VIEW") => {
            skip(cursor, 4);
            cursor.object_name("a materialized view name").map(Statement::ShowCreateMaterializedView)
        }
        Some("VIEW") => {
            skip(cursor, 3);
            cursor.object_name("a view name").map(Statement::ShowCreateView)
        }
        Some("CATALOG") => {
            skip(cursor, 3);
            cursor.ident_or_string("a catalog name").map(Statement::ShowCreateCatalog)
        }
        Some("DATABASE" | "SCHEMA") => {
            skip(cursor, 3);
            cursor.database_name().map(Statement::ShowCreateDatabase)
        }
        Some(_) => Err(cursor.unsupported(3)),
        None => {
            skip(cursor, 2);
            Err(cursor.expected(&["TABLE", "VIEW", "DATABASE"]))
        }
    }
}

/// ```text
/// predicates := [WHERE expr] [ORDER BY order {, order}]
///               [LIMIT [integer ,] integer | LIMIT integer OFFSET integer]
/// ```
fn predicates(cursor: &mut Cursor<'_>) -> Result<ShowPredicates> {
    let filter = if cursor.eat_keyword("WHERE") { Some(expr(cursor)?) } else { None };
    let mut order_by = Vec::new();
    if cursor.eat_keyword("ORDER") {
        cursor.expect_keyword("BY")?;
        order_by = cursor.comma_list(order_by_expr)?;
    }
    let mut limit = None;
    if cursor.eat_keyword("LIMIT") {
        let first = cursor.integer("a number of rows")?;
        limit = Some(if cursor.eat(&Token::Comma) {
            (first, cursor.integer("a number of rows")?)
        } else if cursor.eat_keyword("OFFSET") {
            (cursor.integer("an offset")?, first)
        } else {
            (0, first)
        });
    }
    Ok(ShowPredicates { like: None, filter, order_by, limit })
}

/// ```text
/// show_snapshot := SHOW SNAPSHOT ON ident [WHERE expr]
/// ```
///
/// The two shapes of the condition that StarRocks' analyser lets through are told apart here; all others stay
/// as they were written.
fn show_snapshot(cursor: &mut Cursor<'_>) -> Result<Statement> {
    skip(cursor, 2);
    cursor.expect_keyword("ON")?;
    let repository = cursor.ident("a repository name")?;
    let filter = if cursor.eat_keyword("WHERE") {
        let condition = expr(cursor)?;
        snapshot_filter(&condition.expr).unwrap_or(SnapshotFilter::Other(condition))
    } else {
        SnapshotFilter::All
    };
    Ok(Statement::ShowSnapshot(Box::new(ShowSnapshotStatement { repository, filter })))
}

fn snapshot_filter(condition: &Expr) -> Option<SnapshotFilter> {
    match condition {
        Expr::Nested(inner) => snapshot_filter(inner),
        Expr::InList { expr, list, negated: false } if is_column(expr, "SNAPSHOT") => {
            let labels: Option<Vec<String>> = list.iter().map(text).collect();
            labels.map(SnapshotFilter::Labels)
        }
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            let pair =
                |snapshot, timestamp| Some((equals(snapshot, "SNAPSHOT")?, equals(timestamp, "TIMESTAMP")?));
            let (label, timestamp) = pair(left, right).or_else(|| pair(right, left))?;
            Some(SnapshotFilter::Label { label, timestamp: Some(timestamp) })
        }
        other => Some(SnapshotFilter::Label { label: equals(other, "SNAPSHOT")?, timestamp: None }),
    }
}

/// The text of `column = "text"`.
fn equals(condition: &Expr, column: &str) -> Option<String> {
    match condition {
        Expr::Nested(inner) => equals(inner, column),
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } if is_column(left, column) => text(right),
        _ => None,
    }
}

fn is_column(expr: &Expr, column: &str) -> bool {
    matches!(expr, Expr::Identifier(ident) if ident.value.eq_ignore_ascii_case(column))
}

/// The string literal's text, unless it is empty.
fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}
