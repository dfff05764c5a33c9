//! A column of `CREATE TABLE`.

use sqlparser::tokenizer::Token;

use super::Result;
use super::cursor::Cursor;
use super::query::expr;
use super::types::{column_type, starts_type, until_closed};
use crate::ast::{Aggregation, ColumnClause, ColumnDefault, ColumnValue, TypeName};

/// ```text
/// column := ident [type] [KEY] [aggregation] [NULL | NOT NULL] [value] comment
/// value  := DEFAULT default | AUTO_INCREMENT | AS expr
/// ```
pub(super) fn column(cursor: &mut Cursor<'_>) -> Result<ColumnClause> {
    let column = column_definition(cursor)?;
    if !matches!(cursor.peek(), Token::Comma | Token::RParen) {
        let error = cursor.expected(&["','", "')'"]);
        return Err(match cursor.keyword().as_deref() {
            Some("PRIMARY" | "UNIQUE" | "DUPLICATE" | "AGGREGATE") => {
                error.with_hint("the key is named behind the column list: PRIMARY KEY (column)")
            }
            Some("NULL" | "NOT" | "KEY" | "DEFAULT") => error.with_hint(
                "a column reads: name type [KEY] [aggregation] [NULL | NOT NULL] [DEFAULT value] [COMMENT text]",
            ),
            _ => error,
        });
    }
    Ok(column)
}

/// A column, whatever comes behind it.
pub(super) fn column_definition(cursor: &mut Cursor<'_>) -> Result<ColumnClause> {
    let name = cursor.ident("a column name")?;
    let (data_type, state) = type_or_state(cursor)?;
    let key = cursor.eat_keyword("KEY");
    let aggregation = match state {
        Some(state) => Some(state),
        None => aggregation(cursor),
    };
    let nullable = nullable(cursor)?;
    let value = if cursor.eat_keyword("DEFAULT") {
        Some(ColumnValue::Default(default(cursor)?))
    } else if cursor.eat_keyword("AUTO_INCREMENT") {
        Some(ColumnValue::AutoIncrement)
    } else if cursor.eat_keyword("AS") {
        Some(ColumnValue::Generated(expr(cursor)?))
    } else {
        None
    };
    let comment = cursor.comment()?;
    Ok(ColumnClause { name, data_type, key, aggregation, nullable, value, comment })
}

/// ```text
/// type_or_state := [type | ident ( types )]
/// ```
///
/// The second form is a generic aggregate state, which is type and aggregation in one.
fn type_or_state(cursor: &mut Cursor<'_>) -> Result<(Option<TypeName>, Option<Aggregation>)> {
    if starts_type(cursor) {
        return Ok((Some(column_type(cursor)?), None));
    }
    let continues = ["KEY", "NULL", "NOT", "DEFAULT", "AUTO_INCREMENT", "AS", "COMMENT"];
    if matches!(cursor.peek(), Token::Comma | Token::RParen | Token::EOF) || cursor.is_one_of(&continues) {
        return Ok((None, None));
    }
    if matches!(cursor.peek(), Token::Word(_)) && cursor.peek_at(1) == &Token::LParen {
        let function = cursor.ident("a column type or an aggregate function")?;
        cursor.advance();
        let start = cursor.index();
        until_closed(cursor)?;
        let arguments = cursor.text_since(start);
        cursor.expect(&Token::RParen)?;
        return Ok((None, Some(Aggregation::State { function, arguments })));
    }
    if Aggregation::WORDS.iter().any(|(word, _)| cursor.is_keyword(word)) {
        return Ok((None, None));
    }
    Err(cursor.expected(&["a column type"]))
}

/// ```text
/// aggregation := SUM | MIN | MAX | REPLACE | REPLACE_IF_NOT_NULL
///              | HLL_UNION | BITMAP_UNION | PERCENTILE_UNION
/// ```
fn aggregation(cursor: &mut Cursor<'_>) -> Option<Aggregation> {
    Aggregation::WORDS
        .into_iter()
        .find(|(word, _)| cursor.eat_keyword(word))
        .map(|(_, aggregation)| aggregation)
}

fn nullable(cursor: &mut Cursor<'_>) -> Result<Option<bool>> {
    if cursor.eat_keyword("NULL") {
        return Ok(Some(true));
    }
    if cursor.eat_keyword("NOT") {
        cursor.expect_keyword("NULL")?;
        return Ok(Some(false));
    }
    Ok(None)
}

/// ```text
/// default := string | NULL | CURRENT_TIMESTAMP [( integer )] | ( ident ( ) )
/// ```
fn default(cursor: &mut Cursor<'_>) -> Result<ColumnDefault> {
    if let Token::SingleQuotedString(text) = cursor.peek() {
        cursor.advance();
        return Ok(ColumnDefault::Literal(text.clone()));
    }
    if cursor.eat_keyword("NULL") {
        return Ok(ColumnDefault::Null);
    }
    if cursor.eat_keyword("CURRENT_TIMESTAMP") {
        let mut precision = None;
        if cursor.eat(&Token::LParen) {
            precision = Some(cursor.integer("a number of digits")?);
            cursor.expect(&Token::RParen)?;
        }
        return Ok(ColumnDefault::CurrentTimestamp(precision));
    }
    if cursor.eat(&Token::LParen) {
        let function = cursor.ident("a function name")?;
        for token in [Token::LParen, Token::RParen, Token::RParen] {
            cursor.expect(&token)?;
        }
        return Ok(ColumnDefault::Function(function));
    }
    let error = cursor.expected(&["a string", "(function())"]);
    Err(match cursor.peek() {
        Token::Number(..) | Token::Minus | Token::Plus => {
            error.with_hint("write the number in quotes: DEFAULT \"0\"")
        }
        _ if cursor.is_one_of(&["TRUE", "FALSE"]) => {
            error.with_hint("write the value in quotes: DEFAULT \"1\"")
        }
        Token::Word(_) if cursor.peek_at(1) == &Token::LParen => {
            error.with_hint("write the function in parentheses: DEFAULT (uuid())")
        }
        _ => error,
    })
}
