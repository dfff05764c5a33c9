//! `spec/sql.md` and the parser agree: whatever its grammar produces is parsed, and reads back as it is printed.

mod notation;

use std::collections::BTreeSet;

use cairn_sql::{parse_statement, split_statements};

use self::notation::Grammar;
use crate::privileges;
use crate::support::Random;

const PAGE: &str = include_str!("../../../../spec/sql.md");

/// How many texts of each statement are tried.
const TEXTS: usize = 200;

#[test]
fn whatever_the_grammar_of_the_spec_produces_is_parsed_and_reads_back() {
    let grammar = Grammar::of_page(PAGE);
    let mut kinds = BTreeSet::new();
    let mut refused = Vec::new();
    for line in grammar.lines() {
        let mut random = Random::new(line as u64);
        let texts: BTreeSet<String> = (0..TEXTS).map(|_| grammar.produce(line, &mut random)).collect();
        for text in texts {
            let sources = split_statements(&text);
            assert_eq!(sources.len(), 1, "line {line}: {text}");
            match parse_statement(&sources[0]) {
                Ok(statement) => {
                    kinds.insert(privileges::kind(&statement));
                    let printed = statement.to_string();
                    let again = parse_statement(&split_statements(&printed)[0]);
                    assert_eq!(again.as_ref(), Ok(&statement), "line {line}: {text}\nprinted: {printed}");
                }
                Err(error) => {
                    refused.push(format!("line {line}: {text}\n    {error}"));
                    break;
                }
            }
        }
    }
    assert!(refused.is_empty(), "spec/sql.md says what the parser refuses:\n{}", refused.join("\n"));
    let missing: Vec<_> = privileges::kinds().difference(&kinds).copied().collect();
    assert!(missing.is_empty(), "spec/sql.md has no grammar of {missing:?}");
}

#[test]
fn examples_of_the_spec_are_parsed() {
    let mut count = 0;
    for block in PAGE.split("\n```sql\n").skip(1) {
        let script = block.split("\n```").next().unwrap_or_default();
        for source in split_statements(script) {
            parse_statement(&source).unwrap_or_else(|error| panic!("{}: {error}", source.text()));
            count += 1;
        }
    }
    assert!(count >= 20, "{count} examples");
}
