//! `CREATE TABLE`.

use sqlparser::tokenizer::Token;

use super::Result;
use super::column::column;
use super::cursor::Cursor;
use super::error::ParseError;
use super::index::index;
use super::partition::partition_clause;
use crate::ast::{
    CreateTableStatement, DistributionClause, IndexClause, KeyClause, KeyKind, RollupClause, TableScope,
};

const CLAUSE_ORDER: &str = "the clauses stand in this order, each at most once: ENGINE, key, COMMENT, PARTITION BY, \
                            DISTRIBUTED BY, ORDER BY, ROLLUP, PROPERTIES";

/// ```text
/// create_table := CREATE [TEMPORARY | EXTERNAL] TABLE if_not_exists object_name
///                 ( column {, column} {, index} )
///                 [ENGINE = ident] [key] comment [partition_clause] [distribution]
///                 [ORDER BY idents] [ROLLUP ( rollup {, rollup} )] properties
/// ```
pub(super) fn create_table(cursor: &mut Cursor<'_>) -> Result<CreateTableStatement> {
    cursor.expect_keyword("CREATE")?;
    let scope = if cursor.eat_keyword("TEMPORARY") {
        TableScope::Temporary
    } else if cursor.eat_keyword("EXTERNAL") {
        TableScope::External
    } else {
        TableScope::Ordinary
    };
    cursor.expect_keyword("TABLE")?;
    let if_not_exists = cursor.if_not_exists()?;
    let name = cursor.object_name("a table name")?;
    if cursor.is_one_of(&["AS", "LIKE"]) {
        let error = cursor.expected(&["'('"]);
        return Err(
            error.with_hint("CREATE TABLE … AS and CREATE TABLE … LIKE are not supported: list the columns")
        );
    }
    let (columns, indexes) = elements(cursor)?;
    let mut statement = CreateTableStatement {
        scope,
        if_not_exists,
        name,
        columns,
        indexes,
        engine: None,
        key: None,
        comment: None,
        partition: None,
        distribution: None,
        order_by: None,
        rollups: Vec::new(),
        properties: Vec::new(),
    };
    clauses(cursor, &mut statement)?;
    Ok(statement)
}

/// The clauses behind the column list.
fn clauses(cursor: &mut Cursor<'_>, statement: &mut CreateTableStatement) -> Result<()> {
    if cursor.eat_keyword("ENGINE") {
        cursor.expect(&Token::Eq)?;
        statement.engine = Some(cursor.ident("an engine name")?);
    }
    statement.key = key(cursor)?;
    statement.comment = cursor.comment()?;
    if cursor.eat_keyword("PARTITION") {
        cursor.expect_keyword("BY")?;
        statement.partition = Some(partition_clause(cursor)?);
    }
    statement.distribution = distribution(cursor)?;
    if cursor.eat_keyword("ORDER") {
        cursor.expect_keyword("BY")?;
        statement.order_by = Some(cursor.idents("a column name")?);
    }
    if cursor.eat_keyword("ROLLUP") {
        statement.rollups = cursor.parenthesised(rollup)?;
    }
    statement.properties = cursor.properties()?;
    let misplaced =
        ["ENGINE", "DUPLICATE", "AGGREGATE", "UNIQUE", "PRIMARY", "COMMENT", "PARTITION", "DISTRIBUTED"];
    if cursor.is_one_of(&misplaced) || cursor.is_one_of(&["ORDER", "ROLLUP", "PROPERTIES"]) {
        return Err(cursor.expected(&["the end of the statement"]).with_hint(CLAUSE_ORDER));
    }
    Ok(())
}

/// `( column {, column} {, index} )`
fn elements(cursor: &mut Cursor<'_>) -> Result<(Vec<crate::ast::ColumnClause>, Vec<IndexClause>)> {
    let (mut columns, mut indexes) = (Vec::new(), Vec::new());
    cursor.parenthesised(|cursor| {
        let location = cursor.location();
        if cursor.is_keyword("INDEX") && !columns.is_empty() {
            indexes.push(index(cursor)?);
        } else if indexes.is_empty() {
            columns.push(column(cursor)?);
        } else {
            return Err(ParseError::new(location, "expected another INDEX, found a column")
                .with_hint("the columns stand before the indexes"));
        }
        Ok(())
    })?;
    Ok((columns, indexes))
}

/// ```text
/// key := {DUPLICATE | AGGREGATE | UNIQUE | PRIMARY} KEY idents
/// ```
fn key(cursor: &mut Cursor<'_>) -> Result<Option<KeyClause>> {
    let Some(kind) = KeyKind::ALL.into_iter().find(|kind| cursor.eat_keyword(kind.word())) else {
        return Ok(None);
    };
    cursor.expect_keyword("KEY")?;
    Ok(Some(KeyClause { kind, columns: cursor.idents("a column name")? }))
}

/// ```text
/// distribution := DISTRIBUTED BY {HASH idents | RANDOM} [BUCKETS integer]
/// ```
pub(super) fn distribution(cursor: &mut Cursor<'_>) -> Result<Option<DistributionClause>> {
    if !cursor.eat_keyword("DISTRIBUTED") {
        return Ok(None);
    }
    cursor.expect_keyword("BY")?;
    let hash_columns = if cursor.eat_keyword("HASH") {
        Some(cursor.idents("a column name")?)
    } else {
        cursor.expect_keyword("RANDOM")?;
        None
    };
    let buckets =
        if cursor.eat_keyword("BUCKETS") { Some(cursor.integer("a number of buckets")?) } else { None };
    Ok(Some(DistributionClause { hash_columns, buckets }))
}

/// ```text
/// rollup := ident idents [DUPLICATE KEY idents] [FROM ident] properties
/// ```
pub(super) fn rollup(cursor: &mut Cursor<'_>) -> Result<RollupClause> {
    let name = cursor.ident("a rollup name")?;
    let columns = cursor.idents("a column name")?;
    let mut duplicate_key = Vec::new();
    if cursor.eat_keyword("DUPLICATE") {
        cursor.expect_keyword("KEY")?;
        duplicate_key = cursor.idents("a column name")?;
    }
    let base = if cursor.eat_keyword("FROM") { Some(cursor.ident("an index name")?) } else { None };
    Ok(RollupClause { name, columns, duplicate_key, base, properties: cursor.properties()? })
}
