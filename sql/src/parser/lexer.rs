//! Cutting a script into statements and those into tokens.

use std::ops::Range;

use sqlparser::tokenizer::{Location as TokenLocation, Token, TokenWithSpan, Tokenizer, TokenizerError};

use super::dialect::StarRocksDialect;
use super::error::ParseError;
use crate::ast::Location;

/// One statement of a script, cut out but not parsed.
#[derive(Debug, Clone)]
pub struct SourceStatement {
    text: String,
    location: Location,
    end: Location,
    tokens: Vec<TokenWithSpan>,
    /// The bytes of each token in `text`.
    ranges: Vec<Range<usize>>,
    /// Why the tokens stop before the text does.
    error: Option<ParseError>,
}

impl SourceStatement {
    /// The exact text, from its first token to its last, without the `;`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the text starts in the script.
    pub fn location(&self) -> Location {
        self.location
    }

    pub(super) fn end(&self) -> Location {
        self.end
    }

    pub(super) fn tokens(&self) -> &[TokenWithSpan] {
        &self.tokens
    }

    pub(super) fn ranges(&self) -> &[Range<usize>] {
        &self.ranges
    }

    pub(super) fn error(&self) -> Option<&ParseError> {
        self.error.as_ref()
    }

    /// The source text of some tokens, with the blanks and comments between them.
    pub(super) fn slice(&self, tokens: Range<usize>) -> &str {
        let Some([first, .., last] | [first @ last]) = self.ranges.get(tokens) else { return "" };
        self.text.get(first.start..last.end).unwrap_or("")
    }
}

/// Cuts a script at its `;`, outside of strings, quoted names and comments. Statements of nothing but blanks
/// and comments are left out.
///
/// When the end of the script cannot be cut into tokens, because a string, a quoted name or a comment is
/// never closed, the statement it lies in runs to the end, and parsing that statement gives the error.
pub fn split_statements(script: &str) -> Vec<SourceStatement> {
    let mut tokens = Vec::new();
    // Escapes are left alone here: StarRocks' differ from the tokenizer's.
    let outcome = Tokenizer::new(&StarRocksDialect, script)
        .with_unescape(false)
        .tokenize_with_location_into_buf(&mut tokens);

    let mut splitter = Splitter::new(script);
    for token in tokens {
        splitter.push(token);
    }
    splitter.finish(outcome.err().as_ref().map(lexical_error))
}

/// A position that walks over the script once, to find the byte of each token's line and column.
struct Splitter<'a> {
    script: &'a str,
    offset: usize,
    location: Location,
    done: Vec<SourceStatement>,
    tokens: Vec<TokenWithSpan>,
    /// The bytes of each token in the script.
    ranges: Vec<Range<usize>>,
}

impl<'a> Splitter<'a> {
    fn new(script: &'a str) -> Self {
        let location = Location { line: 1, column: 1 };
        Self { script, offset: 0, location, done: Vec::new(), tokens: Vec::new(), ranges: Vec::new() }
    }

    fn push(&mut self, token: TokenWithSpan) {
        let start = self.offset;
        self.walk_to(ours(token.span.end));
        match token.token {
            Token::Whitespace(_) => {}
            Token::SemiColon => self.cut(None),
            _ => {
                self.tokens.push(TokenWithSpan { token: unescaped(token.token), span: token.span });
                self.ranges.push(start..self.offset);
            }
        }
    }

    fn finish(mut self, error: Option<ParseError>) -> Vec<SourceStatement> {
        self.cut(error);
        self.done
    }

    fn walk_to(&mut self, target: Location) {
        let rest = self.script.get(self.offset..).unwrap_or("");
        for c in rest.chars() {
            if self.location >= target {
                break;
            }
            self.offset += c.len_utf8();
            if c == '\n' {
                self.location = Location { line: self.location.line + 1, column: 1 };
            } else {
                self.location.column += 1;
            }
        }
    }

    /// Ends the current statement, if it has begun.
    fn cut(&mut self, error: Option<ParseError>) {
        let tokens = std::mem::take(&mut self.tokens);
        let mut ranges = std::mem::take(&mut self.ranges);
        let begun =
            tokens.first().zip(ranges.first()).map(|(token, range)| (ours(token.span.start), range.start));
        let last = tokens.last().zip(ranges.last()).map(|(token, range)| (ours(token.span.end), range.end));
        let (location, start, end, stop) = match (begun, last, &error) {
            (Some((location, start)), Some((end, stop)), None) => (location, start, end, stop),
            (Some((location, start)), _, Some(error)) => {
                (location, start, error.location(), self.script.len())
            }
            (None, _, Some(error)) => (error.location(), self.offset, error.location(), self.script.len()),
            _ => return,
        };
        for range in &mut ranges {
            *range = range.start - start..range.end - start;
        }
        let text = self.script.get(start..stop).unwrap_or("").trim().to_owned();
        self.done.push(SourceStatement { text, location, end, tokens, ranges, error });
    }
}

fn ours(location: TokenLocation) -> Location {
    Location { line: location.line, column: location.column }
}

fn lexical_error(error: &TokenizerError) -> ParseError {
    let location = ours(error.location);
    let unclosed = |what: &str, with: &str| {
        ParseError::new(location, format!("{what} is not closed")).with_hint(format!("close it with {with}"))
    };
    if error.message.starts_with("Unterminated string") {
        unclosed("the string that starts here", "the quote it starts with; write a quote inside it twice")
    } else if error.message.contains("multi-line comment") {
        unclosed("a comment that starts with /*", "*/")
    } else if error.message.starts_with("Expected close delimiter") {
        unclosed("the quoted name that starts here", "a backquote")
    } else {
        ParseError::new(location, error.message.to_lowercase().trim_end_matches('.').to_owned())
    }
}

/// The token with its escapes resolved as StarRocks does. Strings of either quotes become single-quoted ones:
/// the rest of the parser, `sqlparser` included, need not know that double quotes never make names.
fn unescaped(token: Token) -> Token {
    match token {
        Token::SingleQuotedString(raw) => Token::SingleQuotedString(unescape(&raw, '\'')),
        Token::DoubleQuotedString(raw) => Token::SingleQuotedString(unescape(&raw, '"')),
        Token::NationalStringLiteral(raw) => Token::NationalStringLiteral(unescape(&raw, '\'')),
        Token::Word(mut word) if word.quote_style == Some('`') => {
            word.value = word.value.replace("``", "`");
            Token::Word(word)
        }
        other => other,
    }
}

/// Resolves doubled quotes and backslashes. `\%` and `\_` keep the backslash, for `LIKE` to see.
fn unescape(raw: &str, quote: char) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c == quote {
            chars.next();
        }
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            None => text.push('\\'),
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('b') => text.push('\u{8}'),
            Some('0') => text.push('\0'),
            Some('Z') => text.push('\u{1a}'),
            Some(wildcard @ ('%' | '_')) => text.extend(['\\', wildcard]),
            Some(other) => text.push(other),
        }
    }
    text
}
