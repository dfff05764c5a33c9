//! One spelling a column name.
//!
//! StarRocks compares column names without regard to letter case, DataFusion with. So every name of a query gets
//! one spelling, that of the first table that has such a column, else that of its first alias.

use std::collections::HashMap;
use std::sync::Arc;

/// The spelling of every column name in one query.
#[derive(Clone, Debug, Default)]
pub(super) struct Spelling(Arc<HashMap<String, Option<String>>>);

/// Collects spellings; those added first win.
#[derive(Debug, Default)]
pub(super) struct Spellings(HashMap<String, Option<String>>);

impl Spellings {
    /// Adds the columns of one table. Names that differ in letter case alone, which only files have, are left as
    /// they are written.
    pub(super) fn add_table<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        let mut own: HashMap<String, &str> = HashMap::new();
        for name in names {
            match own.insert(name.to_lowercase(), name) {
                None => self.add(name),
                Some(_) => drop(self.0.insert(name.to_lowercase(), None)),
            }
        }
    }

    /// Adds one name.
    pub(super) fn add(&mut self, name: &str) {
        self.0.entry(name.to_lowercase()).or_insert_with(|| Some(name.to_owned()));
    }

    pub(super) fn finish(self) -> Spelling {
        Spelling(Arc::new(self.0))
    }
}

impl Spelling {
    /// The one spelling of `name`.
    pub(super) fn of<'a>(&'a self, name: &'a str) -> &'a str {
        match self.0.get(&name.to_lowercase()) {
            Some(Some(spelling)) => spelling,
            _ => name,
        }
    }

    /// Gives `name` its one spelling.
    pub(super) fn respell(&self, name: &mut String) {
        if let Some(Some(spelling)) = self.0.get(&name.to_lowercase()) {
            spelling.clone_into(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_table_decides() {
        let mut spellings = Spellings::default();
        spellings.add_table(["Carrier", "x", "X"]);
        spellings.add_table(["carrier", "Ä"]);
        spellings.add("CARRIER");
        let spelling = spellings.finish();
        for (name, expected) in [("cARRIER", "Carrier"), ("x", "x"), ("X", "X"), ("ä", "Ä"), ("new", "new")]
        {
            assert_eq!(spelling.of(name), expected);
        }
    }
}
