//! StarRocks' lexical rules, and the freedoms of its queries, for `sqlparser`.

use sqlparser::ast::Expr;
use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use crate::ast::{is_identifier_char, is_identifier_start};

/// Above that of multiplication, below that of `.` and `::`.
const ARROW_PRECEDENCE: u8 = 45;

/// StarRocks' dialect.
///
/// It resembles `MySqlDialect`, with these differences: `#` and `/*! */` start nothing special, `--` needs no
/// blank behind it, and `@` is no letter. Whether double quotes make strings is the lexer's matter: it hands
/// on every string as a single-quoted one.
#[derive(Debug)]
pub(super) struct StarRocksDialect;

impl Dialect for StarRocksDialect {
    fn is_identifier_start(&self, ch: char) -> bool {
        is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        is_identifier_char(ch)
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '`'
    }

    fn identifier_quote_style(&self, _identifier: &str) -> Option<char> {
        Some('`')
    }

    fn supports_string_literal_backslash_escape(&self) -> bool {
        true
    }

    fn supports_numeric_prefix(&self) -> bool {
        true
    }

    fn require_interval_qualifier(&self) -> bool {
        true
    }

    fn supports_limit_comma(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_double_ampersand_operator(&self) -> bool {
        true
    }

    fn supports_bang_not_operator(&self) -> bool {
        true
    }

    fn supports_bitwise_shift_operators(&self) -> bool {
        true
    }

    fn supports_select_wildcard_except(&self) -> bool {
        true
    }

    fn supports_window_function_null_treatment_arg(&self) -> bool {
        true
    }

    fn parse_infix(
        &self,
        parser: &mut Parser,
        _left: &Expr,
        _precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        let token = parser.peek_token_ref();
        let is_div = matches!(&token.token, Token::Word(word) if word.keyword == Keyword::DIV);
        // The position behind the message is where the statement's errors take theirs from.
        is_div.then(|| Err(ParserError::ParserError(format!("DIV is not supported yet{}", token.span.start))))
    }

    fn support_map_literal_syntax(&self) -> bool {
        true
    }

    fn supports_map_literal_with_angle_brackets(&self) -> bool {
        true
    }

    fn supports_struct_literal(&self) -> bool {
        true
    }

    /// `->` takes a part of a document, which binds stronger than what is done with the part.
    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        (parser.peek_token_ref().token == Token::Arrow).then_some(Ok(ARROW_PRECEDENCE))
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_cross_join_constraint(&self) -> bool {
        true
    }
}
