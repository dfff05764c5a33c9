//! The notation of `spec/sql.md`: productions, and texts that they produce.

use std::collections::BTreeMap;
use std::iter::Peekable;

use crate::support::Random;

/// What stands for the words that no production explains and that are no names.
const SAMPLES: [(&str, &str); 6] = [
    ("n", "3"),
    ("offset", "2"),
    ("id", "10001"),
    ("expr", "a + 1"),
    ("condition", "a > 1 AND b <> 'x'"),
    ("query", "SELECT a FROM d.u WHERE c > 1"),
];

/// So deep rules are in each other before the first of every choice is taken, which must come to an end.
const DEPTH: usize = 6;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// `{`, `}`, `[`, `]` or `|`.
    Meta(char),
    /// What stands in the statement as it stands here.
    Verbatim(String),
    /// A word in lower case: a rule, a sample, or a name.
    Word(String),
}

#[derive(Debug, Clone)]
enum Node {
    Verbatim(String),
    Word(String),
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    Optional(Box<Node>),
    /// `{, x}`: as often as wanted.
    Repeated(Box<Node>),
}

/// All productions of a page.
#[derive(Debug, Default)]
pub(crate) struct Grammar {
    rules: BTreeMap<String, Node>,
    /// Each with its line, from 1.
    statements: Vec<(usize, Node)>,
}

impl Grammar {
    /// Reads the fenced blocks without a language, and the statements in the first cells of tables below `## SHOW`.
    pub(crate) fn of_page(page: &str) -> Self {
        let mut grammar = Self::default();
        // The language of the block that a line is in: none for grammar.
        let mut block: Option<&str> = None;
        let mut in_show = false;
        let mut production: Option<(usize, String)> = None;
        for (number, line) in (1..).zip(page.lines()) {
            if let Some(language) = line.strip_prefix("```") {
                block = if block.is_some() { None } else { Some(language) };
                grammar.add(production.take());
            } else if block == Some("") {
                let text = line.split(" -- ").next().unwrap_or_default();
                match &mut production {
                    Some((_, whole)) if line.starts_with(' ') => whole.push_str(text),
                    _ => grammar.add(production.replace((number, text.to_owned()))),
                }
            } else if line.starts_with("## ") {
                in_show = line == "## SHOW";
            } else if in_show && line.starts_with("| `") {
                let cell = line.trim_start_matches("| `").split("` |").next().unwrap_or_default();
                grammar.add(Some((number, cell.replace("\\|", "|"))));
            }
        }
        grammar
    }

    fn add(&mut self, production: Option<(usize, String)>) {
        let Some((line, text)) = production.filter(|(_, text)| !text.trim().is_empty()) else { return };
        match text.split_once(":=") {
            Some((name, body)) => {
                let before = self.rules.insert(name.trim().to_owned(), read(body, line));
                assert!(before.is_none(), "line {line}: {name} has a rule already");
            }
            None => self.statements.push((line, read(&text, line))),
        }
    }

    /// The lines of the statements.
    pub(crate) fn lines(&self) -> impl Iterator<Item = usize> {
        self.statements.iter().map(|(line, _)| *line)
    }

    /// One text of the statement that stands in a line.
    pub(crate) fn produce(&self, line: usize, choices: &mut Random) -> String {
        let mut text = String::new();
        for (_, node) in self.statements.iter().filter(|(at, _)| *at == line) {
            self.write(node, 0, choices, &mut text);
        }
        text
    }

    fn write(&self, node: &Node, depth: usize, choices: &mut Random, text: &mut String) {
        match node {
            Node::Verbatim(word) => push(text, word),
            Node::Word(word) => match (self.rules.get(word), SAMPLES.iter().find(|(name, _)| name == word)) {
                (Some(rule), _) => self.write(rule, depth + 1, choices, text),
                (None, Some((_, sample))) => push(text, sample),
                (None, None) => push(text, word),
            },
            Node::Sequence(nodes) => nodes.iter().for_each(|node| self.write(node, depth, choices, text)),
            Node::Choice(nodes) => {
                let chosen = if depth > DEPTH { 0 } else { choices.below(nodes.len()) };
                self.write(&nodes[chosen], depth, choices, text);
            }
            Node::Optional(node) => {
                if depth <= DEPTH && choices.below(2) == 1 {
                    self.write(node, depth, choices, text);
                }
            }
            Node::Repeated(node) => {
                let times = if depth > DEPTH { 0 } else { choices.below(3) };
                (0..times).for_each(|_| self.write(node, depth, choices, text));
            }
        }
    }
}

/// A word behind the others, apart from them where that is allowed.
fn push(text: &mut String, word: &str) {
    let is_tight = |c: char| c == '.' || c == '@';
    if !text.is_empty() && !text.ends_with(is_tight) && !word.starts_with(is_tight) {
        text.push(' ');
    }
    text.push_str(word);
}

fn read(text: &str, line: usize) -> Node {
    let tokens = tokens(text, line);
    let mut rest = tokens.into_iter().peekable();
    let node = choice(&mut rest, line);
    assert!(rest.next().is_none(), "line {line}: a bracket too many in {text}");
    node
}

fn tokens(text: &str, line: usize) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            ' ' => {}
            '{' | '}' | '[' | ']' | '|' => tokens.push(Token::Meta(c)),
            // What stands between single quotes stands for itself, also brackets.
            '\'' => tokens.push(Token::Verbatim(rest.by_ref().take_while(|c| *c != '\'').collect())),
            '"' => {
                let inner: String = rest.by_ref().take_while(|c| *c != '"').collect();
                tokens.push(Token::Verbatim(format!("\"{}\"", inner.replace('…', "x"))));
            }
            c if c.is_alphanumeric() || c == '_' => {
                let mut word = c.to_string();
                while let Some(c) = rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    word.push(c);
                }
                let is_word = word.starts_with(char::is_lowercase);
                tokens.push(if is_word { Token::Word(word) } else { Token::Verbatim(word) });
            }
            '(' | ')' | ',' | '=' | '.' | '@' | '*' | '<' | '>' => {
                tokens.push(Token::Verbatim(c.to_string()));
            }
            other => panic!("line {line}: {other} is no part of the notation, in {text}"),
        }
    }
    tokens
}

fn choice(rest: &mut Peekable<impl Iterator<Item = Token>>, line: usize) -> Node {
    let mut choices = vec![sequence(rest, line)];
    while rest.next_if_eq(&Token::Meta('|')).is_some() {
        choices.push(sequence(rest, line));
    }
    if choices.len() == 1 { choices.remove(0) } else { Node::Choice(choices) }
}

fn sequence(rest: &mut Peekable<impl Iterator<Item = Token>>, line: usize) -> Node {
    let mut nodes = Vec::new();
    while let Some(token) = rest.next_if(|token| !matches!(token, Token::Meta('}' | ']' | '|'))) {
        nodes.push(match token {
            Token::Verbatim(word) => Node::Verbatim(word),
            Token::Word(word) => Node::Word(word),
            Token::Meta('[') => Node::Optional(Box::new(closed(rest, ']', line))),
            Token::Meta(_) => {
                let is_repeated = rest.peek() == Some(&Token::Verbatim(",".to_owned()));
                let inner = closed(rest, '}', line);
                if is_repeated { Node::Repeated(Box::new(inner)) } else { inner }
            }
        });
    }
    Node::Sequence(nodes)
}

fn closed(rest: &mut Peekable<impl Iterator<Item = Token>>, end: char, line: usize) -> Node {
    let inner = choice(rest, line);
    assert_eq!(rest.next(), Some(Token::Meta(end)), "line {line}");
    inner
}
