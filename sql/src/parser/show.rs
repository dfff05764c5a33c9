//! The `SHOW` statements.

use sqlparser::ast::{BinaryOperator, Expr, Value};
use sqlparser::tokenizer::Token;

use super::Result;
use super::access::show_grants;
use super::cursor::Cursor;
use super::query::{expr, order_by_expr};
use crate::ast::{
    AccessStatement, JobKind, ShowJobsStatement, ShowPredicates, ShowSnapshotStatement, SnapshotFilter,
    Statement,
};

/// ```text
/// show := SHOW {DATABASES | SCHEMAS} [LIKE string]
///       | SHOW TABLES [{FROM | IN} database_name] [LIKE string]
///       | SHOW [TEMPORARY] PARTITIONS FROM object_name
///       | SHOW MATERIALIZED {VIEW | VIEWS} [{FROM | IN} database_name] [LIKE string]
///       | SHOW CREATE {TABLE | MATERIALIZED VIEW} object_name
///       | SHOW CREATE {DATABASE | SCHEMA} database_name
///       | SHOW REPOSITORIES
///       | SHOW ROLES | SHOW USERS
///       | show_grants | show_jobs | show_snapshot
/// ```
pub(super) fn show(cursor: &mut Cursor<'_>) -> Result<Statement> {
    match cursor.keyword_at(1).as_deref() {
        Some("DATABASES" | "SCHEMAS") => {
            skip(cursor, 2);
            Ok(Statement::ShowDatabases { like: like(cursor)? })
        }
        Some("TABLES") => {
            skip(cursor, 2);
            let database =
                if cursor.eat_one_of(&["FROM", "IN"]) { Some(cursor.database_name()?) } else { None };
            Ok(Statement::ShowTables { database, like: like(cursor)? })
        }
        Some("PARTITIONS") => {
            skip(cursor, 2);
            cursor.expect_keyword("FROM")?;
            let table = cursor.object_name("a table name")?;
            match cursor.keyword().as_deref() {
                Some(clause @ ("WHERE" | "ORDER" | "LIMIT")) => {
                    let clause = if clause == "ORDER" { "ORDER BY" } else { clause };
                    Err(cursor.not_supported(&format!("{clause} in SHOW PARTITIONS")))
                }
                _ => Ok(Statement::ShowPartitions(table)),
            }
        }
        Some("TEMPORARY") if cursor.is_keyword_at(2, "PARTITIONS") => {
            skip(cursor, 3);
            cursor.expect_keyword("FROM")?;
            cursor.object_name("a table name").map(Statement::ShowTemporaryPartitions)
        }
        Some("MATERIALIZED") if cursor.is_keyword_at(2, "VIEWS") || cursor.is_keyword_at(2, "VIEW") => {
            skip(cursor, 3);
            let database =
                if cursor.eat_one_of(&["FROM", "IN"]) { Some(cursor.database_name()?) } else { None };
            Ok(Statement::ShowMaterializedViews { database, like: like(cursor)? })
        }
        Some("CREATE") => show_create(cursor),
        Some("REPOSITORIES") => {
            skip(cursor, 2);
            Ok(Statement::ShowRepositories)
        }
        Some("GRANTS") => show_grants(cursor).map(|statement| Statement::Access(Box::new(statement))),
        Some("ROLES") => {
            skip(cursor, 2);
            Ok(Statement::Access(Box::new(AccessStatement::ShowRoles)))
        }
        Some("USERS") => {
            skip(cursor, 2);
            Ok(Statement::Access(Box::new(AccessStatement::ShowUsers)))
        }
        Some("BACKUP") => show_jobs(cursor, JobKind::Backup),
        Some("RESTORE") => show_jobs(cursor, JobKind::Restore),
        Some("SNAPSHOT") => show_snapshot(cursor),
        Some("SNAPSHOTS") => Err(cursor.unsupported(2).with_hint("write SHOW SNAPSHOT ON repository")),
        Some(_) => Err(cursor.unsupported(2)),
        None => {
            skip(cursor, 1);
            Err(cursor.expected(&[
                "DATABASES",
                "TABLES",
                "PARTITIONS",
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

fn skip(cursor: &mut Cursor<'_>, words: usize) {
    cursor.set_index(cursor.index() + words);
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
        Some("DATABASE" | "SCHEMA") => {
            skip(cursor, 3);
            cursor.database_name().map(Statement::ShowCreateDatabase)
        }
        Some(_) => Err(cursor.unsupported(3)),
        None => {
            skip(cursor, 2);
            Err(cursor.expected(&["TABLE", "DATABASE"]))
        }
    }
}

/// ```text
/// like := [LIKE string]
/// ```
fn like(cursor: &mut Cursor<'_>) -> Result<Option<String>> {
    if cursor.eat_keyword("LIKE") { cursor.string("the pattern as a string").map(Some) } else { Ok(None) }
}

/// ```text
/// show_jobs := SHOW {BACKUP | RESTORE} [{FROM | IN} ident] predicates
/// ```
fn show_jobs(cursor: &mut Cursor<'_>, kind: JobKind) -> Result<Statement> {
    skip(cursor, 2);
    let database =
        if cursor.eat_one_of(&["FROM", "IN"]) { Some(cursor.ident("a database name")?) } else { None };
    let predicates = predicates(cursor)?;
    Ok(Statement::ShowJobs(Box::new(ShowJobsStatement { kind, database, predicates })))
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
    Ok(ShowPredicates { filter, order_by, limit })
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
