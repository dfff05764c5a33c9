//! `PARTITION BY` of `CREATE TABLE`.

use sqlparser::tokenizer::Token;

use super::Result;
use super::cursor::Cursor;
use super::query::expr;
use crate::ast::{
    Ident, ListPart, ListValue, PartitionClause, PartitionExpression, PartitionPart, PartitionStep,
    Properties, RangeBatch, RangeBound, RangePart, RangePartition, RangeValue, TimeUnit,
};

/// ```text
/// partition_clause := RANGE idents range_parts
///                   | [LIST] idents list_parts
///                   | ( partition_expr {, partition_expr} ) [range_parts]
///                   | partition_expr {, partition_expr} [range_parts]
/// range_parts      := ( [range_part {, range_part}] )
/// list_parts       := ( [list_part {, list_part}] )
/// ```
///
/// Behind `PARTITION BY`. Range parts need an expression that is not a column.
pub(super) fn partition_clause(cursor: &mut Cursor<'_>) -> Result<PartitionClause> {
    if cursor.eat_keyword("RANGE") {
        let columns = cursor.idents("a column name")?;
        return Ok(PartitionClause::Range { columns, parts: parts(cursor, range_part)? });
    }
    if cursor.is_keyword("LIST") && cursor.peek_at(1) == &Token::LParen {
        cursor.advance();
        let columns = cursor.idents("a column name")?;
        return Ok(PartitionClause::List { columns, parts: parts(cursor, list_part)? });
    }
    let outer = cursor.peek() == &Token::LParen;
    let expressions =
        if outer { cursor.parenthesised(partition_expr)? } else { cursor.comma_list(partition_expr)? };
    if cursor.peek() != &Token::LParen {
        return Ok(PartitionClause::Expressions { expressions, parts: Vec::new() });
    }
    let columns: Option<Vec<Ident>> = expressions
        .iter()
        .map(|expression| match expression {
            PartitionExpression::Column(column) => Some(column.clone()),
            PartitionExpression::Expr(_) => None,
        })
        .collect();
    match columns {
        Some(columns) if outer => Ok(PartitionClause::List { columns, parts: parts(cursor, list_part)? }),
        Some(_) => Err(cursor
            .expected(&["the next clause"])
            .with_hint("partitions are listed behind RANGE (columns), LIST (columns) or a function")),
        None => Ok(PartitionClause::Expressions { expressions, parts: parts(cursor, range_part)? }),
    }
}

fn parts<T>(cursor: &mut Cursor<'_>, part: impl FnMut(&mut Cursor<'_>) -> Result<T>) -> Result<Vec<T>> {
    if cursor.peek() == &Token::LParen && cursor.peek_at(1) == &Token::RParen {
        cursor.set_index(cursor.index() + 2);
        return Ok(Vec::new());
    }
    let mut part = part;
    cursor.parenthesised(|cursor| part(cursor))
}

/// ```text
/// partition_expr := ident | expr
/// ```
fn partition_expr(cursor: &mut Cursor<'_>) -> Result<PartitionExpression> {
    let alone = matches!(
        cursor.peek_at(1),
        Token::Comma | Token::RParen | Token::LParen | Token::Word(_) | Token::EOF
    );
    let call = cursor.peek_at(1) == &Token::LParen && !lists_parts(cursor, 2);
    if cursor.is_ident_at(0) && alone && !call {
        return cursor.ident("a column name").map(PartitionExpression::Column);
    }
    if !matches!(cursor.peek(), Token::Word(_)) {
        return Err(cursor.expected(&["a column", "a function"]));
    }
    expr(cursor).map(PartitionExpression::Expr)
}

/// Whether the `n`th token starts a list of partitions.
fn lists_parts(cursor: &Cursor<'_>, n: usize) -> bool {
    cursor.is_keyword_at(n, "PARTITION")
        || (cursor.is_keyword_at(n, "START") && cursor.peek_at(n + 1) == &Token::LParen)
}

/// ```text
/// range_part := PARTITION if_not_exists ident_or_string VALUES bound [property_list]
///             | batch
/// ```
fn range_part(cursor: &mut Cursor<'_>) -> Result<RangePart> {
    if cursor.is_keyword("START") {
        return range_batch(cursor).map(RangePart::Batch);
    }
    let head = part_head(cursor)?;
    range_rest(cursor, head).map(RangePart::Single)
}

/// ```text
/// batch := START ( string ) END ( string ) EVERY ( step )
/// ```
pub(super) fn range_batch(cursor: &mut Cursor<'_>) -> Result<RangeBatch> {
    cursor.expect_keyword("START")?;
    let start = batch_bound(cursor)?;
    cursor.expect_keyword("END")?;
    let end = batch_bound(cursor)?;
    cursor.expect_keyword("EVERY")?;
    cursor.expect(&Token::LParen)?;
    let step = step(cursor)?;
    cursor.expect(&Token::RParen)?;
    Ok(RangeBatch { start, end, step })
}

fn range_rest(cursor: &mut Cursor<'_>, (if_not_exists, name): (bool, Ident)) -> Result<RangePartition> {
    let bound = bound(cursor)?;
    Ok(RangePartition { if_not_exists, name, bound, properties: part_properties(cursor)? })
}

/// One partition of any kind: `list_part | range_part`, but no batch.
pub(super) fn any_part(cursor: &mut Cursor<'_>) -> Result<PartitionPart> {
    let head = part_head(cursor)?;
    if cursor.is_keyword("IN") {
        return list_rest(cursor, head).map(PartitionPart::List);
    }
    range_rest(cursor, head).map(|partition| PartitionPart::Range(RangePart::Single(partition)))
}

/// `PARTITION if_not_exists ident_or_string VALUES`
fn part_head(cursor: &mut Cursor<'_>) -> Result<(bool, Ident)> {
    cursor.expect_keyword("PARTITION")?;
    let if_not_exists = cursor.if_not_exists()?;
    let name = cursor.ident_or_string("a partition name")?;
    cursor.expect_keyword("VALUES")?;
    Ok((if_not_exists, name))
}

fn part_properties(cursor: &mut Cursor<'_>) -> Result<Properties> {
    if cursor.peek() == &Token::LParen { cursor.property_list() } else { Ok(Vec::new()) }
}

/// ```text
/// bound := LESS THAN { MAXVALUE | range_values } | [ range_values , range_values )
/// ```
fn bound(cursor: &mut Cursor<'_>) -> Result<RangeBound> {
    if cursor.eat_keyword("LESS") {
        cursor.expect_keyword("THAN")?;
        if cursor.eat_keyword("MAXVALUE") {
            return Ok(RangeBound::LessThanMax);
        }
        return cursor.parenthesised(range_value).map(RangeBound::LessThan);
    }
    if !cursor.eat(&Token::LBracket) {
        return Err(cursor
            .expected(&["'['"])
            .with_hint("a range reads VALUES LESS THAN (…) or VALUES [(…), (…))"));
    }
    let lower = cursor.parenthesised(range_value)?;
    cursor.expect(&Token::Comma)?;
    let upper = cursor.parenthesised(range_value)?;
    if cursor.eat(&Token::RParen) {
        return Ok(RangeBound::Fixed { lower, upper });
    }
    Err(cursor
        .expected(&["')'"])
        .with_hint("a fixed range includes its lower bound and excludes its upper: [(…), (…))"))
}

/// ```text
/// range_values := ( range_value {, range_value} )
/// range_value  := string | MAXVALUE
/// ```
fn range_value(cursor: &mut Cursor<'_>) -> Result<RangeValue> {
    if cursor.eat_keyword("MAXVALUE") {
        return Ok(RangeValue::Max);
    }
    partition_value(cursor).map(RangeValue::Value)
}

fn batch_bound(cursor: &mut Cursor<'_>) -> Result<String> {
    cursor.expect(&Token::LParen)?;
    let value = partition_value(cursor)?;
    cursor.expect(&Token::RParen)?;
    Ok(value)
}

fn partition_value(cursor: &mut Cursor<'_>) -> Result<String> {
    let number = matches!(cursor.peek(), Token::Number(..) | Token::Minus);
    cursor.string("a value as a string").map_err(|error| {
        if number {
            error.with_hint("partition values are strings: write the number in quotes")
        } else {
            error
        }
    })
}

/// ```text
/// step := integer | INTERVAL integer unit
/// unit := YEAR | QUARTER | MONTH | WEEK | DAY | HOUR | MINUTE | SECOND
/// ```
fn step(cursor: &mut Cursor<'_>) -> Result<PartitionStep> {
    if !cursor.eat_keyword("INTERVAL") {
        return cursor.integer("a number").map(PartitionStep::Number);
    }
    let count = cursor.integer("a number")?;
    match TimeUnit::ALL.into_iter().find(|unit| cursor.eat_keyword(unit.word())) {
        Some(unit) => Ok(PartitionStep::Interval(count, unit)),
        None => Err(cursor.expected(&[])),
    }
}

/// ```text
/// list_part  := PARTITION if_not_exists ident_or_string VALUES IN list_values [property_list]
/// list_values := ( list_value {, list_value} ) | ( list_tuple {, list_tuple} )
/// list_tuple := ( list_value {, list_value} )
/// ```
fn list_part(cursor: &mut Cursor<'_>) -> Result<ListPart> {
    let head = part_head(cursor)?;
    list_rest(cursor, head)
}

fn list_rest(cursor: &mut Cursor<'_>, (if_not_exists, name): (bool, Ident)) -> Result<ListPart> {
    cursor.expect_keyword("IN")?;
    let tuples = cursor.peek_at(1) == &Token::LParen;
    let values = cursor.parenthesised(|cursor| {
        if tuples { cursor.parenthesised(list_value) } else { list_value(cursor).map(|value| vec![value]) }
    })?;
    Ok(ListPart { if_not_exists, name, values, properties: part_properties(cursor)? })
}

/// ```text
/// list_value := string | NULL
/// ```
fn list_value(cursor: &mut Cursor<'_>) -> Result<ListValue> {
    if cursor.eat_keyword("NULL") {
        return Ok(ListValue::Null);
    }
    partition_value(cursor).map(ListValue::Value)
}
