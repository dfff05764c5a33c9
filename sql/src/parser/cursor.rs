//! A position in a statement's tokens, and the small productions every statement uses.

use sqlparser::tokenizer::{Token, Word};

use super::Result;
use super::error::ParseError;
use super::lexer::SourceStatement;
use super::redact::HIDDEN;
use crate::ast::{DatabaseName, Ident, Location, ObjectName, Properties, is_reserved};

/// Longest piece of source text an error quotes, in characters.
const QUOTED_CHARS: usize = 40;

/// A position in a statement's tokens.
///
/// It remembers the keywords that were tried at the position in vain, so that an error lists all of what
/// could have stood there.
pub(super) struct Cursor<'a> {
    source: &'a SourceStatement,
    index: usize,
    tried: Vec<&'static str>,
    /// Whether strings may be secret here, so that no error quotes them.
    secret: bool,
}

impl<'a> Cursor<'a> {
    /// # Errors
    ///
    /// The lexical error the statement ends in.
    pub(super) fn try_new(source: &'a SourceStatement) -> Result<Self> {
        source.error().map_or(Ok(Self { source, index: 0, tried: Vec::new(), secret: false }), |error| {
            Err(error.clone())
        })
    }

    pub(super) fn source(&self) -> &'a SourceStatement {
        self.source
    }

    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// Goes to a token further on.
    pub(super) fn set_index(&mut self, index: usize) {
        self.index = index;
        self.tried.clear();
    }

    pub(super) fn advance(&mut self) {
        self.set_index(self.index + 1);
    }

    /// The `n`th token from here, from 0.
    pub(super) fn peek_at(&self, n: usize) -> &'a Token {
        self.source.tokens().get(self.index + n).map_or(&Token::EOF, |token| &token.token)
    }

    pub(super) fn peek(&self) -> &'a Token {
        self.peek_at(0)
    }

    /// Where the next token starts, or the statement ends.
    pub(super) fn location(&self) -> Location {
        self.location_at(0)
    }

    fn location_at(&self, n: usize) -> Location {
        self.source.tokens().get(self.index + n).map_or(self.source.end(), |token| Location {
            line: token.span.start.line,
            column: token.span.start.column,
        })
    }

    /// The source text from a token up to here.
    pub(super) fn text_since(&self, index: usize) -> String {
        self.source.slice(index..self.index).to_owned()
    }

    /// The `n`th token from here as an unquoted word in capitals.
    pub(super) fn keyword_at(&self, n: usize) -> Option<String> {
        match self.peek_at(n) {
            Token::Word(Word { value, quote_style: None, .. }) => Some(value.to_ascii_uppercase()),
            _ => None,
        }
    }

    pub(super) fn keyword(&self) -> Option<String> {
        self.keyword_at(0)
    }

    pub(super) fn is_keyword_at(&self, n: usize, keyword: &str) -> bool {
        matches!(self.peek_at(n), Token::Word(Word { value, quote_style: None, .. })
            if value.eq_ignore_ascii_case(keyword))
    }

    pub(super) fn is_keyword(&self, keyword: &str) -> bool {
        self.is_keyword_at(0, keyword)
    }

    pub(super) fn is_one_of(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is_keyword(keyword))
    }

    /// Whether the `n`th token from here may be a name.
    pub(super) fn is_ident_at(&self, n: usize) -> bool {
        match self.peek_at(n) {
            Token::Word(Word { quote_style: Some(_), .. }) => true,
            Token::Word(Word { value, .. }) => !is_reserved(value),
            _ => false,
        }
    }

    /// Takes the keyword if it is next.
    pub(super) fn eat_keyword(&mut self, keyword: &'static str) -> bool {
        let found = self.is_keyword(keyword);
        if found {
            self.advance();
        } else if !self.tried.contains(&keyword) {
            self.tried.push(keyword);
        }
        found
    }

    pub(super) fn eat_one_of(&mut self, keywords: &[&'static str]) -> bool {
        keywords.iter().any(|keyword| self.eat_keyword(keyword))
    }

    pub(super) fn expect_keyword(&mut self, keyword: &'static str) -> Result<()> {
        self.expect_one_of(&[keyword])
    }

    pub(super) fn expect_one_of(&mut self, keywords: &[&'static str]) -> Result<()> {
        if self.eat_one_of(keywords) { Ok(()) } else { Err(self.expected(&[])) }
    }

    /// ```text
    /// if_not_exists := [IF NOT EXISTS]
    /// ```
    pub(super) fn if_not_exists(&mut self) -> Result<bool> {
        let found = self.eat_keyword("IF");
        if found {
            self.expect_keyword("NOT")?;
            self.expect_keyword("EXISTS")?;
        }
        Ok(found)
    }

    /// ```text
    /// if_exists := [IF EXISTS]
    /// ```
    pub(super) fn if_exists(&mut self) -> Result<bool> {
        let found = self.eat_keyword("IF");
        if found {
            self.expect_keyword("EXISTS")?;
        }
        Ok(found)
    }

    /// Takes the token if it is next.
    pub(super) fn eat(&mut self, token: &Token) -> bool {
        let found = self.peek() == token;
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn expect(&mut self, token: &Token) -> Result<()> {
        if self.eat(token) { Ok(()) } else { Err(self.expected(&[&format!("'{token}'")])) }
    }

    pub(super) fn expect_end(&self) -> Result<()> {
        if self.peek() == &Token::EOF { Ok(()) } else { Err(self.expected(&["the end of the statement"])) }
    }

    /// `item {, item}`
    pub(super) fn comma_list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.eat(&Token::Comma) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// `( item {, item} )`
    pub(super) fn parenthesised<T>(&mut self, item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.expect(&Token::LParen)?;
        let items = self.comma_list(item)?;
        if self.eat(&Token::RParen) { Ok(items) } else { Err(self.expected(&["','", "')'"])) }
    }

    /// ```text
    /// ident := unreserved_word | `anything`
    /// ```
    ///
    /// `what` says what the name is of, for the error: `a table name`.
    pub(super) fn ident(&mut self, what: &str) -> Result<Ident> {
        if !self.is_ident_at(0) {
            return Err(self.no_ident(what));
        }
        let Token::Word(word) = self.peek() else { return Err(self.no_ident(what)) };
        let ident = Ident { value: word.value.clone(), location: self.location() };
        self.advance();
        Ok(ident)
    }

    fn no_ident(&self, what: &str) -> ParseError {
        let error = self.expected(&[what]);
        match self.peek() {
            Token::Word(word) if word.value.eq_ignore_ascii_case("IF") => {
                error.with_hint("this statement has no IF [NOT] EXISTS here")
            }
            Token::Word(word) => {
                let word = &word.value;
                error.with_hint(format!(
                    "{word} is a reserved word: to use it as a name, write `{word}` in backquotes"
                ))
            }
            Token::SingleQuotedString(_) => {
                error.with_hint("quotes make a string: a name is written bare or in backquotes")
            }
            _ => error,
        }
    }

    /// ```text
    /// ident_or_string := ident | string
    /// ```
    pub(super) fn ident_or_string(&mut self, what: &str) -> Result<Ident> {
        if let Token::SingleQuotedString(value) = self.peek() {
            let ident = Ident { value: value.clone(), location: self.location() };
            self.advance();
            return Ok(ident);
        }
        self.ident(what)
    }

    /// ```text
    /// idents := ( ident {, ident} )
    /// ```
    pub(super) fn idents(&mut self, what: &str) -> Result<Vec<Ident>> {
        self.parenthesised(|cursor| cursor.ident(what))
    }

    /// ```text
    /// string := 'text' | "text"
    /// ```
    pub(super) fn string(&mut self, what: &str) -> Result<String> {
        let Token::SingleQuotedString(value) = self.peek() else {
            let error = self.expected(&[what]);
            return Err(match self.peek() {
                Token::EOF | Token::RParen | Token::Comma | Token::LParen => error,
                _ => error.with_hint("write it in quotes"),
            });
        };
        self.advance();
        Ok(value.clone())
    }

    /// ```text
    /// integer := digit {digit}
    /// ```
    pub(super) fn integer(&mut self, what: &str) -> Result<u64> {
        let number = match self.peek() {
            Token::Number(digits, false) => digits.parse().ok(),
            _ => None,
        };
        let Some(number) = number else { return Err(self.expected(&[what])) };
        self.advance();
        Ok(number)
    }

    /// ```text
    /// object_name := [[catalog .] database .] ident
    /// ```
    pub(super) fn object_name(&mut self, what: &str) -> Result<ObjectName> {
        let mut parts = self.dotted(what, 3)?;
        let name = parts.pop();
        let (database, catalog) = (parts.pop(), parts.pop());
        name.map(|name| ObjectName { catalog, database, name }).ok_or_else(|| self.expected(&[what]))
    }

    /// ```text
    /// database_name := [catalog .] ident
    /// ```
    pub(super) fn database_name(&mut self) -> Result<DatabaseName> {
        let what = "a database name";
        let mut parts = self.dotted(what, 2)?;
        let name = parts.pop();
        let catalog = parts.pop();
        name.map(|name| DatabaseName { catalog, name }).ok_or_else(|| self.expected(&[what]))
    }

    /// At least one and at most `most` names with dots between them.
    pub(super) fn dotted(&mut self, what: &str, most: usize) -> Result<Vec<Ident>> {
        let mut parts = vec![self.ident(what)?];
        while self.peek() == &Token::Period {
            if parts.len() == most {
                let parts = if most == 1 { "one part".to_owned() } else { format!("at most {most} parts") };
                return Err(ParseError::new(
                    self.location(),
                    format!("{what} has {parts}, found another '.'"),
                ));
            }
            self.advance();
            parts.push(self.ident(what)?);
        }
        Ok(parts)
    }

    /// ```text
    /// properties := [PROPERTIES property_list]
    /// ```
    pub(super) fn properties(&mut self) -> Result<Properties> {
        if self.eat_keyword("PROPERTIES") { self.property_list() } else { Ok(Vec::new()) }
    }

    /// ```text
    /// property_list := ( string = string {, string = string} )
    /// ```
    pub(super) fn property_list(&mut self) -> Result<Properties> {
        self.secret = true;
        let properties = self.parenthesised(|cursor| {
            let key = cursor.string("a property's key as a string")?;
            cursor.expect(&Token::Eq)?;
            Ok((key, cursor.string("the property's value as a string")?))
        });
        self.secret = false;
        properties
    }

    /// What `read` reads, in which strings may be secret.
    pub(super) fn secretly<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.secret = true;
        let read = read(self);
        self.secret = false;
        read
    }

    /// ```text
    /// comment := [COMMENT string]
    /// ```
    pub(super) fn comment(&mut self) -> Result<Option<String>> {
        if self.eat_keyword("COMMENT") { self.string("the comment as a string").map(Some) } else { Ok(None) }
    }

    /// An error at the next token: the keywords tried there and what `what` lists were expected.
    pub(super) fn expected(&self, what: &[&str]) -> ParseError {
        let choices = match [self.tried.as_slice(), what].concat().as_slice() {
            [] => String::new(),
            [only] => (*only).to_owned(),
            [first @ .., last] => format!("{} or {last}", first.join(", ")),
        };
        ParseError::new(self.location(), format!("expected {choices}, found {}", self.found()))
    }

    /// The next token as errors quote it.
    fn found(&self) -> String {
        let text = self.source.shown(self.index, self.source.slice(self.index..self.index + 1));
        let mut shown = visible(&text.chars().take(QUOTED_CHARS).collect::<String>());
        if text.chars().nth(QUOTED_CHARS).is_some() {
            shown.push('…');
        }
        match self.peek() {
            Token::EOF => "the end of the statement".to_owned(),
            Token::SingleQuotedString(_) if self.secret => "another string".to_owned(),
            _ if shown == HIDDEN => "something else".to_owned(),
            Token::SingleQuotedString(_) => format!("the string {shown}"),
            _ => format!("'{shown}'"),
        }
    }

    /// The error at the next token for a clause that StarRocks has and this store has not.
    pub(super) fn not_supported(&self, what: &str) -> ParseError {
        self.not_supported_at(0, what)
    }

    /// The same at the `n`th token from here.
    pub(super) fn not_supported_at(&self, n: usize, what: &str) -> ParseError {
        ParseError::new(self.location_at(n), format!("{what} is not supported yet"))
    }

    /// The error for a kind of statement that is not known, named by at most `most` first words.
    pub(super) fn unsupported(&self, most: usize) -> ParseError {
        let words: Vec<String> = (0..most).map_while(|n| self.keyword_at(n)).collect();
        ParseError::new(self.location(), format!("{} is not a supported statement", words.join(" ")))
    }
}

/// The text with its control characters escaped, so that it stands in one line.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}
