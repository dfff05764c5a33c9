//! The manifest: everything that a snapshot holds, by reference. Its creation makes the snapshot exist.

mod v1;

use std::collections::HashSet;

use crate::digest::DigestAlgorithm;
use crate::envelope::{self, EnvelopeKind};
use crate::error::{Error, Result};
use crate::external_catalog::ExternalCatalog;
use crate::feature::{EXTERNAL_CATALOGS, FeatureSet, SUPPORTED_READ_FEATURES};
use crate::file_list::{DataFile, FileList, FileListRef};
use crate::name::{DatabaseName, SnapshotLabel};
use crate::schema::{PartitionDefinition, TableDefinition, ViewDefinition};
use crate::timestamp::SnapshotTimestamp;
use crate::ulid::{IntentId, StoreId};

/// One snapshot of one database, or of external catalogs.
///
/// Invariants, kept by [`Manifest::check`] and true of everything [`Manifest::decode`] returns: either there is a database
/// or there are catalogs, with names of their own, and nothing else; table names are
/// unique; every table's partitions fit its definition; rows and bytes of the partitions add up to those of the
/// table's file list, and those of the tables to the totals.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The snapshot's name inside its repository.
    pub label: SnapshotLabel,
    /// The time that names the snapshot beside its label.
    pub timestamp: SnapshotTimestamp,
    /// The database that was backed up; `None` when external catalogs were.
    pub database: Option<DatabaseName>,
    /// The store that was backed up; `None` when the writer did not say.
    pub store: Option<StoreId>,
    /// What of the database was asked for, as text that is equal for equal choices; `None` for all of it.
    pub part: Option<String>,
    /// When the backup took its cut: milliseconds since 1970-01-01 UTC.
    pub created_at_ms: i64,
    /// When everything but the manifest was written; `None` when the writer did not say.
    pub finished_at_ms: Option<i64>,
    /// How long the snapshot was to be kept, as it was asked for; `None` for ever.
    pub ttl: Option<String>,
    /// From when on a collection may drop the snapshot: milliseconds since 1970-01-01 UTC; `None` for never.
    pub expires_at_ms: Option<i64>,
    /// What the backup had to send; `None` when the writer did not say.
    pub sent: Option<Sent>,
    /// The intent of the backup that made the snapshot; `None` in the first release.
    pub intent: Option<IntentId>,
    /// Name and version of the program that wrote the snapshot.
    pub writer: String,
    /// What a reader must understand.
    pub read_features: FeatureSet,
    /// The tables, in the order a restore may create them.
    pub tables: Vec<TableEntry>,
    /// The views, in the order in which a restore may create them.
    pub views: Vec<ViewDefinition>,
    /// The external catalogs, when it is a snapshot of those.
    pub catalogs: Vec<ExternalCatalog>,
    /// Sums over the tables.
    pub totals: Totals,
}

/// One table of a snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct TableEntry {
    /// What the table is.
    pub definition: TableDefinition,
    /// Its partitions, in the order of the file list.
    pub partitions: Vec<PartitionEntry>,
    /// The statement that creates the table, for people; `definition` is what a restore goes by.
    pub ddl: String,
    /// Where its data files are listed.
    pub files: FileListRef,
    /// The value that its `AUTO_INCREMENT` column gives next, when it has one: above all that its rows have.
    pub auto_increment: Option<i64>,
}

/// One partition of a table of a snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionEntry {
    /// What the partition is.
    pub definition: PartitionDefinition,
    /// Its rows.
    pub rows: u64,
    /// Bytes of its data files.
    pub bytes: u64,
}

/// What a backup had to send because the repository had not got it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Data files.
    pub files: u64,
    /// Bytes of them, as they lie in the repository.
    pub bytes: u64,
    /// Data objects, each a file or a bundle of some.
    pub objects: u64,
}

/// Sums over a snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Data files, counted once a table.
    pub files: u64,
    /// Rows.
    pub rows: u64,
    /// Bytes of the data files.
    pub bytes: u64,
}

impl Totals {
    /// The sums over `tables`; `None` when they do not fit.
    pub fn of(tables: &[TableEntry]) -> Option<Self> {
        tables.iter().try_fold(Self::default(), |sum, table| {
            Some(Self {
                files: sum.files.checked_add(table.files.files)?,
                rows: sum.rows.checked_add(table.files.rows)?,
                bytes: sum.bytes.checked_add(table.files.bytes)?,
            })
        })
    }
}

impl Manifest {
    /// The bytes of the manifest. Equal manifests have equal bytes.
    ///
    /// # Errors
    /// `InvalidInput` when the manifest breaks one of its invariants.
    pub fn encode(&self, algorithm: DigestAlgorithm) -> Result<Vec<u8>> {
        self.check()?;
        envelope::seal(EnvelopeKind::Manifest, algorithm, &v1::ManifestV1::try_from(self)?)
    }

    /// Whether `other` is the same snapshot: who wrote it and when, and what had to be sent for it, do not make another of
    /// it.
    pub fn is_same_snapshot(&self, other: &Self) -> bool {
        let Self { created_at_ms, finished_at_ms, expires_at_ms, sent, intent, .. } = *other;
        let writer = other.writer.clone();
        Self { created_at_ms, finished_at_ms, expires_at_ms, sent, intent, writer, ..self.clone() } == *other
    }

    /// Reads the bytes of a manifest.
    ///
    /// # Errors
    /// `Corrupt` when the bytes are damaged or break an invariant; `Unsupported` when they require a feature
    /// that this program does not know.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        // Features are looked at first: they may change what the rest looks like.
        let required: v1::RequiredFeatures = envelope::open(EnvelopeKind::Manifest, bytes)?;
        let features: FeatureSet = required.read_features.into_iter().collect();
        features.require(SUPPORTED_READ_FEATURES, "the snapshot", "read")?;
        let document: v1::ManifestV1 = envelope::open(EnvelopeKind::Manifest, bytes)?;
        let manifest = Self::try_from(document).map_err(envelope::as_corrupt("the manifest"))?;
        manifest.check().map_err(envelope::as_corrupt("the manifest"))?;
        Ok(manifest)
    }

    /// Makes sure that the manifest is the one its object's name promises.
    ///
    /// # Errors
    /// `Corrupt` when the manifest of another snapshot lies under the name.
    pub fn check_named(&self, label: &SnapshotLabel, timestamp: SnapshotTimestamp) -> Result<()> {
        if self.label == *label && self.timestamp == timestamp {
            return Ok(());
        }
        Err(Error::corrupt(format!(
            "the manifest of snapshot '{label}' of {timestamp} is that of snapshot '{}' of {}",
            self.label, self.timestamp
        )))
    }

    /// The database that was backed up, or the empty text.
    pub fn database_name(&self) -> &str {
        self.database.as_ref().map_or("", DatabaseName::as_str)
    }

    /// The external catalog named `name`.
    pub fn catalog(&self, name: &str) -> Option<&ExternalCatalog> {
        self.catalogs.iter().find(|catalog| catalog.name.as_str() == name)
    }

    /// The view named `name`.
    pub fn view(&self, name: &str) -> Option<&ViewDefinition> {
        self.views.iter().find(|view| view.name.as_str() == name)
    }

    /// The table named `name`.
    pub fn table(&self, name: &str) -> Option<&TableEntry> {
        self.tables.iter().find(|table| table.definition.name.as_str() == name)
    }

    /// Checks the invariants.
    ///
    /// # Errors
    /// `InvalidInput` naming what breaks one.
    pub fn check(&self) -> Result<()> {
        let mut names = HashSet::new();
        for table in &self.tables {
            if !names.insert(&table.definition.name) {
                return Err(Error::invalid(format!(
                    "table '{}' is in the snapshot twice",
                    table.definition.name
                )));
            }
            table.check()?;
        }
        for view in &self.views {
            if !names.insert(&view.name) {
                return Err(Error::invalid(format!(
                    "view '{}' is in the snapshot twice, or a table is",
                    view.name
                )));
            }
            view.check()?;
        }
        self.check_catalogs()?;
        if Totals::of(&self.tables) != Some(self.totals) {
            return Err(Error::invalid("the snapshot's totals are not the sums of its tables"));
        }
        Ok(())
    }

    /// Checks that it is a snapshot of a database, or one of external catalogs that says so.
    fn check_catalogs(&self) -> Result<()> {
        let mut names = HashSet::new();
        for catalog in &self.catalogs {
            if !names.insert(&catalog.name) {
                return Err(Error::invalid(format!(
                    "external catalog '{}' is in the snapshot twice",
                    catalog.name
                )));
            }
            catalog.check()?;
        }
        let has_objects = self.database.is_some() || !self.tables.is_empty() || !self.views.is_empty();
        if has_objects == self.catalogs.is_empty()
            && has_objects == self.database.is_some()
            && has_objects != self.read_features.contains(EXTERNAL_CATALOGS)
        {
            return Ok(());
        }
        Err(Error::invalid("the snapshot is neither of a database nor of external catalogs alone"))
    }
}

impl TableEntry {
    /// Makes sure that `list` is this table's: same sums, and files only in partitions and buckets that exist.
    ///
    /// # Errors
    /// `Corrupt` naming the first thing that does not fit.
    pub fn check_files(&self, list: &FileList) -> Result<()> {
        let wrong = |what: String| {
            Error::corrupt(format!("the file list of table '{}' {what}", self.definition.name))
        };
        let (files, rows, bytes) = (list.files().len() as u64, list.rows(), list.bytes());
        if (files, rows, bytes) != (self.files.files, self.files.rows, self.files.bytes) {
            return Err(wrong(format!(
                "has {files} files, {rows} rows and {bytes} bytes where the manifest has {}, {} and {}",
                self.files.files, self.files.rows, self.files.bytes
            )));
        }
        let mut rest = list.files();
        for partition in &self.partitions {
            let name = &partition.definition.name;
            let end = rest.iter().position(|file| file.partition != *name).unwrap_or(rest.len());
            let (own, others) = rest.split_at(end);
            rest = others;
            // The list's own sums fit, so these do.
            let rows: u64 = own.iter().map(DataFile::live_rows).sum();
            let bytes: u64 = own.iter().map(|file| file.length).sum();
            if (rows, bytes) != (partition.rows, partition.bytes) {
                return Err(wrong(format!("disagrees with the manifest on partition '{name}'")));
            }
            let buckets = self.definition.buckets_of(&partition.definition);
            if let Some(file) = own.iter().find(|file| file.bucket >= buckets) {
                return Err(wrong(format!(
                    "has bucket {} of partition '{name}', which has {buckets}",
                    file.bucket
                )));
            }
        }
        if let Some(file) = rest.first() {
            return Err(wrong(format!("has partition '{}' out of the manifest's order", file.partition)));
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let definitions: Vec<_> =
            self.partitions.iter().map(|partition| partition.definition.clone()).collect();
        self.definition.check()?;
        self.definition.check_partitions(&definitions)?;
        let sum =
            |of: fn(&PartitionEntry) -> u64| self.partitions.iter().map(of).try_fold(0, u64::checked_add);
        if sum(|p| p.rows) != Some(self.files.rows) || sum(|p| p.bytes) != Some(self.files.bytes) {
            let name = &self.definition.name;
            return Err(Error::invalid(format!(
                "the totals of table '{name}' are not the sums of its partitions"
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
