//! Names of things, each of its own type, checked once where they enter.
//!
//! The rules are StarRocks' (`spec/terms.md` has them in prose). Database, table, repository and snapshot
//! names are compared to the letter; column and partition names without regard to case.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::error::{Error, Result};

/// Declares a name type: a checked, immutable text.
macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Arc<str>);

        impl $name {
            #[doc = concat!("Checks and takes a ", $what, " name.")]
            pub fn parse(text: &str) -> Result<Self> {
                match $check(text) {
                    Ok(()) => Ok(Self(text.into())),
                    Err(rule) => Err(Error::invalid(format!(
                        concat!("wrong ", $what, " name '{}': {}"), printable(text), rule
                    ))),
                }
            }

            /// The name as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }
    };
}

/// Names compared byte by byte.
macro_rules! compared_exactly {
    ($($name:ident),*) => {$(
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool { self.0 == other.0 }
        }
        impl Eq for $name {}
        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> { Some(self.cmp(other)) }
        }
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering { self.0.cmp(&other.0) }
        }
        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) { self.0.hash(state); }
        }
    )*};
}

/// Names compared by their lower-case form.
macro_rules! compared_without_case {
    ($($name:ident),*) => {$(
        impl $name {
            fn folded(&self) -> String { self.0.to_lowercase() }

            /// Whether `text` is this name, whatever the case of either.
            pub fn matches(&self, text: &str) -> bool {
                self.0.eq_ignore_ascii_case(text) || self.folded() == text.to_lowercase()
            }
        }
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool { self.matches(&other.0) }
        }
        impl Eq for $name {}
        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> { Some(self.cmp(other)) }
        }
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering { self.folded().cmp(&other.folded()) }
        }
        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) { self.folded().hash(state); }
        }
    )*};
}

name_type! {
    /// A database's name.
    ///
    /// Invariants: 1–256 bytes; a letter or `_` first, then letters, digits, `_` or one of `- ~ ! @ # $ % ^ & < > = +`.
    DatabaseName, "database", check_database
}
name_type! {
    /// A table's name inside its database.
    ///
    /// Invariants: 1–1024 characters, none of them NUL.
    TableName, "table", check_table
}
name_type! {
    /// A partition's name inside its table, compared without regard to case.
    ///
    /// Invariants: a table's name (an unpartitioned table's one partition is named like the table), not
    /// starting with `placeholder_`. [`PartitionName::parse_declared`] is stricter, for names a user gives.
    PartitionName, "partition", check_partition
}
name_type! {
    /// A column's name inside its table, compared without regard to case.
    ///
    /// Invariants: 1–1024 characters, no NUL and none of `= < > ! *`; not `__op` or `__row`; not starting with
    /// `__generated_partition_column_`.
    ColumnName, "column", check_column
}
name_type! {
    /// A repository's name inside one store.
    ///
    /// Invariants: 1–64 ASCII letters, digits and `_`; a letter first, or `_` and then a letter or digit.
    RepositoryName, "repository", check_common
}
name_type! {
    /// An external catalog's name inside one store.
    ///
    /// Invariants: those of a repository's name.
    CatalogName, "catalog", check_common
}
name_type! {
    /// A snapshot's name inside one repository.
    ///
    /// Invariants: 1–128 characters, none of them a control character.
    SnapshotLabel, "label", check_label
}
compared_exactly!(DatabaseName, TableName, RepositoryName, CatalogName, SnapshotLabel);
compared_without_case!(PartitionName, ColumnName);

impl PartitionName {
    /// Checks a partition name that a user declares: StarRocks' common name.
    pub fn parse_declared(text: &str) -> Result<Self> {
        if let Err(rule) = check_common(text) {
            return Err(Error::invalid(format!("wrong partition name '{}': {rule}", printable(text))));
        }
        Self::parse(text)
    }
}

/// `text` as an error may show it: without control characters, and not without end.
fn printable(text: &str) -> String {
    text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

type Rule = std::result::Result<(), &'static str>;

fn rule(holds: bool, text: &'static str) -> Rule {
    if holds { Ok(()) } else { Err(text) }
}

fn check_database(text: &str) -> Rule {
    let mut chars = text.chars();
    let first = chars.next();
    rule(
        text.len() <= 256
            && first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || "_-~!@#$%^&<>=+".contains(c)),
        "give at most 256 letters, digits, '_' and -~!@#$%^&<>=+, starting with a letter or '_'",
    )
}

fn check_table(text: &str) -> Rule {
    let length = text.chars().count();
    rule((1..=1024).contains(&length) && !text.contains('\0'), "give 1 to 1024 characters without NUL")
}

fn check_partition(text: &str) -> Rule {
    check_table(text)?;
    rule(!text.to_ascii_lowercase().starts_with("placeholder_"), "it must not start with 'placeholder_'")
}

fn check_column(text: &str) -> Rule {
    check_table(text)?;
    rule(!text.contains(['=', '<', '>', '!', '*']), "it must not contain any of = < > ! *")?;
    let lower = text.to_ascii_lowercase();
    rule(
        lower != "__op" && lower != "__row" && !lower.starts_with("__generated_partition_column_"),
        "it is reserved",
    )
}

fn check_common(text: &str) -> Rule {
    let bytes = text.as_bytes();
    let starts = match bytes {
        [first, ..] if first.is_ascii_alphabetic() => true,
        [b'_', second, ..] => second.is_ascii_alphanumeric(),
        _ => false,
    };
    rule(
        bytes.len() <= 64 && starts && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_'),
        "give 1 to 64 letters, digits and '_', starting with a letter",
    )
}

fn check_label(text: &str) -> Rule {
    let length = text.chars().count();
    rule(
        (1..=128).contains(&length) && !text.chars().any(char::is_control),
        "give 1 to 128 characters without control characters",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_their_rules() {
        for good in ["a", "_1", "Flights", "d-1~!@#$%^&<>=+"] {
            assert!(DatabaseName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "1a", "a b", "a.b", "ä", &"a".repeat(257)] {
            assert!(DatabaseName::parse(bad).is_err(), "{bad}");
        }
        for bad in ["", "__op", "a=b", "x*", "__generated_partition_column_0", "a\0"] {
            assert!(ColumnName::parse(bad).is_err(), "{bad}");
        }
        for bad in ["", "_", "__a", "a-b", "1a", &"a".repeat(65)] {
            assert!(RepositoryName::parse(bad).is_err(), "{bad}");
        }
        assert!(SnapshotLabel::parse("2026 ü/..").is_ok());
        assert!(SnapshotLabel::parse("a\nb").is_err());
        assert!(PartitionName::parse_declared("p 1").is_err());
        assert!(PartitionName::parse("Placeholder_1").is_err());
    }

    #[test]
    fn columns_and_partitions_are_compared_without_case() {
        assert_eq!(ColumnName::parse("Carrier").unwrap(), ColumnName::parse("cARRIER").unwrap());
        assert_eq!(PartitionName::parse("P1").unwrap(), PartitionName::parse("p1").unwrap());
        assert_ne!(TableName::parse("T").unwrap(), TableName::parse("t").unwrap());
    }

    #[test]
    fn an_error_shows_the_name_without_control_characters() {
        let error = SnapshotLabel::parse("a\u{7}b").unwrap_err();
        assert!(!error.to_string().contains('\u{7}'), "{error}");
    }
}
