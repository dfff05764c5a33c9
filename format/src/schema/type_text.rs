//! Reading the text of a type.

use super::nested::{MAX_TYPE_DEPTH, StructField};
use super::types::ColumnType;
use crate::name::ColumnName;

/// The type that `text` names; `None` when it names none.
pub(super) fn parse_type(text: &str) -> Option<ColumnType> {
    let mut reader = Reader { rest: text, open: 0 };
    let column_type = reader.column_type()?;
    reader.rest.is_empty().then_some(column_type)
}

struct Reader<'t> {
    rest: &'t str,
    /// How many nested types are open.
    open: usize,
}

impl<'t> Reader<'t> {
    fn column_type(&mut self) -> Option<ColumnType> {
        let word = self.word()?;
        if !self.eat('<') {
            let numbers = if self.eat('(') { self.numbers()? } else { Vec::new() };
            return ColumnType::of_word(word, &numbers);
        }
        self.open += 1;
        if self.open > MAX_TYPE_DEPTH {
            return None;
        }
        let nested = match word {
            "array" => ColumnType::array(self.column_type()?),
            "map" => {
                let key = self.column_type()?;
                ColumnType::map(key, self.eat(',').then(|| self.column_type())??)
            }
            "struct" => ColumnType::structure(self.fields()?),
            _ => return None,
        };
        self.open -= 1;
        self.eat('>').then_some(nested)
    }

    fn fields(&mut self) -> Option<Vec<StructField>> {
        let mut fields = Vec::new();
        loop {
            let name = if self.eat('`') { self.quoted()? } else { self.word()?.to_owned() };
            let name = ColumnName::parse(&name).ok()?;
            fields.push(StructField { name, column_type: self.column_type()? });
            if !self.eat(',') {
                return Some(fields);
            }
        }
    }

    fn numbers(&mut self) -> Option<Vec<u32>> {
        let (numbers, rest) = self.rest.split_once(')')?;
        self.rest = rest;
        numbers.split(',').map(|number| number.trim().parse().ok()).collect()
    }

    /// The rest of a name behind its first back quote.
    fn quoted(&mut self) -> Option<String> {
        let mut name = String::new();
        loop {
            let (part, rest) = self.rest.split_once('`')?;
            name.push_str(part);
            self.rest = rest;
            match rest.strip_prefix('`') {
                Some(rest) => {
                    name.push('`');
                    self.rest = rest;
                }
                None => return Some(name),
            }
        }
    }

    fn word(&mut self) -> Option<&'t str> {
        self.skip_blanks();
        let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let trimmed = self.rest.trim_start_matches(' ');
        match trimmed.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }
}
