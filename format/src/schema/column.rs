//! A column of a table.

use std::fmt;

use super::aggregation::Aggregation;
use super::check::parse_constant;
use super::types::ColumnType;
use super::value::Value;
use crate::error::{Error, Result};
use crate::name::ColumnName;
use crate::sketch::empty_sketch;

/// The identity of a column inside its table, for ever: files name columns by it, so a column may be renamed.
///
/// Invariant: at least 1; never used again after the column was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(i32);

impl FieldId {
    /// The identity with number `id`, at least 1.
    pub fn try_new(id: i32) -> Result<Self> {
        if id >= 1 { Ok(Self(id)) } else { Err(Error::corrupt(format!("field id {id} is not positive"))) }
    }

    /// The number.
    pub fn get(self) -> i32 {
        self.0
    }
}

impl fmt::Display for FieldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a column holds where a load names no value for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnDefault {
    /// A constant, as text of the column's type.
    Constant(String),
    /// The time of the load, in the store's time zone, with so many digits of a second.
    CurrentTimestamp {
        /// Digits of a second, at most 6.
        digits: u8,
    },
    /// A new UUID for each row, as text.
    Uuid,
}

impl fmt::Display for ColumnDefault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(text) => f.write_str(text),
            Self::CurrentTimestamp { digits: 0 } => f.write_str("CURRENT_TIMESTAMP"),
            Self::CurrentTimestamp { digits } => write!(f, "CURRENT_TIMESTAMP({digits})"),
            Self::Uuid => f.write_str("uuid()"),
        }
    }
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its identity.
    pub field_id: FieldId,
    /// Its name.
    pub name: ColumnName,
    /// Its type.
    pub column_type: ColumnType,
    /// Whether it may be null.
    pub nullable: bool,
    /// What stands in for a value that a load does not name; null, or an error, without it.
    pub default: Option<ColumnDefault>,
    /// What the column holds in files that were written before it was added, as text of its type; null without it.
    pub initial: Option<String>,
    /// What rows of equal key make of their values; in Aggregate Key tables only.
    pub aggregation: Option<Aggregation>,
    /// Whether a value that is not given is the next whole number of the table's.
    pub auto_increment: bool,
    /// The expression over other columns, as SQL, that its values are, when they are never given.
    pub generated: Option<String>,
    /// What the user says of it.
    pub comment: Option<String>,
}

impl Column {
    /// A column that is nullable and has nothing but a type.
    pub fn new(field_id: FieldId, name: ColumnName, column_type: ColumnType) -> Self {
        Self {
            field_id,
            name,
            column_type,
            nullable: true,
            default: None,
            initial: None,
            aggregation: None,
            auto_increment: false,
            generated: None,
            comment: None,
        }
    }

    /// Whether stored values of the one are values of the other, whatever it is called and whatever loads put where none is
    /// given.
    pub(super) fn stores_alike(&self, other: &Self) -> bool {
        self.field_id == other.field_id
            && self.column_type == other.column_type
            && self.nullable == other.nullable
            && self.aggregation == other.aggregation
            && self.auto_increment == other.auto_increment
            && self.generated == other.generated
    }

    /// Checks that the column's parts fit each other.
    pub fn check(&self) -> Result<()> {
        self.check_parts().map_err(|e| e.about(format_args!("column '{}'", self.name)))
    }

    fn check_parts(&self) -> Result<()> {
        self.column_type.check()?;
        if (self.column_type.is_nested() || self.column_type.is_sketch())
            && (self.default.is_some() || self.initial.is_some())
        {
            return Err(Error::invalid(format!(
                "a column of type {} has no default but NULL",
                self.column_type
            )));
        }
        self.default_value()?;
        self.initial_value()?;
        let fits = match self.default {
            None | Some(ColumnDefault::Constant(_)) => true,
            Some(ColumnDefault::CurrentTimestamp { digits }) => {
                self.column_type == ColumnType::DateTime && digits <= 6
            }
            Some(ColumnDefault::Uuid) => self.column_type.is_text(),
        };
        if !fits {
            return Err(Error::invalid(format!(
                "its default does not fit type {}: CURRENT_TIMESTAMP is for DATETIME with at most 6 digits, uuid() for text",
                self.column_type
            )));
        }
        if let Some(aggregation) =
            self.aggregation.filter(|aggregation| !aggregation.takes(&self.column_type))
        {
            return Err(Error::invalid(format!("{aggregation} does not take type {}", self.column_type)));
        }
        let sources = [self.default.is_some(), self.auto_increment, self.generated.is_some()];
        if sources.into_iter().filter(|is_there| *is_there).count() > 1 {
            return Err(Error::invalid("it takes one of a default, AUTO_INCREMENT and an expression"));
        }
        if self.auto_increment && (self.column_type != ColumnType::BigInt || self.nullable) {
            return Err(Error::invalid("AUTO_INCREMENT is for BIGINT NOT NULL"));
        }
        Ok(())
    }

    /// What the column holds in files that lack it.
    pub fn initial_value(&self) -> Result<Value> {
        match &self.initial {
            None => Ok(Value::Null),
            Some(text) => parse_constant(&self.column_type, text),
        }
    }

    /// Whether a load that names no value for the column has one: a constant, or what is made for each row.
    pub fn has_default(&self) -> bool {
        self.default.is_some() || (self.column_type.is_sketch() && !self.nullable)
    }

    /// The value of a constant default; `None` without one. A sketch that must not be null is one of nothing then.
    pub fn default_value(&self) -> Result<Option<Value>> {
        match &self.default {
            // StarRocks' default of sketches, which nobody can write as a text.
            None if self.column_type.is_sketch() && !self.nullable => {
                empty_sketch(&self.column_type).map(|empty| Some(Value::Bytes(empty)))
            }
            None | Some(ColumnDefault::CurrentTimestamp { .. } | ColumnDefault::Uuid) => Ok(None),
            Some(ColumnDefault::Constant(text)) => parse_constant(&self.column_type, text)
                .map(Some)
                .map_err(|e| e.about(format_args!("default of column '{}'", self.name))),
        }
    }
}
