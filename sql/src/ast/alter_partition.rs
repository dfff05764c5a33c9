//! Changes of a table's partitions, and bringing back what was dropped.

use std::fmt;

use super::database::if_word;
use super::print::{Commas, write_property_list};
use super::{DatabaseName, Ident, ListPart, ObjectName, Properties, RangePart};

/// A change of a table's partitions, inside `ALTER TABLE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartitionChange {
    /// `ADD [TEMPORARY] {PARTITION … | PARTITIONS START …}`
    Add {
        /// Whether it is made beside the table.
        temporary: bool,
        /// What is made.
        part: PartitionPart,
    },
    /// `DROP [TEMPORARY] {PARTITION | PARTITIONS} …`
    Drop {
        /// Whether temporary partitions are meant.
        temporary: bool,
        /// Whether a missing partition is no error.
        if_exists: bool,
        /// The partitions, never empty.
        partitions: Vec<Ident>,
        /// Whether they are dropped beyond recovery.
        force: bool,
    },
    /// `RENAME PARTITION from to`
    Rename {
        /// The partition.
        from: Ident,
        /// Its new name.
        to: Ident,
    },
    /// `REPLACE PARTITION (…) WITH TEMPORARY PARTITION (…)`
    Replace {
        /// The partitions that go, never empty.
        partitions: Vec<Ident>,
        /// The temporary partitions that take their place, never empty.
        temporary: Vec<Ident>,
        /// How they are compared and named.
        properties: Properties,
    },
}

/// What `ADD PARTITION` makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartitionPart {
    /// A range partition, or several.
    Range(RangePart),
    /// A list partition.
    List(ListPart),
}

impl fmt::Display for PartitionChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add { temporary, part } => {
                write!(f, "ADD {}", if_word(*temporary, "TEMPORARY "))?;
                match part {
                    PartitionPart::Range(RangePart::Batch(batch)) => write!(f, "PARTITIONS {batch}"),
                    PartitionPart::Range(part) => part.fmt(f),
                    PartitionPart::List(part) => part.fmt(f),
                }
            }
            Self::Drop { temporary, if_exists, partitions, force } => {
                let (temporary, exists) =
                    (if_word(*temporary, "TEMPORARY "), if_word(*if_exists, "IF EXISTS "));
                match partitions.as_slice() {
                    [one] => write!(f, "DROP {temporary}PARTITION {exists}{one}")?,
                    several => write!(f, "DROP {temporary}PARTITIONS {exists}({})", Commas(several))?,
                }
                f.write_str(if_word(*force, " FORCE"))
            }
            Self::Rename { from, to } => write!(f, "RENAME PARTITION {from} {to}"),
            Self::Replace { partitions, temporary, properties } => {
                let (partitions, temporary) = (Commas(partitions), Commas(temporary));
                write!(f, "REPLACE PARTITION ({partitions}) WITH TEMPORARY PARTITION ({temporary})")?;
                if properties.is_empty() {
                    return Ok(());
                }
                f.write_str(" PROPERTIES ")?;
                write_property_list(f, properties)
            }
        }
    }
}

/// `RECOVER …`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecoverStatement {
    /// `RECOVER DATABASE db`
    Database(DatabaseName),
    /// `RECOVER TABLE t`
    Table(ObjectName),
    /// `RECOVER PARTITION p FROM t`
    Partition {
        /// The partition.
        partition: Ident,
        /// Its table.
        table: ObjectName,
    },
}

impl fmt::Display for RecoverStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(name) => write!(f, "RECOVER DATABASE {name}"),
            Self::Table(name) => write!(f, "RECOVER TABLE {name}"),
            Self::Partition { partition, table } => write!(f, "RECOVER PARTITION {partition} FROM {table}"),
        }
    }
}
