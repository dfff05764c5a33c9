//! Types whose values are made of values: arrays, maps and structs.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields};

use super::types::ColumnType;
use crate::error::{Error, Result};
use crate::name::ColumnName;

/// The most levels of a nested type, itself included.
pub const MAX_TYPE_DEPTH: usize = 15;

/// What a map has: keys of one type, and values of another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MapType {
    /// The type of its keys, which are never null.
    pub key: ColumnType,
    /// The type of its values.
    pub value: ColumnType,
}

/// One field of a struct.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StructField {
    /// Its name.
    pub name: ColumnName,
    /// Its type.
    pub column_type: ColumnType,
}

impl ColumnType {
    /// Whether a map may have keys of this type.
    fn can_be_map_key(&self) -> bool {
        self.can_be_key() || matches!(self, Self::Float | Self::Double | Self::Decimal { .. })
    }

    /// The type of lists of `of`.
    pub fn array(of: Self) -> Self {
        Self::Array(Arc::new(of))
    }

    /// The type of maps.
    pub fn map(key: Self, value: Self) -> Self {
        Self::Map(Arc::new(MapType { key, value }))
    }

    /// The type of structs with these fields.
    pub fn structure(fields: impl IntoIterator<Item = StructField>) -> Self {
        Self::Struct(fields.into_iter().collect())
    }

    /// The types that a nested type is made of.
    pub fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Array(of) => vec![of],
            Self::Map(of) => vec![&of.key, &of.value],
            Self::Struct(fields) => fields.iter().map(|field| &field.column_type).collect(),
            _ => Vec::new(),
        }
    }
}

impl ColumnType {
    /// How many columns of a Parquet file a column of this type is.
    pub(crate) fn leaves(&self) -> usize {
        if self.is_nested() { self.parts().into_iter().map(Self::leaves).sum() } else { 1 }
    }
}

/// Checks a nested type and all that it is made of.
pub(super) fn check(nested: &ColumnType) -> Result<()> {
    check_level(nested, MAX_TYPE_DEPTH)
}

fn check_level(column_type: &ColumnType, levels: usize) -> Result<()> {
    if column_type.is_sketch() {
        return Err(Error::invalid(format!("no part of a column can be of type {column_type}")));
    }
    if !column_type.is_nested() {
        return column_type.check();
    }
    let refused = |why: &str| Err(Error::invalid(format!("type {column_type}: {why}")));
    if levels == 0 {
        return Err(Error::invalid(format!("a type has at most {MAX_TYPE_DEPTH} levels")));
    }
    match column_type {
        ColumnType::Map(of) if !of.key.can_be_map_key() => {
            return refused("a key of a map is a number, text, a day, a time or a BOOLEAN");
        }
        ColumnType::Struct(fields) => {
            let mut names = HashSet::new();
            if fields.is_empty() || !fields.iter().all(|field| names.insert(&field.name)) {
                return refused("a struct has fields, each with a name of its own");
            }
        }
        _ => {}
    }
    column_type.parts().into_iter().try_for_each(|part| check_level(part, levels - 1))
}

/// The name of the one field of a list, as Parquet wants it.
const ELEMENT: &str = "element";
/// The name of a map's entries, as Parquet wants it.
const ENTRIES: &str = "key_value";

pub(super) fn array_type(of: &ColumnType) -> DataType {
    DataType::List(Arc::new(Field::new(ELEMENT, of.arrow_type(), true)))
}

pub(super) fn map_type(of: &MapType) -> DataType {
    let key = Field::new("key", of.key.arrow_type(), false);
    let value = Field::new("value", of.value.arrow_type(), true);
    let entries = DataType::Struct(Fields::from(vec![key, value]));
    DataType::Map(Arc::new(Field::new(ENTRIES, entries, false)), false)
}

pub(super) fn struct_type(fields: &[StructField]) -> DataType {
    let field = |field: &StructField| Field::new(field.name.as_str(), field.column_type.arrow_type(), true);
    DataType::Struct(fields.iter().map(field).collect())
}

/// Writes a struct's type with its parts written by `part`.
pub(super) fn write_struct(
    f: &mut impl fmt::Write,
    fields: &[StructField],
    part: impl Fn(&ColumnType) -> String,
) -> fmt::Result {
    f.write_str("struct<")?;
    for (position, field) in fields.iter().enumerate() {
        let name = field.name.as_str();
        f.write_str(if position > 0 { ", " } else { "" })?;
        if is_plain(name) {
            f.write_str(name)?;
        } else {
            write!(f, "`{}`", name.replace('`', "``"))?;
        }
        write!(f, " {}", part(&field.column_type))?;
    }
    f.write_str(">")
}

/// Whether a name needs no quotes in a type.
fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> ColumnType {
        ColumnType::parse(text).unwrap()
    }

    #[test]
    fn the_text_of_a_nested_type_reads_back() {
        for text in [
            "array<int>",
            "array<array<varchar(3)>>",
            "map<int,array<decimal(76,10)>>",
            "struct<a int, `b c` map<date,json>, `d``e` struct<x boolean>>",
        ] {
            assert_eq!(parsed(text).to_string(), text);
        }
        assert_eq!(
            parsed("struct<a int,b  map< int , string > >"),
            parsed("struct<a int, b map<int,string>>")
        );
    }

    #[test]
    fn what_is_no_nested_type_is_refused() {
        for text in [
            "array",
            "array<>",
            "array<int",
            "array<int>>",
            "array<int>x",
            "array<int,int>",
            "map<int>",
            "map<array<int>,int>",
            "map<json,int>",
            "struct<>",
            "struct<a>",
            "struct<a int, A int>",
            "struct<`a int>",
            "array<varchar(0)>",
            "array<bitmap>",
        ] {
            assert!(ColumnType::parse(text).is_err(), "{text}");
        }
        let deep = |levels: usize| format!("{}int{}", "array<".repeat(levels), ">".repeat(levels));
        assert!(ColumnType::parse(&deep(MAX_TYPE_DEPTH)).is_ok());
        assert!(ColumnType::parse(&deep(MAX_TYPE_DEPTH + 1)).is_err());
        assert!(ColumnType::parse(&deep(100_000)).is_err());
    }
}
