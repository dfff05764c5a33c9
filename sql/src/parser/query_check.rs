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

/// Most CASEs inside each other, for the same reason.
const CASE_LIMIT: usize = 16;

/// How deep the tree of what stands inside one pair of parentheses, or between CASE and END, is at most.
///
/// Only what makes one tree deeper adds up: of siblings, such as the items of a list or the branches of a CASE, the
/// deepest counts.
#[derive(Default)]
struct Depth {
    /// Whether CASE opened it.
    case: bool,
    /// Of the current operand of AND or OR.
    operand: usize,
    /// Of the operands before it.
    operands: usize,
    /// ANDs and ORs of the current item of a list.
    links: usize,
    /// BETWEENs of the current operand whose AND has not come.
    betweens: usize,
    /// Of the items before it.
    items: usize,
    /// Of the set operations.
    set_operations: usize,
    /// The CASEs around this, itself included.
    cases: usize,
    /// The parentheses around this, itself included, that open behind `JOIN`.
    joins: usize,
}

impl Depth {
    fn end_operand(&mut self) {
        self.operands = self.operands.max(std::mem::take(&mut self.operand));
    }

    fn item(&self) -> usize {
        self.links + self.operands.max(self.operand)
    }

    fn end_item(&mut self) {
        self.items = self.items.max(self.item());
        (self.operand, self.operands, self.links, self.betweens) = (0, 0, 0, 0);
    }

    fn total(&self) -> usize {
        self.set_operations + self.items.max(self.item())
    }

    /// Takes in what is inside of it.
    fn close(&mut self, inner: &Self) {
        self.operand = self.operand.max(inner.total() + 1);
    }

    /// AND and OR bind weaker than all other operators, so what stands between two of them is one operand.
    fn link(&mut self, is_and: bool) {
        if is_and && self.betweens > 0 {
            self.betweens -= 1;
        } else {
            self.end_operand();
            self.links += 1;
        }
    }
}

/// Refuses chains of operators that are too long.
pub(super) fn check_chains(tokens: &[TokenWithSpan]) -> Result<()> {
    let mut outer = Vec::new();
    let mut inner = Depth::default();
    let mut behind_join = false;
    let mut behind_operator = false;
    for token in tokens {
        let mut link = link(&token.token);
        // A word where an operand must come is one, whatever it means elsewhere.
        if behind_operator && matches!(link, Link::Separator | Link::Branch) && token.token != Token::Comma {
            link = Link::Operand;
        }
        match link {
            Link::Open | Link::Case => {
                let joins = inner.joins + usize::from(behind_join);
                let case = matches!(link, Link::Case);
                let cases = inner.cases + usize::from(case);
                let opened = Depth { case, cases, joins, ..Depth::default() };
                outer.push(std::mem::replace(&mut inner, opened));
            }
            Link::Close => {
                // A CASE that is still open is no expression: the parser says so.
                let mut was_case = true;
                while was_case {
                    let closed = std::mem::replace(&mut inner, outer.pop().unwrap_or_default());
                    inner.close(&closed);
                    was_case = closed.case;
                }
            }
            Link::End if inner.case => {
                let closed = std::mem::replace(&mut inner, outer.pop().unwrap_or_default());
                inner.close(&closed);
            }
            Link::Branch if inner.case => inner.end_item(),
            Link::Separator => inner.end_item(),
            Link::Between => {
                inner.operand += 1;
                inner.betweens += 1;
            }
            Link::And => inner.link(true),
            Link::Or => inner.link(false),
            Link::Operator => inner.operand += 1,
            Link::SetOperation => {
                inner.end_item();
                inner.set_operations += SET_OPERATION_DEPTH;
            }
            Link::End | Link::Branch | Link::Operand => {}
        }
        behind_operator = matches!(link, Link::Operator | Link::Between | Link::And | Link::Or);
        behind_join = matches!(&token.token, Token::Word(word) if word.value.eq_ignore_ascii_case("JOIN"));
        if inner.joins > JOIN_LIMIT {
            return Err(ParseError::new(start(token.span.start), "too many joins inside each other")
                .with_hint("name inner joins with WITH"));
        }
        if inner.cases > CASE_LIMIT {
            return Err(ParseError::new(start(token.span.start), "too many CASEs inside each other")
                .with_hint("write one CASE with more WHENs, or name inner ones with WITH"));
        }
        if inner.total() > DEPTH_LIMIT {
            return Err(ParseError::new(start(token.span.start), "too many operators in a row")
                .with_hint("use IN for many values, or put parts of the chain in parentheses"));
        }
    }
    Ok(())
}

/// What a token does to the chain it stands in.
#[derive(Clone, Copy)]
enum Link {
    Open,
    Close,
    Case,
    End,
    /// A word of CASE that ends an expression.
    Branch,
    Separator,
    And,
    Or,
    Between,
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
            "CASE" => Link::Case,
            "END" => Link::End,
            "WHEN" | "THEN" | "ELSE" => Link::Branch,
            "AND" => Link::And,
            "OR" => Link::Or,
            "BETWEEN" => Link::Between,
            "XOR" | "DIV" | "MOD" | "IS" | "IN" | "LIKE" | "ILIKE" | "RLIKE" | "REGEXP" | "SIMILAR"
            | "COLLATE" | "AT" | "NOT" | "NOTNULL" | "ISNULL" | "OVERLAPS" | "MEMBER" => Link::Operator,
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
