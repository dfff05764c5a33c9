//! Column types.

use cairn_format::ColumnType;
use sqlparser::tokenizer::Token;

use super::Result;
use super::cursor::Cursor;
use super::nested_type::nested_type;
use crate::ast::TypeName;

/// Longest `CHAR`.
const MAX_CHAR: u64 = 255;
/// Longest `VARCHAR` and `VARBINARY`.
const MAX_VARCHAR: u64 = 1_048_576;
/// Most digits of a `DECIMAL`.
const MAX_DIGITS: u64 = 76;

/// The words a type starts with.
const TYPE_WORDS: &[&str] = &[
    "BOOLEAN",
    "TINYINT",
    "SMALLINT",
    "INT",
    "INTEGER",
    "BIGINT",
    "LARGEINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
    "DECIMALV2",
    "DECIMALV3",
    "DECIMAL32",
    "DECIMAL64",
    "DECIMAL128",
    "DECIMAL256",
    "NUMERIC",
    "DATE",
    "DATETIME",
    "TIME",
    "CHAR",
    "VARCHAR",
    "STRING",
    "TEXT",
    "BINARY",
    "VARBINARY",
    "JSON",
    "VARIANT",
    "BITMAP",
    "HLL",
    "PERCENTILE",
    "ARRAY",
    "MAP",
    "STRUCT",
];

/// Whether a type starts here.
pub(super) fn starts_type(cursor: &Cursor<'_>) -> bool {
    cursor.is_one_of(TYPE_WORDS)
}

/// ```text
/// type := BOOLEAN | {TINYINT | SMALLINT | INT | INTEGER | BIGINT | LARGEINT} [width] | FLOAT | DOUBLE
///       | {DECIMAL | DECIMALV3 | NUMERIC | DECIMAL32 | DECIMAL64 | DECIMAL128 | DECIMAL256} [( integer [, integer] )]
///       | DATE | DATETIME | {CHAR | VARCHAR} [width] | STRING | TEXT | {BINARY | VARBINARY} [width] | JSON
///       | BITMAP | HLL | PERCENTILE
///       | ARRAY < type > | MAP < type , type > | STRUCT < field {, field} >
///       | TIME | VARIANT | DECIMALV2 [( integer [, integer] )]
/// field := word [:] type
/// width := ( integer )
/// ```
///
/// The width of an integer is for display and means nothing. The types of the last line are kept as they
/// were written.
pub(super) fn column_type(cursor: &mut Cursor<'_>) -> Result<TypeName> {
    let start = cursor.index();
    let word = cursor.keyword().unwrap_or_default();
    cursor.advance();
    let known = match word.as_str() {
        "BOOLEAN" => ColumnType::Boolean,
        "TINYINT" => integer(cursor, ColumnType::TinyInt)?,
        "SMALLINT" => integer(cursor, ColumnType::SmallInt)?,
        "INT" | "INTEGER" => integer(cursor, ColumnType::Int)?,
        "BIGINT" => integer(cursor, ColumnType::BigInt)?,
        "LARGEINT" => integer(cursor, ColumnType::LargeInt)?,
        "FLOAT" => ColumnType::Float,
        "DOUBLE" => ColumnType::Double,
        "DATE" => ColumnType::Date,
        "DATETIME" => ColumnType::DateTime,
        "STRING" | "TEXT" => ColumnType::String,
        "JSON" => ColumnType::Json,
        "BITMAP" => ColumnType::Bitmap,
        "HLL" => ColumnType::Hll,
        "PERCENTILE" => ColumnType::Percentile,
        "DECIMAL" | "DECIMALV3" | "NUMERIC" | "DECIMAL32" | "DECIMAL64" | "DECIMAL128" | "DECIMAL256" => {
            return decimal(cursor, &word, start);
        }
        "CHAR" | "VARCHAR" | "BINARY" | "VARBINARY" => return text(cursor, &word, start),
        "ARRAY" | "MAP" | "STRUCT" => {
            cursor.set_index(start);
            return nested_type(cursor);
        }
        "DECIMALV2" => {
            digits(cursor)?;
            return Ok(TypeName::Unsupported(cursor.text_since(start)));
        }
        _ => return Ok(TypeName::Unsupported(cursor.text_since(start))),
    };
    Ok(TypeName::Known(known))
}

fn integer(cursor: &mut Cursor<'_>, known: ColumnType) -> Result<ColumnType> {
    width(cursor)?;
    Ok(known)
}

fn width(cursor: &mut Cursor<'_>) -> Result<Option<u64>> {
    if !cursor.eat(&Token::LParen) {
        return Ok(None);
    }
    let width = cursor.integer("a length")?;
    cursor.expect(&Token::RParen)?;
    Ok(Some(width))
}

/// Precision and scale.
fn digits(cursor: &mut Cursor<'_>) -> Result<Option<(u64, u64)>> {
    if !cursor.eat(&Token::LParen) {
        return Ok(None);
    }
    let precision = cursor.integer("a number of digits")?;
    let scale = if cursor.eat(&Token::Comma) { cursor.integer("a number of digits")? } else { 0 };
    if cursor.eat(&Token::RParen) {
        Ok(Some((precision, scale)))
    } else {
        Err(cursor.expected(&["','", "')'"]))
    }
}

fn decimal(cursor: &mut Cursor<'_>, word: &str, start: usize) -> Result<TypeName> {
    let digits = digits(cursor)?;
    let text = cursor.text_since(start);
    let invalid = |reason: String| Ok(TypeName::Invalid { text: text.clone(), reason });
    let most = match word {
        "DECIMAL32" => 9,
        "DECIMAL64" => 18,
        "DECIMAL128" => 38,
        _ => MAX_DIGITS,
    };
    let sized = matches!(word, "DECIMAL32" | "DECIMAL64" | "DECIMAL128" | "DECIMAL256");
    let Some((precision, scale)) = digits.or((!sized).then_some((10, 0))) else {
        return invalid("its precision and scale must be given".to_owned());
    };
    if precision == 0 || precision > most {
        return invalid(format!("the precision must be from 1 to {most}"));
    }
    if scale > precision {
        return invalid(format!("the scale must be from 0 to the precision, {precision}"));
    }
    match (u8::try_from(precision), u8::try_from(scale)) {
        (Ok(precision), Ok(scale)) => Ok(TypeName::Known(ColumnType::Decimal { precision, scale })),
        _ => Ok(TypeName::Unsupported(text)),
    }
}

fn text(cursor: &mut Cursor<'_>, word: &str, start: usize) -> Result<TypeName> {
    let width = width(cursor)?;
    let most = if word == "CHAR" { MAX_CHAR } else { MAX_VARCHAR };
    let length = u32::try_from(width.unwrap_or(1)).unwrap_or(u32::MAX);
    if length == 0 || u64::from(length) > most {
        let reason = format!("the length must be from 1 to {most}");
        return Ok(TypeName::Invalid { text: cursor.text_since(start), reason });
    }
    Ok(TypeName::Known(match word {
        "CHAR" => ColumnType::Char { length },
        "VARCHAR" => ColumnType::Varchar { length },
        _ => ColumnType::Varbinary { length: width.map(|_| length) },
    }))
}

/// Goes to the parenthesis that closes one already gone over.
pub(super) fn until_closed(cursor: &mut Cursor<'_>) -> Result<()> {
    let mut open = 0usize;
    loop {
        match cursor.peek() {
            Token::LParen => open += 1,
            Token::RParen if open == 0 => return Ok(()),
            Token::RParen => open -= 1,
            Token::EOF => return Err(cursor.expected(&["')'"])),
            _ => {}
        }
        cursor.advance();
    }
}
