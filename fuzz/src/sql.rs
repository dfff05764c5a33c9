//! Targets on `cairn-sql`.

#![allow(unreachable_pub, reason = "the fuzz crate exports it; a test includes it")]

use cairn_sql::{parse_statement, split_statements};

/// Scripts: statements are pieces of them, errors have a place in them, and what a statement prints is the statement.
pub fn sql(input: &[u8]) {
    let script = String::from_utf8_lossy(input);
    for source in split_statements(&script) {
        assert!(script.contains(source.text()) && !source.text().is_empty());
        match parse_statement(&source) {
            Ok(statement) => {
                let printed = statement.to_string();
                let [again] = split_statements(&printed).try_into().expect("one statement prints as one");
                let again = parse_statement(&again).unwrap_or_else(|error| panic!("{printed}: {error}"));
                assert_eq!(again.to_string(), printed);
            }
            Err(error) => assert!(error.line() >= 1 && error.column() >= 1 && !error.message().is_empty()),
        }
    }
}
