//! What `BACKUP` and `RESTORE` name: labels, catalogs, objects, partitions.

use sqlparser::tokenizer::Token;

use super::Result;
use super::cursor::Cursor;
use super::error::ParseError;
use crate::ast::{
    CatalogChoice, CatalogItem, Ident, ObjectKind, PartitionChoice, PartitionKey, PartitionKeyValue,
    SnapshotObject,
};

/// Whether names in a list may be given a new one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Aliases {
    Allowed,
    Refused,
}

/// ```text
/// label := [ident .] ident
/// ```
///
/// Gives the database before the label, and the label.
pub(super) fn label(cursor: &mut Cursor<'_>) -> Result<(Option<Ident>, Ident)> {
    let what = "a snapshot label";
    let first = cursor.ident(what)?;
    if !cursor.eat(&Token::Period) {
        return Ok((None, first));
    }
    let second = cursor.ident(what)?;
    if cursor.peek() == &Token::Period {
        let message = "bad label name: a snapshot label has at most two parts, database and label";
        return Err(ParseError::new(first.location, message)
            .with_hint("a snapshot's label is not qualified by a catalog"));
    }
    Ok((Some(first), second))
}

/// ```text
/// catalogs := [ALL EXTERNAL CATALOGS | EXTERNAL {CATALOG | CATALOGS} ( catalog {, catalog} )]
/// catalog  := ident [AS ident]
/// ```
pub(super) fn catalogs(cursor: &mut Cursor<'_>, aliases: Aliases) -> Result<Option<CatalogChoice>> {
    if cursor.eat_keyword("ALL") {
        cursor.expect_keyword("EXTERNAL")?;
        cursor.expect_keyword("CATALOGS")?;
        return Ok(Some(CatalogChoice::All));
    }
    if !cursor.eat_keyword("EXTERNAL") {
        return Ok(None);
    }
    cursor.expect_one_of(&["CATALOG", "CATALOGS"])?;
    let items = cursor.parenthesised(|cursor| {
        let name = cursor.ident("a catalog name")?;
        Ok(CatalogItem { name, alias: alias(cursor, aliases)? })
    })?;
    Ok(Some(CatalogChoice::Listed(items)))
}

/// ```text
/// objects := ON ( object {, object} )
/// ```
///
/// Gives nothing when `ON` is not next.
pub(super) fn objects(cursor: &mut Cursor<'_>, aliases: Aliases) -> Result<Option<Vec<SnapshotObject>>> {
    if !cursor.eat_keyword("ON") {
        return Ok(None);
    }
    cursor.parenthesised(|cursor| object(cursor, aliases)).map(Some)
}

/// ```text
/// object := ALL kind
///         | [TABLE | TABLES] object_name [partitions] [AS ident]
///         | kind object_name [AS ident]
/// kind   := TABLE | TABLES | VIEW | VIEWS | MATERIALIZED {VIEW | VIEWS} | FUNCTION | FUNCTIONS
/// ```
fn object(cursor: &mut Cursor<'_>, aliases: Aliases) -> Result<SnapshotObject> {
    if cursor.eat_keyword("ALL") {
        let (kind, words) = kind_words(cursor)
            .ok_or_else(|| cursor.expected(&["TABLES", "VIEWS", "MATERIALIZED VIEWS", "FUNCTIONS"]))?;
        cursor.set_index(cursor.index() + words);
        return Ok(SnapshotObject::All(kind));
    }
    let kind = match kind_words(cursor) {
        Some((kind, words)) if !is_name(cursor, words) => {
            cursor.set_index(cursor.index() + words);
            kind
        }
        _ => ObjectKind::Table,
    };
    let name = cursor.object_name(match kind {
        ObjectKind::Table => "a table name",
        ObjectKind::View => "a view name",
        ObjectKind::MaterializedView => "a materialized view name",
        ObjectKind::Function => "a function name",
    })?;
    let partitions = match kind {
        ObjectKind::Table => partition_choice(cursor, ListEnd::NextObject)?,
        _ if cursor.is_one_of(&["PARTITION", "PARTITIONS", "TEMPORARY"]) => {
            return Err(cursor.expected(&["','", "')'"]).with_hint("only a table's partitions can be named"));
        }
        _ => None,
    };
    Ok(SnapshotObject::Named { kind, name, partitions, alias: alias(cursor, aliases)? })
}

/// The kind the next words name, and how many words it takes.
fn kind_words(cursor: &Cursor<'_>) -> Option<(ObjectKind, usize)> {
    match cursor.keyword()?.as_str() {
        "TABLE" | "TABLES" => Some((ObjectKind::Table, 1)),
        "VIEW" | "VIEWS" => Some((ObjectKind::View, 1)),
        "FUNCTION" | "FUNCTIONS" => Some((ObjectKind::Function, 1)),
        "MATERIALIZED" if cursor.is_keyword_at(1, "VIEW") || cursor.is_keyword_at(1, "VIEWS") => {
            Some((ObjectKind::MaterializedView, 2))
        }
        _ => None,
    }
}

/// Whether a word that may be a kind is the name of a table instead, as `views` in `ON (views PARTITION
/// (p))`.
fn is_name(cursor: &Cursor<'_>, words: usize) -> bool {
    if words > 1 || cursor.is_keyword("TABLE") || cursor.is_keyword("FUNCTION") {
        return false;
    }
    let names_partitions = cursor.is_keyword_at(1, "PARTITIONS") || cursor.is_keyword_at(1, "TEMPORARY");
    let after_name = matches!(cursor.peek_at(2), Token::Comma | Token::RParen | Token::Period | Token::EOF)
        || cursor.is_keyword_at(2, "AS");
    !cursor.is_ident_at(1) || (names_partitions && !after_name)
}

/// ```text
/// alias := [AS ident]
/// ```
fn alias(cursor: &mut Cursor<'_>, aliases: Aliases) -> Result<Option<Ident>> {
    let location = cursor.location();
    match aliases {
        Aliases::Allowed if cursor.eat_keyword("AS") => cursor.ident("a new name").map(Some),
        Aliases::Refused if cursor.is_keyword("AS") => {
            Err(ParseError::new(location, "an alias is not allowed in BACKUP")
                .with_hint("give the new name with AS in RESTORE"))
        }
        _ => Ok(None),
    }
}

/// What may follow a partition list without parentheses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ListEnd {
    /// A comma goes on with the list.
    NoComma,
    /// A comma goes on with the list, unless what follows can only be another object.
    NextObject,
}

/// ```text
/// partitions := [TEMPORARY] {PARTITION | PARTITIONS} ( ident_or_string {, ident_or_string} )
///             | [TEMPORARY] {PARTITION | PARTITIONS} ident_or_string {, ident_or_string}
///             | PARTITION ( ident = literal {, ident = literal} )
/// ```
pub(super) fn partition_choice(cursor: &mut Cursor<'_>, end: ListEnd) -> Result<Option<PartitionChoice>> {
    let what = "a partition name";
    let temporary = cursor.eat_keyword("TEMPORARY");
    let singular = cursor.eat_keyword("PARTITION");
    if !singular && !cursor.eat_keyword("PARTITIONS") {
        return if temporary { Err(cursor.expected(&["a partition list"])) } else { Ok(None) };
    }
    let parenthesised = cursor.peek() == &Token::LParen;
    if singular && !temporary && parenthesised && cursor.peek_at(2) == &Token::Eq {
        return cursor.parenthesised(partition_key).map(|keys| Some(PartitionChoice::Keys(keys)));
    }
    let names = if parenthesised {
        cursor.parenthesised(|cursor| cursor.ident_or_string(what))?
    } else {
        let mut names = vec![cursor.ident_or_string(what)?];
        while cursor.peek() == &Token::Comma && (end == ListEnd::NoComma || list_goes_on(cursor)) {
            cursor.advance();
            names.push(cursor.ident_or_string(what)?);
        }
        names
    };
    Ok(Some(PartitionChoice::Names { temporary, names }))
}

/// Whether the name after a comma can be one more partition: then StarRocks takes it for one, even where it
/// could be a table as well.
fn list_goes_on(cursor: &Cursor<'_>) -> bool {
    let name = cursor.is_ident_at(1) || matches!(cursor.peek_at(1), Token::SingleQuotedString(_));
    name && (matches!(cursor.peek_at(2), Token::Comma | Token::RParen | Token::EOF)
        || cursor.is_keyword_at(2, "AS"))
}

/// ```text
/// literal := string | number | TRUE | FALSE | NULL
/// ```
fn partition_key(cursor: &mut Cursor<'_>) -> Result<PartitionKey> {
    let column = cursor.ident("a partition column")?;
    cursor.expect(&Token::Eq)?;
    let value = match (cursor.peek(), cursor.keyword().as_deref()) {
        (Token::SingleQuotedString(text), _) => PartitionKeyValue::String(text.clone()),
        (Token::Number(text, _), _) => PartitionKeyValue::Number(text.clone()),
        (_, Some("TRUE")) => PartitionKeyValue::Boolean(true),
        (_, Some("FALSE")) => PartitionKeyValue::Boolean(false),
        (_, Some("NULL")) => PartitionKeyValue::Null,
        _ => return Err(cursor.expected(&["a literal"])),
    };
    cursor.advance();
    Ok(PartitionKey { column, value })
}
