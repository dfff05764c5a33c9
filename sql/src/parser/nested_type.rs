//! Types that are made of types: `ARRAY<T>`, `MAP<K, V>`, `STRUCT<a T, b U>`.

use cairn_format::{ColumnName, ColumnType, MAX_TYPE_DEPTH, StructField};
use sqlparser::tokenizer::Token;

use super::Result;
use super::cursor::Cursor;
use super::error::ParseError;
use super::types::{column_type, starts_type};
use crate::ast::{Location, TypeName};

/// The nested type that starts here.
pub(super) fn nested_type(cursor: &mut Cursor<'_>) -> Result<TypeName> {
    let mut angles = Angles { left: 0, closed_at: cursor.location(), depth: 0 };
    let made = angles.nested(cursor)?;
    if angles.left > 0 {
        return Err(angles.too_many());
    }
    Ok(made)
}

/// The angles that are closed already: two of them without a blank are one token.
struct Angles {
    left: usize,
    /// Where the last token of two stands.
    closed_at: Location,
    /// How many nested types are around.
    depth: usize,
}

impl Angles {
    fn nested(&mut self, cursor: &mut Cursor<'_>) -> Result<TypeName> {
        let start = cursor.index();
        let word = cursor.keyword().unwrap_or_default();
        cursor.advance();
        if cursor.peek() != &Token::Lt {
            return Err(cursor
                .expected(&["'<'"])
                .with_hint(format!("say what the {} holds: {word}<…>", word.to_lowercase())));
        }
        cursor.advance();
        self.depth += 1;
        let parts = if self.depth > MAX_TYPE_DEPTH {
            self.skip(cursor)?;
            Err(Unusable::TooDeep)
        } else {
            self.parts(cursor, &word)?
        };
        self.close(cursor)?;
        self.depth -= 1;
        let text = || cursor.text_since(start);
        Ok(match parts {
            Ok(made) => match made.check() {
                Ok(()) => TypeName::Known(made),
                Err(error) => TypeName::Invalid { text: text(), reason: error.to_string() },
            },
            Err(Unusable::Unsupported) => TypeName::Unsupported(text()),
            Err(Unusable::Invalid(reason)) => TypeName::Invalid { text: text(), reason },
            Err(Unusable::TooDeep) => {
                let reason = format!("types have at most {MAX_TYPE_DEPTH} levels");
                TypeName::Invalid { text: text(), reason }
            }
        })
    }

    fn parts(
        &mut self,
        cursor: &mut Cursor<'_>,
        word: &str,
    ) -> Result<std::result::Result<ColumnType, Unusable>> {
        Ok(match word {
            "ARRAY" => self.part(cursor)?.map(ColumnType::array),
            "MAP" => {
                let key = self.part(cursor)?;
                if self.left > 0 {
                    return Err(self.too_many());
                }
                cursor.expect(&Token::Comma)?;
                let value = self.part(cursor)?;
                key.and_then(|key| value.map(|value| ColumnType::map(key, value)))
            }
            _ => {
                let mut fields = Vec::new();
                loop {
                    let name = field_name(cursor)?;
                    cursor.eat(&Token::Colon);
                    let column_type = self.part(cursor)?;
                    fields.push(column_type.map(|column_type| StructField { name, column_type }));
                    // The comma behind a struct that is closed already is another's.
                    if self.left > 0 || !cursor.eat(&Token::Comma) {
                        break;
                    }
                }
                fields.into_iter().collect::<std::result::Result<Vec<_>, _>>().map(ColumnType::structure)
            }
        })
    }

    fn too_many(&self) -> ParseError {
        ParseError::new(self.closed_at, "one '>' too many")
    }

    fn part(&mut self, cursor: &mut Cursor<'_>) -> Result<std::result::Result<ColumnType, Unusable>> {
        if !starts_type(cursor) {
            return Err(cursor.expected(&["a type"]));
        }
        let part = if cursor.is_one_of(&["ARRAY", "MAP", "STRUCT"]) {
            self.nested(cursor)?
        } else {
            column_type(cursor)?
        };
        Ok(match part {
            TypeName::Known(known) => Ok(known),
            TypeName::Unsupported(_) => Err(Unusable::Unsupported),
            TypeName::Invalid { text, reason } => Err(Unusable::Invalid(format!("{text}: {reason}"))),
        })
    }

    /// Goes over whatever is too deep, up to the angle that closes it.
    fn skip(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        let mut open = 0_usize;
        loop {
            match cursor.peek() {
                Token::Lt => open += 1,
                Token::Gt | Token::ShiftRight if open == 0 => return Ok(()),
                Token::Gt => open -= 1,
                Token::ShiftRight if open == 1 => {
                    self.closed_at = cursor.location();
                    self.left += 1;
                    cursor.advance();
                    return Ok(());
                }
                Token::ShiftRight => open -= 2,
                Token::EOF => return Err(cursor.expected(&["'>'"])),
                _ => {}
            }
            cursor.advance();
        }
    }

    fn close(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        if self.left > 0 {
            self.left -= 1;
            return Ok(());
        }
        match cursor.peek() {
            Token::Gt => {}
            Token::ShiftRight => {
                self.closed_at = cursor.location();
                self.left = 1;
            }
            _ => return Err(cursor.expected(&["'>'"])),
        }
        cursor.advance();
        Ok(())
    }
}

/// Why a part is no type of the store.
enum Unusable {
    Unsupported,
    Invalid(String),
    TooDeep,
}

/// A field's name may be any word.
fn field_name(cursor: &mut Cursor<'_>) -> Result<ColumnName> {
    let Token::Word(word) = cursor.peek() else { return Err(cursor.expected(&["a field name"])) };
    let name = ColumnName::parse(&word.value)
        .map_err(|error| ParseError::new(cursor.location(), error.to_string()))?;
    cursor.advance();
    Ok(name)
}
