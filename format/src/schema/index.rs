//! Index definitions. They are carried, and make no difference to what a table holds.

use std::collections::BTreeMap;

use super::column::FieldId;
use super::ddl::string_literal;

/// What kind of index was declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IndexKind {
    /// A bitmap a value.
    Bitmap,
    /// Inverted lists of words.
    Gin,
    /// A Bloom filter over n-grams.
    NgramBloomFilter,
}

impl IndexKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bitmap, Self::Gin, Self::NgramBloomFilter];

    /// StarRocks' word for it.
    pub fn as_sql(self) -> &'static str {
        match self {
            Self::Bitmap => "BITMAP",
            Self::Gin => "GIN",
            Self::NgramBloomFilter => "NGRAMBF",
        }
    }

    /// The kind that `word` names, whatever its case.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_sql().eq_ignore_ascii_case(word))
    }
}

/// An index as it was declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexDefinition {
    /// Its name, unique in its table whatever the case.
    pub name: String,
    /// Its columns.
    pub columns: Vec<FieldId>,
    /// Its kind.
    pub kind: IndexKind,
    /// Its properties, as they were given.
    pub properties: BTreeMap<String, String>,
    /// What the user says of it.
    pub comment: Option<String>,
}

impl IndexDefinition {
    /// Its kind with its properties, as StarRocks prints them: `GIN("parser" = "none")`.
    pub fn kind_text(&self) -> String {
        let kind = self.kind.as_sql();
        if self.properties.is_empty() {
            return kind.to_owned();
        }
        let pair =
            |(key, value): (&String, &String)| format!("{} = {}", string_literal(key), string_literal(value));
        let pairs: Vec<String> = self.properties.iter().map(pair).collect();
        format!("{kind}({})", pairs.join(", "))
    }
}
