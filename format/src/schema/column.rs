//! A column of a table.

use std::fmt;

use super::types::ColumnType;
use super::value::Value;
use crate::error::{Error, Result};
use crate::name::ColumnName;

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
    /// What the user says of it.
    pub comment: Option<String>,
}

impl Column {
    /// Checks the type's parameters and that the default is a value of the type.
    pub fn check(&self) -> Result<()> {
        self.column_type.check().map_err(|e| e.about(format_args!("column '{}'", self.name)))?;
        self.default_value()?;
        Ok(())
    }

    /// The value of the default; `None` without one.
    pub fn default_value(&self) -> Result<Option<Value>> {
        match &self.default {
            None => Ok(None),
            Some(ColumnDefault::Constant(text)) => Value::parse(&self.column_type, text)
                .map(Some)
                .map_err(|e| e.about(format_args!("default of column '{}'", self.name))),
        }
    }
}
