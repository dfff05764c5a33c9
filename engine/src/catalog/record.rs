//! What the catalog file stores, version 1. Values are JSON; serde stays in this module and in `job::v1`.

use std::collections::BTreeMap;

use cairn_format::{
    ColumnBounds, ColumnType, Compression, DatabaseName, Digest, ExternalCatalog, ExternalCatalogV1, FieldId,
    FileListRef, ObjectName, PartitionDefinition, PartitionDefinitionV1, RepositoryName, RollupId,
    SnapshotLabel, SnapshotTimestamp, TableDefinition, TableDefinitionV1, Value, ViewDefinition,
    ViewDefinitionV1,
};
use cairn_repository::SnapshotName;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::partitions::PartitionKind;
use super::view::{TableTimes, Tablet};
use crate::error::{Error, Result};
use crate::id::{CatalogVersion, RepositoryEntryId, SegmentId, TabletId};

/// What `AUTO_INCREMENT` columns give first.
pub(super) const FIRST_AUTO_INCREMENT: i64 = 1;

/// A record that is visible from `added` on and until `removed`.
pub(super) trait Versioned {
    fn added(&self) -> u64;
    fn removed(&self) -> Option<u64>;
    fn set_removed(&mut self, version: CatalogVersion);
    fn set_visible(&mut self);

    fn is_visible_at(&self, version: CatalogVersion) -> bool {
        self.added() <= version.get() && self.removed().is_none_or(|removed| removed > version.get())
    }
}

macro_rules! versioned {
    ($($name:ident),*) => {$(
        impl Versioned for $name {
            fn added(&self) -> u64 { self.added }
            fn removed(&self) -> Option<u64> { self.removed }
            fn set_removed(&mut self, version: CatalogVersion) { self.removed = Some(version.get()); }
            fn set_visible(&mut self) { self.removed = None; }
        }
    )*};
}
versioned!(DatabaseV1, TableV1, PartitionV1, RowsetV1, ViewV1, CatalogV1);

/// An external catalog.
#[derive(Serialize, Deserialize)]
pub(super) struct CatalogV1 {
    definition: ExternalCatalogV1,
    added: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    removed: Option<u64>,
}

impl CatalogV1 {
    pub(super) fn new(definition: &ExternalCatalog, added: CatalogVersion) -> Self {
        Self { definition: definition.into(), added: added.get(), removed: None }
    }

    pub(super) fn definition(self) -> Result<ExternalCatalog> {
        Ok(self.definition.try_into()?)
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct ViewV1 {
    pub(super) database: u64,
    definition: ViewDefinitionV1,
    added: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    removed: Option<u64>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct DatabaseV1 {
    pub(super) name: String,
    added: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    removed: Option<u64>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct TableV1 {
    pub(super) database: u64,
    definition: TableDefinitionV1,
    /// What it was before, oldest first, as long as a job pins a version of then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<EarlierTableV1>,
    /// What the `AUTO_INCREMENT` column gives next, once it has given something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_auto_increment: Option<i64>,
    /// When it was made; unknown of tables of older stores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_ms: Option<i64>,
    /// The last change of its columns or indexes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    altered: Option<AlteredV1>,
    added: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    removed: Option<u64>,
}

/// A change of a table's columns or indexes.
#[derive(Serialize, Deserialize, Clone, Copy)]
struct AlteredV1 {
    version: u64,
    time_ms: i64,
}

/// A definition that a table had.
#[derive(Serialize, Deserialize)]
struct EarlierTableV1 {
    definition: TableDefinitionV1,
    /// The commit that put another in its place.
    until: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct PartitionV1 {
    definition: PartitionDefinitionV1,
    /// What it was before, oldest first, as long as a job pins a version of then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<EarlierPartitionV1>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) temporary: bool,
    pub(super) tablets: Vec<u64>,
    /// The tablets of rollups, those that were dropped too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) rollups: Vec<RollupTabletsV1>,
    pub(super) version: u64,
    pub(super) version_time_ms: i64,
    added: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    removed: Option<u64>,
}

/// The tablets that a partition has of one rollup.
#[derive(Serialize, Deserialize)]
pub(super) struct RollupTabletsV1 {
    pub(super) rollup: i32,
    pub(super) tablets: Vec<u64>,
}

impl RollupTabletsV1 {
    pub(super) fn new(rollup: RollupId, tablets: &[Tablet]) -> Self {
        Self { rollup: rollup.get(), tablets: tablets.iter().map(|tablet| tablet.id.get()).collect() }
    }
}

/// A definition that a partition had.
#[derive(Serialize, Deserialize)]
struct EarlierPartitionV1 {
    definition: PartitionDefinitionV1,
    /// The commit that put another in its place.
    until: u64,
}

/// Something that was dropped and can be recovered.
#[derive(Serialize, Deserialize)]
pub(super) struct RecycledV1 {
    pub(super) database: u64,
    /// 0 for a database.
    pub(super) table: u64,
    pub(super) name: String,
    time_ms: i64,
    /// The table that a restore has put in the place of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) replaced_by: Option<u64>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RowsetV1 {
    pub(super) tablet: u64,
    pub(super) segments: Vec<SegmentV1>,
    added: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    removed: Option<u64>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SegmentV1 {
    pub(super) id: u64,
    pub(super) length: u64,
    pub(super) rows: u64,
    digest: String,
    bounds: Vec<BoundsV1>,
}

/// Bounds as texts of the column's type.
#[derive(Serialize, Deserialize)]
struct BoundsV1 {
    field: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nulls: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lower: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upper: Option<String>,
}

/// A repository as this store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryEntry {
    /// Its identity in this store.
    pub id: RepositoryEntryId,
    /// Its name in this store.
    pub name: RepositoryName,
    /// Where it is.
    pub location: String,
    /// What opens it, such as keys.
    pub properties: BTreeMap<String, String>,
    /// Whether this store may only read it.
    pub read_only: bool,
    /// The broker that was named, which is kept and not used.
    pub broker: Option<String>,
    /// When this store came to know it, in milliseconds since 1970 UTC.
    pub created_ms: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RepositoryV1 {
    id: u64,
    name: String,
    location: String,
    properties: BTreeMap<String, String>,
    read_only: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    broker: Option<String>,
    created_ms: i64,
}

/// What earlier backups of a table left in a repository, for the next to build on.
#[derive(Serialize, Deserialize, Default)]
pub(super) struct TableBasesV1 {
    /// The first release kept something else here, which no backup can build on.
    #[serde(default)]
    pub(super) bases: Vec<TableBaseV1>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct TableBaseV1 {
    label: String,
    timestamp: i64,
    object: String,
    length: u64,
    files: u64,
    rows: u64,
    bytes: u64,
    fingerprint: String,
    pub(super) is_whole: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) compression: Option<String>,
}

/// A file list that an earlier backup of a table left in a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableBase {
    /// The snapshot that has the list.
    pub(crate) snapshot: SnapshotName,
    /// The list.
    pub(crate) list: FileListRef,
    /// The fingerprint of what the list was made of.
    pub(crate) fingerprint: Digest,
    /// Whether it has all partitions of the table.
    pub(crate) is_whole: bool,
    /// How its data files were compressed.
    pub(crate) compression: Option<Compression>,
}

pub(super) fn encode<T: Serialize>(record: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(record)
        .map_err(|e| Error::corrupt("a catalog record cannot be encoded").with_source(e))
}

pub(super) fn decode<T: DeserializeOwned>(what: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes)
        .map_err(|e| Error::corrupt(format!("the catalog's record of a {what} is damaged")).with_source(e))
}

impl DatabaseV1 {
    pub(super) fn new(name: &DatabaseName, added: CatalogVersion) -> Self {
        Self { name: name.as_str().to_owned(), added: added.get(), removed: None }
    }
}

impl ViewV1 {
    pub(super) fn new(database: u64, definition: &ViewDefinition, added: CatalogVersion) -> Self {
        Self { database, definition: definition.into(), added: added.get(), removed: None }
    }

    pub(super) fn definition(&self) -> Result<ViewDefinition> {
        Ok(self.definition.clone().try_into()?)
    }
}

impl TableV1 {
    pub(super) fn new(
        database: u64,
        definition: &TableDefinition,
        added: CatalogVersion,
        now_ms: i64,
    ) -> Self {
        Self {
            database,
            definition: definition.into(),
            earlier: Vec::new(),
            next_auto_increment: None,
            created_ms: Some(now_ms),
            altered: None,
            added: added.get(),
            removed: None,
        }
    }

    pub(super) fn times(&self) -> TableTimes {
        let altered = self.altered.map(|altered| (CatalogVersion::new(altered.version), altered.time_ms));
        TableTimes { created_ms: self.created_ms, altered }
    }

    /// Takes note of a change of columns or indexes.
    pub(super) fn set_altered(&mut self, version: CatalogVersion, time_ms: i64) {
        self.altered = Some(AlteredV1 { version: version.get(), time_ms });
    }

    pub(super) fn next_auto_increment(&self) -> i64 {
        self.next_auto_increment.unwrap_or(FIRST_AUTO_INCREMENT)
    }

    pub(super) fn set_next_auto_increment(&mut self, next: i64) {
        self.next_auto_increment = Some(next);
    }

    /// The definition at `version`, at which the table is visible.
    pub(super) fn definition_at(&self, version: CatalogVersion) -> Result<TableDefinition> {
        let earlier = self.earlier.iter().find(|earlier| version.get() < earlier.until);
        let stored = earlier.map_or(&self.definition, |earlier| &earlier.definition);
        Ok(TableDefinition::try_from(stored.clone())?)
    }

    /// Puts another definition in place at `version`. Those before it stay for as long as a job pins a version at
    /// which they hold; `pinned` is the oldest of those.
    pub(super) fn redefine(
        &mut self,
        definition: &TableDefinition,
        version: CatalogVersion,
        pinned: Option<CatalogVersion>,
    ) {
        let definition = std::mem::replace(&mut self.definition, definition.into());
        self.earlier.push(EarlierTableV1 { definition, until: version.get() });
        self.earlier.retain(|earlier| pinned.is_some_and(|pinned| pinned.get() < earlier.until));
    }
}

impl PartitionV1 {
    pub(super) fn new(
        definition: &PartitionDefinition,
        table: &TableDefinition,
        tablets: &[TabletId],
        kind: PartitionKind,
        added: CatalogVersion,
        now_ms: i64,
    ) -> Result<Self> {
        Ok(Self {
            definition: PartitionDefinitionV1::from_definition(definition, table)?,
            earlier: Vec::new(),
            temporary: kind == PartitionKind::Temporary,
            tablets: tablets.iter().map(|id| id.get()).collect(),
            rollups: Vec::new(),
            version: added.get(),
            version_time_ms: now_ms,
            added: added.get(),
            removed: None,
        })
    }

    /// The definition at `version`, at which the partition is visible.
    pub(super) fn definition_at(
        &self,
        version: CatalogVersion,
        table: &TableDefinition,
    ) -> Result<PartitionDefinition> {
        let earlier = self.earlier.iter().find(|earlier| version.get() < earlier.until);
        let stored = earlier.map_or(&self.definition, |earlier| &earlier.definition);
        Ok(stored.clone().into_definition(table)?)
    }

    /// Puts another definition in place at `version`, as [`TableV1::redefine`] does.
    pub(super) fn redefine(
        &mut self,
        definition: &PartitionDefinition,
        table: &TableDefinition,
        version: CatalogVersion,
        pinned: Option<CatalogVersion>,
    ) -> Result<()> {
        let new = PartitionDefinitionV1::from_definition(definition, table)?;
        let definition = std::mem::replace(&mut self.definition, new);
        self.earlier.push(EarlierPartitionV1 { definition, until: version.get() });
        self.earlier.retain(|earlier| pinned.is_some_and(|pinned| pinned.get() < earlier.until));
        Ok(())
    }
}

impl RecycledV1 {
    pub(super) fn new(database: u64, table: u64, name: &str, time_ms: i64) -> Self {
        Self { database, table, name: name.to_owned(), time_ms, replaced_by: None }
    }

    pub(super) fn has_expired(&self, now_ms: i64, expire_ms: i64) -> bool {
        self.time_ms.saturating_add(expire_ms) <= now_ms
    }
}

/// A segment's facts, without its file.
pub(super) struct SegmentFacts {
    pub(super) id: SegmentId,
    pub(super) length: u64,
    pub(super) rows: u64,
    pub(super) digest: Digest,
    pub(super) bounds: Vec<ColumnBounds>,
}

impl RowsetV1 {
    pub(super) fn new(tablet: TabletId, segments: Vec<SegmentV1>, added: CatalogVersion) -> Self {
        Self { tablet: tablet.get(), segments, added: added.get(), removed: None }
    }
}

impl SegmentV1 {
    pub(super) fn new(facts: &SegmentFacts, table: &TableDefinition) -> Result<Self> {
        let bounds = facts.bounds.iter().map(|bounds| {
            let column_type = &table.column_by_id(bounds.field_id)?.column_type;
            let text = |value: &Option<Value>| value.as_ref().and_then(|value| value.to_text(column_type));
            Ok(BoundsV1 {
                field: bounds.field_id.get(),
                nulls: bounds.null_count,
                lower: text(&bounds.lower),
                upper: text(&bounds.upper),
            })
        });
        Ok(Self {
            id: facts.id.get(),
            length: facts.length,
            rows: facts.rows,
            digest: facts.digest.to_string(),
            bounds: bounds.collect::<Result<_>>()?,
        })
    }

    /// Writes bounds of columns that have become DOUBLE as texts of that.
    pub(super) fn respell_bounds(&mut self, from: &TableDefinition, to: &TableDefinition) -> Result<()> {
        for bounds in &mut self.bounds {
            let id = FieldId::try_new(bounds.field)?;
            let (Ok(before), Ok(after)) = (from.column_by_id(id), to.column_by_id(id)) else { continue };
            if before.column_type != ColumnType::Float || after.column_type != ColumnType::Double {
                continue;
            }
            for text in [&mut bounds.lower, &mut bounds.upper].into_iter().flatten() {
                if let Some(double) = Value::parse(&ColumnType::Float, text)?.to_text(&ColumnType::Double) {
                    *text = double;
                }
            }
        }
        Ok(())
    }

    pub(super) fn facts(&self, table: &TableDefinition) -> Result<SegmentFacts> {
        let bounds = self.bounds.iter().filter_map(|stored| {
            // Bounds of a column that the table no longer has say nothing.
            let field_id = FieldId::try_new(stored.field).ok()?;
            let column_type = &table.column_by_id(field_id).ok()?.column_type;
            Some(stored.bounds(field_id, column_type))
        });
        Ok(SegmentFacts {
            id: SegmentId::new(self.id),
            length: self.length,
            rows: self.rows,
            digest: Digest::parse(&self.digest)?,
            bounds: bounds.collect::<Result<_>>()?,
        })
    }
}

impl BoundsV1 {
    fn bounds(&self, field_id: FieldId, column_type: &ColumnType) -> Result<ColumnBounds> {
        let value =
            |text: &Option<String>| text.as_deref().map(|text| Value::parse(column_type, text)).transpose();
        Ok(ColumnBounds {
            field_id,
            null_count: self.nulls,
            lower: value(&self.lower)?,
            upper: value(&self.upper)?,
        })
    }
}

impl From<&RepositoryEntry> for RepositoryV1 {
    fn from(entry: &RepositoryEntry) -> Self {
        Self {
            id: entry.id.get(),
            name: entry.name.as_str().to_owned(),
            location: entry.location.clone(),
            properties: entry.properties.clone(),
            read_only: entry.read_only,
            broker: entry.broker.clone(),
            created_ms: entry.created_ms,
        }
    }
}

impl TryFrom<RepositoryV1> for RepositoryEntry {
    type Error = Error;

    fn try_from(stored: RepositoryV1) -> Result<Self> {
        Ok(Self {
            id: RepositoryEntryId::new(stored.id),
            name: RepositoryName::parse(&stored.name)?,
            location: stored.location,
            properties: stored.properties,
            read_only: stored.read_only,
            broker: stored.broker,
            created_ms: stored.created_ms,
        })
    }
}

impl From<&TableBase> for TableBaseV1 {
    fn from(base: &TableBase) -> Self {
        Self {
            label: base.snapshot.label.as_str().to_owned(),
            timestamp: base.snapshot.timestamp.unix_ms(),
            object: base.list.object.to_string(),
            length: base.list.length,
            files: base.list.files,
            rows: base.list.rows,
            bytes: base.list.bytes,
            fingerprint: base.fingerprint.to_string(),
            is_whole: base.is_whole,
            compression: base.compression.map(|compression| compression.to_string()),
        }
    }
}

impl TryFrom<TableBaseV1> for TableBase {
    type Error = Error;

    fn try_from(stored: TableBaseV1) -> Result<Self> {
        Ok(Self {
            snapshot: SnapshotName {
                label: SnapshotLabel::parse(&stored.label)?,
                timestamp: SnapshotTimestamp::from_unix_ms(stored.timestamp)?,
            },
            list: FileListRef {
                object: ObjectName::parse(&stored.object)?,
                length: stored.length,
                files: stored.files,
                rows: stored.rows,
                bytes: stored.bytes,
            },
            fingerprint: Digest::parse(&stored.fingerprint)?,
            is_whole: stored.is_whole,
            compression: stored.compression.as_deref().map(Compression::parse).transpose()?,
        })
    }
}
