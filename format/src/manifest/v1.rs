//! Version 1 of the manifest's document.

use serde::{Deserialize, Serialize};

use super::{Manifest, PartitionEntry, Sent, TableEntry, Totals};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::external_catalog::ExternalCatalogV1;
use crate::file_list::FileListRef;
use crate::name::{DatabaseName, SnapshotLabel};
use crate::object_name::ObjectName;
use crate::schema::{
    PartitionDefinitionV1, TableDefinition, TableDefinitionV1, ViewDefinition, ViewDefinitionV1,
    create_view_statement,
};
use crate::timestamp::SnapshotTimestamp;
use crate::ulid::{IntentId, StoreId};

/// The one field that decides whether the rest may be read.
#[derive(Deserialize)]
pub(super) struct RequiredFeatures {
    pub(super) read_features: Vec<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ManifestV1 {
    label: String,
    timestamp: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    database: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    store: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    part: Option<String>,
    created_at_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    finished_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent: Option<SentV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    intent: Option<String>,
    writer: String,
    read_features: Vec<String>,
    tables: Vec<TableV1>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    views: Vec<ViewV1>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    external_catalogs: Vec<ExternalCatalogV1>,
    totals: TotalsV1,
}

#[derive(Serialize, Deserialize)]
struct ViewV1 {
    definition: ViewDefinitionV1,
    ddl: String,
}

#[derive(Serialize, Deserialize)]
struct TableV1 {
    definition: TableDefinitionV1,
    partitions: Vec<PartitionV1>,
    ddl: String,
    files: FileListRefV1,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auto_increment: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct PartitionV1 {
    definition: PartitionDefinitionV1,
    rows: u64,
    bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct FileListRefV1 {
    digest: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    length: u64,
    files: u64,
    rows: u64,
    bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct SentV1 {
    files: u64,
    bytes: u64,
    objects: u64,
}

#[derive(Serialize, Deserialize)]
struct TotalsV1 {
    files: u64,
    rows: u64,
    bytes: u64,
}

impl TryFrom<&Manifest> for ManifestV1 {
    type Error = Error;

    fn try_from(manifest: &Manifest) -> Result<Self> {
        let Totals { files, rows, bytes } = manifest.totals;
        Ok(Self {
            label: manifest.label.to_string(),
            timestamp: manifest.timestamp.to_string(),
            database: manifest.database.as_ref().map(ToString::to_string),
            store: manifest.store.map(|store| store.to_string()),
            part: manifest.part.clone(),
            created_at_ms: manifest.created_at_ms,
            finished_at_ms: manifest.finished_at_ms,
            ttl: manifest.ttl.clone(),
            expires_at_ms: manifest.expires_at_ms,
            sent: manifest.sent.map(|Sent { files, bytes, objects }| SentV1 { files, bytes, objects }),
            intent: manifest.intent.map(|intent| intent.to_string()),
            writer: manifest.writer.clone(),
            read_features: manifest.read_features.names().map(Into::into).collect(),
            tables: manifest.tables.iter().map(TableV1::try_from).collect::<Result<_>>()?,
            views: manifest
                .views
                .iter()
                .filter_map(|view| Some(ViewV1::new(view, manifest.database.as_ref()?)))
                .collect(),
            external_catalogs: manifest.catalogs.iter().map(ExternalCatalogV1::from).collect(),
            totals: TotalsV1 { files, rows, bytes },
        })
    }
}

impl ViewV1 {
    fn new(view: &ViewDefinition, database: &DatabaseName) -> Self {
        Self { definition: view.into(), ddl: create_view_statement(view, database) }
    }
}

impl TryFrom<&TableEntry> for TableV1 {
    type Error = Error;

    fn try_from(table: &TableEntry) -> Result<Self> {
        let partition = |entry: &PartitionEntry| {
            let definition = PartitionDefinitionV1::from_definition(&entry.definition, &table.definition)?;
            Ok(PartitionV1 { definition, rows: entry.rows, bytes: entry.bytes })
        };
        let FileListRef { object, length, files, rows, bytes } = table.files;
        Ok(Self {
            definition: TableDefinitionV1::from(&table.definition),
            partitions: table.partitions.iter().map(partition).collect::<Result<_>>()?,
            ddl: table.ddl.clone(),
            auto_increment: table.auto_increment,
            files: FileListRefV1 {
                digest: object.digest().to_string(),
                object: object.intent().map(|_| object.to_string()),
                length,
                files,
                rows,
                bytes,
            },
        })
    }
}

impl TryFrom<ManifestV1> for Manifest {
    type Error = Error;

    fn try_from(document: ManifestV1) -> Result<Self> {
        let TotalsV1 { files, rows, bytes } = document.totals;
        Ok(Self {
            label: SnapshotLabel::parse(&document.label)?,
            timestamp: SnapshotTimestamp::parse(&document.timestamp)?,
            database: document.database.as_deref().map(DatabaseName::parse).transpose()?,
            store: document.store.as_deref().map(StoreId::parse).transpose()?,
            part: document.part,
            created_at_ms: document.created_at_ms,
            finished_at_ms: document.finished_at_ms,
            ttl: document.ttl,
            expires_at_ms: document.expires_at_ms,
            sent: document.sent.map(|SentV1 { files, bytes, objects }| Sent { files, bytes, objects }),
            intent: document.intent.as_deref().map(IntentId::parse).transpose()?,
            writer: document.writer,
            read_features: document.read_features.into_iter().collect(),
            tables: document.tables.into_iter().map(TableEntry::try_from).collect::<Result<_>>()?,
            views: document
                .views
                .into_iter()
                .map(|view| view.definition.try_into())
                .collect::<Result<_>>()?,
            catalogs: document.external_catalogs.into_iter().map(TryInto::try_into).collect::<Result<_>>()?,
            totals: Totals { files, rows, bytes },
        })
    }
}

impl TryFrom<TableV1> for TableEntry {
    type Error = Error;

    fn try_from(document: TableV1) -> Result<Self> {
        let definition = TableDefinition::try_from(document.definition)?;
        let partition = |stored: PartitionV1| {
            let definition = stored.definition.into_definition(&definition)?;
            Ok(PartitionEntry { definition, rows: stored.rows, bytes: stored.bytes })
        };
        let partitions = document.partitions.into_iter().map(partition).collect::<Result<_>>()?;
        let FileListRefV1 { digest, object, length, files, rows, bytes } = document.files;
        let digest = Digest::parse(&digest)?;
        let object = match object {
            Some(object) => ObjectName::parse(&object)?,
            None => ObjectName::of_digest(digest),
        };
        if object.digest() != digest {
            return Err(Error::invalid(format!("file list {digest} is said to lie in object {object}")));
        }
        let files = FileListRef { object, length, files, rows, bytes };
        let auto_increment = document.auto_increment;
        Ok(Self { definition, partitions, ddl: document.ddl, files, auto_increment })
    }
}
