//! Rows of a SHOW before its conditions choose among them.

use super::text::{Row, is_like, size};
use crate::error::Result;
use crate::outcome::Rows;

/// Rows, and what their columns are to conditions.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    /// The place of the column that LIKE matches.
    pub(super) name: usize,
}

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// What conditions and orders take a column's values for. All are shown as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    /// A number of bytes, shown with its unit.
    Bytes,
}

impl Listing {
    /// Rows under columns of text, but for those named in `numbers` and `bytes`.
    pub(super) fn new(names: &[&str], numbers: &[&str], bytes: &[&str], rows: Vec<Row>) -> Self {
        let column = |name: &&str| {
            let kind = match name {
                name if numbers.contains(name) => Kind::Number,
                name if bytes.contains(name) => Kind::Bytes,
                _ => Kind::Text,
            };
            Column { name: (*name).to_owned(), kind }
        };
        Self { columns: names.iter().map(column).collect(), rows, name: 0 }
    }

    /// The names of its rows are in another column than the first.
    #[must_use]
    pub(super) fn named_by(mut self, place: usize) -> Self {
        self.name = place;
        self
    }

    /// Only the rows whose names match the pattern.
    #[must_use]
    pub(crate) fn like(mut self, pattern: &str) -> Self {
        let at = self.name;
        self.rows
            .retain(|row| row.get(at).and_then(Option::as_deref).is_some_and(|name| is_like(name, pattern)));
        self
    }

    /// The rows at these places, in this order.
    #[must_use]
    pub(crate) fn chosen(mut self, places: &[usize]) -> Self {
        self.rows = places.iter().filter_map(|place| self.rows.get(*place).cloned()).collect();
        self
    }

    /// As they are shown.
    pub(crate) fn into_rows(mut self) -> Result<Rows> {
        let columns = self.columns.iter().enumerate();
        for (place, _) in columns.filter(|(_, column)| column.kind == Kind::Bytes) {
            for value in self.rows.iter_mut().filter_map(|row| row.get_mut(place)?.as_mut()) {
                if let Ok(bytes) = value.parse() {
                    *value = size(bytes);
                }
            }
        }
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        Rows::of_text(&names, &self.rows)
    }
}
