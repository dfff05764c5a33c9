//! Queries and expressions, which `sqlparser` parses, and the statements around them.

use sqlparser::ast::{OrderByExpr, Visit};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::Result;
use super::cursor::{Cursor, visible};
use super::dialect::StarRocksDialect;
use super::error::ParseError;
use super::objects::{ListEnd, partition_choice};
use super::query_check::{check_chains, check_names};
use crate::ast::{
    DeleteStatement, ExplainLevel, ExplainStatement, ExprText, InsertStatement, Location, QueryText,
    Statement, UpdateStatement,
};

/// Whether a query starts here: `SELECT`, `WITH`, `VALUES` or a parenthesis.
pub(super) fn starts_query(cursor: &Cursor<'_>) -> bool {
    starts_query_at(cursor, 0)
}

fn starts_query_at(cursor: &Cursor<'_>, n: usize) -> bool {
    cursor.peek_at(n) == &Token::LParen
        || ["SELECT", "WITH", "VALUES"].iter().any(|word| cursor.is_keyword_at(n, word))
}

/// A query up to the end of the statement; its grammar is `sqlparser`'s.
pub(super) fn query(cursor: &mut Cursor<'_>) -> Result<QueryText> {
    if !starts_query(cursor) {
        return Err(cursor.expected(&["a query"]));
    }
    refuse_partitions(cursor)?;
    let (query, text) = delegate(cursor, cursor.source().tokens().len(), Parser::parse_query)?;
    cursor.expect_end()?;
    Ok(QueryText { query, text })
}

/// Refuses `t PARTITION (p)`, which `sqlparser` takes for a table and its alias.
fn refuse_partitions(cursor: &Cursor<'_>) -> Result<()> {
    let rest = cursor.source().tokens().len().saturating_sub(cursor.index());
    let is_clause = |n: &usize| {
        cursor.peek_at(n + 1) == &Token::LParen
            && (cursor.is_keyword_at(*n, "PARTITION") || cursor.is_keyword_at(*n, "PARTITIONS"))
    };
    match (1..rest).find(is_clause) {
        None => Ok(()),
        Some(n) => Err(cursor
            .not_supported_at(n, "PARTITION in a query")
            .with_hint("use WHERE with a condition on the partition column: other partitions are not read")),
    }
}

/// An expression; its grammar is `sqlparser`'s.
pub(super) fn expr(cursor: &mut Cursor<'_>) -> Result<ExprText> {
    let end = end_of_item(cursor);
    let (expr, text) = delegate(cursor, end, Parser::parse_expr)?;
    Ok(ExprText { expr: Box::new(expr), text })
}

/// An item of `ORDER BY`; its grammar is `sqlparser`'s.
pub(super) fn order_by_expr(cursor: &mut Cursor<'_>) -> Result<(OrderByExpr, String)> {
    let end = end_of_item(cursor);
    delegate(cursor, end, Parser::parse_order_by_expr)
}

/// The first token from here that cannot belong to one item of a list.
fn end_of_item(cursor: &Cursor<'_>) -> usize {
    let mut depth = 0usize;
    for n in 0.. {
        match cursor.peek_at(n) {
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket if depth > 0 => depth -= 1,
            Token::RParen | Token::RBracket | Token::EOF => return cursor.index() + n,
            Token::Comma if depth == 0 => return cursor.index() + n,
            _ => {}
        }
    }
    cursor.index()
}

/// Lets `sqlparser` parse from here up to a token, and goes on behind what it took.
fn delegate<T: Visit>(
    cursor: &mut Cursor<'_>,
    end: usize,
    parse: impl FnOnce(&mut Parser<'static>) -> std::result::Result<T, ParserError>,
) -> Result<(T, String)> {
    let start = cursor.index();
    let tokens = cursor.source().tokens().get(start..end).unwrap_or(&[]);
    check_chains(tokens)?;
    let (places, tokens): (Vec<usize>, Vec<TokenWithSpan>) = without_hints(tokens).into_iter().unzip();
    let mut parser = Parser::new(&StarRocksDialect).with_tokens_with_locations(tokens.clone());
    let outcome = parse(&mut parser);
    // At the end of its tokens the parser counts on.
    cursor.set_index(places.get(parser.index()).map_or(end, |place| start + place));
    let tree = outcome.map_err(|error| refused(error, cursor))?;
    check_names(&tree, &tokens)?;
    Ok((tree, cursor.text_since(start)))
}

/// The tokens and their places without `[_SYNC_MV_]` behind a name. It says that the name is a materialized view's, which is
/// looked for in any case.
fn without_hints(tokens: &[TokenWithSpan]) -> Vec<(usize, TokenWithSpan)> {
    let is_hint = |at: usize| {
        let token = |at: usize| tokens.get(at).map(|token| &token.token);
        token(at) == Some(&Token::LBracket)
            && token(at + 2) == Some(&Token::RBracket)
            && matches!(token(at + 1), Some(Token::Word(word)) if word.value.eq_ignore_ascii_case("_SYNC_MV_"))
            && at.checked_sub(1).is_some_and(|before| matches!(token(before), Some(Token::Word(_))))
    };
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if is_hint(at) {
            at += 3;
            continue;
        }
        kept.push((at, token.clone()));
        at += 1;
    }
    kept
}

/// `sqlparser`'s error in our form. It puts the position behind its message, and none at the end of the
/// tokens.
fn refused(error: ParserError, cursor: &Cursor<'_>) -> ParseError {
    let text = match error {
        ParserError::RecursionLimitExceeded => {
            return ParseError::new(cursor.location(), "the query is nested too deeply")
                .with_hint("name inner queries with WITH, or use several statements");
        }
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
    };
    let (message, location) = match text.rsplit_once(" at Line: ") {
        Some((message, position)) => (message, location(position)),
        None => (text.as_str(), None),
    };
    let message = match message.strip_prefix("Expected: ").and_then(|rest| rest.rsplit_once(", found: ")) {
        Some((expected, "EOF")) => format!("expected {expected}, found the end of the statement"),
        // `sqlparser` prints some tokens as it holds them.
        Some((expected, found)) if is_dump(found) => format!("expected {expected}, found something else"),
        Some((expected, found)) => format!("expected {expected}, found '{}'", visible(found)),
        None if is_dump(message) => "this is no query that can be understood".to_owned(),
        // A keyword stays as it is.
        None if message.split(' ').next().is_some_and(|word| word == word.to_uppercase()) => visible(message),
        None => {
            let mut chars = message.chars();
            let first = chars.next().map(|c| c.to_ascii_lowercase());
            visible(&first.into_iter().chain(chars).collect::<String>())
        }
    };
    ParseError::new(location.unwrap_or_else(|| cursor.location()), message)
}

/// Whether a text shows the insides of the parser.
fn is_dump(text: &str) -> bool {
    ["Token", "Word {", "Word(", "Span {", "No infix parser"].iter().any(|part| text.contains(part))
}

/// Reads `3, Column: 14`.
fn location(text: &str) -> Option<Location> {
    let (line, column) = text.split_once(", Column: ")?;
    Some(Location { line: line.parse().ok()?, column: column.parse().ok()? })
}

/// ```text
/// explain_query := EXPLAIN [LOGICAL | VERBOSE | COSTS | ANALYZE] query
/// ```
pub(super) fn explain(cursor: &mut Cursor<'_>) -> Result<ExplainStatement> {
    cursor.expect_one_of(&["EXPLAIN", "DESC", "DESCRIBE"])?;
    let level = if cursor.eat_keyword("LOGICAL") {
        ExplainLevel::Logical
    } else if cursor.eat_keyword("VERBOSE") {
        ExplainLevel::Verbose
    } else if cursor.eat_keyword("COSTS") {
        ExplainLevel::Costs
    } else if cursor.eat_keyword("ANALYZE") {
        ExplainLevel::Analyze
    } else {
        ExplainLevel::Normal
    };
    Ok(ExplainStatement { level, query: query(cursor)? })
}

/// ```text
/// describe := {DESC | DESCRIBE} object_name [ALL] | {DESC | DESCRIBE} query
/// ```
///
/// Before a query the words mean `EXPLAIN`.
pub(super) fn describe(cursor: &mut Cursor<'_>) -> Result<Statement> {
    let level = ["LOGICAL", "VERBOSE", "COSTS", "ANALYZE"].iter().any(|word| cursor.is_keyword_at(1, word));
    if starts_query_at(cursor, if level { 2 } else { 1 }) {
        return explain(cursor).map(Statement::Explain);
    }
    cursor.expect_one_of(&["DESC", "DESCRIBE"])?;
    let table = cursor.object_name("a table name or a query")?;
    if cursor.eat_keyword("ALL") {
        return Ok(Statement::DescribeAll(table));
    }
    Ok(Statement::Describe(table))
}

/// ```text
/// insert := INSERT {INTO | OVERWRITE} [TABLE] object_name [partitions] {WITH LABEL ident | ( ident {, ident} )}
///           properties query
/// ```
///
/// Label and columns stand in either order, each at most once.
pub(super) fn insert(cursor: &mut Cursor<'_>) -> Result<InsertStatement> {
    cursor.expect_keyword("INSERT")?;
    let overwrite = cursor.eat_keyword("OVERWRITE");
    if !overwrite {
        cursor.expect_keyword("INTO")?;
    }
    cursor.eat_keyword("TABLE");
    let table = cursor.object_name("a table name")?;
    let partitions = partition_choice(cursor, ListEnd::NoComma)?;
    let (mut label, mut columns) = (None, None);
    loop {
        if label.is_none() && at_label(cursor) {
            cursor.set_index(cursor.index() + 2);
            label = Some(cursor.ident("a label")?);
        } else if columns.is_none() && at_columns(cursor) {
            columns = Some(cursor.idents("a column name")?);
        } else if cursor.is_keyword("BY") && cursor.is_keyword_at(1, "NAME") {
            return Err(cursor
                .not_supported("BY NAME in INSERT")
                .with_hint("list the columns: INSERT INTO t (a, b) SELECT …"));
        } else {
            break;
        }
    }
    let properties = cursor.properties()?;
    Ok(InsertStatement { overwrite, table, partitions, label, columns, properties, query: query(cursor)? })
}

/// ```text
/// delete := DELETE FROM object_name [partitions] WHERE expr
/// ```
pub(super) fn delete(cursor: &mut Cursor<'_>) -> Result<DeleteStatement> {
    cursor.expect_keyword("DELETE")?;
    cursor.expect_keyword("FROM")?;
    let table = cursor.object_name("a table name")?;
    let partitions = partition_choice(cursor, ListEnd::NoComma)?;
    if cursor.is_keyword("USING") {
        return Err(cursor
            .not_supported("USING in DELETE")
            .with_hint("name the rows in WHERE: WHERE k IN (SELECT …)"));
    }
    let selection = where_clause(cursor, "TRUNCATE TABLE takes all rows out")?;
    Ok(DeleteStatement { table, partitions, selection })
}

/// ```text
/// update := UPDATE object_name SET ident = expr {, ident = expr} WHERE expr
/// ```
pub(super) fn update(cursor: &mut Cursor<'_>) -> Result<UpdateStatement> {
    cursor.expect_keyword("UPDATE")?;
    let table = cursor.object_name("a table name")?;
    cursor.expect_keyword("SET")?;
    let assignments = cursor.comma_list(|cursor| {
        let column = cursor.ident("a column name")?;
        cursor.expect(&Token::Eq)?;
        Ok((column, expr(cursor)?))
    })?;
    if cursor.is_keyword("FROM") {
        return Err(cursor
            .not_supported("FROM in UPDATE")
            .with_hint("use a query in SET or WHERE: SET a = (SELECT …)"));
    }
    let selection = where_clause(cursor, "WHERE TRUE changes all rows")?;
    Ok(UpdateStatement { table, assignments, selection })
}

/// StarRocks asks for it, lest all rows are meant by mistake.
fn where_clause(cursor: &mut Cursor<'_>, hint: &str) -> Result<ExprText> {
    if !cursor.eat_keyword("WHERE") {
        return Err(cursor.expected(&[]).with_hint(hint));
    }
    expr(cursor)
}

/// `WITH LABEL x`, and not a query whose first common table expression is named `label`.
fn at_label(cursor: &Cursor<'_>) -> bool {
    cursor.is_keyword("WITH")
        && cursor.is_keyword_at(1, "LABEL")
        && !cursor.is_keyword_at(2, "AS")
        && cursor.peek_at(2) != &Token::LParen
}

/// A parenthesis that opens a column list, and not a query.
fn at_columns(cursor: &Cursor<'_>) -> bool {
    cursor.peek() == &Token::LParen && !starts_query_at(cursor, 1)
}
