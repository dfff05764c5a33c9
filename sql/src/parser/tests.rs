//! Tests of the parser: what is accepted, what is refused and how, and that printed statements read back.

mod accepted;
mod access;
mod generated;
mod lexical;
mod queries;
mod refused;
mod shapes;

use super::{ParseError, parse_statement, split_statements};
use crate::ast::Statement;

/// Parses a script of one statement.
fn parse(sql: &str) -> Result<Statement, ParseError> {
    let statements = split_statements(sql);
    assert_eq!(statements.len(), 1, "{sql}");
    parse_statement(&statements[0])
}

fn parse_ok(sql: &str) -> Statement {
    parse(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"))
}

/// Parses, and checks that the printed statement reads back as the same and prints itself alike.
fn check(sql: &str) -> Statement {
    let statement = parse_ok(sql);
    let printed = statement.to_string();
    let again = parse(&printed).unwrap_or_else(|error| panic!("{sql}\nprinted as\n{printed}\n{error}"));
    assert_eq!(statement, again, "{sql}\nprinted as\n{printed}");
    assert_eq!(printed, again.to_string());
    statement
}

/// The whole error, and nothing else.
fn check_refused(sql: &str, expected: &str) {
    match parse(sql) {
        Ok(statement) => panic!("{sql}\nis accepted as\n{statement}"),
        Err(error) => assert_eq!(error.to_string(), expected, "{sql}"),
    }
}

/// The error starts so; its hint is left out.
fn check_refused_at(sql: &str, expected: &str) {
    match parse(sql) {
        Ok(statement) => panic!("{sql}\nis accepted as\n{statement}"),
        Err(error) => assert_eq!(error.to_string().lines().next(), Some(expected), "{sql}"),
    }
}
