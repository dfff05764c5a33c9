//! Changes of a table's partitions, and bringing back what was dropped.

use std::fmt;

use super::database::if_word;
use super::print::{Commas, write_property_list};
use super::{
    DatabaseName, DistributionClause, Ident, ListPart, ObjectName, Properties, RangeBatch, RangePart,
};

/// A change of a table's partitions, inside `ALTER TABLE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartitionChange {
    /// `ADD [TEMPORARY] {PARTITION … | PARTITIONS START …}`
    Add {
        /// Whether it is made beside the table.
        temporary: bool,
        /// What is made.
        part: PartitionPart,
        /// How it is divided; as the table is without it.
        distribution: Option<DistributionClause>,
    },
    /// `DROP [TEMPORARY] {PARTITION | PARTITIONS} …`
    Drop {
        /// Whether temporary partitions are meant.
        temporary: bool,
        /// Whether a missing partition is no error.
        if_exists: bool,
        /// The partitions.
        partitions: DroppedPartitions,
        /// Whether they are dropped beyond recovery.
        force: bool,
    },
    /// `MODIFY PARTITION {name | (names) | (*)} SET (…)`
    Modify {
        /// The partitions, never empty; `None` for all.
        partitions: Option<Vec<Ident>>,
        /// What is set, never empty.
        properties: Properties,
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

/// What `DROP PARTITION` drops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DroppedPartitions {
    /// Partitions by their names, never empty.
    Names(Vec<Ident>),
    /// Those that such an `ADD PARTITIONS` would make.
    Batch(RangeBatch),
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
            Self::Add { temporary, part, distribution } => {
                write!(f, "ADD {}", if_word(*temporary, "TEMPORARY "))?;
                match part {
                    PartitionPart::Range(RangePart::Batch(batch)) => write!(f, "PARTITIONS {batch}")?,
                    PartitionPart::Range(part) => part.fmt(f)?,
                    PartitionPart::List(part) => part.fmt(f)?,
                }
                distribution.as_ref().map_or(Ok(()), |distribution| write!(f, " {distribution}"))
            }
            Self::Modify { partitions, properties } => {
                f.write_str("MODIFY PARTITION ")?;
                match partitions {
                    None => f.write_str("(*)")?,
                    Some(names) => write!(f, "({})", Commas(names))?,
                }
                f.write_str(" SET ")?;
                write_property_list(f, properties)
            }
            Self::Drop { temporary, if_exists, partitions, force } => {
                let (temporary, exists) =
                    (if_word(*temporary, "TEMPORARY "), if_word(*if_exists, "IF EXISTS "));
                match partitions {
                    DroppedPartitions::Batch(batch) => {
                        write!(f, "DROP {temporary}PARTITIONS {exists}{batch}")?;
                    }
                    DroppedPartitions::Names(names) => match names.as_slice() {
                        [one] => write!(f, "DROP {temporary}PARTITION {exists}{one}")?,
                        several => write!(f, "DROP {temporary}PARTITIONS {exists}({})", Commas(several))?,
                    },
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
