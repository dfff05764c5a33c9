//! What `sqlparser` lets through and StarRocks does not.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Ident, ObjectName, ObjectNamePart, Visit, Visitor};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::Result;
use super::error::ParseError;
use crate::ast::{Location, is_reserved};

/// Deepest tree the chains of operators may make; see [`Depth`].
///
/// Chains become trees as deep as they are long, which the parser builds in a loop, but which are printed,
/// compared, cloned and freed by recursion: without a bound, a long chain overflows the stack. A thread's
/// default stack of 2 MiB holds somewhat more than this in a debug build.
const DEPTH_LIMIT: usize = 300;

/// How much deeper a set operation makes a tree than an operator: about as much as its frames are larger.
const SET_OPERATION_DEPTH: usize = 3;

/// Most parentheses inside each other that open behind `JOIN`. `sqlparser` bounds them too, but a debug build
/// overflows the default stack before that.
const JOIN_LIMIT: usize = 16;

/// How deep the tree of what stands inside one pair of parentheses is at most.
#[derive(Default)]
struct Depth {
    /// Of the current item of a list.
    item: usize,
    /// Of the items before it.
    items: usize,
    /// Of the set operations.
    set_operations: usize,
    /// The parentheses around this, itself included, that open behind `JOIN`.
    joins: usize,
}

impl Depth {
    fn end_item(&mut self) {
        self.items = self.items.max(std::mem::take(&mut self.item));
    }

    fn total(&self) -> usize {
        self.set_operations + self.items.max(self.item)
    }
}

/// Refuses chains of operators that are too long.
pub(super) fn check_chains(tokens: &[TokenWithSpan]) -> Result<()> {
    let mut outer = Vec::new();
    let mut inner = Depth::default();
    let mut behind_join = false;
    for token in tokens {
        match link(&token.token) {
            Link::Open => {
                let joins = inner.joins + usize::from(behind_join);
                outer.push(std::mem::replace(&mut inner, Depth { joins, ..Depth::default() }));
            }
            Link::Close => {
                let closed = inner.total() + 1;
                inner = outer.pop().unwrap_or_default();
                inner.item = inner.item.max(closed);
            }
            Link::Separator => inner.end_item(),
            Link::Operator => inner.item += 1,
            Link::SetOperation => {
                inner.end_item();
                inner.set_operations += SET_OPERATION_DEPTH;
            }
            Link::Operand => {}
        }
        behind_join = matches!(&token.token, Token::Word(word) if word.value.eq_ignore_ascii_case("JOIN"));
        if inner.joins > JOIN_LIMIT {
            return Err(ParseError::new(start(token.span.start), "too many joins inside each other")
                .with_hint("name inner joins with WITH"));
        }
        if inner.total() > DEPTH_LIMIT {
            return Err(ParseError::new(start(token.span.start), "too many operators in a row")
                .with_hint("use IN for many values, or put parts of the chain in parentheses"));
        }
    }
    Ok(())
}

/// What a token does to the chain it stands in.
enum Link {
    Open,
    Close,
    Separator,
    Operator,
    SetOperation,
    Operand,
}

fn link(token: &Token) -> Link {
    match token {
        Token::LParen | Token::LBrace => Link::Open,
        Token::RParen | Token::RBrace => Link::Close,
        Token::Comma => Link::Separator,
        Token::Number(..) | Token::SingleQuotedString(_) | Token::Period | Token::EOF => Link::Operand,
        Token::Word(word) if word.quote_style.is_some() => Link::Operand,
        Token::Word(word) => match word.value.to_ascii_uppercase().as_str() {
            "UNION" | "EXCEPT" | "MINUS" | "INTERSECT" => Link::SetOperation,
            "SELECT" | "WHERE" | "ON" | "JOIN" => Link::Separator,
            "AND" | "OR" | "XOR" | "DIV" | "MOD" | "IS" | "IN" | "LIKE" | "ILIKE" | "RLIKE" | "REGEXP"
            | "SIMILAR" | "BETWEEN" | "COLLATE" | "AT" | "NOT" | "NOTNULL" | "ISNULL" | "OVERLAPS"
            | "MEMBER" => Link::Operator,
            _ => Link::Operand,
        },
        _ => Link::Operator,
    }
}

/// Refuses strings and unquoted reserved words as names of columns and tables. The tree is made from the
/// tokens.
pub(super) fn check_names(tree: &impl Visit, tokens: &[TokenWithSpan]) -> Result<()> {
    match tree.visit(&mut NameCheck { tokens }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct NameCheck<'a> {
    tokens: &'a [TokenWithSpan],
}

impl Visitor for NameCheck<'_> {
    type Break = ParseError;

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<ParseError> {
        for part in &relation.0 {
            if let ObjectNamePart::Identifier(ident) = part {
                self.check(ident, &["DUAL", "FILES"])?;
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<ParseError> {
        match expr {
            Expr::Identifier(ident) => self.check(ident, &["DEFAULT"]),
            Expr::CompoundIdentifier(parts) => parts.iter().try_for_each(|part| self.check(part, &[])),
            _ => ControlFlow::Continue(()),
        }
    }
}

impl NameCheck<'_> {
    /// `exceptions` are reserved words that `sqlparser` hands on as names.
    fn check(&self, ident: &Ident, exceptions: &[&str]) -> ControlFlow<ParseError> {
        let name = &ident.value;
        match ident.quote_style {
            Some('`') => ControlFlow::Continue(()),
            Some(_) => ControlFlow::Break(
                ParseError::new(self.location(ident), format!("expected a name, found the string '{name}'"))
                    .with_hint("quotes make a string: a name is written bare or in backquotes"),
            ),
            None if is_reserved(name) && !exceptions.iter().any(|word| name.eq_ignore_ascii_case(word)) => {
                let message = format!("expected a name, found '{name}'");
                ControlFlow::Break(ParseError::new(self.location(ident), message).with_hint(format!(
                    "{name} is a reserved word: to use it as a name, write `{name}` in backquotes"
                )))
            }
            None => ControlFlow::Continue(()),
        }
    }

    /// Where the name stands. `sqlparser` forgets where a string stood that it took for a name.
    fn location(&self, ident: &Ident) -> Location {
        let is_it = |token: &Token| matches!(token, Token::SingleQuotedString(text) if *text == ident.value);
        match self.tokens.iter().find(|token| is_it(&token.token)) {
            Some(token) if ident.span.start.line == 0 => start(token.span.start),
            _ => start(ident.span.start),
        }
    }
}

fn start(location: sqlparser::tokenizer::Location) -> Location {
    Location { line: location.line, column: location.column }
}
